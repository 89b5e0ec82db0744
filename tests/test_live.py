"""A live run: known answers are not asked for, the budget goes to what matters, and every address has its entries."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from pathlib import Path
from typing import Dict, Iterable, List

from dossiers import block_list
from runs import KEY, Ticks, Told, answering, dossiers_of, gathered, live_over, settings_for, statuses

from ipthreat.allowlist import Allowlist
from ipthreat.dossier import Dossier, Evidence, SourceKind, Status, Verdict
from ipthreat.errors import FetchError
from ipthreat.exchange import MockTransport, Request, Response
from ipthreat.gather import Gatherer, RecordedSource
from ipthreat.quota import Account, Ledger
from ipthreat.quota.account import account_name
from ipthreat.settings import LiveSettings, ProviderSettings
from ipthreat.store import EvidenceStore
from ipthreat.testkit.vendors import FakeVendor

HOUR = 3600.0
ADDRESSES = ("8.8.8.8", "1.1.1.1", "9.9.9.9")


def each(addresses: Iterable[str], *words: str) -> Dict[str, List[str]]:
    """The same statuses for every address."""
    return {address: list(words) for address in addresses}


def failing(request: Request) -> Response:
    raise FetchError("broken")


def test_each_address_gets_an_entry_of_every_provider(tmp_path: Path):
    live = live_over(tmp_path, vendors=[FakeVendor("one"), FakeVendor("two")])
    answers = live.answers(dossiers_of(*ADDRESSES))
    assert statuses(answers) == each(ADDRESSES, "ok", "ok")
    assert live.requests == {"one": 3, "two": 3}


def test_the_second_run_asks_nothing(tmp_path: Path):
    first = live_over(tmp_path).answers(dossiers_of(*ADDRESSES))
    transport = MockTransport(failing)
    again = live_over(tmp_path, transport)
    assert again.answers(dossiers_of(*ADDRESSES)) == first
    assert transport.requests == []
    assert again.requests == {"vendor": 0}


def test_a_failure_is_asked_for_again_in_the_next_run(tmp_path: Path):
    assert statuses(live_over(tmp_path, MockTransport(failing)).answers(dossiers_of("8.8.8.8"))) == {
        "8.8.8.8": ["error"]
    }
    assert statuses(live_over(tmp_path).answers(dossiers_of("8.8.8.8"))) == {"8.8.8.8": ["ok"]}


def test_an_old_answer_stands_in_for_one_that_cannot_be_had(tmp_path: Path):
    ticks = Ticks()
    live_over(tmp_path, MockTransport(answering(verdict="malicious", score=90)), ticks=ticks).answers(
        dossiers_of("8.8.8.8")
    )
    ticks.move(9 * HOUR)
    (found,) = live_over(tmp_path, MockTransport(failing), ticks=ticks).answers(dossiers_of("8.8.8.8"))["8.8.8.8"]
    assert (found.status, found.verdict, found.score) == (Status.STALE, Verdict.MALICIOUS, 90)
    assert found.reason == "error: broken; this answer is 9 hours old"


def test_an_old_answer_is_replaced_when_the_source_answers(tmp_path: Path):
    ticks = Ticks()
    live_over(tmp_path, ticks=ticks).answers(dossiers_of("8.8.8.8"))
    ticks.move(48 * HOUR)
    transport = MockTransport(answering(verdict="benign"))
    (found,) = live_over(tmp_path, transport, ticks=ticks).answers(dossiers_of("8.8.8.8"))["8.8.8.8"]
    assert (found.status, found.verdict) == (Status.OK, Verdict.BENIGN)


def test_without_a_budget_the_store_alone_answers(tmp_path: Path):
    ticks = Ticks()
    live_over(tmp_path, ticks=ticks).answers(dossiers_of("8.8.8.8"))
    ticks.move(48 * HOUR)
    transport = MockTransport(failing)
    found = live_over(tmp_path, transport, ticks=ticks, budget=0).answers(dossiers_of("8.8.8.8", "1.1.1.1"))
    assert statuses(found) == {"8.8.8.8": ["stale"], "1.1.1.1": ["not_asked"]}
    assert transport.requests == []


def test_the_budget_goes_to_what_worries_most_and_the_rest_says_so(tmp_path: Path):
    listed = Dossier("9.9.9.9", evidence=(block_list("ipsum", "level_4", group="ipsum"),))
    answers = live_over(tmp_path, budget=1).answers([*dossiers_of("8.8.8.8", "1.1.1.1"), listed])
    assert statuses(answers) == {"8.8.8.8": ["not_asked"], "1.1.1.1": ["not_asked"], "9.9.9.9": ["ok"]}
    assert answers["8.8.8.8"][0].reason == "the budget of 1 new addresses went to more worrying ones"


def test_the_budget_is_for_addresses_not_for_requests(tmp_path: Path):
    live = live_over(tmp_path, vendors=[FakeVendor("one"), FakeVendor("two")], budget=2)
    live.answers(dossiers_of(*ADDRESSES))
    assert live.requests == {"one": 2, "two": 2}


def test_what_the_store_knows_costs_no_budget(tmp_path: Path):
    live_over(tmp_path).answers(dossiers_of("8.8.8.8", "1.1.1.1"))
    answers = live_over(tmp_path, budget=1).answers(dossiers_of(*ADDRESSES))
    assert statuses(answers) == each(ADDRESSES, "ok")


def test_the_budget_holds_for_all_calls_of_a_run_together(tmp_path: Path):
    live = live_over(tmp_path, budget=2)
    for address in ADDRESSES:
        answers = live.answers(dossiers_of(address))
    assert statuses(answers) == {"9.9.9.9": ["not_asked"]}
    assert live.requests == {"vendor": 2}


def test_what_is_not_global_is_nobody_s_business(tmp_path: Path):
    transport = MockTransport(failing)
    texts = ("10.0.0.1", "127.0.0.1", "192.168.1.1", "169.254.1.1", "fe80::1", "nonsense", "")
    found = gathered(live_over(tmp_path, transport), *texts)
    assert all(dossier.evidence == () for dossier in found)
    assert transport.requests == []
    assert not (tmp_path / "egress.log").exists()


def test_an_allow_listed_address_never_leaves(tmp_path: Path):
    transport = MockTransport(answering())
    allowlist = Allowlist.of(["8.8.8.0/24,,ours"], Ticks().clock.now())
    (found,) = Gatherer((), allowlist, live_over(tmp_path, transport)).gather(["8.8.8.8"], {}, None)
    assert found.evidence[0].status is Status.NOT_ASKED
    assert found.evidence[0].reason == "not sent: it is on the allow-list"
    assert transport.requests == []


def test_a_label_above_the_ceiling_sends_nothing(tmp_path: Path):
    transport = MockTransport(answering())
    vendors = [FakeVendor("public"), FakeVendor("trusted", tlp="TLP:AMBER")]
    answers = live_over(tmp_path, transport, vendors=vendors, tlp="TLP:AMBER").answers(dossiers_of("8.8.8.8"))
    assert statuses(answers) == {"8.8.8.8": ["not_asked", "ok"]}
    assert answers["8.8.8.8"][0].reason == ("not sent: TLP:AMBER data may not go to public, whose ceiling is TLP:GREEN")
    assert len(transport.requests) == 1


def test_the_settings_may_raise_a_ceiling(tmp_path: Path):
    settings = settings_for("vendor", own={"tlp": "TLP:AMBER"}, tlp="TLP:AMBER")
    assert statuses(live_over(tmp_path, settings=settings).answers(dossiers_of("8.8.8.8"))) == {"8.8.8.8": ["ok"]}


def test_a_dry_run_sends_nothing_and_spends_nothing(tmp_path: Path):
    transport = MockTransport(answering())
    live = live_over(tmp_path, transport, dry=True)
    answers = live.answers(dossiers_of(*ADDRESSES))
    assert statuses(answers) == each(ADDRESSES, "not_asked")
    assert answers["8.8.8.8"][0].reason == "this is a dry run: nothing is sent"
    assert transport.requests == []
    assert not (tmp_path / "egress.log").exists()
    assert live_over(tmp_path).plan(dossiers_of("8.8.8.8")).calls[0].left == {}


def test_a_provider_that_is_switched_off_says_so(tmp_path: Path):
    own = ProviderSettings(key=KEY, base_url="https://vendor.example", enabled=False)
    live = live_over(tmp_path, settings=LiveSettings({"vendor": own}))
    assert statuses(live.answers(dossiers_of("8.8.8.8"))) == {"8.8.8.8": ["disabled"]}


def test_what_was_recorded_is_not_asked_for(tmp_path: Path):
    known = Evidence("vendor", SourceKind.PROVIDER, Status.OK, Verdict.MALICIOUS)
    recorded, transport = RecordedSource({"8.8.8.8": (known,)}), MockTransport(answering())
    found = Gatherer((recorded,), live=live_over(tmp_path, transport)).gather(["8.8.8.8", "1.1.1.1"], {}, None)
    entries = {item.address: [e.status.value for e in item.evidence if e.source == "vendor"] for item in found}
    assert entries == {"8.8.8.8": ["ok"], "1.1.1.1": ["ok"]}  # "not asked" gave way to the answer
    assert len(transport.requests) == 1


def test_every_row_of_a_column_is_served_by_one_look_up(tmp_path: Path):
    live = live_over(tmp_path)
    assert len(gathered(live, *ADDRESSES * 50, "8[.]8.8.8", " 1.1.1.1 ")) == 3
    assert live.requests == {"vendor": 3}


def test_an_interrupted_run_that_is_begun_again_asks_nothing_twice(tmp_path: Path):
    vendor = FakeVendor(concurrency=1)
    addresses = [f"9.9.9.{number}" for number in range(8)]
    ticks = Ticks()

    def _slow(request: Request) -> Response:
        ticks.move(20.0)  # so that the run's minute is over after three
        return answering()(request)

    first = live_over(tmp_path, MockTransport(_slow), vendors=[vendor], ticks=ticks)
    assert sum(found == ["ok"] for found in statuses(first.answers(dossiers_of(*addresses))).values()) == 3
    again = live_over(tmp_path, vendors=[vendor], ticks=ticks)
    assert statuses(again.answers(dossiers_of(*addresses))) == each(addresses, "ok")
    assert again.requests == {"vendor": 5}


def test_use_of_the_store_and_the_last_outcome_are_on_record(tmp_path: Path):
    live_over(tmp_path).answers(dossiers_of(*ADDRESSES))
    live_over(tmp_path, MockTransport(lambda request: Response(401))).answers(dossiers_of("8.8.8.8", "45.1.1.1"))
    kept = EvidenceStore(tmp_path / "evidence.sqlite", tell=Told()).inspect()[0]
    assert (kept.answers, kept.hits, kept.misses) == (3, 1, 4)
    standing = Ledger(tmp_path / "quota.sqlite", tell=Told()).standing(Account(account_name("vendor", KEY)))
    assert (standing.status, standing.reason) == ("auth_error", "not asked: the key was refused (HTTP 401)")


def test_an_answer_of_the_run_counts_as_known_at_the_moment_judged(tmp_path: Path):
    ticks = Ticks()
    moment = ticks.clock.now()
    ticks.move(90)  # reading the events took a while
    answers = live_over(tmp_path, ticks=ticks, as_of=moment).answers(dossiers_of("8.8.8.8"))
    assert answers["8.8.8.8"][0].retrieved_at == moment
    again = live_over(tmp_path, ticks=ticks).answers(dossiers_of("8.8.8.8"))
    assert again["8.8.8.8"][0].retrieved_at == ticks.clock.now()


def test_a_single_failure_is_on_record_too(tmp_path: Path):
    live_over(tmp_path, MockTransport(failing)).answers(dossiers_of("8.8.8.8"))
    standing = Ledger(tmp_path / "quota.sqlite", tell=Told()).standing(Account(account_name("vendor", KEY)))
    assert (standing.status, standing.reason) == ("error", "broken")


def test_closing_a_run_clears_the_store_of_what_has_expired(tmp_path: Path):
    ticks = Ticks()
    live_over(tmp_path, ticks=ticks).answers(dossiers_of("8.8.8.8"))
    ticks.move(40 * 24 * HOUR)
    live = live_over(tmp_path, ticks=ticks)
    live.answers(dossiers_of("1.1.1.1"))
    live.close()
    assert EvidenceStore(tmp_path / "evidence.sqlite", clock=ticks.clock, tell=Told()).inspect()[0].answers == 1


def test_without_store_and_ledger_a_run_still_answers(tmp_path: Path):
    for name in ("evidence.sqlite", "quota.sqlite"):
        (tmp_path / name).mkdir()
    told = Told()
    assert statuses(live_over(tmp_path, told=told).answers(dossiers_of("8.8.8.8"))) == {"8.8.8.8": ["ok"]}
    assert len(told) == 2


def test_answers_that_are_paid_for_are_in_the_result_when_another_process_holds_the_store(tmp_path: Path):
    live_over(tmp_path).answers(dossiers_of("8.8.8.8"))
    told = Told()
    with contextlib.closing(sqlite3.connect(tmp_path / "evidence.sqlite", isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        live = live_over(tmp_path, told=told, seconds=0.1)
        assert statuses(live.answers(dossiers_of("8.8.8.8", "1.1.1.1"))) == each(("8.8.8.8", "1.1.1.1"), "ok")
        live.close()
    assert [line.split(":")[0] for line in told] == ["answers are not kept in this run"]


def test_when_another_process_holds_the_ledger_nothing_is_asked_and_the_run_says_why(tmp_path: Path):
    live_over(tmp_path).answers(dossiers_of("8.8.8.8"))
    transport, told = MockTransport(answering()), Told()
    with contextlib.closing(sqlite3.connect(tmp_path / "quota.sqlite", isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        live = live_over(tmp_path, transport, told=told, seconds=0.1)
        (found,) = live.answers(dossiers_of("1.1.1.1"))["1.1.1.1"]
        live.close()
    assert (found.status, transport.requests, told) == (Status.RATE_LIMITED, [], [])
    assert found.reason == "the ledger is busy: another process has held it for too long"


def test_an_old_answer_of_a_clock_that_was_ahead_is_not_younger_than_nothing(tmp_path: Path):
    ticks = Ticks()
    ticks.move(9 * HOUR)
    live_over(tmp_path, ticks=ticks).answers(dossiers_of("8.8.8.8"))
    ticks.move(-9 * HOUR)
    (found,) = live_over(tmp_path, MockTransport(failing), ticks=ticks).answers(dossiers_of("8.8.8.8"))["8.8.8.8"]
    assert found.reason == "error: broken; this answer is 0 hours old"


def test_nothing_on_disk_holds_the_key(tmp_path: Path):
    def _echo(request: Request) -> Response:
        return Response(200, {}, json.dumps({"verdict": "unknown", "score": None, "key": KEY}).encode())

    live_over(tmp_path, MockTransport(_echo)).answers(dossiers_of(*ADDRESSES))
    assert {path.name for path in tmp_path.iterdir()} >= {"evidence.sqlite", "quota.sqlite", "egress.log"}
    assert all(KEY.encode() not in path.read_bytes() for path in tmp_path.iterdir())
