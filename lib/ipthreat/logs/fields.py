"""Which field of a record means what: the names of Splunk's common information model and of the usual vendors.

`FIELDS` is the whole knowledge, as data. `FieldPlan` applies it to one list of field names and turns rows into events.
Sources of the names: Splunk CIM (Authentication, Network Traffic, Web), Elastic Common Schema, Zeek and Suricata logs,
AWS CloudTrail, VPC flow and WAF records, Azure sign-in and network flow records, Google Cloud audit logs, Fortinet and
Palo Alto traffic logs, W3C extended logs of IIS, nginx JSON, Cowrie, Windows Security events.
"""

from __future__ import annotations

import re
from typing import Dict, Iterable, List, Mapping, Optional, Sequence, Tuple

from ..address import GLOBAL, canonical, classify, parse, split
from ..errors import AddressError
from ..memo import Memo
from .event import Event

# Per role the names in order of preference, compared without case, spaces, underscores and hyphens; a dot stands
# between the keys of nested records.
FIELDS: Mapping[str, Tuple[str, ...]] = {
    "address": (
        *("src_ip", "src", "source_ip", "source.ip", "client.ip", "client_ip", "id.orig_h", "source_ip_address"),
        *("http_request.client_ip", "http_request.remote_ip", "remote_addr", "remote_ip", "remote_address", "c_ip"),
        *("srcaddr", "src_addr", "source_address", "ip.src", "rhost", "caller_ip_address", "caller_ip", "calling_ip"),
        *("proto_payload.request_metadata.caller_ip", "actor_ip_address", "client_ip_address", "client_addr"),
        *("client_address", "attacker_ip", "source", "client", "remote_host", "ip_address", "ip", "address", "host_ip"),
        *("indicator", "ioc"),
    ),
    "peer": (
        *("dest_ip", "dest", "dst_ip", "dst", "destination_ip", "destination.ip", "server.ip", "id.resp_h", "s_ip"),
        *("dstaddr", "dst_addr", "dest_addr", "destination_address", "ip.dst", "server_ip", "destination"),
    ),
    # Flow records that tell the two ends apart by place, with the direction in a field of its own.
    "local": ("vm_ip_address", "local_ip", "local_address", "private_ip"),
    "remote": ("all_ext_ips", "public_ips", "external_ip", "public_ip", "foreign_address"),
    "direction": ("flow_direction", "direction", "network.direction"),
    "time": (
        *("_time", "timestamp", "@timestamp", "event_time", "ts", "time", "flow_start_time", "start_time", "start"),
        *("event.created", "time_generated", "time_created", "datetime", "date_time", "time_local", "time_iso8601"),
        "event_datetime",
        *("event_timestamp", "created_date_time", "first_seen"),
    ),
    "date": ("date",),  # where the time field holds the clock alone
    "user_agent": (
        *("http_user_agent", "user_agent", "user_agent.original", "http.http_user_agent", "http_request.user_agent"),
        *("cs(User-Agent)", "http_request.headers.user_agent", "agent", "ua", "client_user_agent"),
        *("request_user_agent", "proto_payload.request_metadata.caller_supplied_user_agent"),
    ),
    "request": ("request", "http_request", "request_line", "request_uri_full"),
    "method": (
        *("http_method", "method", "http.http_method", "http.request.method", "http_request.http_method", "cs_method"),
        *("http_request.request_method", "request_method", "verb"),
    ),
    "uri": (
        *("uri", "url", "http.url", "url.original", "http_request.uri", "http_request.request_url", "request_uri"),
        *("cs_uri_stem", "uri_path", "url.path", "path", "event_name", "operation_name", "proto_payload.method_name"),
    ),
    "query": ("uri_query", "url.query", "http_request.args", "cs_uri_query", "query_string", "query"),
    "status": (
        *("status", "http_status", "http.status", "http.response.status_code", "sc_status", "status_code"),
        *("response_code", "http_request.status", "http_status_code"),
    ),
    "action": (
        *("action", "alert.action", "event.outcome", "outcome", "auth_success", "conn_state", "disposition", "result"),
        *("response_elements.console_login", "eventid", "event_code", "event_id", "login_status"),
    ),
    "bytes_out": (
        *("bytes_out", "orig_bytes", "flow.bytes_toserver", "sent_bytes", "bytes_sent", "sentbyte", "source.bytes"),
        *("src_bytes", "body_bytes_sent", "sc_bytes", "response_size", "bytes"),
    ),
    "bytes_in": (
        *("bytes_in", "resp_bytes", "flow.bytes_toclient", "received_bytes", "bytes_received", "rcvdbyte"),
        *("destination.bytes", "dst_bytes", "dest_bytes", "cs_bytes", "request_length"),
    ),
    "port": (
        *("dest_port", "dst_port", "destination_port", "destination.port", "id.resp_p", "dstport", "dport", "dpt"),
        *("s_port", "server_port"),
    ),
    "user": (
        *("user", "user_name", "user.name", "user_identity.user_name", "user_principal_name", "account_name"),
        *("target_user_name", "remote_user", "cs_username", "src_user"),
    ),
}

# What the values of the action fields mean. Zeek's connection states S0 (no answer), REJ, RSTOS0, RSTRH and SH are
# connections that came to nothing; 4624 and 4625 are Windows' log-on events.
ACTIONS: Mapping[str, str] = {
    **dict.fromkeys(("success", "succeeded", "successful", "true", "4624", "cowrie.login.success"), "success"),
    **dict.fromkeys(("failure", "failed", "fail", "false", "4625", "cowrie.login.failed"), "failure"),
    **dict.fromkeys(("allowed", "allow", "accept", "accepted", "pass", "permit", "permitted", "sf"), "allowed"),
    **dict.fromkeys(("blocked", "block", "deny", "denied", "drop", "dropped", "reject", "rejected"), "blocked"),
    **dict.fromkeys(("s0", "rej", "rstos0", "rstrh", "sh"), "blocked"),
}

_EMPTY = frozenset({"", "-", "(empty)", "null", "none", "nan", "n/a"})
_INBOUND = frozenset({"i", "in", "inbound", "ingress", "incoming", "to_server"})
_WRAPPERS = re.compile(r"^(?:_source|result|fields|event|properties|record|data|detail|log|json)\.", re.IGNORECASE)
_ADDRESS_ROLES = ("address", "local", "remote")
_ADDRESSES_KEPT = 65536
_LIST_LENGTH = 2000  # characters of an address list that are looked at
_HUGE = 2.0**63


def normal(name: str) -> str:
    """A field name as it is compared: lower case, letters, digits and dots only.

    >>> normal("cs(User-Agent)"), normal("id.orig_h"), normal("sourceIPAddress")
    ('csuseragent', 'id.origh', 'sourceipaddress')
    """
    return re.sub(r"[^a-z0-9.]", "", name.lower())


_ROLES: Dict[str, Tuple[str, int]] = {}
for _role, _names in FIELDS.items():
    for _rank, _name in enumerate(_names):
        _ROLES.setdefault(normal(_name), (_role, _rank))  # of two spellings of a name, the first counts


def address_fields() -> Memo[str]:
    """The canonical address in the text of an address field; empty when there is none.

    In a list (X-Forwarded-For, `PublicIPs`) the first global address counts, else the first.
    """
    return Memo(_address_in, _ADDRESSES_KEPT)


def stated(text: str) -> str:
    """A value without the space around it; '' for one that stands for nothing, as `-` and `null` do."""
    value = text.strip()
    return "" if value.lower() in _EMPTY else value


def role_of(name: str) -> Tuple[str, int]:
    """The role of a field and the rank of its name within the role; an empty role for a name that means nothing here.

    The envelopes of exports (`result.`, `_source.`, `properties.` …) are looked through.
    """
    return _ROLES.get(normal(name)) or _ROLES.get(normal(_WRAPPERS.sub("", name))) or ("", 0)


def has_address(names: Iterable[str], field: Optional[str] = None) -> bool:
    """True when one of the fields is known to hold an address, or is the field that is said to."""
    if field is not None:
        return normal(field) in map(normal, names)
    return any(role_of(name)[0] in _ADDRESS_ROLES for name in names)


class FieldPlan:
    """Turns rows with the same field names into events."""

    def __init__(self, names: Sequence[str], times: Memo[Optional[float]], field: Optional[str] = None) -> None:
        """`field` names the address field; without it the field is found by the names of FIELDS."""
        self._times = times
        self._addresses = address_fields()
        found: Dict[str, List[Tuple[int, int]]] = {role: [] for role in FIELDS}
        for place, name in enumerate(names):
            role, rank = role_of(name)
            if role:
                found[role].append((rank, place))
        self._places = {role: tuple(place for _, place in sorted(ranked)) for role, ranked in found.items()}
        if field is not None:
            self._places["address"] = tuple(place for place, name in enumerate(names) if normal(name) == normal(field))
            self._places["local"] = self._places["remote"] = ()

    @property
    def has_address(self) -> bool:
        """True when one of the fields is known, or said, to hold the address."""
        return any(self._places[role] for role in _ADDRESS_ROLES)

    def event(self, values: Sequence[str]) -> Optional[Event]:
        """The row as an event, or None when its address fields hold no address. `values` stand in the names' order."""
        address, peer = self._ends(values)
        if not address:
            return None
        status = self._value("status", values)
        return Event(
            address,
            self._time(values),
            self._value("user_agent", values),
            self._request(values),
            _http_status(status),
            self._action(values) or ACTIONS.get(status.lower(), ""),
            _whole(self._value("bytes_out", values)),
            _whole(self._value("bytes_in", values)),
            peer,
            _whole(self._value("port", values)),
            self._value("user", values),
        )

    def _ends(self, values: Sequence[str]) -> Tuple[str, str]:
        """(who acted, the other end)."""
        address, peer = self._address("address", values), self._address("peer", values)
        if address:
            return address, peer
        local, remote = self._address("local", values), self._address("remote", values)
        inbound = self._value("direction", values).lower() in _INBOUND
        return (remote, local) if inbound or not local else (local, remote)

    def _address(self, role: str, values: Sequence[str]) -> str:
        for place in self._places[role]:
            address = self._addresses[values[place]]
            if address:
                return address
        return ""

    def _value(self, role: str, values: Sequence[str]) -> str:
        """The first field of a role that is not empty."""
        for place in self._places[role]:
            value = stated(values[place])
            if value:
                return value
        return ""

    def _time(self, values: Sequence[str]) -> Optional[float]:
        clock, day = self._value("time", values), self._value("date", values)
        return self._times[f"{day} {clock}"] if day else self._times[clock]

    def _request(self, values: Sequence[str]) -> str:
        request = self._value("request", values)
        if request:
            return request
        uri, query = self._value("uri", values), self._value("query", values)
        parts = (self._value("method", values), f"{uri}?{query}" if query else uri)
        return " ".join(part for part in parts if part) if uri else ""

    def _action(self, values: Sequence[str]) -> str:
        for place in self._places["action"]:
            action = ACTIONS.get(values[place].strip().lower())
            if action:
                return action
        return ""


def _address_in(text: str) -> str:
    try:
        return canonical(text)
    except AddressError:
        found = [parse(member) for member in split(text[:_LIST_LENGTH]) if _is_address(member)]
    outside = [address for address in found if classify(address) == GLOBAL]
    return str((outside or found)[0]) if found else ""


def _is_address(text: str) -> bool:
    try:
        parse(text)
    except AddressError:
        return False
    return True


def _http_status(text: str) -> Optional[int]:
    text = text[:-2] if text.endswith(".0") else text  # as a table of numbers with gaps writes it
    return int(text) if len(text) == 3 and text.isascii() and text.isdigit() and "1" <= text[0] <= "5" else None


def _whole(text: str) -> Optional[int]:
    """A count such as `443`, `443.0` or `1e6`; None for anything that is none."""
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        return None
    return int(value) if 0 <= value < _HUGE else None
