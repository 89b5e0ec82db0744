"""Webhooks through a proxy: a tunnel to the checked address, the name's certificate in it, and no secret outside."""

from __future__ import annotations

import base64
import socket
import ssl
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import splunkds  # noqa: F401  # puts the SDK on the path
from tunnels import Proxy

from ipthreat.errors import DeliveryError, InputError
from ipthreat.splunk.broker_settings import Destination
from ipthreat.splunk.delivery.webhook import Webhooks
from ipthreat.testkit import behaviours
from ipthreat.testkit.server import FakeServer

CERTIFICATE = Path(__file__).parents[2] / "data" / "tls" / "loopback.pem"
GLOBAL = "20.1.2.3"
PATH = "/services/secret-path-9d1"


def says(text):
    """A proxy that answers so instead of making a tunnel."""
    return lambda client: client.sendall(text)


def trickles(client):
    """A proxy that never comes to an end."""
    for _ in range(200):
        client.sendall(b"H")
        time.sleep(0.05)


class Place:
    """A receiver behind a proxy; the receiver can be reached in no other way."""

    def __init__(self, answer=None, hook=None, account="", addresses=(GLOBAL,), **more):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE)
        self.hook = FakeServer({PATH: hook or behaviours.status(200)}, context)
        self.answer, self.account, self.more = answer, account, more
        self.addresses, self.connected = list(addresses), []

    def __enter__(self):
        self.hook.__enter__()
        self.proxy = Proxy(urlsplit(self.hook.url).port, self.answer)
        self.proxy.__enter__()
        return self

    def __exit__(self, *error):
        self.proxy.__exit__(*error)
        self.hook.__exit__(*error)

    def connect(self, target, seconds):
        """The system's way, written down."""
        self.connected.append(target)
        return socket.create_connection(target, seconds)

    def send(self, scheme="http", host="localhost", **destination):
        """Sends a message."""
        host_, port = self.proxy.address
        url = f"{scheme}://{self.account}{host_}:{port}"
        resolve = lambda name, port: [self.addresses.pop(0) if len(self.addresses) > 1 else self.addresses[0]]  # noqa: E731
        way = Webhooks(CERTIFICATE, url, (), 1, resolve, self.connect, lambda seconds: None, **self.more)
        return way.send(Destination("soc", "generic", f"https://{host}{PATH}", **destination), b'{"a": 1}')


def test_a_message_goes_through_a_tunnel_to_the_address_that_was_checked():
    with Place() as here:
        assert here.send() == 200
        assert here.proxy.heads == [f"CONNECT {GLOBAL}:443 HTTP/1.1\r\nHost: {GLOBAL}:443\r\n\r\n"]
        assert here.connected == [here.proxy.address]
        assert [asked.body for asked in here.hook.asked] == [b'{"a": 1}']


def test_an_ipv6_address_is_named_as_the_standard_wants_it():
    with Place(addresses=("2a00:1450:4001::1",)) as here:
        assert here.send() == 200
        assert here.proxy.heads[0].startswith("CONNECT [2a00:1450:4001::1]:443 HTTP/1.1\r\n")


def test_the_proxys_account_is_told_to_the_proxy_alone():
    with Place(account="an%40n:pa%3Ass@") as here:
        here.send()
        (line,) = [line for line in here.proxy.heads[0].splitlines() if line.startswith("Proxy-Authorization")]
        assert base64.b64decode(line.rpartition(" ")[2]).decode() == "an@n:pa:ss"
        assert not here.hook.asked[0].header("Proxy-Authorization")


def test_neither_path_nor_body_is_seen_by_the_proxy():
    with Place() as here:
        here.send()
        assert "secret-path" not in here.proxy.heads[0]


@pytest.mark.parametrize("address", ["10.0.0.1", "127.0.0.1", "169.254.169.254", "::1", "fd00::1"])
def test_a_private_address_is_refused_before_the_proxy_is_asked(address):
    with Place(addresses=(address,)) as here:
        with pytest.raises(InputError, match="not allowed"):
            here.send()
        assert here.connected == []


def test_a_name_that_leads_elsewhere_at_the_second_try_is_checked_again():
    with Place(hook=behaviours.status(503), addresses=(GLOBAL, "10.0.0.1")) as here:
        with pytest.raises(InputError, match="not allowed"):
            here.send()
        assert len(here.proxy.heads) == len(here.hook.asked) == 1


def test_a_name_that_changes_between_check_and_connection_changes_nothing():
    with Place(addresses=(GLOBAL, "127.0.0.1")) as here:
        here.send()
        assert here.proxy.heads[0].startswith(f"CONNECT {GLOBAL}:443 ")


def test_the_certificate_must_be_the_names_behind_a_proxy_too():
    with Place() as here:
        with pytest.raises(DeliveryError, match="cannot be reached"):
            here.send(host="other.example")
        assert here.hook.asked == ()


@pytest.mark.parametrize(
    "answer",
    [
        says(b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n"),
        says(b"HTTP/1.1 403 Forbidden\r\n\r\n"),
        says(b"HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\n\r\n"),
        says(b"220 mail.example ESMTP\r\n\r\n"),
        says(b""),
        says(b"H" * 40_000),
    ],
)
def test_a_proxy_that_makes_no_tunnel_is_a_failure_that_repeats_no_secret(answer):
    with Place(answer, account="ann:canary-pass-1@") as here:
        with pytest.raises(DeliveryError) as failure:
            here.send()
        assert here.hook.asked == ()
    told = str(failure.value)
    assert "soc: it cannot be reached" in told
    assert not [secret for secret in ("canary-pass-1", "secret-path") if secret in told]
    assert failure.value.perhaps is False


def test_what_had_no_effect_is_tried_again_through_the_proxy():
    with Place(hook=behaviours.in_turn(behaviours.status(503), behaviours.status(200))) as here:
        assert here.send() == 200
        assert len(here.proxy.heads) == 2


def test_a_proxy_that_trickles_holds_nobody_for_longer_than_an_attempt_may_take():
    with Place(trickles, longest=0.3) as here, pytest.raises(DeliveryError, match="cannot be reached"):
        here.send()


def trickling(talk):
    """A receiver whose status line never ends."""
    for number in range(200):
        talk.write(b"HTTP/1.1 200 OK"[number : number + 1] or b" ")
        talk.pause(0.3)


def test_a_receiver_that_trickles_holds_nobody_either_and_may_have_taken_the_message():
    with Place(hook=trickling, longest=0.7) as here:
        with pytest.raises(DeliveryError, match="may have been taken") as failure:
            here.send()
        assert failure.value.perhaps is True
        assert len(here.hook.asked) == 1


@pytest.mark.parametrize("scheme", ["https", "socks5"])
def test_a_proxy_that_would_get_the_password_in_another_way_than_it_wants_is_not_asked(scheme):
    with Place(account="ann:canary-pass-1@") as here:
        with pytest.raises(DeliveryError, match="no http:// one"):
            here.send(scheme)
        assert here.connected == []


def test_a_proxy_that_is_away_is_a_failure_in_one_sentence():
    way = Webhooks(CERTIFICATE, "http://127.0.0.1:9", (), 0, lambda host, port: [GLOBAL])
    with pytest.raises(DeliveryError, match="soc: it cannot be reached"):
        way.send(Destination("soc", "generic", f"https://localhost{PATH}"), b"{}")
