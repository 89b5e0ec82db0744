"""Colours and progress appear on a terminal only, and messages cannot carry control characters."""

from __future__ import annotations

import io

import pytest

from ipthreat.terminal import Progress, coloured, colours_wanted, say


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    "stream, environment, wanted",
    [
        (Terminal(), {}, True),
        (io.StringIO(), {}, False),
        (Terminal(), {"NO_COLOR": "1"}, False),
        (Terminal(), {"TERM": "dumb"}, False),
    ],
)
def test_colours_are_for_terminals_that_want_them(stream, environment, wanted):
    assert colours_wanted(stream, environment) is wanted


def test_a_word_without_a_colour_stays_plain():
    assert coloured("x", "High", True) == "\x1b[31;1mx\x1b[0m"
    assert coloured("x", "High", False) == coloured("x", "whatever", True) == "x"


def test_a_message_shows_control_characters_instead_of_sending_them():
    stream = io.StringIO()
    say("bad \x1b[2J\nfile", stream)
    assert stream.getvalue() == "bad \\x1b[2J\\x0afile\n"


def drawn(stream, size=1000):
    ticks = iter(range(100))
    with Progress(size, stream, {}, clock=lambda: float(next(ticks))) as progress:
        progress.at(500, 12345)
    return stream.getvalue()


def test_the_bar_tells_share_and_rows_and_is_wiped():
    text = drawn(Terminal())
    assert " 50 %  12,345 rows" in text
    assert text.endswith("\r\x1b[K")


def test_without_a_size_the_rows_alone_are_told():
    assert "12,345 rows" in drawn(Terminal(), None)


def test_nothing_is_drawn_into_a_pipe():
    assert drawn(io.StringIO()) == ""


def test_it_draws_at_most_ten_times_a_second():
    moments = iter([0.0, 0.01, 0.02, 0.03])
    stream = Terminal()
    progress = Progress(10, stream, {}, clock=lambda: next(moments))
    for _ in range(3):
        progress.at(1, 1)
    assert stream.getvalue().count("rows") == 1
