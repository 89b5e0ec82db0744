"""What the notebook toolkit costs: `.enrich` of 1,000,000 rows, beside a per-row apply of the same answers.

    python benchmarks/notebook.py [--rows N] [--distinct N] [--install] [--spark N]

`--spark N` enriches N rows under Spark on two cores, beside pandas in one process. `--install` measures a fresh
installation of the extras `notebooks` and `lab`: packages, megabytes, import time.
"""

from __future__ import annotations

import argparse
import ipaddress
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import Callable, List, Tuple

import numpy
import pandas

import ipthreat.notebook as ti

ROOT = Path(__file__).parents[1]
AS_OF = "2026-11-01"
AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
    "curl/8.5.0",
    "Mozilla/5.00 (Nikto/2.1.6)",
    "Googlebot/2.1",
)


def events(rows: int, distinct: int, seed: int = 1) -> pandas.DataFrame:
    """Web events from so many distinct global addresses, some far busier than others."""
    chance = random.Random(seed)
    numbers = (chance.getrandbits(32) for _ in iter(int, 1))
    found = (str(address) for address in map(ipaddress.ip_address, numbers) if address.is_global)
    pool: List[str] = []
    while len(pool) < distinct:
        pool = list(dict.fromkeys([*pool, *islice(found, distinct - len(pool))]))
    draw = numpy.random.default_rng(seed)
    busy = (draw.pareto(1.2, rows - distinct) * 50).astype(int) % distinct
    places = draw.permutation(numpy.concatenate([numpy.arange(distinct), busy]))
    times = pandas.Timestamp("2026-10-31", tz="UTC") + pandas.to_timedelta(
        numpy.sort(draw.integers(0, 86_400, rows)), "s"
    )
    return pandas.DataFrame(
        {
            "_time": times,
            "src_ip": numpy.array(pool, dtype=object)[places],
            "http_user_agent": numpy.array(AGENTS, dtype=object)[draw.choice(4, rows, p=[0.93, 0.06, 0.005, 0.005])],
            "uri": numpy.array([f"/page/{number}" for number in range(500)], dtype=object)[draw.integers(0, 500, rows)],
            "status": draw.choice([200, 304, 404], rows),
        }
    )


def timed(work: Callable[[], object]) -> Tuple[float, object]:
    """Seconds of this process's processor time, which a busy machine does not stretch, and what came of it."""
    start = time.process_time()
    made = work()
    return time.process_time() - start, made


def own_memory(frame: pandas.DataFrame) -> float:
    """Megabytes of a frame, its texts included."""
    return float(frame.memory_usage(deep=True).sum()) / 1e6


def peak() -> float:
    """Megabytes that this process has held at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def per_row(frame: pandas.DataFrame, rows: int) -> float:
    """Seconds per row of asking anew for each row, as a loop over a frame does."""
    ground = ti.Ground.of(as_of=AS_OF)
    few = frame.head(rows)
    seconds, _ = timed(lambda: few["src_ip"].apply(lambda text: ti.check(text, on=ground).table.iloc[0]["confidence"]))
    return seconds / rows


def per_row_lean(frame: pandas.DataFrame, rows: int) -> float:
    """The same with the least that gives a row's answers: one dossier, one judgement, the same fields."""
    from ipthreat.assessment import assess
    from ipthreat.fields import Subject, chosen, owner_of

    ground, fields = ti.Ground.of(as_of=AS_OF), chosen("core")
    gatherer = ground.gatherer

    def answer(text: str) -> Tuple[object, ...]:
        judged = assess(next(gatherer.gather([text], {}, None)), ground.policy, ground.as_of)
        subject = Subject(judged.address, owner_of(judged), judged)
        return tuple(field.read(subject) for field in fields)

    few = frame.head(rows)
    seconds, _ = timed(lambda: few["src_ip"].apply(answer))
    return seconds / rows


def enrichment(rows: int, distinct: int, apply: bool) -> None:
    """Measures one shape of data and prints a line or two."""
    frame = events(rows, distinct)
    frame.head(1000).ipthreat.enrich("src_ip", as_of=AS_OF)  # opens the data
    memory, before = own_memory(frame), peak()
    seconds, made = timed(lambda: frame.ipthreat.enrich("src_ip", as_of=AS_OF, progress=False))
    added = own_memory(made) - memory
    print(f"enrich {rows:,} rows, {frame['src_ip'].nunique():,} distinct: {seconds:.2f} s")
    print(f"  frame {memory:.0f} MB; columns added {added:.0f} MB ({added / memory:.2f} ×)", end="; ")
    print(f"peak of the process grew by {peak() - before:.0f} MB")
    if apply:
        for words, each in (("the least there is", per_row_lean(frame, 5000)), ("by check()", per_row(frame, 200))):
            print(f"  by apply, {words}: {each * rows:.0f} s ({each * rows / seconds:.0f} ×)")


def behaviour(rows: int, distinct: int) -> None:
    """`.enrich` with what the event shows, and `.assess`."""
    frame = events(rows, distinct)
    told = {"user_agent": "http_user_agent", "request": "uri", "status": "status"}
    seconds, _ = timed(lambda: frame.ipthreat.enrich("src_ip", as_of=AS_OF, progress=False, **told))
    print(f"enrich with user agent, request and status: {seconds:.2f} s")
    seconds, result = timed(lambda: frame.ipthreat.assess("src_ip", as_of=AS_OF, progress=False))
    print(f"assess (all events judged together): {seconds:.2f} s, {len(result.case.raised)} raised")


def install(extra: str, program: str) -> None:
    """Packages, megabytes and import time of an extra, in a fresh environment."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        python = f"{folder}/bin/python"
        pip = [python, "-m", "pip", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", "-q", f"{ROOT}[{extra}]"], check=True, stderr=subprocess.DEVNULL)
        listed = subprocess.run([*pip, "list", "--format=freeze"], capture_output=True, text=True, check=True).stdout
        size = sum(
            path.stat().st_size for path in Path(folder, "lib").rglob("*") if path.is_file() and not path.is_symlink()
        )
        clock = f"import time; start = time.perf_counter(); {program}; print(time.perf_counter() - start)"
        runs = [
            subprocess.run([python, "-c", clock], capture_output=True, text=True, check=True).stdout for _ in range(3)
        ]
    packages = len([line for line in listed.splitlines() if not line.startswith(("pip=", "setuptools="))])
    print(f"extra {extra}: {packages} packages, {size / 1e6:.0f} MB, import {min(map(float, runs)):.2f} s")


def spark(rows: int, distinct: int) -> None:
    """So many rows from a Parquet file, by pandas and by Spark on local[2]: wall time, and whether answers agree."""
    from pyspark.sql import SparkSession

    from ipthreat.spark import enrich

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    session = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    with tempfile.TemporaryDirectory() as folder:
        events(rows, distinct)[["src_ip", "status"]].to_parquet(f"{folder}/events.parquet")
        runs = []
        for _ in range(2):  # the first run also starts workers
            start = time.perf_counter()
            made = enrich(session.read.parquet(f"{folder}/events.parquet"), "src_ip", as_of=AS_OF)
            counts = made.groupBy("ti_verdict", "ti_confidence", "ti_country").count().toPandas()
            runs.append(time.perf_counter() - start)
        start = time.perf_counter()
        mine = pandas.read_parquet(f"{folder}/events.parquet").ipthreat.enrich("src_ip", as_of=AS_OF, progress=False)
        alone = time.perf_counter() - start
    session.stop()
    names = ["ti_verdict", "ti_confidence", "ti_country"]
    mine["ti_country"] = mine["ti_country"].astype(object)
    expected = mine.astype({"ti_verdict": str}).groupby(names, dropna=False, observed=True).size()
    agree = sorted(counts["count"]) == sorted(expected)
    print(f"Spark local[2], {rows:,} rows: {runs[0]:.1f} s, then {runs[1]:.1f} s; pandas alone {alone:.1f} s", end="")
    print(f"; {rows / runs[1]:,.0f} and {rows / alone:,.0f} rows a second; answers {'agree' if agree else 'DIFFER'}")


def main() -> None:
    """Measures and prints."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--distinct", type=int, default=20_000)
    options.add_argument("--install", action="store_true")
    options.add_argument("--spark", type=int, default=0, metavar="N")
    given = options.parse_args()
    print(f"pandas {pandas.__version__}, Python {sys.version.split()[0]}")
    enrichment(given.rows, given.distinct, apply=True)
    behaviour(given.rows, given.distinct)
    enrichment(given.rows, given.rows, apply=False)
    if given.spark:
        spark(given.spark, given.distinct)
    if given.install:
        for extra in ("notebooks", "notebooks,lab"):
            install(extra, "import ipthreat.notebook")


if __name__ == "__main__":
    main()
