"""What `benchmarks/scenarios.py` hands to the comparison's own program: a user's notebook with two live sources."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any, Tuple

import ipthreat.notebook  # registers frame.ipthreat
from ipthreat.notebook.ground import Ground

NAME = "ipthreat"
PLACES = {"virustotal": "/api/v3", "abuseipdb": "/api/v2"}
LIMITS = "".join(f"quota_{period} = 1000000\n" for period in ("minute", "day", "month"))


def make(base_url: str) -> Ground:
    """The ground of a user whose providers are at that URL; it ends with the process."""
    home = Path(tempfile.mkdtemp(prefix="ipthreat-scenario-"))
    stanzas = [f"[{name}]\nkey = x\nbase_url = {base_url}{path}\n{LIMITS}" for name, path in PLACES.items()]
    descriptor = os.open(home / "ipthreat.conf", os.O_WRONLY | os.O_CREAT, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write("[live]\nbudget = 10000\ntimeout = 600\n" + "".join(stanzas))
    return Ground.of(live=True, environment={"IPTHREAT_HOME": str(home)})


def lookup(ground: Ground, frame: Any, column: str) -> Tuple[int, int, Any]:
    """(rows that came back, answers by provider and row, the frame)."""
    told = ipthreat.notebook.enrich(frame, column, fields="sources", on=ground, progress=False)
    answers = sum(f"{name}=ok" in str(cell) for cell in told["ti_sources"] for name in PLACES)
    return len(told), answers, told
