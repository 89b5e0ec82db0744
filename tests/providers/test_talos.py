"""Cisco Talos is never asked: it is a link, an honest `unavailable`, or what an analyst supplied."""

from __future__ import annotations

import pytest

from ipthreat.dossier import Status, Verdict
from ipthreat.providers.talos import Talos

TALOS = Talos()


def test_without_an_answer_it_is_unavailable_with_the_reason_and_a_link():
    evidence = TALOS.unavailable()
    assert evidence.status is Status.UNAVAILABLE
    assert "no public API" in evidence.reason
    assert TALOS.link("198.51.100.7").endswith("search=198.51.100.7")


@pytest.mark.parametrize(
    "word, label, verdict",
    [
        ("Untrusted", "untrusted", Verdict.MALICIOUS),
        ("QUESTIONABLE", "questionable", Verdict.SUSPICIOUS),
        ("Neutral", "neutral", Verdict.UNKNOWN),
        ("Favorable", "favourable", Verdict.UNKNOWN),
        ("favourable", "favourable", Verdict.UNKNOWN),
        ("trusted", "trusted", Verdict.BENIGN),
    ],
)
def test_a_supplied_reputation_is_kept_in_its_own_words(word, label, verdict):
    evidence = TALOS.parse("198.51.100.7", {"reputation": word, "owner": "Example"}, None)
    assert (evidence.status, evidence.labels, evidence.verdict) == (Status.OK, (label,), verdict)
    assert evidence.organisation == "Example"


@pytest.mark.parametrize("body", [None, {}, "<html>", {"reputation": "evil"}, {"reputation": 5, "owner": ["x"]}])
def test_what_is_no_answer_of_talos_is_an_error(body):
    assert TALOS.parse("198.51.100.7", body, None).status is Status.ERROR
