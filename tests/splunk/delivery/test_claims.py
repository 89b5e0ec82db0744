"""Deliveries are claimed: made once, whoever asks again, throttled where that is wished."""

from __future__ import annotations

import threading

import pytest
import splunkds  # noqa: F401  # puts the SDK on the path

from ipthreat.clock import SYSTEM
from ipthreat.splunk.delivery.claims import FILE, Claims, claim_key
from ipthreat.splunk.splunkd import Splunkd as Connection
from ipthreat.testkit.splunkd import Splunkd


@pytest.fixture
def claims(tmp_path):
    found = Claims(tmp_path / FILE, None, clock=SYSTEM, tell=lambda text: None)
    yield found
    found.close()


def test_the_same_search_delivers_to_the_same_target_once(claims):
    key = claim_key("1.2", "index:summary")
    assert claims.claim(key, ["a"], 0) == ""
    claims.done(key, ["a"])
    assert claims.claim(key, ["a"], 0) == "already delivered"
    assert claims.claim(claim_key("1.2", "case:"), ["a"], 0) == ""
    assert claims.claim(claim_key("1.3", "index:summary"), ["a"], 0) == ""


def test_what_certainly_failed_may_be_tried_again(claims):
    assert claims.claim("k", [], 0) == ""
    claims.release("k")
    assert claims.claim("k", [], 0) == ""


def test_what_was_interrupted_is_not_made_again(claims):
    assert claims.claim("k", [], 0) == ""
    assert "interrupted" in claims.claim("k", [], 0)


def test_the_same_addresses_are_throttled_a_new_one_is_told(claims):
    claims.claim("k1", ["a", "b"], 600)
    claims.done("k1", ["a", "b"])
    assert "throttled" in claims.claim("k2", ["a"], 600)
    assert claims.claim("k3", ["a", "c"], 600) == ""


def test_of_many_who_ask_at_once_one_delivers(tmp_path):
    won = []

    def claim():
        own = Claims(tmp_path / FILE, None, tell=lambda text: None)
        if not own.claim("k", [], 0):
            won.append(1)
        own.close()

    threads = [threading.Thread(target=claim) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert won == [1]


def test_members_of_a_cluster_share_their_claims(tmp_path):
    with Splunkd() as splunkd:
        splunkd.state.collection("ipthreat_deliveries")
        system = Connection(splunkd.url, splunkd.state.log_in("splunk-system-user"))
        one = Claims(tmp_path / "one.sqlite", system, tell=lambda text: None)
        two = Claims(tmp_path / "two.sqlite", system, tell=lambda text: None)
        assert one.claim("k", [], 0) == ""
        one.done("k", [])
        assert "another member" in two.claim("k", [], 0)
        one.close()
        two.close()


def test_without_the_kv_store_the_machine_alone_is_certain_and_says_so(tmp_path):
    said = []
    with Splunkd() as splunkd:
        splunkd.state.kv_status = 503
        system = Connection(splunkd.url, splunkd.state.log_in("splunk-system-user"))
        claims = Claims(tmp_path / FILE, system, tell=said.append)
        assert claims.claim("k", [], 0) == ""
        claims.done("k", [])
        assert claims.claim("k", [], 0) == "already delivered"
        claims.close()
    assert said == ["that this is delivered once is certain for this machine alone: the KV store answers 503"]
