"""The reader: right answers, refusals in one sentence, and no other error whatever is done to the file."""

from __future__ import annotations

import ipaddress
import json
import os
import stat
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Callable, List

import pytest
from examples import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from snapshots import CONTENTS, SYSTEMS, a_list, edges, expected, intervals, open_contents, write_contents

from ipthreat.errors import AddressError, SnapshotError
from ipthreat.snapshot import Answer, Snapshot
from ipthreat.snapshot.assemble import Contents, assemble
from ipthreat.snapshot.layout import Container, pack
from ipthreat.snapshot.ranges import FIRST_ID
from ipthreat.snapshot.reader import MEMO_LIMIT
from ipthreat.snapshot.systems import System

EDGES = edges(CONTENTS)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The bytes of the small snapshot."""
    return write_contents(tmp_path_factory.mktemp("whole") / "file").read_bytes()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "file.snapshot"


@pytest.fixture
def snapshot(path):
    with open_contents(path) as opened:
        yield opened


def complaints(path: Path) -> List[str]:
    """What a file answers with SnapshotError when it is asked everything; any other error comes through."""
    found: List[str] = []
    try:
        with Snapshot.open(path) as snapshot:
            for question in (snapshot.parts, snapshot.lists, snapshot.agents, snapshot.verify):
                _ask(question, found)
            for text in EDGES:
                _ask(partial(snapshot.lookup, text), found)
                _ask(partial(snapshot.listed, text), found)
    except SnapshotError as error:
        found.append(str(error))
    return found


def _ask(question: Callable[[], object], found: List[str]) -> None:
    try:
        question()
    except SnapshotError as error:
        found.append(str(error))


def are_sentences(texts: List[str]) -> bool:
    return all(text.endswith(".") and "\n" not in text for text in texts)


@pytest.mark.parametrize("text", EDGES)
def test_every_edge_of_everything_is_answered_as_the_contents_say(snapshot, text):
    assert snapshot.lookup(text) == expected(CONTENTS, text)
    assert snapshot.listed(text) == expected(CONTENTS, text).listings


@settings(max_examples=examples(3), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    address=st.one_of(st.ip_addresses(), st.ip_addresses(network="20.0.0.0/12"), st.ip_addresses(network="2600::/28"))
)
def test_any_address_is_answered_as_the_contents_say(snapshot, address):
    assert snapshot.lookup(str(address)) == expected(CONTENTS, str(address))


def test_list_boundaries_never_split_the_network(snapshot):
    inside, outside = snapshot.lookup("20.0.64.7"), snapshot.lookup("20.0.64.8")
    assert len(inside.listings) == 2
    assert inside.network == outside.network == "20.0.0.0/15"


def test_country_boundaries_never_split_the_network(snapshot):
    assert snapshot.lookup("2600:2:0:1::77").country == "US"
    assert snapshot.lookup("2600:2:0:1::78").country == ""
    assert {snapshot.lookup(text).network for text in ("2600:2:0:1::77", "2600:2:0:1::78")} == {"2600:2::/48"}


def test_a_range_that_ends_within_a_64_is_followed_to_the_last_bit(snapshot):
    assert snapshot.lookup("2600:3:0:1:8000::").network == "2600:3:0:1:8000::/65"
    assert snapshot.lookup("2600:3:0:1:7fff:ffff:ffff:ffff").asn == 0


def test_texts_of_systems_survive_their_abbreviation(snapshot):
    found = {snapshot.lookup(text)[:3] for text in ("20.0.0.1", "20.2.0.1", "20.2.2.1")}
    assert found == set(SYSTEMS)


def test_different_spellings_of_an_address_get_one_answer(snapshot):
    assert (
        snapshot.lookup("2600:0001:0002::")
        == snapshot.lookup("2600:1:2::")
        == snapshot.lookup("2600:1:2:0:0:0:0.0.0.0")
    )


def test_an_answer_is_a_tuple_of_the_documented_fields(snapshot):
    answer = snapshot.lookup("20.0.0.1")
    assert type(answer) is Answer
    assert answer._fields == ("asn", "organisation", "as_name", "network", "country", "rir", "special", "listings")


@pytest.mark.parametrize("text", ["::ffff:20.0.0.1", "::ffff:1400:1", "::20.0.0.1", "::", "ffff::"])
def test_addresses_outside_what_is_known_are_answered_with_nothing(snapshot, text):
    assert snapshot.lookup(text) == Answer(0, "", "", "", "", "", "", ())


NO_ADDRESSES = (
    *("", " ", "20.0.0", "20.0.0.1 ", " 2600::1", "20.0.0.1/32", "020.0.0.1", "20.0.0.256", "20.0.0.1:80", "٢٠.0.0.1"),
    *("20.0.0.1\0", "2600::1\0", "2600::1%eth0", "2600:::1", "[2600::1]", "example.com", "\ud800", ":\ud800"),
    "x" * 99_999,
)


@pytest.mark.parametrize("text", NO_ADDRESSES, ids=lambda text: ascii(text[:25]))
def test_what_is_no_plain_address_is_refused_with_a_short_message(snapshot, text):
    for question in (snapshot.lookup, snapshot.listed):
        with pytest.raises(AddressError, match="is no IP address") as caught:
            question(text)
        assert len(str(caught.value)) < 400
        assert str(caught.value).isprintable()


@given(text=st.text(max_size=40))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_answered_or_refused(snapshot, text):
    try:
        answer = snapshot.lookup(text)
    except AddressError:
        return
    assert answer == expected(CONTENTS, text)


def test_what_the_file_says_about_itself_comes_out_as_it_went_in(snapshot):
    assert snapshot.parts() == CONTENTS.parts
    assert snapshot.agents() == CONTENTS.agents
    assert snapshot.lists() == tuple(item.info for item in CONTENTS.lists)
    assert snapshot.built == "2026-10-26"
    snapshot.verify()


def test_a_path_may_be_text(path):
    write_contents(path)
    with Snapshot.open(str(path)) as snapshot:
        assert snapshot.lookup("20.0.0.1").asn == 64500


def test_a_closed_snapshot_refuses_every_question_and_can_be_closed_again(path):
    snapshot = open_contents(path)
    snapshot.lookup("20.0.0.1")
    snapshot.close()
    snapshot.close()
    for question in (
        snapshot.parts,
        snapshot.lists,
        snapshot.agents,
        snapshot.verify,
        lambda: snapshot.lookup("20.0.0.1"),
    ):
        with pytest.raises(SnapshotError, match="is closed"):
            question()
    for text in ("2600:1::1", "20.0.0.1"):
        with pytest.raises(SnapshotError, match="is closed"):
            snapshot.listed(text)


def test_more_systems_than_a_memo_holds_are_all_told_apart(path):
    count = MEMO_LIMIT + 70_000
    systems = [System(number + 1, f"Org {number}", f"AS-{number}") for number in range(count)]
    owners = {
        4: [(20 << 24 | number << 8, 20 << 24 | number << 8 | 255, number + FIRST_ID) for number in range(count)],
        6: [],
    }
    with open_contents(path, Contents(lists=(), systems=systems, owners=owners)) as snapshot:
        for number in (*range(0, count, 7), 65533, 65534, 65535, count - 1):
            address = ipaddress.IPv4Address(20 << 24 | number << 8 | 9)
            network = f"{ipaddress.IPv4Address(int(address) - 9)}/24"
            assert snapshot.lookup(str(address))[:4] == (*systems[number], network)


def test_a_system_without_texts_is_still_a_system(path):
    contents = Contents(lists=(), systems=[System(64511, "", "")], owners=intervals(("20.0.0.0/8", FIRST_ID)))
    with open_contents(path, contents) as snapshot:
        assert snapshot.lookup("20.9.9.9")[:4] == (64511, "", "", "20.0.0.0/8")


def test_control_characters_in_the_texts_of_a_source_do_not_get_in(path):
    systems = [System(64511, "Bad\x01Org\x00 \x1b[31mX", "B\x02AD\nname")]
    contents = Contents(lists=(), systems=systems, owners=intervals(("20.0.0.0/8", FIRST_ID)))
    with open_contents(path, contents) as snapshot:
        assert snapshot.lookup("20.9.9.9")[1:3] == ("Bad Org [31mX", "B AD name")


@pytest.mark.parametrize("network", ["0.0.0.0/0", "::/0"])
def test_one_system_may_own_the_whole_space(path, network):
    contents = Contents(lists=(), systems=SYSTEMS, owners=intervals((network, FIRST_ID)))
    with open_contents(path, contents) as snapshot:
        for text in ("0.0.0.1", "9.9.9.9", "255.255.255.255") if "." in network else ("::", "9::9", "ffff::"):
            assert snapshot.lookup(text).network == network


@settings(max_examples=examples(0.4), deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2**14), st.integers(0, 40), st.integers(0, 2)), max_size=12), st.booleans())
def test_any_layout_of_owners_and_lists_is_answered_like_a_walk_through_it(tmp_path_factory, pieces, wide):
    base, step = (20 << 24, 1 << 12) if not wide else (0x2600 << 112, 1 << 58)
    kind = ipaddress.IPv6Address if wide else ipaddress.IPv4Address
    ranges, at = [], base
    for gap, length, number in pieces:
        first = at + gap * step // 64
        at = first + length * step // 16 + 1
        ranges.append((f"{kind(first)}-{kind(at - 1)}", number + FIRST_ID))
        at += 1
    lists = tuple(a_list(f"l{number}", "block", (text, number)) for number, (text, _) in enumerate(ranges[:3]))
    contents = replace(CONTENTS, owners=intervals(*ranges), lists=lists)
    with open_contents(tmp_path_factory.mktemp("any") / "file", contents) as snapshot:
        for text in edges(contents):
            assert snapshot.lookup(text) == expected(contents, text)


def test_the_same_contents_give_the_same_bytes(whole):
    assert assemble(CONTENTS, "2026-10-26") == whole


def test_the_bytes_do_not_depend_on_the_hash_seed(tmp_path, whole):
    program = (
        "import sys; sys.path[:0] = sys.argv[2:]; from pathlib import Path; from snapshots import write_contents;"
        "write_contents(Path(sys.argv[1]))"
    )
    folders = [str(Path(__file__).parents[1] / "support"), str(Path(__file__).parents[2] / "lib")]
    for seed in ("1", "2"):
        command = [sys.executable, "-c", program, str(tmp_path / seed), *folders]
        subprocess.run(command, check=True, env={**os.environ, "PYTHONHASHSEED": seed})
        assert (tmp_path / seed).read_bytes() == whole


def test_a_read_only_file_in_a_read_only_folder_is_enough(path):
    write_contents(path)
    path.chmod(stat.S_IRUSR)
    path.parent.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        with Snapshot.open(path) as snapshot:
            assert snapshot.lookup("20.0.0.1").asn == 64500
        assert os.listdir(path.parent) == [path.name]
    finally:
        path.parent.chmod(stat.S_IRWXU)


def sections_of(content: bytes, path: Path):
    path.write_bytes(content)
    container = Container(path)
    found = [(name, bytes(container.numbers(name, "B"))) for name in container.spans]
    container.close()
    return found


def test_a_file_cut_at_any_boundary_of_its_sections_is_refused(path, whole):
    sections_of(whole, path)
    container = Container(path)
    ends = {end for span in container.spans.values() for end in (span.offset, span.offset + span.length - 1)}
    container.close()
    for end in sorted(ends):
        path.write_bytes(whole[:end])
        with pytest.raises(SnapshotError):
            Snapshot.open(path)


@pytest.mark.parametrize("length", [0, 1, 8])
def test_a_file_whose_sections_are_cut_but_sealed_again_raises_nothing_else(path, whole, length):
    sections = sections_of(whole, path)
    for name, content in sections:
        cut = content[: len(content) - length] if length else b""
        path.write_bytes(pack([(other, cut if other == name else held) for other, held in sections], "2026-10-26"))
        assert are_sentences(complaints(path))


def test_a_file_that_lacks_a_section_is_refused_or_says_so_when_asked(path, whole):
    sections = sections_of(whole, path)
    for name, _ in sections:
        path.write_bytes(pack([item for item in sections if item[0] != name], "2026-10-26"))
        assert are_sentences(complaints(path))
        with pytest.raises(SnapshotError, match=f"section {name} is missing"):
            _everything(path)


def _everything(path):
    with Snapshot.open(path) as snapshot:
        snapshot.parts(), snapshot.lists(), snapshot.agents()
        snapshot.lookup("20.0.0.1"), snapshot.lookup("10.0.0.1")


@settings(max_examples=examples(1.5), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_changed_bytes_anywhere_raise_nothing_but_the_products_own_errors(path, whole, data):
    changed = bytearray(whole)
    for at in data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=20)):
        changed[at] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(changed))
    assert are_sentences(complaints(path))


@settings(max_examples=examples(2.5), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_section_full_of_nonsense_raises_nothing_but_the_products_own_errors(path, whole, data):
    sections = sections_of(whole, path)
    name, content = data.draw(st.sampled_from([item for item in sections if item[1]]))
    filler = data.draw(st.binary(min_size=1, max_size=64))
    nonsense = (filler * (len(content) // len(filler) + 1))[: len(content)]
    path.write_bytes(pack([(other, nonsense if other == name else held) for other, held in sections], "2026-10-26"))
    assert are_sentences(complaints(path))


NONSENSE = (
    *(b"", b"{}", b"[", b"null", b"[[1,2]]", b'["a"]', b'[["a"]]', b"[" * 100_000, b"\xff\xfe", b"1" * 5000),
    *(b'{"rirs":[1],"specials":[""]}', b'{"rirs":{},"specials":[]}', b'[["n","n","",[1],""]]'),
    *(b'[["n","cdn",1,"","","",0,"",0]]', b'[["n","cdn","","","","","0","",0]]'),
    *(b'[["n","cdn","","","","",true,"",0]]', b'[["\\ud800","","",[""],""]]', b'{"rirs":["\\udfff"],"specials":[""]}'),
)


@pytest.mark.parametrize("nonsense", NONSENSE, ids=lambda nonsense: repr(nonsense[:30]))
@pytest.mark.parametrize("section", ["words", "lists", "parts", "agents"])
def test_descriptions_of_another_shape_are_refused_when_they_are_asked_for(path, whole, section, nonsense):
    sections = sections_of(whole, path)
    path.write_bytes(pack([(other, nonsense if other == section else held) for other, held in sections], "2026-10-26"))
    with pytest.raises(SnapshotError, match=f"section {section}"):
        _everything(path)


@pytest.mark.parametrize("pattern", ["(", "[z-a]", "x{9999999999999}", "(" * 5000 + ")" * 5000])
def test_a_pattern_that_is_none_is_damage_where_a_claim_would_rest_on_it(path, whole, pattern):
    for ranges in ("", "google-googlebot"):
        agents = json.dumps([[pattern, "Bot", "Its operator", [], ranges]]).encode()
        sections = [(name, agents if name == "agents" else held) for name, held in sections_of(whole, path)]
        path.write_bytes(pack(sections, "2026-10-26"))
        with Snapshot.open(path) as snapshot:
            if not ranges:
                assert snapshot.agents()[0].pattern == pattern
                continue
            with pytest.raises(SnapshotError, match="a pattern in section agents is none"):
                snapshot.agents()


def test_ids_that_point_nowhere_are_found_at_the_look_up(path, whole):
    sections = dict(sections_of(whole, path))
    for name in ("owner4.id", "owner6.id", "owner4.netid", "fact4.id", "fact6.id", "fact4.whole"):
        wrong = (60_000).to_bytes(2, "little") * (len(sections[name]) // 2)
        path.write_bytes(
            pack([(other, wrong if other == name else held) for other, held in sections.items()], "2026-10-26")
        )
        with Snapshot.open(path) as snapshot, pytest.raises(SnapshotError, match="damaged"):
            [snapshot.lookup(text) for text in ("20.0.0.1", "20.0.64.7", "20.2.0.1", "2600:1::1")]


def test_opening_reads_no_description(path, whole):
    sections = sections_of(whole, path)
    broken = [(name, b"{" if name in ("words", "lists", "parts", "agents") else held) for name, held in sections]
    path.write_bytes(pack(broken, "2026-10-26"))
    with Snapshot.open(path) as snapshot:
        assert snapshot.built == "2026-10-26"


def test_descriptions_are_plain_json_in_the_file(path, whole):
    sections = dict(sections_of(whole, path))
    assert json.loads(sections["lists"])[0][0] == "edges"
    assert json.loads(sections["words"])["rirs"] == ["", "ARIN", "RIPE NCC"]
