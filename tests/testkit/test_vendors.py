"""The fake vendors keep the protocol that providers keep: pure, never raising, an entry for every address."""

from __future__ import annotations

import json
from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipthreat.dossier import Status, Verdict
from ipthreat.exchange import Request, Response
from ipthreat.providers import LIVE, LiveProvider
from ipthreat.settings import ProviderSettings
from ipthreat.testkit.server import FakeServer
from ipthreat.testkit.vendors import FakeVendor, rating, vendor_routes, virustotal_object
from ipthreat.transport import RequestsTransport

NOON = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)
SETTINGS = ProviderSettings(key="a key", base_url="https://vendor.example")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=9,
)


def asked(base_url: str, vendor: LiveProvider, *addresses: str):
    settings = ProviderSettings(key="a key", base_url=base_url)
    with RequestsTransport() as transport:
        return vendor.answers(addresses, transport.send(vendor.question(addresses, settings)), NOON)


def test_one_address_is_asked_with_the_key_in_a_header():
    request = FakeVendor().question(["2606:4700::1111"], SETTINGS)
    assert request.url == "https://vendor.example/look-up/2606%3A4700%3A%3A1111"
    assert (request.method, request.headers) == ("GET", {"X-Key": "a key"})


def test_several_addresses_are_asked_at_once():
    with FakeServer(vendor_routes()) as server:
        found = asked(server.url, FakeVendor(batch=5), "8.8.8.8", "1.1.1.1")
        assert len(server.asked) == 1
    assert {address: item.verdict.value for address, item in found.items()} == {
        address: rating(address)["verdict"] for address in ("8.8.8.8", "1.1.1.1")
    }


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111"])
def test_a_server_answers_the_questions_of_the_vendor_and_of_virustotal(address: str):
    with FakeServer(vendor_routes()) as server:
        assert asked(server.url, FakeVendor(), address)[address].status is Status.OK
        assert asked(server.url + "/api/v3", LIVE["virustotal"], address)[address].status is Status.OK


def test_one_address_in_four_is_hostile():
    addresses = [f"9.9.{number // 250}.{number % 250}" for number in range(1000)]
    assert 200 < sum(rating(address)["verdict"] == "malicious" for address in addresses) < 300
    hostile = next(address for address in addresses if rating(address)["verdict"] == "malicious")
    found = LIVE["virustotal"].parse(hostile, virustotal_object(hostile), NOON)
    assert (found.verdict, found.counts["malicious"], len(found.detections)) == (Verdict.MALICIOUS, 7, 7)


@pytest.mark.parametrize("vendor", [FakeVendor(), FakeVendor(batch=3)])
@given(body=JSON, code=st.sampled_from([200, 200, 200, 404, 429, 500]))
def test_no_answer_makes_them_raise_or_forget_an_address(vendor: LiveProvider, body, code: int):
    addresses = ("8.8.8.8", "1.1.1.1")[: 1 if vendor.batch == 1 else 2]
    found = vendor.answers(addresses, Response(code, {}, json.dumps(body).encode()), NOON)
    assert sorted(found) == sorted(addresses)


def test_the_headers_of_quota_are_read():
    headers = {"X-Limit-Day": "50", "X-Remaining-Day": "12", "x-reset": "1795525200", "X-Remaining-Minute": "soon"}
    assert FakeVendor().rate(Response(200, headers)) == {"limit_day": 50, "remaining_day": 12, "reset": 1795525200}


def test_a_vendor_needs_no_more_than_the_protocol_asks_for():
    def _takes(provider: LiveProvider) -> Request:
        return provider.question(["8.8.8.8"], SETTINGS)

    assert _takes(FakeVendor()).method == "GET"
