"""The plan: what a live run would ask, cost and take; the run then does exactly that."""

from __future__ import annotations

from pathlib import Path

import pytest
from runs import Ticks, answering, dossiers_of, live_over, settings_for

from ipthreat.dossier import Allowance, Dossier
from ipthreat.exchange import MockTransport
from ipthreat.testkit.vendors import FakeVendor

MANY = [f"9.9.{number // 250}.{number % 250}" for number in range(300)]


def test_a_plan_asks_nothing_and_spends_nothing(tmp_path: Path):
    transport = MockTransport(answering())
    live = live_over(tmp_path, transport)
    assert live.plan(dossiers_of("8.8.8.8")) == live.plan(dossiers_of("8.8.8.8"))
    assert transport.requests == []
    assert live.answers(dossiers_of("8.8.8.8"))["8.8.8.8"][0].status.value == "ok"


def test_a_plan_counts_what_is_there(tmp_path: Path):
    ticks = Ticks()
    live_over(tmp_path, ticks=ticks).answers(dossiers_of("8.8.8.8"))
    dossiers = [
        *dossiers_of("8.8.8.8", "1.1.1.1", "9.9.9.9", "45.1.1.1"),
        Dossier("45.1.1.2", allowance=Allowance("45.1.1.2")),
        Dossier("10.0.0.1", "private"),
        Dossier("nonsense", "invalid"),
    ]
    plan = live_over(tmp_path, ticks=ticks, budget=2).plan(dossiers)
    assert (plan.distinct, plan.invalid, plan.not_global, plan.allowed) == (7, 1, 1, 1)
    (calls,) = plan.calls
    assert (calls.cached, calls.asked, calls.requests, calls.withheld, calls.beyond_budget) == (1, 2, 2, 1, 1)


def test_a_plan_knows_what_a_batch_is_charged(tmp_path: Path):
    vendor = FakeVendor(batch=10, charge=1, quota={"day": 40})
    (calls,) = (
        live_over(tmp_path, vendors=[vendor], settings=settings_for("vendor", reserve=0.0))
        .plan(dossiers_of(*MANY[:60]))
        .calls
    )
    assert (calls.requests, calls.refused) == (6, 2)


def test_the_run_makes_the_requests_of_its_plan(tmp_path: Path):
    vendors = [FakeVendor("one"), FakeVendor("two")]
    live = live_over(tmp_path, vendors=vendors, budget=30)
    plan = live.plan(dossiers_of(*MANY))
    live.answers(dossiers_of(*MANY))
    assert plan.requests == sum(live.requests.values()) == 60


def test_a_batch_endpoint_takes_fewer_requests(tmp_path: Path):
    (calls,) = live_over(tmp_path, vendors=[FakeVendor(batch=100)], budget=250).plan(dossiers_of(*MANY)).calls
    assert (calls.asked, calls.requests) == (250, 3)


@pytest.mark.parametrize(
    "quota, seconds",
    [
        ({}, 20 * 0.5),  # eight at a time, half a second each
        ({"second": 10}, 159 * 0.103 + 0.5),
        ({"minute": 30}, 5 * 61.8 + 0.5),
    ],
)
def test_the_time_follows_from_the_limits_and_the_number_at_a_time(tmp_path: Path, quota: dict, seconds: float):
    plan = live_over(tmp_path, vendors=[FakeVendor(quota=quota)], budget=160, seconds=3600.0).plan(dossiers_of(*MANY))
    assert plan.calls[0].seconds == pytest.approx(seconds)
    assert plan.seconds == pytest.approx(seconds)


def test_no_plan_takes_longer_than_the_run_may(tmp_path: Path):
    plan = live_over(tmp_path, vendors=[FakeVendor(quota={"minute": 1})], budget=160).plan(dossiers_of(*MANY))
    assert plan.seconds == 60.0


def test_what_the_quota_has_no_room_for_is_told(tmp_path: Path):
    settings = settings_for("vendor", own={"quota": {"day": 50}}, reserve=0.2)
    plan = live_over(tmp_path, settings=settings, budget=100).plan(dossiers_of(*MANY))
    assert (plan.calls[0].requests, plan.calls[0].refused, plan.calls[0].left) == (100, 60, {"day": 40})
    assert plan.requests == 40


def test_a_plan_for_an_alert_has_the_reserve(tmp_path: Path):
    settings = settings_for("vendor", own={"quota": {"day": 50}}, reserve=0.2)
    assert live_over(tmp_path, settings=settings, alert=True).plan(dossiers_of(*MANY)).calls[0].left == {"day": 50}


def test_a_plan_can_be_read(tmp_path: Path):
    settings = settings_for("vendor", own={"quota": {"day": 50}}, reserve=0.0)
    first, vendor, last = live_over(tmp_path, settings=settings, budget=20).plan(dossiers_of(*MANY)).lines()
    assert first.startswith("300 distinct: 0 private or reserved")
    assert vendor == (
        "vendor: 0 known, 20 requests, 0 not sent, 280 beyond the budget, 0 beyond the quota, about 2 s"
        " (50 left this day)"
    )
    assert last == "20 requests in about 2 s; nothing was asked"
