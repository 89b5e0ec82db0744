"""Splunk's commands on rows, as far as the app's searches use them."""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from typing import Any, Dict, Iterator, Sequence, Tuple

from searches import ROOT
from spl_eval import number, unquoted
from spl_run import Commands, Row, Run, cell, split
from spl_terms import Terms

from ipthreat.splunk.conf import read_conf

LOOKUPS = {
    name: pairs["fields_list"].split(", ")
    for name, pairs in read_conf(ROOT, "transforms").items()
    if "fields_list" in pairs
}
"""Lookup → its fields."""


def _search(run: Run, rest: str) -> None:
    if run.stages == 1:
        run.rows = [dict(row) for row in run.where.events]
        run.made(*(name for row in run.rows for name in row))
    for inner in re.findall(r"\[\|(.*)\]", rest):
        terms = [cell(row["search"]).strip('"') for row in run.inner(inner).rows]
        run.rows = [row for row in run.rows if any(term in map(cell, row.values()) for term in terms)]
    terms_of = Terms(re.sub(r"\[\|.*\]", "", rest))
    run.read(*(terms_of.fields if run.stages > 1 or run.rows else ()))
    run.rows = [row for row in run.rows if terms_of.hold(row)]


def _makeresults(run: Run, rest: str) -> None:
    run.rows = [{"_time": "1795478400"}]
    run.made("_time")


def _eval(run: Run, rest: str) -> None:
    for assignment in split(rest, ","):
        name, _, text = assignment.partition("=")
        for row in run.rows:
            value = run.value(text, row)
            row.pop(name, None)
            if value is not None:
                row[name] = value
        if not run.rows:
            run.value(text, {})
        run.made(name)


def _where(run: Run, rest: str) -> None:
    run.value(rest, {})
    run.rows = [row for row in run.rows if run.value(rest, row) is True]


def _table(run: Run, rest: str) -> None:
    names = re.split(r"[\s,]+", rest)
    run.read(*names)
    run.only(names)


def _rename(run: Run, rest: str) -> None:
    old, new = rest.split(" as ")
    pattern = re.compile(re.escape(old).replace(r"\*", "(.*)"))
    names = {name: new.replace("*", match[1] if pattern.groups else "") for name in run.fields
             for match in [pattern.fullmatch(name)] if match}  # fmt: skip
    run.read(*([] if names else [old]))
    run.fields = [name for name in run.fields if name not in names.values()]
    run.fields = [names.get(name, name) for name in run.fields]
    run.rows = [_renamed(row, names) for row in run.rows]


def _renamed(row: Row, names: Dict[str, str]) -> Row:
    kept = {name: value for name, value in row.items() if name not in names and name not in names.values()}
    return {**kept, **{new: row[old] for old, new in names.items() if old in row}}


def _dedup(run: Run, name: str) -> None:
    run.read(name)
    first: Dict[str, Row] = {}
    for row in run.rows:
        if row.get(name) is not None:
            first.setdefault(cell(row[name]), row)
    run.rows = list(first.values())


def _convert(run: Run, rest: str) -> None:
    (name,) = re.fullmatch(r"ctime\((\w+)\)", rest).groups()  # type: ignore[union-attr]
    run.read(name)
    for row in run.rows:
        if number(row.get(name)) is not None:
            row[name] = datetime.fromtimestamp(float(row[name]), timezone.utc).strftime("%m/%d/%Y %H:%M:%S")


def _inputlookup(run: Run, name: str) -> None:
    run.rows += [dict(row) for row in run.where.lookups[name]]
    run.made(*LOOKUPS[name.replace(".csv", "")])


def _outputlookup(run: Run, name: str) -> None:
    fields = LOOKUPS[name]
    run.where.lookups[name][:] = [{field: row[field] for field in fields if field in row} for row in run.rows]


def _head(run: Run, rest: str) -> None:
    run.rows = run.rows[: int(rest)]


def _sort(run: Run, rest: str) -> None:
    words = rest.split()
    limit = int(words.pop(0)) if words[0].isdigit() else 10_000
    for word in reversed(words):
        name = re.sub(r"^-|num\(|\)", "", word.replace("-num(", "-"))
        run.read(name)
        run.rows.sort(key=lambda row: _order(row.get(name)), reverse=word.startswith("-"))
    run.rows = run.rows[: limit or None]


def _order(value: Any) -> Tuple[int, float, str]:
    found = number(value)
    return (0, found, "") if found is not None else (1, 0.0, cell(value))


def _makemv(run: Run, rest: str) -> None:
    (by, name) = re.fullmatch(r'delim="(.*)" (\w+)', rest).groups()  # type: ignore[union-attr]
    run.read(name)
    for row in run.rows:
        if row.get(name) is not None:
            row[name] = cell(row[name]).split(by)


def _mvexpand(run: Run, name: str) -> None:
    run.read(name)
    run.rows = [
        {**row, name: value} if value is not None else row
        for row in run.rows
        for value in (row.get(name) if isinstance(row.get(name), list) else [row.get(name)])
    ]


def _rex(run: Run, rest: str) -> None:
    name, pattern = re.fullmatch(r"field=(\w+) (\".*\")", rest).groups()  # type: ignore[union-attr]
    compiled = re.compile(unquoted(pattern).replace("(?<", "(?P<"))
    run.read(name)
    run.made(*compiled.groupindex)
    for row in run.rows:
        found = compiled.search(cell(row.get(name)))
        row.update(found.groupdict() if found else {})


def _spath(run: Run, rest: str) -> None:
    given = dict(re.findall(r"(\w+)=(\S+)", rest))
    run.read(given["input"])
    output = given.get("output", given["path"])
    for row in run.rows:
        found = list(_along(_document(row.get(given["input"])), given["path"].split(".")))
        if found:
            row[output] = found if len(found) > 1 else found[0]
    run.made(output)


def _document(value: Any) -> Any:
    try:
        return json.loads(cell(value))
    except ValueError:
        return None


def _along(value: Any, path: Sequence[str]) -> Iterator[str]:
    """What lies at a path, as texts; `name{}` goes through a list. JSON's null is nothing."""
    if not path:
        if isinstance(value, (dict, list)):
            yield json.dumps(value)
        elif value is not None:
            yield str(value).lower() if isinstance(value, bool) else str(value)
        return
    name = path[0].replace("{}", "")
    inner = value.get(name) if isinstance(value, dict) else None
    for item in inner if path[0].endswith("{}") and isinstance(inner, list) else [inner]:
        yield from _along(item, path[1:])


def _append(run: Run, rest: str) -> None:
    found = run.inner(rest[1:-1])
    run.rows += found.rows
    run.made(*found.fields)


COMMANDS: Commands = {
    "search": _search,
    "makeresults": _makeresults,
    "eval": _eval,
    "where": _where,
    "table": _table,
    "fields": _table,
    "rename": _rename,
    "dedup": _dedup,
    "convert": _convert,
    "head": _head,
    "sort": _sort,
    "makemv": _makemv,
    "mvexpand": _mvexpand,
    "rex": _rex,
    "spath": _spath,
    "append": _append,
    "inputlookup": _inputlookup,
    "outputlookup": _outputlookup,
}
"""The commands that change rows one by one, or bring them."""
