"""Searches that the reports hand to an analyst, in Splunk's language. An address goes in only in canonical text."""

from __future__ import annotations


def term(address: str) -> str:
    """An address as a literal in SPL: TERM() hits the index directly where the address is one indexed term."""
    return f'"{address}"' if ":" in address else f"TERM({address})"


def hunt(address: str, days: int) -> str:
    """SPL that finds every event with the address in the last days, by index, sourcetype and host."""
    return (
        f"index=* earliest=-{days}d@d latest=now {term(address)}"
        " | stats count min(_time) as first max(_time) as last by index sourcetype host"
        " | convert ctime(first) ctime(last)"
    )


def outbound_hunt(address: str) -> str:
    """SPL that finds which of our hosts talked to the address, and how much went out."""
    return (
        f'index=* earliest=-30d@d latest=now {term(address)} dest_ip="{address}"'
        " | stats count sum(bytes_out) as bytes_out min(_time) as first max(_time) as last by src_ip user app"
        " | convert ctime(first) ctime(last)"
    )
