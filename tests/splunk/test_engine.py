"""The engine against a slow, obvious reference: Python's csv module."""

from __future__ import annotations

import csv
import io
import random
import re
from typing import List, Optional, Sequence, Tuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipthreat.errors import IpthreatError
from ipthreat.splunk.engine import Engine
from ipthreat.splunk.engine_plan import Task
from ipthreat.splunk.rows import text_of

csv.field_size_limit(2**31 - 1)


def told(key: object) -> str:
    """What the answers of these tests say: the cells that they depend on."""
    cells = key if isinstance(key, tuple) else (key,)
    return "|".join(text_of(cell) for cell in cells)


def answer(key: object) -> bytes:
    """The cells to add: a value, quoted, between marks that no input has, and an empty `__mv_` cell."""
    return ',"<{}>",'.format(told(key).replace('"', '""')).encode()


def task(*fields: str, name: str = "ti") -> Task:
    """A task that adds one field and its `__mv_` column."""
    return Task(fields, (name, f"__mv_{name}"), lambda keys: map(answer, keys))


class Pipe:
    """A stream that gives its bytes in pieces of random sizes."""

    def __init__(self, data: bytes, largest: int = 1 << 30, seed: int = 0) -> None:
        self._data = io.BytesIO(data)
        self._largest = largest
        self._draw = random.Random(seed)

    def readinto(self, buffer: memoryview) -> Optional[int]:
        return self._data.readinto(buffer[: self._draw.randint(1, self._largest)])


def run(body: bytes, *tasks: Task, block: int = 128 * 1024, largest: int = 1 << 30) -> bytes:
    """The reply to one body."""
    return bytes(Engine(tasks or (task("ip"),), block).run(Pipe(body, largest), len(body)))


def parsed(body: bytes) -> List[List[str]]:
    """All rows of a body; csv reads a blank line as a row without cells."""
    return [row or [""] for row in csv.reader(io.StringIO(body.decode(), newline=""))]


def expected(body: bytes, tasks: Sequence[Task]) -> List[List[str]]:
    """What must come out, read with csv."""
    (header, *rows), out = parsed(body), []
    out.append([*header, *(column for item in tasks for column in item.columns)])
    for row in rows:
        row = row + [""] * (len(header) - len(row))
        added = []
        for item in tasks:
            values = (row[header.index(name)] if name in header else "" for name in item.fields)
            added += [f"<{'|'.join(values)}>", ""]
        out.append([*row, *added])
    return out


def without_added(out: bytes, tasks: Sequence[Task]) -> bytes:
    """A reply with the added cells cut off again."""
    columns = b"".join(b',%b,"__mv_%b"' % (name, name) for item in tasks for name in [item.columns[0].encode()])
    return re.sub(rb',"<[^<>]*>",', b"", out.replace(columns, b"", 1))


TEXTS = st.text(st.sampled_from('a1,"\n\r $é\u2028\x85\x00;'), max_size=8)


@st.composite
def cells(draw: st.DrawFn) -> str:
    """A cell as splunkd writes it: quoted, unless it is letters and digits."""
    text = draw(TEXTS)
    bare = all(char in "a1" for char in text)
    return text if bare and draw(st.booleans()) else '"' + text.replace('"', '""') + '"'


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """A body with columns in pairs, all `__mv_` at the end, or without them."""
    names = ["ip", *(f"f{place}" for place in range(draw(st.integers(0, 4))))]
    names = draw(st.permutations(names))
    layout = draw(st.sampled_from(["plain", "pairs", "end"]))
    if layout == "end":
        names = [*names, *(f"__mv_{name}" for name in names)]
    elif layout == "pairs":
        names = [column for name in names for column in (name, f"__mv_{name}")]
    rows = [names]
    for _ in range(draw(st.integers(0, 9))):
        rows.append([draw(cells()) if "__mv_" not in name or draw(st.integers(0, 5)) == 0 else "" for name in names])
    end = draw(st.sampled_from(["\n", "\n", "\r\n"]))
    last = draw(st.sampled_from([end, end, ""])) if rows[-1][-1] or len(names) > 1 else end
    return (end.join(",".join(row) for row in rows) + last).encode()


TASKS = st.sampled_from(
    [
        (task("ip"),),
        (task("ip"), task("f0", name="t2")),
        (task("ip", "f1", "absent"), task("f0", "ip", "f1", name="t2")),
        (task("absent"),),
    ]
)


def readable(body: bytes) -> bool:
    """csv of Python 3.9 and 3.10 takes no NUL: there the reference says nothing."""
    try:
        parsed(body)
    except csv.Error:
        return False
    return True


@settings(max_examples=max(500, settings.default.max_examples))
@given(bodies(), TASKS, st.sampled_from([16, 64, 1000, 131072]), st.sampled_from([1, 7, 1 << 30]))
def test_every_byte_stays_and_the_added_cells_are_those_of_the_reference(body, tasks, block, largest):
    out = run(body, *tasks, block=block, largest=largest)
    if readable(body):
        assert parsed(out) == expected(body, tasks)
        assert without_added(out, tasks) == body


@given(st.lists(bodies(), max_size=4), TASKS)
def test_chunks_do_not_depend_on_what_came_before_them(chunks, tasks):
    engine = Engine(tasks, 64)
    for body in chunks:
        assert bytes(engine.run(Pipe(body), len(body))) == run(body, *tasks)


def test_an_empty_body_is_answered_with_an_empty_one():
    assert run(b"") == b""


def test_a_header_alone_gets_the_new_columns():
    assert run(b"ip,x\n") == b'ip,x,ti,"__mv_ti"\n'
    assert run(b"ip,x") == b'ip,x,ti,"__mv_ti"'


def test_a_first_chunk_without_rows_does_not_spoil_the_next():
    engine = Engine((task("ip"),))
    engine.run(Pipe(b"ip,x\n"), 5)
    body = b'ip,x\n"1.2.3.4",a\n'
    assert bytes(engine.run(Pipe(body), len(body))) == b'ip,x,ti,"__mv_ti"\n"1.2.3.4",a,"<1.2.3.4>",\n'


def test_invalid_utf8_and_nul_go_through_untouched():
    out = run(b'ip,raw\n7,"\xff\x00\xc3("\n8,b\xfe\n')
    assert out == b'ip,raw,ti,"__mv_ti"\n7,"\xff\x00\xc3(","<7>",\n8,b\xfe,"<8>",\n'


def test_a_field_of_more_than_ten_megabytes_goes_through():
    huge = b'"' + b'line "" of text, and more\n' * 450_000 + b'"'
    body = b"ip,raw\n1,a\n2," + huge + b"\n3,c\n"
    out = run(body)
    assert out == b'ip,raw,ti,"__mv_ti"\n1,a,"<1>",\n2,' + huge + b',"<2>",\n3,c,"<3>",\n'


def test_rows_that_look_like_records_inside_quotes_are_none():
    text = b'"' + b"9,x\n" * 60 + b'"'
    body = b"ip,raw\n" + b"".join(b"%d,%b\n" % (number, text) for number in range(40))
    rows = parsed(run(body, block=256))
    assert [row[2] for row in rows[1:]] == [f"<{number}>" for number in range(40)]


def test_a_short_record_is_filled_up_and_surplus_cells_are_dropped_and_counted():
    engine = Engine((task("ip"),))
    body = b"ip,x,y\n1,a,b\n2\n\n3,a,b,c,d\n4,a,b\n"
    out = bytes(engine.run(Pipe(body), len(body)))
    lines = [b'ip,x,y,ti,"__mv_ti"', b'1,a,b,"<1>",', b'2,,,"<2>",', b',,,"<>",', b'3,a,b,"<3>",', b'4,a,b,"<4>",', b""]
    assert out.split(b"\n") == lines
    assert (engine.records, engine.surplus) == (5, 1)


def test_a_field_is_absent_until_a_header_has_it():
    engine = Engine((task("ip", "agent"), task("misspelt")))
    for body, absent in ((b"ip,x\n1,a\n", ["agent", "misspelt"]), (b"agent,ip\nb,2\n", ["misspelt"])):
        engine.run(Pipe(body), len(body))
        assert list(engine.absent) == absent


def test_a_field_that_is_there_already_is_replaced_in_place():
    out = run(b'x,ti,ip,"__mv_ti","__mv_ip"\na,old,"1","$o$;$p$",\nb,,2,,\n')
    assert out == b'x,ti,ip,"__mv_ti","__mv_ip"\na,"<1>","1",,\nb,"<2>",2,,\n'
    assert run(b"ti,ip\nold,7\n") == b'ti,ip,"__mv_ti"\n"<7>",7,\n'


def test_of_a_repeated_address_column_the_first_counts():
    assert run(b"ip,ip\n1,2\n") == b'ip,ip,ti,"__mv_ti"\n1,2,"<1>",\n'


def test_the_index_of_selected_fields_stays():
    assert run(b'"_chunked_idx",ip\n0,1\n1,2\n') == b'"_chunked_idx",ip,ti,"__mv_ti"\n0,1,"<1>",\n1,2,"<2>",\n'


@pytest.mark.parametrize("rows", [1, 2, 999, 50_000])
def test_any_number_of_rows_comes_out_in_order(rows):
    body = b"n,ip\n" + b"".join(b'%d,"10.0.%d.%d"\n' % (number, number // 250, number % 250) for number in range(rows))
    out = run(body)
    assert [row[0] for row in parsed(out)[1:]] == [str(number) for number in range(rows)]
    assert all(f"<{row[1]}>" == row[2] for row in parsed(out)[1:])


def test_a_stream_that_ends_too_early_is_told():
    with pytest.raises(IpthreatError, match="ends 3 bytes before"):
        Engine((task("ip"),)).run(Pipe(b"ip\n1\n"), 8)


def test_a_block_of_bad_records_costs_no_more_than_their_scan():
    bad: Tuple[bytes, ...] = (b"1,2,3,4,5\n",) * 2000
    body = b"ip,x\n" + b"".join(bad) + b"7,a\n"
    engine = Engine((task("ip"),), 1024)
    out = bytes(engine.run(Pipe(body), len(body)))
    assert out.endswith(b'7,a,"<7>",\n')
    assert engine.surplus == 2000


@pytest.mark.parametrize("broken", ['"open\n', '"open ""', '"', '"a,b\n1,2'])
def test_an_answer_does_not_become_part_of_a_cell_inside_which_the_body_breaks_off(broken):
    body = f"ip,x\n1.2.3.4,a\n1.2.3.4,{broken}".encode()
    for block in (1, 16, 128 * 1024):
        assert parsed(run(body, block=block)) == expected(body, [task("ip")])


@pytest.mark.parametrize("broken", ['"open', '"open ""'])
def test_a_cell_that_breaks_off_before_the_last_column_is_closed_before_others_are_added(broken):
    body = f"ip,x,y\n{broken}".encode()
    assert parsed(run(body))[1] == [text_of(broken.encode()), "", "", f"<{text_of(broken.encode())}>", ""]
