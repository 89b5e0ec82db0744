"""The third-party packages inside the app: pinned by version and SHA-256, fetched with pip, cut to what runs."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path, PurePosixPath
from typing import Dict, Iterator, Mapping, NamedTuple, Optional, Tuple

from .errors import StagingError

FOLDER = Path(os.path.abspath(__file__)).parents[1]
REQUIREMENTS = {"2.1.1": "requirements.txt", "3.0.1": "requirements-next.txt"}
"""Version of splunk-sdk → the file that pins it. What the next one does not pin is as in the first."""

_PIN = re.compile(r"^(?P<name>[a-z0-9-]+)==(?P<version>\S+) --hash=sha256:(?P<sha256>[0-9a-f]{64})$", re.MULTILINE)
_LICENCE = re.compile(r"^[^/]+(?:\.dist-info/licenses|\.dist-info)?/LICEN[CS]E(?:\.\w+)?$")
_NEWEST_PYTHON = "3.13"


class Package(NamedTuple):
    """What the app takes of a distribution."""

    module: str
    """Its top-level package."""
    licence: str
    """SPDX identifier."""
    left_out: Tuple[str, ...] = ()
    """Beginnings of paths that the app cannot run or has no use for."""
    data: Tuple[str, ...] = ()
    """What it needs beside its Python files."""


PACKAGES: Mapping[str, Package] = {
    # results.py needs a package that the app does not carry, ai/ does not parse on Python 3.9.
    "splunk-sdk": Package("splunklib", "Apache-2.0", ("splunklib/results.py", "splunklib/ai/")),
    # Loaded in live mode only, by lib/ipthreat/transport.py; charset-normalizer without its compiled twin.
    "requests": Package("requests", "Apache-2.0"),
    "urllib3": Package("urllib3", "MIT", ("urllib3/contrib/emscripten/", "urllib3/contrib/pyopenssl.py")),
    "idna": Package("idna", "BSD-3-Clause", ("idna/cli.py", "idna/__main__.py")),
    "certifi": Package("certifi", "MPL-2.0", ("certifi/__main__.py", "certifi/tests/"), ("certifi/cacert.pem",)),
    "charset-normalizer": Package(
        "charset_normalizer", "MIT", ("charset_normalizer/cli/", "charset_normalizer/__main__.py")
    ),
}
"""Every third-party distribution inside the app."""


class Pin(NamedTuple):
    """An exact file of the package index."""

    name: str
    version: str
    sha256: str

    @property
    def requirement(self) -> str:
        """The line that pip checks the file by."""
        return f"{self.name}=={self.version} --hash=sha256:{self.sha256}\n"


def pins(sdk: str) -> Tuple[Pin, ...]:
    """The pins of an app with this version of splunk-sdk, in the order of PACKAGES. Raises StagingError."""
    found: Dict[str, Pin] = {}
    for file in ("requirements.txt", REQUIREMENTS[sdk]):
        text = (FOLDER / file).read_text(encoding="utf-8")
        found.update({match["name"]: Pin(**match.groupdict()) for match in _PIN.finditer(text)})
    if set(found) != set(PACKAGES) or found["splunk-sdk"].version != sdk:
        raise StagingError(f"{FOLDER / REQUIREMENTS[sdk]} does not pin what the app needs with splunk-sdk {sdk}.")
    return tuple(found[name] for name in PACKAGES)


def fetched(wanted: Pin, cache: Path) -> Path:
    """The archive of a pin, downloaded with pip when the cache has none with the right digest. Raises StagingError."""
    if cached(wanted, cache) is None:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            _download(wanted, Path(scratch))
            for path in Path(scratch).glob("*[lz]"):  # .whl, .tar.gz
                os.replace(path, cache / path.name)
    found = cached(wanted, cache)
    if found is None:
        raise StagingError(f"{wanted.name} {wanted.version} could not be downloaded: see what pip says above.")
    return found


def cached(wanted: Pin, cache: Path) -> Optional[Path]:
    """The file in the cache that is exactly what is wanted."""
    for path in sorted(cache.glob(f"{wanted.name.replace('-', '[-_]')}-*")):
        if hashlib.sha256(path.read_bytes()).hexdigest() == wanted.sha256:
            return path
    return None


def _download(wanted: Pin, folder: Path) -> None:
    (folder / "pin.txt").write_text(wanted.requirement, encoding="utf-8")
    options = ["--no-deps", "--require-hashes", "--disable-pip-version-check", "--quiet"]
    if not (wanted.name == "splunk-sdk" and wanted.version < "3"):  # published as source only
        options += ["--only-binary", ":all:", "--platform", "any", "--python-version", _NEWEST_PYTHON]
        options += ["--implementation", "py", "--abi", "none"]  # nothing compiled
    command = [sys.executable, "-m", "pip", "download", *options, "-r", str(folder / "pin.txt"), "-d", str(folder)]
    subprocess.run(command, check=False)  # noqa: S603 - fixed words, no shell


def library(wanted: Pin, archive: Path) -> Dict[str, bytes]:
    """What the app takes of an archive, by path inside the app: below lib/, and the licence text below licences/."""
    package, found = PACKAGES[wanted.name], {}
    for name, content in _members(archive):
        below = _below(name, package.module)
        if below and (below.endswith(".py") or below in package.data) and not below.startswith(package.left_out):
            found[f"lib/{below}"] = content
        if _LICENCE.match(name):
            found[f"licences/{wanted.name}.txt"] = content
    licensed = f"licences/{wanted.name}.txt" in found or package.licence == "Apache-2.0"  # as the app itself: LICENSE
    if f"lib/{package.module}/__init__.py" not in found or not licensed:
        raise StagingError(f"{archive.name} lacks the package or its licence.")
    return found


def _below(name: str, module: str) -> str:
    parts = PurePosixPath(name).parts
    return "/".join(parts[parts.index(module) :]) if module in parts[:2] else ""


def _members(archive: Path) -> Iterator[Tuple[str, bytes]]:
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            yield from ((name, wheel.read(name)) for name in wheel.namelist())
        return
    with tarfile.open(archive) as source:
        for member in source:
            file = source.extractfile(member) if member.isfile() else None
            if file is not None:
                yield member.name, file.read()
