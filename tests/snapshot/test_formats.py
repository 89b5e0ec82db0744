"""Every format of the catalogue, from bytes to entries."""

from __future__ import annotations

import json
from pathlib import Path
from typing import List

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipthreat.errors import FetchError
from ipthreat.snapshot.entries import Rejection, read_entry
from ipthreat.snapshot.formats import FORMATS, LONGEST_LINE, parse

SHARED = Path(__file__).resolve().parents[3] / "shared"
IPSUM = b"""# IPsum Threat Intelligence Feed
#
# Last update: Sat, 22 Aug 2026 00:30:29 +0200
#
# IP\tnumber of (black)lists
#
203.0.114.7\t10
203.0.114.8\t1
"""
DROP = b"""{"cidr":"1.10.16.0/20","sblid":"SBL256894","rir":"apnic"}
{"cidr":"2a06:e480::/29","sblid":"SBL301771","rir":"ripencc"}
{"type":"metadata","timestamp":1790072042,"size":104461,"records":2,"copyright":"(c) someone"}
"""


def entries(format_name: str, body: bytes) -> List[object]:
    return list(parse(format_name, body).entries)


# Levels


def test_ipsum_gives_addresses_with_their_levels_and_its_day_in_utc():
    parsed = parse("levels", IPSUM)
    assert parsed.entries == (("203.0.114.7", 10), ("203.0.114.8", 1))
    assert (parsed.date, parsed.rejected) == ("2026-08-21", 0)


@pytest.mark.parametrize("line", ["203.0.114.9", "203.0.114.9\t0", "203.0.114.9\tmany", "203.0.114.9\t\xb2", "x\t3"])
def test_a_line_without_address_or_level_is_counted(line: str):
    parsed = parse("levels", IPSUM + line.encode() + b"\n")
    assert (len(parsed.entries), parsed.rejected) == (2, 1)


def test_a_level_beyond_what_a_file_can_hold_is_the_highest_one():
    assert entries("levels", b"203.0.114.7 4000\n") == [("203.0.114.7", 255)]


def test_an_address_that_comes_twice_has_its_highest_level():
    assert entries("levels", b"203.0.114.7 2\n203.0.114.7 5\n203.0.114.7 3\n") == [("203.0.114.7", 5)]


# Plain


@pytest.mark.parametrize(
    "line",
    [
        "203.0.114.7",
        "  203.0.114.7\r",
        "203.0.114.7 # scanner.example",
        "203.0.114.7;SBL1",
        "203.0.114.7,reported",
        "203.0.114.7#x",
        "\ufeff203.0.114.7",
    ],
)
def test_an_address_at_the_start_of_a_line_is_an_entry_whatever_follows(line: str):
    assert entries("plain", line.encode()) == [("203.0.114.7", 0)]


@pytest.mark.parametrize("comment", ["# 203.0.114.7", "; x", "// x", "   ", "#"])
def test_comments_and_blank_lines_are_neither_entries_nor_faults(comment: str):
    parsed = parse("plain", comment.encode() + b"\n203.0.114.7\n")
    assert (len(parsed.entries), parsed.rejected) == (1, 0)


def test_networks_and_ipv6_are_entries():
    assert entries("plain", b"203.0.114.0/24\n2a06:e480::/29\n2a06:e480::1\n") == [
        ("203.0.114.0/24", 0),
        ("2a06:e480::/29", 0),
        ("2a06:e480::1", 0),
    ]


@pytest.mark.parametrize(
    "line", ["/w00tw00t", "C203.0.114.9", "203.0.114.300", "203.0.114.0/33", "fe80::1%eth0", "AS1"]
)
def test_what_is_no_address_is_counted(line: str):
    parsed = parse("plain", b"203.0.114.7\n" + line.encode())
    assert (len(parsed.entries), parsed.rejected) == (1, 1)


def test_a_line_longer_than_any_entry_is_counted():
    parsed = parse("plain", b"203.0.114.7\n203.0.114.8 #" + b"x" * LONGEST_LINE)
    assert (len(parsed.entries), parsed.rejected) == (1, 1)


@pytest.mark.parametrize(
    "comment, day",
    [
        ("# Last updated: 2026-03-30 02:31:01 UTC          #", "2026-03-30"),
        ("# This File Date  : Mon Mar 30 02:31:01 UTC 2026", "2026-03-30"),
        ("# Generated on Mon, 30 Mar 2026 23:31:01 -0300", ""),
        ("# Generated: Mon, 30 Mar 2026 23:31:01 -0300", "2026-03-31"),
        ("; Last-Modified: Mon, 30 Mar 2026 02:31:01 GMT", "2026-03-30"),
        ("# Updated: yesterday", ""),
        ("# Updated: 2026-99-99", ""),
        ("# published 2026-03-30", ""),
    ],
)
def test_the_day_of_a_list_is_read_from_the_comment_at_its_top(comment: str, day: str):
    assert parse("plain", comment.encode() + b"\n203.0.114.7\n").date == day


# Tables


@pytest.mark.parametrize(
    "body",
    [
        b"ip,ioc\n203.0.114.7,Possible Cobaltstrike C2 IP\n",
        b'# "first_seen_utc","ioc_id"\n"2026-08-22 01:00:00", "1", "203.0.114.7:443", "ip:port", "botnet_cc"\n',
        b"64496  |  EXAMPLE-AS, US  |  203.0.114.7  |  2026-08-22 01:00:00  |  sshpwauth\n",
        b'Address,Tags\n203.0.114.7,"telnet,haas"\n',
    ],
)
def test_the_first_cell_with_an_address_is_the_entry(body: bytes):
    parsed = parse("table", body)
    assert (parsed.entries, parsed.rejected) == ((("203.0.114.7", 0),), 0)


def test_ports_are_left_out_and_brackets_too():
    assert entries("table", b"x,[2a06:e480::1]:443\nx,203.0.114.7:80\n") == [("2a06:e480::1", 0), ("203.0.114.7", 0)]


def test_only_the_first_line_may_be_a_heading():
    assert parse("table", b"ip,ioc\n203.0.114.7,x\nip,ioc\n").rejected == 1


def test_networks_in_a_table_keep_their_length():
    assert entries("table", b"172.224.224.0/27,GB,GB-EN,London,\n") == [("172.224.224.0/27", 0)]


def test_a_span_gives_a_network():
    body = b"# DShield.org Recommended Block List\nStart\tEnd\tNetmask\n203.0.114.0\t203.0.114.255\t24\t1500\tNAME\n"
    assert entries("spans", body) == [("203.0.114.0/24", 0)]
    assert parse("spans", body + b"203.0.115.0\t203.0.115.255\tx\n").rejected == 1


# URLs


def test_urls_give_their_host_when_it_is_an_address():
    body = b"http://203.0.114.7:8080/bin.sh\nhttps://evil.example/x\nhttp://[2a06:e480::1]/\nhttp://[broken\n"
    parsed = parse("urls", body)
    assert [text for text, _ in parsed.entries] == ["203.0.114.7", "2a06:e480::1"]
    assert parsed.rejected == 0


# DROP


def test_drop_gives_networks_and_the_day_of_its_last_line():
    parsed = parse("drop", DROP)
    assert parsed.entries == (("1.10.16.0/20", 0), ("2a06:e480::/29", 0))
    assert parsed.date == "2026-09-22"


def test_a_drop_list_without_its_last_line_is_refused():
    with pytest.raises(FetchError, match="lacks the line that ends it"):
        parse("drop", b"\n".join(DROP.splitlines()[:2]))


def test_a_drop_list_with_another_number_of_records_is_refused():
    with pytest.raises(FetchError, match="1 entries, which is not the number"):
        parse("drop", b"\n".join(DROP.splitlines()[1:]))


@pytest.mark.parametrize("line", [b"[1]", b"{}", b"null", b"[" * 4000, b"[" * 9000, b'{"cidr": 5}', b'{"cidr": "x"}'])
def test_a_line_of_json_that_is_no_record_is_counted(line: bytes):
    assert parse("drop", line + b"\n" + DROP).rejected == 1


@pytest.mark.parametrize("timestamp", ['"x"', "1e400", "-1e30", "[]", "null", "NaN", "true"])
def test_a_strange_timestamp_is_no_day(timestamp: str):
    body = b'{"cidr":"1.10.16.0/20"}\n{"type":"metadata","records":1,"timestamp":%s}' % timestamp.encode()
    assert parse("drop", body).date in ("", "1970-01-01")


# JSON


def test_published_ranges_are_found_wherever_they_stand_in_the_document():
    document = {
        "syncToken": "1724300000",
        "prefixes": [{"ip_prefix": "203.0.114.0/24", "region": "eu"}, {"ipv6Prefix": "2a06:e480::/29"}],
        "nested": {"deep": [[["203.0.115.0/24"]]]},
        "url": "https://example/24",
    }
    parsed = parse("json", json.dumps(document).encode())
    assert [text for text, _ in parsed.entries] == ["203.0.114.0/24", "2a06:e480::/29", "203.0.115.0/24"]


@pytest.mark.parametrize("body", [b"{", b"", b"[" * 100_000, b'{"a": 1e', b"\xff\xfe"])
def test_a_document_that_is_no_json_is_refused(body: bytes):
    with pytest.raises(FetchError, match="no JSON"):
        parse("json", body)


# What is no list


@pytest.mark.parametrize("format_name", sorted(FORMATS))
@pytest.mark.parametrize("page", [b"<!DOCTYPE html><html>", b"\n  <html>", b"\xef\xbb\xbf<?xml version='1.0'?>"])
def test_a_page_is_refused_in_every_format(format_name: str, page: bytes):
    with pytest.raises(FetchError, match="HTML"):
        parse(format_name, page + b"\n203.0.114.7\n" * 50)


@pytest.mark.parametrize("format_name", sorted(FORMATS))
def test_binary_data_is_refused_in_every_format(format_name: str):
    with pytest.raises(FetchError, match="binary"):
        parse(format_name, b"203.0.114.7\n\0\0\0")


def test_a_body_with_more_rubbish_than_addresses_is_refused():
    with pytest.raises(FetchError, match="only 1 lines hold an address and 2 do not"):
        parse("plain", b"203.0.114.7\nService unavailable\nTry again later\n")


def test_a_format_nobody_knows_is_refused():
    with pytest.raises(FetchError, match="there is no format 'csv2'"):
        parse("csv2", b"")


def test_an_empty_body_is_a_list_without_entries():
    assert parse("plain", b"") == parse("plain", b"# all taken down\r\n")


addresses = st.ip_addresses().map(str) | st.ip_addresses(v=4).map(lambda address: f"{address}/32")
lines = st.one_of(
    addresses, st.text(), st.binary().map(lambda raw: raw.decode("latin-1")), st.just('{"cidr": "1.2.3.0/24"}')
)


@given(st.sampled_from(sorted(FORMATS)), st.lists(lines).map("\n".join), st.binary())
def test_no_body_breaks_a_parser_and_every_entry_is_an_address(format_name: str, text: str, tail: bytes):
    try:
        parsed = parse(format_name, text.encode("utf-8", "surrogatepass") + tail)
    except FetchError:
        return  # refused as a whole
    assert all(read_entry(entry) is not Rejection.NO_ADDRESS for entry, _ in parsed.entries)
    assert all(0 <= level <= 255 for _, level in parsed.entries)
    assert parsed.rejected <= len(parsed.entries)


@given(st.lists(st.ip_addresses().map(str), unique=True, min_size=1))
def test_every_address_of_a_plain_list_is_found_in_its_order(texts: List[str]):
    assert [text for text, _ in parse("plain", "\n".join(texts).encode()).entries] == texts


@given(st.lists(st.tuples(st.ip_addresses(v=4).map(str), st.integers(1, 255)), unique_by=lambda row: row[0]))
def test_a_list_with_levels_survives_the_round_trip(rows: list):
    body = "".join(f"{address}\t{level}\n" for address, level in rows)
    assert list(parse("levels", body.encode()).entries) == rows


# Real copies, where they are present


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data are not here")
@pytest.mark.parametrize(
    "path, format_name, expected, rejected, day",
    [
        ("feeds/ipsum.txt", "levels", 120_430, 0, "2026-08-22"),
        ("feeds/maltrail/mass_scanner.txt", "plain", 18_835, 5, ""),
        ("feeds/maltrail/mass_scanner_cidr.txt", "plain", 1_102, 0, ""),
        ("feeds/x4bnet/output_datacenter_ipv4.txt", "plain", 42_566, 0, ""),
        ("feeds/x4bnet/output_vpn_ipv4.txt", "plain", 10_862, 0, ""),
        ("feeds/oxl-risk-db/ip_kind_tor.txt", "plain", 1_141, 0, ""),
        ("feeds/oxl-risk-db/ip_top_10000.csv", "table", 10_000, 0, ""),
    ],
)
def test_real_copies_hold_what_the_inventory_counted(
    path: str, format_name: str, expected: int, rejected: int, day: str
):
    parsed = parse(format_name, (SHARED / "data" / path).read_bytes())
    assert (len(parsed.entries), parsed.rejected, parsed.date) == (expected, rejected, day)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data are not here")
def test_the_real_ipsum_has_levels_from_one_to_ten():
    parsed = parse("levels", (SHARED / "data/feeds/ipsum.txt").read_bytes())
    counts = {least: sum(level >= least for _, level in parsed.entries) for least in (2, 3, 4, 5)}
    assert {level for _, level in parsed.entries} == set(range(1, 11))
    assert counts == {2: 30_773, 3: 14_217, 4: 5_354, 5: 1_413}
