"""`| ipthreatreport`: judges all addresses of a search together, with what they did in its events, and reports.

The map phase runs where the events are and sends on what the behaviour rules read of them; the reduce phase takes that,
or the events themselves where Splunk skips the map phase, and gives the report with the last chunk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Iterable, Iterator, Mapping, Optional

from ..errors import IpthreatError
from .base import Configuration, Option, ReportingCommand, SafeCommand, run
from .joblog import JobLog
from .reporting_options import OPTIONS, ReportOptions
from .searchinfo import moment_of

if TYPE_CHECKING:
    from ..case import Case
    from .search_case import Report


@Configuration()
class IpthreatReportCommand(SafeCommand, ReportingCommand):  # type: ignore[misc] # the SDK has no types
    """The command. Options are taken as text and checked in `prepare`, so that each mistake is one sentence."""

    format = Option(require=False)
    by = Option(require=False)
    title = Option(require=False)
    tlp = Option(require=False)
    top = Option(require=False)
    policy = Option(require=False)
    allowlist = Option(require=False)

    def __init__(self) -> None:
        super().__init__()
        self.log = JobLog("ipthreatreport")
        self._checked = ReportOptions()
        self._report: Optional[Report] = None

    def prepare(self) -> None:
        """Settles the options and what runs where; reads no data. A mistake is told and ends the command."""
        given = {name: getattr(self, name) for name in OPTIONS}
        try:
            self._checked = ReportOptions.checked(given, self.fieldnames)
        except IpthreatError as error:
            self.stop(str(error))
        self.log.facts.update(phase=self.phase, format=self._checked.format)
        if self.phase == "map":
            super().prepare()
            return
        by = f' by="{self._checked.by}"' if self._checked.by else ""
        self.configuration.streaming_preop = f'{self.name} phase="map"{by}'

    @Configuration()  # type: ignore[untyped-decorator] # without it the SDK gives the phase no settings
    def map(self, records: Iterable[Mapping[str, Any]]) -> Iterator[Dict[str, str]]:
        """What the rules read of the events of a chunk."""
        from .partials import Records, packed

        account = Records(moment_of(self.metadata.searchinfo), self._checked.by)
        yield from packed(account.events(records), account)
        self.log.count("events", account.read)
        self.log.tell(self)

    def reduce(self, records: Iterable[Mapping[str, Any]]) -> Iterator[Dict[str, Any]]:
        """Nothing until the last chunk is in, then the report."""
        from .search_case import Report

        try:
            report = self._report = self._report or Report(self._checked, self.metadata.searchinfo)
            report.add(records)
            if self.last_chunk:
                case = report.case()
                self._account(report, case)
                yield from report.records(case)
        except IpthreatError as error:
            self.stop(str(error))

    def _account(self, report: Report, case: Case) -> None:
        log, told = self.log, len(report.told(case).assessments)
        log.counts.update(events=report.account.read, addresses=len(case.assessments), hostile=len(case.hostile))
        for name, text in report.intelligence.failures(item.dossier for item in case.assessments).items():
            log.problem(name, text)
        for reason, number in sorted(report.account.skipped.items()):
            log.problem(reason, f"{number:,} of {report.account.read:,} events are not in the report: {reason}")
        if told < len(case.assessments):
            self.write_info(f"the report tells of the {told:,} most pressing of {len(case.assessments):,} addresses")
        log.tell(self)


def main() -> None:
    """Runs the command on standard input and output."""
    run(IpthreatReportCommand())
