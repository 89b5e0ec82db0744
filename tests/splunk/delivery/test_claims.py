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


class Cluster:
    """Members with a file each and one KV store."""

    def __init__(self, folder):
        self.folder, self.said = folder, []

    def __enter__(self):
        self.splunkd = Splunkd()
        self.splunkd.__enter__()
        self.splunkd.state.collection("ipthreat_deliveries")
        return self

    def __exit__(self, *error):
        self.splunkd.__exit__(*error)

    def run(self, member, work):
        """What one request to a member's handler does."""
        system = Connection(self.splunkd.url, self.splunkd.state.log_in("splunk-system-user"))
        claims = Claims(self.folder / f"{member}.sqlite", system, tell=self.said.append, member=member)
        try:
            return work(claims)
        finally:
            claims.close()

    def claim(self, member):
        return self.run(member, lambda claims: claims.claim("k", [], 0))


@pytest.fixture
def cluster(tmp_path):
    with Cluster(tmp_path) as found:
        yield found


def test_a_claim_given_up_while_the_kv_store_was_away_is_not_lost(cluster):
    def fails(claims):
        assert claims.claim("k", [], 0) == ""
        cluster.splunkd.state.kv_status = 503
        claims.release("k")

    cluster.run("one", fails)
    cluster.splunkd.state.kv_status = 200
    assert "another member" in cluster.claim("two")
    assert cluster.claim("one") == ""
    cluster.run("one", lambda claims: claims.done("k", []))
    assert cluster.claim("one") == "already delivered"


def test_what_one_member_gave_up_another_may_deliver_and_the_first_does_not_then(cluster):
    cluster.run("one", lambda claims: (claims.claim("k", [], 0), claims.release("k")))
    assert cluster.claim("two") == ""
    assert "another member" in cluster.claim("one")


def test_what_another_member_was_killed_over_is_not_made_again_by_any(cluster):
    assert cluster.claim("one") == ""
    assert "another member" in cluster.claim("two")
    assert "interrupted" in cluster.claim("one")


def test_a_document_that_is_nobodys_is_taken_for_anothers(cluster):
    cluster.splunkd.state.collection("ipthreat_deliveries").insert({"_key": "k", "outcome": "begun"})
    assert "another member" in cluster.claim("one")


def test_of_members_that_ask_at_once_one_delivers(cluster):
    won = []
    threads = [
        threading.Thread(target=lambda name=name: won.append(cluster.claim(name) == "")) for name in ("a", "b", "c")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == [False, False, True]
