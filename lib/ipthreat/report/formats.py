"""Every form a case can be written in: one visible registry, and how the files of a report folder are made."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Dict, List, Mapping

from ..case import Case
from ..errors import InputError, MissingExtraError
from . import actionable, blocklist, charts, html, markdown, misp, stix, tables, threat
from .blocks import Document


@dataclass(frozen=True)
class Format:
    """One form: the file it is written to in a report folder, and what renders it."""

    file: str
    render: Callable[[Case], str]


def _json(data: object) -> str:
    return json.dumps(data, indent=2, ensure_ascii=True) + "\n"


FORMATS: Dict[str, Format] = {
    "threat": Format("threat_report.txt", threat.render),
    "strict": Format("threat_report_strict.txt", lambda case: threat.render(case, strict=True)),
    "actionable": Format("actionable.md", lambda case: markdown.render(actionable.document(case))),
    "html": Format("actionable.html", lambda case: html_page(case)),
    "json": Format("assessments.json", lambda case: _json(tables.json_data(case))),
    "csv": Format("assessments.csv", tables.csv_text),
    "stix": Format("stix.json", lambda case: _json(stix.bundle(case))),
    "misp": Format("misp.json", lambda case: _json(misp.event(case))),
    "blocklist": Format("blocklist.txt", lambda case: blocklist.render(case, "plain")),
}


def pictures(document: Document, case: Case) -> Mapping[str, bytes]:
    """The charts of a report by figure name; empty when matplotlib is not installed (the data stand in their place)."""
    try:
        return charts.pictures(document, case)
    except MissingExtraError:
        return {}


def html_page(case: Case) -> str:
    """The actionable report as one self-contained page."""
    document = actionable.document(case)
    return html.render(document, pictures(document, case))


def write_all(case: Case, folder: Path) -> List[Path]:
    """Writes every form into a folder, which is made when absent. Raises InputError in one sentence."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        written = [folder / form.file for form in FORMATS.values()]
        for path, form in zip(written, FORMATS.values()):
            path.write_bytes(form.render(case).encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise InputError(f"{folder}: the report cannot be written there ({error.strerror or error})") from None
    return written
