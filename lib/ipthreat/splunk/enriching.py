"""What a search with `| ipthreat` sets up at its first chunk: answers, engine, messages, metrics."""

from __future__ import annotations

from functools import partial
from typing import Any

from ..allowlist import Allowlist
from ..intelligence import Intelligence
from ..policy import policy_named
from .answers import Answers
from .conf import app_lists, settings
from .encoding import Encoder
from .engine import Engine
from .engine_plan import Task
from .enrich import MOST_ADDRESSES, Enricher, Unasked
from .lookups import read_allowlist
from .planning import PlannedRun
from .searchinfo import moment_of

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
        self._answers = Answers(self._enricher.quickly())
        self._tasks = [self._task(name, intelligence) for name in command.addresses]
        self.engine = Engine(self._tasks)

    def _task(self, name: str, intelligence: Intelligence) -> Task:
        """What is to be done for one address field."""
        command, given = self._command, self._command.event_fields()
        several = len(command.addresses) > 1
        columns = self._enricher.encoder.columns(f"{name}_{command.prefix}" if several else command.prefix)
        if not given:
            return Task((name,), columns, self._answers.of)
        from .enrich_events import REQUEST_OPTIONS, Requests, Transfers, names_other_end

        if names_other_end(name):
            transfers = Transfers(self._enricher, intelligence, self._answers, settings().own_networks)
            return Task((name, given.get("bytes_out")), columns, partial(map, transfers))
        requests = Requests(self._enricher, intelligence, self._answers)
        return Task((name, *map(given.get, REQUEST_OPTIONS)), columns, partial(map, requests))

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
        log.counts.update(events=events, distinct=asked, memo_hits=max(0, events * len(self._tasks) - asked), calls=0)
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
