"""Providers side by side: each has threads of its own, so that a slow one never holds the others.

The run ends when all have answered or its time is over, whichever is sooner. Then whatever is still under way is left
behind: its threads end by themselves, and their answers, if any come, still reach the store.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import Collection, Deque, Dict, List, Mapping, Sequence

from .asking import Asking
from .breaker import Cause
from .clock import Run
from .dossier import Evidence, Status
from .livesource import Batch

GRACE = 5.0
"""Seconds that answers under way are waited for when the run is interrupted: they are paid for."""
_LAST_WORDS = 0.25  # seconds after the deadline for those who notice it to say so
_TICK = 0.5


class Lane:
    """The questions of a run to one provider, most pressing first."""

    def __init__(self, asking: Asking, addresses: Sequence[str], never_sent: Collection[str] = ()) -> None:
        """`never_sent`: addresses that must not be in anything that is asked, not even in a network."""
        self.asking = asking
        self._waiting: Deque[Batch] = deque(asking.source.batches(addresses, never_sent))
        self._addresses = tuple(addresses)
        self._alive = 0
        self._flying: List[Batch] = []
        self._found: Dict[str, Evidence] = {}
        self._changed = threading.Condition()

    def start(self) -> None:
        """Begins to ask, with as many threads as are of use."""
        self._alive = min(self.asking.source.concurrency, len(self._waiting))
        for _ in range(self._alive):
            threading.Thread(target=self._work, name=f"ask-{self.asking.source.name}", daemon=True).start()

    @property
    def busy(self) -> bool:
        """True while something waits or is under way."""
        with self._changed:
            return bool(self._flying) or (bool(self._waiting) and self._alive > 0 and self.asking.run.left > 0)

    def _work(self) -> None:
        """What each thread does. One that dies of the unforeseen is not waited for."""
        try:
            while self._step():
                pass
        finally:
            with self._changed:
                self._alive -= 1
                self._changed.notify_all()

    def _step(self) -> bool:
        """Asks one batch; False when none waits or the run is over."""
        with self._changed:
            if not self._waiting or self.asking.run.left <= 0:
                return False
            batch = self._waiting.popleft()
            self._flying.append(batch)
        found: Dict[str, Evidence] = {}
        try:
            found = self.asking.ask(batch, self._hand)
        finally:
            with self._changed:
                self._flying.remove(batch)
                self._found.update(found)
                self._changed.notify_all()
        return True

    def _hand(self, found: Mapping[str, Evidence]) -> None:
        """Answers that are there but not stored yet: the run may end without that."""
        with self._changed:
            self._found.update(found)

    def rest(self, seconds: float) -> None:
        """Waits for something to happen, at most so long."""
        with self._changed:
            if self._flying or self._waiting:
                self._changed.wait(seconds)

    def close(self) -> Dict[str, Evidence]:
        """What is known of every address now; nothing more is asked."""
        asking = self.asking
        late = Cause(Status.TIMEOUT, f"no answer within the {asking.run.seconds:g} s of the run")
        lost = asking.without(self._addresses, Cause(Status.ERROR, "the code that asks it failed"))
        with self._changed:
            waiting = [address for batch in self._waiting for address in batch]
            flying = [address for batch in self._flying for address in batch]
            self._waiting.clear()
            unasked = asking.breaker.cause or asking.too_late()
            return {**lost, **asking.without(waiting, unasked), **asking.without(flying, late), **self._found}


def ask_all(lanes: Sequence[Lane], run: Run) -> Dict[str, Dict[str, Evidence]]:
    """Provider → address → evidence: an entry for everything that was to be asked.

    On an interruption nothing new is asked, the answers under way are waited for a moment, and it goes on.
    """
    for lane in lanes:
        lane.start()
    try:
        _wait(lanes, run)
    except KeyboardInterrupt:
        run.stop()
        _settle(lanes, GRACE)
        raise
    return {lane.asking.source.name: lane.close() for lane in lanes}


def _wait(lanes: Sequence[Lane], run: Run) -> None:
    for lane in lanes:
        while lane.busy and run.left > 0:
            lane.rest(min(run.left, _TICK))
    _settle(lanes, _LAST_WORDS)


def _settle(lanes: Sequence[Lane], seconds: float) -> None:
    """Waits for what is under way, at most so long in all; the clock here is the real one, as for a person waiting."""
    end = Run(seconds)
    for lane in lanes:
        while lane.busy and end.left > 0:
            lane.rest(end.left)
