"""Sizing: what a large installation needs, from costs measured here and a model of its traffic.

    python benchmarks/scale.py [--out docs/scale.md]

Measured: CPU seconds per event through the chunk engine, and per address looked up and judged, on this machine.
Modelled: addresses by Zipf's law, each arriving by itself (Poisson); a cache that keeps an answer for a time T is asked
1/(T + 1/λ) times a day about an address with λ events a day (Jung, Berger, Balakrishnan, INFOCOM 2003). Assumed, and
printed as such: all constants below. Change one and run again.
"""

from __future__ import annotations

import argparse
import io
import itertools
import math
import sys
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Callable, Dict, Iterator, Mapping, NamedTuple, Tuple

from ipthreat.gather import Gatherer
from ipthreat.intelligence import Intelligence
from ipthreat.judge import judged
from ipthreat.policy import POLICIES
from ipthreat.providers import LIVE
from ipthreat.splunk.engine import Engine
from ipthreat.splunk.engine_plan import Task
from ipthreat.store.lifetimes import USUAL
from results import machine

EVENT, SKEW, ENRICHED = 500, 1.1, 0.10
CORES, SPARE = 16, 0.10
VOLUMES: Mapping[str, float] = {"10 GB": 1e10, "100 GB": 1e11, "1 TB": 1e12, "10 TB": 1e13}
ADDRESSES: Mapping[str, int] = {"10 GB": 20_000, "100 GB": 100_000, "1 TB": 500_000, "10 TB": 2_500_000}
ASSUMED = (
    f"Assumed: {EVENT} bytes an event; {ENRICHED:.0%} of a day's events pass through the command; addresses by Zipf's "
    f"law with exponent {SKEW}; indexers of {CORES} cores of which {SPARE:.0%} are to spare for it."
)
AS_OF = datetime(2026, 11, 24, tzinfo=timezone.utc)
DAY = 86_400.0


class Costs(NamedTuple):
    """CPU seconds, measured."""

    event: float
    address: float


class Load(NamedTuple):
    """A day of an installation."""

    events: float
    """Those that pass through the command."""
    distinct: float
    """Addresses expected among them."""
    asks: float
    """Questions a day to one provider, with the cache and without any budget."""

    @property
    def hits(self) -> float:
        """Share of the events whose address the cache knows."""
        return 1.0 - self.asks / self.events


def costs(events: int = 40_000, addresses: int = 10_000) -> Costs:
    """What an event and a new address cost on this machine."""
    rows = "".join(f'{number},"45.0.{number % 200}.7","{"x" * (EVENT - 20)}",,,\n' for number in range(events))
    body = f"n,ip,_raw,__mv_n,__mv_ip,__mv__raw\n{rows}".encode()
    task = Task(("ip",), ("a",), lambda keys: itertools.repeat(b",1", len(keys)))
    gatherer = Gatherer(Intelligence.opened().sources(AS_OF))
    texts = [f"45.{number >> 8 & 255}.{number & 255}.9" for number in range(addresses)]
    return Costs(
        _cpu(lambda: Engine([task]).run(io.BytesIO(body), len(body))) / events,  # type: ignore[arg-type]
        _cpu(lambda: judged(gatherer.gather(texts, {}, None), POLICIES["bulk"], AS_OF)) / addresses,
    )


def _cpu(run: Callable[[], object]) -> float:
    best = math.inf
    for _ in range(3):
        start = time.process_time()
        run()
        best = min(best, time.process_time() - start)
    return best


def load(volume: float, addresses: int, kept_days: float = USUAL.unknown.total_seconds() / DAY) -> Load:
    """The load of so many bytes a day from so many addresses."""
    events = volume / EVENT * ENRICHED
    total = math.fsum(width / place**SKEW for place, width in _places(addresses))
    distinct = asks = 0.0
    for place, width in _places(addresses):
        rate = events / place**SKEW / total
        distinct += width * -math.expm1(-rate)
        asks += width / (kept_days + 1.0 / rate)
    return Load(events, distinct, asks)


def _places(count: int) -> Iterator[Tuple[float, float]]:
    """Places of the addresses by how busy they are, far ones together: (middle, how many)."""
    start = 1
    while start <= count:
        end = min(count, max(start, int(start * 1.01)))
        yield (start + end) / 2, end - start + 1
        start = end + 1


def needs(found: Load, cost: Costs) -> Dict[str, float]:
    """Resource → how many times what there is of it is needed, without any budget: above 1 it breaks."""
    cpu = found.events * cost.event + found.distinct * cost.address
    return {
        "one indexer's spare CPU": cpu / (DAY * CORES * SPARE),
        "free quota of VirusTotal": found.asks / LIVE["virustotal"].quota["day"],
        "free quota of AbuseIPDB": found.asks / LIVE["abuseipdb"].quota["day"],
    }


def page(cost: Costs) -> Iterator[str]:
    """The page."""
    yield f"# Sizing\n\nWritten by `python benchmarks/scale.py` on {machine()}; no number here is typed by hand.\n"
    yield f"Measured: {1e6 * cost.event:.2f} µs of CPU an event, {1e6 * cost.address:.0f} µs a new address. {ASSUMED}\n"
    columns = ("a day", "events enriched", "addresses", "questions to a provider", "cache hits", "spare of an indexer",
               "answered by VirusTotal's free plan", "breaks first")  # fmt: skip
    yield f"| {' | '.join(columns)} |\n|---|---:|---:|---:|---:|---:|---:|---|"
    for name, volume in VOLUMES.items():
        found = load(volume, ADDRESSES[name])
        needed = needs(found, cost)
        worst = max(needed, key=lambda item: needed[item])
        told = f"{worst} ({needed[worst]:,.0f} ×)" if needed[worst] > 1 else "nothing"
        share = min(1.0, LIVE["virustotal"].quota["day"] / found.asks)
        cells = (f"{found.events:,.0f}", f"{found.distinct:,.0f}", f"{found.asks:,.0f}", f"{found.hits:.2%}",
                 f"{needed[next(iter(needed))]:.2f}", f"{share:.1%} of questions", told)  # fmt: skip
        yield f"| {name} | {' | '.join(cells)} |"
    yield NOTES


NOTES = """
## What follows
- **Quota breaks first, long before the CPU.** A budget per search and a ledger per key keep it from being overspent;
  what is not asked says `not_asked`. Block lists and the embedded snapshot answer without a quota, and the
  budget goes to the most worrying addresses (`benchmarks/triage.py` measures how well).
- **Where it runs.** `mode=offline` is distributable: the map phase runs on the indexers, and the CPU above is spread
  over them. `cached` and `live` run on the search head, where one process of a search does the work: for very large
  searches that process is the limit. Aggregate before it (`| stats count by src_ip | ipthreat src_ip`): then the
  cost is per address, not per event.
- **Search-head cluster.** Members share answers through the KV store, so that the questions above are those of the
  whole cluster, not of each member; each member holds its share of the quota (setting `members`).
- **Spark** is for history: whole tables that no search should read. The same function runs there, per partition.

## What this does not say
The traffic is a model, not a measurement of any installation, and the CPU is that of the machine above, of the
engine and the judgement alone. Neither pipes, disks, networks nor Splunk's own work per event are in it.
"""


def main() -> int:
    """Prints the page, or writes it and prints the same."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path)
    out = parser.parse_args().out
    text = "\n".join(page(costs()))
    if out:
        out.write_text(text.strip() + "\n", encoding="utf-8")
    print(text.split("\n## ")[0].partition("\n\n")[2])
    return 0


if __name__ == "__main__":
    sys.exit(main())
