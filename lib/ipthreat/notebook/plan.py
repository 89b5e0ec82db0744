"""The plan of a live run: how many addresses would leave this machine, told before anything is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterator, Sequence, Tuple

import pandas

from ..dossier import Dossier
from ..gather import scoped
from ..live import Live
from ..report.quotaplan import PlannedSource
from . import cells
from .ground import Ground
from .kept import Kept


@dataclass(frozen=True)
class Plan:
    """A run that was not made."""

    rows: int
    distinct: int
    """Distinct texts in the column, the invalid ones included."""
    invalid: int
    not_global: int
    """Private and reserved addresses: classified here, never sent."""
    allowed: int
    """Addresses that the allow-list holds."""
    calls: Tuple[PlannedSource, ...]

    def lines(self) -> Iterator[str]:
        """The plan for a person."""
        yield (
            f"{self.rows:,} rows, {self.distinct:,} distinct: {self.not_global:,} private or reserved (never sent),"
            f" {self.invalid:,} that are no addresses, {self.allowed:,} allow-listed"
        )
        for item in self.calls:
            beyond = f", {item.beyond:,} beyond budget or quota" if item.beyond else ""
            yield f"{item.source}: {item.kept:,} answers at hand, {item.asked:,} to ask{beyond}"

    def __str__(self) -> str:
        """The plan, and that it is no more than that."""
        return "\n".join([*self.lines(), "nothing was asked"])

    __repr__ = __str__

    def chart(self, size: str = "report") -> Any:
        """The plan as bars; returns matplotlib axes."""
        from .charts import quota

        return quota(self.calls, size)


def _of_live(live: Live, dossiers: Sequence[Dossier]) -> Iterator[PlannedSource]:
    """What the providers would be asked, as their own plan says it."""
    for item in live.plan(dossiers).calls:
        left = tuple((period, number) for period, number in item.left.items())
        beyond = item.beyond_budget + item.refused
        yield PlannedSource(item.provider, item.cached, item.asked, beyond, item.withheld, item.seconds, left)


def plan_of(frame: pandas.DataFrame, column: Any, ground: Ground) -> Plan:
    """The plan of enriching or assessing this column on this ground."""
    values = cells.distinct(cells.column_of(frame, column)).values
    texts = dict.fromkeys(cells.key(member) for value in values for member in cells.members(value))
    scopes = {text: scoped(text)[1] for text in texts}
    sendable = [text for text, scope in scopes.items() if scope == "global"]
    invalid = sum(scope == "invalid" for scope in scopes.values())
    allowed = sum(ground.allowlist.allowance(text) is not None for text in sendable)
    calls = []
    for source in ground.sources:
        known = sum(source.has(text) for text in sendable) if isinstance(source, Kept) else 0
        name = source.name if isinstance(source, Kept) else type(source).__name__
        calls.append(PlannedSource(name, known, len(sendable) - known, withheld=len(texts) - len(sendable)))
    if ground.live:
        calls += _of_live(ground.live, ground.without_live().dossiers(texts))
    return Plan(len(frame), len(texts), invalid, len(texts) - invalid - len(sendable), allowed, tuple(calls))
