"""The weights and thresholds of the judgement, as data.

A policy is a frozen value: the same dossier under the same policy and clock gives the same bytes. All weights are
elicited (chosen and explained, not fitted) until they are calibrated; every report says so and prints the version.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Dict, FrozenSet, Mapping

from .errors import PolicyError

POLICY_VERSION = "2026.1"

# Nats (natural log-odds) that one statement adds. The key is `<source>.<label>`, else `<kind>.<label>`; a label with no
# weight here is context: shown, never scored.
WEIGHTS: Mapping[str, float] = MappingProxyType(
    {
        "virustotal.engines": 4.0,  # the most that any number of engines can add: w·(1 − e^(−rate·n/w))
        "virustotal.engine_rate": 0.8,  # what the first engine adds, nearly
        "virustotal.suspicious_share": 0.5,  # a suspicious engine counts as half a malicious one
        "virustotal.votes": -0.15,  # per point of community reputation
        "virustotal.votes_limit": 1.0,
        "abuseipdb.reports": 2.2,  # at score 100
        "abuseipdb.full_reporters": 5.0,  # distinct reporters from which the score counts in full
        "abuseipdb.whitelisted": -1.5,
        "greynoise.malicious": 2.0,
        "greynoise.suspicious": 0.8,
        "greynoise.benign": -2.5,
        "greynoise.trust_1": -3.0,
        "greynoise.trust_2": -1.5,
        "talos.untrusted": 1.5,
        "talos.questionable": 0.8,
        "talos.listed": 0.8,  # on the block list that the user downloaded, a sample by its publisher's words
        "talos.favourable": -0.5,
        "talos.trusted": -1.0,
        "threatfox.level": 2.5,  # at confidence level 100
        "urlhaus.online": 2.5,
        "urlhaus.offline": 1.2,
        "feodo.online": 2.5,
        "feodo.offline": 1.5,
        "crowdsec.malicious": 1.8,
        "crowdsec.suspicious": 0.8,
        "crowdsec.safe": -2.0,
        "crowdsec.false_positive": -2.0,
        "criminalip.critical": 1.0,
        "criminalip.dangerous": 0.7,
        "criminalip.moderate": 0.3,
        "otx.author": 0.4,
        "otx.full_authors": 3.0,
        "otx.validated": -1.5,
        "pulsedive.critical": 1.5,
        "pulsedive.high": 1.0,
        "pulsedive.medium": 0.5,
        "ipqs.recent_abuse": 0.8,  # fraud score ≥ 90 and recent abuse
        "misp.level_1": 2.0,
        "misp.level_2": 1.5,
        "misp.level_3": 0.8,
        "misp.level_4": 0.4,
        "opencti.score": 2.0,  # at score 100; valid and not revoked
        "taxii.score": 2.0,
        "shodan.c2": 1.5,
        "shodan.malware": 1.5,
        # ipsum is the one feed with measured meaning: share of its addresses that AbuseIPDB rates 100, discounted.
        "ipsum.level_1": 0.7,
        "ipsum.level_2": 1.8,
        "ipsum.level_3": 2.5,
        "ipsum.level_4": 3.0,
        "block_list.drop": 2.5,
        "block_list.c2": 2.5,
        "block_list.block": 0.7,
        "warning_list.resolver": -4.0,
        "warning_list.cdn": -3.0,
        "warning_list.crawler": -3.0,
        "warning_list.scanner": -2.5,
        "own_events.suspicious_user_agent": 2.0,
        "own_events.port_scan": 1.5,
        "own_events.web_probing": 1.5,
        "own_events.false_crawler": 1.0,
        "own_events.brute_force": 2.0,
        "own_events.exploit_attempt": 2.5,
        "own_events.c2_beacon": 2.5,
    }
)

# Sources that stem from one body of knowledge share a family, whose sum is limited. Any other is its own family.
FAMILIES: Mapping[str, str] = MappingProxyType(
    {
        "threatfox": "abuse.ch",
        "urlhaus": "abuse.ch",
        "feodo": "abuse.ch",
        "misp": "partner",
        "opencti": "partner",
        "taxii": "partner",
    }
)

# VirusTotal's engines that are also sources of ours: left out of its count when that source answered itself.
ENGINE_SOURCES: Mapping[str, str] = MappingProxyType(
    {
        "AlienVault": "otx",
        "Criminal IP": "criminalip",
        "CrowdSec": "crowdsec",
        "EmergingThreats": "et_compromised",
        "GreenSnow": "greensnow",
        "IPsum": "ipsum",
        "Snort IP sample list": "talos",
        "URLhaus": "urlhaus",
    }
)


@dataclass(frozen=True)
class Policy:
    """Everything the judgement may vary, with its documented default."""

    name: str = "standard"
    version: str = POLICY_VERSION
    prior: float = 0.10
    """Share of hostile addresses among those judged, before any evidence."""
    weights: Mapping[str, float] = field(default_factory=lambda: WEIGHTS)
    family_limit: float = 4.0
    """A family's sum is clipped to ± this many nats."""
    fresh_days: float = 7.0
    """Evidence keeps its full weight this long."""
    lifetime_days: float = 120.0
    """… and has none left after this many days more: 1 − ((age − fresh) / lifetime)^½."""
    lifetimes: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({"abuseipdb": 90.0}))
    short_lived: FrozenSet[str] = frozenset({"cloud", "dynamic"})
    """Flags of address space that changes hands quickly: its evidence lives half as long."""
    positive_family: float = 0.5
    """A family whose sum reaches this speaks for hostility."""
    single_family_ceiling: float = 0.94
    """The highest probability while fewer than two families are positive."""
    vouched_nats: float = -2.5
    vouched_ceiling: float = 0.54
    """The highest probability after a warning-list hit ≤ vouched_nats without hostile behaviour here."""
    coverage_floor: float = 0.60
    malicious_at: float = 0.75
    suspicious_at: float = 0.25
    benign_below: float = 0.10
    benign_nats: float = -1.5
    active_days: float = 7.0
    """An own event this recent makes the address active."""

    def __post_init__(self) -> None:
        """Refuses values with which the formulas have no meaning."""
        if not 0.0 < self.prior < 1.0:
            raise PolicyError(f"policy {self.name}: the prior must lie between 0 and 1, not {self.prior}")
        if self.lifetime_days <= 0 or min(self.lifetimes.values(), default=1.0) <= 0:
            raise PolicyError(f"policy {self.name}: a lifetime must be longer than 0 days")
        if self.weights["virustotal.engines"] <= 0 or self.weights["abuseipdb.full_reporters"] <= 0:
            raise PolicyError(f"policy {self.name}: virustotal.engines and abuseipdb.full_reporters must be positive")

    def weight(self, *keys: str) -> float:
        """The weight in nats of the first key that has one; 0.0 (context only) when none has."""
        return next((self.weights[key] for key in keys if key in self.weights), 0.0)

    def family(self, source: str, default: str) -> str:
        """The family of a source; `default` for one that is in no shared family."""
        return FAMILIES.get(source, default)

    def changed(self, weights: Mapping[str, float] = MappingProxyType({}), **values: Any) -> Policy:
        """A copy with other values, for "what if": `policy.changed({"greynoise.benign": -3}, prior=0.05)`.

        Raises PolicyError for a weight that does not exist.
        """
        unknown = sorted(set(weights) - set(self.weights))
        if unknown:
            raise PolicyError(f"there is no weight named {unknown[0]}")
        merged = MappingProxyType({**self.weights, **weights})
        return replace(self, version=f"{self.version}+changed", weights=merged, **values)


POLICIES: Dict[str, Policy] = {
    # Addresses that an alert or our own behaviour rules selected.
    "standard": Policy(),
    # Raw, unselected traffic: far fewer of its addresses are hostile.
    "bulk": Policy(name="bulk", prior=0.01),
}


def policy_named(name: str) -> Policy:
    """The shipped policy of that name. Raises PolicyError that lists the names there are."""
    try:
        return POLICIES[name]
    except KeyError:
        raise PolicyError(f"there is no policy named {name!r}; there are {', '.join(POLICIES)}") from None
