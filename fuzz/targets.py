"""What is fuzzed: each target takes any bytes and raises only when the product breaks a promise.

Errors of `ipthreat.errors` are promises kept ("refused in one sentence") and do not leave a target. Everything else
that does, a crash or an `AssertionError`, is a finding.
"""

from __future__ import annotations

import csv
import functools
import io
import json
import struct
import tempfile
import zlib
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from ipthreat import address
from ipthreat.calibration import read_labels
from ipthreat.errors import AddressError, EventsError, FetchError, InputError, SnapshotError
from ipthreat.events import LogFormat, open_events
from ipthreat.exchange import Response
from ipthreat.logs.event import Skip
from ipthreat.providers import PROVIDERS
from ipthreat.snapshot import ListInput, Snapshot, compile_lists
from ipthreat.snapshot.formats import FORMATS, parse
from ipthreat.snapshot.layout import CRC_AT, HEADER, ROW
from ipthreat.splunk.engine import Engine
from ipthreat.splunk.engine_plan import Task
from ipthreat.splunk.rows import cell_of, text_of
from ipthreat.testkit.providers import ANOTHER, unsound

Target = Callable[[bytes], None]
AS_OF = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)
ADDRESS = "198.51.100.7"
"""The address that the recorded answers are about."""
HERE = Path(__file__).parent
ANSWERS = HERE.parent / "tests" / "data"
BLOCKS = (1, 16, 61, 128 * 1024)
_PROBES = ("20.0.64.7", "20.1.2.3", "255.255.255.255", "0.0.0.0", "2600:1:2:3::5", "::", "ffff::1")  # noqa: S104
PATCH = struct.Struct("<IB")
_TABLE = 2048  # bytes at the beginning that every second patch falls into: header, section table, small sections


# --- the chunk engine -----------------------------------------------------------------------------


class _Pipe:
    """A stream that hands out a few bytes at a time."""

    def __init__(self, data: bytes, most: int) -> None:
        self._data, self._most = io.BytesIO(data), most

    def readinto(self, buffer: memoryview) -> Optional[int]:
        """At most so many bytes of what is left."""
        return self._data.readinto(buffer[: self._most])


def _echo(keys: Sequence[Any]) -> List[bytes]:
    return [b"," + cell_of(text_of(key)) + b"," for key in keys]


def answered(body: bytes, block: int) -> bytes:
    """The engine's reply to a chunk that it reads in blocks of so many bytes."""
    task = Task(("ip",), ("ti", "__mv_ti"), _echo)
    return bytes(Engine([task], block).run(_Pipe(body, block), len(body)))


def engine(data: bytes) -> None:
    """However a chunk is cut into blocks, the reply is the same, and each of its records has an answer."""
    whole = answered(data, BLOCKS[-1])
    for block in BLOCKS[:-1]:
        assert answered(data, block) == whole, f"blocks of {block} bytes give another reply"
    if b"\0" in data or not data.isascii():  # csv before 3.11 refuses NUL; text beyond ASCII is compared by tests
        return
    rows, replies = ([row or [""] for row in csv.reader(io.StringIO(text.decode(), newline=""))] for text in
                     (data, whole))  # fmt: skip
    if b"\r" not in data.replace(b"\r\n", b""):  # csv ends a record at a lone CR, splunkd's cells may hold one
        assert len(rows) == len(replies), "a record was lost or made up"


# --- readers of logs and lists --------------------------------------------------------------------


def _log(form: Optional[LogFormat]) -> Target:
    def _target(data: bytes) -> None:
        with tempfile.NamedTemporaryFile(prefix="ipthreat-fuzz-") as file:
            file.write(data)
            file.flush()
            try:
                stream = open_events(file.name, as_of=AS_OF, format=form.value if form else None)
            except EventsError as error:
                assert "\n" not in str(error), "a refusal of more than one line"
                return
            with stream:
                events = list(stream)
                # A compressed file that breaks off is counted, too, and is no line.
                lines = sum(count for reason, count in stream.skipped.items() if reason != Skip.CUT.value)
                _accounted(events, stream.read, lines)

    return _target


def _accounted(events: Sequence[Any], read: int, skipped: int) -> None:
    """Every line gave an event or was counted; what the events hold is what they promise."""
    assert skipped <= read, "more lines skipped than read"
    for event in events:
        assert address.canonical(event.address) == event.address, "an address that is not canonical"
        assert event.time is None or 0 <= event.time <= 2**32 - 2, "a time out of its bounds"


def feed(data: bytes) -> None:
    """A downloaded list in any of the formats: parsed or refused."""
    for form in FORMATS:
        try:
            found = parse(form, data)
        except FetchError:
            continue
        assert all(0 <= level <= 255 for _, level in found.entries), "a level out of its bounds"


def labels(data: bytes) -> None:
    """A file of labelled addresses: read or refused, never half."""
    try:
        found = read_labels(data.decode("utf-8", "replace"), "labels.csv")
    except InputError:
        return
    assert found, "no labels and no refusal"


# --- the snapshot ---------------------------------------------------------------------------------


@functools.lru_cache(maxsize=1)
def sound_snapshot() -> bytes:
    """A small file as the product writes it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "small.snapshot"
        entries = [("20.0.64.0/18", 3), ("20.1.0.0/16", 255), ("2600:1:2::/48", 1), ("2600:1:2:3::5", 2)]
        compile_lists(path, [ListInput("bad", "block", entries), ListInput("edge", "cdn", entries[:1])], "2026-10-26")
        return path.read_bytes()


def patched(data: bytes) -> bytes:
    """The sound file with patches: first byte 1 cuts it short, 2 leaves the checksum wrong.

    Then come places and values: an odd place is one anywhere in the file, an even one near its beginning, both halved.
    """
    damaged = bytearray(sound_snapshot())
    mode, patches = data[:1], data[1:]
    for at in range(0, len(patches) - PATCH.size + 1, PATCH.size):
        place, value = PATCH.unpack_from(patches, at)
        damaged[(place >> 1) % (len(damaged) if place & 1 else _TABLE)] = value
    if mode == b"\1":
        damaged = damaged[: int.from_bytes(patches[-2:], "little") % len(damaged)]
    return bytes(damaged) if mode == b"\2" else summed(bytes(damaged))


def summed(content: bytes) -> bytes:
    """The same with a checksum that fits, so that damage behind it is reached."""
    if len(content) < HEADER.size:
        return content
    end = HEADER.size + ROW.size * HEADER.unpack_from(content)[2]
    head = bytearray(content[:end])
    head[CRC_AT : CRC_AT + 4] = bytes(4)
    return content[:CRC_AT] + struct.pack("<I", zlib.crc32(head)) + content[CRC_AT + 4 :]


def snapshot(data: bytes) -> None:
    """A damaged file is refused, or answers; it never breaks the reader."""
    with tempfile.NamedTemporaryFile(prefix="ipthreat-fuzz-") as file:
        file.write(patched(data))
        file.flush()
        try:
            opened = Snapshot.open(file.name)
        except SnapshotError as error:
            assert "\n" not in str(error), "a refusal of more than one line"
            return
        with opened:
            _asked(opened)


def _asked(opened: Snapshot) -> None:
    questions: Tuple[Callable[[], object], ...] = (opened.parts, opened.lists, opened.agents, opened.verify)
    for ask in (*questions, *(functools.partial(opened.lookup, text) for text in _PROBES)):
        try:
            ask()
        except SnapshotError:
            continue


# --- providers ------------------------------------------------------------------------------------


def _provider(name: str) -> Target:
    def _target(data: bytes) -> None:
        provider = PROVIDERS[name]
        try:
            body = json.loads(data)
        except (ValueError, RecursionError):
            body = None
        found = [provider.parse(ADDRESS, body, AS_OF)]
        if hasattr(provider, "answers"):
            for status in (200, 404):
                answers = provider.answers([ADDRESS, ANOTHER], Response(status, {}, data), AS_OF)
                assert list(answers) == [ADDRESS, ANOTHER], "an address without an entry"
                found += answers.values()
        for item in found:
            wrong = list(unsound(provider, item))  # type: ignore[arg-type]  # it reads the name alone
            assert not wrong, wrong

    return _target


# --- addresses ------------------------------------------------------------------------------------


def refanging(data: bytes) -> None:
    """Text of any kind: addresses in it survive being defanged, and no text breaks a reader of addresses."""
    text = data.decode("utf-8", "replace")
    once = address.refang(text)
    for found in address.extract(text):
        assert address.canonical(found) == found, "an address that is not canonical"
        if any(char.isdigit() for char in found):  # in prose `abc::def` is a program's word, and `::` no address
            assert found in address.extract(address.defang(found)), f"{found} is lost when it is defanged"
    for member in (*address.split(text), once):
        for read in (address.parse, address.network):
            try:
                result = read(member)
            except AddressError as error:
                assert "\n" not in str(error), "a refusal of more than one line"
            else:
                assert str(read(str(result))) == str(result), "canonical text that reads otherwise"


TARGETS: Dict[str, Target] = {
    "engine": engine,
    "log": _log(None),
    **{f"log_{form.value}": _log(form) for form in LogFormat},
    "feed": feed,
    "labels": labels,
    "snapshot": snapshot,
    "refang": refanging,
    **{f"provider_{name}": _provider(name) for name in PROVIDERS},
}


def corpus(name: str) -> List[bytes]:
    """What mutations of a target begin with, in a fixed order."""
    owner = name.partition("_")[2] if name.startswith("provider_") else ""
    folder, pattern = (ANSWERS / owner, "*.json") if owner else (HERE / "corpus" / _FOLDERS.get(name, name), "*")
    return [path.read_bytes() for path in sorted(folder.glob(pattern)) if path.is_file()] or [b""]


_FOLDERS: Mapping[str, str] = {"log": "logs", **{f"log_{form.value}": "logs" for form in LogFormat}}
