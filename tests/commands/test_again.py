"""The command that makes a report again has the options that change it."""

from __future__ import annotations

from datetime import datetime, timezone

from ipthreat.cli import parser
from ipthreat.commands.again import rerun

MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)


def again(*arguments: str) -> str:
    options = parser().parse_args(arguments)
    return rerun("check", options, options.address, MOMENT)


def test_a_deep_look_is_made_again_as_one():
    assert again("check", "8.8.8.8", "--live", "--deep") == "ipthreat check 8.8.8.8 --deep --live"


def test_a_look_that_was_not_deep_is_not():
    assert again("check", "8.8.8.8", "--live") == "ipthreat check 8.8.8.8 --live"
    assert again("check", "8.8.8.8") == "ipthreat check 8.8.8.8 --as-of 2026-01-02T03:04:05Z"
