"""Asks one provider, for one run: within its quota, after the audit line, again where that makes sense.

Every way this can fail ends as evidence with a status; nothing is raised.
"""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass, replace
from typing import Callable, Dict, Mapping, NamedTuple, Optional, Sequence, Tuple, Union
from urllib.parse import urlsplit

from .breaker import Breaker, Cause
from .clock import Run
from .dossier import Evidence, Status
from .egress import Audit
from .errors import FetchTimeout, IpthreatError, StoreError
from .exchange import Outcome, Request, Response, Retries, Transport, retry_after
from .providers.base import LiveProvider, failed
from .quota import Account, Grant, Ledger
from .quota.account import CALENDAR, LONGEST_RESET, MOST, clock_text
from .redaction import Redaction
from .settings import ProviderSettings

PATIENT = Retries(attempts=4)
"""A look-up is tried up to four times; each try is one request of the quota."""
SPENT_FOR = 60.0
"""Seconds a quota is taken to be spent when the provider refuses and does not say for how long."""

# What a provider's code may raise at an answer its author did not foresee. Ours does not, but others write them, too.
FAULTS = (ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError)

Answered = Callable[[Sequence[str], Response, Mapping[str, Evidence]], None]
"""Gets each answer as it comes: the addresses asked about, the answer without secrets, and what was made of it."""

Handed = Callable[[Mapping[str, Evidence]], None]
"""Gets what was made of a question, before anything is done with it that may take time."""


class Exchange(NamedTuple):
    """One request, retries counted by themselves, and how it ended."""

    provider: str
    host: str
    addresses: Tuple[str, ...]
    """Those that were sent; none where the question names none."""
    status: Status
    seconds: float
    left: Optional[int]
    """Requests that this machine may still make today; None where no daily limit is known."""


Heard = Callable[[Exchange], None]
"""Gets each request after it has ended, from the thread that made it."""


def unheard(_exchange: Exchange) -> None:
    """For runs whose requests nobody counts."""


def _nobody(_found: Mapping[str, Evidence]) -> None:
    """For callers that wait for the end."""


@dataclass(frozen=True)
class LiveSource:
    """A provider as the user has configured it, with the way to it."""

    provider: LiveProvider
    settings: ProviderSettings
    account: Account
    transport: Transport

    @property
    def name(self) -> str:
        """The provider's name."""
        return self.provider.name

    @property
    def at_once(self) -> int:
        """Addresses one request may carry, and may cost: no more than a whole day's or month's share."""
        most = max(1, self.provider.at_once(self.settings))
        limits = self.account.limits
        room = min((self.account.share(limits[period]) for period in CALENDAR if period in limits), default=MOST)
        return next((size for size in range(most, 1, -1) if self.cost(size) <= max(1, room)), 1)

    def cost(self, addresses: int) -> int:
        """How many requests of the day and the month one about so many addresses counts for."""
        return max(1, self.provider.cost(addresses))

    @property
    def concurrency(self) -> int:
        """Requests under way at a time."""
        return max(1, self.settings.concurrency or self.provider.concurrency)


class Asking:
    """One provider in one run; shared by the threads that ask it."""

    def __init__(
        self,
        source: LiveSource,
        ledger: Ledger,
        audit: Audit,
        run: Run,
        answered: Answered,
        *,
        heard: Heard = unheard,
        retries: Retries = PATIENT,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.source = source
        self.run = run
        self.breaker = Breaker()
        self.requests = 0
        """Requests made, retries included."""
        self.last: Optional[Cause] = None
        """How the last question ended, with why where it failed; None before the first."""
        self._ledger, self._audit, self._answered = ledger, audit, answered
        self._heard, self._retries, self._jitter = heard, retries, jitter
        self._redaction = Redaction(source.settings.secrets)
        self._lock = threading.Lock()

    def ask(self, addresses: Sequence[str], handed: Handed = _nobody) -> Dict[str, Evidence]:
        """An entry for every address: the provider's answer, or why there is none.

        `handed` gets them before they are stored, which takes as long as other processes hold the store.
        """
        if self.breaker.cause is not None:
            return self.without(addresses, self.breaker.cause)
        answer = self._put(addresses)
        told = answer if isinstance(answer, Cause) else self._read(addresses, answer)
        found = self.without(addresses, told) if isinstance(told, Cause) else told
        self._judge(addresses, found)
        handed(found)
        if isinstance(answer, Response) and not isinstance(told, Cause):
            self._answered(addresses, answer, found)
        return found

    def _put(self, addresses: Sequence[str]) -> Union[Response, Cause]:
        """The answer to the provider's question, or why there is none."""
        try:
            request = self.source.provider.question(addresses, self.source.settings)
            host = urlsplit(request.url).hostname or ""
        except (*FAULTS, IpthreatError) as error:
            return Cause(Status.ERROR, f"it cannot be asked ({type(error).__name__})")
        return self._exchange(request, host, addresses)

    def _judge(self, addresses: Sequence[str], found: Mapping[str, Evidence]) -> None:
        """Takes in how the question ended: a batch with answers and failures has not failed."""
        first = found[addresses[0]]
        alike = all(item.status is first.status for item in found.values())
        ended = Cause(first.status, first.reason) if alike else Cause(Status.OK, "")
        self.breaker.note(*ended)
        if ended.status is not Status.NOT_ASKED:
            self.last = ended

    def without(self, addresses: Sequence[str], cause: Cause) -> Dict[str, Evidence]:
        """The same reason for having no answer, for every address."""
        reason = self._redaction.text(cause.reason)
        return {address: failed(self.source.provider, address, cause.status, reason) for address in addresses}

    def _exchange(self, request: Request, host: str, addresses: Sequence[str]) -> Union[Response, Cause]:
        """The answer without secrets, or why there is none. Each attempt is granted and recorded by itself."""
        attempt = 1
        while True:
            grant = self._permit(host, addresses)
            if isinstance(grant, Cause):
                return grant
            left = min(self.source.settings.timeout, self.run.left)
            started = time.monotonic()
            outcome = self.source.transport.attempt(request, left)
            seconds = time.monotonic() - started
            if outcome.response is not None:
                self._heed(grant, outcome.response)
            self._tell(host, addresses, outcome, seconds)
            wait = self._retries.wait(outcome, attempt, self._jitter())
            if wait is None or wait >= self.run.left or not self.run.pause(wait):
                return self._ended(outcome)
            attempt += 1

    def _permit(self, host: str, addresses: Sequence[str]) -> Union[Grant, Cause]:
        """Waits for the quota's leave and writes the audit line."""
        account = self.source.account
        grant = self._granted(addresses)
        if isinstance(grant, Cause):
            return grant
        wait = grant.wait
        while wait or (wait := self._ledger.start(account, grant)):
            if not self.run.pause(wait) or self.run.left <= 0:
                self._ledger.give_back(account, grant)
                return self.too_late()
            wait = 0.0
        try:
            self._audit.sending(self.run.clock.now(), self.source.name, host, account.name, self._sent(addresses))
        except StoreError as error:
            self._ledger.give_back(account, grant)
            return Cause(Status.ERROR, str(error))
        with self._lock:
            self.requests += 1
        return grant

    def _granted(self, addresses: Sequence[str]) -> Union[Grant, Cause]:
        """The quota's leave; asked for again when a refusal ends within the run: a busy ledger, a new day."""
        while self.run.left > 0:
            grant = self._ledger.take(self.source.account, self.run.left, self.source.cost(len(addresses)))
            if isinstance(grant, Grant):
                return grant
            wait = grant.until - self.run.clock.wall()
            if wait >= self.run.left:
                return Cause(Status.RATE_LIMITED, grant.reason)
            self.run.pause(wait)
        return self.too_late()

    def too_late(self) -> Cause:
        """Why nothing is asked any more at the end of a run."""
        why = "the run was stopped" if self.run.stopped else f"the {self.run.seconds:g} s of the run were over"
        return Cause(Status.NOT_ASKED, why)

    def _heed(self, grant: Grant, response: Response) -> None:
        """Tells the ledger what the answer says of the quota; after a 429 all who share the key hold their breath."""
        self._ledger.learn(self.source.account, grant, self._rate(response))
        asked = retry_after(response) if response.status in (429, 503) else None
        if asked:
            self._block(asked, "said that the quota is spent" if response.status == 429 else "asked to be left alone")

    def _rate(self, response: Response) -> Mapping[str, int]:
        try:
            return self.source.provider.rate(response)
        except FAULTS:
            return {}

    def _block(self, seconds: float, why: str) -> float:
        """Blocks the key; until when, in seconds since 1970."""
        until = self.run.clock.wall() + min(seconds, LONGEST_RESET)
        self._ledger.block(self.source.account, until, f"{self.source.name} {why}")
        return until

    def _ended(self, outcome: Outcome) -> Union[Response, Cause]:
        if outcome.response is not None:
            return self._redaction.response(outcome.response)
        late = isinstance(outcome.failure, FetchTimeout)
        return Cause(Status.TIMEOUT if late else Status.ERROR, str(outcome.failure))

    def _sent(self, addresses: Sequence[str]) -> Tuple[str, ...]:
        """The addresses that the question names."""
        return () if getattr(self.source.provider, "whole", False) else tuple(addresses)

    def _tell(self, host: str, addresses: Sequence[str], outcome: Outcome, seconds: float) -> None:
        """Tells of a request, if anybody wants to know."""
        if self._heard is unheard:
            return
        ended = self._ended(outcome)
        told = ended if isinstance(ended, Cause) else self._understood(addresses, ended)
        status = told.status if isinstance(told, Cause) else told[addresses[0]].status
        left = self._ledger.standing(self.source.account).left.get("day")
        self._heard(Exchange(self.source.name, host, self._sent(addresses), status, seconds, left))

    def _read(self, addresses: Sequence[str], response: Response) -> Union[Dict[str, Evidence], Cause]:
        """What the provider makes of its answer, or that it cannot read it; a refusal with its end."""
        found = self._understood(addresses, response)
        if isinstance(found, Cause) or any(item.status is not Status.RATE_LIMITED for item in found.values()):
            return found
        return self._until(found, response)

    def _understood(self, addresses: Sequence[str], response: Response) -> Union[Dict[str, Evidence], Cause]:
        provider = self.source.provider
        try:
            told = dict(provider.answers(addresses, response, self.run.clock.now()))
        except FAULTS as error:
            return Cause(Status.ERROR, f"its answer was not understood ({type(error).__name__})")
        silent = Cause(Status.ERROR, "its answer says nothing about this address")
        return {**self.without(addresses, silent), **{name: told[name] for name in addresses if name in told}}

    def _until(self, found: Mapping[str, Evidence], response: Response) -> Dict[str, Evidence]:
        """The refusals with the moment until which they hold, which the ledger remembers.

        A provider says it itself where the answer does.
        """
        asked = retry_after(response)
        reset = self._rate(response).get("reset", 0) - self.run.clock.wall()
        seconds = asked if asked is not None else reset if reset > 0 else SPENT_FOR
        until = self._block(seconds, "said that the quota is spent")
        told = "" if asked is not None else f"; nothing is asked before {clock_text(until)}"
        return {address: replace(item, reason=item.reason + told) for address, item in found.items()}
