"""Exports a case as a STIX 2.1 bundle (OASIS, 10 June 2021), without any library.

The same case gives the same bundle: ids are UUIDv5 of an object's content (of its value alone for observables, as the
standard fixes it), and every time comes from the case. It holds the malicious and suspicious addresses and those of
High or Medium priority; an indicator is made only of a hostile address that `blocklist.is_spared` does not spare.
Confidence is 100·p: the 0–10 scale of STIX 2.1, appendix A, reads it as the same 0–10 that ipthreat prints.
"""

from __future__ import annotations

import ipaddress
import json
import math
import uuid
from datetime import datetime, timezone
from typing import Any, Dict, Iterator, List, Mapping, Optional, Tuple

from ..assessment import Assessment
from ..case import Case
from ..dossier import Verdict
from ..errors import InputError
from ..priority import Technique
from ..version import __version__
from .blocklist import expiry, is_spared
from .citations import page

Object = Dict[str, Any]

_NAMESPACE = uuid.UUID("26039f35-9885-4f3a-8641-8d542ee10b87")
_OBSERVABLES = uuid.UUID("00abedb4-aa42-466c-9c01-fed23315a9b7")
"""The namespace of observables' ids (STIX 2.1, section 2.9)."""
_FIXED = "2023-01-01T00:00:00.000Z"
"""When objects that do not depend on a case were made, so that they are the same in every bundle."""
_MOST_OBSERVED = 999_999_999

# Markings of TLP 2.0 as OASIS publishes them (cti-stix-common-objects, extension definition tlp-2.0).
_TLP_EXTENSION = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
_TLP: Mapping[str, str] = {
    "TLP:CLEAR": "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
    "TLP:GREEN": "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    "TLP:AMBER": "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    "TLP:AMBER+STRICT": "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
    "TLP:RED": "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
}
_INDICATOR_TYPES: Mapping[Verdict, str] = {
    Verdict.MALICIOUS: "malicious-activity",
    Verdict.SUSPICIOUS: "anomalous-activity",
}
_HIDING = frozenset({"tor", "vpn", "proxy"})


def bundle(case: Case) -> Dict[str, Any]:
    """The case as a STIX 2.1 bundle, ready for `json.dumps`. Raises InputError for an unknown TLP label."""
    maker = _Maker(case)
    found: Dict[str, Object] = {}
    for item in exported(case):
        for made in maker.of(item):
            found.setdefault(made["id"], made)
    objects = [maker.identity, maker.marking, *found.values(), maker.report(list(found) or [maker.identity["id"]])]
    name = json.dumps(sorted(made["id"] for made in objects))
    return {"type": "bundle", "id": f"bundle--{uuid.uuid5(_NAMESPACE, name)}", "objects": objects}


def exported(case: Case) -> Tuple[Assessment, ...]:
    """The addresses that exports speak of: malicious, suspicious, or of High or Medium priority; all of them global."""
    return tuple(item for item in case.assessments if item.confidence is not None and (item.indicator or item.raised))


class _Maker:
    """Makes the objects of one case: all bear its time, its marking and the tool's identity."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.time = _time(case.as_of)
        self.identity = _object(
            "identity", created=_FIXED, modified=_FIXED, name="ipthreat", identity_class="system",
            description="ipthreat, a tool that judges IP addresses",
        )  # fmt: skip
        self.marking = _marking(case.tlp)

    def of(self, item: Assessment) -> Iterator[Object]:
        """Everything about one address, the address first."""
        address = _address(item.address)
        yield address
        yield from self._network(item, address)
        observed = self._observed(item, address)
        indicator = self._indicator(item) if item.indicator and not is_spared(item) else None
        yield from (made for made in (observed, indicator) if made)
        if indicator:
            yield from self._ties(item, indicator, observed)
        yield self._note(item, indicator or address)

    def made(self, kind: str, **fields: Any) -> Object:
        """An object of this case; fields that are None or empty are left out."""
        common = {"created": self.time, "modified": self.time, "created_by_ref": self.identity["id"]}
        return _object(kind, **common, **fields, object_marking_refs=[self.marking["id"]])

    def tie(self, kind: str, source: Object, target: Object) -> Object:
        """A relationship."""
        return self.made("relationship", relationship_type=kind, source_ref=source["id"], target_ref=target["id"])

    def report(self, refs: List[str]) -> Object:
        """The container that holds the others together."""
        return self.made(
            "report", name=self.case.title, report_types=["threat-report"], published=self.time, object_refs=refs,
            description=f"ipthreat {__version__}, policy {self.case.policy.name} {self.case.policy.version},"
            f" report {self.case.report_id}",
        )  # fmt: skip

    def _network(self, item: Assessment, address: Object) -> Iterator[Object]:
        owner = item.owner
        if owner.asn is not None:
            network = _observable("autonomous-system", {"number": owner.asn}, name=owner.as_owner, rir=owner.rir)
            yield network
            yield self.tie("belongs-to", address, network)

    def _observed(self, item: Assessment, address: Object) -> Optional[Object]:
        """Our own events; None without any, or when they bear no time, which STIX demands."""
        seen = item.dossier.sighting
        if seen is None or seen.first_seen is None or seen.last_seen is None or seen.count < 1:
            return None
        times = {"first_observed": _time(seen.first_seen), "last_observed": _time(seen.last_seen)}
        count = min(seen.count, _MOST_OBSERVED)
        return self.made("observed-data", **times, number_observed=count, object_refs=[address["id"]])

    def _indicator(self, item: Assessment) -> Object:
        kinds = [_INDICATOR_TYPES[item.verdict], *(["anonymization"] if _HIDING.intersection(item.flags) else [])]
        return self.made(
            "indicator", name=item.address, indicator_types=kinds, pattern_type="stix", pattern_version="2.1",
            pattern=f"[{_kind(item.address)}:value = '{item.address}']",
            description=f"{item.indicator}: confidence {item.confidence}/10, severity {item.severity.value},"
            f" priority {item.priority.value}",
            valid_from=self.time, valid_until=_time(expiry(item)), confidence=_confidence(item),
            labels=list(item.flags), external_references=_links(item),
        )  # fmt: skip

    def _ties(self, item: Assessment, indicator: Object, observed: Optional[Object]) -> Iterator[Object]:
        if observed:
            yield self.tie("based-on", indicator, observed)
            yield self.made(
                "sighting", sighting_of_ref=indicator["id"], observed_data_refs=[observed["id"]],
                first_seen=observed["first_observed"], last_seen=observed["last_observed"],
                count=observed["number_observed"],
            )  # fmt: skip
        for technique in item.techniques:
            pattern = _attack_pattern(technique)
            yield pattern
            yield self.tie("indicates", indicator, pattern)

    def _note(self, item: Assessment, about: Object) -> Object:
        """Why: the reasons of the judgement in words."""
        lines = [*item.reasons, *item.guards, *item.priority_steps]
        return self.made(
            "note", abstract=f"Why {item.address} has confidence {item.confidence} and priority {item.priority.value}",
            content="\n".join(lines), confidence=_confidence(item), object_refs=[about["id"]],
        )  # fmt: skip


def _object(kind: str, **fields: Any) -> Object:
    content = {key: value for key, value in fields.items() if value not in (None, "", [])}
    name = json.dumps({"type": kind, **content}, sort_keys=True)
    return {"type": kind, "spec_version": "2.1", "id": f"{kind}--{uuid.uuid5(_NAMESPACE, name)}", **content}


def _observable(kind: str, contributing: Mapping[str, Any], **fields: Any) -> Object:
    """An observable; its id depends on the contributing properties alone (in JSON's canonical form, RFC 8785)."""
    name = json.dumps(contributing, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    content = {**contributing, **{key: value for key, value in fields.items() if value}}
    return {"type": kind, "spec_version": "2.1", "id": f"{kind}--{uuid.uuid5(_OBSERVABLES, name)}", **content}


def _kind(address: str) -> str:
    return f"ipv{ipaddress.ip_address(address).version}-addr"


def _address(address: str) -> Object:
    return _observable(_kind(address), {"value": address})


def _attack_pattern(technique: Technique) -> Object:
    reference = {"source_name": "mitre-attack", "external_id": technique.id, "url": technique.link}
    return _object(
        "attack-pattern", created=_FIXED, modified=_FIXED, name=technique.name, external_references=[reference]
    )  # fmt: skip


def _marking(label: str) -> Object:
    if label not in _TLP:
        raise InputError(f"{label!r} is no label of TLP 2.0; there are {', '.join(_TLP)}")
    level = label.partition(":")[2].lower()
    extension = {"extension_type": "property-extension", "tlp_2_0": level}
    return {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": _TLP[label],
        "created": "2022-10-01T00:00:00.000Z",
        "name": label,
        "extensions": {_TLP_EXTENSION: extension},
    }


def _links(item: Assessment) -> List[Dict[str, str]]:
    pages: List[Tuple[str, str]] = [
        (entry.source, link) for entry in item.dossier.evidence if (link := page(entry, item.address))
    ]
    return [{"source_name": source, "url": url} for source, url in pages if url.startswith("https://")]


def _confidence(item: Assessment) -> int:
    return math.floor(100.0 * (item.probability or 0.0) + 0.5)


def _time(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
