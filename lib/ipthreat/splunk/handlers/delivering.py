"""POST ipthreat/deliver: a report to one target. Who may look up may have reports delivered, to what an admin allows.

{"to": "index"|"case"|"file"|"notable"|"risk"|"destination", "name": "summary"|"soc", "throttle": 0, "parcel": {…}}
→ {"outcome": "delivered"|"skipped", "detail": "…"}
"""

from __future__ import annotations

import hashlib
from typing import Callable, List, Mapping, Sequence, Tuple

from ...errors import DeliveryError, InputError, SplunkError, SplunkSilence
from ...wholefile import put_whole
from ..broker_settings import BrokerSettings
from ..delivery.claims import FILE, Claims, claim_key
from ..delivery.destinations import message
from ..delivery.parcel import Parcel, events, parcel_of
from ..delivery.security import NOTABLE, RISK, SOURCETYPE, notable_events, risk_events
from ..delivery.webhook import Webhooks
from ..kvstore import CASES, change_document, put_document
from ..rest import Call, Reply
from . import reading
from .ground import Ground

LARGEST = 24_000_000
"""Characters of a request."""
REPORTS = "reports"
"""The folder of reports as files, beside the broker's own."""
_LONGEST_BATCH = 500_000  # bytes of events that are sent to splunkd at once

Send = Callable[[Ground, Call, BrokerSettings, str, Parcel], str]


def deliver(ground: Ground, call: Call) -> Reply:
    """Delivers, once. A delivery that failed may be asked for again."""
    payload = call.payload
    reading.only(payload, ("to", "name", "throttle", "parcel"))
    kind = reading.word(payload, "to", "", TARGETS)
    name = reading.text(payload, "name")
    throttle = float(reading.number(payload, "throttle", 0, 0, 30 * 86_400))
    parcel, settings = parcel_of(payload.get("parcel")), ground.settings(call)
    _check(kind, name, settings)
    key = claim_key(parcel.sid, f"{kind}:{name}")
    subjects = [claim_key(parcel.search_name, f"{kind}:{name}:{row.get('src', '')}") for row in parcel.rows]
    claims = Claims(ground.folder / FILE, call.system, clock=ground.clock, tell=call.tell)
    try:
        refused = claims.claim(key, subjects, throttle)
        if refused:
            return Reply(200, {"outcome": "skipped", "detail": refused})
        detail = _made(claims, key, subjects, lambda: TARGETS[kind](ground, call, settings, name, parcel))
        return Reply(200, {"outcome": "delivered", "detail": detail})
    finally:
        claims.close()


def _made(claims: Claims, key: str, subjects: List[str], send: Callable[[], str]) -> str:
    """Makes the delivery; a claim is given up only when it was certainly not made."""
    try:
        detail = send()
    except (DeliveryError, InputError, SplunkError) as error:
        if not getattr(error, "perhaps", False):
            claims.release(key)
        raise
    claims.done(key, subjects)
    return detail


def _check(kind: str, name: str, settings: BrokerSettings) -> None:
    """Refuses a target that no administrator allows. Raises InputError."""
    index = name if kind == "index" else kind if kind in (NOTABLE, RISK) else ""
    if kind in ("index", NOTABLE, RISK) and index not in settings.indexes:
        allowed = ", ".join(settings.indexes) or "none"
        raise InputError(f"alerts may not write into the index {index[:80]!r}; they may into: {allowed}")
    if kind == "destination" and name not in settings.destinations:
        raise InputError(f"there is no destination {name[:40]!r}: an administrator makes it on the setup page")


def _index(ground: Ground, call: Call, settings: BrokerSettings, name: str, parcel: Parcel) -> str:
    """An event per address, and one per report."""
    return _written(call, name, f"ipthreat:{parcel.search_name}", events(parcel))


def _notable(ground: Ground, call: Call, settings: BrokerSettings, name: str, parcel: Parcel) -> str:
    return _written(call, NOTABLE, parcel.search_name, [(SOURCETYPE, text) for text in notable_events(parcel)])


def _risk(ground: Ground, call: Call, settings: BrokerSettings, name: str, parcel: Parcel) -> str:
    return _written(call, RISK, parcel.search_name, [(SOURCETYPE, text) for text in risk_events(parcel)])


def _written(call: Call, index: str, source: str, told: Sequence[Tuple[str, str]]) -> str:
    """Writes events, several of one sourcetype at a time: splunkd splits them at line ends. Raises DeliveryError."""
    count = 0
    for sourcetype, text, events_in_it in _batches(told):
        about = {"index": index, "sourcetype": sourcetype, "source": source, "host": "ipthreat"}
        try:
            answer = call.system.post_text("receivers/simple", text, **about)
            why = "" if answer.ok else f"splunkd answers {answer.status}"
        except SplunkError as error:
            why, silent = str(error), isinstance(error, SplunkSilence)
            raise _unwritten(index, why, count, silent) from None
        if why:
            raise _unwritten(index, why, count)
        count += events_in_it
    return f"{count:,} events in the index {index}"


def _unwritten(index: str, why: str, written: int, perhaps: bool = False) -> DeliveryError:
    """Why an index lacks events, and whether writing them again would write some twice."""
    told = f"; {written:,} events had been written, and are not written again" if written else ""
    return DeliveryError(f"the index {index} was not written: {why}{told}", perhaps=perhaps or written > 0)


def _batches(told: Sequence[Tuple[str, str]]) -> List[Tuple[str, str, int]]:
    """(sourcetype, lines, how many) in the order of the events."""
    found: List[Tuple[str, str, int]] = []
    for sourcetype, text in told:
        line = text + "\n"
        last = found[-1] if found else ("", "", 0)
        if last[0] == sourcetype and len(last[1]) + len(line) <= _LONGEST_BATCH:
            found[-1] = (sourcetype, last[1] + line, last[2] + 1)
        else:
            found.append((sourcetype, line, 1))
    return found


def _case(ground: Ground, call: Call, settings: BrokerSettings, name: str, parcel: Parcel) -> str:
    document = {
        "sid": parcel.sid,
        "search_name": parcel.search_name,
        "title": parcel.title,
        "created": ground.clock.wall(),
        "priority": str(parcel.rows[0].get("priority", "")) if parcel.rows else "",
        "addresses": ", ".join(str(row.get("src", "")) for row in parcel.rows[:100]),
        "state": "open",
        "owner": parcel.owner,
        "report": parcel.actionable,
    }
    if not put_document(call.system, CASES, parcel.report_id, document):
        change_document(call.system, CASES, parcel.report_id, document)
    return f"case {parcel.report_id}"


def _file(ground: Ground, call: Call, settings: BrokerSettings, name: str, parcel: Parcel) -> str:
    folder = ground.folder / REPORTS
    stem = hashlib.sha256(parcel.sid.encode("utf-8", "replace")).hexdigest()[:24]
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for suffix, text in ((".threat.txt", parcel.threat), (".actionable.md", parcel.actionable)):
            put_whole(folder / f"{stem}{suffix}", text.encode("utf-8", "replace"))
    except OSError as error:
        raise DeliveryError(f"the reports cannot be written ({error.strerror or error})") from None
    return f"{stem}.threat.txt and {stem}.actionable.md in {REPORTS}"


def _destination(ground: Ground, call: Call, settings: BrokerSettings, name: str, parcel: Parcel) -> str:
    destination = settings.destinations[name]
    live = settings.live
    way = Webhooks(live.ca_bundle, live.proxy, settings.private_hosts, settings.retries, **ground.webhook_seams)
    return f"{name} answers {way.send(destination, message(destination.kind, parcel))}"


TARGETS: Mapping[str, Send] = {
    "index": _index,
    "case": _case,
    "file": _file,
    NOTABLE: _notable,
    RISK: _risk,
    "destination": _destination,
}
"""Kind of target → what delivers to it and says in words what it did."""
