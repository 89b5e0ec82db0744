"""The deep look at one address: what VirusTotal ties to it, asked for beside the look-up and joined to its evidence.

Each relation is a request of the account's quota, so this is for one address at a time, and only where it is wished.
"""

from __future__ import annotations

from typing import List, NamedTuple, Sequence, Tuple

from .asking import Asking
from .breaker import Cause
from .dossier import Dossier, Evidence, Status
from .egress import Egress
from .exchange import Response
from .livesource import LiveSource
from .providers import virustotal_relations as relations
from .selection import Part
from .sending import ONCE, Errand

PROVIDER = "virustotal"
"""The one whose relations are asked for; no other provider here has any."""


class Deepened(NamedTuple):
    """Evidence with what was tied to the address, as far as it could be had."""

    evidence: Evidence
    remarks: Tuple[str, ...] = ()
    """Why a relation is missing, a line each."""


def deep_looks(sources: Sequence[LiveSource], egress: Egress, dossier: Dossier) -> List[Tuple[LiveSource, str]]:
    """Whom to ask about what is tied to the address; nobody where it may not be sent."""
    found = []
    for source in sources if dossier.is_global else ():
        barred = egress.closed(source.name) or egress.withheld(source.name, dossier.address, dossier.allowance)
        if source.name == PROVIDER and not barred:
            found.append((source, dossier.address))
    return found


def lacking(evidence: Evidence) -> Sequence[str]:
    """The relations that are still to be asked for; none where there is no answer that they could join."""
    speaks = evidence.source == PROVIDER and evidence.status is Status.OK
    return [name for name in relations.RELATIONS if name not in evidence.counts] if speaks else []


def requests_of(address: str, part: Part) -> int:
    """How many requests the deep look takes, if the look-up that comes before it succeeds."""
    if address in part.fresh:
        return len(lacking(part.fresh[address]))
    return len(relations.RELATIONS) if address in part.asked else 0


def deepened(asking: Asking, address: str, evidence: Evidence) -> Deepened:
    """The evidence with its relations, a page of each. One that cannot be had is a remark and spoils nothing."""
    remarks: List[str] = []
    for relation in lacking(evidence):
        request = relations.question(address, relation, asking.source.settings)
        answer = asking.send(Errand(request, (address,), retries=ONCE))
        now = asking.run.clock.now()
        page = relations.answer(relation, answer, now) if isinstance(answer, Response) else _no_page(answer)
        if page.status in (Status.OK, Status.NOT_FOUND):
            evidence = relations.joined(evidence, relation, page)
        else:
            words = relation.replace("_", " ")
            remarks.append(f"{asking.source.name}: {words} of {address}: {page.status.words}: {page.reason}")
    return Deepened(evidence, tuple(remarks))


def _no_page(cause: Cause) -> relations.Page:
    return relations.Page(cause.status, reason=cause.reason)
