"""Copies of what providers work with, such as a collection of indicators or a table of registries, between runs.

A copy is a file of JSON in the folder `copies`, readable by its owner alone and put in place in one step. It is a
convenience: one that cannot be read is fetched anew, one that cannot be written is used by this run alone.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, NamedTuple, Optional

from .breaker import Cause
from .livesource import LiveSource
from .providers.base import Failure
from .providers.further import Equipped, Mirrored, Refreshed, Refreshing
from .sending import ONCE, Errand, Sending
from .wholefile import put_whole

FOLDER = "copies"
LARGEST = 128 * 2**20
"""Bytes of the largest file that is read or written."""


def _silence(_message: str) -> None:
    """For callers that want to hear nothing."""


class CopyFiles(NamedTuple):
    """Where copies are kept."""

    folder: Optional[Path]
    """None keeps them for no longer than the run."""
    tell: Callable[[str], None] = _silence
    """Gets a line when one cannot be kept."""

    def read(self, name: str) -> Any:
        """The copy of that name, whatever its JSON holds; None when there is none that can be read."""
        if self.folder is None:
            return None
        path = self.folder / name
        try:
            return json.loads(path.read_bytes()) if path.stat().st_size <= LARGEST else None
        except (OSError, ValueError, RecursionError):
            return None

    def write(self, name: str, copy: Any) -> None:
        """Keeps a copy, or tells why not."""
        text = json.dumps(copy, separators=(",", ":")).encode()
        if self.folder is None:
            return
        if len(text) > LARGEST:
            self.tell(f"{self.folder / name}: a copy of {len(text):,} bytes is too large to be kept")
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            put_whole(self.folder / name, text)
        except OSError as error:
            self.tell(f"{self.folder / name}: the copy is not kept ({error.strerror or type(error).__name__})")


IN_MEMORY = CopyFiles(None)
"""Keeps nothing beyond the run."""


def name_of(provider: str, place: str) -> str:
    """The file's name: by provider and by where the copy comes from, which may hold a secret and is not told."""
    return f"{provider}-{hashlib.blake2b(place.encode('utf-8', 'replace'), digest_size=8).hexdigest()}.json"


def kept_copy(provider: Mirrored, source: LiveSource, files: CopyFiles) -> Any:
    """The copy as it was kept; None when there is none."""
    place = provider.place_of_copy(source.settings)
    return files.read(name_of(source.name, place)) if place else None


def up_to_date(sending: Sending, provider: Mirrored, files: CopyFiles) -> Refreshed:
    """The copy as it is after everything new was fetched, or as far as that was possible; it is kept."""
    source = sending.source
    held = kept_copy(provider, source, files)
    steps = provider.refresh(held, source.settings, sending.run.clock.now())
    refreshed = _fetched(sending, steps, isinstance(provider, Equipped))
    place = provider.place_of_copy(source.settings)
    if place and refreshed.copy != held:
        files.write(name_of(source.name, place), refreshed.copy)
    return refreshed


def _fetched(sending: Sending, steps: Refreshing, is_table: bool) -> Refreshed:
    """Sends what the provider wants sent, until it has what it wants.

    A table is a help and no condition, so it is tried for once; it comes from somebody else, whose limits are his own.
    """
    account = sending.source.account
    payer = replace(account, name=f"{account.name}.table", limits={}, settled=frozenset()) if is_table else None
    retries = ONCE if is_table else None
    try:
        request = next(steps)
        while True:
            answer = sending.send(Errand(request, account=payer, retries=retries))
            request = steps.send(Failure(*answer) if isinstance(answer, Cause) else answer)
    except StopIteration as end:
        refreshed: Refreshed = end.value
        return refreshed
