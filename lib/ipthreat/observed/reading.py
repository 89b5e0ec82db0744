"""What one event tells about the address that it comes from, noted in that address's tally."""

from __future__ import annotations

from typing import Dict, List, NamedTuple, Optional, Tuple

from ..agents import LONGEST, AgentTable, CrawlerClaim, tools_in
from ..attacks import in_request, in_user_agent, is_plain_query
from ..logs.event import Event
from ..memo import Memo
from ..probes import Probe, is_often_missing, path_of, probe_in
from .connections import WITHOUT_PASSWORD, LogIns, Scan
from .outbound import Contacts
from .sketches import whole_second
from .tally import Tally
from .web import Claims, Exploits, Probing, Tools

AGENT_LENGTH = 300
"""Characters of a user agent that are kept."""
MOST_AGENTS = 32_768
"""Distinct user agents that are counted for each address; those that come first."""

_KEPT = 32_768  # requests, and paths, whose meaning is remembered
_LOG_IN = "log-in"
_WORDPRESS = "wp-login.php"


class Said(NamedTuple):
    """What a user agent tells."""

    number: int
    """Its place in the list of user agents; 0 for none, and for those that came when the list was full."""
    tools: Tuple[str, ...] = ()
    attacks: Tuple[str, ...] = ()
    claim: Optional[CrawlerClaim] = None
    telling: bool = False
    """There is more to it than the text."""


class Asked(NamedTuple):
    """What a request tells, if it tells anything."""

    attacks: Tuple[str, ...]
    probe: Optional[Probe]
    log_in: bool
    """A form with a password. WordPress answers 200 when it is wrong, and 302 when it is right."""


class Agents(Dict[str, Said]):
    """`agents[user_agent]` is what it tells. The first of them are numbered, so that tallies can count by number."""

    def __init__(self, table: AgentTable) -> None:
        super().__init__()
        self[""] = Said(0)
        self.texts: List[str] = [""]
        """User agents by number, cut to AGENT_LENGTH."""
        self._table = table
        self._others = Memo(self.said, _KEPT)

    def __missing__(self, user_agent: str) -> Said:
        if len(user_agent) > LONGEST:  # looked at whole, remembered in part
            return self.said(user_agent, self[user_agent[:LONGEST]].number)
        if len(self.texts) > MOST_AGENTS:
            return self._others[user_agent]
        said = self[user_agent] = self.said(user_agent, len(self.texts))
        self.texts.append(user_agent[:AGENT_LENGTH])
        return said

    def said(self, user_agent: str, number: int = 0) -> Said:
        """What a user agent tells, not remembered."""
        tools, claim, attacks = tools_in(user_agent), self._table.crawler(user_agent), in_user_agent(user_agent)
        return Said(number, tools, attacks, claim, bool(tools or claim or attacks))


def what_requests_ask() -> Memo[Optional[Asked]]:
    """Request → what it tells, or None for the ordinary one.

    Remembered by path too: queries differ far more often, and nearly all of them are harmless.
    """
    paths: Memo[Optional[Asked]] = Memo(_asked, _KEPT)

    def ask(request: str) -> Optional[Asked]:
        path, mark, query = request.partition("?")
        return _asked(request) if mark and not is_plain_query(query) else paths[path]

    return Memo(ask, _KEPT)


def note_unusual(tally: Tally, event: Event, said: Said, asked: Optional[Asked]) -> None:
    """Notes everything about an event that is not usual, but for its other end."""
    if said.tools:
        tally.aspect(Tools).trace.add(event.time, event.repeats, said.tools, event.user_agent)
    if said.claim:
        tally.aspect(Claims).add(event.time, event.repeats, said.claim, event.user_agent)
    _note_attacks(tally, event, said.attacks, asked.attacks if asked else ())
    _note_path(tally, event, asked)
    _note_log_in(tally, event, asked)
    if event.action == "blocked" and event.port is not None and not event.peer:
        tally.aspect(Scan).add(event.time, event.repeats, "", event.port)


def _asked(request: str) -> Optional[Asked]:
    path = path_of(request)
    attacks, probe = in_request(request), probe_in(path)
    log_in = request.startswith("POST ") and path.endswith("/wp-login.php")
    return Asked(attacks, probe, log_in) if attacks or probe or log_in else None


def _note_attacks(tally: Tally, event: Event, said: Tuple[str, ...], asked: Tuple[str, ...]) -> None:
    if not said and not asked:
        return
    outcome = str(event.status or ("blocked" if event.action == "blocked" else ""))
    sample = event.request if asked else event.user_agent
    tally.aspect(Exploits).add(event.time, event.repeats, tuple(dict.fromkeys(asked + said)), sample, outcome)


def _note_path(tally: Tally, event: Event, asked: Optional[Asked]) -> None:
    """A path that is weak or does not exist. A weak one that the site has tells nothing, unless it holds secrets."""
    probe = asked.probe if asked else None
    status = event.status
    if probe and (probe.secret or (probe.telling if status is None else status >= 400)):
        name = f"{probe.name} ({status})" if status and status < 300 else probe.name
        tally.aspect(Probing).add_weak(event, name, path_of(event.request), probe.telling)
    elif status == 404:
        path = path_of(event.request)
        if not is_often_missing(path):
            tally.aspect(Probing).add_lost(event, path)


def _note_log_in(tally: Tally, event: Event, asked: Optional[Asked]) -> None:
    """A log-in. Beside an HTTP status, `success` and `failure` may mean the request as such, so the status tells."""
    time, repeats, status, user = event.time, event.repeats, event.status, event.user
    if status is None and event.action == "failure":
        tally.aspect(LogIns).failed(time, repeats, _LOG_IN, user)
    elif status is None and event.action == "success":
        tally.aspect(LogIns).succeeded(time, _LOG_IN)
    elif status == 401:
        tally.aspect(LogIns).failed(time, repeats, WITHOUT_PASSWORD, event.request)
    elif asked and asked.log_in and status == 200:
        tally.aspect(LogIns).failed(time, repeats, _WORDPRESS, event.request)
    elif asked and asked.log_in and status == 302:
        tally.aspect(LogIns).succeeded(time, _WORDPRESS)
    elif user and status is not None and 200 <= status < 300:
        tally.aspect(LogIns).succeeded(time, WITHOUT_PASSWORD)


def note_peer(tally: Tally, event: Event, inbound: bool) -> None:
    """Notes the other end. What the address received from it, our host sent, if it is one of ours (`inbound`)."""
    tally.bytes_out += event.bytes_in or 0
    if inbound:
        tally.host(event.peer, whole_second(event.time))
    if event.action == "blocked" or event.bytes_in == 0:
        tally.aspect(Scan).add(event.time, event.repeats, event.peer, event.port)


def note_contact(tally: Tally, event: Event) -> None:
    """Notes in the tally of the other end that one of our hosts opened a connection to it."""
    sent, received = event.bytes_out or 0, event.bytes_in or 0
    tally.bytes_out += sent
    tally.host(event.address, whole_second(event.time))
    port = "" if event.port is None else f"port {event.port}"
    tally.aspect(Contacts).add(event.time, event.repeats, event.address, sent, received, port)
