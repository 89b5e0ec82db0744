"""The webhooks that reports may go to: what each kind is told, and which addresses a destination may have."""

from __future__ import annotations

import ipaddress
import json
from typing import Any, Callable, Dict, List, Mapping
from urllib.parse import urlsplit

from ...address import GLOBAL, classify, parse
from ...errors import AddressError, InputError
from .parcel import Parcel

MOST_SHOWN = 10
"""Addresses that a message to people names; the others are in the report."""
_LONGEST_SECTION = 2900  # Slack takes 3,000 characters of a section


def check_url(url: str) -> str:
    """The host of a destination's URL. Raises InputError, which does not repeat the URL: its path is a secret."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise InputError("the URL of the destination cannot be read") from None
    if parts.scheme != "https" or not parts.hostname or parts.username or parts.password or port == 0:
        raise InputError("the URL of a destination is https://host/…, without user name and password")
    if any(not mark.isprintable() or mark.isspace() for mark in url):
        raise InputError("the URL of a destination has no spaces in it")
    return parts.hostname


def check_address(address: str, private: bool) -> str:
    """The address, when a destination may have it: a global one, unless private ones are allowed. Raises InputError.

    What is allowed as private is a network of one's own; this machine, link-local (where clouds keep their secrets),
    multicast and the unspecified address never are.
    """
    try:
        scope = classify(parse(address))
    except AddressError:
        raise InputError("the destination's name leads to something that is no address") from None
    if scope == GLOBAL:
        return address
    own = ipaddress.ip_address(address.partition("%")[0])
    never = own.is_loopback or own.is_link_local or own.is_multicast or own.is_unspecified
    if never or not private:
        raise InputError(f"the destination has a {scope} address, which is not allowed")
    return address


def _generic(parcel: Parcel) -> Dict[str, Any]:
    return {"type": "ipthreat_report", "summary": parcel.summary, **parcel.as_json()}


def _slack(parcel: Parcel) -> Dict[str, Any]:
    lines = "\n".join(f"• {_plain(line)}" for line in _shown(parcel))
    head = f"*{_plain(parcel.title)}*\n{_plain(parcel.summary)} ({_plain(parcel.tlp)})"
    sections = [text[:_LONGEST_SECTION] for text in (head, lines, _plain(parcel.link)) if text]
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": text}} for text in sections]
    return {"text": f"{_plain(parcel.title)}: {_plain(parcel.summary)}"[:_LONGEST_SECTION], "blocks": blocks}


def _teams(parcel: Parcel) -> Dict[str, Any]:
    texts = [f"{parcel.summary} ({parcel.tlp})", *_shown(parcel)]
    body: List[Dict[str, Any]] = [
        {"type": "TextBlock", "text": _plain(parcel.title)[:500], "weight": "Bolder", "wrap": True}
    ]
    body += [{"type": "TextBlock", "text": _plain(text)[:1000], "wrap": True} for text in texts]
    card = {"type": "AdaptiveCard", "version": "1.4", "body": body}
    kind = "application/vnd.microsoft.card.adaptive"
    return {"type": "message", "attachments": [{"contentType": kind, "content": card}]}


KINDS: Mapping[str, Callable[[Parcel], Dict[str, Any]]] = {"generic": _generic, "slack": _slack, "teams": _teams}
"""Kind of destination → what it is sent."""


def message(kind: str, parcel: Parcel) -> bytes:
    """The body of the request. Raises InputError for a kind that is not there."""
    if kind not in KINDS:
        raise InputError(f"there is no kind of destination {kind[:40]!r}; there are {', '.join(KINDS)}")
    return json.dumps(KINDS[kind](parcel)).encode()


def _shown(parcel: Parcel) -> List[str]:
    """A line for each of the most pressing addresses, defanged, so that no client makes a link of it."""
    lines = []
    for row in parcel.rows[:MOST_SHOWN]:
        address = str(row.get("src", "")).replace(".", "[.]").replace(":", "[:]")
        axes = f"confidence {row.get('confidence', '')}/10, severity {row.get('severity', '')}"
        lines.append(f"{address}: {row.get('verdict', '')}, priority {row.get('priority', '')}, {axes}"[:300])
    rest = parcel.addresses - len(lines)
    return [*lines, f"and {rest:,} more"] if rest > 0 else lines


def _plain(text: str) -> str:
    """Text that means nothing to the receiver's markup: no link, mention, or entity can be made of it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
