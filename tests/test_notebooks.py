"""Every notebook runs from top to bottom with no key and no network, and reads as a text with short cells in it."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
CHARTS = {"01": 0, "02": 1, "03": 3, "04": 1, "05": 1, "06": 1, "07": 2, "08": 0}
"""Pictures that a reader of each notebook sees."""


def cells(path: Path, kind: str) -> list:
    return [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == kind]


def names(path: Path) -> str:
    return path.stem


def test_there_are_the_eight_notebooks():
    assert [path.name[:2] for path in NOTEBOOKS] == [f"{number:02}" for number in range(1, 9)]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=names)
def test_prose_leads_and_cells_are_short_and_define_nothing(path):
    first = json.loads(path.read_text(encoding="utf-8"))["cells"][0]
    assert first["cell_type"] == "markdown"
    assert "".join(first["source"]).startswith("# ")
    for cell in cells(path, "code"):
        source = "".join(cell["source"])
        assert len(source.splitlines()) <= 10
        assert "def " not in source
        assert "class " not in source
    assert len(cells(path, "markdown")) >= len(cells(path, "code")) / 2


@pytest.mark.parametrize("path", NOTEBOOKS, ids=names)
def test_no_output_and_no_count_is_committed(path):
    for cell in cells(path, "code"):
        assert cell["outputs"] == []
        assert cell["execution_count"] is None


@pytest.mark.parametrize("path", NOTEBOOKS, ids=names)
def test_a_notebook_has_parameters(path):
    tagged = [cell for cell in cells(path, "code") if "parameters" in cell["metadata"].get("tags", [])]
    assert len(tagged) == 1


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="notebooks are executed on Python 3.11")
@pytest.mark.filterwarnings("default")  # of the machinery that runs kernels, in this process
@pytest.mark.parametrize("path", NOTEBOOKS, ids=names)
def test_a_notebook_runs_from_top_to_bottom_and_shows_its_charts(path, tmp_path, monkeypatch):
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "lib"))
    monkeypatch.setenv("IPTHREAT_HOME", str(tmp_path))
    for name in [name for name in os.environ if name.startswith("SPLUNK_")]:
        monkeypatch.delenv(name)
    notebook = nbformat.read(path, as_version=4)
    nbclient.NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    ).execute()
    shown = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    pictures = [output for output in shown if "image/png" in output.get("data", {})]
    assert len(pictures) == CHARTS[path.name[:2]]
    assert not [output for output in shown if output.get("name") == "stderr"]


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="notebooks are executed on Python 3.11")
@pytest.mark.filterwarnings("default")
def test_a_notebook_becomes_a_page_with_parameters_of_the_users(tmp_path, monkeypatch, capsys):
    pytest.importorskip("papermill")
    from ipthreat import demo
    from ipthreat.cli import main

    monkeypatch.setenv("PYTHONPATH", str(ROOT / "lib"))
    monkeypatch.chdir(ROOT)
    page = tmp_path / "report.html"
    given = ["-p", f"events={demo.EVENTS}", "-p", "as_of=2023-10-26", "-p", "title=Ours"]
    assert main(["notebook", "run", "03", *given, "--out", str(page)], {}) == 0
    assert "Ours" in page.read_text(encoding="utf-8")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.html"]
    capsys.readouterr()
    assert main(["notebook", "run", "03", "-p", "colour=1", "--out", str(page)], {}) == 3
    assert "03_actionable_intelligence.ipynb has no parameter colour" in capsys.readouterr().err
    assert main(["notebook", "run", "03", "-p", "events=absent.log", "--out", str(page)], {}) == 1
    assert "EventsError" in capsys.readouterr().err


def test_a_notebook_is_found_by_number_and_a_wrong_one_is_one_sentence(tmp_path):
    pytest.importorskip("pandas")
    from ipthreat.errors import InputError
    from ipthreat.notebook.running import found, parameters

    assert found("03", ROOT / "notebooks").name == "03_actionable_intelligence.ipynb"
    assert found(str(NOTEBOOKS[0])) == NOTEBOOKS[0]
    for wrong in ("0", "99"):
        with pytest.raises(InputError, match="there is no one notebook"):
            found(wrong, ROOT / "notebooks")
    assert parameters(["rows=10", "share=0.5", "events=a=b"]) == {"rows": 10, "share": 0.5, "events": "a=b"}
    with pytest.raises(InputError, match="is no name=value"):
        parameters(["rows"])
