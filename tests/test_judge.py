"""The main job from dossiers on: judged alike once, ordered by what presses, told of what was asked for."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from dossiers import NOW, behaviour, block_list, dossier, provider, sighting, silent, virustotal, warning_list
from hypothesis import given
from hypothesis import strategies as st

from ipthreat.assessment import assess
from ipthreat.case import Case, EventsRead, pressing
from ipthreat.dossier import Allowance, Dossier, Status
from ipthreat.errors import InputError
from ipthreat.gather import Gatherer, RecordedSource
from ipthreat.judge import Judge, judged
from ipthreat.policy import POLICIES

STANDARD = POLICIES["standard"]
POOL = (
    dossier(),
    dossier(virustotal(7, 4)),
    dossier(virustotal(7, 4), sighting=sighting()),
    dossier(virustotal(9, 4), provider("greynoise", "malicious"), sighting=sighting()),
    dossier(virustotal(9, 4), provider("greynoise", "malicious"), sighting=sighting(hours_old=24 * 40)),
    dossier(virustotal(7, 4), did=[behaviour("port_scan")]),
    dossier(warning_list("cdn")),
    dossier(silent("virustotal", Status.TIMEOUT)),
    dossier(silent("virustotal", Status.STALE)),
    dossier(replace(block_list("ipsum", "level_3"), status=Status.STALE)),
    dossier(replace(block_list("ipsum", "level_1"), status=Status.STALE)),
    dossier(virustotal(9, 0)),
    dossier(virustotal(9, 0), allowance=Allowance("198.51.100.0/24")),
    Dossier("10.0.0.1", scope="private-use"),
)


@given(st.lists(st.sampled_from(POOL), max_size=30))
def test_judging_many_gives_what_judging_each_gives(dossiers):
    assert judged(dossiers, STANDARD, NOW) == [assess(item, STANDARD, NOW) for item in dossiers]


@given(st.permutations(POOL))
def test_the_most_pressing_comes_first_whatever_the_order(dossiers):
    ordered = sorted(judged(dossiers, STANDARD, NOW), key=pressing)
    ranks = [(item.priority.rank, item.severity.rank, item.confidence or -1) for item in ordered]
    assert ranks == sorted(ranks, reverse=True)


def test_a_case_can_be_told_of_some_addresses_alone():
    case = Case("x", tuple(judged(POOL[:2], STANDARD, NOW)), NOW, STANDARD)
    assert len(case.only(["198.51.100[.]7"]).assessments) == 2
    with pytest.raises(InputError, match=r"192\.0\.2\.9 does not occur"):
        case.only(["192.0.2.9"])


def test_addresses_alone_are_judged_without_events():
    judge = Judge(Gatherer((RecordedSource(),)), STANDARD, NOW)
    case = judge.addresses(["8.8.8.8", "10.0.0.1", "rubbish"], "By hand", "ipthreat check")
    assert {item.address: item.status.value for item in case.assessments} == {
        "8.8.8.8": "not_asked",
        "10.0.0.1": "not_global",
        "rubbish": "invalid",
    }
    assert case.events is None


def test_the_report_id_is_the_same_in_every_process_and_changes_with_the_events_and_the_evidence():
    def identity(**changes):
        case = Case("x", tuple(judged(POOL, STANDARD, NOW)), NOW, STANDARD)
        return replace(case, **changes).report_id

    program = "from test_judge import *; print(Case('x', tuple(judged(POOL, STANDARD, NOW)), NOW, STANDARD).report_id)"
    here = Path(__file__).parent
    path = os.pathsep.join([str(here), str(here / "support"), str(here.parent / "lib")])
    seeds = [{"PYTHONHASHSEED": seed, "PYTHONPATH": path} for seed in ("1", "2")]
    run = [subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, check=True) for env in seeds]
    assert {item.stdout.decode().strip() for item in run} == {identity()}
    read = EventsRead("access.log", "access", 5, {})
    other = tuple(judged([*POOL[:-1], dossier(virustotal(7, 4), did=[behaviour("port_scan", 4)])], STANDARD, NOW))
    ids = [identity(), identity(events=read), identity(events=replace(read, read=6)), identity(assessments=other)]
    assert len(set(ids)) == 4
