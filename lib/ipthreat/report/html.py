"""Renders a document as one HTML page that needs nothing else: no script, no request, styles and pictures inside.

Every text is escaped on the way out; a content security policy stands behind that. Citations lead to the row of the
evidence table that they name: the row that begins with `E<number>` in a table whose first column is headed `E`.
"""

from __future__ import annotations

import base64
import re
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Callable, Dict, FrozenSet, Iterable, Iterator, List, Mapping, Set, Type
from urllib.parse import urlsplit

from ..case import TLP_LABELS
from . import blocks
from .escape import markup

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""The page's content security policy: it may show what it carries, and do nothing else."""
NO_PICTURE = "This chart is not drawn, for want of matplotlib (pip install 'ipthreat[reports]'). Its data:"
_TEXT_LIMIT = 100_000
_CODE_LIMIT = 500
_FOLDED_FROM = 25
"""Listings with more lines than this are folded."""
_SHORT = 20
"""Cells of so few characters are not broken into lines."""
_BADGES = ("Priority", "Severity")
"""Columns whose words are set as labels."""
_EVIDENCE = re.compile(r"E[0-9]{1,6}")
_WEB = re.compile(r"https?://[!-~]{1,2000}")


def render(document: blocks.Document, pictures: Mapping[str, bytes] = MappingProxyType({})) -> str:
    """The page as text. `pictures` maps a figure's name to its PNG; a figure without one shows its data instead."""
    return "\n".join(_Page(document, pictures).lines()) + "\n"


@lru_cache(maxsize=1)
def _stylesheet() -> str:
    return Path(__file__).with_name("report.css").read_text(encoding="utf-8").strip()


def _escaped(text: str, limit: int = _TEXT_LIMIT) -> str:
    return markup(text, limit)


def _anchor(name: str) -> str:
    return "card-" + re.sub(r"[^0-9A-Za-z]", "-", name)


class _Column:
    """A column by its header: `Nats #` is the column Nats, of numbers."""

    def __init__(self, header: str) -> None:
        self.number = header.endswith(" #")
        self.name = header[:-2] if self.number else header

    def attribute(self, short: bool = False) -> str:
        """The class attribute of a cell of it; empty for an ordinary cell."""
        names = [name for name, applies in (("number", self.number), ("short", short)) if applies]
        return f' class="{" ".join(names)}"' if names else ""


def _section_id(section: blocks.Section, number: int) -> str:
    return _anchor(section.anchor) if section.anchor else f"section-{number}"


class _Page:
    """One page in the making; it knows which anchors there are, so that no citation leads nowhere."""

    def __init__(self, document: blocks.Document, pictures: Mapping[str, bytes]) -> None:
        self.document = document
        self.pictures = pictures
        self.cards = frozenset(section.anchor for section in document.sections if section.anchor)
        self.evidence = _evidence_labels(document)
        self.placed: Set[str] = set()

    def lines(self) -> Iterator[str]:
        """The whole page."""
        title, label = _escaped(self.document.title), self.document.tlp
        yield f'<!DOCTYPE html>\n<html lang="en-GB">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>'
        yield f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
        yield '<meta name="referrer" content="no-referrer">'
        yield f"<style>\n{_stylesheet()}\n{_page_boxes(label)}</style>\n</head>\n<body>"
        yield f'<a class="skip" href="#content">Skip to the content</a>\n{_tlp(label)}'
        yield from (f"<header>\n<h1>{title}</h1>", *_facts(self.document.facts), "</header>")
        yield from self._contents()
        yield '<main id="content">'
        for number, section in enumerate(self.document.sections, start=1):
            yield from self._section(section, number)
        yield f"</main>\n<footer>\n{_tlp(label)}\n</footer>\n</body>\n</html>"

    def _contents(self) -> Iterator[str]:
        yield '<nav aria-label="Contents">\n<ol>'
        for number, section in enumerate(self.document.sections, start=1):
            if section.level == 2:
                yield f'<li><a href="#{_section_id(section, number)}">{_escaped(section.title)}</a></li>'
        yield "</ol>\n</nav>"

    def _section(self, section: blocks.Section, number: int) -> Iterator[str]:
        level = min(6, max(2, section.level))
        yield f'<section id="{_section_id(section, number)}">'
        yield f"<h{level}>{_escaped(section.title)}</h{level}>"
        for block in section.blocks:
            yield from _RENDERERS[type(block)](self, block)
        yield "</section>"

    def line(self, parts: blocks.Line) -> str:
        """One line of inline parts; neighbouring citations share their brackets: `[E1, E3]`."""
        text = "".join(
            f" [{self._cite(part)}]" if isinstance(part, blocks.Cite) else _INLINE[type(part)](part) for part in parts
        )
        return text.replace("</a>] [<a", "</a>, <a")

    def _cite(self, part: blocks.Cite) -> str:
        if part.label in self.evidence:
            return f'<a class="cite" href="#{part.label}">{part.label}</a>'
        if part.anchor in self.cards:
            return f'<a class="cite" href="#{_anchor(part.anchor)}">{part.label}</a>'
        return part.label

    def paragraph(self, block: blocks.Paragraph) -> Iterator[str]:
        """A paragraph."""
        yield f"<p>{self.line(block.line)}</p>"

    def bullets(self, block: blocks.Bullets) -> Iterator[str]:
        """A list."""
        tag = "ol" if block.numbered else "ul"
        yield from (f"<{tag}>", *(f"<li>{self.line(item)}</li>" for item in block.items), f"</{tag}>")

    def table(self, block: blocks.Table) -> Iterator[str]:
        """A table that scrolls sideways where the page is too narrow for it."""
        label = _escaped(block.caption or "Table")
        yield f'<div class="scroll" role="region" tabindex="0" aria-label="{label}">\n<table>'
        if block.caption:
            yield f"<caption>{label}</caption>"
        columns = [_Column(name) for name in block.header]
        head = "".join(f'<th scope="col"{column.attribute()}>{_escaped(column.name)}</th>' for column in columns)
        yield f"<thead><tr>{head}</tr></thead>\n<tbody>"
        for row in block.rows:
            cells = [self._cell(column, parts, not place) for place, (column, parts) in enumerate(zip(columns, row))]
            yield f"<tr{self._row_anchor(block, row)}>{''.join(cells)}</tr>"
        yield "</tbody>\n</table>\n</div>"

    def _cell(self, column: _Column, parts: blocks.Line, first: bool) -> str:
        text = self.line(parts)
        short = all(isinstance(part, str) for part in parts) and sum(map(len, map(str, parts))) <= _SHORT
        if column.name in _BADGES and text.isalpha():
            text = f'<span class="badge {text.lower()}">{text}</span>'
        tag, scope = ("th", ' scope="row"') if first else ("td", "")
        return f"<{tag}{scope}{column.attribute(short)}>{text}</{tag}>"

    def _row_anchor(self, block: blocks.Table, row: Iterable[blocks.Line]) -> str:
        label = _evidence_label(block, row)
        if not label or label in self.placed:
            return ""
        self.placed.add(label)
        return f' id="{label}"'

    def listing(self, block: blocks.Listing) -> Iterator[str]:
        """Text kept as it is; a long one is folded."""
        rows = block.text.splitlines()
        text = "\n".join(_escaped(row) for row in rows)
        caption = _escaped(block.caption or "Listing")
        if len(rows) > _FOLDED_FROM:
            yield f'<details class="long"><summary>{caption} ({len(rows):,} lines)</summary>'
            yield f'<pre tabindex="0"><code>{text}</code></pre>\n</details>'
            return
        yield f'<figure class="listing"><figcaption>{caption}</figcaption>'
        yield f'<pre tabindex="0"><code>{text}</code></pre>\n</figure>'

    def figure(self, block: blocks.Figure) -> Iterator[str]:
        """A picture with its finding above and its data below; the data alone where there is no picture."""
        yield f'<figure class="chart">\n<figcaption>{_escaped(block.title)}</figcaption>'
        picture = self.pictures.get(block.name)
        if picture is None:
            yield f'<p class="note">{_escaped(NO_PICTURE)}</p>'
            yield from self.table(block.data)
        else:
            data = base64.b64encode(picture).decode("ascii")
            yield '<div class="scroll" role="region" tabindex="0" aria-label="Chart">'
            yield f'<img src="data:image/png;base64,{data}" alt="{_escaped(block.alt)}">\n</div>'
            yield from ("<details><summary>Data of this chart</summary>", *self.table(block.data), "</details>")
        yield "</figure>"


def _evidence_label(block: blocks.Table, row: Iterable[blocks.Line]) -> str:
    first = next(iter(row), ())
    if block.header[:1] == ("E",) and len(first) == 1 and isinstance(first[0], str):
        return first[0] if _EVIDENCE.fullmatch(first[0]) else ""
    return ""


def _evidence_labels(document: blocks.Document) -> FrozenSet[str]:
    tables = [block for section in document.sections for block in section.blocks if isinstance(block, blocks.Table)]
    return frozenset(_evidence_label(table, row) for table in tables for row in table.rows) - {""}


def _tlp(label: str) -> str:
    kind = label.partition(":")[2].partition("+")[0].lower() if label in TLP_LABELS else "unknown"
    return f'<p class="tlp {kind}"><span>{_escaped(label)}</span></p>'


def _page_boxes(label: str) -> str:
    """The label at the top and bottom of each printed page."""
    if label not in TLP_LABELS:
        return ""
    colour = _TLP_COLOURS[label]
    style = f"background: #000; color: {colour}; font: bold 9pt sans-serif; text-align: center;"
    box = f'{{ content: "{label}"; {style} width: 42mm; height: 6mm; margin: auto 0; }}'
    return f"@page {{ @top-right {box} @bottom-right {box} }}\n"


# On black, as the Traffic Light Protocol 2.0 fixes them (FIRST, 2022).
_TLP_COLOURS: Mapping[str, str] = dict(zip(TLP_LABELS, ("#ff2b2b", "#ffc000", "#ffc000", "#33ff00", "#ffffff")))


def _facts(facts: Iterable[tuple[str, str]]) -> List[str]:
    entries = (f"<div><dt>{_escaped(name)}</dt><dd>{_escaped(value)}</dd></div>" for name, value in facts)
    return ['<dl class="facts">', *entries, "</dl>"]


def _link(part: blocks.Link) -> str:
    """A link to the web; anything else is printed as its text alone."""
    try:
        host = urlsplit(part.url).netloc if _WEB.fullmatch(part.url) else ""
    except ValueError:
        host = ""
    if not host:
        return _escaped(part.text)
    return f'<a href="{_escaped(part.url)}" rel="noopener noreferrer">{_escaped(part.text)}</a>'


_INLINE: Dict[Type[object], Callable[[Any], str]] = {
    str: _escaped,
    blocks.Strong: lambda part: f"<strong>{_escaped(part.text)}</strong>",
    blocks.Code: lambda part: f"<code>{_escaped(part.text, _CODE_LIMIT)}</code>",
    blocks.Link: _link,
}
_RENDERERS: Dict[Type[object], Callable[[_Page, Any], Iterator[str]]] = {
    blocks.Paragraph: _Page.paragraph,
    blocks.Bullets: _Page.bullets,
    blocks.Table: _Page.table,
    blocks.Listing: _Page.listing,
    blocks.Figure: _Page.figure,
}
