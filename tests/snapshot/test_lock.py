"""One update at a time, and no lock outlives its process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ipthreat.errors import InputError
from ipthreat.snapshot.lock import exclusive

HOLDER = """
import sys, pathlib
from ipthreat.snapshot.lock import exclusive
with exclusive(pathlib.Path(sys.argv[1]), 5.0):
    print("held", flush=True)
    sys.stdin.read()
"""


def holder(path: Path) -> subprocess.Popen[str]:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], **pipes)
    assert process.stdout.readline() == "held\n"
    return process


def test_the_lock_makes_its_folder_and_can_be_taken_again(tmp_path: Path):
    path = tmp_path / "new" / "folder" / "update.lock"
    for _ in range(2):
        with exclusive(path, 0.0):
            assert path.exists()


def test_a_lock_that_another_process_holds_is_reported_in_one_sentence(tmp_path: Path):
    with holder(tmp_path / "update.lock") as process:
        refused = pytest.raises(InputError, match="another update is at work; try again when it has ended")
        with refused, exclusive(tmp_path / "update.lock", 0.05):
            pytest.fail("two hold the lock")
        process.stdin.close()


def test_a_lock_ends_with_a_process_that_is_killed(tmp_path: Path):
    with holder(tmp_path / "update.lock") as process:
        process.kill()
        process.wait()
        with exclusive(tmp_path / "update.lock", 5.0):
            assert process.returncode != 0


def test_waiting_ends_when_the_lock_is_free(tmp_path: Path):
    with holder(tmp_path / "update.lock") as process:
        process.stdin.close()
        with exclusive(tmp_path / "update.lock", 10.0):
            assert process.wait(timeout=10) == 0


def test_a_folder_that_cannot_be_made_is_reported(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"), exclusive(tmp_path / "file" / "update.lock", 0.0):
        pytest.fail("there is no such folder")


def test_a_lock_file_that_is_something_else_is_reported(tmp_path: Path):
    (tmp_path / "update.lock").write_bytes(b"something else altogether" * 100)
    with pytest.raises(InputError, match="cannot be locked"), exclusive(tmp_path / "update.lock", 0.0):
        pytest.fail("this is no lock")


def test_what_goes_wrong_inside_comes_out_and_frees_the_lock(tmp_path: Path):
    with pytest.raises(KeyError), exclusive(tmp_path / "update.lock", 0.0):
        raise KeyError("inside")
    with exclusive(tmp_path / "update.lock", 0.0):
        assert True
