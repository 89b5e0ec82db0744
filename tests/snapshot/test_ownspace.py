"""Our own networks never stay on a list, and nothing else is lost for it."""

from __future__ import annotations

from ipaddress import IPv4Address, ip_address, ip_network
from typing import List, Set

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipthreat.snapshot.ownspace import OwnSpace

OURS = OwnSpace([ip_network("203.0.116.0/24"), ip_network("203.0.117.0/24"), ip_network("2a06:e480::/48")])


def test_an_entry_within_our_space_is_taken_out_and_counted():
    assert OURS.without([("203.0.116.7", 3), ("203.0.116.0/23", 1), ("2a06:e480::1", 0)]) == ([], 3)


def test_an_entry_around_our_space_keeps_its_other_parts_and_its_level():
    assert OURS.without([("203.0.116.0/22", 2)]) == ([("203.0.118.0/23", 2)], 1)
    assert OURS.without([("2a06:e480::/47", 0)]) == ([("2a06:e480:1::/48", 0)], 1)


@pytest.mark.parametrize("text", ["203.0.115.255", "203.0.118.0", "8.8.8.0/24", "2a06:e480:1::", "::203.0.116.7"])
def test_any_other_entry_stays_as_it_is(text: str):
    assert OURS.without([(text, 5)]) == ([(text, 5)], 0)


def test_what_is_no_address_is_left_for_the_compiler_to_count():
    assert OURS.without([("rubbish", 1), ("10.0.0.0/8", 1)]) == ([("rubbish", 1), ("10.0.0.0/8", 1)], 0)


def test_without_own_networks_nothing_is_touched():
    assert OwnSpace().without([("203.0.116.7", 3)]) == ([("203.0.116.7", 3)], 0)


near = st.integers(0, 255).map(lambda last: f"8.8.8.{last}")
networks = st.builds(lambda text, bits: ip_network(f"{text}/{bits}", strict=False), near, st.integers(24, 32))


def covered(texts: List[str]) -> Set[IPv4Address]:
    return {address for text in texts for address in ip_network(text)}


@given(st.lists(networks, max_size=6), st.lists(networks.map(str), max_size=6))
def test_what_remains_is_exactly_the_difference(ours: list, listed: List[str]):
    kept, _ = OwnSpace(ours).without([(text, 1) for text in listed])
    mine = {address for network in ours for address in network}
    assert covered([text for text, _ in kept]) == covered(listed) - mine


@given(st.lists(networks, max_size=6), near)
def test_an_address_is_touched_if_and_only_if_it_is_ours(ours: list, text: str):
    _, touched = OwnSpace(ours).without([(text, 1)])
    assert touched == any(ip_address(text) in network for network in ours)
