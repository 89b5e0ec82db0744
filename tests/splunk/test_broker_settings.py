"""ipthreat.conf and storage/passwords become settings, or are refused in one sentence that repeats no secret."""

from __future__ import annotations

import pytest
import splunkds  # noqa: F401  # puts the SDK on the path

from ipthreat.errors import InputError
from ipthreat.splunk.broker_settings import broker_settings
from ipthreat.splunk.secrets import DESTINATIONS, EXTRAS, KEYS, WAY_OUT

NEEDS = {"virustotal": ("key",), "misp": ("key", "base_url"), "rdap": (), "feodo": ("key",)}


def settled(stanzas, **kept):
    return broker_settings(stanzas, kept, NEEDS)


def test_nothing_settled_asks_nobody():
    found = settled({})
    assert (dict(found.live.providers), found.absent, found.indexes, found.search_most) == ({}, {}, (), 1000)


def test_without_a_list_those_with_a_key_or_a_stanza_are_asked():
    found = settled({"provider:rdap": {}}, **{KEYS: {"virustotal": "k"}})
    assert sorted(found.live.providers) == ["rdap", "virustotal"]


def test_with_a_list_only_its_providers_are_asked():
    found = settled({"live": {"providers": "rdap"}}, **{KEYS: {"virustotal": "k"}})
    assert list(found.live.providers) == ["rdap"]


def test_what_a_provider_lacks_is_told_and_leaves_the_others():
    found = settled({"live": {"providers": "misp, rdap, nobody"}}, **{KEYS: {"misp": "k"}})
    assert list(found.live.providers) == ["rdap"]
    assert found.absent == {"misp": "has no base_url", "nobody": "is no provider"}


def test_secrets_come_from_storage_passwords_alone():
    kept = {KEYS: {"virustotal": "k-1"}, EXTRAS: {"virustotal.second": "k-2"}, WAY_OUT: {"proxy": "http://p:1"}}
    found = settled({"live": {"proxy": "http://file:1"}}, **kept)
    own = found.live.providers["virustotal"]
    assert (own.key, own.extra, found.live.proxy) == ("k-1", {"second": "k-2"}, "http://p:1")
    assert not [text for text in ("k-1", "k-2", "http://p:1") if text in repr(found)]


@pytest.mark.parametrize("name", ["key", "key_in"])
def test_a_key_in_the_file_is_refused_without_being_repeated(name):
    with pytest.raises(InputError, match="storage/passwords") as failure:
        settled({"provider:virustotal": {name: "in-the-clear"}})
    assert "in-the-clear" not in str(failure.value)


def test_limits_of_a_plan_and_switches_are_read():
    stanza = {"quota_day": "7", "enabled": "false", "no_send": "198.51.100.0/24", "tlp": "TLP:AMBER"}
    own = settled({"provider:virustotal": stanza}, **{KEYS: {"virustotal": "k"}}).live.providers["virustotal"]
    assert (own.quota, own.enabled, own.no_send, own.tlp) == ({"day": 7}, False, ("198.51.100.0/24",), "TLP:AMBER")


def test_a_destination_without_its_url_is_none():
    stanzas = {"destination:soc": {"kind": "teams"}, "destination:old": {}}
    found = settled(stanzas, **{DESTINATIONS: {"soc": "https://x.example/secret"}})
    assert list(found.destinations) == ["soc"]
    assert "secret" not in repr(found)


@pytest.mark.parametrize(
    "stanzas",
    [
        {"live": {"search_most": "many"}},
        {"live": {"user_day": "-1"}},
        {"live": {"reserve": "2"}},
        {"delivery": {"retries": "1000001"}},
        {"provider:rdap": {"timeout": "0"}},
    ],
)
def test_a_value_that_cannot_be_obeyed_is_refused(stanzas):
    with pytest.raises(InputError):
        settled(stanzas)
