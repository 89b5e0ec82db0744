"""What is delivered: a report as an alert hands it to the handler, checked on both sides."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Tuple

from ...errors import InputError

LARGEST_REPORT = 4_000_000
"""Characters of a report."""
MOST_ROWS = 10_000
_TEXTS = {"sid": 300, "search_name": 300, "app": 100, "owner": 100, "title": 300, "link": 2000}
_TEXTS.update(dict.fromkeys(("report_id", "tlp", "time"), 40))


@dataclass(frozen=True)
class Parcel:
    """A report on its way."""

    sid: str
    search_name: str
    app: str
    owner: str
    title: str
    report_id: str
    tlp: str
    time: str
    """The moment judged, ISO 8601 in UTC."""
    link: str
    """The results in Splunk."""
    threat: str
    actionable: str
    rows: Tuple[Mapping[str, Any], ...]
    """An event per address, most pressing first, with CIM's field names."""
    addresses: int
    """How many were judged; more than there are rows where the alert asks for the most pressing alone."""

    def as_json(self) -> Dict[str, Any]:
        """The parcel as the request's part of it."""
        return {**self.__dict__, "rows": [dict(row) for row in self.rows]}

    @property
    def hostile(self) -> int:
        """Rows that are malicious or suspicious."""
        return sum(row.get("verdict") in ("malicious", "suspicious") for row in self.rows)

    @property
    def summary(self) -> str:
        """The finding in one sentence."""
        noun = "address" if self.hostile == 1 else "addresses"
        return f"Found {self.hostile:,} suspicious IP {noun} among {self.addresses:,}"


def parcel_of(told: Any) -> Parcel:
    """The parcel in a request. Raises InputError."""
    if not isinstance(told, dict):
        raise InputError("parcel is a JSON object")
    texts = {name: _text(told, name, longest) for name, longest in _TEXTS.items()}
    bodies = {name: _text(told, name, LARGEST_REPORT) for name in ("threat", "actionable")}
    rows, addresses = told.get("rows"), told.get("addresses")
    if not isinstance(rows, list) or len(rows) > MOST_ROWS or not all(isinstance(row, dict) for row in rows):
        raise InputError(f"rows is a list of at most {MOST_ROWS:,} objects")
    if not isinstance(addresses, int) or addresses < 0:
        raise InputError("addresses is a whole number")
    if not texts["sid"]:
        raise InputError("sid names the search")
    return Parcel(**texts, **bodies, rows=tuple(rows), addresses=addresses)


def events(parcel: Parcel) -> List[Tuple[str, str]]:
    """(sourcetype, text) of each event that the parcel is in an index: one an address, one a report."""
    about = {"search_name": parcel.search_name, "orig_sid": parcel.sid, "report_id": parcel.report_id}
    found = [("ipthreat:assessment", _line({"time": parcel.time, **row, **about})) for row in parcel.rows]
    for name in ("threat", "actionable"):
        head = {"time": parcel.time, "title": parcel.title, "tlp": parcel.tlp, "format": name, **about}
        found.append(("ipthreat:report", _line({**head, "summary": parcel.summary, "report": getattr(parcel, name)})))
    return found


def _line(document: Mapping[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False)


def _text(told: Mapping[str, Any], name: str, longest: int) -> str:
    value = told.get(name, "")
    if not isinstance(value, str) or len(value) > longest:
        raise InputError(f"{name} is a text of at most {longest:,} characters")
    return value
