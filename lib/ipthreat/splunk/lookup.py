"""`| ipthreatlookup ip=…`: all that is known about one address, a row per source, and what it adds up to.

The judgement is that of `| ipthreat` in the same mode, in the same words: its fields stand in every row.
"""

from __future__ import annotations

from typing import Any, Dict, Iterator

from ..errors import InputError
from .base import Configuration, GeneratingCommand, Option, SafeCommand, run
from .conf import settings
from .joblog import JobLog
from .lookup_options import OPTIONS, LookupOptions


@Configuration(type="reporting")
class IpthreatLookupCommand(SafeCommand, GeneratingCommand):  # type: ignore[misc] # the SDK has no types
    """The command. Options are taken as text and checked in `prepare`, so that each mistake is one sentence."""

    ip = Option(require=False)
    mode = Option(require=False)
    providers = Option(require=False)
    timeout = Option(require=False)
    policy = Option(require=False)
    allowlist = Option(require=False)

    def __init__(self) -> None:
        super().__init__()
        self.log = JobLog("ipthreatlookup")
        self._checked = LookupOptions()

    def prepare(self) -> None:
        """Settles the options; reads no data."""
        given = {name: getattr(self, name) for name in OPTIONS}
        try:
            self._checked = LookupOptions.checked(given, self.fieldnames, settings().default_mode)
        except InputError as error:
            self.stop(str(error))

    def generate(self) -> Iterator[Dict[str, Any]]:
        """The rows; none for an empty text, as a dashboard has before an address is entered."""
        if not self._checked.ip:
            self.write_info("no address is given")
            return
        from .lookup_judging import Lookup
        from .lookup_rows import lookup_rows

        try:
            lookup = Lookup(self._checked, self.metadata.searchinfo)
            assessment = lookup.assessment()
        except InputError as error:
            self.stop(str(error))
        rows = lookup_rows(assessment)
        for kind, text in lookup.problems(assessment):
            self.log.problem(kind, text)
        self.log.facts["mode"] = self._checked.mode
        self.log.counts.update(rows=len(rows), calls=lookup.calls)
        self.log.tell(self)
        yield from rows


def main() -> None:
    """Runs the command on standard input and output."""
    run(IpthreatLookupCommand())
