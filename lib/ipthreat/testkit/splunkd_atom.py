"""Entities as splunkd writes them: Atom, which its SDK wants, and JSON for `output_mode=json`."""

from __future__ import annotations

import json
from typing import Any, Dict, Mapping, NamedTuple, Sequence
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

_SPACES = (
    'xmlns="http://www.w3.org/2005/Atom" xmlns:s="http://dev.splunk.com/ns/rest"'
    ' xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/"'
)


class Entity(NamedTuple):
    """One thing: a password, a stanza, a job."""

    name: str
    collection: str
    """Path of what it is in, below /servicesNS/nobody/<app>/."""
    content: Mapping[str, Any]
    app: str = "ipthreat"

    @property
    def path(self) -> str:
        """Where it can be had."""
        return f"/servicesNS/nobody/{self.app}/{self.collection}/{quote(self.name, safe='')}"

    @property
    def acl(self) -> Dict[str, Any]:
        """Who may do what."""
        return {"app": self.app, "owner": "nobody", "sharing": "app", "modifiable": True}


def feed(entities: Sequence[Entity], as_json: bool) -> bytes:
    """A collection of entities."""
    if as_json:
        entries = [
            {"name": item.name, "id": item.path, "acl": item.acl, "content": dict(item.content)} for item in entities
        ]
        return json.dumps({"links": {}, "entry": entries, "messages": []}).encode()
    counts = f"<opensearch:totalResults>{len(entities)}</opensearch:totalResults>"
    inside = "".join(map(_entry, entities))
    return f'<?xml version="1.0" encoding="UTF-8"?><feed {_SPACES}><title>x</title>{counts}{inside}</feed>'.encode()


def lone(entity: Entity) -> bytes:
    """An entity that is not in a feed: a job."""
    return ('<?xml version="1.0" encoding="UTF-8"?>' + _entry(entity, _SPACES)).encode()


def messages(level: str, words: str, as_json: bool) -> bytes:
    """An error or a note."""
    if as_json:
        return json.dumps({"messages": [{"type": level, "text": words}]}).encode()
    inside = f"<msg type={quoteattr(level)}>{escape(words)}</msg>"
    return f"<response><messages>{inside}</messages></response>".encode()


def _entry(entity: Entity, spaces: str = "") -> str:
    content = {**entity.content, "eai:acl": entity.acl}
    link = f'<link href={quoteattr(entity.path)} rel="alternate"/>'
    about = (
        f"<title>{escape(entity.name)}</title><id>{escape(entity.path)}</id>{link}<author><name>nobody</name></author>"
    )
    return f'<entry {spaces}>{about}<content type="text/xml">{_value(content)}</content></entry>'


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        keys = (f"<s:key name={quoteattr(str(name))}>{_value(item)}</s:key>" for name, item in value.items())
        return f"<s:dict>{''.join(keys)}</s:dict>"
    if isinstance(value, (list, tuple)):
        return f"<s:list>{''.join(f'<s:item>{_value(item)}</s:item>' for item in value)}</s:list>"
    if isinstance(value, bool):
        return str(int(value))
    return escape(str(value))
