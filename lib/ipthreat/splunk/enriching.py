"""What a search with `| ipthreat` sets up at its first chunk: answers, engine, messages, metrics."""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path
from typing import Any, Callable, Dict, List

from ..allowlist import Allowlist
from ..errors import InputError
from ..intelligence import Intelligence
from ..policy import policy_named
from .conf import app_lists
from .encoding import Encoder
from .engine import Engine
from .engine_plan import Task
from .enrich import MOST_ADDRESSES, Answers, Enricher, Unasked
from .planning import PlannedRun
from .rows import cell_of, record_at, text_of
from .searchinfo import moment_of

_ADDRESS_COLUMNS = ("address", "network", "ip", "prefix", "cidr")
_WHY_UNASKED = {
    "plan": "mode=plan asks nothing",
    "cached": "nothing is on record, and mode=cached asks nobody",
    "live": "no live source is configured",
}


class Enriching:
    """A running search."""

    def __init__(self, command: Any) -> None:
        """Opens the data. Raises InputError for an allow-list that cannot be used."""
        moment = moment_of(command.metadata.searchinfo)
        intelligence = Intelligence.opened(app_lists())
        sources, why = command.provider_names(), _WHY_UNASKED.get(command.mode, "")
        path = command.allowlist_path()
        self._command = command
        self._plan = PlannedRun(sources, command.budget, command.timeout) if command.mode == "plan" else None
        self._enricher = Enricher(
            intelligence,
            Encoder(command.chosen_fields()),
            policy_named(command.policy),
            moment,
            read_allowlist(path, moment) if path else Allowlist(),
            Unasked(sources, why) if why else None,
            self._plan.note if self._plan else None,
        )
        self._answers = Answers(self._answer(intelligence))
        self.tasks = self._settled_tasks()
        self.engine = Engine(self.tasks)

    def _answer(self, intelligence: Intelligence) -> Callable[[Any], bytes]:
        options = self._event_options()
        if not options:
            return self._enricher.cells
        from .enrich_events import EventEnricher

        plain, events = Answers(self._enricher.cells), EventEnricher(self._enricher, intelligence, options)
        return lambda key: events.cells(plain[key[0]], key)

    def _event_options(self) -> List[str]:
        """The options from whose fields a single event's behaviour is read: bytes alone are none."""
        return [name for name in self._command.event_fields() if name != "bytes_out"]

    def _settled_tasks(self) -> List[Task]:
        command, given = self._command, self._command.event_fields()
        others = [given[name] for name in self._event_options()]
        several = len(command.addresses) > 1
        tasks = []
        for name in command.addresses:
            columns = self._enricher.encoder.columns(f"{name}_{command.prefix}" if several else command.prefix)
            tasks.append(Task((name, *others), columns, self._answers.__getitem__))
        return tasks

    def added_to(self, record: Dict[str, Any]) -> Dict[str, Any]:
        """A record of the SDK, with the fields added."""
        for task in self.tasks:
            found = (record.get(name) or "" for name in task.fields)
            cells = tuple(cell_of("\n".join(text) if isinstance(text, list) else str(text)) for text in found)
            added = task.answers(cells[0] if len(cells) == 1 else cells)
            scanned = record_at(added, 1, len(added), True)
            values = [text_of(added[start:end]) for start, end in scanned.cells] if scanned else []
            for name, text, encoded in zip(task.columns[::2], values[::2], values[1::2]):
                record[name] = text.split("\n") if encoded else text
        self.engine.records += 1
        return record

    def report(self, finished: bool) -> None:
        """After a chunk: metrics of the job inspector, and what went wrong, each kind once per search."""
        command, log, failure = self._command, self._command.log, self._enricher.failure
        if failure and command.on_error == "fail":
            command.stop(failure)
        told = not failure or "data" in log.facts
        if not told:
            log.facts["data"] = "missing"
            log.problem("data", failure)
        log.facts["mode"] = command.mode
        asked, events = self._answers.asked, self.engine.records
        log.counts.update(events=events, distinct=asked, memo_hits=max(0, events * len(self.tasks) - asked), calls=0)
        if finished:
            self._report_end()
        if finished or not told:  # a search may have thousands of chunks: a few figures in each would cost as much
            log.tell(command)

    def _report_end(self) -> None:
        log, left_out = self._command.log, self._enricher.left_out
        if self.engine.surplus:
            log.problem("columns", "cells beyond the last column of the header were dropped", self.engine.surplus)
        if left_out:
            log.problem("many", f"addresses beyond the first {MOST_ADDRESSES} of a field were left out", left_out)
        if self._plan:
            self._command.write_info(self._plan.told)


def read_allowlist(path: Path, as_of: datetime) -> Allowlist:
    """The allow-list in a lookup file: a header that names an address column, maybe `expires` and `reason`.

    Raises InputError for a file that cannot be read or has no such column: it must not pass for an empty list.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"allowlist: {path.name} cannot be read ({error})") from None
    lines = []
    for number, row in enumerate(rows, start=2):
        address = next((row[name] for name in _ADDRESS_COLUMNS if row.get(name)), None)
        if address is None:
            raise InputError(f"allowlist: line {number} of {path.name} has no {' or '.join(_ADDRESS_COLUMNS)}")
        rest = [" ".join((row.get(name) or "").split()) for name in ("expires", "reason")]
        lines.append(",".join([address, *(text for text in rest if text)]))
    return Allowlist.of(lines, as_of, path.name)
