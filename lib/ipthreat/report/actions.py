"""Immediate next steps: each is generated from an evidence pattern and names what it rests on.

A step is verb + object + condition + time, with the search to run, an expiry and a way back where one is needed.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import timedelta
from typing import Callable, Dict, Iterator, List, Optional, Tuple

from ..assessment import Assessment
from ..case import Case
from ..dossier import BehaviourKind, Dossier, SourceKind, Status
from ..priority import Priority, Severity, hostile_kinds
from .blocklist import CONFIDENT, block_days, is_blockable, is_operated
from .citations import SIGHTING, own_key, page, title
from .escape import defanged
from .prose import joined, moment_text
from .searches import hunt, outbound_hunt, term


class Group(str, enum.Enum):
    """The five parts of the section, in print order."""

    BLOCK = "Block"
    INVESTIGATE = "Investigate"
    MONITOR = "Monitor"
    RECONFIRM = "Reconfirm Threat Intelligence"
    RESPOND = "Incident Response"


@dataclass(frozen=True)
class Action:
    """One step about one address."""

    group: Group
    address: str
    text: str
    keys: Tuple[str, ...] = ()
    """Keys of the evidence it rests on; empty: all evidence that weighs."""
    search: str = ""
    """The SPL to run."""
    rollback: str = ""


Rule = Callable[[Assessment, Case], Optional[Action]]

HOUR_SENTENCE = "within one hour"
DAY_SENTENCE = "within 24 hours"


def is_seen(dossier: Dossier) -> bool:
    """True when the address occurs in our own events."""
    return bool(dossier.sighting or dossier.behaviours)


def is_talked_to(dossier: Dossier) -> bool:
    """True when one of our hosts opened a connection to the address."""
    kinds = {item.kind for item in dossier.behaviours}
    return bool(kinds & {BehaviourKind.C2_BEACON, BehaviourKind.C2_CONTACT}) or bool(
        dossier.sighting and dossier.sighting.outbound
    )


def _block(item: Assessment, case: Case) -> Optional[Action]:
    if not is_blockable(item):
        return None
    days = block_days(item)
    until = (case.as_of + timedelta(days=days)).strftime("%Y-%m-%d")
    why = "the space changes hands quickly" if days == 7 else "the space is held for long"
    return Action(
        Group.BLOCK,
        item.address,
        f"Block {defanged(item.address)} at the edge, both directions, {HOUR_SENTENCE}, until {until}"
        f" ({days} days: {why}).",
        rollback="Remove the entry, or let it expire; then rerun the report to see whether it is still active.",
    )


def _sure_and_active(item: Assessment) -> bool:
    return (item.confidence or 0) >= CONFIDENT and item.active


def _hunt(item: Assessment, case: Case) -> Optional[Action]:
    if not _sure_and_active(item):
        return None
    return Action(
        Group.INVESTIGATE,
        item.address,
        f"Search the last 30 days for {defanged(item.address)} {DAY_SENTENCE} and list the hosts it reached.",
        search=hunt(item.address, 30),
    )


def _abuse_report(item: Assessment, case: Case) -> Optional[Action]:
    if not _sure_and_active(item) or not item.techniques:  # without a technique there is nothing to report
        return None
    contact = next((entry.abuse_contact for entry in item.dossier.evidence if entry.abuse_contact), "")
    to = contact or "the abuse contact that RDAP names for its network"
    return Action(
        Group.INVESTIGATE,
        item.address,
        f"Report {defanged(item.address)} to {to} {DAY_SENTENCE}, with the samples and times below its card.",
    )


def _watch(item: Assessment, case: Case) -> Optional[Action]:
    if not 6 <= (item.confidence or 0) <= 8 or not is_seen(item.dossier):
        return None
    return Action(
        Group.MONITOR,
        item.address,
        f"Monitor {defanged(item.address)} from now on: alert on any change of what it does,"
        " and block it for 24 hours if its severity rises.",
        search=f"index=* earliest=-15m {term(item.address)} | ipthreatreport by=src_ip format=json",
        rollback="Drop the alert when the confidence falls below 6.",
    )


def _watch_list(item: Assessment, case: Case) -> Optional[Action]:
    if not 6 <= (item.confidence or 0) <= 8 or is_seen(item.dossier):
        return None
    return Action(
        Group.MONITOR,
        item.address,
        f"Put {defanged(item.address)} on the watch-list now: alert on first contact, and judge it again in 24 hours.",
        search=f"index=* earliest=-15m {term(item.address)}",
        rollback="Take it off the list when the confidence falls below 6.",
    )


def engines_alone(item: Assessment) -> bool:
    """One to three engines raise the address and nothing else does."""
    virustotal = item.dossier.source("virustotal")
    raising = {signal.name for signal in item.signals if signal.nats > 0}
    if virustotal is None or raising - {"virustotal.votes"} != {"virustotal.engines"}:
        return False
    return 1 <= virustotal.counts.get("malicious", 0) + virustotal.counts.get("suspicious", 0) <= 3


def _disagreement(item: Assessment, case: Case) -> Optional[Action]:
    virustotal = item.dossier.source("virustotal")
    if virustotal is None or not engines_alone(item) or is_operated(item):
        return None
    names = [detection.engine for detection in virustotal.detections]
    listed = f"only {joined(names)} flag it" if names else "only 1 to 3 engines flag it"
    return Action(
        Group.MONITOR,
        item.address,
        f"Monitor {defanged(item.address)} for 7 days and open no ticket: {listed}.",
        keys=("virustotal",),
    )


def _review(item: Assessment, case: Case) -> Optional[Action]:
    if not 3 <= (item.confidence or 0) <= 5 or engines_alone(item) or is_operated(item):
        return None
    return Action(
        Group.MONITOR, item.address, f"Review {defanged(item.address)} weekly until its confidence leaves 3 to 5."
    )


def _isolate(item: Assessment, case: Case) -> Optional[Action]:
    broken = [behaviour for behaviour in item.dossier.behaviours if behaviour.succeeded]
    if not broken:
        return None
    return Action(
        Group.RESPOND,
        item.address,
        f"Isolate the hosts that {defanged(item.address)} got into {HOUR_SENTENCE}, reset the credentials used there,"
        " and start incident response.",
        keys=tuple(own_key(behaviour) for behaviour in broken),
        search=hunt(item.address, 30),
        rollback="Reconnect a host once its logs show no command run and no account changed after the success.",
    )


def _record(item: Assessment, case: Case) -> Optional[Action]:
    if item.priority is not Priority.HIGH:
        return None
    return Action(
        Group.RESPOND,
        item.address,
        f"Open the incident record for {defanged(item.address)} and inform its stakeholders {DAY_SENTENCE}.",
    )


def _own_host(item: Assessment, case: Case) -> Optional[Action]:
    worth = item.indicator or item.severity.rank >= Severity.HIGH.rank
    if not is_talked_to(item.dossier) or not worth:
        return None
    hosts = item.dossier.sighting.local_hosts if item.dossier.sighting else ()
    whom = f"our hosts {joined(hosts)}" if hosts else "our own host"
    keys = [own_key(entry) for entry in item.dossier.behaviours if entry.kind in hostile_kinds(item.dossier.behaviours)]
    return Action(
        Group.INVESTIGATE,
        item.address,
        f"Investigate {whom} first, {HOUR_SENTENCE}: find the process that talks to {defanged(item.address)};"
        " isolate the host if it beacons, and start incident response if data left.",
        keys=(*keys, SIGHTING),
        search=outbound_hunt(item.address),
    )


def _do_not_block(item: Assessment, case: Case) -> Optional[Action]:
    worth = any(signal.weight > 0 for signal in item.signals)
    if not is_operated(item) or not worth:
        return None
    lists = tuple(entry.source for entry in item.dossier.evidence if entry.kind is SourceKind.WARNING_LIST)
    return Action(
        Group.MONITOR,
        item.address,
        f"Do not block {defanged(item.address)}: its range belongs to a known operator."
        " Tune the rule that raised it this week, and record why.",
        keys=lists,
    )


ADDRESS_RULES: Dict[str, Rule] = {
    "block": _block,
    "hunt": _hunt,
    "abuse_report": _abuse_report,
    "own_host": _own_host,
    "watch": _watch,
    "watch_list": _watch_list,
    "disagreement": _disagreement,
    "review": _review,
    "do_not_block": _do_not_block,
    "isolate": _isolate,
    "record": _record,
}

_UNCONFIRMED = (Status.UNAVAILABLE, Status.RATE_LIMITED, Status.STALE)


def reconfirm(case: Case, told: Tuple[Assessment, ...]) -> Iterator[Action]:
    """One step per source that is unavailable, rate limited or out of date, for the first address that lacks it."""
    seen = set()
    for assessment in told:
        for item in assessment.dossier.evidence:
            if item.status in _UNCONFIRMED and item.source not in seen:
                seen.add(item.source)
                lacking = [
                    other.address
                    for other in told
                    if (entry := other.dossier.source(item.source)) and entry.status in _UNCONFIRMED
                ]
                link = page(item, assessment.address)
                yield _reconfirm(item.source, item.status, link, assessment.address, lacking, case)


def _reconfirm(source: str, status: Status, link: str, address: str, lacking: List[str], case: Case) -> Action:
    more = f" and {len(lacking) - 1} more" if len(lacking) > 1 else ""
    how = {
        Status.UNAVAILABLE: f"look it up by hand{f' at {link}' if link else ''}, or supply its answer with --evidence",
        Status.RATE_LIMITED: "ask again when its quota resets",
        Status.STALE: 'refresh it with "ipthreat update"',
    }[status]
    return Action(
        Group.RECONFIRM,
        address,
        f"Reconfirm {defanged(address)}{more} with {title(source)}, which is {status.words}, {DAY_SENTENCE}:"
        f' {how}; then rerun "{case.rerun}".',
        keys=(source,),
    )


def actions(case: Case, told: Tuple[Assessment, ...]) -> Tuple[Action, ...]:
    """All steps for the addresses the report tells of, grouped in print order, most pressing address first."""
    found = [action for item in told for rule in ADDRESS_RULES.values() if (action := rule(item, case))]
    found += reconfirm(case, told)
    return tuple(sorted(found, key=lambda action: list(Group).index(action.group)))


def due(action: Action, case: Case) -> str:
    """When a step is due, as a time: one hour, one day or one week after as-of."""
    hours = 1 if HOUR_SENTENCE in action.text else 24 if DAY_SENTENCE in action.text else 168
    return moment_text(case.as_of + timedelta(hours=hours))
