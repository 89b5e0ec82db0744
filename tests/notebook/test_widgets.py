"""Widgets act on real results: they browse, judge anew, and keep verdicts."""

from __future__ import annotations

import subprocess
import sys

import pytest

widgets = pytest.importorskip("ipywidgets", reason="widgets are tested where ipywidgets is")

from cases import crowded_case, golden_case  # noqa: E402
from frames import SAMPLE  # noqa: E402

import ipthreat.notebook as ti  # noqa: E402

GOLDEN = ti.Result(golden_case())


def inside(widget, kind):
    """All widgets of a kind in a widget, in order."""
    found = [widget] if isinstance(widget, kind) else []
    return found + [one for child in getattr(widget, "children", ()) for one in inside(child, kind)]


def test_the_browser_shows_the_explanation_of_the_chosen_address():
    made = ti.widgets.browser(GOLDEN)
    (chosen,), told = inside(made, widgets.Select), inside(made, widgets.HTML)[0]
    assert f"{SAMPLE}: malicious, confidence 10/10" in told.value
    chosen.value = "14.103.172.199"
    assert "14.103.172.199: malicious, confidence 8/10" in told.value


def test_the_browser_narrows_its_list_to_what_is_sought():
    made = ti.widgets.browser(GOLDEN)
    (chosen,), sought = inside(made, widgets.Select), inside(made, widgets.Text)[0]
    sought.value = "china"
    assert [address for _, address in chosen.options] == ["14.103.172.199"]
    sought.value = "suspicious_user_agent"
    assert [address for _, address in chosen.options] == [SAMPLE]
    sought.value = "nothing like it"
    assert chosen.options == ()


def test_a_verdict_is_kept_with_its_note_and_what_was_said(tmp_path):
    kept = ti.Verdicts(tmp_path / "verdicts.csv")
    made = ti.widgets.browser(GOLDEN, kept)
    hostile, benign = inside(made, widgets.Button)
    inside(made, widgets.Text)[1].value = "seen it myself"
    hostile.click()
    row = kept.table.loc[SAMPLE]
    assert (row["label"], row["note"], row["confidence"]) == ("hostile", "seen it myself", "10")
    benign.click()
    assert kept.table.loc[SAMPLE, "label"] == "benign"
    assert "kept: benign" in inside(made, widgets.HTML)[-1].value


def test_a_verdict_that_cannot_be_kept_says_so(tmp_path):
    made = ti.widgets.verdict(SAMPLE, ti.Verdicts(tmp_path))
    inside(made, widgets.Button)[0].click()
    assert inside(made, widgets.HTML)[0].value == "not kept: InputError"


def test_sliders_judge_anew_while_they_move():
    made = ti.widgets.policy_sliders(GOLDEN)
    sliders = {slider.description: slider for slider in inside(made, widgets.FloatSlider)}
    (told,) = inside(made, widgets.HTML)
    assert "0 addresses judged otherwise than before" in told.value
    sliders["virustotal.engines"].value = 0.5
    assert "2 addresses judged otherwise than before" in told.value
    sliders["virustotal.engines"].value = 4.0
    sliders["prior"].value = 0.10
    assert "0 addresses judged otherwise than before" in told.value


def test_sliders_of_other_weights_can_be_had():
    made = ti.widgets.policy_sliders(ti.Result(crowded_case(3)), ["warning_list.cdn"])
    assert [slider.description for slider in inside(made, widgets.FloatSlider)] == ["prior", "warning_list.cdn"]


def test_without_ipywidgets_one_sentence_names_the_remedy():
    program = (
        "import sys; sys.modules['ipywidgets'] = None\n"
        "import ipthreat.notebook as ti; from ipthreat import IpthreatError\n"
        "try: ti.widgets.browser(ti.check('8.8.8.8'))\n"
        "except IpthreatError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "widgets need ipywidgets: pip install 'ipthreat[lab]'"
