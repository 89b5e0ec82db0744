"""Figures that need no clock are asserted; the goals of those that do are what `--check` of a benchmark judges by."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def program(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"benchmark_{name}", BENCHMARKS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("behaviours", [False, True], ids=["lists alone", "lists and behaviour"])
def test_the_budget_reaches_six_times_as_many_hostile_addresses_as_first_come_and_nine_tenths_of_the_best(behaviours):
    triage = program("triage")
    results = [triage.measure(seed, behaviours) for seed in range(3)]
    planned, first, best = (sum(column) for column in zip(*results))
    assert planned >= 6 * first
    assert planned >= 0.9 * best
    assert triage.goals_met(results)


def test_a_planner_that_is_no_better_than_chance_or_far_from_the_best_misses_its_goal():
    triage = program("triage")
    assert not triage.goals_met([(100, 25, 105)])
    assert not triage.goals_met([(180, 25, 205)])
    assert triage.goals_met([(190, 25, 205)])


def test_a_simulated_stream_is_as_it_is_described():
    triage = program("triage")
    items = triage.stream(0, False)
    hostile = [item for item in items if item.hostile]
    listed = [item for item in hostile if item.dossier.evidence[0].status.value == "ok"]
    assert len(items) == 20_000
    assert 0.045 <= len(hostile) / len(items) <= 0.055
    assert 0.16 <= len(listed) / len(hostile) <= 0.24


# --- the nine scenarios ---------------------------------------------------------------------------

RECORDED = """\
B1 500 unique IPs, asked twice        rows=  500 wall=  54.00s cpu= 48.82s out= 1000 ok= 1000 err=None
B2 500 unique IPs, asked twice        rows=  500 wall=  53.09s cpu= 52.02s out= 1000 ok= 1000 err=None
    server: {'vt2': 1000, 'abuseipdb': 999} dup=1000 max_inflight=2 conns=4 errs={} leaked=[] rss=182MB
F 100 unique, ONE of them             rows=  100 wall=   5.54s cpu=  4.41s out=    0 ok=    0 err=httpx.Broken: gone.
    server: {'abuseipdb': 51, 'vt2': 51} dup=0 max_inflight=2 conns=4 errs={'reset': 1} leaked=[] rss=168MB
"""


def result(**change):
    call = {"error": None, "rows_out": 100, "ok": 198, **change.pop("call", {})}
    return {"scenario": "F", "calls": [call], "server": {"total": 206, "non_global": [], **change.pop("server", {})}}


def test_recorded_figures_are_read_with_all_calls_and_requests_of_a_scenario():
    found = program("scenarios").recorded(RECORDED)
    assert found["B"] == (pytest.approx(107.09), 1999, 1000, "")
    assert found["F"] == (5.54, 102, 0, "httpx.Broken")


def test_a_scenario_without_a_fault_has_none():
    assert list(program("scenarios").faults(result())) == []


@pytest.mark.parametrize(
    "change, words",
    [
        ({"call": {"error": "builtins.TypeError: None"}}, "it ended with builtins.TypeError"),
        ({"call": {"rows_out": 99}}, "99 rows of 100"),
        ({"call": {"ok": 200}}, "200 answers instead of 198"),
        ({"server": {"total": 207}}, "207 requests, not 200 to 206"),
        ({"server": {"non_global": ["10.0.0.1"]}}, "1 private addresses were sent"),
    ],
)
def test_whatever_is_not_as_it_must_be_is_a_fault(change, words):
    (fault,) = program("scenarios").faults(result(**change))
    assert words in fault


def test_without_the_comparison_beside_the_checkout_it_says_so(tmp_path: Path):
    command = [sys.executable, str(BENCHMARKS / "scenarios.py"), "--check", "--beside", str(tmp_path / "none")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("not run: ")


# --- goals of the providers -----------------------------------------------------------------------


def test_a_figure_that_misses_its_goal_is_marked_and_counted(capsys):
    providers = program("providers")
    good, bad = providers.Figure("quick", True), providers.Figure("slow", False)
    providers.MEASURES["own"] = lambda url: iter((good, bad))
    assert providers.report(["own"], 2) == 1
    assert capsys.readouterr().out == "quick\nslow: MISSED\n" * 2


@pytest.mark.parametrize(
    "exact, met, missed",
    [
        (False, [True, False], 0),  # a time: the machine was busy in the second round
        (False, [False, False], 1),
        (True, [True, False], 1),  # a count: one request too many is one too many
        (True, [True, True], 0),
    ],
)
def test_a_time_may_miss_in_one_round_and_a_count_in_none(exact: bool, met: list, missed: int):
    providers = program("providers")
    assert providers.missed([[providers.Figure("figure", each, exact)] for each in met]) == missed
