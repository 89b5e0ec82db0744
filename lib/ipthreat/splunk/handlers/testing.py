"""POST ipthreat/test {"provider": "virustotal"}: asks one provider about one address, with the stored settings alone.

The question is granted by the ledger and written to the audit file like any other; its answer is not stored.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from functools import partial

from ...asking import Asking
from ...clock import Run
from ...connecting import live_sources, over_requests
from ...egress import AUDIT_FILE, Audit
from ...errors import InputError
from ...exchange import Retries
from ...quota import Ledger
from ...quota.ledger import FILE as QUOTA_FILE
from ..broker_log import note_exchange
from ..rest import Call, Reply
from . import reading
from .ground import Ground

ADDRESS = "1.1.1.1"
"""Who is asked about it learns nothing: a public resolver that everybody knows."""
SECONDS = 20.0
_ONCE = Retries(attempts=1)


def ask(ground: Ground, call: Call) -> Reply:
    """How the question ended: `ok` is true when the key works, whatever the provider knows of the address."""
    reading.only(call.payload, ("provider",))
    name = reading.word(call.payload, "provider", "", ground.providers)
    settings = ground.settings(call)
    own = settings.live.providers.get(name)
    if own is None or name in settings.absent:
        raise InputError(f"{name} cannot be tested: it {settings.absent.get(name, 'is not configured')}")
    live = replace(settings.live, providers={name: replace(own, enabled=True)})
    (source,) = live_sources(live, ground.providers, ground.connect or over_requests(live), alert=True)
    ledger = Ledger(ground.folder / QUOTA_FILE, clock=ground.clock, tell=call.tell)
    audit = Audit(ground.folder / AUDIT_FILE, uuid.uuid4().hex[:12], "TLP:CLEAR", call.user)
    run, heard = Run(SECONDS, ground.clock), partial(note_exchange, call.user, "")
    asking = Asking(source, ledger, audit, run, lambda *_: None, heard=heard, retries=_ONCE)
    try:
        entry = asking.ask([ADDRESS])[ADDRESS]
        standing = ledger.standing(source.account)
    finally:
        source.transport.close()
        ledger.close()
    works = entry.status.value in ("ok", "not_found", "unsupported")
    told = {"provider": name, "ok": works, "status": entry.status.value, "reason": entry.reason}
    return Reply(200, {**told, "left": dict(standing.left)})
