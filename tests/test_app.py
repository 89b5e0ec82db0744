"""The app as a whole: known keys only in its conf files, one version everywhere, laid the same each time."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Dict, Set

import pytest
from searches import ROOT, SDKS, events, ground, packager
from searches import laid as app

from ipthreat import __version__
from ipthreat.splunk.conf import MODES, Settings, read_conf, settings
from ipthreat.splunk.reporting_options import FORMS
from ipthreat.splunk.runner import main as runner_main
from ipthreat.splunk.runner import run

# What Splunk 9.3 to 10.2 read of each file, as far as the app has any use for it: `*` stands for any stanza.
ALLOWED: Dict[str, Dict[str, Set[str]]] = {
    "app": {
        "install": {"is_configured", "state", "build", "allows_disable"},
        "launcher": {"author", "description", "version"},
        "package": {"id", "check_for_updates"},
        "id": {"name", "version"},
        "triggers": {"reload.ipthreat"},
        "ui": {"is_visible", "label"},
    },
    # With chunked = true nothing else counts (commands.conf.spec).
    "commands": {
        "*": {
            *("filename", "chunked", "is_risky", "maxwait", "maxchunksize", "run_in_preview"),
            *("python.version", "python.required"),
        }
    },
    "searchbnf": {
        "*": {
            *("syntax", "simplesyntax", "alias", "description", "shortdesc", "usage", "category", "tags", "related"),
            *(f"{word}{number}" for word in ("example", "comment") for number in (1, 2, 3)),
        }
    },
    "distsearch": {"replicationAllowlist": {"ipthreat_library"}},
    "server": {"shclustering": {"conf_replication_include.ipthreat"}},
    "ipthreat": {"settings": {"default_mode", "own_networks"}},
}
COMMANDS = read_conf(ROOT, "commands")


def keys_of(name: str) -> Set[tuple]:
    return {(stanza, key) for stanza, pairs in read_conf(ROOT, name).items() for key in pairs}


# --- conf files -----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted((ROOT / "default").glob("*.conf")), ids=lambda path: path.name)
def test_a_conf_file_has_known_stanzas_and_keys_only(path):
    allowed = ALLOWED[path.stem]
    for stanza, key in keys_of(path.stem):
        assert key in allowed.get(stanza, allowed.get("*", set())), f"[{stanza}] {key}"


@pytest.mark.parametrize("path", sorted((ROOT / "default").glob("*.conf")), ids=lambda path: path.name)
def test_a_conf_file_says_nothing_twice(path):
    seen, stanza = set(), ""
    for line in path.read_text(encoding="utf-8").replace("\\\n", "").splitlines():
        stanza = line if line.startswith("[") else stanza
        key = (stanza, line.split("=")[0].strip())
        assert not line.strip() or line.startswith("#") or key not in seen, key
        seen.add(key)


def test_there_is_one_version():
    conf = read_conf(ROOT, "app")
    assert conf["launcher"]["version"] == conf["id"]["version"] == __version__


def test_there_is_one_name():
    conf = read_conf(ROOT, "app")
    assert conf["package"]["id"] == conf["id"]["name"] == app().name == "ipthreat"
    assert all(
        rule.startswith("apps/ipthreat/") for rule in read_conf(ROOT, "distsearch")["replicationAllowlist"].values()
    )


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_a_command_runs_on_all_supported_versions_of_splunk(command):
    stanza = COMMANDS[command]
    assert re.fullmatch(r"[a-z]+", command)  # Splunk takes no underscore in the name of a command
    assert (stanza["chunked"], stanza["is_risky"], stanza["run_in_preview"]) == ("true", "false", "true")
    assert (stanza["python.version"], stanza["python.required"]) == ("python3", "3.9, 3.13")


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_a_command_has_its_script_and_its_help(command):
    assert (ROOT / "bin" / COMMANDS[command]["filename"]).is_file()
    help_ = read_conf(ROOT, "searchbnf")[f"{command}-command"]
    assert help_["syntax"].startswith(command)
    assert help_["usage"] == "public"
    assert command in help_["example1"]
    assert {"shortdesc", "description", "comment1", "category", "tags", "related"} <= set(help_)
    assert set(help_["related"].split()) - set(COMMANDS) <= {"iplocation", "lookup"}


def test_every_help_is_of_a_command():
    helped = {name[: -len("-command")] for name in read_conf(ROOT, "searchbnf") if name.endswith("-command")}
    assert helped == set(COMMANDS)


def test_the_help_offers_the_forms_there_are():
    syntax = read_conf(ROOT, "searchbnf")["ipthreatreport-command"]["syntax"]
    assert f"format=({'|'.join(FORMS)})" in syntax


def test_every_script_is_of_a_command():
    assert {path.name for path in (ROOT / "bin").glob("*")} - {"__pycache__"} == {
        stanza["filename"] for stanza in COMMANDS.values()
    }


# --- settings of the app --------------------------------------------------------------------------


def test_the_shipped_settings_are_those_without_a_file():
    assert settings(ROOT) == Settings()


def test_the_spec_names_every_setting_and_every_value():
    spec = (ROOT / "splunk_app" / "README" / "ipthreat.conf.spec").read_text(encoding="utf-8")
    assert ALLOWED["ipthreat"]["settings"] == set(re.findall(r"^(\w+) = ", spec, re.MULTILINE))
    assert f"default_mode = {'|'.join(MODES)}" in spec


# --- the packager ---------------------------------------------------------------------------------


def files(folder: Path) -> Dict[str, tuple]:
    """Path below the folder → (contents, mode, whole seconds of the time)."""
    found = {}
    for path in sorted(folder.rglob("*")):
        info = path.stat()
        data = path.read_bytes() if path.is_file() else b""
        found[path.relative_to(folder).as_posix()] = (data, info.st_mode & 0o7777, int(info.st_mtime))
    return found


def test_the_app_is_laid_the_same_each_time(tmp_path):
    umask = os.umask(0o077)
    try:
        packager().stage(tmp_path / "ipthreat")
    finally:
        os.umask(umask)
    assert files(tmp_path / "ipthreat") == files(app())


def test_modes_are_plain_and_times_follow_contents():
    laid = files(app())
    assert {mode for data, mode, _ in laid.values() if data} == {0o644}
    assert {mode for name, (_, mode, _) in laid.items() if (app() / name).is_dir()} == {0o755}
    assert packager().moment(b"a") != packager().moment(b"b")  # else Python may take a stale compiled file


def test_the_app_holds_what_it_needs_and_nothing_else():
    laid = set(files(app()))
    top = {name.split("/")[0] for name in laid}
    assert {"bin", "default", "lib", "metadata", "README", "LICENSE", "NOTICE"} <= top
    assert {"lib/splunklib/searchcommands/__init__.py", "lib/ipthreat/snapshot/data/ipthreat.snapshot"} <= laid
    unwanted = r"(^|/)(__pycache__|\.|[^/]*\.(egg|dist)-info|tests|local)|\.(pyc|so|pyd)$|^package\.py$|requirements"
    assert [name for name in laid if re.search(unwanted, name)] == []
    assert not {"lib/ipthreat/testkit", "lib/ipthreat/splunk/runner.py"} & laid


def test_a_conf_file_of_its_own_is_reloaded_and_replicated():
    for name in {path.stem for path in (ROOT / "splunk_app" / "README").glob("*.spec")}:
        stem = name.replace(".conf", "")
        assert f"reload.{stem}" in read_conf(ROOT, "app")["triggers"]
        assert f"conf_replication_include.{stem}" in read_conf(ROOT, "server")["shclustering"]


def test_what_the_app_imports_is_in_the_app():
    """Every module of the app can be loaded from the app alone, as Splunk's Python does."""
    lib = app() / "lib"
    modules = [path.relative_to(lib).with_suffix("").as_posix() for path in sorted((lib / "ipthreat").rglob("*.py"))]
    names = [name.replace("/", ".").replace(".__init__", "") for name in modules if not name.endswith("__main__")]
    program = (
        "import importlib, sys; sys.path.insert(0, sys.argv[1]); [importlib.import_module(n) for n in sys.argv[2:]]"
    )
    words = [sys.executable, "-E", "-s", "-S", "-B", "-c", program, str(lib), *names]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


@pytest.mark.parametrize("sdk", SDKS)
def test_the_sdk_is_pure_python_without_what_the_app_cannot_run(sdk):
    laid = [name for name in files(app(sdk)) if name.startswith("lib/splunklib/")]
    assert "lib/splunklib/results.py" not in laid
    assert not any("/ai/" in name for name in laid)
    assert all(name.endswith(".py") or (app(sdk) / name).is_dir() for name in laid)


@pytest.mark.parametrize("sdk", SDKS)
def test_all_of_the_app_parses_on_the_oldest_python(sdk):
    modules = {name: data for name, (data, _, _) in files(app(sdk)).items() if name.endswith(".py")}
    trees = [ast.parse(data, name, feature_version=(3, 9)) for name, data in modules.items()]
    assert len(trees) > 100
    assert all(tree.body for tree, name in zip(trees, modules) if name.startswith("bin/"))


def test_the_sdk_is_pinned_by_its_digest():
    for version in SDKS:
        pin = packager().pin(version)
        assert (pin.version, len(pin.sha256)) == (version, 64)


def test_an_archive_with_another_digest_is_not_taken(tmp_path):
    module = packager()
    (tmp_path / "splunk-sdk-2.1.1.tar.gz").write_bytes(b"forged")
    wanted = module.pin("2.1.1")
    path = module.fetched(wanted, ROOT / ".sources")
    assert module._cached(wanted, tmp_path) is None
    assert module._cached(wanted, path.parent) == path


def test_a_folder_with_other_things_is_left_as_it_is(tmp_path):
    (tmp_path / "x").write_text("precious", encoding="utf-8")
    words = [sys.executable, str(ROOT / "splunk_app" / "package.py"), "stage", str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.strip() == f"package.py: {tmp_path} is not empty and holds no app: it is left as it is."
    assert (tmp_path / "x").read_text(encoding="utf-8") == "precious"


def test_an_earlier_app_is_laid_anew(tmp_path):
    folder = tmp_path / "ipthreat"
    packager().stage(folder)
    (folder / "left.over").write_text("x", encoding="utf-8")
    packager().stage(folder)
    assert not (folder / "left.over").exists()


# --- the page about it ----------------------------------------------------------------------------

PAGE = (ROOT / "docs" / "splunk.md").read_text(encoding="utf-8")
OPTION = re.compile(r"^    (\w+) = Option\(", re.MULTILINE)


def options_of(module: str) -> Set[str]:
    return set(OPTION.findall((ROOT / "lib" / "ipthreat" / "splunk" / f"{module}.py").read_text(encoding="utf-8")))


@pytest.mark.parametrize("module, stanza", [("options", "ipthreat-option"), ("reporting", "ipthreatreport-command")])
def test_page_and_help_name_the_options_there_are(module, stanza):
    options = options_of(module)
    assert options
    assert set(re.findall(r"(\w+)=", read_conf(ROOT, "searchbnf")[stanza]["syntax"])) == options
    for option in options:
        assert f"`{option}=" in PAGE, option


def test_the_page_names_every_option_of_the_runner(capsys):
    with pytest.raises(SystemExit):
        runner_main(["--help"])
    options = set(re.findall(r"(--[a-z]+)", capsys.readouterr().out)) - {"--help"}
    assert options == set(re.findall(r"^\| `(--[a-z]+)", PAGE, re.MULTILINE))


def test_the_page_names_every_setting():
    assert set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)) == ALLOWED["ipthreat"]["settings"]


@pytest.mark.parametrize("search", re.findall(r"ipthreat\.splunk\.runner '([^']+)'", PAGE))
def test_the_searches_on_the_page_run(search):
    assert not run(ground(), search, events(20)).failed
