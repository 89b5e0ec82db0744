"""The step Reconfirm Threat Intelligence: which sources have to be asked again, when, and how."""

from __future__ import annotations

from typing import Collection, Dict, Iterator, Mapping, Tuple

from ..case import Case
from ..dossier import Evidence, Status
from .citations import title
from .patterns import is_held
from .prose import silence
from .steps import DAY, WHO, Group, Step

# What to do about a source, by the reason for its silence.
_REMEDY: Mapping[Status, str] = {
    Status.UNAVAILABLE: "look it up by hand (the evidence has the link), or supply its answer as recorded evidence",
    Status.RATE_LIMITED: "ask again when its quota resets",
    Status.STALE: 'refresh it with "ipthreat update"',
    Status.TIMEOUT: "ask again, with a longer time-out if it stays silent",
    Status.ERROR: "ask again, and see its last error in the status",
    Status.AUTH_ERROR: "renew its key",
    Status.FORBIDDEN: "see what its key may ask",
}


def reconfirm(case: Case, told: Collection[str]) -> Iterator[Tuple[str, Step]]:
    """One step per source and reason for its silence, for every address that lacks its answer.

    A source that only people can ask is worth the trouble for the addresses `told` of alone; what a machine can ask
    again is asked for all, since an address of which nothing is known may be the worst of them.
    """
    steps: Dict[Tuple[str, Status], Step] = {}
    for assessment in case.assessments:
        if assessment.confidence is None or is_held(assessment):
            continue
        by_hand = assessment.address in told
        for item in assessment.dossier.evidence:
            if item.status in _REMEDY and (by_hand or item.status is not Status.UNAVAILABLE):
                key = (item.source, item.status)
                steps[key] = steps.get(key) or _step(item, case)
                yield assessment.address, steps[key]


def _step(item: Evidence, case: Case) -> Step:
    # The reason says until when: the reset of a quota, the date of a list.
    why = f" ({item.reason})" if item.reason and item.status is not Status.UNAVAILABLE else ""
    return Step(
        "reconfirm",
        Group.RECONFIRM,
        "Reconfirm",
        f"Reconfirm {WHO} within 24 hours with {title(item.source)}, which {silence(item.status)}{why}:"
        f' {_REMEDY[item.status]}; then rerun "{case.rerun}".',
        DAY,
        keys=(item.source,),
    )
