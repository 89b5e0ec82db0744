"""Live look-ups in rounds while everything around them fails: providers, store, ledger, disk, clock, the process.

Promises: one dossier per address, in order; one entry per provider in each; a failed look-up is never a verdict, and an
answer is the one that this provider gives about this address; nothing that is fresh in a sound store is asked again.
"""

from __future__ import annotations

import json
import random
import resource
import signal
import subprocess
import sys
import threading
from collections import Counter
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Mapping, Sequence, Tuple
from urllib.parse import unquote

from ipthreat.clock import Clock
from ipthreat.connecting import Wish, open_live
from ipthreat.dossier import Dossier, Status, Verdict
from ipthreat.errors import FetchError, FetchTimeout
from ipthreat.exchange import MockTransport, Request, Response
from ipthreat.gather import Gatherer
from ipthreat.settings import LiveSettings, ProviderSettings
from ipthreat.testkit.behaviours import CAPTCHA_PAGE
from ipthreat.testkit.vendors import FakeVendor, rating

VENDORS = ("first", "second")
POOL, EACH = 400, 60
"""Addresses there are, and those of a round."""
START = 1_795_521_600.0
SPARE = 24 * 1024
"""Bytes a file may have while the disk is full."""
Row = Tuple[str, str, int]


class Jumping:
    """A clock that passes no time by waiting in earnest, and whose wall time is set at will."""

    def __init__(self) -> None:
        self.wall = self.steady = START
        self._lock = threading.Lock()

    @property
    def clock(self) -> Clock:
        """For the product."""
        return Clock(lambda: self.wall, lambda: self.steady, self._wait)

    def _wait(self, _: threading.Event, seconds: float) -> None:
        with self._lock:
            self.wall += seconds
            self.steady += seconds


class Flapping:
    """A service of which a share of the answers fails, in a way that changes with every round."""

    def __init__(self, draw: random.Random) -> None:
        self._draw, self.share, self.asked = draw, 0.0, Counter[str]()
        self._lock = threading.Lock()

    def __call__(self, request: Request) -> Response:
        """An answer, or one of the ways to fail."""
        address = unquote(request.url.rpartition("/")[2])
        with self._lock:
            fails, fault = self._draw.random() < self.share, self._draw.randrange(6)
            self.asked[address] += not fails
        if not fails:
            return Response(200, {}, json.dumps(rating(address)).encode())
        if fault < 2:
            raise (FetchTimeout if fault else FetchError)("the service does not answer")
        return (Response(500, {}, b""), Response(429, {"Retry-After": "1"}, b"{}"), Response(200, {}, CAPTCHA_PAGE),
                Response(401, {}, b"{}"))[fault - 2]  # fmt: skip


@contextmanager
def full_disk() -> Iterator[None]:
    """No file may grow beyond a few kilobytes: what a full disk is to those that write."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (SPARE, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


def damage(folder: Path, draw: random.Random) -> None:
    """Overwrites a part of a file of the run, or cuts it short."""
    files = sorted(path for path in folder.glob("*.sqlite*") if path.stat().st_size)
    if not files:
        return
    path = draw.choice(files)
    content = bytearray(path.read_bytes())
    start = draw.randrange(len(content))
    content[start : start + 500] = draw.randbytes(min(500, len(content) - start))
    path.write_bytes(bytes(content) if draw.random() < 0.7 else bytes(content[:start]))


def looked_up(folder: Path, texts: Sequence[str], services: Mapping[str, Flapping], clock: Clock) -> List[Dossier]:
    """One run over the addresses."""
    own = {name: ProviderSettings("a-key-of-the-soak", f"https://{name}.example") for name in VENDORS}
    vendors = {name: FakeVendor(name) for name in VENDORS}
    live = open_live(
        LiveSettings(own, budget=10_000, timeout=600.0), folder, Wish(), lambda _: None, providers=vendors, clock=clock,
        connect=lambda settings, _: MockTransport(services[settings.base_url.split("//")[1].split(".")[0]]),
    )  # fmt: skip
    try:
        return list(Gatherer((), live=live).gather(texts, {}, None))
    finally:
        live.close()


def broken(texts: Sequence[str], dossiers: Sequence[Dossier]) -> int:
    """Promises about the answers that were not kept."""
    found = int([item.address for item in dossiers] != list(texts))
    for dossier in dossiers:
        found += Counter(item.source for item in dossier.evidence) != Counter(VENDORS)
        told = rating(dossier.address)
        for item in dossier.evidence:
            if item.status in (Status.OK, Status.STALE):
                found += (item.verdict.value, item.score) != (told["verdict"], told["score"])
            else:
                found += (item.verdict, item.score, item.labels) != (Verdict.UNKNOWN, None, ()) or not item.reason
    return found


def live_rows(rounds: int, seed: int, folder: Path) -> Iterator[Row]:
    """All rounds, and what came of them."""
    folder.mkdir(parents=True)
    draw, jumping = random.Random(seed), Jumping()
    services = {name: Flapping(random.Random(f"{seed} {name}")) for name in VENDORS}
    pool = [f"45.9.{number // 250}.{number % 250}" for number in range(POOL)]
    happened, wrong, answered = Counter[str](), 0, 0
    faults: Dict[str, Callable[[], None]] = {
        "store or ledger damaged": lambda: damage(folder, draw),
        "clock jumps": lambda: setattr(jumping, "wall", jumping.wall + draw.uniform(-40, 40) * 86_400),
        "process killed in a round": lambda: killed(folder, draw),
        "nothing": lambda: None,
    }
    for _ in range(rounds):
        name = draw.choice(list(faults))
        faults[name]()
        happened[name] += 1
        for service in services.values():
            service.share = draw.choice((0.0, 0.1, 0.5, 1.0))
        texts = draw.sample(pool, EACH)
        full = draw.random() < 0.2
        happened["disk full"] += full
        with full_disk() if full else nullcontext():
            dossiers = looked_up(folder, texts, services, jumping.clock)
        wrong += broken(texts, dossiers)
        answered += len(dossiers)
    yield "live: one honest dossier per address", f"{answered:,} of {rounds * EACH:,}", wrong
    yield from ((f"live: {name}", f"{count} rounds", 0) for name, count in sorted(happened.items()))
    yield from _again(folder / "after", services, jumping, pool[:EACH])


def _again(folder: Path, services: Mapping[str, Flapping], jumping: Jumping, texts: Sequence[str]) -> Iterator[Row]:
    """Without faults nothing that was answered is asked again."""
    folder.mkdir()
    for service in services.values():
        service.share = 0.0
        service.asked.clear()
    for _ in range(3):
        looked_up(folder, texts, services, jumping.clock)
    twice = sum(count - 1 for service in services.values() for count in service.asked.values())
    yield "live: asked once, then kept", f"3 runs over {len(texts)} addresses at {len(services)} providers", twice


def killed(folder: Path, draw: random.Random) -> None:
    """Another process looks up in the same folder and is killed within a second."""
    command = [sys.executable, __file__, str(folder), str(draw.randrange(10**6))]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        process.wait(draw.uniform(0.1, 0.8))
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def child(folder: Path, seed: int) -> None:
    """Looks up until it is killed."""
    draw = random.Random(seed)
    services = {name: Flapping(random.Random(f"{seed} {name}")) for name in VENDORS}
    while True:
        texts = [f"45.9.{draw.randrange(2)}.{draw.randrange(250)}" for _ in range(EACH)]
        looked_up(folder, texts, services, Jumping().clock)


if __name__ == "__main__":
    child(Path(sys.argv[1]), int(sys.argv[2]))
