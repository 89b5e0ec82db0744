"""The command `store`: looks into the evidence store, clears it, fills it ahead of time, lifts a provider's block."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Mapping, Sequence, Tuple

from .. import paths
from ..address import canonical, extract, split
from ..allowlist import Allowlist
from ..connecting import Wish
from ..dossier import Dossier, Evidence
from ..errors import InputError, StoreError
from ..gather import Gatherer
from ..intelligence import Intelligence
from ..live import Live
from ..quota import Ledger
from ..quota.account import clock_text
from ..quota.ledger import FILE as QUOTA_FILE
from ..report.escape import visible
from ..report.prose import counted
from ..store import Entry, EvidenceStore, Kept
from ..store.evidence import FILE as STORE_FILE
from ..store.evidence import age_words
from ..terminal import say
from .ground import Environment, lists_file, now, output
from .sources import opened

LARGEST = 64 << 20
"""Bytes of the largest file that `prewarm` reads."""


Action = Callable[[argparse.Namespace, Environment], int]


def store(options: argparse.Namespace, environment: Environment) -> int:
    """`ipthreat store`: one action on the store or the ledger. Exit code 4 for a file that cannot be used."""
    return ACTIONS[options.action](options, environment)


@contextmanager
def _usable(environment: Environment) -> Iterator[EvidenceStore]:
    """The store; StoreError where it cannot be used. A run goes on without it, but here it is the matter itself."""
    told: List[str] = []
    found = EvidenceStore(paths.data_dir(environment) / STORE_FILE, tell=told.append)
    try:
        yield found
    finally:
        found.close()
    if found.problem:
        raise StoreError(found.problem)
    for line in told:
        say(f"ipthreat: {line}")


def _addresses(texts: Sequence[str]) -> List[str]:
    """Canonical texts, each once. Raises AddressError for what is none."""
    return list(dict.fromkeys(canonical(text) for item in texts for text in split(item) or [item]))


# --- inspect --------------------------------------------------------------------------------------


def _inspect(options: argparse.Namespace, environment: Environment) -> int:
    wanted = _addresses(options.address)
    with _usable(environment) as kept:
        providers = kept.inspect()
        entries = [(address, entry) for address in wanted for entry in kept.about(address)]
    if options.provider:
        providers = tuple(item for item in providers if item.provider == options.provider)
        entries = [(address, entry) for address, entry in entries if entry.provider == options.provider]
    rows = [_entry(*item, now()) for item in entries] if wanted else [_provider(item, now()) for item in providers]
    if options.json:
        output(json.dumps(rows, indent=2))
        return 0
    for line in _entry_lines(wanted, rows) if wanted else _provider_lines(rows):
        output(line)
    return 0


def _entry(address: str, entry: Entry, moment: datetime) -> Dict[str, Any]:
    """One answer, for a program; the words of `state` are fresh, old, expired."""
    seconds = moment.timestamp()
    found = entry.evidence
    return {
        "address": address,
        "provider": entry.provider,
        "subject": entry.subject,
        "status": found.status.value if found else "unreadable",
        "verdict": found.verdict.value if found else "",
        "native": found.native if found else "",
        "retrieved": clock_text(entry.retrieved),
        "age": age_words(timedelta(seconds=max(0.0, seconds - entry.retrieved))),
        "state": "fresh" if entry.fresh else "old" if seconds < entry.expires else "expired",
        "fresh_until": clock_text(entry.fresh_until),
        "expires": clock_text(entry.expires),
    }


_STATES: Mapping[str, str] = {
    "fresh": "fresh until {fresh_until}",
    "old": "no longer fresh; stands in until {expires}",
    "expired": "expired {expires}",
}


def _entry_lines(addresses: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    line = "{:<39} {:<12} {:<18} {:<11} {:>9}  {}"
    if rows:
        yield line.format("address", "provider", "kept for", "verdict", "age", "state")
    for row in rows:
        told = row["verdict"] if row["status"] == "ok" else row["status"]
        state = _STATES[row["state"]].format(**row)
        yield visible(line.format(row["address"], row["provider"], row["subject"], told, row["age"], state))
    found = {row["address"] for row in rows}
    yield from (f"nothing is kept about {address}" for address in addresses if address not in found)


def _provider(kept: Kept, moment: datetime) -> Dict[str, Any]:
    used = kept.hits + kept.misses
    oldest = datetime.fromtimestamp(kept.oldest, timezone.utc)
    return {
        "provider": kept.provider,
        "answers": kept.answers,
        "fresh": kept.fresh,
        "oldest": age_words(max(timedelta(), moment - oldest)) if kept.answers else "",
        "hits": kept.hits,
        "misses": kept.misses,
        "hit_rate": round(kept.hits / used, 3) if used else None,
    }


def _provider_lines(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    line = "{:<12} {:>9} {:>9} {:>9} {:>9}"
    yield line.format("provider", "answers", "fresh", "oldest", "hit rate")
    for row in rows:
        rate = "-" if row["hit_rate"] is None else f"{row['hit_rate']:.0%}"
        yield line.format(row["provider"], row["answers"], row["fresh"], row["oldest"], rate)


# --- evict, flush, unblock ------------------------------------------------------------------------


def _evict(options: argparse.Namespace, environment: Environment) -> int:
    """Answers about addresses, or a provider's, or of both; with neither what has expired."""
    wanted = _addresses(options.address)
    with _usable(environment) as kept:
        if wanted:
            gone = sum(kept.forget(address, options.provider) for address in wanted)
        else:
            gone = kept.flush(options.provider) if options.provider else kept.evict(patience=None)
    return _done(options, gone)


def _flush(options: argparse.Namespace, environment: Environment) -> int:
    """All answers, for good: what they cost would have to be spent again."""
    with _usable(environment) as kept:
        if not options.yes:
            held = sum(item.answers for item in kept.inspect())
            raise InputError(f"store flush removes all {counted(held, 'answer')}: say --yes")
        gone = kept.flush()
    return _done(options, gone)


def _done(options: argparse.Namespace, gone: int) -> int:
    output(json.dumps({"removed": gone}) if options.json else f"{counted(gone, 'answer')} removed")
    return 0


def _unblock(options: argparse.Namespace, environment: Environment) -> int:
    """Lifts what a provider's refusals left behind, for somebody whose plan or key has changed."""
    provider = options.provider
    ledger = Ledger(paths.data_dir(environment) / QUOTA_FILE, tell=say)
    try:
        found = ledger.lift(provider)
        if ledger.problem:
            raise StoreError(ledger.problem)
    finally:
        ledger.close()
    if not found:
        raise InputError(f"the ledger knows no key of {provider[:40]!r}: it was never asked with one")
    rows = [{"account": name, "was_blocked_until": clock_text(until) if until else ""} for name, until in found]
    if options.json:
        output(json.dumps(rows, indent=2))
        return 0
    for row in rows:
        until = row["was_blocked_until"]
        output(f"{row['account']}: {f'was blocked until {until}' if until else 'was not blocked'}; it is asked again")
    return 0


# --- prewarm --------------------------------------------------------------------------------------


def _prewarm(options: argparse.Namespace, environment: Environment) -> int:
    """Has the providers asked about the addresses in a file, most worrying first, and keeps the answers."""
    texts = _read(Path(options.file))
    moment = now()
    allowed = Allowlist.read(Path(options.allowlist), moment) if options.allowlist else Allowlist()
    live, _ = opened(environment, Wish(options.budget, options.timeout, options.tlp, options.dry_run))
    sources = Intelligence.opened(lists_file(environment)).sources(moment)
    dossiers = list(Gatherer(sources, allowed).gather(texts, {}, None))
    try:
        return _planned(options, live, dossiers) if options.dry_run else _asked(options, live, dossiers)
    finally:
        live.close()


def _read(path: Path) -> List[str]:
    """The addresses in a text file, each once, wherever they stand in it. Raises InputError where there is none."""
    try:
        if path.stat().st_size > LARGEST:
            raise InputError(f"{path}: is larger than {LARGEST:,} bytes")
        lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from None
    found: Dict[str, None] = {}
    silent = 0
    for line in filter(str.strip, lines):
        addresses = extract(line)
        found.update(dict.fromkeys(addresses))
        silent += not addresses
    if silent:
        say(f"{counted(silent, 'line')} of {path} without an address")
    if not found:
        raise InputError(f"{path}: holds no address")
    return list(found)


def _planned(options: argparse.Namespace, live: Live, dossiers: Sequence[Dossier]) -> int:
    plan = live.plan(dossiers)
    if options.json:
        output(json.dumps([asdict(item) for item in plan.calls], indent=2))
        return 0
    for line in plan.lines():
        output(line)
    return 0


def _asked(options: argparse.Namespace, live: Live, dossiers: Sequence[Dossier]) -> int:
    before = {item.provider: item.cached for item in live.plan(dossiers).calls}
    answers = live.answers(dossiers)
    rows = [_told(name, before.get(name, 0), answers, live.requests[name]) for name in sorted(live.requests)]
    if options.json:
        output(json.dumps(rows, indent=2))
        return 0
    for row in rows:
        words = ", ".join(f"{number:,} {status}" for status, number in row["statuses"].items())
        output(f"{row['provider']}: {row['known']:,} known before, {counted(row['requests'], 'request')}: {words}")
    return 0


def _told(name: str, known: int, answers: Mapping[str, Tuple[Evidence, ...]], requests: int) -> Dict[str, Any]:
    """How many addresses have which status at a provider now."""
    words = Counter(item.status.words for items in answers.values() for item in items if item.source == name)
    return {"provider": name, "known": known, "requests": requests, "statuses": dict(words.most_common())}


ACTIONS: Mapping[str, Action] = {
    "inspect": _inspect,
    "evict": _evict,
    "flush": _flush,
    "prewarm": _prewarm,
    "unblock": _unblock,
}
"""Word → action."""
