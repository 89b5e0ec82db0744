"""MISP: attributes marked for detection weigh by the threat level of their event; one request serves many addresses."""

from __future__ import annotations

import json
from datetime import datetime, timezone

import pytest
from answers import ADDRESS, INSTANCE, NOW, SELF_HOSTED, answer, changed, load

from ipthreat.dossier import Status, Verdict
from ipthreat.policy import policy_named
from ipthreat.providers.misp import ANSWER_LIMIT, Misp

MISP = Misp()
FIRST = ("response", "Attribute", 0)


def parsed(body, address=ADDRESS):
    return MISP.parse(address, body, NOW)


def leveled(level, ids=True):
    body = changed(load("misp", "clean"), {"threat_level_id": level}, *FIRST, "Event")
    return parsed(changed(body, ids, *FIRST, "to_ids"))


@pytest.mark.parametrize(
    "level, verdict, label, score",
    [
        ("1", Verdict.MALICIOUS, "level_1", 90),
        ("2", Verdict.SUSPICIOUS, "level_2", 70),
        ("3", Verdict.SUSPICIOUS, "level_3", 40),
        ("4", Verdict.UNKNOWN, "level_4", None),
        (1, Verdict.MALICIOUS, "level_1", 90),
        ("9", Verdict.UNKNOWN, "level_4", None),
        (None, Verdict.UNKNOWN, "level_4", None),
    ],
)
def test_the_threat_level_of_the_event_is_the_verdict(level, verdict, label, score):
    evidence = leveled(level)
    assert (evidence.verdict, evidence.labels, evidence.score) == (verdict, (label,), score)
    assert policy_named("standard").weight(f"misp.{label}") > 0


@pytest.mark.parametrize("ids", [False, None, "1", 1, "True"])
def test_an_attribute_that_is_not_marked_for_detection_is_context(ids):
    evidence = leveled("1", ids)
    assert (evidence.status, evidence.verdict, evidence.labels, evidence.score) == (
        Status.OK,
        Verdict.UNKNOWN,
        (),
        None,
    )


def test_the_worst_event_counts_and_the_newest_date():
    evidence = parsed(load("misp", "hostile"))
    assert (evidence.labels, evidence.counts) == (("level_1",), {"attributes": 2, "events": 2})
    assert evidence.dated == datetime(2026, 1, 1, tzinfo=timezone.utc)
    assert evidence.first_seen == datetime(2025, 12, 1, tzinfo=timezone.utc)


def test_without_a_sighting_it_ages_from_the_last_change():
    assert parsed(load("misp", "clean")).dated == datetime(2025, 12, 29, 9, 20, tzinfo=timezone.utc)


def test_composite_values_are_about_their_address():
    assert parsed(load("misp", "hostile"), "198.51.100.8").labels == ("level_2",)


@pytest.mark.parametrize("value", ["198.51.100.77", "host.example", "x|y|z", "", None, ["198.51.100.7"]])
def test_attributes_about_others_are_passed_over(value):
    assert parsed(changed(load("misp", "clean"), value, *FIRST, "value")).status is Status.NOT_FOUND


def test_a_type_that_was_not_asked_for_is_passed_over():
    assert parsed(changed(load("misp", "clean"), "comment", *FIRST, "type")).status is Status.NOT_FOUND


def test_one_answer_serves_all_addresses():
    asked = [ADDRESS, "198.51.100.8", "198.51.100.9"]
    found = MISP.answers(asked, answer(load("misp", "hostile")), NOW)
    assert [item.status.value for item in found.values()] == ["ok", "ok", "not_found"]


def test_an_empty_answer_is_not_found_and_one_without_a_list_an_error():
    assert parsed(load("misp", "nothing")).status is Status.NOT_FOUND
    for body in ({"response": []}, {"response": {"Attribute": {}}}, {"Attribute": []}, {}):
        assert parsed(body).status is Status.ERROR


def test_what_a_full_answer_does_not_hold_may_have_been_cut_off():
    row = load("misp", "clean")["response"]["Attribute"][0]
    body = {"response": {"Attribute": [row] * ANSWER_LIMIT}}
    found = MISP.answers([ADDRESS, "198.51.100.9"], answer(body), NOW)
    assert [item.status for item in found.values()] == [Status.OK, Status.ERROR]


def test_the_question_carries_all_addresses_and_leaves_warning_lists_to_the_instance():
    request = MISP.question([ADDRESS, "2001:db8::7"], SELF_HOSTED)
    body = json.loads(request.body)
    assert (request.method, request.url) == ("POST", f"{INSTANCE}/attributes/restSearch")
    assert body["value"] == [ADDRESS, "2001:db8::7"]
    assert body["enforceWarninglist"] is True
    assert request.headers["Authorization"] == SELF_HOSTED.key


def test_the_page_is_the_users_own_instance():
    assert MISP.page("2001:db8::7", SELF_HOSTED) == f"{INSTANCE}/attributes/index?value=2001%3Adb8%3A%3A7"
    assert MISP.link(ADDRESS) == ""


def test_a_wrong_url_does_not_read_as_nothing_known():
    assert MISP.answers([ADDRESS], answer({"name": "Not Found"}, 404), NOW)[ADDRESS].status is Status.ERROR
