"""Access logs of Apache and nginx: common and combined format, with or without a virtual host in front.

Format: https://httpd.apache.org/docs/2.4/logs.html#accesslog. Blocks of lines are taken apart by one regular
expression at a time; a block in which that could go wrong, and every line it does not fit, is read with care.
"""

from __future__ import annotations

import re
from typing import Iterator, List, NamedTuple, Optional, Pattern, Tuple

from ..address import canonical
from ..errors import AddressError
from ..memo import Memo
from .event import Account, Row, Skip
from .fields import address_fields
from .source import LogSource
from .times import access_log_stamps

# The groups of the patterns: address, user, stamp, request, status, size, user agent; or a line that does not fit.
_Parts = Tuple[str, str, str, str, str, str, str, str]

_QUOTED = r'"((?:[^"\\]|\\.)*)"'
_CAREFUL = re.compile(rf'([^\["]+) \[([^\]\["]{{1,40}})\] {_QUOTED} (\d{{3}}) (\d+|-)(?![^ ])')
# What may follow: referer and user agent. Where a server does not escape quotes, the text runs to the line's last one:
# an attacker must not be able to hide a user agent by putting a quote into it.
_AGENT = re.compile(rf' "(?:[^"\\]|\\.)*" {_QUOTED}(?![^ ])')
_AGENT_UNESCAPED = re.compile(r' "[^"]*" "(.*)"')
_ANY_QUOTED = re.compile(r' "(.*)"')
_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_IPV4 = rf"{_OCTET}\.{_OCTET}\.{_OCTET}\.{_OCTET}"  # canonical as it stands: no leading zeros
_MIDDLE = r' (?:-|([^ \n]+)) \[(.{26})\] "([^"]*)" (\d{3}) (?:-|(\d+))'
_STATUS = {str(status): status for status in range(100, 600)}


class _Shape(NamedTuple):
    """What the lines of one log look like."""

    pattern: Pattern[str]
    """Takes a line of this shape apart; its last group takes any other line."""
    is_canonical: bool
    """The pattern lets through canonical addresses alone."""
    ends: bool
    """The user agent is the last thing on a line."""


def looks_like_access_log(line: str) -> bool:
    """True for a line of an access log."""
    return _CAREFUL.match(line) is not None


def read_access_log(source: LogSource) -> Iterator[List[Row]]:
    """The events of an access log, a block of lines at a time.

    Lines that give none are noted in the source's account, blank ones are not.
    """
    account, addresses, stamps = source.account, address_fields(), access_log_stamps()
    shape = _shape(source.head)
    for block in source.blocks():
        parts = _taken_apart(block, shape.pattern)
        if not shape.is_canonical:
            parts = [_checked(part, addresses, account) for part in parts]
        rows = _rows(parts, stamps)
        if len(rows) < len(parts):
            parts = [part if part[0] else _with_care(part[7], addresses, account, shape) for part in parts]
            rows = _rows(parts, stamps)
        account.read += len(parts)
        yield rows


def _taken_apart(block: str, pattern: Pattern[str]) -> List[_Parts]:
    """The parts of each line.

    The pattern is exact unless a quote is escaped or a match ran over a line feed; as matches consume all of the block,
    the latter shows in their number. (One character is found far faster than two.)
    """
    parts: List[_Parts] = pattern.findall(block)
    if len(parts) != block.count("\n") or ("\\" in block and '\\"' in block):
        return [("", "", "", "", "", "", "", line) for line in block.split("\n")[:-1]]
    return parts


def _checked(part: _Parts, addresses: Memo[str], account: Account) -> _Parts:
    """The part with its address in canonical form."""
    address = addresses[part[0]] if part[0] else ""
    if part[0] and not address:
        account.skip(Skip.ADDRESS, part[0])
    return (address, *part[1:])


def _rows(parts: List[_Parts], stamps: Memo[Optional[float]]) -> List[Row]:
    """The rows of those parts that have an address. This is where a large log is read: no calls but those needed."""
    return [
        (
            address,
            stamps[at],
            agent,
            request,
            _STATUS.get(status),
            "",
            int(sent) if sent else None,
            None,
            "",
            None,
            user,
            1,
        )
        for address, user, at, request, status, sent, agent, _ in parts
        if address
    ]


def _with_care(line: str, addresses: Memo[str], account: Account, shape: _Shape) -> _Parts:
    """The parts of any line of an access log; of another line, and of one without an address, empty ones."""
    match = _CAREFUL.match(line)
    host, user = _host_and_user(match[1]) if match else ("", "")
    address = addresses[host] if host else ""
    if match is None or not address:
        if line.strip():
            account.skip(Skip.ADDRESS if match else Skip.SHAPE, line)
        return ("", "", "", "", "", "", "", line)
    agent = _agent(line[match.end() :], shape.ends)
    user, sent, agent = ("" if text == "-" else text for text in (user, match[5], agent))
    return (address, user, match[2], match[3], match[4], sent, agent, "")


def _agent(tail: str, ends: bool) -> str:
    """The user agent in what follows the size, empty when nothing quoted does. `ends`: nothing may follow it."""
    match = _AGENT.match(tail)
    if match and (not ends or match.end() == len(tail)):
        return match[1]
    match = _AGENT_UNESCAPED.match(tail) or _ANY_QUOTED.match(tail)
    return match[1] if match else ""


def _shape(head: str) -> _Shape:
    """The shape of the lines of a log: that of the first regular one."""
    lines = [line for line in head.split("\n") if looks_like_access_log(line)]
    line = next(filter(_is_regular, lines), next(iter(lines), ""))
    match = _CAREFUL.match(line)
    tail = line[match.end() :] if match else ""
    words = match[1].split(" ") if match else []
    host = next((word for word in words[:2] if _is_address(word)), "")
    before = r"[^ \n]+ " if host and words[0] != host else ""
    ident = "-" if words[-2:-1] == ["-"] else r"[^ \n]+"
    address = r"[^ \n]+" if ":" in host else _IPV4
    quoted = _AGENT.match(tail)
    # A line that has quoted text after all does not fit, and is read with care.
    agent = r' "[^"]*" "(?:-|([^"]*))"(?![^ \n])' if quoted else r'()(?! ")'
    rest = "" if tail in ("", quoted and quoted[0]) else ".*"
    pattern = re.compile(rf"{before}({address}) {ident}{_MIDDLE}{agent}{rest}\n|(.*)\n")
    return _Shape(pattern, address == _IPV4, bool(quoted) and not rest)


def _is_regular(line: str) -> bool:
    """True for a line whose end can be read as the format has it."""
    match = _CAREFUL.match(line)
    tail = line[match.end() :] if match else ' "'
    return not tail.startswith(' "') or _AGENT.match(tail) is not None


def _host_and_user(head: str) -> Tuple[str, str]:
    """The client and the user in what stands before the stamp: `[vhost] client[, proxy …] ident user`."""
    words = head.split(" ")
    first = 1 if len(words) > 3 and not words[0].endswith(",") and _is_address(words[1]) else 0
    last = first
    while words[last].endswith(",") and last + 1 < len(words):
        last += 1
    return " ".join(words[first : last + 1]), " ".join(words[last + 2 :])


def _is_address(text: str) -> bool:
    try:
        canonical(text.rstrip(","))
    except AddressError:
        return False
    return True
