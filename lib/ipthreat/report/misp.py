"""Exports a case as an event in the MISP core format (draft-dulaunoy-misp-core-format), without any library.

One attribute per address and direction: `ip-src` for what came to us, `ip-dst` for what our hosts talked to. Only what
belongs on a block list is marked `to_ids`. Tags are of the taxonomies tlp and estimative-language and of the galaxy
mitre-attack-pattern. The same case gives the same event.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timezone
from typing import Any, Dict, List, Mapping, Optional, Tuple

from ..assessment import Assessment
from ..case import Case
from ..dossier import BehaviourKind
from ..priority import Priority
from ..version import __version__
from .blocklist import is_blockable
from .prose import LIKELIHOOD, quality
from .stix import exported

_NAMESPACE = uuid.UUID("4b836e4c-8c6e-4b5b-b359-46792e2cc854")
_THREAT_LEVELS: Mapping[Priority, str] = {  # 1 high, 2 medium, 3 low, 4 undefined
    Priority.HIGH: "1",
    Priority.MEDIUM: "2",
    Priority.LOW: "3",
    Priority.MONITOR: "4",
}
_INITIAL = "0"
"""An event whose analysis has begun; it is completed by people."""
_DISTRIBUTION: Mapping[str, str] = {  # 0 own organisation, 1 this community, 3 all
    "TLP:CLEAR": "3",
    "TLP:GREEN": "1",
}
_INHERITED = "5"
# The taxonomy's values, from the likeliest, beside the terms of ICD 203 that the reports print.
_ESTIMATES = (
    "almost-certain", "very-likely", "likely", "roughly-even-chance", "unlikely", "very-unlikely", "almost-no-chance",
)  # fmt: skip
_TALKED_TO = (BehaviourKind.C2_CONTACT, BehaviourKind.C2_BEACON)


def event(case: Case) -> Dict[str, Any]:
    """The case as `{"Event": …}`, ready for `json.dumps`."""
    told, report = exported(case), case.report_id
    worst = max((item.priority for item in told), key=lambda priority: priority.rank, default=Priority.MONITOR)
    return {
        "Event": {
            "uuid": _uuid("event", report),
            "info": f"{case.title} (ipthreat {__version__}, report {report})",
            "date": case.as_of.strftime("%Y-%m-%d"),
            "timestamp": _stamp(case.as_of),
            "threat_level_id": _THREAT_LEVELS[worst],
            "analysis": _INITIAL,
            "distribution": _DISTRIBUTION.get(case.tlp, "0"),
            "published": False,
            "Orgc": {"name": "ipthreat", "uuid": str(uuid.uuid5(_NAMESPACE, "organisation"))},
            "Tag": [{"name": case.tlp.lower()}],
            "Attribute": [_attribute(item, kind, report) for item in told for kind in _directions(item)],
        }
    }


def _directions(item: Assessment) -> Tuple[str, ...]:
    """`ip-dst` when one of our hosts opened the connection, `ip-src` when the address did; both when both happened."""
    seen = item.dossier.sighting
    outbound = seen.outbound if seen else 0
    talked_to = outbound > 0 or any(entry.kind in _TALKED_TO for entry in item.dossier.behaviours)
    came = seen.count > outbound if seen and outbound else not talked_to
    return (("ip-src",) if came else ()) + (("ip-dst",) if talked_to else ())


def _attribute(item: Assessment, kind: str, report: str) -> Dict[str, Any]:
    seen = item.dossier.sighting
    times = {"first_seen": seen.first_seen, "last_seen": seen.last_seen} if seen else {}
    return {
        "uuid": _uuid(kind, item.address, report),
        "type": kind,
        "category": "Network activity",
        "value": item.address,
        "to_ids": is_blockable(item),
        "comment": _comment(item),
        "timestamp": _stamp(item.as_of),
        "distribution": _INHERITED,
        **{name: _iso(moment) for name, moment in times.items() if moment},
        "Tag": [{"name": name} for name in _tags(item)],
    }


def _comment(item: Assessment) -> str:
    axes = f"confidence {item.confidence}/10, severity {item.severity.value}, priority {item.priority.value}"
    return "; ".join([axes, *item.reasons[:5]])


def _tags(item: Assessment) -> List[str]:
    probability = item.probability or 0.0
    term = next(place for place, (lowest, _) in enumerate(LIKELIHOOD) if probability >= lowest)
    names = [f'estimative-language:likelihood-probability="{_ESTIMATES[term]}"']
    names.append(f'estimative-language:confidence-in-analytic-judgment="{quality(item)[0]}"')
    names += [f'misp-galaxy:mitre-attack-pattern="{found.name} - {found.id}"' for found in item.techniques]
    return names


def _uuid(*parts: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, "/".join(parts)))


def _stamp(moment: datetime) -> str:
    return str(int(moment.timestamp()))


def _iso(moment: Optional[datetime]) -> str:
    return moment.astimezone(timezone.utc).isoformat(timespec="microseconds") if moment else ""
