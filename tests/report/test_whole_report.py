"""The whole actionable report of one telling case, word for word, beside this repository's other test data.

`python -m pytest tests/report/test_whole_report.py` shows the difference; a change of wording is made there by hand, so
that somebody reads it.
"""

from __future__ import annotations

from pathlib import Path

from cases import telling_case

from ipthreat.report import markdown
from ipthreat.report.actionable import document
from ipthreat.report.threat import render
from ipthreat.version import __version__

DATA = Path(__file__).parent.parent / "data"


def without_version(text: str, identity: str) -> str:
    """The text without what changes from release to release."""
    return text.replace(f"ipthreat {__version__}", "ipthreat VERSION").replace(identity, "REPORT-ID")


def test_the_actionable_report_reads_as_it_should() -> None:
    case = telling_case()
    text = without_version(markdown.render(document(case)), case.report_id)
    body, annex = text.split("*STIX 2.1 bundle*")  # the exports have tests of their own
    assert body.splitlines() == (DATA / "actionable_report.md").read_text(encoding="utf-8").splitlines()
    assert annex.count("\n```json\n") == 2


def test_the_threat_report_reads_as_it_should() -> None:
    case = telling_case()
    text = without_version(render(case), case.report_id)
    assert text.splitlines() == (DATA / "threat_report_full.txt").read_text(encoding="utf-8").splitlines()
