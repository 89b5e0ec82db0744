"""Charts in a notebook: axes with a finding, an alternative text, and a picture that stays as it was looked at."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")

from cases import build_case, crowded_case, golden_case, quiet_case  # noqa: E402
from dossiers import virustotal  # noqa: E402
from frames import demo_events, demo_ground  # noqa: E402
from matplotlib import pyplot  # noqa: E402
from pictures import FOLDER, charts, plan, png  # noqa: E402
from PIL import Image, ImageChops, ImageStat  # noqa: E402

import ipthreat.notebook as ti  # noqa: E402
from ipthreat.dossier import Dossier  # noqa: E402
from ipthreat.errors import InputError  # noqa: E402
from ipthreat.notebook import charts as drawn  # noqa: E402

DRAWN = charts()


@pytest.fixture(autouse=True)
def _closed():
    yield
    pyplot.close("all")


@pytest.mark.parametrize("name", sorted(DRAWN))
def test_a_chart_looks_as_it_did_when_somebody_looked_at_it(name):
    seen = Image.open(FOLDER / f"{name}.png").convert("L")
    now = Image.open(io.BytesIO(png(DRAWN[name]()))).convert("L")
    assert now.size == seen.size
    # Letters differ by a pixel between versions of matplotlib: compared is what is left at a third of the size.
    small = [picture.resize((seen.width // 3, seen.height // 3), Image.Resampling.BOX) for picture in (seen, now)]
    difference = ImageStat.Stat(ImageChops.difference(*small))
    assert difference.mean[0] < 1.5, f"{name}: draw it anew with tests/support/pictures.py, and look at it"
    assert difference.extrema[0][1] < 120


def test_every_chart_has_a_picture_to_be_compared_with():
    assert sorted(DRAWN) == sorted(path.stem for path in FOLDER.glob("*.png"))


@pytest.mark.parametrize("name", sorted(DRAWN))
def test_a_chart_says_its_finding_and_has_an_alternative_text(name):
    axes = DRAWN[name]()
    texts = [text.get_text() for text in axes.texts]
    assert len(axes.get_label()) > 40
    assert min(text.get_fontsize() for text in axes.texts) >= 9
    assert max(len(text) for text in texts) > 20


@pytest.mark.parametrize("name", sorted(DRAWN))
def test_nothing_leaves_the_sheet(name):
    axes = DRAWN[name]()
    axes.figure.savefig(picture := io.BytesIO(), format="png", dpi=60)
    image = Image.open(picture).convert("L")
    left, top, right, bottom = ImageChops.invert(image).getbbox()
    assert min(left, top) >= 1
    assert right <= image.width - 1
    assert bottom <= image.height


def test_a_slide_has_larger_letters_on_a_larger_sheet():
    result = ti.Result(golden_case())
    report, slide = result.charts.board(), result.charts.board(size="slide")
    assert slide.figure.get_size_inches()[0] == pytest.approx(1.8 * report.figure.get_size_inches()[0])
    assert min(text.get_fontsize() for text in slide.texts) > 16
    with pytest.raises(InputError, match="there is no size 'huge'; there are report, slide"):
        result.charts.board(size="huge")


def test_all_gives_the_charts_that_have_something_to_show():
    result = demo_events().ipthreat.assess("src_ip", on=demo_ground())
    assert len(result.charts.all()) == len(result.charts.names) == 7
    assert "world" in repr(result.charts)
    quiet = ti.Result(quiet_case())
    assert "engines" not in quiet.charts.names
    with pytest.raises(InputError, match="nothing to show"):
        quiet.charts.engines()


def test_the_users_own_settings_come_back():
    with matplotlib.rc_context({"font.size": 31, "axes.facecolor": "black"}):
        ti.Result(golden_case()).charts.board()
        assert matplotlib.rcParams["font.size"] == 31


def test_what_did_not_change_has_no_chart():
    result = ti.Result(golden_case())
    with pytest.raises(InputError, match="nothing to show"):
        result.diff(result).chart()
    with pytest.raises(InputError, match="nothing to show"):
        drawn.quota(())
    assert drawn.quota(plan()) is not None


def test_a_country_that_is_too_small_is_a_dot_and_one_that_there_is_not_is_named():
    from ipthreat.report import worldmap

    places = {"81.2.69.160": "SG", "81.2.69.161": "XX", "81.2.69.162": "DE", "81.2.69.163": ""}
    case = build_case(
        *(Dossier(one, evidence=(replace(virustotal(9, 3), country=code),)) for one, code in places.items())
    )
    data = worldmap.world(case)
    assert data is not None
    assert data.counts == (("DE", 1), ("SG", 1), ("XX", 1))
    assert (data.unplaced, data.unknown) == (("XX",), 1)
    words = [shape.words for shape in worldmap.drawing(case).shapes if hasattr(shape, "words")]
    assert "not on the map: XX; country of 1 more not known" in words
    assert worldmap.world(quiet_case()) is None
    assert worldmap.figure(crowded_case(3)).title.startswith("3 malicious or suspicious addresses come from")
