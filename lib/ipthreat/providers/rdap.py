"""RDAP: the registries' own record of a network and whom to write to about abuse (RFC 9082, 9083; jCard: RFC 7095).

An answer holds for its whole network, so one look-up serves every address in it. It says nothing of behaviour. Which
registry is asked is told by IANA's table, a copy of which is kept for a week; without one, the table of this library
tells. A network that moved to another registry is answered with a redirect to that one's host, which is not followed:
whoever knows the registry of an address asks it directly, with its URL of REGISTRIES as `base_url`.
"""

from __future__ import annotations

import ipaddress
import re
from datetime import datetime
from functools import cached_property
from typing import Any, Iterator, List, Mapping, Optional, Sequence, Tuple

from ..address import canonical
from ..dossier import Evidence, Status
from ..errors import AddressError
from ..exchange import Request
from ..special import Address
from . import base
from .base import Failure, Settings
from .further import Refreshed, Refreshing
from .rdap_bootstrap import IANA, REGISTRIES, Bootstrap, built_in, copy_due, read_copy, refreshed_copy
from .service import Service, escaped

OFF = "off"
"""The value of the setting `bootstrap` with which nothing is fetched from IANA."""
_ENTITY_LIMIT = 200
_PADDED = re.compile(r"\b0+(?=[0-9])")
_HOSTS = {"arin": "ARIN", "apnic": "APNIC", "ripe": "RIPE NCC", "lacnic": "LACNIC", "afrinic": "AFRINIC"}
_MOVED = Failure(Status.ERROR, "the network belongs to another registry now")


class Rdap(Service):
    """Asks and reads RDAP. `bases` says which service answers for an address; without it the built-in table does."""

    name = "rdap"
    title = "RDAP"
    needs: Tuple[str, ...] = ()
    extras: Tuple[str, ...] = ("bootstrap",)
    concurrency = 1
    per_network = True
    statuses: Mapping[int, Failure] = {301: _MOVED, 302: _MOVED, 303: _MOVED, 307: _MOVED, 308: _MOVED}

    def __init__(self, bases: Optional[Bootstrap] = None) -> None:
        self._given = bases

    @cached_property
    def _bases(self) -> Bootstrap:
        return self._given or built_in()

    def place_of_copy(self, settings: Settings) -> str:
        """IANA's folder, or that of the setting `bootstrap`; none where that is `off` or no table is needed."""
        place = settings.extra.get("bootstrap", "") or IANA
        return "" if settings.base_url or place == OFF else place.rstrip("/")

    def due(self, copy: Any, settings: Settings, now: datetime) -> int:
        """A request per file of IANA's that is to be fetched anew."""
        return len(copy_due(copy, now)) if self.place_of_copy(settings) else 0

    def refresh(self, copy: Any, settings: Settings, now: datetime) -> Refreshing:
        """Fetches IANA's files when they are a week old, and no more than once a day."""
        place = self.place_of_copy(settings)
        return (yield from refreshed_copy(copy, place, now)) if place else Refreshed(copy)

    def equipped(self, copy: Any) -> Rdap:
        """One that asks by the table of the copy."""
        bases = read_copy(copy)
        return Rdap(bases) if bases else self

    def link(self, address: str) -> str:
        """A page that asks the registries from the browser."""
        return f"https://client.rdap.org/?type=ip&object={escaped(address)}"

    def question(self, addresses: Sequence[str], settings: Settings) -> Request:
        """`GET {base}/ip/{address}`; ARIN, which knows where others' networks are, for a prefix that is in no table."""
        home = settings.base_url.rstrip("/") or self._bases.base(addresses[0]) or REGISTRIES["ARIN"]
        return Request(f"{home}/ip/{escaped(addresses[0])}", headers={"Accept": "application/rdap+json"})

    def knows_nothing(self, body: Any) -> bool:
        """By the error code of RFC 9083 §6."""
        return base.number(base.mapping(body).get("errorCode")) == 404

    def parse(self, address: str, body: Any, retrieved_at: Optional[datetime]) -> Evidence:
        """Evidence from an `ip network` object."""
        answer = base.mapping(body)
        if answer.get("objectClassName", "ip network") != "ip network":
            return self.without(address, Status.ERROR, "the answer is no RDAP network")
        network = _network(answer, address)
        if not network:
            return self.without(address, Status.ERROR, "the answer is about another network")
        entities = list(_entities(answer))
        registrant = next((entity for entity in entities if "registrant" in _roles(entity)), {})
        origins = base.listed(answer.get("arin_originas0_originautnums"))
        return self.stated(
            address,
            retrieved_at,
            asn=base.number(origins[0], 1) if len(origins) == 1 else None,
            organisation=_named(registrant) or base.text(answer.get("name")),
            network=network,
            country=base.country(answer.get("country")) or _country(registrant),
            rir=_registry(answer),
            abuse_contact=_abuse(entities),
        )


def _network(answer: Mapping[str, Any], address: str) -> str:
    """The prefix of the answer that holds the address: of those it names, else of those between start and end."""
    try:
        first, last = _bound(answer.get("startAddress")), _bound(answer.get("endAddress"))
        wanted = ipaddress.ip_address(address)
    except (AddressError, ValueError):
        return ""
    if not first.version == wanted.version == last.version or not int(first) <= int(wanted) <= int(last):
        return ""
    named = [_prefix(base.mapping(item)) for item in base.listed(answer.get("cidr0_cidrs"))]
    spans = ipaddress.summarize_address_range(first, last)
    candidates = [ipaddress.ip_network(text) for text in named if text]
    holding = [net for net in (*candidates, *spans) if wanted in net and first <= net[0] and net[-1] <= last]
    return str(holding[0]) if holding else ""


def _bound(value: Any) -> Address:
    """One end of the range. Some services write a length after it, some pad octets to three digits (`074.125.000.000`).

    Raises AddressError.
    """
    written = base.text(value).partition("/")[0]
    return ipaddress.ip_address(canonical(_PADDED.sub("", written) if ":" not in written else written))


def _prefix(item: Mapping[str, Any]) -> str:
    return base.network(f"{base.text(item.get('v4prefix', item.get('v6prefix')))}/{base.number(item.get('length'))}")


def _entities(answer: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """All entities, each before those inside it: ARIN puts the abuse contact inside the registrant."""
    waiting: List[Any] = base.listed(answer.get("entities"))
    for _ in range(_ENTITY_LIMIT):
        if not waiting:
            return
        entity = base.mapping(waiting.pop(0))
        yield entity
        waiting = [*base.listed(entity.get("entities")), *waiting][:_ENTITY_LIMIT]


def _roles(entity: Mapping[str, Any]) -> Tuple[str, ...]:
    return base.texts(entity.get("roles"))


def _card(entity: Mapping[str, Any], name: str) -> Iterator[Tuple[Mapping[str, Any], Any]]:
    """Parameters and value of each property of that name in the entity's jCard."""
    card = (*base.listed(entity.get("vcardArray")), None, None)[1]
    for line in base.listed(card):
        if isinstance(line, list) and len(line) >= 4 and line[0] == name:
            yield base.mapping(line[1]), line[3]


def _named(entity: Mapping[str, Any]) -> str:
    return next((base.text(value) for _, value in _card(entity, "fn") if base.text(value)), "")


def _country(entity: Mapping[str, Any]) -> str:
    """The country code of the address (RFC 8605); its text has the name only."""
    return next(
        (base.country(where.get("cc")) for where, _ in _card(entity, "adr") if base.country(where.get("cc"))), ""
    )


def _abuse(entities: Sequence[Mapping[str, Any]]) -> str:
    """The first mailbox of the first abuse contact that has one; a value may be a list."""
    contacts = (entity for entity in entities if "abuse" in _roles(entity))
    values = (value for contact in contacts for _, value in _card(contact, "email"))
    boxes = (base.mailbox(box) for value in values for box in (value if isinstance(value, list) else [value]))
    return next((box for box in boxes if box), "")


def _registry(answer: Mapping[str, Any]) -> str:
    """The registry by the name of its older service, such as `whois.ripe.net`."""
    host = base.text(answer.get("port43")).lower()
    return next((name for word, name in _HOSTS.items() if f".{word}." in host), "")
