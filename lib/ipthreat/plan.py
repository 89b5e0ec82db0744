"""What a live run would ask, cost and take, told without asking anything."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Dict, Iterator, List, Mapping, Sequence, Tuple

from .dossier import Dossier
from .livesource import LiveSource
from .quota import Ledger, Standing
from .quota.account import MOST
from .selection import Part

LATENCY = 0.5
"""Seconds one request is taken to last."""


@dataclass(frozen=True)
class PlannedCalls:
    """What one provider would be asked."""

    provider: str
    cached: int
    """Addresses whose answer is at hand."""
    withheld: int
    """Addresses that may not be sent."""
    beyond_budget: int
    asked: int
    """Addresses it would be asked about."""
    requests: int
    """Requests that takes, without retries: at most, where one answer may spare others; with those beside the look-ups,
    such as for what is tied to an address. Of a collection that is mirrored nobody knows how many pages are new."""
    refused: int
    """… of which the quota of the day or month has no room for so many. A batch may be asked in part."""
    seconds: float
    """How long it takes, by the limits per second and minute and the number of simultaneous requests."""
    left: Mapping[str, int]
    """What is left of the quota of day and month before the run."""


@dataclass(frozen=True)
class Plan:
    """A run that has not been made."""

    distinct: int
    """Distinct texts, the invalid ones included."""
    invalid: int
    not_global: int
    """Private and reserved addresses: never sent."""
    allowed: int
    """Addresses on the allow-list: never sent."""
    budget: int
    timeout: float
    calls: Tuple[PlannedCalls, ...]

    @property
    def requests(self) -> int:
        """Requests to all providers together."""
        return sum(item.requests - item.refused for item in self.calls)

    @property
    def seconds(self) -> float:
        """How long the run takes: as long as the slowest provider, and never longer than allowed."""
        return min(self.timeout, max((item.seconds for item in self.calls), default=0.0))

    def lines(self) -> Iterator[str]:
        """The plan for a person."""
        yield (
            f"{self.distinct:,} distinct: {self.not_global:,} private or reserved and {self.allowed:,} allow-listed,"
            f" which are never sent, {self.invalid:,} that are no addresses; budget {self.budget:,} new addresses"
        )
        for item in self.calls:
            left = ", ".join(f"{number:,} left this {period}" for period, number in item.left.items())
            yield (
                f"{item.provider}: {item.cached:,} known, {item.requests - item.refused:,} requests,"
                f" {item.withheld:,} not sent, {item.beyond_budget:,} beyond the budget,"
                f" {item.refused:,} beyond the quota, about {item.seconds:.0f} s{f' ({left})' if left else ''}"
            )
        yield f"{self.requests:,} requests in about {self.seconds:.0f} s; nothing was asked"


def plan_of(
    dossiers: Sequence[Dossier],
    sources: Sequence[LiveSource],
    parts: Mapping[str, Part],
    ledger: Ledger,
    budget: int,
    timeout: float,
    further: Mapping[str, int],
) -> Plan:
    """The plan of a run over these dossiers, as `select` has divided them.

    `further`: provider → requests beside those of the look-ups.
    """
    scopes: Dict[str, int] = {}
    for dossier in dossiers:
        scopes[dossier.scope] = scopes.get(dossier.scope, 0) + 1
    invalid, sendable = scopes.get("invalid", 0), scopes.get("global", 0)
    calls: List[PlannedCalls] = [
        _calls(source, parts[source.name], ledger, further.get(source.name, 0)) for source in sources
    ]
    return Plan(
        distinct=len(dossiers),
        invalid=invalid,
        not_global=len(dossiers) - invalid - sendable,
        allowed=sum(dossier.is_global and dossier.allowance is not None for dossier in dossiers),
        budget=budget,
        timeout=timeout,
        calls=tuple(calls),
    )


def _calls(source: LiveSource, part: Part, ledger: Ledger, further: int) -> PlannedCalls:
    standing = ledger.standing(source.account)
    batches, size = source.batches(part.asked, part.never_sent), source.at_once
    surveys = [batch for batch in batches if len(batch) > size]  # … and in the worst case each of it by itself
    look_ups = len(batches) - len(surveys) + sum(map(len, surveys))
    room = min(standing.left.values(), default=MOST) / source.cost(min(size, len(part.asked) or 1))
    refused = look_ups - min(look_ups, math.ceil(room))
    requests = look_ups + len(surveys) + further
    made = requests - refused
    return PlannedCalls(
        provider=source.name,
        cached=len(part.fresh),
        withheld=part.withheld,
        beyond_budget=len(part.silent) - part.withheld,
        asked=len(part.asked),
        requests=requests,
        refused=refused,
        seconds=_duration(source, standing, made, ledger.now()),
        left=standing.left,
    )


def _duration(source: LiveSource, standing: Standing, requests: int, now: float) -> float:
    if not requests:
        return 0.0
    bounds = [math.ceil(requests / source.concurrency) * LATENCY]
    for window in source.account.pace(standing.limits):
        bounds.append((requests - 1) // window.most * window.seconds + LATENCY)
    return max(bounds) + max(0.0, standing.next_at - now)
