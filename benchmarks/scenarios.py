"""Nine scenarios of a table with addresses against slow, rude and private ones, beside what msticpy made of them.

    python benchmarks/scenarios.py [--only A,F,I] [--check] [--beside FOLDER]

The scenarios, their fake server and the recorded figures of msticpy 3.0.2 are a folder beside the checkout; without it
there is nothing to run, which is said. What must come out is the table EXPECTED; the figures of msticpy are recorded,
those of ipthreat are of this run. Two providers answer after 100 ms each.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Tuple

ROOT = Path(__file__).resolve().parents[1]
BESIDE = ROOT.parent / "shared" / "bench" / "msticpy"
ADAPTER = Path(__file__).with_name("scenarios_adapter.py")


class Expected(NamedTuple):
    """What must come out of a scenario."""

    rows: int
    """Rows that come back from each call: as many as went in."""
    answers: int
    """Answers by provider and row, of each call."""
    least: int
    """Requests that the server must have seen …"""
    most: int
    """… and may have seen: retries of what it refused are among them."""
    why: str


EXPECTED: Mapping[str, Expected] = {
    "A": Expected(500, 1000, 1000, 1000, "each address is asked about once"),
    "B": Expected(500, 1000, 1000, 1000, "the second time nobody is asked"),
    "C": Expected(5000, 10000, 1000, 1000, "one look-up per distinct address"),
    "D": Expected(5000, 10000, 1000, 1000, "whatever the order"),
    "E": Expected(5000, 10000, 1000, 1000, "whatever the order"),
    "F": Expected(100, 198, 200, 206, "a connection that is reset costs its own answers and no other"),
    "G": Expected(100, 200, 200, 260, "a 429 is waited for and asked again"),
    "H": Expected(10, 0, 0, 0, "private addresses are not sent"),
    "I": Expected(105, 204, 204, 204, "a dirty column loses no row"),
}


def recorded(text: str) -> Dict[str, Tuple[float, int, int, str]]:
    """Scenario → (seconds of all its calls, requests, answers of the last call, error) out of the recorded figures."""
    found: Dict[str, Tuple[float, int, int, str]] = {}
    name = ""
    for line in text.splitlines():
        call = re.match(r"([A-I])\d? .*wall= *([\d.]+)s.* ok= *(\d+) err=(.*)", line)
        if call:
            name = call[1]
            seconds = found.get(name, (0.0, 0, 0, ""))[0] + float(call[2])
            found[name] = (seconds, 0, int(call[3]), "" if call[4] == "None" else call[4].partition(":")[0])
        elif name and "server:" in line:
            requests = sum(map(int, re.findall(r"'\w+': (\d+)", line.partition("dup=")[0])))
            seconds, _, answers, error = found[name]
            found[name] = (seconds, requests, answers, error)
    return found


def measured(beside: Path, names: str) -> List[Dict[str, Any]]:
    """The results of the comparison's own program with our adapter."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "results.json"
        command = [sys.executable, str(beside / "bench.py"), str(ADAPTER), "--only", names, "--out", str(out)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return list(json.loads(out.read_text(encoding="utf-8")))


def faults(result: Mapping[str, Any]) -> Iterator[str]:
    """What is not as it must be."""
    wanted, server = EXPECTED[result["scenario"]], result["server"]
    for call in result["calls"]:
        if call["error"]:
            yield f"it ended with {call['error']}"
        if call["rows_out"] != wanted.rows:
            yield f"{call['rows_out']} rows of {wanted.rows} came back"
        if call["ok"] != wanted.answers:
            yield f"{call['ok']} answers instead of {wanted.answers}"
    if not wanted.least <= server["total"] <= wanted.most:
        yield f"{server['total']} requests, not {wanted.least} to {wanted.most}"
    if server["non_global"]:
        yield f"{len(server['non_global'])} private addresses were sent"


def main() -> int:
    """Prints a line per scenario; exit code 1 when --check finds a fault."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--only", default=",".join(EXPECTED))
    parser.add_argument("--check", action="store_true", help="exit 1 when a scenario does not give what it must")
    parser.add_argument("--beside", type=Path, default=BESIDE, help="the folder with the comparison")
    options = parser.parse_args()
    if not (options.beside / "bench.py").exists():
        print(f"not run: {options.beside.name} with the comparison is not beside this checkout")
        return 0
    theirs = recorded((options.beside / "results_msticpy.txt").read_text(encoding="utf-8"))
    results = measured(options.beside, options.only)
    failed = len(options.only.split(",")) - len(results)  # one that crashed has no result
    for result in results:
        name, wrong = result["scenario"], list(faults(result))
        seconds = sum(call["wall_s"] for call in result["calls"])
        asked, answers = result["server"]["total"], result["calls"][-1]["ok"]
        print(f"{name} {EXPECTED[name].why}: {'NOT so: ' + '; '.join(wrong) if wrong else 'so'}")
        print(f"  ipthreat {seconds:7.2f} s {asked:6,} requests {answers:6,} answers")
        if name in theirs:
            took, sent, got, error = theirs[name]
            ratio = f", {took / seconds:.0f} x the time" if seconds >= 0.01 else ""
            print(f"  msticpy  {took:7.2f} s {sent:6,} requests {got:6,} answers{ratio}{' ' + error if error else ''}")
        failed += bool(wrong)
    return 1 if failed and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
