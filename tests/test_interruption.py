"""A run that is killed or interrupted, as a process: nothing that was answered is asked twice."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Dict, List, Tuple

import pytest

from ipthreat.quota import Account, Ledger
from ipthreat.quota.account import account_name
from ipthreat.testkit.server import FakeServer
from ipthreat.testkit.vendors import vendor_routes

KEY = "canary-key-of-a-process"
ADDRESSES = [f"45.9.{number}.7" for number in range(60)]


def command(server: FakeServer, folder: Path, *more: str) -> subprocess.Popen:
    environment = {
        **os.environ,
        "IPTHREAT_HOME": str(folder),
        "IPTHREAT_VIRUSTOTAL_KEY": KEY,
        "IPTHREAT_VIRUSTOTAL_BASE_URL": server.url + "/api/v3",
    }
    (folder / "ipthreat.conf").touch(0o600)
    (folder / "ipthreat.conf").write_text("[virustotal]\nquota_minute = 6000\nconcurrency = 2\n")
    words = [sys.executable, "-m", "ipthreat", "check", *ADDRESSES, "--live", "--json", *more]
    return subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def asked(server: FakeServer) -> List[str]:
    return [item.path.rpartition("/")[2] for item in server.asked]


@pytest.mark.skipif(sys.platform == "win32", reason="needs the signals of POSIX")
@pytest.mark.parametrize("kind, twice", [(signal.SIGINT, 0), (signal.SIGKILL, 2)])
def test_what_was_answered_before_the_end_is_not_asked_again(tmp_path: Path, kind: signal.Signals, twice: int):
    with FakeServer(vendor_routes(latency=0.1)) as server:
        first = command(server, tmp_path)
        while len(server.asked) < 10 and first.poll() is None:
            time.sleep(0.005)
        first.send_signal(kind)
        _, told = first.communicate(timeout=60)
        before = len(server.asked)
        assert 10 <= before < len(ADDRESSES), told
        second = command(server, tmp_path)
        out, told = second.communicate(timeout=60)
        assert second.returncode == 0, told
        seen = asked(server)
    assert sorted(set(seen)) == sorted(ADDRESSES)
    assert len(seen) - len(ADDRESSES) <= twice  # a kill costs at most what was under way
    assert KEY not in out + told
    if kind == signal.SIGINT:
        assert first.returncode == 130


@pytest.mark.skipif(sys.platform == "win32", reason="needs the signals of POSIX")
def test_what_was_answered_before_an_interruption_is_recorded(tmp_path: Path):
    record = tmp_path / "recording.json"
    with FakeServer(vendor_routes(latency=0.1)) as server:
        process = command(server, tmp_path, "--record", str(record))
        while len(server.asked) < 10 and process.poll() is None:
            time.sleep(0.005)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
        assert process.returncode == 130, told
        answered = {address for item in json.loads(record.read_text())["answers"] for address in item["addresses"]}
        assert 8 <= len(answered) <= len(server.asked)


# --- the table of outcomes in docs/live.md, as processes ------------------------------------------

TABLE = (Path(__file__).parents[1] / "docs" / "live.md").read_text(encoding="utf-8").partition("## The store")[2]
LIMITED = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
from ipthreat.cli import main
sys.exit(main(sys.argv[2:]))
"""


def documented(outcome: str) -> bool:
    return f"| {outcome} |" in TABLE


def ended(process: subprocess.Popen) -> Tuple[List[Dict], str]:
    """What was judged, and what was told, by a run that did not fail."""
    out, told = process.communicate(timeout=60)
    assert process.returncode == 0, told
    assert KEY not in out + told
    assert "Traceback" not in told
    return json.loads(out)["assessments"], told


def statuses(assessments: List[Dict]) -> Dict[str, str]:
    return {
        item["ip"]: next(entry["status"] for entry in item["evidence"] if entry["source"] == "virustotal")
        for item in assessments
    }


def used_today(folder: Path) -> int:
    ledger = Ledger(folder / "quota.sqlite", tell=print)
    found = ledger.standing(Account(account_name("virustotal", KEY))).used["day"]
    ledger.close()
    return found


@pytest.mark.skipif(sys.platform == "win32", reason="needs the signals of POSIX")
def test_after_a_kill_every_request_that_went_out_is_counted(tmp_path: Path):
    assert documented("the process is killed")
    with FakeServer(vendor_routes(latency=0.1)) as server:
        first = command(server, tmp_path)
        while len(server.asked) < 10 and first.poll() is None:
            time.sleep(0.005)
        first.kill()
        first.communicate(timeout=60)
        seen = len(server.asked)
        assert seen <= used_today(tmp_path) <= seen + 2  # leave that was got and not used any more
        ended(command(server, tmp_path))
        assert len(server.asked) <= used_today(tmp_path) <= len(server.asked) + 2


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
@pytest.mark.parametrize("room", [0, 6_000, 60_000])
def test_on_a_full_disk_nothing_is_sent_that_could_not_be_recorded_and_the_run_ends_well(tmp_path: Path, room: int):
    assert documented("the disk is full")
    with FakeServer(vendor_routes()) as server:
        whole = command(server, tmp_path)
        ended(whole)
        before = len(server.asked)
        for path in (*tmp_path.glob("evidence*"), tmp_path / "egress.log"):
            path.unlink()
        environment = {
            **os.environ,
            "IPTHREAT_HOME": str(tmp_path),
            "IPTHREAT_VIRUSTOTAL_KEY": KEY,
            "IPTHREAT_VIRUSTOTAL_BASE_URL": server.url + "/api/v3",
        }
        words = [sys.executable, "-c", LIMITED, str(room), "check", *ADDRESSES, "--live", "--json"]
        full = subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assessments, told = ended(full)
        sent = asked(server)[before:]
        log = tmp_path / "egress.log"
        lines = log.read_text().splitlines(keepends=True) if log.exists() else []
        recorded = [json.loads(line)["addresses"] for line in lines if line.endswith("\n")]
        assert set(sent) <= {address for addresses in recorded for address in addresses}
        assert len(assessments) == len(ADDRESSES)
        assert told.count("answers are not kept in this run: ") <= 1
        assert ("answers are not kept" in told) or room == 60_000
        found = statuses(assessments)
        assert {address for address, status in found.items() if status == "ok"} == set(sent)
        assert set(statuses(ended(command(server, tmp_path))[0]).values()) == {"ok"}  # there is room again


@pytest.mark.parametrize("name", ["evidence", "quota"])
def test_a_damaged_file_is_set_aside_and_the_run_goes_on(tmp_path: Path, name: str):
    assert documented("the store is damaged, or has a cell ipthreat did not write")
    assert documented("the ledger is damaged")
    (tmp_path / f"{name}.sqlite").write_bytes(b"no database at all" * 500)
    with FakeServer(vendor_routes()) as server:
        assessments, told = ended(command(server, tmp_path))
        assert set(statuses(assessments).values()) == {"ok"}
        assert told.count("was damaged; it is kept as") == 1
        (aside,) = tmp_path.glob(f"{name}.damaged-*")
        assert aside.read_bytes().startswith(b"no database")
        ended(command(server, tmp_path))
        assert sorted(asked(server)) == sorted(ADDRESSES)


@pytest.mark.parametrize("name, words", [("evidence", "answers are not kept"), ("quota", "quotas are kept by this")])
def test_a_file_of_a_newer_version_stays_untouched_and_the_run_goes_on(tmp_path: Path, name: str, words: str):
    assert documented("the files are of a newer ipthreat")
    path = tmp_path / f"{name}.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA user_version = 99")
    before = path.read_bytes()
    with FakeServer(vendor_routes()) as server:
        assessments, told = ended(command(server, tmp_path))
    assert set(statuses(assessments).values()) == {"ok"}
    assert told.count(words) == 1
    assert path.read_bytes() == before


def test_in_a_folder_that_cannot_be_written_nothing_is_asked_and_every_source_says_so(tmp_path: Path):
    assert documented("the folder cannot be written")
    with FakeServer(vendor_routes()) as server:
        (tmp_path / "egress.log").mkdir()  # where the audit file should be: a right that is missing, even for root
        assessments, _ = ended(command(server, tmp_path))
    assert server.asked == ()
    assert set(statuses(assessments).values()) <= {"error", "not_asked"}
    assert all("what cannot be recorded is not sent" in json.dumps(item) for item in assessments)
