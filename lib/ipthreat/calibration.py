"""Do the numbers hold? The judgement against labelled addresses: Brier score, reliability, likelihood ratios.

Pure. Labels are an analyst's word on addresses (`ipthreat calibrate labels.csv`); what is measured is only as good as
they are, and as alike to what will be judged. A proposed policy is data for a person to read: nothing applies it.

Brier score: G. W. Brier, Monthly Weather Review 78 (1950): mean of (p − outcome)². Interval of a share: E. B. Wilson,
J. Am. Stat. Assoc. 22 (1927). Interval of a likelihood ratio: Katz et al., Biometrics 34 (1978), on smoothed counts.
"""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from .address import canonical
from .assessment import Assessment
from .errors import AddressError, InputError
from .policy import Policy

LABELS: Mapping[str, bool] = MappingProxyType(
    {
        **dict.fromkeys(("hostile", "malicious", "true_positive", "tp", "1", "true", "yes"), True),
        **dict.fromkeys(("benign", "harmless", "false_positive", "fp", "0", "false", "no"), False),
    }
)
"""What a label means: True for hostile."""
ADDRESS_COLUMNS = ("address", "ip", "src_ip", "indicator")
LABEL_COLUMNS = ("label", "verdict", "hostile", "outcome")
BINS = 10
"""Bins of equal width in the reliability diagram."""
FEWEST = 10
"""Labelled addresses that must bear a signal before a weight is proposed for it."""
_Z = 1.959964  # two-sided 95 %
POLICY_FORMAT = "ipthreat-policy/1"


class Bin(NamedTuple):
    """The addresses whose probability lies in one interval."""

    low: float
    high: float
    members: int
    mean: float
    """Mean probability of hostility that the judgement gave."""
    hostile: int
    share: float
    """… and the share that was hostile, with the bounds of its 95 % interval."""
    least: float
    most: float


class Ratio(NamedTuple):
    """How much one signal tells, by the labels."""

    signal: str
    hostile: int
    """Hostile addresses that bear it …"""
    benign: int
    """… and benign ones."""
    nats: float
    """ln of the likelihood ratio, smoothed: ln((hostile+1)/(H+2)) − ln((benign+1)/(B+2))."""
    low: float
    high: float
    """Bounds of its 95 % interval."""
    weight: Optional[float]
    """The policy's own; None where it is no fixed number of nats."""

    @property
    def disagrees(self) -> bool:
        """True when the policy's weight lies outside the interval."""
        return self.weight is not None and not self.low <= self.weight <= self.high


@dataclass(frozen=True)
class Calibration:
    """The judgement of labelled addresses, measured."""

    policy: Policy
    count: int
    hostile: int
    brier: float
    reference: float
    """Brier score of always saying the share of hostile ones: what a judgement must beat."""
    bins: Tuple[Bin, ...]
    """Those that hold an address, lowest first."""
    ratios: Tuple[Ratio, ...]
    """Of the signals that some address bears, the most telling first."""
    left_out: int = 0
    """Labelled addresses that were not judged: not global, or no addresses."""

    @property
    def skill(self) -> float:
        """Brier skill score: 1 is perfect, 0 no better than the share of hostile ones alone."""
        return 1.0 - self.brier / self.reference if self.reference else 0.0

    def proposal(self) -> Dict[str, Any]:
        """A policy for a person to read: weights that the labels contradict, each with what they say instead."""
        told = [ratio for ratio in self.ratios if ratio.disagrees and ratio.hostile + ratio.benign >= FEWEST]
        limit = self.policy.family_limit
        weights = {item.signal: round(max(-limit, min(limit, item.nats)), 2) for item in told}
        basis = {"addresses": self.count, "hostile": self.hostile, "brier": round(self.brier, 4)}
        return {"format": POLICY_FORMAT, "based_on": self.policy.name, "version": self.policy.version,
                "calibrated_on": basis, "weights": weights}  # fmt: skip


def read_labels(text: str, origin: str) -> Dict[str, bool]:
    """Canonical address → hostile, from CSV with a header; the last label of an address counts.

    Raises InputError that names the line: a label that cannot be read must not pass for one that is absent.
    """
    try:
        found = _labelled(csv.DictReader(io.StringIO(text)), origin)
    except csv.Error as error:  # the header, too, may be none
        raise InputError(f"{origin}: is no CSV ({error})") from None
    if not found:
        raise InputError(f"{origin}: holds no labelled address")
    return found


def _labelled(rows: csv.DictReader[str], origin: str) -> Dict[str, bool]:
    names = {str(name).strip().lower(): name for name in rows.fieldnames or ()}
    address = next((names[name] for name in ADDRESS_COLUMNS if name in names), None)
    label = next((names[name] for name in LABEL_COLUMNS if name in names), None)
    if address is None or label is None:
        raise InputError(
            f"{origin}: needs a column {' or '.join(ADDRESS_COLUMNS)} and one {' or '.join(LABEL_COLUMNS)}"
        )
    found: Dict[str, bool] = {}
    for number, row in enumerate(rows, start=2):
        place = f"{origin}: line {number}"
        found[_address(row[address] or "", place)] = _label(row[label] or "", place)
    return found


def _address(text: str, place: str) -> str:
    try:
        return canonical(text.strip())
    except AddressError:
        raise InputError(f"{place}: {text[:60]!a} is no address") from None


def _label(text: str, place: str) -> bool:
    known = LABELS.get(text.strip().lower())
    if known is None:
        raise InputError(f"{place}: {text[:60]!a} is no label; there are {', '.join(LABELS)}")
    return known


def calibrate(assessments: Iterable[Assessment], labels: Mapping[str, bool]) -> Calibration:
    """Measures judgements against labels.

    Raises InputError when none of the labelled addresses was judged, or when all bear one label, which tells nothing.
    """
    pairs = [(item, labels[item.address]) for item in assessments if item.address in labels]
    judged = [(item, hostile) for item, hostile in pairs if item.probability is not None]
    outcomes = [hostile for _, hostile in judged]
    if not judged or len(set(outcomes)) < 2:
        raise InputError("calibration needs judged addresses of both labels, hostile and benign")
    chances = [item.probability or 0.0 for item, _ in judged]
    share = sum(outcomes) / len(outcomes)
    reference = brier([share] * len(judged), outcomes)
    return Calibration(
        judged[0][0].policy, len(judged), sum(outcomes), brier(chances, outcomes), reference,
        reliability(chances, outcomes), _ratios(judged), len(labels) - len(judged),
    )  # fmt: skip


def brier(chances: Sequence[float], outcomes: Sequence[bool]) -> float:
    """Mean of (p − outcome)²: 0 is perfect, 0.25 what always saying one half gets."""
    return math.fsum((chance - hostile) ** 2 for chance, hostile in zip(chances, outcomes)) / len(chances)


def reliability(chances: Sequence[float], outcomes: Sequence[bool], bins: int = BINS) -> Tuple[Bin, ...]:
    """The bins that hold something, lowest first: what was said against what was so."""
    held: Dict[int, List[Tuple[float, bool]]] = {}
    for chance, hostile in zip(chances, outcomes):
        held.setdefault(min(bins - 1, int(chance * bins)), []).append((chance, hostile))
    return tuple(_bin(place, bins, held[place]) for place in sorted(held))


def _bin(place: int, bins: int, members: Sequence[Tuple[float, bool]]) -> Bin:
    count, hostile = len(members), sum(outcome for _, outcome in members)
    least, most = wilson(hostile, count)
    mean = math.fsum(chance for chance, _ in members) / count
    return Bin(place / bins, (place + 1) / bins, count, mean, hostile, hostile / count, least, most)


def wilson(part: int, count: int) -> Tuple[float, float]:
    """95 % interval of a share, by Wilson's score."""
    share, spread = part / count, _Z * _Z / count
    middle = (share + spread / 2) / (1 + spread)
    half = _Z * math.sqrt(share * (1 - share) / count + spread / (4 * count)) / (1 + spread)
    # Rounding must not push the share itself, where it is none or all, out of its interval.
    return max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half))


def _ratios(judged: Sequence[Tuple[Assessment, bool]]) -> Tuple[Ratio, ...]:
    totals = (sum(hostile for _, hostile in judged), sum(not hostile for _, hostile in judged))
    counts: Dict[str, List[int]] = {}
    for item, hostile in judged:
        for name in {signal.name for signal in item.signals if signal.nats}:
            counts.setdefault(name, [0, 0])[not hostile] += 1
    policy = judged[0][0].policy
    found = (_ratio(name, (held[0], held[1]), totals, policy) for name, held in counts.items())
    return tuple(sorted(found, key=lambda ratio: (-abs(ratio.nats), ratio.signal)))


def _ratio(signal: str, held: Tuple[int, int], totals: Tuple[int, int], policy: Policy) -> Ratio:
    shares = [(count + 1) / (total + 2) for count, total in zip(held, totals)]
    nats = math.log(shares[0]) - math.log(shares[1])
    spread = math.sqrt(sum(1 / (count + 1) - 1 / (total + 2) for count, total in zip(held, totals)))
    weight = None if signal in _SCALED else policy.weights.get(signal)
    return Ratio(signal, held[0], held[1], nats, nats - _Z * spread, nats + _Z * spread, weight)


# Weights that a count or score multiplies: a likelihood ratio of having the signal at all does not compare with them.
_SCALED = frozenset(
    {"virustotal.engines", "virustotal.votes", "abuseipdb.reports", "threatfox.level", "otx.author", "opencti.score",
     "taxii.score"}
)  # fmt: skip
