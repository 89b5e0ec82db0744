"""Asks a language model to say the evidence again, and lets through what passes the check. Optional, off by default.

Any OpenAI-compatible service is asked, by `POST <base_url>/chat/completions`. The rules of what may leave hold for it
as for any provider: a TLP ceiling, no address that is not global or on the allow-list, https, a line in the audit file.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit

from .case import Case, Prose
from .egress import Audit, Egress
from .errors import FetchError, StoreError
from .exchange import Request, Transport
from .report import rephrase
from .report.actionable import told_of
from .report.actions import actions
from .report.citations import Register
from .report.escape import visible
from .settings import ProseSettings

NAME = "prose"
"""What the audit file and the settings call the service."""


def rephrased(case: Case, settings: ProseSettings, transport: Transport, audit: Audit, now: datetime) -> Case:
    """The case with the model's words, or with the reason why there are none. Never raises."""
    given = rephrase.material(case, Register(told_of(case, actions(case))))
    closed = Egress(case.tlp, {NAME: settings.tlp}).closed(NAME)
    if closed or not given.lines:
        return replace(case, prose=Prose(settings.model, refused=closed or "there is no evidence that may be sent"))
    try:
        audit.sending(now, NAME, urlsplit(settings.base_url).hostname or "", settings.model, given.addresses)
        text = _asked(settings, transport, given)
    except (FetchError, StoreError) as error:
        return replace(case, prose=Prose(settings.model, refused=str(error)))
    found = rephrase.faults(text, given) if text else ("the service gave no text",)
    return replace(case, prose=Prose(settings.model, refused=found[0]) if found else Prose(settings.model, text))


def _asked(settings: ProseSettings, transport: Transport, given: rephrase.Material) -> str:
    headers = {"Content-Type": "application/json"}
    headers.update({"Authorization": f"Bearer {settings.key}"} if settings.key else {})
    url = f"{settings.base_url.rstrip('/')}/chat/completions"
    response = transport.send(Request(url, "POST", headers, body=rephrase.question(settings.model, given)))
    if response.status != 200:
        raise FetchError(f"the service answered with HTTP status {response.status}")
    return visible(rephrase.answer(response.body), rephrase.LONGEST + 1)
