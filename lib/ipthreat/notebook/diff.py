"""What changed between two results: addresses that are new or gone, and judgements that rose or fell."""

from __future__ import annotations

import html
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Dict, Iterator, Optional, Tuple

import pandas

from ..assessment import Assessment
from ..case import Case, pressing
from .columns import typed

CHANGES = ("new", "rose", "fell", "gone", "same")
"""What may have happened to an address, in the order of the table."""
_AXES = ("verdict", "confidence", "severity", "priority")


@dataclass(frozen=True)
class Diff:
    """Two cases side by side."""

    before: Case
    after: Case

    @cached_property
    def table(self) -> pandas.DataFrame:
        """A row per address of either: `change`, each axis before and after, and how many nats were gained."""
        rows = list(self._rows())
        made: Dict[str, Any] = {"change": pandas.Categorical([row[1] for row in rows], CHANGES, ordered=True)}
        for axis in _AXES:
            for place, when in ((2, "before"), (3, "after")):
                made[f"{axis}_{when}"] = typed(axis, [_axis(row[place], axis) for row in rows])
        made["nats"] = pandas.array([_gain(row[2], row[3]) for row in rows], dtype="Float64")
        index = pandas.Index([row[0] for row in rows], name="address")
        return pandas.DataFrame(made, index=index).sort_values("change", kind="stable")

    @property
    def changes(self) -> pandas.DataFrame:
        """The same without the addresses of which nothing changed."""
        return self.table[self.table["change"] != "same"]

    def _rows(self) -> Iterator[Tuple[str, str, Optional[Assessment], Optional[Assessment]]]:
        old = {item.address: item for item in self.before.assessments}
        new = {item.address: item for item in self.after.assessments}
        told = sorted({**old, **new}.values(), key=pressing)
        for address in (item.address for item in told):
            first, last = old.get(address), new.get(address)
            yield address, _change(first, last), first, last

    def __repr__(self) -> str:
        """The counts, in a line."""
        counts = self.table["change"].value_counts()
        told = ", ".join(f"{counts[name]} {name}" for name in CHANGES)
        return f"<Diff from {self.before.as_of:%Y-%m-%d %H:%M} to {self.after.as_of:%Y-%m-%d %H:%M} UTC: {told}>"

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(repr(self)[1:-1])}</p>{self.changes.to_html(escape=True, border=0)}"


def _change(first: Optional[Assessment], last: Optional[Assessment]) -> str:
    if first is None or last is None:
        return "new" if first is None else "gone"
    old, new = _height(first), _height(last)
    return "rose" if new > old else "fell" if new < old else "same"


def _height(item: Assessment) -> Tuple[int, int, int]:
    return item.priority.rank, item.severity.rank, -1 if item.confidence is None else item.confidence


def _axis(item: Optional[Assessment], axis: str) -> Any:
    found = getattr(item, axis) if item else None
    return getattr(found, "value", found)


def _gain(first: Optional[Assessment], last: Optional[Assessment]) -> Optional[float]:
    if first is None or last is None or first.log_odds is None or last.log_odds is None:
        return None
    return round(last.log_odds - first.log_odds, 3)
