"""The selection: what is fresh, what may not leave, what the budget covers, decided before anything is asked."""

from __future__ import annotations

from pathlib import Path
from typing import List

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runs import Ticks, Told, answering, dossiers_of, settings_for, source_of

from ipthreat.connecting import egress_of
from ipthreat.dossier import Allowance, Dossier, Evidence, SourceKind, Status
from ipthreat.exchange import MockTransport
from ipthreat.selection import select
from ipthreat.store import EvidenceStore
from ipthreat.testkit.vendors import FakeVendor

HOUR = 3600.0


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def store(tmp_path: Path, ticks: Ticks) -> EvidenceStore:
    return EvidenceStore(tmp_path / "evidence.sqlite", clock=ticks.clock, tell=Told())


def selected(store: EvidenceStore, dossiers: List[Dossier], budget: int = 100, names=("vendor",), **own):
    settings = settings_for(*names, own=own)
    sources = [source_of(FakeVendor(name), MockTransport(answering()), settings_for(name, own=own)) for name in names]
    return select(dossiers, sources, store, egress_of(settings, sources), budget)


def known(address: str, name: str = "vendor", status: Status = Status.OK):
    return address, Evidence(name, SourceKind.PROVIDER, status)


def test_what_is_fresh_needs_no_look_up_and_what_is_old_does(store: EvidenceStore, ticks: Ticks):
    store.put_many([known("8.8.8.8")])
    ticks.move(48 * HOUR)
    store.put_many([known("1.1.1.1")])
    part = selected(store, dossiers_of("8.8.8.8", "1.1.1.1", "9.9.9.9"))["vendor"]
    assert (list(part.fresh), list(part.old), part.asked) == (["1.1.1.1"], ["8.8.8.8"], ["8.8.8.8", "9.9.9.9"])


def test_the_budget_goes_to_the_first_that_need_a_look_up_by_anybody(store: EvidenceStore):
    store.put_many([known("8.8.8.8", "one"), known("8.8.8.8", "two"), known("1.1.1.1", "one")])
    parts = selected(store, dossiers_of("8.8.8.8", "1.1.1.1", "9.9.9.9"), 1, ("one", "two"))
    assert {name: list(part.asked) for name, part in parts.items()} == {"one": [], "two": ["1.1.1.1"]}
    assert list(parts["one"].silent) == ["9.9.9.9"]


def test_what_may_not_leave_costs_no_budget(store: EvidenceStore):
    dossiers = [Dossier("8.8.8.8", allowance=Allowance("8.8.8.8")), *dossiers_of("1.1.1.1", "9.9.9.9")]
    part = selected(store, dossiers, 1, no_send=("1.1.1.0/24",))["vendor"]
    assert (part.asked, part.withheld, list(part.silent)) == (["9.9.9.9"], 2, ["8.8.8.8", "1.1.1.1"])


def test_an_answer_that_may_not_be_asked_for_again_is_still_shown_when_it_is_old(store: EvidenceStore, ticks: Ticks):
    store.put_many([known("8.8.8.8")])
    ticks.move(48 * HOUR)
    part = selected(store, dossiers_of("8.8.8.8"), no_send=("8.8.8.8",))["vendor"]
    assert (list(part.old), part.asked, part.withheld) == (["8.8.8.8"], [], 1)


def test_what_the_dossier_knows_from_the_provider_is_in_no_part(store: EvidenceStore):
    answered = Dossier("8.8.8.8", evidence=(known("8.8.8.8")[1],))
    silent = Dossier("1.1.1.1", evidence=(known("1.1.1.1", status=Status.NOT_ASKED)[1],))
    part = selected(store, [answered, silent])["vendor"]
    assert (part.asked, dict(part.fresh), dict(part.silent)) == (["1.1.1.1"], {}, {})


SCOPES = st.sampled_from(["global", "private", "invalid"])


@given(st.lists(SCOPES, max_size=30), st.integers(0, 10))
def test_each_global_address_is_in_exactly_one_place(scopes: List[str], budget: int):
    dossiers = [Dossier(f"9.9.9.{number}", scope) for number, scope in enumerate(scopes)]
    store = EvidenceStore(None, tell=Told())
    part = selected(store, dossiers, budget)["vendor"]
    placed = [*part.fresh, *part.silent, *part.asked]
    assert sorted(placed) == sorted(item.address for item in dossiers if item.is_global)
    assert len(part.asked) <= budget
