"""The commands that judge: `check`, `report` and `demo`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Dict, Iterator, Optional, Sequence, Tuple

from .. import demo
from ..address import split
from ..allowlist import Allowlist
from ..case import Case
from ..dossier import Evidence
from ..errors import InputError, IpthreatError
from ..gather import Gatherer, RecordedSource, scoped
from ..intelligence import Intelligence
from ..judge import Judge
from ..localfiles import NO_FILES, Local
from ..policy import policy_named
from ..reading import observe
from ..recorded import parse_time, read_evidence
from ..report import pdf
from ..report.actionable import document
from ..report.actions import actions
from ..report.escape import visible
from ..report.formats import FORMATS, format_named, html_page, write_all
from ..report.prose import counted
from ..report.tables import json_data
from ..signals import EARLY, age_in_days
from ..terminal import coloured, colours_wanted, say
from .again import TITLE, TLP, rerun
from .ground import Environment, lists_file, now, output
from .local import local_files
from .telling import told

if TYPE_CHECKING:  # what asks providers is loaded only when they are asked
    from ..live import Live
    from .sources import LiveRun

_EARLIEST, _LATEST = 1970, 2105
"""Years of log stamps that are taken for times."""


def as_of(text: Optional[str]) -> datetime:
    """The moment to judge at: now, an ISO time (UTC where it names no zone), or the end of an ISO date."""
    if not text:
        return now()
    try:
        moment = parse_time(text)
    except (ValueError, OverflowError):
        raise InputError(f"--as-of: {text!r} is no ISO date or time, such as 2023-10-26 or 2023-10-26T12:00Z") from None
    if not _EARLIEST <= moment.year <= _LATEST:
        raise InputError(f"--as-of: {text!r} lies outside the years {_EARLIEST} to {_LATEST}")
    is_date = moment.time() == time(0) and len(text.strip()) <= 10
    return moment + timedelta(days=1, seconds=-1) if is_date else moment


def recorded(files: Sequence[str], moment: datetime) -> Dict[str, Tuple[Evidence, ...]]:
    """The answers of all evidence files together.

    Of several by one source on one address the newest counts that was known at the moment judged.
    """
    merged: Dict[str, Dict[str, Evidence]] = {}
    for name in files:
        for address, items in read_evidence(Path(name)).items():
            known = merged.setdefault(address, {})
            for item in items:
                known[item.source] = max(known.get(item.source, item), item, key=lambda one: _worth(one, moment))
    return {address: tuple(known.values()) for address, known in merged.items()}


def _worth(item: Evidence, moment: datetime) -> Tuple[bool, bool, float]:
    """Sort key: what was known at the moment, an answer rather than a failed look-up, the newest."""
    dated = item.retrieved_at or item.observed_at
    age = age_in_days(dated, moment)
    return age is None or age >= EARLY, item.status.answered, dated.timestamp() if dated else 0.0


def _asked(options: argparse.Namespace, environment: Environment, moment: datetime) -> Optional[LiveRun]:
    """The live part of the command; None when nobody is to be asked."""
    if not options.live and not options.dry_run:
        wished = {"--record": options.record, "--budget": options.budget is not None, "--deep": _is_deep(options)}
        for option in (name for name, given in wished.items() if given):
            raise InputError(f"{option} needs --live: nobody is asked without it")
        return None
    from .sources import live_run

    return live_run(options, environment, moment)


def _is_deep(options: argparse.Namespace) -> bool:
    return bool(getattr(options, "deep", False))  # `report` has no such option


@contextmanager
def _recorded_on_the_way(asked: Optional[LiveRun]) -> Iterator[None]:
    """Whatever ends the block before its time, what the providers answered until then is recorded."""
    try:
        yield
    except (IpthreatError, OSError, KeyboardInterrupt):
        if asked:
            asked.keep()
        raise


def _judge(
    options: argparse.Namespace,
    intelligence: Intelligence,
    moment: datetime,
    asked: Optional[LiveRun],
    environment: Environment,
) -> Judge:
    allowed = Allowlist.read(Path(options.allowlist), moment) if options.allowlist else Allowlist()
    if allowed.expired:
        say(f"{counted(allowed.expired, 'entry', 'entries')} of {options.allowlist} expired before the time judged")
    local = local_files(environment)
    live = asked.live if asked else None
    return _judge_with(intelligence, moment, options.evidence, allowed, options.policy, live, local)


def _judge_with(
    intelligence: Intelligence,
    moment: datetime,
    evidence: Sequence[str],
    allowed: Optional[Allowlist] = None,
    policy: str = "standard",
    live: Optional[Live] = None,
    local: Local = NO_FILES,
) -> Judge:
    answers = RecordedSource(recorded(evidence, moment), local.blocklist)
    sources = (*intelligence.sources(moment), *local.sources, answers)
    return Judge(Gatherer(sources, allowed or Allowlist(), live), policy_named(policy), moment, intelligence.parts())


# --- check ----------------------------------------------------------------------------------------


def check(options: argparse.Namespace, environment: Environment) -> int:
    """`ipthreat check`: one paragraph per address, or the explanations as JSON."""
    moment = as_of(options.as_of)
    intelligence = Intelligence.opened(lists_file(environment))
    texts = list(_addresses(options.address))
    if _is_deep(options) and len({scoped(text) for text in texts}) != 1:
        raise InputError("--deep looks at one address: what is tied to it takes requests of its own")
    asked = _asked(options, environment, moment)
    judge = _judge(options, intelligence, moment, asked, environment)
    with _recorded_on_the_way(asked):
        case = judge.addresses(texts, "Addresses by hand", rerun("check", options, texts, moment))
    if options.json:
        output(json.dumps(json_data(case), indent=2))
    else:
        colours = colours_wanted(sys.stdout, environment)
        for assessment in case.assessments:
            output("\n".join(told(assessment, options.explain, colours)))
    if asked:
        asked.finish()
    return 0


def _addresses(texts: Sequence[str]) -> Iterator[str]:
    """Each address of the arguments; `-` stands for the lines of stdin. What is no address is passed on as it is."""
    for text in texts:
        lines = (line.strip() for line in sys.stdin) if text == "-" else (text,)
        for line in lines:
            yield from (split(line) or [line]) if line else ()


# --- report and demo ------------------------------------------------------------------------------


def report(options: argparse.Namespace, environment: Environment) -> int:
    """`ipthreat report`: the report in one form on stdout, and all forms in a folder when asked."""
    moment = as_of(options.as_of)
    if options.json and options.strict:
        raise InputError("--json and --strict exclude each other")
    form = format_named("json" if options.json else "strict" if options.strict else options.format)
    printer = pdf.browser(environment.get("PATH")) if options.pdf else ""  # told before the work, not after
    intelligence = Intelligence.opened(lists_file(environment)).for_events()
    asked = _asked(options, environment, moment)
    judge = _judge(options, intelligence, moment, asked, environment)
    observer, read = observe(options.events, intelligence, moment, options.own, options.field, options.input)
    again = rerun("report", options, options.events, moment)
    with _recorded_on_the_way(asked):
        case = judge.observed(observer, read, options.title, again, options.tlp or (asked.tlp if asked else TLP))
    case = case.only(options.only) if options.only else case
    case = _with_prose(case, environment) if options.prose else case
    _write_files(case, options, printer)
    for piece in form.pieces(case):
        output(piece, end="")
    _remarks(case)
    if asked:
        asked.finish()
    return 0


def _with_prose(case: Case, environment: Environment) -> Case:
    from .sources import with_prose  # HTTP: only for those who ask for it

    return with_prose(case, environment)


def _write_files(case: Case, options: argparse.Namespace, printer: str) -> None:
    """The folder with every form, and the PDF, where they are asked for."""
    if options.out:
        written = write_all(case, Path(options.out))
        say(f"{len(written)} files are in {options.out}; start with {FORMATS['html'].file}")
    if options.pdf:
        pdf.write(html_page(case), Path(options.pdf), printer, sandbox=os.geteuid() != 0)


def _remarks(case: Case) -> None:
    """What a person should know that the chosen form may not print."""
    events = case.events
    if events is None:
        return
    for reason, count in sorted(events.skipped.items()):
        say(f"skipped {counted(count, 'row')} of {events.read:,}: {reason}")
    if events.end and (case.as_of - events.end).days > case.policy.active_days:
        end = events.end.strftime("%Y-%m-%d")
        say(f"the events end {end}, so they count for less; to judge them as of then: --as-of {end}")


def run_demo(options: argparse.Namespace, environment: Environment) -> int:
    """`ipthreat demo`: the reference case, from the shipped events and evidence, with the embedded data alone."""
    intelligence = Intelligence.opened().for_events()
    judge = _judge_with(intelligence, demo.AS_OF, [str(demo.EVIDENCE)])
    observer, read = observe([str(demo.EVENTS)], intelligence, demo.AS_OF)
    case = judge.observed(observer, read, TITLE, "ipthreat demo")
    written = write_all(case, Path(options.out))
    if options.json:
        output(json.dumps(json_data(case), indent=2))
        return 0
    output(FORMATS["threat"].render(case))
    output("\n".join(_summary(case, colours_wanted(sys.stdout, environment))))
    page = next(path for path in written if path.suffix == ".html")
    output(f"\n{demo.LABEL}\nJudged as of 2023-10-26, the date of the reference report.\nAll reports: {page.resolve()}")
    return 0


def _summary(case: Case, colours: bool) -> Iterator[str]:
    """The actionable report in a few lines: header, summary, first steps."""
    whole = document(case)
    facts = dict(whole.facts)
    yield f"{whole.title}\n{'-' * len(whole.title)}"
    yield f"{facts['Subject']} ({facts['Time']}, {whole.tlp}, report {facts['Report id']})\n"
    for item in case.raised:
        head = coloured(f"{item.priority.value:<6}", item.priority.value, colours)
        yield f"{head} {item.address}: confidence {item.confidence}/10, severity {item.severity.value}"
    yield ""
    raised = {item.address for item in case.raised}
    for action in actions(case):
        if raised.intersection(action.addresses):
            yield f"- {visible(action.text, 400)}"
