"""What each chart says: its finding as title, what a sighted reader sees in words, and its data as a table.

Pure, and without matplotlib: `charts` draws what this module describes, from the same numbers (`series`).
"""

from __future__ import annotations

from typing import Callable, Dict, List, Optional, Sequence, Tuple

from ..assessment import Assessment
from ..case import Case
from ..dossier import Status
from ..providers.virustotal import STATS
from . import findings, series
from .blocks import Figure, Line, Table
from .citations import title as source_title
from .escape import defanged
from .prose import counted, moment_text

WATERFALL = "waterfall/"
"""A waterfall's name is this and the address."""
_NAMED = 6
"""Rows that an alternative text spells out; the table has all."""

Row = Tuple[str, ...]


def figures(case: Case) -> Tuple[Figure, ...]:
    """The charts of a case that have something to show, in print order."""
    made = (describe(case) for describe in FIGURES.values())
    return tuple(figure for figure in made if figure)


def omitted(case: Case) -> Tuple[str, ...]:
    """One sentence for each chart that is left out, in print order: why there is nothing to show."""
    return tuple(_NOTHING[name] for name, describe in FIGURES.items() if describe(case) is None)


def board(case: Case) -> Optional[Figure]:
    """Confidence × severity."""
    data = series.board(case)
    if data is None:
        return None
    rows: List[Row] = [
        (f"{rank}", defanged(item.address), f"{item.confidence}", item.severity.value, item.priority.value)
        for rank, item in enumerate(data.listed, start=1)
    ]
    told = [f"{row[1]} at confidence {row[2]}, severity {row[3]}, priority {row[4]}" for row in rows]
    alt = f"Confidence from 0 to 10 across, severity from Low to Critical upwards. {_told(told, data.hidden)}."
    if data.unjudged:
        alt += f" {findings.addresses(data.unjudged)} without a confidence not shown."
    header = ("Rank #", "Address", "Confidence #", "Severity", "Priority")
    return Figure("board", findings.of_board(case), alt, _table(header, rows, "Confidence and severity", data.hidden))


def engines(case: Case) -> Optional[Figure]:
    """Addresses × named VirusTotal engines."""
    data = series.engine_map(case)
    if data is None:
        return None
    rows = [_engines_row(data.engines, row) for row in data.rows]
    told = [
        f"{row[0]}: malicious by {row[1]} and {row[2]} not named; suspicious by {row[3]} and {row[4]} not named"
        for row in rows
    ]
    alt = f"A grid of addresses by engines, marked malicious, suspicious or neither. {_told(told, data.hidden)}."
    caption = "Engines that flag an address"
    if data.hidden_engines:
        caption += f"; {data.hidden_engines} engines that flag the fewest are left out"
    header = ("Address", "Malicious, named", "Malicious, not named #", "Suspicious, named", "Suspicious, not named #")
    return Figure("engines", findings.of_engines(data), alt, _table(header, rows, caption, data.hidden))


def _engines_row(names: Tuple[str, ...], row: series.EngineRow) -> Row:
    malicious, suspicious = (
        ", ".join(name for name, opinion in zip(names, row.opinions) if opinion == word) or "none"
        for word in ("malicious", "suspicious")
    )
    return (defanged(row.address), malicious, f"{row.unnamed[0]}", suspicious, f"{row.unnamed[1]}")


def engine_stats(case: Case) -> Optional[Figure]:
    """VirusTotal's five counts by address."""
    data = series.engine_stats(case)
    if data is None:
        return None
    rows: List[Row] = [
        (defanged(row.address), *(f"{count}" for count in row.counts), moment_text(row.dated)) for row in data.rows
    ]
    told = [f"{row[0]}: " + ", ".join(f"{count} {name}" for count, name in zip(row[1:], STATS)) for row in rows]
    alt = f"One stacked bar per address. {_told(told, data.hidden)}."
    header = ("Address", *(f"{name.capitalize()} #" for name in STATS), "Analysed")
    table = _table(header, rows, "VirusTotal engines by opinion", data.hidden)
    return Figure("stats", findings.of_stats(data), alt, table)


def timeline(case: Case) -> Optional[Figure]:
    """Own events of the raised addresses over time."""
    data = series.timeline(case)
    if data is None:
        return None
    rows = [_timeline_row(row) for row in data.rows]
    told = [
        f"{row[0]}: {counted(int(row[1]), 'event')}, first {row[2]}, last {row[3]}, most ({row[5]}) at {row[4]}"
        for row in rows
    ]
    alt = f"Events over time, one row per address, each with a scale of its own. {_told(told, data.hidden)}."
    header = ("Address", "Events #", "First interval", "Last interval", "Peak interval", "Events in it #")
    return Figure("timeline", findings.of_timeline(data), alt, _table(header, rows, "Our own events", data.hidden))


def _timeline_row(row: series.TimelineRow) -> Row:
    peak = max(row.buckets, key=lambda bucket: bucket[1])
    times = (moment_text(moment) for moment in (row.buckets[0][0], row.buckets[-1][0], peak[0]))
    return (defanged(row.address), f"{row.events}", *times, f"{peak[1]}")


def origins(case: Case) -> Optional[Figure]:
    """Countries and networks of the hostile addresses."""
    data = series.origins(case)
    if data is None:
        return None
    rows: List[Row] = [("Country", label, f"{count}") for label, count in data.countries]
    rows += [("Network", label, f"{count}") for label, count in data.networks]
    told = [f"{label}: {count}" for label, count in (*data.countries[:_NAMED], *data.networks[:_NAMED])]
    alt = f"Bars of malicious or suspicious addresses by country and by network. {', '.join(told)}."
    table = _table(("Kind", "Name", "Addresses #"), rows, "Country and network", data.hidden, "smaller ones")
    return Figure("origins", findings.of_origins(data), alt, table)


def coverage(case: Case) -> Optional[Figure]:
    """Address × source status."""
    data = series.coverage_strip(case)
    if data is None:
        return None
    titles = tuple(source_title(source) for source in data.sources)
    rows: List[Row] = [(defanged(row.address), *(_status(status) for status in row.statuses)) for row in data.rows]
    gaps = [sum(not answered(row.statuses[place]) for row in data.rows) for place in range(len(titles))]
    silent = sorted(((gap, name) for gap, name in zip(gaps, titles) if gap), key=lambda entry: (-entry[0], entry[1]))
    told = [f"{name} did not answer for {gap} of {len(rows)}" for gap, name in silent]
    alt = (
        f"A grid of addresses by sources, hatched where a source gave no answer. {_told(told or ['All answered'], 0)}."
    )
    more = f"; {data.hidden_sources} further sources are left out" if data.hidden_sources else ""
    table = _table(("Address", *titles), rows, f"Status by source{more}", data.hidden)
    return Figure("coverage", findings.of_coverage(silent, len(rows), len(titles), data.hidden), alt, table)


def answered(status: Optional[Status]) -> bool:
    """True when a source gave a current answer, be it "nothing known"."""
    return status is not None and status.answered


def _status(status: Optional[Status]) -> str:
    return status.words if status else "no entry"


def waterfall(assessment: Assessment) -> Optional[Figure]:
    """How the confidence in one address came about; None for one that was not judged."""
    bars = series.waterfall(assessment)
    if not bars:
        return None
    rows: List[Row] = [
        (bar.label, source_title(bar.source) if bar.source else "", f"{bar.nats:+.2f}", f"{bar.end:+.2f}")
        for bar in bars
    ]
    steps = [f"{row[1]}: {row[0]} {row[2]}" if row[1] else f"{row[0]} {row[2]}" for row in rows]
    alt = f"Bars from the prior to the sum of the log-odds. {'; '.join(steps)}."
    if assessment.guards:
        guards = "; ".join(assessment.guards)
        alt += f" {guards[:1].upper()}{guards[1:]}."
    caption = f"How the confidence in {defanged(assessment.address)} came about"
    table = _table(("Step", "Source", "Nats #", "Log-odds #"), rows, caption)
    return Figure(WATERFALL + assessment.address, findings.of_waterfall(assessment, bars), alt, table)


def _told(told: Sequence[str], hidden: int) -> str:
    more = hidden + max(0, len(told) - _NAMED)
    return "; ".join([*told[:_NAMED], *([f"and {more} more"] if more else [])])


def _table(header: Row, rows: Sequence[Row], caption: str, hidden: int = 0, noun: str = "less pressing ones") -> Table:
    cells: List[Tuple[Line, ...]] = [tuple((text,) for text in row) for row in rows]
    left_out = f" (and {hidden} {noun}, in the CSV and JSON exports)" if hidden else ""
    return Table(header, tuple(cells), caption + left_out)


FIGURES: Dict[str, Callable[[Case], Optional[Figure]]] = {
    "board": board,
    "engines": engines,
    "stats": engine_stats,
    "timeline": timeline,
    "origins": origins,
    "coverage": coverage,
}
"""The charts of a case by name, in print order."""

_NOTHING = {
    "board": "No address was judged, so there is no board of confidence and severity.",
    "engines": "No engine is named for any address, so there is no map of engines.",
    "stats": "VirusTotal answered for no address, so its counts are not drawn.",
    "timeline": "There is no raised address with own events that bear a time, so there is no timeline.",
    "origins": "No address is malicious or suspicious, so countries and networks are not drawn.",
    "coverage": "No source has an entry, so coverage is not drawn.",
}
