"""The mirror of a TAXII collection: all pages once, then only what is new, and honest where something is missing."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from answers import ADDRESS, INSTANCE, NOW, SELF_HOSTED, answer, load
from hypothesis import given
from hypothesis import strategies as st
from refreshing import refreshed

from ipthreat.dossier import Status
from ipthreat.exchange import Response
from ipthreat.providers import taxii, taxii_copy
from ipthreat.providers.base import Failure
from ipthreat.providers.further import Refreshed
from ipthreat.providers.taxii import Taxii
from ipthreat.providers.taxii_copy import CollectionCopy

TAXII = Taxii()
LATER = NOW + timedelta(hours=1)
OTHER = "203.0.113.99"
"""An address of no indicator."""
FIRST, SECOND = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
"""When the last objects of two pages were added."""


def indicator(address: str = ADDRESS, name: str = "indicator--1", **more: Any) -> dict:
    return {
        "type": "indicator",
        "id": name,
        "pattern": f"[ipv4-addr:value = '{address}']",
        "pattern_type": "stix",
        "confidence": 85,
        "valid_from": "2025-01-01T00:00:00Z",
        "modified": "2025-01-01T00:00:00Z",
        **more,
    }


def page(*objects: dict, following: str = "", added: str = FIRST) -> Response:
    body = {"more": bool(following), "objects": list(objects), **({"next": following} if following else {})}
    return answer(body, X_TAXII_Date_Added_Last=added) if added else answer(body)


def mirrored(copy: Any, *answers: Any, at=NOW):
    return refreshed(TAXII.refresh(copy, SELF_HOSTED, at), answers)


def statuses(found: Refreshed, *addresses: str, at=NOW):
    return [item.status for item in TAXII.looked_up(addresses, found, at)[0].values()]


def test_all_pages_are_fetched_one_after_the_other():
    found, asked = mirrored(None, page(indicator(), following="p2"), page(indicator("192.0.2.1", "indicator--2")))
    assert [request.params.get("next", "") for request in asked] == ["", "p2"]
    assert all(request.url == f"{INSTANCE}/objects/" for request in asked)
    assert found.failure is None
    assert statuses(found, ADDRESS, "192.0.2.1", OTHER) == [Status.OK, Status.OK, Status.NOT_FOUND]


def test_the_next_run_asks_only_for_what_was_added_since():
    first, _ = mirrored(None, page(indicator(), added=FIRST))
    second, asked = mirrored(first.copy, page(indicator("192.0.2.1", "indicator--2"), added=SECOND), at=LATER)
    assert [request.params.get("added_after") for request in asked] == [FIRST]
    assert statuses(second, ADDRESS, "192.0.2.1", at=LATER) == [Status.OK, Status.OK]
    _, asked = mirrored(second.copy, page(added=""), at=LATER)
    assert asked[0].params["added_after"] == SECOND


def test_while_pages_are_fetched_the_filter_stays_the_same():
    _, asked = mirrored({"since": FIRST}, page(following="p2", added=SECOND), page())
    assert [request.params["added_after"] for request in asked] == [FIRST, FIRST]


def test_a_server_that_gives_no_time_is_asked_for_everything_each_time():
    found, _ = mirrored(None, page(indicator(), added=""))
    assert "added_after" not in mirrored(found.copy, page())[1][0].params


@pytest.mark.parametrize("added", ["yesterday", "x" * 500, "2026-01-01T00:00:00Z\r\nX: y"])
def test_a_time_that_is_none_is_not_sent_back(added):
    assert mirrored(None, page(added=added))[0].copy["since"] == ""


def test_a_newer_version_takes_the_place_of_the_older_one_with_all_its_addresses():
    first, _ = mirrored(None, page(indicator()))
    moved = indicator("192.0.2.1", modified="2025-02-01T00:00:00Z")
    second, _ = mirrored(first.copy, page(moved))
    assert statuses(second, ADDRESS, "192.0.2.1") == [Status.NOT_FOUND, Status.OK]
    third, _ = mirrored(second.copy, page(indicator()))  # an older version that comes late
    assert statuses(third, ADDRESS, "192.0.2.1") == [Status.NOT_FOUND, Status.OK]


@pytest.mark.parametrize(
    "change",
    [
        {"revoked": True},
        {"valid_until": "2025-12-01T00:00:00Z"},
        {"pattern": "[url:value = 'x']"},
        {"pattern_type": "snort"},
    ],
)
def test_what_is_revoked_expired_or_about_something_else_now_leaves_the_copy(change):
    first, _ = mirrored(None, page(indicator()))
    second, _ = mirrored(first.copy, page(indicator(modified="2025-02-01T00:00:00Z", **change)))
    assert second.copy["objects"] == []
    assert statuses(second, ADDRESS) == [Status.NOT_FOUND]


def test_what_expires_between_two_runs_leaves_the_copy():
    first, _ = mirrored(None, page(indicator(valid_until="2026-01-02T03:30:00Z")))
    assert statuses(first, ADDRESS) == [Status.OK]
    assert mirrored(first.copy, page(), at=LATER)[0].copy["objects"] == []


FAILURES = [
    (Response(401), Status.AUTH_ERROR),
    (Response(403), Status.FORBIDDEN),
    (Response(404), Status.ERROR),
    (Response(429, {"Retry-After": "60"}), Status.RATE_LIMITED),
    (Response(500), Status.ERROR),
    (Response(200, {}, b"<html>"), Status.ERROR),
    (Response(200, {}, b'{"more": tr'), Status.ERROR),
    (answer({"objects": {}}), Status.ERROR),
    (answer({"more": "yes"}), Status.ERROR),
    (Failure(Status.TIMEOUT, "late"), Status.TIMEOUT),
    (Failure(Status.NOT_ASKED, "the 60 s of the run were over"), Status.NOT_ASKED),
]


@pytest.mark.parametrize("broken, status", FAILURES)
def test_without_a_copy_a_failure_is_one_for_every_address(broken, status):
    found, _ = mirrored(None, broken)
    assert statuses(found, ADDRESS, OTHER) == [status, status]


@pytest.mark.parametrize("broken, status", FAILURES)
def test_a_failure_after_some_pages_leaves_what_they_do_not_hold_open_and_the_next_run_goes_on(broken, status):
    found, _ = mirrored(None, page(indicator(), following="p2"), broken)
    assert statuses(found, ADDRESS, OTHER) == [Status.OK, status]
    _, asked = mirrored(found.copy, page())
    assert asked[0].params["added_after"] == FIRST


@pytest.mark.parametrize("broken, status", FAILURES)
def test_a_copy_that_was_brought_up_to_date_a_moment_ago_speaks_for_the_collection(broken, status):
    first, _ = mirrored(None, page(indicator()))
    soon = NOW + taxii_copy.CURRENT_FOR / 2
    second, _ = mirrored(first.copy, broken, at=soon)
    assert second.failure is not None
    assert second.failure.status is status
    assert statuses(second, ADDRESS, OTHER, at=soon) == [Status.OK, Status.NOT_FOUND]


@pytest.mark.parametrize("broken, status", FAILURES)
def test_an_older_copy_says_that_it_is_stale_and_never_that_something_is_unknown(broken, status):
    first, _ = mirrored(None, page(indicator()))
    second, _ = mirrored(first.copy, broken, at=LATER)
    told, _ = TAXII.looked_up([ADDRESS, OTHER], second, LATER)
    assert [item.status for item in told.values()] == [Status.STALE, status]
    assert told[ADDRESS].reason.startswith(status.words)
    assert told[ADDRESS].reason.endswith("the copy is of 2026-01-02 03:04 UTC")
    assert told[ADDRESS].retrieved_at == NOW


def test_no_run_fetches_pages_without_end():
    found, asked = mirrored(None, *[page(following="again")] * (taxii.PAGES + 5))
    assert len(asked) == taxii.PAGES
    assert found.failure is not None
    assert "the next run goes on" in found.failure.reason
    assert statuses(found, OTHER) == [Status.ERROR]


def test_a_collection_that_is_too_large_is_refused_and_the_copy_stays(monkeypatch):
    first, _ = mirrored(None, page(indicator()))
    monkeypatch.setattr(taxii_copy, "MOST", 3)
    many = [indicator(f"192.0.2.{number}", f"indicator--{number + 10}") for number in range(5)]
    found, _ = mirrored(first.copy, page(*many), at=LATER)
    assert found.copy == first.copy
    assert found.failure is not None
    assert "has more than" in found.failure.reason
    assert statuses(found, ADDRESS, "192.0.2.1", at=LATER) == [Status.STALE, Status.ERROR]


def test_what_a_recording_keeps_leads_to_the_same_answers():
    found, _ = mirrored(None, page(indicator(), indicator("192.0.2.1", "indicator--2")))
    told, response = TAXII.looked_up([ADDRESS, OTHER], found, NOW)
    assert TAXII.answers([ADDRESS, OTHER], response, NOW) == told
    assert [item["id"] for item in json.loads(response.body)["objects"]] == ["indicator--1"]


def test_a_recording_of_a_part_of_the_collection_leaves_the_rest_open_as_well():
    found, _ = mirrored(None, page(indicator(), following="p2"), Response(500))
    told, response = TAXII.looked_up([ADDRESS, OTHER], found, NOW)
    again = TAXII.answers([ADDRESS, OTHER], response, NOW)
    assert [item.status for item in again.values()] == [item.status for item in told.values()]


def test_the_copy_is_that_of_one_collection():
    assert TAXII.place_of_copy(SELF_HOSTED) == INSTANCE
    assert TAXII.due(None, SELF_HOSTED, NOW) == 0


def test_a_copy_has_of_an_indicator_what_is_needed_and_no_more():
    found, _ = mirrored(
        None, page(indicator(description="x" * 10_000, valid_from=["x"] * 900, indicator_types=["a", "b"]))
    )
    assert found.copy["objects"] == [
        {key: value for key, value in indicator(indicator_types=["a", "b"]).items() if key != "valid_from"}
    ]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["since", "at", "whole", "objects", "id", "type", "modified", "pattern"]), inner
        )
    ),
    max_leaves=12,
)


@given(kept=JSON)
def test_whatever_was_kept_as_a_copy_it_can_be_brought_up_to_date(kept):
    found, _ = mirrored(kept, page(*load("taxii", "hostile")["objects"]))
    assert statuses(found, ADDRESS) == [Status.OK]
    assert json.loads(json.dumps(found.copy)) == found.copy
    assert CollectionCopy(found.copy, NOW).whole


@given(objects=st.lists(JSON, max_size=5))
def test_whatever_a_page_holds_nothing_is_raised_and_nobody_accused(objects):
    found, _ = mirrored(None, answer({"more": False, "objects": objects}))
    assert not [status for status in statuses(found, ADDRESS) if status is Status.OK]
