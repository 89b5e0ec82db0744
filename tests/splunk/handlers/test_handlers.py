"""The REST handlers over the real script: what each takes, what it refuses, and that no secret comes out of any."""

from __future__ import annotations

import json

import pytest
from splunkds import CANARY, place

OTHER = "another-canary-0a1b2c3d4e5f"


@pytest.fixture
def here(tmp_path):
    with place(tmp_path) as found:
        yield found


def settings(here, **change):
    return here.ask("POST", "ipthreat/settings", change, user="admin")


@pytest.mark.parametrize(
    "method, path",
    [
        ("POST", "ipthreat/evidence"),
        ("POST", "ipthreat/assess"),
        ("POST", "ipthreat/deliver"),
        ("GET", "ipthreat/status"),
    ],
)
def test_whoever_has_not_the_capability_is_refused(here, method, path):
    assert here.ask(method, path, {"addresses": ["20.1.2.3"]}, user="visitor")[0] == 403
    assert here.vendor.asked == ()


@pytest.mark.parametrize("method, name", [("GET", "settings"), ("POST", "settings"), ("POST", "test")])
def test_settings_and_tests_are_for_administrators(here, method, name):
    assert here.ask(method, f"ipthreat/{name}", {"provider": "virustotal"}, user="analyst")[0] == 403
    assert here.vendor.asked == ()


def test_the_handler_checks_the_capability_itself_should_restmap_not(here):
    for path in ("ipthreat/settings", "ipthreat/evidence"):
        here.splunkd.mount(path, here.host, {})
    status, told = here.ask("POST", "ipthreat/settings", {"stanza": "live", "values": {"budget": "1"}}, user="analyst")
    assert (status, "ipthreat_admin" in told["error"]) == (403, True)
    assert here.ask("POST", "ipthreat/evidence", {"addresses": ["20.1.2.3"]}, user="visitor")[0] == 403


@pytest.mark.parametrize(
    "payload, words",
    [
        ({}, "at least one address"),
        ({"addresses": "20.1.2.3"}, "addresses is a list"),
        ({"addresses": ["https://example.org/"]}, "addresses:"),
        ({"addresses": ["20.1.2.3/../x"]}, "addresses:"),
        ({"addresses": [7]}, "list of texts"),
        ({"addresses": ["20.1.2.3"] * 501}, "at most 500"),
        ({"addresses": ["20.1.2.3"], "url": "http://x"}, "there is no 'url' here"),
        ({"addresses": ["20.1.2.3"], "mode": "fast"}, "mode is one of"),
        ({"addresses": ["20.1.2.3"], "budget": -1}, "budget is a number"),
        ({"addresses": ["20.1.2.3"], "budget": True}, "budget is a number"),
        ({"addresses": ["20.1.2.3"], "timeout": 1e9}, "timeout is a number"),
        ({"addresses": ["20.1.2.3"], "sid": "a\nb"}, "printable"),
        ({"addresses": ["20.1.2.3"], "providers": ["nobody"]}, "none of those named"),
        (["20.1.2.3"], "JSON object"),
    ],
)
def test_evidence_takes_addresses_and_nothing_else(here, payload, words):
    status, told = here.ask("POST", "ipthreat/evidence", payload)
    assert (status, words in told["error"]) == (400, True), told
    assert here.vendor.asked == ()


def test_a_handler_has_only_its_own_methods(here):
    here.splunkd.mount("ipthreat/evidence", here.host, {})
    assert here.ask("GET", "ipthreat/evidence")[0] == 405


def test_evidence_comes_in_time_however_slow_the_provider_is(tmp_path):
    with place(tmp_path, latency=5.0) as slow:
        status, told = slow.ask(
            "POST", "ipthreat/evidence", {"addresses": ["20.1.2.3"], "mode": "live", "timeout": 0.5}
        )
        assert (status, told["late"]) == (200, True)
        assert told["evidence"]["20.1.2.3"][0]["status"] in ("timeout", "error")


def test_the_allow_list_and_local_addresses_never_leave(here):
    status, told = here.ask("POST", "ipthreat/evidence", {"addresses": ["10.1.2.3", "20.1.2.3"], "mode": "live"})
    assert (status, list(told["evidence"])) == (200, ["20.1.2.3"])
    assert here.looked_up == ["20.1.2.3"]


def test_only_a_search_of_the_scheduler_that_the_user_can_see_spends_the_reserve(here):
    here.splunkd.state.confs["ipthreat"]["provider:virustotal"]["quota_day"] = "10"
    here.splunkd.state.confs["ipthreat"]["live"]["reserve"] = "0.5"
    sid = "scheduler__admin__search__x_at_1795500000_1"

    def asked(first):
        before = len(here.looked_up)
        addresses = [f"20.{first}.{number}.9" for number in range(8)]
        here.ask("POST", "ipthreat/evidence", {"addresses": addresses, "mode": "live", "sid": sid})
        return len(here.looked_up) - before

    assert asked(1) == 5
    here.splunkd.state.jobs[sid] = []
    assert asked(2) == 5


# --- settings -------------------------------------------------------------------------------------


def test_a_key_goes_in_and_never_comes_out(here):
    status, told = settings(here, stanza="provider:abuseipdb", secrets={"key": OTHER})
    assert (status, OTHER in json.dumps(told)) == (200, False)
    assert here.splunkd.state.passwords["ipthreat", "abuseipdb"] == OTHER
    shown = here.ask("GET", "ipthreat/settings", user="admin")[1]
    keys = {item["name"]: item["has_key"] for item in shown["providers"]}
    assert (keys["abuseipdb"], keys["virustotal"], keys["shodan"]) == (True, True, False)
    told = json.dumps([shown, here.ask("GET", "ipthreat/status")[1]]) + here.log + str(here.splunkd.state.confs)
    assert CANARY not in told
    assert OTHER not in told


def test_a_key_is_replaced_and_forgotten(here):
    settings(here, stanza="provider:virustotal", secrets={"key": OTHER})
    assert here.splunkd.state.passwords["ipthreat", "virustotal"] == OTHER
    assert settings(here, stanza="provider:virustotal", forget=True)[0] == 200
    assert here.splunkd.state.passwords == {}


def test_a_new_base_url_deletes_the_key_so_that_it_cannot_be_sent_there(here):
    status, told = settings(here, stanza="provider:virustotal", values={"base_url": "https://evil.example"})
    assert status == 200
    assert any("the key of virustotal is deleted" in text for text in told["done"])
    assert here.splunkd.state.passwords == {}
    assert here.ask("POST", "ipthreat/test", {"provider": "virustotal"}, user="admin")[0] == 400


def test_a_new_base_url_with_a_new_key_keeps_the_new_one_alone(here):
    settings(here, stanza="provider:virustotal", values={"base_url": "https://new.example"}, secrets={"key": OTHER})
    assert here.splunkd.state.passwords == {("ipthreat", "virustotal"): OTHER}


@pytest.mark.parametrize(
    "change",
    [{"values": {"ca_bundle": "auth/other.pem"}}, {"secrets": {"proxy": "http://user:pass@proxy.example:3128"}}],
)
def test_a_new_way_out_deletes_all_keys(here, change):
    here.splunkd.state.passwords["ipthreat", "shodan"] = OTHER
    assert settings(here, stanza="live", **change)[0] == 200
    assert [name for name in here.splunkd.state.passwords if name[0] == "ipthreat"] == []


def test_the_proxys_password_is_not_shown(here):
    settings(here, stanza="live", secrets={"proxy": "http://user:secret-pass@proxy.example:3128"})
    shown = here.ask("GET", "ipthreat/settings", user="admin")[1]
    assert shown["proxy"] == "http://proxy.example:3128"
    assert "secret-pass" not in json.dumps(shown) + here.log + str(here.splunkd.state.confs)


@pytest.mark.parametrize(
    "change, words",
    [
        ({"stanza": "provider:nobody", "values": {}}, "there is no provider"),
        ({"stanza": "../x"}, "is no stanza"),
        ({"stanza": "provider:virustotal", "values": {"key": "x"}}, "send it among the secrets"),
        ({"stanza": "provider:virustotal", "values": {"quota_day": "many"}}, "quota_day cannot be used"),
        ({"stanza": "provider:virustotal", "secrets": {"key": "a b"}}, "empty or has spaces"),
        ({"stanza": "provider:virustotal", "values": {"x]\n[y": "z"}}, "cannot be the name of a setting"),
        ({"stanza": "live", "values": {"budget": "-3"}}, "budget"),
        ({"stanza": "live", "values": {"colour": "red"}}, "[live] has no 'colour'"),
        ({"stanza": "live", "secrets": {"key": "x"}}, "has no secret"),
        ({"stanza": "destination:soc", "secrets": {"url": "http://x.example/"}}, "https://"),
        ({"stanza": "destination:soc", "secrets": {"url": "https://u:p@x.example/"}}, "without user name"),
        ({"stanza": "destination:soc", "values": {"kind": "fax"}}, "kind is one of"),
        ({"stanza": "destination:soc", "values": {"kind": "slack\nx"}}, "printable"),
    ],
)
def test_what_could_not_be_used_is_refused_and_nothing_changes(here, change, words):
    before = json.dumps(here.splunkd.state.confs), dict(here.splunkd.state.passwords)
    status, told = settings(here, **change)
    assert (status, words in told["error"]) == (400, True), told
    assert (json.dumps(here.splunkd.state.confs), here.splunkd.state.passwords) == before


def test_a_destination_is_made_shown_without_its_url_and_deleted(here):
    url = "https://hooks.example/services/T0/secret-path"
    assert settings(here, stanza="destination:soc", values={"kind": "slack"}, secrets={"url": url})[0] == 200
    shown = here.ask("GET", "ipthreat/settings", user="admin")[1]
    assert shown["destinations"] == [{"name": "soc", "has_url": True, "kind": "slack"}]
    assert "secret-path" not in json.dumps(shown) + here.log
    settings(here, stanza="destination:soc", forget=True)
    assert "destination:soc" not in here.splunkd.state.confs["ipthreat"]
    assert ("ipthreat_destination", "soc") not in here.splunkd.state.passwords


# --- test, status, assess -------------------------------------------------------------------------


def test_the_connection_test_asks_with_the_stored_key_alone(here):
    status, told = here.ask("POST", "ipthreat/test", {"provider": "virustotal"}, user="admin")
    assert (status, told["ok"], told["status"]) == (200, True, "ok")
    assert here.ask("POST", "ipthreat/test", {"provider": "virustotal", "key": "x"}, user="admin")[0] == 400
    assert here.looked_up == ["1.1.1.1"]


def test_a_bad_key_is_told_without_being_shown(here):
    from ipthreat.testkit import behaviours

    here.vendor.route("/api/v3/ip_addresses/1.1.1.1", behaviours.status(401, f"no such key: {CANARY}".encode()))
    status, told = here.ask("POST", "ipthreat/test", {"provider": "virustotal"}, user="admin")
    assert (status, told["ok"], told["status"]) == (200, False, "auth_error")
    assert CANARY not in json.dumps(told) + here.log


def test_status_tells_what_is_left_of_each_quota(here):
    here.ask("POST", "ipthreat/evidence", {"addresses": ["20.1.2.3"], "mode": "live"})
    first = here.ask("GET", "ipthreat/status")[1]
    row = first["providers"][0]
    assert (row["provider"], row["configured"], row["used"]["day"], row["fresh"]) == ("virustotal", True, 1, 1)
    assert first["shared"] == "ok"
    here.splunkd.state.kv_status = 503
    assert here.ask("GET", "ipthreat/status")[1]["shared"] == "the KV store answers 503"


def test_a_provider_without_its_key_is_told_and_the_others_are_asked(here):
    here.splunkd.state.confs["ipthreat"]["live"]["providers"] = "virustotal, shodan"
    status, told = here.ask("POST", "ipthreat/evidence", {"addresses": ["20.1.2.3"], "mode": "live"})
    assert (status, told["sources"]) == (200, ["virustotal"])
    assert told["messages"] == ["shodan is not asked: it has no key"]


def test_a_key_in_the_settings_file_is_refused(here):
    here.splunkd.state.confs["ipthreat"]["provider:virustotal"]["key"] = "in-the-clear-1234"
    status, told = here.ask("POST", "ipthreat/evidence", {"addresses": ["20.1.2.3"]})
    assert (status, "storage/passwords" in told["error"]) == (400, True)
    assert "in-the-clear-1234" not in json.dumps(told) + here.log


@pytest.mark.parametrize("mode, asked", [("offline", 0), ("cached", 0), ("live", 1)])
def test_assess_judges_as_a_report_does(here, mode, asked):
    status, told = here.ask("POST", "ipthreat/assess", {"addresses": ["18.237.3.202", "10.0.0.1"], "mode": mode})
    assert status == 200
    assert {item["ip"] for item in told["assessments"]} == {"18.237.3.202", "10.0.0.1"}
    assert len(here.looked_up) == asked


def test_settings_that_cannot_be_used_are_an_answer_and_no_crash(here):
    here.splunkd.state.confs["ipthreat"]["live"]["tlp"] = "TLP:PINK"
    status, told = here.ask("POST", "ipthreat/evidence", {"addresses": ["20.1.2.3"]})
    assert (status, "TLP:PINK" in told["error"]) == (400, True)
