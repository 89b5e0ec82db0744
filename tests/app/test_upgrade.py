"""A newer version laid over an older one: what an administrator has set stays, and what is new works at once."""

from __future__ import annotations

import json
import tarfile

import pytest
from archives import unpack
from searches import answer, ground, packager
from splunkds import HANDLERS, settled

from ipthreat.splunk.broker_caps import FILE as CAPS_FILE
from ipthreat.splunk.conf import read_conf, settings
from ipthreat.splunk.protocol import table_from
from ipthreat.splunk.splunkd import Splunkd as Connection
from ipthreat.testkit.server import FakeServer
from ipthreat.testkit.splunkd import Splunkd
from ipthreat.testkit.splunkd_host import HandlerHost
from ipthreat.testkit.vendors import vendor_routes

# What the administrator of an older version has: settings, among them one that is no more, and files of his own.
KEPT = {
    "local/ipthreat.conf": "[settings]\ndefault_mode = cached\nown_networks = 198.51.100.0/24\n\n"
    "[live]\nbudget = 7\nsetting_of_an_older_version = 1\n\n[provider:virustotal]\nquota_day = 900\n",
    "local/alert_actions.conf": "[ipthreat_report]\nparam.least = High\n",
    "local/inputs.conf": "[ipthreat_refresh_command://default]\ndisabled = false\ninterval = 86400\n",
    "local/savedsearches.conf": "[IP Threat - Log-ins under attack]\ndisabled = 0\n",
    "local/macros.conf": "[ipthreat_web_events]\ndefinition = index=web\n",
    "metadata/local.meta": "[]\naccess = read : [ soc ], write : [ admin ]\n",
    "lookups/our_allowlist.csv": "network,reason\n203.0.113.0/24,Our scanner\n",
    "data/feeds/ipsum.json": "{}",
}
OLDER = {
    "default/app.conf": "[launcher]\nversion = 0.0.9\n",
    "default/ipthreat.conf": "[settings]\ndefault_mode = offline\n\n[live]\nbudget = 50\n",
}


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """The package as it is built, once."""
    return packager().build(tmp_path_factory.mktemp("built"))


@pytest.fixture
def upgraded(tmp_path, package):
    """An app of an older version with settings, and the package unpacked over it, as Splunk does it."""
    apps = tmp_path / "etc" / "apps"
    for name, text in {**OLDER, **KEPT}.items():
        path = apps / "ipthreat" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    unpack(package, apps)
    return apps / "ipthreat"


def test_no_file_of_the_administrator_is_touched(upgraded):
    assert {name: (upgraded / name).read_text(encoding="utf-8") for name in KEPT} == KEPT


def test_the_package_has_nothing_where_settings_are_kept(package):
    with tarfile.open(package) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]
    assert not [name for name in names if name.startswith(("local", "data/", "metadata/local")) or name in KEPT]


def test_what_was_set_holds_over_the_new_defaults_and_what_was_not_is_new(upgraded):
    conf = read_conf(upgraded, "ipthreat")
    assert (conf["live"]["budget"], conf["provider:virustotal"]["quota_day"]) == ("7", "900")
    assert conf["delivery"]["indexes"] == "summary"
    assert settings(upgraded).default_mode == "cached"
    action = read_conf(upgraded, "alert_actions")["ipthreat_report"]
    assert (action["param.least"], action["param.risk"]) == ("High", "0")
    (own,) = [pairs for name, pairs in read_conf(upgraded, "inputs").items() if name.endswith("://default")]
    assert (own["disabled"], own["interval"]) == ("false", "86400")


def test_the_version_is_the_new_one(upgraded):
    version = read_conf(upgraded, "app")["launcher"]["version"]
    assert version != "0.0.9"
    assert version == json.loads((upgraded / "app.manifest").read_text())["info"]["id"]["version"]


def test_searches_obey_what_was_set(upgraded):
    rows = [{"src_ip": "18.237.3.202"}, {"src_ip": "198.51.100.7"}]
    search = "| ipthreat src_ip mode=offline allowlist=our_allowlist fields=core"
    found = answer(ground(upgraded), search, table_from(("src_ip",), rows))
    assert found[0]["ti_org"]


def test_the_handler_asks_with_the_keys_and_limits_of_before(upgraded, tmp_path):
    older = tmp_path / "var" / "lib" / "splunk" / "ipthreat"
    older.mkdir(parents=True)
    (tmp_path / "var" / "log" / "splunk").mkdir(parents=True)
    script, environment = "ipthreat_rest_handler_command.py", {"SPLUNK_HOME": str(tmp_path)}
    host = HandlerHost(upgraded, script, "RestHandler", environment=environment)
    with FakeServer(vendor_routes()) as vendor, Splunkd() as splunkd, host:
        settled(splunkd, vendor.url, setting_of_an_older_version="1")
        splunkd.state.confs["ipthreat"]["live"]["budget"] = "7"
        for path, capabilities in HANDLERS.items():
            splunkd.mount(path, host, capabilities)
        way = Connection(splunkd.url, splunkd.state.log_in("analyst"))
        question = {"addresses": [f"20.1.0.{number}" for number in range(20)], "mode": "live"}
        told = way.post_json("ipthreat/evidence", question).json()
        assert told["asked"] == len(vendor.asked) == 7
        admin = Connection(splunkd.url, splunkd.state.log_in("admin"))
        shown = admin.get("ipthreat/settings").json()
        assert {item["name"]: item["has_key"] for item in shown["providers"]}["virustotal"] is True
    assert (older / CAPS_FILE).exists()
