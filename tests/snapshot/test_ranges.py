"""Range tables: every row and every network of a table, compared with a walk through its rows."""

from __future__ import annotations

import ipaddress
from bisect import bisect_right

import pytest
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from ipthreat.errors import SnapshotError
from ipthreat.snapshot.layout import Container, pack
from ipthreat.snapshot.ranges import (
    FIRST_ID,
    LONG,
    NESTED,
    WORD,
    Networks4,
    Ranges4,
    Ranges6,
    host_bits,
    pack_networks,
    pack_ranges,
    pack_whole,
    whole_16s,
)

NONE = [(0, 0)]


def rows_of(starts, ids):
    """Rows from address 0 on, neighbours different."""
    rows = [(0, 0)]
    for start, number in zip(sorted(set(starts) - {0}), ids):
        if number != rows[-1][1]:
            rows.append((start, number))
    return rows


def starts(width):
    """Addresses that lie close together, on round boundaries, and at the ends of the space."""
    shifts = st.sampled_from([0, 1, 3, 8, 15, 16, 17, 24, 32, 48, 63, 64, 65, 96, 112, 127])
    near = st.builds(lambda shift, number: (number << shift) % (1 << width), shifts, st.integers(0, 40))
    far = st.builds(
        lambda shift, number: ((1 << width) - 1 - (number << shift)) % (1 << width), shifts, st.integers(0, 40)
    )
    return st.lists(st.one_of(near, far, st.integers(0, (1 << width) - 1)), max_size=40)


ids = st.lists(st.sampled_from([0, FIRST_ID, FIRST_ID + 1, 65535, 65536, 2**24]), min_size=40, max_size=40)


def probes(rows, width):
    """Every start with its neighbours, and the end of the space."""
    near = {start + step for start, _ in rows for step in (-1, 0, 1, 255, 256, 65535, 65536, LONG)}
    return sorted(number for number in near | {(1 << width) - 1} if 0 <= number < 1 << width)


def largest_bits(rows, address, width):
    """Host bits of the largest prefix around an address within its row, by trying them all."""
    place = bisect_right(rows, (address, 2**40)) - 1
    first = rows[place][0]
    last = rows[place + 1][0] - 1 if place + 1 < len(rows) else (1 << width) - 1
    bits = [bits for bits in range(width + 1) if first <= address >> bits << bits and address | (1 << bits) - 1 <= last]
    return rows[place][1], max(bits)


def opened(folder, rows4, rows6):
    path = folder / "table"
    path.write_bytes(pack(sections_of(rows4, rows6), "2026-10-26"))
    return Container(path)


def sections_of(rows4, rows6):
    return [*pack_ranges("x", rows4, rows6), *pack_networks("x", rows4), *pack_whole("x", rows4)]


def thirds(address):
    return address >> 96, address >> 64 & WORD, address & LONG


@settings(max_examples=examples(0.2))
@given(starts(32), ids)
def test_every_ipv4_address_finds_its_row(tmp_path_factory, starts, ids):
    rows = rows_of(starts, ids)
    container = opened(tmp_path_factory.mktemp("v4"), rows, NONE)
    table = Ranges4(container, "x")
    for address in probes(rows, 32):
        assert table.find(address >> 16, address & 0xFFFF) == largest_bits(rows, address, 32)[0]
    container.close()


@settings(max_examples=examples(0.2))
@given(starts(32), ids)
def test_every_ipv4_address_finds_its_network_in_one_of_the_two_ways(tmp_path_factory, starts, ids):
    rows = rows_of(starts, ids)
    container = opened(tmp_path_factory.mktemp("net4"), rows, NONE)
    table, networks = Ranges4(container, "x"), Networks4(container, "x")
    for address in probes(rows, 32):
        number, bits = largest_bits(rows, address, 32)
        near = networks.numbers[address >> 16]
        told = (networks.ids[near], networks.bits[near])
        found = told if near else table.place(address >> 16, address & 0xFFFF)
        assert found[0] == number
        assert not number or found[1] == bits  # the network of nothing is of no interest
    container.close()


@settings(max_examples=examples(0.2))
@given(starts(32), ids)
def test_a_16_within_one_row_is_known_without_a_search(tmp_path_factory, starts, ids):
    rows = rows_of(starts, ids)
    container = opened(tmp_path_factory.mktemp("whole"), rows, NONE)
    whole, networks = whole_16s(container, "x"), Networks4(container, "x").numbers
    for address in probes(rows, 32):
        number, bits = largest_bits(rows, address, 32)
        within = bits >= 16
        assert whole[address >> 16] == (number if within and number <= 0xFFFF else NESTED)
        assert (networks[address >> 16] > 0) == within
    container.close()


def test_more_networks_than_16_bits_count_are_still_all_found(tmp_path):
    rows = [(0, FIRST_ID), *((bucket << 16, FIRST_ID + bucket % 2) for bucket in range(1, 1 << 16))]
    container = opened(tmp_path, rows, NONE)
    table, networks = Ranges4(container, "x"), Networks4(container, "x")
    searched = [bucket for bucket in range(1 << 16) if not networks.numbers[bucket]]
    assert len(searched) == 3
    assert {table.place(bucket, 77) for bucket in searched} <= {(FIRST_ID, 16), (FIRST_ID + 1, 16)}
    assert [networks.ids[near] for near in networks.numbers if near] == [
        number for _, number in rows if _ >> 16 not in searched
    ]
    container.close()


@settings(max_examples=examples(0.3))
@given(starts(128), ids)
def test_every_ipv6_address_finds_its_row_and_network(tmp_path_factory, starts, ids):
    rows = rows_of(starts, ids)
    container = opened(tmp_path_factory.mktemp("v6"), NONE, rows)
    table = Ranges6(container, "x")
    for address in probes(rows, 128):
        number, bits = largest_bits(rows, address, 128)
        assert table.find(*thirds(address)) == number
        if number:  # the network of nothing is of no interest
            assert table.place(*thirds(address)) == (number, bits)
    container.close()


@given(st.integers(0, WORD), st.integers(0, WORD), st.integers(0, WORD))
def test_host_bits_never_reach_outside_the_range(one, two, three):
    first, address, last = sorted((one, two, three))
    bits = host_bits(address, first, last + 1, WORD)
    assert first <= address >> bits << bits
    assert address | (1 << bits) - 1 <= last
    wider = bits + 1
    fits = bits < 32 and first <= address >> wider << wider and address | (1 << wider) - 1 <= last
    assert not fits


@pytest.mark.parametrize("width, limit", [(32, WORD), (64, LONG)])
def test_the_whole_space_is_one_network(width, limit):
    assert host_bits(12345, 0, limit + 1, limit) == width
    assert host_bits(0, 0, limit + 1, limit) == width
    assert host_bits(limit, 0, limit + 1, limit) == width


def test_the_reference_ranges_give_the_reference_networks():
    def network(text, first, last):
        address = int(ipaddress.ip_address(text))
        bits = host_bits(address, int(ipaddress.ip_address(first)), int(ipaddress.ip_address(last)) + 1, WORD)
        return str(ipaddress.ip_network((address >> bits << bits, 32 - bits)))

    assert network("18.237.3.202", "18.236.0.0", "18.237.255.255") == "18.236.0.0/15"
    assert network("14.103.172.199", "14.103.58.0", "14.103.255.255") == "14.103.128.0/17"


ROWS4 = [(0, 0), (5, FIRST_ID), (1 << 20, 70000)]
ROWS6 = [(0, 0), (1 << 70, FIRST_ID), (5 << 60, 0), (7 << 90, 70000)]


@pytest.mark.parametrize("name", [name for name, _ in sections_of(ROWS4, ROWS6)])
@pytest.mark.parametrize("change", [lambda content: content + bytes(8), lambda content: content[:-8]], ids=["+", "-"])
def test_a_table_whose_sections_do_not_fit_each_other_is_refused(tmp_path, name, change):
    sections = dict(sections_of(ROWS4, ROWS6))
    changed = change(sections[name])
    path = tmp_path / "table"
    path.write_bytes(pack([(other, changed if other == name else sections[other]) for other in sections], "2026-10-26"))
    container = Container(path)
    if changed != sections[name]:  # an empty section cannot be cut
        with pytest.raises(SnapshotError, match=r"x[46]"):
            Ranges4(container, "x"), Ranges6(container, "x"), Networks4(container, "x"), whole_16s(container, "x")
    container.close()
