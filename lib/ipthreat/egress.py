"""What may leave the machine, and the record of what did.

An address that is not global or is on the analyst's allow-list never leaves. Beyond that each provider has a ceiling,
the highest TLP label of data whose addresses it may see, and a list of addresses that it is never sent. Each request is
written to the audit file before it is made; what cannot be recorded is not sent.
"""

from __future__ import annotations

import ipaddress
import json
import os
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Mapping, Optional, Sequence, Tuple, Union

from .address import GLOBAL, classify, parse
from .case import TLP_LABELS
from .dossier import Allowance
from .errors import StoreError

Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]

AUDIT_FILE = "egress.log"


@dataclass(frozen=True)
class Egress:
    """The rules of one run."""

    tlp: str
    """Label of the data the addresses come from."""
    ceilings: Mapping[str, str] = field(default_factory=dict)
    """Provider → the highest label it may see."""
    no_send: Mapping[str, Tuple[Network, ...]] = field(default_factory=dict)
    """Provider → prefixes it is never sent."""

    def closed(self, provider: str) -> str:
        """Why this provider may not be sent anything in this run; empty when it may."""
        ceiling = self.ceilings.get(provider, "")
        if ceiling not in TLP_LABELS:
            return f"no label is known up to which data may go to {provider}"
        if TLP_LABELS.index(self.tlp) < TLP_LABELS.index(ceiling):  # the most confidential label comes first
            return f"{self.tlp} data may not go to {provider}, whose ceiling is {ceiling}"
        return ""

    def withheld(self, provider: str, address: str, allowance: Optional[Allowance]) -> str:
        """Why this address is not sent to this provider; empty when it may be."""
        parsed = parse(address)
        if classify(parsed) != GLOBAL:
            return "it is not a global address"
        if allowance is not None:
            return "it is on the allow-list"
        if any(parsed in network for network in self.no_send.get(provider, ()) if network.version == parsed.version):
            return f"it is on the list of what is never sent to {provider}"
        return ""


@dataclass(frozen=True)
class Audit:
    """The audit file: a JSON object a line, appended to, never read or rotated by us."""

    path: Optional[Path]
    """None keeps no record."""
    run: str
    """Names the run in each of its lines."""
    tlp: str
    user: str = ""
    """Who wants to know, where one asks for many …"""
    search: str = ""
    """… and in which search."""

    def sending(self, moment: datetime, provider: str, host: str, account: str, addresses: Sequence[str]) -> None:
        """Records that these addresses are about to be sent. Raises StoreError when that is not possible."""
        if self.path is None:
            return
        told = {
            "time": moment.isoformat(),
            "run": self.run,
            **{name: text for name, text in (("user", self.user), ("search", self.search)) if text},
            "provider": provider,
            "host": host,
            "account": account,
            "tlp": self.tlp,
            "addresses": list(addresses),
        }
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _append(self.path, (json.dumps(told) + "\n").encode())
        except OSError as error:
            words = error.strerror or type(error).__name__
            raise StoreError(f"{self.path}: {words}, and what cannot be recorded is not sent") from None


def _append(path: Path, line: bytes) -> None:
    """One write to a file in append mode: lines of several processes do not mix."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        if os.write(descriptor, line) != len(line):
            raise OSError(28, "only part of a line could be written")
    finally:
        os.close(descriptor)
