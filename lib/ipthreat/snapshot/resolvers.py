"""Public DNS resolvers that a named operator runs for everybody: a short table of our own, apart from open resolvers.

A hit here is strong evidence of a false positive, so a row needs the operator's own page, which is its source, and
single addresses: an operator's whole network is not its resolver.
"""

from __future__ import annotations

from typing import List, NamedTuple, Tuple


class Resolver(NamedTuple):
    """One operator's resolvers."""

    operator: str
    page: str
    """The operator's page that names the addresses."""
    addresses: str
    """Separated by spaces."""


RESOLVERS = (
    Resolver(
        "Google",
        "https://developers.google.com/speed/public-dns/docs/using",
        "8.8.8.8 8.8.4.4 2001:4860:4860::8888 2001:4860:4860::8844 2001:4860:4860::64 2001:4860:4860::6464",
    ),
    Resolver(
        "Cloudflare",
        "https://developers.cloudflare.com/1.1.1.1/ip-addresses/",
        "1.1.1.1 1.0.0.1 1.1.1.2 1.0.0.2 1.1.1.3 1.0.0.3 2606:4700:4700::1111 2606:4700:4700::1001 "
        "2606:4700:4700::1112 2606:4700:4700::1002 2606:4700:4700::1113 2606:4700:4700::1003 "
        "2606:4700:4700::64 2606:4700:4700::6400",
    ),
    Resolver(
        "Quad9",
        "https://quad9.net/service/service-addresses-and-features/",
        "9.9.9.9 149.112.112.112 9.9.9.10 149.112.112.10 9.9.9.11 149.112.112.11 9.9.9.12 149.112.112.12 "
        "2620:fe::fe 2620:fe::9 2620:fe::10 2620:fe::fe:10 2620:fe::11 2620:fe::fe:11 2620:fe::12 "
        "2620:fe::fe:12",
    ),
    Resolver(
        "Cisco OpenDNS",
        "https://www.opendns.com/setupguide/",
        "208.67.222.222 208.67.220.220 208.67.222.220 208.67.220.222 208.67.222.123 208.67.220.123 "
        "2620:119:35::35 2620:119:53::53 2620:119:35::123 2620:119:53::123",
    ),
    Resolver(
        "AdGuard",
        "https://adguard-dns.io/en/public-dns.html",
        "94.140.14.14 94.140.15.15 94.140.14.15 94.140.15.16 94.140.14.140 94.140.14.141 "
        "2a10:50c0::ad1:ff 2a10:50c0::ad2:ff 2a10:50c0::bad1:ff 2a10:50c0::bad2:ff 2a10:50c0::1:ff "
        "2a10:50c0::2:ff",
    ),
    Resolver(
        "CleanBrowsing",
        "https://cleanbrowsing.org/filters/",
        "185.228.168.9 185.228.169.9 185.228.168.10 185.228.169.11 185.228.168.168 185.228.169.168 "
        "2a0d:2a00:1::2 2a0d:2a00:2::2 2a0d:2a00:1::1 2a0d:2a00:2::1 2a0d:2a00:1:: 2a0d:2a00:2::",
    ),
    Resolver(
        "Yandex",
        "https://dns.yandex.com/",
        "77.88.8.8 77.88.8.1 77.88.8.88 77.88.8.2 77.88.8.7 77.88.8.3 2a02:6b8::feed:ff "
        "2a02:6b8:0:1::feed:ff 2a02:6b8::feed:bad 2a02:6b8:0:1::feed:bad 2a02:6b8::feed:a11 "
        "2a02:6b8:0:1::feed:a11",
    ),
    Resolver(
        "Alibaba",
        "https://www.alidns.com/",
        "223.5.5.5 223.6.6.6 2400:3200::1 2400:3200:baba::1",
    ),
    Resolver("Tencent DNSPod", "https://www.dnspod.cn/products/publicdns", "119.29.29.29"),
    Resolver("114DNS", "https://www.114dns.com/", "114.114.114.114 114.114.115.115"),
    Resolver(
        "Vercara UltraDNS",
        "https://vercara.digicert.com/ultradns-public",
        "64.6.64.6 64.6.65.6 156.154.70.1 156.154.71.1 2620:74:1b::1:1 2620:74:1c::2:2",
    ),
    Resolver("Hurricane Electric", "https://dns.he.net/", "74.82.42.42 2001:470:20::2"),
    Resolver(
        "Control D",
        "https://controld.com/free-dns",
        "76.76.2.0 76.76.10.0 76.76.2.1 76.76.10.1 76.76.2.2 76.76.10.2 2606:1a40:: 2606:1a40:1::",
    ),
    Resolver("DNS.SB", "https://dns.sb/", "185.222.222.222 45.11.45.11 2a09:: 2a11::"),
    Resolver(
        "CIRA Canadian Shield",
        "https://www.cira.ca/en/canadian-shield/configure/",
        "149.112.121.10 149.112.122.10 149.112.121.20 149.112.122.20 149.112.121.30 149.112.122.30",
    ),
)
"""Every operator that the list `public-resolvers` knows."""


def resolver_entries() -> List[Tuple[str, int]]:
    """The addresses of all operators as entries of a list."""
    return [(address, 0) for resolver in RESOLVERS for address in resolver.addresses.split()]
