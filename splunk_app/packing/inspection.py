"""The gate behind AppInspect: no error, no failure, no future failure, and only the warnings that are explained here.

    python splunk_app/packing/inspection.py build/appinspect.json

reads the report that `splunk-appinspect inspect … --data-format json` wrote.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Iterator, List, Mapping, Tuple

REFUSED = ("error", "failure", "future_failure")
EXPECTED: Mapping[str, str] = {
    "check_for_python_script_existence": "said of every app that has Python",
    "check_collections_conf": "said of every app that has collections; no action is asked",
    "check_for_modular_inputs": "said of every app that has a modular input; no action is asked",
    "check_for_indexer_synced_configs": "the input fetches lists for search heads; no indexer needs it",
    "check_python_sdk_version": "splunk-sdk 3 declares Python 3.13 only, and Splunk before 10.2 has 3.9",
    "check_for_optional_operating_system_services": "mmap opens the snapshot read-only, on every system Splunk has",
    "check_for_possible_threading": "providers are asked side by side, each over a bounded number of threads",
    "check_hostnames_and_ips": "public resolvers are what the judgement knows about; examples are reserved",
}
"""Check → why its warning stands. One that no longer comes is reported, too, so that the table stays true."""


def verdicts(report: Mapping[str, Any]) -> Iterator[Tuple[str, str, str]]:
    """(result, check, first message) of every check in the report of one app."""
    for app in report["reports"]:
        for group in app["groups"]:
            for check in group["checks"]:
                texts = [message["message"] for message in check["messages"]]
                yield check["result"], check["name"], " ".join(texts[0].split()) if texts else ""


def complaints(report: Mapping[str, Any]) -> List[str]:
    """A sentence for each thing that must not be; none for an app that may be published."""
    found, warned, checked = [], set(), 0
    for result, name, text in verdicts(report):
        checked += 1
        warned |= {name} if result == "warning" else set()
        if result in REFUSED or (result == "warning" and name not in EXPECTED):
            found.append(f"{result}: {name}: {text}")
    found += [f"no longer a warning, so not to be expected: {name}" for name in sorted(set(EXPECTED) - warned)]
    return found if checked else ["the report tells of no check at all"]


def main(path: str) -> int:
    """Prints what must not be; exit code 1 when there is anything."""
    report = json.loads(Path(path).read_text(encoding="utf-8"))
    found = complaints(report)
    for sentence in found:
        print(sentence)  # noqa: T201 - the answer
    summary = ", ".join(f"{number} {word}" for word, number in report["summary"].items())
    print(f"AppInspect: {summary}; {len(EXPECTED)} warnings are explained")  # noqa: T201 - the same
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
