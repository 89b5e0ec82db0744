"""The page of results writes itself, the gate notices a broken bound, the sizing adds up."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import gate
import results
import scale

ROOT = Path(__file__).parents[1]


@pytest.fixture
def two(monkeypatch, tmp_path):
    """Two small sections; their programs lie where benchmarks do."""
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks/good.py").write_text("print('| a |\\n|---|\\n| 1 |')")
    (tmp_path / "benchmarks/bad.py").write_text("print('half'); raise SystemExit(3)")
    monkeypatch.setattr(results, "ROOT", tmp_path)
    sections = {"good": results.Section("Good", ("good.py",)), "bad": results.Section("Bad", ("bad.py",))}
    monkeypatch.setattr(results, "SECTIONS", sections)
    return tmp_path / "results.md"


def test_a_section_holds_what_its_program_prints_with_machine_and_moment(two):
    assert results.measure(["good"], two) == []
    text = two.read_text()
    assert "| a |\n|---|\n| 1 |" in text
    assert re.search(r"`python benchmarks/good.py`, \d+ s, \d{4}-\d\d-\d\d \d\d:\d\d UTC, Python ", text)
    assert "Not measured yet: Bad." in text


def test_a_program_that_fails_says_so_on_the_page_and_plain_lines_are_shown_as_such(two):
    assert results.measure(["bad"], two) == ["bad"]
    assert "**Failed** with exit code 3." in two.read_text()
    assert "```text\nhalf\n```" in two.read_text()


def test_what_was_not_run_this_time_stays_as_it_was(two):
    results.measure(["good", "bad"], two)
    before = results.earlier(two)
    results.measure(["bad"], two)
    assert results.earlier(two)["good"] == before["good"]
    assert list(results.earlier(two)) == ["good", "bad"]


def test_every_section_names_a_program_there_is():
    for section in results.SECTIONS.values():
        assert (ROOT / "benchmarks" / section.words[0]).exists()


def test_the_committed_page_was_written_by_its_program():
    parts = results.earlier(results.PAGE)
    assert "".join(f"{part}\n\n" for part in results.written(parts)).strip() == results.PAGE.read_text().strip()
    assert {"judgement", "soak", "gate", "scale"} <= set(parts)
    assert "**Failed**" not in results.PAGE.read_text()


def test_a_ratio_below_its_bound_breaks_the_gate(monkeypatch):
    pairs = {
        "fast": gate.Gate("fast", lambda: (lambda: None, lambda: sum(range(200_000))), 1.0),
        "slow": gate.Gate("slow", lambda: (lambda: sum(range(200_000)), lambda: None), 1.0),
    }
    monkeypatch.setattr(gate, "GATES", pairs)
    assert gate.lines(["fast"])[1]
    rows, kept = gate.lines(["fast", "slow"])
    assert not kept
    assert [row.rstrip(" |").rpartition(" ")[2] for row in rows[2:]] == ["kept", "BROKEN"]


@pytest.mark.parametrize("name", sorted(gate.GATES))
def test_both_sides_of_a_gate_run(name, monkeypatch):
    monkeypatch.setattr(gate, "write_log", lambda path, lines, addresses: path.write_text("x\n"))
    monkeypatch.setattr(gate, "matched", lambda path, pattern: None)
    ours, theirs = gate.GATES[name].pair()
    assert ours is not theirs
    if name != "log":
        ours()
    theirs()


@given(st.integers(1, 10**6))
def test_the_places_of_addresses_are_all_there_and_none_twice(count):
    assert sum(width for _, width in scale._places(count)) == count


def test_a_day_of_one_address_is_asked_about_it_no_more_often_than_the_cache_forgets():
    found = scale.load(1e9, 1, kept_days=0.25)
    assert found.distinct == pytest.approx(1.0)
    assert found.asks == pytest.approx(4.0, rel=0.01)
    assert found.hits > 0.99


def test_a_longer_life_of_answers_means_fewer_questions():
    short, long = (scale.load(1e10, 20_000, kept_days=days).asks for days in (0.25, 2.0))
    assert long < short


def test_needs_grow_with_the_volume_and_name_what_breaks():
    cost = scale.Costs(1e-6, 1e-5)
    small, large = (
        scale.needs(scale.load(scale.VOLUMES[name], scale.ADDRESSES[name]), cost) for name in ("10 GB", "10 TB")
    )
    assert set(small) == set(large)
    assert all(large[name] > small[name] for name in small)


def test_the_page_has_a_row_for_each_volume_and_says_what_it_assumes():
    text = "\n".join(scale.page(scale.Costs(1e-6, 1e-5)))
    for name in scale.VOLUMES:
        assert f"\n| {name} | " in text
    assert "Assumed: 500 bytes an event" in text
    assert "The traffic is a model" in text


def test_costs_are_measured_and_positive():
    found = scale.costs(events=500, addresses=50)
    assert 0 < found.event < found.address
