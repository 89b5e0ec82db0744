"""The transport over real sockets: bounded, polite, silent about secrets."""

from __future__ import annotations

import contextlib
import gzip
import logging
import socket
import ssl
import subprocess
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple

import pytest

from ipthreat.errors import FetchError, FetchTimeout, InputError
from ipthreat.testkit import behaviours
from ipthreat.testkit.server import Behaviour, FakeServer
from ipthreat.transport import (
    Access,
    Limits,
    MockTransport,
    Request,
    RequestsTransport,
    Response,
    Retries,
)

BODY = b"192.0.2.1\n" * 100
CERTIFICATE = Path(__file__).parent / "data" / "tls" / "loopback.pem"
TRUSTING = Access(ca_bundle=CERTIFICATE)
GZIP = {"Content-Encoding": "gzip"}
CANARY = "canary-7f3a"


class Waits:
    """A clock that only moves when someone sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: List[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    @property
    def seams(self) -> Dict[str, Any]:
        return {"sleep": self.sleep, "clock": lambda: self.now, "jitter": lambda: 1.0}


def tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


def closed_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return int(unused.getsockname()[1])


@contextlib.contextmanager
def asking(routes: Mapping[str, Behaviour], encrypted: bool = False, **options: Any) -> Iterator[Asking]:
    """A server with these routes and a transport with these options."""
    with FakeServer(routes, tls() if encrypted else None) as server, RequestsTransport(**options) as transport:
        yield Asking(server, transport)


class Asking(NamedTuple):
    server: FakeServer
    transport: RequestsTransport

    def get(self, path: str = "/", **details: Any) -> Response:
        return self.transport.send(Request(self.server.url + path, **details))


def fetch(behaviour: Behaviour, **limits: Any) -> Response:
    with asking({"/": behaviour}, limits=Limits(**limits), retries=Retries(attempts=1)) as both:
        return both.get()


def refusal(behaviour: Behaviour, **limits: Any) -> str:
    """What FetchError says after the URL."""
    with pytest.raises(FetchError) as caught:
        fetch(behaviour, **limits)
    place, words = str(caught.value).split(": ", 1)
    assert place.startswith("http://127.0.0.1:")
    return words


# What an answer is


def test_a_good_answer_arrives_whole_with_its_headers():
    response = fetch(behaviours.data(BODY, etag='"v1"'))
    assert (response.status, response.body, response.header("etag")) == (200, BODY, '"v1"')


@pytest.mark.parametrize("status", [304, 400, 401, 403, 404, 429, 500])
def test_any_status_is_an_answer_that_the_caller_judges(status: int):
    assert fetch(behaviours.status(status)).status == status


def test_an_absent_header_is_empty():
    assert Response(200).header("ETag") == ""


def test_headers_query_and_body_reach_the_server():
    with asking({"/": behaviours.data(BODY)}) as both:
        both.get("/?a=1", method="POST", headers={"X-Key": "k"}, params={"b": "2"}, body=b"question")
        (asked,) = both.server.asked
    assert (asked.method, asked.query, asked.header("X-Key"), asked.body) == ("POST", "a=1&b=2", "k", b"question")
    assert asked.header("User-Agent").startswith("ipthreat/")


def test_a_head_request_gets_no_body():
    with asking({"/": behaviours.data(BODY)}) as both:
        assert both.get(method="HEAD").body == b""


def test_compressed_answers_are_unpacked():
    assert fetch(behaviours.gzipped(BODY)).body == BODY


def test_a_gzip_stream_of_several_members_is_unpacked_whole():
    twice = gzip.compress(BODY) + gzip.compress(b"end")
    assert fetch(behaviours.data(twice, headers=GZIP)).body == BODY + b"end"


def test_an_empty_answer_that_claims_to_be_compressed_is_empty():
    assert fetch(behaviours.data(b"", headers=GZIP)).body == b""


def test_connections_are_kept():
    with asking({"/": behaviours.gzipped(BODY)}) as both:
        for _ in range(3):
            both.get()
        assert len({asked.client_port for asked in both.server.asked}) == 1


def test_cookies_are_not_kept():
    with asking({"/": behaviours.data(b"", headers={"Set-Cookie": "id=1"})}) as both:
        both.get()
        both.get()
        assert both.server.asked[1].header("Cookie") == ""


def test_the_environment_has_no_say(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port()}")
    monkeypatch.delenv("no_proxy", raising=False)
    with asking({"/": behaviours.data(BODY)}) as both:
        both.get()
        assert both.server.asked[0].header("Authorization") == ""


def test_one_transport_serves_many_threads():
    with asking({"/": behaviours.data(BODY)}, connections=4) as both:
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(both.get, ["/"] * 40))
        assert {answer.body for answer in answers} == {BODY}
        assert len(both.server.asked) == 40


def test_a_closed_transport_may_be_used_again():
    with asking({"/": behaviours.data(BODY)}) as both:
        both.get()
        both.transport.close()
        assert both.get().body == BODY


# Bounds


def test_a_body_of_just_the_limit_is_accepted():
    assert len(fetch(behaviours.oversize(5000), body=5000).body) == 5000


@pytest.mark.parametrize("announced", [True, False])
def test_an_oversize_body_is_refused(announced: bool):
    words = refusal(behaviours.oversize(20_000_000, announced), body=5000)
    assert words == "the answer is larger than the 5,000 bytes allowed"


def test_a_gzip_bomb_is_refused_by_its_unpacked_size():
    assert "larger than" in refusal(behaviours.gzip_bomb(50_000_000), body=1_000_000)


def test_a_gzip_bomb_takes_no_more_memory_than_the_limit():
    program = """
import resource
from ipthreat.testkit import behaviours
from ipthreat.testkit.server import FakeServer
from ipthreat.transport import Limits, Request, RequestsTransport
from ipthreat.errors import FetchError
routes = {"/bomb": behaviours.gzip_bomb(400_000_000), "/small": behaviours.gzipped(b"x")}
with FakeServer(routes) as server, RequestsTransport(Limits(body=10**6)) as transport:
    transport.send(Request(server.url + "/small"))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        transport.send(Request(server.url + "/bomb"))
    except FetchError:
        print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert int(result.stdout) < 16


@pytest.mark.parametrize(
    "behaviour, words",
    [
        (behaviours.truncated(BODY), "the answer was cut short"),
        (behaviours.cut_off(BODY), "the answer was cut short"),
        (behaviours.data(gzip.compress(BODY)[:-4], headers=GZIP), "the answer's gzip stream was cut short"),
        (behaviours.data(b"no gzip", headers=GZIP), "the answer's gzip stream is damaged"),
        (behaviours.data(b"?", headers={"Content-Encoding": "br"}), "the answer is compressed in an unknown way"),
        (behaviours.hang_up(), "the connection was closed before the answer was complete"),
        (behaviours.nonsense(), "the answer is no proper HTTP"),
    ],
)
def test_an_incomplete_or_damaged_answer_is_refused_in_one_sentence(behaviour: Behaviour, words: str):
    assert refusal(behaviour) == words


@pytest.mark.parametrize("behaviour", [behaviours.slow_drip(BODY, 0.02), behaviours.slow_headers(0.02)])
def test_a_server_that_drips_is_left_at_the_overall_limit(behaviour: Behaviour):
    words = refusal(behaviour, read=10.0, overall=0.3)
    assert words == "there was no complete answer in the time allowed"


def test_a_drip_over_tls_ends_at_the_overall_limit_too():
    behaviour = behaviours.slow_drip(BODY, 0.02)
    with asking({"/": behaviour}, encrypted=True, access=TRUSTING, limits=Limits(overall=0.5)) as both:
        with pytest.raises(FetchError, match="in the time allowed"):
            both.get()
        assert len(both.server.asked) == 1


def test_a_server_that_falls_silent_is_left_at_the_read_limit():
    words = refusal(behaviours.after(60.0, behaviours.data(BODY)), read=0.2, overall=20.0)
    assert words == "the server was silent for too long"


def test_a_connection_left_halfway_is_not_used_again():
    routes = {"/drip": behaviours.slow_drip(BODY, 0.05), "/list": behaviours.data(BODY)}
    with asking(routes, limits=Limits(overall=0.2)) as both:
        with pytest.raises(FetchError):
            both.get("/drip")
        assert both.get("/list").body == BODY
        first, second = both.server.asked
    assert first.client_port != second.client_port


# Redirects


def test_a_redirect_on_the_same_host_is_followed_with_its_headers():
    with asking({"/old": behaviours.redirect("/new"), "/new": behaviours.data(BODY)}) as both:
        assert both.get("/old", headers={"X-Key": "k"}).body == BODY
        assert both.server.asked[1].header("X-Key") == "k"


def test_a_redirect_to_another_host_is_refused_and_the_other_never_asked():
    with FakeServer({"/": behaviours.data(BODY)}) as other:
        words = refusal(behaviours.redirect(f"{other.url}/?key={CANARY}"))
        assert words == f"it redirects to {other.url}/, which is not followed"
        assert other.asked == ()


@pytest.mark.parametrize("target", ["file:///etc/passwd", "http://[::1", "http://127.0.0.1:99999999/", "//a.example/"])
def test_a_redirect_to_a_strange_place_is_refused(target: str):
    assert "is not followed" in refusal(behaviours.redirect(target))


def test_a_question_with_a_body_is_not_redirected():
    with asking({"/": behaviours.redirect("/new", 307)}) as both, pytest.raises(FetchError, match="is not followed"):
        both.get(method="POST", body=b"question")


def test_where_redirects_are_not_followed_one_is_a_failure_and_nothing_more_is_asked():
    routes = {"/": behaviours.redirect("/next"), "/next": behaviours.data(BODY)}
    with asking(routes, limits=Limits(redirects=0), retries=Retries()) as both:
        with pytest.raises(FetchError, match=r"it redirects to .*/next, which is not followed"):
            both.get()
        assert [asked.path for asked in both.server.asked] == ["/"]


def test_redirects_in_a_circle_end():
    with asking({"/": behaviours.redirect("/")}) as both:
        with pytest.raises(FetchError, match="more than 3 redirects"):
            both.get()
        assert len(both.server.asked) == 4


# Retries


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_gateway_failure_is_asked_again_after_a_growing_wait(status: int):
    waits = Waits()
    behaviour = behaviours.in_turn(behaviours.status(status), behaviours.status(status), behaviours.data(BODY))
    with asking({"/": behaviour}, **waits.seams) as both:
        assert both.get().body == BODY
    assert waits.slept == [0.5, 1.0]


def test_the_wait_is_a_random_part_of_its_bound():
    waits: List[float] = []
    behaviour = behaviours.in_turn(behaviours.status(502), behaviours.data(BODY))
    with asking({"/": behaviour}, sleep=waits.append, jitter=lambda: 0.25) as both:
        both.get()
    assert waits == [0.125]


def test_after_the_last_attempt_the_failure_is_the_answer():
    waits = Waits()
    with asking({"/": behaviours.status(503)}, **waits.seams) as both:
        assert both.get().status == 503
        assert len(both.server.asked) == 3


def test_a_refused_connection_is_tried_again_and_then_reported():
    waits = Waits()
    transport = RequestsTransport(**waits.seams)
    with transport, pytest.raises(FetchError, match="the connection was refused"):
        transport.send(Request(f"http://127.0.0.1:{closed_port()}/"))
    assert waits.slept == [0.5, 1.0]


def test_a_connection_closed_without_an_answer_is_tried_again():
    waits = Waits()
    with asking({"/": behaviours.in_turn(behaviours.hang_up(), behaviours.data(BODY))}, **waits.seams) as both:
        assert both.get().body == BODY


@pytest.mark.parametrize("status", [400, 404, 429, 500, 501])
def test_an_answer_that_another_attempt_would_not_change_is_asked_for_once(status: int):
    with asking({"/": behaviours.status(status)}) as both:
        assert both.get().status == status
        assert len(both.server.asked) == 1


def test_an_answer_that_broke_off_is_not_asked_for_again():
    with asking({"/": behaviours.truncated(BODY)}) as both:
        with pytest.raises(FetchError, match="cut short"):
            both.get()
        assert len(both.server.asked) == 1


@pytest.mark.parametrize("code", [429, 503])
def test_the_wait_a_server_asks_for_is_kept(code: int):
    waits = Waits()
    behaviour = behaviours.in_turn(behaviours.rate_limited(4, code), behaviours.data(BODY))
    with asking({"/": behaviour}, **waits.seams) as both:
        assert both.get().body == BODY
    assert waits.slept == [4.0]


@pytest.mark.parametrize("code", [429, 503])
def test_a_server_that_asks_for_a_long_wait_is_left_alone(code: int):
    with asking({"/": behaviours.rate_limited(3600, code)}) as both:
        response = both.get()
        assert (response.status, response.header("Retry-After")) == (code, "3600")
        assert len(both.server.asked) == 1


def test_no_wait_goes_past_the_overall_limit():
    waits = Waits()
    with asking({"/": behaviours.rate_limited(8)}, limits=Limits(overall=5.0), **waits.seams) as both:
        assert both.get().status == 429
    assert waits.slept == []


# The way out


@pytest.mark.parametrize("url", ["http://feeds.example/", "ftp://a.example/", "feeds.example", "", "https://", "//x"])
def test_only_https_urls_are_asked(url: str):
    with RequestsTransport() as transport, pytest.raises(FetchError, match="only https"):
        transport.send(Request(url))


@pytest.mark.parametrize("url", ["https://[::1", "https://x:port/", "https://x:99999/"])
def test_a_url_that_cannot_be_understood_is_refused(url: str):
    with RequestsTransport() as transport, pytest.raises(FetchError, match="unreadable URL"):
        transport.send(Request(url))


@pytest.mark.parametrize("url", ["https://a b.example/", "https://*.example/", "https://" + "a" * 300 + "/"])
def test_a_host_that_cannot_exist_is_reported_in_one_sentence(url: str):
    with RequestsTransport(retries=Retries(attempts=1)) as transport, pytest.raises(FetchError):
        transport.send(Request(url))


def test_a_host_allowed_by_name_may_be_asked_over_plain_http():
    assert Access(plain_hosts=frozenset({"misp.internal"})).check("http://misp.internal/x") == "misp.internal"


def test_a_certificate_nobody_vouches_for_is_refused_and_not_tried_again():
    waits = Waits()
    with asking({"/": behaviours.data(BODY)}, encrypted=True, **waits.seams) as both:
        with pytest.raises(FetchError, match="its TLS certificate is not trusted"):
            both.get()
        assert both.server.asked == ()
    assert waits.slept == []


def test_a_certificate_of_the_given_bundle_is_accepted():
    with asking({"/": behaviours.data(BODY)}, encrypted=True, access=TRUSTING) as both:
        assert both.get().body == BODY


def test_plain_http_where_tls_is_expected_is_refused():
    with asking({"/": behaviours.data(BODY)}) as both, pytest.raises(FetchError, match="no TLS connection"):
        both.transport.send(Request(both.server.url.replace("http:", "https:")))


def test_a_missing_ca_bundle_is_refused_at_once(tmp_path: Path):
    with pytest.raises(InputError, match="there is no such CA bundle"):
        Access(ca_bundle=tmp_path / "none.pem")


def test_a_file_that_is_no_ca_bundle_is_refused_in_one_sentence(tmp_path: Path):
    (tmp_path / "no.pem").write_text("no certificate")
    with asking({}, encrypted=True, access=Access(ca_bundle=tmp_path / "no.pem")) as both:
        with pytest.raises(FetchError):
            both.get()
        assert both.server.asked == ()


def test_a_proxy_is_used_with_its_credentials_and_never_for_loopback():
    with FakeServer({"/list": behaviours.data(BODY)}) as proxy:
        access = Access(proxy.url.replace("//", "//user:pass@"), plain_hosts=frozenset({"feeds.example"}))
        with asking({"/": behaviours.data(b"direct")}, access=access) as both:
            assert both.transport.send(Request("http://feeds.example/list")).body == BODY
            assert both.get().body == b"direct"
        (asked,) = proxy.asked
    assert asked.header("Proxy-Authorization").startswith("Basic ")


def test_a_proxy_that_refuses_the_tunnel_is_named_without_its_password():
    with FakeServer({}) as proxy:
        access = Access(proxy.url.replace("//", f"//user:{CANARY}@"))
        transport = RequestsTransport(access=access)
        with transport, pytest.raises(FetchError) as caught:
            transport.send(Request("https://feeds.example/list"))
    assert str(caught.value) == "https://feeds.example/list: the proxy did not let the request through"
    assert CANARY not in repr(access)


def test_a_name_that_does_not_resolve_is_said_to_be_so():
    with RequestsTransport(retries=Retries(attempts=1)) as transport, pytest.raises(FetchError) as caught:
        transport.send(Request("https://nowhere.invalid/"))
    assert str(caught.value) == "https://nowhere.invalid/: its host name cannot be resolved"


# Secrets


def secret_request(base: str) -> Request:
    url = base.replace("//", f"//{CANARY}:{CANARY}@") + f"/list?key={CANARY}#{CANARY}"
    return Request(url, "POST", {"X-Key": CANARY}, {"token": CANARY}, CANARY.encode())


@pytest.mark.parametrize(
    "behaviour",
    [
        behaviours.truncated(BODY),
        behaviours.hang_up(),
        behaviours.nonsense(),
        behaviours.gzip_bomb(10**7),
        behaviours.slow_drip(BODY, 0.02),
        behaviours.redirect(f"https://else.example/?{CANARY}"),
    ],
)
def test_no_failure_shows_a_secret_in_its_traceback_or_the_log(behaviour: Behaviour, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG, logger="ipthreat")
    options = {"limits": Limits(overall=0.4, body=10**6), "retries": Retries(attempts=1)}
    with asking({"/list": behaviour}, **options) as both, pytest.raises(FetchError) as caught:
        both.transport.send(secret_request(both.server.url))
    error = caught.value
    shown = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    assert CANARY not in shown + repr(error) + caplog.text
    assert error.__cause__ is None
    assert error.__context__ is None


def test_neither_repr_shows_more_than_the_place():
    assert repr(secret_request("https://feeds.example")) == "Request(POST https://feeds.example/list)"
    assert repr(Response(200, {"Set-Cookie": CANARY}, CANARY.encode())) == f"Response(200, {len(CANARY)} bytes)"


def test_a_key_that_no_header_can_carry_is_refused_without_showing_it():
    transport = RequestsTransport(retries=Retries(attempts=1))
    with transport, pytest.raises(FetchError) as caught:
        transport.send(Request("http://127.0.0.1/", headers={"X-Key": f"\u201c{CANARY}\u201d"}))
    assert CANARY not in str(caught.value)


def test_a_failure_while_another_error_is_handled_keeps_its_own_words():
    transport = RequestsTransport(retries=Retries(attempts=1))
    try:
        raise socket.gaierror("an error of the caller")
    except OSError:
        with transport, pytest.raises(FetchError, match="the connection was refused"):
            transport.send(Request(f"http://127.0.0.1:{closed_port()}/"))


# The rest


def test_the_mock_answers_with_a_callable_and_keeps_the_requests():
    mock = MockTransport(lambda request: Response(200, body=request.url.encode()))
    assert mock.send(Request("https://a.example/")).body == b"https://a.example/"
    assert [request.url for request in mock.requests] == ["https://a.example/"]


def test_importing_the_transport_pulls_no_third_party_module():
    program = "import sys, ipthreat.transport; print({'requests', 'urllib3', 'certifi'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "set()"


# One attempt, for a caller that decides itself


def test_an_attempt_gives_the_answer_or_the_failure_and_never_raises():
    with asking({"/": behaviours.data(BODY), "/gone": behaviours.hang_up()}) as both:
        whole = both.transport.attempt(Request(both.server.url + "/"), 30.0)
        broken = both.transport.attempt(Request(both.server.url + "/gone"), 30.0)
        refused = both.transport.attempt(Request("http://feeds.example/"), 30.0)
    assert whole.response is not None
    assert whole.response.body == BODY
    assert (type(broken.failure), broken.again) == (FetchError, True)
    assert (type(refused.failure), refused.again) == (FetchError, False)


def test_an_attempt_is_not_made_again():
    with asking({"/": behaviours.status(503)}, **Waits().seams) as both:
        outcome = both.transport.attempt(Request(both.server.url + "/"), 30.0)
        assert outcome.response is not None
        assert (outcome.response.status, len(both.server.asked)) == (503, 1)


@pytest.mark.parametrize("behaviour", [behaviours.after(30, behaviours.data(BODY)), behaviours.slow_drip(BODY, 0.02)])
def test_an_attempt_takes_no_longer_than_it_may_and_what_is_late_is_a_timeout(behaviour: Behaviour):
    with asking({"/": behaviour}) as both:
        assert isinstance(both.transport.attempt(Request(both.server.url + "/"), 0.1).failure, FetchTimeout)


def test_silence_beyond_the_read_limit_is_a_timeout_too():
    with asking({"/": behaviours.after(30, behaviours.data(BODY))}, limits=Limits(read=0.1)) as both:
        assert isinstance(both.transport.attempt(Request(both.server.url + "/"), 30.0).failure, FetchTimeout)


def test_the_mock_s_attempt_gives_what_it_raises_as_the_outcome():
    def _fails(request: Request) -> Response:
        raise FetchTimeout("late")

    assert str(MockTransport(_fails).attempt(Request("https://a.example/"), 1.0).failure) == "late"


def test_debug_logs_of_others_are_left_alone_and_ours_name_no_query(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    with asking({"/": behaviours.data(BODY)}) as both:
        both.transport.send(Request(both.server.url + f"/?key={CANARY}"))
        logging.getLogger("urllib3.connectionpool").debug("of another part of the program")
    assert CANARY not in caplog.text
    assert "of another part of the program" in caplog.text
