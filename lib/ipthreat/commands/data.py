"""The commands about the data: `status` and `update`."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

from .. import paths
from ..case import SourcePart
from ..errors import FetchError
from ..intelligence import Intelligence
from ..reading import own_networks
from ..recorded import parse_time
from ..report.prose import counted
from ..snapshot.feeds import Feed, chosen
from ..terminal import say
from ..transport import Access, RequestsTransport
from .ground import Environment, lists_file, now, output


def status(options: argparse.Namespace, environment: Environment) -> int:
    """`ipthreat status`: a row per part of the data and per live source; exit code 4 when a file cannot be used."""
    lists, moment = lists_file(environment), now()
    intelligence = Intelligence.opened(lists).verified()
    rows = [_row(part, moment) for part in intelligence.parts()]
    problems = [text for text in (intelligence.snapshot_error, intelligence.lists_error) if text]
    problems += _stale_feeds(environment, moment)
    sources, files = (_sources(environment, moment), _files(environment, moment)) if lists else ([], [])
    problems += [f"{row['file']}: {row['problem']}" for row in files if row["problem"]]
    if options.json:
        told = {"parts": rows, "sources": sources, "files": files, "problems": problems}
        output(json.dumps({**told, "lists_file": str(lists or "")}, indent=2))
    else:
        _table(rows, lists)
        if sources:
            _source_table(sources)
        for row in files:
            output(f"{row['name']}: {row['file']} of {row['date'] or 'no date'}")
        for problem in problems:
            say(f"ipthreat: {problem}")
    return 4 if intelligence.snapshot_error or intelligence.lists_error else 0


def _row(part: SourcePart, moment: datetime) -> Dict[str, object]:
    age = (moment - parse_time(part.date[:10])).days if part.date else None
    return {
        "name": part.name,
        "date": part.date[:10],
        "age_days": age,
        "entries": part.entries,
        "licence": part.licence,
        "source": part.source,
    }


def _table(rows: List[Dict[str, object]], lists: Optional[Path]) -> None:
    output(f"{'part':<28} {'date':<10} {'age':>10} {'entries':>9}  licence")
    for row in rows:
        age = "" if row["age_days"] is None else f"{row['age_days']} days"
        output(f"{row['name']:<28} {row['date']:<10} {age:>10} {row['entries']:>9,}  {row['licence']}")
    present = lists is not None and lists.exists()
    output(f"\nlists of yours: {lists if present else 'none; `ipthreat update` fetches them'}")


def _sources(environment: Environment, moment: datetime) -> List[Dict[str, Any]]:
    """A row per live source; none without a settings file or a key in the environment."""
    from .sources import source_rows  # opens sqlite: only when asked

    return source_rows(environment, moment)


def _source_table(rows: List[Dict[str, Any]]) -> None:
    line = "{:<12} {:<14} {:>10} {:>10} {:<16} {:>7} {:>8} {:>8}  {}"
    heads = ("source", "last", "used today", "left today", "resets (UTC)", "answers", "oldest", "hit rate", "remark")
    output("\n" + line.format(*heads))
    for row in rows:
        state = row["last"] if row["enabled"] and row["configured"] else "disabled" if row["configured"] else "no key"
        rate = "-" if row["hit_rate"] is None else f"{row['hit_rate']:.0%}"
        blocked = f"blocked until {row['blocked_until']}" if row["blocked_until"] else ""
        share = f"a share of 1/{row['members']}" if row["members"] > 1 else ""
        month = f"{row['left']['month']:,} left this month" if "month" in row["left"] else ""
        remark = "; ".join(item for item in (blocked, share, month, row["last_reason"]) if item)
        age = "-" if row["oldest_days"] is None else counted(row["oldest_days"], "day")
        quota = (row["used"]["day"], row["left"].get("day", "-"), row["resets"].get("day", "-")[:16])
        output(line.format(row["provider"], state, *quota, row["answers"], age, rate, remark))


def _files(environment: Environment, moment: datetime) -> List[Dict[str, Any]]:
    """A row per file of the user that is looked up here, with its age by its own date."""
    from ..configuration import read_local  # the settings: only when asked

    lists = lists_file(environment)
    found = read_local(lists.parent) if lists else None
    named = [("maxmind", path) for path in found.mmdb] if found else []
    named += [("talos", found.blocklist)] if found and found.blocklist else []
    return [{"name": name, "file": str(path), **_dated(path, moment)} for name, path in named]


def _dated(path: Path, moment: datetime) -> Dict[str, Any]:
    try:
        written = datetime.fromtimestamp(path.stat().st_mtime, moment.tzinfo)
    except OSError as error:
        return {"date": "", "age_days": None, "problem": error.strerror or "it cannot be read"}
    return {"date": written.strftime("%Y-%m-%d"), "age_days": (moment - written).days, "problem": ""}


def _stale_feeds(environment: Environment, moment: datetime) -> List[str]:
    """Feeds whose last update brought no new copy, with the reason."""
    from ..snapshot.update import ages  # opens sqlite and the mail parser: only when asked

    lists = lists_file(environment)
    if lists is None:
        return []
    return [f"{item.name}: {item.failure}" for item in ages(lists.parent, moment) if item.failure]


def update(options: argparse.Namespace, environment: Environment) -> int:
    """`ipthreat update`: a row per list; exit code 5 when one has no good copy or the file could not be compiled."""
    from ..snapshot.update import FEED_LIMITS, OwnList
    from ..snapshot.update import update as run

    access = Access(options.proxy or "", Path(options.ca_bundle) if options.ca_bundle else None)
    own_lists = [OwnList.parse(text) for text in options.list]
    with RequestsTransport(FEED_LIMITS, access=access) as transport:
        result = run(
            _mirrored(chosen(options.feed), options.mirror),
            transport,
            paths.data_dir(environment),
            now=now(),
            own_networks=own_networks(options.own),
            own_lists=own_lists,
            force=options.force,
        )
    rows = [{**row._asdict(), "state": row.state.value, "left_out": dict(row.left_out)} for row in result.rows]
    if options.json:
        told = {"lists": rows, "lists_file": str(result.lists_file), "complete": result.complete}
        output(json.dumps({**told, "failure": result.failure}, indent=2))
    for row in () if options.json else result.rows:
        gone = sum(row.left_out.values())
        more = f", {counted(gone, 'entry', 'entries')} left out" if gone else ""
        why = f": {row.reason}" if row.reason else ""
        output(f"{row.name:<20} {row.state.value:<13} {row.entries:>9,} entries of {row.day or 'no date'}{more}{why}")
    if result.failure:
        say(f"ipthreat: {result.failure}")
    return 0 if result.complete else FetchError.exit_code


def _mirrored(feeds: Tuple[Feed, ...], mirror: Optional[str]) -> Tuple[Feed, ...]:
    """The feeds as they are, or each from `<mirror>/<name>`: for networks that reach no publisher."""
    if not mirror:
        return feeds
    return tuple(replace(feed, url=f"{mirror.rstrip('/')}/{feed.name}") for feed in feeds)
