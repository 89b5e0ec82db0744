"""Answers that rest on the event, too: each is what the rules say of that event alone, however it is remembered."""

from __future__ import annotations

from dataclasses import replace
from typing import Dict, Optional

import pytest
from dossiers import NOW
from hypothesis import given
from hypothesis import strategies as st
from snapshots import write_contents

from ipthreat.agents import AgentTable
from ipthreat.assessment import assess
from ipthreat.behaviour import Observer
from ipthreat.fields import Subject, chosen, owner_of
from ipthreat.gather import Gatherer, RecordedSource
from ipthreat.intelligence import Intelligence
from ipthreat.logs.fields import FieldPlan
from ipthreat.memo import Memo
from ipthreat.policy import POLICIES
from ipthreat.snapshot import ListInput, ListKind, compile_lists
from ipthreat.splunk.answers import Answers
from ipthreat.splunk.encoding import Encoder
from ipthreat.splunk.enrich import Enricher
from ipthreat.splunk.enrich_events import REQUEST_OPTIONS, Requests, Transfers, names_other_end
from ipthreat.splunk.rows import cell_of

POLICY = POLICIES["standard"]
NIKTO = "Mozilla/5.00 (Nikto/2.1.6) (Evasions:None) (Test:000001)"
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
TRAVERSAL = "/?file=../../../../etc/passwd"
CRAWLER, NEIGHBOUR = "66.249.66.1", "8.8.8.8"
"""An address in Google's published crawler ranges, and one of Google's that is in none."""


@pytest.fixture(scope="module")
def opened(tmp_path_factory) -> Intelligence:
    """A small snapshot with everything in it."""
    return Intelligence.opened(None, write_contents(tmp_path_factory.mktemp("snapshot") / "s.snapshot"))


def requests(intelligence: Intelligence, fields: str = "severity,flags") -> Requests:
    enricher = Enricher(intelligence, Encoder(chosen(fields)), POLICY, NOW)
    return Requests(enricher, intelligence, Answers(enricher.cells))


def key(address: str, **event: str) -> tuple:
    return tuple(cell_of(text) for text in (address, *(event.get(name, "") for name in REQUEST_OPTIONS)))


def judged(intelligence: Intelligence, address: str, fields: str = "severity,flags", **event: str) -> str:
    return requests(intelligence, fields)(key(address, **event)).decode()


def test_an_ordinary_event_changes_nothing(opened):
    plain = Enricher(opened, Encoder(chosen("severity,flags")), POLICY, NOW).cells(b'"20.0.64.7"').decode()
    assert judged(opened, "20.0.64.7", user_agent="Mozilla/5.0 Firefox/130.0", uri="/", http_status="200") == plain
    assert judged(opened, "20.0.64.7", http_status="500", action="failure") == plain


def test_an_attack_tool_is_named(opened):
    assert "suspicious_user_agent" in judged(opened, "20.0.64.7", user_agent=NIKTO)
    assert "nikto" in judged(opened, "20.0.64.7", "reasons", user_agent=NIKTO)


def test_an_exploit_that_was_answered_is_severe(opened):
    assert judged(opened, "20.0.64.7", "severity", uri=TRAVERSAL, http_status="403") == ",Medium,"
    assert judged(opened, "20.0.64.7", "severity", uri=TRAVERSAL, http_status="200") == ",High,"
    assert judged(opened, "10.0.0.7", "severity", uri=TRAVERSAL, http_status="200") == ",High,"


def test_each_address_of_the_event_is_judged_with_it(opened):
    found = judged(opened, "20.0.64.7\n30.0.0.1\nx", "flags", user_agent="sqlmap/1.7")
    assert found.split(",")[1].count("suspicious_user_agent") == 2


def test_what_is_no_address_is_invalid_whatever_the_event_shows(opened):
    assert judged(opened, "rubbish", "severity,status", user_agent=NIKTO) == ",Low,,invalid,"


def test_without_a_snapshot_the_event_still_counts(tmp_path):
    broken = Intelligence.opened(None, tmp_path / "missing")
    assert judged(broken, "20.0.64.7", "status,severity", uri=TRAVERSAL, http_status="200") == ",High,,error,"


@pytest.mark.parametrize(
    "address, flag", [(CRAWLER, "verified_crawler"), ("20.1.1.1", "false_crawler"), (NEIGHBOUR, "")]
)
def test_a_crawler_is_true_false_or_its_operators_own(address, flag):
    found = judged(Intelligence.opened(), address, "flags", user_agent=GOOGLEBOT)
    assert [word for word in ("verified_crawler", "false_crawler") if word in found] == ([flag] if flag else [])


# --- against the long way -------------------------------------------------------------------------


def long_way(intelligence: Intelligence, address: str, fields: str, event: Dict[str, str]) -> bytes:
    """A new observer for the event alone, whose findings join the dossier; nothing is remembered."""
    names = {"user_agent": "user_agent", "uri": "uri", "http_status": "status", "action": "action"}
    plan = FieldPlan(["src_ip", *(names[name] for name in event)], Memo(lambda _: None, 1), "src_ip")
    read = plan.event([address, *event.values()])
    (dossier,) = Gatherer((*intelligence.sources(NOW), RecordedSource())).gather([address], {}, None)
    if read:
        table = AgentTable.build(intelligence.agents())
        observer = Observer((), agents=table, crawler_ranges=intelligence.crawler_ranges, owner=intelligence.owner)
        observer.add(read)
        dossier = replace(dossier, behaviours=observer.observations()[read.address].behaviours)
    found = assess(dossier, POLICY, NOW)
    return Encoder(chosen(fields)).one(Subject(found.address, owner_of(found), found))


EVENTS = st.fixed_dictionaries(
    {
        "user_agent": st.sampled_from(
            ["", "-", "curl/8.5.0", NIKTO, "sqlmap/1.7", "nikto sqlmap", GOOGLEBOT, f" {GOOGLEBOT} ", "() { :; }; id",
             "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm) nmap", "x" * 2000 + "nikto"]
        ),
        "uri": st.sampled_from(
            ["", "/", "-", "/wp-login.php", "/.env", "/admin/config.php?x=1", TRAVERSAL, "/?q=1' OR '1'='1",
             "/.git/config"]
        ),
        "http_status": st.sampled_from(["", "200", "302", "401", "403", "404", "500", "failure", "99"]),
        "action": st.sampled_from(["", "blocked", "allowed", "failure", "success", "Deny"]),
    }
)  # fmt: skip
ADDRESSES = st.sampled_from([CRAWLER, NEIGHBOUR, "20.1.1.1", "10.1.2.3", "2600:1:2::5", "2001:4860:4801::1", "rubbish"])
SHIPPED: Dict[str, Requests] = {}


@given(ADDRESSES, EVENTS)
def test_any_event_is_judged_as_by_the_long_way(address, event):
    fields = "verdict,confidence,severity,priority,reasons,flags,status,org"
    shipped = Intelligence.opened()
    fast = SHIPPED.setdefault(fields, requests(shipped, fields))  # one for all, so that what it remembers is tested
    assert fast(key(address, **event)) == long_way(shipped, address, fields, event)


# --- bytes ----------------------------------------------------------------------------------------


def sent(address: str, size: str, lists: Optional[Intelligence] = None, fields: str = "flags", own=()) -> str:
    intelligence = lists or Intelligence.opened()
    enricher = Enricher(intelligence, Encoder(chosen(fields)), POLICY, NOW)
    return Transfers(enricher, intelligence, Answers(enricher.cells), own)((cell_of(address), cell_of(size))).decode()


def test_a_large_transfer_to_an_address_is_volume_out():
    assert "volume_out" in sent("20.1.1.1", "52000000")
    for size in ("49999999", "0", "", "-", "many"):
        assert "volume_out" not in sent("20.1.1.1", size)


def test_a_large_transfer_to_ourselves_is_none():
    for address, own in (("10.0.0.5", ()), ("20.1.1.1", ("20.1.0.0/16",)), ("2001:db9::1", ("2001:db9::/32",))):
        plain = sent(address, "", own=own)
        assert sent(address, "52000000", own=own) == plain


def test_bytes_sent_to_a_listed_c2_server_are_a_contact(tmp_path):
    lists = tmp_path / "lists.snapshot"
    compile_lists(lists, [ListInput("tracker", ListKind.C2.value, [("20.1.1.1", 0)])], "2026-11-20")
    intelligence = Intelligence.opened(lists)
    assert "c2_contact" in sent("20.1.1.1", "12", intelligence)
    assert ",High," in sent("20.1.1.1", "12", intelligence, "severity")
    assert "c2_contact" not in sent("20.1.1.1", "0", intelligence)
    assert "c2_contact" not in sent("20.1.1.2", "12", intelligence)


def test_the_name_of_a_field_tells_which_end_it_holds():
    assert [name for name in ("src_ip", "dest_ip", "dst", "clientip", "anything", "dest") if names_other_end(name)] == [
        "dest_ip", "dst", "dest"
    ]  # fmt: skip
