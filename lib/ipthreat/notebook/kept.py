"""Answers that were got stay got: a source is asked about an address once per process, whatever cell asks again.

An interrupted cell loses nothing; run again, it goes on where it stopped. Failures are not kept: they are asked again.
"""

from __future__ import annotations

from typing import Dict, Sequence, Tuple

from ..dossier import Evidence
from ..gather import Source

MOST = 1_000_000
"""Answers kept of one source; all are forgotten when there are more."""

_ALL: Dict[int, Kept] = {}


class Kept:
    """A source with a memory."""

    def __init__(self, source: Source) -> None:
        self._source = source  # also keeps its id its own
        self._answers: Dict[str, Tuple[Evidence, ...]] = {}
        self.name = str(getattr(source, "name", type(source).__name__))

    @classmethod
    def of(cls, source: Source) -> Kept:
        """The one that remembers this source."""
        if isinstance(source, Kept):
            return source
        return _ALL.setdefault(id(source), cls(source))

    def has(self, address: str) -> bool:
        """True when the source need not be asked about the address."""
        return address in self._answers

    def evidence(self, address: str) -> Sequence[Evidence]:
        """What the source answered, now or before."""
        known = self._answers.get(address)
        if known is None:
            known = tuple(self._source.evidence(address))
            if all(item.status.answered for item in known):
                if len(self._answers) >= MOST:
                    self._answers.clear()
                self._answers[address] = known
        return known
