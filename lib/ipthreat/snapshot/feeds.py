"""The catalogue of lists that `ipthreat update` can fetch. None needs a key.

Names, URLs, formats, intervals and groups are facts read from the publishers' pages and from public catalogues in 2026;
`min_entries` is our own floor, well below what the lists held in August 2026, so that an empty or broken file is seen.
The default set is small and precise; the rest is there for whoever names it. Read a publisher's terms before using his
list commercially.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Dict, Iterable, Tuple

from ..errors import InputError
from .formats import FORMATS
from .kinds import ListKind

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


@dataclass(frozen=True)
class Publisher:
    """Who publishes lists, and on what terms."""

    name: str
    homepage: str
    licence: str
    group: str
    """Lists of one group stem from the same observations: a hit on several of them counts once."""


@dataclass(frozen=True)
class Feed:
    """One list that can be fetched."""

    name: str
    """Unique: the list's name in every answer, and that of its files."""
    url: str
    format: str
    """A key of `FORMATS`."""
    kind: str
    """A value of `ListKind`."""
    publisher: Publisher
    interval: timedelta
    """How often it changes, and so the longest pace at which its publisher wants to be asked."""
    min_entries: int
    """With fewer, something is wrong with it."""
    default: bool = False
    """Fetched unless other feeds are named."""
    operator: str = ""
    """Who runs the listed addresses, when it is one."""

    def __post_init__(self) -> None:
        """Refuses a row that could not be stored, parsed or compiled."""
        kinds = [kind.value for kind in ListKind]
        if not _NAME.fullmatch(self.name):
            raise InputError(f"{self.name[:80]!r} is no list name: up to 64 of a-z, 0-9, dash and underscore are")
        if self.format not in FORMATS:
            raise InputError(f"{self.name}: there is no format {self.format[:80]!r}; there are {', '.join(FORMATS)}")
        if self.kind not in kinds:
            raise InputError(f"{self.name}: there is no kind {self.kind[:80]!r}; there are {', '.join(kinds)}")


_IPSUM = Publisher("stamparm/ipsum", "https://github.com/stamparm/ipsum", "Unlicense", "ipsum")
_SPAMHAUS = Publisher(
    "Spamhaus", "https://www.spamhaus.org/drop/", "free with credit, (c) The Spamhaus Project", "spamhaus"
)
_TOR = Publisher("Tor Project", "https://check.torproject.org/", "public", "tor")
_ABUSE_CH = Publisher("abuse.ch", "https://abuse.ch/", "abuse.ch terms of use", "abuse.ch")
_ABUSEIPDB = Publisher(
    "borestad/blocklist-abuseipdb", "https://github.com/borestad/blocklist-abuseipdb", "AbuseIPDB terms", "abuseipdb"
)
_BLOCKLIST_DE = Publisher("blocklist.de", "https://www.blocklist.de/", "free", "blocklist_de")
_CINS = Publisher("CINS Army", "https://cinsscore.com/", "free", "cins")
_DATAPLANE = Publisher("dataplane.org", "https://dataplane.org/", "own terms", "dataplane")
_EMERGING = Publisher("Emerging Threats", "https://rules.emergingthreats.net/", "ET Open", "emerging_threats")
_FIREHOL = Publisher("FireHOL", "https://iplists.firehol.org/", "that of each part", "firehol")
_GREENSNOW = Publisher("GreenSnow", "https://greensnow.co/", "own terms", "greensnow")
_SANS = Publisher("SANS ISC DShield", "https://www.dshield.org/", "CC BY-NC-SA", "dshield")
_BINARY_DEFENSE = Publisher("Binary Defense", "https://www.binarydefense.com/", "non-commercial", "binary_defense")
_C2INTEL = Publisher("drb-ra/C2IntelFeeds", "https://github.com/drb-ra/C2IntelFeeds", "not stated", "c2intel")
_TURRIS = Publisher("Turris Sentinel", "https://view.sentinel.turris.cz/", "own terms", "turris")
_SFS = Publisher("StopForumSpam", "https://www.stopforumspam.com/", "own terms", "stopforumspam")
_MALTRAIL = Publisher("stamparm/maltrail", "https://github.com/stamparm/maltrail", "MIT", "maltrail")
_X4BNET = Publisher("X4BNet/lists_vpn", "https://github.com/X4BNet/lists_vpn", "MIT", "x4bnet")


def _github(path: str) -> str:
    return f"https://raw.githubusercontent.com/{path}"


def _ranges(name: str, url: str, kind: str, operator: str, min_entries: int, format_name: str = "json") -> Feed:
    """Ranges that their own operator publishes."""
    homepage = "/".join(url.split("/")[:3]) + "/"
    publisher = Publisher(operator, homepage, "published by the operator", operator.lower())
    return Feed(name, url, format_name, kind, publisher, DAY, min_entries, operator=operator)


_DATAPLANE_LISTS = ("sshpwauth", "sshclient", "telnetlogin", "vncrfb", "sipquery", "smtpgreet", "dnsrd")
_ABUSEIPDB_LIST = "borestad/blocklist-abuseipdb/main/abuseipdb-s100-{}d.ipv4"
_MALTRAIL_LISTS = "stamparm/maltrail/master/trails/static/"
_FEODO = "https://feodotracker.abuse.ch/downloads/"
_GOOGLE = "https://developers.google.com/static/search/apis/ipranges/"

_ROWS: Tuple[Feed, ...] = (
    Feed("ipsum", _github("stamparm/ipsum/master/ipsum.txt"), "levels", "block", _IPSUM, DAY, 20_000, default=True),
    Feed(
        "spamhaus_drop", "https://www.spamhaus.org/drop/drop_v4.json", "drop", "drop", _SPAMHAUS, DAY, 500, default=True
    ),
    Feed(
        "spamhaus_drop_v6",
        "https://www.spamhaus.org/drop/drop_v6.json",
        "drop",
        "drop",
        _SPAMHAUS,
        DAY,
        10,
        default=True,
    ),
    Feed("tor_exits", "https://check.torproject.org/torbulkexitlist", "plain", "tor", _TOR, HOUR, 300, default=True),
    # Feodo is nearly empty whenever the botnets it follows have been taken down.
    Feed("feodo", f"{_FEODO}ipblocklist.txt", "plain", "c2", _ABUSE_CH, HOUR, 0, default=True),
    Feed("threatfox", "https://threatfox.abuse.ch/export/csv/ip-port/recent/", "table", "c2", _ABUSE_CH, HOUR, 20),
    Feed("urlhaus", "https://urlhaus.abuse.ch/downloads/text_online/", "urls", "block", _ABUSE_CH, HOUR, 20),
    Feed("c2intel", _github("drb-ra/C2IntelFeeds/master/feeds/IPC2s-30day.csv"), "table", "c2", _C2INTEL, DAY, 50),
    Feed(
        "et_compromised", f"{_EMERGING.homepage}blockrules/compromised-ips.txt", "plain", "block", _EMERGING, DAY, 100
    ),
    *(
        Feed(
            f"blocklist_de_{part}",
            f"https://lists.blocklist.de/lists/{part}.txt",
            "plain",
            "block",
            _BLOCKLIST_DE,
            HOUR,
            50,
        )
        for part in ("all", "ssh", "mail", "apache", "bots", "bruteforcelogin")
    ),
    *(
        Feed(f"abuseipdb_s100_{days}d", _github(_ABUSEIPDB_LIST.format(days)), "plain", "block", _ABUSEIPDB, HOUR, 1000)
        for days in (1, 3, 7, 14, 30, 60, 90, 120)
    ),
    *(
        Feed(
            f"firehol_level{level}",
            f"{_FIREHOL.homepage}files/firehol_level{level}.netset",
            "plain",
            "block",
            _FIREHOL,
            DAY,
            500,
        )
        for level in (1, 2, 3)
    ),
    *(
        Feed(f"dataplane_{part}", f"https://dataplane.org/{part}.txt", "table", "block", _DATAPLANE, HOUR, 20)
        for part in _DATAPLANE_LISTS
    ),
    Feed("cins", "https://cinsscore.com/list/ci-badguys.txt", "plain", "block", _CINS, HOUR, 3000),
    Feed("greensnow", "https://blocklist.greensnow.co/greensnow.txt", "plain", "block", _GREENSNOW, HOUR, 1000),
    Feed("dshield", "https://www.dshield.org/block.txt", "spans", "block", _SANS, DAY, 10),
    Feed("binary_defense", "https://www.binarydefense.com/banlist.txt", "plain", "block", _BINARY_DEFENSE, DAY, 500),
    Feed("turris", f"{_TURRIS.homepage}greylist-data/greylist-latest.csv", "table", "block", _TURRIS, DAY, 500),
    Feed("stopforumspam", f"{_SFS.homepage}downloads/toxic_ip_cidr.txt", "plain", "block", _SFS, DAY, 20),
    Feed("maltrail_scanners", _github(f"{_MALTRAIL_LISTS}mass_scanner.txt"), "plain", "scanner", _MALTRAIL, WEEK, 5000),
    Feed(
        "maltrail_scanner_nets",
        _github(f"{_MALTRAIL_LISTS}mass_scanner_cidr.txt"),
        "plain",
        "scanner",
        _MALTRAIL,
        WEEK,
        300,
    ),
    Feed("x4bnet_vpn", _github("X4BNet/lists_vpn/main/output/vpn/ipv4.txt"), "plain", "vpn", _X4BNET, DAY, 2000),
    Feed(
        "x4bnet_hosting",
        _github("X4BNet/lists_vpn/main/output/datacenter/ipv4.txt"),
        "plain",
        "hosting",
        _X4BNET,
        DAY,
        5000,
    ),
    _ranges("aws_ranges", "https://ip-ranges.amazonaws.com/ip-ranges.json", "cloud", "Amazon", 1000),
    _ranges("google_cloud_ranges", "https://www.gstatic.com/ipranges/cloud.json", "cloud", "Google", 100),
    _ranges("google_ranges", "https://www.gstatic.com/ipranges/goog.json", "service", "Google", 20),
    _ranges("oracle_ranges", "https://docs.oracle.com/en-us/iaas/tools/public_ip_ranges.json", "cloud", "Oracle", 100),
    _ranges("cloudflare_v4_ranges", "https://www.cloudflare.com/ips-v4/", "cdn", "Cloudflare", 5, "plain"),
    _ranges("cloudflare_v6_ranges", "https://www.cloudflare.com/ips-v6/", "cdn", "Cloudflare", 3, "plain"),
    _ranges("fastly_ranges", "https://api.fastly.com/public-ip-list", "cdn", "Fastly", 5),
    _ranges("googlebot_ranges", f"{_GOOGLE}googlebot.json", "crawler", "Google", 20),
    _ranges("google_special_ranges", f"{_GOOGLE}special-crawlers.json", "crawler", "Google", 10),
    _ranges("google_fetcher_ranges", f"{_GOOGLE}user-triggered-fetchers.json", "crawler", "Google", 10),
    _ranges("bingbot_ranges", "https://www.bing.com/toolbox/bingbot.json", "crawler", "Microsoft", 10),
    _ranges("applebot_ranges", "https://search.developer.apple.com/applebot.json", "crawler", "Apple", 2),
    _ranges("duckduckbot_ranges", "https://duckduckgo.com/duckduckbot.json", "crawler", "DuckDuckGo", 5),
    _ranges("gptbot_ranges", "https://openai.com/gptbot.json", "crawler", "OpenAI", 1),
    _ranges("openai_search_ranges", "https://openai.com/searchbot.json", "crawler", "OpenAI", 1),
    _ranges("chatgpt_user_ranges", "https://openai.com/chatgpt-user.json", "crawler", "OpenAI", 1),
    _ranges("private_relay_ranges", "https://mask-api.icloud.com/egress-ip-ranges.csv", "vpn", "Apple", 1000, "table"),
)

FEEDS: Dict[str, Feed] = {feed.name: feed for feed in _ROWS}
"""Every feed by name: the defaults first, then block lists, scanners and hosting, and ranges of known operators."""


def chosen(names: Iterable[str]) -> Tuple[Feed, ...]:
    """The feeds of these names, in the order of the catalogue; with no name the default set.

    Raises InputError for a name that is not in the catalogue.
    """
    wanted = set(names)
    unknown = sorted(wanted - set(FEEDS))
    if unknown:
        raise InputError(f"there is no feed named {unknown[0][:80]!r}; there are {', '.join(FEEDS)}")
    return tuple(feed for feed in _ROWS if (feed.name in wanted if wanted else feed.default))
