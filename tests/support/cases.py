"""Whole cases, built from real dossiers through the real judgement: the golden one, a crowd, and any other."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, Dict, List, Tuple

from dossiers import NOW, behaviour, block_list, engines, provider, silent, virustotal, warning_list

from ipthreat.assessment import assess
from ipthreat.case import Case, EventsRead, SourcePart, pressing
from ipthreat.dossier import Allowance, BehaviourKind, Dossier, Evidence, Sighting, SourceKind, Status
from ipthreat.policy import POLICIES


def build_case(*dossiers: Dossier, policy: str = "standard", as_of: Any = NOW, **fields: Any) -> Case:
    """A case over these dossiers, each judged, most pressing first; `fields` are those of Case."""
    judged = sorted((assess(item, POLICIES[policy], as_of) for item in dossiers), key=pressing)
    values: Dict[str, Any] = {"title": "a case", "as_of": as_of, "policy": POLICIES[policy], **fields}
    return Case(assessments=tuple(judged), **values)


def owner(asn: int, name: str, network: str, country: str, rir: str) -> Evidence:
    """Who owns an address, as the snapshot says it."""
    return Evidence(
        "snapshot", SourceKind.OWNERSHIP, Status.OK, asn=asn, as_owner=name, organisation=name, network=network,
        country=country, rir=rir, retrieved_at=NOW,
    )  # fmt: skip


def seen(*buckets: Tuple[int, int], **fields: Any) -> Sighting:
    """Own events in intervals: (hours before NOW, events)."""
    timeline = tuple((NOW - timedelta(hours=hours), events) for hours, events in buckets)
    count = sum(events for _, events in buckets)
    return Sighting(count, timeline[0][0], timeline[-1][0], timeline=timeline, **fields)


def first_reference_address() -> Dossier:
    """18.237.3.202 of the reference reports: eleven engines and scanners' user agents."""
    malicious = engines("malicious", "Criminal IP", "CRDF", "CyRadar", "EmergingThreats", "Fortinet", "VIPRE")
    suspicious = engines("suspicious", "alphaMountain.ai", "AlphaSOC", "ArcSight Threat Intelligence")
    evidence = (
        owner(16509, "AMAZON-02", "18.236.0.0/15", "US", "ARIN"),
        virustotal(
            7, 4, counts={"undetected": 26, "harmless": 58, "timeout": 0}, detections=malicious + suspicious,
            link="https://www.virustotal.com/gui/ip-address/18.237.3.202",
        ),
        silent("talos", Status.UNAVAILABLE, "Cisco Talos has no public API"),
        warning_list("cloud", "amazon"),
    )  # fmt: skip
    agent = "Mozilla/5.00 (Nikto/2.1.6)"
    scanning = behaviour("suspicious_user_agent", 57, names=("nikto", "dirbuster", "nmap"), samples=(agent,))
    sighting = seen((5, 3), (4, 20), (3, 11), (1, 23), user_agents=((agent, 40),))
    return Dossier("18.237.3.202", evidence=evidence, sighting=sighting, behaviours=(scanning,), period_end=NOW)


def second_reference_address() -> Dossier:
    """14.103.172.199 of the reference reports: ten engines and an ordinary browser."""
    named = engines("malicious", "Criminal IP", "Certego", "CyRadar", "SOCRadar")
    counts = {"undetected": 30, "harmless": 55, "timeout": 0}
    evidence = (
        owner(4811, "China Telecom Group", "14.103.128.0/17", "CN", "APNIC"),
        virustotal(7, 3, reputation=-3, counts=counts, detections=named),
        silent("talos", Status.UNAVAILABLE, "Cisco Talos has no public API"),
    )
    return Dossier("14.103.172.199", evidence=evidence, sighting=seen((9, 1), (2, 3)), period_end=NOW)


def golden_case() -> Case:
    """The two reference addresses, judged at the date of the reference report."""
    events = EventsRead("access.log", "access log", 61, {}, NOW - timedelta(hours=9), NOW)
    return build_case(
        first_reference_address(), second_reference_address(), title="reference addresses", events=events
    )  # fmt: skip


def telling_case() -> Case:
    """Four addresses that between them show nearly every sentence of the actionable report."""
    in_cloud = replace(first_reference_address(), evidence=(*first_reference_address().evidence, *_answers_of_others()))
    intruder = Dossier(
        "203.0.113.9", evidence=(owner(64501, "EXAMPLE-ISP", "203.0.113.0/24", "NL", "RIPE NCC"),
                                 block_list("ipsum", "level_3"), silent("talos", Status.UNAVAILABLE, "no interface")),
        behaviours=(behaviour("brute_force", 40, succeeded=True, names=("log-in",), samples=("sshd: root",)),),
        sighting=seen((3, 40)), period_end=NOW,
    )  # fmt: skip
    server = Dossier(
        "2001:db8:4::1", evidence=(block_list("c2tracker", "c2"), silent("otx", Status.RATE_LIMITED, "until 18:00")),
        behaviours=(behaviour("c2_beacon", 40), behaviour("volume_out", 2)),
        sighting=seen((30, 20), (2, 20), outbound=40, local_hosts=("10.0.0.5", "10.0.0.6")), period_end=NOW,
    )  # fmt: skip
    allowed = Dossier(
        "198.51.100.20", evidence=(virustotal(3, 0),), sighting=seen((2, 1)), period_end=NOW,
        allowance=Allowance("198.51.100.0/24", "our own scanner"),
    )  # fmt: skip
    inside = Dossier("10.0.0.9", "private", behaviours=(behaviour("port_scan", 30),), sighting=seen((2, 30)))
    read = EventsRead("access.log", "access", 260, {"no address in it": 2}, NOW - timedelta(hours=30), NOW)
    parts = (SourcePart("origin-asn", "2026-10-26", 500_000, "PDDL-1.0", "origin-asn 1.0"),)
    doubtful = Dossier("192.0.2.77", evidence=(virustotal(2, 0, detections=engines("malicious", "CRDF")),))
    return build_case(
        in_cloud, intruder, server, allowed, inside, doubtful, title="Suspicious IP Addresses", events=read,
        parts=parts, rerun="ipthreat report access.log --as-of 2023-10-26T12:00:00Z",
    )  # fmt: skip


def _answers_of_others() -> Tuple[Evidence, ...]:
    return (
        provider("greynoise", "malicious"),
        Evidence(
            "passive-dns", SourceKind.PROVIDER, Status.OK, related=("bad.example", "http://bad.example/x"),
            retrieved_at=NOW, abuse_contact="abuse@isp.example",
        ),
    )  # fmt: skip


def quiet_case() -> Case:
    """One address of which nobody has anything to say."""
    return build_case(Dossier("192.0.2.1", evidence=(owner(64500, "EXAMPLE", "192.0.2.0/24", "NL", "RIPE NCC"),)))


def crowd(count: int) -> List[Dossier]:
    """Addresses of every sort: hostile, doubtful, IPv4 and IPv6, of many owners, with and without answers."""
    return [_one_of_many(place) for place in range(count)]


def crowded_case(count: int = 30) -> Case:
    """A case over a crowd."""
    return build_case(*crowd(count), title=f"{count} addresses")


_ANSWERS = (Status.OK, Status.RATE_LIMITED, Status.TIMEOUT, Status.NOT_FOUND)
_KINDS = tuple(kind for kind in BehaviourKind if kind is not BehaviourKind.VERIFIED_CRAWLER)


def _one_of_many(place: int) -> Dossier:
    names = [f"Engine {chr(65 + letter)}" for letter in range(place % 7, place % 7 + max(0, 12 - place // 2))]
    counts = {"undetected": 30, "harmless": 50 - place % 20, "timeout": place % 3}
    operator = f"Example Network Operator {place % 9}"
    country = ("US", "DE", "FR", "CN", "RU")[place % 5]
    evidence = (
        owner(64500 + place % 9, operator, "198.51.100.0/24", country, "ARIN"),
        virustotal(len(names) + 1, place % 4, counts=counts, detections=engines("malicious", *names)),
        Evidence("abuseipdb", SourceKind.PROVIDER, _ANSWERS[place % 4], score=90, counts={"distinct_reporters": 9}),
        silent("greynoise", Status.NOT_ASKED, "the budget is spent"),
        provider("otx", authors=place % 4),
        silent("talos", Status.UNAVAILABLE, "Cisco Talos has no public API"),
    )
    did = (behaviour(_KINDS[place % 9].value, 5, succeeded=place % 6 == 3),) if place % 2 else ()
    address = f"2001:db8:{place:x}:{place:x}:aaaa:bbbb:cccc:{place:x}" if place % 5 == 4 else f"198.51.100.{place}"
    buckets = [(60 - hour, 1 + (hour * 7 + place) % 23) for hour in range(0, 60, 1 + place % 5)]
    return Dossier(address, evidence=evidence, behaviours=did, sighting=seen(*buckets), period_end=NOW)
