"""The finding of each chart in one sentence: what its title says, from the numbers it draws."""

from __future__ import annotations

from typing import Sequence, Tuple

from ..assessment import Assessment
from ..case import Case
from ..priority import Priority, Severity
from . import series
from .citations import title as source_title
from .escape import defanged
from .prose import counted, joined, moment_text, reaches

_NAMES = 3
"""Names that a sentence spells out."""


def addresses(count: int) -> str:
    """`1 address`, `3 addresses`."""
    return counted(count, "address", "addresses")


def _share(part: int, whole: int) -> str:
    """`both addresses`, `all 12 addresses`, `9 of 12 addresses`."""
    if part < whole or whole == 1:
        return f"{part} of {addresses(whole)}"
    return "both addresses" if whole == 2 else f"all {addresses(whole)}"


def of_board(case: Case) -> str:
    """How many addresses are High and Medium, and the worst that was seen from them."""
    raised, judged = case.raised, addresses(len(case.assessments))
    if not raised:
        return reaches(len(case.assessments), "Medium priority")
    counts = [(sum(item.priority is level for item in raised), level) for level in (Priority.HIGH, Priority.MEDIUM)]
    one = len(case.assessments) == 1
    levels = joined([level.value if one else f"{count} {level.value}" for count, level in counts if count])
    worst = max((item.severity for item in raised), key=lambda severity: severity.rank)
    impact = "nothing beyond scanning was seen"
    if worst is not Severity.LOW:
        worst_of = "" if one else f" ({addresses(sum(item.severity is worst for item in raised))})"
        impact = f"the worst severity is {worst.value}{worst_of}"
    return f"{levels} priority for the one address; {impact}" if one else f"{levels} priority among {judged}; {impact}"


def of_engines(data: series.EngineMap) -> str:
    """The engines that flag the most addresses, and how many opinions have no name."""
    votes = [sum(bool(row.opinions[place]) for row in data.rows) for place in range(len(data.engines))]
    leaders = [engine for engine, count in zip(data.engines, votes) if count == votes[0]]
    unnamed = sum(sum(row.unnamed) for row in data.rows)
    rest = f"; {counted(unnamed, 'further opinion is', 'further opinions are')} not named" if unnamed else ""
    if len(data.rows) == 1:
        named = counted(len(data.engines) + data.hidden_engines, "named engine flags", "named engines flag")
        return f"{named} {defanged(data.rows[0].address)}{rest}"
    if votes[0] == 1:
        return f"No named engine flags more than one of {addresses(len(data.rows))}{rest}"
    names = joined(leaders) if len(leaders) <= _NAMES else f"{leaders[0]} and {len(leaders) - 1} more engines"
    return f"{names} {'flags' if len(leaders) == 1 else 'flag'} {_share(votes[0], len(data.rows))}{rest}"


def of_stats(data: series.EngineStats) -> str:
    """The address that most engines flag."""
    top = max(data.rows, key=lambda row: (row.counts[0] + row.counts[1], row.counts[0]))
    malicious, suspicious = top.counts[:2]
    most = ", the most of all" if len(data.rows) > 1 else ""
    share = f"{malicious + suspicious} of {sum(top.counts)} VirusTotal engines flag {defanged(top.address)}"
    return f"{share} ({malicious} malicious, {suspicious} suspicious){most}"


def of_timeline(data: series.Timeline) -> str:
    """The busiest address and the period of the events."""
    busiest = max(data.rows, key=lambda row: row.events)
    total = sum(row.events for row in data.rows)
    made = (
        counted(busiest.events, "event") if len(data.rows) == 1 else f"{busiest.events:,} of {counted(total, 'event')}"
    )
    first, last = moment_text(busiest.first), moment_text(busiest.last)
    period = f"from {first} to {last}" if busiest.first < busiest.last else f"at {first}"
    return f"{defanged(busiest.address)} made {made}, {period}"


def of_origins(data: series.Origins) -> str:
    """Whether the hostile addresses share a network or a country, as far as those are known."""
    (country, in_country), (network, in_network) = data.countries[0], data.networks[0]
    known, hostile = data.total - data.unknown, counted(data.total, "hostile address", "hostile addresses")
    if not known or series.UNKNOWN in (country, network):
        return f"Country or network of {hostile} is not known"
    rest = f"; of {data.unknown} more it is not known" if data.unknown else ""
    if known == 1:
        one = "One hostile address" if rest else "The one hostile address"
        return f"{one} belongs to {network} (country: {country}){rest}"
    if in_network > 1:
        return f"{in_network} of {hostile} belong to {network}, {in_country} to the country {country}{rest}"
    if in_country > 1:
        return f"{in_country} of {hostile} lie in the country {country}, in different networks{rest}"
    return f"{known} hostile addresses come from as many countries and networks{rest or ': no concentration'}"


def of_coverage(silent: Sequence[Tuple[int, str]], rows: int, sources: int) -> str:
    """The sources that gave no answer. `silent`: (addresses without answer, source), most first."""
    if not silent:
        return f"{'The one source' if sources == 1 else f'All {sources} sources'} answered for {addresses(rows)}"
    names = [name for _, name in silent]
    shown = joined(names) if len(names) <= _NAMES else f"{', '.join(names[:2])} and {len(names) - 2} more"
    most, least = silent[0][0], silent[-1][0]
    gap = "for any address" if least == rows else f"for {'' if most == least else 'up to '}{most} of {addresses(rows)}"
    others = f"; {counted(sources - len(names), 'other source')} answered" if sources > len(names) else ""
    return f"{shown} gave no answer {gap}{others}"


def of_waterfall(assessment: Assessment, bars: Sequence[series.Bar]) -> str:
    """The probability, and the reason that weighs most."""
    chance = f"hostile with {100 * (assessment.probability or 0.0):.0f} %, confidence {assessment.confidence}/10"
    strongest = max((bar for bar in bars if bar.source), key=lambda bar: abs(bar.nats), default=None)
    if strongest is None:
        return f"{defanged(assessment.address)}: {chance}; nothing speaks for or against it"
    name = source_title(strongest.source)
    return f"{defanged(assessment.address)}: {chance}; strongest evidence {name} ({strongest.nats:+.2f})"
