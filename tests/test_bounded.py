"""Bodies are read whole or refused, in bounded memory and time."""

from __future__ import annotations

import gzip
import io
import socket
import zlib
from typing import List

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipthreat.bounded import TimedReader, read_body, until
from ipthreat.errors import FetchError


class Wire:
    """What urllib3 offers of an answer: the raw bytes in pieces of any size."""

    def __init__(self, data: bytes, piece: int = 1 << 20) -> None:
        self._stream = io.BytesIO(data)
        self._piece = piece

    def read(self, amt: int, decode_content: bool) -> bytes:
        assert decode_content is False
        return self._stream.read(min(amt, self._piece))


@given(st.binary(), st.integers(1, 40), st.booleans())
def test_a_body_within_the_limit_comes_out_as_it_went_in(body: bytes, piece: int, packed: bool):
    wire = gzip.compress(body) if packed else body
    limit = max(len(body), len(wire))
    out = read_body(Wire(wire, piece), str(len(wire)), "gzip" if packed else "", limit)
    assert out == body


@given(st.lists(st.binary(), min_size=1), st.integers(1, 40))
def test_every_member_of_a_gzip_stream_comes_out(bodies: List[bytes], piece: int):
    wire = b"".join(map(gzip.compress, bodies))
    assert read_body(Wire(wire, piece), "", "gzip", limit=10**6) == b"".join(bodies)


@given(st.binary(min_size=1), st.booleans())
def test_one_byte_too_many_is_refused(body: bytes, packed: bool):
    wire = gzip.compress(body) if packed else body
    with pytest.raises(FetchError, match="larger than"):
        read_body(Wire(wire), "", "gzip" if packed else "", limit=len(body) - 1)


@given(st.binary(min_size=1), st.data())
def test_a_gzip_stream_without_its_end_is_refused(body: bytes, data: st.DataObject):
    wire = gzip.compress(body)
    cut = data.draw(st.integers(1, len(wire) - 1))
    with pytest.raises(FetchError, match="gzip stream was cut short"):
        read_body(Wire(wire[:cut]), "", "gzip", limit=10**6)


@given(st.binary(), st.sampled_from(["", "gzip", "x-gzip", "br", "GZIP", "identity", "gzip, gzip"]), st.text())
def test_nothing_but_a_fetch_error_is_ever_raised(wire: bytes, encoding: str, length: str):
    try:
        body = read_body(Wire(wire), length, encoding, limit=1000)
    except FetchError:
        return
    assert len(body) <= 1000


def test_a_body_that_announces_too_much_is_refused_before_it_is_read():
    wire = Wire(b"x" * 100)
    with pytest.raises(FetchError, match="larger than the 50 bytes allowed"):
        read_body(wire, "100", "", limit=50)
    assert len(wire.read(1000, decode_content=False)) == 100


@pytest.mark.parametrize("length", ["", "many", "-5", "\xb2", "9" * 5000])
def test_a_length_that_is_no_number_is_no_promise(length: str):
    assert read_body(Wire(b"body"), length, "", limit=10) == b"body"


@pytest.mark.parametrize("length", ["5", "3"])
def test_a_body_of_another_length_than_announced_is_refused(length: str):
    with pytest.raises(FetchError, match="cut short"):
        read_body(Wire(b"body"), length, "", limit=10)


def test_a_bomb_is_unpacked_no_further_than_the_limit():
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    wire = b"".join(packer.compress(bytes(1 << 20)) for _ in range(64)) + packer.flush()
    with pytest.raises(FetchError, match="larger than the 1,000,000 bytes allowed"):
        read_body(Wire(wire), str(len(wire)), "gzip", limit=1_000_000)


def test_reading_from_a_socket_ends_at_the_deadline_of_the_exchange():
    ours, theirs = socket.socketpair()
    left = iter([5.0, 0.0])
    with ours, theirs, io.BufferedReader(TimedReader(ours.makefile("rb", buffering=0), ours)) as stream:
        theirs.sendall(b"half")
        with until(lambda: next(left)), pytest.raises(socket.timeout):
            stream.read(8)
        assert ours.gettimeout() == 5.0


def test_the_socket_keeps_a_timeout_that_is_shorter_than_the_deadline():
    ours, theirs = socket.socketpair()
    ours.settimeout(0.01)
    with ours, theirs, io.BufferedReader(TimedReader(ours.makefile("rb", buffering=0), ours)) as stream:
        with until(lambda: 60.0), pytest.raises(socket.timeout):
            stream.read(1)
        assert ours.gettimeout() == 0.01
