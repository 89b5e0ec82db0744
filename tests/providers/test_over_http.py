"""Questions arrive over real HTTP as they were meant, and the answers come back as evidence."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from answers import ADDRESS, NOW, load

from ipthreat.dossier import Status
from ipthreat.providers import LIVE
from ipthreat.testkit import behaviours
from ipthreat.testkit.providers import CANARY, CanarySettings
from ipthreat.testkit.server import FakeServer
from ipthreat.transport import RequestsTransport, Retries

EVERY = pytest.mark.parametrize("name", sorted(LIVE))


def asked(name, address, behaviour):
    """What arrives when a provider asks, and the evidence it makes of what comes back."""
    provider = LIVE[name]
    with FakeServer({}) as server, RequestsTransport(retries=Retries(attempts=1)) as transport:
        request = provider.question([address], CanarySettings(base_url=server.url))
        server.route(urlsplit(request.url).path or "/", behaviour)
        response = transport.send(request)
        (arrived,) = server.asked
    return request, arrived, provider.answers([address], response, NOW)[address]


@EVERY
def test_a_question_and_its_answer_survive_the_wire(name):
    body = json.dumps(load(name, "clean" if name in ("ipinfo", "rdap") else "hostile")).encode()
    request, arrived, evidence = asked(name, ADDRESS, behaviours.gzipped(body))
    assert evidence.status is Status.OK
    assert (arrived.method, arrived.body) == (request.method, request.body)
    assert {key: value for key, (value,) in parse_qs(arrived.query).items()} == dict(request.params)
    assert all(arrived.header(key) == value for key, value in request.headers.items())
    told = "key" not in LIVE[name].needs or CANARY in arrived.query + json.dumps(dict(arrived.headers))
    assert told


@EVERY
def test_the_colons_of_an_ipv6_address_stay_escaped_on_the_wire(name):
    if LIVE[name].supports("2001:db8::7"):
        request, arrived, _ = asked(name, "2001:db8::7", behaviours.status(404, b"{}"))
        assert arrived.path == (urlsplit(request.url).path or "/")


@EVERY
@pytest.mark.parametrize(
    "behaviour, status",
    [
        (behaviours.html_page(), Status.ERROR),
        (behaviours.status(401), Status.AUTH_ERROR),
        (behaviours.rate_limited(3600), Status.RATE_LIMITED),
        (behaviours.status(500), Status.ERROR),
        (behaviours.data(b""), Status.ERROR),
    ],
    ids=["a page", "401", "429", "500", "empty"],
)
def test_a_fault_of_the_server_is_a_status_here(name, behaviour, status):
    _, _, evidence = asked(name, ADDRESS, behaviour)
    assert (evidence.status, evidence.score) == (status, None)
