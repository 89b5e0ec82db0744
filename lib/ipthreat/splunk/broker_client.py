"""The broker as a search or an alert sees it: asks the app's handler, in the user's name, and never has a key.

When the handler is away, or the user may not ask, nothing fails: every address is told of without live sources, and
`problem` says why in one sentence.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

from ..dossier import Dossier, Evidence, SourceKind, Status
from ..errors import SplunkError
from ..policy import Policy
from ..store.encoding import decoded
from ..triage import by_worry
from .splunkd import Splunkd

PATH = "ipthreat/evidence"
BATCH = 500
"""Addresses of one request."""
LONGEST = 50.0
"""Seconds of one request; what is late is asked for again while there is time."""
GRACE = 10.0
"""Seconds more that the answer itself may take."""


@dataclass(frozen=True)
class Search:
    """What a search settles for all its questions."""

    sid: str
    live: bool
    """False asks the cache alone."""
    budget: int
    """New addresses that may be asked about."""
    seconds: float
    providers: Tuple[str, ...] = ()
    """Empty asks all that are configured."""
    as_of: Optional[datetime] = None
    """The moment judged: what is answered later, in this run, counts as known then."""


class BrokerClient:
    """Live sources behind the handler. One per search: its budget and its time hold for all calls together."""

    def __init__(
        self, splunkd: Splunkd, policy: Policy, search: Search, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.problem = ""
        """Why nobody was asked, or no longer; empty while all is well."""
        self.messages: List[str] = []
        """What the broker says that the user should know."""
        self.sources: Tuple[str, ...] = ()
        """The sources that are configured, as far as an answer has told."""
        self.requests: Dict[str, int] = {}
        """Requests made by the broker for this search, by provider."""
        self._splunkd, self._policy, self._clock = splunkd, policy, clock
        mode = "live" if search.live else "cached"
        self._asked = {"mode": mode, "sid": search.sid[:200], "providers": list(search.providers)}
        self._as_of, self._left, self._seconds = search.as_of, search.budget, search.seconds
        self._end: Optional[float] = None

    def answers(self, dossiers: Sequence[Dossier]) -> Dict[str, Tuple[Evidence, ...]]:
        """Address → an entry per configured source; all addresses that are global have one once a source is known."""
        ranked = [item.address for item in by_worry(dossiers, self._policy) if item.is_global]
        if self._end is None:
            self._end = self._clock() + self._seconds
        found: Dict[str, Tuple[Evidence, ...]] = {}
        for start in range(0, len(ranked), BATCH):
            found.update(self._batch(ranked[start : start + BATCH]))
        for address in ranked:
            if address not in found and self.sources:
                found[address] = self.unanswered()
        return found

    def unanswered(self) -> Tuple[Evidence, ...]:
        """An entry per source that says that it was not asked."""
        reason = self.problem or "the time of the search was over"
        return tuple(Evidence(name, SourceKind.PROVIDER, Status.NOT_ASKED, reason=reason) for name in self.sources)

    def _batch(self, addresses: Sequence[str]) -> Dict[str, Tuple[Evidence, ...]]:
        """Asks until nothing is late or the time is over. What was asked before costs no budget again."""
        found: Dict[str, Tuple[Evidence, ...]] = {}
        budget, spent, late = self._left, 0, True
        while late and not self.problem and self._time_left() > 0:
            answer = self._ask(addresses, budget)
            if answer is None:
                break
            found.update(self._dated(_evidence(answer.get("evidence"), addresses)))
            spent, late = max(spent, _whole(answer.get("asked"))), answer.get("late") is True
        self._left -= min(spent, self._left)
        return found

    def _dated(self, answers: Iterator[Tuple[str, Tuple[Evidence, ...]]]) -> Iterator[Tuple[str, Tuple[Evidence, ...]]]:
        """The answers, none of them later than the moment judged."""
        moment = self._as_of
        for address, items in answers:
            if moment is None:
                yield address, items
            else:
                yield address, tuple(_no_later(item, moment) for item in items)

    def _time_left(self) -> float:
        return (self._end or 0.0) - self._clock()

    def _ask(self, addresses: Sequence[str], budget: int) -> Optional[Mapping[str, Any]]:
        seconds = min(LONGEST, max(0.1, self._time_left()))
        question = {**self._asked, "addresses": list(addresses), "budget": budget, "timeout": seconds}
        try:
            answer = self._splunkd.post_json(PATH, question, seconds + GRACE)
            told = answer.json()
        except SplunkError as error:
            self._away(str(error))
            return None
        if not answer.ok or not isinstance(told, dict):
            self._away(_why(answer.status, told))
            return None
        self._note(told)
        return told

    def _away(self, why: str) -> None:
        self.problem = f"live sources were not asked: {why}"

    def _note(self, told: Mapping[str, Any]) -> None:
        self.sources = tuple(_texts(told.get("sources")))
        said = dict.fromkeys(text[:300] for text in _texts(told.get("messages")))
        self.messages += [text for text in said if text not in self.messages]
        requests = told.get("requests")
        for name, number in requests.items() if isinstance(requests, dict) else ():
            self.requests[name] = self.requests.get(name, 0) + _whole(number)


def _no_later(item: Evidence, moment: datetime) -> Evidence:
    late = item.retrieved_at is not None and item.retrieved_at > moment
    return replace(item, retrieved_at=moment) if late else item


def _why(status: int, told: Any) -> str:
    """The handler's own words where there are some; else what the status means."""
    if isinstance(told, dict) and isinstance(told.get("error"), str):
        return str(told["error"])[:300]
    words = {
        401: "the session has expired",
        403: "this needs the capability ipthreat_lookup",
        404: "the app's handler is not there",
    }
    return words.get(status, f"the app's handler answers {status}")


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _texts(value: Any) -> List[str]:
    """The texts in a list of the handler's, 100 at most; of anything else none."""
    items = value[:100] if isinstance(value, list) else []
    return [item for item in items if isinstance(item, str)]


def _evidence(told: Any, wanted: Sequence[str]) -> Iterator[Tuple[str, Tuple[Evidence, ...]]]:
    """What can be read of the answer, of addresses that were asked about."""
    entries = told if isinstance(told, dict) else {}
    for address in wanted:
        items = entries.get(address)
        if isinstance(items, list):
            read = [decoded(json.dumps(item).encode()) for item in items]
            yield address, tuple(item for item in read if item is not None)
