"""System logs: log-ins at sshd and its like, packets a Linux firewall noted; and any other text with addresses in it.

Messages of OpenSSH (auth.c, auth2.c, packet.c), Linux-PAM's pam_unix, netfilter's LOG target, Dovecot, Postfix, vsftpd.
User names and farewells stand in them as the client sent them, so that a name may itself say "from 192.0.2.1". Such
text never decides: where it precedes the address, patterns take the last words of that form, else the first.
"""

from __future__ import annotations

import re
from typing import Iterator, NamedTuple, Optional, Pattern, Set, Tuple

from ..address import extract
from .event import Event, Skip
from .fields import address_fields
from .source import LogSource
from .times import Clock

MOST_REPEATS = 10_000
"""The largest number of repetitions that one line is believed to stand for."""

_USER_LENGTH = 100
_PENDING = 4096  # sshd processes remembered whose client named an unknown user
_STAMP_WITHIN = 120  # characters of a free line in which its time stamp is looked for

_LINE = re.compile(
    r"(?:<\d{1,3}>(?:1 )?)?"
    r"(?P<stamp>[A-Z][a-z]{2} [ \d]\d (?:\d{4} )?\d\d:\d\d:\d\d(?:\.\d+)?|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S{0,16}) "
    r"\S+ (?P<program>[^\s\[:]+)(?:\[(?P<pid>\d+)\])?(?::| (?=message repeated)) *(?P<message>.*)"
)
_REPEATED = re.compile(r"message repeated (\d{1,9}) times?(?:: \[ ?(.*)\])?")


class _Rule(NamedTuple):
    """One kind of message; the pattern names the address and, where the message has them, user, peer, port, tries."""

    pattern: Pattern[str]
    action: str


def _rule(pattern: str, action: str = "") -> _Rule:
    return _Rule(re.compile(pattern), action)


_FROM = r" from (?P<address>\S+)(?: port \d+.*|)$"
_PACKET = r".*\bSRC=(?P<address>\S+) DST=(?P<peer>\S+)(?:.* DPT=(?P<port>\d+))?"
_UNKNOWN_USER = re.compile(r"(?:Invalid|Illegal) user ")
_RULES: Tuple[_Rule, ...] = (
    # A client offers all its keys in turn, so that a refused key is no failed log-in.
    _rule(rf"Failed (?:publickey|none|hostbased) for (?P<user>.*){_FROM}"),
    _rule(rf"Failed \S+ for (?:(?:invalid|illegal) user )?(?P<user>.*){_FROM}", "failure"),
    _rule(rf"(?:Invalid|Illegal) user (?P<user>.*){_FROM}", "failure"),
    _rule(rf"Accepted \S+ for (?P<user>.*){_FROM}", "success"),
    _rule(r"Server listening on(?P<address>)"),  # our own address
    # PAM and sshd both speak of a failed log-in at sshd: sshd's word counts.
    _rule(r"pam_\w+\(sshd:auth\): .*\brhost=(?P<address>\S+)"),
    _rule(r"pam_\w+\(.*:auth\): authentication failure;.*\brhost=(?P<address>\S+)(?: +user=(?P<user>.*))?", "failure"),
    _rule(r"Connection from (?P<address>\S+) port \d+ on (?P<peer>\S+) port \d+"),
    _rule(r"(?:fatal: )?(?:Received disconnect from|Unable to negotiate with) (?P<address>[^\s:]+)[: ]"),
    _rule(r"(?:\S+-login: )?.*\(auth failed, (?P<tries>\d{1,4}) attempts.*\brip=(?P<address>[^,\s]+)", "failure"),
    _rule(r"warning: \S+\[(?P<address>[^\]]+)\]: SASL \S+ authentication failed", "failure"),
    _rule(r'\[(?P<user>.*)\] FAIL LOGIN: Client "(?P<address>[^"]+)"$', "failure"),
    _rule(r'\[(?P<user>.*)\] OK LOGIN: Client "(?P<address>[^"]+)"$', "success"),
    _rule(rf"(?=.*\b(?:BLOCK|DROP|DENY|DENIED|REJECT)\b){_PACKET}", "blocked"),
    _rule(_PACKET),
    _rule(r".*\brhost=(?P<address>\S+)"),
    _rule(r".* (?P<address>\S+) port \d+\b"),
    _rule(rf".*{_FROM}"),
)


def looks_like_syslog(line: str) -> bool:
    """True for a line of a system log in the traditional or the ISO 8601 form."""
    return _LINE.match(line) is not None


def read_syslog(source: LogSource, clock: Clock) -> Iterator[Event]:
    """The events of a system log: one for each line that names a remote address."""
    account, reader = source.account, _SyslogReader(clock)
    for line in source.lines():
        account.read += 1
        match = _LINE.match(line)
        event = reader.event(match) if match else None
        if event:
            yield event
        elif line.strip():
            account.skip(Skip.NO_ADDRESS if match else Skip.SHAPE, line)


def read_text(source: LogSource, clock: Clock) -> Iterator[Event]:
    """An event for each address in each line of any text, at the time that stands in the beginning of the line."""
    account = source.account
    for line in source.lines():
        account.read += 1
        addresses = extract(line)
        if addresses:
            time = clock.find(line[:_STAMP_WITHIN])
            yield from (Event(address, time) for address in addresses)
        elif line.strip():
            account.skip(Skip.NO_ADDRESS, line)


class _SyslogReader:
    """Turns the lines of one system log into events."""

    def __init__(self, clock: Clock) -> None:
        self._stamps = clock.stamps()
        self._addresses = address_fields()
        self._unknown: Set[str] = set()
        self._last: Optional[Event] = None

    def event(self, line: re.Match[str]) -> Optional[Event]:
        """The event of a line that `_LINE` matches, or None when it names no remote address."""
        message, repeats = line["message"], 1
        repeated = _REPEATED.match(message)
        if repeated:
            message, repeats = repeated[2] or "", min(int(repeated[1]), MOST_REPEATS)
        time = self._stamps[line["stamp"]]
        if line["program"] == "last" and repeated and self._last:  # the older form names no message
            return self._last._replace(time=time, repeats=repeats)
        self._last = self._of_message(message, line["pid"] or "")
        return self._last and self._last._replace(time=time, repeats=repeats * self._last.repeats)

    def _of_message(self, message: str, pid: str) -> Optional[Event]:
        for pattern, action in _RULES:
            match = pattern.match(message)
            if match:
                return self._matched(match, action, pid)
        found = extract(message)
        return Event(found[0]) if found else None

    def _matched(self, match: re.Match[str], action: str, pid: str) -> Optional[Event]:
        parts = match.groupdict()
        address = self._addresses[parts["address"]]
        if not address:
            return None
        if action == "failure" and self._told_before(match.string, pid):
            action = ""
        peer, port = parts.get("peer") or "", parts.get("port")
        user = (parts.get("user") or "")[:_USER_LENGTH]
        tries = min(int(parts.get("tries") or 1), MOST_REPEATS)
        return Event(
            address,
            action=action,
            peer=self._addresses[peer] if peer else "",
            port=int(port) if port else None,
            user=user,
            repeats=tries,
        )

    def _told_before(self, message: str, pid: str) -> bool:
        """True for the first failed password of an unknown user, which sshd announced in a line of its own.

        That line counts, because it stands alone where passwords are not accepted at all.
        """
        told = pid in self._unknown
        self._unknown.discard(pid)
        if not _UNKNOWN_USER.match(message):
            return told
        if len(self._unknown) >= _PENDING:
            self._unknown.clear()
        self._unknown.add(pid)
        return False
