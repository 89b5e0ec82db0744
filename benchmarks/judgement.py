"""The judgement measured: the list levels against published shares, all rules against a simulated population.

    python benchmarks/judgement.py [--addresses 20000] [--seeds 3] [--sensitivity 2000] [--png FILE]

1. Expected Brier score and AUC of ipsum's levels, computed (nothing is drawn) from the published share table.
2. All rules on a simulated population (`judgement_population.py` says what is assumed), beside the published rules of
   other tools (`judgement_peers.py`), on the same evidence.
3. How much each weight matters: Brier score and priorities with the weight halved, and half again as large.

Fitted: nothing. Measured elsewhere: ipsum's shares. Elicited (chosen and explained): every weight. A simulation shows
that rules hold together, not that they are right: for that, `ipthreat calibrate labels.csv` judges real addresses.
"""

from __future__ import annotations

import argparse
import math
import statistics
from pathlib import Path
from typing import Callable, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from ipthreat.assessment import Assessment, assess
from ipthreat.calibration import brier, calibrate
from ipthreat.dossier import Dossier, Evidence, SourceKind, Status
from ipthreat.policy import POLICIES, WEIGHTS, Policy
from ipthreat.priority import Priority, hostile_kinds
from ipthreat.triage import IPSUM_SHARES
from judgement_measures import Rated, auc, precision
from judgement_peers import PEERS, Opinion
from judgement_population import AS_OF, KINDS, LEVELS, OPERATED, Simulated, population

STANDARD = POLICIES["standard"]
TOP = 100
OURS, ALONE = "ipthreat, all sources", "ipthreat, VirusTotal alone"
NOTES = (
    "Fitted to data: nothing. Measured (not by us alone): ipsum's shares by level. Elicited, that is chosen and "
    "explained: every weight, the prior and the thresholds. The population is simulated, its rates are assumptions. "
    "VirusTotal alone never gives High, by design: nothing corroborates it, and nothing was seen here. The tools' "
    "words are mapped to 1, 0.5 and 0 by us. Where many sources answer, the middle of the scale is said too high: a "
    "source's silence tells something in this population, and by rule counts nothing. "
    "`ipthreat calibrate labels.csv` measures real addresses."
)


class Figures(NamedTuple):
    """How good a rule is."""

    brier: float
    auc: float
    precision: float
    """Hostile share of the hundred addresses it ranks first; equals share a place."""
    operated: float
    """Share of known scanners, resolvers, CDNs and crawlers that it raises to its worst band …"""
    unprovoked: float
    """… and of those among them whose behaviour here was not hostile: must be 0."""
    caught: float
    """Share of the hostile that it raises there."""


# --- what the list levels alone are worth ---------------------------------------------------------


class Level(NamedTuple):
    """One level of ipsum: how frequent, how hostile, what the judgement says of it."""

    level: int
    frequency: float
    share: float
    said: float


def levels(policy: Policy = STANDARD) -> List[Level]:
    """What the judgement says of an address of which only ipsum's level is known."""
    return [Level(level, often, IPSUM_SHARES[level], _said(level, policy)) for level, often in LEVELS.items()]


def _said(level: int, policy: Policy) -> float:
    listed = Evidence("ipsum", SourceKind.BLOCK_LIST, Status.OK, labels=(f"level_{level}",), retrieved_at=AS_OF)
    return assess(Dossier("45.0.0.1", evidence=(listed,)), policy, AS_OF).probability or 0.0


def expected_brier(rows: Sequence[Level]) -> float:
    """Σ f·(s·(1−p)² + (1−s)·p²): the mean over what may be so."""
    return math.fsum(row.frequency * (row.share * (1 - row.said) ** 2 + (1 - row.share) * row.said**2) for row in rows)


def expected_auc(rows: Sequence[Level]) -> float:
    """How likely a hostile listed address is ranked above a harmless one; equals count one half."""
    hostile = [row.frequency * row.share for row in rows]
    harmless = [row.frequency * (1 - row.share) for row in rows]
    won = math.fsum(
        up * down * (1.0 if high.said > low.said else 0.5 if high.said == low.said else 0.0)
        for high, up in zip(rows, hostile)
        for low, down in zip(rows, harmless)
    )
    return won / (math.fsum(hostile) * math.fsum(harmless))


# --- rules on the population ----------------------------------------------------------------------


def judged(dossier: Dossier, policy: Policy = STANDARD) -> Opinion:
    """Our own judgement as an opinion."""
    found = assess(dossier, policy, AS_OF)
    return Opinion(found.probability or 0.0, found.priority is Priority.HIGH)


def engines_alone(dossier: Dossier) -> Opinion:
    """The same on VirusTotal's answer and nothing else: what most peers below go by."""
    told = tuple(item for item in dossier.evidence if item.source == "virustotal")
    return judged(Dossier(dossier.address, evidence=told))


RULES: Dict[str, Callable[[Dossier], Opinion]] = {
    OURS: judged, ALONE: engines_alone, **{peer.name: peer.rule for peer in PEERS}
}  # fmt: skip


def rated(rule: Callable[[Dossier], Opinion], items: Sequence[Simulated]) -> List[Rated]:
    """A rule's opinion of each address."""
    return [
        Rated(*rule(item.dossier), item.hostile, item.kind.name, bool(hostile_kinds(item.dossier.behaviours)))
        for item in items
    ]


def figures(rows: Sequence[Rated]) -> Figures:
    """A rule's figures."""
    operated = [row for row in rows if row.kind in OPERATED]
    shares = [[row.high for row in operated], [row.high for row in operated if not row.seen]]
    hostile = [row.high for row in rows if row.hostile]
    error = brier([min(1.0, row.score) for row in rows], [row.hostile for row in rows])
    return Figures(error, auc(rows), precision(rows, TOP), *map(statistics.fmean, (*shares, hostile)))


# --- how much a weight matters --------------------------------------------------------------------


class Moved(NamedTuple):
    """What happens when one weight is halved, and when it is half again as large."""

    weight: str
    value: float
    less: float
    """Brier score with half of it, minus the one with all."""
    more: float
    changed: float
    """Share of addresses whose priority changes, the larger of both."""


def sensitivity(items: Sequence[Simulated]) -> Iterator[Moved]:
    """Every weight of the policy, one at a time."""
    base = _priorities(items, STANDARD)
    for name, value in WEIGHTS.items():
        half, more = (_priorities(items, STANDARD.changed({name: value * factor})) for factor in (0.5, 1.5))
        changed = max(sum(a is not b for a, b in zip(base[1], other[1])) for other in (half, more))
        yield Moved(name, value, half[0] - base[0], more[0] - base[0], changed / len(items))


def _priorities(items: Sequence[Simulated], policy: Policy) -> Tuple[float, List[Priority]]:
    found = [assess(item.dossier, policy, AS_OF) for item in items]
    chances = [item.probability or 0.0 for item in found]
    return brier(chances, [item.hostile for item in items]), [item.priority for item in found]


# --- printing -------------------------------------------------------------------------------------


def level_table() -> Iterator[str]:
    """The levels of the list, and what they are worth together."""
    rows = levels()
    yield "| ipsum level | share of entries | hostile (published) | said |\n|---|---:|---:|---:|"
    for row in rows:
        yield f"| {row.level}{'+' if row.level == 4 else ''} | {row.frequency:.3f} | {row.share:.2f} | {row.said:.2f} |"
    base = math.fsum(row.frequency * row.share for row in rows)
    best = expected_brier([row._replace(said=row.share) for row in rows])
    yield (
        f"\nExpected Brier score {expected_brier(rows):.3f} (always the base rate: {base * (1 - base):.3f}; the "
        f"published shares themselves: {best:.3f}); expected AUC {expected_auc(rows):.3f}. The weights are discounted "
        "on purpose: AbuseIPDB's rating is no truth and shares sources with the list, so what is said is below it."
    )


def rule_table(crowds: Sequence[Sequence[Simulated]]) -> Iterator[str]:
    """Every rule, the mean over the populations."""
    yield "| rule | Brier | AUC | precision at 100 | operated raised | … unprovoked | hostile raised |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    for name, rule in RULES.items():
        found = [figures(rated(rule, crowd)) for crowd in crowds]
        cells = [statistics.fmean(column) for column in zip(*found)]
        shares = " | ".join(f"{cell:.4f}" for cell in cells[3:])
        yield f"| {name} | {cells[0]:.4f} | {cells[1]:.3f} | {cells[2]:.3f} | {shares} |"
    base = statistics.fmean(item.hostile for crowd in crowds for item in crowd)
    yield f"| (always the base rate) | {base * (1 - base):.4f} | 0.500 | {base:.3f} | 0 | 0 | 0 |"


def operated_table(crowds: Sequence[Sequence[Simulated]]) -> Iterator[str]:
    """Known operators that are raised to High, kind by kind."""
    names = [kind.name for kind in KINDS if kind.name in OPERATED]
    yield f"| rule | {' | '.join(names)} |\n|---|{'---:|' * len(names)}"
    for name, rule in RULES.items():
        rows = [row for crowd in crowds for row in rated(rule, crowd)]
        cells = []
        for kind in names:
            high = [row for row in rows if row.kind == kind]
            cells.append(
                f"{sum(row.high for row in high)} ({sum(row.high and row.seen for row in high)}) of {len(high)}"
            )
        yield f"| {name} | {' | '.join(cells)} |"


def sensitivity_table(items: Sequence[Simulated]) -> Iterator[str]:
    """Every weight, the one that matters most first."""
    yield "| weight | nats | Brier × ½ | Brier × 1½ | priorities changed |\n|---|---:|---:|---:|---:|"
    rows = sorted(sensitivity(items), key=lambda row: (-row.changed, -abs(row.less), row.weight))
    for row in rows:
        yield f"| {row.weight} | {row.value:+.2f} | {row.less:+.5f} | {row.more:+.5f} | {row.changed:.2%} |"


def reliability(items: Sequence[Simulated], path: Optional[Path]) -> Iterator[str]:
    """What was said against what was so, as a table, and as a diagram where a path is given."""
    from ipthreat.report.reliability import figure, png

    found: List[Assessment] = [assess(item.dossier, STANDARD, AS_OF) for item in items]
    measured = calibrate(found, {item.dossier.address: item.hostile for item in items})
    yield f"{figure(measured).title}.\n\n| said | addresses | mean said | hostile | 95 % interval |"
    yield "|---|---:|---:|---:|---:|"
    for held in measured.bins:
        span, interval = f"{held.low:.1f}–{held.high:.1f}", f"{held.least:.2f}–{held.most:.2f}"
        yield f"| {span} | {held.members} | {held.mean:.2f} | {held.share:.2f} | {interval} |"
    if path:
        path.write_bytes(png(measured))


def report(addresses: int, seeds: int, sampled: int, png: Optional[Path]) -> Iterator[str]:
    """The whole of it, as Markdown."""
    crowds = [population(seed, addresses) for seed in range(seeds)]
    yield "### List levels, computed from published shares\n"
    yield from level_table()
    yield f"\n### All rules, on {seeds} simulated populations of {addresses:,} addresses\n"
    yield from rule_table(crowds)
    yield "\nKnown operators raised to the worst band (in brackets: those whose own behaviour here was hostile):\n"
    yield from operated_table(crowds)
    yield "\nSources of the rules: " + "; ".join(f"{peer.name}: {peer.source}" for peer in PEERS) + "."
    yield "\n### Reliability, on the first of them\n"
    yield from reliability(crowds[0], png)
    if sampled:
        yield f"\n### Sensitivity of every weight, on {sampled:,} simulated addresses\n"
        yield from sensitivity_table(population(seeds, sampled))
    yield f"\n{NOTES}"


def main() -> None:
    """Prints Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--addresses", type=int, default=20_000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--sensitivity", type=int, default=2_000, help="addresses; 0 leaves it out")
    parser.add_argument("--png", type=Path, help="where the reliability diagram is written")
    given = parser.parse_args()
    for line in report(given.addresses, given.seeds, given.sensitivity, given.png):
        print(line, flush=True)


if __name__ == "__main__":
    main()
