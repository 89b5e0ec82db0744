"""Evidence as bytes and back: compact JSON of the fields that are not at their default."""

from __future__ import annotations

import json
from dataclasses import MISSING, fields
from datetime import datetime, timezone
from typing import Any, Callable, Dict, List, Mapping, Optional

from ..dossier import Detection, Evidence, SourceKind, Status, Verdict


def _moment(value: float) -> datetime:
    return datetime.fromtimestamp(value, timezone.utc)


def _detections(rows: List[List[str]]) -> tuple[Detection, ...]:
    return tuple(Detection(*row) for row in rows)


# Field → what makes its value of the decoded JSON; any other field is taken as it is.
_READERS: Mapping[str, Callable[[Any], Any]] = {
    "kind": SourceKind,
    "status": Status,
    "verdict": Verdict,
    "labels": tuple,
    "flags": tuple,
    "related": tuple,
    "counts": dict,
    "detections": _detections,
    "observed_at": _moment,
    "retrieved_at": _moment,
    "first_seen": _moment,
    "last_seen": _moment,
}


def _defaults() -> Dict[str, Any]:
    return {item.name: {} if item.default is MISSING else item.default for item in fields(Evidence)}


_DEFAULTS = _defaults()


def encoded(evidence: Evidence) -> bytes:
    """The evidence as JSON."""
    told: Dict[str, Any] = {}
    for name, default in _DEFAULTS.items():
        value = getattr(evidence, name)
        if value != default:
            told[name] = value
    if "detections" in told:
        told["detections"] = [[item.engine, item.category, item.result] for item in evidence.detections]
    return json.dumps(told, separators=(",", ":"), default=_plain).encode()


def decoded(data: bytes) -> Optional[Evidence]:
    """The evidence that was encoded; None for bytes that are none."""
    try:
        told = json.loads(data)
        return Evidence(**{name: _READERS[name](value) if name in _READERS else value for name, value in told.items()})
    except (ValueError, TypeError, AttributeError, OverflowError, OSError, RecursionError):
        return None


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.timestamp()
    return dict(value)
