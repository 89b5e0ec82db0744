"""Report 1, the Threat Report: labelled lines per address, in the reference's order and wording.

The strict layout prints the reference's lines and nothing else. The full layout adds what the reference leaves out:
network, confidence, priority, own events, evidence and signals, and says for each source why it has no value.
"""

from __future__ import annotations

import re
from typing import Iterator, List, Optional

from ..assessment import Assessment
from ..case import Case
from ..dossier import Evidence, Status
from ..providers.virustotal import STATS
from .citations import evidence_lines
from .escape import visible
from .prose import counted, moment_text

_MARKUP = re.compile(r"([\\`*_\[\]<>|])")
NOTHING = "N/A"


def foreign(text: str) -> str:
    """Text from outside on one line of this report: no control character, no markup, no live URL."""
    return _MARKUP.sub(r"\\\1", visible(text)).replace("://", "[:]//")


def render(case: Case, strict: bool = False) -> str:
    """The report as text that is also readable Markdown. Ends with one newline."""
    found = case.hostile
    lines = ["Threat Report", "=" * 20, ""]
    lines += ["Summary:", f"Found {len(found)} suspicious IP {'address' if len(found) == 1 else 'addresses'}."]
    lines += [] if strict else _not_raised(case)
    lines += ["", "Details:"]
    for number, assessment in enumerate(found, start=1):
        lines += ["", f"### Threat #{number} - {assessment.address}", *_reference_lines(assessment, strict)]
        lines += [] if strict else list(_further_lines(assessment))
    if not found and not strict:
        lines += ["", "No address reached the verdict malicious or suspicious."]
    return "\n".join(lines) + "\n"


def _not_raised(case: Case) -> List[str]:
    """What became of the other addresses, so that "0 suspicious" is not read as "all clean"."""
    others: dict[str, int] = {}
    for item in case.assessments:
        if not item.indicator:
            word = item.status.words if item.confidence is None else item.verdict.value
            word = "insufficient data" if item.insufficient else word
            others[word] = others.get(word, 0) + 1
    told = ", ".join(f"{count} {word}" for word, count in sorted(others.items()))
    return [f"Others judged: {told}."] if told else []


def _reference_lines(assessment: Assessment, strict: bool) -> List[str]:
    owner, snapshot = assessment.owner, assessment.dossier.source("snapshot")
    severity = assessment.severity.value
    talos, virustotal = assessment.dossier.source("talos"), assessment.dossier.source("virustotal")

    def value(text: str, source: Optional[Evidence]) -> str:
        return foreign(text) or (NOTHING if strict else missing(source))

    def owned(text: str) -> str:
        return foreign(text) or (NOTHING if strict else missing(snapshot))

    return [
        f"- Indicator: {assessment.indicator}",
        f"- Severity: *{severity}*",
        f"- Source IP: {assessment.address}",
        f"- Cisco Talos Reputation: {value(talos.native if talos else '', talos)}",
        f"- Cisco Talos Owner: {value(talos.organisation if talos else '', talos)}",
        f"- VirusTotal Stats: {_stats(virustotal) or (NOTHING if strict else missing(virustotal))}",
        f"- ASN: {owned(str(owner.asn or ''))}",
        f"- Organization: {owned(owner.as_owner or owner.organisation)}",
        f"- Country: {owned(owner.country)}",
        f"- RIR: {owned(owner.rir)}",
        f"- Summary: IP {assessment.address} was flagged for {assessment.indicator} with severity *{severity}*.",
    ]


def missing(source: Optional[Evidence]) -> str:
    """`N/A` where the source was asked and has no value, else the word for why it was not answered."""
    if source is None:
        return Status.NOT_ASKED.words
    return NOTHING if source.status.answered else source.status.words


def _stats(virustotal: Optional[Evidence]) -> str:
    if virustotal is None or virustotal.status not in (Status.OK, Status.STALE):
        return ""
    return "{" + ", ".join(f"'{key}': {virustotal.counts.get(key, 0)}" for key in STATS) + "}"


def _further_lines(assessment: Assessment) -> Iterator[str]:
    sighting = assessment.dossier.sighting
    yield f"- Network: {assessment.owner.network or missing(assessment.dossier.source('snapshot'))}"
    yield f"- Confidence: {assessment.confidence}/10 ({assessment.verdict.value})"
    yield f"- Priority: {assessment.priority.value} ({'; '.join(assessment.priority_steps)})"
    if sighting:
        yield f"- First Seen: {moment_text(sighting.first_seen)}"
        yield f"- Last Seen: {moment_text(sighting.last_seen)}"
        yield f"- Events: {sighting.count}"
    else:
        yield "- Events: none of our own"
    for line in evidence_lines(assessment):
        yield f"- Evidence: {foreign(line)}"
    told = assessment.signals
    yield f"- Signals: {foreign('; '.join(f'{item.name} {item.nats:+.2f}' for item in told)) or 'none'}"
    answered, total = len(assessment.coverage.answered), len(assessment.coverage.missing)
    yield f"- Coverage: {counted(answered, 'source')} of {answered + total} answered"
