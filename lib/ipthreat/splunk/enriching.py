"""What a search with `| ipthreat` sets up at its first chunk: answers, engine, messages, metrics."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Optional, Sequence, Set, Union

from ..allowlist import Allowlist
from ..gather import Gatherer
from ..intelligence import Intelligence
from ..policy import Policy, policy_named
from .answers import Answers
from .conf import app_lists, settings
from .encoding import Encoder
from .engine import Engine
from .engine_plan import Task
from .enrich import MOST_ADDRESSES, Enricher, Unasked
from .lookups import read_allowlist
from .planning import PlannedRun
from .searchinfo import moment_of

if TYPE_CHECKING:
    from .enrich_brokered import Brokered, BrokeredEngine

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
        opened = Intelligence.opened(app_lists())
        intelligence = opened.for_events() if command.event_fields().keys() - {"bytes_out"} else opened
        sources, why = command.provider_names(), _WHY_UNASKED.get(command.mode, "")
        path = command.allowlist_path()
        self._command = command
        self._said: Set[str] = set()
        self._plan = PlannedRun(sources, command.budget, command.timeout) if command.mode == "plan" else None
        allowed, policy = read_allowlist(path, moment) if path else Allowlist(), policy_named(command.policy)
        unasked = Unasked(sources, why) if why else None
        self._brokered = self._broker(Gatherer(intelligence.sources(moment), allowed), policy, sources)
        self._enricher = Enricher(
            intelligence,
            Encoder(command.chosen_fields()),
            policy,
            moment,
            allowed,
            self._brokered or unasked,
            self._plan.note if self._plan else None,
            self._brokered if self._brokered else frozenset(),
        )
        self._answers = Answers(self._enricher.quickly())
        self._tasks = [self._task(name, intelligence) for name in command.addresses]
        self.engine: Union[Engine, BrokeredEngine] = Engine(self._tasks)
        if self._brokered:
            from .enrich_brokered import BrokeredEngine

            self.engine = BrokeredEngine(self.engine, self._tasks, self._brokered, self._enricher.addresses)

    def _broker(self, gatherer: Gatherer, policy: Policy, sources: Sequence[str]) -> Optional[Brokered]:
        """What asks the app's handler, in the modes that do so."""
        command = self._command
        if command.mode not in ("cached", "live"):
            return None
        from .broker_client import BrokerClient, Search
        from .enrich_brokered import Brokered
        from .splunkd import Splunkd

        about = command.metadata.searchinfo
        search = Search(
            str(about.sid),
            command.mode == "live",
            command.budget,
            command.timeout,
            command.provider_names() if command.providers else (),
            moment_of(about),
        )
        client = BrokerClient(Splunkd(about.splunkd_uri, about.session_key), policy, search)
        return Brokered(client, gatherer, sources, _WHY_UNASKED[command.mode])

    def _task(self, name: str, intelligence: Intelligence) -> Task:
        """What is to be done for one address field."""
        command, given = self._command, self._command.event_fields()
        several = len(command.addresses) > 1
        columns = self._enricher.encoder.columns(command.prefix, f"{name}_" if several else "")
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
        told = self._report_broker() and told
        asked, events = self._answers.asked, self.engine.records
        log.counts.update(events=events, distinct=asked, memo_hits=max(0, events * len(self._tasks) - asked))
        log.counts.setdefault("calls", 0)
        if finished:
            self._report_end()
        if finished or not told:  # a search may have thousands of chunks: a few figures in each would cost as much
            log.tell(command)

    def _report_broker(self) -> bool:
        """What the broker says; False when there is something new to tell."""
        if self._brokered is None:
            return True
        client, log = self._brokered.client, self._command.log
        said = [("broker", client.problem)] if client.problem else []
        said += [(f"broker_{number}", text) for number, text in enumerate(client.messages, start=1)]
        new = [(kind, text) for kind, text in said if kind not in self._said]
        for kind, text in new:
            log.problem(kind, text)
            self._said.add(kind)
        log.counts["calls"] = sum(client.requests.values())
        return not new

    def _report_end(self) -> None:
        log, left_out = self._command.log, self._enricher.left_out
        if self.engine.records and self.engine.absent:
            names = " or ".join(self.engine.absent)  # of an indexer's own events, when it is one that tells
            log.problem("field", f"none of {self.engine.records:,} events has a field {names}")
        if self.engine.surplus:
            log.problem("columns", "cells beyond the last column of the header were dropped", self.engine.surplus)
        if left_out:
            log.problem("many", f"addresses beyond the first {MOST_ADDRESSES} of a field were left out", left_out)
        if self._plan:
            self._command.write_info(self._plan.told)
