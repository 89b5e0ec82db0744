"""Which addresses may be blocked, until when, and the list of them in the syntax of common firewalls.

An address is listed only with confidence 9 or 10 and an own event in the last days, and never when it is allow-listed,
private or reserved, or in a range whose operator a warning list names. Every entry expires: firewalls that know
time-outs get one, counted from the time of the report; for the others the expiry stands beside the entry.
"""

from __future__ import annotations

import ipaddress
import json
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Callable, Dict, FrozenSet, Iterator, List, Sequence, Tuple

from ..assessment import Assessment
from ..case import Case
from ..dossier import SourceKind, Status
from ..errors import InputError
from ..version import __version__
from .escape import visible

CONFIDENT = 9
"""Lowest confidence that is blocked."""
RENTED: FrozenSet[str] = frozenset(
    {"cloud", "dynamic", "hosting", "vpn", "tor", "open_resolver", "sinkhole", "parking"}
)
"""Kinds of warning list that do not spare an address: space where anybody may be. Any other kind names an operator
whose service would be cut off."""


@dataclass(frozen=True)
class Entry:
    """One address to block."""

    address: str
    """Canonical text."""
    expires: datetime
    lifetime: timedelta
    """From the time of the report to `expires`."""
    confidence: int

    @property
    def version(self) -> int:
        """4 or 6."""
        return ipaddress.ip_address(self.address).version

    @property
    def prefix(self) -> str:
        """The address as a network of one: `18.237.3.202/32`."""
        return f"{self.address}/{32 if self.version == 4 else 128}"

    @property
    def until(self) -> str:
        """`2023-11-02T12:00:00Z`."""
        return utc(self.expires)

    @property
    def seconds(self) -> int:
        """The lifetime as firewalls count it."""
        return int(self.lifetime.total_seconds())


def utc(moment: datetime) -> str:
    """A time as exports write it, in UTC: `2023-11-02T12:00:00Z`."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def is_operated(assessment: Assessment) -> bool:
    """True when a warning list names the operator of the range: a block would cut off its service."""
    return any(
        label not in RENTED
        for item in assessment.dossier.evidence
        if item.kind is SourceKind.WARNING_LIST and item.status in (Status.OK, Status.STALE)
        for label in item.labels
    )


def is_spared(assessment: Assessment) -> bool:
    """True for what must never be blocked or passed on as an indicator, however hostile it looks.

    That is: not a global address, allow-listed, or in a range whose operator a warning list names.
    """
    dossier = assessment.dossier
    return not dossier.is_global or dossier.allowance is not None or is_operated(assessment)


def block_days(assessment: Assessment) -> int:
    """How long a block lasts: 7 days in space that changes hands quickly (cloud, dynamic), 30 elsewhere."""
    return 7 if assessment.policy.short_lived.intersection(assessment.flags) else 30


def expiry(assessment: Assessment) -> datetime:
    """When a block of it, or an indicator on it, ends."""
    return assessment.as_of + timedelta(days=block_days(assessment))


def is_blockable(assessment: Assessment) -> bool:
    """True when the address belongs on a block list."""
    confident = assessment.confidence is not None and assessment.confidence >= CONFIDENT
    return confident and assessment.active and not is_spared(assessment)


def entries(case: Case) -> Tuple[Entry, ...]:
    """The addresses to block, in numerical order, IPv4 first."""
    found = [
        Entry(item.address, expiry(item), expiry(item) - item.as_of, item.confidence or 0)
        for item in case.assessments
        if is_blockable(item)
    ]
    return tuple(sorted(found, key=lambda entry: (entry.version, int(ipaddress.ip_address(entry.address)))))


def render(case: Case, name: str) -> str:
    """The block list in one firewall's syntax. Raises InputError that lists the names there are."""
    syntax, found = format_named(name), entries(case)
    return "\n".join(syntax.write(found, _about(case, len(found)))) + "\n"


def format_named(name: str) -> ListFormat:
    """The syntax of that name. Raises InputError that lists the names there are."""
    if name not in FORMATS:
        raise InputError(f"there is no block list format {name[:60]!r}; there are {', '.join(FORMATS)}")
    return FORMATS[name]


def _about(case: Case, count: int) -> List[str]:
    return [
        f"{visible(case.tlp, 40)} ipthreat {__version__}, report {case.report_id}, {utc(case.as_of)}",
        f"{count} {'address' if count == 1 else 'addresses'} to block: confidence {CONFIDENT} or 10 and active",
    ]


Lines = Iterator[str]
Writer = Callable[[Sequence[Entry], Sequence[str]], Lines]


def _comments(sign: str, about: Sequence[str]) -> Lines:
    yield from (f"{sign} {line}" for line in about)


def _plain(found: Sequence[Entry], about: Sequence[str]) -> Lines:
    yield from _comments("#", about)
    yield from (f"{entry.address}  # until {entry.until}, confidence {entry.confidence}" for entry in found)


def _nftables(found: Sequence[Entry], about: Sequence[str]) -> Lines:
    yield from _comments("#", [*about, "nft -f FILE; then in a chain: ip saddr @ipthreat_v4 drop"])
    yield "table inet ipthreat {"
    for version in (4, 6):
        yield f"    set ipthreat_v{version} {{"
        yield f"        type ipv{version}_addr"
        yield "        flags timeout"
        own = [entry for entry in found if entry.version == version]
        elements = [f'{entry.address} timeout {entry.seconds}s comment "until {entry.until}"' for entry in own]
        if elements:
            yield "        elements = {"
            yield ",\n".join(f"            {element}" for element in elements)
            yield "        }"
        yield "    }"
    yield "}"


def _ipset(found: Sequence[Entry], about: Sequence[str]) -> Lines:
    yield from _comments("#", [*about, "ipset -exist restore < FILE"])
    yield from _comments("#", ["ipset knows no time-out above 24.8 days: longer ones end early"])
    for version, family in ((4, "inet"), (6, "inet6")):
        yield f"create ipthreat_v{version} hash:ip family {family} timeout {_IPSET_LONGEST} comment"
    for entry in found:
        seconds = min(entry.seconds, _IPSET_LONGEST)
        yield f'add ipthreat_v{entry.version} {entry.address} timeout {seconds} comment "until {entry.until}"'


_IPSET_LONGEST = 2_147_483
"""Seconds: the kernel counts milliseconds in 32 bits."""


def _iptables(found: Sequence[Entry], about: Sequence[str]) -> Lines:
    # A rule marked -4 is skipped by ip6tables-restore, one marked -6 by iptables-restore: one file serves both.
    yield from _comments("#", [*about, "iptables-restore --noflush FILE; ip6tables-restore --noflush FILE"])
    yield from _comments("#", ["then once: iptables -I INPUT -j IPTHREAT"])
    yield from ("*filter", ":IPTHREAT - [0:0]")
    for entry in found:
        rule = f'-s {entry.prefix} -m comment --comment "until {entry.until}" -j DROP'
        yield f"-{entry.version} -A IPTHREAT {rule}"
    yield "COMMIT"


def _asa(found: Sequence[Entry], about: Sequence[str]) -> Lines:
    yield from _comments("!", about)
    yield "object-group network IPTHREAT_BLOCK"
    for entry in found:
        yield f"! until {entry.until}"
        yield f" network-object host {entry.address}"


def _ios(found: Sequence[Entry], about: Sequence[str]) -> Lines:
    yield from _comments("!", about)
    for version, kind in ((4, "network"), (6, "v6-network")):
        yield f"object-group {kind} IPTHREAT_BLOCK_V{version}"
        for entry in found:
            if entry.version == version:
                yield f"! until {entry.until}"
                yield f" host {entry.address}"


def _palo_alto(found: Sequence[Entry], about: Sequence[str]) -> Lines:
    # An external dynamic list has no comment lines: a comment follows its entry after a blank.
    yield from (f"{entry.prefix} # until {entry.until}" for entry in found)


def _fortigate(found: Sequence[Entry], about: Sequence[str]) -> Lines:
    yield from _comments("#", about)
    for entry in found:
        yield f"# until {entry.until}"
        yield entry.address


def _nginx(found: Sequence[Entry], about: Sequence[str]) -> Lines:
    yield from _comments("#", about)
    yield from (f"deny {entry.address}; # until {entry.until}" for entry in found)


def _aws(version: int) -> Writer:
    """Input of `aws wafv2 create-ip-set --cli-input-json`: a set holds one version of IP."""

    def write(found: Sequence[Entry], about: Sequence[str]) -> Lines:
        own = [entry for entry in found if entry.version == version]
        last = max((entry.until for entry in own), default="none")
        data = {
            "Name": f"ipthreat-block-v{version}",
            "Scope": "REGIONAL",
            "Description": f"{about[0]}, until {last}",
            "IPAddressVersion": f"IPV{version}",
            "Addresses": [entry.prefix for entry in own],
        }
        yield json.dumps(data, indent=2)

    return write


@dataclass(frozen=True)
class ListFormat:
    """One firewall's syntax."""

    title: str
    file: str
    """A file name for it."""
    write: Writer


FORMATS: Dict[str, ListFormat] = {
    "plain": ListFormat("plain text, one address a line", "blocklist.txt", _plain),
    "nftables": ListFormat("nftables sets with time-outs", "blocklist.nft", _nftables),
    "ipset": ListFormat("ipset restore file with time-outs", "blocklist.ipset", _ipset),
    "iptables": ListFormat("iptables-restore chain", "blocklist.iptables", _iptables),
    "nginx": ListFormat("nginx deny directives", "blocklist.nginx.conf", _nginx),
    "cisco-asa": ListFormat("Cisco ASA object group", "blocklist.asa.txt", _asa),
    "cisco-ios": ListFormat("Cisco IOS object groups", "blocklist.ios.txt", _ios),
    "palo-alto": ListFormat("Palo Alto external dynamic list", "blocklist.edl.txt", _palo_alto),
    "fortigate": ListFormat("FortiGate external threat feed", "blocklist.fortigate.txt", _fortigate),
    "aws-waf": ListFormat("AWS WAF IP set, IPv4", "blocklist.waf-v4.json", _aws(4)),
    "aws-waf-ipv6": ListFormat("AWS WAF IP set, IPv6", "blocklist.waf-v6.json", _aws(6)),
}
