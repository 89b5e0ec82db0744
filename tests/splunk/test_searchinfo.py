"""What is read from splunkd's words about the search."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from types import SimpleNamespace

import pytest

from ipthreat.splunk.searchinfo import moment_of, search_of


@pytest.mark.parametrize(
    "sid",
    [
        "1700000000.7",
        "scheduler__admin__search__RMD5abc_at_1700000000_132",
        "remote_sh1_1700000000.7",
        "rt_1700000000.7",
        "subsearch_1700000000.7_1",
    ],
)
def test_the_number_of_a_search_tells_when_it_was_started(sid):
    assert moment_of(SimpleNamespace(sid=sid)) == datetime(2023, 11, 14, 22, 13, 20, tzinfo=timezone.utc)


@pytest.mark.parametrize("info", [SimpleNamespace(sid=""), SimpleNamespace(), SimpleNamespace(sid="17000000000"), None])
def test_without_a_number_it_is_now(info):
    assert abs(moment_of(info) - datetime.now(timezone.utc)) < timedelta(minutes=1)


def test_a_search_is_told_in_one_line():
    assert search_of(SimpleNamespace(search="index=web\n  | ipthreatreport")) == "index=web | ipthreatreport"
    assert search_of(SimpleNamespace()) == ""
    assert len(search_of(SimpleNamespace(search="x" * 9000))) == 2000
