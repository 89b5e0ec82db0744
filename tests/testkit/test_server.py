"""The fake server does to a plain client what its behaviours promise."""

from __future__ import annotations

import http.client
import socket
import threading
from typing import Tuple
from urllib.parse import urlsplit

import pytest

from ipthreat.testkit import behaviours
from ipthreat.testkit.server import LARGEST_REQUEST, FakeServer
from ipthreat.transport import Request, RequestsTransport

BODY = b"192.0.2.1\n192.0.2.2\n"


def ask(
    server: FakeServer, path: str = "/", method: str = "GET", **headers: str
) -> Tuple[int, bytes, http.client.HTTPMessage]:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=5)
    try:
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers
    finally:
        connection.close()


def test_a_route_answers_and_any_other_path_is_missing():
    with FakeServer({"/list": behaviours.data(BODY)}) as server:
        assert ask(server, "/list")[:2] == (200, BODY)
        assert ask(server, "/other")[0] == 404


def test_it_listens_on_loopback_only():
    with FakeServer({}) as server:
        assert urlsplit(server.url).hostname == "127.0.0.1"


def test_it_records_what_was_asked():
    with FakeServer({"/a": behaviours.data(BODY)}) as server:
        ask(server, "/a?x=1", X_Key="k")
        (asked,) = server.asked
    assert (asked.method, asked.path, asked.query, asked.header("x-key"), asked.body) == ("GET", "/a", "x=1", "k", b"")


def test_requests_over_one_connection_show_the_same_client_port():
    with FakeServer({"/": behaviours.data(BODY)}) as server:
        connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=5)
        for _ in range(2):
            connection.request("POST", "/", body=b"question")
            connection.getresponse().read()
        connection.close()
        first, second = server.asked
    assert first.client_port == second.client_port
    assert second.body == b"question"


def test_a_route_can_change_while_the_server_runs():
    with FakeServer({}) as server:
        assert ask(server)[0] == 404
        server.route("/", behaviours.data(BODY))
        assert ask(server)[0] == 200


@pytest.mark.parametrize("behaviour", [behaviours.slow_drip(BODY, 60.0), behaviours.slow_headers(60.0)])
def test_leaving_the_block_ends_a_conversation_that_would_last_for_minutes(behaviour: object):
    with FakeServer({"/": behaviour}) as server:
        parts = urlsplit(server.url)
        client = socket.create_connection((parts.hostname, parts.port), timeout=5)
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.recv(1) == b"H"
    client.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "fake-server"]


def test_leaving_the_block_ends_a_connection_that_says_nothing():
    with FakeServer({}) as server:
        parts = urlsplit(server.url)
        client = socket.create_connection((parts.hostname, parts.port), timeout=5)
        ask(server)
    assert client.recv(1) == b""
    client.close()


def test_a_request_with_a_large_body_is_turned_away():
    with FakeServer({"/": behaviours.data(BODY)}) as server:
        assert ask(server, method="POST", Content_Length=str(LARGEST_REQUEST + 1))[0] == 413
        assert ask(server, method="POST", Content_Length="many")[0] == 413
        assert server.asked == ()


def test_a_behaviour_at_fault_is_shown_and_ends_only_its_own_connection(capfd: pytest.CaptureFixture[str]):
    def broken(talk: object) -> None:
        raise KeyError("a fault in the test itself")

    with FakeServer({"/bad": broken, "/good": behaviours.data(BODY)}) as server:
        with pytest.raises(http.client.RemoteDisconnected):
            ask(server, "/bad")
        assert ask(server, "/good")[0] == 200
    assert "a fault in the test itself" in capfd.readouterr().err


def test_a_route_with_a_star_serves_all_paths_that_begin_with_it_and_the_longest_one_decides():
    routes = {"/a/*": behaviours.data(b"a"), "/a/b/*": behaviours.data(b"ab"), "/a/b/c": behaviours.data(b"abc")}
    with FakeServer(routes) as server, RequestsTransport() as transport:
        asked = {path: transport.send(Request(server.url + path)) for path in ("/a/1", "/a/b/1", "/a/b/c", "/b")}
    assert [answer.body for answer in asked.values()][:3] == [b"a", b"ab", b"abc"]
    assert asked["/b"].status == 404
