"""The block list in the syntax of common firewalls; `blocklist.py` decides what is on it, and until when.

Firewalls that know time-outs get one, counted from the time of the report; for the others the expiry stands beside the
entry. Syntaxes are those of the vendors' documentation.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Callable, Dict, Iterator, List, Sequence

from ..case import Case
from ..errors import InputError
from ..version import __version__
from .blocklist import CONFIDENT, Entry, entries, utc
from .escape import visible


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


def _pf(found: Sequence[Entry], about: Sequence[str]) -> Lines:
    yield from _comments("#", [*about, "pfctl -t ipthreat -T replace -f FILE; in pf.conf: table <ipthreat> persist"])
    yield from (f"{entry.address} # until {entry.until}" for entry in found)


_FIRST_SID = 1_420_000
"""Within 1,000,000 to 1,999,999, which the rule writers leave to local rules."""


def _suricata(found: Sequence[Entry], about: Sequence[str]) -> Lines:
    yield from _comments("#", about)
    for number, entry in enumerate(found):
        message = f"ipthreat confidence {entry.confidence} until {entry.until}"
        for place, ends in enumerate(
            (f"{entry.address} any -> $HOME_NET any", f"$HOME_NET any -> {entry.address} any")
        ):
            sid = _FIRST_SID + 2 * number + place
            yield f'drop ip {ends} (msg:"{message}"; classtype:bad-unknown; sid:{sid}; rev:1;)'


def _splunk_lookup(found: Sequence[Entry], about: Sequence[str]) -> Lines:
    """Rows of a lookup; without comments, which a lookup has no place for."""
    yield "ip,until,confidence"
    yield from (f"{entry.address},{entry.until},{entry.confidence}" for entry in found)


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
    "pf": ListFormat("OpenBSD and FreeBSD pf table", "blocklist.pf", _pf),
    "suricata": ListFormat("Suricata and Snort rules", "blocklist.rules", _suricata),
    "splunk-lookup": ListFormat("Splunk lookup", "ipthreat_blocklist.csv", _splunk_lookup),
    "aws-waf": ListFormat("AWS WAF IP set, IPv4", "blocklist.waf-v4.json", _aws(4)),
    "aws-waf-ipv6": ListFormat("AWS WAF IP set, IPv6", "blocklist.waf-v6.json", _aws(6)),
}
