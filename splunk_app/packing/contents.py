"""What is in the app, and how it is laid into a folder: the same files, modes and times from the same sources."""

from __future__ import annotations

import os
import shutil
import zlib
from pathlib import Path
from typing import Dict, Iterator, Tuple

from .errors import StagingError
from .sbom import bill
from .vendored import fetched, library, pins

ROOT = Path(os.path.abspath(__file__)).parents[2]
DEFAULT = ROOT / "build" / "ipthreat"
CACHE = ROOT / ".sources"
MARK = "default/app.conf"
"""A folder with this file in it is an app, which may be laid anew."""
BILL = "sbom.cdx.json"
OF_THE_ROOT = ("bin", "default", "lib")
TEXTS = ("LICENSE", "NOTICE")
NOT_OF_THE_APP = ("package.py", "packing/", "requirements.txt", "requirements-next.txt")
"""What lies in splunk_app/ without being part of the app."""

_OLDEST = 1_600_000_000  # seconds since the epoch, 2020
_SPREAD = 1 << 24
# What Splunk never runs: searches without Splunk, servers for tests, notebooks and Spark.
_ELSEWHERE = (
    *(f"lib/ipthreat/{folder}/" for folder in ("testkit", "notebook")),
    *(f"lib/ipthreat/{name}.py" for name in ("spark", "splunk/runner", "splunk/selected", "splunk/session")),
)
_LEFT_OUT = ("__pycache__", ".egg-info", ".DS_Store")


def contents(sdk: str, cache: Path) -> Dict[str, bytes]:
    """Every file of the app by its path inside the app. Raises StagingError."""
    wanted = pins(sdk)
    app = own_files()
    for pin in wanted:
        app.update(library(pin, fetched(pin, cache)))
    app[BILL] = bill(app, wanted)
    return app


def own_files() -> Dict[str, bytes]:
    """The files of this repository that belong to the app."""
    app: Dict[str, bytes] = {}
    for folder in OF_THE_ROOT:
        laid = {f"{folder}/{name}": data for name, data in _tree(ROOT / folder)}
        app.update({name: data for name, data in laid.items() if not name.startswith(_ELSEWHERE)})
    own = dict(_tree(ROOT / "splunk_app"))
    app.update({name: data for name, data in own.items() if not name.startswith(NOT_OF_THE_APP)})
    app.update({name: (ROOT / name).read_bytes() for name in TEXTS})
    return app


def _tree(folder: Path) -> Iterator[Tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        below = path.relative_to(folder)
        hidden = any(part.startswith(".") or part.endswith(_LEFT_OUT) for part in below.parts)
        if path.is_file() and not hidden:
            yield below.as_posix(), path.read_bytes()


def stage(folder: Path = DEFAULT, sdk: str = "2.1.1", cache: Path = CACHE) -> Path:
    """Lays the app into a folder, which must be absent, empty or an earlier app. Raises StagingError."""
    app = contents(sdk, cache)
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARK).exists():
            raise StagingError(f"{folder} is not empty and holds no app: it is left as it is.")
        shutil.rmtree(folder)
    for name, data in app.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        path.chmod(0o644)
        os.utime(path, (moment(data), moment(data)))
    for path in (folder, *(path for path in folder.rglob("*") if path.is_dir())):
        path.chmod(0o755)
        os.utime(path, (_OLDEST, _OLDEST))
    return folder


def moment(data: bytes = b"") -> int:
    """The time that a file gets: a function of its contents.

    One time for all would let Python take the compiled file of an older version, which it tells by time and size.
    """
    return _OLDEST + zlib.crc32(data) % _SPREAD
