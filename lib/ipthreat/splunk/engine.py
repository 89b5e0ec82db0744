"""The chunk engine: adds cells to every record of a CSV body and leaves every other byte as it came.

The SDK makes a dictionary of each record and writes it anew, which costs 25 µs and changes quotes, line ends and
invalid UTF-8. Here a block of some hundred records is split by one regular expression, the cells with an address are
replaced by ready answers out of a dictionary, and the pieces are joined (`rows.record_pattern` says why that is exact).
What the expression does not fit goes through the exact scanner, record by record: CRLF, a wrong number of cells, quotes
in odd places, a record larger than a block, and all records of a chunk that already has one of the columns to be added.

A column that is there already is replaced in place, as often as it is there. Cells beyond the last column, which belong
to no field, are dropped and counted; a record with too few is filled up with empty ones.
"""

from __future__ import annotations

from io import BytesIO
from itertools import repeat
from typing import Any, Dict, Iterable, List, Optional, Protocol, Sequence, Tuple

from ..errors import IpthreatError
from .engine_plan import Plan, Task, header_at, plan_of
from .rows import Record, closed, record_at

BLOCK = 128 * 1024
"""Bytes that are looked at together: what fits the processor's second cache along with the answers."""

_FAST_LIMIT = 4 * BLOCK  # a buffer that grew beyond it holds a huge record: nothing for a regular expression
_SLOW_RUN = 8  # records of a block that do not fit the expression, before the rest of the block is scanned as well
_PLANS = 16  # headers whose plan is kept
_LF = b"\n"


class Reader(Protocol):
    """The part of a binary stream that the engine reads from."""

    def readinto(self, buffer: memoryview) -> Optional[int]:
        """Fills the buffer, or as much of it as there is before the end of the stream."""


class Engine:
    """Runs the tasks over the chunks of a search."""

    def __init__(self, tasks: Sequence[Task], block: int = BLOCK) -> None:
        self.records = 0
        """Records answered so far."""
        self.surplus = 0
        """Records that had cells beyond the last column."""
        self.absent = dict.fromkeys(field for task in tasks for field in task.fields if field)
        """Fields that no header had so far."""
        self._tasks = tasks
        self._block = block
        self._plans: Dict[bytes, Plan] = {}
        self._source = _Source(block)
        self._out = _Output()

    def run(self, stream: Reader, length: int) -> memoryview:
        """The body of the reply to a body of `length` bytes, which are read from the stream. Valid until the next run.

        Raises IpthreatError when the stream ends before them.
        """
        source, out = self._source, self._out
        source.open(stream, length)
        out.clear()
        plan = self._plan(source)
        while plan:
            source.start = self._records(plan, source)
            if source.start == source.stop and not source.left:
                break
            source.fill()
        return out.content()

    def _plan(self, source: _Source) -> Optional[Plan]:
        """Reads the header and writes the new one; None when the body is empty."""
        header = None
        while header is None:
            source.fill()
            if not source.stop:
                return None
            header = header_at(source.data, source.stop, not source.left)
        key, has_records = bytes(source.data[: header.next]), header.next < source.stop
        plan = self._plans.get(key)
        if plan is None:
            plan = plan_of(self._tasks, source.data, header, source.stop)
            for field in plan.found:
                self.absent.pop(field, None)
            if has_records:  # else the next chunk knows better what records look like
                self._plans = self._plans if len(self._plans) < _PLANS else {}
                self._plans[key] = plan
        source.start = header.next
        self._out.write(plan.header + key[header.end :])
        return plan

    def _records(self, plan: Plan, source: _Source) -> int:
        """Answers the whole records of the buffer; where the first one lies that is not whole."""
        data, at, stop, last, scanned = source.data, source.start, source.stop, not source.left, 0
        fast = plan.pattern is not None and len(data) <= max(_FAST_LIMIT, self._block)
        while at < stop:
            if fast and scanned < _SLOW_RUN:
                at, clean = self._split(plan, data, at, stop)
                if at == stop or (clean and not last):
                    break
            record = record_at(data, at, stop, last)
            if record is None:
                break
            self._scanned(plan, data, at, record)
            at, scanned = record.next, scanned + 1
        return at

    def _split(self, plan: Plan, data: bytearray, at: int, stop: int) -> Tuple[int, bool]:
        """Answers the records from `at` on until one does not fit; where that was, and whether it may be cut short."""
        assert plan.pattern is not None  # noqa: S101 - told to the type checker
        pieces, stride = plan.pattern.split(memoryview(data)[at:stop]), plan.stride
        rest = pieces.pop()
        gaps = pieces[::stride]
        clean = bool(gaps) and not any(gaps)
        if not clean:
            fit = next((place for place, gap in enumerate(gaps) if gap), 0)
            del pieces[fit * stride :]
            rest_length = stop - at - fit - sum(map(len, pieces[1::stride]))
        else:
            fit, rest_length = len(gaps), len(rest)
        if fit:
            self._answer(plan, pieces, fit)
            pieces[stride::stride] = [_LF] * (fit - 1)
            pieces.append(_LF)
            self._out.write(b"".join(pieces))
            self.records += fit
        return stop - rest_length, clean

    def _answer(self, plan: Plan, pieces: List[bytes], count: int) -> None:
        """Puts the answers where the cells with the addresses are."""
        stride = plan.stride
        if stride == 3 and len(plan.slots[0]) == 1 and len(plan.slots) == 1 and plan.slots[0][0] is not None:
            pieces[2::3] = self._tasks[0].answers(pieces[2::3])
            return
        cells = [pieces[group::stride] for group in range(2, stride)]
        for group in range(2 + len(plan.slots), stride):
            pieces[group::stride] = [b""] * count
        for group, (task, slots) in enumerate(zip(self._tasks, plan.slots), start=2):
            parts: List[Iterable[bytes]] = [repeat(b"", count) if slot is None else cells[slot] for slot in slots]
            keys: Sequence[Any] = list(parts[0]) if len(parts) == 1 else list(zip(*parts))
            pieces[group::stride] = task.answers(keys)

    def _scanned(self, plan: Plan, data: bytearray, at: int, record: Record) -> None:
        """Answers one record cell by cell."""
        cells = [bytes(data[start:end]) for start, end in record.cells]
        if record.end == record.next:  # nothing follows: the body may break off inside a cell, which no answer may join
            cells[-1] = closed(cells[-1])
        if len(cells) > plan.width:
            self.surplus += 1
        row = [*cells[: plan.width], *[b""] * (plan.width - len(cells))]
        answers: List[bytes] = []
        for task, places in zip(self._tasks, plan.places):
            key = tuple(b"" if place is None else row[place] for place in places)
            answers += task.answers([key[0] if len(key) == 1 else key])
        added = b"".join(answers)
        if plan.replaced:
            found = record_at(added, 1, len(added), True)
            values = [added[start:end] for start, end in found.cells] if found else []
            for column, place in plan.replaced:
                row[column] = values[place]
            added = b"".join([b"," + values[place] for place in plan.appended])
        self._out.write(b",".join(row) + added + bytes(data[record.end : record.next]))
        self.records += 1


class _Source:
    """The bytes of one body, a buffer at a time: `data[start:stop]` are there and not yet answered."""

    def __init__(self, block: int) -> None:
        self._block = block
        self.data = bytearray(block)
        self.start = self.stop = self.left = 0

    def open(self, stream: Reader, length: int) -> None:
        """Begins with a body."""
        if len(self.data) > self._block:
            self.data = bytearray(self._block)
        self.start = self.stop = 0
        self.left = length
        self._stream = stream

    def fill(self) -> None:
        """Reads on; what has not been answered is kept, in a buffer twice as large when it fills this one."""
        kept = self.stop - self.start
        if self.start:
            self.data[:kept] = self.data[self.start : self.stop]
        elif kept == len(self.data):
            self.data = self.data + bytearray(kept)
        self.start, self.stop = 0, kept
        wanted = min(self.left, len(self.data) - kept)
        while wanted:
            size = self._stream.readinto(memoryview(self.data)[self.stop : self.stop + wanted])
            if not size:
                raise IpthreatError(f"the input ends {self.left:,} bytes before the end of its chunk")
            self.stop += size
            self.left -= size
            wanted -= size


class _Output(BytesIO):
    """A buffer that is used again for each chunk: fresh memory costs as much as filling it. A bytearray would copy each
    piece once more."""

    def clear(self) -> None:
        """Begins anew."""
        self.seek(0)

    def content(self) -> memoryview:
        """All that was written since; to be let go before the next piece is."""
        return self.getbuffer()[: self.tell()]
