"""Log-ins and scans: what an address tries at the doors of our own hosts."""

from __future__ import annotations

from typing import Dict, Iterator, List, Optional

from ..dossier import Behaviour, BehaviourKind
from .aspect import SAMPLES, Aspect, Context, Trace
from .sketches import UNDATED, Firsts, Times, burst_end, whole_second

_FAILURES_KEPT = 256
_TARGETS_KEPT = 128
WITHOUT_PASSWORD = "HTTP 401"  # noqa: S105 - a name for log-ins that a server asks for, not a password
"""The door at which a refusal may mean that nothing was tried yet."""


class LogIns(Aspect):
    """Log-ins that failed and succeeded, by the door at which they were tried."""

    __slots__ = ("_doors",)

    def __init__(self) -> None:
        self._doors: Dict[str, _Door] = {}

    def failed(self, time: Optional[float], repeats: int, door: str, sample: str) -> None:
        """Notes failures at a door, our word for the kind of log-in; `sample` is the user name or the request."""
        entry = self._door(door)
        entry.trace.add(time, repeats, (), sample)
        entry.failures.add(whole_second(time), repeats)

    def succeeded(self, time: Optional[float], door: str) -> None:
        """Notes a success. Only those of addresses that fail, too, matter, but which come first is not known yet."""
        self._door(door).won(whole_second(time))

    def merge(self, other: LogIns) -> None:
        """Takes in what another one saw."""
        for door, entry in other._doors.items():
            self._door(door).merge(entry)

    @property
    def notable(self) -> bool:
        """Successes alone are ordinary."""
        return any(door.trace.count > 2 for door in self._doors.values())

    def behaviours(self, context: Context) -> Iterator[Behaviour]:
        """Brute force at any door makes one finding; it succeeded when a success followed at the same door."""
        found = Trace()
        succeeded = False
        for name, door in sorted(self._doors.items()):
            end = door.burst_end(name, context)
            if end is not None:
                found.merge(door.trace)
                found.name(name, door.trace.count)
                succeeded = succeeded or end <= door.last_success
        if found.count:
            yield found.behaviour(BehaviourKind.BRUTE_FORCE, succeeded=succeeded)

    def _door(self, name: str) -> _Door:
        entry = self._doors.get(name)
        if entry is None:
            entry = self._doors[name] = _Door()
        return entry


class _Door:
    """What happened at one door."""

    __slots__ = ("failures", "first_success", "last_success", "trace")

    def __init__(self) -> None:
        self.trace = Trace()
        self.failures = Times(_FAILURES_KEPT)
        self.first_success = UNDATED
        self.last_success = -1

    def won(self, second: int) -> None:
        """Notes a log-in that succeeded."""
        if second != UNDATED:
            self.first_success = min(self.first_success, second)
            self.last_success = max(self.last_success, second)

    def merge(self, other: _Door) -> None:
        self.trace.merge(other.trace)
        self.failures.merge(other.failures)
        self.first_success = min(self.first_success, other.first_success)
        self.last_success = max(self.last_success, other.last_success)

    def burst_end(self, name: str, context: Context) -> Optional[int]:
        """When the failures first were enough for brute force; None when they never were.

        A browser is refused before it sends a password, and again now and then: there, failures count until the
        first success.
        """
        limits = context.thresholds
        seconds: List[int] = self.failures.dated()
        if name == WITHOUT_PASSWORD:
            seconds = [second for second in seconds if second <= self.first_success]
            return burst_end(seconds, limits.failed_requests, limits.login_window)
        return burst_end(seconds, limits.failed_logins, limits.login_window)


class Scan(Aspect):
    """Connections from outside that came to nothing, by the host and port that they were for."""

    __slots__ = ("_hosts", "_targets", "_trace")

    def __init__(self) -> None:
        self._trace = Trace()
        self._targets: Firsts[str] = Firsts(_TARGETS_KEPT)

    def add(self, time: Optional[float], repeats: int, host: str, port: Optional[int]) -> None:
        """Notes a connection that was blocked, or that nothing came back on."""
        self._trace.add(time, repeats)
        self._targets.add(f"{host}|{'' if port is None else port}", whole_second(time))

    def merge(self, other: Scan) -> None:
        """Takes in what another one saw."""
        self._trace.merge(other._trace)
        self._targets.merge(other._targets)

    @property
    def notable(self) -> bool:
        """One blocked packet is nothing."""
        return self._trace.count > SAMPLES

    def behaviours(self, context: Context) -> Iterator[Behaviour]:
        """A scan: many hosts or ports, each met for the first time, within a short time."""
        limits = context.thresholds
        if burst_end(self._targets.seconds(), limits.scan_targets, limits.scan_window) is None:
            return
        targets = [target.split("|") for target in self._targets.items()]
        hosts, ports = ({target[place] for target in targets} for place in (0, 1))
        names = tuple(_counted(len(found), noun) for found, noun in ((hosts, "host"), (ports, "port")))
        yield self._trace.behaviour(BehaviourKind.PORT_SCAN, names)


def _counted(number: int, noun: str) -> str:
    more = "+" if number >= _TARGETS_KEPT else ""
    return f"{number}{more} {noun}{'' if number == 1 else 's'}"
