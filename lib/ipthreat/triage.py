"""Which addresses are worth a look-up: most worrying first by what is known without asking, never first come.

The score is the log-odds of hostility by local evidence. Lists speak with the published share of their entries that is
hostile, behaviour in our own events and warning lists with their weight in the policy. News and contacts from inside
order what is otherwise alike.
"""

from __future__ import annotations

import math
from datetime import timedelta
from types import MappingProxyType
from typing import Iterable, Iterator, List, Mapping, Sequence, Set, Tuple

from .dossier import Dossier, Evidence, SourceKind, Status
from .policy import POLICIES, Policy

# Share of ipsum's addresses, by how many lists agree, that AbuseIPDB rates 100 (docs/judgement.md).
IPSUM_SHARES: Mapping[int, float] = MappingProxyType({1: 0.32, 2: 0.91, 3: 0.98, 4: 0.99})
# … and of addresses by the number of independent feeds (of seven) that list them.
FEED_SHARES: Mapping[int, float] = MappingProxyType({1: 0.21, 2: 0.40, 3: 0.83, 4: 0.98})
UNLISTED_SHARE = POLICIES["bulk"].prior
"""What is taken for the rest. Only raw traffic leaves something to choose, so a policy's own prior is not meant."""

NEW_WITHIN = timedelta(days=1)
"""An address first seen this shortly before the end of our events is new."""
_NEW = 0.5  # nats; a hunch
_CONTACTED = 0.7  # one of our own hosts opened the connection
_KNOWN = frozenset({Status.OK, Status.STALE})


def by_worry(dossiers: Iterable[Dossier], policy: Policy) -> List[Dossier]:
    """The dossiers, most worrying first; equals by their events and then by address, so that the order is certain."""
    return sorted(dossiers, key=lambda dossier: _rank(dossier, policy))


def worry(dossier: Dossier, policy: Policy) -> float:
    """Log-odds of hostility by local evidence alone, in nats."""
    seen = dossier.sighting
    return (
        _listed(dossier.evidence, policy)
        + sum(policy.weight(f"own_events.{kind}") for kind in {item.kind.value for item in dossier.behaviours})
        + min(_vouched(dossier.evidence, policy), default=0.0)
        + (_NEW if _is_new(dossier) else 0.0)
        + (_CONTACTED if seen is not None and seen.outbound else 0.0)
    )


def _rank(dossier: Dossier, policy: Policy) -> Tuple[float, int, str]:
    events = dossier.sighting.count if dossier.sighting else 0
    return -worry(dossier, policy), -events, dossier.address


def _listed(evidence: Sequence[Evidence], policy: Policy) -> float:
    """The strongest that any list says: ipsum's level, the number of independent lists that agree, the kind of a list.

    They are not added, since ipsum is made of such lists.
    """
    base = _logit(UNLISTED_SHARE)
    said = [base]
    groups: Set[str] = set()
    for item in evidence:
        if item.kind is SourceKind.BLOCK_LIST and item.status in _KNOWN:
            said += [_logit(share) for share in _ipsum_shares(item)]
            said += [base + policy.weight(f"block_list.{label}") for label in item.labels]
            groups.add(item.group or item.source)
    groups.discard("ipsum")
    if groups:
        said.append(_logit(FEED_SHARES[min(len(groups), max(FEED_SHARES))]))
    return max(said)


def _ipsum_shares(item: Evidence) -> Iterator[float]:
    for label in item.labels if item.source == "ipsum" else ():
        level = label[6:] if label.startswith("level_") else ""
        if level.isdigit():
            yield IPSUM_SHARES[min(max(int(level), 1), max(IPSUM_SHARES))]


def _vouched(evidence: Sequence[Evidence], policy: Policy) -> Iterator[float]:
    """The weights of the warning lists that hold the address."""
    for item in evidence:
        if item.kind is SourceKind.WARNING_LIST:
            yield from (policy.weight(f"warning_list.{label}") for label in item.labels)


def _is_new(dossier: Dossier) -> bool:
    seen, end = dossier.sighting, dossier.period_end
    return bool(seen and seen.first_seen and end and end - seen.first_seen <= NEW_WITHIN)


def _logit(share: float) -> float:
    return math.log(share / (1.0 - share))
