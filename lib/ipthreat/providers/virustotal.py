"""VirusTotal v3: the IP address object (https://docs.virustotal.com/reference/ip-object).

`virustotal_relations.py` asks further, about one address at a time.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Dict, Mapping, Optional, Sequence, Tuple

from ..dossier import Detection, Evidence, Status, Verdict
from ..exchange import Request, Response
from . import base
from .base import Settings
from .service import Service, escaped

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
_SPANS: Mapping[str, str] = {"hourly": "hour", "daily": "day", "monthly": "month"}


class VirusTotal(Service):
    """Asks and reads VirusTotal v3. `undetected` and `harmless` engines have no opinion that counts."""

    name = "virustotal"
    title = "VirusTotal"
    home = "https://www.virustotal.com/api/v3"
    extras: Tuple[str, ...] = ("user",)
    quota: Mapping[str, int] = {"minute": 4, "day": 500, "month": 15_500}

    def link(self, address: str) -> str:
        """The page about the address in VirusTotal's interface."""
        return f"https://www.virustotal.com/gui/ip-address/{escaped(address)}"

    def question(self, addresses: Sequence[str], settings: Settings) -> Request:
        """`GET /ip_addresses/{ip}`: one request and one unit of quota per address."""
        return self.ask(f"/ip_addresses/{escaped(addresses[0])}", settings)

    def ask(self, path: str, settings: Settings, **params: str) -> Request:
        """A request for any path, with the key in its header."""
        return Request(self.place(settings, path), headers={"x-apikey": settings.key}, params=params)

    def quota_question(self, settings: Settings) -> Optional[Request]:
        """What the account may still ask. None without `user` among the extra settings.

        The vendor would also take the key in its place, but there it would stand in the URL and in logs.
        """
        user = settings.extra.get("user", "")
        return self.ask(f"/users/{escaped(user)}/overall_quotas", settings) if user else None

    def quota_answer(self, response: Response) -> Mapping[str, int]:
        """`limit_day`, `remaining_day` and the like for hour, day and month; empty when the answer has none."""
        body, _ = self.opened(response, None)
        data = base.mapping(base.mapping(body).get("data"))
        figures: Dict[str, int] = {}
        for name, span in _SPANS.items():
            user = base.mapping(base.mapping(data.get(f"api_requests_{name}")).get("user"))
            allowed, used = base.number(user.get("allowed")), base.number(user.get("used"))
            if allowed is not None and used is not None:
                figures.update({f"limit_{span}": allowed, f"remaining_{span}": max(0, allowed - used)})
        return figures

    def parse(self, address: str, body: Any, retrieved_at: Optional[datetime]) -> Evidence:
        """Evidence from the body of `GET /api/v3/ip_addresses/{ip}` or of one of its errors."""
        answer = base.mapping(body)
        if "error" in answer:
            return self._refusal(address, answer["error"])
        data = base.mapping(answer.get("data", answer))
        attributes = data.get("attributes")
        if data.get("type") != "ip_address" or not isinstance(attributes, dict):
            return self.without(address, Status.ERROR, "the answer is no VirusTotal v3 IP address object")
        if not _has_stats(attributes):
            return self.without(address, Status.ERROR, "the answer holds no usable counts of engines")
        if _contradictory(attributes):
            return self.without(address, Status.ERROR, "the counts of engines contradict the engines that are named")
        if base.address(data.get("id")) != address:
            return self.without(address, Status.ERROR, "the answer is about another address")
        return self._evidence(address, attributes, retrieved_at)

    def knows_nothing(self, body: Any) -> bool:
        """By its error code."""
        return base.mapping(base.mapping(body).get("error")).get("code") == "NotFoundError"

    def _refusal(self, address: str, error: Any) -> Evidence:
        code = base.text(base.mapping(error).get("code"))
        told = code if code in _STATUS_OF_ERROR else "an error"
        return self.without(address, _STATUS_OF_ERROR.get(code, Status.ERROR), f"VirusTotal answered {told}")

    def _evidence(self, address: str, attributes: Dict[str, Any], retrieved_at: Optional[datetime]) -> Evidence:
        stats = {key: base.count(base.mapping(attributes.get("last_analysis_stats")).get(key)) for key in STATS}
        reputation = base.signed(attributes.get("reputation"))
        counts = stats if reputation is None else {**stats, "reputation": reputation}
        return self.stated(
            address,
            retrieved_at,
            verdict=_verdict(stats),
            score=min(100, 20 * stats["malicious"] + 5 * stats["suspicious"]),
            native=f"{stats['malicious']}/{sum(stats.values())}",
            scale="engines",
            counts=counts,
            detections=_detections(attributes.get("last_analysis_results")),
            flags=_flags(attributes.get("tags")),
            observed_at=base.moment(attributes.get("last_analysis_date")),
            first_seen=base.moment(attributes.get("first_seen_date")),
            asn=base.number(attributes.get("asn"), 1),
            as_owner=base.text(attributes.get("as_owner")),
            network=base.network(attributes.get("network")),
            country=base.country(attributes.get("country")),
            rir=base.rir(attributes.get("regional_internet_registry")),
        )


def _has_stats(attributes: Mapping[str, Any]) -> bool:
    """Counts that are missing or malformed are a failed look-up, never "0 malicious"."""
    stats = base.mapping(attributes.get("last_analysis_stats"))
    return "malicious" in stats and all(base.signed(value) is not None and value >= 0 for value in stats.values())


def _contradictory(attributes: Mapping[str, Any]) -> bool:
    """True when engines are named for a rating that none is counted for: which of the two is true is not known."""
    named = {item.category for item in _detections(attributes.get("last_analysis_results"))}
    return any(not base.count(attributes["last_analysis_stats"].get(category)) for category in named)


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
