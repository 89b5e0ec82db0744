"""IPinfo: who runs the network and where (https://ipinfo.io/developers). Context, never a verdict.

The free Lite API is asked; with `plan = core` the older one, which paid plans extend. All their shapes are read.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Mapping, Optional, Sequence, Tuple

from ..dossier import Evidence, Status
from ..exchange import Request
from . import base
from .base import Failure, Settings
from .service import Service, escaped

CORE = "core"
"""The setting `plan` for keys of the older and the paid plans."""
CORE_HOME = "https://ipinfo.io"
_FLAGS = ("tor", "vpn", "proxy", "relay", "hosting")


class IpInfo(Service):
    """Asks and reads IPinfo."""

    name = "ipinfo"
    title = "IPinfo"
    home = "https://api.ipinfo.io/lite"
    extras: Tuple[str, ...] = ("plan",)
    statuses: Mapping[int, Failure] = {403: base.REFUSED, 404: base.NO_SUCH_PLACE}

    def link(self, address: str) -> str:
        """The address's page."""
        return f"https://ipinfo.io/{escaped(address)}"

    def question(self, addresses: Sequence[str], settings: Settings) -> Request:
        """`GET /{ip}`, with the key in a header instead of the query."""
        core = settings.extra.get("plan") == CORE and not settings.base_url
        place = f"{CORE_HOME if core else self.place(settings, '')}/{escaped(addresses[0])}"
        return Request(place, headers={"Authorization": f"Bearer {settings.key}", "Accept": "application/json"})

    def parse(self, address: str, body: Any, retrieved_at: Optional[datetime]) -> Evidence:
        """Evidence from an answer of any plan."""
        answer = base.mapping(body)
        if base.address(answer.get("ip")) != address:
            return self.without(address, Status.ERROR, "the answer is not about the address")
        if answer.get("bogon") is True:
            return self.without(address, Status.NOT_GLOBAL, "IPinfo holds it to be no public address")
        asn, owner, route = _system(answer)
        where = base.mapping(answer.get("geo")).get("country_code") or answer.get("country_code")
        abuse = base.mapping(answer.get("abuse"))
        country = base.country(where) or base.country(answer.get("country"))
        if asn is None and not country:
            return self.unknown(address, retrieved_at)
        return self.stated(
            address,
            retrieved_at,
            flags=_flags(answer),
            asn=asn,
            as_owner=owner,
            organisation=base.text(base.mapping(answer.get("company")).get("name")),
            network=base.network(route),
            country=country,
            abuse_contact=base.mailbox(abuse.get("email")),
            related=tuple(filter(None, [base.text(answer.get("hostname"))])),
        )


def _system(answer: Mapping[str, Any]) -> Tuple[Optional[int], str, Any]:
    """Number, name and route of the autonomous system: `asn` is a text or an object, newer plans say `as`."""
    found = base.mapping(answer.get("asn")) or base.mapping(answer.get("as"))
    number, name = base.system(answer.get("org"))
    number = base.system(found.get("asn", answer.get("asn")))[0] or number
    return number, base.text(found.get("name")) or base.text(answer.get("as_name")) or name, found.get("route")


def _flags(answer: Mapping[str, Any]) -> Tuple[str, ...]:
    """What `privacy` says, or `anonymous` and the `is_…` fields of newer plans."""
    privacy, anonymous = base.mapping(answer.get("privacy")), base.mapping(answer.get("anonymous"))
    states = {
        name: any(part.get(key) is True for part, key in ((privacy, name), (anonymous, f"is_{name}")))
        for name in _FLAGS
    }
    states["hosting"] = states["hosting"] or answer.get("is_hosting") is True
    states["mobile"] = answer.get("is_mobile") is True
    return base.flagged(**states)
