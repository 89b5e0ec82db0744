"""Searches that the reports hand to an analyst, in Splunk's language. An address goes in only in canonical text.

`stats … by` drops events that lack one of its fields: what may be missing is filled first. Hunts reach from 30 days
before the moment judged until now, so that a report on old events finds them; bounds are seconds since the epoch.
"""

from __future__ import annotations

import ipaddress
from datetime import datetime, timedelta
from typing import Sequence


def term(address: str) -> str:
    """An address as a literal in SPL: TERM() hits the index directly where the address is one indexed term."""
    return f'"{address}"' if ":" in address else f"TERM({address})"


def any_of(addresses: Sequence[str]) -> str:
    """A condition that holds for events with one of the addresses."""
    terms = [term(address) for address in addresses]
    return terms[0] if len(terms) == 1 else f"({' OR '.join(terms)})"


def since(as_of: datetime) -> str:
    """The window of a hunt: `earliest=1695686400 latest=now`."""
    return f"earliest={int((as_of - timedelta(days=30)).timestamp())} latest=now"


def month_back(addresses: Sequence[str], as_of: datetime) -> str:
    """Finds every event with one of the addresses since 30 days before as-of, by index, sourcetype and host."""
    return (
        f"index=* {since(as_of)} {any_of(addresses)}"
        " | stats count min(_time) as first max(_time) as last by index sourcetype host"
        " | convert ctime(first) ctime(last)"
    )


def outbound(addresses: Sequence[str], as_of: datetime) -> str:
    """Finds which of our hosts talked to the addresses, and how much went out."""
    to = " OR ".join(f'dest_ip="{address}"' for address in addresses)
    return (
        f"index=* {since(as_of)} {any_of(addresses)} ({to})"
        ' | fillnull value="unknown" src_ip user app'
        " | stats count sum(bytes_out) as bytes_out min(_time) as first max(_time) as last by src_ip user app dest_ip"
        " | convert ctime(first) ctime(last)"
    )


def contacts(addresses: Sequence[str], as_of: datetime) -> str:
    """Finds new events with the addresses: the search of an alert that runs every quarter of an hour."""
    return f"index=* earliest=-15m {any_of(addresses)}"


def changes(addresses: Sequence[str], as_of: datetime) -> str:
    """Judges the addresses anew by their latest events, for an alert on any change."""
    return f"{contacts(addresses, as_of)} | ipthreatreport by=src_ip format=json"


def network_of(address: str) -> str:
    """The neighbourhood of an address: its /24, or its /64 in IPv6."""
    return str(ipaddress.ip_network(f"{address}/{64 if ':' in address else 24}", strict=False))


def neighbours(address: str, as_of: datetime) -> str:
    """Finds who else of the address's neighbourhood came, with which user agents."""
    return (
        f'index=* {since(as_of)} src_ip="{network_of(address)}"'
        ' | fillnull value="none" http_user_agent | stats count by src_ip http_user_agent'
    )
