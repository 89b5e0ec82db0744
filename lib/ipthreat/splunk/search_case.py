"""From the records of a search to a case, and from the case to the records that `| ipthreatreport` returns."""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from itertools import chain
from typing import Any, Dict, Iterable, Iterator, List, Mapping

from ..agents import AgentTable
from ..allowlist import Allowlist
from ..behaviour import OWN_NETWORKS, Observer
from ..case import Case, EventsRead
from ..errors import InputError
from ..gather import Gatherer, RecordedSource
from ..intelligence import Intelligence
from ..judge import Judge
from ..policy import policy_named
from ..report import tables
from ..report.formats import FORMATS
from .conf import app_lists, settings
from .lookups import read_allowlist
from .partials import Records, is_partial
from .reporting_options import ReportOptions
from .searchinfo import moment_of, search_of

REPORT_FIELDS = ("report", "format", "title", "report_id", "tlp", "as_of", "addresses", "hostile", "part", "parts")
"""The fields of the record that holds a report as text. `format=csv` gives a record per address instead."""
LARGEST_PART = 8_000_000
"""Bytes of one field: Splunk's own reader takes 10 MB. A longer report comes as several records, which make it when
put together in their order."""


class Report:
    """Takes records in, chunk by chunk, and makes the report of all of them."""

    def __init__(self, options: ReportOptions, searchinfo: Any) -> None:
        self._options = options
        self._as_of = moment_of(searchinfo)
        self._search = search_of(searchinfo)
        self.account = Records(self._as_of, options.by)
        self.intelligence = Intelligence.opened(app_lists()).for_events()
        self._observer = observer(self.intelligence, settings().own_networks)

    def add(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Takes in a chunk: partial results of the map phase, or events."""
        rest = iter(records)
        for first in rest:
            chunk = chain([first], rest)
            events = self.account.take(chunk) if is_partial(first) else self.account.events(chunk)
            self._observer.add_all(events)

    def case(self) -> Case:
        """All addresses, judged."""
        options, observed = self._options, self._observer
        judge = Judge(self._gatherer(), policy_named(options.policy), self._as_of, self.intelligence.parts())
        skipped = dict(sorted(self.account.skipped.items()))
        read = EventsRead("a Splunk search", "splunk", self.account.read, skipped, crowded_out=observed.crowded_out)
        return judge.observed(observed, read, options.title, self._search or "| ipthreatreport", options.tlp)

    def _gatherer(self) -> Gatherer:
        path = self._options.allowlist
        allowed = read_allowlist(path, self._as_of) if path else Allowlist()
        return Gatherer((*self.intelligence.sources(self._as_of), RecordedSource()), allowed)

    def records(self, case: Case) -> Iterator[Dict[str, Any]]:
        """The report as records, all with the same fields."""
        told = self.told(case)
        if self._options.format == "csv":
            yield from tables.rows(told) or [dict.fromkeys(tables.COLUMNS, "")]
            return
        pieces = parts_of(FORMATS[self._options.format].render(told), LARGEST_PART)
        counts = (str(len(told.assessments)), str(len(told.hostile)))
        about = (self._options.format, told.title, told.report_id, told.tlp, told.as_of.isoformat(), *counts)
        for number, piece in enumerate(pieces, start=1):
            yield dict(zip(REPORT_FIELDS, (piece, *about, str(number), str(len(pieces)))))

    def told(self, case: Case) -> Case:
        """The case with the addresses that are told of."""
        top = self._options.top
        return replace(case, assessments=case.assessments[:top]) if top else case


def parts_of(text: str, largest: int) -> List[str]:
    """A text in parts of at most `largest` bytes, cut at line ends where the lines allow it; at least one part."""
    if len(text.encode("utf-8", "replace")) <= largest:
        return [text]
    parts, size = [""], 0
    step = max(1, largest // 4)  # characters, none of which has more than four bytes
    for line in text.splitlines(keepends=True):
        whole = len(line.encode("utf-8", "replace")) <= largest
        for piece in [line] if whole else (line[start : start + step] for start in range(0, len(line), step)):
            length = len(piece.encode("utf-8", "replace"))
            if size + length > largest and parts[-1]:
                parts.append("")
                size = 0
            parts[-1] += piece
            size += length
    return parts


def observer(intelligence: Intelligence, own: Iterable[str]) -> Observer:
    """An observer that knows our networks and what the lists say. Raises InputError for a text that is no network."""
    return Observer(
        (*OWN_NETWORKS, *map(_network, own)),
        is_c2=intelligence.is_c2,
        agents=AgentTable.build(intelligence.agents()),
        crawler_ranges=intelligence.crawler_ranges,
        owner=intelligence.owner,
    )


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        example = "such as 203.0.113.0/24"
        raise InputError(f"{text[:60]!r} in own_networks of ipthreat.conf is no network, {example}") from None
