"""Every form a case can be written in: one visible registry, and how the files of a report folder are made."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Dict, Iterable, List, Mapping

from ..case import Case
from ..errors import InputError, MissingExtraError
from . import actionable, charts, firewalls, html, markdown, misp, navigator, sigma, stix, tables, threat
from .blocks import Document


@dataclass(frozen=True)
class Format:
    """One form: the file it is written to in a report folder, and what renders it."""

    file: str
    pieces: Callable[[Case], Iterable[str]]
    """The text in pieces, so that the JSON of a hundred thousand addresses is never held as a whole."""

    def render(self, case: Case) -> str:
        """The whole text."""
        return "".join(self.pieces(case))


def _whole(render: Callable[[Case], str]) -> Callable[[Case], Iterable[str]]:
    return lambda case: (render(case),)


def _json(data: object) -> str:
    return json.dumps(data, indent=2, ensure_ascii=True) + "\n"


FORMATS: Dict[str, Format] = {
    "threat": Format("threat_report.txt", _whole(threat.render)),
    "strict": Format("threat_report_strict.txt", _whole(lambda case: threat.render(case, strict=True))),
    "actionable": Format("actionable.md", _whole(lambda case: markdown.render(actionable.document(case)))),
    "html": Format("actionable.html", _whole(lambda case: html_page(case))),
    "json": Format("assessments.json", tables.json_pieces),
    "csv": Format("assessments.csv", tables.csv_pieces),
    "stix": Format("stix.json", _whole(lambda case: _json(stix.bundle(case)))),
    "misp": Format("misp.json", _whole(lambda case: _json(misp.event(case)))),
    "navigator": Format("attack_navigator.json", _whole(lambda case: _json(navigator.layer(case)))),
    "sigma": Format("hunt.sigma.yml", _whole(sigma.rules)),
    "blocklist": Format("blocklist.txt", _whole(lambda case: firewalls.render(case, "plain"))),
}


def format_named(name: str) -> Format:
    """The form of that name; `blocklist:<firewall>` is a block list in a firewall's syntax.

    Raises InputError that lists the names there are.
    """
    form, _, firewall = name.partition(":")
    if form == "blocklist" and firewall:
        syntax = firewalls.format_named(firewall)
        return Format(syntax.file, _whole(lambda case: firewalls.render(case, firewall)))
    if name not in FORMATS:
        lists = ", ".join(f"blocklist:{other}" for other in firewalls.FORMATS)
        raise InputError(f"there is no format {name[:60]!r}; there are {', '.join(FORMATS)}, {lists}")
    return FORMATS[name]


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
            with path.open("wb") as file:
                file.writelines(piece.encode("utf-8", "backslashreplace") for piece in form.pieces(case))
    except OSError as error:
        raise InputError(f"{folder}: the report cannot be written there ({error.strerror or error})") from None
    return written
