"""Gathering: one look-up per distinct address, nothing about private ones, and a failure is an entry."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import List, Sequence

import pytest

from ipthreat.allowlist import Allowlist
from ipthreat.dossier import Evidence, SourceKind, Status
from ipthreat.gather import Gatherer, ListsSource, Preferred, RecordedSource, SnapshotSource, scoped
from ipthreat.intelligence import Intelligence
from ipthreat.snapshot import ListInput, Snapshot, compile_lists

NOW = datetime(2026, 11, 24, tzinfo=timezone.utc)


class Counting:
    """A source that notes what it was asked."""

    def __init__(self) -> None:
        self.asked: List[str] = []

    def evidence(self, address: str) -> Sequence[Evidence]:
        self.asked.append(address)
        return (Evidence("counting", SourceKind.PROVIDER, Status.NOT_FOUND),)


def gathered(*texts: str, source=None, allowlist: Allowlist = Allowlist()):  # noqa: B008  # a frozen, empty value
    return list(Gatherer((source or Counting(),), allowlist).gather(texts, {}, None))


@pytest.fixture(scope="module")
def shipped():
    with Snapshot.shipped() as snapshot:
        yield snapshot


@pytest.fixture
def lists(tmp_path):
    """A user's lists file: ipsum with levels, a C2 list, an old list, and scanners."""
    path = tmp_path / "lists.snapshot"
    day = (NOW - timedelta(days=1)).strftime("%Y-%m-%d")
    compile_lists(
        path,
        [
            ListInput("ipsum", "block", [("1.2.3.4", 3)], date=day, group="ipsum"),
            ListInput("c2_tracker", "c2", [("1.2.3.0/24", 0)], date=day),
            ListInput("forgotten", "block", [("1.2.3.4", 0)], date="2026-01-01"),
            ListInput("scanners", "scanner", [("5.6.7.8", 0)], date="2026-01-01"),
        ],
        built=day,
    )
    with Snapshot.open(path) as opened:
        yield opened


def test_each_distinct_address_is_asked_about_once_in_order_of_mention():
    source = Counting()
    found = gathered("8.8.8.8", "1.1.1.1", "8.8.8.8", "::ffff:8.8.8.8", "8[.]8.8.8", source=source)
    assert source.asked == ["8.8.8.8", "1.1.1.1"]
    assert [item.address for item in found] == ["8.8.8.8", "1.1.1.1"]


@pytest.mark.parametrize(
    "text", ["10.1.2.3", "127.0.0.1", "169.254.1.1", "100.64.0.1", "224.0.0.1", "192.0.2.1", "fe80::1%eth0"]
)
def test_what_is_not_global_is_classified_here_and_nobody_is_asked(text):
    source = Counting()
    (found,) = gathered(text, source=source)
    assert source.asked == []
    assert not found.is_global
    assert found.evidence == ()


def test_text_that_is_no_address_is_kept_as_invalid():
    (found,) = gathered("example.org")
    assert (found.address, found.scope) == ("example.org", "invalid")


def test_the_allow_list_covers_a_dossier():
    (found,) = gathered("8.8.8.8", allowlist=Allowlist.of(["8.8.8.0/24,,ours"], NOW))
    assert found.allowance.network == "8.8.8.0/24"


def test_the_snapshot_gives_the_owner_and_the_warning_lists_as_evidence(shipped):
    owner, *hits = SnapshotSource(shipped).evidence("8.8.8.8")
    assert (owner.source, owner.asn, owner.country) == ("snapshot", 15169, "US")
    assert "resolver" in [label for hit in hits for label in hit.labels]
    assert all(hit.kind is SourceKind.WARNING_LIST for hit in hits)


def test_a_listing_is_evidence_with_the_level_its_list_gives(lists):
    found = {item.source: item for item in ListsSource(lists, NOW).evidence("1.2.3.4")}
    assert found["ipsum"].labels == ("level_3",)
    assert (found["ipsum"].status, found["ipsum"].group) == (Status.OK, "ipsum")
    assert found["c2_tracker"].labels == ("c2",)


def test_a_block_list_that_does_not_hold_the_address_has_answered(lists):
    found = {item.source: item.status for item in ListsSource(lists, NOW).evidence("9.9.9.9")}
    assert found == {"ipsum": Status.NOT_FOUND, "c2_tracker": Status.NOT_FOUND, "forgotten": Status.STALE}


def test_an_old_list_is_stale_whether_it_holds_the_address_or_not(lists):
    source = ListsSource(lists, NOW)
    for address in ("1.2.3.4", "9.9.9.9"):
        assert {item.source: item.status for item in source.evidence(address)}["forgotten"] is Status.STALE


def test_a_list_of_scanners_vouches_like_an_embedded_one(lists):
    (hit,) = [item for item in ListsSource(lists, NOW).evidence("5.6.7.8") if item.source == "scanners"]
    assert hit.kind is SourceKind.WARNING_LIST


def test_a_recorded_provider_without_an_answer_was_not_asked():
    vt = Evidence("virustotal", SourceKind.PROVIDER, Status.OK)
    source = RecordedSource({"8.8.8.8": (vt,)})
    assert {item.source: item.status for item in source.evidence("1.1.1.1")} == {
        "virustotal": Status.NOT_ASKED,
        "talos": Status.UNAVAILABLE,
    }


def test_talos_is_always_accounted_for():
    assert RecordedSource().evidence("8.8.8.8")[0].status is Status.UNAVAILABLE


@pytest.mark.parametrize("content", [None, b"", b"rubbish", b"IPTHREAT" * 100])
def test_a_missing_or_corrupt_snapshot_is_an_entry_in_every_dossier(tmp_path, content):
    path = tmp_path / "broken.snapshot"
    if content is not None:
        path.write_bytes(content)
    intelligence = Intelligence.opened(snapshot_path=path)
    (found,) = Gatherer(intelligence.sources(NOW)).gather(["8.8.8.8"], {}, None)
    (entry,) = found.evidence
    assert (entry.source, entry.status) == ("snapshot", Status.ERROR)
    assert entry.reason
    assert intelligence.parts() == ()


def test_a_corrupt_lists_file_is_told_and_the_snapshot_still_answers(tmp_path):
    (tmp_path / "lists.snapshot").write_bytes(b"rubbish")
    intelligence = Intelligence.opened(lists_path=tmp_path / "lists.snapshot")
    (found,) = Gatherer(intelligence.sources(NOW)).gather(["8.8.8.8"], {}, None)
    assert {item.source: item.status for item in found.evidence if item.source in ("snapshot", "lists")} == {
        "snapshot": Status.OK,
        "lists": Status.ERROR,
    }
    assert not intelligence.is_c2("8.8.8.8")


def test_a_listed_c2_server_is_known_as_one(tmp_path, lists):
    intelligence = Intelligence(snapshot=None, lists=lists)
    assert intelligence.is_c2("1.2.3.77")
    assert not intelligence.is_c2("9.9.9.9")


@pytest.mark.parametrize("text, scope", [("8.8.8.8", "global"), ("nonsense", "invalid")])
def test_the_scope_of_a_text(text, scope):
    assert scoped(text)[1] == scope


# Live sources


class Live:
    """Live sources that answer at once, and note what they were shown."""

    def __init__(self, *silent: str) -> None:
        self.shown: List[List[str]] = []
        self._silent = silent

    @property
    def requests(self):
        return {"live": len(self.shown)}

    def answers(self, dossiers):
        self.shown.append([f"{item.address}:{len(item.evidence)}" for item in dossiers])
        return {
            item.address: (Evidence("live", SourceKind.PROVIDER, Status.OK),)
            for item in dossiers
            if item.is_global and item.address not in self._silent
        }


def live_gathered(live: Live, *texts: str, sources=()):
    return list(Gatherer(sources or (Counting(),), live=live).gather(texts, {}, None))


def test_live_sources_are_asked_once_about_all_addresses_with_what_is_known_of_them():
    live = Live()
    found = live_gathered(live, "8.8.8.8", "1.1.1.1", "8.8.8.8", "10.0.0.1")
    assert live.shown == [["8.8.8.8:1", "1.1.1.1:1", "10.0.0.1:0"]]
    assert [[entry.source for entry in item.evidence] for item in found] == [["counting", "live"]] * 2 + [[]]


def test_an_address_of_which_they_say_nothing_stays_as_it_is():
    (found,) = live_gathered(Live("8.8.8.8"), "8.8.8.8")
    assert [entry.source for entry in found.evidence] == ["counting"]


def test_a_live_answer_takes_the_place_of_an_entry_of_the_same_source():
    recorded = RecordedSource({"1.1.1.1": (Evidence("live", SourceKind.PROVIDER, Status.OK),)})
    (found,) = live_gathered(Live(), "8.8.8.8", sources=(recorded,))
    assert [(entry.source, entry.status.value) for entry in found.evidence] == [
        ("talos", "unavailable"),
        ("live", "ok"),
    ]


def test_requests_are_those_of_the_live_sources():
    assert Gatherer(()).requests == {}
    assert Gatherer((), live=Live()).requests == {"live": 0}


def test_of_two_sources_the_first_goes_before_the_second_where_both_speak_of_one():
    class Word:
        def __init__(self, *names: str) -> None:
            self.names = names

        def evidence(self, address: str):
            return tuple(Evidence(name, SourceKind.PROVIDER, Status.OK, native=str(self.names)) for name in self.names)

    both = Preferred(Word("talos", "otx"), Word("talos", "misp"))
    told = [(item.source, item.native) for item in both.evidence("8.8.8.8")]
    assert told == [("talos", "('talos', 'otx')"), ("otx", "('talos', 'otx')"), ("misp", "('talos', 'misp')")]
