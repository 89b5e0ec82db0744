"""A stand-in for splunkd's REST interface on loopback, as far as the app uses it, for tests without Splunk.

    with Splunkd() as splunkd:
        key = splunkd.state.log_in("analyst")
        splunkd.state.passwords["ipthreat", "virustotal"] = "…"
        …  # splunklib.client.connect(host="127.0.0.1", port=splunkd.port, scheme="http", splunkToken=key)

Handlers of the app are mounted with `mount`: a function that gets the request as a persistent handler gets it. Like
splunkd it answers in Atom, in JSON when asked to, and closes each connection.
"""

from __future__ import annotations

import json
import re
from types import TracebackType
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple, Type
from urllib.parse import parse_qsl, unquote, urlsplit

from .server import Asked, Conversation, FakeServer
from .splunkd_atom import messages
from .splunkd_kv import Refused
from .splunkd_routes import ROUTES, Answer, call_of, refused
from .splunkd_state import SYSTEM, State, User

LARGEST = 64 << 20
"""Bytes of a request: the KV store takes 50 MB."""

Handler = Callable[[str], Mapping[str, Any]]
"""What splunkd calls of a persistent handler: JSON text in; `payload`, `status` and `headers` out."""

_PATH = re.compile(r"/(?:services|servicesNS/(?P<owner>[^/]+)/(?P<app>[^/]+))/(?P<rest>.+?)/?")
_CLOSE = {"Connection": "close"}


class Splunkd:
    """The stand-in as a context manager."""

    def __init__(self, state: Optional[State] = None) -> None:
        self.state = state or State()
        self._system = self.state.log_in(SYSTEM)
        self._mounted: Dict[str, Tuple[Handler, Mapping[str, str]]] = {}
        self._server = FakeServer({"/*": self._answer}, largest=LARGEST)

    @property
    def url(self) -> str:
        """Scheme, host and port: what splunkd tells its commands as `splunkd_uri`."""
        return self._server.url

    @property
    def port(self) -> int:
        """The port on 127.0.0.1."""
        return urlsplit(self.url).port or 0

    @property
    def asked(self) -> Tuple[Asked, ...]:
        """The requests so far."""
        return self._server.asked

    def mount(self, path: str, handler: Handler, capabilities: Mapping[str, str]) -> None:
        """Puts a handler at a path below /services; `capabilities` are those of restmap.conf, by method."""
        self._mounted[path.strip("/")] = (handler, capabilities)

    def __enter__(self) -> Splunkd:
        self._server.__enter__()
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self._server.__exit__(kind, error, trace)

    def _answer(self, talk: Conversation) -> None:
        as_json = "output_mode=json" in talk.asked.query or b"output_mode=json" in talk.asked.body
        headers = {**_CLOSE, "Content-Type": "application/json" if as_json else "text/xml; charset=UTF-8"}
        try:
            status, body = self._answered(talk.asked)
        except Refused as error:
            status, body = refused(as_json, error)
        talk.answer(status, body, headers)
        talk.hang_up()

    def _answered(self, asked: Asked) -> Answer:
        match = _PATH.fullmatch(unquote(asked.path))
        if match is None:
            raise Refused(404, "Not Found")
        if match["rest"] == "auth/login":
            return self._log_in(asked)
        user = self.state.who(asked.header("Authorization"))
        if user is None:
            raise Refused(401, "call not properly authenticated")
        if match["rest"] in self._mounted:
            return self._handled(match["rest"], asked, user)
        for pattern, function in ROUTES:
            found = pattern.fullmatch(match["rest"])
            if found:
                with self.state.lock:
                    return function(call_of(self.state, asked, user, found.groupdict()))
        raise Refused(404, "Not Found")

    def _log_in(self, asked: Asked) -> Answer:
        form = dict(parse_qsl(asked.body.decode()))
        user = self.state.users.get(form.get("username", ""))
        if user is None or user.password != form.get("password"):
            return 401, messages("WARN", "Login failed", False)
        return 200, f"<response><sessionKey>{self.state.log_in(user.name)}</sessionKey></response>".encode()

    def _handled(self, path: str, asked: Asked, user: User) -> Answer:
        handler, capabilities = self._mounted[path]
        needed = capabilities.get(asked.method.lower(), "")
        if needed and needed not in user.capabilities:
            raise Refused(403, f"insufficient permission to access this resource (requires {needed})")
        reply = handler(json.dumps(self.request(path, asked, user)))
        payload = reply.get("payload", "")
        text = payload if isinstance(payload, str) else json.dumps(payload)
        return int(reply.get("status", 200)), text.encode()

    def request(self, path: str, asked: Asked, user: User) -> Dict[str, Any]:
        """A request as splunkd hands it to a persistent handler with `passPayload` and `passSystemAuth`."""
        body = asked.body.decode("utf-8", "replace")
        form: List[Tuple[str, str]] = [] if "json" in asked.header("Content-Type") else parse_qsl(body)
        return {
            "output_mode": "json",
            "output_mode_explicit": False,
            "server": {"rest_uri": self.url, "hostname": "stand-in", "servername": "stand-in", "guid": "stand-in"},
            "restmap": {"name": f"script:{path.replace('/', '_')}", "conf": {"match": f"/{path}"}},
            "query": [list(pair) for pair in parse_qsl(asked.query)],
            "form": [list(pair) for pair in form],
            "headers": [[name, value] for name, value in asked.headers.items() if name.lower() != "authorization"],
            "payload": body,
            "method": asked.method,
            "rest_path": f"/{path}",
            "ns": {"app": "ipthreat", "user": "nobody"},
            "session": {"user": user.name, "authtoken": asked.header("Authorization").partition(" ")[2]},
            "system_authtoken": self._system,
            "connection": {"src_ip": "127.0.0.1", "ssl": False, "listening_port": self.port},
        }
