"""The persistent REST handler: one request in, one answer out, whatever is asked and whatever goes wrong.

splunkd checks a method's capability (restmap.conf); it is checked here once more, with the user's own token. Nothing of
a secret is in any answer: they are removed from every text that leaves, and a fault is told by its kind alone.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import time
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Callable, Dict, FrozenSet, List, Mapping, NamedTuple, Optional, Tuple, Union

from ..asking import FAULTS
from ..errors import DeliveryError, FetchError, InputError, IpthreatError, SplunkError
from ..redaction import Redaction
from .conf import APP
from .joblog import LOG, append_line, line, log_folder
from .splunkd import Splunkd

LARGEST_REQUEST = 1 << 20
"""Characters of a request's payload; a delivery may have more."""
REMEMBERED = 30.0
"""Seconds for which it is believed what a session may do."""

_ELSEWHERE = (DeliveryError, FetchError, SplunkError)
"""Failures of what the handler asks: a bad gateway, in HTTP's words."""
_UNFORESEEN = (*FAULTS, OSError, RuntimeError, MemoryError, sqlite3.Error)


class Reply(NamedTuple):
    """An answer: HTTP status and what becomes its JSON."""

    status: int
    payload: Mapping[str, Any]


@dataclass
class Call:
    """A request as a handler's function gets it."""

    method: str
    user: str
    payload: Mapping[str, Any]
    """The body, which is a JSON object; of a GET the query."""
    splunkd: Splunkd
    """splunkd in the user's name …"""
    system: Splunkd
    """… and in its own, for keys and the KV store."""
    secrets: List[str] = field(default_factory=list, repr=False)
    """What must not leave: a function adds what it has read."""
    messages: List[str] = field(default_factory=list)
    """What the caller should know, each once."""

    def tell(self, text: str) -> None:
        """Notes a message."""
        if text not in self.messages:
            self.messages.append(text)


Function = Callable[[Call], Reply]


class Route(NamedTuple):
    """A method of a path: what it demands, and what answers."""

    capability: str
    function: Function
    largest: int = LARGEST_REQUEST


Routes = Mapping[Tuple[str, str], Route]
"""(path, method) → route."""


class Rest:
    """Answers requests. `routes` is seen from outside as /services/<path>."""

    def __init__(self, routes: Routes, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._routes = routes
        self._clock = clock
        self._known: Dict[str, Tuple[float, FrozenSet[str]]] = {}

    def handle(self, text: Union[str, bytes]) -> Dict[str, Any]:
        """What splunkd gets: `status`, `payload` (JSON text) and `headers`. Never raises."""
        started, call = time.monotonic(), None
        try:
            request = json.loads(text)
            call = _call(request)
            path = str(request.get("rest_path", "")).strip("/")
            reply = self._routed(path, call, request)
        except InputError as error:
            reply, path = Reply(400, {"error": str(error)}), "?"
        except IpthreatError as error:
            reply, path = Reply(502 if isinstance(error, _ELSEWHERE) else 500, {"error": str(error)}), "?"
        except _UNFORESEEN as error:
            reply, path = Reply(500, {"error": f"the handler failed ({type(error).__name__})"}), "?"
        return self._sent(reply, call, path, time.monotonic() - started)

    def _routed(self, path: str, call: Call, request: Mapping[str, Any]) -> Reply:
        route = self._routes.get((path, call.method))
        if route is None:
            known = any(place == path for place, _ in self._routes)
            words = f"{path} has no {call.method}" if known else "there is nothing here"
            return Reply(405 if known else 404, {"error": words})
        refusal = self._refusal(call, str(request["session"].get("authtoken", "")), route.capability)
        if refusal is not None:
            return refusal
        call.payload = _payload(request, route.largest)
        return route.function(call)

    def _refusal(self, call: Call, token: str, capability: str) -> Optional[Reply]:
        """Why the user may not do this; None when he may."""
        allowed = self._allowed(call, token)
        if allowed is None:
            return Reply(401, {"error": "your session has expired: log in to Splunk again"})
        if capability not in allowed:
            words = f"this needs the capability {capability}: ask your Splunk administrator for the role ipthreat_user"
            role = "ipthreat_admin" if capability.endswith("_admin") else "ipthreat_user"
            return Reply(403, {"error": words.replace("ipthreat_user", role)})
        return None

    def _allowed(self, call: Call, token: str) -> Optional[FrozenSet[str]]:
        """What the session may do; None for one that has expired. Sessions are remembered by a hash, for a moment."""
        name, now = hashlib.sha256(token.encode()).hexdigest(), self._clock()
        self._known = {key: entry for key, entry in self._known.items() if now - entry[0] < REMEMBERED}
        if name not in self._known:
            answer = call.splunkd.get("authentication/current-context")
            if answer.status == 401:
                return None
            content = answer.entries()[0]["content"] if answer.ok else {}
            self._known[name] = (now, frozenset(map(str, content.get("capabilities") or ())))
        return self._known[name][1]

    def _sent(self, reply: Reply, call: Optional[Call], path: str, seconds: float) -> Dict[str, Any]:
        told = {**reply.payload, **({"messages": call.messages} if call and call.messages else {})}
        payload = Redaction(call.secrets if call else ()).text(json.dumps(told, ensure_ascii=False))
        facts = {
            "handler": path,
            "user": call.user if call else "",
            "status": reply.status,
            "seconds": f"{seconds:.3f}",
        }
        error = Redaction(call.secrets if call else ()).text(str(reply.payload.get("error", "")))
        note(
            "INFO" if reply.status < 400 else "WARN", {**facts, "method": call.method if call else "", "reason": error}
        )
        headers = {"Content-Type": "application/json", "Cache-Control": "no-store"}
        return {"status": reply.status, "payload": payload, "headers": headers}


def note(level: str, facts: Mapping[str, object]) -> None:
    """A line in the app's log."""
    folder = log_folder(APP, os.environ)
    if folder is not None:
        append_line(folder / LOG, line(level, facts, datetime.now(timezone.utc)))


def data_folder(environment: Mapping[str, str], app: Path = APP) -> Path:
    """Where the broker's files are: var/lib/splunk/ipthreat of the installation. Raises InputError when unknown."""
    home = environment.get("SPLUNK_HOME") or next((str(path.parent) for path in app.parents if path.name == "etc"), "")
    if not home:
        raise InputError("SPLUNK_HOME is not set, so that there is no place for the broker's files")
    return Path(home) / "var" / "lib" / "splunk" / "ipthreat"


def _call(request: Any) -> Call:
    try:
        session, uri = request["session"], str(request["server"]["rest_uri"])
        system = str(request.get("system_authtoken") or session.get("system_authtoken") or "")
        token, user = str(session.get("authtoken", "")), str(session.get("user", ""))
    except (KeyError, TypeError, AttributeError):
        raise InputError("this is no request of splunkd") from None
    call = Call(str(request.get("method", "GET")).upper(), user, {}, Splunkd(uri, token), Splunkd(uri, system))
    call.secrets += [text for text in (token, system) if text]
    return call


def _payload(request: Mapping[str, Any], largest: int) -> Mapping[str, Any]:
    """The body as an object. Raises InputError."""
    if str(request.get("method", "GET")).upper() == "GET":
        return {str(name): str(value) for name, value in request.get("query") or ()}
    text = request.get("payload") or ""
    if not isinstance(text, str) or len(text) > largest:
        raise InputError(f"a request may have {largest:,} characters")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise InputError("the body of a request is JSON") from None
    if not isinstance(found, dict):
        raise InputError("the body of a request is a JSON object")
    return found
