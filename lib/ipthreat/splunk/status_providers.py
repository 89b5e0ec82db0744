"""How each configured provider stands, for `| ipthreatstatus`: the app's handler is asked, which asks no provider."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping

from ..errors import SplunkError
from .splunkd import Splunkd

PATH = "ipthreat/status"
FIELDS = (
    "configured", "key_valid", "last_at", "used_day", "left_day", "used_month", "left_month", "resets", "blocked_until",
    "answers", "hit_rate",
)  # fmt: skip
"""The fields that rows about providers have beside those of all rows. Quotas are those of this machine."""

_VALID: Mapping[str, str] = {"ok": "true", "not_found": "true", "unsupported": "true", "auth_error": "false"}


def provider_rows(splunkd: Splunkd) -> List[Dict[str, str]]:
    """A row per provider that is configured, or named in the settings and lacks something. Raises SplunkError."""
    answer = splunkd.get(PATH)
    told = answer.json() if answer.ok else {}
    rows = told.get("providers") if isinstance(told, dict) else None
    if not isinstance(rows, list):
        why = {403: "this needs the capability ipthreat_lookup", 404: "the app's handler is not there"}
        raise SplunkError(why.get(answer.status, f"the app's handler answers {answer.status}"))
    return [_row(row) for row in rows if isinstance(row, dict) and (row.get("configured") or row.get("problem"))]


def _row(told: Mapping[str, Any]) -> Dict[str, str]:
    used, left, resets = (_numbers(told.get(name)) for name in ("used", "left", "resets"))
    return {
        "kind": "provider",
        "name": _text(told.get("provider")),
        "status": _status(told),
        "reason": _text(told.get("problem") or told.get("last_reason")),
        "configured": _text(told.get("configured") is True).lower(),
        "key_valid": _VALID.get(_text(told.get("last")), ""),
        "last_at": _text(told.get("last_at")),
        "used_day": used.get("day", ""),
        "left_day": left.get("day", ""),
        "used_month": used.get("month", ""),
        "left_month": left.get("month", ""),
        "resets": resets.get("day", ""),
        "blocked_until": _text(told.get("blocked_until")),
        "answers": _text(told.get("answers")),
        "hit_rate": _text(told.get("hit_rate")),
    }


def _status(told: Mapping[str, Any]) -> str:
    """The last outcome; what stands in the way of any comes first."""
    if told.get("problem"):
        return "error"
    if told.get("enabled") is not True:
        return "disabled"
    last = _text(told.get("last"))
    return "not_asked" if last == "never asked" else last


def _numbers(value: Any) -> Dict[str, str]:
    return {str(name): _text(item) for name, item in value.items()} if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return "" if value is None else str(value)[:300]
