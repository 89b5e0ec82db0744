"""The pages of the documentation as subjects of tests: their blocks of code, and the scripts that write them."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import List

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def page(name: str) -> str:
    """The text of a page."""
    return (DOCS / f"{name}.md").read_text(encoding="utf-8")


def blocks(name: str, language: str) -> List[str]:
    """The code of a page's blocks in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page(name), re.DOTALL | re.MULTILINE)


def commands(name: str) -> List[str]:
    """The command lines of a page, without the prompt."""
    return [line[2:] for block in blocks(name, "console") for line in block.splitlines() if line.startswith("$ ")]


def maker(name: str) -> ModuleType:
    """A script of docs/making, which lies in no package."""
    known = f"ipthreat_docs_{name}"
    if known not in sys.modules:
        spec = importlib.util.spec_from_file_location(known, DOCS / "making" / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[known] = module
        spec.loader.exec_module(module)
    return sys.modules[known]
