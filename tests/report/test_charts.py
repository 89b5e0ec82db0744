"""Pictures: laid out so that nothing overlaps or leaves the sheet, and painted the same way every time."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from itertools import combinations
from typing import Iterator, List, NamedTuple

import pytest
from cases import build_case, crowded_case, first_reference_address, golden_case, owner, quiet_case, seen
from dossiers import NOW, behaviour, block_list, dossier, engines, provider, silent, virustotal, warning_list

from ipthreat.case import Case
from ipthreat.dossier import Dossier, Status
from ipthreat.errors import InputError
from ipthreat.report import actionable, chartdata, charts, chartstyle, layouts
from ipthreat.report.drawing import INK, SIZE, SOFT, WIDTH, Box, Drawing, Mark, Text, address_label, fitted, text_width

HOSTILE = "$\\frac{1}{0}$ <b>\x1b[31m\u202e 漢字 \n{}%"


def hostile_case() -> Case:
    """Every name that comes from outside is as nasty as can be."""
    named = engines("malicious", HOSTILE, "$$", "a$b") + engines("suspicious", "\\", "$" * 59)
    evidence = (
        owner(64500, HOSTILE * 3, "198.51.100.0/24", "$$", HOSTILE),
        virustotal(9, 3, detections=named),
        silent(HOSTILE, Status.TIMEOUT, HOSTILE),
        block_list(HOSTILE, HOSTILE),
    )
    did = (behaviour("brute_force", names=(HOSTILE,), samples=(HOSTILE,)),)
    return build_case(Dossier("198.51.100.7", evidence=evidence, behaviours=did, sighting=seen((2, 1)), period_end=NOW))


def busy_case() -> Case:
    """Reasons of every kind for one address, a limit that bites and a guard that holds it down."""
    lists = [block_list(f"list {number}", "block") for number in range(12)]
    evidence = [virustotal(60, 9, reputation=-90), provider("greynoise", "malicious"), warning_list("cdn"), *lists]
    return build_case(dossier(*evidence, did=[behaviour("port_scan"), behaviour("suspicious_user_agent")]))


CASES = {
    "golden": golden_case(),
    "one address": build_case(first_reference_address()),
    "thirty addresses": crowded_case(30),
    "twelve addresses": crowded_case(12),
    "nothing known": quiet_case(),
    "hostile names": hostile_case(),
    "many reasons": busy_case(),
}


def names(case: Case) -> List[str]:
    waterfalls = [chartdata.waterfall(item) for item in case.assessments[:2]]
    return [found.name for found in (*chartdata.figures(case), *waterfalls) if found]


def drawings(case: Case) -> Iterator[Drawing]:
    made = [layout(case) for layout in charts.CHARTS.values()]
    made += [layouts.waterfall(item) for item in case.assessments[:2]]
    return (drawing for drawing in made if drawing)


class Area(NamedTuple):
    """Where a text stands, in inches."""

    left: float
    top: float
    right: float
    bottom: float
    words: str


def area(text: Text) -> Area:
    width, height = text_width(text.words, text.size) * 0.85, text.size / 72.0
    if text.turned:
        return Area(text.x - height / 2, text.y - width, text.x + height / 2, text.y, text.words)
    left = text.x - {"left": 0.0, "centre": width / 2, "right": width}[text.align]
    return Area(left, text.y - height / 2, left + width, text.y + height / 2, text.words)


def overlap(first: Area, second: Area) -> bool:
    across = min(first.right, second.right) - max(first.left, second.left)
    down = min(first.bottom, second.bottom) - max(first.top, second.top)
    return across > 0.01 and down > 0.01


EVERY = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())


@EVERY
def test_no_words_overlap(case: Case) -> None:
    for drawing in drawings(case):
        areas = [area(shape) for shape in drawing.shapes if isinstance(shape, Text) and shape.words]
        assert not [(one.words, other.words) for one, other in combinations(areas, 2) if overlap(one, other)]


@EVERY
def test_nothing_leaves_the_sheet(case: Case) -> None:
    for drawing in drawings(case):
        texts = [area(shape) for shape in drawing.shapes if isinstance(shape, Text)]
        assert not [text for text in texts if text.left < 0 or text.right > WIDTH or text.bottom > drawing.height]
        boxes = [shape for shape in drawing.shapes if isinstance(shape, Box)]
        assert not [box for box in boxes if box.x < 0 or box.x + box.width > WIDTH + 0.001]
        assert not [box for box in boxes if box.y < 0 or box.y + box.height > drawing.height]


@EVERY
def test_no_words_are_smaller_than_nine_points_and_all_are_dark(case: Case) -> None:
    texts = [shape for drawing in drawings(case) for shape in drawing.shapes if isinstance(shape, Text)]
    assert min(text.size for text in texts) >= SIZE == 9.0
    assert {text.colour for text in texts} <= {INK, SOFT}


@EVERY
def test_text_from_outside_is_inert_before_it_is_painted(case: Case) -> None:
    for drawing in drawings(case):
        for shape in drawing.shapes:
            assert not isinstance(shape, Text) or not re.search(r"[\x00-\x1f\u202e]", shape.words)


def test_no_address_stands_raw_in_a_picture() -> None:
    for case in (CASES["golden"], CASES["thirty addresses"]):
        words = {shape.words for drawing in drawings(case) for shape in drawing.shapes if isinstance(shape, Text)}
        assert not words & {item.address for item in case.assessments}


@EVERY
def test_every_chart_is_a_small_png_of_the_width_of_a_page_with_no_ink_at_its_edge(case: Case, need) -> None:
    need("matplotlib.figure")
    images, chops = need("PIL.Image"), need("PIL.ImageChops")
    for name in names(case):
        data = charts.draw(name, case)
        picture = images.open(io.BytesIO(data))
        assert (picture.format, picture.width) == ("PNG", WIDTH * charts.DPI)
        assert len(data) < 90_000
        left, top, right, bottom = chops.invert(picture.convert("RGB")).getbbox()
        assert min(left, top, picture.width - right, picture.height - bottom) >= 2, name


@pytest.mark.parametrize("name", names(CASES["golden"]))
def test_the_same_case_gives_the_same_bytes(name: str, need) -> None:
    need("matplotlib.figure")
    assert charts.draw(name, golden_case()) == charts.draw(name, golden_case())


def test_the_users_own_matplotlib_settings_change_nothing(need) -> None:
    need("matplotlib.figure")
    matplotlib = need("matplotlib")
    plain = charts.draw("board", CASES["golden"])
    settings = {
        "text.usetex": True,
        "axes.facecolor": "black",
        "font.size": 30,
        "savefig.dpi": 10,
        "hatch.linewidth": 9,
    }
    with matplotlib.rc_context(settings):
        assert charts.draw("board", CASES["golden"]) == plain
        assert matplotlib.rcParams["font.size"] == 30


def test_a_picture_shows_its_finding_unless_the_document_prints_it(need) -> None:
    need("matplotlib.figure")
    images = need("PIL.Image")
    titled, bare = (
        images.open(io.BytesIO(charts.draw("board", CASES["golden"], titled=titled))) for titled in (True, False)
    )
    assert titled.height > bare.height


def test_a_flat_colour_keeps_its_meaning_in_the_picture(need) -> None:
    need("matplotlib.figure")
    images = need("PIL.Image")
    picture = images.open(io.BytesIO(charts.draw("engines", CASES["golden"], titled=False))).convert("RGB")
    colours = {colour for _, colour in picture.getcolors(maxcolors=100_000)}
    wanted = tuple(int(chartstyle.MALICIOUS.colour[place : place + 2], 16) for place in (1, 3, 5))
    assert any(max(abs(a - b) for a, b in zip(colour, wanted)) <= 2 for colour in colours)


def test_drawing_leaves_no_global_state_behind(need) -> None:
    need("matplotlib.figure")
    program = (
        "import sys; sys.path[:0] = [{support!r}]; import cases; from ipthreat.report import charts;"
        "charts.draw('board', cases.golden_case()); print('matplotlib.pyplot' in sys.modules)"
    ).format(support=str(next(path for path in sys.path if path.endswith("support"))))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_without_matplotlib_one_sentence_names_the_remedy() -> None:
    program = (
        "import sys; sys.path[:0] = [{support!r}]; sys.modules['matplotlib'] = None; import cases\n"
        "from ipthreat.errors import MissingExtraError\n"
        "from ipthreat.report import charts\n"
        "try: charts.draw('board', cases.golden_case())\n"
        "except MissingExtraError as error: print(error)"
    ).format(support=str(next(path for path in sys.path if path.endswith("support"))))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "charts need matplotlib: install it with pip install 'ipthreat[reports]'"


def test_every_figure_of_a_report_gets_its_picture(need) -> None:
    need("matplotlib.figure")
    case = CASES["golden"]
    assert set(charts.pictures(actionable.document(case), case)) >= {"board", "engines", "coverage"}


def test_words_and_layouts_go_together() -> None:
    assert list(charts.CHARTS) == list(chartdata.FIGURES)
    for case in CASES.values():
        shown = [name for name, layout in charts.CHARTS.items() if layout(case)]
        assert shown == [found.name for found in chartdata.figures(case)]


@pytest.mark.parametrize(
    "name, sentence",
    [
        ("pie", "there is no chart named 'pie'"),
        ("waterfall/192.0.2.99", "no address '192.0.2.99'"),
        ("stats", "has nothing to show"),
    ],
)
def test_a_chart_that_cannot_be_drawn_is_refused_in_one_sentence(name: str, sentence: str) -> None:
    with pytest.raises(InputError, match=re.escape(sentence)):
        charts.draw(name, CASES["nothing known"])


def test_symbols_colours_and_patterns_of_a_chart_differ_pairwise() -> None:
    assert len({(level.symbol, level.fill) for level in chartstyle.LEVELS.values()}) == 4
    stats = list(chartstyle.STATS_FILLS.values())
    assert len({fill.colour for fill in stats}) == len({fill.pattern or fill.colour for fill in stats}) == len(stats)


def test_the_board_marks_each_square_once() -> None:
    drawing = layouts.board(CASES["golden"])
    assert drawing is not None
    marks = [shape for shape in drawing.shapes if isinstance(shape, Mark)]
    assert len(marks) == 2 + 2 + 4  # squares, list, legend


def test_a_long_address_keeps_its_head_and_its_tail() -> None:
    shown = address_label("2001:db8:aaaa:bbbb:cccc:dddd:eeee:1234", 1.5)
    assert text_width(shown) <= 1.5
    assert shown.startswith("2001:")
    assert shown.endswith("[:]1234")


def test_a_label_is_cut_to_the_room_there_is() -> None:
    assert fitted("short", 2.0) == "short"
    assert text_width(fitted("w" * 90, 2.0)) <= 2.0
    assert fitted("w" * 90, 2.0).endswith("…")


@pytest.mark.parametrize("hours", [0, 1, 30, 24 * 9, 24 * 400])
def test_a_time_axis_has_few_round_ticks(hours: int) -> None:
    case = build_case(dossier(virustotal(9, 3), sighting=seen((hours, 1), (0, 2))))
    drawing = layouts.timeline(case)
    assert drawing is not None
    ticks = [
        shape.words for shape in drawing.shapes if isinstance(shape, Text) and re.match(r"[\d:-]+( |$)", shape.words)
    ]
    assert len([tick for tick in ticks if "peak" not in tick]) <= 6
