"""A run's bounds: its deadline, and being stopped."""

from __future__ import annotations

import threading
from datetime import datetime, timezone

from runs import Ticks

from ipthreat.clock import SYSTEM, Run


def test_a_run_has_time_until_its_deadline():
    ticks = Ticks()
    run = Run(10.0, ticks.clock)
    ticks.move(4)
    assert run.left == 6.0
    ticks.move(60)
    assert run.left == 0.0
    assert not run.stopped


def test_a_pause_takes_time_and_tells_whether_to_go_on():
    ticks = Ticks()
    run = Run(10.0, ticks.clock)
    assert run.pause(3.0)
    assert run.left == 7.0
    run.stop()
    assert not run.pause(3.0)
    assert run.left == 0.0


def test_no_pause_is_no_wait():
    ticks = Ticks()
    assert Run(10.0, ticks.clock).pause(0.0)
    assert ticks.waited == []


def test_stopping_ends_a_real_pause_at_once():
    run = Run(600.0)
    threading.Timer(0.01, run.stop).start()
    assert not run.pause(500.0)


def test_the_system_s_clock_tells_utc():
    assert abs((SYSTEM.now() - datetime.now(timezone.utc)).total_seconds()) < 60
