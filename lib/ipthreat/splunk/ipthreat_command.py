"""`| ipthreat`: adds what is known about an address to every event.

Options, getinfo, messages and errors are the SDK's; only its loop over the chunks is replaced, by the engine.
"""

from __future__ import annotations

from typing import Any, BinaryIO, Iterator, Optional, Tuple, cast

from ..errors import InputError, IpthreatError
from .base import SafeCommand, run
from .conf import settings
from .framing import Head, read_head, widen, write_frame
from .joblog import JobLog
from .options import EnrichOptions, address_fields
from .sdk import Configuration, StreamingCommand

_WRITER = ("_chunk_count", "_clear", "_flushed", "_inspector", "_ofile")  # what is used of the SDK's RecordWriterV2


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
        """The slow way, record by record, for an SDK whose insides are not those that the engine was made for."""
        enriching = self._begun()
        for record in records:
            yield enriching.added_to(record)
        enriching.report(self.last_chunk)

    def _execute_v2(self, ifile: Any, process: Any) -> None:
        if not all(hasattr(self._record_writer, name) for name in _WRITER):
            super()._execute_v2(ifile, process)
            return
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
        return self._enriching


def main() -> None:
    """Runs the command as splunkd started it."""
    run(IpthreatCommand())
