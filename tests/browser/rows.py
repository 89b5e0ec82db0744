"""Writes what the dashboards' searches give on sample events: `python tests/browser/rows.py FOLDER`.

One file per dashboard: {"definition": …, "full": {source: rows}, "alone": …, "empty": …}. The app's own commands are
run for real, against a stand-in for splunkd with a provider's answer on record; `alone` is the dossier of an address
without events here.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any, Dict

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from dashboards import DASHBOARDS, MOMENT, SPLUNKD, definition, given
from searches import answer, ground
from spl import as_columns
from splunkds import place

from ipthreat.testkit import behaviours

ADDRESS = "18.237.3.202"
WITHOUT_EVENTS = "8.8.8.8"
RECORDED = Path(__file__).parents[1] / "data" / "virustotal" / "hostile.json"
"""What VirusTotal says of a hostile address."""


def recorded() -> bytes:
    """The same of the address in the sample events, analysed a day before."""
    body = json.loads(RECORDED.read_text(encoding="utf-8"))
    body["data"]["id"] = ADDRESS
    body["data"]["attributes"]["last_analysis_date"] = int(MOMENT) - 86_400
    return json.dumps(body).encode()


def rows_of(name: str, ip: str, empty: bool) -> Dict[str, Any]:
    """Data source → its rows, as a dashboard takes them."""
    return {source: as_columns(given(name, source, empty, ip=ip)) for source in definition(name)["dataSources"]}


def main(folder: Path) -> None:
    """Writes the files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in DASHBOARDS:
        told = {"definition": definition(name), "full": rows_of(name, ADDRESS, False), "empty": rows_of(name, "", True)}
        if name == "address_dossier":
            told["alone"] = rows_of(name, WITHOUT_EVENTS, True)
        (folder / f"{name}.json").write_text(json.dumps(told), encoding="utf-8")


def on_record(folder: Path) -> None:
    """Writes the files with what a provider says of the addresses on record."""
    with tempfile.TemporaryDirectory() as home, place(Path(home)) as here:
        SPLUNKD.update(splunkd_uri=here.splunkd.url, session_key=here.splunkd.state.log_in("analyst"))
        here.vendor.route(f"/api/v3/ip_addresses/{ADDRESS}", behaviours.data(recorded()))
        for address in (ADDRESS, WITHOUT_EVENTS):
            answer(ground(**SPLUNKD), f"| ipthreatlookup ip={address} mode=live")
        main(folder)


if __name__ == "__main__":
    on_record(Path(sys.argv[1]))
