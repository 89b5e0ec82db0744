"""What changed between two results: addresses that are new or gone, and judgements that rose or fell."""

from __future__ import annotations

import html
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Dict, Optional

import pandas

from ..assessment import Assessment
from ..case import Case
from ..report.slopes import CHANGES, changes
from .columns import typed

_AXES = ("verdict", "confidence", "severity", "priority")


@dataclass(frozen=True)
class Diff:
    """Two cases side by side."""

    before: Case
    after: Case

    @cached_property
    def table(self) -> pandas.DataFrame:
        """A row per address of either: `change`, each axis before and after, and how many nats were gained."""
        told = changes(self.before, self.after)
        made: Dict[str, Any] = {"change": pandas.Categorical([item.change for item in told], CHANGES, ordered=True)}
        for axis in _AXES:
            made[f"{axis}_before"] = typed(axis, [_axis(item.before, axis) for item in told])
            made[f"{axis}_after"] = typed(axis, [_axis(item.after, axis) for item in told])
        made["nats"] = pandas.array([_gain(item.before, item.after) for item in told], dtype="Float64")
        return pandas.DataFrame(made, index=pandas.Index([item.address for item in told], name="address"))

    @property
    def changes(self) -> pandas.DataFrame:
        """The same without the addresses of which nothing changed."""
        return self.table[self.table["change"] != "same"]

    def chart(self, size: str = "report") -> Any:
        """The changes as slopes of confidence; returns matplotlib axes."""
        from .charts import slopes

        return slopes(self.before, self.after, size)

    def __repr__(self) -> str:
        """The counts, in a line."""
        counts = self.table["change"].value_counts()
        told = ", ".join(f"{counts[name]} {name}" for name in CHANGES)
        return f"<Diff from {self.before.as_of:%Y-%m-%d %H:%M} to {self.after.as_of:%Y-%m-%d %H:%M} UTC: {told}>"

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(repr(self)[1:-1])}</p>{self.changes.to_html(escape=True, border=0)}"


def _axis(item: Optional[Assessment], axis: str) -> Any:
    found = getattr(item, axis) if item else None
    return getattr(found, "value", found)


def _gain(first: Optional[Assessment], last: Optional[Assessment]) -> Optional[float]:
    if first is None or last is None or first.log_odds is None or last.log_odds is None:
        return None
    return round(last.log_odds - first.log_odds, 3)
