"""What each chart shows, as numbers: pure functions of a case, without words and without matplotlib.

Every chart draws at most `TOP` rows, the most pressing first, and knows how many it leaves out.
"""

from __future__ import annotations

import math
from collections import Counter
from datetime import datetime
from typing import Dict, Iterable, Iterator, List, NamedTuple, Optional, Tuple

from ..assessment import Assessment
from ..case import Case
from ..dossier import Evidence, Sighting, SourceKind, Status
from ..explanation import Step, explain
from ..priority import Priority, Severity
from ..providers.virustotal import STATS
from .citations import system_name

TOP = 12
"""Rows drawn at most."""
ENGINES = 24
"""Engines drawn at most."""
SOURCES = 18
"""Sources drawn at most."""
UNKNOWN = "not known"
"""Country or network of an address whose owner nobody names."""
_STATED = (Status.OK, Status.STALE)
_KINDS = (SourceKind.OWNERSHIP, SourceKind.PROVIDER, SourceKind.BLOCK_LIST)


class Point(NamedTuple):
    """The addresses that share one confidence and one severity."""

    confidence: int
    severity: Severity
    priority: Priority
    """The highest among them."""
    ranks: Tuple[int, ...]
    """Their places in the case's order, from 1."""


class Board(NamedTuple):
    """Confidence × severity."""

    points: Tuple[Point, ...]
    listed: Tuple[Assessment, ...]
    hidden: int
    """Addresses judged but not listed by name."""
    unjudged: int
    """Addresses without a confidence: not global, or no address."""


class EngineRow(NamedTuple):
    """One address in VirusTotal's answer."""

    address: str
    opinions: Tuple[str, ...]
    """For each engine `malicious`, `suspicious` or empty."""
    unnamed: Tuple[int, int]
    """Malicious and suspicious engines that the answer counts and does not name."""


class EngineMap(NamedTuple):
    """Addresses × named VirusTotal engines."""

    engines: Tuple[str, ...]
    rows: Tuple[EngineRow, ...]
    hidden: int
    hidden_engines: int


class StatsRow(NamedTuple):
    """VirusTotal's counts for one address, in the order of `STATS`."""

    address: str
    counts: Tuple[int, ...]
    dated: Optional[datetime]


class EngineStats(NamedTuple):
    """VirusTotal's counts by address."""

    rows: Tuple[StatsRow, ...]
    hidden: int


class TimelineRow(NamedTuple):
    """The own events of one address."""

    address: str
    events: int
    buckets: Tuple[Tuple[datetime, int], ...]
    """Start of each interval with events, and how many."""
    first: datetime
    """Of the events themselves, to the second."""
    last: datetime


class Timeline(NamedTuple):
    """The own events of the raised addresses over time."""

    rows: Tuple[TimelineRow, ...]
    start: datetime
    """Of the first interval."""
    end: datetime
    """Start of the last interval."""
    hidden: int


class Origins(NamedTuple):
    """Where the hostile addresses come from: (label, addresses), most first."""

    countries: Tuple[Tuple[str, int], ...]
    networks: Tuple[Tuple[str, int], ...]
    hidden: int
    """Countries and networks beyond the drawn ones."""
    total: int
    unknown: int
    """Addresses of which the country or the network is not known."""


class CoverageRow(NamedTuple):
    """How each source answered for one address; None where the dossier has no entry for it."""

    address: str
    statuses: Tuple[Optional[Status], ...]


class CoverageStrip(NamedTuple):
    """Address × source status."""

    sources: Tuple[str, ...]
    rows: Tuple[CoverageRow, ...]
    hidden: int
    hidden_sources: int


class Bar(NamedTuple):
    """One bar of a waterfall, from `start` to `end` in log-odds."""

    label: str
    source: str
    nats: float
    start: float
    end: float


def board(case: Case) -> Optional[Board]:
    """Confidence × severity of every judged address; None when none was judged."""
    squares: Dict[Tuple[int, Severity], List[Tuple[int, Priority]]] = {}
    judged = [item for item in case.assessments if item.confidence is not None]
    for rank, item in enumerate(judged, start=1):
        squares.setdefault((item.confidence or 0, item.severity), []).append((rank, item.priority))
    points = tuple(
        Point(confidence, severity, max((p for _, p in held), key=lambda p: p.rank), tuple(rank for rank, _ in held))
        for (confidence, severity), held in squares.items()
    )
    unjudged = len(case.assessments) - len(judged)
    return Board(points, tuple(judged[:TOP]), max(0, len(judged) - TOP), unjudged) if judged else None


def _virustotal(case: Case) -> List[Tuple[Assessment, Evidence]]:
    answers = ((item, item.dossier.source("virustotal")) for item in case.assessments)
    return [(item, answer) for item, answer in answers if answer and answer.status in _STATED and answer.counts]


def engine_map(case: Case) -> Optional[EngineMap]:
    """Which named engine flags which address; None when no engine is named."""
    flagged = [pair for pair in _virustotal(case) if pair[1].detections]
    shown = flagged[:TOP]
    votes = Counter(detection.engine for _, answer in shown for detection in answer.detections)
    engines = sorted(votes, key=lambda name: (-votes[name], name.casefold(), name))
    kept = tuple(engines[:ENGINES])
    rows = tuple(_engine_row(item.address, answer, kept) for item, answer in shown)
    return EngineMap(kept, rows, len(flagged) - len(shown), len(engines) - len(kept)) if kept else None


def _engine_row(address: str, answer: Evidence, engines: Tuple[str, ...]) -> EngineRow:
    opinion = {detection.engine: detection.category for detection in answer.detections}
    named = Counter(detection.category for detection in answer.detections)
    malicious, suspicious = (
        max(0, answer.counts.get(category, 0) - named[category]) for category in ("malicious", "suspicious")
    )
    return EngineRow(address, tuple(opinion.get(engine, "") for engine in engines), (malicious, suspicious))


def engine_stats(case: Case) -> Optional[EngineStats]:
    """VirusTotal's five counts by address; None when it answered for none."""
    answers = _virustotal(case)
    rows = tuple(
        StatsRow(item.address, tuple(answer.counts.get(name, 0) for name in STATS), answer.observed_at)
        for item, answer in answers[:TOP]
    )
    return EngineStats(rows, len(answers) - len(rows)) if rows else None


def timeline(case: Case) -> Optional[Timeline]:
    """Own events of the raised addresses over time; None when no event of theirs bears a time."""
    seen = [item for item in case.raised if item.dossier.sighting and item.dossier.sighting.timeline]
    rows = tuple(_timeline_row(item.address, item.dossier.sighting) for item in seen[:TOP] if item.dossier.sighting)
    if not rows:
        return None
    start = min(row.buckets[0][0] for row in rows)
    end = max(row.buckets[-1][0] for row in rows)
    return Timeline(rows, start, end, len(seen) - len(rows))


def _timeline_row(address: str, sighting: Sighting) -> TimelineRow:
    buckets = tuple(sorted(sighting.timeline))
    first, last = sighting.first_seen or buckets[0][0], sighting.last_seen or buckets[-1][0]
    return TimelineRow(address, sum(count for _, count in buckets), buckets, first, last)


def origins(case: Case) -> Optional[Origins]:
    """Countries and networks of the malicious and suspicious addresses; None when there are none."""
    owners = [item.owner for item in case.hostile]
    countries = _most(owner.country or UNKNOWN for owner in owners)
    networks = _most(_networks(owners))
    hidden = max(0, len(countries) - TOP) + max(0, len(networks) - TOP)
    unknown = sum(owner.asn is None or not owner.country for owner in owners)
    return Origins(countries[:TOP], networks[:TOP], hidden, len(owners), unknown) if owners else None


def _networks(owners: List[Evidence]) -> Iterator[str]:
    """The autonomous system of each owner. Sources spell one system's name in many ways: the first spelling stands."""
    names: Dict[int, str] = {}
    for owner in owners:
        if owner.asn is None:
            yield UNKNOWN
        else:
            yield names.setdefault(owner.asn, system_name(owner))


def _most(labels: Iterable[str]) -> Tuple[Tuple[str, int], ...]:
    # What is not known comes last: it says nothing about concentration.
    return tuple(sorted(Counter(labels).items(), key=lambda entry: (entry[0] == UNKNOWN, -entry[1], entry[0])))


def coverage_strip(case: Case) -> Optional[CoverageStrip]:
    """How each source answered for the most pressing addresses; None when no source has an entry."""
    asked = [item for item in case.assessments if item.dossier.is_global]
    shown = asked[:TOP]
    kinds: Dict[str, SourceKind] = {
        entry.source: entry.kind for item in shown for entry in item.dossier.evidence if entry.kind in _KINDS
    }
    # What did not answer must not be hidden behind what did.
    silent = Counter(
        entry.source for item in shown for entry in item.dossier.evidence if not entry.status.answered
    )  # fmt: skip
    kept = sorted(kinds, key=lambda source: (-silent[source], _KINDS.index(kinds[source]), source))[:SOURCES]
    sources = tuple(sorted(kept, key=lambda source: (_KINDS.index(kinds[source]), source)))
    rows = tuple(CoverageRow(item.address, _statuses(item, sources)) for item in shown)
    return CoverageStrip(sources, rows, len(asked) - len(shown), len(kinds) - len(sources)) if sources else None


def _statuses(item: Assessment, sources: Tuple[str, ...]) -> Tuple[Optional[Status], ...]:
    found = (item.dossier.source(source) for source in sources)
    return tuple(entry.status if entry else None for entry in found)


def waterfall(assessment: Assessment) -> Tuple[Bar, ...]:
    """Prior, signals that add something, family limits and the sum; the smallest signals merged beyond `TOP` bars.

    Empty for an address that was not judged.
    """
    steps = explain(assessment)
    signals = [step for step in steps[1:-1] if step.source and abs(step.nats) >= 0.005]  # strongest first
    limits = [step for step in steps[1:-1] if not step.source]
    room = TOP - 2 - len(limits)
    rest = [step.nats for step in signals[room - 1 :]] if len(signals) > room else []
    merged = [Step(f"{len(rest)} smaller reasons", math.fsum(rest), 0.0)] if rest else []
    shown = signals[: len(signals) - len(rest)]
    return _bars([*steps[:1], *shown, *merged, *limits, *steps[-1:]]) if steps else ()


def _bars(steps: List[Step]) -> Tuple[Bar, ...]:
    bars, total = [], 0.0
    for place, step in enumerate(steps):
        start = 0.0 if place == len(steps) - 1 else total
        total = start + step.nats
        bars.append(Bar(step.label, step.source, step.nats, start, total))
    return tuple(bars)
