"""Wall time and peak memory of `ipthreat report`: on real logs, where they are at hand, and on a million lines.

    python benchmarks/report.py [LOG …]

The figure that counts is a ratio: the report on 1,000,000 access-log lines against a bare regex pass over the same
file, measured in one run, each in a process of its own.
"""

from __future__ import annotations

import platform
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Iterator, List, NamedTuple, Sequence

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "data" / "logs"
REAL = ("elastic/apache_logs", "elastic/auth.log", "msticpy/AWS_Honeybucket_Logs.txt", "msticpy/az_net_flows.csv")
LINES = 1_000_000
ROUNDS = 3

BARE = r"""
import re, sys
rx = re.compile(r'(\S+) (\S+) (\S+) \[([^\]]+)\] "([^"\\]*(?:\\.[^"\\]*)*)" (\d{3}) (\S+)'
                r'(?: "([^"\\]*(?:\\.[^"\\]*)*)" "([^"\\]*(?:\\.[^"\\]*)*)")?')
found = 0
for line in open(sys.argv[1], encoding="utf-8", errors="replace"):
    match = rx.match(line)
    if match:
        match.groups()
        found += 1
"""


class Cost(NamedTuple):
    """What a process took."""

    seconds: float
    megabytes: float


def cost(command: Sequence[str]) -> Cost:
    """Runs a command to its end, output thrown away; its wall time and peak resident memory."""
    wrapper = (
        "import resource, subprocess, sys; done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL,"
        " stderr=subprocess.PIPE); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss);"
        " sys.stderr.buffer.write(done.stderr); sys.exit(done.returncode)"
    )
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", wrapper, *command], capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed: {done.stderr}")
    return Cost(seconds, int(done.stdout) / 1024)


def report(*arguments: str) -> List[str]:
    """The command line of a report."""
    return [sys.executable, "-m", "ipthreat", "report", *arguments, "--format", "threat"]


def lines(count: int) -> Iterator[str]:
    """Access-log lines: 20,000 addresses, most of them rare, up to three agents each, 5,000 paths.

    One line in 100 is an attack by one of 200 of them.
    """
    draw = random.Random(7)
    addresses = [f"{draw.randint(11, 99)}.{draw.randint(0, 255)}.{draw.randint(0, 255)}.{draw.randint(1, 254)}"
                 for _ in range(20_000)]  # fmt: skip
    paths = [f"/shop/{draw.randint(1, 400)}/item-{number}.html" for number in range(5_000)]
    agents = [f"Mozilla/5.0 (Windows NT 10.0) Chrome/{draw.randint(70, 130)}.0.{n}.0 Safari/537.36" for n in range(300)]
    attacks = ["/.env", "/wp-login.php", "/../../etc/passwd", "/?id=1%27%20OR%201=1--", "/cgi-bin/test.cgi"]
    for number in range(count):
        second, odd = number // 50, number % 100 == 0
        stamp = (
            f"{23 + second // 86400:02d}/Oct/2023:{second // 3600 % 24:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
        )
        path = draw.choice(attacks) if odd else draw.choice(paths)
        place = len(addresses) - draw.randint(1, 200) if odd else int(draw.random() ** 3 * len(addresses))
        agent = "Nikto/2.1.6" if odd else agents[(place + draw.choice((0, 0, 0, 1, 2))) % len(agents)]
        answer = f"{404 if odd else 200} {draw.randint(100, 9999)}"
        yield f'{addresses[place]} - - [{stamp} +0000] "GET {path} HTTP/1.1" {answer} "-" "{agent}"\n'


def main() -> None:
    """Prints a Markdown table."""
    print(f"Python {platform.python_version()}, {platform.machine()}, {LINES:,} lines\n")
    print("| log | lines | seconds | peak MB | × bare regex pass |\n| --- | ---: | ---: | ---: | ---: |")
    given = [Path(item) for item in sys.argv[1:]] or [SHARED / name for name in REAL]
    for path in (item for item in given if item.exists()):
        took = cost(report(str(path)))
        count = sum(1 for _ in path.open("rb"))
        print(f"| {path.name} | {count:,} | {took.seconds:.2f} | {took.megabytes:.0f} | |")
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "access.log"
        with log.open("w", encoding="utf-8") as file:
            file.writelines(lines(LINES))
        rounds = [(cost([sys.executable, "-c", BARE, str(log)]),
                   cost(report(str(log), "--as-of", "2023-10-24"))) for _ in range(ROUNDS)]  # fmt: skip
    bare = min(item[0].seconds for item in rounds)
    ours = min((item[1] for item in rounds), key=lambda item: item.seconds)
    print(f"| bare regex pass | {LINES:,} | {bare:.2f} | | 1.0 |")
    ratio = ours.seconds / bare
    print(f"| **ipthreat report** | {LINES:,} | {ours.seconds:.2f} | {ours.megabytes:.0f} | **{ratio:.2f}** |")
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\nGoal: at most 4.0 × and 150 MB. (This measuring process itself: {own:.0f} MB.)")


if __name__ == "__main__":
    main()
