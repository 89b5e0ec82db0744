"""What the documentation takes from the code is up to date, and the site is laid together from what is there."""

from __future__ import annotations

import io
import json
import sys

import pytest
from documents import DOCS, ROOT, maker, page

from ipthreat.policy import POLICIES
from ipthreat.signals import decay

tables, site = maker("tables"), maker("site")


@pytest.mark.parametrize("path", tables.pages(), ids=lambda path: path.name)
def test_generated_parts_are_what_the_code_says_now(path):
    pytest.importorskip("pandas")
    text = path.read_text(encoding="utf-8")
    assert tables.renewed(text) == text, "python docs/making/tables.py"


def test_every_generated_part_stands_on_a_page():
    shown = "".join(path.read_text(encoding="utf-8") for path in tables.pages())
    for name in tables.PARTS:
        assert f"<!-- generated: {name} -->" in shown


def test_what_is_written_by_hand_stays():
    text = "before\n<!-- generated: weights -->\nstale\n<!-- /generated -->\nafter\n"
    made = tables.renewed(text)
    assert made.startswith("before\n<!-- generated: weights -->\n| source |")
    assert made.endswith("<!-- /generated -->\nafter\n")
    assert "stale" not in made
    assert tables.renewed(made) == made


def test_a_part_that_nothing_writes_is_refused():
    with pytest.raises(KeyError, match="nonsense"):
        tables.renewed("<!-- generated: nonsense -->\n<!-- /generated -->")


def test_a_pipe_does_not_break_a_table():
    assert tables.table(("a", "b"), [("x|y", "z")]) == "| a | b |\n| --- | --- |\n| x\\|y | z |\n"


def test_every_weight_is_in_the_table_or_a_parameter_of_a_formula():
    shown = tables.weights()
    for key, value in POLICIES["standard"].weights.items():
        source, _, label = key.partition(".")
        assert (f"| `{key}` |" if key in tables.PARAMETERS else f"{label} {value:+g}") in shown, source
    assert set(tables.PARAMETERS) <= set(POLICIES["standard"].weights)


def test_every_module_tells_what_it_is_in_one_sentence():
    for line in tables.tree().splitlines()[2:-1]:
        name, _, told = line.strip().partition(" ")
        assert len(told.strip()) > 15, name


@pytest.mark.parametrize(
    "text, sentence",
    [
        ('"""Reads logs. Fast."""', "Reads logs"),
        ('"""From events (a, b …\nand c): done.\n\nMore."""', "From events (a, b … and c): done"),
        ("x = 1", ""),
    ],
)
def test_the_summary_of_a_module_is_its_first_sentence(text, sentence, tmp_path):
    (tmp_path / "a.py").write_text(text, encoding="utf-8")
    assert tables.summary(tmp_path / "a.py") == sentence


def test_a_quota_by_the_minute_and_the_month_is_bound_by_the_smaller():
    assert tables._reach({"minute": 4, "day": 500, "month": 15_500})[0] == "500"
    assert tables._reach({"day": 35, "month": 310})[0] == "10"
    assert tables._reach({}) == ("not published", "–")


# --- pictures -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["waterfall", "engines", "decay", "corroboration", "priority"])
def test_a_picture_is_what_the_library_draws_now(name):
    pytest.importorskip("matplotlib")
    pytest.importorskip("pandas")
    from PIL import Image, ImageChops, ImageStat

    seen = Image.open(DOCS / "images" / f"scoring-{name}.png").convert("L")
    now = Image.open(io.BytesIO(maker("pictures").drawn(f"scoring-{name}"))).convert("L")
    assert now.size == seen.size
    small = [picture.resize((seen.width // 8, seen.height // 8), Image.Resampling.BOX) for picture in (seen, now)]
    difference = ImageStat.Stat(ImageChops.difference(*small))
    assert difference.mean[0] < 1.5, "python docs/making/pictures.py, and look at it"
    assert difference.extrema[0][1] < 120


def test_the_words_beside_the_pictures_have_the_numbers_of_the_pictures():
    pictures = maker("pictures")
    scan = pictures.judged(pictures.engines(7, 4), seen=("suspicious_user_agent",))
    for found in (pictures.judged(pictures.engines(1)), pictures.judged(pictures.engines(7, 4)), scan):
        assert f"{found.probability:.2f}" in page("scoring")
    assert pictures.judged(pictures.engines(60)).confidence == 9
    policy = POLICIES["standard"]
    lives = (policy.lifetime_days / 2, policy.lifetimes["abuseipdb"], policy.lifetime_days)
    assert [decay(policy.fresh_days + life, life, policy.fresh_days) for life in lives] == [0.0] * 3
    assert "after 67, 97 or 127 days" in page("scoring")


# --- the site -----------------------------------------------------------------------------------------------------


def test_the_site_has_the_pages_the_pictures_and_the_project_s_own_files(tmp_path):
    site.pages(tmp_path / "docs")
    found = {
        path.relative_to(tmp_path / "docs").as_posix() for path in (tmp_path / "docs").rglob("*") if path.is_file()
    }
    assert {"index.md", "changelog.md", "contributing.md", "reporting.md", "images/scoring-decay.png"} <= found
    assert not [name for name in found if name.endswith(".py")]
    assert "](docs/" not in (tmp_path / "docs" / "reporting.md").read_text(encoding="utf-8")


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="notebooks are executed on Python 3.11")
@pytest.mark.filterwarnings("default")  # of the machinery that runs kernels
def test_a_notebook_becomes_a_page_with_its_tables_and_without_colour_codes(tmp_path):
    pytest.importorskip("nbclient")
    pytest.importorskip("nbconvert")
    source = ["import ipthreat.notebook as ti\n", "print('\\x1b[31mred\\x1b[0m')\n", "ti.check('8.8.8.8')"]
    cells = [{"cell_type": "code", "metadata": {}, "source": source, "outputs": [], "execution_count": None}]
    path = tmp_path / "one.ipynb"
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}), encoding="utf-8")
    page_of, pictures = site.rendered(path)
    assert "<td>GOOGLE</td>" in page_of
    assert "red" in page_of
    assert "\x1b" not in page_of
    assert pictures == {}


def test_nothing_of_the_site_is_asked_from_another_host():
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert "font: false" in text
    assert "plugins: [search]" in text
    assert "://" not in text
