"""The gate on speed: ratios within one process, never seconds, with margins that a busy machine does not reach.

    python benchmarks/gate.py [--only NAME,…]

Each line compares two ways of doing the same, run in turn, by the best CPU time of some rounds. Exit code 1 when a
ratio is below its bound. The bounds stand a third or more away from what is measured: they catch a lost idea, not a
lost percent; `make bench` has the exact figures.
"""

from __future__ import annotations

import argparse
import atexit
import csv
import io
import ipaddress
import random
import shutil
import sys
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Callable, Dict, List, NamedTuple, Sequence, Tuple

from ipthreat.assessment import assess
from ipthreat.dossier import Dossier, Evidence, SourceKind, Status
from ipthreat.policy import POLICIES
from ipthreat.snapshot import Snapshot
from ipthreat.splunk.engine import Engine
from ipthreat.splunk.engine_plan import Task
from logpass import EQUAL, matched, watched, write_log

ROUNDS = 3
AS_OF = datetime(2026, 11, 24, tzinfo=timezone.utc)
Timed = Callable[[], object]


class Gate(NamedTuple):
    """One ratio and its bound."""

    what: str
    pair: Callable[[], Tuple[Timed, Timed]]
    """Makes ready (ours, theirs); the ratio is theirs ÷ ours, so that more is better."""
    least: float


def best(run: Timed) -> float:
    """CPU seconds of the best of some rounds."""
    found = []
    for _ in range(ROUNDS):
        start = time.process_time()
        run()
        found.append(time.process_time() - start)
    return max(min(found), 1e-9)


def ratio(gate: Gate) -> float:
    """How many times the CPU time of ours theirs takes."""
    ours, theirs = gate.pair()
    mine = best(ours)
    return best(theirs) / mine


# --- pairs ----------------------------------------------------------------------------------------


def _engine() -> Tuple[Timed, Timed]:
    draw = random.Random(1)
    rows = (f'{number},"45.0.{draw.randrange(9)}.{draw.randrange(250)}","text ""{number}"" and more{"x" * 200}",,,'
            for number in range(30_000))  # fmt: skip
    body = ("n,ip,_raw,__mv_n,__mv_ip,__mv__raw\n" + "\n".join(rows) + "\n").encode()
    suffix = [b',"verdict","10",']
    task = Task(("ip",), ("a", "b", "__mv_a"), lambda keys: suffix * len(keys))

    def _through_csv() -> None:
        csv.writer(io.StringIO()).writerows(csv.reader(io.StringIO(body.decode(), newline="")))

    return lambda: Engine([task]).run(io.BytesIO(body), len(body)), _through_csv  # type: ignore[arg-type]


def _log() -> Tuple[Timed, Timed]:
    folder = tempfile.mkdtemp(prefix="ipthreat-gate-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = Path(folder) / "access.log"
    write_log(path, 60_000, 3_000)
    return lambda: watched(str(path)).observations(), lambda: matched(str(path), EQUAL)


def _snapshot() -> Tuple[Timed, Timed]:
    draw, opened = random.Random(2), Snapshot.shipped()
    texts = [str(ipaddress.IPv4Address(draw.getrandbits(32))) for _ in range(40_000)]
    return lambda: [opened.find(text) for text in texts], lambda: [ipaddress.ip_address(text) for text in texts]


def _judged(count: int) -> Timed:
    policy = POLICIES["standard"]
    evidence = (Evidence("virustotal", SourceKind.PROVIDER, Status.OK, counts={"malicious": 3}, observed_at=AS_OF),)
    return lambda: [
        assess(Dossier(f"45.0.{n >> 8 & 255}.{n & 255}", evidence=evidence), policy, AS_OF) for n in range(count)
    ]


def _linear() -> Tuple[Timed, Timed]:
    few, many = _judged(2_000), _judged(20_000)
    return many, lambda: [few() for _ in range(10)]


GATES: Dict[str, Gate] = {
    "engine": Gate("chunk engine, against csv reader and writer alone", _engine, 3.0),
    "log": Gate("reading and watching an access log, against an equally exact regular expression", _log, 0.16),
    "snapshot": Gate("snapshot look-up, against ipaddress.ip_address alone", _snapshot, 0.5),
    "linear": Gate("cost per address judged, 20,000 against ten times 2,000", _linear, 0.7),
}


def lines(names: Sequence[str]) -> Tuple[List[str], bool]:
    """The table, and whether every bound is kept."""
    rows, kept = ["| gate | theirs ÷ ours | at least | |", "|---|---:|---:|---|"], True
    for name in names:
        gate = GATES[name]
        found = ratio(gate)
        kept = kept and found >= gate.least
        rows.append(f"| {gate.what} | {found:.2f} | {gate.least:.2f} | {'kept' if found >= gate.least else 'BROKEN'} |")
    return rows, kept


def main() -> int:
    """Prints the table; exit code 1 when a bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(GATES))
    rows, kept = lines(parser.parse_args().only.split(","))
    print("\n".join(rows))
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
