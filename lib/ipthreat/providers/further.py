"""What some providers can be asked beyond one question about one address. A provider has what it needs of this.

Like all questions these are pure: they say what to send and read what came; `asking.py` sends.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Generator, Mapping, NamedTuple, Optional, Protocol, Sequence, Tuple, Union, runtime_checkable

from ..dossier import Evidence
from ..exchange import Request, Response
from .base import Failure, LiveProvider, Settings


@runtime_checkable
class Metered(Protocol):
    """The vendor tells what the account may still ask."""

    def quota_question(self, settings: Settings) -> Optional[Request]:
        """Asks what is left; None where the settings do not say enough."""

    def quota_answer(self, response: Response) -> Mapping[str, int]:
        """`limit_day`, `remaining_day` and the like; empty when the answer has none."""


@runtime_checkable
class Surveyed(Protocol):
    """One question about a network settles some of its addresses; the others are asked about one by one."""

    survey_quota: Mapping[str, int]
    """The limits of such questions, which the vendor counts by themselves."""

    def surveys(self, addresses: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """Network → those of the addresses for which the question about it is the cheaper way."""

    def survey_question(self, network: str, settings: Settings) -> Request:
        """Asks about the network."""

    def survey_answer(
        self, addresses: Sequence[str], response: Response, retrieved_at: Optional[datetime]
    ) -> Optional[Mapping[str, Evidence]]:
        """Evidence on those addresses that the answer settles; None when it settles nothing at all, nor ever will."""


class Refreshed(NamedTuple):
    """A copy of something that is kept between runs, as far as it could be brought up to date."""

    copy: Any
    """What is to be kept, as JSON."""
    failure: Optional[Failure] = None
    """Why it is not up to date or not whole; None when it is both."""


Refreshing = Generator[Request, Union[Response, Failure], Refreshed]
"""Yields one request after another; each is sent and its answer, or why there is none, handed in."""


@runtime_checkable
class Mirrored(Protocol):
    """Works with a copy of something of the service's that is kept between runs."""

    def place_of_copy(self, settings: Settings) -> str:
        """Where it comes from: a copy from elsewhere is another one. Empty when there is none to be kept."""

    def due(self, copy: Any, settings: Settings, now: datetime) -> int:
        """Requests that bringing it up to date takes at least, beside those of the look-ups."""

    def refresh(self, copy: Any, settings: Settings, now: datetime) -> Refreshing:
        """Brings it up to date. The copy is whatever was kept: nothing, ours, or damaged."""


@runtime_checkable
class Equipped(Mirrored, Protocol):
    """The copy is a table by which it asks better."""

    def equipped(self, copy: Any) -> LiveProvider:
        """A provider that has the table; itself when the copy is none."""


@runtime_checkable
class Collected(Mirrored, Protocol):
    """The copy is a whole collection, in which addresses are looked up without asking about them."""

    def looked_up(
        self, addresses: Sequence[str], refreshed: Refreshed, now: datetime
    ) -> Tuple[Mapping[str, Evidence], Response]:
        """Evidence on every address, and the answer that would have led to it: what a recording keeps."""
