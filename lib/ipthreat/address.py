"""Reading IP addresses as people and programs write them: lists, ports, brackets, defanged text, prose.

Everything ends as canonical text or as an `ipaddress` object. An IPv4-mapped IPv6 address is the IPv4 address it
carries, zone ids are dropped, and octets with leading zeros are refused, because programs disagree on their base.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from typing import Iterator, List, Optional, Tuple

from .errors import AddressError
from .special import Address, Network, special_name

GLOBAL = "global"
"""What `classify` says of an address outside every special-purpose range."""
LONGEST = 2048
"""Characters beyond which a text is not tried as one address (a URL may surround it)."""

_MAPPED = bytes(10) + b"\xff\xff"
_DEFANGED = re.compile(r"[\[({]\s?(\.|dot|:|://)\s?[\])}]|\bhxxp(?=s?:)", re.IGNORECASE)
_REFANGED = {"dot": ".", "hxxp": "http"}
_URL = re.compile(r"[a-z][a-z0-9+.-]*://(?:[^/?#@\s]*@)?([^/?#\s]+)\S*", re.IGNORECASE | re.ASCII)
_BOXED = re.compile(r"\[([^\]\s]+)\](?::(\d{1,5}))?", re.ASCII)
_WITH_PORT = re.compile(r"([\d.]+):(\d{1,5})", re.ASCII)
_TOKEN = re.compile(r"[^\s,;|'\"]+")

# Prose is full of dotted numbers that are no addresses: versions (Chrome/120.0.0.0, nginx-1.2.3.4, 1.2.3.4.5), names
# below in-addr.arpa and of DNS block lists (4.3.2.1.zen.example). A slash after a word is no version when a port in
# brackets follows, as firewalls write it: outside/192.0.2.1(80).
_FOUR = re.compile(
    r"(?<![\w.])(?<![A-Za-z]-)(?:(?<![A-Za-z]/)|(?=[\d.]+\())"
    r"(?P<text>\d{1,3}(?:\.\d{1,3}){3})(?!\w|\.\w)(?P<length>/\d{1,2}(?![\d.]))?"
)
_SIX = re.compile(
    r"(?<![\w.:])(?=[0-9A-Fa-f:]{0,39}:[0-9A-Fa-f:]{0,39}:)(?P<text>[0-9A-Fa-f:.]{2,46})(?!\w)(?P<length>/\d{1,3})?"
)


def parse(text: str) -> Address:
    """One address as an `ipaddress` object.

    Understands surrounding space and quotes, `ip:port`, `[v6]:port`, zone ids, defanged text, a URL whose host is an
    address, and a prefix length that leaves one address. Raises AddressError for everything else.
    """
    found = _plain(text.strip())
    if found is None and len(text) <= LONGEST:
        found = _plain(_bare(refang(text).strip("\"'<> \t\r\n,;")))
    if found is None:
        raise AddressError(f"{_shown(text)} is not an IP address")
    return found


def canonical(text: str) -> str:
    """The canonical text of one address; far faster than `parse` for the usual dotted quad. Raises AddressError."""
    try:
        socket.inet_pton(socket.AF_INET, text)
    except (OSError, ValueError):
        return str(parse(text))
    return text


def network(text: str) -> Network:
    """A network from CIDR text (host bits may be set) or from one address. Raises AddressError."""
    base, slash, length = refang(text).strip().partition("/")
    address = parse(base)
    try:
        if not slash:
            return ipaddress.ip_network(address)
        if ":" in base and address.version == 4:  # the length of a mapped network counts the 96 bits before it
            length = str(int(length) - 96)
        return ipaddress.ip_network(f"{address}/{length}", strict=False)
    except ValueError:
        raise AddressError(f"{_shown(text)} is not a network in CIDR notation") from None


def classify(address: Address) -> str:
    """`global`, or the name of the special-purpose range that holds the address."""
    return special_name(address) or GLOBAL


def split(text: str) -> List[str]:
    """The members of a comma, space or semicolon separated list, quotes and list brackets removed.

    Members are not checked, so that a caller can show the bad ones: `split("['192.0.2.1', 'x']")` has two.
    """
    return [token for token in map(_unlisted, _TOKEN.findall(text)) if token]


def extract(text: str) -> List[str]:
    """Canonical texts of the addresses in free text, in order, each once. Networks and version numbers are left out."""
    return list(dict.fromkeys(address for _, _, address in _found_in(refang(text))))


def refang(text: str) -> str:
    """Undoes `[.]`, `(.)`, `[dot]`, `[:]` and `hxxp`, which keep an address or URL from being clicked."""
    return _DEFANGED.sub(_refanged, text)


def defang(text: str) -> str:
    """The text with every address and URL in it made unclickable: `192.0.2[.]1`, `2001:db8:[:]1`, `hxxp://`."""
    parts: List[str] = []
    end = 0
    for start, stop, _ in _found_in(text):
        written = text[start:stop]
        mark = "." if "." in written else ":"
        head, _, tail = written.rpartition(mark)
        parts += [text[end:start], f"{head}[{mark}]{tail}"]
        end = stop
    return re.sub(r"\bhttp(?=s?://)", "hxxp", "".join(parts) + text[end:], flags=re.IGNORECASE)


def _plain(text: str) -> Optional[Address]:
    """The address that the whole text is, or None. inet_pton takes no octet with leading zeros."""
    host, _, _ = text.partition("%")
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            packed = socket.inet_pton(family, host)
        except (OSError, ValueError):  # ValueError: NUL or a character that no encoding has
            continue
        return ipaddress.ip_address(packed[12:] if packed[:12] == _MAPPED else packed)
    return None


def _bare(text: str) -> str:
    """The address part of a URL, of a text with a port, or of a prefix that leaves one address."""
    url = _URL.fullmatch(text)
    if url:
        text = url[1]
    match = _BOXED.fullmatch(text) or _WITH_PORT.fullmatch(text)
    if match:
        return match[1] if int(match[2] or 0) <= 65535 else ""
    base, _, length = text.partition("/")
    return base if length == ("128" if ":" in base else "32") else text


def _found_in(text: str) -> List[Tuple[int, int, str]]:
    """(start, end, canonical text) of each address in refanged text, in order."""
    found = list(_fours_in(text))
    if text.count(":") > 1:
        found += _sixes_in(text)
        found.sort()
    return found


def _fours_in(text: str) -> Iterator[Tuple[int, int, str]]:
    for match in _FOUR.finditer(text):
        start = match.start("text")
        if match["length"] in (None, "/32") or text.endswith("//", 0, start):  # http://192.0.2.1/24 has a path
            yield from _checked(match["text"], start)


def _sixes_in(text: str) -> Iterator[Tuple[int, int, str]]:
    for match in _SIX.finditer(text):
        # Words of a program (`abc::def`) have no digit; an address without one is rarer than they are.
        if match["length"] in (None, "/128") and any(char.isdigit() for char in match["text"]):
            yield from _checked(match["text"], match.start("text"))


def _checked(text: str, start: int) -> Iterator[Tuple[int, int, str]]:
    """The candidate if it is an address, with or without the full stop or colon of its sentence."""
    for written in dict.fromkeys((text, text.rstrip("."), text.rstrip(".:"))):
        address = _plain(written)
        if address is not None:
            yield start, start + len(written), str(address)
            return


def _refanged(match: re.Match[str]) -> str:
    mark = (match[1] or match[0]).lower()
    return _REFANGED.get(mark, mark)


def _unlisted(token: str) -> str:
    """A token without the bracket of the list it stood in: `[192.0.2.1` but `[2001:db8::1]:443`."""
    if token.startswith("[") and "]" not in token[1:]:
        token = token[1:]
    if token.endswith("]") and "[" not in token:
        token = token[:-1]
    return token.strip("()<>{}") if token.strip("[]()<>{}") else ""


def _shown(text: str) -> str:
    """The text fit for an error message: short, quoted, control characters escaped."""
    return ascii(text if len(text) <= 60 else text[:57] + "...")
