"""The words of the reports: likelihood terms, numbers, dates and lists, the same everywhere."""

from __future__ import annotations

from datetime import datetime
from typing import Mapping, Optional, Sequence, Tuple

from ..assessment import Assessment
from ..dossier import Behaviour, BehaviourKind, SourceKind, Status
from ..priority import causes_of, techniques_of

# ICD 203 (2015), section D.6.e.(2).(a): lowest probability of each term, as the predicate of "this address …".
LIKELIHOOD: Tuple[Tuple[float, str], ...] = (
    (0.95, "is almost certainly malicious"),
    (0.80, "is very likely malicious"),
    (0.55, "is likely malicious"),
    (0.45, "has a roughly even chance of being malicious"),
    (0.20, "is unlikely to be malicious"),
    (0.05, "is very unlikely to be malicious"),
    (0.0, "is almost certainly not malicious"),
)
# fmt: off
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
           "December")
# fmt: on
# How a source that gave no answer is spoken of: "GreyNoise is rate limited".
_SILENCE: Mapping[Status, str] = {
    Status.UNAVAILABLE: "is unavailable",
    Status.RATE_LIMITED: "is rate limited",
    Status.STALE: "is out of date",
    Status.TIMEOUT: "did not answer in time",
    Status.ERROR: "gave no usable answer",
    Status.AUTH_ERROR: "refused the key",
    Status.FORBIDDEN: "refused the question",
    Status.NOT_ASKED: "was not asked",
    Status.DISABLED: "is switched off",
    Status.UNSUPPORTED: "does not take such addresses",
}
_SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def likelihood(probability: float) -> str:
    """The ICD 203 term for a probability, as a predicate: `is very likely malicious`."""
    return next(term for lowest, term in LIKELIHOOD if probability >= lowest)


def silence(status: Status) -> str:
    """What to say of a source with this status, as a predicate: `is rate limited`, `did not answer in time`."""
    return _SILENCE.get(status, f"is {status.words}")


def number(value: int) -> str:
    """`two` up to ten, figures above."""
    return _SMALL[value] if 0 <= value < len(_SMALL) else f"{value:,}"


def counted(value: int, noun: str, plural: str = "") -> str:
    """`1 event`, `3 events`."""
    return f"{value:,} {noun if value == 1 else plural or noun + 's'}"


def reaches(count: int, what: str) -> str:
    """`The one address judged does not reach Medium priority`, `None of 5 addresses reaches Medium priority`."""
    if count == 1:
        return f"The one address judged does not reach {what}"
    return f"None of {counted(count, 'address', 'addresses')} reaches {what}"


def joined(words: Sequence[str], last: str = "and") -> str:
    """`a, b and c`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def moment_text(moment: Optional[datetime]) -> str:
    """`2023-10-26 12:00 UTC`; `no date` without one."""
    return moment.strftime("%Y-%m-%d %H:%M UTC") if moment else "no date"


def period_text(first: Optional[datetime], last: Optional[datetime]) -> str:
    """`from 2023-10-26 10:00 UTC to 2023-10-26 11:00 UTC`, `at 2023-10-26 10:00 UTC`, or `without a time`."""
    if first is None or last is None:
        return "without a time"
    start, end = moment_text(first), moment_text(last)
    return f"at {start}" if start == end else f"from {start} to {end}"


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


def success(item: Behaviour) -> str:
    """What the success of a behaviour consists in: `a log-in succeeded afterwards`."""
    return "a log-in succeeded afterwards" if item.kind is BehaviourKind.BRUTE_FORCE else "answered 2xx"


def deed(item: Behaviour) -> str:
    """A behaviour in few words: `C2 beacon`, `brute force (a log-in succeeded afterwards)`."""
    words = item.kind.value.replace("_", " ").replace("c2 ", "C2 ")
    return f"{words} ({success(item)})" if item.succeeded else words


def deeds(assessment: Assessment) -> Tuple[str, ...]:
    """What it did here that has an ATT&CK technique, in words."""
    told = {item.kind for _, item in techniques_of(assessment.dossier.behaviours)}
    told |= {item.kind for item in causes_of(assessment.dossier.behaviours)}
    return tuple(deed(item) for item in assessment.dossier.behaviours if item.kind in told)


def quality(assessment: Assessment) -> Tuple[str, str]:
    """How good the assessment itself is, apart from its probability: (high | moderate | low, why).

    High needs three agreeing families and four fifths of the sources; moderate two families, or one and full coverage.
    """
    strongest = sorted(assessment.families, key=lambda item: (-abs(item.nats), item.family))
    speaking = [_family(item.family) for item in strongest if item.nats >= assessment.policy.positive_family]
    against = [_family(item.family) for item in strongest if item.nats <= -assessment.policy.positive_family]
    share = _opinions(assessment)
    agree = not (speaking and against)
    grade = "low"
    if len(speaking) >= 2 or (speaking and share >= 1.0) or (against and agree):
        grade = "moderate"
    if len(speaking) >= 3 and share >= 0.8 and agree:
        grade = "high"
    why = f"{joined(speaking)} agree" if len(speaking) > 1 else f"it rests on {joined(speaking)} alone"
    if not speaking:
        why = "nothing at hand points to hostility"
    if speaking and against:
        why += f", against {joined(against)}"
    return grade, why


def _opinions(assessment: Assessment) -> float:
    """Share that answered of the sources with an opinion: who owns an address says nothing about it. 0.0 for none."""
    owners = {item.source for item in assessment.dossier.evidence if item.kind is SourceKind.OWNERSHIP}
    answered = [source for source in assessment.coverage.answered if source not in owners]
    missing = [source for source, _ in assessment.coverage.missing if source not in owners]
    return len(answered) / (len(answered) + len(missing)) if answered else 0.0


def _family(name: str) -> str:
    return {"virustotal": "VirusTotal", "own events": "our own events", "abuseipdb": "AbuseIPDB"}.get(
        name, {"greynoise": "GreyNoise", "talos": "Cisco Talos"}.get(name, name)
    )
