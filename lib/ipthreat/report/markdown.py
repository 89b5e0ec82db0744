"""Renders a document as Markdown (CommonMark with GFM tables). Every text is escaped on the way out."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import groupby
from types import MappingProxyType
from typing import Callable, Dict, Iterator, Mapping, Type

from . import blocks
from .escape import code, markdown, markdown_line, visible

_LINK_LIMIT = 500


def render(document: blocks.Document, pictures: Mapping[str, str] = MappingProxyType({})) -> str:
    """The document as text. `pictures` maps a figure's name to the path of its image, relative to the text."""
    lines = [f"# {markdown(document.title)}", "", f"**{document.tlp}**", ""]
    lines += [f"- **{markdown(name)}:** {markdown(value)}" for name, value in document.facts]
    for section in document.sections:
        lines += ["", f"{'#' * section.level} {markdown(section.title)}"]
        for block in section.blocks:
            lines += ["", *_block(block, pictures)]
    return "\n".join([*lines, "", f"**{document.tlp}**", ""])


def _block(block: blocks.Block, pictures: Mapping[str, str]) -> Iterator[str]:
    if isinstance(block, blocks.Figure):
        return _figure(block, pictures)
    return _RENDERERS[type(block)](block)


def line(parts: blocks.Line) -> str:
    """One line of inline parts."""
    return markdown_line(_joined(parts))


def _joined(parts: blocks.Line) -> str:
    """Inline parts in a row; neighbouring citations share their brackets: `[E1, E3]`."""
    text = ""
    for cites, run in groupby(parts, lambda part: isinstance(part, blocks.Cite)):
        if cites:
            text += f" [{', '.join(part.label for part in run if isinstance(part, blocks.Cite))}]"
        else:
            text += "".join(map(_inline, run))
    return text


def _cell(parts: blocks.Line) -> str:
    """The same within a table, where a bar would end the cell whatever stands around it."""
    return _joined(tuple(replace(part, text=part.text.replace("|", "¦")) if isinstance(part, blocks.Code) else part
                         for part in parts))  # fmt: skip


def _inline(part: blocks.Inline) -> str:
    if isinstance(part, blocks.Strong):
        return f"**{markdown(part.text.strip(), 2000)}**{' ' * (len(part.text) - len(part.text.rstrip()))}"
    if isinstance(part, blocks.Code):
        return code(part.text, 500)
    if isinstance(part, blocks.Link):
        url = re.sub(r"[^A-Za-z0-9:/?&=%._~#+-]", "", part.url)[:_LINK_LIMIT]
        return f"[{markdown(part.text)}](<{url}>)" if url.startswith("https://") else markdown(part.text)
    return markdown(str(part), 2000)


def _paragraph(block: blocks.Paragraph) -> Iterator[str]:
    yield line(block.line)


def _bullets(block: blocks.Bullets) -> Iterator[str]:
    for number, item in enumerate(block.items, start=1):
        yield f"{f'{number}.' if block.numbered else '-'} {line(item)}"


def _table(block: blocks.Table) -> Iterator[str]:
    if block.caption:
        yield f"*{markdown(block.caption)}*"
        yield ""
    numeric = [name.endswith(" #") for name in block.header]
    yield "| " + " | ".join(markdown(name[:-2] if name.endswith(" #") else name) for name in block.header) + " |"
    yield "| " + " | ".join("---:" if number else "---" for number in numeric) + " |"
    for row in block.rows:
        yield "| " + " | ".join(_cell(cell).strip() or " " for cell in row) + " |"


def _listing(block: blocks.Listing) -> Iterator[str]:
    if block.caption:
        yield f"*{markdown(block.caption)}*"
        yield ""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", block.text)), default=0))
    yield fence + block.language
    yield from (visible(row, 1_000_000) for row in block.text.splitlines())
    yield fence


def _figure(block: blocks.Figure, pictures: Mapping[str, str]) -> Iterator[str]:
    yield f"**{markdown(block.title)}**"
    yield ""
    path = pictures.get(block.name)
    yield f"![{markdown(block.alt, 1000)}](<{path}>)" if path else markdown(block.alt, 1000)
    yield ""
    yield from _table(block.data)


_RENDERERS: Dict[Type[object], Callable[..., Iterator[str]]] = {
    blocks.Paragraph: _paragraph,
    blocks.Bullets: _bullets,
    blocks.Table: _table,
    blocks.Listing: _listing,
}
