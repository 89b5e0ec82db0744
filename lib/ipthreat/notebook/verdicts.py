"""The analyst's own verdicts: kept in a CSV file that `ipthreat calibrate` reads, and told as allow-list entries.

    verdicts = Verdicts("verdicts.csv")
    verdicts.mark("18.237.3.202", hostile=True, note="seen probing us", by="ana")
    verdicts.allowlist("ours.txt", days=30)

One line per verdict, the last one on an address counts. Header: address, label, confidence, note, by, at.
"""

from __future__ import annotations

import csv
from datetime import datetime, timedelta
from pathlib import Path
from typing import Dict, Iterator, List, Optional

import pandas

from ..address import canonical
from ..calibration import LABELS
from ..commands.ground import now
from ..errors import InputError
from ..report.escape import csv_cell, visible
from .ground import Place

COLUMNS = ("address", "label", "confidence", "note", "by", "at")
LONGEST_NOTE = 400


class Verdicts:
    """A file of verdicts."""

    def __init__(self, path: Place = "verdicts.csv") -> None:
        self.path = Path(path)

    def mark(
        self,
        address: str,
        hostile: bool,
        note: str = "",
        by: str = "",
        confidence: Optional[int] = None,
        at: Optional[datetime] = None,
    ) -> None:
        """Adds a verdict: hostile (a true positive) or not. `confidence` is what ipthreat said then, if known.

        Raises AddressError for what is no address, InputError where the file cannot be written.
        """
        label = "hostile" if hostile else "benign"
        moment = (at or now()).strftime("%Y-%m-%dT%H:%M:%SZ")
        told = "" if confidence is None else str(confidence)
        row = [canonical(address), label, told, _line(note), _line(by), moment]
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            fresh = not self.path.exists() or not self.path.stat().st_size
            with self.path.open("a", encoding="utf-8", newline="") as file:
                csv.writer(file, lineterminator="\n").writerows([*([COLUMNS] if fresh else []), row])
        except OSError as error:
            raise InputError(f"{self.path}: the verdict cannot be kept there ({error.strerror or error})") from None

    @property
    def table(self) -> pandas.DataFrame:
        """The verdict that counts on each address (the index), in order of the last marks."""
        rows = list(self._latest().values())
        made = pandas.DataFrame(rows, columns=list(COLUMNS)).set_index("address")
        made["at"] = pandas.to_datetime(made["at"], utc=True, errors="coerce")
        return made

    def allowlist(self, path: Place, days: int = 30) -> Path:
        """Writes those marked benign as an allow-list that expires, for `allowlist=` and `ipthreat --allowlist`.

        Raises InputError where the file cannot be written.
        """
        until = (now() + timedelta(days=days)).strftime("%Y-%m-%d")
        held = [row for row in self._latest().values() if LABELS.get(row["label"]) is False]
        lines = [f"{row['address']},{until},{row['note'].replace('#', ' ') or 'marked benign'}" for row in held]
        try:
            Path(path).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        except OSError as error:
            raise InputError(f"{path}: the allow-list cannot be written there ({error.strerror or error})") from None
        return Path(path)

    def _latest(self) -> Dict[str, Dict[str, str]]:
        found: Dict[str, Dict[str, str]] = {}
        for row in self._rows():
            found.pop(row["address"], None)
            found[row["address"]] = row
        return found

    def _rows(self) -> Iterator[Dict[str, str]]:
        if not self.path.exists():
            return
        try:
            with self.path.open(encoding="utf-8", newline="") as file:
                rows: List[Dict[str, str]] = list(csv.DictReader(file))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise InputError(f"{self.path}: the verdicts cannot be read ({error})") from None
        for row in rows:
            if row.get("address") and row.get("label"):
                yield {name: row.get(name) or "" for name in COLUMNS}


def _line(text: str) -> str:
    """A note on one line, inert in a terminal and in a spreadsheet."""
    return csv_cell(visible(" ".join(text.split()), LONGEST_NOTE))
