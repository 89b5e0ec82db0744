"""POST ipthreat/assess: addresses, judged, for dashboards and the workflow action.

{"addresses": ["…"], "mode": "offline"|"cached"|"live", "policy": "standard", "tlp": "TLP:AMBER", "timeout": 20}
→ the report's JSON (report/assessment.schema.json), with `messages` beside it
"""

from __future__ import annotations

from typing import Dict, Mapping, Sequence, Tuple

from ...case import TLP_LABELS
from ...dossier import Dossier, Evidence
from ...gather import Gatherer, RecordedSource
from ...judge import Judge
from ...policy import POLICIES, policy_named
from ...report.tables import json_data
from ..broker import Question
from ..rest import Call, Reply
from . import reading
from .evidence import LONGEST, answered
from .ground import Ground

MOST_ADDRESSES = 50
NAMES = ("addresses", "mode", "policy", "tlp", "timeout", "title")


class _Asked:
    """The broker as live sources of one judgement, in the process that it lives in."""

    def __init__(self, ground: Ground, call: Call, live: bool, seconds: float) -> None:
        self._ground, self._call, self._live, self._seconds = ground, call, live, seconds
        self.requests: Dict[str, int] = {}

    def answers(self, dossiers: Sequence[Dossier]) -> Mapping[str, Tuple[Evidence, ...]]:
        """What the sources state."""
        addresses = tuple(item.address for item in dossiers if item.is_global)
        if not addresses:
            return {}
        settings = self._ground.settings(self._call)
        question = Question(addresses, self._call.user, live=self._live, budget=len(addresses), seconds=self._seconds)
        found = answered(self._ground, self._call, settings, question)
        self.requests.update(found.requests)
        return found.evidence


def judge(ground: Ground, call: Call) -> Reply:
    """The assessments of some addresses."""
    payload = call.payload
    reading.only(payload, NAMES)
    addresses = reading.addresses(payload, MOST_ADDRESSES)
    mode = reading.word(payload, "mode", "cached", ("offline", "cached", "live"))
    policy = policy_named(reading.word(payload, "policy", "standard", POLICIES))
    tlp = reading.word(payload, "tlp", "TLP:AMBER", TLP_LABELS)
    seconds = float(reading.number(payload, "timeout", 20, 0.1, LONGEST))
    now, intelligence = ground.now(), ground.intelligence
    asked = _Asked(ground, call, mode == "live", seconds) if mode != "offline" else None
    gatherer = Gatherer((*intelligence.sources(now), RecordedSource()), live=asked)
    title = reading.text(payload, "title", "IP threat assessment")
    case = Judge(gatherer, policy, now, intelligence.parts()).addresses(addresses, title, "| ipthreat", tlp)
    return Reply(200, json_data(case))
