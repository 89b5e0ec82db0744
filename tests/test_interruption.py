"""A run that is killed or interrupted, as a process: nothing that was answered is asked twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import List

import pytest

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
    with FakeServer(vendor_routes(latency=0.02)) as server:
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
    with FakeServer(vendor_routes(latency=0.02)) as server:
        process = command(server, tmp_path, "--record", str(record))
        while len(server.asked) < 10 and process.poll() is None:
            time.sleep(0.005)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
        assert process.returncode == 130, told
        answered = {address for item in json.loads(record.read_text())["answers"] for address in item["addresses"]}
        assert 8 <= len(answered) <= len(server.asked)
