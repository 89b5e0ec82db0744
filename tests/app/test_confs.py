"""The conf files of the app: known keys only, everything they name exists, every setting is specified and explained."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Dict, Iterator, Set, Tuple
from xml.etree import ElementTree

import pytest
from confkeys import ALLOWED, known
from searches import ROOT

from ipthreat import __version__
from ipthreat.case import TLP_LABELS
from ipthreat.configuration import LOCAL
from ipthreat.policy import POLICIES
from ipthreat.priority import Priority
from ipthreat.splunk.conf import MODES, read_conf

CONFS = sorted((ROOT / "default").glob("*.conf"))
SPECS = ROOT / "splunk_app" / "README"
ADMIN = (ROOT / "docs" / "admin.md").read_text(encoding="utf-8")
FORM = ROOT / "default" / "data" / "ui" / "alerts" / "ipthreat_report.html"
CAPABILITIES = {"ipthreat_lookup", "ipthreat_admin"}
SUPPORTED = ("python3", "3.9, 3.13")


def conf(name: str) -> Dict[str, Dict[str, str]]:
    return read_conf(ROOT, name)


def settings_of(name: str) -> Iterator[Tuple[str, str]]:
    return ((stanza, key) for stanza, pairs in conf(name).items() for key in pairs)


def spec(name: str) -> Dict[str, Dict[str, Tuple[str, str]]]:
    """Stanza → setting → (what it may be, its text)."""
    found: Dict[str, Dict[str, Tuple[str, str]]] = {"": {}}
    stanza, waiting = "", []
    for line in (SPECS / f"{name}.conf.spec").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            stanza, waiting = line.strip("[]"), []
            found[stanza] = {}
        elif re.match(r"[\w.]+ = ", line):
            key, _, value = line.partition(" = ")
            waiting = [*waiting, key]
            found[stanza][key] = (value, "")
        elif line.startswith(("* ", "  ")) and waiting:
            for key in waiting:
                found[stanza][key] = (found[stanza][key][0], found[stanza][key][1] + line[1:])
        elif not line:
            waiting = []
    return found


# --- every file -----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", CONFS, ids=lambda path: path.name)
def test_a_conf_file_has_known_stanzas_and_keys_only(path):
    for stanza, key in settings_of(path.stem):
        assert known(path.stem, stanza, key), f"[{stanza}] {key}"


def test_the_table_of_known_keys_is_about_the_files_there_are():
    assert {path.stem for path in CONFS} == set(ALLOWED)


@pytest.mark.parametrize("path", CONFS, ids=lambda path: path.name)
def test_a_conf_file_says_nothing_twice(path):
    seen, stanza = set(), ""
    for line in path.read_text(encoding="utf-8").replace("\\\n", "").splitlines():
        stanza = line if line.startswith("[") else stanza
        entry = (stanza, line.split("=")[0].strip())
        assert not line.strip() or line.startswith("#") or entry not in seen, entry
        seen.add(entry)


@pytest.mark.parametrize("path", CONFS, ids=lambda path: path.name)
def test_a_conf_file_holds_no_secret_and_no_plain_url(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"(?i)(password|secret|token|api_?key)\s*=\s*\S", text)
    assert "http://" not in text


def test_whatever_runs_python_runs_on_all_supported_versions_of_splunk():
    stanzas = [*conf("commands").values(), *conf("restmap").values(), *conf("alert_actions").values()]
    stanzas.append(conf("inputs")["ipthreat_refresh_command"])
    for stanza in stanzas:
        assert (stanza["python.version"], stanza["python.required"]) == SUPPORTED


# --- one name, one version ------------------------------------------------------------------------


def test_there_is_one_version_everywhere():
    app, manifest = conf("app"), json.loads((ROOT / "splunk_app" / "app.manifest").read_text(encoding="utf-8"))
    (technology,) = json.loads(conf("alert_actions")["ipthreat_report"]["param._cam"])["technology"]
    stated = {app["launcher"]["version"], app["id"]["version"], manifest["info"]["id"]["version"]}
    assert stated | set(technology["version"]) == {__version__}


def test_there_is_one_name_and_one_description_everywhere():
    app, manifest = conf("app"), json.loads((ROOT / "splunk_app" / "app.manifest").read_text(encoding="utf-8"))
    assert app["package"]["id"] == app["id"]["name"] == manifest["info"]["id"]["name"] == "ipthreat"
    assert app["ui"]["label"] == manifest["info"]["title"]
    assert app["launcher"]["description"] == manifest["info"]["description"]


def test_a_conf_file_of_its_own_is_reloaded_and_replicated():
    assert "reload.ipthreat" in conf("app")["triggers"]
    assert "conf_replication_include.ipthreat" in conf("server")["shclustering"]


# --- who may do what ------------------------------------------------------------------------------


def test_every_method_of_every_handler_demands_a_capability_of_the_app():
    for stanza in conf("restmap").values():
        demanded = {stanza[f"capability.{method}"] for method in ("get", "post", "put", "delete")}
        assert demanded <= CAPABILITIES
        assert stanza["requireAuthentication"] == stanza["passSystemAuth"] == "true"


def test_the_capabilities_that_are_demanded_are_those_that_are_defined():
    defined = {stanza.split("::")[1] for stanza in conf("authorize") if stanza.startswith("capability::")}
    assert defined == CAPABILITIES


def test_settings_and_tests_are_for_administrators_alone():
    for name in ("settings", "test"):
        stanza = conf("restmap")[f"script:ipthreat_{name}"]
        assert {value for key, value in stanza.items() if key.startswith("capability.")} == {"ipthreat_admin"}


def test_a_role_gets_only_capabilities_of_the_app():
    for name, pairs in conf("authorize").items():
        assert set(pairs) - {"importRoles"} <= CAPABILITIES, name
        assert not name.startswith("role_user")  # everybody would get it


def test_the_browser_reaches_no_more_than_the_handlers_offer():
    handlers = conf("restmap")
    for name, pairs in conf("web").items():
        handler = handlers[f"script:{name.split(':')[1]}"]
        assert handler["match"] == f"/{pairs['pattern']}"
        assert pairs["methods"] in ("GET", "POST", "GET, POST")
    assert not {"expose:ipthreat_evidence", "expose:ipthreat_deliver"} & set(conf("web"))


def test_the_manual_tells_who_may_call_which_handler():
    lines = [line for line in ADMIN.splitlines() if line.startswith("| `/ipthreat/")]
    rows = [[cell.strip().strip("`").replace("/ipthreat/", "") for cell in line.split("|")[1:-1]] for line in lines]
    assert {name for name, *_ in rows} == {stanza["match"].rsplit("/", 1)[1] for stanza in conf("restmap").values()}
    for name, *told, web in rows:
        methods = conf("web").get(f"expose:ipthreat_{name}", {}).get("methods", "")
        assert (web == "yes") == bool(methods)
        for method, capability in zip(("get", "post"), told):
            demanded = conf("restmap")[f"script:ipthreat_{name}"][f"capability.{method}"]
            assert demanded == (capability or "ipthreat_admin")
            assert not methods or bool(capability) == (method.upper() in methods)


def test_no_user_can_write_to_a_collection():
    meta = metadata()
    for collection in conf("collections"):
        assert re.search(r"write : \[ admin, sc_admin \]", meta[f"collections/{collection}"]), collection
        assert "*" not in meta[f"collections/{collection}"]


def test_only_administrators_write_anything_in_the_app():
    for stanza, text in metadata().items():
        assert "write" not in text or re.search(r"write : \[ admin, sc_admin \]", text), stanza


def metadata() -> Dict[str, str]:
    text = (ROOT / "splunk_app" / "metadata" / "default.meta").read_text(encoding="utf-8")
    text = re.sub(r"^#.*$", "", text, flags=re.MULTILINE)
    parts = re.split(r"^\[(.*)\]$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


# --- what is named exists -------------------------------------------------------------------------


def scripts() -> Set[str]:
    """Every script that a conf file names."""
    named = {stanza["filename"] for stanza in conf("commands").values()}
    named |= {stanza["script"] for stanza in conf("restmap").values()}
    named.add(conf("app")["diag"]["extension_script"])
    named |= {stanza["alert.execute.cmd"] for stanza in conf("alert_actions").values()}
    return named | {f"{name}.py" for name in conf("inputs") if "://" not in name}


def present() -> Set[str]:
    return {path.name for path in (ROOT / "bin").glob("*.py")}


def test_every_script_is_named_by_a_conf_file():
    assert present() <= scripts()


def test_every_script_that_a_conf_file_names_is_there():
    assert scripts() == present()


def test_a_handler_is_a_class_of_the_script_it_runs_in():
    for stanza in conf("restmap").values():
        assert stanza["handler"] == f"{Path(stanza['script']).stem}.RestHandler"


def test_the_modular_input_bears_the_name_of_its_script_as_splunk_demands():
    (scheme,) = [name for name in conf("inputs") if "://" not in name]
    assert all(name.startswith(f"{scheme}://") for name in conf("inputs") if "://" in name)
    assert f"{scheme}://<name>" in spec("inputs")
    assert conf("inputs")[f"{scheme}://default"]["disabled"] == "true"  # nothing leaves the machine by itself


def test_a_lookup_has_its_file_or_its_collection():
    for name, pairs in conf("transforms").items():
        if "filename" in pairs:
            assert (ROOT / "splunk_app" / "lookups" / pairs["filename"]).is_file(), name
        else:
            fields = {f"field.{field}" for field in pairs["fields_list"].split(", ") if field != "_key"}
            assert fields <= set(conf("collections")[pairs["collection"]]), name


def test_an_event_type_is_of_a_sourcetype_of_the_app_and_every_tag_of_an_event_type():
    for pairs in conf("eventtypes").values():
        assert re.fullmatch(r'sourcetype="([^"]+)"( event=\w+)?', pairs["search"])[1] in conf("props")
    assert {stanza.split("=")[1] for stanza in conf("tags")} == set(conf("eventtypes"))


def test_a_field_value_goes_into_the_address_of_a_page_and_never_into_a_search():
    for pairs in conf("workflow_actions").values():
        assert pairs["type"] == "link"
        assert pairs["link.uri"].startswith("/app/ipthreat/")


def test_the_indexers_get_what_a_search_needs_there_and_no_more():
    rules = conf("distsearch")
    assert set(rules["replicationAllowlist"].values()) == {
        "apps/ipthreat/data/lists.snapshot",
        "apps/ipthreat/lib/ipthreat/...",
        "apps/ipthreat/lib/splunklib/...",
    }
    assert "apps/ipthreat/data/feeds/..." in rules["replicationDenylist"].values()


def test_accelerations_are_json_about_fields_that_exist():
    for name, pairs in conf("collections").items():
        for key, value in pairs.items():
            if key.startswith("accelerated_fields."):
                assert {f"field.{field}" for field in json.loads(value)} <= set(pairs), name
        assert pairs["replicate"] == "false"


def test_the_roles_that_the_metadata_name_exist():
    own = {name[len("role_") :] for name in conf("authorize") if name.startswith("role_")}
    named = {role for text in metadata().values() for role in re.findall(r"[a-z_*]+(?=[,\s]*[^\[]*\])", text)}
    assert {role for role in named if role.startswith("ipthreat")} <= own


# --- settings and their explanation ---------------------------------------------------------------


def test_every_setting_of_the_app_has_its_line_in_the_spec_and_a_default_there():
    specified = spec("ipthreat")
    assert {(stanza, key) for stanza in ALLOWED["ipthreat"] for key in ALLOWED["ipthreat"][stanza]} == set(
        settings_of("ipthreat")
    )
    for stanza, key in settings_of("ipthreat"):
        assert "Default:" in specified[stanza][key][1], f"[{stanza}] {key}"


def test_the_default_in_the_spec_is_the_one_that_is_shipped():
    for stanza, key in settings_of("ipthreat"):
        text = spec("ipthreat")[stanza][key][1].rsplit("Default: ", 1)[1].strip()
        shipped = conf("ipthreat")[stanza][key]
        assert text == shipped or (not shipped and text.startswith("empty")), f"[{stanza}] {key}"


def test_the_spec_specifies_nothing_that_is_not_there():
    stanzas = set(spec("ipthreat")) - {""}
    local = {f"provider:{name}" for name in LOCAL}
    assert stanzas == {*ALLOWED["ipthreat"], "provider:<name>", "destination:<name>", *local}
    assert {name: set(spec("ipthreat")[name]) for name in local} == {
        f"provider:{name}": {setting} for name, setting in LOCAL.items()
    }
    for stanza in ALLOWED["ipthreat"]:
        assert set(spec("ipthreat")[stanza]) == set(ALLOWED["ipthreat"][stanza])


def test_the_words_in_the_spec_are_those_of_the_code():
    specified = spec("ipthreat")
    assert specified["settings"]["default_mode"][0] == "|".join(MODES)
    assert specified["live"]["tlp"][0] == specified["provider:<name>"]["tlp"][0] == "|".join(TLP_LABELS)
    assert set(re.findall(r"\b(?:standard|bulk)\b", specified["settings"]["policy"][1])) == set(POLICIES)


def test_every_setting_is_explained_in_the_manual():
    for stanza, pairs in spec("ipthreat").items():
        for key in pairs:
            assert f"`{key}`" in ADMIN, f"[{stanza}] {key}"


def test_every_parameter_of_the_alert_action_is_specified_where_splunk_looks_and_explained():
    parameters = {key for key in conf("alert_actions")["ipthreat_report"] if key.startswith("param.")}
    assert parameters == set(spec("alert_actions")["ipthreat_report"])
    searched = {key.replace("action.ipthreat_report.", "") for key in spec("savedsearches")[""] if ".param." in key}
    assert searched == parameters - {"param._cam"}
    for name in searched:
        assert f"`{name.replace('param.', '')}`" in ADMIN, name


def test_the_default_of_a_parameter_in_the_spec_is_the_one_that_is_shipped():
    for key, shipped in conf("alert_actions")["ipthreat_report"].items():
        if key.startswith("param.") and key != "param._cam":
            text = spec("alert_actions")["ipthreat_report"][key][1].rsplit("Default: ", 1)[1].strip()
            assert text == shipped or (not shipped and text.startswith("empty")), key


# --- the alert action's form ----------------------------------------------------------------------


def form() -> ElementTree.Element:
    return ElementTree.fromstring(FORM.read_text(encoding="utf-8"))  # noqa: S314 - the file is ours


def test_the_form_offers_every_parameter():
    offered = {item.get("name") for tag in ("input", "select") for item in form().iter(tag)}
    parameters = {key for key in conf("alert_actions")["ipthreat_report"] if key.startswith("param.")}
    assert offered == {f"action.ipthreat_report.{key}" for key in parameters - {"param._cam"}}


def test_every_field_of_the_form_has_its_label():
    fields = {item.get("id") for tag in ("input", "select") for item in form().iter(tag)}
    assert {label.get("for") for label in form().iter("label")} == fields


def test_the_choices_of_the_form_are_the_words_of_the_code():
    choices = {
        item.get("name").rsplit(".", 1)[1]: [option.get("value") for option in item.iter("option")]
        for item in form().iter("select")
    }
    assert set(choices["mode"]) == set(MODES)
    assert set(choices["tlp"]) == set(TLP_LABELS)
    assert set(choices["policy"]) == set(POLICIES)
    assert set(choices["least"]) == {priority.value for priority in Priority}
    for name, values in choices.items():
        assert conf("alert_actions")["ipthreat_report"][f"param.{name}"] in values


def test_enterprise_security_can_run_the_action_by_hand():
    cam = json.loads(conf("alert_actions")["ipthreat_report"]["param._cam"])
    assert (cam["supports_adhoc"], cam["supports_cloud"]) == (True, True)
    assert cam["subject"] == ["network.ip"]
