"""Secrets are removed in every spelling they travel in, and innocent text is left alone."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipthreat.exchange import Response
from ipthreat.redaction import REMOVED, SHORTEST, Redaction

CANARY = 'canary/ke+y="5d41&40'


@pytest.mark.parametrize(
    "spelt",
    [
        CANARY,
        quote(CANARY, safe=""),
        quote(CANARY),
        json.dumps(CANARY)[1:-1],
        base64.b64encode(CANARY.encode()).decode(),
    ],
)
def test_a_secret_is_removed_in_every_spelling(spelt: str):
    assert Redaction([CANARY]).text(f"the key {spelt} is unknown") == "the key [removed] is unknown"


def test_an_answer_is_cleaned_in_headers_and_body():
    cleaned = Redaction([CANARY]).response(Response(403, {"X-Echo": CANARY}, json.dumps({"key": CANARY}).encode()))
    assert (cleaned.status, cleaned.headers) == (403, {"X-Echo": "[removed]"})
    assert json.loads(cleaned.body) == {"key": "[removed]"}


def test_of_two_secrets_that_contain_each_other_nothing_is_left():
    assert Redaction(["secret", "secret-and-more"]).text("secret-and-more") == "[removed]"


def test_what_is_too_short_to_be_a_secret_leaves_text_alone():
    assert Redaction(["x" * (SHORTEST - 1), ""]).text("xxxxx, xxxxx") == "xxxxx, xxxxx"


def test_without_secrets_an_answer_stays_as_it_is():
    assert Redaction([]).response(Response(200, {"A": "b"}, b"\xff\x00")).body == b"\xff\x00"


OTHER = st.characters(exclude_characters=REMOVED, exclude_categories=["Cs"])


@given(st.text(OTHER, min_size=SHORTEST, max_size=30), st.text(OTHER, max_size=20), st.text(OTHER, max_size=20))
def test_a_secret_is_never_left_in_a_text(secret: str, before: str, after: str):
    assert secret not in Redaction([secret]).text(before + secret + after)
