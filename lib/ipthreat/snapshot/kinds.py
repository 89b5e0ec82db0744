"""The kinds of list that a snapshot or a user's list file can hold: the words other parts weigh and show."""

from __future__ import annotations

import enum


class ListKind(str, enum.Enum):
    """What it means that an address is on a list."""

    RESOLVER = "resolver"  # a public DNS resolver that a named operator runs for everybody
    OPEN_RESOLVER = "open_resolver"  # answers DNS questions from anybody, mostly by mistake
    CDN = "cdn"  # edge of a content delivery network: many sites share the address
    CLOUD = "cloud"  # rented machines and services of a cloud
    CRAWLER = "crawler"  # published range of a search or AI crawler
    SCANNER = "scanner"  # known research or exposure scanner
    VPN = "vpn"  # exit of a VPN or proxy service
    MAIL = "mail"  # mail server of a large provider
    SINKHOLE = "sinkhole"  # takes over the traffic of malware or shows a block page
    PARKING = "parking"  # hosts parked domains
    SERVICE = "service"  # a well-known operator's own service
    TOR = "tor"  # Tor exit or relay
    HOSTING = "hosting"  # data centre or hosting space, VPN exits among it
    BLOCK = "block"  # reported for hostile behaviour
    C2 = "c2"  # command-and-control server of malware
    DROP = "drop"  # network that a drop list holds to be in criminal hands
