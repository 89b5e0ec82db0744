"""Embedded intelligence: who owns an address, where it is, and which lists hold it, with nothing to install or ask.

`Snapshot.shipped()` opens the file that comes with the package; `compile_lists` makes a second file of the same format
from block lists and the like; `python -m ipthreat.snapshot.build` makes the shipped file.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .answer import AgentPattern, Answer, ListInfo, Listing, Part
from .kinds import ListKind
from .reader import Snapshot

if TYPE_CHECKING:
    from .lists import ListInput, ListReport, compile_lists

_OF_LISTS = ("ListInput", "ListReport", "compile_lists")


def __getattr__(name: str) -> Any:
    """Loads what compiles lists when it is first used (PEP 562): a search reads the files and makes none."""
    if name not in _OF_LISTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(".lists", __name__), name)


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
