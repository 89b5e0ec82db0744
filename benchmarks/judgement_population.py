"""The simulated addresses that `judgement.py` judges: who they are, what sources say of them, what they do here.

Nothing here is measured unless it says so; the rates are assumptions, written down before any weight was tried against
them and not taken from the weights. To keep them from flattering one set of weights, each seed bends every rate by up
to a factor of two either way. Measured figures, with their source:

- ipsum: share of its addresses that AbuseIPDB rates 100, by level (`ipthreat.triage.IPSUM_SHARES`), how frequent each
  level is, that 8.2 % of it are known research scanners, and that it holds 21 % of the addresses that AbuseIPDB rates
  100 (counted on the lists of 2026-08-22);
- addresses change hands: 53–60 % of 151 block lists held reused addresses, for up to 44 days (Ramanathan et al., IMC
  2020): the kind `reused` and the ages of what is said of it;
- one engine's hit is common noise, and engines copy each other (Zhu et al., USENIX Security 2020): counts of engines
  are drawn with a heavy tail, not engine by engine.
"""

from __future__ import annotations

import math
import random
from datetime import datetime, timedelta, timezone
from typing import Dict, Iterator, List, Mapping, NamedTuple, Tuple

from ipthreat.dossier import Behaviour, BehaviourKind, Dossier, Evidence, SourceKind, Status
from ipthreat.triage import IPSUM_SHARES

AS_OF = datetime(2026, 11, 24, tzinfo=timezone.utc)
ENGINES = 94
"""Engines that VirusTotal asks about an address."""
LEVELS: Mapping[int, float] = {1: 0.745, 2: 0.137, 3: 0.074, 4: 0.044}
"""Measured: share of ipsum's entries by level (4: and above)."""
LISTED_HOSTILE = 0.21
SCANNERS_IN_IPSUM = 0.082


class Kind(NamedTuple):
    """One kind of address, and what is assumed of it."""

    name: str
    hostile: bool
    share: float
    """Of all addresses; the hostile kinds together are the prior of the policy `standard`."""
    engines: float
    """Mean number of engines that call it malicious."""
    oldest: int
    """Days since it was last seen by a source: evenly from 0 to this."""
    warning: str = ""
    """Kind of the warning list that holds it."""


KINDS: Tuple[Kind, ...] = (
    Kind("attacker", True, 0.06, 7.0, 10),
    Kind("fresh attacker", True, 0.04, 0.8, 2),
    Kind("visitor", False, 0.70, 0.12, 60),
    Kind("reused", False, 0.10, 3.0, 200),
    Kind("scanner", False, 0.04, 5.0, 5, "scanner"),
    Kind("resolver", False, 0.02, 1.0, 30, "resolver"),
    Kind("cdn", False, 0.02, 1.0, 30, "cdn"),
    Kind("crawler", False, 0.02, 0.3, 30, "crawler"),
)
OPERATED = frozenset(kind.name for kind in KINDS if kind.warning)
"""Kinds of which a public list says who runs them: none of them may be raised to High."""

Rates = Tuple[float, float, float, float, float, float, float, float]
WORDS: Mapping[str, Rates] = {
    # source.word        attacker fresh visitor reused scanner resolver cdn crawler
    "greynoise.malicious": (0.50, 0.15, 0.003, 0.10, 0.05, 0.0, 0.0, 0.0),
    "greynoise.suspicious": (0.15, 0.15, 0.01, 0.05, 0.05, 0.0, 0.0, 0.01),
    "greynoise.benign": (0.002, 0.002, 0.005, 0.01, 0.80, 0.02, 0.02, 0.60),
    "greynoise.trust_1": (0.0, 0.0, 0.005, 0.0, 0.01, 0.90, 0.30, 0.20),
    "greynoise.trust_2": (0.002, 0.002, 0.01, 0.002, 0.01, 0.05, 0.40, 0.05),
    "crowdsec.malicious": (0.45, 0.10, 0.005, 0.10, 0.15, 0.0, 0.01, 0.01),
    "crowdsec.suspicious": (0.20, 0.15, 0.02, 0.10, 0.20, 0.01, 0.01, 0.02),
    "crowdsec.safe": (0.0, 0.0, 0.01, 0.0, 0.30, 0.40, 0.30, 0.40),
    "crowdsec.false_positive": (0.001, 0.001, 0.005, 0.01, 0.05, 0.05, 0.05, 0.05),
    "criminalip.critical": (0.25, 0.05, 0.01, 0.05, 0.10, 0.01, 0.02, 0.01),
    "criminalip.dangerous": (0.25, 0.10, 0.03, 0.10, 0.15, 0.02, 0.03, 0.02),
    "criminalip.moderate": (0.20, 0.20, 0.15, 0.20, 0.20, 0.10, 0.10, 0.10),
    "talos.untrusted": (0.20, 0.02, 0.003, 0.03, 0.05, 0.0, 0.0, 0.0),
    "talos.questionable": (0.15, 0.05, 0.01, 0.05, 0.10, 0.0, 0.01, 0.01),
    "talos.listed": (0.10, 0.02, 0.001, 0.02, 0.02, 0.0, 0.0, 0.0),
    "talos.favourable": (0.01, 0.02, 0.10, 0.05, 0.05, 0.40, 0.40, 0.40),
    "talos.trusted": (0.0, 0.005, 0.02, 0.01, 0.01, 0.20, 0.20, 0.20),
    "pulsedive.critical": (0.05, 0.005, 0.001, 0.01, 0.01, 0.0, 0.0, 0.0),
    "pulsedive.high": (0.15, 0.02, 0.003, 0.03, 0.04, 0.0, 0.01, 0.0),
    "pulsedive.medium": (0.20, 0.05, 0.01, 0.05, 0.10, 0.01, 0.02, 0.01),
    "ipqs.recent_abuse": (0.50, 0.30, 0.03, 0.15, 0.20, 0.01, 0.02, 0.02),
    "urlhaus.online": (0.04, 0.02, 0.001, 0.002, 0.0, 0.0, 0.005, 0.0),
    "urlhaus.offline": (0.05, 0.01, 0.001, 0.03, 0.0, 0.0, 0.01, 0.0),
    "feodo.online": (0.01, 0.005, 0.0, 0.001, 0.0, 0.0, 0.0, 0.0),
    "feodo.offline": (0.01, 0.002, 0.0005, 0.01, 0.0, 0.0, 0.0, 0.0),
    "shodan.c2": (0.02, 0.01, 0.0005, 0.005, 0.0, 0.0, 0.0, 0.0),
    "shodan.malware": (0.02, 0.01, 0.0005, 0.005, 0.0, 0.0, 0.0, 0.0),
    "otx.validated": (0.002, 0.002, 0.002, 0.002, 0.10, 0.50, 0.20, 0.20),
    "misp.level_1": (0.04, 0.01, 0.0005, 0.01, 0.005, 0.002, 0.002, 0.0),
    "misp.level_2": (0.05, 0.01, 0.001, 0.01, 0.01, 0.002, 0.002, 0.0),
    "misp.level_3": (0.06, 0.01, 0.002, 0.02, 0.02, 0.005, 0.005, 0.002),
    "misp.level_4": (0.06, 0.02, 0.005, 0.02, 0.02, 0.005, 0.005, 0.002),
    "block_list.drop": (0.04, 0.03, 0.0005, 0.005, 0.0, 0.0, 0.0, 0.0),
    "block_list.c2": (0.03, 0.01, 0.0005, 0.005, 0.0, 0.0, 0.0, 0.0),
    "block_list.block": (0.50, 0.08, 0.01, 0.30, 0.40, 0.01, 0.01, 0.02),
}
SCORES: Mapping[str, Rates] = {  # how likely the source states a confidence of its own, evenly from 25 to 100
    "threatfox": (0.05, 0.02, 0.0005, 0.01, 0.002, 0.001, 0.002, 0.0),
    "opencti": (0.20, 0.05, 0.005, 0.05, 0.05, 0.005, 0.01, 0.005),
    "taxii": (0.15, 0.04, 0.004, 0.05, 0.05, 0.005, 0.01, 0.005),
}
REPORTED: Rates = (0.90, 0.35, 0.04, 0.30, 0.70, 0.15, 0.15, 0.15)
"""How likely AbuseIPDB has reports on it."""
SCORED: Rates = (85, 30, 10, 20, 60, 5, 10, 5)
"""… and its mean score then."""
WHITELISTED: Rates = (0.0, 0.0, 0.01, 0.0, 0.20, 0.60, 0.40, 0.80)
PULSES: Rates = (0.50, 0.08, 0.01, 0.20, 0.30, 0.15, 0.15, 0.05)
"""How likely AlienVault OTX has pulses on it: one to five authors."""
BEHAVIOURS: Mapping[BehaviourKind, Rates] = {
    BehaviourKind.SUSPICIOUS_USER_AGENT: (0.20, 0.25, 0.005, 0.005, 0.40, 0.0, 0.01, 0.01),
    BehaviourKind.PORT_SCAN: (0.30, 0.25, 0.003, 0.005, 0.90, 0.01, 0.005, 0.005),
    BehaviourKind.WEB_PROBING: (0.30, 0.35, 0.01, 0.01, 0.30, 0.0, 0.01, 0.03),
    BehaviourKind.BRUTE_FORCE: (0.25, 0.30, 0.004, 0.004, 0.0, 0.0, 0.002, 0.0),
    BehaviourKind.EXPLOIT_ATTEMPT: (0.15, 0.25, 0.002, 0.002, 0.01, 0.0, 0.002, 0.0),
    BehaviourKind.FALSE_CRAWLER: (0.04, 0.06, 0.003, 0.003, 0.0, 0.0, 0.005, 0.0),
    BehaviourKind.C2_BEACON: (0.02, 0.02, 0.0, 0.0005, 0.0, 0.0, 0.0, 0.0),
}


class Simulated(NamedTuple):
    """An address, and what is hidden of it."""

    dossier: Dossier
    kind: Kind

    @property
    def hostile(self) -> bool:
        """The label."""
        return self.kind.hostile


def population(seed: int, count: int) -> List[Simulated]:
    """So many addresses; the same for the same seed."""
    draw = random.Random(seed)
    bent = {name: 2.0 ** draw.uniform(-1, 1) for name in (*WORDS, *SCORES, *(kind.value for kind in BEHAVIOURS))}
    places = draw.choices(range(len(KINDS)), [kind.share for kind in KINDS], k=count)
    return [_simulated(number, place, draw, bent) for number, place in enumerate(places)]


def _simulated(number: int, place: int, draw: random.Random, bent: Mapping[str, float]) -> Simulated:
    kind = KINDS[place]
    seen = AS_OF - timedelta(days=draw.uniform(0, kind.oldest))
    evidence = [_virustotal(kind, seen, draw), _abuseipdb(place, seen, draw), _otx(place, seen, draw)]
    evidence += _worded(place, seen, draw, bent)
    evidence.append(_ipsum(kind, draw))
    if kind.warning:
        evidence.append(Evidence(f"list of {kind.warning}", SourceKind.WARNING_LIST, Status.OK, labels=(kind.warning,)))
    did = tuple(
        Behaviour(what, 10, last_seen=AS_OF)
        for what, rates in BEHAVIOURS.items()
        if draw.random() < rates[place] * bent[what.value]
    )
    address = f"45.{number // 62_500}.{number // 250 % 250}.{number % 250}"
    return Simulated(Dossier(address, evidence=tuple(evidence), behaviours=did, period_end=AS_OF), kind)


def _virustotal(kind: Kind, seen: datetime, draw: random.Random) -> Evidence:
    """Counts with a heavy tail: engines copy each other, so that many hits come together (gamma mixture of Poisson)."""
    malicious = min(30, _poisson(draw.gammavariate(1.5, kind.engines / 1.5), draw))
    suspicious = min(8, _poisson(malicious * 0.35 + 0.05, draw))
    harmless = draw.randrange(50, 62)
    votes = -draw.randrange(1, 12) if malicious > 2 and draw.random() < 0.4 else 0
    counts = {
        "malicious": malicious,
        "suspicious": suspicious,
        "harmless": harmless,
        "undetected": max(0, ENGINES - malicious - suspicious - harmless),
        "reputation": votes or (draw.randrange(1, 60) if kind.warning and draw.random() < 0.5 else 0),
    }
    return Evidence("virustotal", SourceKind.PROVIDER, Status.OK, counts=counts, observed_at=seen)


def _poisson(mean: float, draw: random.Random) -> int:
    limit, product, count = math.exp(-mean), draw.random(), 0
    while product > limit:
        product, count = product * draw.random(), count + 1
    return count


def _abuseipdb(place: int, seen: datetime, draw: random.Random) -> Evidence:
    if draw.random() >= REPORTED[place]:
        return Evidence("abuseipdb", SourceKind.PROVIDER, Status.NOT_FOUND, retrieved_at=AS_OF)
    score = max(0, min(100, round(draw.gauss(SCORED[place], 20))))
    reporters = 1 + _poisson(score / 8, draw)
    labels = ("whitelisted",) if draw.random() < WHITELISTED[place] else ()
    counts = {"distinct_reporters": reporters, "reports": 2 * reporters}
    return Evidence(
        "abuseipdb", SourceKind.PROVIDER, Status.OK, labels=labels, score=score, counts=counts, observed_at=seen
    )


def _otx(place: int, seen: datetime, draw: random.Random) -> Evidence:
    authors = draw.randrange(1, 6) if draw.random() < PULSES[place] else 0
    labels = ("validated",) if draw.random() < WORDS["otx.validated"][place] else ()
    status = Status.OK if authors or labels else Status.NOT_FOUND
    return Evidence("otx", SourceKind.PROVIDER, status, labels=labels, counts={"authors": authors}, observed_at=seen)


def _worded(place: int, seen: datetime, draw: random.Random, bent: Mapping[str, float]) -> Iterator[Evidence]:
    """Sources with words of their own: at most one word each. Lists are sources, too."""
    said: Dict[str, str] = {}
    for name, rates in WORDS.items():
        source, _, word = name.partition(".")
        if source != "otx" and draw.random() < rates[place] * bent[name]:
            said.setdefault(f"a list of {word}" if source == "block_list" else source, word)
    for source, word in said.items():
        kind = SourceKind.BLOCK_LIST if source.startswith("a list") else SourceKind.PROVIDER
        yield Evidence(source, kind, Status.OK, labels=(word,), observed_at=seen)
    for source, rates in SCORES.items():
        if draw.random() < rates[place] * bent[source]:
            yield Evidence(source, SourceKind.PROVIDER, Status.OK, score=draw.randrange(25, 101), observed_at=seen)


def _ipsum(kind: Kind, draw: random.Random) -> Evidence:
    """Listed as often, and at such levels, as the measured shares say (Bayes over the levels)."""
    chance, weights = listing(kind)
    if draw.random() >= chance:
        return Evidence("ipsum", SourceKind.BLOCK_LIST, Status.NOT_FOUND, retrieved_at=AS_OF)
    level = draw.choices(list(LEVELS), weights)[0]
    return Evidence("ipsum", SourceKind.BLOCK_LIST, Status.OK, labels=(f"level_{level}",), retrieved_at=AS_OF)


def listing(kind: Kind) -> Tuple[float, List[float]]:
    """How likely ipsum lists an address of a kind, and the weights of the levels then."""
    hostile = math.fsum(item.share for item in KINDS if item.hostile)
    precision = math.fsum(share * IPSUM_SHARES[level] for level, share in LEVELS.items())
    listed = hostile * LISTED_HOSTILE / precision  # of all addresses
    if kind.hostile:
        return LISTED_HOSTILE, [share * IPSUM_SHARES[level] for level, share in LEVELS.items()]
    weights = [share * (1 - IPSUM_SHARES[level]) for level, share in LEVELS.items()]
    if kind.name == "scanner":
        return min(1.0, SCANNERS_IN_IPSUM * listed / kind.share), weights
    others = math.fsum(item.share for item in KINDS if not item.hostile and item.name != "scanner")
    return listed * (1 - precision - SCANNERS_IN_IPSUM) / others, weights
