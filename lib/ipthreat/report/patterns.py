"""The evidence patterns behind the next steps: each rule is a pure function of one assessment.

`ADDRESS_RULES` lists them, most urgent first: the first step of an address is the first that applies.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Callable, Dict, Optional, Set

from ..assessment import Assessment
from ..case import Case
from ..dossier import BehaviourKind, Dossier
from ..priority import Priority, Severity, hostile_kinds
from . import searches
from .blocklist import CONFIDENT, block_days, is_blockable, is_operated, names_operator
from .citations import SIGHTING, own_key
from .prose import counted, joined
from .steps import DAY, HOUR, NOW, WEEK, WHO, Group, Step

Rule = Callable[[Assessment, Case], Optional[Step]]

_CONTACT = {BehaviourKind.C2_BEACON, BehaviourKind.C2_CONTACT}
_SUSPECT = {BehaviourKind.REGULAR_CONTACT, BehaviourKind.VOLUME_OUT}


def is_seen(dossier: Dossier) -> bool:
    """True when the address occurs in our own events."""
    return bool(dossier.sighting or dossier.behaviours)


def _kinds(item: Assessment) -> Set[BehaviourKind]:
    return {behaviour.kind for behaviour in item.dossier.behaviours}


def is_talked_to(dossier: Dossier) -> bool:
    """True when one of our hosts opened a connection to the address."""
    kinds = {item.kind for item in dossier.behaviours}
    return bool(kinds & _CONTACT) or bool(dossier.sighting and dossier.sighting.outbound)


def is_worth_a_step(item: Assessment) -> bool:
    """True for an address that is raised, that anything speaks against, or with which a host of ours is too busy."""
    busy = is_talked_to(item.dossier) and bool(_kinds(item) & _SUSPECT)
    return item.raised or busy or any(signal.nats > 0 for signal in item.signals)


def is_held(item: Assessment) -> bool:
    """True for an allow-listed address below High severity: it is held at Monitor, and nothing is to be done."""
    return _is_allowed(item) and item.severity.rank < Severity.HIGH.rank


def _got_in(item: Assessment) -> bool:
    return any(behaviour.succeeded for behaviour in item.dossier.behaviours)


def _beacons(item: Assessment) -> bool:
    return BehaviourKind.C2_BEACON in _kinds(item)


def _is_allowed(item: Assessment) -> bool:
    return item.dossier.allowance is not None


def _our_hosts(item: Assessment) -> str:
    hosts = item.dossier.sighting.local_hosts if item.dossier.sighting else ()
    if not hosts:
        return "our host"
    return f"our host {hosts[0]}" if len(hosts) == 1 else f"our hosts {joined(hosts)}"


# --- the host first ---------------------------------------------------------------------------------------------------


def _isolate(item: Assessment, case: Case) -> Optional[Step]:
    """A log-in after brute force, or an exploit that was answered with 2xx: somebody may be in."""
    broken = [behaviour for behaviour in item.dossier.behaviours if behaviour.succeeded]
    if not broken:
        return None
    logged_in = any(behaviour.kind is BehaviourKind.BRUTE_FORCE for behaviour in broken)
    how = "logged in to" if logged_in else "may have got into (the exploit was answered 2xx)"
    return Step(
        "isolate",
        Group.RESPOND,
        "Isolate",
        f"Within one hour isolate the hosts that {WHO} {how}, reset the credentials used there, and start incident"
        " response.",
        HOUR,
        keys=tuple(own_key(behaviour) for behaviour in broken),
        search=searches.month_back,
        rollback="Reconnect a host once its logs show no command run and no account changed after the success.",
    )


def _quarantine(item: Assessment, case: Case) -> Optional[Step]:
    """A host of ours beacons to a command-and-control server: that needs no further evidence."""
    if not _beacons(item):
        return None
    left = BehaviourKind.VOLUME_OUT in _kinds(item)
    told = ", and start incident response, since data left" if left else ""
    kinds = (BehaviourKind.C2_BEACON, BehaviourKind.VOLUME_OUT)
    return Step(
        "quarantine",
        Group.RESPOND,
        "Isolate our host",
        f"Isolate {_our_hosts(item)}, from where beacons go to {WHO}, within one hour{told}.",
        HOUR,
        keys=tuple(own_key(behaviour) for behaviour in item.dossier.behaviours if behaviour.kind in kinds),
        rollback="Reconnect the host once the process that beacons is found and removed.",
    )


def _own_host(item: Assessment, case: Case) -> Optional[Step]:
    """One of our hosts talks to it: whatever else is known, that host comes first."""
    positive = any(signal.nats > 0 for signal in item.signals)
    worth = positive or item.severity.rank >= Severity.HIGH.rank or bool(_kinds(item) & _SUSPECT)
    if not is_talked_to(item.dossier) or not worth or is_held(item):
        return None
    suspect = {*hostile_kinds(item.dossier.behaviours), *_SUSPECT}
    keys = [own_key(entry) for entry in item.dossier.behaviours if entry.kind in suspect]
    whatif = "" if _beacons(item) else "; isolate it if it beacons, and start incident response if data left"
    return Step(
        "own_host",
        Group.INVESTIGATE,
        "Investigate our host",
        f"Investigate {_our_hosts(item)} within one hour: find the process that talks to {WHO}{whatif}.",
        HOUR,
        keys=(*keys, SIGHTING),
        search=searches.outbound,
    )


# --- who attacks ------------------------------------------------------------------------------------------------------


def _block(item: Assessment, case: Case) -> Optional[Step]:
    if not is_blockable(item):
        return None
    days = block_days(item)
    until = (case.as_of + timedelta(days=days)).strftime("%Y-%m-%d")
    why = "cloud or dynamic space changes hands quickly" if days == 7 else "no list names the space as cloud or dynamic"
    return Step(
        "block",
        Group.BLOCK,
        "Block",
        f"Block {WHO} at the edge, both directions, within one hour, until {until} ({days} days: {why}).",
        HOUR,
        rollback="Remove the entry, or let it expire; then rerun the report to see whether it is still active.",
    )


def _record(item: Assessment, case: Case) -> Optional[Step]:
    if item.priority is not Priority.HIGH:
        return None
    text = f"Open the incident record for {WHO} and inform the stakeholders within 24 hours."
    return Step("record", Group.RESPOND, "Open incident", text, DAY)


def _allowance(item: Assessment, case: Case) -> Optional[Step]:
    """An allow-list entry that our own events speak against."""
    if not _is_allowed(item) or not item.raised:
        return None
    return Step(
        "allowance",
        Group.INVESTIGATE,
        "Check allow-list",
        f"Check within 24 hours whether the allow-list entry for {WHO} still holds: what it did here speaks against"
        " it.",
        DAY,
    )


def _sure_and_active(item: Assessment) -> bool:
    return (item.confidence or 0) >= CONFIDENT and item.active and not _is_allowed(item)


def _hunt(item: Assessment, case: Case) -> Optional[Step]:
    if not _sure_and_active(item):
        return None
    start = (case.as_of - timedelta(days=30)).strftime("%Y-%m-%d")
    text = f"Search all events since {start} for {WHO} within 24 hours and list our hosts that were in contact."
    return Step("hunt", Group.INVESTIGATE, "Hunt", text, DAY, search=searches.month_back)


def _abuse_report(item: Assessment, case: Case) -> Optional[Step]:
    if not _sure_and_active(item) or not item.techniques:  # without a technique there is nothing to report
        return None
    contact = next((entry.abuse_contact for entry in item.dossier.evidence if entry.abuse_contact), "")
    to = contact or "the abuse contact that RDAP names for the network"
    text = f"Report {WHO} to {to} within 24 hours, with samples and times from the evidence."
    return Step("abuse_report", Group.INVESTIGATE, "Report abuse", text, DAY)


# --- who might --------------------------------------------------------------------------------------------------------


def _is_likely(item: Assessment) -> bool:
    """Confidence 6 to 8, or above without activity that calls for a block; nothing more urgent is under way."""
    sure = (item.confidence or 0) >= 6 and not _sure_and_active(item)
    return sure and not (_is_allowed(item) or is_operated(item) or _got_in(item) or _beacons(item))


def _watch(item: Assessment, case: Case) -> Optional[Step]:
    if not _is_likely(item) or not is_seen(item.dossier):
        return None
    return Step(
        "watch",
        Group.MONITOR,
        "Monitor",
        f"Monitor {WHO} from now on: alert on any change of behaviour, and block for 24 hours if the severity rises.",
        NOW,
        search=searches.changes,
        rollback="Drop the alert when the confidence falls below 6.",
    )


def _watch_list(item: Assessment, case: Case) -> Optional[Step]:
    if not _is_likely(item) or is_seen(item.dossier):
        return None
    return Step(
        "watch_list",
        Group.MONITOR,
        "Watch-list",
        f"Put {WHO} on the watch-list now: alert on first contact, and judge again in 24 hours.",
        NOW,
        search=searches.contacts,
        rollback="Take an address off the list when its confidence falls below 6.",
    )


def _do_not_block(item: Assessment, case: Case) -> Optional[Step]:
    worth = any(signal.weight > 0 for signal in item.signals)
    if not is_operated(item) or not worth or _is_allowed(item) or _got_in(item) or _beacons(item):
        return None
    lists = tuple(entry.source for entry in item.dossier.evidence if names_operator(entry))
    return Step(
        "do_not_block",
        Group.MONITOR,
        "Do not block",
        f"Do not block {WHO}, whose range belongs to a known operator: within a week, tune the rule that raised it and"
        " record why.",
        WEEK,
        keys=lists,
    )


def engines_alone(item: Assessment) -> bool:
    """One to three engines raise the address and nothing else does, nor do our own hosts talk to it."""
    virustotal = item.dossier.source("virustotal")
    raising = {signal.name for signal in item.signals if signal.nats > 0}
    if virustotal is None or raising - {"virustotal.votes"} != {"virustotal.engines"}:
        return False
    if item.dossier.behaviours or is_talked_to(item.dossier):
        return False
    return 1 <= virustotal.counts.get("malicious", 0) + virustotal.counts.get("suspicious", 0) <= 3


def _disagreement(item: Assessment, case: Case) -> Optional[Step]:
    virustotal = item.dossier.source("virustotal")
    if virustotal is None or not engines_alone(item) or is_operated(item) or _is_allowed(item) or _is_likely(item):
        return None
    total = virustotal.counts.get("malicious", 0) + virustotal.counts.get("suspicious", 0)
    names = [detection.engine for detection in virustotal.detections]
    unnamed = [f"{total - len(names)} not named"] if total > len(names) else []
    alone = f"{counted(total, 'engine')} alone ({joined([*names, *unnamed])})"
    text = f"Monitor {WHO} for 7 days and open no ticket: the suspicion rests on {alone}."
    return Step("disagreement", Group.MONITOR, "No ticket", text, WEEK, keys=("virustotal",))


def _review(item: Assessment, case: Case) -> Optional[Step]:
    if not 3 <= (item.confidence or 0) <= 5 or engines_alone(item) or is_operated(item) or _is_allowed(item):
        return None
    if _got_in(item) or _beacons(item):
        return None
    text = f"Review {WHO} weekly until the confidence leaves 3 to 5."
    return Step("review", Group.MONITOR, "Review", text, WEEK)


ADDRESS_RULES: Dict[str, Rule] = {
    "isolate": _isolate,
    "quarantine": _quarantine,
    "own_host": _own_host,
    "block": _block,
    "record": _record,
    "allowance": _allowance,
    "hunt": _hunt,
    "abuse_report": _abuse_report,
    "watch": _watch,
    "watch_list": _watch_list,
    "do_not_block": _do_not_block,
    "review": _review,
    "disagreement": _disagreement,
}
