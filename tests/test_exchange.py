"""The rules of an exchange that need no network."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipthreat.exchange import Response, Retries, is_loopback, redacted, retry_after


@pytest.mark.parametrize(
    "url, shown",
    [
        ("https://user:pass@feeds.example:8443/a/b?key=secret#part", "https://feeds.example:8443/a/b"),
        ("https://[2001:db8::1]/x", "https://[2001:db8::1]/x"),
        ("https://feeds.example/a\x1b[31m", "https://feeds.example/a%1B%5B31m"),
        ("https://[broken/", "(an unreadable URL)"),
    ],
)
def test_a_url_is_shown_without_what_may_be_secret_or_move_a_terminal(url: str, shown: str):
    assert redacted(url) == shown


@given(st.text(), st.text(alphabet=st.characters(codec="ascii", exclude_characters="/?#@:[]\\"), min_size=1))
def test_redaction_never_raises_and_prints_plain_ascii(url: str, secret: str):
    assert redacted(url).isprintable()
    assert redacted(url).isascii()
    assert redacted(f"https://feeds.example/list?key={secret}") == "https://feeds.example/list"


@pytest.mark.parametrize(
    "asked, date, seconds",
    [
        ("120", "", 120.0),
        ("0", "", 0.0),
        ("Sat, 22 Aug 2026 01:01:00 GMT", "Sat, 22 Aug 2026 01:00:00 GMT", 60.0),
        ("Sat, 22 Aug 2026 01:00:00 GMT", "Sat, 22 Aug 2026 01:01:00 GMT", 0.0),
        ("Sat, 22 Aug 2026 01:01:00 GMT", "", None),
        ("soon", "Sat, 22 Aug 2026 01:00:00 GMT", None),
        ("-5", "", None),
        ("9" * 40, "", None),
        ("", "", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date_by_the_servers_own_clock(asked: str, date: str, seconds: object):
    assert retry_after(Response(429, {"Retry-After": asked, "Date": date})) == seconds


@given(st.text(), st.text())
def test_retry_after_never_raises(asked: str, date: str):
    wait = retry_after(Response(503, {"retry-after": asked, "date": date}))
    assert wait is None or wait >= 0


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "::1"])
def test_this_machine_is_loopback(host: str):
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "127.0.0.1.example", "10.0.0.1", "localhost.example"])
def test_other_machines_are_not(host: str):
    assert not is_loopback(host)


def test_one_attempt_means_no_retry():
    assert Retries(attempts=1).attempts == 1
