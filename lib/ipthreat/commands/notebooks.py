"""The command `notebook run`: a notebook with parameters becomes a page."""

from __future__ import annotations

import argparse
from pathlib import Path

from .ground import Environment, output


def run_notebook(options: argparse.Namespace, environment: Environment) -> int:
    """`ipthreat notebook run`: executes a notebook and writes it as HTML. Needs the extras `notebooks` and `lab`."""
    from ..notebook.running import found, parameters, run

    notebook = found(options.name)
    out = Path(options.out or f"{notebook.stem}.html")
    output(str(run(notebook, parameters(options.parameter), out)))
    return 0
