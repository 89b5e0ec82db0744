"""The section What we do not know: silent sources, old data, assumptions, and what would change the judgement."""

from __future__ import annotations

from typing import Dict, Iterator, List, Set, Tuple

from ..assessment import Assessment
from ..case import Case
from ..dossier import Status
from ..explanation import counterfactual
from ..providers import PROVIDERS
from ..signals import EARLY, OWN_EVENTS
from .blocks import Bullets, Line, Section, Strong
from .citations import Register, title
from .escape import defanged
from .prose import counted, joined, silence


def unknowns_section(case: Case, told: Tuple[Assessment, ...], register: Register) -> Section:
    """Never empty: at least the assumptions stand."""
    lines = [*_silent(case, told, register), *_not_asked(case), *_later(case), *_embedded(case), *_own_events(case)]
    lines += [*_allowed(case), *_assumptions(case)]
    return Section("What we do not know", (Bullets((*lines, *_hinges(told, register))),))


def _silent(case: Case, told: Tuple[Assessment, ...], register: Register) -> Iterator[Line]:
    """Each source that did not answer, for how many addresses, and why."""
    silent: Dict[Tuple[str, Status, str], Set[str]] = {}
    judged = [item for item in case.assessments if item.confidence is not None]
    for assessment in judged:
        for item in assessment.dossier.evidence:
            if not item.status.answered:
                silent.setdefault((item.source, item.status, item.reason), set()).add(assessment.address)
    for (source, status, reason), addresses in sorted(silent.items(), key=lambda entry: entry[0][:1]):
        of = counted(len(judged), "address", "addresses")
        text = f"{title(source)} {silence(status)} for {len(addresses)} of {of}{f': {reason}' if reason else ''}."
        cites = next((register.cites(item.address, source) for item in told if item.address in addresses), ())
        yield (text, *cites)


def _not_asked(case: Case) -> Iterator[Line]:
    """The providers of which no dossier has an entry: nobody asked them, and nobody supplied their answers."""
    spoken = {item.source for assessment in case.assessments for item in assessment.dossier.evidence}
    absent = [provider.title for name, provider in PROVIDERS.items() if name not in spoken]
    if absent:
        yield (f"Not asked at all: {joined(absent)}.",)


def _later(case: Case) -> Iterator[Line]:
    """Evidence from after the moment judged: it was left out, and that must not go unseen."""
    later = sorted({
        title(signal.source)
        for item in case.assessments
        for signal in item.signals
        if signal.age_days is not None and signal.age_days < EARLY and signal.weight and not signal.decay
    })  # fmt: skip
    if later:
        yield (f"What {joined(later)} said later than the time of this report was left out.",)


def _allowed(case: Case) -> Iterator[Line]:
    """Who was spared by the allow-list."""
    allowed = [item for item in case.assessments if item.dossier.allowance]
    if allowed:
        spared = sum(not item.raised for item in allowed)
        noun = "address is", "addresses are"
        yield (f"{counted(len(allowed), *noun)} allow-listed: {spared} held at Monitor whatever the evidence says.",)


def _embedded(case: Case) -> Iterator[Line]:
    """Embedded data younger than the moment that is judged describe another time."""
    day = case.as_of.strftime("%Y-%m-%d")
    later = [part.name for part in case.parts if part.date[:10] > day]
    if later:
        parts = (
            "1 part of the embedded data dates" if len(later) == 1 else f"{len(later)} parts of the embedded data date"
        )
        yield (f"{parts} from after {day}: owners and lists may have changed since.",)


def _own_events(case: Case) -> Iterator[Line]:
    """What is old, undated or skipped in our own events."""
    events = case.events
    if events is None:
        yield ("No events of our own were given: severity and activity are unknown, not low.",)
        return
    if events.skipped:
        told = joined([f"{count:,} {reason}" for reason, count in sorted(events.skipped.items())])
        yield (f"Of {counted(events.read, 'row')} read, some could not be used: {told}.",)
    if events.end is None:
        yield ("The events bear no time: they were treated as current.",)
    elif (case.as_of - events.end).days > case.policy.active_days:
        age = counted((case.as_of - events.end).days, "day")
        yield (f"The events end {age} before the time of this report, so they count for less or nothing.",)
    if events.crowded_out:
        gone = counted(events.crowded_out, "address", "addresses")
        yield (f"{gone} without findings gave way: too many to hold at once.",)


def _assumptions(case: Case) -> List[Line]:
    prior = f"{100 * case.policy.prior:g} %"
    return [
        (
            Strong("Assumed: "),
            f"before any evidence, {prior} of such addresses are hostile (policy {case.policy.name}).",
        ),
        (Strong("Assumed: "), "the weights are elicited (chosen and explained), not fitted to labelled addresses."),
        (Strong("Assumed: "), "an address stands for one actor; shared, leased and spoofed addresses break that."),
    ]


def _hinges(told: Tuple[Assessment, ...], register: Register) -> Iterator[Line]:
    """The smallest change of evidence that would change each raised address's priority."""
    for assessment in told:
        change = counterfactual(assessment) if assessment.raised else None
        if change:
            known = change.source and change.source != OWN_EVENTS
            what = f"without {title(change.source)}" if known else change.change
            text = (
                f"{defanged(assessment.address)}: {what} it would be confidence {change.confidence},"
                f" priority {change.priority.value}."
            )
            yield (Strong("Would change: "), text, *register.cites(assessment.address))
