"""The options of `| ipthreatreport`: checked without reading any data, each mistake one sentence."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import List, Mapping, Optional

from ..case import TLP_LABELS
from ..errors import InputError
from .lookups import lookup_path

FORMS = ("threat", "strict", "actionable", "html", "json", "csv", "stix", "misp", "navigator", "sigma", "blocklist")
"""The names of `report.formats.FORMATS`, which is not loaded until there is a report to render."""

OPTIONS = ("format", "by", "title", "tlp", "top", "policy", "allowlist")
"""The names of the options."""

_DEFAULT_TITLE = "Suspicious IP Addresses"
_FIELD = re.compile(r"[^\s\"'|\[\]\\=,]{1,200}")
_LONGEST_TITLE = 200


@dataclass(frozen=True)
class ReportOptions:
    """The options of the command, checked."""

    format: str = "threat"
    by: Optional[str] = None
    title: str = _DEFAULT_TITLE
    tlp: str = "TLP:AMBER"
    top: int = 0
    """How many addresses are told of; 0 for all."""
    policy: str = "standard"
    """Name of the policy that is judged by."""
    allowlist: Optional[Path] = None
    """File of the lookup with what is allowed."""

    @classmethod
    def checked(cls, given: Mapping[str, Optional[str]], fieldnames: List[str]) -> ReportOptions:
        """The options as typed, in text. Raises InputError in one sentence for the first that cannot be used."""
        if fieldnames:
            raise InputError(f"{fieldnames[0][:60]!r} is no option; name the field of the address as by=<field>")
        form = (given.get("format") or cls.format).lower()
        if form not in FORMS:
            raise InputError(f"format={form[:40]} is not known; it may be {', '.join(FORMS)}")
        by = given.get("by")
        if by is not None and not _FIELD.fullmatch(by):
            raise InputError(f"by={by[:60]} is no name of one field")
        policy, allowed = given.get("policy") or cls.policy, lookup_path(given.get("allowlist"))
        if policy != cls.policy:
            from ..policy import policy_named

            policy_named(policy)
        title = " ".join((given.get("title") or cls.title).split())[:_LONGEST_TITLE]
        tlp, top = _tlp(given.get("tlp") or cls.tlp), _top(given.get("top") or "0")
        return cls(form, by, title, tlp, top, policy, allowed)


def _tlp(text: str) -> str:
    wanted = text.upper() if text.upper().startswith("TLP:") else f"TLP:{text.upper()}"
    if wanted not in TLP_LABELS:
        raise InputError(f"tlp={text[:40]} is no TLP 2.0 label; it may be {', '.join(TLP_LABELS)}")
    return wanted


def _top(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise InputError(f"top={text[:40]} is no number of addresses, such as 20, or 0 for all")
    return int(text)
