"""How long answers are fresh: by provider, by verdict, and never for what is no answer."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ipthreat.dossier import Evidence, SourceKind, Status, Verdict
from ipthreat.store import Fresh, Lifetimes


def answer(source: str = "virustotal", status: Status = Status.OK, verdict: Verdict = Verdict.UNKNOWN) -> Evidence:
    return Evidence(source, SourceKind.PROVIDER, status, verdict)


@pytest.mark.parametrize("verdict, hours", [("malicious", 6), ("suspicious", 6), ("benign", 6), ("unknown", 24)])
def test_an_answer_with_a_verdict_ages_faster_than_one_without(verdict: str, hours: int):
    assert Lifetimes().of(answer(verdict=Verdict(verdict))) == timedelta(hours=hours)


@pytest.mark.parametrize("source, hours", [("rdap", 14 * 24), ("misp", 0.25), ("threatfox", 6), ("of others", 24)])
def test_each_provider_has_its_own_lifetimes(source: str, hours: float):
    assert Lifetimes().of(answer(source, Status.NOT_FOUND)) == timedelta(hours=hours)


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.OK, Status.NOT_FOUND, Status.UNSUPPORTED}))
def test_what_is_no_answer_has_no_lifetime(status: Status):
    assert Lifetimes().of(answer(status=status)) is None


def test_lifetimes_may_be_given():
    own = Lifetimes({"virustotal": Fresh(timedelta(hours=1), timedelta(hours=2))})
    assert own.of(answer(verdict=Verdict.MALICIOUS)) == timedelta(hours=1)
    assert own.of(answer("other")) == timedelta(days=1)
