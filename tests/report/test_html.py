"""The HTML report: one page that needs nothing else, in which text from outside is only ever text."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any, Dict, List, Optional, Set, Tuple
from urllib.parse import urlsplit

import pytest
from cases import crowded_case, golden_case
from examples import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ipthreat.case import TLP_LABELS
from ipthreat.report import actionable, charts, escape, html
from ipthreat.report.blocks import (
    Block,
    Bullets,
    Cite,
    Code,
    Document,
    Figure,
    Line,
    Link,
    Listing,
    Paragraph,
    Section,
    Strong,
    Table,
)

VOID = {"meta", "img", "br", "link", "input", "hr"}
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 16

NASTY = st.sampled_from(
    [
        "<script>alert(1)</script>",
        "</style><script>",
        "</title><img src=x onerror=alert(1)>",
        '" onmouseover="alert(1)',
        "' autofocus onfocus='alert(1)",
        "<!--",
        "]]>",
        "&lt;b&gt;",
        "javascript:alert(1)",
        "data:text/html,<script>",
        "[click](javascript:alert(1))",
        '=HYPERLINK("http://x")',
        "\x1b[31m",
        "a\nb\r\nc\u2028",
        "$\\sqrt{x}$",
        "\u202e\u0000",
        "E1",
        "http://[::1",
        'https://example.com/"><script>',
        "http:",
    ]
)
TEXT = st.lists(NASTY | st.text(max_size=20), max_size=3).map("".join)
INLINE = st.one_of(
    TEXT,
    TEXT.map(Strong),
    TEXT.map(Code),
    st.builds(Link, TEXT, TEXT),
    st.builds(Cite, st.integers(1, 9), TEXT),
)
LINE = st.lists(INLINE, max_size=3).map(tuple)


@st.composite
def tables(draw: Any) -> Table:
    """A table of any size with any text in it."""
    width = draw(st.integers(1, 3))
    header = tuple(draw(st.lists(TEXT | st.sampled_from(["E", "Priority", "n #"]), min_size=width, max_size=width)))
    rows = draw(st.lists(st.lists(LINE, min_size=width, max_size=width).map(tuple), max_size=3))
    return Table(header, tuple(rows), draw(TEXT))


BLOCK = st.one_of(
    LINE.map(Paragraph),
    st.builds(Bullets, st.lists(LINE, max_size=3).map(tuple), st.booleans()),
    tables(),
    st.builds(Listing, TEXT, TEXT, TEXT),
    st.builds(Figure, st.sampled_from(["drawn", "not drawn"]), TEXT, TEXT, tables()),
)
DOCUMENT = st.builds(
    Document,
    TEXT,
    st.sampled_from(TLP_LABELS) | TEXT,
    st.lists(st.tuples(TEXT, TEXT), max_size=2).map(tuple),
    st.lists(
        st.builds(Section, TEXT, st.lists(BLOCK, max_size=3).map(tuple), st.integers(1, 7), TEXT), max_size=3
    ).map(tuple),
)  # fmt: skip

TAGS = {
    "a", "body", "caption", "code", "dd", "details", "div", "dl", "dt", "figcaption", "figure", "footer", "h1", "h2",
    "h3", "h4", "h5", "h6", "head", "header", "html", "img", "li", "main", "meta", "nav", "ol", "p", "pre", "section",
    "span", "strong", "style", "summary", "table", "tbody", "td", "th", "thead", "title", "tr", "ul",
}  # fmt: skip
ATTRIBUTES = {
    "alt", "aria-label", "charset", "class", "content", "href", "http-equiv", "id", "lang", "name", "rel", "role",
    "scope", "src", "tabindex",
}  # fmt: skip


class Seen(HTMLParser):
    """What a browser would make of a page: its tags, attributes and text."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: List[Tuple[str, Dict[str, Optional[str]]]] = []
        self.open: List[str] = []
        self.words: List[str] = []
        self.balanced = True
        self.odd: List[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: List[Tuple[str, Optional[str]]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self.balanced = self.balanced and bool(self.open) and self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_comment(self, data: str) -> None:
        self.odd.append(data)

    def values(self, name: str) -> List[str]:
        return [attrs[name] or "" for _, attrs in self.tags if name in attrs]


def page_of(*blocks: Block, **fields: Any) -> str:
    section = Section("A section", tuple(blocks), **fields)
    return html.render(Document("A report", "TLP:AMBER", (("Date", "today"),), (section,)), {"drawn": PNG})


GOLDEN = golden_case()
PAGE = html.render(actionable.document(GOLDEN), {"board": PNG})


@settings(max_examples=examples(1), suppress_health_check=[HealthCheck.too_slow])
@given(DOCUMENT)
def test_text_from_outside_never_becomes_a_tag_or_an_attribute(document: Document) -> None:
    seen = Seen(html.render(document, {"drawn": PNG}))
    assert {tag for tag, _ in seen.tags} <= TAGS
    assert {name for _, attrs in seen.tags for name in attrs} <= ATTRIBUTES
    assert seen.balanced
    assert not seen.open
    assert not seen.odd
    assert not [url for url in seen.values("href") if not url.startswith(("#", "http://", "https://"))]
    assert not [url for url in seen.values("src") if not url.startswith("data:image/png;base64,")]


@given(TEXT)
def test_text_reads_as_it_was_written(text: str) -> None:
    seen = Seen(page_of(Paragraph((text,)), Paragraph((Code(text),)), Listing(text)))
    assert escape.visible(text, 100_000) in "".join(seen.words)


@given(TEXT)
def test_a_link_leads_to_the_web_or_nowhere(url: str) -> None:
    seen = Seen(page_of(Paragraph((Link("there", url),))))
    hrefs = [href for href in seen.values("href") if not href.startswith("#")]
    assert all(urlsplit(href).scheme in ("http", "https") for href in hrefs)
    assert "there" in "".join(seen.words)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "/local",
        "file:///etc/passwd",
        "http:",
        "",
        "\x1fhttp://x",
        "http://[::1",
    ],
)
def test_a_link_that_is_not_of_the_web_is_printed_as_its_text(url: str) -> None:
    assert Seen(page_of(Paragraph((Link("there", url),)))).tags.count(("a", {"href": url})) == 0


def test_the_page_runs_nothing_and_asks_for_nothing() -> None:
    seen = Seen(PAGE)
    assert not {"script", "link", "iframe", "object", "form", "base"} & {tag for tag, _ in seen.tags}
    assert "url(" not in PAGE.split("</style>")[0]
    assert "@import" not in PAGE
    policies = [attrs["content"] for tag, attrs in seen.tags if attrs.get("http-equiv") == "Content-Security-Policy"]
    assert policies == [html.POLICY]
    assert html.POLICY.startswith("default-src 'none'")


def test_the_page_tells_its_language_its_title_and_its_width() -> None:
    seen = Seen(PAGE)
    assert ("html", {"lang": "en-GB"}) in seen.tags
    assert "<title>Actionable Intelligence Report" in PAGE
    assert "width=device-width, initial-scale=1" in seen.values("content")


def test_headings_descend_without_gaps() -> None:
    levels = [int(tag[1]) for tag, _ in Seen(PAGE).tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in zip(levels, levels[1:]))


def test_a_keyboard_skips_to_the_content() -> None:
    seen = Seen(PAGE)
    first = next(attrs for tag, attrs in seen.tags if tag == "a")
    assert first == {"class": "skip", "href": "#content"}
    assert ("main", {"id": "content"}) in seen.tags


def test_the_label_stands_at_the_top_and_at_the_bottom() -> None:
    seen = Seen(PAGE)
    assert seen.words.count("TLP:AMBER") == 2
    assert '@page { @top-right { content: "TLP:AMBER"' in PAGE


@pytest.mark.parametrize(
    "label, colour",
    [("TLP:RED", "#ff2b2b"), ("TLP:AMBER", "#ffc000"), ("TLP:AMBER+STRICT", "#ffc000"), ("TLP:GREEN", "#33ff00")],
)
def test_a_label_has_the_colour_of_the_standard_on_black(label: str, colour: str) -> None:
    page = html.render(Document("t", label, (), ()))
    kind = label[4:].partition("+")[0].lower()
    assert f'<p class="tlp {kind}"><span>{label}</span></p>' in page
    assert f".tlp.{kind} span {{ color: {colour}; }}" in page
    assert f"background: #000; color: {colour};" in page


def test_a_label_that_the_standard_does_not_know_stays_text() -> None:
    page = html.render(Document("t", '"; } body { display: none } <b>', (), ()))
    assert "@top-right" not in page
    assert "<b>" not in page


def test_every_id_is_there_once_and_every_inner_link_leads_somewhere() -> None:
    for case in (GOLDEN, crowded_case(8)):
        seen = Seen(html.render(actionable.document(case)))
        ids = seen.values("id")
        assert len(ids) == len(set(ids))
        targets: Set[str] = {href[1:] for href in seen.values("href") if href.startswith("#")}
        assert targets <= set(ids)


def test_a_citation_leads_to_its_row_in_the_evidence_table() -> None:
    table = Table(("E", "Source"), ((("E3",), ("VirusTotal",)),), "Evidence")
    page = page_of(Paragraph(("Seen.", Cite(3, "192.0.2.1"))), table)
    assert '<a class="cite" href="#E3">E3</a>' in page
    assert '<tr id="E3"><th scope="row" class="short">E3</th>' in page


def test_neighbouring_citations_share_their_brackets() -> None:
    table = Table(("E",), ((("E1",),), (("E2",),)))
    page = page_of(Paragraph(("Seen.", Cite(1, "a"), Cite(2, "a"))), table)
    assert 'Seen. [<a class="cite" href="#E1">E1</a>, <a class="cite" href="#E2">E2</a>]' in page


def test_a_citation_without_a_row_leads_to_the_card_and_without_a_card_nowhere() -> None:
    page = page_of(Paragraph(("x", Cite(1, "2001:db8::1"), Cite(2, "192.0.2.9"))), anchor="2001:db8::1")
    assert '<section id="card-2001-db8--1">' in page
    assert '[<a class="cite" href="#card-2001-db8--1">E1</a>] [E2]' in page


def test_a_table_has_a_caption_scopes_and_numbers_flush_right() -> None:
    page = page_of(Table(("Name", "Count #"), ((("a",), ("12",)),), "Counts"))
    assert "<caption>Counts</caption>" in page
    assert '<th scope="col">Name</th><th scope="col" class="number">Count</th>' in page
    assert '<tr><th scope="row" class="short">a</th><td class="number short">12</td></tr>' in page


def test_a_priority_is_set_as_a_label_and_other_words_are_not() -> None:
    page = page_of(Table(("Address", "Priority"), ((("High",), ("High",)), (("x",), ("a < b",)))))
    assert '<td class="short"><span class="badge high">High</span></td>' in page
    assert '<th scope="row" class="short">High</th>' in page
    assert '<td class="short">a &lt; b</td>' in page


def test_a_figure_shows_its_finding_its_picture_and_its_data() -> None:
    figure = Figure("drawn", "Two are High", "A board with two marks", Table(("Address",), ((("a",),),), "Board"))
    seen = Seen(page_of(figure))
    image = next(attrs for tag, attrs in seen.tags if tag == "img")
    assert image["alt"] == "A board with two marks"
    assert str(image["src"]).startswith("data:image/png;base64,iVBORw0KGgo")
    assert [tag for tag, _ in seen.tags if tag in ("figcaption", "details", "summary", "caption")] == [
        "figcaption", "details", "summary", "caption",
    ]  # fmt: skip


def test_a_figure_without_a_picture_shows_its_data_and_says_why() -> None:
    page = page_of(Figure("not drawn", "Two are High", "A board", Table(("Address",), ((("a",),),), "Board")))
    assert "<img" not in page
    assert escape.markup(html.NO_PICTURE) in page
    assert "<caption>Board</caption>" in page
    assert "<details" not in page


def test_a_long_listing_is_folded_and_a_short_one_is_not() -> None:
    page = page_of(Listing("\n".join("x" * 26), "json", "Long"), Listing("one\ntwo", "spl", "Short"))
    assert '<details class="long"><summary>Long (26 lines)</summary>' in page
    assert (
        '<figure class="listing"><figcaption>Short</figcaption>\n<pre tabindex="0"><code>one\ntwo</code></pre>' in page
    )


def test_what_an_attacker_wrote_is_cut_and_what_the_report_says_is_not() -> None:
    page = page_of(Paragraph((Code("a" * 900), "b" * 900)))
    assert "b" * 900 in page
    assert "a" * 499 + "…" in page


def test_the_same_document_gives_the_same_page() -> None:
    assert html.render(actionable.document(golden_case()), {"board": PNG}) == PAGE


def test_a_whole_report_carries_its_charts(need) -> None:
    need("matplotlib.figure")
    document = actionable.document(GOLDEN)
    page = html.render(document, charts.pictures(document, GOLDEN))
    assert page.count("<img ") == page.count('<figure class="chart">') >= 6
    assert len(page) < 400_000


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    digits = colour.lstrip("#")
    digits = "".join(char * 2 for char in digits) if len(digits) == 3 else digits
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_every_pair_of_colours_can_be_read() -> None:
    style = PAGE.split("<style>")[1].split("</style>")[0]
    named = dict(re.findall(r"--(\w+): (#[0-9a-f]{3,6});", style))
    for ink in ("ink", "soft", "link"):
        assert contrast(named[ink], "#ffffff") >= 4.5
        assert contrast(named[ink], named["shade"]) >= 4.5
    for ground in re.findall(r"\.badge\.\w+ { background: (#[0-9a-f]{6}); }", style):
        assert contrast(named["ink"], ground) >= 4.5
    for colour in re.findall(r"\.tlp\.\w+ span { color: (#[0-9a-f]{6}); }", style):
        assert contrast(colour, "#000000") >= 4.5


def test_a_line_of_nothing_is_a_line_of_nothing() -> None:
    line: Line = ()
    assert "<p></p>" in page_of(Paragraph(line))
