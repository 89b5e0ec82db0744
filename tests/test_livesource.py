"""What is asked together: batches as large as a request carries, and networks where one question settles several."""

from __future__ import annotations

import ipaddress
import json
from pathlib import Path
from typing import Any, Dict, Iterable, List

import pytest
from answers import answer
from hypothesis import given
from hypothesis import strategies as st
from runs import KEY, START, Ticks, Told, dossiers_of, live_over, settings_for, source_of, statuses

from ipthreat.dossier import Allowance, Dossier
from ipthreat.exchange import MockTransport, Request, Response
from ipthreat.live import Live
from ipthreat.livesource import LiveSource
from ipthreat.providers.abuseipdb import AbuseIPDB
from ipthreat.providers.greynoise import GreyNoise
from ipthreat.quota import Account, Ledger
from ipthreat.quota.account import account_name
from ipthreat.settings import ProviderSettings
from ipthreat.testkit.vendors import FakeVendor, rating

NEAR = [f"8.8.8.{number}" for number in range(1, 11)]
"""Ten addresses of one network."""


def checked(address: str, score: int = 100) -> Response:
    """AbuseIPDB's answer about one address."""
    data = {"ipAddress": address, "isPublic": True, "abuseConfidenceScore": score, "totalReports": 9}
    return answer({"data": {**data, "numDistinctUsers": 5, "isWhitelisted": False}})


def block(request: Request, reported: Iterable[str]) -> Response:
    """AbuseIPDB's answer about a network."""
    network = ipaddress.ip_network(request.params["network"])
    rows = [{"ipAddress": address, "numReports": 9, "abuseConfidenceScore": 80} for address in reported]
    data = {"networkAddress": str(network[0]), "netmask": str(network.netmask), "reportedAddress": rows}
    return answer({"data": data})


def abuseipdb(*reported: str, block_answer: Any = None) -> MockTransport:
    """AbuseIPDB, to which these addresses were reported; `block_answer` is what it says of any network instead."""

    def _answer(request: Request) -> Response:
        if not request.url.endswith("/check-block"):
            return checked(request.params["ipAddress"])
        return block_answer if block_answer is not None else block(request, reported)

    return MockTransport(_answer)


def over(folder: Path, transport: MockTransport, own: Any = None, **more: Any) -> Live:
    settings = settings_for("abuseipdb", own=own or {}, reserve=0.0)
    return live_over(folder, transport, vendors=[AbuseIPDB()], settings=settings, **more)


def kinds(transport: MockTransport) -> Dict[str, int]:
    found: Dict[str, int] = {}
    for request in transport.requests:
        found[request.url.rpartition("/")[2]] = found.get(request.url.rpartition("/")[2], 0) + 1
    return found


def standing(folder: Path, suffix: str = "") -> Any:
    ledger = Ledger(folder / "quota.sqlite", clock=Ticks(START + 5).clock, tell=Told())
    return ledger.standing(Account(account_name("abuseipdb", KEY) + suffix, {"day": 100 if suffix else 1000}))


# --- networks -------------------------------------------------------------------------------------------------------


def test_of_many_addresses_of_a_network_only_the_reported_ones_are_asked_about(tmp_path: Path):
    transport = abuseipdb("8.8.8.3", "8.8.8.77")
    found = over(tmp_path, transport).answers(dossiers_of(*NEAR))
    assert kinds(transport) == {"check-block": 1, "check": 1}
    assert {address: items[0].status.value for address, items in found.items()} == {
        address: "ok" if address == "8.8.8.3" else "not_found" for address in NEAR
    }
    assert found["8.8.8.3"][0].counts["distinct_reporters"] == 5


def test_a_few_addresses_of_a_network_are_asked_about_one_by_one(tmp_path: Path):
    transport = abuseipdb()
    over(tmp_path, transport).answers(dossiers_of(*NEAR[:3], "1.1.1.1"))
    assert kinds(transport) == {"check": 4}


def test_the_question_about_a_network_is_paid_from_a_quota_of_its_own(tmp_path: Path):
    over(tmp_path, abuseipdb("8.8.8.3")).answers(dossiers_of(*NEAR))
    assert (standing(tmp_path).used["day"], standing(tmp_path, ".network").used["day"]) == (1, 1)
    assert standing(tmp_path, ".network").left["day"] == 99


def test_the_audit_file_has_the_network_that_was_sent(tmp_path: Path):
    over(tmp_path, abuseipdb("8.8.8.3")).answers(dossiers_of(*NEAR))
    lines = [json.loads(line) for line in (tmp_path / "egress.log").read_text(encoding="utf-8").splitlines()]
    assert [line["addresses"] for line in lines] == [["8.8.8.0/24"], ["8.8.8.3"]]


def test_what_the_network_settled_is_in_the_store(tmp_path: Path):
    first, transport = over(tmp_path, abuseipdb("8.8.8.3")).answers(dossiers_of(*NEAR)), abuseipdb()
    assert over(tmp_path, transport).answers(dossiers_of(*NEAR)) == first
    assert transport.requests == []


@pytest.mark.parametrize(
    "response",
    [
        Response(401),
        Response(402),
        Response(403),
        Response(404),
        Response(429, {"Retry-After": "3600"}),
        Response(500),
        Response(200, {}, b"<html>"),
        Response(200, {}, b'{"data": {"reportedAdd'),
        answer({"data": {"reportedAddress": [None]}}),
        answer([]),
    ],
)
def test_a_network_that_cannot_be_asked_about_costs_one_request_in_a_run_and_no_answer(
    tmp_path: Path, response: Response
):
    transport = abuseipdb(block_answer=response)
    others = [address.replace("8.8.8.", "9.9.9.") for address in NEAR]
    live = over(tmp_path, transport, own={"concurrency": 1})
    assert {words for (words,) in statuses(live.answers(dossiers_of(*NEAR, *others))).values()} == {"ok"}
    assert kinds(transport) == {"check-block": 1, "check": 20}


def test_a_spent_quota_for_networks_leaves_that_for_addresses(tmp_path: Path):
    ledger = Ledger(tmp_path / "quota.sqlite", clock=Ticks().clock, tell=Told())
    account = Account(account_name("abuseipdb", KEY) + ".network", {"day": 100})
    for _ in range(100):
        ledger.take(account, 0.0)
    transport = abuseipdb()
    found = over(tmp_path, transport).answers(dossiers_of(*NEAR))
    assert {words for (words,) in statuses(found).values()} == {"ok"}
    assert kinds(transport) == {"check": 10}


def test_a_network_that_holds_an_address_which_may_not_be_sent_is_not_named(tmp_path: Path):
    transport = abuseipdb()
    own = Dossier("8.8.8.200", allowance=Allowance("8.8.8.200"))
    over(tmp_path, transport).answers([*dossiers_of(*NEAR), own])
    assert kinds(transport) == {"check": 10}


@pytest.mark.parametrize("prefix", ["8.8.8.128/25", "8.8.0.0/16", "8.8.8.250"])
def test_a_network_that_overlaps_what_is_never_sent_is_not_named(tmp_path: Path, prefix: str):
    transport = abuseipdb()
    over(tmp_path, transport, own={"no_send": (prefix,)}).answers(dossiers_of(*NEAR))
    assert "check-block" not in kinds(transport)


def test_the_plan_has_what_a_network_takes_at_most(tmp_path: Path):
    live = over(tmp_path, abuseipdb())
    (calls,) = live.plan(dossiers_of(*NEAR, "1.1.1.1")).calls
    assert (calls.asked, calls.requests, calls.refused) == (11, 12, 0)
    live.answers(dossiers_of(*NEAR, "1.1.1.1"))
    assert live.requests["abuseipdb"] <= calls.requests


# --- batches --------------------------------------------------------------------------------------------------------


def many(transport_sizes: List[int]) -> MockTransport:
    def _answer(request: Request) -> Response:
        wanted = json.loads(request.body)["addresses"]
        transport_sizes.append(len(wanted))
        return answer({"answers": {address: rating(address) for address in wanted}})

    return MockTransport(_answer)


def batches_of(folder: Path, transport: MockTransport, vendor: FakeVendor, **more: Any) -> Live:
    return live_over(folder, transport, vendors=[vendor], settings=settings_for("vendor", reserve=0.0), **more)


def test_a_batch_is_split_where_less_is_left_than_it_costs(tmp_path: Path):
    vendor, sizes = FakeVendor(batch=10, charge=1, quota={"day": 25}, concurrency=1), []
    addresses = [f"9.9.9.{number}" for number in range(40)]
    found = batches_of(tmp_path, many(sizes), vendor).answers(dossiers_of(*addresses))
    assert sizes == [10, 10, 5]
    words = [found[address][0].status.value for address in sorted(addresses)]
    assert (words.count("ok"), words.count("rate_limited")) == (25, 15)


def test_the_rest_of_a_split_batch_says_that_the_quota_went_to_others(tmp_path: Path):
    vendor = FakeVendor(batch=10, charge=1, quota={"day": 12}, concurrency=1)
    addresses = [f"9.9.9.{number}" for number in range(10, 30)]
    found = batches_of(tmp_path, many([]), vendor).answers(dossiers_of(*addresses))
    reasons = [items[0].reason for items in found.values() if items[0].status.value == "rate_limited"]
    assert set(reasons) == {"what was left of the quota went to more worrying addresses"}
    assert len(reasons) == 8


@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.parametrize(
    "charge, room, answered", [(1, 25, 25), (1, 21, 21), (2, 25, 12), (3, 25, 8), (1, 3, 3), (1, 1000, 40)]
)
def test_the_whole_quota_is_used_and_not_one_request_more(
    tmp_path: Path, charge: int, room: int, answered: int, threads: int
):
    vendor, sizes = FakeVendor(batch=10, charge=charge, quota={"day": room}, concurrency=threads), []
    addresses = [f"9.9.9.{number}" for number in range(40)]
    found = batches_of(tmp_path, many(sizes), vendor).answers(dossiers_of(*addresses))
    assert sum(items[0].status.value == "ok" for items in found.values()) == answered == sum(sizes)


def test_where_nothing_is_left_nothing_is_asked(tmp_path: Path):
    vendor, sizes = FakeVendor(batch=4, charge=1, quota={"day": 4}, concurrency=1), []
    batches_of(tmp_path, many(sizes), vendor).answers(dossiers_of(*[f"9.9.9.{number}" for number in range(4)]))
    found = batches_of(tmp_path, many(sizes), vendor).answers(dossiers_of("1.1.1.1", "1.1.1.2"))
    assert statuses(found) == {"1.1.1.1": ["rate_limited"], "1.1.1.2": ["rate_limited"]}
    assert "is spent until" in found["1.1.1.1"][0].reason
    assert sizes == [4]


def test_of_a_pair_one_is_asked_about_where_the_quota_suffices_for_one(tmp_path: Path):
    vendor, sizes = FakeVendor(batch=2, charge=1, quota={"day": 3}, concurrency=1), []
    batches_of(tmp_path, many(sizes), vendor).answers(dossiers_of("9.9.9.1", "9.9.9.2", "9.9.9.3", "9.9.9.4"))
    assert sizes == [2, 1]


def test_a_batch_that_is_charged_as_one_is_never_split(tmp_path: Path):
    vendor, sizes = FakeVendor(batch=10, quota={"day": 1}, concurrency=1), []
    batches_of(tmp_path, many(sizes), vendor).answers(dossiers_of(*[f"9.9.9.{number}" for number in range(20)]))
    assert sizes == [10]


def test_the_plan_of_a_run_that_splits_a_batch_has_its_requests(tmp_path: Path):
    vendor, sizes = FakeVendor(batch=10, charge=1, quota={"day": 25}, concurrency=1), []
    live = batches_of(tmp_path, many(sizes), vendor)
    addresses = dossiers_of(*[f"9.9.9.{number}" for number in range(40)])
    (calls,) = live.plan(addresses).calls
    assert (calls.requests, calls.refused) == (4, 1)
    live.answers(addresses)
    assert len(sizes) == 3


def test_greynoise_answers_for_the_part_that_its_quota_has_room_for(tmp_path: Path):
    def _answer(request: Request) -> Response:
        wanted = json.loads(request.body)["ips"] if request.body else [request.url.rpartition("/")[2]]
        return answer({"data": [], "request_metadata": {"ips_not_found": wanted}})

    settings = settings_for("greynoise", own={"extra": {"plan": "premium"}, "quota": {"day": 30}}, reserve=0.0)
    transport = MockTransport(_answer)
    live = live_over(tmp_path, transport, vendors=[GreyNoise()], settings=settings)
    found = live.answers(dossiers_of(*[f"9.9.9.{number}" for number in range(50)]))
    assert sorted(words for (words,) in statuses(found).values()) == ["not_found"] * 30 + ["rate_limited"] * 20


def source(charge: int, batch: int = 50) -> LiveSource:
    return source_of(FakeVendor(batch=batch, charge=charge), MockTransport(lambda request: Response(500)))


@given(charge=st.integers(0, 5), room=st.integers(0, 300), most=st.integers(1, 50))
def test_as_many_as_the_room_suffices_for_and_no_more(charge: int, room: int, most: int):
    vendor = source(charge)
    size = vendor.within(room, most)
    assert size == 0 or vendor.cost(size) <= room
    assert size == most or vendor.cost(size + 1) > room


ADDRESSES = st.lists(st.integers(0x08080800, 0x08080A20).map(lambda n: str(ipaddress.ip_address(n))), unique=True)


@given(addresses=ADDRESSES, barred=ADDRESSES)
def test_every_address_is_in_one_batch_and_the_most_pressing_one_in_the_first(addresses: List[str], barred: List[str]):
    account = Account("abuseipdb:x", {"day": 1000})
    way = MockTransport(lambda request: Response(500))
    batches = LiveSource(AbuseIPDB(), ProviderSettings(key=KEY), account, way).batches(addresses, barred)
    assert sorted(address for batch in batches for address in batch) == sorted(addresses)
    assert not addresses or addresses[0] in batches[0]
    for batch in batches:
        networks = {address.rpartition(".")[0] for address in batch}
        assert len(networks) == 1
        assert len(batch) == 1 or not networks & {address.rpartition(".")[0] for address in barred}
