"""What `.assess` and `check` return: the judged case as a table, explanations, reports, charts, diffs and what-ifs."""

from __future__ import annotations

import html
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, List, Mapping, Union

import pandas

from ..address import canonical
from ..assessment import Assessment
from ..case import Case, pressing
from ..errors import AddressError, InputError
from ..explanation import counterfactual, explain, explanation
from ..judge import judged
from ..policy import Policy, policy_named
from ..report import tables
from ..report.escape import visible
from ..report.formats import format_named, write_all
from . import columns
from .ground import Place

if TYPE_CHECKING:
    from .charts import Charts
    from .diff import Diff

_SHOWN = 25
"""Rows that a notebook shows of a result by itself."""
_DTYPES = MappingProxyType({"active": "boolean", "events": "Int64", "probability": "Float64"})
_TIMES = ("first_seen", "last_seen", "block_until")
_JOINED = ("reasons", "flags", "techniques", "user_agents", "sources")  # texts with `; ` between the values
_FRAME = '<iframe sandbox="" srcdoc="{}" style="width:100%;height:48em;border:1px solid #bbb"></iframe>'


@dataclass(frozen=True)
class Result:
    """All addresses of one run, judged, most pressing first."""

    case: Case

    @cached_property
    def table(self) -> pandas.DataFrame:
        """A row per address (the index), with the columns of `ipthreat report --format csv` and proper dtypes."""
        rows = tables.rows(self.case)
        made = {name: _column(name, [row[name] for row in rows]) for name in tables.COLUMNS[1:]}
        return pandas.DataFrame(made, index=pandas.Index([row["address"] for row in rows], name="address"))

    def assessment(self, address: str) -> Assessment:
        """The judgement on one address, in whatever way it is written. Raises InputError for one that is not here."""
        try:
            wanted = canonical(address)
        except AddressError:
            wanted = address
        found = next((item for item in self.case.assessments if item.address == wanted), None)
        if found is None:
            raise InputError(f"{visible(address, 60)} is not among the addresses judged here")
        return found

    def explain(self, address: str) -> Explanation:
        """Why the judgement on an address came out as it did."""
        return Explanation(self.assessment(address))

    def report(self, kind: str = "html") -> Report:
        """The report in one form: `html` (charts inside), `threat`, `actionable`, `json`, `csv`, `stix`, … as
        `ipthreat report --format` has them. Raises InputError that lists the forms there are."""
        return Report(kind, format_named(kind).render(self.case))

    def reports(self, folder: Place) -> List[Path]:
        """Writes the report in every form into a folder."""
        return write_all(self.case, Path(folder))

    @property
    def charts(self) -> Charts:
        """The charts, each a method that returns matplotlib axes. Needs the extra `notebooks`."""
        from .charts import Charts

        return Charts(self)

    def diff(self, before: Result) -> Diff:
        """What changed since another result."""
        from .diff import Diff

        return Diff(before.case, self.case)

    def what_if(
        self, policy: Union[str, Policy] = "", weights: Mapping[str, float] = MappingProxyType({}), **values: Any
    ) -> Result:
        """The same evidence under another policy: a name, or changes of this one, `what_if(weights={…}, prior=0.05)`.

        Raises PolicyError for a policy, weight or value that makes no sense.
        """
        base = policy if isinstance(policy, Policy) else policy_named(policy) if policy else self.case.policy
        known = {name for name in Policy.__dataclass_fields__ if name not in ("name", "version", "weights")}
        unknown = sorted(set(values) - known)
        if unknown:
            raise InputError(f"a policy has no value {unknown[0][:40]!a}; it has {', '.join(sorted(known))}")
        other = base.changed(weights, **values) if weights or values else base
        assessments = judged((item.dossier for item in self.case.assessments), other, self.case.as_of)
        return Result(replace(self.case, policy=other, assessments=tuple(sorted(assessments, key=pressing))))

    def save(self, path: Place) -> Path:
        """Keeps the result in a file (JSON; gzip when its name ends in .gz), for `ipthreat.notebook.load`."""
        from .saving import save

        return save(self, Path(path))

    def __repr__(self) -> str:
        """The counts, in a line."""
        case = self.case
        counts = f"{len(case.assessments):,} addresses: {len(case.hostile):,} hostile, {len(case.raised):,} raised"
        return f"<Result {case.title!r} {counts}; as of {case.as_of:%Y-%m-%d %H:%M} UTC, policy {case.policy.version}>"

    def _repr_html_(self) -> str:
        shown = self.table[["verdict", "confidence", "severity", "priority", "organisation", "country", "events"]]
        return f"<p>{html.escape(repr(self)[1:-1])}</p>{shown.head(_SHOWN).to_html(escape=True, border=0)}"


def _column(name: str, values: List[Any]) -> Any:
    if name in _TIMES:
        return columns.moments(values)
    if name in _DTYPES:
        return pandas.array([bool(value) for value in values] if name == "active" else values, dtype=_DTYPES[name])
    if name in _JOINED:
        return columns.words(values)
    return columns.typed(name, values)


@dataclass(frozen=True)
class Explanation:
    """Why one address was judged as it was."""

    assessment: Assessment

    @property
    def data(self) -> Mapping[str, Any]:
        """The same as plain data, as `| ipthreat explain=true` and the JSON report have it."""
        return explanation(self.assessment)

    @property
    def table(self) -> pandas.DataFrame:
        """The waterfall: a row per step with its source, nats, the sum so far and the age of the evidence in days."""
        steps = explain(self.assessment)
        rows = [(step.label, step.source, step.nats, step.total, step.age_days) for step in steps]
        made = pandas.DataFrame(rows, columns=["step", "source", "nats", "total", "age_days"])
        return made.astype({"nats": "float64", "total": "float64", "age_days": "Float64"})

    def __str__(self) -> str:
        """The waterfall in lines, with what held it down and what would change the priority."""
        return "\n".join([self._head(), *self._lines()])

    def _head(self) -> str:
        item = self.assessment
        if item.confidence is None:
            return f"{visible(item.address, 100)}: {item.priority_steps[0]}; nobody was asked"
        axes = f"confidence {item.confidence}/10, severity {item.severity.value}, priority {item.priority.value}"
        return f"{item.address}: {'insufficient data' if item.insufficient else item.verdict.value}, {axes}"

    def _lines(self) -> List[str]:
        item = self.assessment
        lines = [f"{step.nats:+6.2f}  {step.total:+6.2f}  {visible(step.label)}" for step in explain(item)]
        lines += [] if item.confidence is None else [*item.guards, *item.priority_steps]
        change = counterfactual(item)
        told = f"{change.change} it would be {change.confidence}/10, priority {change.priority.value}" if change else ""
        return [*lines, told] if told else lines

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rest = "".join(f"<br>{html.escape(line)}" for line in self._lines()[len(explain(self.assessment)) :])
        table = self.table.drop(columns="age_days").round(2).to_html(escape=True, border=0, index=False)
        return f"<p><b>{html.escape(self._head())}</b></p>{table}<p>{rest[4:]}</p>"


@dataclass(frozen=True)
class Report:
    """A report in one form: shown by a notebook, printed as text, saved to a file."""

    kind: str
    text: str

    def save(self, path: Place) -> Path:
        """Writes it to a file. Raises InputError in one sentence."""
        try:
            Path(path).write_text(self.text, encoding="utf-8", errors="backslashreplace")
        except OSError as error:
            raise InputError(f"{path}: the report cannot be written there ({error.strerror or error})") from None
        return Path(path)

    def __str__(self) -> str:
        """The text of it."""
        return self.text

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """An HTML report in a frame that may run nothing; any other form as plain text."""
        inside = html.escape(self.text)
        return _FRAME.format(inside) if self.kind == "html" else f"<pre>{inside}</pre>"
