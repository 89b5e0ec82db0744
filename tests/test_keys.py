"""Keys in a keyring: fetched by name, and told in one sentence where there is no keyring."""

from __future__ import annotations

import sys
import types

import pytest

from ipthreat.errors import IpthreatError
from ipthreat.keys import SERVICE, kept_key, system_ring


class Ring:
    """A keyring in memory."""

    priority = 5

    def __init__(self, **secrets: str) -> None:
        self.secrets = secrets

    def get_password(self, service: str, name: str):
        assert service == SERVICE
        return self.secrets.get(name)


def test_a_key_is_fetched_by_the_provider_s_name():
    assert kept_key(Ring(virustotal="a key"), "virustotal") == "a key"


def test_a_key_that_is_not_there_is_empty():
    assert kept_key(Ring(), "virustotal") == ""


def test_without_a_keyring_the_key_cannot_be_had():
    with pytest.raises(IpthreatError, match="the key of virustotal is in a keyring that cannot be reached"):
        kept_key(None, "virustotal")


def test_without_the_package_there_is_no_keyring(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert system_ring() is None


@pytest.mark.parametrize("priority, usable", [(5, True), (0, False), (-1, False)])
def test_a_keyring_that_keeps_nothing_is_none(monkeypatch: pytest.MonkeyPatch, priority: float, usable: bool):
    ring = Ring()
    ring.priority = priority
    monkeypatch.setitem(sys.modules, "keyring", types.SimpleNamespace(get_keyring=lambda: ring))
    assert (system_ring() is ring) is usable
