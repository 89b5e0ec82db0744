"""Report 2, the Actionable Intelligence Report: what, how sure, what to do now, and what it rests on.

Pure: the same case gives the same document. `document` builds it; `markdown` and `html` render it.
"""

from __future__ import annotations

from collections import Counter
from typing import Dict, List, Tuple

from ..assessment import Assessment
from ..case import Case
from ..dossier import BehaviourKind, Status
from ..priority import Priority, Severity, causes_of
from ..version import __version__
from . import chartdata, rephrase
from .actions import actions, first_steps, spoken_of
from .annex import analysis_section, annex_section, method_section
from .blocks import Block, Bullets, Document, Line, Listing, Paragraph, Section, Strong, Table
from .cards import card, cited
from .citations import Register, title
from .escape import defanged
from .prose import counted, date_text, deeds, joined, likelihood, moment_text, number, quality, reaches, silence
from .steps import HOUR, Action, Group, who
from .unknowns import unknowns_section

CARDS = 25
"""Addresses that get a card; the evidence on further ones is in the annex and the exports."""
BOARD = 50
"""Rows of the priority board."""
WATERFALLS = 3
"""Addresses whose waterfall is drawn."""


def told_of(case: Case, steps: Tuple[Action, ...]) -> Tuple[Assessment, ...]:
    """The addresses the report speaks of by name: those with a card, then others that a step names."""
    named = {address for action in steps for address in action.named}
    carded = {item.address for item in case.raised[:CARDS]}
    return tuple(item for item in case.assessments if item.address in named or item.address in carded)


def document(case: Case) -> Document:
    """The whole report."""
    steps = actions(case)
    told = told_of(case, steps)
    register = Register(told)
    return Document(
        f"Actionable Intelligence Report - {case.title}",
        case.tlp,
        _facts(case),
        (
            _summary(case, steps, register),
            _board(case, steps),
            *_critical(case, register),
            unknowns_section(case, told, register),
            *_next_steps(case, steps, register),
            analysis_section(case, told),
            _charts(case),
            method_section(case),
            annex_section(case, told, [item.address for item in case.raised[:CARDS]], register),
        ),
    )


_DOING = {
    Severity.LOW: "probing us",
    Severity.MEDIUM: "attacking us",
    Severity.HIGH: "possibly inside",
    Severity.CRITICAL: "exfiltrating data",
}


def subject(case: Case) -> str:
    """The finding in five words."""
    high = [item for item in case.raised if item.priority is Priority.HIGH]
    group = high or list(case.raised)
    if not group:
        return _calm(case)
    severity = max((item.severity for item in group), key=lambda severity: severity.rank)
    worst = [item for item in group if item.severity is severity]
    doing = _DOING[severity]
    kinds = {cause.kind for item in worst for cause in causes_of(item.dossier.behaviours)}
    if severity is Severity.LOW and not all(item.techniques for item in worst):
        doing = "to watch"
    if severity is Severity.HIGH and kinds <= {BehaviourKind.C2_BEACON, BehaviourKind.C2_CONTACT}:
        doing = "serving C2"
    if severity is Severity.HIGH and kinds == {BehaviourKind.BRUTE_FORCE}:
        doing = "breaching defences"
    noun = "address" if len(worst) == 1 else "addresses"
    return f"{number(len(worst)).capitalize()} {worst[0].priority.value.lower()}-priority {noun} {doing}"


def _calm(case: Case) -> str:
    """The finding when nothing is raised: not knowing is something else than having nothing to do."""
    judged = [item for item in case.assessments if item.confidence is not None]
    if 2 * sum(item.insufficient for item in judged) > len(judged):
        return "Too little data to judge"
    if any(action.step.within <= HOUR for action in actions(case)):
        return "Hosts of ours need checking"
    return "No address is urgent today" if spoken_of(case) else "No address needs action today"


def _charts(case: Case) -> Section:
    """The charts that have something to show, the waterfalls of what presses most, and why others are left out."""
    falls = [chartdata.waterfall(item) for item in case.raised[:WATERFALLS]]
    figures = [*chartdata.figures(case), *[figure for figure in falls if figure]]
    left_out = Bullets(tuple((sentence,) for sentence in chartdata.omitted(case)))
    return Section("Charts", (*figures, left_out) if left_out.items else tuple(figures))


def _facts(case: Case) -> Tuple[Tuple[str, str], ...]:
    events = case.events
    period = "no events of our own"
    if events:
        period = f"{moment_text(events.start)} to {moment_text(events.end)}" if events.start else "undated events"
        period += f" ({counted(events.read, 'row')} of {events.origin}, {events.format})"
    return (
        ("Date", date_text(case.as_of)),
        ("Subject", subject(case)),
        ("Time", moment_text(case.as_of)),
        ("Report id", case.report_id),
        ("Tool", f"ipthreat {__version__}, policy {case.policy.name} {case.policy.version}"),
        ("Data period", period),
    )


def _summary(case: Case, steps: Tuple[Action, ...], register: Register) -> Section:
    """Our own words, and below them those of a language model where one was asked."""
    ours = _bottom_line(case, steps)
    return Section("Summary", (ours, Paragraph(rephrase.told(case.prose, register))) if case.prose else (ours,))


def _bottom_line(case: Case, steps: Tuple[Action, ...]) -> Paragraph:
    """Bottom line up front: what, how sure, what to do now and by when; the assessment's quality on its own."""
    if not case.raised:
        urgent = [action for action in steps if action.step.within <= HOUR]
        todo = f" {urgent[0].text[:-1]}; due {urgent[0].due(case.as_of)}." if urgent else ""
        return Paragraph((_nothing_raised(case), todo))
    top, others = case.raised[0], len(case.raised) - 1
    further = counted(others, "further address", "further addresses")
    also = f"; {further} of High or Medium priority {'is' if others == 1 else 'are'} below" if others else ""
    what = f"{defanged(top.address)} {likelihood(top.probability or 0.0)} and {_here(top)}{also}. "
    first = first_steps(steps).get(top.address)
    todo = f"{first.text[:-1]}; due {first.due(case.as_of)}. " if first else ""
    grade, why = quality(top)
    missing = [
        f"{title(item.source)} {silence(item.status)}" for item in top.dossier.evidence if not item.status.answered
    ]
    lacking = f"; {joined(missing)}" if missing else ""
    return Paragraph((Strong(what), todo, f"Quality of the assessment: {grade} ({why}{lacking})."))


def _nothing_raised(case: Case) -> str:
    judged = [item for item in case.assessments if item.confidence is not None]
    failed: Counter[str] = Counter()
    for item in judged:
        failed.update({source for source, status in item.coverage.missing if status is not Status.NOT_ASKED})
    of = counted(len(judged), "address", "addresses")
    told = [f"{title(source)} for {count:,}" for source, count in sorted(failed.items())]
    lack = f" Of {of}, there is no answer of {joined(told)}." if told else ""
    none = reaches(len(judged), "Medium priority")
    unknown = _unknown(case)
    absent = f"; {unknown}" if unknown else "; absence of evidence is not evidence of absence"
    return f"{none} as of {moment_text(case.as_of)}{absent}.{lack}"


def _unknown(case: Case) -> str:
    """`of 12 there is too little data to judge`; empty when there are none."""
    count = sum(item.insufficient for item in case.assessments)
    return f"of {count:,} there is too little data to judge" if count else ""


def _here(item: Assessment) -> str:
    if item.techniques:
        doing = joined(deeds(item))
        return f"{'is active here' if item.active else 'was seen here'} ({doing}; severity {item.severity.value})"
    if item.dossier.sighting:
        return "occurs in our own events without hostile behaviour"
    return "has not been seen in our own events"


def _board(case: Case, steps: Tuple[Action, ...]) -> Section:
    first = first_steps(steps)
    to_do = {address for address, action in first.items() if action.step.group is not Group.RECONFIRM}
    listed = [item for item in case.assessments if _belongs(item) or item.address in to_do][:BOARD]
    rows = tuple(_board_row(item, case, first) for item in listed)
    header = ("Address", "Priority", "Confidence #", "Severity", "Verdict", "Main reason", "First step", "Due")
    blocks: List[Block] = [Table(header, rows, "Most pressing first")] if rows else []
    more = counted(len(case.assessments) - len(listed), "further address", "further addresses")
    more = more if listed else more.replace("further ", "")
    if len(listed) == BOARD and len(case.assessments) > BOARD:
        blocks.append(Paragraph((f"The CSV and JSON exports have {more}.",)))
    elif len(listed) < len(case.assessments):
        blocks.append(
            Paragraph((f"{more} judged, none above Monitor{f'; {_unknown(case)}' if _unknown(case) else ''}.",))
        )
    allowed = sum(item.dossier.allowance is not None for item in case.assessments)
    if allowed:
        blocks.append(Paragraph((f"{counted(allowed, 'address', 'addresses')} allow-listed.",)))
    return Section("Priority board", tuple(blocks) or (Paragraph(("There is no address to judge.",)),))


def _belongs(item: Assessment) -> bool:
    return item.priority is not Priority.MONITOR or bool(item.indicator)


def _board_row(item: Assessment, case: Case, first: Dict[str, Action]) -> Tuple[Line, ...]:
    action = first.get(item.address)
    strongest = item.signals[0] if item.signals else None
    reason = f"{title(strongest.source)}: {strongest.text} ({strongest.nats:+.2f})" if strongest else "no evidence"
    reason = f"{item.dossier.allowance.words}; {reason}" if item.dossier.allowance else reason
    return (
        (defanged(item.address),),
        (item.priority.value,),
        (f"{item.confidence}/10",),
        (item.severity.value,),
        (item.verdict.value,),
        (reason,),
        (action.step.verb if action else "none",),
        (action.due(case.as_of) if action else "",),
    )


def _critical(case: Case, register: Register) -> Tuple[Section, ...]:
    cards = case.raised[:CARDS]
    if not cards:
        return (Section("Critical Threats", (Paragraph(("No address is of High or Medium priority.",)),)),)
    more = len(case.raised) - len(cards)
    noun = "further address of High or Medium priority has", "further addresses of High or Medium priority have"
    left_out = f"{counted(more, *noun)} no card here: the CSV and JSON exports name them all."
    rest: Tuple[Block, ...] = (Paragraph((left_out,)),) if more else ()
    return (Section("Critical Threats", rest), *[card(item, register) for item in cards])


def _next_steps(case: Case, steps: Tuple[Action, ...], register: Register) -> Tuple[Section, ...]:
    sections = []
    for group in Group:
        mine = [action for action in steps if action.step.group is group]
        blocks: List[Block] = []
        for action in mine:
            blocks.append(Bullets((_step(action, register),)))
            search = action.search(case.as_of)
            if search:
                blocks.append(Listing(search, "spl", f"Search for {who(action.addresses)}"))
        if blocks:
            sections.append(Section(group.value, tuple(blocks), 3))
    none: Tuple[Block, ...] = () if sections else (Paragraph(("No evidence pattern calls for a step.",)),)
    return (Section("Immediate Next Steps", none), *sections)


def _step(action: Action, register: Register) -> Line:
    line: Line = (action.text,)
    if action.step.rollback:
        line = (action.text, " Way back: ", action.step.rollback)
    return cited(line, register, action.named, *action.step.keys)
