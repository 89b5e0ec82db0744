"""Calibration: checked by hand on ten rows, honest about few labels, and never applied by itself."""

from __future__ import annotations

import json
import math

import pytest
from dossiers import NOW, block_list, dossier, provider, virustotal, warning_list
from hypothesis import given
from hypothesis import strategies as st

from ipthreat.assessment import assess
from ipthreat.calibration import FEWEST, LABELS, brier, calibrate, read_labels, reliability, wilson
from ipthreat.cli import main
from ipthreat.errors import InputError
from ipthreat.policy import POLICIES

STANDARD = POLICIES["standard"]
TEN = [(0.9, 1), (0.8, 1), (0.8, 0), (0.6, 1), (0.5, 0), (0.4, 1), (0.3, 0), (0.2, 0), (0.1, 0), (0.0, 0)]
"""(probability, hostile). (p − outcome)²: .01 .04 .64 .16 .25 .36 .09 .04 .01 .00, which sum to 1.60."""


def judged(number, *evidence):
    return assess(dossier(*evidence, address=f"81.2.{number // 250}.{number % 250}"), STANDARD, NOW)


def labelled(hostile, benign, evidence):
    """So many hostile and benign addresses, each with this evidence where its number is even."""
    items = [judged(number, *(evidence if number % 2 == 0 else ())) for number in range(hostile + benign)]
    return items, {item.address: number < hostile for number, item in enumerate(items)}


def test_the_brier_score_of_ten_rows_is_what_a_person_computes():
    chances, outcomes = [chance for chance, _ in TEN], [bool(hostile) for _, hostile in TEN]
    assert brier(chances, outcomes) == pytest.approx(0.160)
    assert brier([0.4] * 10, outcomes) == pytest.approx(0.24)  # the base rate: 4 · 0.36 + 6 · 0.16, over 10


def test_bins_hold_every_row_once_and_say_what_was_so():
    chances, outcomes = [chance for chance, _ in TEN], [bool(hostile) for _, hostile in TEN]
    bins = reliability(chances, outcomes)
    assert sum(item.members for item in bins) == 10
    (eight,) = [item for item in bins if item.low == 0.8]
    assert (eight.members, eight.hostile, eight.share, eight.mean) == (2, 1, 0.5, 0.8)
    assert reliability([1.0], [True])[0].low == 0.9, "certainty lies in the last bin"


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1))
def test_bins_are_complete_in_order_and_hold_their_own_means(rows):
    bins = reliability([chance for chance, _ in rows], [hostile for _, hostile in rows])
    assert sum(item.members for item in bins) == len(rows)
    assert [item.low for item in bins] == sorted({item.low for item in bins})
    for item in bins:
        assert item.low - 1e-9 <= item.mean <= item.high + 1e-9
        assert item.least <= item.share <= item.most


def test_wilsons_interval_is_the_published_one():
    assert wilson(5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)
    assert wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)


def test_a_likelihood_ratio_is_smoothed_and_has_an_interval():
    items = [judged(number, provider("greynoise", "malicious")) for number in range(3)]
    items += [judged(number) for number in range(3, 10)]
    labels = {item.address: number < 4 for number, item in enumerate(items)}
    (ratio,) = [ratio for ratio in calibrate(items, labels).ratios if ratio.signal == "greynoise.malicious"]
    assert (ratio.hostile, ratio.benign, ratio.weight) == (3, 0, 2.0)
    assert ratio.nats == pytest.approx(math.log(4 / 6) - math.log(1 / 8))
    spread = math.sqrt(1 / 4 - 1 / 6 + 1 / 1 - 1 / 8)
    assert ratio.high - ratio.nats == pytest.approx(1.959964 * spread)
    assert not ratio.disagrees


def test_a_weight_that_the_labels_contradict_is_proposed_and_nothing_else():
    items, labels = labelled(100, 100, (block_list("ours", "block"),))
    found = calibrate(items, labels)
    assert found.proposal()["weights"] == {"block_list.block": 0.0}
    assert found.policy.weights["block_list.block"] == 0.7, "the policy itself stays as it is"
    few_items, few = labelled(4, 4, (warning_list("cdn"),))
    assert calibrate(few_items, few).proposal()["weights"] == {}
    assert FEWEST == 10


def test_a_weight_that_a_count_scales_is_not_compared():
    items, labels = labelled(50, 50, (virustotal(7, 4),))
    (ratio,) = [ratio for ratio in calibrate(items, labels).ratios if ratio.signal == "virustotal.engines"]
    assert ratio.weight is None
    assert not ratio.disagrees


def test_what_was_not_judged_is_counted():
    items, labels = labelled(3, 3, ())
    found = calibrate(items, {**labels, "10.0.0.1": True})
    assert (found.count, found.hostile, found.left_out) == (6, 3, 1)
    assert found.skill <= 0, "without evidence nothing is better than the base rate"


def test_labels_of_one_kind_tell_nothing():
    items, labels = labelled(3, 0, ())
    with pytest.raises(InputError, match="of both labels"):
        calibrate(items, labels)
    with pytest.raises(InputError, match="of both labels"):
        calibrate([], {})


def test_labels_are_read_by_their_columns_and_the_last_one_counts():
    text = "IP,Outcome\n18.237.3[.]202,TP\n8.8.8.8,benign\n18.237.3.202,fp\n"
    assert read_labels(text, "x") == {"18.237.3.202": False, "8.8.8.8": False}
    assert {"hostile", "benign"} <= LABELS.keys()


@pytest.mark.parametrize(
    "text, words",
    [
        ("", "needs a column address"),
        ("a,b\n1,2\n", "needs a column address"),
        ("address,label\n", "holds no labelled address"),
        ("address,label\nrubbish,hostile\n", "line 2: 'rubbish' is no address"),
        ("address,label\n8.8.8.8,perhaps\n", "line 2: 'perhaps' is no label"),
        ("address,label\n8.8.8.8\n", "line 2: '' is no label"),
    ],
)
def test_labels_that_cannot_be_read_are_named(text, words):
    with pytest.raises(InputError, match=words):
        read_labels(text, "labels.csv")


@pytest.fixture
def labels_file(tmp_path):
    """Two addresses of the demo's evidence and eight that nobody knows."""
    rows = ["18.237.3.202,hostile", "14.103.172.199,hostile", *(f"20.0.{number}.1,benign" for number in range(8))]
    path = tmp_path / "labels.csv"
    path.write_text("address,label\n" + "\n".join(rows) + "\n")
    return path


def test_the_command_prints_scores_bins_and_ratios(labels_file, tmp_path, capsys):
    from ipthreat import demo

    proposal = tmp_path / "policy.json"
    arguments = ["calibrate", str(labels_file), "--evidence", str(demo.EVIDENCE), "--as-of", "2023-10-26"]
    assert main([*arguments, "--propose", str(proposal)], {"IPTHREAT_HOME": str(tmp_path)}) == 0
    out, err = capsys.readouterr()
    assert out.startswith("10 labelled addresses judged, 2 hostile; 0 left out\nBrier score 0.0")
    assert "virustotal.engines" in out
    assert "nothing applies it by itself" in err
    assert json.loads(proposal.read_text())["format"] == "ipthreat-policy/1"
    assert main([*arguments, "--json"], {"IPTHREAT_HOME": str(tmp_path)}) == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["addresses"], data["hostile"]) == (10, 2)
    assert sum(item["members"] for item in data["bins"]) == 10


def test_the_command_draws_the_diagram(labels_file, tmp_path, capsys):
    pytest.importorskip("matplotlib")
    from ipthreat import demo

    chart = tmp_path / "chart.png"
    arguments = ["calibrate", str(labels_file), "--evidence", str(demo.EVIDENCE), "--chart", str(chart)]
    assert main(arguments, {"IPTHREAT_HOME": str(tmp_path)}) == 0
    assert chart.read_bytes().startswith(b"\x89PNG")
    capsys.readouterr()


@pytest.mark.parametrize("where", ["labels", "propose"])
def test_a_file_that_cannot_be_used_is_one_line(where, labels_file, tmp_path, capsys):
    arguments = ["calibrate", str(tmp_path if where == "labels" else labels_file)]
    arguments += ["--propose", str(tmp_path / "absent" / "x.json")] if where == "propose" else []
    assert main(arguments, {"IPTHREAT_HOME": str(tmp_path)}) == 3
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize("text", ["address,la\rbel\n192.0.2.1,hostile", "address,label\n192.0.2.1,hos\rtile"])
def test_a_line_end_that_csv_does_not_know_is_refused_in_one_sentence_wherever_it_is(text):
    with pytest.raises(InputError, match="is no CSV"):
        read_labels(text, "labels.csv")
