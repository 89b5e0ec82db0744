"""Builders of evidence, dossiers and the golden case, shared by several tests."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any, Iterable, Optional

from ipthreat.dossier import Behaviour, BehaviourKind, Detection, Dossier, Evidence, Sighting, SourceKind, Status

NOW = datetime(2023, 10, 26, 12, 0, tzinfo=timezone.utc)
"""As-of of every test that does not say otherwise: the date of the reference report."""

SNAPSHOT = Evidence("snapshot", SourceKind.OWNERSHIP, Status.OK, asn=64500, as_owner="EXAMPLE", country="NL")


def virustotal(
    malicious: int, suspicious: int, reputation: Optional[int] = None, days_old: float = 0, **more: Any
) -> Evidence:
    """VirusTotal's answer with these counts, analysed `days_old` days before NOW."""
    counts = {"malicious": malicious, "suspicious": suspicious, **more.pop("counts", {})}
    if reputation is not None:
        counts["reputation"] = reputation
    observed = NOW - timedelta(days=days_old)
    return Evidence("virustotal", SourceKind.PROVIDER, Status.OK, counts=counts, observed_at=observed, **more)


def engines(category: str, *names: str) -> tuple[Detection, ...]:
    """Detections by the engines of these names."""
    return tuple(Detection(name, category, category) for name in names)


def provider(source: str, *labels: str, score: Optional[int] = None, days_old: float = 0, **counts: int) -> Evidence:
    """A provider's answer in its own words."""
    observed = NOW - timedelta(days=days_old)
    return Evidence(
        source, SourceKind.PROVIDER, Status.OK, labels=labels, score=score, counts=counts, observed_at=observed
    )


def silent(source: str, status: Status, reason: str = "") -> Evidence:
    """A provider that did not answer."""
    return Evidence(source, SourceKind.PROVIDER, status, reason=reason)


def warning_list(kind: str, name: str = "") -> Evidence:
    """A hit on a warning list of that kind."""
    return Evidence(name or f"list of {kind}", SourceKind.WARNING_LIST, Status.OK, labels=(kind,))


def block_list(name: str, label: str, days_old: float = 0, group: str = "") -> Evidence:
    """A hit on a block list."""
    retrieved = NOW - timedelta(days=days_old)
    return Evidence(name, SourceKind.BLOCK_LIST, Status.OK, labels=(label,), retrieved_at=retrieved, group=group)


def behaviour(kind: str, count: int = 3, succeeded: bool = False, hours_old: float = 1, **more: Any) -> Behaviour:
    """A behaviour our own events show, last seen `hours_old` hours before NOW."""
    last = NOW - timedelta(hours=hours_old)
    return Behaviour(BehaviourKind(kind), count, last - timedelta(hours=1), last, succeeded=succeeded, **more)


def sighting(count: int = 5, hours_old: float = 1, **more: Any) -> Sighting:
    """The address seen in our own events."""
    last = NOW - timedelta(hours=hours_old)
    return Sighting(count, last - timedelta(hours=2), last, **more)


def dossier(*evidence: Evidence, did: Iterable[Behaviour] = (), address: str = "198.51.100.7", **more: Any) -> Dossier:
    """A dossier on a global address with the snapshot's answer and this evidence."""
    did = tuple(did)
    more.setdefault("period_end", NOW if did else None)
    return Dossier(address, evidence=(SNAPSHOT, *evidence), behaviours=did, **more)
