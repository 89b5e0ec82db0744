"""The case as rows: CSV for spreadsheets, JSON for programs.

CSV has one row per address and no cell that a spreadsheet takes for a formula. JSON holds everything the judgement
rests on, as `assessment.schema.json` beside this file describes it (JSON Schema 2020-12).
"""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime
from typing import Any, Dict, Iterator, Optional, Sequence, Tuple, Union

from ..assessment import Assessment
from ..case import Case, EventsRead
from ..dossier import Allowance, Behaviour, Evidence, Sighting
from ..explanation import explanation
from ..providers.virustotal import STATS
from ..version import __version__
from .blocklist import expiry, is_blockable, utc
from .citations import page
from .escape import csv_cell

FORMAT = "ipthreat-report/1"
"""Name and version of the JSON format."""

Value = Union[str, int, float, None]


def rows(case: Case) -> Tuple[Dict[str, Value], ...]:
    """One flat row per address, most pressing first; every row has the same keys. Lists are joined with `; `."""
    return tuple(map(_row, case.assessments))


def csv_text(case: Case) -> str:
    """The rows as CSV (RFC 4180, but lines end in a bare newline), with a header line even when there are no rows."""
    return "".join(csv_pieces(case))


def csv_pieces(case: Case) -> Iterator[str]:
    """The same, line by line."""
    yield _csv_line(COLUMNS)
    for row in map(_row, case.assessments):
        yield _csv_line([csv_cell(value) if isinstance(value, str) else value for value in row.values()])


def _csv_line(cells: Sequence[Value]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(cells)
    return out.getvalue()


def json_data(case: Case) -> Dict[str, Any]:
    """The whole case as plain data, ready for `json.dumps`."""
    return {**_head(case), "assessments": [_assessment(item) for item in case.assessments]}


def json_pieces(case: Case) -> Iterator[str]:
    """The whole case as JSON, one line for each address, so that `grep` and `jq` need not hold it either."""
    head = json.dumps({**_head(case), "assessments": []}, indent=2)
    before, after = head.rsplit("[]", 1)
    yield before + "["
    for place, item in enumerate(case.assessments):
        yield ",\n" if place else "\n"
        yield f"    {json.dumps(_assessment(item))}"
    yield f"{f'{chr(10)}  ' if case.assessments else ''}]{after}\n"


def _head(case: Case) -> Dict[str, Any]:
    return {
        "format": FORMAT,
        "report_id": case.report_id,
        "title": case.title,
        "tlp": case.tlp,
        "as_of": _time(case.as_of),
        "tool": {"name": "ipthreat", "version": __version__},
        "policy": {"name": case.policy.name, "version": case.policy.version},
        "counts": {
            "addresses": len(case.assessments),
            "hostile": len(case.hostile),
            "raised": len(case.raised),
        },
        "events": _events(case.events) if case.events else None,
        "parts": [dict(part.__dict__) for part in case.parts],
        "requests": dict(sorted(case.requests.items())),
    }


def _row(item: Assessment) -> Dict[str, Value]:
    owner, seen = item.owner, item.dossier.sighting
    virustotal = item.dossier.source("virustotal")
    counts = virustotal.counts if virustotal else {}
    sources = {entry.source: entry.status.value for entry in item.dossier.evidence}
    cells: Tuple[Value, ...] = (
        item.address, item.status.value, item.verdict.value, item.confidence, item.severity.value, item.priority.value,
        None if item.probability is None else round(item.probability, 3), int(item.active), item.indicator,
        _joined(item.reasons), _joined(item.flags), _joined(found.id for found in item.techniques),
        owner.asn, owner.as_owner or owner.organisation, owner.network, owner.country, owner.rir,
        *(counts.get(name) for name in STATS), counts.get("reputation"),
        seen.count if seen else 0, _time(seen.first_seen) if seen else None, _time(seen.last_seen) if seen else None,
        _joined(agent for agent, _ in seen.user_agents) if seen else "",
        _joined(f"{source}={status}" for source, status in sorted(sources.items())),
        _time(expiry(item)) if is_blockable(item) else None,
    )  # fmt: skip
    return dict(zip(COLUMNS, cells))


COLUMNS = (
    "address", "status", "verdict", "confidence", "severity", "priority", "probability", "active", "indicator",
    "reasons", "flags", "techniques", "asn", "organisation", "network", "country", "rir",
    *(f"vt_{name}" for name in STATS), "vt_reputation", "events", "first_seen", "last_seen", "user_agents", "sources",
    "block_until",
)  # fmt: skip
"""Columns of the CSV in order; `active` is 0 or 1, times are ISO 8601 in UTC, `block_until` is empty for what must not
be blocked."""


def _joined(words: Any) -> str:
    return "; ".join(words)


def _assessment(item: Assessment) -> Dict[str, Any]:
    dossier = item.dossier
    return {
        **explanation(item),
        "scope": dossier.scope,
        "indicator": item.indicator,
        "active": item.active,
        "insufficient": item.insufficient,
        "flags": list(item.flags),
        "reasons": list(item.reasons),
        "techniques": [{"id": found.id, "name": found.name, "link": found.link} for found in item.techniques],
        "owner": _owner(item.owner),
        "evidence": [_evidence(entry, item.address) for entry in dossier.evidence],
        "sighting": _sighting(dossier.sighting) if dossier.sighting else None,
        "behaviours": [_behaviour(entry) for entry in dossier.behaviours],
        "allowance": _allowance(dossier.allowance) if dossier.allowance else None,
        "block_until": _time(expiry(item)) if is_blockable(item) else None,
    }


def _owner(item: Evidence) -> Dict[str, Any]:
    return {
        "asn": item.asn,
        "as_owner": item.as_owner,
        "organisation": item.organisation,
        "network": item.network,
        "country": item.country,
        "rir": item.rir,
    }


def _evidence(item: Evidence, address: str) -> Dict[str, Any]:
    return {
        "source": item.source,
        "kind": item.kind.value,
        "status": item.status.value,
        "reason": item.reason,
        "verdict": item.verdict.value,
        "labels": list(item.labels),
        "flags": list(item.flags),
        "score": item.score,
        "native": item.native,
        "scale": item.scale,
        "counts": dict(item.counts),
        "detections": [dict(found.__dict__) for found in item.detections],
        "group": item.group,
        "related": list(item.related),
        "observed_at": _time(item.observed_at),
        "retrieved_at": _time(item.retrieved_at),
        "first_seen": _time(item.first_seen),
        "last_seen": _time(item.last_seen),
        **_owner(item),
        "abuse_contact": item.abuse_contact,
        "link": page(item, address),
    }


def _sighting(item: Sighting) -> Dict[str, Any]:
    return {
        "count": item.count,
        "first_seen": _time(item.first_seen),
        "last_seen": _time(item.last_seen),
        "user_agents": [{"text": text, "count": count} for text, count in item.user_agents],
        "timeline": [{"start": _time(start), "count": count} for start, count in item.timeline],
        "bytes_out": item.bytes_out,
        "outbound": item.outbound,
        "local_hosts": list(item.local_hosts),
    }


def _behaviour(item: Behaviour) -> Dict[str, Any]:
    return {
        "kind": item.kind.value,
        "count": item.count,
        "first_seen": _time(item.first_seen),
        "last_seen": _time(item.last_seen),
        "names": list(item.names),
        "samples": list(item.samples),
        "succeeded": item.succeeded,
    }


def _allowance(item: Allowance) -> Dict[str, Any]:
    return {"network": item.network, "reason": item.reason, "expires": _time(item.expires)}


def _events(item: EventsRead) -> Dict[str, Any]:
    return {
        "origin": item.origin,
        "format": item.format,
        "read": item.read,
        "skipped": dict(sorted(item.skipped.items())),
        "start": _time(item.start),
        "end": _time(item.end),
        "crowded_out": item.crowded_out,
    }


def _time(moment: Optional[datetime]) -> Optional[str]:
    return utc(moment) if moment else None
