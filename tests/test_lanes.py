"""Providers side by side: the deadline bounds them all, and none waits for another."""

from __future__ import annotations

import threading
from typing import Dict, Optional, Sequence

import pytest
from runs import Ticks, Told, answering, settings_for, source_of

from ipthreat.asking import Asking
from ipthreat.clock import Clock, Run
from ipthreat.egress import Audit
from ipthreat.errors import FetchTimeout
from ipthreat.exchange import MockTransport, Request, Response
from ipthreat.lanes import Lane, ask_all
from ipthreat.quota import Ledger
from ipthreat.testkit.vendors import FakeVendor

ADDRESSES = [f"9.9.9.{number}" for number in range(20)]


def lane(run: Run, answer=None, name: str = "vendor", addresses: Sequence[str] = ADDRESSES, **vendor) -> Lane:
    made = FakeVendor(name, **vendor)
    transport = MockTransport(answer or answering())
    source = source_of(made, transport, settings_for(name))
    ledger = Ledger(None, clock=run.clock, tell=Told())
    return Lane(
        Asking(source, ledger, Audit(None, "run-1", "TLP:GREEN"), run, lambda *_: None, jitter=lambda: 0.0), addresses
    )


def statuses(found: Dict) -> set:
    return {item.status.value for item in found.values()}


def a_run(seconds: float = 60.0, ticks: Optional[Ticks] = None) -> Run:
    return Run(seconds, (ticks or Ticks()).clock)


def test_every_provider_is_asked_about_every_address():
    run = a_run()
    found = ask_all([lane(run, name="one"), lane(run, name="two")], run)
    assert {name: sorted(items) for name, items in found.items()} == dict.fromkeys(("one", "two"), sorted(ADDRESSES))
    assert statuses(found["one"]) == {"ok"}


def test_no_more_requests_are_under_way_than_agreed():
    under_way, most, lock = [0], [0], threading.Lock()
    full = threading.Barrier(3, timeout=30)

    def _answer(request: Request) -> Response:
        with lock:
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
        full.wait()  # goes on only when three are here
        with lock:
            under_way[0] -= 1
        return answering()(request)

    run = Run(60.0)
    assert statuses(ask_all([lane(run, _answer, concurrency=3, addresses=ADDRESSES[:18])], run)["vendor"]) == {"ok"}
    assert most[0] == 3


def test_a_batch_endpoint_gets_batches_in_order():
    run, sizes = a_run(), []

    def _answer(request: Request) -> Response:
        import json

        wanted = json.loads(request.body)["addresses"]
        sizes.append(wanted)
        return Response(200, {}, json.dumps({"answers": {name: {"verdict": "unknown"} for name in wanted}}).encode())

    ask_all([lane(run, _answer, batch=8, concurrency=1)], run)
    assert sizes == [ADDRESSES[:8], ADDRESSES[8:16], ADDRESSES[16:]]


def test_a_provider_that_never_answers_holds_nobody_and_ends_as_timeout():
    never = threading.Event()
    ticks = Ticks()
    run = Run(60.0, ticks.clock)

    def _never(request: Request) -> Response:
        ticks.move(61.0)  # the run's time passes while it is silent
        never.wait(30)
        return Response(500)

    fast = lane(run, name="fast")
    slow = lane(run, _never, name="slow", concurrency=1)
    fast_found = ask_all([fast], run)["fast"]
    found = ask_all([slow], run)["slow"]
    never.set()
    assert statuses(fast_found) == {"ok"}
    assert found[ADDRESSES[0]].status.value == "timeout"
    assert found[ADDRESSES[0]].reason == "no answer within the 60 s of the run"
    assert {found[name].status.value for name in ADDRESSES[1:]} == {"not_asked"}


def test_when_the_time_is_over_the_rest_was_not_asked():
    ticks = Ticks()
    run = Run(60.0, ticks.clock)

    def _slow(request: Request) -> Response:
        ticks.move(25.0)
        return answering()(request)

    found = ask_all([lane(run, _slow, concurrency=1)], run)["vendor"]
    assert [found[name].status.value for name in ADDRESSES] == ["ok"] * 3 + ["not_asked"] * 17
    assert found[ADDRESSES[5]].reason == "the 60 s of the run were over"


def test_a_broken_provider_does_not_disturb_the_others():
    run = a_run()
    found = ask_all([lane(run, lambda request: Response(500), name="broken"), lane(run, name="sound")], run)
    assert statuses(found["broken"]) == {"error"}
    assert statuses(found["sound"]) == {"ok"}


def test_an_answer_that_cannot_be_stored_in_time_is_in_the_result_all_the_same():
    ticks, storing = Ticks(), threading.Event()
    run = Run(60.0, ticks.clock)

    def _held(*_: object) -> None:
        ticks.move(61.0)  # the store is held by another process until the run is over
        storing.wait(30)

    source = source_of(FakeVendor(concurrency=1), MockTransport(answering()))
    asking = Asking(source, Ledger(None, clock=run.clock, tell=Told()), Audit(None, "run-1", "TLP:GREEN"), run, _held)
    found = ask_all([Lane(asking, ADDRESSES[:1])], run)["vendor"]
    storing.set()
    assert statuses(found) == {"ok"}


def test_the_run_ends_only_when_its_answers_are_stored():
    run, stored = Run(60.0), []

    def _slow(*_: object) -> None:
        threading.Event().wait(0.05)
        stored.append(1)

    source = source_of(FakeVendor(concurrency=1), MockTransport(answering()))
    asking = Asking(source, Ledger(None, tell=Told()), Audit(None, "run-1", "TLP:GREEN"), run, _slow)
    ask_all([Lane(asking, ADDRESSES[:3])], run)
    assert len(stored) == 3


def test_who_notices_the_deadline_has_a_moment_to_say_so():
    ticks, asked, over = Ticks(), threading.Event(), threading.Event()
    run = Run(60.0, ticks.clock)

    def _last(request: Request) -> Response:
        asked.wait(30)
        ticks.move(61.0)
        over.set()
        return answering()(request)

    def _late(request: Request) -> Response:
        asked.set()
        over.wait(30)
        threading.Event().wait(0.05)  # the caller has seen the deadline by now
        raise FetchTimeout("there was no complete answer in the time allowed")

    one = ADDRESSES[:1]
    lanes = [lane(run, _last, name="last", addresses=one), lane(run, _late, name="late", addresses=one)]
    found = ask_all(lanes, run)
    assert statuses(found["last"]) == {"ok"}
    assert found["late"][ADDRESSES[0]].reason == "there was no complete answer in the time allowed"


def test_an_interruption_waits_for_the_answers_under_way_and_asks_nothing_new():
    begun, go_on = threading.Event(), threading.Event()
    asked = []

    def _answer(request: Request) -> Response:
        asked.append(request.url)
        begun.set()
        go_on.wait(30)
        return answering()(request)

    class _Interrupted(Run):
        """A run whose user presses Ctrl-C as soon as the first question is under way."""

        @property
        def left(self) -> float:
            if threading.current_thread() is threading.main_thread() and begun.is_set() and not self.stopped:
                threading.Timer(0.01, go_on.set).start()
                raise KeyboardInterrupt
            return super().left

    run = _Interrupted(60.0, Clock())
    waiting = lane(run, _answer, concurrency=2)
    with pytest.raises(KeyboardInterrupt):
        ask_all([waiting], run)
    assert len(asked) <= 2
    assert statuses({name: item for name, item in waiting.close().items() if item.status.value == "ok"}) == {"ok"}


class Unforeseen(FakeVendor):
    """A provider whose code fails in a way nobody thought of."""

    def question(self, addresses, settings):
        raise MemoryError


def test_code_that_fails_beyond_all_expectation_still_leaves_an_entry(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(threading, "excepthook", lambda arguments: None)  # what it would print is expected here
    run = a_run()
    source = source_of(Unforeseen(concurrency=2), MockTransport(answering()))
    ledger = Ledger(None, clock=run.clock, tell=Told())
    asking = Asking(source, ledger, Audit(None, "run-1", "TLP:GREEN"), run, lambda *_: None)
    found = ask_all([Lane(asking, ADDRESSES)], run)["vendor"]
    assert sorted(found) == sorted(ADDRESSES)
    assert statuses(found) <= {"error", "not_asked"}
