"""The app as one file that Splunk installs: a tar archive, compressed, the same bytes from the same files."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path, PurePosixPath
from typing import Mapping, Set

from .contents import moment

_FILE, _FOLDER = 0o644, 0o755


def write(path: Path, app: Mapping[str, bytes], name: str = "ipthreat") -> Path:
    """Writes the files of an app as `<name>/…` into an archive. Nobody's user id, time zone or order is in it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # The gzip head would hold the time of the build and the name of the file.
    with (
        path.open("wb") as raw,
        gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        for folder in sorted(_folders(app)):
            archive.addfile(_entry(str(PurePosixPath(name) / folder), _FOLDER, b""))
        for below in sorted(app):
            archive.addfile(_entry(f"{name}/{below}", _FILE, app[below]), io.BytesIO(app[below]))
    return path


def _folders(app: Mapping[str, bytes]) -> Set[str]:
    return {str(parent) for below in app for parent in PurePosixPath(below).parents}


def _entry(name: str, mode: int, data: bytes) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.mode, entry.size, entry.mtime = mode, len(data), moment(data)
    entry.type = tarfile.REGTYPE if mode == _FILE else tarfile.DIRTYPE
    return entry
