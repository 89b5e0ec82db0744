"""The events that `stream.py` sends: web and firewall records as splunkd writes them, the same at every run."""

from __future__ import annotations

import random
import re
from itertools import accumulate
from typing import Iterator, List, NamedTuple, Tuple

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
    Shape("bytes to dest_ip", words="dest_ip mode=offline bytes_out=bytes", events=0.4),
    Shape("all fields", words="src_ip mode=offline fields=full", events=0.4),
)  # fmt: skip


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
