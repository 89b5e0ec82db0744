"""The cards of the section Critical Threats: one per High or Medium address, every sentence with its evidence."""

from __future__ import annotations

from typing import Iterator, List, Sequence, Tuple

from ..assessment import Assessment
from ..dossier import Detection, Evidence, SourceKind, Status
from ..explanation import Step, explain
from ..priority import causes_of
from .blocks import Block, Bullets, Code, Inline, Line, Link, Paragraph, Section, Strong, Table
from .citations import SIGHTING, Citation, Register, own_key, owner_line, title
from .escape import defanged
from .prose import age_text, counted, deed, joined, likelihood, moment_text, period_text, silence, success


def card(assessment: Assessment, register: Register) -> Section:
    """Axes, evidence, findings and waterfall of one address."""
    address = assessment.address
    blocks: List[Block] = [
        *[Paragraph(line) for line in _axes(assessment, register)],
        Bullets(tuple(_sentences(assessment, register))),
        evidence_table(register.of(address)),
        _waterfall(assessment, register),
    ]
    return Section(f"{defanged(address)} ({assessment.priority.value} priority)", tuple(blocks), 3, address)


def cited(line: Line, register: Register, addresses: Sequence[str], *keys: str) -> Line:
    """The line, closed by references to the evidence it rests on: to all there is when none of the keys weighs."""
    references: List[Inline] = []
    for address in addresses:
        every = [item.key for item in register.of(address)]
        references += register.cites(address, *keys) or register.cites(address, *every)
    return (*line, *references)


def _axes(assessment: Assessment, register: Register) -> Iterator[Line]:
    """The three axes, each with what it rests on."""
    address, causes = assessment.address, [own_key(item) for item in causes_of(assessment.dossier.behaviours)]
    steps = "; ".join(assessment.priority_steps)
    yield cited((Strong(f"Priority {assessment.priority.value}"), f": {steps}."), register, [address])
    likely = f": it {likelihood(assessment.probability or 0.0)} (p = {assessment.probability:.2f})."
    yield cited((Strong(f"Confidence {assessment.confidence}/10"), likely), register, [address])
    deeds = [deed(item) for item in causes_of(assessment.dossier.behaviours)]
    why = f"our own events show {joined(deeds)}" if deeds else "nothing hostile was seen here"
    yield cited((Strong(f"Severity {assessment.severity.value}"), f": {why}."), register, [address], *causes)


def _sentences(assessment: Assessment, register: Register) -> Iterator[Line]:
    address = assessment.address
    virustotal = assessment.dossier.source("virustotal")
    if virustotal and virustotal.speaks:
        for line in _virustotal(virustotal):
            yield cited(line, register, [address], "virustotal")
    yield from _behaviours(assessment, register)
    yield from _others(assessment, register)
    yield from _flags(assessment, register)
    for item in assessment.dossier.evidence:
        if not item.speaks and not item.status.answered and (item.status.counts or item.status is Status.UNAVAILABLE):
            why = f": {item.reason}" if item.reason else ""
            yield cited((f"{title(item.source)} {silence(item.status)}{why}.",), register, [address], item.source)


def _virustotal(item: Evidence) -> Iterator[Line]:
    for category in ("malicious", "suspicious"):
        named = [detection for detection in item.detections if detection.category == category]
        total = item.counts.get(category, 0)
        if total:
            yield (
                f"VirusTotal: {counted(total, 'engine')} {'says' if total == 1 else 'say'} {category}",
                *_named(named, total),
                ".",
            )
    reputation = item.counts.get("reputation")
    if reputation is not None:
        yield (f"VirusTotal's community reputation is {reputation:+d}.",)


def _named(named: List[Detection], total: int) -> Line:
    if not named:
        return (", none named",)
    words = [
        f"{item.engine} ({item.result})" if item.result not in ("", item.category) else item.engine for item in named
    ]
    rest = f", and {total - len(named)} not named" if total > len(named) else ""
    return (f": {', '.join(words)}{rest}",)


def _behaviours(assessment: Assessment, register: Register) -> Iterator[Line]:
    for item in assessment.dossier.behaviours:
        seen = f" {period_text(item.first_seen, item.last_seen)}" if item.first_seen else ""
        line: List[Inline] = ["Our own events show ", Strong(item.kind.value.replace("_", " "))]
        line.append(f" {counted(item.count, 'time')}{seen}")
        line.append(f": {', '.join(item.names)}" if item.names else "")
        line.append(f"; {success(item)}" if item.succeeded else "")
        for sample in item.samples[:1]:
            line += [", for example ", Code(sample)]
        line.append(".")
        yield cited(tuple(line), register, [assessment.address], own_key(item))
    sighting = assessment.dossier.sighting
    if sighting and not assessment.dossier.behaviours:
        text = f"It appears in {counted(sighting.count, 'event')} of our own, doing nothing that a rule knows."
        yield cited((text,), register, [assessment.address], SIGHTING)


def _others(assessment: Assessment, register: Register) -> Iterator[Line]:
    """The other sources that said something, and who owns the address."""
    address = assessment.address
    for item in register.of(address):
        source = assessment.dossier.source(item.key)
        if source and source.speaks and source.kind is not SourceKind.OWNERSHIP and source.source != "virustotal":
            yield cited((f"{item.source}: {item.value}.",), register, [address], item.key)
    owners = [item.source for item in assessment.dossier.evidence if item.asn or item.country]
    if owners:
        yield cited((f"Owner: {owner_line(assessment.owner)}.",), register, [address], *owners)


def _flags(assessment: Assessment, register: Register) -> Iterator[Line]:
    sources = [
        item.source for item in assessment.dossier.evidence if item.flags or item.kind is SourceKind.WARNING_LIST
    ]
    keys = sources + [own_key(item) for item in assessment.dossier.behaviours]
    if assessment.flags:
        yield cited((f"Flags: {', '.join(assessment.flags)}.",), register, [assessment.address], *keys)


def evidence_table(citations: Tuple[Citation, ...], caption: str = "Evidence") -> Table:
    """The evidence list E1…En: source, value, time, age and what it adds."""
    rows = tuple(
        (
            (f"E{item.number}",),
            (Link(item.source, item.link),) if item.link else (item.source,),
            _value(item),
            (moment_text(item.moment),),
            (age_text(item.age_days),),
            (f"{item.nats:+.2f}",),
        )
        for item in citations
    )
    return Table(("E", "Source", "What it says", "Time", "Age", "Nats #"), rows, caption)


def _value(item: Citation) -> Line:
    line: List[Inline] = [item.value]
    for sample in item.samples:
        line += ["; ", Code(sample)]
    return tuple(line)


def _waterfall(assessment: Assessment, register: Register) -> Table:
    rows = tuple(
        (
            (step.label,),
            _where(step, register, assessment.address),
            (f"{step.nats:+.2f}",),
            (f"{step.total:+.2f}",),
        )
        for step in explain(assessment)
    )
    return Table(("Step", "Evidence", "Nats #", "Log-odds #"), rows, "How the confidence came about")


def _where(step: Step, register: Register, address: str) -> Line:
    family, _, kind = step.signal.partition(".")
    key = f"own:{kind}" if family == "own_events" else step.source
    return register.cites(address, key) if key else ("",)
