"""Cisco Talos is never asked: it is a link, an honest `unavailable`, or what an analyst supplied."""

from __future__ import annotations

import os
from datetime import datetime, timezone

import pytest

from ipthreat.dossier import Status, Verdict
from ipthreat.errors import EvidenceError
from ipthreat.policy import ENGINE_SOURCES, policy_named
from ipthreat.providers.talos import LIST_LIMIT, Talos, read_block_list

TALOS = Talos()


def test_without_an_answer_it_is_unavailable_with_the_reason_and_a_link():
    evidence = TALOS.unavailable()
    assert evidence.status is Status.UNAVAILABLE
    assert "no public API" in evidence.reason
    assert TALOS.link("198.51.100.7").endswith("search=198.51.100.7")


@pytest.mark.parametrize(
    "word, label, verdict",
    [
        ("Untrusted", "untrusted", Verdict.MALICIOUS),
        ("QUESTIONABLE", "questionable", Verdict.SUSPICIOUS),
        ("Neutral", "neutral", Verdict.UNKNOWN),
        ("Favorable", "favourable", Verdict.UNKNOWN),
        ("favourable", "favourable", Verdict.UNKNOWN),
        ("trusted", "trusted", Verdict.BENIGN),
    ],
)
def test_a_supplied_reputation_is_kept_in_its_own_words(word, label, verdict):
    evidence = TALOS.parse("198.51.100.7", {"reputation": word, "owner": "Example"}, None)
    assert (evidence.status, evidence.labels, evidence.verdict) == (Status.OK, (label,), verdict)
    assert evidence.organisation == "Example"


@pytest.mark.parametrize("body", [None, {}, "<html>", {"reputation": "evil"}, {"reputation": 5, "owner": ["x"]}])
def test_what_is_no_answer_of_talos_is_an_error(body):
    assert TALOS.parse("198.51.100.7", body, None).status is Status.ERROR


def test_the_json_of_the_reputation_page_is_read_too():
    body = {"reputation": {"reputation": {"threat_level_mnemonic": "questionable", "spam_level": "None"}}}
    assert TALOS.parse("198.51.100.7", body, None).labels == ("questionable",)
    assert TALOS.parse("198.51.100.7", body["reputation"], None).labels == ("questionable",)


@pytest.mark.parametrize("word", ["unknown", {"reputation": {"threat_level_mnemonic": 5}}, {"x": {}}, [["untrusted"]]])
def test_a_reputation_that_is_none_is_an_error(word):
    assert TALOS.parse("198.51.100.7", {"reputation": word}, None).status is Status.ERROR


# --- the block list that a user downloaded --------------------------------------------------------------------------


def written(tmp_path, text):
    path = tmp_path / "ip_filter.blf"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_address_on_the_list_is_a_suspicion_as_old_as_the_file(tmp_path):
    path = written(tmp_path, "198.51.100.7\n203.0.113.9\r\n\n")
    os.utime(path, (1767225600, 1767225600))
    (evidence,) = read_block_list(path).evidence("198.51.100.7")
    assert (evidence.status, evidence.verdict, evidence.labels) == (Status.OK, Verdict.SUSPICIOUS, ("listed",))
    assert evidence.dated == datetime(2026, 1, 1, tzinfo=timezone.utc)
    assert 0 < policy_named("standard").weight("talos.listed") < policy_named("standard").weight("talos.untrusted")


def test_an_address_that_is_not_on_the_sample_stays_unavailable(tmp_path):
    (evidence,) = read_block_list(written(tmp_path, "203.0.113.9\n")).evidence("198.51.100.7")
    assert evidence == TALOS.unavailable()


@pytest.mark.parametrize(
    "text, words",
    [
        ("<!DOCTYPE html>\n<html>203.0.113.9</html>", "is a page of HTML"),
        ("\n\n  <html><body>Accept our terms", "is a page of HTML"),
        ("203.0.113.9\n<script>", "is a file"),
        ("# comment\n203.0.113.9\n", "is a file"),
        ("", "is a file"),
        ("\n\n", "is a file"),
        ("{}", "is a file"),
    ],
)
def test_what_is_not_the_list_is_refused_in_one_sentence(tmp_path, text, words):
    with pytest.raises(EvidenceError, match=f"ip_filter.blf: {words}, not the Talos block list"):
        read_block_list(written(tmp_path, text))


def test_a_list_that_cannot_be_read_is_refused_in_one_sentence(tmp_path):
    with pytest.raises(EvidenceError, match="cannot be read"):
        read_block_list(tmp_path / "none.blf")


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    path = tmp_path / "ip_filter.blf"
    with path.open("wb") as file:
        file.truncate(LIST_LIMIT + 1)
    with pytest.raises(EvidenceError, match="is a file, not the Talos block list"):
        read_block_list(path)


def test_virustotals_engine_of_that_name_does_not_count_beside_it():
    assert ENGINE_SOURCES["Snort IP sample list"] == "talos"
