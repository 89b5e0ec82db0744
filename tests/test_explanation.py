"""The waterfall adds up, and counterfactuals are real re-judgements."""

from __future__ import annotations

import json

import pytest
from dossiers import NOW, behaviour, dossier, provider, silent, virustotal, warning_list

from ipthreat.assessment import assess
from ipthreat.dossier import Dossier, Status
from ipthreat.explanation import counterfactual, counterfactuals, explain, explanation
from ipthreat.policy import POLICIES

STANDARD = POLICIES["standard"]
GOLDEN = assess(dossier(virustotal(7, 4), did=[behaviour("suspicious_user_agent")]), STANDARD, NOW)


def test_the_waterfall_starts_at_the_prior_and_ends_at_the_sum():
    steps = explain(GOLDEN)
    assert steps[0].label == "prior 0.10"
    assert steps[0].total == pytest.approx(-2.197, abs=0.001)
    assert (steps[-1].label, steps[-1].total) == ("sum", GOLDEN.log_odds)
    assert steps[-2].total == pytest.approx(GOLDEN.log_odds)


def test_each_step_of_the_golden_case_is_what_the_judgement_derives():
    assert [(step.source, round(step.nats, 2)) for step in explain(GOLDEN)[1:-1]] == [
        ("virustotal", 3.34),
        ("own events", 2.0),
    ]


def test_a_family_at_its_limit_shows_what_the_limit_takes_away():
    loud = [provider("threatfox", score=100), provider("urlhaus", "online"), provider("feodo", "online")]
    limited = assess(dossier(*loud), STANDARD, NOW)
    step = next(step for step in explain(limited) if "limit of the family abuse.ch" in step.label)
    assert step.nats == pytest.approx(4.0 - 7.5)


def test_what_was_not_judged_has_no_waterfall_and_no_counterfactual():
    private = assess(Dossier("10.0.0.1", scope="private-use"), STANDARD, NOW)
    assert explain(private) == ()
    assert counterfactual(private) is None
    assert explanation(private)["confidence"] is None


def test_every_counterfactual_changes_the_priority():
    assert all(item.priority is not GOLDEN.priority for item in counterfactuals(GOLDEN))


def test_the_smallest_change_comes_first_among_what_is_known():
    known = [item for item in counterfactuals(GOLDEN) if item.source]
    assert [item.change for item in known] == ["without our own events", "without virustotal"]
    assert known[0].nats == pytest.approx(2.0)


def test_a_dropped_source_counts_as_not_asked_and_not_as_clean():
    without = next(item for item in counterfactuals(GOLDEN) if item.source == "virustotal")
    again = assess(dossier(silent("virustotal", Status.NOT_ASKED), did=GOLDEN.dossier.behaviours), STANDARD, NOW)
    assert (without.confidence, without.verdict) == (again.confidence, again.verdict)


def test_what_might_come_is_tried_where_its_source_has_not_spoken():
    spoken = assess(dossier(virustotal(2, 0), provider("greynoise", "suspicious")), STANDARD, NOW)
    silent_one = assess(dossier(virustotal(2, 0), silent("greynoise", Status.TIMEOUT)), STANDARD, NOW)
    assert not any("GreyNoise" in item.change for item in counterfactuals(spoken))
    assert any("GreyNoise" in item.change for item in counterfactuals(silent_one))


def test_without_a_warning_list_the_range_is_no_longer_vouched_for():
    vouched = assess(dossier(virustotal(9, 2), warning_list("cdn", "a-cdn")), STANDARD, NOW)
    change = next(item for item in counterfactuals(vouched) if item.source == "a-cdn")
    assert change.confidence > vouched.confidence


def test_the_explanation_is_plain_data_with_the_same_keys_for_every_address():
    private = assess(Dossier("10.0.0.1", scope="private-use"), STANDARD, NOW)
    full, empty = explanation(GOLDEN), explanation(private)
    assert list(full) == list(empty)
    assert json.loads(json.dumps(full)) == full
    assert full["p"] == 0.959
    assert full["policy"] == f"standard {STANDARD.version}"
    assert full["scored_at"] == "2023-10-26T12:00:00Z"


def test_the_smallest_change_of_all_is_told_whether_known_or_still_to_come():
    smallest = counterfactual(GOLDEN)
    assert smallest.nats == min(item.nats for item in counterfactuals(GOLDEN))


def test_a_success_that_was_seen_is_not_told_as_something_that_might_happen():
    broke_in = assess(dossier(virustotal(3, 0), did=[behaviour("exploit_attempt", succeeded=True)]), STANDARD, NOW)
    changes = {item.change for item in counterfactuals(broke_in)}
    assert "if an exploit attempt from it showed in our own events" not in changes


def test_a_failed_brute_force_might_still_succeed():
    failed = assess(dossier(virustotal(3, 0), did=[behaviour("brute_force")]), STANDARD, NOW)
    changes = {item.change for item in counterfactuals(failed)}
    assert "if a log-in succeeded from it after a brute force" in changes


def test_of_quiet_addresses_no_changes_are_listed():
    quiet = assess(dossier(virustotal(0, 0)), STANDARD, NOW)
    assert counterfactuals(quiet)
    assert explanation(quiet)["counterfactuals"] == []
    assert explanation(GOLDEN)["counterfactuals"]
