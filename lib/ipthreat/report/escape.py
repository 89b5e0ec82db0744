"""Makes text that an attacker may have written inert in each output: Markdown, HTML, CSV and the terminal.

User agents, request paths, whois strings and feed comments all come from outside. Escape once, at the place of output.
"""

from __future__ import annotations

import html
import re
import unicodedata

from ..address import defang

# Control and format characters: ANSI escapes, newlines, bidirectional overrides, zero-width characters, separators.
_UNSEEN = {"Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn"}
# What Markdown, its tables, its formulas and its automatic links give a meaning within a line …
_MARKDOWN = re.compile(r"([\\`*_\[\]<>|&~$@]|:(?=//)|(?<=www)\.)", re.IGNORECASE)
# … and at its start: headings, lists, underlines of headings.
_AT_START = re.compile(r"^([#+=-]|\d{1,9}(?=[.)]))")
# What a spreadsheet takes for a formula at the start of a cell, its full-width forms included.
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
# A semicolon ends a cell where the locale says so, whatever the quotes: what follows must not become a formula either.
_NEW_CELL = re.compile(r"([;,]\s*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")
LIMIT = 200
"""Longest attacker-controlled text shown, in characters."""


def visible(text: str, limit: int = LIMIT) -> str:
    """One line; control characters are shown as `\\xNN` or `\\uNNNN`; cut with `…` at `limit` characters."""
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    return "".join(_shown(char) if unicodedata.category(char) in _UNSEEN else char for char in cut)


def _shown(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def markdown(text: str, limit: int = LIMIT) -> str:
    """Inert Markdown within a line: every character with a meaning is escaped, and the rest stays readable."""
    return _MARKDOWN.sub(r"\\\1", visible(text, limit))


def markdown_line(text: str) -> str:
    """A whole line of Markdown that starts no heading, list or block of code."""
    bare = text.lstrip()
    started = _AT_START.match(bare)
    if not started:
        return bare
    mark = started.group()
    return f"{mark}\\{bare[len(mark) :]}" if mark.isdigit() else f"\\{bare}"


def code(text: str, limit: int = LIMIT) -> str:
    """A Markdown code span that holds the text as it is; its fence is longer than any run of backticks inside."""
    shown = visible(text, limit) or " "
    fence = "`" * (max((len(run) for run in re.findall(r"`+", shown)), default=0) + 1)
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def markup(text: str, limit: int = LIMIT) -> str:
    """Inert HTML, for element content and for quoted attributes."""
    return html.escape(visible(text, limit), quote=True)


def csv_cell(text: str, limit: int = 32_000) -> str:
    """A CSV value that no spreadsheet takes for a formula: an apostrophe before each character that would start one.

    Source: OWASP, CSV injection.
    """
    shown = _NEW_CELL.sub(r"\1'", visible(text, limit))
    return f"'{shown}" if shown.lstrip().startswith(_FORMULA) else shown


def defanged(address: str) -> str:
    """An address as prose writes it: `18.237.3[.]202`, `2001:db8:[:]1`, so that no program turns it into a link."""
    return defang(address)
