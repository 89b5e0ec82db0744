"""Whether evidence holds what its fields promise: code of others may put anything there, and the rules trust them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Callable, Mapping

from ..dossier import Detection, Evidence, SourceKind, Status, Verdict

LONGEST = 2000
"""Characters of the longest text that evidence may hold: links may be that long."""
MOST = 1000
"""Entries of the longest list that evidence may hold."""
_LARGEST = 10**9
_SYSTEMS = 2**32 - 1


def _text(value: Any) -> bool:
    """A text that can be stored: with half of a surrogate pair it cannot."""
    return type(value) is str and len(value) <= LONGEST and not any("\ud800" <= letter <= "\udfff" for letter in value)


def _texts(value: Any) -> bool:
    return type(value) is tuple and len(value) <= MOST and all(map(_text, value))


def _whole(value: Any, low: int, high: int) -> bool:
    return type(value) is int and low <= value <= high


def _moment(value: Any) -> bool:
    """None, or a time with a zone of the years 1970 to 2105, which every part can reckon with."""
    if value is None:
        return True
    return type(value) is datetime and value.utcoffset() is not None and 1970 <= value.year <= 2105


def _counts(value: Any) -> bool:
    if type(value) is not dict or len(value) > MOST:
        return False
    return all(_text(name) and _whole(figure, -_LARGEST, _LARGEST) for name, figure in value.items())


def _detections(value: Any) -> bool:
    if type(value) is not tuple or len(value) > MOST or not all(type(item) is Detection for item in value):
        return False
    return all(_text(part) for item in value for part in (item.engine, item.category, item.result))


# Field of Evidence → whether a value may stand in it; every field that is not here is a text.
_RULES: Mapping[str, Callable[[Any], bool]] = {
    "kind": lambda value: type(value) is SourceKind,
    "status": lambda value: type(value) is Status,
    "verdict": lambda value: type(value) is Verdict,
    "labels": _texts,
    "flags": _texts,
    "related": _texts,
    "score": lambda value: value is None or _whole(value, 0, 100),
    "asn": lambda value: value is None or _whole(value, 1, _SYSTEMS),
    "counts": _counts,
    "detections": _detections,
    "observed_at": _moment,
    "retrieved_at": _moment,
    "first_seen": _moment,
    "last_seen": _moment,
}


def unsound(evidence: Evidence) -> str:
    """The first field that holds what it may not; empty when all is well. A zone of others may raise anything."""
    fields = vars(evidence)
    if type(evidence) is not Evidence or fields.keys() != Evidence.__dataclass_fields__.keys():
        return "type"
    return next((name for name, value in fields.items() if not _RULES.get(name, _text)(value)), "")
