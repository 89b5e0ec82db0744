"""What Enterprise Security is told: notable events and risk events, in the form that its searches read.

Both are lines of `stash` events: the time, then name="value" pairs with commas between them, a name again for each of
several values. Field names are those of ES's Risk and Incident Review; `annotations.mitre_attack` is how ES names
ATT&CK techniques in both.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Dict, List, Mapping

from .parcel import Parcel

SOURCETYPE = "stash"
NOTABLE, RISK = "notable", "risk"
"""The indexes of ES."""
MOST_NOTABLES = 100
"""Notable events of one report: each is a task for a person. The most pressing come first."""
MOST_OBJECTS = 20
"""Hosts of ours that one address puts at risk."""
LONGEST = 1000
"""Characters of a value."""

_LEVELS = {"High": "high", "Medium": "medium", "Low": "low", "Monitor": "informational"}
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def notable_events(parcel: Parcel) -> List[str]:
    """A line for each of the most pressing addresses; what people do first is ES's urgency, and our priority."""
    return [_line(parcel, _notable(parcel, row)) for row in parcel.rows[:MOST_NOTABLES]]


def risk_events(parcel: Parcel) -> List[str]:
    """A line for each host that an address reached or was reached by; for the address itself where none is known."""
    return [_line(parcel, event) for row in parcel.rows for event in _risks(parcel, row)]


def _notable(parcel: Parcel, row: Mapping[str, Any]) -> Dict[str, Any]:
    address, level = row.get("src", ""), _LEVELS.get(str(row.get("priority")), "low")
    return {
        "search_name": parcel.search_name,
        "orig_sid": parcel.sid,
        "rule_name": parcel.search_name,
        "rule_title": f"{row.get('signature', 'IP address assessed')}: {address}",
        "rule_description": _finding(row),
        "security_domain": "threat",
        "severity": level,
        "urgency": level,
        **_about(row),
        "src": address,
        "dest": row.get("dest", []),
        "report_id": parcel.report_id,
    }


def _risks(parcel: Parcel, row: Mapping[str, Any]) -> List[Dict[str, Any]]:
    told = row.get("dest") or []
    hosts = [str(host) for host in (told if isinstance(told, list) else [told])][:MOST_OBJECTS]
    address = str(row.get("src", ""))
    objects = [(host, "system") for host in hosts] or [(address, "other")]
    return [
        {
            "search_name": parcel.search_name,
            "orig_sid": parcel.sid,
            "risk_object": name,
            "risk_object_type": kind,
            "risk_score": risk_score(row),
            "risk_message": f"{address}: {_finding(row)}",
            "threat_object": address,
            "threat_object_type": "ip_address",
            **_about(row),
            "report_id": parcel.report_id,
        }
        for name, kind in objects
    ]


def risk_score(row: Mapping[str, Any]) -> int:
    """Ten times the confidence, 0 to 100, as `| ipthreat es=true` has it."""
    confidence = row.get("confidence")
    usable = isinstance(confidence, int) and not isinstance(confidence, bool)
    return 10 * max(0, min(10, confidence)) if usable and confidence is not None else 0


def _about(row: Mapping[str, Any]) -> Dict[str, Any]:
    return {
        "verdict": row.get("verdict", ""),
        "confidence": row.get("confidence", ""),
        "priority": row.get("priority", ""),
        "annotations.mitre_attack": row.get("mitre_technique_id", []),
    }


def _finding(row: Mapping[str, Any]) -> str:
    axes = f"{row.get('verdict', 'unknown')}, confidence {row.get('confidence', 0)} of 10"
    rest = f"severity {row.get('severity', '')}, priority {row.get('priority', '')}"
    return f"{axes}, {rest}. {row.get('description', '')}"


def _line(parcel: Parcel, event: Mapping[str, Any]) -> str:
    pairs = [f'{name}="{_value(text)}"' for name, told in event.items() for text in _values(told)]
    return ", ".join([text for text in (_seconds(parcel.time), *pairs) if text])


def _values(told: Any) -> List[str]:
    values = told if isinstance(told, list) else [told]
    return [str(value) for value in values[:MOST_OBJECTS] if value not in (None, "")]


def _value(text: str) -> str:
    """A value that ends neither its quotes nor its line, whatever an attacker has written into it."""
    return _UNSAFE.sub(" ", text)[:LONGEST].replace("\\", "\\\\").replace('"', '\\"')


def _seconds(moment: str) -> str:
    """ISO 8601 → seconds since 1970; what cannot be read as a moment is left to splunkd, which takes the present."""
    try:
        return f"{datetime.fromisoformat(moment.replace('Z', '+00:00')).timestamp():.0f}"
    except (ValueError, OverflowError, OSError):
        return ""
