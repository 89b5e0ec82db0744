"""Splunk Web in front of the stand-in for splunkd, as far as a page of the app needs it.

It has the page with its script and style, a session in a cookie, the form key that every change must carry, and a way
to splunkd for what web.conf exposes and nothing else. Behind it are the app's real handlers.
"""

from __future__ import annotations

import fnmatch
import http.client
import json
import re
import secrets
import shutil
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Tuple
from urllib.parse import parse_qsl

from searches import ROOT
from splunkds import HANDLERS, Place

from ipthreat.splunk.conf import read_conf
from ipthreat.testkit.server import Asked, Conversation, FakeServer
from ipthreat.testkit.splunkd_host import HandlerHost

RAW = "/en-US/splunkd/__raw/"
PAGE = "/en-US/app/ipthreat/setup"
CONTROL = "/control/"
STATIC = {"/static/setup.js": "text/javascript", "/static/setup.css": "text/css"}
OF_SPLUNK = ("apps/local/ipthreat",)
"""What Splunk itself exposes of what the page calls."""
_LOOK = (
    ":root { color-scheme: light dark } body { font: 14px sans-serif; margin: 24px }"
    " .dark { background: #171d21; color: #fff }"
)

Answer = Tuple[int, bytes, str]
"""Status, body, type."""


class Passed(NamedTuple):
    """A call that came through."""

    method: str
    path: str
    form_key: str
    status: int


def page() -> str:
    """What Splunk makes of the setup view: its HTML part, with the script and the style that it names."""
    view = (ROOT / "default" / "data" / "ui" / "views" / "setup.xml").read_text(encoding="utf-8")
    (html,) = re.findall(r"<html>(.*)</html>", view, re.DOTALL)
    style = f'<link rel="stylesheet" href="/static/setup.css"><style>{_LOOK}</style>'
    head = f'<head><meta charset="utf-8"><title>Set up</title>{style}</head>'
    return f'<!doctype html><html lang="en">{head}<body>{html}<script src="/static/setup.js"></script></body></html>'


def exposed(path: str, method: str) -> bool:
    """Whether web.conf lets a page make this call."""
    rules = [pairs for name, pairs in read_conf(ROOT, "web").items() if name.startswith("expose:")]
    own = any(fnmatch.fnmatch(path, rule["pattern"]) and method in rule["methods"].split(", ") for rule in rules)
    return own or path in OF_SPLUNK


class SplunkWeb:
    """The server, as a context manager's value of `serving`."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.form_key = secrets.token_hex(8)
        self.passed: List[Passed] = []
        self.away = False
        """True while splunkd does not answer Splunk Web at all."""
        self.server = FakeServer({"/*": self._answer})

    def log_in(self, user: str) -> str:
        """The cookie of a session."""
        return f"splunkd_8000={self.place.splunkd.state.log_in(user)}"

    def _answer(self, talk: Conversation) -> None:
        status, body, kind = self._answered(talk.asked)
        cookie = {"Set-Cookie": f"splunkweb_csrf_token_8000={self.form_key}; Path=/"} if talk.asked.path == PAGE else {}
        talk.answer(status, body, {"Content-Type": kind, "Connection": "close", **cookie})
        talk.hang_up()

    def _answered(self, asked: Asked) -> Answer:
        if asked.path == PAGE:
            return 200, page().encode(), "text/html; charset=utf-8"
        if asked.path in STATIC:
            name = asked.path.rpartition("/")[2]
            return 200, (ROOT / "splunk_app" / "appserver" / "static" / name).read_bytes(), STATIC[asked.path]
        if asked.path.startswith(CONTROL):
            return 200, json.dumps(self._controlled(asked)).encode(), "application/json"
        if asked.path.startswith(RAW):
            status, body, kind = self._raw(asked)
            self.passed.append(Passed(asked.method, _target(asked), asked.header("X-Splunk-Form-Key"), status))
            return status, body, kind
        return 404, b"not found", "text/plain"

    def _raw(self, asked: Asked) -> Answer:
        cookies = SimpleCookie(asked.header("Cookie"))
        token = cookies["splunkd_8000"].value if "splunkd_8000" in cookies else ""
        path = asked.path[len(RAW) :]
        below = re.sub(r"^(services|servicesNS/[^/]+/[^/]+)/", "", path)
        if asked.method != "GET" and not self._is_ours(asked, cookies):
            return 403, b'{"messages":[{"type":"ERROR","text":"CSRF validation failed"}]}', "application/json"
        if not exposed(below, asked.method):
            return 404, b"<h1>not exposed</h1>", "text/html"
        if self.away:
            return 503, b"<h1>Service unavailable</h1>", "text/html"
        return self._forwarded(asked, f"/{path}", token)

    def _is_ours(self, asked: Asked, cookies: SimpleCookie) -> bool:
        """Whether a change comes from a page of ours: it carries the form key, which other sites cannot read."""
        cookie = cookies.get("splunkweb_csrf_token_8000")
        return (
            asked.header("X-Splunk-Form-Key") == self.form_key and cookie is not None and cookie.value == self.form_key
        )

    def _forwarded(self, asked: Asked, path: str, token: str) -> Answer:
        way = http.client.HTTPConnection("127.0.0.1", self.place.splunkd.port, timeout=60)
        headers = {"Authorization": f"Splunk {token}", "Content-Type": asked.header("Content-Type")}
        query = dict(parse_qsl(asked.query))
        target = f"{path}?{asked.query}" if "output_mode" in query else f"{path}?output_mode=json"
        way.request(asked.method, target, asked.body or None, headers)
        answer = way.getresponse()
        found = answer.status, answer.read(), answer.getheader("Content-Type") or "text/plain"
        way.close()
        return found

    # --- what a test in a browser does beside the page --------------------------------------------

    def _controlled(self, asked: Asked) -> Any:
        name, state = asked.path[len(CONTROL) :], self.place.splunkd.state
        acts: Mapping[str, Callable[[str], object]] = {
            "state": lambda _: None,
            "log-in": self.log_in,
            "handler-down": lambda _: self._mount(broken(self.place.home)),
            "handler-up": lambda _: self._mount(self.place.host),
            "splunkd-away": lambda _: setattr(self, "away", True),
            "splunkd-back": lambda _: setattr(self, "away", False),
        }
        done = acts[name](asked.query)
        told: Dict[str, Any] = {"done": done if isinstance(done, str) else None, "form_key": self.form_key}
        told["secrets"] = {f"{realm}:{key}": secret for (realm, key), secret in state.passwords.items()}
        told["stanzas"] = state.confs["ipthreat"]
        told["configured"] = state.configured
        told["calls"] = [item._asdict() for item in self.passed]
        told["log"] = self.place.log
        return told

    def _mount(self, handler: Callable[[str], Mapping[str, Any]]) -> None:
        for path, capabilities in HANDLERS.items():
            self.place.splunkd.mount(path, handler, capabilities)


def broken(home: Path) -> Callable[[str], Mapping[str, Any]]:
    """A handler whose process ends as it starts, as after a broken upgrade."""

    def _handle(request: str) -> Mapping[str, Any]:
        python = shutil.which("false") or "false"
        with HandlerHost(home, "broken.py", "RestHandler", python=python) as host:
            return host(request)

    return _handle


def _target(asked: Asked) -> str:
    return asked.path[len(RAW) :] + (f"?{asked.query}" if asked.query else "")
