"""What the search commands have in common: the SDK's traps closed, and how a command is run."""

from __future__ import annotations

import builtins
import csv
import logging
import os
import sys
from typing import Any, NoReturn, Optional, Tuple

from .joblog import one_line

# With a handler of its own, logging gets none from the SDK, which loads next: that one would write to stderr.
logging.getLogger().addHandler(logging.NullHandler())

from . import sdk  # noqa: E402, F401 - after the handler; makes the imports below cheaper

# isort: split
from splunklib.searchcommands import Configuration, GeneratingCommand, Option, ReportingCommand  # noqa: E402
from splunklib.searchcommands.search_command import SearchCommand  # noqa: E402

__all__ = ["Configuration", "GeneratingCommand", "Option", "ReportingCommand", "SafeCommand", "run"]

if not hasattr(builtins, "exit"):  # the SDK ends with the `exit` of interactive Python, which `python -S` has not
    builtins.exit = sys.exit  # type: ignore[assignment]
csv.field_size_limit(2**31 - 1)  # the SDK sets 10 MB, and ends the search at a longer field

_LONGEST_MESSAGE = 500


class SafeCommand:
    """Comes before the SDK's class among the bases of a command and closes its traps.

    The SDK formats every message with `str.format`, so that a brace in one ends the search. Its options `record` and
    `logging_configuration` write and evaluate files that the user names: here they are unknown options.
    """

    record = False
    show_configuration = False
    logging_configuration = None
    _finished: Optional[bool]

    def write_debug(self, message: str, *args: object) -> None:
        """A message for the job inspector."""
        self._write("debug", message, args)

    def write_info(self, message: str, *args: object) -> None:
        """A message for the user."""
        self._write("info", message, args)

    def write_warning(self, message: str, *args: object) -> None:
        """A warning for the user."""
        self._write("warning", message, args)

    def write_error(self, message: str, *args: object) -> None:
        """An error, at which splunkd stops the search."""
        self._write("error", message, args)

    def write_fatal(self, message: str, *args: object) -> None:
        """An error, at which splunkd stops the search."""
        self._write("fatal", message, args)

    @property
    def last_chunk(self) -> bool:
        """True while the last chunk of the search is being answered."""
        return bool(self._finished)

    def stop(self, message: str) -> NoReturn:
        """Tells an error and ends the command; the SDK sends what was told so far."""
        self.write_error(message)
        sys.exit(1)

    @staticmethod
    def _read_chunk(stream: Any) -> Any:
        """The SDK's next chunk, without NUL, at which the CSV reader of Python 3.9 and 3.10 stops the search."""
        chunk = SearchCommand._read_chunk(stream)
        return chunk and (chunk[0], chunk[1].replace("\0", "\ufffd"))

    def _write(self, level: str, message: str, args: Tuple[object, ...]) -> None:
        """`message` is text, unless there are arguments to format it with."""
        text = message.format(*args) if args else message
        getattr(super(), f"write_{level}")("{}", one_line(text, _LONGEST_MESSAGE))


def run(command: Any) -> None:
    """Runs a command (an instance) with its `log` on standard input and output.

    Whatever else is printed in this process goes nowhere: it would corrupt the stream. A process that was asked for its
    configuration only has counted nothing and leaves no line in the log.
    """
    stdout = sys.stdout
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        sys.stdout = nowhere
        try:
            command.process(sys.argv, sys.stdin, stdout)
        finally:
            sys.stdout = stdout
            if command.log.counts:
                command.log.close(command.metadata.searchinfo)
