"""From the results of an alert to the parcel that is delivered: both reports, and an event per address for the index.

The events have CIM's field names (data model Alerts), so that they need no aliases: `src`, `severity`, `signature`,
`mitre_technique_id` …
"""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Dict, Iterable, List, Mapping, Optional, Tuple

from ..allowlist import Allowlist
from ..assessment import Assessment
from ..behaviour import Observer
from ..case import Case, EventsRead
from ..gather import Gatherer, LiveSources, RecordedSource
from ..intelligence import Intelligence
from ..judge import Judge
from ..policy import policy_named
from ..report.formats import FORMATS
from .alert_payload import Payload
from .conf import APP, app_lists, read_conf, settings
from .delivery.parcel import MOST_ROWS, Parcel
from .lookups import lookup_path, read_allowlist
from .partials import Records
from .search_case import observer
from .searchinfo import moment_of

MOST_REPORTED = 1000
"""Addresses that the reports tell of, most pressing first; the events tell of MOST_ROWS."""
_SEVERITY_ID = {"low": 1, "medium": 2, "high": 3, "critical": 4}


class AlertCase:
    """Takes the results in and judges them."""

    def __init__(self, payload: Payload, app: Path = APP) -> None:
        """Raises InputError for settings or an allow-list that cannot be used."""
        self._payload = payload
        self.moment = moment_of(payload)
        self.account = Records(self.moment, payload.params.field)
        self.intelligence = Intelligence.opened(app_lists(app)).for_events()
        self.allowed = self._allowlist(app)
        self._observer: Observer = observer(self.intelligence, settings(app).own_networks)

    def add(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Takes records in."""
        self._observer.add_all(self.account.events(records))

    def case(self, live: Optional[LiveSources]) -> Case:
        """All addresses, judged; `live` are the sources that are asked about them."""
        params = self._payload.params
        gatherer = Gatherer((*self.intelligence.sources(self.moment), RecordedSource()), self.allowed, live)
        judge = Judge(gatherer, policy_named(params.policy), self.moment, self.intelligence.parts())
        account = self.account
        skipped = dict(sorted(account.skipped.items()))
        read = EventsRead("a Splunk alert", "splunk", account.read, skipped, crowded_out=self._observer.crowded_out)
        title = params.title or self._payload.search_name
        return judge.observed(self._observer, read, title, "| ipthreatreport", params.tlp)

    def _allowlist(self, app: Path) -> Allowlist:
        name = self._payload.params.allowlist or read_conf(app, "ipthreat").get("settings", {}).get("allowlist", "")
        path = lookup_path(name, app)
        return read_allowlist(path, self.moment) if path else Allowlist()


def parcel_for(payload: Payload, case: Case) -> Parcel:
    """What is delivered of the addresses that are pressing enough: reports of the first, events of many more."""
    pressing = pressing_of(payload, case)
    told = case.about(tuple(pressing[:MOST_REPORTED]))
    return Parcel(
        sid=payload.sid,
        search_name=payload.search_name,
        app=payload.app,
        owner=payload.owner,
        title=case.title,
        report_id=case.report_id,
        tlp=case.tlp,
        time=_time(case.as_of),
        link=payload.results_link,
        threat=FORMATS["threat"].render(told),
        actionable=FORMATS["actionable"].render(told),
        rows=tuple(event_of(item, case) for item in pressing[:MOST_ROWS]),
        addresses=len(case.assessments),
    )


def pressing_of(payload: Payload, case: Case) -> List[Assessment]:
    """The addresses of at least the priority that the alert asks for, most pressing first."""
    least = payload.params.least.rank
    return [item for item in case.assessments if item.priority.rank >= least]


def event_of(item: Assessment, case: Case) -> Dict[str, Any]:
    """One address as an event."""
    owner, severity = item.owner, item.severity.value.lower()
    seen = item.dossier.sighting
    told: Dict[str, Any] = {
        "app": "ipthreat",
        "type": "alert",
        "id": f"{case.report_id}:{item.address}",
        "src": item.address,
        "user": "unknown",  # as CIM has it where events name nobody
        "dest": list(seen.local_hosts) if seen else [],
        "severity": severity,
        "severity_id": _SEVERITY_ID[severity],
        "signature": item.indicator or "IP address assessed",
        "signature_id": f"ipthreat:{item.verdict.value}",
        "description": "; ".join(item.reasons[:3]) or item.status.value,
        "mitre_technique_id": [technique.id for technique in item.techniques],
        "vendor_product": "ipthreat",
        **_judged(item),
    }
    owned = {"asn": owner.asn, "organization": owner.as_owner or owner.organisation, "network": owner.network}
    told.update(owned, country=owner.country, rir=owner.rir)
    return {name: value for name, value in told.items() if value not in (None, "", [])}


def _judged(item: Assessment) -> Dict[str, Any]:
    """The three axes and what they rest on."""
    seen = item.dossier.sighting
    span: Tuple[Optional[datetime], Optional[datetime]] = (seen.first_seen, seen.last_seen) if seen else (None, None)
    return {
        "verdict": item.verdict.value,
        "confidence": item.confidence,
        "priority": item.priority.value,
        "status": item.status.value,
        "reasons": list(item.reasons),
        "flags": list(item.flags),
        "sources": [f"{entry.source}={entry.status.value}" for entry in item.dossier.evidence],
        "event_count": seen.count if seen else 0,
        "first_seen": _time(span[0]) if span[0] else "",
        "last_seen": _time(span[1]) if span[1] else "",
        "policy": f"{item.policy.name} {item.policy.version}",
    }


def _time(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
