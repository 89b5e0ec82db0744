"""splunkd on this machine, through the SDK's plain connection: a question, and the answer whatever its status.

Nothing here goes to the internet: that is `transport.py`'s part.
"""

from __future__ import annotations

import json
import socket
import ssl
from http.client import HTTPException
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Tuple
from urllib.parse import quote, urlsplit

from splunklib import binding

from ..errors import SplunkError, SplunkSilence

APP = "ipthreat"
PATIENCE = 30.0
"""Seconds that splunkd may be silent, unless a question says otherwise."""

_FAILURES = (OSError, ValueError, HTTPException)
_UNHEARD = (ConnectionRefusedError, socket.gaierror, ssl.SSLCertVerificationError)  # before which nothing was asked


class Answer(NamedTuple):
    """What splunkd said."""

    status: int
    body: bytes

    @property
    def ok(self) -> bool:
        """True when it did what it was asked."""
        return 200 <= self.status < 300

    def json(self) -> Any:
        """The body as JSON. Raises SplunkError."""
        try:
            return json.loads(self.body or b"null")
        except (ValueError, RecursionError):
            raise SplunkError("splunkd's answer is no JSON") from None

    def entries(self) -> List[Mapping[str, Any]]:
        """The entities of the answer, each with `name` and `content`. Raises SplunkError."""
        found = self.json()
        entries = found.get("entry") if isinstance(found, dict) else None
        if not isinstance(entries, list):
            raise SplunkError("splunkd's answer lists no entities")
        return [entry for entry in entries if isinstance(entry, dict)]


class Splunkd:
    """A connection in somebody's name, to where splunkd tells its commands and handlers that it is."""

    def __init__(self, uri: str, token: str, patience: float = PATIENCE) -> None:
        parts = urlsplit(uri)
        try:
            port = parts.port or 8089
        except ValueError:
            raise SplunkError("splunkd told no usable address of itself") from None
        self._token, self._patience = token, patience
        self._where = {"scheme": parts.scheme or "https", "host": parts.hostname or "127.0.0.1", "port": port}

    def get(self, path: str, **query: Any) -> Answer:
        """The answer to a GET. Raises SplunkError when there is none."""
        return self._send("GET", path, query, {}, b"")

    def post(self, path: str, form: Optional[Mapping[str, Any]] = None, **query: Any) -> Answer:
        """The answer to a form. Raises SplunkError when there is none."""
        body = "&".join(f"{quote(name, safe='')}={quote(str(text), safe='')}" for name, text in (form or {}).items())
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._send("POST", path, query, headers, body.encode())

    def post_json(self, path: str, document: Any, seconds: Optional[float] = None, **query: Any) -> Answer:
        """The answer to a document. Raises SplunkError when there is none."""
        headers = {"Content-Type": "application/json"}
        return self._send("POST", path, query, headers, json.dumps(document).encode(), seconds)

    def post_text(self, path: str, text: str, **query: Any) -> Answer:
        """The answer to a plain text. Raises SplunkError when there is none."""
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        return self._send("POST", path, query, headers, text.encode("utf-8", "replace"))

    def delete(self, path: str, **query: Any) -> Answer:
        """The answer to a DELETE. Raises SplunkError when there is none."""
        return self._send("DELETE", path, query, {}, b"")

    def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any],
        headers: Mapping[str, str],
        body: bytes,
        seconds: Optional[float] = None,
    ) -> Answer:
        asked = {"output_mode": "json", **query}
        words = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in asked.items())
        url = f"{self._where['scheme']}://{_host(self._where['host'])}:{self._where['port']}"
        target = f"{url}/servicesNS/nobody/{APP}/{path}?{words}"
        pairs: List[Tuple[str, str]] = [("Authorization", f"Splunk {self._token}"), *headers.items()]
        message = {"method": method, "headers": pairs, "body": body}
        try:
            found = _requester(seconds or self._patience)(target, message)
            return Answer(int(found["status"]), found["body"].read())
        except _FAILURES as error:
            words = getattr(error, "strerror", "") or type(error).__name__
            kind = SplunkError if isinstance(error, _UNHEARD) else SplunkSilence
            raise kind(f"splunkd gave no answer ({words})") from None


def entity(collection: str, name: str) -> str:
    """The path of an entity: its name may hold anything."""
    return f"{collection}/{quote(name, safe='')}"


def _host(host: object) -> str:
    return f"[{host}]" if ":" in str(host) else str(host)


def _requester(seconds: float) -> Any:
    _name_the_sdk()
    return binding.handler(timeout=seconds)


def _name_the_sdk() -> None:
    """Version 3 of the SDK looks up its own version among installed packages at each request; an app has none."""
    looked_up = binding.__dict__.get("importlib")
    if looked_up is None or isinstance(looked_up, _Unpackaged):
        return
    try:
        looked_up.metadata.version("splunk-sdk")
    except looked_up.metadata.PackageNotFoundError:
        binding.importlib = _Unpackaged()


class _Unpackaged:
    """Stands for `importlib` there."""

    class metadata:  # noqa: N801  # the name the SDK uses
        """Knows of no packages."""

        @staticmethod
        def version(_name: str) -> str:
            """A version for the User-Agent header, and nothing else."""
            return "vendored"


def settings_stanzas(splunkd: Splunkd, file: str = APP) -> Dict[str, Dict[str, str]]:
    """The stanzas of a .conf file as splunkd merges them. Raises SplunkError."""
    answer = splunkd.get(f"configs/conf-{file}", count=0)
    if not answer.ok:
        raise SplunkError(f"splunkd answers {answer.status} when asked for {file}.conf")
    return {str(entry["name"]): _pairs(entry.get("content")) for entry in answer.entries()}


def _pairs(content: Any) -> Dict[str, str]:
    pairs = content.items() if isinstance(content, dict) else ()
    return {
        str(name): "" if value is None else str(value)
        for name, value in pairs
        if not str(name).startswith("eai:") and name != "disabled"
    }
