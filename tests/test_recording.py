"""Recording and replay: what was answered once can be read again without a network, and holds no key."""

from __future__ import annotations

import json
import stat
from datetime import datetime, timezone
from pathlib import Path

import pytest
from runs import KEY, Ticks, answering, dossiers_of, live_over

from ipthreat.errors import EvidenceError, InputError
from ipthreat.exchange import MockTransport, Request, Response
from ipthreat.recorded import evidence_from, read_evidence
from ipthreat.recording import Recorder
from ipthreat.testkit.vendors import FakeVendor

NOON = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)
ADDRESSES = ("8.8.8.8", "1.1.1.1", "2606:4700::1111")


def recorded(tmp_path: Path, answer, vendor: FakeVendor = None, addresses=ADDRESSES):
    """The answers of a run, its recording, and what is read from that."""
    vendor, recorder = vendor or FakeVendor(), Recorder(Ticks().clock.now)
    live = live_over(tmp_path / "data", MockTransport(answer), vendors=[vendor], watchers=(recorder,))
    answers = live.answers(dossiers_of(*addresses))
    path = tmp_path / "recording.json"
    recorder.write(path)
    return answers, path, read_evidence(path, {vendor.name: vendor})


def test_a_replay_gives_the_evidence_of_the_run(tmp_path: Path):
    answers, _, replayed = recorded(tmp_path, answering())
    assert replayed == answers


def test_a_batch_is_replayed_like_one(tmp_path: Path):
    def _many(request: Request) -> Response:
        wanted = json.loads(request.body)["addresses"]
        return Response(200, {}, json.dumps({"answers": {name: {"verdict": "benign"} for name in wanted}}).encode())

    answers, _, replayed = recorded(tmp_path, _many, FakeVendor(batch=10))
    assert replayed == answers


@pytest.mark.parametrize("body", [b"", b"<html>captcha</html>", b'{"verdict": 5}', b"\xff\xfe", b"null"])
def test_nonsense_is_replayed_as_the_failure_it_was(tmp_path: Path, body: bytes):
    answers, _, replayed = recorded(tmp_path, lambda request: Response(200, {}, body), addresses=("8.8.8.8",))
    assert replayed == answers
    assert replayed["8.8.8.8"][0].status.value == "error"


@pytest.mark.parametrize("code", [401, 403, 404, 500])
def test_a_status_is_replayed_as_what_it_was(tmp_path: Path, code: int):
    answers, _, replayed = recorded(tmp_path, lambda request: Response(code), addresses=("8.8.8.8",))
    assert replayed["8.8.8.8"][0].status is answers["8.8.8.8"][0].status


def test_a_recording_holds_no_key_and_only_the_headers_it_needs(tmp_path: Path):
    def _echo(request: Request) -> Response:
        headers = {"Set-Cookie": "session", "X-Key": KEY, "Content-Type": "application/json"}
        return Response(200, headers, json.dumps({"verdict": "unknown", "you_sent": KEY}).encode())

    _, path, _ = recorded(tmp_path, _echo)
    assert KEY not in path.read_text()
    assert json.loads(path.read_text())["answers"][0]["headers"] == {"Content-Type": "application/json"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_recording_that_cannot_be_written_is_told_in_one_sentence(tmp_path: Path):
    with pytest.raises(InputError, match="the answers cannot be recorded"):
        Recorder(Ticks().clock.now).write(tmp_path / "no folder" / "recording.json")


@pytest.mark.parametrize(
    "change, words",
    [
        ({"provider": "nobody"}, "there is no provider 'nobody'"),
        ({"addresses": ["nonsense"]}, "has no valid address"),
        ({"retrieved": "yesterday"}, "is no ISO 8601 time"),
        ({"retrieved": None}, "is no ISO 8601 time"),
    ],
)
def test_a_broken_recording_is_refused_in_one_sentence(change: dict, words: str):
    answer = {"provider": "vendor", "addresses": ["8.8.8.8"], "retrieved": NOON.isoformat(), "http": 200, "body": {}}
    data = {"format": "ipthreat-evidence/1", "answers": [{**answer, **change}]}
    with pytest.raises(EvidenceError, match=words):
        evidence_from(data, "recording.json", {"vendor": FakeVendor()})


def test_an_answer_of_a_provider_that_cannot_be_asked_is_refused():
    answer = {"provider": "talos", "addresses": ["8.8.8.8"], "retrieved": NOON.isoformat(), "http": 200, "body": {}}
    with pytest.raises(EvidenceError, match="needs a provider that can be asked"):
        evidence_from({"format": "ipthreat-evidence/1", "answers": [answer]}, "recording.json")
