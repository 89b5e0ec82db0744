"""Opening logs: the format is told from the first lines, bad input ends in one sentence, no line is lost silently."""

from __future__ import annotations

import gzip
import io
import os
import random
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from logfiles import AS_OF, at, read, read_text, write

from ipthreat.errors import EventsError
from ipthreat.events import Event, LogFormat, Skip, open_events

ACCESS = '192.0.2.1 - - [17/May/2015:10:05:03 +0000] "GET /a HTTP/1.1" 200 5 "-" "curl/8"\n'
SYSLOG = "Mar 27 13:06:56 host sshd[1291]: Failed password for root from 192.0.2.1 port 5 ssh2\n"
CSV = "_time,src_ip,dest_ip,action\n2026-01-02T03:04:05Z,192.0.2.1,10.0.0.1,blocked\n"
JSON = '{"ts": 1767323045, "id.orig_h": "192.0.2.1", "id.resp_h": "10.0.0.1"}\n'
TEXT = "An alert for 192.0.2.1 of today.\n"
SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "logs"


# --- formats ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "form"),
    [
        (ACCESS, "access"),
        ("www.example.org:443 " + ACCESS, "access"),
        (SYSLOG, "syslog"),
        ("2026-03-27T13:06:56.123456+01:00 host sshd[1]: Invalid user x from 192.0.2.1\n", "syslog"),
        (CSV, "csv"),
        (CSV.replace(",", ";"), "csv"),
        (CSV.replace(",", "\t"), "csv"),
        ("src_ip\n192.0.2.1\n", "csv"),
        ("#Software: IIS\n#Fields: date time c-ip cs-uri-stem\n2026-01-02 03:04:05 192.0.2.1 /a\n", "csv"),
        ("#separator \\x09\n#fields\tts\tid.orig_h\n1767323045\t192.0.2.1\n", "csv"),
        (JSON, "json"),
        ("\n" + JSON, "json"),
        ('[{"src_ip": "192.0.2.1"}]', "json"),
        ('{"Records": [\n{"sourceIPAddress": "192.0.2.1"}\n]}', "json"),
        (TEXT, "text"),
        ("192.0.2.1\n192.0.2.2\n", "text"),
        ("192.0.2.1,192.0.2.2\n", "text"),
        ("[Sun Dec 04 04:47:44 2005] [error] [client 192.0.2.1] File does not exist\n", "text"),
        ("\ufeff" + ACCESS, "access"),
        (ACCESS.replace("\n", "\r\n") * 3, "access"),
        ("# rotated\n\n" + ACCESS * 3, "access"),
    ],
)
def test_the_format_is_told_by_the_first_lines(tmp_path: Path, content: str, form: str) -> None:
    log = read_text(tmp_path, content)
    assert log.stream.format is LogFormat(form)
    assert {event.address for event in log.events} >= {"192.0.2.1"}


def test_a_format_may_be_forced(tmp_path: Path) -> None:
    path = write(tmp_path, ACCESS + SYSLOG)
    assert len(read(path, form="access").events) == 1
    assert len(read(path, form="syslog").events) == 1
    assert len(read(path, form="text").events) == 2


def test_an_unknown_format_is_refused_with_the_ones_there_are(tmp_path: Path) -> None:
    with pytest.raises(
        EventsError, match=r"^'xml' is no log format; there are access, syslog, csv, json, labelled, text$"
    ):
        read_text(tmp_path, ACCESS, form="xml")


def test_a_log_compressed_with_gzip_reads_like_the_log_itself(tmp_path: Path) -> None:
    plain = read_text(tmp_path, ACCESS * 5000)
    packed = read(write(tmp_path, gzip.compress((ACCESS * 5000).encode()), "a.log.gz"))
    assert packed.events == plain.events
    assert packed.stream.bytes_read == packed.stream.size


def test_a_gzip_file_is_told_by_its_content_and_may_have_several_members(tmp_path: Path) -> None:
    members = gzip.compress(ACCESS.encode()) + gzip.compress(ACCESS.encode()) + bytes(512)
    log = read_text(tmp_path, members)
    assert len(log.events) == 2
    assert not log.stream.skipped


def test_standard_input_is_read_for_a_dash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(ACCESS.encode())))
    log = read("-")
    assert [event.address for event in log.events] == ["192.0.2.1"]
    assert (log.stream.name, log.stream.size) == ("standard input", None)


def test_a_named_pipe_is_read_to_its_end(tmp_path: Path) -> None:
    path = str(tmp_path / "pipe")
    os.mkfifo(path)
    if os.fork() == 0:  # the other end of the pipe; it must not run the rest of the tests
        Path(path).write_text(ACCESS * 100_000)
        os._exit(0)
    log = read(path)
    os.wait()
    assert len(log.events) == 100_000
    assert log.stream.size is None


def test_the_stream_tells_how_far_it_is(tmp_path: Path) -> None:
    path = write(tmp_path, ACCESS * 20_000)
    seen = []
    with open_events(path, as_of=AS_OF) as stream:
        for _ in stream.batches():
            seen.append((stream.bytes_read, stream.read))
        assert stream.size == len(ACCESS) * 20_000
    assert seen == sorted(seen)
    assert seen[-1] == (stream.size, 20_000)
    assert seen[0][1] < 20_000


def test_batches_hold_the_same_events_as_the_stream(tmp_path: Path) -> None:
    for content in (ACCESS * 2000, SYSLOG * 700, CSV, JSON * 300, TEXT * 5):
        path = write(tmp_path, content)
        with open_events(path, as_of=AS_OF) as stream:
            rows = [Event._make(row) for batch in stream.batches() for row in batch]
        assert rows == read(path).events


# --- fields ----------------------------------------------------------------------------------------


def test_a_field_may_be_named_where_its_name_is_not_known(tmp_path: Path) -> None:
    log = read_text(tmp_path, "when,wer,was\n2026-01-02T03:04:05Z,192.0.2.1,x\n", field="wer")
    assert [event.address for event in log.events] == ["192.0.2.1"]


def test_a_named_field_counts_even_where_another_is_known(tmp_path: Path) -> None:
    log = read_text(tmp_path, CSV, field="Dest IP")
    assert [event.address for event in log.events] == ["10.0.0.1"]


def test_a_wrong_field_name_is_refused_with_the_fields_there_are(tmp_path: Path) -> None:
    with pytest.raises(EventsError, match=r"has no field 'ipp'; there are _time, src_ip, dest_ip, action$"):
        read_text(tmp_path, CSV, field="ipp")
    with pytest.raises(EventsError, match=r"has no field 'ipp'; there are ts, id.orig_h, id.resp_h$"):
        read_text(tmp_path, JSON, field="ipp")


@pytest.mark.parametrize("content", ["when,what\n1,2\n", '{"when": 1, "what": 2}\n', '[{"when": 1}, {"what": 2}]'])
def test_a_log_without_a_known_address_field_is_refused_with_a_remedy(tmp_path: Path, content: str) -> None:
    with pytest.raises(
        EventsError, match=r"has no field known to hold an address: name it with --field; there are when, what$"
    ):
        read_text(tmp_path, content)


def test_a_log_without_named_fields_has_no_use_for_a_field_name(tmp_path: Path) -> None:
    for content, form in ((ACCESS, "access"), (SYSLOG, "syslog"), (TEXT, "text")):
        with pytest.raises(EventsError, match=f"is read as {form}, which has no named fields such as 'ip'$"):
            read_text(tmp_path, content, field="ip")


def test_hostile_field_names_are_listed_shortened_and_escaped(tmp_path: Path) -> None:
    names = ["\x1b[31mred", "x" * 500, *(f"f{number}" for number in range(100))]
    with pytest.raises(EventsError, match=r"and 72 more$") as caught:
        read_text(tmp_path, ",".join(names) + "\n" + ",".join("1" for _ in names) + "\n")
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 600


def test_csv_without_a_header_cannot_be_forced(tmp_path: Path) -> None:
    with pytest.raises(EventsError, match=r"has no header line that names its columns$"):
        read_text(tmp_path, "192.0.2.1,192.0.2.2\n", form="csv")


# --- bad input -------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"\n", b" \n\t\r\n", gzip.compress(b"", mtime=0)])
def test_an_empty_file_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(EventsError, match=r"a\.log is empty$"):
        read_text(tmp_path, content)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (random.Random(1).getrandbits(8 * 5000).to_bytes(5000, "big"), "is a binary file, not a log"),
        (Path(sys.executable).read_bytes()[:100_000], "is a binary file, not a log"),
        (bytes(100), "is a binary file, not a log"),
        (b"PK\x03\x04rest", "is a zip archive: unpack it first"),
        (b"BZh91AY", "is compressed with bzip2: unpack it first"),
        (b"\xfd7zXZ\x00rest", "is compressed with xz: unpack it first"),
        (b"ElfFile\x00rest", "is a Windows event log: export it as CSV or JSON first"),
        (ACCESS.encode("utf-16"), "is encoded as UTF-16: save it as UTF-8"),
    ],
)
def test_a_binary_file_is_refused_with_a_remedy_where_there_is_one(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(EventsError, match=f"{words}$"):
        read_text(tmp_path, content)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EventsError, match=r"absent\.log cannot be read: no such file or directory$"):
        read(str(tmp_path / "absent.log"))


def test_a_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EventsError, match=r"cannot be read: is a directory$"):
        read(str(tmp_path))


def test_a_file_that_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    with pytest.raises(EventsError, match=r"cannot be read: too many levels of symbolic links$"):
        read(str(loop))


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a file that opens and cannot be read")
def test_a_file_that_opens_and_cannot_be_read_is_refused() -> None:
    with pytest.raises(EventsError, match=r"cannot be read: input/output error$"):
        read("/proc/self/mem")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, ACCESS)
    Path(path).chmod(0)
    with pytest.raises(EventsError, match=r"cannot be read: permission denied$"):
        read(path)


def test_a_hostile_file_name_is_printed_escaped(tmp_path: Path) -> None:
    with pytest.raises(EventsError) as caught:
        read(str(tmp_path / "\x1b[31mred\nname"))
    assert str(caught.value).isprintable()
    with pytest.raises(EventsError, match=r"cannot be read: embedded null byte$"):
        read("a\0b")


def test_a_gzip_file_cut_short_counts_as_far_as_it_goes(tmp_path: Path) -> None:
    lines = "".join(ACCESS.replace("/a", f"/{random.Random(n).random()}") for n in range(20_000)).encode()
    packed = gzip.compress(lines)
    log = read_text(tmp_path, packed[: len(packed) // 2])
    assert 1000 < len(log.events) < 20_000
    assert log.stream.skipped[Skip.CUT] == 1


def test_a_damaged_gzip_file_counts_as_far_as_it_goes(tmp_path: Path) -> None:
    lines = "".join(ACCESS.replace("/a", f"/{random.Random(n).random()}") for n in range(20_000)).encode()
    packed = bytearray(gzip.compress(lines))
    packed[len(packed) // 2 : len(packed) // 2 + 50] = bytes(50)
    log = read_text(tmp_path, bytes(packed))
    assert 1000 < len(log.events) < 20_000
    assert log.stream.skipped[Skip.CUT] == 1


def test_a_gzip_bomb_is_unpacked_in_small_steps(tmp_path: Path) -> None:
    bomb = gzip.compress(ACCESS.encode() + b"x" * 50_000_000)
    assert len(bomb) < 100_000
    log = read_text(tmp_path, bomb)
    assert len(log.events) == 1
    assert log.stream.skipped[Skip.TOO_LONG] == 1


@pytest.mark.parametrize("content", [ACCESS, SYSLOG, CSV, JSON, TEXT])
@pytest.mark.parametrize("place", ["between", "at the end", "cut off"])
def test_a_line_of_ten_megabytes_is_counted_and_the_lines_around_it_are_read(
    tmp_path: Path, content: str, place: str
) -> None:
    line = content.splitlines(keepends=True)[-1]
    long = "9" * 10_000_000 + ("" if place == "cut off" else "\n")
    log = read_text(tmp_path, content + long + (line * 2 if place == "between" else ""))
    assert len(log.events) == (3 if place == "between" else 1)
    assert log.stream.skipped == {Skip.TOO_LONG.value: 1}
    assert log.stream.examples[Skip.TOO_LONG] == ["9" * 120]


def test_a_line_just_short_of_the_limit_is_read(tmp_path: Path) -> None:
    long = ACCESS.replace("/a", "/" + "a" * 1_000_000)
    log = read_text(tmp_path, ACCESS + long + ACCESS)
    assert [len(event.request) for event in log.events] == [15, 1_000_014, 15]


@pytest.mark.parametrize("content", [ACCESS, SYSLOG, CSV, JSON, TEXT])
def test_nul_bytes_are_passed_over(tmp_path: Path, content: str) -> None:
    clean = read_text(tmp_path, content)
    dirty = read_text(tmp_path, content.replace("192", "19\x002").encode() + b"\0" * 10 + b"\n")
    assert dirty.events == clean.events


def test_invalid_utf8_becomes_the_replacement_character(tmp_path: Path) -> None:
    for content in (ACCESS, SYSLOG.replace("root", "curl"), TEXT.replace("alert", "curl")):
        log = read_text(tmp_path, content.encode().replace(b"curl", b"c\xff\xferl"))
        assert len(log.events) == 1
    log = read_text(tmp_path, ACCESS.encode().replace(b"curl", b"c\xff\xferl"))
    assert log.events[0].user_agent == "c\ufffd\ufffdrl/8"


def test_a_column_full_of_rubbish_is_counted_row_by_row(tmp_path: Path) -> None:
    rows = "".join(f"2026-01-02T03:04:05Z,rubbish-{number},x,y\n" for number in range(1000))
    log = read_text(tmp_path, "_time,src_ip,dest_ip,action\n" + rows)
    assert log.events == []
    assert log.stream.read == 1000
    assert log.stream.skipped == {Skip.ADDRESS.value: 1000}
    assert len(log.stream.examples[Skip.ADDRESS]) == 3


def test_skipped_lines_are_shown_printable_and_short(tmp_path: Path) -> None:
    log = read_text(tmp_path, ACCESS + "\x1b]0;title\x07 \u202eevil " + "x" * 500 + "\n")
    (example,) = log.stream.examples[Skip.SHAPE]
    assert example.isascii()
    assert example.isprintable()
    assert example.startswith("\\x1b]0;title\\x07 \\u202eevil ")
    assert len(example) < 200


@given(st.lists(st.binary(max_size=60), max_size=12))
def test_any_lines_after_a_good_one_are_events_or_counted(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]
) -> None:
    folder = tmp_path_factory.mktemp("any")
    clean = [line.replace(b"\n", b"").replace(b"\r", b"").replace(b"\0", b"") for line in lines]
    for first in (ACCESS, SYSLOG, JSON):
        log = read_text(folder, first.encode() * 9 + b"\n".join(clean) + b"\n")
        told = len(log.events) + sum(log.stream.skipped.values())
        blank = sum(not line.decode("utf-8", "replace").strip() for line in clean)
        assert told >= 9 + len(clean) - blank - (0 if clean else 1)


# --- real logs, where they are at hand -----------------------------------------------------------------


@pytest.mark.skipif(not SHARED.exists(), reason="the shared logs are not here")
def test_the_real_logs_are_read_whole() -> None:
    web = read(str(SHARED / "elastic" / "apache_logs"))
    assert (len(web.events), web.stream.skipped) == (10_000, {})
    assert len({event.address for event in web.events}) == 1753
    logins = read(str(SHARED / "elastic" / "auth.log"))
    assert logins.stream.read == 7121
    assert set(logins.stream.skipped) == {Skip.NO_ADDRESS}
    assert len(logins.events) + logins.stream.skipped[Skip.NO_ADDRESS] == 7121
    alerts = read(str(SHARED / "msticpy" / "AWS_Honeybucket_Logs.txt"))
    assert len({event.address for event in alerts.events}) == 212  # 213 dotted quads, one of them Java/11.0.9.1
    flows = read(str(SHARED / "msticpy" / "az_net_flows.csv"))
    assert (len(flows.events), flows.stream.skipped) == (460, {})
    assert all(event.peer for event in flows.events)


@pytest.mark.skipif(not SHARED.exists(), reason="the shared logs are not here")
def test_the_year_of_a_real_syslog_comes_from_as_of() -> None:
    path = str(SHARED / "elastic" / "auth.log")
    for as_of, year in ((AS_OF, 2026), (AS_OF.replace(month=4, day=10), 2025), (AS_OF.replace(month=4, day=20), 2026)):
        times = [event.time for event in read(path, as_of=as_of).events]
        assert max(filter(None, times)) == at(f"{year}-04-20T14:14:29") or as_of.month == 4
        assert None not in times
