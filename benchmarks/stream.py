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
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from itertools import accumulate
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Sequence, Tuple

ROOT = Path(__file__).parents[1]
COLUMNS = ("_raw", "_time", "action", "bytes", "dest_ip", "dest_port", "host", "http_user_agent", "index", "source",
           "sourcetype", "src_ip", "src_port", "uri", "user")  # fmt: skip
AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
    "curl/8.5.0",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "python-requests/2.32.3",
    "Mozilla/5.00 (Nikto/2.1.6) (Evasions:None) (Test:000001)",
)
KINDS = (("firewall", "udp:514", "pan:traffic"), ("web", "/var/log/access.log", "access_combined"))
RUBBISH = ("-", "unknown", "", "10.0.0", "999.1.1.1", "host.example.com", "::1", "1.2.3.4:443", " 8.8.8.8")
NOOP = """
import os, sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lib"))
from splunklib.searchcommands import Configuration, Option, StreamingCommand, dispatch
@Configuration()
class Noop(StreamingCommand):
    mode = Option()
    user_agent = Option()
    uri = Option()
    action = Option()
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
    "85 MB; 7 × with chunks of 1,000 and with 5 % of both kinds of multi; 4 × with distinct addresses."
)


class Shape(NamedTuple):
    """What the events of one comparison are like."""

    name: str
    words: str = "src_ip mode=offline"
    unique: int = 20_000
    chunk: int = 50_000
    multi: float = 0.005
    """Share of events with a multivalue address, and again with a multi-line `_raw`."""
    six: float = 0.05
    """Share of IPv6 among the addresses."""
    events: float = 1.0
    """Of those asked for."""


SHAPES = (
    Shape("usual"),
    Shape("chunks of 1,000", chunk=1000),
    Shape("5 % multivalue, 5 % multi-line", multi=0.05),
    Shape("every address distinct", unique=0, events=0.4),
    Shape("2 address fields", words="src_ip dest_ip mode=offline", events=0.4),
    Shape("4 address fields", words="src_ip dest_ip host user mode=offline", events=0.4),
    Shape("IPv6 only", six=1.0, events=0.4),
    Shape("user agent, request, action", words="src_ip mode=offline user_agent=http_user_agent uri=uri action=action",
          events=0.4),
)  # fmt: skip


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


def addresses(count: int, six: float, draw: random.Random) -> List[str]:
    """Distinct addresses, with rubbish among them."""
    found = dict.fromkeys(RUBBISH if count > 1000 else ())
    while len(found) < count:
        if draw.random() < six:
            found[f"2a{draw.randrange(256):02x}:{draw.randrange(65536):x}::{draw.randrange(1, 65536):x}"] = None
        elif draw.random() < 0.09:
            found[f"10.{draw.randrange(4)}.{draw.randrange(256)}.{draw.randrange(1, 255)}"] = None
        else:
            parts = draw.choice([*range(1, 10), *range(11, 127), *range(128, 224)]), *draw.choices(range(256), k=3)
            found[".".join(map(str, parts))] = None
    shuffled = list(found)
    draw.shuffle(shuffled)
    return shuffled


def cell(text: str) -> str:
    """A cell as splunkd writes it."""
    return text if re.fullmatch("[A-Za-z0-9]*", text) else '"' + text.replace('"', '""') + '"'


def raw(number: int, address: str, port: str, size: str, uri: str, agent: str, action: str, draw: random.Random) -> str:
    """The text of an event: a web server's line, or a firewall's."""
    if number % 2:
        return (
            f'{address} - - [15/Jun/2026:12:00:00 +0000] "GET {uri} HTTP/1.1" 200 {size} "https://www.example.com/ref" '
            f'"{agent}" rid={draw.getrandbits(128):032x} pad={"x" * (number % 60)}'
        )
    return (
        f"Jun 15 12:00:00 fw-1 1,2026/06/15,{number:012d},TRAFFIC,end,2561,{address},203.0.113.9,0.0.0.0,,allow-out,,"
        f"ssl,vsys1,trust,untrust,ae1.100,ae1.200,log,{port},443,0x400019,tcp,{action},{size},{draw.getrandbits(40)},"
        f"0x0,US,DE,0,6,6,tcp-fin,0,0,0,0,,fw,from-policy,,,0,,0,,N/A{'y' * 70}"
    )


def records(shape: Shape, events: int) -> Iterator[str]:
    """The lines of the events."""
    draw = random.Random(7)
    unique = min(shape.unique or events, events)
    known = addresses(unique, shape.six, draw)
    weights = list(accumulate(1 / (place + 2) ** 1.1 for place in range(unique)))
    picks = [*draw.choices(range(unique), cum_weights=weights, k=events - unique), *range(unique)]
    draw.shuffle(picks)
    for number, pick in enumerate(picks):
        address, port, size = known[pick], str(draw.randrange(1024, 65536)), str(draw.randrange(60, 90_000))
        agent, action = draw.choice(AGENTS), "allowed" if draw.random() < 0.8 else "blocked"
        uri = draw.choice(("/", f"/item/{number % 5000}?id=1&x=a,b", "/login", "/wp-login.php", "/img/logo.png"))
        text = raw(number, address, port, size, uri, agent, action, draw)
        text += '\n  continued, with "quotes"\n\tat com.example.Foo(Foo.java:42)' if draw.random() < shape.multi else ""
        multi, kind = "", KINDS[number % 2]
        if draw.random() < shape.multi:
            other = known[(pick * 7 + 1) % unique]
            multi, address = f"${address}$;${other}$", f"{address}\n{other}"
        cells = (text, f"{1_790_000_000 + number / 50:.3f}", action, size, f"203.0.113.{number % 250}", "443",
                 f"198.51.100.{number % 9}", agent, *kind, address, port, uri, f"192.0.2.{number % 30}")  # fmt: skip
        tails = [cell(multi) if name == "src_ip" else "" for name in COLUMNS]
        yield ",".join([*map(cell, cells), *tails]) + "\n"


def chunks(shape: Shape, events: int) -> List[Tuple[int, bytes]]:
    """Number of events and body of each chunk."""
    header = ",".join(cell(name) for name in (*COLUMNS, *(f"__mv_{name}" for name in COLUMNS))) + "\n"
    found, lines = [], [header]
    for line in records(shape, events):
        lines.append(line)
        if len(lines) > shape.chunk:
            found.append((len(lines) - 1, "".join(lines).encode()))
            lines = [header]
    return [*found, (len(lines) - 1, "".join(lines).encode())] if len(lines) > 1 else found


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


def cost(command: Sequence[str], words: Sequence[str], bodies: Sequence[Tuple[int, bytes]]) -> Cost:
    """Runs a command over the chunks."""
    spawned = time.perf_counter()
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={}, cwd="/", bufsize=0)
    assert process.stdin
    assert process.stdout
    replies = open(process.stdout.fileno(), "rb", buffering=1 << 16, closefd=False)  # noqa: SIM115
    words = list(words)
    info = {
        "args": words,
        "raw_args": words,
        "dispatch_dir": tempfile.gettempdir(),
        "sid": "1790000000.1",
        "app": "search",
        "owner": "admin",
        "username": "admin",
        "session_key": "",
        "splunkd_uri": "",
        "splunk_version": "9.4.1",
        "search": "",
        "command": "ipthreat",
        "maxresultrows": 50_000,
        "earliest_time": "0",
        "latest_time": "0",
    }
    process.stdin.write(frame({"action": "getinfo", "preview": False, "searchinfo": info}))
    _, metadata = swallow(replies)
    if "inspector" in metadata:
        sys.exit(f"{command} says {metadata['inspector']}")
    started, cpu_started, firsts = time.perf_counter(), cpu(process.pid), []
    for number, (_, body) in enumerate(bodies, start=1):
        data, begun = frame({"action": "execute", "finished": number == len(bodies)}, body), time.perf_counter()
        feeder = threading.Thread(target=send, args=(process.stdin.fileno(), data))
        feeder.start()
        firsts.append(swallow(replies)[0] - begun)
        feeder.join()
    ended, cpu_ended = time.perf_counter(), cpu(process.pid)
    peak = int(re.findall(r"VmHWM:\s+(\d+)", Path(f"/proc/{process.pid}/status").read_text())[0]) / 1024
    process.stdin.close()
    if process.wait():
        sys.exit(f"{command} ended with {process.returncode}")
    events = sum(count for count, _ in bodies)
    return Cost(events / (cpu_ended - cpu_started), events / (ended - started), started - spawned, firsts[0], peak)


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
