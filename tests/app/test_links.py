"""The links of workflow actions: whatever a field holds, they open the dossier page of this app and nothing else."""

from __future__ import annotations

import re
from typing import Dict
from urllib.parse import parse_qsl, quote, urljoin, urlsplit

import pytest
from dashboards import definition, with_tokens
from searches import ROOT
from spl_eval import Expression

from ipthreat.splunk.conf import read_conf

ACTIONS = read_conf(ROOT, "workflow_actions")
PAGE = "/app/ipthreat/address_dossier"
HOSTILE = [
    "45.155.205.233",
    "2001:db8::1",
    '"><script>alert(1)</script>',
    "javascript:alert(1)",
    "//evil.example/",
    "../../account/logout",
    "x&form.index=_internal&form.when.earliest=0",
    "x#fragment",
    "x?y=z",
    "a b+c%20d",
    "$index$",
    "$@sid$",
    "`macro`",
    "' OR 1=1 | delete",
    '"] | outputlookup x [',
    "\r\nSet-Cookie: a=b",
    "\x00",
    "‮evil",
    "x" * 5000,
]


def opened(action: Dict[str, str], value: str) -> str:
    """What Splunk opens: a `$field$` in a link is replaced by its value, escaped; `$!field$` would not be."""
    return re.sub(r"\$@?\w+\$", quote(value, safe=""), action["link.uri"])


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("name", sorted(ACTIONS))
def test_a_link_opens_the_dossier_with_the_value_as_one_text(name, value):
    url = urljoin("https://splunk.example/en-US/", opened(ACTIONS[name], value))
    parts = urlsplit(url)
    assert (parts.scheme, parts.netloc, parts.path, parts.fragment) == ("https", "splunk.example", PAGE, "")
    assert parse_qsl(parts.query, keep_blank_values=True) == [("form.ip", value)]
    assert url.isascii()
    assert url.isprintable()


@pytest.mark.parametrize("name", sorted(ACTIONS))
def test_a_value_is_never_taken_unescaped(name):
    assert "$!" not in ACTIONS[name]["link.uri"]
    assert ACTIONS[name]["link.method"] == "get"


@pytest.mark.parametrize("name", sorted(ACTIONS))
def test_an_entry_in_the_menu_of_an_event_names_its_one_field(name):
    action = ACTIONS[name]
    (token,) = re.findall(r"\$(@?\w+)\$", action["link.uri"])
    if action["display_location"] == "event_menu":
        assert action["fields"] == token
        assert f"${token}$" in action["label"]
    else:
        assert (action["display_location"], token) == ("field_menu", "@field_value")


def test_there_is_an_entry_for_each_end_of_an_event_and_for_every_address_field_of_cim():
    in_events = {action["fields"] for action in ACTIONS.values() if action["display_location"] == "event_menu"}
    assert in_events == {"src", "dest", "src_ip", "dest_ip"}
    (on_field,) = [action for action in ACTIONS.values() if action["display_location"] == "field_menu"]
    assert in_events | {"src_translated_ip", "dest_translated_ip", "orig_src"} <= set(on_field["fields"].split(", "))


@pytest.mark.parametrize("value", HOSTILE)
def test_the_value_stays_one_text_in_the_searches_of_the_page_that_is_opened(value):
    for source in definition("address_dossier")["dataSources"].values():
        for token in re.findall(r"\$ip[^$]*\$", source["options"]["query"]):
            written = with_tokens(token, {"ip": value})
            assert Expression(_plain(written), {}).value() == _plain(value)


def _plain(text: str) -> str:
    """Without what JSON writes as an escape of its own, which Splunk does not."""
    return re.sub(r"\\[rn]|\\u[0-9a-f]{4}|[\r\n\x00]", " ", text)
