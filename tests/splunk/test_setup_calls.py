"""What the setup page may call through Splunk Web: the form key is demanded, and no more is exposed than it needs."""

from __future__ import annotations

import http.client
import json
from urllib.parse import urlsplit

import pytest
from splunkds import CANARY, place
from splunkweb import PAGE, RAW, SplunkWeb, exposed, page

SETTINGS = "servicesNS/nobody/ipthreat/ipthreat/settings"


@pytest.fixture
def web(tmp_path):
    with place(tmp_path) as here:
        found = SplunkWeb(here)
        with found.server:
            yield found


def call(web, method, path, body=None, user="admin", key=None, cookie=True):
    """A call of a browser that is logged in, with the form key unless it is another's page."""
    way = http.client.HTTPConnection("127.0.0.1", urlsplit(web.server.url).port, timeout=30)
    cookies = [web.log_in(user), *([f"splunkweb_csrf_token_8000={web.form_key}"] if cookie else [])]
    headers = {"Cookie": "; ".join(cookies), "Content-Type": "application/json"}
    headers.update({"X-Splunk-Form-Key": web.form_key if key is None else key} if key != "" else {})
    way.request(method, RAW + path, json.dumps(body) if body is not None else None, headers)
    answer = way.getresponse()
    found = answer.status, answer.read().decode()
    way.close()
    return found


def test_the_page_is_the_views_with_its_script_and_style():
    assert 'id="ipthreat-setup"' in page()
    assert "/static/setup.js" in page()


def test_the_page_gets_the_form_key_in_a_cookie(web):
    way = http.client.HTTPConnection("127.0.0.1", urlsplit(web.server.url).port, timeout=30)
    way.request("GET", PAGE)
    assert web.form_key in way.getresponse().getheader("Set-Cookie")
    way.close()


@pytest.mark.parametrize("key, cookie", [("", True), ("another", True), (None, False)])
def test_a_change_without_the_form_key_changes_nothing(web, key, cookie):
    change = {"stanza": "provider:virustotal", "secrets": {"key": "planted-key-1"}}
    status, text = call(web, "POST", SETTINGS, change, key=key, cookie=cookie)
    assert (status, "CSRF" in text) == (403, True)
    assert web.place.splunkd.state.passwords["ipthreat", "virustotal"] == CANARY


def test_a_change_with_it_reaches_the_real_handler(web):
    change = {"stanza": "provider:virustotal", "secrets": {"key": "entered-key-1"}}
    status, text = call(web, "POST", SETTINGS, change)
    assert (status, "key is kept" in text) == (200, True)
    assert web.place.splunkd.state.passwords["ipthreat", "virustotal"] == "entered-key-1"
    assert "entered-key-1" not in text + web.place.log


@pytest.mark.parametrize("user", ["analyst", "visitor"])
def test_who_is_no_administrator_gets_403_with_a_sentence(web, user):
    status, text = call(web, "GET", SETTINGS, user=user)
    assert (status, "ipthreat_admin" in text) == (403, True)


def test_an_ended_session_is_401(web):
    web.place.splunkd.state.tokens.clear()
    web.log_in = lambda user: "splunkd_8000=ended"
    assert call(web, "GET", SETTINGS)[0] == 401


@pytest.mark.parametrize(
    "path, method",
    [
        ("ipthreat/evidence", "POST"),
        ("ipthreat/deliver", "POST"),
        ("ipthreat/settings", "DELETE"),
        ("ipthreat/status", "POST"),
        ("storage/passwords", "GET"),
        ("configs/conf-ipthreat", "GET"),
        ("storage/collections/data/ipthreat_evidence", "GET"),
    ],
)
def test_nothing_else_is_exposed_to_pages(web, path, method):
    assert not exposed(path, method)
    assert call(web, method, f"servicesNS/nobody/ipthreat/{path}", {})[0] == 404


def test_a_handler_that_ends_as_it_starts_is_a_500_in_a_sentence(web):
    from splunkweb import broken

    web.place.splunkd.mount("ipthreat/settings", broken(web.place.home), {"get": "ipthreat_admin"})
    assert call(web, "GET", SETTINGS) == (500, json.dumps({"error": "the handler's process ended"}))
