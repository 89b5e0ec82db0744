"""The judgement bench: its measures are right, its peers' rules say what they publish, its goals hold."""

from __future__ import annotations

import random

import pytest
from dossiers import dossier, provider, virustotal
from hypothesis import given
from hypothesis import strategies as st

import judgement
import judgement_peers as peers
from ipthreat.dossier import Behaviour, BehaviourKind
from ipthreat.policy import WEIGHTS
from ipthreat.triage import IPSUM_SHARES
from judgement_measures import Rated, auc, precision
from judgement_population import KINDS, LEVELS, OPERATED, listing, population

CROWD = population(1, 1500)
RATED = st.builds(Rated, st.sampled_from([0.0, 0.2, 0.5, 0.9]), st.booleans(), st.booleans(), st.just("visitor"),
                  st.booleans())  # fmt: skip


def both_labels(rows):
    return len({row.hostile for row in rows}) == 2


@given(st.lists(RATED, min_size=2, max_size=20).filter(both_labels))
def test_the_area_under_the_curve_is_the_share_of_pairs_in_the_right_order(rows):
    pairs = [(up.score, down.score) for up in rows for down in rows if up.hostile and not down.hostile]
    won = sum(1.0 if up > down else 0.5 if up == down else 0.0 for up, down in pairs)
    assert auc(rows) == pytest.approx(won / len(pairs))


@given(st.lists(RATED, min_size=1, max_size=12), st.integers(1, 12), st.randoms())
def test_precision_at_the_top_does_not_depend_on_the_order_of_equals(rows, top, draw):
    shuffled = list(rows)
    draw.shuffle(shuffled)
    assert precision(rows, top) == pytest.approx(precision(shuffled, top))
    assert 0.0 <= precision(rows, top) <= 1.0


def test_precision_without_ties_counts_the_first():
    rows = [Rated(score / 10, False, score in (9, 7), "visitor", False) for score in range(10)]
    assert precision(rows, 2) == 0.5
    assert precision(rows, 3) == pytest.approx(2 / 3)


def test_the_expected_figures_of_the_levels_are_what_drawing_gives():
    rows, draw = judgement.levels(), random.Random(5)
    drawn = []
    for row in draw.choices(rows, [row.frequency for row in rows], k=40_000):
        drawn.append(Rated(row.said, False, draw.random() < row.share, "visitor", False))
    error = sum((row.score - row.hostile) ** 2 for row in drawn) / len(drawn)
    assert judgement.expected_brier(rows) == pytest.approx(error, abs=0.005)
    assert judgement.expected_auc(rows) == pytest.approx(auc(drawn), abs=0.01)


def test_a_higher_level_never_says_less():
    said = [row.said for row in judgement.levels()]
    assert said == sorted(said)
    assert sum(LEVELS.values()) == pytest.approx(1.0)
    assert set(LEVELS) == set(IPSUM_SHARES)


def test_a_population_is_the_same_for_the_same_seed():
    assert population(3, 50) == population(3, 50)
    assert population(3, 50) != population(4, 50)


def test_the_kinds_are_a_whole_and_as_hostile_as_the_prior():
    assert sum(kind.share for kind in KINDS) == pytest.approx(1.0)
    assert sum(kind.share for kind in KINDS if kind.hostile) == pytest.approx(judgement.STANDARD.prior)


def test_listed_addresses_are_as_hostile_as_published():
    listed = [(kind, kind.share * listing(kind)[0]) for kind in KINDS]
    hostile = sum(share for kind, share in listed if kind.hostile)
    published = sum(often * IPSUM_SHARES[level] for level, often in LEVELS.items())
    assert hostile / sum(share for _, share in listed) == pytest.approx(published)


@pytest.mark.parametrize(
    "malicious, suspicious, expected",
    [(0, 0, (0.0, False)), (0, 1, (0.5, False)), (1, 0, (1.0, True))],
)
def test_cortex_takes_one_engine_for_malicious(malicious, suspicious, expected):
    assert peers.any_engine(dossier(virustotal(malicious, suspicious))) == expected


@pytest.mark.parametrize(
    "malicious, suspicious, expected",
    [(4, 0, (0.0, False)), (4, 1, (0.5, False)), (9, 9, (0.5, False)), (10, 0, (1.0, True))],
)
def test_xsoar_wants_ten_or_five(malicious, suspicious, expected):
    assert peers.ten_and_five(dossier(virustotal(malicious, suspicious))) == expected


def test_opencti_divides_by_engines_that_have_no_opinion():
    counts = {"harmless": 58, "undetected": 26}
    assert peers.ratio(dossier(virustotal(7, 4, counts=counts))).score == 0.08


def test_cyberbro_is_red_by_reports_engines_or_votes():
    assert not peers.first_red(dossier(virustotal(10, 0, reputation=-10), provider("abuseipdb", score=50))).high
    assert peers.first_red(dossier(provider("abuseipdb", score=51))).high
    assert peers.first_red(dossier(virustotal(11, 0))).high
    assert peers.first_red(dossier(virustotal(0, 0, reputation=-11))).high


def test_intelowl_lets_one_trusted_source_outvote_several_others():
    against = [provider("abuseipdb", reports=900), provider("talos", "listed"), provider("crowdsec", "malicious")]
    assert peers.average(dossier(*against)).score == 0.5
    assert peers.average(dossier(*against, provider("greynoise", "benign"))).score == 0.0


@pytest.mark.parametrize("rule", judgement.RULES.values(), ids=judgement.RULES)
def test_every_rule_answers_for_an_address_that_nobody_knows(rule):
    score, high = rule(dossier())
    assert 0.0 <= score <= 1.0
    assert not high


def test_no_known_operator_is_raised_to_high_unless_it_was_hostile_here():
    rows = judgement.rated(judgement.judged, CROWD)
    assert [row for row in rows if row.kind in OPERATED and row.high and not row.seen] == []


def test_the_judgement_is_better_than_every_peer_on_the_same_evidence():
    ours = judgement.figures(judgement.rated(judgement.judged, CROWD))
    for peer in peers.PEERS:
        theirs = judgement.figures(judgement.rated(peer.rule, CROWD))
        assert (ours.brier, -ours.auc) < (theirs.brier, -theirs.auc), peer.name


def test_sensitivity_looks_at_every_weight_and_finds_those_that_are_used():
    rows = list(judgement.sensitivity(CROWD[:60]))
    assert [row.weight for row in rows] == list(WEIGHTS)
    assert any(row.less or row.more for row in rows)


def test_own_behaviour_is_told_apart_from_what_sources_say():
    now = {"last_seen": judgement.AS_OF}
    hostile = dossier(did=[Behaviour(BehaviourKind.EXPLOIT_ATTEMPT, 3, **now)], period_end=judgement.AS_OF)
    assert judgement.judged(hostile).score > judgement.judged(dossier()).score
    assert judgement.engines_alone(hostile) == judgement.engines_alone(dossier())


def test_the_report_says_what_is_simulated_and_what_is_elicited(tmp_path):
    pytest.importorskip("matplotlib")
    picture = tmp_path / "reliability.png"
    text = "\n".join(judgement.report(400, 1, 20, picture))
    assert "Fitted to data: nothing." in text
    assert "simulated" in text
    for title in ("List levels", "All rules", "Reliability", "Sensitivity"):
        assert f"### {title}" in text
    assert picture.read_bytes().startswith(b"\x89PNG")
