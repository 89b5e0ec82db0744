"""GET and POST ipthreat/settings: what the setup page shows and changes. A secret goes in and never comes out.

    {"stanza": "provider:virustotal", "values": {"quota_day": "500"}, "secrets": {"key": "…"}}
    {"stanza": "destination:soc", "values": {"kind": "slack"}, "secrets": {"url": "https://…"}}
    {"stanza": "live", "values": {"budget": "200"}, "secrets": {"proxy": "http://…"}}
    {"stanza": "provider:virustotal", "forget": true}          the stanza's secrets, and a destination as a whole

Who could send a key elsewhere by changing where its provider is asked, or by which way, would have it: so a change of a
provider's base URL deletes its keys, and a change of proxy or CA bundle those of all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Tuple

from ...configuration import LOCAL
from ...errors import InputError, SplunkError
from ...exchange import redacted
from ..broker_settings import DESTINATION, NAME, PROVIDER, PROXY, broker_settings
from ..delivery.destinations import KINDS, check_url
from ..rest import Call, Reply
from ..secrets import DESTINATIONS, EXTRAS, KEYS, WAY_OUT, Secrets
from ..splunkd import entity, settings_stanzas
from . import reading
from .ground import Ground

SHARED: Mapping[str, Tuple[str, ...]] = {
    "settings": ("default_mode", "own_networks", "policy", "allowlist"),
    "live": (
        "providers", "budget", "timeout", "search_most", "user_day", "members", "reserve", "tlp", "ca_bundle",
        "plain_hosts",
    ),
    "feeds": ("names", "mirror"),
    "delivery": ("indexes", "private_hosts", "retries"),
}  # fmt: skip
"""Stanza → the settings that may be changed here."""
OF_DESTINATION = ("kind", "allow_private")
_FORBIDDEN = ("key", "key_in", "url", "proxy")
_CONF = "configs/conf-ipthreat"


@dataclass(frozen=True)
class Change:
    """What is to become of a stanza."""

    stanza: str
    values: Mapping[str, str]
    secrets: Mapping[str, str]
    forget: bool

    @property
    def provider(self) -> str:
        """The provider it is about; empty for any other stanza."""
        return self.stanza[len(PROVIDER) :] if self.stanza.startswith(PROVIDER) else ""

    @property
    def destination(self) -> str:
        """The destination it is about; empty for any other stanza."""
        return self.stanza[len(DESTINATION) :] if self.stanza.startswith(DESTINATION) else ""


def show(ground: Ground, call: Call) -> Reply:
    """All settings; of each secret whether there is one."""
    reading.only(call.payload, ("output_mode",))
    stanzas, kept = settings_stanzas(call.system), Secrets(call.system).all()
    call.secrets += [secret for secrets in kept.values() for secret in secrets.values()]
    shared = {name: {key: stanzas.get(name, {}).get(key, "") for key in keys} for name, keys in SHARED.items()}
    proxy = kept[WAY_OUT].get(PROXY, "")
    names = [name[len(DESTINATION) :] for name in stanzas if name.startswith(DESTINATION)]
    destinations = [
        {"name": name, "has_url": name in kept[DESTINATIONS], **_shown(stanzas[f"{DESTINATION}{name}"])}
        for name in names
    ]
    providers = [
        {
            "name": name,
            "title": provider.title,
            "needs": list(provider.needs),
            "has_key": bool(kept[KEYS].get(name)),
            "secrets": sorted(key.partition(".")[2] for key in kept[EXTRAS] if key.startswith(f"{name}.")),
            "values": _shown(stanzas.get(f"{PROVIDER}{name}", {})),
        }
        for name, provider in ground.providers.items()
    ]
    told: Dict[str, Any] = {**shared, "providers": providers, "destinations": destinations, "kinds": list(KINDS)}
    return Reply(200, {**told, "proxy": redacted(proxy) if proxy else ""})


def change(ground: Ground, call: Call) -> Reply:
    """Changes one stanza and its secrets; what was done, in words."""
    wanted = _wanted(call.payload)
    call.secrets += list(wanted.secrets.values())
    stanzas, secrets = settings_stanzas(call.system), Secrets(call.system)
    kept = secrets.all()
    call.secrets += [secret for found in kept.values() for secret in found.values()]
    if wanted.provider and wanted.provider not in (*ground.providers, *LOCAL):
        raise InputError(f"there is no provider {wanted.provider[:40]!r}")
    _check(ground, stanzas, kept, wanted)
    if wanted.forget:
        return Reply(200, {"done": _forgotten(call, secrets, kept, wanted)})
    done = _distrusted(secrets, kept, stanzas, wanted)
    done += _written(call, stanzas, wanted)
    for name, secret in wanted.secrets.items():
        secrets.put(*_place(wanted, name), secret)
        done.append(f"{name} is kept")
    return Reply(200, {"done": done})


def _wanted(payload: Mapping[str, Any]) -> Change:
    reading.only(payload, ("stanza", "values", "secrets", "forget"))
    stanza = reading.text(payload, "stanza", longest=80)
    values = _texts(payload, "values", 2000)
    secrets = _texts(payload, "secrets", 4000)
    found = Change(stanza, values, secrets, reading.flag(payload, "forget"))
    name = found.provider or found.destination
    if stanza not in SHARED and not NAME.fullmatch(name):
        raise InputError(f"{stanza[:60]!r} is no stanza that can be changed here")
    for key in values:
        if key in _FORBIDDEN:
            raise InputError(f"{key} is a secret: send it among the secrets")
        if not NAME.fullmatch(key):
            raise InputError(f"{key[:40]!r} cannot be the name of a setting")
    return found


def _texts(payload: Mapping[str, Any], name: str, longest: int) -> Dict[str, str]:
    found = payload.get(name, {})
    if not isinstance(found, dict) or len(found) > 50:
        raise InputError(f"{name} is an object of at most 50 texts")
    return {str(key): reading.text(found, key, longest=longest).strip() for key in found}


def _check(
    ground: Ground, stanzas: Dict[str, Dict[str, str]], kept: Mapping[str, Mapping[str, str]], wanted: Change
) -> None:
    """Refuses what could not be used, before anything is changed. Raises InputError."""
    known = SHARED.get(wanted.stanza) or (OF_DESTINATION if wanted.destination else ())
    for key in wanted.values:
        if known and key not in known:
            raise InputError(f"[{wanted.stanza}] has no {key[:40]!r}; it has {', '.join(known)}")
    for name, secret in wanted.secrets.items():
        _place(wanted, name)
        if not secret or (name == "key" and " " in secret):
            raise InputError(f"{name} is empty or has spaces in it")
        if name == "url":
            check_url(secret)
    if wanted.destination and wanted.values.get("kind", "generic") not in KINDS:
        raise InputError(f"kind is one of {', '.join(KINDS)}")
    changed = {**stanzas, wanted.stanza: {**stanzas.get(wanted.stanza, {}), **wanted.values}}
    broker_settings(changed, kept, ground.needs)


def _place(wanted: Change, name: str) -> Tuple[str, str]:
    """Realm and name of a secret. Raises InputError for one that the stanza has not."""
    if wanted.provider and NAME.fullmatch(name):
        return (KEYS, wanted.provider) if name == "key" else (EXTRAS, f"{wanted.provider}.{name}")
    if wanted.destination and name == "url":
        return DESTINATIONS, wanted.destination
    if wanted.stanza == "live" and name == PROXY:
        return WAY_OUT, PROXY
    raise InputError(f"[{wanted.stanza}] has no secret {name[:40]!r}")


def _distrusted(
    secrets: Secrets, kept: Mapping[str, Mapping[str, str]], stanzas: Mapping[str, Mapping[str, str]], wanted: Change
) -> List[str]:
    """Deletes the keys that the change would let go elsewhere; those that come with the change are new."""
    before = stanzas.get(wanted.stanza, {})
    moved = [
        key for key in ("base_url", "ca_bundle") if key in wanted.values and wanted.values[key] != before.get(key, "")
    ]
    if PROXY in wanted.secrets and wanted.secrets[PROXY] != kept[WAY_OUT].get(PROXY, ""):
        moved.append(PROXY)
    if not moved or not (wanted.provider or wanted.stanza == "live"):
        return []
    names = [wanted.provider] if wanted.provider else list(kept[KEYS])
    extras = [key for key in kept[EXTRAS] if not wanted.provider or key.startswith(f"{wanted.provider}.")]
    gone = [name for name in names if secrets.delete(KEYS, name)]
    for key in extras:
        secrets.delete(EXTRAS, key)
    return [f"the key of {name} is deleted, because {' and '.join(moved)} changed: enter it again" for name in gone]


def _written(call: Call, stanzas: Mapping[str, Mapping[str, str]], wanted: Change) -> List[str]:
    if not wanted.values and wanted.stanza in stanzas:
        return []
    answer = call.system.post(entity(_CONF, wanted.stanza), wanted.values)
    if answer.status == 404:
        answer = call.system.post(_CONF, {"name": wanted.stanza, **wanted.values})
    if not answer.ok:
        raise SplunkError(f"the settings were not kept: splunkd answers {answer.status}")
    return [f"[{wanted.stanza}] is kept"]


def _forgotten(call: Call, secrets: Secrets, kept: Mapping[str, Mapping[str, str]], wanted: Change) -> List[str]:
    if wanted.provider:
        secrets.delete(KEYS, wanted.provider)
        for key in kept[EXTRAS]:
            if key.startswith(f"{wanted.provider}."):
                secrets.delete(EXTRAS, key)
        return [f"the secrets of {wanted.provider} are deleted"]
    if wanted.destination:
        secrets.delete(DESTINATIONS, wanted.destination)
        call.system.delete(entity(_CONF, wanted.stanza))
        return [f"the destination {wanted.destination} is deleted"]
    if wanted.stanza == "live":
        moved = Change("live", {}, {PROXY: ""}, False)
        done = _distrusted(secrets, kept, {}, moved)
        secrets.delete(WAY_OUT, PROXY)
        return [*done, "the proxy is deleted"]
    raise InputError(f"[{wanted.stanza}] has no secrets")


def _shown(pairs: Mapping[str, str]) -> Dict[str, str]:
    return {key: text for key, text in pairs.items() if key not in _FORBIDDEN}
