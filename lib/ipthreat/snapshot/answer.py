"""What a snapshot file answers: about one address, and about itself."""

from __future__ import annotations

from typing import NamedTuple, Tuple


class Listing(NamedTuple):
    """One list that holds the address."""

    name: str
    """Unique name of the list: `cloudflare`, `ipsum`."""
    kind: str
    """A value of `ListKind`: `cdn`, `scanner`, `block`."""
    level: int
    """The list's own rating of the entry, 1–255 (ipsum: how many lists agree); 0 for a list without ratings."""
    operator: str
    """Who runs the listed addresses; '' when the list names nobody."""


class Answer(NamedTuple):
    """All that a snapshot knows about one address. A text is '' where nothing is known."""

    asn: int
    """Number of the autonomous system that originates the address; 0 when none does."""
    organisation: str
    """Organisation of that system (origin-asn): `Amazon.com, Inc.`."""
    as_name: str
    """Name of that system (iptoasn.com): `AMAZON-02`."""
    network: str
    """Largest prefix that holds the address and lies within the range of its system; list boundaries never split it."""
    country: str
    """ISO 3166-1 alpha-2 code of the country where the address is used."""
    rir: str
    """ARIN, APNIC, RIPE NCC, LACNIC or AFRINIC."""
    special: str
    """Name of the special-purpose range, '' for an address that sources may be asked about."""
    listings: Tuple[Listing, ...]
    """The lists that hold the address, in the order of the file."""


class Part(NamedTuple):
    """Where one part of the file comes from."""

    name: str
    source: str
    """Publisher and, for the shipped file, the package and version that carried it."""
    date: str
    """ISO date of the data; '' when the source gives none."""
    licence: str
    sha256: str
    """Digest of the file it was read from; '' for the project's own tables."""
    entries: int
    """How many ranges, names or patterns the part has."""
    kind: str
    """`ownership`, `list` or `agents`."""


class ListInfo(NamedTuple):
    """One list of the file."""

    name: str
    kind: str
    operator: str
    source: str
    date: str
    """ISO date of the list; '' when its publisher gives none."""
    licence: str
    entries: int
    """Entries taken in."""
    group: str
    """Lists of one group copy each other, so a hit on several of them counts once; '' for a list of its own."""
    rejected: int
    """Entries that were left out: no address, not globally routed, or absurdly wide."""


class AgentPattern(NamedTuple):
    """A user agent that identifies an automatic client."""

    pattern: str
    """Regular expression to search the user agent for, case-sensitive as its author wrote it."""
    name: str
    operator: str
    tags: Tuple[str, ...]
    """What the client is: `search-engine`, `ai-crawler`, `scanner`, `http-library`, `monitoring`, …"""
    ranges: str
    """Names of the crawler lists that hold the operator's addresses, separated by spaces; '' when none is published."""
