"""Live sources at the command line: their settings, the live part of `check` and `report`, the rows of `status`."""

from __future__ import annotations

import argparse
from dataclasses import replace
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from .. import paths
from ..case import Case
from ..clock import SYSTEM
from ..configuration import FILE, read_prose, read_settings
from ..connecting import Wish, account_of, open_live
from ..dossier import Status
from ..egress import AUDIT_FILE, Audit
from ..errors import InputError
from ..keys import kept_key, system_ring
from ..live import Live
from ..policy import policy_named
from ..providers import LiveProvider, with_third_parties
from ..providers.service import extras_of
from ..quota import Ledger, Standing
from ..quota.account import clock_text
from ..quota.ledger import FILE as QUOTA_FILE
from ..reading import own_networks
from ..recording import Recorder, check_writable
from ..rephrasing import rephrased
from ..report.prose import counted
from ..settings import LiveSettings, ProviderSettings
from ..store import EvidenceStore, Kept
from ..store.evidence import FILE as STORE_FILE
from ..terminal import say
from ..transport import Access, Limits, RequestsTransport
from .ground import Environment


def user_settings(environment: Environment, known: Mapping[str, LiveProvider]) -> LiveSettings:
    """The live settings of this user. Raises InputError for a file that cannot be used."""

    def _extras(name: str) -> Optional[Tuple[str, ...]]:
        return extras_of(known[name]) if name in known else None

    return read_settings(paths.data_dir(environment), environment, known, partial(kept_key, system_ring()), _extras)


class LiveRun(NamedTuple):
    """The live part of a command."""

    live: Live
    recorder: Optional[Recorder]
    record: Optional[Path]
    tlp: str
    """Label under which addresses are sent."""

    def keep(self) -> None:
        """Writes what has been answered so far, where it is to be recorded."""
        if self.recorder is not None and self.record is not None:
            say(f"{counted(self.recorder.write(self.record), 'answer')} recorded in {self.record}")

    def finish(self) -> None:
        """Closes everything, tells what was asked, and writes the recording."""
        self.live.close()
        if self.live.planned is not None:
            for line in self.live.planned.lines():
                say(line)
        else:
            asked = [f"{name} {counted(number, 'request')}" for name, number in self.live.requests.items()]
            say(f"asked: {', '.join(asked)}")
        for line in self.live.remarks:
            say(line)
        self.keep()


def live_run(options: argparse.Namespace, environment: Environment, moment: datetime) -> LiveRun:
    """The live part as the options want it. Raises InputError."""
    if options.as_of:
        raise InputError("--live asks how things are now: leave --as-of out")
    record = Path(options.record) if options.record and not options.dry_run else None
    recorder = Recorder(SYSTEM.now) if record else None
    if record:
        check_writable(record)
    wish = Wish(
        budget=options.budget,
        tlp=getattr(options, "tlp", None),
        dry=options.dry_run,
        deep=getattr(options, "deep", False),
        watchers=(recorder,) if recorder else (),
        policy=policy_named(options.policy),
        as_of=moment,
    )
    live, tlp = opened(environment, wish, getattr(options, "own", ()))
    return LiveRun(live, recorder, record, tlp)


def opened(environment: Environment, wish: Wish, own: Sequence[str] = ()) -> Tuple[Live, str]:
    """The live sources of this user, and the label under which they are asked. Raises InputError where there is none.

    `own` are networks that are sent to nobody.
    """
    known = with_third_parties(say)
    settings = user_settings(environment, known)
    if not settings.providers:
        raise InputError("no provider is configured: `ipthreat configure` lists them")
    live = open_live(_without_own(settings, own), paths.data_dir(environment), wish, say, providers=known)
    return live, wish.tlp or settings.tlp


def _without_own(settings: LiveSettings, own: Sequence[str]) -> LiveSettings:
    """The settings with the user's own networks among what is never sent to anybody."""
    texts = tuple(map(str, own_networks(own)))
    held = {name: replace(item, no_send=(*item.no_send, *texts)) for name, item in settings.providers.items()}
    return replace(settings, providers=held)


# --- prose ----------------------------------------------------------------------------------------


def with_prose(case: Case, environment: Environment) -> Case:
    """The case with the words of the user's language model, or why there are none. Raises InputError without one."""
    folder, keyring = paths.data_dir(environment), partial(kept_key, system_ring())
    settings = read_prose(folder, environment, keyring)
    shared = user_settings(environment, {})
    access = Access(shared.proxy, shared.ca_bundle, shared.plain_hosts)
    audit = Audit(folder / AUDIT_FILE, f"{case.report_id}-prose", case.tlp)
    with RequestsTransport(Limits(read=settings.timeout, overall=settings.timeout), access=access) as transport:
        return rephrased(case, settings, transport, audit, SYSTEM.now())


# --- status ---------------------------------------------------------------------------------------


def source_rows(environment: Environment, moment: datetime) -> List[Dict[str, Any]]:
    """A row per configured provider: quota, last outcome, use of the store."""
    known = with_third_parties(say)
    settings = user_settings(environment, known)
    if not settings.providers:
        return []
    folder = paths.data_dir(environment)
    ledger = Ledger(folder / QUOTA_FILE, tell=say)
    kept = {item.provider: item for item in EvidenceStore(folder / STORE_FILE, tell=say).inspect()}
    rows = []
    for name, own in settings.providers.items():
        if name not in known:
            say(f"ipthreat: {name} is in {FILE} but is no provider that can be asked")
            continue
        account = account_of(known[name], own, settings)
        row = _row(known[name], own, ledger.standing(account), kept.get(name), moment)
        rows.append({**row, "members": settings.members})
    ledger.close()
    return rows


def _row(
    provider: LiveProvider, own: ProviderSettings, standing: Standing, kept: Optional[Kept], moment: datetime
) -> Dict[str, Any]:
    absent = [item for item in provider.needs if not (getattr(own, item, "") or own.extra.get(item))]
    used = kept.hits + kept.misses if kept else 0
    return {
        "provider": provider.name,
        "configured": not absent,
        "key_valid": _KEY_VALID.get(standing.status),
        "enabled": own.enabled,
        "last": standing.status or "never asked",
        "last_reason": standing.reason,
        "last_at": clock_text(standing.at) if standing.at else "",
        "used": dict(standing.used),
        "left": dict(standing.left),
        "resets": {period: clock_text(at) for period, at in standing.resets.items() if period in standing.left},
        "blocked_until": clock_text(standing.blocked_until) if standing.blocked_until else "",
        "answers": kept.answers if kept else 0,
        "fresh": kept.fresh if kept else 0,
        "oldest_days": _days(kept, moment),
        "hit_rate": round(kept.hits / used, 3) if kept and used else None,
    }


# The last outcome → whether the provider took the key; None, for any other, says that nobody knows.
_KEY_VALID: Mapping[str, bool] = {
    **dict.fromkeys((Status.OK.value, Status.NOT_FOUND.value, Status.UNSUPPORTED.value), True),
    Status.AUTH_ERROR.value: False,
}


def _days(kept: Optional[Kept], moment: datetime) -> Optional[int]:
    if kept is None or not kept.answers:
        return None
    return max(0, (moment - datetime.fromtimestamp(kept.oldest, timezone.utc)).days)
