"""Audits the pinned packages without a network: every pin has a digest, and none is older than a known fault's mend.

    python .ci/audit.py

The table below is kept by hand, so it knows the faults that somebody entered and no others: it does not replace an
audit against a live database of advisories.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Dict, Iterator, List, Mapping, Tuple

HERE = Path(__file__).resolve().parent
PINS, CONSTRAINTS = HERE / "pins.txt", HERE / "constraints.txt"
MENDED: Mapping[str, Tuple[str, str]] = {
    # package: (first version without the fault, the fault)
    "certifi": ("2024.7.4", "CVE-2024-39689"),
    "h11": ("0.16.0", "CVE-2025-43859"),
    "idna": ("3.7", "CVE-2024-3651"),
    "jinja2": ("3.1.6", "CVE-2025-27516"),
    "pillow": ("10.3.0", "CVE-2024-28219"),
    "requests": ("2.32.4", "CVE-2024-47081"),
    "tornado": ("6.5", "CVE-2025-47287"),
    "urllib3": ("2.5.0", "CVE-2025-50181"),
    "zipp": ("3.19.1", "CVE-2024-5569"),
}
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([0-9][^\s;\\]*)", re.MULTILINE)
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}\b")


def pins(text: str) -> Iterator[Tuple[str, str]]:
    """(package, version) of every pin."""
    for name, version in _PIN.findall(text):
        yield re.sub(r"[-_.]+", "-", name).lower(), version


def number(version: str) -> Tuple[int, ...]:
    """The leading numbers of a version, to compare by."""
    return tuple(int(part) for part in re.findall(r"\d+", version.split("post")[0]))


def faults(pinned: str, constrained: str) -> List[str]:
    """What is wrong with the pins, in words."""
    found = []
    for block in re.split(r"\n(?=[A-Za-z0-9])", pinned):
        for name, version in pins(block):
            if not _HASH.search(block):
                found.append(f"{name} {version} has no digest")
    known: Dict[str, set] = {}
    for name, version in pins(constrained):
        known.setdefault(name, set()).add(version)
    for name, version in pins(pinned):
        if version not in known.get(name, ()):
            found.append(f"{name} {version} is not the version that the tests run with")
    for name, version in {*pins(pinned), *pins(constrained)}:
        least, fault = MENDED.get(name, ("0", ""))
        if number(version) < number(least):
            found.append(f"{name} {version} has {fault}, mended in {least}")
    return sorted(found)


def main() -> int:
    """Prints what is wrong; exit code 1 then."""
    found = faults(PINS.read_text(encoding="utf-8"), CONSTRAINTS.read_text(encoding="utf-8"))
    print("\n".join(found) or "every pin has its digest, and none a fault that is entered here")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
