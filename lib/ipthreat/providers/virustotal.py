"""VirusTotal v3: the IP address object (https://docs.virustotal.com/reference/ip-object)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Dict, Mapping, Optional, Tuple
from urllib.parse import quote

from ..dossier import Detection, Evidence, SourceKind, Status, Verdict
from . import base

STATS = ("malicious", "suspicious", "undetected", "harmless", "timeout")
"""Keys of `last_analysis_stats` in the order reports print them."""

# Engines that were renamed: recordings from before and after must compare.
ENGINE_ALIASES: Mapping[str, str] = {
    "AICC (MONITORAPP)": "AILabs (MONITORAPP)",
    "Comodo Valkyrie Verdict": "Xcitium Verdict Cloud",
}
_ENGINE_LIMIT = 200
_FLAG_TAGS = ("tor", "vpn", "proxy")

# VirusTotal's error codes; any other code is an error.
_STATUS_OF_ERROR: Mapping[str, Status] = {
    "NotFoundError": Status.NOT_FOUND,
    "QuotaExceededError": Status.RATE_LIMITED,
    "TooManyRequestsError": Status.RATE_LIMITED,
    "WrongCredentialsError": Status.AUTH_ERROR,
    "AuthenticationRequiredError": Status.AUTH_ERROR,
    "UserNotActiveError": Status.AUTH_ERROR,
    "ForbiddenError": Status.FORBIDDEN,
    "DeadlineExceededError": Status.TIMEOUT,
}


class VirusTotal:
    """Reads VirusTotal v3 answers. `undetected` and `harmless` engines have no opinion that counts."""

    name = "virustotal"
    title = "VirusTotal"

    def link(self, address: str) -> str:
        """The page about the address in VirusTotal's interface."""
        return f"https://www.virustotal.com/gui/ip-address/{quote(address, safe='')}"

    def parse(self, address: str, body: Any, retrieved_at: Optional[datetime]) -> Evidence:
        """Evidence from the body of `GET /api/v3/ip_addresses/{ip}` or of one of its errors."""
        answer = base.mapping(body)
        if "error" in answer:
            code = base.text(base.mapping(answer["error"]).get("code"))
            status = _STATUS_OF_ERROR.get(code, Status.ERROR)
            return base.failed(self, address, status, f"VirusTotal answered {code or 'an error without a code'}")
        data = base.mapping(answer.get("data", answer))
        attributes = data.get("attributes")
        if data.get("type") != "ip_address" or not isinstance(attributes, dict):
            return base.failed(self, address, Status.ERROR, "the answer is no VirusTotal v3 IP address object")
        if not _has_stats(attributes):
            return base.failed(self, address, Status.ERROR, "the answer holds no usable counts of engines")
        if data.get("id") != address:
            return base.failed(self, address, Status.ERROR, "the answer is about another address")
        return self._evidence(address, attributes, retrieved_at)

    def _evidence(self, address: str, attributes: Dict[str, Any], retrieved_at: Optional[datetime]) -> Evidence:
        stats = {key: base.count(base.mapping(attributes.get("last_analysis_stats")).get(key)) for key in STATS}
        reputation = base.signed(attributes.get("reputation"))
        counts = stats if reputation is None else {**stats, "reputation": reputation}
        return Evidence(
            source=self.name,
            kind=SourceKind.PROVIDER,
            status=Status.OK,
            verdict=_verdict(stats),
            score=min(100, 20 * stats["malicious"] + 5 * stats["suspicious"]),
            native=f"{stats['malicious']}/{sum(stats.values())}",
            scale="engines",
            counts=counts,
            detections=_detections(attributes.get("last_analysis_results")),
            flags=_flags(attributes.get("tags")),
            observed_at=base.moment(attributes.get("last_analysis_date")),
            retrieved_at=retrieved_at,
            first_seen=base.moment(attributes.get("first_seen_date")),
            asn=base.count(attributes.get("asn")) or None,
            as_owner=base.text(attributes.get("as_owner")),
            network=base.network(attributes.get("network")),
            country=base.country(attributes.get("country")),
            rir=base.rir(attributes.get("regional_internet_registry")),
            link=self.link(address),
        )


def _has_stats(attributes: Mapping[str, Any]) -> bool:
    """Counts that are missing or malformed are a failed look-up, never "0 malicious"."""
    stats = base.mapping(attributes.get("last_analysis_stats"))
    return bool(stats) and all(base.signed(value) is not None and value >= 0 for value in stats.values())


def _verdict(stats: Mapping[str, int]) -> Verdict:
    if stats["malicious"] >= 3:
        return Verdict.MALICIOUS
    if stats["malicious"] or stats["suspicious"]:
        return Verdict.SUSPICIOUS
    return Verdict.UNKNOWN


def _detections(results: Any) -> Tuple[Detection, ...]:
    """Engines that say malicious or suspicious, by name."""
    found = []
    for name, result in list(base.mapping(results).items())[:_ENGINE_LIMIT]:
        category = base.mapping(result).get("category")
        if category in ("malicious", "suspicious"):
            engine = base.text(name, 60)
            found.append(Detection(ENGINE_ALIASES.get(engine, engine), category, base.text(result.get("result"), 60)))
    return tuple(sorted(found, key=lambda item: (item.category, item.engine.casefold(), item.engine)))


def _flags(tags: Any) -> Tuple[str, ...]:
    return tuple(tag for tag in _FLAG_TAGS if isinstance(tags, list) and tag in tags)
