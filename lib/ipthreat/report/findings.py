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


def _share(part: int, whole: int, hidden: int = 0) -> str:
    """`both addresses`, `all 12 addresses`, `9 of 12 addresses`; `9 of the 12 most pressing addresses` of more."""
    if hidden:
        return f"{part} of the {whole} most pressing addresses"
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
    levels = joined([level.value if one else f"{count:,} {level.value}" for count, level in counts if count])
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
    opinions = counted(unnamed, "further opinion on it is" if len(data.rows) == 1 else "further opinion on them is",
                       f"further opinions on {'it' if len(data.rows) == 1 else 'them'} are")  # fmt: skip
    rest = f"; {opinions} not named" if unnamed else ""
    if len(data.rows) == 1:
        named = counted(len(data.engines) + data.hidden_engines, "named engine flags", "named engines flag")
        return f"{named} {defanged(data.rows[0].address)}{rest}"
    if votes[0] == 1:
        those = f"the {len(data.rows)} most pressing addresses" if data.hidden else addresses(len(data.rows))
        return f"No named engine flags more than one of {those}{rest}"
    names = joined(leaders) if len(leaders) <= _NAMES else f"{leaders[0]} and {len(leaders) - 1} more engines"
    return f"{names} {'flags' if len(leaders) == 1 else 'flag'} {_share(votes[0], len(data.rows), data.hidden)}{rest}"


def of_stats(data: series.EngineStats) -> str:
    """The address that most engines flag."""

    def flags(row: series.StatsRow) -> Tuple[int, int]:
        return row.counts[0] + row.counts[1], row.counts[0]

    top = max(data.rows, key=flags)
    malicious, suspicious = top.counts[:2]
    alone = len(data.rows) > 1 and sum(flags(row) == flags(top) for row in data.rows) == 1
    most = f", the most of {'the most pressing' if data.hidden else 'all'}" if alone else ""
    share = f"{malicious + suspicious} of {sum(top.counts)} VirusTotal engines flag {defanged(top.address)}"
    return f"{share} ({malicious} malicious, {suspicious} suspicious){most}"


def of_timeline(data: series.Timeline) -> str:
    """The busiest address and the period of the events."""
    busiest = max(data.rows, key=lambda row: row.events)
    total = sum(row.events for row in data.rows)
    made = (
        counted(busiest.events, "event") if len(data.rows) == 1 else f"{busiest.events:,} of {counted(total, 'event')}"
    )
    made += f" by the {len(data.rows)} most pressing addresses" if data.hidden else ""
    first, last = moment_text(busiest.first), moment_text(busiest.last)
    period = f"from {first} to {last}" if busiest.first < busiest.last else f"at {first}"
    return f"{defanged(busiest.address)} made {made}, {period}"


_HOSTILE = ("malicious or suspicious address", "malicious or suspicious addresses")


def of_origins(data: series.Origins) -> str:
    """Whether the hostile addresses share a network or a country, as far as those are known."""
    (country, in_country), (network, in_network) = data.countries[0], data.networks[0]
    known, hostile = data.total - data.unknown, counted(data.total, *_HOSTILE)
    if not known or series.UNKNOWN in (country, network):
        return f"Country or network of {hostile} is not known"
    rest = f"; of {data.unknown} more it is not known" if data.unknown else ""
    if known == 1:
        one = f"One {_HOSTILE[0]}" if rest else f"The one {_HOSTILE[0]}"
        return f"{one} belongs to {network} (country: {country}){rest}"
    if in_network > 1:
        return f"{in_network} of {hostile} belong to {network}, {in_country} to the country {country}{rest}"
    if in_country > 1:
        return f"{in_country} of {hostile} lie in the country {country}, in different networks{rest}"
    return f"{counted(known, *_HOSTILE)} come from as many countries and networks{rest or ': no concentration'}"


def of_coverage(silent: Sequence[Tuple[int, str]], rows: int, sources: int, hidden: int = 0) -> str:
    """The sources that gave no answer. `silent`: (addresses without answer, source), most first."""
    those = f"the {rows} most pressing addresses" if hidden else addresses(rows)
    if not silent:
        return f"{'The one source' if sources == 1 else f'All {sources} sources'} answered for {those}"
    names = [name for _, name in silent]
    shown = joined(names) if len(names) <= _NAMES else f"{', '.join(names[:2])} and {len(names) - 2} more"
    most, least = silent[0][0], silent[-1][0]
    gap = f"for {'' if most == least else 'up to '}{most} of {those}"
    if least == rows:
        gap = f"for any of {those}" if hidden else "for any address"
    others = f"; {counted(sources - len(names), 'other source')} answered" if sources > len(names) else ""
    return f"{shown} gave no answer {gap}{others}"


def of_waterfall(assessment: Assessment, bars: Sequence[series.Bar]) -> str:
    """The probability, and the reason that weighs most."""
    percent = 100 * (assessment.probability or 0.0)
    share = "more than 99" if percent > 99.5 else f"{percent:.0f}"
    chance = f"hostile with {share} %, confidence {assessment.confidence}/10"
    strongest = max((bar for bar in bars if bar.source), key=lambda bar: abs(bar.nats), default=None)
    if strongest is None:
        return f"{defanged(assessment.address)}: {chance}; nothing speaks for or against it"
    name = source_title(strongest.source)
    return f"{defanged(assessment.address)}: {chance}; strongest evidence {name} ({strongest.nats:+.2f})"
