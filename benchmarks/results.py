"""Runs the benchmarks, each in a process of its own, and writes what they print into one page.

    python benchmarks/results.py [--only NAME,…] [--out docs/results.md]

No number on that page is typed by hand. A section that was not run this time keeps what an earlier run wrote, with its
date; one that fails says so.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import subprocess
import sys
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "results.md"
PATIENCE = 3600.0
_SECTION = re.compile(r"^<!-- (\w+) -->\n(.*?)(?=^<!-- \w+ -->\n|\Z)", re.MULTILINE | re.DOTALL)


class Section(NamedTuple):
    """One benchmark on the page."""

    title: str
    words: Tuple[str, ...]
    """The program below benchmarks/, and its arguments."""


SECTIONS: Mapping[str, Section] = {
    "judgement": Section("Judgement", ("judgement.py", "--png", "docs/images/reliability.png")),
    "soak": Section("Soak and faults", ("soak.py",)),
    "gate": Section("Gate on ratios", ("gate.py",)),
    "scale": Section("Sizing", ("scale.py", "--out", "docs/scale.md")),
    "stream": Section("Streaming command against the SDK's own", ("stream.py", "--all")),
    "snapshot": Section("Snapshot against other readers", ("snapshot.py",)),
    "providers": Section("Live look-ups", ("providers.py", "--rounds", "3", "--check")),
    "triage": Section("What a budget of look-ups reaches", ("triage.py", "--check")),
    "scenarios": Section("Live look-ups beside msticpy's", ("scenarios.py", "--check")),
    "logpass": Section("Reading logs", ("logpass.py",)),
    "report": Section("Reports", ("report.py",)),
    "notebook": Section("Notebook", ("notebook.py",)),
}


def machine() -> str:
    """Class of the machine, versions and moment, without a name of anything."""
    cpu = _found(Path("/proc/cpuinfo"), r"model name\s*:\s*(.+)") or platform.machine()
    memory = _found(Path("/proc/meminfo"), r"MemTotal:\s*(\d+)")
    told = [f"{datetime.now(timezone.utc):%Y-%m-%d %H:%M} UTC", f"Python {platform.python_version()}",
            f"{platform.system()} {platform.release().split('-')[0]}", f"{os.cpu_count()} × {cpu}"]  # fmt: skip
    return ", ".join([*told, f"{int(memory) / 2**20:.0f} GiB"] if memory else told)


def _found(path: Path, pattern: str) -> Optional[str]:
    try:
        match = re.search(pattern, path.read_text(encoding="utf-8"))
    except OSError:
        return None
    return match[1].strip() if match else None


def measured(section: Section) -> Tuple[str, bool]:
    """What a benchmark prints, as Markdown, and whether it went well."""
    command = [sys.executable, str(ROOT / "benchmarks" / section.words[0]), *section.words[1:]]
    begun = time.monotonic()
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        return f"**Failed**: not done after {PATIENCE:.0f} s.", False
    body = done.stdout.strip().replace(f"{ROOT}{os.sep}", "")
    if "|---" not in body and "| ---" not in body:  # plain lines, not a table
        body = f"```text\n{body}\n```"
    told = f"`python benchmarks/{' '.join(section.words)}`, {time.monotonic() - begun:.0f} s, {machine()}."
    failed = f"\n\n**Failed** with exit code {done.returncode}." if done.returncode else ""
    return f"{told}{failed}\n\n{body}", not done.returncode


def earlier(page: Path) -> Dict[str, str]:
    """The sections that the page has already."""
    return dict(_SECTION.findall(page.read_text(encoding="utf-8"))) if page.exists() else {}


def written(parts: Mapping[str, str]) -> Iterator[str]:
    """The page."""
    yield "# Results\n\nWritten by `make bench`; no number here is typed by hand. What counts are ratios in one run."
    missing = [section.title for name, section in SECTIONS.items() if name not in parts]
    if missing:
        yield f"Not measured yet: {', '.join(missing)}."
    for name in SECTIONS:
        if name in parts:
            yield f"<!-- {name} -->\n{parts[name].strip()}"


def measure(names: Sequence[str], page: Path) -> List[str]:
    """Runs these sections and writes the page after each; the names of those that failed."""
    parts, failed = earlier(page), []
    for name in names:
        print(f"{SECTIONS[name].title} …", flush=True)
        text, well = measured(SECTIONS[name])
        failed += [] if well else [name]
        parts[name] = f"## {SECTIONS[name].title}\n{text}"
        page.write_text("\n\n".join(written(parts)) + "\n", encoding="utf-8")
    return failed


def main() -> int:
    """Measures; exit code 1 when a section failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help=f"of {', '.join(SECTIONS)}")
    parser.add_argument("--out", type=Path, default=PAGE)
    given = parser.parse_args()
    names = given.only.split(",") if given.only else list(SECTIONS)
    unknown = [name for name in names if name not in SECTIONS]
    if unknown:
        parser.error(f"there is no section {unknown[0]}; there are {', '.join(SECTIONS)}")
    failed = measure(names, given.out)
    print(f"written to {given.out.name}; failed: {', '.join(failed) or 'none'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
