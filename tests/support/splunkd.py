"""A stand-in for a search head's REST interface, on loopback: jobs of search/v2, results in pages, events taken in."""

from __future__ import annotations

import json
import ssl
from typing import Any, Dict, List, Optional
from urllib.parse import parse_qs

from ipthreat.testkit.server import Conversation, FakeServer

TOKEN = "a-token-of-the-tests"  # noqa: S105  # a made-up one
SID = "1700000000.7"
PREFIX = "/servicesNS/nobody/search"
_JOB = f"/search/v2/jobs/{SID}"
_PATHS = ("/search/v2/jobs", _JOB, f"{_JOB}/control", f"{_JOB}/results", f"{_JOB}/results_preview", "/receivers/simple",
          "/apps/local/ipthreat")  # fmt: skip


class Splunkd:
    """What the search head knows and was told."""

    def __init__(self, rows: List[Dict[str, Any]], most_at_once: int = 50_000, looks: int = 2) -> None:
        """`looks` is how often a job is looked at before it is done."""
        self.rows, self.most_at_once, self.looks = rows, most_at_once, looks
        self.fields = list(dict.fromkeys(name for row in rows for name in row))
        self.search: Dict[str, str] = {}
        self.controls: List[str] = []
        self.events: List[Dict[str, str]] = []
        self.pages: List[int] = []
        self.has_app = False
        self.failure = ""
        self.withheld = 0
        """Results it says it has and does not hand over."""

    def __call__(self, conversation: Conversation) -> None:
        """Answers one request."""
        asked = conversation.asked
        if asked.header("Authorization") not in (f"Bearer {TOKEN}", f"Splunk {TOKEN}"):
            conversation.answer(401, b"<response><messages><msg>call not authenticated</msg></messages></response>")
            return
        query = {name: values[-1] for name, values in parse_qs(asked.query).items()}
        path = asked.path[len(PREFIX) :]
        status, body = self._answer(asked.method, path, {**query, **_form(asked.body, path)})
        conversation.answer(
            status, json.dumps(body).encode(), {"Content-Type": "application/json", "Connection": "Keep-Alive"}
        )

    def _answer(self, method: str, path: str, query: Dict[str, str]) -> Any:
        if path == "/receivers/simple":
            self.events.append(query)
            return 200, {}
        if path == "/apps/local/ipthreat":
            return (200, {"entry": [{"content": {"disabled": False}}]}) if self.has_app else (404, {})
        if path.endswith("/control"):
            self.controls.append(query["action"])
            self.looks = 0
            return 200, {}
        if method == "POST":
            self.search = query
            return 201, {"sid": SID}
        if path.endswith(("/results", "/results_preview")):
            return 200, self._results(query, path.endswith("preview"))
        return 200, {"entry": [{"content": self._job()}]}

    def _job(self) -> Dict[str, Any]:
        self.looks -= 1
        done = self.looks < 0
        messages = [{"type": "FATAL", "text": self.failure}] if self.failure else [{"type": "INFO", "text": "fine"}]
        count = len(self.rows) + self.withheld if done else 1
        return {"isDone": done, "isFailed": bool(self.failure), "doneProgress": 1.0 if done else 0.5,
                "eventCount": count, "resultCount": count, "messages": messages}  # fmt: skip

    def _results(self, query: Dict[str, str], preview: bool) -> Dict[str, Any]:
        start, count = int(query["offset"]), min(int(query["count"]), self.most_at_once)
        page = self.rows[:1] if preview else self.rows[start : start + count]
        self.pages += [] if preview else [len(page)]
        return {"preview": preview, "fields": [{"name": name} for name in self.fields], "results": page}


def _form(body: bytes, path: str) -> Dict[str, str]:
    text = body.decode("utf-8")
    if "receivers/simple" in path:
        return {"event": text}
    return {name: values[-1] for name, values in parse_qs(text).items()}


def serving(splunkd: Splunkd, tls: Optional[ssl.SSLContext] = None) -> FakeServer:
    """The stand-in as a server; use it in a `with` block."""
    return FakeServer({PREFIX + path: splunkd for path in _PATHS}, tls)
