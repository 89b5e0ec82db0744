"""VirusTotal's relations of one address: a page each, names and files, and how they join the evidence."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from answers import ADDRESS, NOW, SETTINGS, answer, changed, load
from hypothesis import given
from hypothesis import strategies as st

from ipthreat.dossier import Status
from ipthreat.exchange import Response
from ipthreat.providers import virustotal_relations as relations
from ipthreat.providers.virustotal import VirusTotal
from ipthreat.testkit.providers import CANARY, CanarySettings

VIRUSTOTAL = VirusTotal()


def test_a_page_of_names_is_asked_for_and_the_next_one_by_its_cursor():
    request = relations.question("2001:db8::7", "resolutions", SETTINGS)
    assert request.url == "https://www.virustotal.com/api/v3/ip_addresses/2001%3Adb8%3A%3A7/resolutions"
    assert (request.params, request.headers) == ({"limit": "40"}, {"x-apikey": SETTINGS.key})
    assert relations.question(ADDRESS, "resolutions", SETTINGS, "bmV4dA==").params["cursor"] == "bmV4dA=="


def test_names_that_resolved_to_the_address_are_read_with_their_dates():
    page = relations.answer("resolutions", answer(load("virustotal", "resolutions")), NOW)
    assert (page.status, page.cursor) == (Status.OK, "bmV4dA==")
    assert [item.name for item in page.items] == ["old.example", "new.example"]
    assert page.items[1].seen == datetime(2023, 11, 14, 22, 13, 20, tzinfo=timezone.utc)


def test_files_that_talk_to_the_address_are_read_with_what_engines_say():
    page = relations.answer("communicating_files", answer(load("virustotal", "communicating_files")), NOW)
    assert [(item.name, item.detail) for item in page.items] == [("9f" * 32, "invoice.exe 50/70"), ("1c" * 32, "0/0")]
    assert page.cursor == ""


@pytest.mark.parametrize(
    "response, status",
    [
        (answer({"data": []}), Status.NOT_FOUND),
        (answer({"error": {"code": "ForbiddenError"}}, 403), Status.FORBIDDEN),
        (answer({"error": {"code": "QuotaExceededError"}}, 429), Status.RATE_LIMITED),
        (answer({"data": {}}), Status.ERROR),
        (answer([]), Status.ERROR),
        (Response(200, {}, b"<html>"), Status.ERROR),
    ],
)
@pytest.mark.parametrize("relation", relations.RELATIONS)
def test_a_page_that_did_not_come_says_why(relation, response, status):
    page = relations.answer(relation, response, NOW)
    assert (page.status, page.items, page.cursor) == (status, (), "")
    assert page.reason or status is Status.NOT_FOUND


@pytest.mark.parametrize("relation", relations.RELATIONS)
@given(
    rows=st.lists(
        st.one_of(st.none(), st.text(), st.dictionaries(st.sampled_from(["id", "type", "attributes"]), st.text()))
    )
)
def test_items_that_make_no_sense_are_left_out(relation, rows):
    page = relations.answer(relation, answer({"data": rows}), NOW)
    assert page.status in (Status.OK, Status.NOT_FOUND)


def test_the_names_join_the_evidence_newest_first_and_once():
    evidence = VIRUSTOTAL.parse(ADDRESS, load("virustotal", "hostile"), NOW)
    page = relations.answer("resolutions", answer(load("virustotal", "resolutions")), NOW)
    once = relations.joined(evidence, "resolutions", page)
    assert once.related == ("new.example", "old.example")
    assert relations.joined(once, "resolutions", page) == once


def test_the_number_in_all_joins_the_counts_and_changes_no_other():
    evidence = VIRUSTOTAL.parse(ADDRESS, load("virustotal", "hostile"), NOW)
    page = relations.answer("resolutions", answer(load("virustotal", "resolutions")), NOW)
    assert relations.joined(evidence, "resolutions", page).counts == {**evidence.counts, "resolutions": 57}
    none = relations.answer("resolutions", answer({"data": []}), NOW)
    assert relations.joined(evidence, "resolutions", none).counts["resolutions"] == 0


def test_files_join_with_what_is_known_of_them():
    evidence = VIRUSTOTAL.parse(ADDRESS, load("virustotal", "hostile"), NOW)
    page = relations.answer("communicating_files", answer(load("virustotal", "communicating_files")), NOW)
    joined = relations.joined(evidence, "communicating_files", page)
    assert joined.related == (f"{'9f' * 32} (invoice.exe 50/70)", f"{'1c' * 32} (0/0)")


def test_no_more_names_join_than_a_report_can_show():
    evidence = VIRUSTOTAL.parse(ADDRESS, load("virustotal", "hostile"), NOW)
    many = tuple(relations.Related(f"host{number}.example", None) for number in range(500))
    assert (
        len(relations.joined(evidence, "resolutions", relations.Page(Status.OK, many)).related)
        == relations.RELATED_LIMIT
    )


# --- the quota of the account ---------------------------------------------------------------------------------------


def test_the_quota_is_asked_for_by_user_name_and_never_by_the_key():
    assert VIRUSTOTAL.quota_question(SETTINGS) is None
    request = VIRUSTOTAL.quota_question(CanarySettings(extra={"user": "some/one"}))
    assert request is not None
    assert request.url == "https://www.virustotal.com/api/v3/users/some%2Fone/overall_quotas"
    assert CANARY not in request.url


def test_what_is_left_is_never_less_than_nothing():
    assert VIRUSTOTAL.quota_answer(answer(load("virustotal", "quotas"))) == {
        "limit_hour": 240, "remaining_hour": 228, "limit_day": 500, "remaining_day": 480, "limit_month": 15500,
        "remaining_month": 0,
    }  # fmt: skip


@pytest.mark.parametrize("response", [Response(401), answer({}), answer([]), Response(200, {}, b"x")])
def test_an_answer_without_quotas_says_nothing(response):
    assert VIRUSTOTAL.quota_answer(response) == {}


def test_a_quota_without_its_limit_is_passed_over():
    body = changed(load("virustotal", "quotas"), None, "data", "api_requests_daily", "user", "allowed")
    assert "limit_day" not in VIRUSTOTAL.quota_answer(answer(body))
