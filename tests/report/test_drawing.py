"""Shapes and labels: text always fits the room it is given, whatever it says."""

from __future__ import annotations

from typing import List

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipthreat.report import drawing
from ipthreat.report.drawing import SIZE, address_label, column, fitted, text_width, wrapped

TEXT = st.text(max_size=120) | st.sampled_from(["W" * 90, "漢字" * 40, "i" * 200, "a b " * 50, "\x1b[31m" * 9, ""])
INCHES = st.floats(0.3, 7.0)


@given(TEXT, INCHES)
def test_a_fitted_label_takes_no_more_than_its_room(text: str, inches: float) -> None:
    assert text_width(fitted(text, inches)) <= inches


@given(TEXT, INCHES, st.integers(1, 4))
def test_wrapped_lines_are_no_wider_and_no_more_than_allowed(text: str, inches: float, lines: int) -> None:
    found = wrapped(text, inches, lines)
    assert len(found) <= lines
    assert all(text_width(line) <= inches for line in found)


@given(st.lists(st.text("abc", min_size=1, max_size=8), max_size=12).map(" ".join))
def test_wrapping_loses_no_word_where_there_is_room(text: str) -> None:
    assert " ".join(wrapped(text, 2.0, 99)) == text


def test_wrapping_that_runs_out_of_lines_says_so() -> None:
    assert wrapped("one two three four five six", 0.6, 2)[-1].endswith("…")


@given(st.ip_addresses().map(str).filter(lambda text: not text.endswith(":")), INCHES)
def test_the_label_of_an_address_fits_and_tells_its_end(address: str, inches: float) -> None:
    shown = address_label(address, inches)
    assert text_width(shown) <= inches or len(shown) <= 6
    assert shown[-1] == address[-1]


def test_an_address_with_room_enough_is_shown_whole() -> None:
    assert address_label("203.0.113.255", 2.0) == "203.0.113[.]255"


@given(st.lists(TEXT, max_size=5), st.floats(0.5, 3.0))
def test_a_column_is_as_wide_as_its_widest_label_up_to_its_limit(labels: List[str], most: float) -> None:
    width = column(labels, most)
    assert width <= most
    assert width == most or all(text_width(label) < width for label in labels)


@given(TEXT)
def test_larger_text_is_wider(text: str) -> None:
    assert text_width(text, 2 * SIZE) == pytest.approx(2 * text_width(text, SIZE))


def test_the_estimate_is_never_below_the_width_of_the_font(need) -> None:
    need("matplotlib.figure")
    fonts = need("matplotlib.font_manager")
    path = need("matplotlib.textpath").TextPath
    properties = fonts.FontProperties(fname=fonts.findfont("DejaVu Sans"), size=SIZE)
    for words in (
        "18.237.3[.]202",
        "ArcSight Threat Intelligence",
        "malicious, not named",
        "AS16509 AMAZON-02",
        "+3.34",
    ):
        measured = path((0, 0), words, prop=properties).get_extents().width / 72.0
        assert measured <= text_width(words) <= 1.35 * measured


def test_text_sizes_are_readable_at_the_width_of_a_page() -> None:
    assert drawing.SIZE >= 9.0
    assert drawing.TITLE_SIZE >= drawing.SIZE
    assert drawing.WIDTH <= 7.0  # A4 is 8.27 inches wide
