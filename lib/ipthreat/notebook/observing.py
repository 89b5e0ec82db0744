"""`.assess`: all rows of a DataFrame as events of our own, read as the command line reads a CSV file of them.

Which column means what is found by its name (`logs.fields`), unless the caller says so. Columns are read by group: the
distinct combinations of a group's cells are parsed once, so that a million rows cost little more than their times.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Callable, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy
import pandas

from ..behaviour import Observer
from ..case import EventsRead
from ..errors import InputError
from ..logs.event import Event, Row, Skip
from ..logs.fields import FIELDS, FieldPlan, role_of
from ..logs.times import Clock, within
from ..reading import DAY, LATER
from . import cells
from .ground import Ground
from .progress import watched

_BATCH = 65_536
_ADDRESS = "src_ip"  # the name of a column that is said to hold the address
_STANDS_FOR = "192.0.2.1"  # an address to read the other fields with
_PARTS = {"request": ("request", "method", "uri", "query"), "time": ("time", "date")}  # what a role replaces
_ORIGIN, _FORMAT = "a DataFrame", "pandas"

# A group of roles → what is taken of the event that its cells make.
_GROUPS: Mapping[Tuple[str, ...], Callable[[Event], Tuple[Any, ...]]] = {
    ("time", "date"): lambda event: (event.time,),
    ("user_agent", "request", "method", "uri", "query"): lambda event: (event.user_agent, event.request),
    ("status", "action", "user"): lambda event: (event.status, event.action, event.user),
    ("bytes_out",): lambda event: (event.bytes_out,),
    ("bytes_in",): lambda event: (event.bytes_in,),
    ("port",): lambda event: (event.port,),
}
_ENDS = ("address", "peer", "local", "remote", "direction")
ROLES = tuple(role for group in ((_ENDS, *_GROUPS)) for role in group)
"""What a column may mean."""


class Column(NamedTuple):
    """A column that means something."""

    name: Any
    """In the frame."""
    known_as: str
    """A name by which `logs.fields` knows it."""


def meanings(frame: pandas.DataFrame, address: Any, told: Mapping[str, Any]) -> Dict[str, List[Column]]:
    """Role → its columns. `told` is role → column, and beats what names say; None switches a role off.

    Without an `address` all columns count whose names say that they hold one. Raises InputError for a column that there
    is not, for a role that there is not, and when no column holds an address.
    """
    unknown = [role for role in told if role not in ROLES]
    if unknown:
        raise InputError(f"no column can mean {unknown[0][:40]!a}; it may mean {', '.join(ROLES)}")
    found: Dict[str, List[Column]] = {role: [] for role in ROLES}
    for name in frame.columns:
        role = role_of(str(name))[0]
        if role in found and name != address and name not in told.values():
            found[role].append(Column(name, str(name)))
    if address is not None:
        found.update(address=[Column(address, _ADDRESS)], local=[], remote=[], direction=[])
    for role, name in told.items():
        found.update({part: [] for part in _PARTS.get(role, (role,))})
        found[role] = [] if name is None else [Column(name, FIELDS[role][0])]
    if not any(found[role] for role in ("address", "local", "remote")):
        listed = ", ".join(ascii(str(name))[1:-1] for name in list(frame.columns)[:30])
        raise InputError(f"no column is known to hold an address: name it; there are {listed or 'none'}")
    for column in (one for held in found.values() for one in held):
        cells.column_of(frame, column.name)
    return found


def observed(
    frame: pandas.DataFrame,
    address: Any,
    told: Mapping[str, Any],
    ground: Ground,
    own: Sequence[str] = (),
    shown: Optional[bool] = None,
) -> Tuple[Observer, EventsRead]:
    """All events of the frame, observed. Rows without an address, or later than as-of by a day, are counted."""
    reader = _Reader(frame, meanings(frame, address, told), ground, None if address is None else _ADDRESS)
    observer, latest = ground.observer(own), ground.as_of.timestamp() + DAY
    for rows in watched(reader.batches(), -(-len(frame) // _BATCH), "events", "batches", shown):
        observer.add_all([row for row in rows if row[1] is None or row[1] <= latest])
        reader.skipped[LATER] += sum(row[1] is not None and row[1] > latest for row in rows)
    skipped = dict(sorted((+reader.skipped).items()))
    return observer, EventsRead(_ORIGIN, _FORMAT, len(frame), skipped, crowded_out=observer.crowded_out)


class _Reader:
    """Makes rows of a frame into rows as observers take them."""

    def __init__(
        self, frame: pandas.DataFrame, roles: Mapping[str, List[Column]], ground: Ground, field: Optional[str]
    ) -> None:
        """`field`: the name of the one column that holds the address; None where several may."""
        self.skipped: Counter[str] = Counter()
        self._field = field
        self._length = len(frame)
        self._times = Clock(ground.as_of).stamps()
        self._ends = self._read(frame, [one for role in _ENDS for one in roles[role]], _both, "")
        self._groups = [
            self._times_of(frame, roles) if group[0] == "time" else
            self._read(frame, [one for role in group for one in roles[role]], take, _STANDS_FOR)
            for group, take in _GROUPS.items()
        ]  # fmt: skip

    def batches(self) -> Iterator[List[Row]]:
        """All events, some ten thousand rows at a time."""
        for start in range(0, self._length, _BATCH):
            places = slice(start, start + _BATCH)
            ends = self._ends(places)
            groups = [read(places) for read in self._groups]
            rows = [_row(end, *values) for end, *values in zip(ends, *groups) if end]
            self.skipped[Skip.ADDRESS.value] += len(ends) - len(rows)
            yield rows

    def _times_of(self, frame: pandas.DataFrame, roles: Mapping[str, List[Column]]) -> Callable[[slice], List[Any]]:
        columns = [*roles["time"], *roles["date"]]
        if len(columns) == 1 and pandas.api.types.is_datetime64_any_dtype(frame[columns[0].name]):
            seconds = _seconds(frame[columns[0].name])
            return lambda places: [(within(moment),) for moment in seconds[places].tolist()]
        return self._read(frame, columns, _GROUPS["time", "date"], _STANDS_FOR)

    def _read(
        self, frame: pandas.DataFrame, columns: Sequence[Column], take: Callable[[Event], Any], address: str
    ) -> Callable[[slice], List[Any]]:
        """Rows → what is taken of their events, each distinct combination of cells read once; None for no event.

        `address` stands for the one of the row where the columns hold none.
        """
        if not columns:
            nothing = take(Event(address))
            return lambda places: [nothing] * len(range(*places.indices(self._length)))
        before = [address] if address else []
        names = [*(_ADDRESS for _ in before), *(column.known_as for column in columns)]
        plan = FieldPlan(names, self._times, _ADDRESS if address else self._field)
        codes, combinations = cells.combined([cells.distinct(frame[column.name]) for column in columns])
        events = (plan.event([*before, *map(cells.text, combination)]) for combination in combinations)
        taken = [take(event) if event else None for event in events]
        return lambda places: [taken[code] for code in codes[places].tolist()]


def _both(event: Event) -> Tuple[str, str]:
    return event.address, event.peer


def _row(ends: Any, time: Any, asked: Any, said: Any, sent: Any, got: Any, port: Any) -> Row:
    return (ends[0], *time, *asked, said[0], said[1], *sent, *got, ends[1], *port, said[2], 1)


def _seconds(column: pandas.Series) -> Any:
    """Seconds since the epoch (UTC); NaN where there is no time. Times without a zone are UTC."""
    aware = pandas.to_datetime(column, utc=True)
    whole = aware.dt.as_unit("ns").astype("int64").to_numpy() / 1e9
    return numpy.where(aware.isna().to_numpy(), numpy.nan, whole)
