"""Each behaviour does to a plain client what its name says."""

from __future__ import annotations

import http.client
import zlib
from typing import Tuple
from urllib.parse import urlsplit

import pytest

from ipthreat.testkit import behaviours
from ipthreat.testkit.server import FakeServer

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


def test_a_client_that_holds_the_version_gets_304_without_a_body():
    day = "Sat, 22 Aug 2026 01:00:29 GMT"
    with FakeServer({"/": behaviours.data(BODY, etag='"v1"', last_modified=day)}) as server:
        status, _, headers = ask(server)
        assert (status, headers["ETag"], headers["Last-Modified"]) == (200, '"v1"', day)
        assert ask(server, If_None_Match='"v1"')[:2] == (304, b"")
        assert ask(server, If_Modified_Since=day)[0] == 304
        assert ask(server, If_None_Match='"v0"')[0] == 200


def test_a_head_request_gets_the_headers_alone():
    with FakeServer({"/": behaviours.data(BODY)}) as server:
        status, body, headers = ask(server, method="HEAD")
    assert (status, body, headers["Content-Length"]) == (200, b"", str(len(BODY)))


def test_a_gzipped_answer_unpacks_to_the_body():
    with FakeServer({"/": behaviours.gzipped(BODY)}) as server:
        _, body, headers = ask(server)
    assert headers["Content-Encoding"] == "gzip"
    assert zlib.decompress(body, 31) == BODY


def test_a_gzip_bomb_is_small_on_the_wire():
    with FakeServer({"/": behaviours.gzip_bomb(10_000_000)}) as server:
        body = ask(server)[1]
    assert len(body) < 20_000
    assert len(zlib.decompress(body, 31)) == 10_000_000


@pytest.mark.parametrize("announced", [True, False])
def test_an_oversize_body_has_the_size_asked_for(announced: bool):
    with FakeServer({"/": behaviours.oversize(200_001, announced)}) as server:
        assert len(ask(server)[1]) == 200_001


def test_a_truncated_body_ends_before_its_announced_length():
    with FakeServer({"/": behaviours.truncated(BODY)}) as server, pytest.raises(http.client.IncompleteRead) as caught:
        ask(server)
    assert caught.value.partial == BODY


def test_a_body_that_is_cut_off_ends_within_a_chunk():
    with FakeServer({"/": behaviours.cut_off(BODY)}) as server, pytest.raises(http.client.IncompleteRead):
        ask(server)


def test_hanging_up_leaves_the_client_without_a_word():
    with FakeServer({"/": behaviours.hang_up()}) as server, pytest.raises(http.client.RemoteDisconnected):
        ask(server)


def test_nonsense_is_no_http():
    with FakeServer({"/": behaviours.nonsense()}) as server, pytest.raises(http.client.BadStatusLine):
        ask(server)


def test_a_page_for_humans_comes_with_200():
    with FakeServer({"/": behaviours.html_page()}) as server:
        status, body, headers = ask(server)
    assert (status, headers["Content-Type"]) == (200, "text/html")
    assert body.startswith(b"<!DOCTYPE html>")


def test_rate_limit_redirect_and_plain_status_carry_their_headers():
    routes = {"/slow": behaviours.rate_limited(7), "/moved": behaviours.redirect("https://else.example/")}
    with FakeServer(routes) as server:
        status, _, headers = ask(server, "/slow")
        assert (status, headers["Retry-After"]) == (429, "7")
        status, _, headers = ask(server, "/moved")
        assert (status, headers["Location"]) == (302, "https://else.example/")


def test_behaviours_in_turn_end_with_the_last_one():
    with FakeServer({"/": behaviours.in_turn(behaviours.status(503), behaviours.data(BODY))}) as server:
        assert [ask(server)[0] for _ in range(3)] == [503, 200, 200]


def test_a_late_answer_is_the_same_answer():
    with FakeServer({"/": behaviours.after(0.01, behaviours.data(BODY))}) as server:
        assert ask(server)[1] == BODY


def test_a_drip_delivers_every_byte():
    with FakeServer({"/": behaviours.slow_drip(BODY, 0.0)}) as server:
        assert ask(server)[1] == BODY
