"""The words of the reports: likelihood terms, numbers, dates and lists, the same everywhere."""

from __future__ import annotations

from datetime import datetime
from typing import Optional, Sequence, Tuple

from ..assessment import Assessment

# ICD 203 (2015), section D.6.e.(2).(a): lowest probability of each term. "Roughly even" is "roughly even chance".
LIKELIHOOD: Tuple[Tuple[float, str], ...] = (
    (0.95, "almost certainly"),
    (0.80, "very likely"),
    (0.55, "likely"),
    (0.45, "with roughly even odds"),
    (0.20, "unlikely to be"),
    (0.05, "very unlikely to be"),
    (0.0, "almost certainly not"),
)
# fmt: off
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
           "December")
# fmt: on
_SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def likelihood(probability: float) -> str:
    """The ICD 203 term for a probability, as an adverb before "malicious"."""
    return next(term for lowest, term in LIKELIHOOD if probability >= lowest)


def number(value: int) -> str:
    """`two` up to ten, figures above."""
    return _SMALL[value] if 0 <= value < len(_SMALL) else f"{value:,}"


def counted(value: int, noun: str, plural: str = "") -> str:
    """`1 event`, `3 events`."""
    return f"{value:,} {noun if value == 1 else plural or noun + 's'}"


def joined(words: Sequence[str], last: str = "and") -> str:
    """`a, b and c`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def moment_text(moment: Optional[datetime]) -> str:
    """`2023-10-26 12:00 UTC`; `no date` without one."""
    return moment.strftime("%Y-%m-%d %H:%M UTC") if moment else "no date"


def date_text(moment: datetime) -> str:
    """`October 26, 2023`, whatever the machine's language."""
    return f"{_MONTHS[moment.month - 1]} {moment.day}, {moment.year}"


def age_text(days: Optional[float]) -> str:
    """`3 days old`, `today`, `undated`, and `later` for what is younger than the moment judged."""
    if days is None:
        return "undated"
    if days < 0:
        return "later"
    return "today" if days < 1 else f"{counted(int(days), 'day')} old"


def quality(assessment: Assessment) -> Tuple[str, str]:
    """How good the assessment itself is, apart from its probability: (high | moderate | low, why).

    High needs three agreeing families and four fifths of the sources; moderate two families, or one and full coverage.
    """
    strongest = sorted(assessment.families, key=lambda item: (-abs(item.nats), item.family))
    speaking = [item.family for item in strongest if item.nats >= assessment.policy.positive_family]
    against = [item.family for item in strongest if item.nats <= -assessment.policy.positive_family]
    share = assessment.coverage.share
    agree = not (speaking and against)
    grade = "low"
    if len(speaking) >= 2 or (speaking and share >= 1.0) or (against and agree):
        grade = "moderate"
    if len(speaking) >= 3 and share >= 0.8 and agree:
        grade = "high"
    why = f"{joined([_family(name) for name in speaking])} {'agree' if len(speaking) > 1 else 'alone speaks'}"
    if not speaking:
        why = "no source speaks for hostility"
    if speaking and against:
        why += f", {joined([_family(name) for name in against])} {'speak' if len(against) > 1 else 'speaks'} against"
    return grade, why


def _family(name: str) -> str:
    return {"virustotal": "VirusTotal", "own events": "our own events", "abuseipdb": "AbuseIPDB"}.get(
        name, {"greynoise": "GreyNoise", "talos": "Cisco Talos"}.get(name, name)
    )
