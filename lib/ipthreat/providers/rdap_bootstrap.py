"""Which registry to ask about an address by RDAP (RFC 9224).

IANA publishes the table at https://data.iana.org/rdap/ipv4.json and ipv6.json. `read_bootstrap` reads these files; the
table below is for a start without them. It holds facts of IANA's IPv4 and IPv6 address space registries.
"""

from __future__ import annotations

import ipaddress
from typing import Any, Dict, List, Mapping, NamedTuple, Sequence, Tuple

from ..errors import FetchError
from . import base

IANA_FILES: Mapping[int, str] = {
    4: "https://data.iana.org/rdap/ipv4.json",
    6: "https://data.iana.org/rdap/ipv6.json",
}
"""IP version → the table IANA publishes for it. Refresh weekly."""

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


def built_in() -> Bootstrap:
    """The table of this module."""
    rows = [(prefix, REGISTRIES[name]) for name, text in _PREFIXES.items() for prefix in text.split()]
    for name, text in _OCTETS.items():
        for span in text.split():
            first, _, last = span.partition("-")
            rows += [(f"{octet}.0.0.0/8", REGISTRIES[name]) for octet in range(int(first), int(last or first) + 1)]
    return _indexed(rows)
