"""The pages say what is so: their code runs, their messages exist, and each can be reached."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from documents import DOCS, ROOT, blocks, page

from ipthreat.assessment import OverallStatus
from ipthreat.fields import FIELDS, PREFIX
from ipthreat.providers import LIVE


def told(cell: str) -> str:
    """A text with the spaces and quotes of Python's line breaks out of the way."""
    return re.sub(r"[\"'\s]+f?[\"'\s]*", " ", cell)


def test_the_code_for_developers_runs_and_prints_a_judgement(capsys):
    for code in blocks("start-developer", "python"):
        exec(compile(code, "start-developer.md", "exec"), {})  # noqa: S102  # the examples are ours
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "malicious 8 Medium"
    assert lines[2:] == ["8.8.8.8 benign GOOGLE", "18.237.3.202 unknown AMAZON-02"]


def test_the_code_for_hunters_runs(capsys):
    pytest.importorskip("pandas")
    (code,) = blocks("start-hunter", "python")
    exec(compile(code, "start-hunter.md", "exec"), {})  # noqa: S102  # the example is ours
    assert "18.237.3.202" in capsys.readouterr().out


def test_the_provider_of_the_guide_is_complete_and_keeps_the_contract(capsys):
    provider, check = blocks("adding-a-provider", "python")
    exec(compile(provider + check, "adding-a-provider.md", "exec"), {})  # noqa: S102  # the example is ours
    assert capsys.readouterr().out == "()\n"


def test_a_message_of_the_troubleshooting_is_one_of_ours():
    code = told("\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "lib").rglob("*.py"))))
    rows = page("operations").partition("## Troubleshooting")[2].splitlines()
    messages = [
        row.split(" | ")[0].strip("| ") for row in rows if row.startswith("| ") and not row.startswith("| message")
    ]
    assert len(messages) > 15
    for message in messages:
        assert told(message) in code, message


def test_the_statuses_on_the_page_of_fields_are_all_there_are():
    section = page("fields").partition("|---|---|")[2]
    assert set(re.findall(r"^\| `(\w+)`", section, re.MULTILINE)) == {status.value for status in OverallStatus}


def test_the_page_of_fields_has_every_field_and_that_of_sources_every_source():
    for item in FIELDS:
        assert f"| `{item.named(PREFIX)}` |" in page("fields")
    for name in LIVE:
        assert f"| `{name}` |" in page("sources")


def nav() -> set:
    """The pages that the site's navigation names."""
    return set(re.findall(r": (\S+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE))


def test_every_page_and_notebook_is_in_the_navigation():
    notebooks = {f"notebooks/{path.stem}.md" for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert {path.name for path in DOCS.glob("*.md")} | notebooks <= nav()


def test_every_anchor_that_a_page_links_to_is_a_heading():
    for path in sorted(DOCS.glob("*.md")):
        for target, anchor in re.findall(r"\]\(([\w-]*\.md)?#([\w-]+)\)", path.read_text(encoding="utf-8")):
            headings = re.findall(r"^#+ (.+)$", page(Path(target or path.name).stem), re.MULTILINE)
            slugs = {
                re.sub(r"[\s]+", "-", re.sub(r"[^\w\s-]", "", head.replace("`", "")).strip().lower())
                for head in headings
            }
            assert anchor in slugs, f"{path.name}: {target}#{anchor}"


@pytest.mark.parametrize("path", sorted(DOCS.glob("*.md")), ids=lambda path: path.name)
def test_a_picture_has_words_for_who_cannot_see_it(path):
    for words, target in re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", path.read_text(encoding="utf-8")):
        assert len(words) > 15, target
        assert (DOCS / target).exists()
