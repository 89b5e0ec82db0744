"""The app's dashboards as data, and what each of their searches gives on sample events."""

from __future__ import annotations

import functools
import json
import re
import xml.etree.ElementTree as ElementTree
from datetime import datetime
from typing import Any, Dict, List, Mapping

from searches import ROOT, ground
from spl import Found, Search, searched

from ipthreat.demo import AS_OF, EVENTS

VIEWS = ROOT / "default" / "data" / "ui" / "views"
DASHBOARDS = ("posture", "address_dossier", "provider_health")
TOKEN = re.compile(r"\$([\w.]+)((?:\|[a-z])*)\$")
EGRESS_FIELDS = ("provider", "host", "user", "sid", "addresses")
"""What a line with event=egress has: who was asked, where, in whose name, for which search, about which addresses."""
REQUEST_FIELDS = ("provider", "status", "seconds", "left")
"""What a line of ipthreat.log with event=request has: the provider, how the request ended (a status of the judgement's
vocabulary), how long it took, and how many requests the key has left today."""


def view(name: str) -> ElementTree.Element:
    """A page, or the navigation, as XML."""
    return ElementTree.parse(VIEWS / f"{name}.xml").getroot()  # noqa: S314 - our own file


def definition(name: str) -> Dict[str, Any]:
    """The definition of a dashboard."""
    element = view(name).find("definition")
    assert element is not None
    return dict(json.loads(element.text or ""))


def with_tokens(text: str, values: Mapping[str, str]) -> str:
    """A search with its tokens replaced as Splunk does it: `|s` writes a text in quotes."""

    def replaced(match: re.Match[str]) -> str:
        value = values[match.group(1)]
        return json.dumps(value, ensure_ascii=False) if "s" in match.group(2) else value

    return TOKEN.sub(replaced, text)


# --- what the searches find -----------------------------------------------------------------------

_LINE = re.compile(r'(\S+) \S+ \S+ \[([^]]+)\] "(\S+) (\S+) [^"]*" (\d+) (\d+) "[^"]*" "([^"]*)"')
MOMENT = AS_OF.timestamp()
SPLUNKD: Dict[str, str] = {}
"""`splunkd_uri` and `session_key` of a stand-in for splunkd, where one runs; without, no provider has said anything."""


def requests() -> List[Dict[str, Any]]:
    """The demo's web requests, and log-ins that are tried until one succeeds, as events with CIM fields."""
    rows = []
    for line in EVENTS.read_text(encoding="utf-8").splitlines():
        address, time, method, uri, status, size, agent = _LINE.match(line).groups()  # type: ignore[union-attr]
        moment = datetime.strptime(time, "%d/%b/%Y:%H:%M:%S %z").timestamp()
        names = ("_time", "src_ip", "http_method", "uri", "status", "bytes_out", "http_user_agent")
        rows.append(dict(zip(names, (str(moment), address, method, uri, status, size, agent))))
    return rows + [_login(number) for number in range(60)]


def _login(number: int) -> Dict[str, Any]:
    action = "success" if number == 59 else "failure"
    return {
        "_time": str(MOMENT - 7200 + number),
        "src_ip": "45.155.205.233",
        "user": "root",
        "action": action,
        "app": "sshd",
    }


def log_lines() -> List[Dict[str, Any]]:
    """Lines of ipthreat.log as Splunk reads them: requests to providers, and searches."""
    rows: List[Dict[str, Any]] = []
    states = {
        "virustotal": ("ok", "ok", "not_found", "rate_limited"),
        "abuseipdb": ("ok", "ok", "timeout"),
        "rdap": ("ok",),
    }
    for number in range(240):
        provider = sorted(states)[number % 3]
        status = states[provider][number // 3 % len(states[provider])]
        seconds = {"timeout": 15.0}.get(status, 0.2 + number % 7 / 10 + len(provider) / 20)
        line = {
            "_time": str(MOMENT - 86_000 + 350 * number),
            "event": "request",
            "provider": provider,
            "status": status,
        }
        limit = {"virustotal": 500, "abuseipdb": 1000}.get(provider)
        rows.append({**line, "seconds": f"{seconds:.2f}", **({"left": str(limit - 2 * number)} if limit else {})})
    rows += [_sent(number) for number in range(30)]
    searches = [
        {"_time": str(MOMENT - 3600 * hour), "command": "ipthreat", "distinct": "120", "calls": "9"}
        for hour in range(9)
    ]
    return rows + searches


def _sent(number: int) -> Dict[str, Any]:
    return {
        "_time": str(MOMENT - 80_000 + 2_000 * number),
        "event": "egress",
        "provider": ("virustotal", "abuseipdb")[number % 2],
        "host": ("www.virustotal.com", "api.abuseipdb.com")[number % 2],
        "user": ("ann", "splunk-system-user")[number % 5 == 0],
        "sid": f"{MOMENT - 80_000 + 20_000 * (number // 10):.0f}.{number // 10}",
        "addresses": " ".join(f"20.{number}.{place}.9" for place in range(1 + number % 4)),
    }


def place(dashboard: str, source: str, empty: bool = False, blanks: bool = True) -> Search:
    """Where the search of a data source runs in these tests."""
    rows: List[Dict[str, Any]] = []
    if not empty:
        rows = log_lines() if dashboard == "provider_health" else requests()
    return Search(ground(sid=f"{MOMENT:.0f}.1", **SPLUNKD), rows, blanks)


def given(name: str, source: str, empty: bool = False, blanks: bool = True, ip: str = "") -> Found:
    """What the search of a data source gives. `empty`: there are no events."""
    options = definition(name)["dataSources"][source]["options"]
    text = with_tokens(options["query"], {"index": "main", "source": "virustotal", "ip": ip})
    start = _base(name, options["extend"], empty, blanks, ip) if "extend" in options else None
    return searched(text, place(name, source, empty, blanks), start)


_base = functools.cache(given)  # most searches of a dashboard go on from the same one
