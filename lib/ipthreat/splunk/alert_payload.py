"""What splunkd hands to an alert action on standard input, and the action's parameters, checked."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, Mapping, Optional, Tuple

from ..case import TLP_LABELS
from ..errors import InputError
from ..policy import policy_named
from ..priority import Priority
from .broker_settings import NAME, listed

LARGEST = 4 << 20
"""Characters of the payload."""
MODES = ("offline", "cached", "live")
SWITCHES = ("case", "file", "notable", "risk")
"""Targets without a name, each a parameter that is true or false."""
_TRUE = ("1", "true", "yes")


@dataclass(frozen=True)
class Params:
    """The parameters of the action; alert_actions.conf.spec describes them."""

    field: Optional[str] = None
    mode: str = "live"
    title: str = ""
    tlp: str = "TLP:AMBER"
    policy: str = "standard"
    allowlist: str = ""
    least: Priority = Priority.LOW
    targets: Tuple[Tuple[str, str], ...] = ()
    """(kind of target, name) of each that is delivered to, in order."""
    throttle: int = 0
    """Minutes within which the same addresses are not reported again to the same target."""


@dataclass(frozen=True)
class Payload:
    """An alert that fired, or an ad hoc run of the action."""

    sid: str
    search_name: str
    app: str
    owner: str
    results_file: Optional[Path]
    results_link: str
    uri: str
    session_key: str = field(repr=False)
    params: Params
    result: Mapping[str, Any]
    """The first result, or the one that the action was run for."""


def payload_of(text: str) -> Payload:
    """The payload. Raises InputError in one sentence, which repeats nothing of it but names."""
    try:
        told = json.loads(text) if len(text) <= LARGEST else None
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise InputError("standard input is no alert of splunkd's in JSON")
    texts = {name: str(told.get(name) or "") for name in ("sid", "search_name", "app", "owner", "results_link")}
    if not texts["sid"]:
        raise InputError("the alert names no search (sid)")
    path, result, given = told.get("results_file"), told.get("result"), told.get("configuration")
    return Payload(
        sid=texts["sid"][:300],
        search_name=texts["search_name"][:300] or "ad hoc",
        app=texts["app"][:100],
        owner=texts["owner"][:100],
        results_file=Path(path) if isinstance(path, str) and path else None,
        results_link=texts["results_link"][:2000],
        uri=str(told.get("server_uri") or "https://127.0.0.1:8089"),
        session_key=str(told.get("session_key") or ""),
        params=params_of(given if isinstance(given, dict) else {}),
        result=result if isinstance(result, dict) else {},
    )


def params_of(given: Mapping[str, Any]) -> Params:
    """The parameters. Raises InputError for one that cannot be used."""
    texts = {str(name): str(value).strip() for name, value in given.items() if isinstance(value, (str, int))}
    mode = _word(texts, "mode", Params.mode, MODES)
    tlp = _word(texts, "tlp", Params.tlp, TLP_LABELS)
    least = _word(texts, "least", Params.least.value, [item.value for item in Priority])
    policy = texts.get("policy") or Params.policy
    policy_named(policy)
    throttle = texts.get("throttle") or "0"
    if not (throttle.isascii() and throttle.isdigit() and int(throttle) <= 43_200):
        raise InputError("throttle is a number of minutes from 0 to 43,200")
    return Params(
        texts.get("field") or None,
        mode,
        " ".join(texts.get("title", "").split())[:200],
        tlp,
        policy,
        texts.get("allowlist", ""),
        Priority(least),
        _targets(texts),
        int(throttle),
    )


def _targets(texts: Mapping[str, str]) -> Tuple[Tuple[str, str], ...]:
    names = listed(texts.get("destinations", ""))
    for name in names:
        if not NAME.fullmatch(name):
            raise InputError("destinations are the names of destinations, never URLs")
    found: Dict[Tuple[str, str], None] = {}
    if texts.get("index"):
        found["index", texts["index"]] = None
    found.update({(kind, ""): None for kind in SWITCHES if texts.get(kind, "").lower() in _TRUE})
    found.update({("destination", name): None for name in names})
    return tuple(found)


def _word(texts: Mapping[str, str], name: str, default: str, words: Any) -> str:
    value = texts.get(name) or default
    if value not in words:
        raise InputError(f"{name} is one of {', '.join(words)}")
    return value
