"""Every kind of secret, through every handler, in good times and bad: none comes out, none is written anywhere."""

from __future__ import annotations

import json

import pytest
from splunkds import CANARY, place

from ipthreat.testkit import behaviours

SECRETS = {
    ("ipthreat", "virustotal"): CANARY,
    ("ipthreat_extra", "virustotal.second"): "canary-extra-1c9e77",
    ("ipthreat_destination", "soc"): "https://localhost/services/canary-hook-55ad01",
    ("ipthreat_proxy", "proxy"): "http://ann:canary-proxy-8d21ff@127.0.0.1:9",
}
WORDS = (CANARY, "canary-extra-1c9e77", "canary-hook-55ad01", "canary-proxy-8d21ff")
PARCEL = {
    "sid": "1.2",
    "search_name": "S",
    "title": "T",
    "report_id": "ab",
    "rows": [{"src": "20.1.2.3"}],
    "addresses": 1,
}
CALLS = (
    ("POST", "ipthreat/evidence", {"addresses": ["20.1.2.3"], "mode": "live", "timeout": 3}, "analyst"),
    ("POST", "ipthreat/evidence", {"addresses": "no list"}, "analyst"),
    ("POST", "ipthreat/assess", {"addresses": ["20.1.2.4"], "mode": "live", "timeout": 3}, "analyst"),
    ("POST", "ipthreat/deliver", {"to": "destination", "name": "soc", "parcel": PARCEL}, "analyst"),
    ("POST", "ipthreat/deliver", {"to": "case", "name": "", "parcel": PARCEL}, "analyst"),
    ("POST", "ipthreat/deliver", {"to": "file", "name": "", "parcel": PARCEL}, "analyst"),
    ("POST", "ipthreat/deliver", {"to": "index", "name": "summary", "parcel": PARCEL}, "analyst"),
    ("GET", "ipthreat/status", None, "analyst"),
    ("GET", "ipthreat/settings", None, "admin"),
    ("POST", "ipthreat/settings", {"stanza": "live", "values": {"budget": "9"}}, "admin"),
    ("POST", "ipthreat/settings", {"stanza": "live", "values": {"budget": "none"}}, "admin"),
    ("POST", "ipthreat/test", {"provider": "virustotal"}, "admin"),
    ("POST", "ipthreat/test", {"provider": "shodan"}, "admin"),
)


def calm(here):
    """Nothing is wrong."""


def refusing(here):
    """The provider refuses the key, and repeats it."""
    here.vendor.route("/api/v3/ip_addresses/20.1.2.3", behaviours.status(401, " ".join(WORDS).encode()))
    here.vendor.route("/api/v3/ip_addresses/20.1.2.4", behaviours.status(500, " ".join(WORDS).encode()))


def without_store(here):
    """The KV store is away."""
    here.splunkd.state.kv_status = 503


def spoilt(here):
    """A setting cannot be used."""
    here.splunkd.state.confs["ipthreat"]["live"]["tlp"] = "TLP:PINK"


def in_the_file(here):
    """Somebody has written a key into the file of settings."""
    here.splunkd.state.confs["ipthreat"]["provider:virustotal"]["key"] = CANARY


@pytest.fixture
def here(tmp_path):
    with place(tmp_path) as found:
        found.splunkd.state.passwords.update(SECRETS)
        found.splunkd.state.confs["ipthreat"]["destination:soc"] = {"kind": "slack"}
        yield found


@pytest.mark.parametrize("trouble", [calm, refusing, without_store, spoilt, in_the_file])
def test_no_secret_comes_out_of_any_handler_or_lies_in_any_file(here, tmp_path, trouble):
    trouble(here)
    answers = [here.ask(method, path, document, user) for method, path, document, user in CALLS]
    assert all(set(told) for _, told in answers)
    state = here.splunkd.state
    left = {f"answer of {call[1]}": json.dumps(told) for call, (_, told) in zip(CALLS, answers)}
    left["collections"] = str([collection.documents for collection in state.collections.values()])
    left["indexes and messages"] = f"{state.indexes} {state.messages}"
    left["log"] = here.log
    left.update({str(path): path.read_bytes().decode("latin-1") for path in tmp_path.rglob("*") if path.is_file()})
    assert here.log.count("handler=") >= len(CALLS)
    assert [(place_, word) for place_, text in left.items() for word in WORDS if word in text] == []


def test_no_session_of_a_user_or_of_splunkd_itself_is_written_anywhere(here, tmp_path):
    for method, path, document, user in CALLS:
        here.ask(method, path, document, user)
    texts = [here.log, *(path.read_bytes().decode("latin-1") for path in tmp_path.rglob("*") if path.is_file())]
    assert not [token for token in here.splunkd.state.tokens for text in texts if token in text]


@pytest.mark.parametrize("user", ["analyst", "visitor"])
def test_who_may_not_is_told_nothing_but_what_he_lacks(here, user):
    for method, path, document, needed in CALLS:
        if user == "visitor" or needed == "admin":
            status, told = here.ask(method, path, document, user)
            assert status == 403
            assert "ipthreat_" in json.dumps(told)
            assert not [word for word in WORDS if word in json.dumps(told)]
    if user == "visitor":
        assert here.vendor.asked == ()
        assert here.splunkd.state.indexes["summary"] == []
