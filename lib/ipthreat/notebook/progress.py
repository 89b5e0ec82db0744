"""A progress bar where somebody waits: tqdm in notebooks and terminals, nothing for what is done at once."""

from __future__ import annotations

import sys
from typing import Iterable, Iterator, Optional, TypeVar

from ..errors import MissingExtraError

Item = TypeVar("Item")

WORTHWHILE = 5_000
"""Steps from which a bar is shown by itself."""


def watched(items: Iterable[Item], total: int, words: str, unit: str, shown: Optional[bool] = None) -> Iterator[Item]:
    """The items, with a bar that `shown` forces or forbids; by itself one comes for long work that a person watches."""
    wanted = total >= WORTHWHILE and attended() if shown is None else shown
    if not wanted:
        yield from items
        return
    try:
        from tqdm.auto import tqdm
    except ImportError:
        raise MissingExtraError("progress bars need tqdm: pip install 'ipthreat[notebooks]'") from None
    with tqdm(items, total=total, desc=words, unit=f" {unit}", leave=False) as bar:
        yield from bar


def told(lines: Iterable[str], shown: Optional[bool] = None) -> None:
    """Lines for the person who waits, where there is one or where `shown` says so."""
    if attended() if shown is None else shown:
        sys.stderr.write("".join(f"{line}\n" for line in lines))


def attended() -> bool:
    """True in a notebook and on a terminal."""
    return type(sys.stderr).__module__.startswith("ipykernel") or sys.stderr.isatty()
