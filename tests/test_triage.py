"""Triage: worry by local evidence, the same order every time, and never first come."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from datetime import timedelta
from typing import List

import pytest
from dossiers import NOW, behaviour, block_list, dossier, sighting, warning_list
from hypothesis import given
from hypothesis import strategies as st

from ipthreat.dossier import Dossier, Status
from ipthreat.policy import POLICIES
from ipthreat.triage import by_worry, worry

POLICY = POLICIES["standard"]


def ipsum(level: int):
    return block_list("ipsum", f"level_{level}", group="ipsum")


def order(*dossiers: Dossier) -> List[str]:
    return [item.address for item in by_worry(dossiers, POLICY)]


def named(address: str, *evidence, **more) -> Dossier:
    return dossier(*evidence, address=address, **more)


def test_the_order_follows_the_published_shares_of_levels():
    levels = [named(f"9.9.9.{level}", ipsum(level)) for level in (1, 3, 2, 4)]
    assert order(named("9.9.9.9"), *levels) == ["9.9.9.4", "9.9.9.3", "9.9.9.2", "9.9.9.1", "9.9.9.9"]


def test_levels_beyond_the_highest_count_as_that():
    assert worry(dossier(ipsum(8)), POLICY) == worry(dossier(ipsum(4)), POLICY)


def test_agreeing_lists_of_different_publishers_worry_more_than_one():
    one, two = block_list("a", "block"), block_list("b", "block")
    assert worry(dossier(one, two), POLICY) > worry(dossier(one), POLICY) > worry(dossier(), POLICY)


def test_lists_of_one_upstream_count_once():
    same = [block_list(name, "block", group="upstream") for name in ("a", "b", "c")]
    assert worry(dossier(*same), POLICY) == worry(dossier(same[0]), POLICY)


def test_a_c2_list_says_more_than_any_list():
    assert worry(dossier(block_list("a", "c2")), POLICY) >= worry(dossier(block_list("a", "block")), POLICY)


def test_a_list_that_does_not_hold_it_says_nothing():
    silent = replace(block_list("a", "block"), status=Status.NOT_FOUND)
    assert worry(dossier(silent), POLICY) == worry(dossier(), POLICY)


@pytest.mark.parametrize("kind", ["brute_force", "exploit_attempt", "port_scan", "c2_beacon", "web_probing"])
def test_hostile_behaviour_raises_the_worry(kind: str):
    assert worry(dossier(did=[behaviour(kind)]), POLICY) > worry(dossier(), POLICY)


def test_the_same_behaviour_twice_counts_once():
    scan = behaviour("port_scan")
    assert worry(dossier(did=[scan, scan]), POLICY) == worry(dossier(did=[scan]), POLICY)


@pytest.mark.parametrize("kind, lowers", [("resolver", True), ("cdn", True), ("scanner", True), ("cloud", False)])
def test_a_range_whose_operator_is_known_worries_less(kind: str, lowers: bool):
    assert (worry(dossier(warning_list(kind)), POLICY) < worry(dossier(), POLICY)) is lowers


def test_what_is_new_here_comes_before_what_has_long_been_seen():
    long_seen = replace(sighting(), first_seen=NOW - timedelta(days=20))
    new = named("9.9.9.2", sighting=sighting(), period_end=NOW)
    assert order(named("9.9.9.1", sighting=long_seen, period_end=NOW), new) == ["9.9.9.2", "9.9.9.1"]


def test_what_our_own_hosts_contact_comes_before_what_contacts_us():
    outbound = named("9.9.9.2", sighting=sighting(outbound=1))
    assert order(named("9.9.9.1", sighting=sighting()), outbound) == ["9.9.9.2", "9.9.9.1"]


def test_equals_come_by_their_events_and_then_by_address():
    many, few = named("9.9.9.3", sighting=sighting(50)), named("9.9.9.1", sighting=sighting(5))
    assert order(named("9.9.9.2", sighting=sighting(5)), few, many) == ["9.9.9.3", "9.9.9.1", "9.9.9.2"]


@given(st.randoms(use_true_random=False))
def test_the_order_of_arrival_decides_nothing(draw: random.Random):
    items = [named(f"9.9.9.{number}", *([ipsum(number % 5)] if number % 5 else [])) for number in range(20)]
    expected = order(*items)
    draw.shuffle(items)
    assert order(*items) == expected


def test_the_score_is_the_log_odds_of_the_published_share():
    assert worry(dossier(ipsum(1)), POLICY) == pytest.approx(math.log(0.32 / 0.68))
