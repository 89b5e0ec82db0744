"""The parts a report is made of, apart from how they look: one document renders as Markdown and as HTML.

Every text is escaped by the renderer. Text an attacker wrote goes into `Code`, so that it also reads as a quotation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Tuple, Union


@dataclass(frozen=True)
class Strong:
    """Words that stand out."""

    text: str


@dataclass(frozen=True)
class Code:
    """A literal: a field value, a query, or text an attacker wrote."""

    text: str


@dataclass(frozen=True)
class Link:
    """A link to a page; the URL is one the product built itself."""

    text: str
    url: str


@dataclass(frozen=True)
class Cite:
    """A reference to evidence `E<number>` of one address's card."""

    number: int
    anchor: str
    """Identifies the card: the address in canonical text."""

    @property
    def label(self) -> str:
        """`E3`."""
        return f"E{self.number}"


Inline = Union[str, Strong, Code, Link, Cite]
Line = Tuple[Inline, ...]


@dataclass(frozen=True)
class Paragraph:
    """A paragraph."""

    line: Line


@dataclass(frozen=True)
class Bullets:
    """A list; numbered where the order matters."""

    items: Tuple[Line, ...]
    numbered: bool = False


@dataclass(frozen=True)
class Table:
    """A table; a column whose header ends in ` #` holds numbers and is set flush right."""

    header: Tuple[str, ...]
    rows: Tuple[Tuple[Line, ...], ...]
    caption: str = ""


@dataclass(frozen=True)
class Listing:
    """Text kept as it is: a query, a CSV table, a JSON document."""

    text: str
    language: str = ""
    caption: str = ""


@dataclass(frozen=True)
class Figure:
    """A chart: its finding as title, what it shows in words, and its data as a table."""

    name: str
    """Key in charts.CHARTS."""
    title: str
    alt: str
    data: Table


Block = Union[Paragraph, Bullets, Table, Listing, Figure]


@dataclass(frozen=True)
class Section:
    """A part of the report with its heading."""

    title: str
    blocks: Tuple[Block, ...]
    level: int = 2
    anchor: str = ""
    """Where citations lead: the address whose card this is."""


@dataclass(frozen=True)
class Document:
    """A whole report."""

    title: str
    tlp: str
    facts: Tuple[Tuple[str, str], ...]
    """The header: Date, Subject, report id, …"""
    sections: Tuple[Section, ...]
