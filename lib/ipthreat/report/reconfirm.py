"""The step Reconfirm Threat Intelligence: which sources have to be asked again, when, and how."""

from __future__ import annotations

from typing import Dict, Iterator, Mapping, Set, Tuple

from ..assessment import Assessment
from ..case import Case
from ..dossier import Evidence, Status
from .citations import page, title
from .prose import silence
from .steps import DAY, WHO, Group, Step

# What to do about a source, by the reason for its silence. `{where}` is the page to look at, where there is one.
_REMEDY: Mapping[Status, str] = {
    Status.UNAVAILABLE: "look it up by hand{where}, or supply its answer as recorded evidence",
    Status.RATE_LIMITED: "ask again when its quota resets",
    Status.STALE: 'refresh it with "ipthreat update"',
    Status.TIMEOUT: "ask again, with a longer time-out if it stays silent",
    Status.ERROR: "ask again, and see its last error in the status",
    Status.AUTH_ERROR: "renew its key",
    Status.FORBIDDEN: "see what its key may ask",
}


def reconfirm(case: Case, told: Tuple[Assessment, ...]) -> Iterator[Tuple[str, Step]]:
    """One step per source and reason for its silence, for every address of `told` that lacks its answer."""
    steps: Dict[Tuple[str, Status], Step] = {}
    for assessment in told:
        done: Set[str] = set()
        for item in assessment.dossier.evidence:
            if item.status in _REMEDY and item.source not in done:
                done.add(item.source)
                key = (item.source, item.status)
                steps[key] = steps.get(key) or _step(item, assessment.address, case)
                yield assessment.address, steps[key]


def _step(item: Evidence, address: str, case: Case) -> Step:
    link = page(item, address)
    how = _REMEDY[item.status].replace("{where}", f" at {link}" if link else "")
    # The reason says until when: the reset of a quota, the date of a list.
    why = f" ({item.reason})" if item.reason and item.status is not Status.UNAVAILABLE else ""
    return Step(
        "reconfirm",
        Group.RECONFIRM,
        "Reconfirm",
        f"Reconfirm {WHO} within 24 hours with {title(item.source)}, which {silence(item.status)}{why}: {how};"
        f' then rerun "{case.rerun}".',
        DAY,
        keys=(item.source,),
    )
