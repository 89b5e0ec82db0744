"""Which registry to ask about an address by RDAP (RFC 9224).

IANA publishes the table at https://data.iana.org/rdap/ipv4.json and ipv6.json. A copy of both files is kept; the table
below is for a start without it. It holds facts of IANA's IPv4 and IPv6 address space registries.
"""

from __future__ import annotations

import ipaddress
from datetime import datetime, timedelta
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

from ..dossier import Status
from ..errors import FetchError
from ..exchange import Request, Response
from . import base
from .base import Failure
from .further import Refreshed, Refreshing

IANA = "https://data.iana.org/rdap"
FILES: Tuple[str, ...] = ("ipv4.json", "ipv6.json")
"""The tables IANA publishes there."""
FRESH_FOR, TRY_EVERY = timedelta(days=7), timedelta(days=1)
"""How long a file is used before it is fetched anew, and how often that is tried."""

REGISTRIES: Mapping[str, str] = {
    "AFRINIC": "https://rdap.afrinic.net/rdap",
    "APNIC": "https://rdap.apnic.net",
    "ARIN": "https://rdap.arin.net/registry",
    "LACNIC": "https://rdap.lacnic.net/rdap",
    "RIPE NCC": "https://rdap.db.ripe.net",
}
"""Registry → base URL of its RDAP service, without a slash at the end."""

# First octets of the IPv4 /8 blocks of each registry.
_OCTETS: Mapping[str, str] = {
    "AFRINIC": "41 102 105 154 196-197",
    "APNIC": "1 14 27 36 39 42-43 49 58-61 101 103 106 110-126 133 150 153 163 171 175 180 182-183 202-203 210-211"
    " 218-223",
    "ARIN": "3-4 6-9 11-13 15-24 26 28-30 32-35 38 40 44-45 47-48 50 52 54-56 63-76 96-100 104 107-108 128-132 134-140"
    " 142-144 146-149 152 155-162 164-170 172-174 184 192 198-199 204-209 214-216",
    "LACNIC": "177 179 181 186-187 189-191 200-201",
    "RIPE NCC": "2 5 25 31 37 46 51 53 57 62 77-95 109 141 145 151 176 178 185 188 193-195 212-213 217",
}
_PREFIXES: Mapping[str, str] = {
    "AFRINIC": "2001:4200::/23 2c00::/12",
    "APNIC": "2001:200::/23 2001:c00::/23 2001:e00::/23 2001:4400::/23 2001:8000::/19 2001:a000::/20 2001:b000::/20"
    " 2400::/12",
    "ARIN": "2001:400::/23 2001:1800::/23 2001:4800::/23 2600::/12 2610::/23 2620::/23 2630::/12",
    "LACNIC": "2001:1200::/23 2800::/12",
    "RIPE NCC": "2001:600::/23 2001:800::/22 2001:1400::/22 2001:1a00::/23 2001:1c00::/22 2001:2000::/19 2001:4000::/23"
    " 2001:4600::/23 2001:4a00::/23 2001:4c00::/23 2001:5000::/20 2003::/18 2a00::/12 2a10::/12",
}
_ROW_LIMIT = 10_000
_NO_SERVICE = Failure(Status.ERROR, "the answer names no service")


class Bootstrap(NamedTuple):
    """Prefixes and who answers for them; the longest prefix that holds an address decides."""

    bases: Mapping[Tuple[int, int], Mapping[int, str]]
    """IP version and prefix length → first bits of the prefix as a number → base URL."""

    def base(self, address: str) -> str:
        """The base URL of the service for an address; empty when no prefix holds it."""
        found = ipaddress.ip_address(address)
        value, width = int(found), found.max_prefixlen
        for version, length in sorted(self.bases, reverse=True):
            if version == found.version:
                url = self.bases[version, length].get(value >> (width - length))
                if url:
                    return url
        return ""


def read_bootstrap(*documents: Any) -> Bootstrap:
    """The table in decoded files of IANA's, usually that of IPv4 and that of IPv6. Raises FetchError for others.

    Only https services are taken.
    """
    rows: List[Tuple[str, str]] = []
    for document in documents:
        services = base.listed(base.mapping(document).get("services"), _ROW_LIMIT)
        read = [row for service in services for row in _service(service)]
        if not read:
            raise FetchError("the RDAP bootstrap file names no service")
        rows += read
    return _indexed(rows)


def _service(service: Any) -> Sequence[Tuple[str, str]]:
    prefixes, urls = (*base.listed(service), None, None)[:2]
    secure = [url for url in base.texts(urls) if url.startswith("https://")]
    return [(prefix, secure[0].rstrip("/")) for prefix in base.texts(prefixes, _ROW_LIMIT)] if secure else []


def _indexed(rows: Sequence[Tuple[str, str]]) -> Bootstrap:
    bases: Dict[Tuple[int, int], Dict[int, str]] = {}
    for prefix, url in rows:
        network = base.network(prefix)
        if network:
            parsed = ipaddress.ip_network(network)
            bits = int(parsed.network_address) >> (parsed.max_prefixlen - parsed.prefixlen)
            bases.setdefault((parsed.version, parsed.prefixlen), {})[bits] = url
    return Bootstrap(bases)


def read_copy(copy: Any) -> Optional[Bootstrap]:
    """The table of a copy that was kept; None where it is not one of both files."""
    files = base.mapping(base.mapping(copy).get("files"))
    try:
        return read_bootstrap(*(files.get(name) for name in FILES))
    except FetchError:
        return None


def copy_due(copy: Any, now: datetime) -> Sequence[str]:
    """The files that are to be fetched: all when the copy is old, damaged or none, unless that was just tried."""
    told = base.mapping(copy)
    fetched, tried = base.when(told.get("fetched")), base.when(told.get("tried"))
    young = fetched is not None and timedelta() <= now - fetched < FRESH_FOR and read_copy(copy) is not None
    just_tried = tried is not None and timedelta() <= now - tried < TRY_EVERY
    return () if young or just_tried else FILES


def refreshed_copy(copy: Any, place: str, now: datetime) -> Refreshing:
    """Fetches the files that are due from a folder like IANA's; the old ones stay where that fails."""
    fetched: Dict[str, Any] = {}
    for name in copy_due(copy, now):
        answer = yield Request(f"{place}/{name}", headers={"Accept": "application/json"})
        failure = _unusable(answer)
        if failure is not None or not isinstance(answer, Response):
            return _older(copy, f"IANA's {name}", failure or _NO_SERVICE, now if _was_asked(answer) else None)
        fetched[name] = {"services": base.document(answer)["services"]}
    return Refreshed({"fetched": now.isoformat(), "files": fetched} if fetched else copy)


def _older(copy: Any, what: str, failure: Failure, tried: Optional[datetime]) -> Refreshed:
    """The copy as it was, with a note of when a new one was tried for, if it was."""
    reason = f"{what} could not be had ({failure.reason}): an older table tells which registry to ask"
    old = {key: value for key, value in base.mapping(copy).items() if key in ("files", "fetched")}
    return Refreshed({**old, "tried": tried.isoformat()} if tried else copy, Failure(failure.status, reason))


def _was_asked(answer: Union[Response, Failure]) -> bool:
    """False where the run had neither time nor leave for it."""
    return isinstance(answer, Response) or answer.status in (Status.ERROR, Status.TIMEOUT)


def _unusable(answer: Union[Response, Failure]) -> Optional[Failure]:
    """Why an answer is no file of IANA's."""
    if not isinstance(answer, Response):
        return answer
    failure = base.status_of(answer)
    if failure is not None:
        return failure
    try:
        read_bootstrap(base.document(answer))
    except (FetchError, ValueError):
        return _NO_SERVICE
    return None


def built_in() -> Bootstrap:
    """The table of this module."""
    rows = [(prefix, REGISTRIES[name]) for name, text in _PREFIXES.items() for prefix in text.split()]
    for name, text in _OCTETS.items():
        for span in text.split():
            first, _, last = span.partition("-")
            rows += [(f"{octet}.0.0.0/8", REGISTRIES[name]) for octet in range(int(first), int(last or first) + 1)]
    return _indexed(rows)
