"""Lays the Splunk app together: `python splunk_app/package.py stage [DIR]` (default build/ipthreat).

The app is bin/, default/ and lib/ of this repository, what lies in splunk_app/, and the part of splunk-sdk that it
needs, pinned by version and SHA-256. The same sources give the same files with the same modes and times.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Dict, Iterator, NamedTuple, Optional, Sequence

ROOT = Path(os.path.abspath(__file__)).parents[1]
DEFAULT = ROOT / "build" / "ipthreat"
MARK = "default/app.conf"
"""A folder with this file in it is an app, which may be laid anew."""
REQUIREMENTS = {"2.1.1": "requirements.txt", "3.0.1": "requirements-next.txt"}

_OLDEST = 1_600_000_000  # seconds since the epoch, 2020
_SPREAD = 1 << 24
_PIN = re.compile(r"^splunk-sdk==(?P<version>[\d.]+) --hash=sha256:(?P<sha256>[0-9a-f]{64})$", re.MULTILINE)
# Of the SDK: results.py needs a package that the app does not carry, ai/ does not parse on Python 3.9.
_LEFT_OUT_OF_SDK = ("splunklib/results.py", "splunklib/ai/")
# What only developers run: searches without Splunk, and a server for tests.
_FOR_DEVELOPERS = (
    "lib/ipthreat/testkit/",
    *(f"lib/ipthreat/splunk/{name}.py" for name in ("runner", "selected", "session")),
)
_LEFT_OUT = ("__pycache__", ".egg-info", ".DS_Store")
_NOT_OF_THE_APP = ("package.py", "requirements.txt", "requirements-next.txt")


class Pin(NamedTuple):
    """An exact file of the package index."""

    version: str
    sha256: str
    requirements: Path


class StagingError(Exception):
    """The app cannot be laid together; one sentence says why."""


def pin(version: str) -> Pin:
    """The pin of a version of splunk-sdk."""
    path = ROOT / "splunk_app" / REQUIREMENTS[version]
    match = _PIN.search(path.read_text(encoding="utf-8"))
    if match is None or match["version"] != version:
        raise StagingError(f"{path} does not pin splunk-sdk {version} by its SHA-256.")
    return Pin(version, match["sha256"], path)


def fetched(wanted: Pin, cache: Path) -> Path:
    """The archive of a pin, downloaded with pip when the cache has none with the right digest."""
    if _cached(wanted, cache) is None:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            _download(wanted, scratch)
            for path in Path(scratch).iterdir():
                os.replace(path, cache / path.name)
    found = _cached(wanted, cache)
    if found is None:
        raise StagingError(f"splunk-sdk {wanted.version} could not be downloaded: see what pip says above.")
    return found


def _download(wanted: Pin, folder: str) -> None:
    options = ["--no-deps", "--require-hashes", "--disable-pip-version-check", "--quiet"]
    if wanted.version >= "3":  # a wheel for newer Pythons is taken as it is: nothing of it runs here
        options += ["--only-binary", ":all:", "--python-version", "3.13"]
    command = [sys.executable, "-m", "pip", "download", *options, "-r", str(wanted.requirements), "-d", folder]
    subprocess.run(command, check=False)  # noqa: S603 - fixed words, no shell


def _cached(wanted: Pin, cache: Path) -> Optional[Path]:
    for path in sorted(cache.glob("splunk[-_]sdk-*")):
        if hashlib.sha256(path.read_bytes()).hexdigest() == wanted.sha256:
            return path
    return None


def library(archive: Path) -> Dict[str, bytes]:
    """The Python files of splunklib in an archive, by their path below lib/."""
    found: Dict[str, bytes] = {}
    for name, content in _members(archive):
        path = PurePosixPath(name)
        place = path.parts.index("splunklib") if "splunklib" in path.parts else -1
        below = "/".join(path.parts[place:])
        if place >= 0 and below.endswith(".py") and not below.startswith(_LEFT_OUT_OF_SDK):
            found[below] = content
    return found


def _members(archive: Path) -> Iterator[tuple[str, bytes]]:
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            yield from ((name, wheel.read(name)) for name in wheel.namelist())
        return
    with tarfile.open(archive) as source:
        for member in source:
            file = source.extractfile(member) if member.isfile() else None
            if file is not None:
                yield member.name, file.read()


def contents(sdk: str, cache: Path) -> Dict[str, bytes]:
    """Every file of the app by its path inside the app."""
    app: Dict[str, bytes] = {}
    for folder in ("bin", "default", "lib"):
        laid = {f"{folder}/{name}": data for name, data in _tree(ROOT / folder)}
        app.update({name: data for name, data in laid.items() if not name.startswith(_FOR_DEVELOPERS)})
    own = dict(_tree(ROOT / "splunk_app"))
    app.update({name: data for name, data in own.items() if name not in _NOT_OF_THE_APP})
    app.update({name: (ROOT / name).read_bytes() for name in ("LICENSE", "NOTICE")})
    app.update({f"lib/{name}": data for name, data in library(fetched(pin(sdk), cache)).items()})
    return app


def _tree(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        hidden = any(part.startswith(".") or part.endswith(_LEFT_OUT) for part in path.relative_to(folder).parts)
        if path.is_file() and not hidden:
            yield name, path.read_bytes()


def stage(folder: Path = DEFAULT, sdk: str = "2.1.1", cache: Optional[Path] = None) -> Path:
    """Lays the app into a folder, which must be absent, empty or an earlier app. Raises StagingError."""
    app = contents(sdk, cache or ROOT / ".sources")
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


def moment(data: bytes) -> int:
    """The time that a file gets: a function of its contents.

    One time for all would let Python take the compiled file of an older version, which it tells by time and size.
    """
    return _OLDEST + zlib.crc32(data) % _SPREAD


def main(arguments: Sequence[str]) -> int:
    """The command line; exit code 1 and one sentence when the app cannot be laid together."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    staging = verbs.add_parser("stage", help="lay the app into a folder")
    staging.add_argument("folder", nargs="?", type=Path, default=DEFAULT)
    staging.add_argument("--sdk", choices=sorted(REQUIREMENTS), default="2.1.1", help="version of splunk-sdk")
    options = parser.parse_args(arguments)
    try:
        print(stage(options.folder, options.sdk))  # noqa: T201 - the command's answer
    except (StagingError, OSError) as error:
        print(f"package.py: {error}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
