"""Documentation is a test subject: its examples run, and what it says of options, codes and weights is so."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

import pytest

from ipthreat import __version__, errors
from ipthreat.cli import parser
from ipthreat.policy import WEIGHTS
from ipthreat.priority import Priority, Severity, priority_of
from ipthreat.snapshot import ListKind

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
JUDGEMENT = (ROOT / "docs" / "judgement.md").read_text(encoding="utf-8")
DATA = (ROOT / "docs" / "data.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").glob("*.md"))]


def verbs() -> dict:
    """Every command with its parser."""
    (action,) = [item for item in parser()._actions if isinstance(item, argparse._SubParsersAction)]
    return action.choices


def options(verb: argparse.ArgumentParser) -> set:
    """The options of a command, those of its actions included."""
    found = {option for action in verb._actions for option in action.option_strings}
    parts = [item.choices for item in verb._actions if isinstance(item, argparse._SubParsersAction)]
    return found.union(*(options(part) for choices in parts for part in choices.values()))


def test_the_readme_example_runs_and_prints_what_it_says(capsys):
    _, example = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    exec(compile(example, "README.md", "exec"), {})  # noqa: S102  # the example is ours
    out = capsys.readouterr().out
    assert out.startswith("8 Low Medium\n")
    assert "prior 0.10" in out


def shown() -> list:
    """The rows of the result on the README's first screen, as texts."""
    rows = re.findall(r"^\| (\d[^\n]*) \|$", README.partition("generated: first_screen")[2], re.MULTILINE)
    return [row.split(" | ") for row in rows]


def test_the_search_and_the_three_lines_on_the_first_screen_give_the_result_that_stands_there(capsys):
    pandas = pytest.importorskip("pandas")
    from searches import ground
    from spl import Search, searched

    from ipthreat import demo
    from ipthreat.notebook import read_events

    search = " ".join(re.findall(r"```spl\n(.*?)```", README, re.DOTALL)[0].split())
    frame = read_events().assign(_time=lambda rows: rows["_time"].map(lambda moment: f"{moment.timestamp():.0f}"))
    events = [
        {name: str(value) for name, value in row.items() if not pandas.isna(value)} for row in frame.to_dict("records")
    ]
    place = ground(sid=f"{demo.AS_OF.timestamp():.0f}.1")
    found = searched(search.replace("index=web", "search index=web", 1), Search(place, events)).rows
    assert [
        [str(value).replace(".0", "") if name == "count" else str(value) for name, value in row.items()]
        for row in found
    ] == shown()
    three, _ = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len([line for line in three.splitlines() if line]) == 3
    exec(compile(three, "README.md", "exec"), {})  # noqa: S102  # the example is ours
    out = capsys.readouterr().out
    for address, verdict, confidence, _, _, _, count in shown():
        assert re.search(rf"{re.escape(address)} +{verdict} +{confidence} +{count}$", out, re.MULTILINE)


def test_the_notebook_example_runs(capsys, tmp_path, monkeypatch):
    pytest.importorskip("pandas")
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "notebook.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    exec(compile(example, "notebook.md", "exec"), {})  # noqa: S102  # the example is ours
    assert capsys.readouterr().out.startswith("18.237.3.202: malicious, confidence 10/10")
    assert (tmp_path / "report.html").exists()


@pytest.mark.parametrize("verb", sorted(verbs()))
def test_every_command_and_option_is_documented(verb):
    assert f"`ipthreat {verb}" in README
    assert f"## `ipthreat {verb}" in COMMANDS
    for option in options(verbs()[verb]) - {"-h", "--help", "--json"}:
        assert option in COMMANDS, f"{verb} {option}"


def test_every_documented_option_exists():
    known = set().union(*map(options, verbs().values()))
    for option in set(re.findall(r"`(--[a-z-]+)", README + COMMANDS)):
        assert option in known


def test_exit_codes_are_those_of_the_errors():
    kinds = [
        item for item in vars(errors).values() if isinstance(item, type) and issubclass(item, errors.IpthreatError)
    ]
    for code in {kind.exit_code for kind in kinds}:
        assert f"| {code} |" in COMMANDS
        assert f"  {code}  " in parser().format_help()


def test_the_tree_at_the_top_of_errors_names_every_error():
    for name, item in vars(errors).items():
        if isinstance(item, type) and issubclass(item, errors.IpthreatError):
            assert name in errors.__doc__


def test_the_priority_table_is_the_one_in_the_code():
    rows = re.findall(r"^\| (\d+)–(\d+) \| (\w+) \| (\w+) \| (\w+) \| (\w+) \|$", JUDGEMENT, re.MULTILINE)
    assert len(rows) == 4
    for low, high, *cells in rows:
        for confidence in (int(low), int(high)):
            for severity, cell in zip((Severity.LOW, Severity.MEDIUM), cells):
                assert priority_of(confidence, severity, False, (), None)[0] is Priority(cell)


def test_the_weights_of_list_kinds_in_the_docs_are_those_of_the_policy():
    for kind, weight in re.findall(r"^\| (\w+) \|.*\| −([\d.]+) \|$", DATA, re.MULTILINE):
        assert WEIGHTS[f"warning_list.{kind}"] == -float(weight)


def test_every_kind_of_list_is_documented():
    for kind in ListKind:
        assert kind.value in DATA


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_the_changelog_names_the_version():
    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_notice_credits_every_source_of_the_embedded_data():
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    manifest = (ROOT / "lib/ipthreat/snapshot/data/manifest.json").read_text(encoding="utf-8")
    for package in set(re.findall(r"\(([a-z-]+) [\d.]+\)", json.dumps(json.loads(manifest)))):
        assert package in notice
