"""Answers for address cells: fast ones, and the same as the long way through gather and assess gives."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from dossiers import NOW
from hypothesis import given
from hypothesis import strategies as st
from snapshots import CONTENTS, SYSTEMS, edges, write_contents

from ipthreat.address import classify, parse
from ipthreat.allowlist import Allowlist
from ipthreat.assessment import assess
from ipthreat.fields import FIELDS, Subject, chosen, owner_of
from ipthreat.gather import Gatherer, RecordedSource
from ipthreat.intelligence import Intelligence
from ipthreat.policy import POLICIES
from ipthreat.snapshot.systems import System
from ipthreat.splunk.encoding import Encoder
from ipthreat.splunk.enrich import MOST_ADDRESSES, Enricher, Unasked
from ipthreat.splunk.rows import cell_of, text_of

POLICY = POLICIES["standard"]
ALLOWED = Allowlist.of(["20.0.64.7,a scanner of ours", "2600:1:2::/48"], NOW)


@pytest.fixture(scope="module")
def opened(tmp_path_factory) -> Intelligence:
    """A small snapshot with everything in it, and the same file once more as the user's lists."""
    path = write_contents(tmp_path_factory.mktemp("snapshot") / "s.snapshot")
    return Intelligence.opened(path, path)


def enricher(intelligence: Intelligence, fields: str = "core", **options: object) -> Enricher:
    return Enricher(intelligence, Encoder(chosen(fields)), POLICY, NOW, **options)


def slow(intelligence: Intelligence, text: str, fields: str, allowlist: Allowlist = ALLOWED) -> bytes:
    """The long way for one address: no memo, no shared judgement."""
    gatherer = Gatherer((*intelligence.sources(NOW), RecordedSource()), allowlist)
    (dossier,) = gatherer.gather([text], {}, None)
    found = assess(dossier, POLICY, NOW)
    return Encoder(chosen(fields)).one(Subject(found.address, owner_of(found), found))


@pytest.mark.parametrize("fields", ["core", "full"])
def test_every_address_at_which_something_changes_is_answered_as_by_the_long_way(opened, fields):
    fast = enricher(opened, fields, allowlist=ALLOWED)
    agreed = {"private", "unique local", "global"}  # the small snapshot knows two of the special-purpose ranges
    texts = [text for text in edges(CONTENTS) if classify(parse(text)) in agreed]
    assert len(texts) > 50
    for text in texts:
        assert fast.cells(cell_of(text)) == slow(opened, text, fields), text


def test_the_quick_answers_are_those_of_the_long_way(opened):
    fast = enricher(opened).quickly()
    agreed = {"private", "unique local", "global"}
    texts = [text for text in edges(CONTENTS) if classify(parse(text)) in agreed]
    for text in (*texts, *texts, "::ffff:20.0.64.7", "0:0:0:0:0:ffff:20.0.64.7", "20.0.64.7:80", "rubbish", ""):
        assert fast(cell_of(text)) == slow(opened, text, "core", Allowlist()), text


@pytest.mark.parametrize(
    "cell",
    [b"20.0.64.7", b'"20.0.64.7', b'20.0.64.7"', b'"""20.0.64.7"""', b'""20.0.64.7', b'"20.0.64.7"7', b'"', b"\xff"],
)
def test_a_cell_in_odd_quotes_is_answered_as_its_text(opened, cell):
    expected = slow(opened, text_of(cell), "core", Allowlist())
    assert [enricher(opened).cells(cell), enricher(opened).quickly()(cell)] == [expected, expected]


def test_a_system_that_has_two_names_is_told_by_the_one_that_goes_with_the_address(tmp_path):
    names = (System(64500, "One", "ONE"), System(64500, "Other", "OTHER"), *SYSTEMS[2:])
    path = write_contents(tmp_path / "s.snapshot", replace(CONTENTS, systems=names))
    intelligence = Intelligence.opened(None, path)
    fast = enricher(intelligence, "core").quickly()
    found = [fast(cell) for cell in (b'"20.0.0.1"', b'"20.2.0.1"', b'"20.0.0.1"', b'"20.2.0.9"')]
    assert [b"OTHER" in cells for cells in found] == [False, True, False, True]


ONE_LINE = st.one_of(
    st.ip_addresses().map(str),
    st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\n"), max_size=12),
    st.sampled_from(["::ffff:20.0.64.7", "fe80::1%e0", "::1.2.3.4", "2001:DB8::1", "1.2.3.4.", "1.2.3.4/32"]),
)


@given(ONE_LINE)
def test_any_text_of_one_line_is_answered_as_by_the_long_way(text):
    opened = Intelligence.opened()
    fast = enricher(opened, "full", allowlist=ALLOWED)
    if fast.addresses(text) == [text]:
        assert fast.cells(cell_of(text)) == slow(opened, text, "full")


def cells(intelligence: Intelligence, text: str, fields: str = "verdict,status", **options: object) -> str:
    return enricher(intelligence, fields, **options).cells(cell_of(text)).decode()


@pytest.mark.parametrize(
    "text, status",
    [
        ("20.0.64.7", "ok"), ("20.0.64.7:443", "ok"), ("[2600:1:2:3::5]:80", "ok"), ("20.0.64[.]7", "ok"),
        ("::ffff:20.0.64.7", "ok"), (" 20.0.64.7", "ok"), ("10.1.2.3", '"not_global"'),
        ("fe80::1%eth0", '"not_global"'),
        ("", "invalid"), ("-", "invalid"), ("no address, at all", "invalid"), ("999.1.1.1", "invalid"),
    ],
)  # fmt: skip
def test_each_way_of_writing_an_address_has_its_status(opened, text, status):
    assert cells(opened, text, "status") == f",{status},"


def test_several_addresses_give_a_value_each_in_their_order(opened):
    expected = ',"ok\nnot_global\ninvalid","$ok$;$not_global$;$invalid$"'
    for text in ("20.0.64.7\n10.0.0.1\nx", "20.0.64.7, 10.0.0.1, x", "20.0.64.7 10.0.0.1;x", "20.0.64.7 10.0.0.1\nx"):
        assert cells(opened, text, "status") == expected


def test_a_multivalue_field_of_one_of_several_addresses_is_joined(opened):
    flags = cells(opened, "20.0.64.7\n10.0.0.1\n", "flags")
    assert flags.count("\n") == 2
    assert "$;$" in flags


def test_an_empty_value_among_several_keeps_its_place(opened):
    assert (
        cells(opened, "20.0.64.7\n\n10.0.0.1", "status") == ',"ok\ninvalid\nnot_global","$ok$;$invalid$;$not_global$"'
    )


def test_of_a_field_with_too_many_addresses_the_rest_is_counted(opened):
    found = enricher(opened)
    assert len(found.addresses("\n".join(["20.0.64.7"] * (MOST_ADDRESSES + 5)))) == MOST_ADDRESSES
    assert found.left_out == 5


@pytest.mark.parametrize("damage", ["missing", "corrupt", "cut"])
def test_without_a_snapshot_every_address_has_a_status_and_the_failure_is_told(tmp_path, damage):
    path = write_contents(tmp_path / "s")
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(b"\xff" * 4096 if damage == "corrupt" else path.read_bytes()[:999])
    found = enricher(Intelligence.opened(None, path), "status")
    assert [found.cells(cell) for cell in (b'"20.0.64.7"', b'"10.0.0.1"', b"x", b'""')] == [
        b",error,", b',"not_global",', b",invalid,", b",invalid,",
    ]  # fmt: skip
    assert str(path) in found.failure


@pytest.mark.parametrize("damaged", ["snapshot", "lists"])
def test_a_file_that_proves_damaged_later_costs_no_row(tmp_path, damaged):
    intelligence = Intelligence.opened(write_contents(tmp_path / "lists"), write_contents(tmp_path / "snapshot"))
    found = enricher(intelligence, "status")
    getattr(intelligence, damaged).close()
    cells = [found.cells(cell) for cell in (b'"20.0.64.7"', b'"20.0.64.7\nx"')]
    assert cells == [b",partial,", b',"partial\ninvalid","$partial$;$invalid$"']
    assert "closed" in found.failure


def test_sources_that_are_not_asked_say_so(opened):
    found = cells(opened, "20.2.0.9", "sources", unasked=Unasked(("virustotal", "talos"), "why"))
    assert "virustotal=not_asked" in found
    assert "talos=unavailable" in found
    assert "virustotal" not in cells(opened, "10.0.0.1", "sources", unasked=Unasked(("virustotal",), "why"))


def test_addresses_are_noted_in_canonical_text_with_their_scope(opened):
    noted = []
    found = enricher(opened, noted=lambda address, special: noted.append((address, special)))
    for text in ("2600:0001:2::5", "10.0.0.1", "rubbish", "::ffff:20.0.64.7"):
        found.cells(cell_of(text))
    assert noted == [("2600:1:2::5", ""), ("10.0.0.1", "private"), ("20.0.64.7", "")]


def test_an_expired_allowance_is_none(opened):
    expired = Allowlist.of([f"20.0.64.7,{(NOW - timedelta(days=1)).date()}"], NOW)
    assert enricher(opened, allowlist=expired).cells(b'"20.0.64.7"') == enricher(opened).cells(b'"20.0.64.7"')


def test_the_table_has_every_field_once():
    names = [field.name for field in FIELDS]
    assert len(set(names)) == len(names)
