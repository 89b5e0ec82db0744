"""The rules that turn a dossier into signals: named reasons with their weight in nats.

Each rule is a pure function of dossier, policy and clock; `SIGNALS` lists them all. Formulas: the judgement page of the
documentation (docs/judgement.md).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Callable, Dict, Iterable, Iterator, List, Mapping, Optional, Tuple

from .dossier import Behaviour, BehaviourKind, Dossier, Evidence, SourceKind, Status
from .policy import ENGINE_SOURCES, Policy

OWN_EVENTS = "own events"

_FAMILY_OF_KIND: Mapping[SourceKind, str] = {
    SourceKind.BLOCK_LIST: "block lists",
    SourceKind.WARNING_LIST: "warning lists",
}


@dataclass(frozen=True)
class Signal:
    """One reason for or against hostility."""

    name: str
    """`virustotal.engines`, `own_events.brute_force`, `warning_list.cdn`: the key of its weight in the policy."""
    family: str
    """Signals of a family are summed and clipped together."""
    source: str
    """The evidence it rests on: a source's name, or `own events`."""
    weight: float
    """Nats before ageing."""
    decay: float
    """1.0 fresh … 0.0 too old to count."""
    age_days: Optional[float]
    """Age of the evidence at the time of the judgement; None when it bears no date."""
    text: str
    """The reason in words, safe to print."""

    @property
    def nats(self) -> float:
        """What it adds to the log-odds, before its family's limit."""
        return self.weight * self.decay


RANGE_WORDS: Mapping[str, str] = {
    "resolver": "a public resolver",
    "open_resolver": "open resolvers",
    "cdn": "a content delivery network",
    "cloud": "a cloud provider",
    "crawler": "a crawler that its operator publishes",
    "scanner": "a known scanner",
    "vpn": "a VPN provider",
    "mail": "a mail service",
    "sinkhole": "a sinkhole",
    "parking": "a parking service",
    "service": "a known service",
    "tor": "Tor exits",
    "hosting": "a hosting or VPN provider",
}
"""What a warning list of each kind says of the ranges on it."""

Rule = Callable[[Dossier, Policy, datetime], Iterable[Signal]]


EARLY = -1.0
"""Age in days below which evidence is later than as-of: a clock that runs ahead, or a date without an hour, is not."""


def age_in_days(dated: Optional[datetime], as_of: datetime) -> Optional[float]:
    """Days from a date to as-of; negative for what is later than as-of, None without a date."""
    if dated is None:
        return None
    return (as_of - dated).total_seconds() / 86400.0


def decay(age_days: Optional[float], lifetime: float, fresh: float = 7.0) -> float:
    """Share of its weight that evidence keeps: 1 while fresh, then max(0, 1 − ((age − fresh)/lifetime)^½).

    What is later than as-of keeps nothing: at that time nobody could know it.
    """
    if age_days is not None and age_days < EARLY:
        return 0.0
    if age_days is None or age_days <= fresh:
        return 1.0
    return max(0.0, 1.0 - math.sqrt((age_days - fresh) / lifetime))


def dossier_flags(dossier: Dossier) -> Tuple[str, ...]:
    """Context flags of an address: what sources and lists say it is (`tor`, `cloud`, …) and what it did here."""
    flags: Dict[str, None] = {}
    for item in dossier.evidence:
        flags.update(dict.fromkeys(item.flags))
        if item.kind is SourceKind.WARNING_LIST:
            flags.update(dict.fromkeys(item.labels))
    flags.update((behaviour.kind.value, None) for behaviour in dossier.behaviours)
    return tuple(flags)


def _decay_of(source: str, age: Optional[float], dossier: Dossier, policy: Policy) -> float:
    lifetime = policy.lifetimes.get(source, policy.lifetime_days)
    if policy.short_lived.intersection(dossier_flags(dossier)):
        lifetime /= 2
    return decay(age, lifetime, policy.fresh_days)


def _usable(dossier: Dossier, source: Optional[str] = None) -> Iterator[Evidence]:
    """Evidence that states something: answered, or stale and then aged like any other."""
    for item in dossier.evidence:
        if item.speaks and source in (None, item.source):
            yield item


def _signal(
    name: str, item: Evidence, weight: float, text: str, dossier: Dossier, policy: Policy, as_of: datetime
) -> Signal:
    age = age_in_days(item.dated, as_of)
    # A warning list says who operates a range. That does not fade while the list is in force.
    kept = 1.0 if item.kind is SourceKind.WARNING_LIST else _decay_of(item.source, age, dossier, policy)
    # All feeds are one family, also a feed of a publisher whose service is a provider of another family.
    family = _FAMILY_OF_KIND.get(item.kind) or policy.family(item.source, item.source)
    return Signal(name, family, item.source, weight, kept, age, text)


def counted_engines(dossier: Dossier, item: Evidence, policy: Policy) -> float:
    """VirusTotal's n: malicious + half the suspicious engines, without those whose own source answered here."""
    spoke = (Status.OK, Status.NOT_FOUND, Status.STALE)
    answered = {other.source for other in dossier.evidence if other.status in spoke}
    half = policy.weight("virustotal.suspicious_share")
    n = item.counts.get("malicious", 0) + half * item.counts.get("suspicious", 0)
    for detection in item.detections:
        if ENGINE_SOURCES.get(detection.engine) in answered:
            n -= 1.0 if detection.category == "malicious" else half
    return max(0.0, n)


def virustotal_engines(dossier: Dossier, policy: Policy, as_of: datetime) -> Iterator[Signal]:
    """w·(1 − e^(−rate·n/w)). Undetected, harmless and timed-out engines have no opinion and count nothing."""
    for item in _usable(dossier, "virustotal"):
        limit = policy.weight("virustotal.engines")
        n = counted_engines(dossier, item, policy)
        weight = limit * (1.0 - math.exp(-policy.weight("virustotal.engine_rate") * n / limit))
        malicious, suspicious = item.counts.get("malicious", 0), item.counts.get("suspicious", 0)
        text = f"{malicious} {'engine' if malicious == 1 else 'engines'} malicious, {suspicious} suspicious"
        left_out = malicious + policy.weight("virustotal.suspicious_share") * suspicious - n
        if left_out > 0:
            text += f" (n = {n:g}: engines whose own source answered are left out)"
        yield _signal("virustotal.engines", item, weight, text, dossier, policy, as_of)


def virustotal_votes(dossier: Dossier, policy: Policy, as_of: datetime) -> Iterator[Signal]:
    """clip(−0.15·reputation, −1, +1): community votes are a nudge, no more."""
    for item in _usable(dossier, "virustotal"):
        reputation = item.counts.get("reputation")
        if reputation:
            limit = policy.weight("virustotal.votes_limit")
            weight = max(-limit, min(limit, policy.weight("virustotal.votes") * reputation))
            text = f"community reputation {reputation:+d}"
            yield _signal("virustotal.votes", item, weight, text, dossier, policy, as_of)


def abuseipdb_reports(dossier: Dossier, policy: Policy, as_of: datetime) -> Iterator[Signal]:
    """2.2·(score/100)·min(1, distinct reporters/5): a score by few reporters counts in part."""
    for item in _usable(dossier, "abuseipdb"):
        if item.score:
            reporters = item.counts.get("distinct_reporters", 0)
            trust = min(1.0, reporters / policy.weight("abuseipdb.full_reporters"))
            weight = policy.weight("abuseipdb.reports") * item.score / 100.0 * trust
            text = f"abuse confidence {item.score}, {reporters} distinct reporters"
            yield _signal("abuseipdb.reports", item, weight, text, dossier, policy, as_of)


def scored_sources(dossier: Dossier, policy: Policy, as_of: datetime) -> Iterator[Signal]:
    """Sources that state a 0–100 confidence of their own: their weight times score/100."""
    for item in _usable(dossier):
        name = {"threatfox": "threatfox.level", "opencti": "opencti.score", "taxii": "taxii.score"}.get(item.source)
        if name and item.score:
            weight = policy.weight(name) * item.score / 100.0
            yield _signal(name, item, weight, f"its own confidence is {item.score} of 100", dossier, policy, as_of)


def otx_authors(dossier: Dossier, policy: Policy, as_of: datetime) -> Iterator[Signal]:
    """0.4·min(distinct authors, 3): many pulses by one author are one opinion."""
    for item in _usable(dossier, "otx"):
        authors = item.counts.get("authors", 0)
        if authors:
            weight = policy.weight("otx.author") * min(float(authors), policy.weight("otx.full_authors"))
            yield _signal("otx.author", item, weight, f"pulses by {authors} distinct authors", dossier, policy, as_of)


def source_words(dossier: Dossier, policy: Policy, as_of: datetime) -> Iterator[Signal]:
    """A provider's own words (`malicious`, `trust_1`, `online`), each with the weight the policy gives it.

    Where the same publisher's list holds the address, too (Feodo), that is one observation: the list's entry counts.
    """
    listed = {item.source for item in _usable(dossier) if item.kind is SourceKind.BLOCK_LIST}
    for item in _usable(dossier):
        if item.kind is SourceKind.PROVIDER and item.source not in listed:
            for label in item.labels:
                name = f"{item.source}.{label}"
                text = label.replace("_", " ")
                yield _signal(name, item, policy.weight(name), text, dossier, policy, as_of)


def _list_weight(item: Evidence, label: str, policy: Policy) -> Tuple[str, float]:
    if label.startswith("level_"):  # levels above the highest with a weight of its own count as that one
        level = min(int(label[6:]), 4) if label[6:].isdigit() else 1
        named = f"{item.source}.level_{level}"
        name = named if named in policy.weights else "block_list.block"
        return name, policy.weight(name)
    return f"{item.kind.value}.{label}", policy.weight(f"{item.source}.{label}", f"{item.kind.value}.{label}")


def block_lists(dossier: Dossier, policy: Policy, as_of: datetime) -> Iterator[Signal]:
    """Listings on downloaded lists. Of the feeds of one upstream group only the strongest counts."""
    strongest: Dict[str, Signal] = {}
    for item in _usable(dossier):
        if item.kind is not SourceKind.BLOCK_LIST:
            continue
        for label in item.labels:
            name, weight = _list_weight(item, label, policy)
            text = f"listed ({label.replace('_', ' ')})"
            found = _signal(name, item, weight, text, dossier, policy, as_of)
            group = item.group or item.source
            if group not in strongest or found.nats > strongest[group].nats:
                strongest[group] = found
    yield from strongest.values()


def warning_lists(dossier: Dossier, policy: Policy, as_of: datetime) -> Iterator[Signal]:
    """Ranges with a known operator. Several lists of one kind say the same thing once."""
    seen = set()
    for item in _usable(dossier):
        if item.kind is SourceKind.WARNING_LIST:
            for label in item.labels:
                name, weight = _list_weight(item, label, policy)
                kept = weight if name not in seen else 0.0
                seen.add(name)
                yield _signal(name, item, kept, f"range of {RANGE_WORDS.get(label, label)}", dossier, policy, as_of)


def describe(behaviour: Behaviour) -> str:
    """A behaviour in words, without any text an attacker wrote."""
    text = f"{behaviour.kind.value.replace('_', ' ')} in {behaviour.count} of our own events"
    if behaviour.names:
        text += f": {', '.join(behaviour.names)}"
    if behaviour.succeeded and behaviour.kind is BehaviourKind.BRUTE_FORCE:
        text += "; a log-in succeeded afterwards"
    if behaviour.succeeded and behaviour.kind is BehaviourKind.EXPLOIT_ATTEMPT:
        text += "; answered 2xx"
    return text


def own_events(dossier: Dossier, policy: Policy, as_of: datetime) -> Iterator[Signal]:
    """What the address did here. Own events age from the end of the data period."""
    ends: List[Optional[datetime]] = [dossier.period_end] + [item.last_seen for item in dossier.behaviours]
    age = age_in_days(max((end for end in ends if end), default=None), as_of)
    kept = _decay_of(OWN_EVENTS, age, dossier, policy)
    for behaviour in dossier.behaviours:
        name = f"own_events.{behaviour.kind.value}"
        yield Signal(name, OWN_EVENTS, OWN_EVENTS, policy.weight(name), kept, age, describe(behaviour))


SIGNALS: Dict[str, Rule] = {
    "virustotal_engines": virustotal_engines,
    "virustotal_votes": virustotal_votes,
    "abuseipdb_reports": abuseipdb_reports,
    "scored_sources": scored_sources,
    "otx_authors": otx_authors,
    "source_words": source_words,
    "block_lists": block_lists,
    "warning_lists": warning_lists,
    "own_events": own_events,
}


def signals_of(dossier: Dossier, policy: Policy, as_of: datetime) -> Tuple[Signal, ...]:
    """All signals of a dossier, in an order that does not depend on the order of its sources."""
    found = [signal for rule in SIGNALS.values() for signal in rule(dossier, policy, as_of)]
    return tuple(sorted(found, key=lambda signal: (-abs(signal.nats), signal.family, signal.name, signal.source)))
