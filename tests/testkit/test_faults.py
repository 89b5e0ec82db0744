"""The fault matrix over the real transport: a documented status, no verdict, no exception, and the key nowhere."""

from __future__ import annotations

import logging
import socket
import ssl
from pathlib import Path

import pytest

from ipthreat.dossier import Evidence, Status, Verdict
from ipthreat.exchange import Access, Request
from ipthreat.providers import LIVE
from ipthreat.testkit import behaviours
from ipthreat.testkit.faults import ADDRESS, CANARY, FAULTS, Fault, looked_up, suffered
from ipthreat.testkit.server import FakeServer
from ipthreat.testkit.vendors import FakeVendor, vendor_routes

CERTIFICATE = Path(__file__).parents[1] / "data" / "tls" / "loopback.pem"
PROVIDERS = [FakeVendor(), *LIVE.values()]


def is_a_failure(found: Evidence) -> bool:
    return (found.verdict, found.score, found.counts) == (Verdict.UNKNOWN, None, {}) and bool(found.reason)


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda provider: provider.name)
@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_fault_ends_as_documented(
    provider, fault: Fault, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture
):
    caplog.set_level(logging.DEBUG)
    found = suffered(provider, fault)
    assert found.status in fault.statuses
    assert is_a_failure(found)
    assert CANARY not in "".join([repr(found), caplog.text, *capfd.readouterr()])


@pytest.mark.parametrize("provider, path", [(FakeVendor(), ""), (LIVE["virustotal"], "/api/v3")])
def test_without_a_fault_the_same_look_up_succeeds(provider, path: str):
    with FakeServer(vendor_routes()) as server:
        assert looked_up(provider, server.url + path).status is Status.OK
        assert CANARY in str(server.asked[0].headers)


def test_a_certificate_nobody_vouches_for_is_an_error():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    with FakeServer(vendor_routes(), context) as server:
        refused = looked_up(FakeVendor(), server.url)
        assert refused.status is Status.ERROR
        assert is_a_failure(refused)
        assert "certificate is not trusted" in refused.reason
        assert looked_up(FakeVendor(), server.url, access=Access(ca_bundle=CERTIFICATE)).status is Status.OK


@pytest.mark.parametrize(
    "base_url, words",
    [
        ("https://nowhere.invalid", "cannot be resolved"),
        ("http://vendor.example", "only https may be used"),
        ("https://[::1", "it cannot be asked"),
    ],
)
def test_a_place_that_cannot_be_asked_is_an_error(base_url: str, words: str):
    found = looked_up(FakeVendor(), base_url)
    assert found.status in (Status.ERROR, Status.TIMEOUT)  # a resolver may also just be slow
    assert is_a_failure(found)
    assert words in found.reason or found.status is Status.TIMEOUT


def test_a_port_where_nobody_listens_is_an_error():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    found = looked_up(FakeVendor(), f"http://127.0.0.1:{port}")
    assert (found.status, is_a_failure(found)) == (Status.ERROR, True)


def test_every_fault_has_a_name_of_its_own():
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)


def test_a_key_in_a_query_shows_in_no_log(caplog: pytest.LogCaptureFixture):

    class _InQuery(FakeVendor):
        def question(self, addresses, settings):
            return Request(f"{settings.base_url}/look-up/{addresses[0]}", params={"key": settings.key})

    caplog.set_level(logging.DEBUG)
    with FakeServer(vendor_routes()) as server:
        assert looked_up(_InQuery(), server.url).status is Status.OK
        assert CANARY in server.asked[0].query
    assert CANARY not in caplog.text


def test_a_fault_of_one_address_leaves_the_others_alone():
    routes = vendor_routes(fault=behaviours.hang_up(), faulty=lambda address: address == "9.9.9.9")
    with FakeServer(routes) as server:
        assert looked_up(FakeVendor(), server.url).status is Status.OK
        assert server.asked[-1].path.endswith(ADDRESS)
