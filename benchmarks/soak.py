"""Long runs with faults on purpose: the streaming command, and live look-ups. Repeatable by seed, bounded.

    python benchmarks/soak.py [--events 200000] [--rounds 40] [--seed 1]

Stream: events go through the real script of the app over the protocol while snapshot and lists are replaced, put in
place damaged, or taken away, and processes are killed in the middle of a chunk; a killed process is started anew and
gets the chunk that it did not answer. Every reply must hold each event once, in order, with its own bytes unchanged.

Live: rounds of look-ups (`soak_live.py`) while providers flap, store and ledger are damaged, the disk takes no more,
the clock jumps and a process is killed.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import BinaryIO, Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple, cast

from ipthreat.errors import IpthreatError
from ipthreat.snapshot import ListInput, compile_lists
from ipthreat.splunk.conf import app_lists
from ipthreat.splunk.protocol import encoded, read_frame
from soak_live import live_rows

ROOT = Path(__file__).resolve().parents[1]
CHUNK = 5_000
KILLS = 0.04
"""Chunks in which the process is killed."""
FRESH = 0.06
"""Chunks after which the search is over and the next process begins."""
COLUMNS = "number,src_ip,_raw"
ATTEMPTS = 5
"""Processes that may die over one chunk: only a killed one may die at all."""
ARGS = ["src_ip", "mode=offline"]
SEARCH = {"sid": "1790000000.1", "app": "search", "owner": "admin", "username": "admin", "session_key": "",
          "splunkd_uri": "https://127.0.0.1:8089", "splunk_version": "9.4.1", "search": "", "command": "ipthreat",
          "maxresultrows": 50_000, "earliest_time": "0", "latest_time": "0"}  # fmt: skip


class Row(NamedTuple):
    """A line of the result table."""

    what: str
    done: str
    broken: int
    """Promises that were not kept."""


class Process:
    """One search command, spoken to as splunkd does."""

    def __init__(self, app: Path) -> None:
        words = [sys.executable, "-E", "-s", "-S", "-B", str(app / "bin" / "ipthreat_command.py")]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env={}, cwd="/")
        self._input, self._output = cast(BinaryIO, self._process.stdin), cast(BinaryIO, self._process.stdout)
        told = {"args": ARGS, "raw_args": ARGS, "dispatch_dir": str(app.parent), **SEARCH}
        self._say(encoded({"action": "getinfo", "preview": False, "searchinfo": told}))
        frame = read_frame(self._output)
        if frame is None or frame.metadata.get("type") != "streaming":
            raise IpthreatError(f"the command does not start: {frame.metadata if frame else 'no reply'}")

    def answer(self, body: bytes, kill_after: Optional[float] = None) -> Optional[bytes]:
        """The body of the reply; None when the process died before it was whole."""
        killer = threading.Timer(kill_after, self.kill) if kill_after is not None else None
        if killer:
            killer.start()
        try:
            self._say(encoded({"action": "execute", "finished": False}, body))
            frame = read_frame(self._output)
        except (OSError, IpthreatError):  # a pipe that broke, a reply that was cut short
            return None
        finally:
            if killer:
                killer.join()
        return frame.body if frame else None

    def megabytes(self) -> float:
        """Resident memory of its own: without the pages of mapped files, which all processes share."""
        text = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(re.findall(r"RssAnon:\s+(\d+)", text)[0]) / 1024

    def kill(self) -> None:
        """Ends it at once."""
        self._process.send_signal(signal.SIGKILL)

    def close(self) -> None:
        """Lets it end."""
        for stream in (self._input, self._output):
            try:
                stream.close()
            except OSError:  # what was not sent yet cannot be
                continue
        self._process.wait()

    def _say(self, data: bytes) -> None:
        self._input.write(data)
        self._input.flush()


# --- faults ---------------------------------------------------------------------------------------


def put(path: Path, content: bytes) -> None:
    """Puts a file in place in one step, as the product does: whoever has the old one open keeps it."""
    beside = path.with_name(f".{path.name}.soak")
    beside.write_bytes(content)
    os.replace(beside, path)


class Ground:
    """The app in a folder of its own, and what may be done to it."""

    def __init__(self, folder: Path, draw: random.Random) -> None:
        self.app = folder / "ipthreat"
        command = [sys.executable, str(ROOT / "splunk_app" / "package.py"), "stage", str(self.app)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        self._snapshot = self.app / "lib" / "ipthreat" / "snapshot" / "data" / "ipthreat.snapshot"
        self._sound, self._lists, self._draw = self._snapshot.read_bytes(), app_lists(self.app), draw
        self._lists.parent.mkdir(parents=True, exist_ok=True)

    @property
    def faults(self) -> Dict[str, Callable[[], None]]:
        """What may happen, by name."""
        return {
            "snapshot replaced": lambda: put(self._snapshot, self._sound),
            "snapshot cut short": lambda: put(self._snapshot, self._sound[: self._draw.randrange(len(self._sound))]),
            "snapshot damaged": self._damaged,
            "lists replaced": self._listed,
            "lists damaged": lambda: put(self._lists, self._draw.randbytes(4096)),
            "lists taken away": lambda: self._lists.unlink(missing_ok=True),
        }

    def _damaged(self) -> None:
        content = bytearray(self._sound)
        for _ in range(200):
            content[self._draw.randrange(len(content))] = self._draw.randrange(256)
        put(self._snapshot, bytes(content))

    def _listed(self) -> None:
        entries = [(f"45.{self._draw.randrange(256)}.{number}.0/24", 1) for number in range(200)]
        compile_lists(self._lists, [ListInput("soak", "block", entries)], "2026-11-24")


# --- the stream -----------------------------------------------------------------------------------


class Tally:
    """What happened in a run."""

    def __init__(self) -> None:
        self.answered = self.wrong = self.kills = self.processes = 0
        self.faults: Dict[str, int] = {}
        self.memory: List[Tuple[int, float]] = []
        """Chunks a process had answered, and its megabytes then; of the process that lived longest."""


def bodies(events: int, draw: random.Random) -> Iterator[List[bytes]]:
    """The lines of each chunk: addresses by Zipf's law, every tenth one new, some private and some rubbish."""
    for start in range(0, events, CHUNK):
        lines = []
        for number in range(start, min(start + CHUNK, events)):
            place = number if number % 10 == 0 else int(draw.paretovariate(1.1)) % 200_000
            address = f"45.{place >> 16 & 255}.{place >> 8 & 255}.{place & 255}"
            if number % 97 == 0:
                address = ("10.1.2.3", "rubbish", "", "2001:db8::1")[number % 4]
            lines.append(f'{number},"{address}","a ""quoted"" text, of {number % 7}"'.encode())
        yield lines


def records(body: bytes) -> List[bytes]:
    """The whole records of a body, its header first; a line end within quotes lies in a cell of several values."""
    found, begun = [], b""
    for line in body.split(b"\n")[:-1]:
        begun += line
        if begun.count(b'"') % 2:
            begun += b"\n"
        else:
            found.append(begun)
            begun = b""
    return found


def wrong(lines: List[bytes], reply: bytes) -> int:
    """Events that are not where they were sent, byte for byte, with something added."""
    rows = records(reply)[1:]
    kept = sum(row.startswith(line + b",") for line, row in zip(lines, rows))
    return len(lines) - kept + abs(len(rows) - len(lines))


def stream(events: int, seed: int, folder: Path) -> Tally:
    """Sends all events, come what may."""
    draw, tally = random.Random(seed), Tally()
    ground = Ground(folder, draw)
    process, lived = Process(ground.app), []
    for lines in bodies(events, draw):
        body = f"{COLUMNS}\n".encode() + b"\n".join(lines) + b"\n"
        reply = process.answer(body, draw.uniform(0, 0.03) if draw.random() < KILLS else None)
        for _ in range(ATTEMPTS):
            if reply is not None:
                break
            tally.kills += 1
            process, lived = _next(process, ground, tally), []
            reply = process.answer(body)
        tally.answered, tally.wrong = tally.answered + len(lines), tally.wrong + wrong(lines, reply or b"")
        process, lived = _between(process, lived, ground, tally, draw)
    process.close()
    return tally


def _between(
    process: Process, lived: List[Tuple[int, float]], ground: Ground, tally: Tally, draw: random.Random
) -> Tuple[Process, List[Tuple[int, float]]]:
    """After a chunk: notes memory, lets something happen, and now and then begins the next search."""
    try:
        lived = [*lived, (len(lived), process.megabytes())]
    except (OSError, IndexError):  # killed just after its reply
        lived = []
    tally.memory = max(tally.memory, lived, key=len)
    if draw.random() < 0.3:
        name = draw.choice(list(ground.faults))
        ground.faults[name]()
        tally.faults[name] = tally.faults.get(name, 0) + 1
    if draw.random() < FRESH or not lived:
        process, lived = _next(process, ground, tally), []
    return process, lived


def _next(process: Process, ground: Ground, tally: Tally) -> Process:
    """Lets a process end and begins another."""
    process.close()
    tally.processes += 1
    return Process(ground.app)


def stream_rows(events: int, seed: int, folder: Path) -> Iterator[Row]:
    """The table of the stream."""
    tally = stream(events, seed, folder)
    yield Row("events answered once, in order, unchanged", f"{tally.answered:,} of {events:,}", tally.wrong)
    yield Row("processes killed in a chunk", f"{tally.kills}, of {tally.processes + 1} in all", 0)
    yield from (Row(name, f"{count} times", 0) for name, count in sorted(tally.faults.items()))
    steady = [megabytes for _, megabytes in tally.memory[2:]]  # plans and memos fill in the first chunks
    if steady:
        half = len(steady) // 2
        growth = max(steady[half:]) - max(steady[:half] or steady)
        told = (
            f"{len(tally.memory)} chunks of {CHUNK:,} in one process: {max(steady):.1f} MB, last half {growth:+.1f} MB"
        )
        yield Row("memory flat", told, int(growth > 8.0))


def report(events: int, rounds: int, seed: int) -> Tuple[str, bool]:
    """The table as Markdown, and whether every promise was kept."""
    folder, begun = Path(tempfile.mkdtemp(prefix="ipthreat-soak-")), time.monotonic()
    try:
        rows = [*stream_rows(events, seed, folder), *(Row(*row) for row in live_rows(rounds, seed, folder / "live"))]
    finally:
        shutil.rmtree(folder)
    lines = ["| what | how often | promises broken |", "|---|---|---:|"]
    lines += [f"| {row.what} | {row.done} | {row.broken} |" for row in rows]
    lines.append(f"\nSeed {seed}; Python {platform.python_version()}; {time.monotonic() - begun:.0f} s.")
    return "\n".join(lines), not any(row.broken for row in rows)


def main() -> int:
    """Prints the table; exit code 1 when a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=40, help="of live look-ups")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    text, kept = report(given.events, given.rounds, given.seed)
    print(text)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
