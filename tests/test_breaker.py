"""The breaker: which failures, and how many of them, end the asking."""

from __future__ import annotations

import pytest

from ipthreat.breaker import Breaker
from ipthreat.dossier import Status


@pytest.mark.parametrize(
    "status, times", [("auth_error", 1), ("rate_limited", 1), ("forbidden", 3), ("timeout", 5), ("error", 5)]
)
def test_a_failure_ends_the_asking_after_its_number_of_times(status: str, times: int):
    breaker = Breaker()
    for _ in range(times - 1):
        breaker.note(Status(status), "why")
    assert breaker.cause is None
    breaker.note(Status(status), "why")
    assert breaker.cause.status is Status(status)
    assert "why" in breaker.cause.reason


@pytest.mark.parametrize("status", ["ok", "not_found", "unsupported", "not_asked"])
def test_what_is_no_failure_begins_the_count_anew(status: str):
    breaker = Breaker()
    for _ in range(20):
        for _ in range(4):
            breaker.note(Status.ERROR, "why")
        breaker.note(Status(status), "")
    assert breaker.cause is None


def test_failures_of_different_kinds_count_together():
    breaker = Breaker()
    for status in (Status.ERROR, Status.TIMEOUT, Status.ERROR, Status.TIMEOUT, Status.ERROR):
        breaker.note(status, "why")
    assert breaker.cause.reason == "not asked after 5 failures in a row: why"


def test_the_first_cause_stands():
    breaker = Breaker()
    breaker.note(Status.AUTH_ERROR, "the key was refused")
    breaker.note(Status.RATE_LIMITED, "the quota is spent")
    breaker.note(Status.OK, "")
    assert breaker.cause == (Status.AUTH_ERROR, "not asked: the key was refused")
