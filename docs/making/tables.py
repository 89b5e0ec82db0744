"""Writes what the documentation takes from the code: fields, sources, weights, the tree of modules.

    python docs/making/tables.py           # writes the generated parts of the pages anew
    python docs/making/tables.py --check   # names the pages whose generated parts are out of date; exit code 1

A generated part stands between `<!-- generated: NAME -->` and `<!-- /generated -->`; everything else is left alone.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from datetime import timedelta
from pathlib import Path
from typing import Callable, Dict, Iterable, Iterator, List, Mapping, Sequence, Tuple

DOCS = Path(__file__).parents[1]
LIBRARY = DOCS.parent / "lib" / "ipthreat"
_PART = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- /generated -->)", re.DOTALL)
_EXAMPLE = "18.237.3.202"
_LONGEST = 60
"""Characters of an example that are shown."""


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; a pipe in a cell is escaped."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


# --- fields -------------------------------------------------------------------------------------------------------


def fields() -> str:
    """Every output field, with the option that adds it and its value for an address of the demo."""
    from ipthreat.assessment import assess
    from ipthreat.fields import FIELDS, PREFIX, Subject, owner_of
    from ipthreat.notebook import demo_ground

    ground = demo_ground()
    judged = assess(ground.dossiers([_EXAMPLE])[0], ground.policy, ground.as_of)
    subject = Subject(judged.address, owner_of(judged), judged)
    added = {"core": "always", "full": "`fields=full`", "explain": "`explain=true`", "es": "`es=true`"}
    rows = [
        (f"`{item.named(PREFIX)}`", item.meaning, added[item.group], _example(item.read(subject))) for item in FIELDS
    ]
    return table(("field", "meaning", "added", f"for {_EXAMPLE}"), rows)


def _example(value: object) -> str:
    """A value as a cell; of several values the first, and how many more there are."""
    if isinstance(value, tuple):
        more = f" … and {len(value) - 1} more" if len(value) > 1 else ""
        return f"{_example(value[0])}{more}" if value else "–"
    text = "" if value is None else str(value)
    shown = text if len(text) <= _LONGEST else text[:_LONGEST].rstrip() + "…"
    return f"`{shown}`" if shown else "–"


# --- sources ------------------------------------------------------------------------------------------------------


def sources() -> str:
    """Every live source: what it needs, how far its free plan goes, how long its answers are fresh, its family."""
    from ipthreat.policy import POLICIES
    from ipthreat.providers import LIVE
    from ipthreat.store.lifetimes import BY_PROVIDER, USUAL

    policy, rows = POLICIES["standard"], []
    for name, provider in LIVE.items():
        fresh = BY_PROVIDER.get(name, USUAL)
        day, long = ("your own", "–") if "base_url" in provider.needs else _reach(provider.quota)
        needs = ", ".join(provider.needs) or "nothing"
        kept = f"{_span(fresh.rated)} / {_span(fresh.unknown)}"
        scored = any(key.startswith(f"{name}.") for key in policy.weights)
        family = policy.family(name, name) if scored else "context, never scored"
        rows.append((f"`{name}`", needs, day, long, kept, provider.tlp, family))
    heads = ("source", "needs", "requests a day", "for 1,000 requests", "fresh: rated / unknown", "label", "family")
    return table(heads, rows)


_DAYS: Mapping[str, float] = {"second": 1 / 86_400, "minute": 1 / 1440, "hour": 1 / 24, "day": 1.0, "month": 31.0}


def _reach(quota: Mapping[str, int]) -> Tuple[str, str]:
    """Requests a day and the time that a thousand of them take under the documented free plan."""
    if not quota:
        return "not published", "–"
    daily = min(most / _DAYS[span] for span, most in quota.items())
    days = 1000 / daily
    return f"{daily:,.0f}", f"{days:,.0f} d" if days >= 1 else f"{max(1, round(days * 1440)):,} min"


def _span(time: timedelta) -> str:
    """A time in the largest whole unit."""
    minutes = int(time.total_seconds() // 60)
    for size, unit in ((1440, "d"), (60, "h")):
        if minutes % size == 0:
            return f"{minutes // size} {unit}"
    return f"{minutes} min"


# --- weights ------------------------------------------------------------------------------------------------------

# What is in the table of weights and is a parameter of a formula, not a number of nats.
PARAMETERS: Mapping[str, str] = {
    "virustotal.engine_rate": "what the first engine adds, nearly",
    "virustotal.suspicious_share": "a suspicious engine in malicious ones",
    "virustotal.votes": "per point of reputation",
    "virustotal.votes_limit": "the most that votes add or take",
    "abuseipdb.full_reporters": "reporters from which the score counts in full",
    "otx.full_authors": "authors that count at most",
}


def weights() -> str:
    """Every weight of the standard policy by source, strongest first; parameters of formulas stand apart."""
    from ipthreat.policy import POLICIES

    policy = POLICIES["standard"]
    found: Dict[str, List[Tuple[str, float]]] = {}
    for key, nats in policy.weights.items():
        if key not in PARAMETERS:
            source, _, label = key.partition(".")
            found.setdefault(source, []).append((label, nats))
    rows = [
        (f"`{source}`", policy.family(source, source), ", ".join(f"{label} {nats:+g}" for label, nats in items))
        for source, items in found.items()
    ]
    told = [(f"`{key}`", meaning, f"{policy.weights[key]:g}") for key, meaning in PARAMETERS.items()]
    return table(("source", "family", "nats"), rows) + "\n" + table(("parameter", "meaning", "value"), told)


# --- the first screen of the README -------------------------------------------------------------------------------

_SHOWN = ("src_ip", "ti_verdict", "ti_confidence", "ti_severity", "ti_priority", "ti_org")


def first_screen() -> str:
    """What the search of the README finds in the demo's events, judged as of their own time."""
    from ipthreat import demo
    from ipthreat.notebook import Ground, read_events

    ground = Ground.of(as_of=demo.AS_OF, environment={})
    frame = read_events().ipthreat.enrich("src_ip", user_agent="http_user_agent", on=ground)
    worth = frame[frame["ti_confidence"] >= 3].groupby(list(_SHOWN), observed=True).size()
    return table((*_SHOWN, "count"), [(*map(str, key), str(count)) for key, count in worth.items()])


# --- the tree of modules ------------------------------------------------------------------------------------------


def tree() -> str:
    """Every module of the library with the first sentence of its docstring."""
    return "```text\nlib/ipthreat/\n" + "".join(f"{line}\n" for line in _lines(LIBRARY, 1)) + "```\n"


def _lines(folder: Path, depth: int) -> Iterator[str]:
    files = sorted(path for path in folder.glob("*.py") if path.name not in ("__init__.py", "__main__.py"))
    for path in files:
        yield _line(path.name, path, depth)
    for below in sorted(path.parent for path in folder.glob("*/__init__.py")):
        yield _line(f"{below.name}/", below / "__init__.py", depth)
        yield from _lines(below, depth + 1)


def _line(name: str, path: Path, depth: int) -> str:
    return f"{'    ' * depth}{name}".ljust(38) + summary(path)


def summary(path: Path) -> str:
    """The first sentence of a module's docstring, on one line, without its full stop."""
    told = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    first = " ".join(told.split("\n\n")[0].split())
    return re.split(r"(?<=[^.])\.(?= [A-Z`]|$)", first)[0].rstrip(":")


PARTS: Mapping[str, Callable[[], str]] = {
    "fields": fields,
    "sources": sources,
    "weights": weights,
    "first_screen": first_screen,
    "tree": tree,
}
"""Name of a generated part → what writes it."""


def renewed(page: str) -> str:
    """The page with its generated parts as they should be. Raises KeyError for a part that nothing writes."""
    return _PART.sub(lambda part: f"{part[1]}{PARTS[part[2]]()}{part[3]}", page)


def pages() -> List[Path]:
    """The pages that have generated parts."""
    written = (DOCS.parent / "README.md", *sorted(DOCS.glob("*.md")))
    return [path for path in written if _PART.search(path.read_text(encoding="utf-8"))]


def main() -> int:
    """Writes, or checks, the generated parts of all pages."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--check", action="store_true")
    check, stale = options.parse_args().check, []
    for path in pages():
        old = path.read_text(encoding="utf-8")
        new = renewed(old)
        if new != old:
            stale.append(path.name)
            if not check:
                path.write_text(new, encoding="utf-8")
    sys.stdout.write("".join(f"{name} {'is out of date' if check else 'written'}\n" for name in stale))
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
