"""Entries of lists from outside: what is taken in, and why the rest is not."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipthreat.snapshot.entries import WIDEST, Rejection, Span, read_entry
from ipthreat.special import special_name


@pytest.mark.parametrize(
    "text, first, last",
    [
        ("8.8.8.8", "8.8.8.8", "8.8.8.8"),
        ("8.8.8.8/32", "8.8.8.8", "8.8.8.8"),
        ("8.8.8.8/24", "8.8.8.0", "8.8.8.255"),
        ("17.0.0.0/8", "17.0.0.0", "17.255.255.255"),
        ("2606:4700::/32", "2606:4700::", "2606:4700:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("2606:4700::1", "2606:4700::1", "2606:4700::1"),
        ("2620:FE::FE", "2620:fe::fe", "2620:fe::fe"),
    ],
)
def test_a_network_or_address_becomes_its_first_and_last_address(text, first, last):
    low, high = ipaddress.ip_address(first), ipaddress.ip_address(last)
    assert read_entry(text) == Span(low.version, int(low), int(high))


NO_ADDRESSES = (
    *("", "/", "/24", "8.8.8.8/", "8.8.8.8/33", "8.8.8.8/-1", "8.8.8.8/ 8", "8.8.8.8/024", "8.8.8.8/٣"),
    *("8.8.8.8/255.255.255.0", "8.8.8.0-8.8.8.9", "8.8.8", "8.8.8.8.8", "08.8.8.8", "256.1.1.1", "8.8.8.8\0"),
    *("2606:4700::/129", "2606::4700::1", "fe80::1%eth0", "example.com", "<html>", "\ud800"),
    *("1" * 99_999, "8.8.8.8/" + "1" * 99_999),
)


@pytest.mark.parametrize("text", NO_ADDRESSES, ids=lambda text: ascii(text[:25]))
def test_what_is_no_address_is_called_so(text):
    assert read_entry(text) is Rejection.NO_ADDRESS


@pytest.mark.parametrize(
    "text", ["10.0.0.1", "192.168.0.0/16", "127.0.0.1", "224.0.0.1", "::1", "fe80::/64", "fd00::1", "::ffff:8.8.8.8"]
)
def test_special_purpose_space_is_left_out(text):
    assert read_entry(text) is Rejection.NOT_GLOBAL


@pytest.mark.parametrize("text", ["192.160.0.0/12", "172.0.0.0/8", "100.0.0.0/8", "2001::/16"])
def test_a_network_that_only_touches_special_purpose_space_is_left_out_too(text):
    assert read_entry(text) is Rejection.NOT_GLOBAL


@pytest.mark.parametrize("text", ["0.0.0.0/0", "128.0.0.0/1", "8.0.0.0/7", "::/0", "2000::/3", "2600::/12"])
def test_a_network_wider_than_any_allocation_is_left_out(text):
    assert read_entry(text) is Rejection.TOO_WIDE


@given(st.ip_addresses(), st.integers(0, 128))
def test_every_network_is_taken_in_exactly_or_left_out_for_a_true_reason(address, length):
    length = min(length, address.max_prefixlen)
    network = ipaddress.ip_network((address, length), strict=False)
    entry = read_entry(f"{address}/{length}")
    if length < WIDEST[address.version]:
        assert entry is Rejection.TOO_WIDE
    elif entry is not Rejection.NOT_GLOBAL:
        assert entry == Span(address.version, int(network[0]), int(network[-1]))
        assert special_name(network[0]) == special_name(network[-1]) == ""


@given(st.text(max_size=30))
def test_no_text_raises(text):
    assert isinstance(read_entry(text), (Span, Rejection))
