"""The rules that hold the shape: who may import what, what an import costs, and how large things may grow."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Iterator, Set, Tuple

import pytest

ROOT = Path(__file__).parents[1]
LIBRARY = ROOT / "lib" / "ipthreat"
MODULES = sorted(LIBRARY.rglob("*.py"))

# Third-party package → the places that may import it, as prefixes of the path below lib/ipthreat.
ALLOWED = {
    "requests": ("transport.py",),
    "keyring": ("keys.py",),
    "urllib3": ("transport.py", "exchange.py"),
    "splunklib": ("splunk/",),
    "pandas": ("notebook/", "spark.py"),
    "matplotlib": ("report/", "notebook/"),
    "PIL": ("report/",),
    "numpy": ("notebook/",),
    "pyspark": ("spark.py",),
    "maxminddb": ("snapshot/", "providers/maxmind.py"),
    "msgpack": ("snapshot/",),
    "plevin": ("snapshot/",),
    "zstandard": ("snapshot/",),
}
# The pure part: no files, no network, no environment, no clock.
PURE = ("assessment", "signals", "policy", "priority", "explanation", "dossier", "case", "fields")
IMPURE_MODULES = {"os", "socket", "pathlib", "subprocess", "time", "io", "tempfile", "shutil", "random", "logging"}


def imports(path: Path) -> Iterator[Tuple[str, int]]:
    """Top-level package of every absolute import, with its line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name.split(".")[0], node.lineno
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.module.split(".")[0], node.lineno


def third_party(name: str) -> bool:
    return name not in STANDARD and name != "ipthreat"


def standard() -> Set[str]:
    """The modules of the standard library. Python 3.9 has no list of them: there they are those in its folder."""
    named = set(getattr(sys, "stdlib_module_names", ()))
    folder = Path(sysconfig.get_paths()["stdlib"])
    places = (folder, folder / "lib-dynload", Path(sysconfig.get_config_var("DESTSHARED") or folder))
    return named or {path.name.split(".")[0] for place in places for path in place.glob("*")} | {
        *sys.builtin_module_names
    }


STANDARD = standard()  # fmt: skip


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(LIBRARY).as_posix())
def test_a_module_imports_third_party_packages_only_where_they_belong(path):
    below = path.relative_to(LIBRARY).as_posix()
    for name, line in imports(path):
        if third_party(name):
            assert name in ALLOWED, f"{below}:{line} imports {name}, which is on no list"
            assert below.startswith(ALLOWED[name]), f"{below}:{line} may not import {name}"


@pytest.mark.parametrize("name", [name for name in PURE if (LIBRARY / f"{name}.py").exists()])
def test_what_decides_is_pure(name):
    used = {module for module, _ in imports(LIBRARY / f"{name}.py")}
    assert not used & IMPURE_MODULES


@pytest.mark.parametrize("path", sorted((LIBRARY / "report").glob("*.py")), ids=lambda path: path.name)
def test_what_renders_reads_no_environment_and_no_clock(path):
    source = path.read_text(encoding="utf-8")
    assert not re.search(r"\b(os\.environ|getenv|datetime\.now|time\.time|utcnow|date\.today)\b", source)


def test_importing_the_library_pulls_nothing_from_outside():
    program = "import sys; import ipthreat; print('\\n'.join(sorted({n.split('.')[0] for n in sys.modules})))"
    loaded = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True).stdout
    outside = {"requests", "urllib3", "matplotlib", "numpy", "pandas", "splunklib", "certifi", "idna", "maxminddb"}
    assert not outside & set(loaded.split())


def test_the_public_names_are_pinned():
    import ipthreat

    assert sorted(ipthreat.__all__) == [
        "Assessment", "Case", "Dossier", "Evidence", "Intelligence", "IpthreatError", "Judge", "Policy", "Priority",
        "Severity", "Snapshot", "Status", "Verdict", "__version__", "assess", "counterfactual", "explain",
        "policy_named",
    ]  # fmt: skip
    for name in ipthreat.__all__:
        assert getattr(ipthreat, name) is not None


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(LIBRARY).as_posix())
def test_a_module_stays_within_its_size(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(LIBRARY).as_posix())
def test_functions_stay_short_and_public_names_documented(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= 30, f"{node.name} is {length} lines long"
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]
    for node in [*tree.body, *[member for owner in classes for member in owner.body]]:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{node.name} has no docstring"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(LIBRARY).as_posix())
def test_no_except_swallows_everything(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None
            assert not (isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException"))


def test_no_path_of_a_machine_and_no_unfinished_work_is_in_the_tree():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    marks = re.compile("/" + "work/main|/" + "root/|" + "TO" + "DO|FIX" + "ME|XX" + "X:")
    for name in listed:
        path = ROOT / name
        if path.suffix in (".py", ".md", ".toml", ".cfg", ".sh", ".conf", "") and path.is_file():
            found = marks.search(path.read_text(encoding="utf-8", errors="replace"))
            assert not found, f"{name} holds {found.group()!r}"
