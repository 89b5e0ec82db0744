"""Asks one provider, for one run, and makes evidence of what comes.

Every way this can fail ends as evidence with a status; nothing is raised.
"""

from __future__ import annotations

import random
import threading
from dataclasses import replace
from functools import partial
from typing import Callable, Dict, List, Mapping, Optional, Sequence, Union

from .breaker import Breaker, Cause
from .clock import Run
from .copies import IN_MEMORY, CopyFiles, up_to_date
from .dossier import Evidence, Status
from .egress import Audit
from .errors import IpthreatError
from .exchange import Response, Retries, retry_after
from .holding import Holding
from .livesource import LiveSource
from .metering import quota_errand
from .providers.base import failed, status_of
from .providers.further import Collected, Equipped, Refreshed, Surveyed
from .quota import Ledger
from .quota.account import MOST, clock_text
from .sending import FAULTS as FAULTS  # what runs code of others must expect
from .sending import ONCE, PATIENT, Errand, Heard, Sending, unheard

SPENT_FOR = 60.0
"""Seconds a quota is taken to be spent when the provider refuses and does not say for how long."""

Answered = Callable[[Sequence[str], Response, Mapping[str, Evidence]], None]
"""Gets each answer as it comes: the addresses asked about, the answer without secrets, and what was made of it."""

Handed = Callable[[Mapping[str, Evidence]], None]
"""Gets what was made of a question, before anything is done with it that may take time."""

_NO_FIGURES = Cause(Status.ERROR, "the answer names no quota")


def _nobody(_found: Mapping[str, Evidence]) -> None:
    """For callers that wait for the end."""


class Asking(Sending):
    """One provider in one run; shared by the threads that ask it."""

    def __init__(
        self,
        source: LiveSource,
        ledger: Ledger,
        audit: Audit,
        run: Run,
        answered: Answered,
        *,
        copies: CopyFiles = IN_MEMORY,
        heard: Heard = unheard,
        retries: Retries = PATIENT,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        super().__init__(source, ledger, audit, run, heard, retries, jitter)
        self.breaker = Breaker()
        self.last: Optional[Cause] = None
        """How the last question ended, with why where it failed; None before the first."""
        self.remarks: List[str] = []
        """What a person should know and no entry tells."""
        self._answered, self._copies = answered, copies
        self._preparing, self._prepared = threading.Lock(), False
        self._surveying = True
        self._collection: Optional[Refreshed] = None
        self._holding = Holding() if getattr(source.provider, "per_network", False) else None

    def ask(self, addresses: Sequence[str], handed: Handed = _nobody) -> Dict[str, Evidence]:
        """An entry for every address: the provider's answer, or why there is none.

        `handed` gets them before they are stored, which takes as long as other processes hold the store.
        """
        if self.breaker.cause is not None and self._collection is None:
            return self.without(addresses, self.breaker.cause)
        self._prepare()
        if self._collection is not None:
            return self._look_up(addresses, self._collection, handed)
        surveyed = len(addresses) > 1 and isinstance(self.source.provider, Surveyed)
        return self._survey(addresses, handed) if surveyed else self._ask(addresses, handed)

    # --- before the first question ----------------------------------------------------------------

    def _prepare(self) -> None:
        """Once in a run: learns the limits of the key, and brings up to date what the provider works with."""
        with self._preparing:
            if not self._prepared:
                self._prepared = True
                self._learn_quota()
                self._bring_up_to_date()

    def _learn_quota(self) -> None:
        errand = quota_errand(self.source, self._ledger)
        answer = self.send(errand) if errand else None
        failure = status_of(answer) if isinstance(answer, Response) else answer
        if isinstance(answer, Response) and errand and errand.figures and not (failure or errand.figures(answer)):
            failure = _NO_FIGURES
        if failure is not None:
            told = f"{failure.status.words}: {failure.reason}"
            self.remarks.append(f"{self.source.name} does not tell what the account may still ask ({told})")

    def _bring_up_to_date(self) -> None:
        provider = self.source.provider
        if isinstance(provider, Equipped):
            refreshed = up_to_date(self, provider, self._copies)
            self.source = replace(self.source, provider=provider.equipped(refreshed.copy))
            if refreshed.failure is not None:
                self.remarks.append(f"{self.source.name}: {refreshed.failure.reason}")
        elif isinstance(provider, Collected):
            self._collection = up_to_date(self, provider, self._copies)

    # --- the ways to ask --------------------------------------------------------------------------

    def _ask(self, addresses: Sequence[str], handed: Handed) -> Dict[str, Evidence]:
        """By the provider's own question. A batch that the quota has no room for is asked about as far as it has."""
        known = self._holding.covering(addresses[0]) if self._holding else None
        if known is not None:
            return {address: replace(known, link=self.source.provider.link(address)) for address in addresses}
        asked, answer = self._put(addresses)
        told = answer if isinstance(answer, Cause) else self._read(asked, answer)
        found = self.without(asked, told) if isinstance(told, Cause) else told
        self._judge(found)
        whole = {**self._beyond_quota(addresses[len(asked) :]), **found}
        handed(whole)
        if self._holding:
            self._holding.add(found.values())
        if isinstance(answer, Response) and not isinstance(told, Cause):
            self._answered(asked, answer, found)
        return whole

    def _survey(self, addresses: Sequence[str], handed: Handed) -> Dict[str, Evidence]:
        """One question about the network that holds them, and one about each that this does not settle."""
        found = self._settled(addresses)
        handed(found)
        for address in addresses:
            if address not in found:
                found.update(self.ask((address,), handed))
        return found

    def _settled(self, addresses: Sequence[str]) -> Dict[str, Evidence]:
        """What the question about the network settles. After one that failed there is none in this run."""
        source = self.source
        if not (self._surveying and isinstance(source.provider, Surveyed)):
            return {}
        ((network, _),) = source.provider.surveys(addresses).items()
        request = source.provider.survey_question(network, source.settings)
        answer = self.send(Errand(request, (network,), source.survey_account, retries=ONCE))
        if not isinstance(answer, Response):
            self._surveying = False
            return {}
        found = source.provider.survey_answer(addresses, answer, self.run.clock.now())
        self._surveying = found is not None
        if found:
            self._answered(tuple(found), answer, found)
        return dict(found or {})

    def _look_up(self, addresses: Sequence[str], collection: Refreshed, handed: Handed) -> Dict[str, Evidence]:
        """In the copy of the collection, which was brought up to date."""
        provider = self.source.provider
        if not isinstance(provider, Collected):
            return {}
        told, answer = provider.looked_up(addresses, collection, self.run.clock.now())
        found = dict(told)
        self._judge(found, Cause(*collection.failure) if collection.failure else None)
        handed(found)
        self._answered(addresses, answer, found)
        return found

    # --- the provider's own question --------------------------------------------------------------

    def _put(self, addresses: Sequence[str]) -> tuple[Sequence[str], Union[Response, Cause]]:
        """The addresses that were asked about, the first of all, and the answer or why there is none."""
        asked = addresses
        while True:
            answer = self._question(asked)
            refused = isinstance(answer, Cause) and answer.status is Status.RATE_LIMITED
            fewer = self._room(len(asked) - 1) if refused and self.source.cost(len(asked)) > 1 else 0
            if not fewer:
                return asked, answer
            asked = asked[:fewer]

    def _room(self, most: int) -> int:
        """How many addresses of a batch, up to `most`, what is left of the quota suffices for."""
        try:
            left = self._ledger.standing(self.source.account).left
        except IpthreatError:
            return 0
        return self.source.within(min(left.values(), default=MOST), most)

    def _question(self, addresses: Sequence[str]) -> Union[Response, Cause]:
        source = self.source
        try:
            request = source.provider.question(addresses, source.settings)
        except (*FAULTS, IpthreatError) as error:
            return Cause(Status.ERROR, f"it cannot be asked ({type(error).__name__})")
        sent = () if getattr(source.provider, "whole", False) else addresses
        meaning = partial(self._meaning, addresses)
        return self.send(Errand(request, sent, cost=source.cost(len(addresses)), meaning=meaning))

    def _beyond_quota(self, addresses: Sequence[str]) -> Dict[str, Evidence]:
        """For the rest of a batch that was asked in part."""
        reason = "what was left of the quota went to more worrying addresses"
        return self.without(addresses, Cause(Status.RATE_LIMITED, reason))

    def _judge(self, found: Mapping[str, Evidence], cause: Optional[Cause] = None) -> None:
        """Takes in how the question ended: a batch with answers and failures has not failed."""
        first = next(iter(found.values()))
        alike = all(item.status is first.status for item in found.values())
        ended = cause or (Cause(first.status, first.reason) if alike else Cause(Status.OK, ""))
        self.breaker.note(*ended)
        if ended.status is not Status.NOT_ASKED:
            self.last = ended

    def without(self, addresses: Sequence[str], cause: Cause) -> Dict[str, Evidence]:
        """The same reason for having no answer, for every address."""
        reason = self._redaction.text(cause.reason)
        return {address: failed(self.source.provider, address, cause.status, reason) for address in addresses}

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

    def _meaning(self, addresses: Sequence[str], response: Response) -> Status:
        """What an answer comes to, for who counts requests; of a batch the first address tells."""
        found = self._understood(addresses, response)
        return found.status if isinstance(found, Cause) else found[addresses[0]].status

    def _until(self, found: Mapping[str, Evidence], response: Response) -> Dict[str, Evidence]:
        """The refusals with the moment until which they hold, which the ledger remembers.

        A provider says it itself where the answer does.
        """
        asked = retry_after(response)
        reset = self._rate(response).get("reset", 0) - self.run.clock.wall()
        seconds = asked if asked is not None else reset if reset > 0 else SPENT_FOR
        until = self._block(seconds, "said that the quota is spent", self.source.account)
        told = "" if asked is not None else f"; nothing is asked before {clock_text(until)}"
        return {address: replace(item, reason=item.reason + told) for address, item in found.items()}
