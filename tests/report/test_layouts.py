"""What is drawn is what the numbers say: lengths, places, patterns and counts."""

from __future__ import annotations

import itertools
import re
from typing import List

import pytest
from cases import build_case, crowded_case, first_reference_address, golden_case, seen
from dossiers import behaviour, dossier, provider, silent, virustotal, warning_list

from ipthreat.case import Case
from ipthreat.dossier import Status
from ipthreat.priority import Priority
from ipthreat.report import chartstyle, grids, layouts, series
from ipthreat.report.drawing import Box, Drawing, Fill, Mark, Rule, Text

GOLDEN = golden_case()


def boxes(drawing: Drawing, fill: Fill) -> List[Box]:
    return [shape for shape in drawing.shapes if isinstance(shape, Box) and shape.fill == fill]


def words(drawing: Drawing) -> List[str]:
    return [shape.words for shape in drawing.shapes if isinstance(shape, Text)]


def drawn(layout, case: Case = GOLDEN) -> Drawing:
    made = layout(case)
    assert made is not None
    return made


def test_the_parts_of_a_bar_are_as_long_as_their_counts() -> None:
    drawing = drawn(layouts.engine_stats, build_case(first_reference_address()))
    lengths = {
        stat: max(box.width for box in boxes(drawing, fill)) for stat, fill in chartstyle.STATS_FILLS.items()
    }  # fmt: skip
    assert lengths["harmless"] / lengths["undetected"] == pytest.approx(58 / 26)
    assert len(boxes(drawing, chartstyle.STATS_FILLS["timeout"])) == 2  # the legend alone: the count is 0


def test_every_count_stands_in_figures_beside_its_bar() -> None:
    drawing = drawn(layouts.engine_stats)
    figures = [shape for shape in drawing.shapes if isinstance(shape, Text) and shape.words.isdigit()]
    rows = [list(row) for _, row in itertools.groupby(figures, key=lambda shape: shape.y)]
    assert [[shape.words for shape in row] for row in rows] == [
        ["7", "4", "26", "58", "0"],
        ["7", "3", "30", "55", "0"],
    ]


def test_no_engine_at_all_is_a_bar_of_nothing() -> None:
    case = build_case(dossier(virustotal(0, 0)))
    assert drawn(layouts.engine_stats, case).height > 0


def test_a_stroke_is_as_high_as_its_share_of_the_peak() -> None:
    drawing = drawn(layouts.timeline, build_case(first_reference_address()))
    strokes = [shape for shape in drawing.shapes if isinstance(shape, Rule) and shape.colour == chartstyle.COUNT.colour]
    heights = [stroke.y - stroke.to_y for stroke in strokes]
    assert len(strokes) == 4
    assert [height / max(heights) for height in heights] == pytest.approx([3 / 23, 20 / 23, 11 / 23, 1.0])


def test_strokes_stand_where_their_time_is() -> None:
    drawing = drawn(layouts.timeline, build_case(first_reference_address()))
    places = [shape.x for shape in drawing.shapes if isinstance(shape, Rule) and shape.points == 3.0]
    assert (places[1] - places[0]) * 2 == pytest.approx(places[3] - places[2])  # one hour, two hours


def test_the_timeline_says_that_rows_have_scales_of_their_own() -> None:
    assert any("each row has a scale of its own" in text for text in words(drawn(layouts.timeline)))


@pytest.mark.parametrize("case", [GOLDEN, crowded_case(9)])
def test_the_bars_of_a_waterfall_follow_on_from_each_other(case: Case) -> None:
    for item in case.assessments:
        drawing = layouts.waterfall(item)
        assert drawing is not None
        bars = series.waterfall(item)
        shapes = [shape for shape in drawing.shapes if isinstance(shape, Box)]
        assert len(shapes) == len(bars)
        inch = shapes[0].width / abs(bars[0].nats)
        assert [shape.width for shape in shapes] == pytest.approx([abs(bar.nats) * inch for bar in bars])


def test_what_lowers_is_patterned_and_points_left() -> None:
    item = build_case(dossier(virustotal(9, 3), warning_list("cdn"))).assessments[0]
    drawing = layouts.waterfall(item)
    assert drawing is not None
    assert len(boxes(drawing, chartstyle.LOWERS)) == 1
    assert chartstyle.LOWERS.pattern
    assert "-3.00" in words(drawing)


def test_probabilities_stand_apart_however_long_the_scale() -> None:
    many = [provider("greynoise", "malicious"), provider("crowdsec", "malicious"), provider("shodan", "c2")]
    item = build_case(dossier(virustotal(60, 9), *many, did=[behaviour("exploit_attempt")])).assessments[0]
    drawing = layouts.waterfall(item)
    assert drawing is not None
    marks = sorted(
        shape.x for shape in drawing.shapes if isinstance(shape, Text) and re.fullmatch(r"[\d.]+ %", shape.words)
    )
    assert len(marks) >= 3
    assert all(later - earlier >= 0.5 for earlier, later in zip(marks, marks[1:]))


def test_what_held_the_probability_down_stands_below_the_waterfall() -> None:
    hostile = [
        virustotal(60, 0),
        provider("abuseipdb", score=100, distinct_reporters=9),
        provider("greynoise", "malicious"),
    ]
    drawing = layouts.waterfall(build_case(dossier(*hostile, warning_list("cdn", "Fastly"))).assessments[0])
    assert drawing is not None
    assert "held at 0.54: Fastly vouches" in " ".join(words(drawing))


def test_a_mark_stands_in_the_square_of_its_confidence_and_severity() -> None:
    drawing = drawn(layouts.board)
    marks = [shape for shape in drawing.shapes if isinstance(shape, Mark)]
    high = next(mark for mark in marks if mark.shape == chartstyle.LEVELS[Priority.HIGH].symbol)
    axis = {shape.words: shape.x for shape in drawing.shapes if isinstance(shape, Text) and shape.words in ("8", "10")}
    assert high.x == pytest.approx(axis["10"])
    rows = {shape.words: shape.y for shape in drawing.shapes if isinstance(shape, Text) and shape.align == "right"}
    assert abs(high.y - rows["Low"]) < 0.3


def test_a_square_names_the_places_it_holds_or_counts_its_addresses() -> None:
    told = words(drawn(layouts.board, crowded_case(30)))
    assert {"1–2", "3–4", "5", "6", "×7"} <= set(told)


def test_both_rankings_share_one_scale() -> None:
    drawing = drawn(layouts.origins, crowded_case(30))
    lengths = {shape.words: 0.0 for shape in drawing.shapes if isinstance(shape, Text) and shape.words.isdigit()}
    for box in boxes(drawing, chartstyle.COUNT):
        beside = next(
            shape for shape in drawing.shapes
            if isinstance(shape, Text) and shape.x == pytest.approx(box.x + box.width + 0.07) and shape.words.isdigit()
            and abs(shape.y - box.y) < 0.3
        )  # fmt: skip
        lengths[beside.words] = box.width / int(beside.words)
    assert max(lengths.values()) == pytest.approx(min(lengths.values()))


def test_each_opinion_has_its_letter_and_the_unnamed_are_counted() -> None:
    drawing = drawn(grids.engines)
    assert words(drawing).count("M") == 10
    assert words(drawing).count("S") == 3
    assert sorted(text for text in words(drawing) if text.isdigit()) == ["1", "1", "3", "3"]


def test_statuses_are_told_in_words_where_there_is_room() -> None:
    assert words(drawn(grids.coverage)).count("unavailable") == 2
    assert "unavailable" not in words(drawn(grids.coverage, crowded_case(12)))


@pytest.mark.parametrize(
    "status, fill",
    [
        (Status.OK, chartstyle.ANSWERED),
        (Status.NOT_FOUND, chartstyle.NOTHING_KNOWN),
        (Status.TIMEOUT, chartstyle.NO_ANSWER),
        (Status.STALE, chartstyle.NO_ANSWER),
        (Status.UNAVAILABLE, chartstyle.CANNOT_ASK),
        (Status.DISABLED, chartstyle.CANNOT_ASK),
    ],
)
def test_every_status_has_its_pattern(status: Status, fill: Fill) -> None:
    drawing = drawn(grids.coverage, build_case(dossier(silent("otx", status))))
    legend = {chartstyle.ANSWERED: 2}  # the snapshot answered too
    assert len(boxes(drawing, fill)) == 2 + legend.get(fill, 1) - 1


def test_long_columns_turn_the_addresses_upright() -> None:
    turned = [
        shape for shape in drawn(grids.engines, crowded_case(12)).shapes if isinstance(shape, Text) and shape.turned
    ]
    assert len(turned) == 12
    assert not [shape for shape in drawn(grids.engines).shapes if isinstance(shape, Text) and shape.turned]


def test_what_is_not_drawn_is_counted_under_the_chart() -> None:
    case = crowded_case(30)
    for layout in (layouts.engine_stats, layouts.timeline, grids.coverage):
        assert any(re.match(r"and \d+ more addresses", text) for text in words(drawn(layout, case)))
    assert "and 18 more" in words(drawn(layouts.board, case))


# Simulation of colour vision without one of the three cones (Viénot, Brettel and Mollon 1999), in linear RGB.
_WITHOUT = {
    "long": ((0.11238, 0.88762, 0.0), (0.11238, 0.88762, 0.0), (0.00401, -0.00401, 1.0)),
    "middle": ((0.29275, 0.70725, 0.0), (0.29275, 0.70725, 0.0), (-0.02234, 0.02234, 1.0)),
}


def linear(colour: str) -> List[float]:
    return [(int(colour[place : place + 2], 16) / 255) ** 2.2 for place in (1, 3, 5)]


@pytest.mark.parametrize("cone", _WITHOUT)
def test_colours_that_mean_different_things_differ_without_a_cone_or_have_a_pattern(cone: str) -> None:
    def seen_as(fill: Fill) -> List[float]:
        return [max(0.0, sum(a * b for a, b in zip(row, linear(fill.colour)))) for row in _WITHOUT[cone]]

    groups = (
        list(chartstyle.STATS_FILLS.values()),
        [chartstyle.ANSWERED, chartstyle.NOTHING_KNOWN, chartstyle.NO_ANSWER, chartstyle.CANNOT_ASK],
        [chartstyle.RAISES, chartstyle.LOWERS, chartstyle.TOTAL],
    )
    for group in groups:
        for one, other in itertools.combinations(group, 2):
            apart = max(abs(a - b) for a, b in zip(seen_as(one), seen_as(other)))
            assert apart > 0.08 or one.pattern != other.pattern


def test_priorities_differ_by_symbol_or_by_more_than_hue() -> None:
    levels = list(chartstyle.LEVELS.values())
    for one, other in itertools.combinations(levels, 2):
        assert one.symbol != other.symbol or abs(linear(one.fill.colour)[0] - linear(other.fill.colour)[0]) > 0.2


def test_a_single_moment_is_drawn_too() -> None:
    case = build_case(dossier(virustotal(9, 3), sighting=seen((2, 5))))
    assert drawn(layouts.timeline, case).height > 0
