"""Embedded intelligence: who owns an address, where it is, and which lists hold it, with nothing to install or ask.

`Snapshot.shipped()` opens the file that comes with the package; `compile_lists` makes a second file of the same format
from block lists and the like; `python -m ipthreat.snapshot.build` makes the shipped file.
"""

from __future__ import annotations

from .answer import AgentPattern, Answer, ListInfo, Listing, Part
from .kinds import ListKind
from .lists import ListInput, ListReport, compile_lists
from .reader import Snapshot

__all__ = [
    "AgentPattern",
    "Answer",
    "ListInfo",
    "ListInput",
    "ListKind",
    "ListReport",
    "Listing",
    "Part",
    "Snapshot",
    "compile_lists",
]
