"""The app's searches, run without Splunk: its own commands by the runner, the rest by a small reading of SPL that knows
what the app's searches use and refuses everything else.

    rows = searched('| ipthreatstatus | where status!="ok" | table name', Search(ground(), events)).rows
"""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Any, Dict, Optional

import spl_rows
import spl_stats
from searches import ROOT
from spl_eval import number, text_of
from spl_run import Found, Run, Search, split

from ipthreat.splunk.conf import read_conf

__all__ = ["Found", "Search", "as_columns", "expanded", "searched"]

MACROS = read_conf(ROOT, "macros")
_CALL = re.compile(r'("(?:\\.|[^"\\])*")|`([^`]+)`')


def searched(text: str, where: Search, start: Optional[Found] = None) -> Found:
    """Runs a search, or what follows `start`. Raises SplError for what this reading of SPL does not know."""
    run = Run(where, {**spl_rows.COMMANDS, **spl_stats.COMMANDS})
    if start is not None:
        run.rows, run.fields, run.unknown = [dict(row) for row in start.rows], list(start.fields), set(start.unknown)
    for place, stage in enumerate(split(expanded(text), "|")):
        if stage:
            implied = start is None and place == 0 and not stage.startswith("search ")
            run.stage(f"search {stage}" if implied else stage)
    return Found(run.rows, run.fields, run.unknown)


def expanded(search: str) -> str:
    """The search with its macros in place, but for what stands in quotes. A macro that there is not raises KeyError."""
    return _CALL.sub(lambda match: match[1] or expanded(_definition(match[2])), search)


def _definition(call: str) -> str:
    name, _, rest = call.partition("(")
    values = [value.strip() for value in rest.rstrip(")").split(",") if value]
    stanza = MACROS[f"{name}({len(values)})" if values else name]
    text = stanza["definition"]
    for argument, value in zip(stanza.get("args", "").split(","), values):
        text = text.replace(f"${argument}$", value)
    return text


def as_columns(found: Found) -> Dict[str, Any]:
    """A result in the shape in which a dashboard takes it: names, and a column of texts for each."""
    return {
        "fields": [{"name": name} for name in found.fields],
        "columns": [[_shown(name, row.get(name)) for row in found.rows] for name in found.fields],
    }


def _shown(name: str, value: Any) -> Any:
    if name == "_time" and number(value) is not None:  # Splunk hands times out in ISO 8601
        return datetime.fromtimestamp(float(value), timezone.utc).isoformat()
    return [text_of(item) for item in value] if isinstance(value, list) else None if value is None else text_of(value)
