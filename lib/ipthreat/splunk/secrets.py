"""Secrets in Splunk's storage/passwords: keys, URLs of destinations, the proxy. Nothing else keeps them."""

from __future__ import annotations

from typing import Dict

from ..errors import SplunkError
from .splunkd import Splunkd, entity

KEYS = "ipthreat"
"""The realm of the providers' keys."""
EXTRAS = "ipthreat_extra"
"""The realm of a provider's other secrets, under `<provider>.<setting>`."""
DESTINATIONS = "ipthreat_destination"
"""The realm of the destinations' URLs."""
WAY_OUT = "ipthreat_proxy"
"""The realm of the proxy, which may hold a user name and a password."""

_PLACE = "storage/passwords"


class Secrets:
    """The app's secrets, read and written with splunkd's own token."""

    def __init__(self, splunkd: Splunkd) -> None:
        self._splunkd = splunkd

    def all(self) -> Dict[str, Dict[str, str]]:
        """Realm → name → secret, of the app's realms. Raises SplunkError."""
        found: Dict[str, Dict[str, str]] = {realm: {} for realm in (KEYS, EXTRAS, DESTINATIONS, WAY_OUT)}
        answer = self._splunkd.get(_PLACE, count=0)
        if not answer.ok:
            raise SplunkError(f"splunkd answers {answer.status} when asked for the app's keys")
        for entry in answer.entries():
            content = entry.get("content") or {}
            if content.get("realm") in found:
                found[content["realm"]][str(content.get("username"))] = str(content.get("clear_password") or "")
        return found

    def put(self, realm: str, name: str, secret: str) -> None:
        """Keeps a secret, in the place of an older one. Raises SplunkError."""
        path = entity(_PLACE, f"{realm}:{name}:")
        answer = self._splunkd.post(path, {"password": secret})
        if answer.status == 404:
            answer = self._splunkd.post(_PLACE, {"realm": realm, "name": name, "password": secret})
        if answer.status == 409:  # another process was faster
            answer = self._splunkd.post(path, {"password": secret})
        self._check(answer.ok, answer.status, "kept")

    def delete(self, realm: str, name: str) -> bool:
        """Forgets a secret; False when there was none. Raises SplunkError."""
        answer = self._splunkd.delete(entity(_PLACE, f"{realm}:{name}:"))
        self._check(answer.ok or answer.status == 404, answer.status, "deleted")
        return answer.ok

    @staticmethod
    def _check(done: bool, status: int, what: str) -> None:
        if not done:
            raise SplunkError(f"the secret was not {what}: splunkd answers {status}")
