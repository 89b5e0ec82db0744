"""The frame around the handlers: whatever comes in, one answer goes out."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as some
from splunkds import Splunkd as StandIn

from ipthreat.errors import FetchError, InputError
from ipthreat.splunk.rest import Reply, Rest, Route, data_folder

TEXT = some.text(max_size=20)
JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | TEXT,
    lambda inside: some.lists(inside, max_size=3) | some.dictionaries(TEXT, inside, max_size=3),
    max_leaves=8,
)


def fails(error):
    def function(call):
        call.secrets.append("secret-1234567")
        raise error

    return Route("ipthreat_lookup", function)


def asked(splunkd, rest, user="analyst", payload="{}"):
    asked_ = type("A", (), {"method": "POST", "query": "", "headers": {}, "body": payload.encode()})()
    asked_.header = lambda name: f"Splunk {splunkd.state.log_in(user)}" if name == "Authorization" else "json"
    return rest.handle(json.dumps(splunkd.request("ipthreat/x", asked_, splunkd.state.users[user])))


@given(JSON)
def test_no_request_makes_it_raise(value):
    reply = Rest({}).handle(json.dumps(value))
    assert reply["status"] in (400, 404, 500)
    assert "error" in json.loads(reply["payload"])


@given(some.binary(max_size=40))
def test_nor_do_bytes_that_are_no_json(data):
    assert Rest({}).handle(data)["status"] in (400, 404, 500)


@pytest.mark.parametrize(
    "error, status",
    [(InputError("no"), 400), (FetchError("away"), 502), (KeyError("secret-1234567"), 500), (OSError("x"), 500)],
)
def test_a_fault_is_told_by_its_kind_and_without_secrets(error, status):
    with StandIn() as splunkd:
        reply = asked(splunkd, Rest({("ipthreat/x", "POST"): fails(error)}))
        assert reply["status"] == status
        assert "secret-1234567" not in json.dumps(reply)
        assert reply["headers"]["Cache-Control"] == "no-store"


def test_a_secret_in_an_answer_is_removed_at_the_door():
    def leaks(call):
        call.secrets.append('quote"d-key-123')
        return Reply(200, {"text": 'the key is quote"d-key-123'})

    with StandIn() as splunkd:
        reply = asked(splunkd, Rest({("ipthreat/x", "POST"): Route("ipthreat_lookup", leaks)}))
        assert json.loads(reply["payload"]) == {"text": "the key is [removed]"}


def test_a_request_that_is_too_long_is_refused():
    with StandIn() as splunkd:
        rest = Rest({("ipthreat/x", "POST"): Route("ipthreat_lookup", lambda call: Reply(200, {}), 10)})
        assert asked(splunkd, rest, payload='{"a": "0123456789"}')["status"] == 400


def test_an_unknown_place_for_the_files_is_told(tmp_path):
    assert data_folder({}, tmp_path / "etc" / "apps" / "ipthreat") == tmp_path / "var" / "lib" / "splunk" / "ipthreat"
    with pytest.raises(InputError, match="SPLUNK_HOME"):
        data_folder({}, tmp_path / "ipthreat")
