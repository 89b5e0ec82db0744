"""The one table of output fields: what `| ipthreat` adds to an event, and how each value is read from a judgement.

    for field in chosen("core"):
        print(field.named(PREFIX), field.read(subject))

Everything here is pure. How the values become cells of an event is in `splunk/encoding.py`.
"""

from __future__ import annotations

import enum
import re
from datetime import datetime
from typing import Callable, NamedTuple, Optional, Tuple, Union

from .assessment import Assessment
from .dossier import Evidence, SourceKind, Status, Verdict
from .errors import InputError

PREFIX = "ti_"
"""What the names of the fields begin with, unless the user says otherwise."""

Value = Union[None, int, str, Tuple[str, ...]]


class Owner(NamedTuple):
    """Who owns an address; None or an empty text where that is not known."""

    asn: Optional[int]
    name: str
    network: str
    country: str
    rir: str


class Subject(NamedTuple):
    """What the fields of one address are read from. The assessment may be that of another address judged alike."""

    address: str
    owner: Owner
    assessment: Assessment


class Rests(enum.Enum):
    """What a field rests on: it tells which values many addresses share."""

    JUDGEMENT = "the evidence, without the owner"
    SYSTEM = "the autonomous system"
    NETWORK = "the network"
    PLACE = "where the network is registered and used"
    ADDRESS = "the address itself"


class Field(NamedTuple):
    """One output field."""

    name: str
    """Without the prefix."""
    meaning: str
    read: Callable[[Subject], Value]
    """Its value; a tuple for a field with several."""
    group: str = "full"
    """`core`, `full` (which includes core), or the option that adds it: `explain`, `es`."""
    rests: Rests = Rests.JUDGEMENT

    def named(self, prefix: str, of: str = "") -> str:
        """The full name; `of` comes before it where several address fields are answered: `dest_ip_`.

        Those for Enterprise Security are names of its own and bear no prefix.
        """
        return of + self.name if self.group == "es" else of + prefix + self.name


def owner_of(assessment: Assessment) -> Owner:
    """The owner as the sources of an assessment have it. The name of the AS is better known than its organisation."""
    found = assessment.owner
    return Owner(found.asn, found.as_owner or found.organisation, found.network, found.country, found.rir)


def chosen(text: str) -> Tuple[Field, ...]:
    """The fields that `core`, `full` or a list of names (with or without prefix) means, in the order of the table.

    Raises InputError for a name that no field has.
    """
    if text in ("core", "full"):
        return tuple(item for item in FIELDS if item.group in ("core", text))
    names = [name[len(PREFIX) :] if name.startswith(PREFIX) else name for name in re.split(r"[,\s]+", text) if name]
    known = {item.name for item in FIELDS if item.group in ("core", "full")}
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        wrong = f"there is no field {unknown[0][:40]!a}" if unknown else "no field is named"
        raise InputError(f"fields: {wrong}; there are core, full, {', '.join(sorted(known))}")
    return tuple(item for item in FIELDS if item.name in names)


def extra(group: str) -> Tuple[Field, ...]:
    """The fields that the option `explain` or `es` adds."""
    return tuple(item for item in FIELDS if item.group == group)


# --- readers --------------------------------------------------------------------------------------


def _count(name: str) -> Callable[[Subject], Value]:
    def read(subject: Subject) -> Value:
        found = _answer(subject, "virustotal")
        return found.counts.get(name) if found else None

    return read


def _answer(subject: Subject, source: str) -> Optional[Evidence]:
    """What a source answered; None when it did not, or knows nothing."""
    found = subject.assessment.dossier.source(source)
    return found if found and found.status in (Status.OK, Status.STALE) else None


def _feeds(subject: Subject) -> Value:
    listed = (Status.OK, Status.STALE)
    evidence = subject.assessment.dossier.evidence
    return tuple(
        sorted(item.source for item in evidence if item.kind is SourceKind.BLOCK_LIST and item.status in listed)
    )


def _sources(subject: Subject) -> Value:
    return tuple(sorted(f"{item.source}={item.status.value}" for item in subject.assessment.dossier.evidence))


def _engines(subject: Subject) -> Value:
    found = _answer(subject, "virustotal")
    return tuple(f"{item.engine}={item.category}" for item in found.detections) if found else ()


def _talos(subject: Subject) -> Value:
    found = subject.assessment.dossier.source("talos")
    if found is None:
        return None
    return found.native if found.status is Status.OK else found.status.value


def _talos_owner(subject: Subject) -> Value:
    found = _answer(subject, "talos")
    return found.organisation if found else None


def _abuse(name: str) -> Callable[[Subject], Value]:
    def read(subject: Subject) -> Value:
        found = _answer(subject, "abuseipdb")
        return None if found is None else found.score if name == "score" else found.counts.get(name)

    return read


def _greynoise(subject: Subject) -> Value:
    found = _answer(subject, "greynoise")
    return found.verdict.value if found else None


def _seen(last: bool) -> Callable[[Subject], Value]:
    def read(subject: Subject) -> Value:
        evidence = subject.assessment.dossier.evidence
        found = [moment for item in evidence for moment in [item.last_seen if last else item.first_seen] if moment]
        return _time((max if last else min)(found)) if found else None

    return read


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _age(subject: Subject) -> Value:
    assessment = subject.assessment
    answered = (item for item in assessment.dossier.evidence if item.status.answered or item.status is Status.STALE)
    dates = [item.retrieved_at for item in answered if item.retrieved_at]
    return max(0, (assessment.as_of - min(dates)).days) if dates else None


def _snapshot(subject: Subject) -> Value:
    found = _answer(subject, "snapshot")
    return found.retrieved_at.strftime("%Y-%m-%d") if found and found.retrieved_at else None


def _link(subject: Subject) -> Value:
    from .providers import PROVIDERS  # here, as the core fields do without

    return PROVIDERS["virustotal"].link(subject.address) if subject.assessment.dossier.is_global else None


def _explanation(subject: Subject) -> Value:
    from .explanation import explain  # the same

    steps = explain(subject.assessment)
    told = tuple(f"{step.nats:+.2f} {step.source + ': ' if step.source else ''}{step.label}" for step in steps)
    return (*told, *subject.assessment.guards, *subject.assessment.priority_steps)


def _threat(text: Callable[[Subject], Value]) -> Callable[[Subject], Value]:
    """A field of Enterprise Security that stays empty unless the address is held to be a threat."""
    hostile = (Verdict.MALICIOUS, Verdict.SUSPICIOUS)
    return lambda subject: text(subject) if subject.assessment.verdict in hostile else None


# --- the table ------------------------------------------------------------------------------------

FIELDS: Tuple[Field, ...] = (
    Field("verdict", "malicious, suspicious, benign or unknown", lambda s: s.assessment.verdict.value, "core"),
    Field("confidence", "0 to 10: how sure we are that it is hostile", lambda s: s.assessment.confidence, "core"),
    Field("severity", "impact of what was seen here: Low to Critical", lambda s: s.assessment.severity.value, "core"),
    Field("priority", "what to do first: High, Medium, Low, Monitor", lambda s: s.assessment.priority.value, "core"),
    Field("reasons", "why, strongest first", lambda s: s.assessment.reasons, "core"),
    Field("flags", "what it is and did: tor, cdn, cloud, scanner …", lambda s: s.assessment.flags, "core"),
    Field("asn", "number of the autonomous system", lambda s: s.owner.asn, "core", Rests.SYSTEM),
    Field("org", "who runs that system", lambda s: s.owner.name, "core", Rests.SYSTEM),
    Field("network", "the network that holds the address", lambda s: s.owner.network, "core", Rests.NETWORK),
    Field("country", "ISO code of the country where it is used", lambda s: s.owner.country, "core", Rests.PLACE),
    Field("rir", "the registry", lambda s: s.owner.rir, "core", Rests.PLACE),
    Field("status", "how complete the look-up was", lambda s: s.assessment.status.value, "core"),
    Field("indicator", "Malicious or Suspicious IP Detected, or empty", lambda s: s.assessment.indicator),
    Field("feeds", "block lists that hold it", _feeds),
    Field("sources", "every source with its status", _sources),
    Field("vt_malicious", "VirusTotal engines that say malicious", _count("malicious")),
    Field("vt_suspicious", "… suspicious", _count("suspicious")),
    Field("vt_undetected", "… nothing", _count("undetected")),
    Field("vt_harmless", "… harmless", _count("harmless")),
    Field("vt_timeout", "… that did not answer in time", _count("timeout")),
    Field("vt_reputation", "votes of VirusTotal's users", _count("reputation")),
    Field("vt_engines", "the engines that flag it", _engines),
    Field("talos_reputation", "Cisco Talos' word, or why there is none", _talos),
    Field("talos_owner", "the owner by Cisco Talos", _talos_owner),
    Field("abuseipdb_score", "AbuseIPDB's confidence, 0 to 100", _abuse("score")),
    Field("abuseipdb_reports", "reports to AbuseIPDB", _abuse("reports")),
    Field("greynoise_classification", "GreyNoise's word", _greynoise),
    Field("first_seen", "when a source first saw it (UTC)", _seen(last=False)),
    Field("last_seen", "when a source last saw it (UTC)", _seen(last=True)),
    Field("age", "days since the oldest of the answers was published or fetched", _age),
    Field("snapshot", "date of the embedded snapshot that answered", _snapshot),
    Field("link", "page with more about it", _link, "full", Rests.ADDRESS),
    Field("explanation", "the sum behind the confidence, step by step", _explanation, "explain"),
    Field("risk_score", "ten times the confidence", _threat(lambda s: 10 * (s.assessment.confidence or 0)), "es"),
    Field("risk_object", "the address", _threat(lambda s: s.address), "es", Rests.ADDRESS),
    Field("risk_object_type", "system", _threat(lambda _: "system"), "es"),
    Field("threat_object", "the address", _threat(lambda s: s.address), "es", Rests.ADDRESS),
    Field("threat_object_type", "ip_address", _threat(lambda _: "ip_address"), "es"),
    Field(
        "annotations.mitre_attack",
        "the ATT&CK techniques that the events show, by number",
        _threat(lambda s: tuple(item.id for item in s.assessment.techniques)),
        "es",
    ),
)  # fmt: skip
"""Every field, in the order of the columns."""
