"""Alerts as splunkd starts them: a payload on standard input, results in a gzipped CSV, the real script."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence

from searches import app
from splunkds import Place

from ipthreat.splunk.protocol import body_of, table_from

SID = "scheduler__admin__search__RMD5a1b2c3_at_1795500000_77"
SEARCH = "Web scans"


def results(folder: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    """The results of an alert, as splunkd writes them."""
    path = folder / "results.csv.gz"
    names = tuple(dict.fromkeys(name for row in rows for name in row))
    path.write_bytes(gzip.compress(body_of(table_from(names, rows))))
    return path


def payload(place: Place, path: Optional[Path], *, user: str = "analyst", **more: Any) -> Dict[str, Any]:
    """A payload; parameters of the action go in as `params`."""
    params = {"mode": "live", "index": "summary", "least": "Monitor", **more.pop("params", {})}
    return {
        "app": "search",
        "owner": user,
        "results_file": str(path) if path else "",
        "results_link": "https://splunk.example/app/search/@go?sid=x",
        "server_uri": place.splunkd.url,
        "session_key": place.splunkd.state.log_in(user),
        "sid": SID,
        "search_name": SEARCH,
        "configuration": params,
        "result": {},
        **more,
    }


def executed(place: Place, told: Any, *words: str) -> subprocess.CompletedProcess[str]:
    """The action, run to its end in an environment that has nothing of ours."""
    script = app() / "bin" / "ipthreat_alert_command.py"
    command = [sys.executable, "-E", "-s", "-S", "-B", str(script), *(words or ("--execute",))]
    text = told if isinstance(told, str) else json.dumps(told)
    environment = {"SPLUNK_HOME": str(place.home)}
    return subprocess.run(
        command, input=text, capture_output=True, text=True, env=environment, cwd="/", check=False, timeout=120
    )


def outcomes(place: Place) -> List[str]:
    """The lines that the action has written into the log."""
    return [line for line in place.log.splitlines() if "action=ipthreat_report" in line]


def scans(count: int = 12) -> List[Dict[str, Any]]:
    """Requests of a scanner, and one with several addresses in its field."""
    agents = ("Mozilla/5.00 (Nikto/2.1.6)", "DirBuster-1.0-RC1", "Mozilla/5.0 (compatible; Nmap Scripting Engine)")
    rows: List[Dict[str, Any]] = [
        {
            "_time": str(1795490000 + number),
            "src_ip": "18.237.3.202",
            "http_user_agent": agents[number % 3],
            "uri": f"/admin/{number}",
            "status": "404",
        }
        for number in range(count)
    ]
    return rows
