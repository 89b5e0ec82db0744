"""Lookup files of the app: named in a search, never by a path, and read as lists of addresses."""

from __future__ import annotations

import csv
import re
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Optional

from ..errors import InputError
from .conf import APP

if TYPE_CHECKING:
    from ..allowlist import Allowlist

NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}")
"""What the name of a lookup looks like; its file may be meant with or without `.csv`."""

_ADDRESS_COLUMNS = ("address", "network", "ip", "prefix", "cidr")


def lookup_path(name: Optional[str], app: Path = APP) -> Optional[Path]:
    """The file of a lookup; None without a name. Raises InputError when there is no such file."""
    if not name:
        return None
    file = name if name.endswith(".csv") else f"{name}.csv"
    path = app / "lookups" / file
    if not NAME.fullmatch(name) or not path.is_file():
        raise InputError(f"allowlist: the app has no lookup file {file[:60]}")
    return path


def read_allowlist(path: Path, as_of: datetime) -> Allowlist:
    """The allow-list in a lookup file: a header that names an address column, maybe `expires` and `reason`.

    Raises InputError for a file that cannot be read or has no such column: it must not pass for an empty list.
    """
    from ..allowlist import Allowlist  # here, as the reply to getinfo does without

    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"allowlist: {path.name} cannot be read ({error})") from None
    lines = []
    for number, row in enumerate(rows, start=2):
        address = next((row[name] for name in _ADDRESS_COLUMNS if row.get(name)), None)
        if address is None:
            raise InputError(f"allowlist: line {number} of {path.name} has no {' or '.join(_ADDRESS_COLUMNS)}")
        rest = [" ".join((row.get(name) or "").split()) for name in ("expires", "reason")]
        lines.append(",".join([address, *(text for text in rest if text)]))
    return Allowlist.of(lines, as_of, path.name)
