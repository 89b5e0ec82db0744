"""What a user agent says of itself: an attack tool by name, or the crawler of an operator that publishes its ranges.

Libraries (curl, python-requests), monitoring, certificate checks and the announced scanners of research projects are no
attack tools: they are context at most, and known by their ranges.
"""

from __future__ import annotations

import re
from typing import Iterable, List, Mapping, NamedTuple, Optional, Pattern, Protocol, Tuple

from .memo import Memo

LONGEST = 1024
"""Characters of a user agent that are looked at."""

_KEPT = 16_384  # user agents remembered

NAMES = frozenset(
    (
        *("nikto", "dirbuster", "nmap", "sqlmap", "masscan", "zgrab", "nuclei", "gobuster", "wpscan", "ffuf"),
        *("wfuzz", "feroxbuster", "dirsearch", "dirb", "acunetix", "netsparker", "nessus", "openvas", "arachni"),
        *("w3af", "skipfish", "whatweb", "whatwaf", "wafw00f", "joomscan", "cmsmap", "droopescan", "patator"),
        *("commix", "havij", "pangolin", "bsqlbf", "sqlninja", "sqlsus", "absinthe", "jaeles", "nettacker"),
        *("golismero", "webshag", "fimap", "uniscan", "bfac", "jbrofuzz", "libwhisker", "metasploit", "zmeu"),
        *("morfeus", "jorgee", "muieblackcat", "dfind", "l9explore", "l9tcpid", "interactsh"),
    )
)
"""Attack tools whose name stands in their user agent as a word of its own, lower case."""

PHRASES: Mapping[str, str] = {
    "fuzz faster u fool": "ffuf",
    "httpx - open-source project": "httpx",
    "projectdiscovery/katana": "katana",
    "wvs-scanner": "acunetix",
    "tsunamisecurityscanner": "tsunami",
    "(hydra)": "hydra",
    "thc-hydra": "hydra",
    "medusa/1.0": "medusa",
    "brutus/aet": "brutus",
    "grabber.py": "grabber",
    "grendel-scan": "grendel-scan",
    "paros/3.": "paros",
    "cobalt strike": "cobalt strike",
    "libredtail-http": "redtail",
    "mozi.m": "mozi",
}
"""Text in a user agent → tool, lower case, where the name alone is an ordinary word or no word."""

WHOLE: Mapping[str, str] = {
    "hello, world": "mirai",
    "hello-world": "mirai",
    "hello world/1.0": "mirai",
    "androxgh0st": "androxgh0st",
}
"""Whole user agents → malware that sends them, lower case."""

_WORD = re.compile(r"[a-z0-9]+")
_SPECIAL = re.compile(r"[][.^$*+?{}|()\\]")


class CrawlerClaim(NamedTuple):
    """A user agent claims to be this crawler."""

    name: str
    operator: str
    ranges: Tuple[str, ...]
    """The lists that hold the operator's addresses; the claim is true when one of them holds the address."""


class KnownAgent(Protocol):
    """What a table of known user agents tells of one of them, as the snapshot does."""

    @property
    def pattern(self) -> str:
        """Regular expression that its user agent contains."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def operator(self) -> str:
        """Who runs it."""

    @property
    def ranges(self) -> str:
        """Names of the lists of its addresses, separated by spaces; empty when none is published."""


class AgentTable:
    """Answers what a user agent says of itself; remembers the answers."""

    def __init__(self, crawlers: Iterable[Tuple[str, CrawlerClaim]] = ()) -> None:
        """`crawlers` are pairs of a regular expression and the claim that a user agent makes by containing it."""
        self._plain: List[Tuple[str, CrawlerClaim]] = []
        self._patterns: List[Tuple[Pattern[str], CrawlerClaim]] = []
        for pattern, claim in crawlers:
            text = pattern.replace("\\/", "/").replace("\\-", "-")
            if _SPECIAL.search(text):
                self._patterns.append((re.compile(pattern), claim))
            else:  # plain text is found far faster than an expression
                self._plain.append((text, claim))
        self._tools = Memo(tools_in, _KEPT)
        self._claims = Memo(self._claim, _KEPT)

    @classmethod
    def build(cls, agents: Iterable[KnownAgent] = ()) -> AgentTable:
        """A table that knows, of these agents, the crawlers whose operators publish ranges."""
        return cls(
            (agent.pattern, CrawlerClaim(agent.name, agent.operator, tuple(agent.ranges.split())))
            for agent in agents
            if agent.ranges
        )

    def tools(self, user_agent: str) -> Tuple[str, ...]:
        """Names of the attack tools that the user agent names, sorted; usually none."""
        return self._tools[user_agent]

    def crawler(self, user_agent: str) -> Optional[CrawlerClaim]:
        """The crawler that the user agent claims to be, if it is one whose claim can be checked."""
        return self._claims[user_agent]

    def _claim(self, user_agent: str) -> Optional[CrawlerClaim]:
        text = user_agent[:LONGEST]
        for plain, claim in self._plain:
            if plain in text:
                return claim
        return next((claim for pattern, claim in self._patterns if pattern.search(text)), None)


def tools_in(user_agent: str) -> Tuple[str, ...]:
    """Names of the attack tools that a user agent names, sorted; usually none."""
    text = user_agent[:LONGEST].lower()
    found = {WHOLE[text]} if text in WHOLE else set()
    found.update(NAMES.intersection(_WORD.findall(text)))
    for phrase, tool in PHRASES.items():
        if phrase in text:
            found.add(tool)
    return tuple(sorted(found))
