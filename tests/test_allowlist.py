"""The allow-list: longest prefix decides, expired entries do not count, a broken line is never silent."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from ipthreat.allowlist import Allowlist
from ipthreat.errors import InputError

NOW = datetime(2023, 10, 26, tzinfo=timezone.utc)
TEXT = """
# our own
198.51.100.0/24, 2030-01-01, scanners of ours
198.51.100.7, a host, rented until further notice
203.0.113.0/25,2020-01-01,long over
2001:db8::/32
"""


def read(text: str = TEXT) -> Allowlist:
    return Allowlist.of(text.splitlines(), NOW, "allow.txt")


def test_the_most_specific_entry_decides():
    assert read().allowance("198.51.100.9").reason == "scanners of ours"
    assert read().allowance("198.51.100.7").reason == "a host, rented until further notice"


def test_an_expired_entry_does_not_count():
    assert read().allowance("203.0.113.5") is None


def test_an_entry_without_expiry_and_reason_is_enough():
    found = read().allowance("2001:db8::5")
    assert (found.network, found.reason, found.expires) == ("2001:db8::/32", "", None)


def test_an_address_of_the_other_family_is_not_covered():
    assert Allowlist.of(["0.0.0.0/0"], NOW).allowance("::1") is None
    assert Allowlist.of(["0.0.0.0/0"], NOW).allowance("8.8.8.8").network == "0.0.0.0/0"


def test_a_line_that_is_no_entry_is_named():
    with pytest.raises(InputError, match=r"allow.txt: line 2: 'example.org' is no address or prefix"):
        read("198.51.100.7\nexample.org\n")


def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        Allowlist.read(tmp_path / "absent", NOW)


def test_a_file_of_bytes_that_are_no_text_is_refused(tmp_path):
    (tmp_path / "list").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="cannot be read"):
        Allowlist.read(tmp_path / "list", NOW)


@pytest.mark.parametrize("stamp", ["2023-10-25", "2023-10-25T23:59", "2023-10-25T12:00:00Z", "2023-10-26T01:00+02:00"])
def test_an_expiry_is_a_date_or_a_time_with_or_without_a_zone(stamp):
    assert read(f"198.51.100.7,{stamp},gone").allowance("198.51.100.7") is None


@pytest.mark.parametrize("stamp", ["2030-13-01", "01/12/2030", "20301201", "2030", "2030-01-01T00"])
def test_an_expiry_that_cannot_be_read_is_refused_and_never_becomes_an_entry_for_ever(stamp):
    with pytest.raises(InputError, match=r"allow.txt: line 1: .* is no ISO date or time for the entry to expire"):
        read(f"198.51.100.7,{stamp},until then")


def test_an_entry_ends_with_its_last_moment_and_is_counted_as_expired():
    ends_now = Allowlist.of(["198.51.100.7,2023-10-26T00:00:00Z"], NOW)
    assert (ends_now.allowance("198.51.100.7"), ends_now.expired) == (None, 1)
    assert Allowlist.of(["198.51.100.7,2023-10-26T00:00:01Z"], NOW).allowance("198.51.100.7") is not None


def test_an_empty_expiry_may_stand_before_the_reason():
    assert read("198.51.100.7,,ours").allowance("198.51.100.7").reason == "ours"


def test_an_ipv4_mapped_entry_covers_the_ipv4_address():
    assert read("::ffff:198.51.100.7,,ours").allowance("198.51.100.7").network == "198.51.100.7/32"
    assert read("::ffff:198.51.100.0/120").allowance("198.51.100.9").network == "198.51.100.0/24"


def test_a_file_with_a_byte_order_mark_is_read(tmp_path):
    (tmp_path / "list").write_bytes(b"\xef\xbb\xbf198.51.100.7,,ours\n")
    assert Allowlist.read(tmp_path / "list", NOW).allowance("198.51.100.7").reason == "ours"
