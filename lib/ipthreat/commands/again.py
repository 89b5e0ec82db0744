"""The command that makes a report again."""

from __future__ import annotations

import argparse
import shlex
from datetime import datetime
from pathlib import PurePath
from typing import Sequence

TITLE = "Suspicious IP Addresses"
TLP = "TLP:AMBER"
"""A report's label where none is given and nobody is asked."""


def rerun(verb: str, options: argparse.Namespace, inputs: Sequence[str], moment: datetime) -> str:
    """The command that makes the same report again, quoted for a shell.

    Of files it has the names alone: a report is passed on, and where a file lies is nobody's business. The moment
    judged is always told, since it decides how old the evidence is; with live sources it can only be now.
    """
    words = ["ipthreat", verb, *(PurePath(text).name if verb == "report" else text for text in inputs)]
    for name in _REPEATED:
        for value in getattr(options, name, []):
            words += [f"--{name}", PurePath(value).name if name == "evidence" else value]
    for name, usual in _SINGLE.items():
        value = getattr(options, name, None)
        if value and value != usual:
            words += [f"--{name}", PurePath(value).name if name == "allowlist" else value]
    words += ["--deep"] if getattr(options, "deep", False) else []
    when = ["--live"] if options.live else ["--as-of", moment.strftime("%Y-%m-%dT%H:%M:%SZ")]
    return shlex.join([*words, *when])


_REPEATED = ("evidence", "own", "only")
_SINGLE = {
    "field": None,
    "input": None,
    "title": TITLE,
    "tlp": TLP,
    "allowlist": None,
    "policy": "standard",
}
