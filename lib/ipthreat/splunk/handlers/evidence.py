"""POST ipthreat/evidence: what the configured sources say of addresses, for searches and dashboards.

{"addresses": ["…"], "mode": "live"|"cached", "providers": ["virustotal"], "budget": 100, "timeout": 30, "sid": "…"}
→ {"evidence": {address: [entry …]}, "sources": […], "asked": 7, "late": false, "requests": {…}, "messages": […]}
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Dict, Mapping

from ...errors import InputError
from ...localfiles import Failed
from ...store.encoding import encoded
from ..broker import Answered, Circumstances, Question
from ..broker_settings import BrokerSettings
from ..rest import Call, Reply
from ..splunkd import entity
from . import reading
from .ground import Ground

MOST_ADDRESSES = 500
LONGEST = 55.0
"""Seconds of one request; who has more time asks again for what was late."""
NAMES = ("addresses", "mode", "providers", "budget", "timeout", "sid")


def question_of(payload: Mapping[str, Any], user: str, settings: BrokerSettings) -> Question:
    """The question in a request. Raises InputError."""
    reading.only(payload, NAMES)
    providers = reading.texts(payload, "providers", 100)
    return Question(
        reading.addresses(payload, MOST_ADDRESSES),
        user,
        reading.text(payload, "sid"),
        reading.word(payload, "mode", "cached", ("cached", "live")) == "live",
        tuple(name for name in providers if name in settings.live.providers),
        int(reading.number(payload, "budget", settings.live.budget, 0, 100_000)),
        float(reading.number(payload, "timeout", 30, 0.1, LONGEST)),
    )


def ask(ground: Ground, call: Call) -> Reply:
    """Answers within the time asked for, however incomplete."""
    settings = ground.settings(call)
    question = question_of(call.payload, call.user, settings)
    if call.payload.get("providers") and not question.providers:
        raise InputError("providers: none of those named is configured")
    found = answered(ground, call, settings, question)
    chosen = question.providers or tuple(settings.live.providers)
    evidence = {address: [json.loads(encoded(item)) for item in items] for address, items in found.evidence.items()}
    told: Dict[str, Any] = {"evidence": evidence, "sources": sorted(chosen), "asked": found.asked, "late": found.late}
    return Reply(200, {**told, "requests": dict(found.requests), "shared_hits": found.hits})


def answered(ground: Ground, call: Call, settings: BrokerSettings, question: Question) -> Answered:
    """The broker's answer to a question."""
    for name, what in settings.absent.items():
        call.tell(f"{name} is not asked: it {what}")
    if question.live and is_alert(call, question.sid):
        question = replace(question, alert=True)
    for complaint in ground.complaints:
        call.tell(complaint)
    local = ground.local(settings)
    for failed in (source for source in local.sources if isinstance(source, Failed)):
        call.tell(failed.reason)
    around = Circumstances(settings, ground.shared(call), ground.allowlist(settings), call.tell, local)
    return ground.broker.answer(question, around)


def is_alert(call: Call, sid: str) -> bool:
    """True for a search that the scheduler started and that this user can see: it may spend the reserve."""
    if not sid.startswith("scheduler_"):
        return False
    return call.splunkd.get(entity("search/jobs", sid)).ok
