"""What is known about one address: evidence, sightings and behaviour, failures included.

All types are frozen values without I/O. `gather` makes dossiers, `assess` reads them.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import datetime
from typing import Mapping, Optional, Tuple


class Status(str, enum.Enum):
    """How a look-up at one source ended. Says nothing about the address: that is the verdict's part."""

    OK = "ok"  # the source answered and knows the address
    NOT_FOUND = "not_found"  # the source answered and has nothing on it
    NOT_GLOBAL = "not_global"  # the address is private or reserved, so nobody was asked
    UNSUPPORTED = "unsupported"  # the source cannot answer for this kind of address
    AUTH_ERROR = "auth_error"  # the key was refused
    FORBIDDEN = "forbidden"  # the key is good, the plan does not allow the question
    RATE_LIMITED = "rate_limited"  # the quota is spent until it resets
    TIMEOUT = "timeout"  # no answer in time
    ERROR = "error"  # the source failed or answered nonsense
    DISABLED = "disabled"  # switched off in the settings
    NOT_ASKED = "not_asked"  # configured, but the budget or the mode kept it from being asked
    STALE = "stale"  # an answer older than its time to live
    UNAVAILABLE = "unavailable"  # the source has no interface that may be used here

    @property
    def answered(self) -> bool:
        """True when the source gave a current answer, be it "nothing known"."""
        return self in (Status.OK, Status.NOT_FOUND)

    @property
    def counts(self) -> bool:
        """True when the source belongs to the coverage figure (judgement: 60 % rule)."""
        return self not in _OUTSIDE_COVERAGE

    @property
    def words(self) -> str:
        """The status as a reader sees it: `rate limited`, not `rate_limited`."""
        return self.value.replace("_", " ")


_OUTSIDE_COVERAGE = frozenset({Status.UNAVAILABLE, Status.DISABLED, Status.UNSUPPORTED, Status.NOT_GLOBAL})


class Verdict(str, enum.Enum):
    """What a source, or the whole judgement, says of an address."""

    MALICIOUS = "malicious"
    SUSPICIOUS = "suspicious"
    BENIGN = "benign"
    UNKNOWN = "unknown"


class SourceKind(str, enum.Enum):
    """What sort of source a piece of evidence comes from."""

    OWNERSHIP = "ownership"  # the embedded snapshot: who owns the address
    PROVIDER = "provider"  # a service that answers about one address
    BLOCK_LIST = "block_list"  # a downloaded list of addresses that misbehaved
    WARNING_LIST = "warning_list"  # a list of ranges whose operator is known (CDN, resolver, scanner, …)


@dataclass(frozen=True)
class Detection:
    """One engine's opinion inside a provider's answer (VirusTotal has some ninety engines)."""

    engine: str
    category: str  # malicious | suspicious
    result: str = ""  # the engine's own word: phishing, malware, …


@dataclass(frozen=True)
class Evidence:
    """One source's statement about an address: what, when, its own rating, link."""

    source: str
    """Unique name: `virustotal`, `ipsum`, `snapshot`, `cloudflare`."""
    kind: SourceKind
    status: Status
    verdict: Verdict = Verdict.UNKNOWN
    """The source's own verdict; unknown for every status but ok and stale."""
    labels: Tuple[str, ...] = ()
    """The source's own words that the policy weighs: `malicious`, `trust_1`, `level_3`, `cdn`, `c2`."""
    score: Optional[int] = None
    """0–100, or None when the source gives no score. Never 0 for "no answer"."""
    native: str = ""
    """The score as the source prints it: `11/95`."""
    scale: str = ""
    """What the native score counts: `engines`, `abuse confidence`."""
    counts: Mapping[str, int] = field(default_factory=dict, hash=False)
    """Named figures the rules read: VirusTotal's stats, `reputation`, `distinct_reporters`, `authors`."""
    detections: Tuple[Detection, ...] = ()
    group: str = ""
    """Upstream group of a list: lists of one group repeat each other and count once. Empty: its own group."""
    flags: Tuple[str, ...] = ()
    """Context that is shown and never scored: `tor`, `vpn`, `hosting`, `cloud`."""
    related: Tuple[str, ...] = ()
    """Domains and URLs the source ties to the address (attacker-controlled text)."""
    observed_at: Optional[datetime] = None
    """When the source last saw or analysed the address (UTC)."""
    retrieved_at: Optional[datetime] = None
    """When the answer was fetched or, for a list, published (UTC)."""
    first_seen: Optional[datetime] = None
    last_seen: Optional[datetime] = None
    asn: Optional[int] = None
    as_owner: str = ""
    organisation: str = ""
    network: str = ""
    country: str = ""
    rir: str = ""
    """ARIN, APNIC, RIPE NCC, LACNIC or AFRINIC; empty when not known."""
    abuse_contact: str = ""
    link: str = ""
    """Page an analyst can open, where the answer names one; else the provider's own page is meant."""
    reason: str = ""
    """Why the status is not ok, in words; redacted."""

    @property
    def speaks(self) -> bool:
        """True when it states something: answered with something, or did so once and is out of date by now.

        A block list that is out of date and does not hold the address has nothing to say about it.
        """
        silent = self.kind is SourceKind.BLOCK_LIST and not self.labels
        return self.status is Status.OK or (self.status is Status.STALE and not silent)

    @property
    def dated(self) -> Optional[datetime]:
        """The date the evidence ages from: when it was observed, else when it was retrieved."""
        return self.observed_at or self.retrieved_at


class BehaviourKind(str, enum.Enum):
    """What the analyst's own events can show an address doing."""

    SUSPICIOUS_USER_AGENT = "suspicious_user_agent"  # names itself as an attack or scanning tool
    PORT_SCAN = "port_scan"  # many ports or hosts in a short time
    WEB_PROBING = "web_probing"  # asks for many paths that do not exist, or for well-known weak ones
    BRUTE_FORCE = "brute_force"  # many failed log-ins
    EXPLOIT_ATTEMPT = "exploit_attempt"  # a request that carries an exploit
    C2_CONTACT = "c2_contact"  # one of our hosts talked to a listed C2 server
    C2_BEACON = "c2_beacon"  # … at regular intervals
    REGULAR_CONTACT = "regular_contact"  # regular contacts to an address that no C2 list names: context
    VOLUME_OUT = "volume_out"  # far more bytes went out to the address than came back
    FALSE_CRAWLER = "false_crawler"  # claims to be a crawler, comes from outside its operator's ranges
    VERIFIED_CRAWLER = "verified_crawler"  # claims to be a crawler and comes from its ranges: context


@dataclass(frozen=True)
class Behaviour:
    """One kind of behaviour that the analyst's own events show."""

    kind: BehaviourKind
    count: int
    """Events that show it."""
    first_seen: Optional[datetime] = None
    last_seen: Optional[datetime] = None
    names: Tuple[str, ...] = ()
    """Our own words for what was seen, safe to print: tool names, pattern names."""
    samples: Tuple[str, ...] = ()
    """Up to three raw texts (user agent, request), as the attacker wrote them: escape before printing."""
    succeeded: bool = False
    """A log-in after the failures, or an exploit answered with 2xx."""


@dataclass(frozen=True)
class Sighting:
    """When and how often an address appears in the analyst's own events."""

    count: int
    first_seen: Optional[datetime] = None
    last_seen: Optional[datetime] = None
    user_agents: Tuple[Tuple[str, int], ...] = ()
    """Most frequent user agents with their counts, at most five (attacker-controlled text)."""
    timeline: Tuple[Tuple[datetime, int], ...] = ()
    """Start of a time bucket (UTC) and the events in it; at most 64 buckets of equal width."""
    bytes_out: int = 0
    """Bytes our hosts sent to the address, where the events tell."""
    outbound: int = 0
    """Events in which one of our own hosts opened the connection to it."""
    local_hosts: Tuple[str, ...] = ()
    """Our own hosts that took part, at most five."""


@dataclass(frozen=True)
class Allowance:
    """An entry of the analyst's allow-list that covers the address."""

    network: str
    reason: str = ""
    expires: Optional[datetime] = None

    @property
    def words(self) -> str:
        """`allow-listed through 198.51.100.0/24 (our scanner)`; the reason is the analyst's own text."""
        return f"allow-listed through {self.network}{f' ({self.reason})' if self.reason else ''}"


@dataclass(frozen=True)
class Dossier:
    """All evidence, sightings and behaviour on one address, including look-ups that failed."""

    address: str
    """Canonical text of the address; for invalid input the text as it came."""
    scope: str = "global"
    """`global`, `invalid`, or the name of the special-purpose range that holds the address."""
    evidence: Tuple[Evidence, ...] = ()
    sighting: Optional[Sighting] = None
    behaviours: Tuple[Behaviour, ...] = ()
    period_end: Optional[datetime] = None
    """End of the data period of our own events; their age counts from here."""
    allowance: Optional[Allowance] = None

    @property
    def is_global(self) -> bool:
        """True when the address may be looked up at all."""
        return self.scope == "global"

    def source(self, name: str) -> Optional[Evidence]:
        """The evidence of one source, or None when the dossier has no entry for it."""
        return next((item for item in self.evidence if item.source == name), None)
