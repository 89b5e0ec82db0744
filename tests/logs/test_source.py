"""The bytes of a log: whole lines, none lost and none invented, wherever the blocks end; memory that does not grow."""

from __future__ import annotations

import gzip
import io
import tracemalloc
from pathlib import Path
from typing import List

import pytest
from hypothesis import given
from hypothesis import strategies as st
from logfiles import AS_OF, write

from ipthreat.errors import EventsError
from ipthreat.events import open_events
from ipthreat.logs.event import Account
from ipthreat.logs.source import BLOCK, LONGEST_LINE, LogSource, open_source

FIRST = b"some text that is certainly a log\n"


class Dripping(io.BytesIO):
    """A stream that gives as many bytes at a time as it is told."""

    def __init__(self, content: bytes, sizes: List[int]) -> None:
        super().__init__(content)
        self._sizes = sizes or [1]
        self._turn = -1
        self._sizes = [len(FIRST), *self._sizes]

    def read(self, size: int = -1, /) -> bytes:  # type: ignore[override]
        self._turn += 1
        return super().read(min(size, self._sizes[self._turn % len(self._sizes)]))


def source(content: bytes, sizes: List[int]) -> LogSource:
    """A log that comes in pieces of these sizes."""
    return LogSource("a test", Dripping(FIRST + content, [*sizes, 2]), None, Account())


texts = st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12), max_size=15)
sizes = st.lists(st.integers(1, 9), min_size=1, max_size=5)


@given(texts, sizes, st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_lines_are_whole_wherever_the_pieces_end(lines: List[str], drips: List[int], end: str, ended: bool) -> None:
    content = end.join(lines) + (end if ended else "")
    expected = [FIRST.decode().strip(), *content.replace("\r\n", "\n").split("\n")]
    if not expected[-1]:
        expected.pop()
    assert list(source(content.encode(), drips).lines()) == expected


@given(texts, sizes)
def test_pieces_put_together_are_the_text(lines: List[str], drips: List[int]) -> None:
    content = "\n".join(lines)
    assert "".join(source(content.encode(), drips).pieces()) == FIRST.decode() + content


@given(st.binary(max_size=200), sizes)
def test_any_bytes_are_read_to_their_end(content: bytes, drips: List[int]) -> None:
    try:
        made = source(content, drips)
    except EventsError:  # binary
        return
    lines = list(made.lines())
    assert "\0" not in "".join(lines)
    assert len(lines) >= (FIRST + content).count(b"\n")


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.sampled_from([5, BLOCK - 1, BLOCK, LONGEST_LINE, LONGEST_LINE + 1])), max_size=5
    )
)
def test_lines_up_to_the_limit_are_kept_and_longer_ones_noted(lengths: List[tuple[int, int]]) -> None:
    lines = [b"%d" % kind * length for kind, length in lengths]
    account = Account()
    made = LogSource("a test", io.BytesIO(b"x\n" + b"\n".join(lines)), None, account)
    kept = [line.decode() for line in lines if len(line) <= LONGEST_LINE]
    assert list(made.lines()) == ["x", *kept]
    assert sum(account.skipped.values()) == account.read == len(lines) - len(kept)


def test_a_file_is_left_closed_when_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EventsError):  # an open file would be a ResourceWarning, which tests turn into an error
        open_source(write(tmp_path, b""), Account())


def test_a_stream_left_early_closes_its_file(tmp_path: Path) -> None:
    path = write(tmp_path, "192.0.2.1\n" * 100_000)
    with open_events(path, as_of=AS_OF) as stream:
        assert next(iter(stream)).address == "192.0.2.1"
    with pytest.raises(ValueError, match="closed"):
        list(stream)


LINE = '192.0.2.%d - - [17/May/2015:10:%02d:03 +0000] "GET /%d HTTP/1.1" 200 5 "-" "agent %d"\n'
KINDS = {
    "access": lambda n: LINE % (n % 250, n % 60, n, n % 999),
    "csv": lambda n: ("src_ip,_time,user\n" if n == 0 else "") + f"192.0.2.{n % 250},{1767323045 + n},user{n}\n",
    "json": lambda n: f'{{"src_ip": "192.0.2.{n % 250}", "ts": {1767323045 + n}, "user": "user{n}"}}\n',
    "syslog": lambda n: f"Mar 27 13:{n % 60:02}:56 h sshd[{n}]: Invalid user u{n} from 192.0.2.{n % 250} port 5\n",
    "text": lambda n: f"2026-01-02T03:04:{n % 60:02} alert {n} for 192.0.2.{n % 250}\n",
    "document": lambda n: ("[" if n == 0 else ",\n ") + f'{{"src_ip": "192.0.2.{n % 250}",\n "note": "{"x" * 60}"}}',
}


def peak(path: str) -> int:
    """The most memory that reading a log takes, in bytes."""
    tracemalloc.start()
    try:
        with open_events(path, as_of=AS_OF) as stream:
            for _ in stream.batches():
                pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", KINDS)
def test_memory_does_not_grow_with_the_log(tmp_path: Path, kind: str) -> None:
    make = KINDS[kind]
    short = write(tmp_path, "".join(map(make, range(5_000))), "short")
    long = write(tmp_path, gzip.compress("".join(map(make, range(20_000))).encode()), "long")
    assert peak(long) < peak(short) + 2_000_000
