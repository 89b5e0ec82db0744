"""What VirusTotal ties to one address: names that resolved to it, files that talk to it.

Each page costs one request, so this is for the deep look at one address, never for a run over many. Both relations are
open to public keys (https://docs.virustotal.com/reference/ip-relationships).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, Callable, Mapping, NamedTuple, Optional, Tuple

from ..dossier import Evidence, Status
from ..exchange import Request, Response
from . import base
from .base import Settings
from .service import escaped
from .virustotal import VirusTotal

PAGE = 40
"""Most items that the vendor puts on a page."""
RELATED_LIMIT = 100
_CURSOR_LIMIT = 512


class Related(NamedTuple):
    """One thing tied to an address. Its name is attacker-controlled text."""

    name: str
    """A host name, or the SHA-256 of a file."""
    seen: Optional[datetime]
    """When the name last resolved to the address, or the file was last analysed."""
    detail: str = ""
    """Who resolved it; for a file what it is called and `malicious/all engines`."""


class Page(NamedTuple):
    """One page of a relation, or why there is none."""

    status: Status
    items: Tuple[Related, ...] = ()
    cursor: str = ""
    """To be handed to the next question; empty on the last page."""
    reason: str = ""
    total: int = 0
    """How many there are in all, where the vendor says; never fewer than the items."""


def question(address: str, relation: str, settings: Settings, cursor: str = "") -> Request:
    """Asks for a page of one of RELATIONS."""
    params = {"limit": str(PAGE), **({"cursor": cursor} if cursor else {})}
    return VirusTotal().ask(f"/ip_addresses/{escaped(address)}/{relation}", settings, **params)


def answer(relation: str, response: Response, retrieved_at: Optional[datetime]) -> Page:
    """The page that came. Never raises; items that make no sense are left out."""
    body, failure = VirusTotal().opened(response, retrieved_at)
    if failure is not None:
        return Page(failure.status, reason=failure.reason)
    document = base.mapping(body)
    if not isinstance(document.get("data"), list):
        return Page(Status.ERROR, reason="the answer is no list of VirusTotal v3 objects")
    read = RELATIONS[relation]
    found = [read(base.mapping(item)) for item in base.listed(document["data"], PAGE)]
    cursor = base.text(base.mapping(document.get("meta")).get("cursor"), _CURSOR_LIMIT)
    items = tuple(item for item in found if item is not None)
    total = max(len(items), base.count(base.mapping(document.get("meta")).get("count")))
    return Page(Status.OK if items else Status.NOT_FOUND, items, cursor, total=total)


def joined(evidence: Evidence, relation: str, page: Page) -> Evidence:
    """The evidence with what a page names among its related things, the newest first, and with their number.

    The number stands under the relation's name: without it the relation was not asked for or not had.
    """
    newest = sorted(page.items, key=lambda item: item.seen.timestamp() if item.seen else 0.0, reverse=True)
    names = dict.fromkeys((*evidence.related, *(_shown(relation, item) for item in newest)))
    counts = {**evidence.counts, relation: page.total}
    return replace(evidence, related=tuple(names)[:RELATED_LIMIT], counts=counts)


def _shown(relation: str, item: Related) -> str:
    """A host name by itself, a file with what is known of it."""
    return f"{item.name} ({item.detail})" if relation == "communicating_files" else item.name


def _resolution(item: Mapping[str, Any]) -> Optional[Related]:
    attributes = base.mapping(item.get("attributes"))
    name = base.text(attributes.get("host_name"))
    if not name:
        return None
    return Related(name, base.moment(attributes.get("date")), base.text(attributes.get("resolver")))


def _file(item: Mapping[str, Any]) -> Optional[Related]:
    attributes = base.mapping(item.get("attributes"))
    digest = base.text(item.get("id"), 64)
    if item.get("type") != "file" or not digest:
        return None
    stats = base.mapping(attributes.get("last_analysis_stats"))
    share = f"{base.count(stats.get('malicious'))}/{sum(map(base.count, stats.values()))}"
    called = base.text(attributes.get("meaningful_name"))
    return Related(digest, base.moment(attributes.get("last_analysis_date")), f"{called} {share}".strip())


RELATIONS: Mapping[str, Callable[[Mapping[str, Any]], Optional[Related]]] = {
    "resolutions": _resolution,
    "communicating_files": _file,
}
"""Name of a relation in the API → reader of its items."""
