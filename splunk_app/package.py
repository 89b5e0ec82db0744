"""Puts the Splunk app together.

The app is bin/, default/ and lib/ of this repository, what lies in splunk_app/, and third-party packages pinned by
version and SHA-256 in requirements.txt. The same sources give the same files, modes and times, and the same archive.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Callable, Dict, Sequence

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # `packing` lies beside this file

from packing import archive
from packing.contents import BILL, CACHE, DEFAULT, ROOT, contents, moment, stage
from packing.errors import StagingError
from packing.linking import link
from packing.sbom import version_of
from packing.vendored import REQUIREMENTS, cached, fetched, pins

__all__ = ["StagingError", "build", "cached", "contents", "fetched", "link", "main", "moment", "pins", "stage"]

DIST = ROOT / "dist"


def build(folder: Path = DIST, sdk: str = "2.1.1", cache: Path = CACHE) -> Path:
    """Writes ipthreat-<version>.spl and its bill of materials into a folder. Raises StagingError."""
    app = contents(sdk, cache)
    path = archive.write(folder / f"ipthreat-{version_of(app)}.spl", app)
    path.with_suffix(".cdx.json").write_bytes(app[BILL])
    return path


def parser() -> argparse.ArgumentParser:
    """The command line."""
    found = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = found.add_subparsers(dest="verb", required=True)
    building = verbs.add_parser("build", help="write dist/ipthreat-<version>.spl and its bill of materials")
    building.add_argument("folder", nargs="?", type=Path, default=DIST)
    staging = verbs.add_parser("stage", help="lay the app into a folder")
    staging.add_argument("folder", nargs="?", type=Path, default=DEFAULT)
    linking = verbs.add_parser("link", help="link this checkout into a Splunk on this machine")
    linking.add_argument("folder", nargs="?", type=Path, default=Path(os.environ.get("SPLUNK_HOME", "/opt/splunk")))
    for verb in (building, staging, linking):
        verb.add_argument("--sdk", choices=sorted(REQUIREMENTS), default="2.1.1", help="version of splunk-sdk")
    return found


def main(arguments: Sequence[str]) -> int:
    """Runs the command line; exit code 1 and one sentence when the app cannot be put together."""
    options = parser().parse_args(arguments)
    verbs: Dict[str, Callable[[Path, str], Path]] = {"build": build, "stage": stage, "link": link}
    try:
        print(verbs[options.verb](options.folder, options.sdk))  # noqa: T201 - the command's answer
    except (StagingError, OSError) as error:
        print(f"package.py: {error}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
