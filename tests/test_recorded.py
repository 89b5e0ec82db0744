"""Recorded answers are read as evidence; a broken file is one sentence."""

from __future__ import annotations

import json
from datetime import datetime, timezone

import pytest

from ipthreat.dossier import Status
from ipthreat.errors import EvidenceError
from ipthreat.recorded import FORMAT, SIZE_LIMIT, evidence_from, parse_time, read_evidence

VT_BODY = {
    "data": {"id": "198.51.100.7", "type": "ip_address", "attributes": {"last_analysis_stats": {"malicious": 2}}}
}


def answers(*items):
    return {"format": FORMAT, "answers": list(items)}


def test_an_answer_with_a_body_is_parsed_by_its_provider():
    given = answers({"provider": "virustotal", "address": "198.51.100[.]7", "retrieved": "2023-10-26", "body": VT_BODY})
    (item,) = evidence_from(given, "x")["198.51.100.7"]
    assert item.counts["malicious"] == 2
    assert item.retrieved_at == datetime(2023, 10, 26, tzinfo=timezone.utc)


def test_an_answer_without_a_body_tells_why():
    given = answers(
        {"provider": "greynoise", "address": "198.51.100.7", "status": "rate_limited", "reason": "until noon"}
    )
    (item,) = evidence_from(given, "x")["198.51.100.7"]
    assert (item.source, item.status, item.reason) == ("greynoise", Status.RATE_LIMITED, "until noon")


def test_one_virustotal_object_is_taken_as_it_is():
    assert evidence_from(VT_BODY, "x")["198.51.100.7"][0].source == "virustotal"


@pytest.mark.parametrize(
    "given, sentence",
    [
        ([], "is neither a file of format"),
        ({"format": "other/1", "answers": []}, "is neither a file of format"),
        (answers("text"), "answer 1: has no valid address"),
        (answers({"provider": "virustotal", "address": "example.org", "body": {}}), "answer 1: has no valid address"),
        (answers({"provider": "nobody", "address": "198.51.100.7", "body": {}}), "there is no provider 'nobody'"),
        (answers({"provider": "virustotal", "address": "198.51.100.7"}), "neither a body nor a status"),
        (answers({"provider": "virustotal", "address": "198.51.100.7", "status": "ok"}), "neither a body nor a status"),
        (
            answers({"provider": "virustotal", "address": "198.51.100.7", "retrieved": "noon", "body": {}}),
            "no ISO 8601",
        ),
    ],
)
def test_what_cannot_be_used_is_named(given, sentence):
    with pytest.raises(EvidenceError, match=sentence):
        evidence_from(given, "file.json")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000])
def test_a_file_that_is_no_json_is_one_sentence(tmp_path, content):
    path = tmp_path / "evidence.json"
    path.write_bytes(content)
    with pytest.raises(EvidenceError, match="is no JSON"):
        read_evidence(path)


def test_an_absent_file_is_one_sentence(tmp_path):
    with pytest.raises(EvidenceError, match="cannot be read"):
        read_evidence(tmp_path / "absent.json")


def test_a_huge_file_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "evidence.json"
    with path.open("wb") as file:
        file.truncate(SIZE_LIMIT + 1)
    with pytest.raises(EvidenceError, match="64 MiB"):
        read_evidence(path)


def test_a_file_is_read_by_address(tmp_path):
    path = tmp_path / "evidence.json"
    path.write_text(json.dumps(VT_BODY), encoding="utf-8")
    assert list(read_evidence(path)) == ["198.51.100.7"]


@pytest.mark.parametrize("text", ["2023-10-26T12:00:00Z", "2023-10-26T14:00:00+02:00", "2023-10-26T12:00"])
def test_times_become_utc(text):
    assert parse_time(text) == datetime(2023, 10, 26, 12, tzinfo=timezone.utc)


@pytest.mark.parametrize("text", ["20231026", "2023-10-26T12", "2023-W43-4", "2023-10-26T12:00:00+0200", "today", ""])
def test_a_text_that_only_some_pythons_take_for_a_time_is_none_under_any(text):
    with pytest.raises(ValueError, match="is no ISO 8601 time"):
        parse_time(text)


def test_a_fraction_of_a_second_may_have_any_number_of_digits():
    assert parse_time("2023-10-26T12:00:00.5Z").microsecond == 500_000
    assert parse_time("2023-10-26 12:00:00,123456789Z").microsecond == 123_456


def test_a_stale_answer_needs_its_body():
    with pytest.raises(EvidenceError, match="neither a body nor a status"):
        evidence_from(answers({"provider": "virustotal", "address": "198.51.100.7", "status": "stale"}), "x")
