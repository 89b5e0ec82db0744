"""How good a ranking of addresses is: area under the ROC curve, and the hostile share of what it puts first."""

from __future__ import annotations

from typing import Dict, List, NamedTuple, Sequence, Tuple


class Rated(NamedTuple):
    """An address with a rule's opinion of it."""

    score: float
    high: bool
    hostile: bool
    kind: str
    seen: bool
    """Our own events show it doing something hostile."""


def auc(rows: Sequence[Rated]) -> float:
    """Area under the ROC curve by ranks (Mann and Whitney, 1947), ties counting one half."""
    tied = _by_score(rows)
    won = below = 0.0
    for harmless, hostile in (tied[score] for score in sorted(tied)):
        won += hostile * (below + harmless / 2)
        below += harmless
    return won / (below * (len(rows) - below))


def precision(rows: Sequence[Rated], top: int) -> float:
    """Hostile share of the first `top`; of equals on the edge, as many are hostile as on average."""
    tied, left, found = _by_score(rows), float(top), 0.0
    for harmless, hostile in (tied[score] for score in sorted(tied, reverse=True)):
        taken = min(left, harmless + hostile)
        found += taken * hostile / (harmless + hostile)
        left -= taken
    return found / min(top, len(rows))


def _by_score(rows: Sequence[Rated]) -> Dict[float, Tuple[int, int]]:
    """Score → (harmless, hostile) addresses that have it."""
    tied: Dict[float, List[int]] = {}
    for row in rows:
        tied.setdefault(row.score, [0, 0])[row.hostile] += 1
    return {score: (counts[0], counts[1]) for score, counts in tied.items()}
