"""`| ipthreat`: adds what is known about an address to every event.

Options, getinfo, messages and errors are the SDK's; only its loop over the chunks is replaced, by the engine.
"""

from __future__ import annotations

import gc
from typing import Any, BinaryIO, Iterator, Optional, Tuple, cast

from ..errors import InputError, IpthreatError
from .base import SafeCommand, run
from .conf import settings
from .framing import Head, read_head, widen, write_frame
from .joblog import JobLog
from .options import EnrichOptions, address_fields
from .sdk import Configuration, StreamingCommand

_RARELY = 100_000  # new objects between two looks for cycles of them, of which records make none: a search saves 3 %


@Configuration()
class IpthreatCommand(SafeCommand, EnrichOptions, StreamingCommand):  # type: ignore[misc]  # the SDK has no types
    """The command."""

    def __init__(self) -> None:
        super().__init__()
        self.log = JobLog("ipthreat")
        self.addresses: Tuple[str, ...] = ()
        """The address fields."""
        self._enriching: Optional[Any] = None

    def prepare(self) -> None:
        """Settles type and required fields out of the options alone: splunkd asks several times per search."""
        try:
            self.addresses = address_fields(self.fieldnames)
            self.mode = self.mode or settings().default_mode
            self.check()
        except InputError as error:
            self.stop(str(error))
        self.configuration.distributed = self.mode == "offline"
        if self.lean:
            self.configuration.required_fields = [*self.addresses, *self.event_fields().values()]

    def stream(self, records: Iterator[Any]) -> Iterator[Any]:
        """Only the first version of the protocol comes here, in which splunkd speaks to commands without `chunked`."""
        raise IpthreatError("commands.conf must have `chunked = true` for ipthreat")

    def _execute_v2(self, ifile: Any, process: Any) -> None:
        """Answers the chunks, in the place of the SDK's loop; its names that are used here are pinned with it."""
        stream = self._as_binary_stream(ifile)
        widen(stream, self._record_writer._ofile)
        head = read_head(stream)
        while head is not None:
            if head.metadata.get("action") != "execute":
                raise IpthreatError(f"expected the action execute, not {head.metadata.get('action')!r}")
            self._chunk(stream, head)
            head = read_head(stream)

    def _chunk(self, stream: BinaryIO, head: Head) -> None:
        """Answers one chunk: all of it is read before the first byte is written, because splunkd may still write."""
        writer = self._record_writer
        writer.is_flushed = False
        self._finished = bool(head.metadata.get("finished", False))
        enriching = self._begun()
        body = enriching.engine.run(stream, head.length)
        enriching.report(self.last_chunk)
        metadata = {"inspector": writer._inspector} if writer._inspector else {}
        write_frame(cast(BinaryIO, writer._ofile), {**metadata, "finished": self._finished}, body)
        writer._chunk_count += 1
        writer._flushed = True
        writer._clear()

    def _begun(self) -> Any:
        """What the search needs, opened with its first chunk: the getinfo reply does without."""
        if self._enriching is None:
            from .enriching import Enriching

            try:
                self._enriching = Enriching(self)
            except InputError as error:
                self.stop(str(error))
            gc.freeze()
            gc.set_threshold(_RARELY)
        return self._enriching


def main() -> None:
    """Runs the command as splunkd started it."""
    run(IpthreatCommand())
