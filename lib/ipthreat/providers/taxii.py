"""TAXII 2.1 collections of STIX indicators (OASIS TAXII 2.1). `base_url` is the URL of the collection.

TAXII cannot look up one address, so a collection is mirrored: page after page is fetched, and the addresses are looked
up in the copy. No address leaves the machine. The copy is kept; the next run asks only for what was added since, by the
time the server gives in `X-TAXII-Date-Added-Last`. One that gives none is asked for the whole collection each time.
"""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import replace
from datetime import datetime
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from ..dossier import Evidence, Status, Verdict
from ..exchange import Request, Response
from . import base
from .base import Failure, Settings
from .further import Refreshed, Refreshing
from .service import Service
from .stix_indicators import Indicator, Mirror, read_objects
from .taxii_copy import MOST, CollectionCopy

MEDIA_TYPE = "application/taxii+json;version=2.1"
PAGE = 500
"""Objects asked for in one page; the server may send fewer."""
PAGES = 200
"""Pages that one run fetches; the next run goes on."""
MALICIOUS_AT, SUSPICIOUS_AT = 75, 40
"""Confidence of an indicator from which an address counts as such."""
_OBJECT_LIMIT = 100_000
_GOES_ON = Failure(Status.ERROR, f"the collection has more than the {PAGES} pages of one run: the next run goes on")
_TOO_LARGE = Failure(Status.ERROR, f"the collection has more than {MOST:,} indicators of addresses")


class Page(NamedTuple):
    """One page of a collection, or why there is none."""

    status: Status
    indicators: Tuple[Indicator, ...] = ()
    others: int = 0
    """Objects that are no indicator of an address, or say more than that."""
    next: str = ""
    """To be handed to the next question; empty on the last page."""
    added_last: str = ""
    """When the last object of the page was added: the next mirroring begins there."""
    reason: str = ""
    objects: Tuple[Any, ...] = ()
    """All objects as they came."""


class Taxii(Service):
    """Asks for pages of a collection and reads them. `user` among the extra settings: basic authentication."""

    name = "taxii"
    title = "TAXII collection"
    extras: Tuple[str, ...] = ("user",)
    needs: Tuple[str, ...] = ("key", "base_url")
    batch = 100_000
    concurrency = 1
    whole = True
    tlp = "TLP:RED"  # the question names no address
    statuses: Mapping[int, Failure] = {404: base.NO_SUCH_PLACE}

    def question(self, addresses: Sequence[str], settings: Settings) -> Request:
        """The first page, whatever the addresses."""
        return self.page_question(settings)

    def page_question(self, settings: Settings, added_after: str = "", following: str = "") -> Request:
        """`GET {collection}/objects/`: the indicators added after a time, and the page that follows another one."""
        user = settings.extra.get("user", "")
        basic = b64encode(f"{user}:{settings.key}".encode()).decode()
        headers = {"Accept": MEDIA_TYPE, "Authorization": f"Basic {basic}" if user else f"Bearer {settings.key}"}
        params = {"match[type]": "indicator", "limit": str(PAGE), "added_after": added_after, "next": following}
        chosen = {name: value for name, value in params.items() if value}
        return Request(self.place(settings, "/objects/"), headers=headers, params=chosen)

    def page_of(self, response: Response) -> Page:
        """The page that came. Never raises."""
        body, failure = self.opened(response, None)
        if failure is None:
            failure = _fault(body)
        if failure is not None:
            return Page(failure.status, reason=failure.reason)
        objects = base.listed(body.get("objects"), _OBJECT_LIMIT)
        indicators, others = read_objects(objects)
        following = base.text(body.get("next"), 1000) if body.get("more") is True else ""
        added_last = base.text(response.header("X-TAXII-Date-Added-Last"), 40)
        return Page(Status.OK, tuple(indicators), others, following, added_last, objects=tuple(objects))

    # --- the copy ---------------------------------------------------------------------------------

    def place_of_copy(self, settings: Settings) -> str:
        """The collection's URL."""
        return settings.base_url

    def due(self, copy: Any, settings: Settings, now: datetime) -> int:
        """None: the question of the look-up is that for what is new. How many pages there are nobody knows before."""
        return 0

    def refresh(self, copy: Any, settings: Settings, now: datetime) -> Refreshing:
        """Fetches the pages of what is new, and of everything when nothing was kept."""
        held = CollectionCopy(copy, now)
        since, following = held.since, ""
        for _ in range(PAGES):
            answer = yield self.page_question(settings, since, following)
            page = self.page_of(answer) if isinstance(answer, Response) else Page(answer.status, reason=answer.reason)
            if page.status is not Status.OK:
                return Refreshed(held.as_json(), Failure(page.status, page.reason))
            held.take(page.objects)
            if held.full:
                return Refreshed(copy, _TOO_LARGE)
            held.page_came(page.added_last)
            following = page.next
            if not following:
                held.ended()
                return Refreshed(held.as_json())
        return Refreshed(held.as_json(), _GOES_ON)

    def looked_up(
        self, addresses: Sequence[str], refreshed: Refreshed, now: datetime
    ) -> Tuple[Mapping[str, Evidence], Response]:
        """Every address in the copy. Where that could not be brought up to date, what it does not hold is open."""
        held = CollectionCopy(refreshed.copy, now)
        mirror, failure = Mirror(read_objects(held.objects)[0]), refreshed.failure
        if failure is not None and held.whole and held.current:
            failure = None
        found = {address: self.evidence(address, mirror, now) for address in addresses}
        if failure is not None:
            found = {address: self._as_far(item, address, held, failure) for address, item in found.items()}
        covering = {item.identifier for address in addresses for item in mirror.covering(address)}
        objects: List[Any] = [item for item in held.objects if item["id"] in covering]
        envelope: Dict[str, Any] = {"more": failure is not None, "objects": objects}
        return found, Response(200, {"Content-Type": MEDIA_TYPE}, json.dumps(envelope).encode())

    def _as_far(self, item: Evidence, address: str, held: CollectionCopy, failure: Failure) -> Evidence:
        """What a copy says that may lack something: all it holds, but of nothing that it is not in the collection."""
        if item.status is not Status.OK:
            return self.without(address, *failure)
        if held.current or held.at is None:
            return item
        reason = f"{failure.status.words}: {failure.reason}; the copy is of {held.at:%Y-%m-%d %H:%M} UTC"
        return replace(item, status=Status.STALE, retrieved_at=held.at, reason=reason)

    def read(self, addresses: Sequence[str], body: Any, retrieved_at: Optional[datetime]) -> Mapping[str, Evidence]:
        """Every address against one page. Where the collection has more, what is missing may be there."""
        failure = _fault(body)
        if failure is not None:
            return {address: self.without(address, *failure, retrieved_at) for address in addresses}
        mirror = Mirror(read_objects(base.listed(body.get("objects"), _OBJECT_LIMIT))[0])
        found = {address: self.evidence(address, mirror, retrieved_at) for address in addresses}
        if body.get("more") is True:
            reason = "the collection has more pages: it must be mirrored"
            missing = [address for address, item in found.items() if item.status is not Status.OK]
            found.update({address: self.without(address, Status.ERROR, reason) for address in missing})
        return found

    def parse(self, address: str, body: Any, retrieved_at: Optional[datetime]) -> Evidence:
        """Evidence from an envelope."""
        return self.read([address], body, retrieved_at)[address]

    def evidence(self, address: str, mirror: Mirror, as_of: Optional[datetime]) -> Evidence:
        """What the mirrored indicators say of an address at that time."""
        speaking = [item for item in mirror.covering(address) if item.speaks(as_of)]
        if not speaking:
            return self.unknown(address, as_of)
        score = max((item.score for item in speaking if item.score is not None), default=None)
        expiring = any(item.valid_until for item in speaking)
        last = base.latest([item.modified or item.valid_from for item in speaking])
        return self.stated(
            address,
            as_of,
            verdict=_verdict(score, any(item.hostile for item in speaking)),
            score=score,
            native="" if score is None else str(score),
            scale="confidence",
            counts={"indicators": len(speaking)},
            observed_at=None if expiring else last,  # what has an expiry is held to be so until then
            first_seen=base.earliest([item.valid_from for item in speaking]),
        )


def _fault(body: Any) -> Optional[Failure]:
    """Why a body is no envelope. That of an empty collection may have no members at all."""
    envelope = base.mapping(body)
    named = "objects" in envelope or "more" in envelope or body == {}
    objects = envelope.get("objects", [])
    stix = isinstance(objects, list) and all(base.mapping(item).get("type") for item in objects[:1])
    if named and stix and isinstance(envelope.get("more", False), bool):
        return None
    return Failure(Status.ERROR, "the answer is no TAXII envelope")


def _verdict(score: Optional[int], hostile: bool) -> Verdict:
    if score is None:
        return Verdict.SUSPICIOUS if hostile else Verdict.UNKNOWN
    if score >= MALICIOUS_AT:
        return Verdict.MALICIOUS
    return Verdict.SUSPICIOUS if score >= SUSPICIOUS_AT else Verdict.UNKNOWN
