"""The catalogue is complete, consistent and usable as it stands."""

from __future__ import annotations

import dataclasses
from collections import Counter
from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from ipthreat.errors import InputError
from ipthreat.exchange import Access
from ipthreat.snapshot.feeds import DAY, FEEDS, HOUR, Feed, chosen
from ipthreat.snapshot.formats import FORMATS
from ipthreat.snapshot.kinds import ListKind


def test_the_default_set_is_small_and_ipsum_comes_first():
    assert [feed.name for feed in chosen([])] == ["ipsum", "spamhaus_drop", "spamhaus_drop_v6", "tor_exits", "feodo"]


def test_the_defaults_have_the_kinds_that_the_judgement_weighs():
    assert {feed.name: feed.kind for feed in chosen([])} == {
        "ipsum": "block",
        "spamhaus_drop": "drop",
        "spamhaus_drop_v6": "drop",
        "tor_exits": "tor",
        "feodo": "c2",
    }


def test_feeds_are_chosen_by_name_in_the_order_of_the_catalogue():
    assert [feed.name for feed in chosen(["greensnow", "ipsum"])] == ["ipsum", "greensnow"]


def test_an_unknown_feed_is_named_in_one_sentence():
    with pytest.raises(InputError, match="there is no feed named 'ipsun'; there are ipsum, "):
        chosen(["ipsum", "ipsun"])


@pytest.mark.parametrize("feed", FEEDS.values(), ids=list(FEEDS))
def test_every_feed_can_be_asked_parsed_and_compiled(feed: Feed):
    assert Access().check(feed.url) == urlsplit(feed.url).hostname
    assert feed.url.startswith("https://")
    assert feed.format in FORMATS
    assert feed.kind in {kind.value for kind in ListKind}
    assert HOUR <= feed.interval <= timedelta(days=7)
    assert all((feed.publisher.name, feed.publisher.licence, feed.publisher.homepage, feed.publisher.group))


def test_no_address_is_fetched_twice_and_no_name_is_used_twice():
    assert max(Counter(feed.url for feed in FEEDS.values()).values()) == 1
    assert all(name == feed.name for name, feed in FEEDS.items())


def test_lists_of_one_upstream_share_a_group_and_only_those():
    groups = {name: feed.publisher.group for name, feed in FEEDS.items()}
    assert groups["spamhaus_drop"] == groups["spamhaus_drop_v6"]
    assert groups["feodo"] == groups["threatfox"] == groups["urlhaus"]
    assert len({group for name, group in groups.items() if name.startswith("blocklist_de")}) == 1
    assert groups["ipsum"] not in {group for name, group in groups.items() if name != "ipsum"}


def test_spamhaus_is_asked_once_a_day_at_most():
    assert {FEEDS[name].interval for name in ("spamhaus_drop", "spamhaus_drop_v6")} == {DAY}


def test_feodo_may_be_empty_and_the_others_of_the_default_set_may_not():
    assert {feed.name for feed in chosen([]) if feed.min_entries == 0} == {"feodo"}


@pytest.mark.parametrize(
    "change, words",
    [
        ({"name": "../etc"}, "is no list name"),
        ({"name": ""}, "is no list name"),
        ({"name": "a" * 65}, "is no list name"),
        ({"format": "pdf"}, "there is no format 'pdf'"),
        ({"kind": "bad"}, "there is no kind 'bad'; there are resolver, "),
    ],
)
def test_a_row_that_could_not_work_is_refused(change: dict, words: str):
    with pytest.raises(InputError, match=words):
        dataclasses.replace(FEEDS["ipsum"], **change)
