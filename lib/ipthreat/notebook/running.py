"""Running a notebook without a browser: parameters in, an executed page out (papermill, the extra `lab`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, Mapping, Sequence

from ..errors import InputError, IpthreatError, MissingExtraError

FOLDER = Path("notebooks")
"""Where a notebook is looked for that is named by its number."""


def found(name: str, folder: Path = FOLDER) -> Path:
    """A notebook by path, or by the beginning of its name in the folder. Raises InputError that lists what there is."""
    if Path(name).suffix == ".ipynb" and Path(name).exists():
        return Path(name)
    there = sorted(folder.glob("*.ipynb"))
    matching = [path for path in there if path.name.startswith(name)]
    if len(matching) != 1:
        listed = ", ".join(path.stem for path in there) or f"none in {folder}/"
        raise InputError(f"there is no one notebook {name[:60]!a}; there are {listed}")
    return matching[0]


def parameters(pairs: Sequence[str]) -> Dict[str, Any]:
    """`name=value` pairs; whole and decimal numbers become numbers. Raises InputError for anything else."""
    made: Dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.isidentifier():
            raise InputError(f"-p: {pair[:60]!a} is no name=value")
        made[name] = _value(value)
    return made


def _value(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def run(notebook: Path, given: Mapping[str, Any], out: Path) -> Path:
    """Executes a notebook with parameters and writes it as an HTML page.

    A cell that fails ends the run with an IpthreatError that names the error; a parameter that the notebook does not
    have is an InputError.
    """
    try:
        import papermill
        from nbconvert import HTMLExporter
    except ImportError:
        raise MissingExtraError("running notebooks needs papermill: pip install 'ipthreat[notebooks,lab]'") from None
    known = papermill.inspect_notebook(str(notebook))
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise InputError(f"{notebook.name} has no parameter {unknown[0]}; it has {', '.join(known) or 'none'}")
    executed = out.with_suffix(".ipynb")
    try:
        papermill.execute_notebook(str(notebook), str(executed), dict(given), progress_bar=False, log_output=False)
        exporter = HTMLExporter(exclude_input_prompt=True)  # type: ignore[no-untyped-call,unused-ignore]  # typed in some versions
        page, _ = exporter.from_filename(str(executed))
        out.write_text(page, encoding="utf-8")
    except papermill.PapermillExecutionError as error:
        raise IpthreatError(f"{notebook.name}: {error.ename}: {str(error.evalue)[:300]}") from None
    except OSError as error:
        raise InputError(f"{out}: cannot be written ({error.strerror or error})") from None
    finally:
        executed.unlink(missing_ok=True)
    return out
