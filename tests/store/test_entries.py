"""Looking into the store and clearing a part of it: all that is kept about one address, and nothing of another."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import pytest
from runs import START, Ticks, Told

from ipthreat.dossier import Evidence, SourceKind, Status
from ipthreat.store import EvidenceStore
from ipthreat.store.evidence import FILE
from ipthreat.store.subjects import subject_of, subjects

HOUR = 3600.0


def answer(source: str, **more) -> Evidence:
    retrieved = datetime.fromtimestamp(START, timezone.utc)
    return Evidence(source, SourceKind.PROVIDER, Status.OK, retrieved_at=retrieved, **more)


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def store(tmp_path: Path, ticks: Ticks) -> EvidenceStore:
    return EvidenceStore(tmp_path / FILE, clock=ticks.clock, tell=Told())


def test_all_that_is_kept_about_an_address_comes_by_provider_with_its_times(store: EvidenceStore, ticks: Ticks):
    store.put_many([("8.8.8.8", answer("virustotal")), ("8.8.8.8", answer("abuseipdb")), ("1.1.1.1", answer("otx"))])
    ticks.move(25 * HOUR)
    first, second = store.about("8.8.8.8")
    assert (first.provider, second.provider) == ("abuseipdb", "virustotal")
    assert second.evidence == answer("virustotal")
    assert (second.retrieved, second.fresh_until, second.fresh) == (START, START + 24 * HOUR, False)
    assert second.expires == START + 30 * 24 * HOUR


def test_an_answer_dated_ahead_is_not_fresh(store: EvidenceStore, ticks: Ticks):
    store.put_many([("8.8.8.8", answer("virustotal"))])
    ticks.move(-HOUR)
    assert [entry.fresh for entry in store.about("8.8.8.8")] == [False]


def test_what_is_kept_for_a_prefix_is_told_of_each_of_its_addresses_most_specific_first(store: EvidenceStore):
    store.put_many([("8.8.8.8", answer("rdap", network="8.0.0.0/9"))])
    store.put_many([("8.8.8.9", answer("rdap", network="8.8.8.0/24"))])
    assert [entry.subject for entry in store.about("8.8.8.200")] == ["8.8.8.0/24", "8.0.0.0/9"]
    assert [entry.subject for entry in store.about("8.9.0.1")] == ["8.0.0.0/9"]
    assert store.about("9.9.9.9") == ()


def test_forgetting_takes_one_address_of_one_provider_or_of_all(store: EvidenceStore):
    store.put_many([(address, answer(name)) for name in ("virustotal", "otx") for address in ("8.8.8.8", "1.1.1.1")])
    assert store.forget("8.8.8.8", "otx") == 1
    assert [entry.provider for entry in store.about("8.8.8.8")] == ["virustotal"]
    assert store.forget("8.8.8.8") == 1
    assert store.forget("8.8.8.8") == 0
    assert len(store.about("1.1.1.1")) == 2


def test_the_store_in_memory_can_be_looked_into_as_well():
    store = EvidenceStore(None, tell=Told())
    store.put_many([("8.8.8.8", answer("virustotal"))])
    assert [entry.subject for entry in store.about("8.8.8.8")] == ["8.8.8.8"]


@pytest.mark.parametrize(
    "source, network, kept_for",
    [
        ("rdap", "8.8.8.0/24", "8.8.8.0/24"),
        ("rdap", "9.9.9.0/24", "8.8.8.8"),  # which does not hold the address
        ("rdap", "0.0.0.0/0", "8.8.8.8"),  # nobody answers for so much
        ("rdap", "rubbish", "8.8.8.8"),
        ("rdap", "", "8.8.8.8"),
        ("virustotal", "8.8.8.0/24", "8.8.8.8"),  # which answers about the address, not about the prefix it names
    ],
)
def test_an_answer_is_kept_for_the_prefix_only_where_it_holds_for_it(source: str, network: str, kept_for: str):
    subject, kept = subject_of("8.8.8.8", answer(source, network=network, link="https://example.test/8.8.8.8"))
    assert subject == kept_for
    assert bool(kept.link) == (subject == "8.8.8.8")
    assert subject in subjects(source, "8.8.8.8")
