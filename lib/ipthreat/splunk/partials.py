"""The map phase of `| ipthreatreport`: records of a search become events, and events travel as records.

Only what the behaviour rules read of an event travels to the search head: never `_raw`, no request that tells nothing,
and alike events as one record, with all their times and the sum of their bytes. The search head adds them to one
observer, which finds the same in whatever order and in however many parts they come. Plain CSV fields rather than a
serialised object: who can write into a search cannot make the search head run anything.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple

from ..address import canonical
from ..errors import AddressError
from ..logs.event import Event, Skip
from ..logs.fields import FieldPlan
from ..logs.times import Clock, within
from ..memo import Memo
from ..observed.reading import Asked, what_requests_ask

PREFIX = "ipthreat_"
FIELDS = tuple(f"{PREFIX}{name}" for name in (*(name for name in Event._fields if name != "time"), "times"))
"""The fields of a partial result: those of an event, with all the times at which it happened, separated by spaces."""
ACCOUNT = (f"{PREFIX}read", f"{PREFIX}skipped")
"""The fields of the record that says how many records were read, and how many gave no event, by reason."""
UNREADABLE = "a partial result that cannot be read"
"""Why a partial result was skipped."""

_MOST_TIMES = 5000  # times in one record, so that no field comes near Splunk's limit of 10 MB
_PLANS_KEPT = 256
_UNDATED = "-"
_SKIPS = {reason.name: reason.value for reason in Skip}

Record = Mapping[str, Any]


class Records:
    """Reads the records of a search as events, and keeps account of those that give none."""

    def __init__(self, as_of: datetime, field: Optional[str] = None) -> None:
        """`field` names the field of the address; without it the field is found by its name."""
        self.read = 0
        self.skipped: Counter[str] = Counter()
        self._times = Clock(as_of).stamps()
        self._field = field
        self._plans: Dict[Tuple[str, ...], FieldPlan] = {}

    def events(self, records: Iterable[Record]) -> Iterator[Event]:
        """An event for each record with an address."""
        for record in records:
            self.read += 1
            plan = self._plan(tuple(record))
            event = plan.event([_text(value) for value in record.values()])
            if event:
                yield event
            else:
                self.skipped[(Skip.ADDRESS if plan.has_address else Skip.NO_ADDRESS).value] += 1

    def take(self, records: Iterable[Record]) -> Iterator[Event]:
        """The events in partial results; their accounts are added to this one."""
        for record in records:
            if record.get(ACCOUNT[0]):
                self._add_account(record)
                continue
            try:
                yield from unpacked(record)
            except (AddressError, ValueError, OverflowError):
                self.read += 1
                self.skipped[UNREADABLE] += 1

    def _plan(self, names: Tuple[str, ...]) -> FieldPlan:
        plan = self._plans.get(names)
        if plan is None:
            if len(self._plans) >= _PLANS_KEPT:
                self._plans.clear()
            plan = self._plans[names] = FieldPlan(names, self._times, self._field)
        return plan

    def _add_account(self, record: Record) -> None:
        read, skipped = str(record[ACCOUNT[0]]), str(record.get(ACCOUNT[1], ""))
        self.read += int(read) if read.isascii() and read.isdigit() else 0
        for pair in skipped.split():
            name, _, number = pair.partition("=")
            if name in _SKIPS and number.isascii() and number.isdigit():
                self.skipped[_SKIPS[name]] += int(number)


def is_partial(record: Record) -> bool:
    """True for a record of the map phase; an event of an index has `_raw`, whatever else its author put into it."""
    return "_raw" not in record and all(name in record for name in (*FIELDS, *ACCOUNT))


def packed(events: Iterable[Event], account: Records) -> Iterator[Dict[str, str]]:
    """Events as partial results, and the account of the records they were read from. All have the same fields."""
    alike: Dict[Event, List[str]] = {}
    sums: Dict[Event, List[int]] = {}
    asked = what_requests_ask()
    for event in events:
        kind = _kind(event, asked)
        alike.setdefault(kind, []).append(_UNDATED if event.time is None else repr(event.time))
        total = sums.setdefault(kind, [0, 0])
        total[0] += event.bytes_out or 0
        total[1] += event.bytes_in or 0
    for kind, times in alike.items():
        yield from _records(kind, times, *sums[kind])
    names = {value: name for name, value in _SKIPS.items()}
    skipped = " ".join(f"{names[reason]}={number}" for reason, number in sorted(account.skipped.items()))
    yield {**dict.fromkeys(FIELDS, ""), ACCOUNT[0]: str(account.read), ACCOUNT[1]: skipped}


def _kind(event: Event, asked: Memo[Optional[Asked]]) -> Event:
    """An event without what the rules do not read of it, its time and its bytes; that none came back is read."""
    action = "" if event.action == "allowed" else event.action
    return event._replace(
        time=None,
        request=event.request if event.status in (401, 404) or asked[event.request] else "",
        action=action,
        bytes_out=None,
        bytes_in=0 if event.peer and event.bytes_in == 0 else None,
        port=event.port if event.peer or action == "blocked" else None,
    )


def _records(kind: Event, times: Sequence[str], bytes_out: int, bytes_in: int) -> Iterator[Dict[str, str]]:
    """Alike events as records, the first of which has the bytes of all of them."""
    for start in range(0, len(times), _MOST_TIMES):
        first = kind._replace(bytes_out=bytes_out, bytes_in=bytes_in or kind.bytes_in) if not start else kind
        texts = ["" if value is None else str(value) for name, value in zip(first._fields, first) if name != "time"]
        values = (*texts, " ".join(times[start : start + _MOST_TIMES]), "", "")
        yield dict(zip((*FIELDS, *ACCOUNT), values))


def unpacked(record: Record) -> Iterator[Event]:
    """The events of a partial result, the first with the bytes of all. Raises AddressError or ValueError for one that
    is none."""
    known = {name[len(PREFIX) :]: _text(record[name]) for name in FIELDS}
    peer = known["peer"]
    event = Event(
        canonical(known["address"]),
        None,
        known["user_agent"],
        known["request"],
        _number(known["status"]),
        known["action"],
        _number(known["bytes_out"]),
        _number(known["bytes_in"]),
        canonical(peer) if peer else "",
        _number(known["port"]),
        known["user"],
        max(1, _number(known["repeats"]) or 1),
    )
    for time in known["times"].split():
        yield event._replace(time=None if time == _UNDATED else within(float(time)))
        event = event._replace(bytes_out=None, bytes_in=None if event.bytes_in else event.bytes_in)


def _number(text: str) -> Optional[int]:
    return int(text) if text else None


def _text(value: Any) -> str:
    """A field as one text; several values stand on a line each, as Splunk shows them."""
    return "\n".join(map(str, value)) if isinstance(value, list) else str(value)
