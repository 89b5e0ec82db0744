"""Sends the requests of one provider, for one run: within its quota, after the audit line, again where that helps.

Whatever goes wrong ends as a Cause; nothing is raised.
"""

from __future__ import annotations

import threading
import time
from typing import Callable, Mapping, NamedTuple, Optional, Sequence, Tuple, Union
from urllib.parse import urlsplit

from .breaker import Cause
from .clock import Run
from .dossier import Status
from .egress import Audit
from .errors import FetchTimeout, StoreError
from .exchange import Outcome, Request, Response, Retries, retry_after
from .livesource import LiveSource
from .providers.base import status_of
from .quota import Account, Grant, Ledger
from .quota.account import LONGEST_RESET
from .redaction import Redaction

PATIENT = Retries(attempts=4)
"""A look-up is tried up to four times; each try is one request of the quota."""
ONCE = Retries(attempts=1)
"""For what a run can do without."""

# What a provider's code may raise at an answer its author did not foresee. Ours does not, but others write them, too.
FAULTS = (ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


class Errand(NamedTuple):
    """A request to be sent."""

    request: Request
    sent: Sequence[str] = ()
    """The addresses and networks that leave with it, for the audit file."""
    account: Optional[Account] = None
    """Who pays, where that is not the source's own account."""
    cost: int = 1
    """How many requests of the day and the month it counts for."""
    retries: Optional[Retries] = None
    """When it is tried again, where that is not the run's own rule."""
    figures: Optional[Callable[[Response], Mapping[str, int]]] = None
    """What its answer says of the quota, where that is not in the headers that the provider reads."""
    meaning: Optional[Callable[[Response], Status]] = None
    """What its answer comes to, where that is more than its HTTP status says."""


class Exchange(NamedTuple):
    """One request, retries counted by themselves, and how it ended."""

    provider: str
    host: str
    addresses: Tuple[str, ...]
    """Those that were sent, networks among them; none where the question names none."""
    status: Status
    seconds: float
    left: Optional[int]
    """Requests that this machine may still make today; None where no daily limit is known."""


Heard = Callable[[Exchange], None]
"""Gets each request after it has ended, from the thread that made it."""


def unheard(_exchange: Exchange) -> None:
    """For runs whose requests nobody counts."""


class Sending:
    """The way to one provider in one run; shared by the threads that ask it."""

    def __init__(
        self,
        source: LiveSource,
        ledger: Ledger,
        audit: Audit,
        run: Run,
        heard: Heard,
        retries: Retries,
        jitter: Callable[[], float],
    ) -> None:
        self.source = source
        self.run = run
        self.requests = 0
        """Requests made, retries included."""
        self._ledger, self._audit = ledger, audit
        self._heard, self._retries, self._jitter = heard, retries, jitter
        self._redaction = Redaction(source.settings.secrets)
        self._counting = threading.Lock()

    def send(self, errand: Errand) -> Union[Response, Cause]:
        """The answer without secrets, or why there is none. Each attempt is granted and recorded by itself."""
        retries, attempt = errand.retries or self._retries, 1
        try:
            host = urlsplit(errand.request.url).hostname or ""
        except ValueError as error:
            return Cause(Status.ERROR, f"it cannot be asked ({type(error).__name__})")
        while True:
            grant = self._permit(errand, host)
            if isinstance(grant, Cause):
                return grant
            left = min(self.source.settings.timeout, self.run.left)
            started = time.monotonic()
            outcome = self.source.transport.attempt(errand.request, left)
            seconds = time.monotonic() - started
            if outcome.response is not None:
                self._heed(errand, grant, outcome.response)
            if self._heard is not unheard:
                self._heard(self._exchange(errand, host, outcome, seconds))
            wait = retries.wait(outcome, attempt, self._jitter())
            if wait is None or wait >= self.run.left or not self.run.pause(wait):
                return self._ended(outcome)
            attempt += 1

    def _payer(self, errand: Errand) -> Account:
        return errand.account or self.source.account

    def _permit(self, errand: Errand, host: str) -> Union[Grant, Cause]:
        """Waits for the quota's leave and writes the audit line."""
        account = self._payer(errand)
        grant = self._granted(errand)
        if isinstance(grant, Cause):
            return grant
        wait = grant.wait
        while wait or (wait := self._ledger.start(account, grant)):
            if not self.run.pause(wait) or self.run.left <= 0:
                self._ledger.give_back(account, grant)
                return self.too_late()
            wait = 0.0
        try:
            self._audit.sending(self.run.clock.now(), self.source.name, host, self.source.account.name, errand.sent)
        except StoreError as error:
            self._ledger.give_back(account, grant)
            return Cause(Status.ERROR, str(error))
        with self._counting:
            self.requests += 1
        return grant

    def _granted(self, errand: Errand) -> Union[Grant, Cause]:
        """The quota's leave; asked for again when a refusal ends within the run: a busy ledger, a new day."""
        while self.run.left > 0:
            grant = self._ledger.take(self._payer(errand), self.run.left, errand.cost)
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

    def _heed(self, errand: Errand, grant: Grant, response: Response) -> None:
        """Tells the ledger what the answer says of the quota; after a 429 all who share the key hold their breath."""
        account = self._payer(errand)
        self._ledger.learn(account, grant, self._rate(response, errand.figures))
        asked = retry_after(response) if response.status in (429, 503) else None
        if asked:
            why = "said that the quota is spent" if response.status == 429 else "asked to be left alone"
            self._block(asked, why, account)

    def _rate(
        self, response: Response, figures: Optional[Callable[[Response], Mapping[str, int]]] = None
    ) -> Mapping[str, int]:
        """What an answer says of the quota."""
        try:
            return (figures or self.source.provider.rate)(response)
        except FAULTS:
            return {}

    def _block(self, seconds: float, why: str, account: Account) -> float:
        """Blocks an account; until when, in seconds since 1970."""
        until = self.run.clock.wall() + min(seconds, LONGEST_RESET)
        self._ledger.block(account, until, f"{self.source.name} {why}")
        return until

    def _ended(self, outcome: Outcome) -> Union[Response, Cause]:
        if outcome.response is not None:
            return self._redaction.response(outcome.response)
        late = isinstance(outcome.failure, FetchTimeout)
        return Cause(Status.TIMEOUT if late else Status.ERROR, str(outcome.failure))

    def _exchange(self, errand: Errand, host: str, outcome: Outcome, seconds: float) -> Exchange:
        ended = self._ended(outcome)
        status = self._status(errand, ended) if isinstance(ended, Response) else ended.status
        return Exchange(self.source.name, host, tuple(errand.sent), status, seconds, self._left(errand))

    def _status(self, errand: Errand, response: Response) -> Status:
        if errand.meaning:
            return errand.meaning(response)
        failure = status_of(response)
        return failure.status if failure else Status.OK

    def _left(self, errand: Errand) -> Optional[int]:
        try:
            return self._ledger.standing(self._payer(errand)).left.get("day")
        except StoreError:
            return None
