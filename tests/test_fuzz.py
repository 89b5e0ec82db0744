"""A short run of every fuzz target with fixed seeds, and the harness itself: it must find what is planted."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path

import pytest

import fuzzing
import targets
from ipthreat.errors import SnapshotError
from ipthreat.events import LogFormat
from ipthreat.providers import PROVIDERS
from ipthreat.snapshot import Snapshot
from ipthreat.snapshot.formats import FORMATS
from mutate import LONGEST, mutants

ROOT = Path(__file__).parents[1]
INPUTS = 150


@pytest.mark.parametrize("name", sorted(targets.TARGETS))
def test_no_promise_is_broken_by_what_a_short_run_makes_up(name):
    assert fuzzing.mutated(name, "test", seconds=60.0, most=INPUTS) == INPUTS


def test_every_provider_and_every_log_format_is_a_target():
    assert {f"provider_{name}" for name in PROVIDERS} <= set(targets.TARGETS)
    assert {f"log_{form.value}" for form in LogFormat} <= set(targets.TARGETS)
    assert FORMATS


@pytest.mark.parametrize("name", sorted(targets.TARGETS))
def test_every_target_begins_with_something_real(name):
    assert any(targets.corpus(name))


def test_mutations_are_the_same_for_the_same_seed_and_bounded():
    seeds = targets.corpus("log")
    first, again, other = (list(itertools.islice(mutants(seeds, seed), 200)) for seed in (1, 1, 2))
    assert first == again != other
    assert max(map(len, first)) <= LONGEST
    assert len(set(first)) > 150


def test_a_planted_fault_is_found_and_its_input_kept(monkeypatch, tmp_path):
    def _fragile(data: bytes) -> None:
        assert data.count(b'"') < 9

    monkeypatch.setitem(targets.TARGETS, "engine", _fragile)
    monkeypatch.setattr(fuzzing, "FINDINGS", tmp_path)
    with pytest.raises(AssertionError):
        fuzzing.mutated("engine", 1, seconds=60.0)
    (found,) = tmp_path.iterdir()
    assert found.read_bytes().count(b'"') >= 9


def test_a_patch_reaches_behind_the_checksum_unless_it_is_left_wrong(tmp_path):
    sound = targets.sound_snapshot()
    path = tmp_path / "a.snapshot"
    path.write_bytes(targets.patched(b"\0"))
    assert path.read_bytes() == sound
    last = targets.PATCH.pack(2 * len(sound) - 1, sound[-1] ^ 1)
    path.write_bytes(targets.patched(b"\0" + last))
    with Snapshot.open(path) as opened, pytest.raises(SnapshotError, match="has changed since it was built"):
        opened.verify()
    path.write_bytes(targets.patched(b"\2" + targets.PATCH.pack(48, sound[24] ^ 1)))
    with pytest.raises(SnapshotError, match="does not add up"):
        Snapshot.open(path)


def test_the_engine_target_takes_chunks_apart_in_different_ways():
    body = b"ip,x\n192.0.2.1,a\n"
    assert len({targets.answered(body, block) for block in targets.BLOCKS}) == 1
    targets.engine(body)


def test_an_unknown_target_is_refused_with_the_names_there_are():
    command = [sys.executable, str(ROOT / "fuzz" / "fuzzing.py"), "--only", "nothing"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "there is no target nothing; there are engine" in done.stderr


def test_a_kept_input_can_be_run_again(tmp_path):
    path = tmp_path / "finding"
    path.write_bytes(b"seen 192.0.2[.]1")
    command = [sys.executable, str(ROOT / "fuzz" / "fuzzing.py"), "--only", "refang", "--input", str(path)]
    assert subprocess.run(command, check=False).returncode == 0
