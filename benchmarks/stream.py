"""`| ipthreat` against splunk-sdk's own pass-through command, over the protocol, in one run.

    python benchmarks/stream.py [--python PYTHON] [--sdk 2.1.1|3.0.1] [--events 500000] [--rounds 3] [--all]

The app is laid together as it is shipped. Each command is started as splunkd does it (`python -E -s -S`, empty
environment, chunks in lock-step) and reads the same events: web and firewall records of some 500 bytes in 15 columns
with their `__mv_` columns, 20,000 addresses of which a few make most of the events, some private, IPv6, rubbish,
multivalue and multi-line. The figure that counts is events per CPU-second of the process, as a ratio.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Dict, List, NamedTuple, Sequence, Tuple

from stream_events import SHAPES, Shape, chunks

ROOT = Path(__file__).parents[1]
NOOP = """
import os, sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lib"))
from splunklib.searchcommands import Configuration, Option, StreamingCommand, dispatch
@Configuration()
class Noop(StreamingCommand):
    mode = Option()
    fields = Option()
    user_agent = Option()
    uri = Option()
    action = Option()
    bytes_out = Option()
    def stream(self, records):
        yield from records
dispatch(Noop, sys.argv, sys.stdin, sys.stdout, __name__)
"""
THROUGH_CSV = """
import csv, io, json, re, sys
csv.field_size_limit(1 << 30)
stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
def reply(metadata, body=b""):
    head = json.dumps(metadata).encode()
    stdout.write(b"chunked 1.0,%d,%d\\n" % (len(head), len(body)) + head + body)
    stdout.flush()
for line in iter(stdin.readline, b""):
    size, length = map(int, re.findall(rb"\\d+", line)[2:])
    metadata = json.loads(stdin.read(size))
    if metadata["action"] == "getinfo":
        reply({"type": "streaming"})
        continue
    out = io.StringIO()
    csv.writer(out).writerows(csv.reader(io.StringIO(stdin.read(length).decode(), newline="")))
    reply({"finished": metadata["finished"]}, out.getvalue().encode())
"""


GOALS = (
    "Goals: events/CPU-s 10 × on 3.9, 12 × on 3.13, 4 × csv pass-through; to getinfo 0.85 ×; first reply 0.25 ×; "
    "85 MB; 7 × with chunks of 1,000 and with 5 % of both kinds of multi; 4 × with distinct addresses. CPU seconds are "
    "the process's own; on a busy machine the ratios still move by a tenth."
)


class Cost(NamedTuple):
    """What one run took."""

    per_cpu_second: float
    """Events per CPU-second, from the getinfo reply to the last reply."""
    per_second: float
    start: float
    """Seconds from spawn to the getinfo reply."""
    first: float
    """Seconds from the first byte of the first chunk to the first byte of its reply."""
    megabytes: float
    """Peak resident memory."""


def frame(metadata: Dict[str, object], body: bytes = b"") -> bytes:
    """A message to the command."""
    head = json.dumps(metadata).encode()
    return b"chunked 1.0,%d,%d\n%b%b" % (len(head), len(body), head, body)


def swallow(stream: io.BufferedReader) -> Tuple[float, Dict[str, object]]:
    """Reads a reply: when its first byte came, and its metadata."""
    line = stream.readline()
    first = time.perf_counter()
    size, length = map(int, re.findall(rb"\d+", line)[2:])
    metadata = json.loads(stream.read(size))
    buffer = memoryview(bytearray(1 << 20))
    while length:
        taken = stream.readinto(buffer[: min(length, len(buffer))])
        if not taken:
            sys.exit("the command broke off")
        length -= taken
    return first, metadata


def cpu(pid: int) -> float:
    """CPU seconds of a process so far."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def asked(words: Sequence[str]) -> bytes:
    """The first message of splunkd."""
    texts = dict.fromkeys(("session_key", "splunkd_uri", "search"), "")
    numbers = {"maxresultrows": 50_000, "earliest_time": "0", "latest_time": "0"}
    names = {"sid": "1790000000.1", "app": "search", "owner": "admin", "username": "admin", "command": "ipthreat"}
    info = {"args": words, "raw_args": words, "dispatch_dir": tempfile.gettempdir(), "splunk_version": "9.4.1"}
    return frame({"action": "getinfo", "preview": False, "searchinfo": {**info, **texts, **numbers, **names}})


def cost(command: Sequence[str], words: Sequence[str], bodies: Sequence[Tuple[int, bytes]]) -> Cost:
    """Runs a command over the chunks."""
    spawned = time.perf_counter()
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={}, cwd="/", bufsize=0)
    assert process.stdin
    assert process.stdout
    replies = open(process.stdout.fileno(), "rb", buffering=1 << 16, closefd=False)  # noqa: SIM115
    process.stdin.write(asked(list(words)))
    _, metadata = swallow(replies)
    if "inspector" in metadata:
        sys.exit(f"{command} says {metadata['inspector']}")
    started, cpu_started = time.perf_counter(), cpu(process.pid)
    first = fed(process.stdin.fileno(), replies, bodies)
    ended, cpu_ended = time.perf_counter(), cpu(process.pid)
    peak = int(re.findall(r"VmHWM:\s+(\d+)", Path(f"/proc/{process.pid}/status").read_text())[0]) / 1024
    process.stdin.close()
    if process.wait():
        sys.exit(f"{command} ended with {process.returncode}")
    events = sum(count for count, _ in bodies)
    return Cost(events / (cpu_ended - cpu_started), events / (ended - started), started - spawned, first, peak)


def fed(descriptor: int, replies: io.BufferedReader, bodies: Sequence[Tuple[int, bytes]]) -> float:
    """Sends each chunk when the one before it is answered; seconds to the first byte of the first reply."""
    firsts = []
    for number, (_, body) in enumerate(bodies, start=1):
        data, begun = frame({"action": "execute", "finished": number == len(bodies)}, body), time.perf_counter()
        feeder = threading.Thread(target=send, args=(descriptor, data))
        feeder.start()
        firsts.append(swallow(replies)[0] - begun)
        feeder.join()
    return firsts[0]


def send(descriptor: int, data: bytes) -> None:
    """Writes all of it."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view[: 1 << 20]) :]


def compared(commands: Dict[str, Sequence[str]], shape: Shape, events: int, rounds: int) -> Dict[str, Cost]:
    """The median of each figure, the commands run in turn."""
    bodies = chunks(shape, int(events * shape.events))
    runs: Dict[str, List[Cost]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            words = shape.words.split() if name == "ipthreat" else [word for word in shape.words.split() if "=" in word]
            runs[name].append(cost(command, words, bodies))
    return {name: Cost(*map(statistics.median, zip(*found))) for name, found in runs.items()}


def staged(python: str, sdk: str, folder: Path) -> Dict[str, Sequence[str]]:
    """The commands, in an app that is laid together and compiled as an installed one is."""
    app = folder / "ipthreat"
    subprocess.run([sys.executable, str(ROOT / "splunk_app/package.py"), "stage", "--sdk", sdk, str(app)], check=True,
                   stdout=subprocess.DEVNULL)  # fmt: skip
    subprocess.run([python, "-m", "compileall", "-q", str(app / "lib")], check=False)
    (app / "bin/noop.py").write_text(NOOP)
    (app / "bin/csv_pass.py").write_text(THROUGH_CSV)
    scripts = {"sdk no-op": "noop.py", "csv pass-through": "csv_pass.py", "ipthreat": "ipthreat_command.py"}
    return {name: [python, "-E", "-s", "-S", str(app / "bin" / script)] for name, script in scripts.items()}


def line(shape: str, name: str, found: Cost, base: Cost) -> str:
    """A row of the table."""
    figures = (
        *(f"{found.per_cpu_second:,.0f}", f"{found.per_cpu_second / base.per_cpu_second:.2f}"),
        *(f"{found.per_second:,.0f}", f"{found.per_second / base.per_second:.2f}"),
        *(f"{1e3 * found.start:.0f}", f"{found.start / base.start:.2f}"),
        *(f"{1e3 * found.first:.0f}", f"{found.first / base.first:.2f}", f"{found.megabytes:.0f}"),
    )
    return f"| {shape} | {name} | {' | '.join(figures)} |"


def main() -> None:
    """Prints a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=sys.executable, help="the Python that runs the commands")
    parser.add_argument("--sdk", default="2.1.1")
    parser.add_argument("--events", type=int, default=500_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--all", action="store_true", help="the other shapes of events, too")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="ipthreat-stream-"))
    try:
        commands = staged(options.python, options.sdk, folder)
        version = subprocess.run([options.python, "-V"], capture_output=True, text=True, check=True).stdout.strip()
        print(f"{version}, splunk-sdk {options.sdk}, {options.events:,} events, median of {options.rounds} rounds\n")
        print("| events | command | events/CPU-s | × | events/s | × | to getinfo ms | × | first reply ms | × | MB |")
        print("| --- | --- |" + " ---: |" * 9)
        for shape in SHAPES if options.all else SHAPES[:1]:
            chosen = commands if shape is SHAPES[0] else {k: v for k, v in commands.items() if "csv" not in k}
            costs = compared(chosen, shape, options.events, options.rounds)
            base = costs["sdk no-op"]
            for name, found in costs.items():
                print(line(shape.name, name, found, base), flush=True)
    finally:
        shutil.rmtree(folder)
    print(f"\n{GOALS}")


if __name__ == "__main__":
    main()
