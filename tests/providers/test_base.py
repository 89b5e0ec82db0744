"""What an HTTP status means, and the readers that make something safe of whatever a service sends."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from answers import NOW
from hypothesis import given
from hypothesis import strategies as st

from ipthreat.dossier import Status
from ipthreat.exchange import Response
from ipthreat.providers import base

SCALARS = (st.none(), st.booleans(), st.integers(), st.floats(), st.text())
ANYTHING = st.one_of(*SCALARS, st.lists(st.text()), st.dictionaries(st.text(), st.text()))


@pytest.mark.parametrize(
    "code, status",
    [
        (200, None),
        (204, None),
        (301, Status.ERROR),
        (400, Status.ERROR),
        (401, Status.AUTH_ERROR),
        (402, Status.FORBIDDEN),
        (403, Status.FORBIDDEN),
        (404, Status.ERROR),
        (408, Status.TIMEOUT),
        (410, Status.ERROR),
        (422, Status.ERROR),
        (429, Status.RATE_LIMITED),
        (500, Status.ERROR),
        (503, Status.ERROR),
        (504, Status.ERROR),
    ],
)
def test_the_table_of_http_statuses(code, status):
    found = base.status_of(Response(code))
    assert (found and found.status) == status
    assert found is None or f"HTTP {code}" in found.reason


def test_a_providers_own_table_goes_before_the_shared_one():
    assert base.status_of(Response(403), own={403: base.REFUSED}).status is Status.AUTH_ERROR
    assert base.status_of(Response(401), own={403: base.REFUSED}).status is Status.AUTH_ERROR


@pytest.mark.parametrize("body", [b"<!DOCTYPE html>", b"\n  <html>", b"", b"404 page not found\n"])
def test_a_404_alone_is_no_answer_of_the_service(body):
    assert base.status_of(Response(404, {}, body)).status is Status.ERROR


@pytest.mark.parametrize(
    "headers, words",
    [
        ({"Retry-After": "60"}, "the quota is spent until 2026-01-02 03:05:05 UTC (HTTP 429)"),
        ({"X-RateLimit-Reset": "1767400000"}, "the quota is spent until 2026-01-03 00:26:40 UTC (HTTP 429)"),
        (
            {"Retry-After": "9", "X-RateLimit-Reset": "1767400000"},
            "the quota is spent until 2026-01-02 03:04:14 UTC (HTTP 429)",
        ),
        ({"X-RateLimit-Reset": "7"}, "the quota is spent (HTTP 429)"),
        ({"Retry-After": "soon"}, "the quota is spent (HTTP 429)"),
        ({}, "the quota is spent (HTTP 429)"),
    ],
)  # fmt: skip
def test_a_spent_quota_says_until_when(headers, words):
    assert base.status_of(Response(429, headers), NOW).reason == words


def test_without_a_clock_the_wait_is_told_in_seconds():
    assert base.status_of(Response(429, {"Retry-After": "60"})).reason == "the quota is spent for 60 seconds (HTTP 429)"


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b"<html>", b"'x'", b"{} {}"])
def test_what_is_no_json_is_one_kind_of_error(body):
    with pytest.raises(ValueError):  # noqa: PT011  # whatever its words are
        base.document(Response(200, {}, body))


@pytest.mark.parametrize(
    "value, expected",
    [
        ("2024-05-26", datetime(2024, 5, 26)),
        ("2024-05-26 06:15:07", datetime(2024, 5, 26, 6, 15, 7)),
        ("2024-05-26 06:15:07 UTC", datetime(2024, 5, 26, 6, 15, 7)),
        ("2024-05-26T06:15:07Z", datetime(2024, 5, 26, 6, 15, 7)),
        ("2024-05-26T06:15:07.5Z", datetime(2024, 5, 26, 6, 15, 7)),
        ("2024-05-26T06:15:07.695180123", datetime(2024, 5, 26, 6, 15, 7)),
        ("2024-05-26T06:15:07+02:00", datetime(2024, 5, 26, 4, 15, 7)),
        ("2024-05-26T06:15:07-0230", datetime(2024, 5, 26, 8, 45, 7)),
        ("2024-05-26T06:15", datetime(2024, 5, 26, 6, 15)),
        (" 2024-05-26 ", datetime(2024, 5, 26)),
    ],
)
def test_times_are_read_in_the_spellings_of_the_services(value, expected):
    assert base.when(value) == expected.replace(tzinfo=timezone.utc)


@pytest.mark.parametrize(
    "value",
    ["2018-2-28", "2024-02-30", "2024-13-01", "0001-01-01", "2101-01-01", "9999-12-31T23:59:59-23:59", "26.05.2024",
     "2024-05-26T25:00:00Z", "٢٠٢٤-٠٥-٢٦", "", None, 20240526, True, ["2024-05-26"], "2024-05-26" * 50],
)  # fmt: skip
def test_what_is_no_time_is_none(value):
    assert base.when(value) is None


@pytest.mark.parametrize(
    "value, expected",
    [
        (15169, (15169, "")),
        ("15169", (15169, "")),
        ("AS15169", (15169, "")),
        ("as15169 Example\nNetworks", (15169, "Example Networks")),
        ("AS4200000000", (4200000000, "")),
        ("AS4294967296", (None, "")),
        ("AS0", (None, "")),
        (0, (None, "")),
        (True, (None, "")),
        (15169.0, (None, "")),
        ("ASX", (None, "")),
        ("", (None, "")),
        (None, (None, "")),
    ],
)
def test_systems_are_read_with_their_names(value, expected):
    assert base.system(value) == expected


@pytest.mark.parametrize(
    "value, expected",
    [
        ("198.51.100.0/24", "198.51.100.0/24"),
        ("198.51.100.7/24", "198.51.100.0/24"),
        ("2001:DB8::/32", "2001:db8::/32"),
        ("198.51.100.0/33", ""),
        ("2.3.0./16", ""),
        ("198.51.100.7", ""),
        ("/24", ""),
        (24, ""),
        (None, ""),
    ],
)
def test_networks_are_canonical_or_empty(value, expected):
    assert base.network(value) == expected


@pytest.mark.parametrize(
    "value, expected",
    [
        ("198.51.100.7", "198.51.100.7"),
        ("198.51.100.7:443", "198.51.100.7"),
        ("2001:DB8:0::7", "2001:db8::7"),
        ("http://198.51.100.7:8080/x", "198.51.100.7"),
        ("198.51.100.77x", ""),
        ("host.example", ""),
        (3325256711, ""),
        (None, ""),
        ("1" * 5000, ""),
    ],
)
def test_addresses_are_canonical_or_empty(value, expected):
    assert base.address(value) == expected


@pytest.mark.parametrize("value", ["abuse@example.net", "a.b+c@mail.example"])
def test_a_mailbox_is_kept(value):
    assert base.mailbox(value) == value


@pytest.mark.parametrize(
    "value", ["abuse", "a@b\nc", "<a@example.net>", "a@example.net, b@example.net", "@", 5, None, "a" * 999 + "@b"]
)
def test_what_is_no_mailbox_is_empty(value):
    assert base.mailbox(value) == ""


def test_numbers_may_be_written_as_text_but_not_as_anything_else():
    assert [base.number(value, 1, 9) for value in (5, "5", "05", 0, 10, "5.0", "", "-5", 5.0, True, None, "٥")] == [
        5, 5, 5, None, None, None, None, None, None, None, None, None,
    ]  # fmt: skip


def test_texts_are_distinct_and_without_line_breaks():
    assert base.texts(["a\nb", "a b", "", None, 5, "c"]) == ("a b", "c")
    assert base.texts("abc") == ()
    assert len(base.texts([str(number) for number in range(999)])) == 50


def test_a_flag_is_set_by_jsons_true_alone():
    assert base.flagged(tor=True, vpn="true", proxy=1, hosting=None, cdn=False) == ("tor",)


def test_the_last_and_the_first_of_known_times():
    early, late = NOW - timedelta(days=1), NOW
    assert (base.latest([early, None, late]), base.earliest([late, None, early])) == (late, early)
    assert (base.latest([None]), base.earliest([])) == (None, None)


@given(ANYTHING)
def test_no_reader_raises_or_breaks_its_promise(value):
    assert isinstance(base.mapping(value), dict)
    assert len(base.listed(value, 2)) <= 2
    assert "\n" not in base.text(value)
    assert base.count(value) >= 0
    assert base.number(value) is None or 0 <= base.number(value) < 2**32
    assert base.signed(value) is None or abs(base.signed(value)) < 10**9
    for moment in (base.moment(value), base.when(value)):
        assert moment is None or 1990 <= moment.year <= 2100
    assert base.system(value)[0] is None or base.system(value)[0] > 0
    assert len(base.country(value)) in (0, 2)
    assert base.rir(value) in ("", "ARIN", "APNIC", "RIPE NCC", "LACNIC", "AFRINIC")
    assert isinstance(base.network(value) + base.address(value) + base.mailbox(value), str)


@given(st.datetimes(datetime(1990, 1, 2), datetime(2099, 12, 30)), st.integers(-720, 720))
def test_every_iso_time_is_read_as_the_moment_that_it_names(moment, offset):
    local = moment.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=offset)))
    assert base.when(local.isoformat()) == local
