"""Where a budget of look-ups goes: hostile addresses reached by the planner's order, by first come, and at best.

    python benchmarks/triage.py [--seeds N] [--check]

A simulated stream of 20,000 addresses, 5 % of them hostile by a label the planner never sees. 20 % of the hostile are
on ipsum, with levels whose hostile share is the published one and as frequent as in ipsum itself (2026-11). In the
second stream some addresses also show behaviour; how much each kind of it means differs there from what the policy
supposes, by up to a factor of two either way. The best possible order knows the true shares.
"""

from __future__ import annotations

import argparse
import random
import sys
from typing import Dict, List, NamedTuple, Tuple

from ipthreat.dossier import Behaviour, BehaviourKind, Dossier, Evidence, SourceKind, Status
from ipthreat.policy import POLICIES
from ipthreat.triage import IPSUM_SHARES, by_worry

TIMES_FIRST_COME, OF_BEST = 6.0, 0.90
"""What the planner must reach of hostile addresses: so many times first come, and this share of the best possible."""
ADDRESSES, HOSTILE, LISTED, LOOK_UPS = 20_000, 0.05, 0.20, 500
LEVELS: Dict[int, float] = {1: 0.745, 2: 0.137, 3: 0.074, 4: 0.044}
"""Share of the list's entries by level."""
KINDS: Dict[BehaviourKind, Tuple[float, float]] = {
    BehaviourKind.SUSPICIOUS_USER_AGENT: (0.06, 7.4),
    BehaviourKind.PORT_SCAN: (0.05, 4.5),
    BehaviourKind.BRUTE_FORCE: (0.05, 7.4),
    BehaviourKind.EXPLOIT_ATTEMPT: (0.03, 12.2),
}
"""Share of the hostile that show it, and how much more often they do than the others, by the policy's weights (e^w)."""


class Simulated(NamedTuple):
    """An address, what is hidden of it, and what an order with full knowledge goes by."""

    dossier: Dossier
    hostile: bool
    odds: float
    """True odds of hostility given what can be seen."""


def stream(seed: int, behaviours: bool) -> List[Simulated]:
    """A stream in random order."""
    draw = random.Random(seed)
    truth = {kind: ratio * 2.0 ** draw.uniform(-1, 1) for kind, (_, ratio) in KINDS.items()}
    listed = HOSTILE * LISTED / sum(LEVELS[level] * IPSUM_SHARES[level] for level in LEVELS)
    found = []
    for number in range(ADDRESSES):
        level = draw.choices(list(LEVELS), list(LEVELS.values()))[0] if draw.random() < listed else 0
        share = IPSUM_SHARES[level] if level else HOSTILE * (1 - LISTED) / (1 - listed)
        hostile = draw.random() < share
        shown = [kind for kind in KINDS if behaviours and draw.random() < _chance(kind, hostile, truth)]
        odds = share / (1 - share)
        for kind in KINDS if behaviours else ():
            rates = [_chance(kind, label, truth) for label in (True, False)]
            odds *= rates[0] / rates[1] if kind in shown else (1 - rates[0]) / (1 - rates[1])
        address = f"45.{number // 62_500}.{number // 250 % 250}.{number % 250}"
        found.append(Simulated(_dossier(address, level, shown), hostile, odds))
    draw.shuffle(found)
    return found


def _chance(kind: BehaviourKind, hostile: bool, truth: Dict[BehaviourKind, float]) -> float:
    return KINDS[kind][0] / (1.0 if hostile else truth[kind])


def _dossier(address: str, level: int, shown: List[BehaviourKind]) -> Dossier:
    status, labels = (Status.OK, (f"level_{level}",)) if level else (Status.NOT_FOUND, ())
    ipsum = Evidence("ipsum", SourceKind.BLOCK_LIST, status, labels=labels, group="ipsum")
    return Dossier(address, evidence=(ipsum,), behaviours=tuple(Behaviour(kind, 10) for kind in shown))


def reached(order: List[Simulated]) -> int:
    """Hostile addresses among the first that are looked up."""
    return sum(item.hostile for item in order[:LOOK_UPS])


def measure(seed: int, behaviours: bool) -> Tuple[int, int, int]:
    """Hostile addresses reached: by the planner, by first come, at best."""
    items = stream(seed, behaviours)
    by_address = {item.dossier.address: item for item in items}
    worried = by_worry([item.dossier for item in items], POLICIES["standard"])
    planned = [by_address[dossier.address] for dossier in worried]
    best = sorted(items, key=lambda item: (-item.odds, item.dossier.address))
    return reached(planned), reached(items), reached(best)


def goals_met(results: List[Tuple[int, int, int]]) -> bool:
    """True when the planner reaches what it must, over all streams together."""
    planned, first, best = (sum(column) for column in zip(*results))
    return planned >= TIMES_FIRST_COME * first and planned >= OF_BEST * best


def main() -> int:
    """Prints the figures of both streams, each over some seeds; exit code 1 when --check misses a goal."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--check", action="store_true", help="exit 1 when a figure misses its goal")
    options = parser.parse_args()
    seeds, missed = range(options.seeds), False
    for behaviours in (False, True):
        results = [measure(seed, behaviours) for seed in seeds]
        planned, first, best = (sum(column) for column in zip(*results))
        worst = min(ours / possible for ours, _, possible in results)
        print(f"{'lists and behaviour' if behaviours else 'lists alone'}, {len(results)} streams:", end=" ")
        print(f"{LOOK_UPS} look-ups reach {planned / len(results):.0f} hostile, {planned / first:.1f} x first come,")
        print(f"  {planned / best:.3f} of the best possible (worst stream {worst:.3f})")
        missed = missed or not goals_met(results)
    return 1 if missed and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
