"""What other tools make of the same evidence: their published rules, re-stated in our own code, each with its source.

Every rule gives a word and a score from 0 to 1. Tools that say words alone get 1 for their worst word, 0.5 for the one
below, 0 for the rest: that mapping is ours, so their Brier scores say how far the word may be taken for a probability.
Ranking (AUC, precision at the top) does not depend on it. `high` is the tool's own worst band.

Where a rule needs what our evidence has not, it is applied to the nearest thing: msticpy counts positives of version 2
of VirusTotal's interface, here they are engines; IntelOwl's "noise without a classification" is GreyNoise's suspicious.
"""

from __future__ import annotations

import statistics
from typing import Callable, Dict, List, Mapping, NamedTuple, Tuple

from ipthreat.dossier import Dossier, Evidence, SourceKind, Status

NOTHING = Evidence("nothing", SourceKind.PROVIDER, Status.NOT_FOUND)


class Opinion(NamedTuple):
    """What a rule says of an address."""

    score: float
    high: bool


class Peer(NamedTuple):
    """A rule, and where it is published."""

    name: str
    rule: Callable[[Dossier], Opinion]
    source: str


def _said(dossier: Dossier, source: str) -> Evidence:
    return dossier.source(source) or NOTHING


def _engines(dossier: Dossier) -> Mapping[str, int]:
    return _said(dossier, "virustotal").counts


def any_engine(dossier: Dossier) -> Opinion:
    """One malicious engine is malicious, else one suspicious engine is suspicious."""
    counts = _engines(dossier)
    if counts.get("malicious", 0) >= 1:
        return Opinion(1.0, True)
    return Opinion(0.5 if counts.get("suspicious", 0) >= 1 else 0.0, False)


def ratio(dossier: Dossier) -> Opinion:
    """round(100·m / (harmless + undetected + m)); the tool leaves a threshold to its user, half of the scale here."""
    counts = _engines(dossier)
    malicious = counts.get("malicious", 0)
    asked = malicious + counts.get("harmless", 0) + counts.get("undetected", 0)
    score = round(100 * malicious / asked) / 100 if asked else 0.0
    return Opinion(score, score >= 0.5)


def ten_and_five(dossier: Dossier) -> Opinion:
    """10 malicious engines are bad; malicious and suspicious together 5 are suspicious; anything less is good."""
    counts = _engines(dossier)
    malicious = counts.get("malicious", 0)
    if malicious >= 10:
        return Opinion(1.0, True)
    return Opinion(0.5 if malicious + counts.get("suspicious", 0) >= 5 else 0.0, False)


def two_engines(dossier: Dossier) -> Opinion:
    """More than one positive is high, one is a warning."""
    malicious = _engines(dossier).get("malicious", 0)
    return Opinion(min(1.0, malicious / 2), malicious > 1)


def first_red(dossier: Dossier) -> Opinion:
    """AbuseIPDB above 50, else more than 10 engines or community votes below −10, are red."""
    counts = _engines(dossier)
    reported = (_said(dossier, "abuseipdb").score or 0) > 50
    red = reported or counts.get("malicious", 0) > 10 or counts.get("reputation", 0) < -10
    return Opinion(float(red), red)


# source → word → (malicious?, reliability of 10)
_RELIABILITY: Mapping[str, Mapping[str, Tuple[bool, int]]] = {
    "greynoise": {"malicious": (True, 7), "suspicious": (True, 5), "benign": (False, 7), "trust_1": (False, 1)},
    "crowdsec": {"malicious": (True, 5), "safe": (False, 9)},
    "talos": {"listed": (True, 5)},
}


def average(dossier: Dossier) -> Opinion:
    """Votes of the sources, averaged within malicious and within trusted; the group with the higher average wins."""
    votes: Dict[bool, List[int]] = {True: [], False: []}
    reports = _said(dossier, "abuseipdb")
    if reports.counts.get("reports", 0):
        votes["whitelisted" not in reports.labels].append(5)
    for source, words in _RELIABILITY.items():
        for word in _said(dossier, source).labels:
            if word in words:
                hostile, reliability = words[word]
                votes[hostile].append(reliability)
    hostile, trusted = (statistics.fmean(votes[group]) if votes[group] else 0.0 for group in (True, False))
    score = hostile / 10 if hostile > trusted else 0.0
    return Opinion(score, score >= 0.6)


PEERS: Tuple[Peer, ...] = (
    Peer("counts ≥ 1 (Cortex)", any_engine, "TheHive-Project/Cortex-Analyzers, analyzers/VirusTotal: summary"),
    Peer("counts > 1 (msticpy)", two_engines, "microsoft/msticpy, context/tiproviders/virustotal.py: parse_results"),
    Peer("≥ 10 / ≥ 5 (XSOAR)", ten_and_five, "demisto/content, Packs/VirusTotal, VirusTotalV3 README and defaults"),
    Peer("ratio of engines (OpenCTI)", ratio, "OpenCTI-Platform/connectors, internal-enrichment/virustotal: builder"),
    Peer("first red (cyberbro)", first_red, "stanfrbd/cyberbro, templates/display_table.html"),
    Peer("average of sources (IntelOwl)", average, "intelowlproject/IntelOwl, engines_manager/engines/evaluation.py"),
)
