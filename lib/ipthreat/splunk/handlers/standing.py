"""GET ipthreat/status: what is configured, what is left of each quota, how old the data are. No secret, nothing asked.

→ {"providers": [{"provider": "virustotal", "configured": true, "left": {"day": 431}, …}], "data": [row …],
   "store": {…}, "shared": "ok"}
"""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional

from ...connecting import account_of
from ...errors import SplunkError
from ...providers import LiveProvider
from ...quota import Ledger, Standing
from ...quota.account import clock_text
from ...quota.ledger import FILE as QUOTA_FILE
from ...settings import ProviderSettings
from ...store import EvidenceStore, Kept
from ...store.evidence import FILE as STORE_FILE
from ..broker_settings import BrokerSettings
from ..conf import app_lists
from ..kvstore import EVIDENCE
from ..rest import Call, Reply
from ..status_rows import status_rows
from . import reading
from .ground import Ground


def status(ground: Ground, call: Call) -> Reply:
    """All of it."""
    reading.only(call.payload, ("output_mode",))
    settings = ground.settings(call)
    told = {
        "providers": _providers(ground, settings, call),
        "data": status_rows(app_lists(ground.app), ground.now()),
        "shared": _shared(call),
        "live": {"budget": settings.live.budget, "timeout": settings.live.timeout, "members": settings.live.members},
    }
    return Reply(200, told)


def _providers(ground: Ground, settings: BrokerSettings, call: Call) -> List[Dict[str, Any]]:
    """A row per provider there is, the configured first."""
    ledger = Ledger(ground.folder / QUOTA_FILE, clock=ground.clock, tell=call.tell)
    store = EvidenceStore(ground.folder / STORE_FILE, clock=ground.clock, tell=call.tell)
    kept = {item.provider: item for item in store.inspect()}
    rows = []
    for name, provider in ground.providers.items():
        own = settings.live.providers.get(name)
        standing = ledger.standing(account_of(provider, own, settings.live)) if own else Standing()
        absent = settings.absent.get(name, "")
        rows.append(_row(provider, own, standing, kept.get(name), absent))
    store.close()
    ledger.close()
    return sorted(rows, key=lambda row: (not row["configured"], row["provider"]))


def _row(
    provider: LiveProvider, own: Optional[ProviderSettings], standing: Standing, kept: Optional[Kept], absent: str
) -> Dict[str, Any]:
    used = kept.hits + kept.misses if kept else 0
    return {
        "provider": provider.name,
        "title": provider.title,
        "configured": own is not None and not absent,
        "enabled": own is not None and own.enabled,
        "problem": absent,
        "last": standing.status or "never asked",
        "last_reason": standing.reason,
        "last_at": clock_text(standing.at) if standing.at else "",
        "used": dict(standing.used),
        "left": dict(standing.left),
        "limits": dict(standing.limits),
        "resets": _times(standing.resets),
        "blocked_until": clock_text(standing.blocked_until) if standing.blocked_until else "",
        "answers": kept.answers if kept else 0,
        "fresh": kept.fresh if kept else 0,
        "hit_rate": round(kept.hits / used, 3) if kept and used else None,
    }


def _times(moments: Mapping[str, float]) -> Dict[str, str]:
    return {period: clock_text(at) for period, at in moments.items()}


def _shared(call: Call) -> str:
    """How the cluster's memory is: `ok`, or why it is not used."""
    try:
        answer = call.system.get(f"storage/collections/data/{EVIDENCE}", limit=1)
    except SplunkError as error:
        return str(error)
    return "ok" if answer.ok else f"the KV store answers {answer.status}"
