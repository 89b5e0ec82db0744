"""Numbers every piece of evidence a report rests on, so that each sentence can name what it stands on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Dict, Iterable, List, Optional, Tuple

from ..assessment import Assessment
from ..dossier import Behaviour, Evidence, SourceKind
from ..providers import PROVIDERS
from ..providers.virustotal import STATS
from ..signals import OWN_EVENTS, age_in_days, describe
from .blocks import Cite
from .prose import counted, joined, moment_text, period_text

SIGHTING = "own:sighting"


@dataclass(frozen=True)
class Citation:
    """One numbered piece of evidence about one address."""

    number: int
    address: str
    key: str
    """The source's name, `own:<behaviour kind>` or `own:sighting`."""
    source: str
    value: str
    """What it says, in our words; the parts that come from outside are still to be escaped."""
    moment: Optional[datetime]
    link: str
    nats: float
    age_days: Optional[float]
    samples: Tuple[str, ...] = ()
    """What the attacker wrote, verbatim."""


def title(source: str) -> str:
    """The source's own spelling of its name."""
    return PROVIDERS[source].title if source in PROVIDERS else source


def page(item: Evidence, address: str) -> str:
    """The page about the address that an analyst can open; empty when the source has none."""
    return item.link or (PROVIDERS[item.source].link(address) if item.source in PROVIDERS else "")


def own_key(behaviour: Behaviour) -> str:
    """The key of a behaviour's citation."""
    return f"own:{behaviour.kind.value}"


def cited(assessment: Assessment, start: int = 1) -> Tuple[Citation, ...]:
    """All evidence on one address, numbered from `start`: what weighs most first, look-ups without answer last."""
    found = [_of_evidence(item, assessment) for item in assessment.dossier.evidence]
    found += [_of_behaviour(item, assessment) for item in assessment.dossier.behaviours]
    found += _of_sighting(assessment)
    silent = {item.source for item in assessment.dossier.evidence if not item.speaks}
    found.sort(key=lambda item: (item.key in silent, -abs(item.nats), item.key))
    return tuple(_numbered(item, start + index) for index, item in enumerate(found))


def _numbered(item: Citation, number: int) -> Citation:
    return Citation(**{**item.__dict__, "number": number})


def _of_evidence(item: Evidence, assessment: Assessment) -> Citation:
    nats = sum(
        signal.nats for signal in assessment.signals if signal.source == item.source and signal.family != OWN_EVENTS
    )
    age = _signed_age(item.dated, assessment.as_of)
    link = page(item, assessment.address)
    return Citation(
        0, assessment.address, item.source, title(item.source), statement(item), item.dated, link, nats, age
    )


def _signed_age(dated: Optional[datetime], as_of: datetime) -> Optional[float]:
    """Days from a date to as-of; negative for embedded data that are younger than the moment judged."""
    return None if dated is None else (as_of - dated).total_seconds() / 86400.0


def _of_behaviour(item: Behaviour, assessment: Assessment) -> Citation:
    own = [signal for signal in assessment.signals if signal.name == f"own_events.{item.kind.value}"]
    nats = sum(signal.nats for signal in own)
    # The age that decides its weight: own events age from the end of the data period.
    age = own[0].age_days if own else age_in_days(item.last_seen, assessment.as_of)
    value = describe(item)
    return Citation(
        0, assessment.address, own_key(item), "our own events", value, item.last_seen, "", nats, age, item.samples
    )


def _of_sighting(assessment: Assessment) -> List[Citation]:
    seen = assessment.dossier.sighting
    if seen is None:
        return []
    value = f"{counted(seen.count, 'event')} {period_text(seen.first_seen, seen.last_seen)}"
    if seen.outbound:
        value += f", {counted(seen.outbound, 'contact')} to it by our hosts {joined(seen.local_hosts)}"
    age = age_in_days(seen.last_seen, assessment.as_of)
    return [Citation(0, assessment.address, SIGHTING, "our own events", value, seen.last_seen, "", 0.0, age)]


def statement(item: Evidence) -> str:
    """What one source says, in one line; for a failed look-up, why it says nothing."""
    if not item.speaks:
        return item.status.words + (f": {item.reason}" if item.reason else "")
    return _said(item) + (f" ({item.status.words}: {item.reason})" if item.reason else "")


def _said(item: Evidence) -> str:
    if item.source == "virustotal":
        return _virustotal(item)
    if item.kind is SourceKind.OWNERSHIP:
        return owner_line(item)
    if item.kind in (SourceKind.BLOCK_LIST, SourceKind.WARNING_LIST):
        return f"listed as {joined([label.replace('_', ' ') for label in item.labels]) or 'an entry'}"
    words = [label.replace("_", " ") for label in item.labels]
    words += [f"{item.scale or 'score'} {item.native or item.score}"] if item.score is not None else []
    words += [f"owner {item.organisation}"] if item.organisation else []
    words += [counted(len(item.related), "related name")] if item.related else []
    return ", ".join(words) or "an answer without an opinion"


def _virustotal(item: Evidence) -> str:
    stats = ", ".join(f"{item.counts.get(key, 0)} {key}" for key in STATS)
    reputation, told = item.counts.get("reputation"), tied(item)
    return stats + ("" if reputation is None else f"; reputation {reputation:+d}") + (f"; {told}" if told else "")


def tied(item: Evidence) -> str:
    """`57 names resolved to it, 2 files talk to it`; empty where nobody asked for that."""
    names, files = item.counts.get("resolutions"), item.counts.get("communicating_files")
    told = [] if names is None else [f"{counted(names, 'name')} resolved to it"]
    told += [] if files is None else [f"{counted(files, 'file')} {'talks' if files == 1 else 'talk'} to it"]
    return ", ".join(told)


def system_name(item: Evidence) -> str:
    """`AS16509 AMAZON-02`; a name that begins with the number, as some registries have it, is not given it twice."""
    number = f"AS{item.asn}" if item.asn else ""
    name = item.as_owner or item.organisation
    return name if name.split(" ")[0] == number else f"{number} {name}".strip()


def owner_line(item: Evidence) -> str:
    """`AS16509 AMAZON-02, Amazon.com, Inc., 18.236.0.0/15, US, ARIN`."""
    parts = [system_name(item), item.organisation]
    parts += [item.network, item.country, item.rir]
    return ", ".join(dict.fromkeys(part for part in parts if part)) or "no owner on record"


def evidence_lines(assessment: Assessment) -> Tuple[str, ...]:
    """One line per piece of evidence for the Threat Report: source, value, time."""
    return tuple(f"{item.source}: {item.value} ({moment_text(item.moment)})" for item in cited(assessment))


class Register:
    """The numbered evidence of all addresses a report speaks of; numbers run through the whole report."""

    def __init__(self, assessments: Iterable[Assessment]) -> None:
        self.by_address: Dict[str, Tuple[Citation, ...]] = {}
        start = 1
        for assessment in assessments:
            items = cited(assessment, start)
            self.by_address[assessment.address] = items
            start += len(items)

    def of(self, address: str) -> Tuple[Citation, ...]:
        """The citations of one address."""
        return self.by_address.get(address, ())

    def cites(self, address: str, *keys: str) -> Tuple[Cite, ...]:
        """References to the evidence with these keys; to all that weighs when no key is given."""
        return tuple(
            Cite(item.number, address)
            for item in self.of(address)
            if (item.key in keys if keys else abs(item.nats) >= 0.005)
        )
