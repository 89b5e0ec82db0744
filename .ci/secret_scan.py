"""Looks for secrets in every file under version control; prints each place and answers 1 when there is one.

    python .ci/secret_scan.py [FILE …]

A line that only looks like a secret bears `no secret:` and the reason. Text that tests must find (canaries and such)
is told by the words in HARMLESS, and whole files by PUBLIC.
"""

from __future__ import annotations

import math
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Iterator, List, Tuple

ROOT = Path(__file__).resolve().parents[1]
KNOWN = {
    "a private key": re.compile("-----BEGIN (?:[A-Z]+ )*PRIVATE " + "KEY-----"),
    "an AWS key": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a GitHub token": re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,})\b"),
    "a Slack token or webhook": re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}|hooks\.slack\.com/services/T[A-Z0-9]{8,}/"),
    "a Google key": re.compile(r"\bAIza[0-9A-Za-z_-]{35}\b"),
    "a JSON web token": re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
    "credentials in a URL": re.compile(r"\bhttps?://[^\s/:@\"'{}<>]{2,}:(?!password@)[^\s/:@\"'{}<>]{6,}@"),
}
NAMED = re.compile(
    r"(?i)\b(?:api[_-]?key|x-apikey|auth[_-]?key|secret|passw(?:or)?d|token)\b[\"']?\s*[:=]\s*[\"']([A-Za-z0-9+/_=-]{20,})"
)
HARMLESS = re.compile(
    r"(?i)canary|example|benchmark|no secret:|your[-_ ]|placeholder|sentinel|secret-key|(?P<c>.)(?P=c){7}"
)
PUBLIC = {"tests/data/tls/loopback.pem": "the key of the tests' server on loopback, which nobody trusts elsewhere"}
ENTROPY = 3.5
"""Bits per character from which a text after `key =` looks drawn at random; English words have 2.5 to 3."""
LARGEST = 2_000_000


def entropy(text: str) -> float:
    """Bits per character."""
    return -sum(count / len(text) * math.log2(count / len(text)) for count in Counter(text).values())


def findings(text: str) -> Iterator[Tuple[int, str]]:
    """Line and kind of everything that looks like a secret."""
    for number, line in enumerate(text.splitlines(), start=1):
        if HARMLESS.search(line):
            continue
        yield from ((number, kind) for kind, pattern in KNOWN.items() if pattern.search(line))
        named = NAMED.search(line)
        if named and entropy(named[1]) >= ENTROPY:
            yield number, "a value that looks drawn at random, named like a secret"


def listed() -> List[Path]:
    """The files under version control."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in names.split("\0") if name and name not in PUBLIC]


def main(paths: List[str]) -> int:
    """Scans; the values themselves are never printed."""
    found = 0
    for path in map(Path, paths) if paths else listed():
        if path.is_file() and path.stat().st_size <= LARGEST:
            for number, kind in findings(path.read_text(encoding="utf-8", errors="replace")):
                print(f"{path}:{number}: {kind}")
                found += 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
