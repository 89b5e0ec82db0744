"""`| ipthreat` with the broker: a chunk is read twice, so that the most worrying of all its addresses are asked about.

The first pass notes the addresses; they are ranked by what is known without asking, and the broker asked about them;
the second pass writes the answers. An address that came in an earlier chunk is not asked about again.
"""

from __future__ import annotations

import io
from typing import Any, Callable, Dict, Iterable, List, Mapping, Sequence, Tuple

from ..address import GLOBAL, canonical, classify, parse
from ..dossier import Evidence
from ..errors import AddressError, IpthreatError
from ..gather import Gatherer
from .broker_client import BrokerClient
from .engine import Engine, Reader
from .engine_plan import Task
from .enrich import Unasked
from .rows import text_of

MOST_CELLS = 1_000_000
"""Distinct cells whose addresses are noted; those of more are not asked about."""


class Brokered:
    """The source of live evidence in a search, and the engine that asks it before it answers."""

    def __init__(self, client: BrokerClient, gatherer: Gatherer, names: Sequence[str], reason: str) -> None:
        """`gatherer` knows what is known without asking; the names, with the reason, stand for sources yet unknown."""
        self.client = client
        self._gatherer = gatherer
        self._names = tuple(names)
        self._otherwise = Unasked(names, reason)
        self._answers: Dict[str, Tuple[Evidence, ...]] = {}
        self._silent: Tuple[Evidence, ...] = ()

    def __contains__(self, address: object) -> bool:
        """True when there is an answer about this address alone."""
        return address in self._answers

    def evidence(self, address: str) -> Sequence[Evidence]:
        """What the broker says of an address (canonical text)."""
        return self._answers.get(address) or self._silent or self._otherwise.evidence(address)

    def ask(self, addresses: Iterable[str]) -> None:
        """Asks about those that are not known yet."""
        new = [address for address in dict.fromkeys(addresses) if address not in self._answers]
        if new and not self.client.problem:
            self._answers.update(self.client.answers(list(self._gatherer.gather(new, {}, None))))
        self._silent = self.client.unanswered()
        if self.client.problem:
            self._otherwise = Unasked(self._names, self.client.problem)


class BrokeredEngine:
    """Stands before the engine: notes, asks, and lets it answer."""

    def __init__(
        self, engine: Engine, tasks: Sequence[Task], brokered: Brokered, members: Callable[[str], List[str]]
    ) -> None:
        """`members` takes the text of a field apart into its addresses."""
        self._engine, self._brokered, self._members = engine, brokered, members
        self._cells: Dict[bytes, None] = {}
        self._new: Dict[bytes, None] = {}
        self._notes = Engine([Task(task.fields[:1], task.columns[:1], self._note) for task in tasks])

    @property
    def records(self) -> int:
        """Records answered so far."""
        return self._engine.records

    @property
    def surplus(self) -> int:
        """Records that had cells beyond the last column."""
        return self._engine.surplus

    @property
    def absent(self) -> Mapping[str, None]:
        """Fields that no header had so far."""
        return self._engine.absent

    def run(self, stream: Reader, length: int) -> memoryview:
        """The body of the reply, as `Engine.run`. Raises IpthreatError when the stream ends too early."""
        body = bytearray(length)
        view, read = memoryview(body), 0
        while read < length:
            size = stream.readinto(view[read:])
            if not size:
                raise IpthreatError(f"the input ends {length - read:,} bytes before the end of its chunk")
            read += size
        self._notes.run(io.BytesIO(body), length)
        self._brokered.ask(self._noted())
        return self._engine.run(io.BytesIO(body), length)

    def _note(self, cells: Sequence[Any]) -> Iterable[bytes]:
        if len(self._cells) < MOST_CELLS:
            self._new.update((cell, None) for cell in cells if cell not in self._cells)
        return [b",x"] * len(cells)

    def _noted(self) -> List[str]:
        """The global addresses in the cells that are new."""
        found: Dict[str, None] = {}
        for cell in self._new:
            for text in self._members(text_of(cell)):
                address = _global(text)
                if address:
                    found[address] = None
        self._cells.update(self._new)
        self._new.clear()
        return list(found)


def _global(text: str) -> str:
    try:
        address = canonical(text)
    except AddressError:
        return ""
    return address if classify(parse(address)) == GLOBAL else ""
