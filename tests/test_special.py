"""Special-purpose ranges: names, nesting, and which of them sources may be asked about."""

from __future__ import annotations

import ipaddress
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipthreat.special import SPECIAL_RANGES, special_intervals, special_name

LOOKED_UP = [
    "192.0.0.9",  # PCP anycast: globally reachable inside a range that is not
    "192.0.0.10",
    "192.31.196.1",
    "192.52.193.7",
    "192.175.48.6",
    "2001:1::1",
    "2001:1::3",
    "2001:3::5",
    "2001:4:112::1",
    "2620:4f:8000::6",
    "3ffe::1",
    "8.8.8.8",
    "223.255.255.255",
    "2606:4700:4700::1111",
]
NAMED = {
    "0.0.0.0": "unspecified",  # noqa: S104 - an address to classify, nothing is bound
    "0.1.2.3": "this network",
    "10.255.255.255": "private",
    "100.64.0.1": "carrier-grade NAT",
    "127.0.0.53": "loopback",
    "169.254.169.254": "link-local",
    "172.31.255.255": "private",
    "192.0.0.1": "IPv4 service continuity",
    "192.0.0.8": "IPv4 dummy",
    "192.0.0.11": "IETF protocol",
    "192.0.0.171": "NAT64 discovery",
    "192.0.2.1": "documentation",
    "192.88.99.1": "6to4 relay",
    "192.88.99.2": "6a44 relay",
    "192.168.1.1": "private",
    "198.19.255.255": "benchmarking",
    "198.51.100.255": "documentation",
    "203.0.113.0": "documentation",
    "239.255.255.250": "multicast",
    "254.0.0.1": "reserved",
    "255.255.255.255": "broadcast",
    "::": "unspecified",
    "::1": "loopback",
    "::10.0.0.1": "IPv4-compatible",
    "::ffff:8.8.8.8": "IPv4-mapped",
    "64:ff9b::808:808": "NAT64",
    "64:ff9b:1::1": "local NAT64",
    "100::1": "discard-only",
    "100:0:0:1::1": "IPv6 dummy",
    "100:0:0:2::1": "reserved",
    "2001::1": "Teredo",
    "2001:1::4": "IETF protocol",
    "2001:2::1": "benchmarking",
    "2001:1f::1": "ORCHID",
    "2001:20::1": "ORCHIDv2",
    "2001:3f::1": "drone identity",
    "2001:db8::1": "documentation",
    "2002:808:808::1": "6to4",
    "3fff:fff::1": "documentation",
    "4000::": "reserved",
    "5f00::1": "SRv6 segment",
    "fbff::1": "reserved",
    "fd12:3456::1": "unique local",
    "fe80::1": "link-local",
    "fec0::1": "site-local",
    "ff02::1": "multicast",
}


@pytest.mark.parametrize("text", LOOKED_UP)
def test_an_address_that_sources_may_be_asked_about_has_no_name(text):
    assert special_name(ipaddress.ip_address(text)) == ""


@pytest.mark.parametrize("text", NAMED)
def test_the_smallest_range_around_an_address_names_it(text):
    assert special_name(ipaddress.ip_address(text)) == NAMED[text]


@pytest.mark.parametrize("item", SPECIAL_RANGES, ids=lambda item: str(item.network))
def test_every_range_says_what_defines_it(item):
    assert item.name
    assert re.fullmatch(r"RFC \d+", item.rfc)


def test_only_globally_reachable_ranges_are_looked_up():
    assert all(item.globally_reachable for item in SPECIAL_RANGES if item.looked_up)


def test_wrappers_of_ipv4_addresses_are_never_looked_up_though_nat64_is_globally_reachable():
    reachable = {item.name for item in SPECIAL_RANGES if item.globally_reachable and not item.looked_up}
    assert reachable == {"NAT64", "ORCHIDv2", "drone identity"}


def test_no_range_is_listed_twice():
    networks = [item.network for item in SPECIAL_RANGES]
    assert len(networks) == len(set(networks))


def test_the_edges_of_every_range_belong_to_it():
    for item in SPECIAL_RANGES:
        inner = [other for other in SPECIAL_RANGES if other.network.version == item.network.version]
        for address in (item.network[0], item.network[-1]):
            holding = [other for other in inner if address in other.network]
            smallest = max(holding, key=lambda other: other.network.prefixlen)
            assert special_name(address) == ("" if smallest.looked_up else smallest.name)


@given(st.ip_addresses())
def test_any_address_gets_the_name_of_the_smallest_range_that_holds_it(address):
    holding = [item for item in SPECIAL_RANGES if item.network.version == address.version and address in item.network]
    smallest = max(holding, key=lambda item: item.network.prefixlen, default=None)
    assert special_name(address) == ("" if smallest is None or smallest.looked_up else smallest.name)


@pytest.mark.parametrize("version", [4, 6])
def test_the_stretches_are_ascending_disjoint_and_say_what_special_name_says(version):
    kind = ipaddress.IPv4Address if version == 4 else ipaddress.IPv6Address
    stretches = special_intervals(version)
    assert all(first <= last for first, last, _ in stretches)
    assert all(before[1] < after[0] for before, after in zip(stretches, stretches[1:]))
    for first, last, name in stretches:
        assert special_name(kind(first)) == special_name(kind(last)) == name
