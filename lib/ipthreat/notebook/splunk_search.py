"""Splunk from a notebook: a search becomes a DataFrame, a report becomes events of an index."""

from __future__ import annotations

import json
import os
import re
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Sequence, Union

import pandas

from ..errors import InputError, MissingExtraError
from ..fields import FIELDS, PREFIX
from ..report import tables
from .columns import SEVERAL, typed
from .result import Result

SOURCETYPE = "ipthreat:report"
"""Of the events that `push_report` sends."""
_WHERE = {"host": "SPLUNK_HOST", "port": "SPLUNK_PORT", "token": "SPLUNK_TOKEN", "ca_bundle": "SPLUNK_CA_BUNDLE"}
"""What is read from the environment where the caller does not say, so that no key stands in a notebook."""
_FIELD = re.compile(r"[A-Za-z_][\w.:]*", re.ASCII)
_OURS = frozenset(field.name for field in FIELDS)

Values = Mapping[str, Union[str, int, float, Sequence[Union[str, int, float]]]]


def access(environment: Mapping[str, str] = os.environ, **given: Any) -> Any:
    """How to reach Splunk: the fields of `splunk.jobs.SplunkAccess`, else SPLUNK_HOST, SPLUNK_PORT, SPLUNK_TOKEN and
    SPLUNK_CA_BUNDLE of the environment. Raises InputError where a key is lacking."""
    try:
        from ..splunk.jobs import SplunkAccess
    except ImportError:
        raise MissingExtraError("searching Splunk needs splunk-sdk: pip install 'ipthreat[notebooks]'") from None
    found: Dict[str, Any] = {name: environment[key] for name, key in _WHERE.items() if environment.get(key)}
    if "port" in found and not found["port"].isdigit():
        raise InputError(f"SPLUNK_PORT: {found['port'][:20]!a} is no port")
    found.update(given)
    if "port" in found:
        found["port"] = int(found["port"])
    return SplunkAccess(**found)


def search_splunk(
    spl: str,
    earliest: str = "-24h",
    latest: str = "now",
    *,
    values: Optional[Values] = None,
    enrich: str = "",
    most: int = 1_000_000,
    progress: bool = True,
    preview: Optional[Callable[[pandas.DataFrame], None]] = None,
    **connection: Any,
) -> pandas.DataFrame:
    """The results of a search as a DataFrame: texts as Splunk gives them, lists in multivalue cells, `_time` as time.

    `values` fill `$name$` in the search, quoted. `enrich` names an address field: Splunk's own `| ipthreat` enriches it
    where the app is installed, this machine where it is not; the values are the same. `preview` is called with the
    results so far while the search runs. Interrupted, the search ends and what it found is returned. `connection` is as
    in `access`. Raises SplunkError or InputError in one sentence.
    """
    where = access(**connection)
    from ..splunk.jobs import Span, Splunk, filled

    text, span = filled(spl, values or {}), Span(earliest, latest)
    told = (lambda page: preview(_frame(page))) if preview else None
    with Splunk.connected(where) as splunk, _bar(progress) as watch:
        there = bool(_field(enrich)) and splunk.has_app("ipthreat")
        pages = splunk.search(f"{text} | ipthreat {enrich}" if there else text, span, most, watch, told)
        frame = _frame([row for page in pages for row in page])
    return frame.ipthreat.enrich(enrich) if enrich and not there and len(frame.columns) else frame


def push_report(
    result: Result, index: str, *, everything: bool = False, sourcetype: str = SOURCETYPE, **connection: Any
) -> int:
    """Sends a result to an index, an event (JSON) per address, and returns how many.

    Without `everything`, only the addresses that are raised or not harmless. Raises SplunkError in one sentence.
    """
    where = access(**connection)
    from ..splunk.jobs import Splunk

    events = [json.dumps(row) for row in _events(result, everything)]
    with Splunk.connected(where) as splunk:
        return splunk.send(events, index, sourcetype)


def _events(result: Result, everything: bool) -> Iterator[Dict[str, Any]]:
    case = result.case
    kept = [item for item in case.assessments if everything or item.raised or item.indicator]
    head = {"time": case.as_of.isoformat(), "report_id": case.report_id, "title": case.title, "tlp": case.tlp}
    for row in tables.rows(case.about(tuple(kept))):
        yield {**head, **row}


def _field(name: str) -> str:
    """A field name that can stand in a search as it is. Raises InputError for any other."""
    if name and not _FIELD.fullmatch(name):
        raise InputError(f"{name[:60]!a} cannot stand in a search as a field: rename it there")
    return name


def _frame(rows: List[Dict[str, Any]]) -> pandas.DataFrame:
    names = dict.fromkeys(name for row in rows for name in row)
    made = pandas.DataFrame({name: _column(name, [row.get(name) for row in rows]) for name in names})
    if "_time" in made.columns:
        moments = pandas.to_datetime(made["_time"], utc=True, errors="coerce", format="ISO8601")
        if not (moments.isna() & made["_time"].notna()).any():  # a time that cannot be read is not thrown away
            made["_time"] = moments
    return made


def _column(name: str, values: List[Any]) -> Any:
    """Texts get pandas' own dtype for texts; with lists among them they stay objects. Our own fields get theirs."""
    if name.startswith(PREFIX) and name[len(PREFIX) :] in _OURS:
        return typed(name[len(PREFIX) :], [_several(name, value) for value in values])
    return pandas.Series(values, dtype=object if any(isinstance(value, list) for value in values) else None)


def _several(name: str, value: Any) -> Any:
    """A field of ours with several values as a tuple, also where Splunk gives one value or none."""
    if name[len(PREFIX) :] not in SEVERAL:
        return value
    return tuple(value) if isinstance(value, list) else (value,) if value else ()


@contextmanager
def _bar(shown: bool) -> Iterator[Callable[[Any], None]]:
    """A progress bar of a search job, and what moves it."""
    if not shown:
        yield lambda _: None
        return
    from tqdm.auto import tqdm

    form = "{l_bar}{bar}| {postfix} [{elapsed}]"
    with tqdm(total=100, desc="search", unit="%", leave=False, bar_format=form) as bar:

        def move(progress: Any) -> None:
            bar.n = round(100 * progress.share)
            bar.set_postfix_str(f"{progress.events:,} events, {progress.results:,} results")

        yield move
