"""The words that every report shares."""

from __future__ import annotations

from typing import List

import pytest
from dossiers import NOW, SNAPSHOT, behaviour, block_list, dossier, provider, silent, virustotal, warning_list

from ipthreat.assessment import Assessment, assess
from ipthreat.dossier import Dossier, Status
from ipthreat.policy import POLICIES
from ipthreat.report import prose


def judged(given: Dossier) -> Assessment:
    return assess(given, POLICIES["standard"], NOW)


@pytest.mark.parametrize(
    "probability, words",
    [
        (0.99, "is almost certainly malicious"),
        (0.95, "is almost certainly malicious"),
        (0.90, "is very likely malicious"),
        (0.60, "is likely malicious"),
        (0.50, "has a roughly even chance of being malicious"),
        (0.30, "is unlikely to be malicious"),
        (0.10, "is very unlikely to be malicious"),
        (0.01, "is almost certainly not malicious"),
    ],
)
def test_likelihood_is_told_in_the_terms_of_icd_203(probability: float, words: str) -> None:
    assert prose.likelihood(probability) == words


QUALITY = [
    ([virustotal(7, 4)], "moderate", "it rests on VirusTotal alone"),
    ([virustotal(7, 4), silent("otx", Status.TIMEOUT)], "low", "it rests on VirusTotal alone"),
    ([virustotal(7, 4), provider("greynoise", "malicious")], "moderate", "VirusTotal and GreyNoise agree"),
    (
        [virustotal(7, 4), provider("greynoise", "malicious"), block_list("ipsum", "level_3")],
        "high",
        "VirusTotal, block lists and GreyNoise agree",
    ),
    (
        [
            virustotal(7, 4),
            provider("greynoise", "malicious"),
            block_list("ipsum", "level_3"),
            silent("otx", Status.ERROR),
        ],
        "moderate",
        "VirusTotal, block lists and GreyNoise agree",
    ),
    ([virustotal(7, 4), warning_list("cdn")], "moderate", "it rests on VirusTotal alone, against warning lists"),
    ([virustotal(0, 0)], "low", "nothing at hand points to hostility"),
]


@pytest.mark.parametrize("evidence, grade, why", QUALITY, ids=range(len(QUALITY)))
def test_the_quality_of_an_assessment_comes_from_agreement_and_answers(evidence: List, grade: str, why: str) -> None:
    assert prose.quality(judged(dossier(*evidence))) == (grade, why)


def test_who_owns_an_address_is_no_opinion_on_it() -> None:
    owner_alone = judged(
        Dossier("198.51.100.7", evidence=(SNAPSHOT,), behaviours=(behaviour("port_scan"),), period_end=NOW)
    )
    assert prose.quality(owner_alone) == ("low", "it rests on our own events alone")


@pytest.mark.parametrize("count, words", [(0, "no"), (1, "one"), (10, "ten"), (11, "11"), (1200, "1,200")])
def test_small_numbers_are_words(count: int, words: str) -> None:
    assert prose.number(count) == words


def test_every_status_of_a_silent_source_is_a_predicate() -> None:
    for status in Status:
        if status not in (Status.OK, Status.NOT_FOUND):
            assert prose.silence(status).split()[0] in ("is", "did", "gave", "refused", "was", "does"), status


@pytest.mark.parametrize(
    "days, words", [(None, "undated"), (-1, "later"), (0.5, "today"), (1.2, "1 day old"), (40, "40 days old")]
)
def test_ages_are_told_in_whole_days(days: float, words: str) -> None:
    assert prose.age_text(days) == words


def test_a_period_of_one_minute_is_a_moment() -> None:
    later = NOW.replace(hour=14)
    assert prose.period_text(NOW, NOW.replace(second=40)) == "at 2023-10-26 12:00 UTC"
    assert prose.period_text(NOW, later) == "from 2023-10-26 12:00 UTC to 2023-10-26 14:00 UTC"
    assert prose.period_text(None, NOW) == "without a time"


def test_one_address_and_several_that_reach_nothing_are_told_apart() -> None:
    assert prose.reaches(1, "High") == "The one address judged does not reach High"
    assert prose.reaches(1200, "High") == "None of 1,200 addresses reaches High"
