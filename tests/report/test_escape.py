"""Text that an attacker wrote is inert in every output."""

from __future__ import annotations

import csv
import html
import io
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from ipthreat.report import escape

ANY_TEXT = st.text(max_size=300)
HOSTILE = st.sampled_from(
    [
        "<script>alert(1)</script>",
        "[click](javascript:alert(1))",
        '=HYPERLINK("http://x")',
        "\x1b[31mred\x1b[0m",
        "a\nb\r\nc",
        "| --- |",
        "`` ` ``",
        "![x](http://x/y.png)",
        "<!-- -->",
        "\u202eevil",
        "$\\frac{1}{2}$",
        "\x00",
    ]
)
TEXT = st.lists(ANY_TEXT | HOSTILE, max_size=4).map("".join)
FORMULA = re.compile(r"[=+\-@\uff1d\uff0b\uff0d\uff20]")


@given(TEXT)
def test_shown_text_is_one_line_without_control_characters(text: str) -> None:
    shown = escape.visible(text)
    assert "\n" not in shown
    assert not [char for char in shown if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp")]


def test_an_ansi_escape_is_shown_instead_of_obeyed() -> None:
    assert escape.visible("\x1b[31mred") == "\\x1b[31mred"


def test_a_right_to_left_override_is_shown_instead_of_obeyed() -> None:
    assert escape.visible("\u202egpj.exe") == "\\u202egpj.exe"


def test_long_text_is_cut_at_the_limit() -> None:
    assert escape.visible("a" * 300) == "a" * 199 + "…"


@given(TEXT)
def test_markdown_renders_as_the_text_and_as_nothing_else(text: str) -> None:
    rendered = MarkdownIt("commonmark").render(f"x{escape.markdown(text)}x")
    inside = re.fullmatch(r"<p>(.*)</p>\n", rendered, re.DOTALL)
    assert inside
    assert "<" not in inside[1]
    assert html.unescape(inside[1]).split() == f"x{escape.visible(text)}x".split()


@given(TEXT)
def test_a_line_of_markdown_starts_no_heading_list_or_block(text: str) -> None:
    rendered = MarkdownIt("commonmark").render(f"before\n\n{escape.markdown_line(escape.markdown(text))}\n\nafter")
    assert set(re.findall(r"<(\w+)", rendered)) == {"p"}


@pytest.mark.parametrize("text", ["# a", "- a", "+ a", "1. a", "12) a", "===", "---", "    a", "* a", "> a"])
def test_what_would_start_a_block_stays_text(text: str) -> None:
    rendered = MarkdownIt("gfm-like", {"linkify": False}).render(escape.markdown_line(escape.markdown(text)))
    assert html.unescape(rendered) == f"<p>{text.strip()}</p>\n"


def test_plain_prose_is_left_as_it_is() -> None:
    prose = "7 engines (of 95) say so: 2023-10-26 12:00 UTC, 18.237.3.202/32, +3.34!"
    assert escape.markdown(prose) == prose


@given(TEXT)
def test_a_code_span_holds_the_text_and_nothing_else(text: str) -> None:
    rendered = MarkdownIt("commonmark").render(f"x {escape.code(text)} x")
    assert rendered.count("<code>") == 1
    assert not re.search(r"<(?!/?(code|p)>)", rendered)


@given(TEXT)
def test_markup_has_no_character_that_html_gives_a_meaning(text: str) -> None:
    shown = escape.markup(text)
    assert not set(shown) & set("<>\"'")
    assert html.unescape(shown) == escape.visible(text)


@given(TEXT)
def test_no_cell_starts_like_a_formula_whatever_the_separator(text: str) -> None:
    cell = escape.csv_cell(text)
    for separator in (",", ";"):
        for part in cell.split(separator):
            assert not FORMULA.match(part.lstrip())


@given(TEXT)
def test_a_cell_survives_a_round_trip_through_csv(text: str) -> None:
    out = io.StringIO()
    csv.writer(out).writerow([escape.csv_cell(text), "next"])
    assert next(csv.reader(io.StringIO(out.getvalue()))) == [escape.csv_cell(text), "next"]


@pytest.mark.parametrize(
    "text, cell",
    [
        ("=1+1", "'=1+1"),
        (" =1+1", "' =1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\uff1d1", "'\uff1d1"),
        ("\t=1", "\\x09=1"),
        ("a;=1", "a;'=1"),
        ("Mozilla/5.0 (X11; Linux)", "Mozilla/5.0 (X11; Linux)"),
    ],
)
def test_only_what_starts_a_formula_gets_an_apostrophe(text: str, cell: str) -> None:
    assert escape.csv_cell(text) == cell


@pytest.mark.parametrize(
    "address, shown", [("18.237.3.202", "18.237.3[.]202"), ("2001:db8::1", "2001:db8:[:]1"), ("::1", ":[:]1")]
)
def test_a_defanged_address_has_its_last_separator_in_brackets(address: str, shown: str) -> None:
    assert escape.defanged(address) == shown
