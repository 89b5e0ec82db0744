"""The modular input `ipthreat_refresh_command`: fetches the lists of ipthreat.conf [feeds] on Splunk's schedule.

Each run writes one event per list (`ipthreat:refresh`) and one line into ipthreat.log. Whatever goes wrong,
the last good lists stand. Every member of a cluster fetches for itself: the files are not replicated.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Dict, List, Mapping, Tuple

from splunklib.modularinput import Event, EventWriter, Scheme, Script

from ..address import network
from ..errors import InputError, IpthreatError, SplunkError
from ..exchange import Access
from ..snapshot.feeds import Feed, chosen
from ..snapshot.update import FEED_LIMITS, FeedRow, UpdateReport, update
from ..transport import RequestsTransport
from .broker_settings import PROXY, listed
from .conf import APP, read_conf, settings
from .rest import note
from .secrets import WAY_OUT, Secrets
from .splunkd import Splunkd

TITLE = "IP threat lists"


class Refresh(Script):  # type: ignore[misc]  # the SDK has no types
    """The input as splunkd runs it."""

    def __init__(self, app: Path = APP) -> None:
        super().__init__()
        self._app = app

    def get_scheme(self) -> Scheme:
        """What splunkd shows of the input; it has no arguments of its own: ipthreat.conf settles what is fetched."""
        scheme = Scheme(TITLE)
        scheme.description = "Fetches the lists named in ipthreat.conf [feeds] and compiles them for the app."
        scheme.use_external_validation = False
        scheme.use_single_instance = False  # else splunkd would not heed the interval of the input itself
        return scheme

    def stream_events(self, inputs: Any, ew: EventWriter) -> None:
        """One refresh. It fails in one sentence, which is in the log and an event."""
        moment = datetime.now(timezone.utc)
        try:
            about = inputs.metadata
            report = refreshed(self._app, Splunkd(about["server_uri"], about["session_key"]), moment)
        except IpthreatError as error:
            told: List[Mapping[str, Any]] = [{"list": "", "state": "failed", "reason": str(error)}]
            note("ERROR", {"input": "ipthreat_refresh", "outcome": "failed", "detail": error})
        else:
            told = [_told(row) for row in report.rows]
            outcome = "refreshed" if report.complete else "incomplete"
            facts = {"input": "ipthreat_refresh", "outcome": outcome, "lists": len(told), "detail": report.failure}
            note("INFO" if report.complete else "WARN", facts)
        name = next(iter(inputs.inputs), "ipthreat_refresh_command://default")
        for entry in told:
            data = json.dumps({"time": moment.strftime("%Y-%m-%dT%H:%M:%SZ"), **entry})
            ew.write_event(
                Event(data=data, stanza=name, sourcetype="ipthreat:refresh", time=f"{moment.timestamp():.3f}")
            )


def refreshed(app: Path, splunkd: Splunkd, moment: datetime) -> UpdateReport:
    """Refreshes the lists of an app. Raises InputError for settings that cannot be used."""
    conf = read_conf(app, "ipthreat")
    feeds, live = conf.get("feeds", {}), conf.get("live", {})
    bundle = live.get("ca_bundle", "")
    access = Access(_proxy(splunkd), Path(bundle) if bundle else None, frozenset(listed(live.get("plain_hosts", ""))))
    own = [network(text) for text in settings(app).own_networks]
    with RequestsTransport(FEED_LIMITS, access=access) as transport:
        wanted = _wanted(listed(feeds.get("names", "")), feeds.get("mirror", ""))
        return update(wanted, transport, app / "data", now=moment, own_networks=own)


def _wanted(names: Tuple[str, ...], mirror: str) -> Tuple[Feed, ...]:
    found = chosen(names)
    return tuple(replace(feed, url=f"{mirror.rstrip('/')}/{feed.name}") for feed in found) if mirror else found


def _proxy(splunkd: Splunkd) -> str:
    """The way out; a proxy that is configured and cannot be read must not be gone around."""
    try:
        return Secrets(splunkd).all()[WAY_OUT].get(PROXY, "")
    except SplunkError as error:
        raise InputError(f"nothing is fetched, since it is not known whether by a proxy: {error}") from None


def _told(row: FeedRow) -> Dict[str, Any]:
    return {
        "list": row.name,
        "kind": row.kind,
        "state": row.state.value,
        "reason": row.reason,
        "entries": row.entries,
        "day": row.day,
        "left_out": sum(row.left_out.values()),
    }


def main() -> int:
    """Runs the input as splunkd starts it."""
    return int(Refresh().run(sys.argv))
