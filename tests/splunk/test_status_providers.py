"""`| ipthreatstatus` and the live sources: each column is there and true, and without the handler it says so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from searches import app, ground, records
from splunkds import CANARY, place

from ipthreat.splunk.runner import run
from ipthreat.testkit import behaviours

ADDRESSES = ["20.0.1.9", "20.0.2.9", "20.0.3.9"]


@pytest.fixture
def here(tmp_path: Path):
    with place(tmp_path) as found:
        yield found


def ask(here, *addresses: str) -> None:
    here.ask("POST", "ipthreat/evidence", {"addresses": list(addresses), "mode": "live"})


def status(here, user: str = "analyst"):
    key = here.splunkd.state.log_in(user) if user else "expired"
    return run(ground(app(), splunkd_uri=here.splunkd.url, session_key=key), "| ipthreatstatus")


def providers(here, **options):
    return {row["name"]: row for row in records(status(here, **options)) if row["kind"] == "provider"}


def test_a_provider_that_was_never_asked_claims_nothing(here):
    row = providers(here)["virustotal"]
    assert (row["status"], row["configured"], row["key_valid"], row["last_at"]) == ("not_asked", "true", "", "")
    assert (row["used_day"], row["answers"], row["hit_rate"], row["blocked_until"]) == ("0", "0", "", "")
    assert int(row["left_day"]) == 90_000  # the reserve for alerts is left out


def test_quota_use_and_hit_rate_are_those_of_what_was_asked(here):
    ask(here, *ADDRESSES)
    ask(here, *ADDRESSES[:1])
    row = providers(here)["virustotal"]
    assert (row["status"], row["key_valid"], row["reason"]) == ("ok", "true", "")
    assert (row["used_day"], row["left_day"], row["used_month"]) == ("3", "89997", "3")
    assert (row["answers"], row["hit_rate"]) == ("3", "0.25")
    for name in ("last_at", "resets"):
        assert re.fullmatch(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC", row[name])


@pytest.mark.parametrize(
    "behaviour, word, valid, blocked",
    [
        (behaviours.status(401), "auth_error", "false", False),
        (behaviours.rate_limited(3600), "rate_limited", "", True),
        (behaviours.status(500), "error", "", False),
    ],
)
def test_the_last_failure_is_named_with_its_reason(here, behaviour, word: str, valid: str, blocked: bool):
    here.vendor.route("/api/v3/ip_addresses/*", behaviour)
    ask(here, ADDRESSES[0])
    row = providers(here)["virustotal"]
    assert (row["status"], row["key_valid"], bool(row["blocked_until"])) == (word, valid, blocked)
    assert row["reason"]


def test_one_that_is_switched_off_or_lacks_its_key_says_so_and_others_have_no_row(here):
    confs = here.splunkd.state.confs["ipthreat"]
    confs["live"]["providers"] = "virustotal, abuseipdb"
    confs["provider:virustotal"]["enabled"] = "0"
    found = providers(here)
    assert set(found) == {"talos", "virustotal", "abuseipdb"}
    assert found["virustotal"]["status"] == "disabled"
    lacking = found["abuseipdb"]
    assert (lacking["status"], lacking["configured"], lacking["reason"]) == ("error", "false", "has no key")


@pytest.mark.parametrize("user, why", [("visitor", "ipthreat_lookup"), ("", "answers 401")])
def test_who_may_not_know_is_told_why_and_has_the_rows_about_the_data(here, user: str, why: str):
    result = status(here, user=user)
    ((level, text),) = result.messages
    assert (level, text.startswith("live sources are not told of: "), why in text) == ("WARN", True, True)
    assert not result.failed
    assert {row["kind"] for row in records(result)} == {"part", "provider"}


def test_without_a_handler_the_command_says_so(here):
    here.splunkd.state.confs["ipthreat"]["live"]["budget"] = "many"  # which the handler refuses
    result = status(here)
    assert [level for level, _ in result.messages] == ["WARN"]


def test_no_key_is_in_any_row(here):
    ask(here, *ADDRESSES)
    assert CANARY not in str(records(status(here)))
