"""What reading and watching a large access log costs, against a bare regular expression over the same lines.

    python benchmarks/logpass.py [--lines 1000000] [--addresses 30000]

Writes a synthetic log into a temporary file (names and numbers are made up) and runs each contender in a process of its
own, in turn, several times; the best CPU time counts, because the other users of a machine can only add to it:

- simple: `pattern.match(line).groups()` for each line, with a pattern that is wrong where a quote is escaped;
- equal: the same with a pattern that takes every line apart as correctly as the library does;
- read: `open_events`, to the last event;
- watch: that and `Observer`, to the last event;
- all: that and the observations of every address.
"""

from __future__ import annotations

import argparse
import itertools
import json
import platform
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Callable, Dict, List, Mapping, Pattern, Sequence

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "lib"))

from ipthreat.behaviour import Observer  # noqa: E402 - lib/ is put on the path first
from ipthreat.events import open_events  # noqa: E402

AS_OF = datetime(2026, 11, 24, tzinfo=timezone.utc)
SIMPLE = re.compile(r'(\S+) (\S+) (\S+) \[([^\]]+)\] "([^"]*)" (\d{3}) (\S+) "([^"]*)" "([^"]*)"')
TEXT = r'"([^"\\]*(?:\\.[^"\\]*)*)"'
EQUAL = re.compile(rf"(\S+) (\S+) (\S+) \[([^\]]+)\] {TEXT} (\d{{3}}) (\S+) {TEXT} {TEXT}")
ROUNDS = 3
GOAL, GOAL_MB = 4.0, 150.0


def drawn(values: Sequence[str], number: int, draw: random.Random) -> List[str]:
    """Values as visitors choose them: the first ones often, the last ones seldom (Zipf)."""
    weights = list(itertools.accumulate(1 / (place + 10) for place in range(len(values))))
    return draw.choices(values, cum_weights=weights, k=number)


def browser(number: int) -> str:
    """A user agent of the usual length, a different one for each number."""
    engine, version = "AppleWebKit/537.36 (KHTML, like Gecko)", f"{number % 70 + 60}.0.{number}.{number % 190}"
    return f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {engine} Chrome/{version} Safari/537.36"


def write_log(path: Path, lines: int, addresses: int) -> None:
    """About a day of a busy site: many visitors, pages and browsers, a third of the requests with a query."""
    draw = random.Random(20)
    clients = [".".join(str(draw.randrange(1, 224)) for _ in range(4)) for _ in range(addresses)]
    pages = [
        f"/part-{draw.randrange(99)}/{number}-{'word-' * draw.randrange(1, 6)}page.html" for number in range(10_000)
    ]
    chosen = [drawn(values, lines, draw) for values in (clients, pages, pages, [browser(n) for n in range(3000)])]
    own: Dict[str, str] = {}  # nine of ten requests come from a visitor's first browser
    when = 1_700_000_000.0
    with path.open("w", encoding="utf-8") as log:
        for client, page, referrer, agent in zip(*chosen):
            agent = agent if draw.random() < 0.1 else own.setdefault(client, agent)
            when += draw.random() / 5
            stamp = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(when))
            query = f"?page={draw.randrange(50)}&sort={draw.randrange(20)}" if draw.random() < 0.3 else ""
            status = draw.choices((200, 304, 301, 404, 500), (85, 8, 3, 3, 1))[0]
            log.write(
                f'{client} - - [{stamp}] "GET {page}{query} HTTP/1.1" {status} {draw.randrange(90_000)}'
                f' "https://www.example.org{referrer}" "{agent}"\n'
            )


def matched(path: str, pattern: Pattern[str]) -> None:
    """The bare pass."""
    with open(path, encoding="utf-8") as log:
        for line in log:
            pattern.match(line).groups()  # type: ignore[union-attr]


def read(path: str) -> None:
    """Every event, watched by nobody."""
    with open_events(path, as_of=AS_OF) as events:
        for _ in events.batches():
            pass


def watched(path: str) -> Observer:
    """Every event, watched."""
    observer = Observer()
    with open_events(path, as_of=AS_OF) as events:
        for rows in events.batches():
            observer.add_all(rows)
    return observer


CONTENDERS: Mapping[str, Callable[[str], object]] = {
    "simple": lambda path: matched(path, SIMPLE),
    "equal": lambda path: matched(path, EQUAL),
    "read": read,
    "watch": watched,
    "all": lambda path: watched(path).observations(),
}


def measure(name: str, path: str) -> Dict[str, float]:
    """One round of one contender, in this process: seconds of CPU and wall time, peak megabytes."""
    wall, cpu = time.perf_counter(), time.process_time()
    CONTENDERS[name](path)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return {"cpu": cpu, "wall": wall, "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def in_process(name: str, path: str) -> Dict[str, float]:
    """The same in a process of its own."""
    command = [sys.executable, __file__, "--only", name, path]
    result: Dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return result


def compare(path: str) -> None:
    """Runs the contenders in turn and prints the table."""
    rounds = [{name: in_process(name, path) for name in CONTENDERS} for _ in range(ROUNDS)]
    best = {
        name: {key: min(each[name][key] for each in rounds) for key in ("cpu", "wall", "mb")} for name in CONTENDERS
    }
    print("| | CPU s | wall s | peak MB | × simple | × equal |\n|---|---:|---:|---:|---:|---:|")
    for name, row in best.items():
        ratios = " | ".join(f"{row['cpu'] / best[base]['cpu']:.2f}" for base in ("simple", "equal"))
        print(f"| {name} | {row['cpu']:.2f} | {row['wall']:.2f} | {row['mb']:.0f} | {ratios} |")
    ratio, peak = best["all"]["cpu"] / best["equal"]["cpu"], best["all"]["mb"]
    print(f"\nall against equal: {ratio:.2f} (goal {GOAL:.0f}); peak {peak:.0f} MB (goal {GOAL_MB:.0f})")


def main() -> None:
    """Parses the arguments and runs the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--addresses", type=int, default=30_000)
    parser.add_argument("--only", nargs=2, metavar=("CONTENDER", "FILE"), help="one round of one contender, as JSON")
    parser.add_argument("--write", metavar="FILE", help="write the log and do no more")
    options = parser.parse_args()
    if options.only:
        print(json.dumps(measure(*options.only)))
    elif options.write:
        write_log(Path(options.write), options.lines, options.addresses)
    else:
        run(options.lines, options.addresses)


def run(lines: int, addresses: int) -> None:
    """Writes the log, in another process lest its memory be taken for that of a contender, and compares."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "access.log"
        size = ["--lines", str(lines), "--addresses", str(addresses)]
        subprocess.run([sys.executable, __file__, *size, "--write", str(path)], check=True)
        print(f"Python {platform.python_version()}, {lines:,} lines, {path.stat().st_size / 1e6:.0f} MB\n")
        compare(str(path))


if __name__ == "__main__":
    main()
