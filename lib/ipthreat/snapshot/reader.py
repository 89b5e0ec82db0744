"""The embedded intelligence: one mmap'd file that answers about any address without decoding anything at start.

A look-up of an IPv4 address is a few reads of the tables in `ranges`, for the system that owns it and for the facts
about it; what they find is one of some 100,000 systems and some 4,000 records, decoded when first met and kept in two
bounded memos. `find` spells the steps out instead of calling them: a call costs as much as a step.
"""

from __future__ import annotations

import re
import socket
import struct
from bisect import bisect_right
from pathlib import Path
from socket import inet_ntoa, inet_ntop, inet_pton
from types import TracebackType
from typing import Callable, Dict, List, Optional, Tuple, Type, TypeVar, Union

from ..errors import AddressError, IpthreatError, SnapshotError
from .answer import AgentPattern, Answer, ListInfo, Listing, Part
from .layout import Container
from .ranges import FAR, FIRST_NETWORK, NESTED, Networks4, Ranges4, Ranges6, whole_16s
from .records import Facts, Records, described
from .systems import Systems

SHIPPED = Path(__file__).parent / "data" / "ipthreat.snapshot"
AF_INET, AF_INET6 = int(socket.AF_INET), int(socket.AF_INET6)  # plain numbers are faster than members of an enum
MEMO_LIMIT = 12_288
"""Entries of each memo: enough for 100,000 random addresses, four megabytes at most."""

_BLANK_PART = Part("", "", "", "", "", 0, "")
_BLANK_AGENT = AgentPattern("", "", "", (), "")
_DAMAGE = (LookupError, ValueError, struct.error)
_SUFFIXES, _SUFFIXES6 = [f"/{32 - bits}" for bits in range(33)], [f"/{128 - bits}" for bits in range(129)]
Owner = Tuple[int, str, str, str]
"""How an `Answer` begins: system and network."""
NOBODY: Owner = (0, "", "", "")

_halves4: Callable[[bytes], Tuple[int, int]] = struct.Struct(">HH").unpack
_number4: Callable[[bytes], Tuple[int]] = struct.Struct(">I").unpack
_thirds: Callable[[bytes], Tuple[int, int, int]] = struct.Struct(">IIQ").unpack
_packed4, _packed6 = struct.Struct(">I").pack, struct.Struct(">QQ").pack
_new: Callable[[Type[Answer], Tuple[object, ...]], Answer] = tuple.__new__  # Answer._make without its second check
Value = TypeVar("Value")


class Memo(Dict[int, Value]):
    """Values by id, loaded when first asked for; forgets everything when it is full."""

    __slots__ = ("_load",)

    def __init__(self, load: Callable[[int], Value]) -> None:
        super().__init__()
        self._load = load

    def __missing__(self, number: int) -> Value:
        if len(self) >= MEMO_LIMIT:
            self.clear()
        value = self[number] = self._load(number)
        return value


class Snapshot:
    """An open snapshot or list file. Use it in a `with` statement, or close it."""

    def __init__(self, container: Container) -> None:
        self._container = container
        self._owners4, self._owners6 = Ranges4(container, "owner"), Ranges6(container, "owner")
        self._facts4, self._facts6 = Ranges4(container, "fact"), Ranges6(container, "fact")
        self._records = Records(container)
        self._systems: Memo[Tuple[int, str, str]] = Memo(Systems(container).system)
        self._facts: Memo[Facts] = Memo(self._records.facts)
        self._networks, self._whole = Networks4(container, "owner"), whole_16s(container, "fact")
        self._near: List[Optional[Owner]] = [NOBODY, NOBODY, *[None] * (len(self._networks.ids) - FIRST_NETWORK)]
        self._hot = (
            *(self._networks.numbers, self._near, self._owners4.place, self._systems, self._whole),
            *(self._facts4.index, self._facts4.low, self._facts4.ids.near, self._facts),
        )

    @classmethod
    def open(cls, path: Union[str, Path]) -> Snapshot:
        """Open a file. SnapshotError when it is missing, cut short, or no snapshot of this format."""
        container = Container(Path(path))
        try:
            return cls(container)
        except SnapshotError:
            container.close()
            raise

    @classmethod
    def shipped(cls) -> Snapshot:
        """Open the snapshot that comes with the package."""
        return cls.open(SHIPPED)

    @property
    def built(self) -> str:
        """ISO date of the newest data in the file."""
        return self._container.built

    def lookup(self, text: str) -> Answer:
        """All that is known about an address.

        AddressError when the text is no plain IPv4 or IPv6 address; SnapshotError when the file proves damaged.
        """
        owner, facts = self.find(text)
        return _new(Answer, owner + facts)

    def find(self, text: str) -> Tuple[Owner, Facts]:
        """`lookup` in the two parts of an answer, without making one: what a million addresses are asked with."""
        try:
            if ":" in text:
                return self._find6(inet_pton(AF_INET6, text))
            (address,) = _number4(inet_pton(AF_INET, text))
            around, owners, place, systems, whole, index, low, ids, facts = self._hot
            bucket = address >> 16
            near = around[bucket]
            if near:
                owner = owners[near] or self._owner(near, address)
            else:
                number, bits = place(bucket, address & 0xFFFF)
                network = inet_ntoa(_packed4(address >> bits << bits)) + _SUFFIXES[bits] if number else ""
                owner = systems[number] + (network,)
            held = whole[bucket]
            if held == NESTED:
                row = bisect_right(low, address & 0xFFFF, index[bucket], index[bucket + 1]) - 1
                held = ids[row]
                if held == FAR:
                    held = self._facts4.ids.far(row)
            return owner, facts[held]
        except (OSError, *_DAMAGE) as error:
            raise self._failure(text, error) from error

    def listed(self, text: str) -> Tuple[Listing, ...]:
        """The lists that hold an address: `lookup(text).listings`, in less than half the time."""
        try:
            if ":" in text:
                number = self._facts6.find(*_thirds(inet_pton(AF_INET6, text)))
            else:
                bucket, part = _halves4(inet_pton(AF_INET, text))
                number = self._whole[bucket]
                if number == NESTED:
                    number = self._facts4.find(bucket, part)
            return self._facts[number][3]
        except (OSError, *_DAMAGE) as error:
            raise self._failure(text, error) from error

    def parts(self) -> Tuple[Part, ...]:
        """Where the contents come from, with dates and licences."""
        return self._asked(lambda: described(self._container, "parts", _BLANK_PART))

    def lists(self) -> Tuple[ListInfo, ...]:
        """The lists of the file, in its order."""
        return self._asked(lambda: self._records.lists)

    def agents(self) -> Tuple[AgentPattern, ...]:
        """The user agents of automatic clients; parsed at each call."""
        agents = self._asked(lambda: described(self._container, "agents", _BLANK_AGENT))
        try:
            for agent in agents:
                if agent.ranges:  # the others are of no use to a claim, and compiling all takes a second
                    re.compile(agent.pattern)
        except (re.error, OverflowError, RecursionError) as error:
            raise self._container.fault("a pattern in section agents is none") from error
        return agents

    def verify(self) -> None:
        """Read the whole file and check its digests; SnapshotError when anything has changed."""
        self._asked(self._container.verify)

    def close(self) -> None:
        """Give the file back; afterwards every question is answered with SnapshotError. Closing twice is allowed."""
        self._systems.clear()
        self._facts.clear()
        self._container.close()

    def __enter__(self) -> Snapshot:
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.close()

    def _owner(self, near: int, address: int) -> Owner:
        """System and network around a /16, kept: there are some 16,000."""
        bits = self._networks.bits[near]
        network = inet_ntoa(_packed4(address >> bits << bits)) + _SUFFIXES[bits]
        owner = self._near[near] = self._systems[self._networks.ids[near]] + (network,)
        return owner

    def _find6(self, packed: bytes) -> Tuple[Owner, Facts]:
        top, middle, lower = _thirds(packed)
        number, bits = self._owners6.place(top, middle, lower)
        network = ""
        if number:
            upper = top << 32 | middle
            base = (upper, lower >> bits << bits) if bits < 64 else (upper >> bits - 64 << bits - 64, 0)
            network = inet_ntop(AF_INET6, _packed6(*base)) + _SUFFIXES6[bits]
        return self._systems[number] + (network,), self._facts[self._facts6.find(top, middle, lower)]

    def _asked(self, question: Callable[[], Value]) -> Value:
        """The answer to a question about the file itself."""
        if self._container.closed:
            raise SnapshotError(f"The snapshot {self._container.path} is closed.")
        return question()

    def _failure(self, text: str, error: Exception) -> IpthreatError:
        """Why a look-up failed: the text is no address, or the file is closed or damaged."""
        try:
            inet_pton(AF_INET6 if ":" in text else AF_INET, text)
        except (OSError, ValueError):
            return AddressError(f"{text[:80]!r} is no IP address.")
        if self._container.closed:
            return SnapshotError(f"The snapshot {self._container.path} is closed.")
        return self._container.fault(f"it cannot answer for {text}: {error}")
