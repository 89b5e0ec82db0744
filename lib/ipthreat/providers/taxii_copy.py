"""The copy of a TAXII collection: its indicators of addresses, and where the next mirroring goes on.

    {"since": "2026-01-01T00:00:00Z", "at": "2026-01-02T03:04:05+00:00", "whole": true, "objects": [{…}, …]}

Of each indicator the last version is kept, until it is revoked or expires. One that the server deletes without revoking
it stays until then, since a server does not tell of that.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Dict, List, Mapping, Optional, Sequence

from . import base
from .stix_indicators import LONGEST_PATTERN, read_objects

MOST = 100_000
"""Indicators that are kept of one collection."""
MOST_TEXT = 64 * 2**20
"""Characters of their patterns together."""
CURRENT_FOR = timedelta(minutes=15)
"""So long after it was brought up to date a copy speaks for the collection, also when that fails now."""
_MEMBERS = (
    "type",
    "id",
    "pattern",
    "pattern_type",
    "confidence",
    "revoked",
    "valid_from",
    "valid_until",
    "modified",
)


class CollectionCopy:
    """A copy while it is being brought up to date. Made of whatever was kept: ours, damaged, or nothing."""

    def __init__(self, kept: Any, now: datetime) -> None:
        told = base.mapping(kept)
        self._now = now
        self._objects: Dict[str, Mapping[str, Any]] = {}
        self._modified: Dict[str, Optional[datetime]] = {}
        self.take(base.listed(told.get("objects"), MOST))
        self.since = base.text(told.get("since"), 40) if base.when(told.get("since")) else ""
        """Only what was added to the collection after this is new; empty for everything."""
        self.at = base.when(told.get("at"))
        """When it was last brought up to date or, as long as it is not whole, when the last page came."""
        self.whole = told.get("whole") is True and self.at is not None
        """True when the end of the collection was reached once."""

    def take(self, objects: Sequence[Any]) -> None:
        """Takes in STIX objects; what is no indicator of an address, or none any more, is left out."""
        for item in map(base.mapping, objects):
            name, modified = base.text(item.get("id")), base.when(item.get("modified"))
            known = self._modified.get(name)
            if not name or item.get("type") != "indicator" or (known and modified and modified < known):
                continue
            self._modified[name] = modified
            if self._speaks(item):
                self._objects[name] = _trimmed(item, name)
            else:
                self._objects.pop(name, None)

    def _speaks(self, item: Mapping[str, Any]) -> bool:
        indicators, _ = read_objects([item])
        return bool(indicators) and indicators[0].speaks(self._now)

    def page_came(self, added_last: str) -> None:
        """Notes that a page was taken in whose last object was added at that time, where the server said so."""
        self.since = added_last if base.when(added_last) else self.since
        if not self.whole:
            self.at = self._now

    def ended(self) -> None:
        """Notes that the end of the collection was reached."""
        self.whole, self.at = True, self._now

    @property
    def full(self) -> bool:
        """True when there are more indicators than are kept."""
        return len(self._objects) > MOST or sum(len(item["pattern"]) for item in self._objects.values()) > MOST_TEXT

    @property
    def objects(self) -> List[Mapping[str, Any]]:
        """The indicators, as STIX objects."""
        return list(self._objects.values())

    @property
    def current(self) -> bool:
        """True when its last state is young enough to speak for the collection, as far as it goes."""
        return self.at is not None and timedelta() <= self._now - self.at <= CURRENT_FOR

    def as_json(self) -> Mapping[str, Any]:
        """What is to be kept."""
        at = self.at.isoformat() if self.at else ""
        return {"since": self.since, "at": at, "whole": self.whole, "objects": self.objects}


def _trimmed(item: Mapping[str, Any], name: str) -> Dict[str, Any]:
    """What is needed of an indicator, and nothing that is larger than it may be."""
    known = {member: item[member] for member in _MEMBERS if member in item}
    plain = {member: value for member, value in known.items() if isinstance(value, (bool, int)) or _is_short(value)}
    types = {"indicator_types": list(base.texts(item["indicator_types"]))} if "indicator_types" in item else {}
    return {**plain, **types, "id": name}


def _is_short(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST_PATTERN
