"""Live look-ups against fake providers on loopback: time, requests, CPU, and the rate that processes share.

    python benchmarks/providers.py [--rounds N] [--only cold,cpu,rate] [--check]

With --check the exit code is 1 when a count misses its goal in any round, or a time in all of them.

Two providers answer after 100 ms each; the servers run in a process of their own. Figures that count are ratios: to the
ideal of the configured concurrency, to a bare `requests` session in the same run, to the rate that was asked for.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Sequence

from ipthreat.connecting import Wish, open_live
from ipthreat.gather import Gatherer
from ipthreat.providers import LIVE
from ipthreat.quota import Account, Grant, Ledger
from ipthreat.settings import LiveSettings, ProviderSettings
from ipthreat.testkit.server import Conversation, FakeServer
from ipthreat.testkit.vendors import FakeVendor, vendor_routes

LATENCY = 0.1
DISTINCT = 500
ROWS = 5_000
CONCURRENCY = 8
PROVIDERS = {"virustotal": LIVE["virustotal"], "vendor": FakeVendor()}
PLACES = {"virustotal": "/api/v3", "vendor": ""}
QUOTA = dict.fromkeys(("minute", "day", "month"), 10**6)
RATE, LOOK_UPS = 50, 200


COLD, AGAIN, FURTHER, CPU = 1.15, 0.1, 1.10, 1.8
"""Goals: × the ideal; seconds; × the time of the distinct addresses alone; × the CPU of a bare session."""


class Figure(NamedTuple):
    """What was measured, and whether that is as good as it must be."""

    text: str
    met: bool
    exact: bool = False
    """True for a count, which nothing else on the machine can change."""


class Cost(NamedTuple):
    """What a run took."""

    seconds: float
    cpu: float
    requests: int


def addresses() -> List[str]:
    """Distinct global addresses."""
    return [f"45.{number // 250}.{number % 250}.7" for number in range(DISTINCT)]


def serve(latency: float) -> None:
    """Answers until stdin closes; `/asked` tells what was asked so far and forgets it."""
    routes = vendor_routes(latency)
    told = [0]

    def _asked(talk: Conversation) -> None:
        asked = [item for item in server.asked if item.path != "/asked"]
        fresh, told[0] = asked[told[0] :], len(asked)
        talk.answer(200, json.dumps([item.path for item in fresh]).encode())

    with FakeServer({**routes, "/asked": _asked}) as server:
        print(server.url, flush=True)
        sys.stdin.read()


@contextmanager
def served(latency: float = LATENCY) -> Iterator[str]:
    """The URL of a server in another process."""
    command = [sys.executable, __file__, "--serve", str(latency)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.stdin.close()


def asked(url: str) -> List[str]:
    """Paths the server was asked for since the last time."""
    with urllib.request.urlopen(url + "/asked") as answer:  # noqa: S310  # our own server
        return list(json.load(answer))


def settings(url: str) -> LiveSettings:
    """Both providers at the server."""
    own = {
        name: ProviderSettings("benchmark-key", url + path, quota=QUOTA, concurrency=CONCURRENCY)
        for name, path in PLACES.items()
    }
    return LiveSettings(own, budget=10_000, timeout=600.0)


def run(url: str, folder: Path, texts: Sequence[str]) -> Cost:
    """One run over the texts, which may repeat themselves."""
    live = open_live(settings(url), folder, Wish(), print, providers=PROVIDERS)
    start, cpu = time.perf_counter(), time.process_time()
    dossiers = list(Gatherer((), live=live).gather(texts, {}, None))
    cost = Cost(time.perf_counter() - start, time.process_time() - cpu, sum(live.requests.values()))
    live.close()
    assert all(item.status.value == "ok" for dossier in dossiers for item in dossier.evidence)
    return cost


def bare(url: str) -> Cost:
    """The same questions by `requests` alone: a session and a pool of threads per provider."""
    import requests

    paths = ("/api/v3/ip_addresses/", "/look-up/")
    start, cpu = time.perf_counter(), time.process_time()

    def _provider(path: str) -> None:
        with requests.Session() as session, ThreadPoolExecutor(CONCURRENCY) as pool:
            list(pool.map(lambda address: session.get(url + path + address, timeout=15).json(), addresses()))

    threads = [threading.Thread(target=_provider, args=(path,)) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Cost(time.perf_counter() - start, time.process_time() - cpu, 2 * DISTINCT)


def in_process(way: str, url: str, folder: Path) -> Cost:
    """A run in a new process."""
    command = [sys.executable, __file__, "--run", way, url, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return Cost(*json.loads(done.stdout.splitlines()[-1]))


WAYS: Dict[str, Any] = {
    "bare": lambda url, folder: bare(url),
    "distinct": lambda url, folder: run(url, folder, addresses()),
    "rows": lambda url, folder: run(url, folder, addresses() * (ROWS // DISTINCT)),
    "twice": lambda url, folder: (run(url, folder, addresses()), run(url, folder, addresses()))[1],
}


def cold(url: str) -> Iterator[Figure]:
    """Time and requests of a first run, a second one, one after a restart, and one over many rows."""
    ideal = math.ceil(DISTINCT / CONCURRENCY) * LATENCY
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as other:
        asked(url)
        first = in_process("distinct", url, Path(folder))
        seen = asked(url)
        again = in_process("distinct", url, Path(folder))
        within = in_process("twice", url, Path(folder))
        repeated = asked(url)
        rows = in_process("rows", url, Path(other))
        seen_rows = asked(url)
    ratio, further = first.seconds / ideal, rows.seconds / first.seconds
    yield Figure(f"{DISTINCT} distinct, cold: {first.seconds:.2f} s = {ratio:.3f} x the ideal", ratio <= COLD)
    yield Figure(
        f"  requests {len(seen)} (distinct {len(set(seen))})", len(seen) == len(set(seen)) == 2 * DISTINCT, True
    )
    yield Figure(f"again after a restart: {again.seconds:.3f} s", again.seconds < AGAIN)
    yield Figure(f"again in the process: {within.seconds:.3f} s", within.seconds < AGAIN)
    yield Figure(f"  requests {len(repeated)}", not repeated, True)
    yield Figure(f"{ROWS} rows of {DISTINCT} distinct: {further:.3f} x the time of the first", further <= FURTHER)
    yield Figure(f"  requests {len(seen_rows)}", len(seen_rows) == 2 * DISTINCT, True)


def cpu(url: str) -> Iterator[Figure]:
    """CPU per request against `requests` alone, each in a process of its own, in turn."""
    with tempfile.TemporaryDirectory() as folder:
        bares, ours = in_process("bare", url, Path(folder)), in_process("distinct", url, Path(folder))
    per = [cost.cpu / (2 * DISTINCT) * 1e6 for cost in (bares, ours)]
    told = f"CPU per request: {per[1]:.0f} us against {per[0]:.0f} us bare = {per[1] / per[0]:.2f} x"
    yield Figure(f"{told}; wall {ours.seconds:.2f} s against {bares.seconds:.2f} s", per[1] <= CPU * per[0])


def spend(folder: Path, count: int, start: float) -> None:
    """Takes leave for `count` look-ups at the shared rate and prints when each was made."""
    account = Account("benchmark:shared", {"second": RATE})
    ledger = Ledger(folder / "quota.sqlite", tell=print)
    time.sleep(max(0.0, start - time.time()))
    moments = []

    def _one(_: int) -> None:
        grant = ledger.take(account, 60.0)
        assert isinstance(grant, Grant)
        time.sleep(grant.wait)
        while wait := ledger.start(account, grant):
            time.sleep(wait)
        moments.append(time.time())

    with ThreadPoolExecutor(CONCURRENCY) as pool:
        list(pool.map(_one, range(count)))
    print(json.dumps(moments))


def rate(_url: str) -> Iterator[Figure]:
    """A rate shared by 1, 4 and 8 processes: how long it takes, and the most in any second."""
    for processes in (1, 4, 8):
        with tempfile.TemporaryDirectory() as folder:
            moments = sorted(_shared(Path(folder), processes))
        taken = moments[-1] - moments[0]
        least, most = (LOOK_UPS - 1) / RATE, 1.05 * LOOK_UPS / RATE + 0.2
        window = max(sum(start <= moment < start + 1.0 for moment in moments) for start in moments)
        told = f"{LOOK_UPS} look-ups at {RATE}/s by {processes} processes: {taken:.3f} s in [{least:.3f}, {most:.3f}]"
        yield Figure(told, least <= taken <= most)
        yield Figure(f"  at most {window} in any second", window <= RATE, True)


def _shared(folder: Path, processes: int) -> List[float]:
    start = str(time.time() + 1.0 + processes * 0.25)
    command = [sys.executable, __file__, "--spend", str(folder), str(LOOK_UPS // processes), start]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(processes)]
    return [moment for process in running for moment in json.loads(process.communicate()[0])]


def main() -> int:
    """Runs what the command line asks for; the hidden options are this program's own processes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only", default="cold,cpu,rate")
    parser.add_argument("--check", action="store_true", help="exit 1 when a figure misses its goal")
    parser.add_argument("--serve", type=float, help=argparse.SUPPRESS)
    parser.add_argument("--run", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--spend", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve is not None:
        serve(options.serve)
    elif options.run:
        print(json.dumps(WAYS[options.run[0]](options.run[1], Path(options.run[2]))))
    elif options.spend:
        spend(Path(options.spend[0]), int(options.spend[1]), float(options.spend[2]))
    else:
        failed = report(options.only.split(","), options.rounds)
        return 1 if failed and options.check else 0
    return 0


MEASURES: Dict[str, Callable[[str], Iterator[Figure]]] = {"cold": cold, "cpu": cpu, "rate": rate}


def report(parts: Sequence[str], rounds: int) -> int:
    """Runs the parts and prints their figures; how many of them missed their goal."""
    with served() as url:
        return sum(missed([_shown(MEASURES[name](url)) for _ in range(rounds)]) for name in parts)


def _shown(figures: Iterator[Figure]) -> List[Figure]:
    found = []
    for figure in figures:
        print(f"{figure.text}{'' if figure.met else ': MISSED'}", flush=True)
        found.append(figure)
    return found


def missed(rounds: Sequence[Sequence[Figure]]) -> int:
    """Figures that missed their goal: a count in any round, a time in all of them, as whatever else runs only adds."""
    columns = zip(*rounds)
    return sum(not (all if column[0].exact else any)(item.met for item in column) for column in columns)


if __name__ == "__main__":
    sys.exit(main())
