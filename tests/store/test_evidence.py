"""The evidence store: fresh answers need no look-up, old ones stand in, failures leave no trace."""

from __future__ import annotations

import contextlib
import sqlite3
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from runs import START, Ticks, Told

from ipthreat.dossier import Evidence, SourceKind, Status, Verdict
from ipthreat.store import EvidenceStore, stale
from ipthreat.store.evidence import FILE

HOUR = 3600.0
ADDRESS = "8.8.8.8"


def answer(source: str = "virustotal", status: Status = Status.OK, **more) -> Evidence:
    more.setdefault("verdict", Verdict.MALICIOUS if status is Status.OK else Verdict.UNKNOWN)
    retrieved = datetime.fromtimestamp(START, timezone.utc)
    return Evidence(source, SourceKind.PROVIDER, status, retrieved_at=retrieved, **more)


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def store(tmp_path: Path, ticks: Ticks, told: Told) -> EvidenceStore:
    return EvidenceStore(tmp_path / FILE, clock=ticks.clock, tell=told)


def reopened(tmp_path: Path, ticks: Ticks) -> EvidenceStore:
    return EvidenceStore(tmp_path / FILE, clock=ticks.clock, tell=Told())


def test_an_answer_is_there_after_a_restart(store: EvidenceStore, tmp_path: Path, ticks: Ticks):
    store.put_many([(ADDRESS, answer())])
    store.close()
    held = reopened(tmp_path, ticks).get_many("virustotal", [ADDRESS, "1.1.1.1"])
    assert held == {ADDRESS: (answer(), True)}


def test_an_answer_belongs_to_its_provider(store: EvidenceStore):
    store.put_many([(ADDRESS, answer())])
    assert store.get_many("greynoise", [ADDRESS]) == {}


def test_an_answer_is_fresh_then_old_then_gone(store: EvidenceStore, ticks: Ticks):
    store.put_many([(ADDRESS, answer())])
    for hours, fresh in ((5.9, True), (6.1, False), (29 * 24, False)):
        ticks.now = START + hours * HOUR
        assert store.get_many("virustotal", [ADDRESS])[ADDRESS].fresh is fresh
    ticks.now = START + 31 * 24 * HOUR
    assert store.get_many("virustotal", [ADDRESS]) == {}


def test_nothing_known_is_an_answer_and_is_fresh_for_longer(store: EvidenceStore, ticks: Ticks):
    store.put_many([(ADDRESS, answer(status=Status.NOT_FOUND))])
    ticks.move(23 * HOUR)
    assert store.get_many("virustotal", [ADDRESS])[ADDRESS].fresh


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.OK, Status.NOT_FOUND, Status.UNSUPPORTED}))
def test_a_failure_is_never_stored(store: EvidenceStore, status: Status):
    store.put_many([(ADDRESS, answer(status=status))])
    assert store.get_many("virustotal", [ADDRESS]) == {}


def test_a_failure_does_not_take_an_answer_away(store: EvidenceStore):
    store.put_many([(ADDRESS, answer())])
    store.put_many([(ADDRESS, answer(status=Status.ERROR))])
    assert store.get_many("virustotal", [ADDRESS])[ADDRESS].evidence == answer()


def test_a_new_answer_takes_the_place_of_the_old_one(store: EvidenceStore, ticks: Ticks):
    store.put_many([(ADDRESS, answer(native="1/90"))])
    ticks.move(7 * HOUR)
    store.put_many([(ADDRESS, answer(native="9/90"))])
    held = store.get_many("virustotal", [ADDRESS])[ADDRESS]
    assert (held.evidence.native, held.fresh) == ("9/90", True)


def test_thousands_are_asked_for_at_once(store: EvidenceStore):
    addresses = [f"9.9.{number // 250}.{number % 250}" for number in range(3000)]
    store.put_many([(address, answer(native=address)) for address in addresses])
    held = store.get_many("virustotal", addresses)
    assert {address: item.evidence.native for address, item in held.items()} == {name: name for name in addresses}


def test_an_answer_about_a_prefix_serves_all_its_addresses(store: EvidenceStore):
    owner = answer("rdap", network="8.8.8.0/24", verdict=Verdict.UNKNOWN, link="https://rdap.example/8.8.8.8")
    store.put_many([(ADDRESS, owner)])
    held = store.get_many("rdap", [ADDRESS, "8.8.8.200", "8.8.9.1"])
    assert set(held) == {ADDRESS, "8.8.8.200"}
    assert held["8.8.8.200"].evidence.network == "8.8.8.0/24"
    assert held["8.8.8.200"].evidence.link == ""  # that page is about another address


def test_the_longest_prefix_speaks(store: EvidenceStore):
    for prefix, address in (("8.0.0.0/9", "8.1.1.1"), ("8.8.8.0/24", ADDRESS)):
        store.put_many([(address, answer("rdap", network=prefix))])
    assert store.get_many("rdap", ["8.8.8.9"])["8.8.8.9"].evidence.network == "8.8.8.0/24"


def test_prefixes_of_ipv6_work_alike(store: EvidenceStore):
    store.put_many([("2606:4700::1", answer("rdap", network="2606:4700::/32"))])
    assert list(store.get_many("rdap", ["2606:4700:10::7", "2a00::1"])) == ["2606:4700:10::7"]


@pytest.mark.parametrize("network", ["9.9.9.0/24", "nonsense", "0.0.0.0/0", "8.8.8.8/99", ""])
def test_a_prefix_that_does_not_hold_the_address_is_not_believed(store: EvidenceStore, network: str):
    store.put_many([(ADDRESS, answer("rdap", network=network))])
    assert list(store.get_many("rdap", [ADDRESS, "9.9.9.9", "1.1.1.1"])) == [ADDRESS]


def test_a_row_that_cannot_be_read_is_as_good_as_none(store: EvidenceStore, tmp_path: Path):
    store.put_many([(ADDRESS, answer()), ("1.1.1.1", answer())])
    store.close()
    with sqlite3.connect(tmp_path / FILE) as connection:
        connection.execute("UPDATE evidence SET body = '{' WHERE subject = ?", (ADDRESS,))
    connection.close()
    assert list(store.get_many("virustotal", [ADDRESS, "1.1.1.1"])) == ["1.1.1.1"]


def test_a_body_nested_beyond_all_sense_is_as_good_as_none(store: EvidenceStore, tmp_path: Path):
    store.put_many([(ADDRESS, answer())])
    store.close()
    edited(tmp_path, "UPDATE evidence SET body = ?", b"[" * 200_000)
    assert store.get_many("virustotal", [ADDRESS]) == {}


def edited(folder: Path, statement: str, *values: object) -> None:
    with contextlib.closing(sqlite3.connect(folder / FILE, isolation_level=None)) as connection:
        connection.execute(statement, values)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE evidence SET fresh_until = 'x'",
        "UPDATE evidence SET fresh_until = 9e999",
        "UPDATE evidence SET retrieved = 'x'",
        "UPDATE evidence SET retrieved = -1",
    ],
)
def test_a_cell_that_nobody_here_wrote_is_damage(
    store: EvidenceStore, tmp_path: Path, ticks: Ticks, told: Told, statement: str
):
    store.put_many([(ADDRESS, answer())])
    store.close()
    edited(tmp_path, statement)
    assert store.get_many("virustotal", [ADDRESS]) == {}
    store.put_many([(ADDRESS, answer())])
    assert store.get_many("virustotal", [ADDRESS])[ADDRESS].fresh
    assert len(told) == 1
    assert "was damaged; it is kept as evidence.damaged-" in told[0]


@pytest.mark.parametrize("statement", ["UPDATE usage SET hits = 'x'", "UPDATE usage SET misses = -1"])
def test_figures_of_use_that_are_no_numbers_are_damage(
    store: EvidenceStore, tmp_path: Path, told: Told, statement: str
):
    store.count("virustotal", 1, 1)
    store.close()
    edited(tmp_path, statement)
    assert store.inspect() == ()
    assert len(told) == 1


def test_while_another_process_holds_it_figures_and_eviction_are_left_undone(
    store: EvidenceStore, tmp_path: Path, ticks: Ticks, told: Told
):
    store.put_many([(ADDRESS, answer())])
    with contextlib.closing(sqlite3.connect(tmp_path / FILE, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        store.count("virustotal", 1, 1)
        assert store.evict(most=0) == 0
    store.put_many([("1.1.1.1", answer())])
    assert sorted(store.get_many("virustotal", [ADDRESS, "1.1.1.1"])) == ["1.1.1.1", ADDRESS]
    assert (told, store.problem) == ([], "")


def test_it_tells_what_it_holds_and_how_useful_it_was(store: EvidenceStore, ticks: Ticks):
    store.put_many([(ADDRESS, answer())])
    ticks.move(7 * HOUR)
    store.put_many([("1.1.1.1", answer())])
    store.count("virustotal", hits=3, misses=1)
    store.count("virustotal", hits=1, misses=0)
    store.count("otx", hits=0, misses=2)
    assert store.inspect() == (("otx", 0, 0, 0.0, 0, 2), ("virustotal", 2, 1, START, 4, 1))


def test_what_has_expired_is_evicted(store: EvidenceStore, ticks: Ticks):
    store.put_many([(ADDRESS, answer())])
    ticks.move(31 * 24 * HOUR)
    store.put_many([("1.1.1.1", answer())])
    assert store.evict() == 1
    assert store.inspect()[0].answers == 1


def test_an_old_answer_that_may_still_stand_in_is_not_evicted(store: EvidenceStore, ticks: Ticks):
    store.put_many([(ADDRESS, answer())])
    ticks.move(29 * 24 * HOUR)
    assert store.evict() == 0
    assert not store.get_many("virustotal", [ADDRESS])[ADDRESS].fresh


def test_an_answer_of_a_clock_that_was_ahead_is_not_fresh_and_is_evicted(store: EvidenceStore, ticks: Ticks):
    ticks.now = START + 400 * 24 * HOUR
    store.put_many([(ADDRESS, answer())])
    ticks.now = START
    assert not store.get_many("virustotal", [ADDRESS])[ADDRESS].fresh
    assert store.inspect()[0].fresh == 0
    assert store.evict() == 1


def test_a_clock_that_is_set_back_a_little_costs_no_answer(store: EvidenceStore, ticks: Ticks):
    store.put_many([(ADDRESS, answer())])
    ticks.move(-2.0)
    assert store.evict() == 0
    ticks.move(3.0)
    assert store.get_many("virustotal", [ADDRESS])[ADDRESS].fresh


def test_beyond_the_number_allowed_the_oldest_go(store: EvidenceStore, ticks: Ticks):
    for number in range(10):
        store.put_many([(f"9.9.9.{number}", answer())])
        ticks.move(1)
    assert store.evict(most=4) == 6
    assert sorted(store.get_many("virustotal", [f"9.9.9.{number}" for number in range(10)])) == [
        "9.9.9.6", "9.9.9.7", "9.9.9.8", "9.9.9.9",
    ]  # fmt: skip


def test_answers_are_flushed_by_provider_or_all(store: EvidenceStore):
    store.put_many([(ADDRESS, answer()), (ADDRESS, answer("otx"))])
    assert store.flush("otx") == 1
    assert list(store.get_many("virustotal", [ADDRESS])) == [ADDRESS]
    assert store.flush() == 1


def test_without_a_usable_file_a_run_goes_on_and_says_so_once(tmp_path: Path, told: Told):
    (tmp_path / "file").write_text("")
    store = EvidenceStore(tmp_path / "file" / FILE, tell=told)
    store.put_many([(ADDRESS, answer())])
    assert store.get_many("virustotal", [ADDRESS]) == {}
    store.count("virustotal", 1, 1)
    assert (store.evict(), store.flush(), store.inspect()) == (0, 0, ())
    assert len(told) == 1
    assert told[0].startswith("answers are not kept in this run: ")
    assert store.problem in told[0]


def test_a_file_of_a_newer_version_is_left_alone_and_the_run_goes_on(tmp_path: Path, told: Told):
    with sqlite3.connect(tmp_path / FILE) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    store = EvidenceStore(tmp_path / FILE, tell=told)
    store.put_many([(ADDRESS, answer())])
    assert store.get_many("virustotal", [ADDRESS]) == {}
    assert "newer ipthreat" in told[0]


def test_a_damaged_file_is_begun_anew_and_works(tmp_path: Path, told: Told):
    (tmp_path / FILE).write_bytes(b"rubbish" * 999)
    store = EvidenceStore(tmp_path / FILE, tell=told)
    store.put_many([(ADDRESS, answer())])
    assert list(store.get_many("virustotal", [ADDRESS])) == [ADDRESS]
    assert len(told) == 1
    assert store.problem == ""


def test_what_is_held_can_be_read_when_nothing_can_be_written(store: EvidenceStore, tmp_path: Path, told: Told):
    store.put_many([(ADDRESS, answer())])
    holder = sqlite3.connect(tmp_path / FILE, isolation_level=None)
    reader = EvidenceStore(tmp_path / FILE, tell=told)
    reader.get_many("virustotal", [ADDRESS])
    holder.execute("DROP TABLE usage")  # what cannot be written here is the usage alone
    reader.count("virustotal", 1, 1)
    assert reader.problem
    assert list(reader.get_many("virustotal", [ADDRESS])) == [ADDRESS]
    holder.close()


@pytest.mark.parametrize("hours, words", [(9, "9 hours"), (47, "47 hours"), (72, "3 days")])
def test_an_old_answer_that_stands_in_says_why_and_how_old_it_is(hours: int, words: str):
    found = stale(answer(), "rate limited: the quota is spent", timedelta(hours=hours))
    assert (found.status, found.verdict) == (Status.STALE, Verdict.MALICIOUS)
    assert found.reason == f"rate limited: the quota is spent; this answer is {words} old"
