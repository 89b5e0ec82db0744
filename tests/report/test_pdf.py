"""The report on paper: printed by a real browser, and a clear line where there is none."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest
from cases import golden_case

from ipthreat.errors import InputError, MissingExtraError
from ipthreat.report import pdf
from ipthreat.report.formats import html_page


@pytest.fixture
def chromium() -> str:
    """An installed browser; where there is none the test says so."""
    try:
        return pdf.browser()
    except MissingExtraError as error:
        pytest.skip(str(error))


def fake_browser(folder: Path, script: str) -> str:
    """A program in the browser's place."""
    program = folder / "chromium"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return str(program)


def test_the_printed_report_has_every_section_and_its_text_can_be_searched(
    tmp_path: Path, chromium: str, need: Any
) -> None:
    target = tmp_path / "report.pdf"
    pdf.write(html_page(golden_case()), target, chromium, sandbox=os.geteuid() != 0)
    pages = need("pypdf").PdfReader(str(target)).pages
    text = "\n".join(page.extract_text() for page in pages)
    for words in (
        "Actionable Intelligence Report",
        "Priority board",
        "Immediate Next Steps",
        "18.237.3[.]202",
        "TLP:AMBER",
    ):
        assert words in text
    assert 3 <= len(pages) <= 30


def test_without_a_browser_the_line_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(MissingExtraError, match="apt install chromium"):
        pdf.browser(str(tmp_path))


@pytest.mark.parametrize("script, words", [("exit 3", "chromium could not print"), ("exit 0", "printed nothing")])
def test_a_browser_that_fails_is_one_sentence(tmp_path: Path, script: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        pdf.write("<p>x</p>", tmp_path / "x.pdf", fake_browser(tmp_path, script))


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    program = fake_browser(
        tmp_path, 'for word in "$@"; do case $word in --print-to-pdf=*) : > "${word#*=}";; esac; done'
    )
    with pytest.raises(InputError, match="the PDF cannot be written there"):
        pdf.write("<p>x</p>", tmp_path / "absent" / "x.pdf", program)
