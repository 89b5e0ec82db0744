"""Lays the documentation together in build/docs, for mkdocs: the pages, the project's files, the executed notebooks.

    python docs/making/site.py && mkdocs build --strict

Notebooks are committed without outputs; here each runs from top to bottom with no key and no network, and becomes a
page with its tables and pictures. A notebook that fails stops the build.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any, Dict, Tuple

ROOT = Path(__file__).parents[2]
STAGE = ROOT / "build" / "docs"
PROJECT = {"CHANGELOG.md": "changelog.md", "CONTRIBUTING.md": "contributing.md", "SECURITY.md": "reporting.md"}
"""Files at the top of the repository → the pages they become."""
_SECONDS = 600
_COLOUR_CODES = re.compile(r"\x1b\[[0-9;]*m")


def pages(stage: Path) -> None:
    """Copies what is written by hand, and the pictures."""
    ignored = shutil.ignore_patterns("making", "__pycache__")
    shutil.copytree(ROOT / "docs", stage, ignore=ignored)
    shutil.copyfile(ROOT / "docs" / "making" / "site.css", stage / "site.css")
    for name, page in PROJECT.items():
        text = (ROOT / name).read_text(encoding="utf-8")
        (stage / page).write_text(text.replace("](docs/", "]("), encoding="utf-8")


def notebooks(stage: Path) -> None:
    """Executes every notebook and writes it as a page, with its pictures beside it."""
    stage.mkdir(parents=True, exist_ok=True)
    for source in sorted((ROOT / "notebooks").glob("*.ipynb")):
        page, pictures = rendered(source)
        back = f"\n\n---\n[This notebook, to open it in JupyterLab]({source.name})\n"
        (stage / f"{source.stem}.md").write_text(page + back, encoding="utf-8")
        for name, picture in pictures.items():
            (stage / name).write_bytes(picture)
        shutil.copyfile(source, stage / source.name)
        sys.stdout.write(f"{source.name}: {len(pictures)} pictures\n")


def rendered(source: Path) -> Tuple[str, Dict[str, bytes]]:
    """A notebook, executed, as Markdown and its pictures by file name."""
    import nbformat
    from nbconvert import MarkdownExporter

    notebook = executed(nbformat.read(source, as_version=4))
    told: Dict[str, Any] = {"unique_key": source.stem, "output_files_dir": ""}
    page, resources = MarkdownExporter().from_notebook_node(notebook, resources=told)
    return _COLOUR_CODES.sub("", page), {Path(name).name: data for name, data in resources["outputs"].items()}


def executed(notebook: Any) -> Any:
    """The notebook with its outputs: run in a folder of its own, with nothing configured."""
    from nbclient import NotebookClient

    with tempfile.TemporaryDirectory() as folder:
        known = {name: value for name, value in os.environ.items() if not name.startswith(("SPLUNK_", "IPTHREAT_"))}
        client = NotebookClient(
            notebook, timeout=_SECONDS, kernel_name="python3", resources={"metadata": {"path": folder}}
        )
        client.execute(env={**known, "IPTHREAT_HOME": folder, "PYTHONPATH": str(ROOT / "lib")})
    return notebook


def main() -> None:
    """Lays everything together anew."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--stage", type=Path, default=STAGE, help="the folder to write (%(default)s)")
    stage = options.parse_args().stage
    shutil.rmtree(stage, ignore_errors=True)
    pages(stage)
    notebooks(stage / "notebooks")


if __name__ == "__main__":
    main()
