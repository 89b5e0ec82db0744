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
        quote(CANARY, safe="").replace("%2F", "%2f").replace("%3D", "%3d"),
        json.dumps(CANARY)[1:-1],
        json.dumps(CANARY)[1:-1].replace("/", "\\/"),
        CANARY.replace("a", "\\u0061").replace("/", "%2f").replace("&", "&amp;"),
        "".join(f"\\u{ord(character):04X}" for character in CANARY),
        "".join(f"&#{ord(character)};" for character in CANARY),
        base64.b64encode(CANARY.encode()).decode(),
        base64.b64encode(f"ana:{CANARY}".encode()).decode(),
        base64.b64encode(f":{CANARY}".encode()).decode().replace("/", "%2f").replace("=", "%3d"),
    ],
)
def test_a_secret_is_removed_in_every_spelling(spelt: str):
    assert Redaction([CANARY, "ana"]).text(f"the key {spelt} is unknown") == "the key [removed] is unknown"


@pytest.mark.parametrize("user", ["", "x", "xy", "somebody else"])
def test_basic_credentials_of_a_user_who_is_not_told_lose_the_key(user: str):
    coded = base64.b64encode(f"{user}:{CANARY}:more".encode()).decode()
    cleaned = Redaction([CANARY]).text(f"Basic {coded}").replace(REMOVED, "")
    whole = base64.b64encode(CANARY.encode()).decode()
    assert len(cleaned) <= len(f"Basic {coded}") - len(whole) + 4


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize(
    "mask", [str, lambda text: text.replace("5", "\\u0035"), lambda text: text.replace("/", "\\/")]
)
def test_a_body_is_clean_as_it_is_read_in_whatever_coding(coding: str, mask):
    body = mask(json.dumps({"as_owner": [CANARY], CANARY: 1})).encode(coding)
    cleaned = Redaction([CANARY]).response(Response(200, {}, body))
    assert json.loads(cleaned.body) == {"as_owner": [REMOVED], REMOVED: 1}


@pytest.mark.parametrize("coding", ["utf-8", "utf-16"])
def test_a_body_that_is_no_json_is_clean_in_whatever_coding(coding: str):
    cleaned = Redaction([CANARY]).response(Response(200, {}, f"<p>{CANARY}</p>".encode(coding)))
    assert cleaned.body.decode().lstrip("\ufeff") == f"<p>{REMOVED}</p>"


@pytest.mark.parametrize(
    "body", [b'{"a": 1.0, "b": "\\u0041\\/"}', '{"a": "é"}'.encode("utf-16"), b"\xff", b"[" * 100_000]
)
def test_a_body_without_a_secret_keeps_every_byte(body: bytes):
    assert Redaction([CANARY]).response(Response(200, {}, body)).body == body


def test_an_answer_is_cleaned_in_headers_and_body():
    headers = {"X-Echo": quote(CANARY, safe="").lower()}
    cleaned = Redaction([CANARY]).response(Response(403, headers, json.dumps({"key": CANARY}).encode()))
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
