"""What ipthreat.log says of each request: a line that dashboards count, and lines that say who sent what to whom."""

from __future__ import annotations

import json
import re

import pytest
from brokers import desk
from hypothesis import given
from hypothesis import strategies as some
from searches import ROOT

from ipthreat.dossier import Status
from ipthreat.egress import AUDIT_FILE
from ipthreat.sending import Exchange
from ipthreat.splunk.broker_log import accounted, counted
from ipthreat.splunk.joblog import LONGEST_VALUE
from ipthreat.testkit import behaviours
from ipthreat.testkit.vendors import vendor_routes

ADDRESS = "20.1.2.3"
PAIR = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|\S+)')


@pytest.fixture
def home(tmp_path, monkeypatch):
    (tmp_path / "var" / "log" / "splunk").mkdir(parents=True)
    monkeypatch.setenv("SPLUNK_HOME", str(tmp_path))
    return tmp_path


def lines(home, event):
    """The lines of an event as mappings."""
    path = home / "var" / "log" / "splunk" / "ipthreat.log"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    found = [dict(PAIR.findall(line)) for line in text.splitlines()]
    return [pairs for pairs in found if pairs.get("event") == event]


def test_each_request_is_a_line_with_provider_status_seconds_and_what_is_left_today(home):
    with desk(home, {"quick": {}}, reserve="0") as here:
        here.splunkd.state.confs["ipthreat"]["provider:quick"]["quota_day"] = "50"
        here.ask([ADDRESS, "20.1.2.4"])
    found = sorted(lines(home, "request"), key=lambda pairs: -int(pairs["left"]))
    assert [(pairs["provider"], pairs["status"], pairs["level"]) for pairs in found] == [("quick", "ok", "INFO")] * 2
    assert found[-1]["left"] == "48"
    assert all(0 <= float(pairs["seconds"]) < 10 for pairs in found)


def test_the_line_has_the_fields_that_the_dashboard_reads(home):
    view = (ROOT / "default" / "data" / "ui" / "views" / "provider_health.xml").read_text(encoding="utf-8")
    (search,) = set(re.findall(r"`ipthreat_requests` \| fields _time ([a-z ]+)", view))
    with desk(home, {"quick": {}}) as here:
        here.splunkd.state.confs["ipthreat"]["provider:quick"]["quota_day"] = "50"
        here.ask([ADDRESS])
    (told,) = lines(home, "request")
    assert set(search.split()) <= set(told)


def test_without_a_daily_limit_nothing_is_said_of_what_is_left(home):
    with desk(home, {"quick": {}}) as here:
        here.ask([ADDRESS])
    (told,) = lines(home, "request")
    assert "left" not in told


@pytest.mark.parametrize(
    "behaviour, statuses",
    [
        (behaviours.status(401), ["auth_error"]),
        (behaviours.rate_limited(3600), ["rate_limited"]),
        (behaviours.html_page(), ["error"]),
        (behaviours.hang_up(), None),
    ],
)
def test_what_did_not_come_off_is_a_warning_with_its_status(home, behaviour, statuses):
    with desk(home, {"odd": {"/*": behaviour}}) as here:
        here.ask([ADDRESS], timeout=3)
        made = len(here.vendors["odd"].asked)
    found = lines(home, "request")
    assert [pairs["status"] for pairs in found] == (statuses or ["error"] * len(found))
    assert {pairs["level"] for pairs in found} == {"WARN"}
    assert made >= 1


def test_each_try_is_a_request_and_a_line(home):
    quick = vendor_routes()["/look-up/*"]
    with desk(home, {"moody": {"/*": behaviours.in_turn(behaviours.status(503), quick)}}) as here:
        here.ask([ADDRESS], timeout=8)
        assert len(here.vendors["moody"].asked) == 2
    assert [pairs["status"] for pairs in lines(home, "request")] == ["error", "ok"]
    assert len(lines(home, "egress")) == 2


def test_who_sent_what_to_whom_for_which_search_is_in_log_and_audit_file(home):
    with desk(home, {"quick": {}}) as here:
        here.ask([ADDRESS], sid="1795500000.7")
        audit = (here.ground.folder / AUDIT_FILE).read_text(encoding="utf-8")
    (told,) = lines(home, "egress")
    about = {name: told[name] for name in ("provider", "host", "user", "sid", "addresses")}
    expected = {"provider": "quick", "host": "127.0.0.1", "user": "analyst", "sid": "1795500000.7"}
    assert about == {**expected, "addresses": ADDRESS}
    record = json.loads(audit)
    assert (record["user"], record["search"], record["addresses"]) == ("analyst", "1795500000.7", [ADDRESS])


def test_the_counted_line_has_no_address_and_no_line_has_a_key(home):
    with desk(home, {"quick": {}, "odd": {"/*": behaviours.status(401)}}) as here:
        here.ask([ADDRESS], timeout=3)
        here.post("ipthreat/test", {"provider": "odd"}, "admin")
        keys = here.secrets()
    text = (home / "var" / "log" / "splunk" / "ipthreat.log").read_text(encoding="utf-8")
    assert not [line for line in text.splitlines() if "event=request" in line and ADDRESS in line]
    assert not [key for key in keys if key in text]


def test_a_test_of_a_key_is_accounted_for_like_any_other_request(home):
    with desk(home, {"quick": {}}) as here:
        here.post("ipthreat/test", {"provider": "quick"}, "admin")
    (told,) = lines(home, "egress")
    assert (told["user"], told["addresses"]) == ("admin", "1.1.1.1")


@pytest.mark.parametrize("mode", ["cached", "live"])
def test_where_nobody_is_asked_there_is_no_line(home, mode):
    with desk(home, {"quick": {}}) as here:
        here.ask([ADDRESS], mode=mode, budget=0)
    assert lines(home, "request") + lines(home, "egress") == []


def exchange(addresses, status=Status.OK, left=None):
    return Exchange("vendor", "vendor.example", tuple(addresses), status, 0.25, left)


@given(some.lists(some.ip_addresses().map(str), max_size=60, unique=True))
def test_of_any_number_of_addresses_none_is_cut_off_or_left_out(addresses):
    found = list(accounted("ann", "1.2", exchange(addresses)))
    assert all(len(str(facts["addresses"])) <= LONGEST_VALUE for facts in found)
    told = [address for facts in found for address in str(facts["addresses"]).split() if address != "none"]
    assert told == addresses


def test_a_question_that_names_no_address_says_none():
    assert [facts["addresses"] for facts in accounted("ann", "", exchange([]))] == ["none"]


@given(some.sampled_from(list(Status)), some.none() | some.integers(0, 10**9))
def test_a_count_has_its_status_and_what_is_left(status, left):
    told = counted(exchange(["20.1.2.3"], status, left))
    assert (told["event"], told["status"], told.get("left")) == ("request", status.value, left)
    assert "addresses" not in told
