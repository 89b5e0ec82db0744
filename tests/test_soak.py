"""The soak itself: it keeps its promises in a short run, and would notice if the product did not."""

from __future__ import annotations

import random
import resource
from pathlib import Path

import pytest
from dossiers import NOW

import soak
import soak_live
from ipthreat.dossier import Dossier, Evidence, SourceKind, Status, Verdict
from ipthreat.testkit.vendors import rating

LINES = [b'0,"45.0.0.1","a"', b'1,"45.0.0.2","b"']
HEADER = b"number,src_ip,_raw,ti_verdict\n"


def reply(*lines: bytes) -> bytes:
    return HEADER + b"".join(line + b',"unknown"\n' for line in lines)


def test_a_reply_with_each_event_once_in_order_is_right():
    assert soak.wrong(LINES, reply(*LINES)) == 0


def test_a_cell_of_several_values_may_have_line_ends():
    several = LINES[0] + b',"cloud\nhosting","$cloud$;$hosting$"\n'
    assert soak.wrong(LINES, HEADER + several + LINES[1] + b",hosting,\n") == 0
    assert soak.records(HEADER + several)[1:] == [several[:-1]]


def test_a_cell_that_is_never_closed_takes_what_follows_with_it():
    assert soak.wrong(LINES, HEADER + LINES[0] + b',"cloud\n' + LINES[1] + b",hosting,\n") > 0


@pytest.mark.parametrize(
    "given",
    [
        reply(LINES[0]),
        reply(LINES[1], LINES[0]),
        reply(*LINES, LINES[1]),
        reply(LINES[0], LINES[1].replace(b'"b"', b"b")),
        HEADER + b"\n".join(LINES) + b"\n",
        b"",
    ],
    ids=["lost", "out of order", "twice", "changed", "not answered", "nothing"],
)
def test_events_lost_repeated_moved_or_changed_are_noticed(given):
    assert soak.wrong(LINES, given) > 0


def test_the_events_are_the_same_for_the_same_seed_and_all_there():
    first, again = (list(soak.bodies(12_000, random.Random(3))) for _ in range(2))
    assert first == again
    assert [len(lines) for lines in first] == [5000, 5000, 2000]
    assert [int(line.split(b",")[0]) for lines in first for line in lines] == list(range(12_000))


def entry(source: str, address: str, **changes: object) -> Evidence:
    told = rating(address)
    values = {"verdict": Verdict(str(told["verdict"])), "score": told["score"], **changes}
    return Evidence(source, SourceKind.PROVIDER, Status.OK, retrieved_at=NOW, **values)


def test_dossiers_that_keep_every_promise_are_right():
    address = "45.9.0.1"
    failed = Evidence("second", SourceKind.PROVIDER, Status.TIMEOUT, reason="no answer in time")
    assert soak_live.broken([address], [Dossier(address, evidence=(entry("first", address), failed))]) == 0


@pytest.mark.parametrize(
    "evidence",
    [
        (entry("first", "45.9.0.1"),),
        (entry("first", "45.9.0.1"), entry("first", "45.9.0.1")),
        (entry("first", "45.9.0.1"), entry("second", "45.9.0.1", score=17)),
        (entry("first", "45.9.0.1"), Evidence("second", SourceKind.PROVIDER, Status.ERROR, Verdict.MALICIOUS)),
        (entry("first", "45.9.0.1"), Evidence("second", SourceKind.PROVIDER, Status.ERROR)),
    ],
    ids=["missing", "twice", "of another address", "a verdict of a failure", "no reason"],
)  # fmt: skip
def test_a_broken_promise_about_an_answer_is_noticed(evidence):
    assert soak_live.broken(["45.9.0.1"], [Dossier("45.9.0.1", evidence=evidence)]) > 0


def test_a_dossier_that_is_lost_is_noticed():
    assert soak_live.broken(["45.9.0.1"], []) == 1


def test_a_full_disk_takes_no_more_and_is_empty_again_afterwards(tmp_path: Path):
    before, path = resource.getrlimit(resource.RLIMIT_FSIZE), tmp_path / "file"
    with soak_live.full_disk(), pytest.raises(OSError, match="too large"):
        path.write_bytes(bytes(soak_live.SPARE + 1))
    assert resource.getrlimit(resource.RLIMIT_FSIZE) == before
    path.write_bytes(bytes(soak_live.SPARE + 1))


def test_a_short_run_breaks_no_promise(tmp_path: Path):
    rows = [*soak.stream_rows(20_000, 4, tmp_path), *soak_live.live_rows(6, 2, tmp_path / "live")]
    assert [row for row in rows if row[2]] == []
    assert "20,000 of 20,000" in [row[1] for row in rows]


def test_a_process_killed_in_a_chunk_gives_no_half_answer_and_the_next_gives_the_whole(tmp_path: Path):
    ground = soak.Ground(tmp_path, random.Random(1))
    (lines,) = soak.bodies(5000, random.Random(1))
    body = f"{soak.COLUMNS}\n".encode() + b"\n".join(lines) + b"\n"
    process = soak.Process(ground.app)
    assert process.answer(body, kill_after=0.0) is None
    process.close()
    process = soak.Process(ground.app)
    assert soak.wrong(lines, process.answer(body) or b"") == 0
    process.close()


@pytest.mark.parametrize("fault", ["snapshot cut short", "snapshot damaged", "lists damaged", "lists taken away"])
def test_a_search_begun_on_damaged_files_answers_every_event(tmp_path: Path, fault: str):
    ground = soak.Ground(tmp_path, random.Random(2))
    ground.faults[fault]()
    process = soak.Process(ground.app)
    (lines,) = soak.bodies(300, random.Random(2))
    answered = process.answer(f"{soak.COLUMNS}\n".encode() + b"\n".join(lines) + b"\n")
    process.close()
    assert soak.wrong(lines, answered or b"") == 0
