"""A process is spoken to as splunkd does, and whatever it does wrong becomes one sentence or an outcome."""

from __future__ import annotations

import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from ipthreat.errors import IpthreatError
from ipthreat.splunk.session import Ground, Session

PREAMBLE = """
import json, os, sys
def read():
    line = sys.stdin.buffer.readline()
    if not line:
        return None
    meta, body = (int(size) for size in line.split(b",")[1:])
    return json.loads(sys.stdin.buffer.read(meta)), sys.stdin.buffer.read(body)
def write(meta, body=b""):
    head = json.dumps(meta).encode()
    sys.stdout.buffer.write(b"chunked 1.0,%d,%d\\n" % (len(head), len(body)) + head + body)
    sys.stdout.buffer.flush()
"""


def command(folder: Path, program: str) -> Ground:
    """An app with one command."""
    (folder / "bin").mkdir(exist_ok=True)
    (folder / "bin" / "x.py").write_text(PREAMBLE + textwrap.dedent(program), encoding="utf-8")
    return Ground(folder, sid="1700000000.1", search="| x a=1")


def open_session(ground: Ground, *args: str) -> Session:
    return Session(ground, "x.py", "x", args)


ECHO = """
    asked, _ = read()
    write({"type": "streaming", "asked": asked})
    while True:
        chunk = read()
        if chunk is None:
            break
        told = {"messages": [["INFO", "one"]], "metric.m": [1, 2, 3, 4]}
        write({"finished": chunk[0]["finished"], "inspector": told}, chunk[1])
"""


def test_getinfo_has_what_splunkd_tells(tmp_path):
    with open_session(command(tmp_path, ECHO), "a=1", 'title=a "b" c') as session:
        asked = session.getinfo()["asked"]
    info = asked["searchinfo"]
    assert (asked["action"], asked["preview"]) == ("getinfo", False)
    assert (info["args"], info["command"]) == (["a=1", 'title=a "b" c'], "x")
    assert info["raw_args"] == ["a=1", 'title="a \\"b\\" c"']
    assert (info["sid"], info["search"], info["maxresultrows"]) == ("1700000000.1", "%7C%20x%20a%3D1", 50_000)
    assert (info["earliest_time"], info["session_key"]) == ("0", "")


def test_each_chunk_gets_its_reply_with_messages_and_metrics(tmp_path):
    with open_session(command(tmp_path, ECHO)) as session:
        session.getinfo()
        first, last = session.execute(b"a\n1\n", False), session.execute(b"", True)
    assert (first.body, first.metadata["finished"]) == (b"a\n1\n", False)
    assert (last.body, last.metadata["finished"]) == (b"", True)
    outcome = session.outcome
    assert outcome.bodies == [b"a\n1\n", b""]
    assert outcome.messages == [("INFO", "one")] * 2
    assert outcome.metrics == {"m": [1, 2, 3, 4]}
    assert (outcome.exit_code, outcome.failed, outcome.stderr) == (0, False, "")


@pytest.mark.parametrize("piece", [1, 7, 4096])
def test_a_chunk_may_be_split_anywhere_in_the_pipe(tmp_path, piece):
    place = command(tmp_path, ECHO)
    with open_session(replace(place, piece=piece)) as session:
        session.getinfo()
        assert session.execute(b"a\n" + b"x" * 3000, True).body == b"a\n" + b"x" * 3000


def test_a_chunk_larger_than_any_pipe_goes_through(tmp_path):
    with open_session(command(tmp_path, ECHO)) as session:
        session.getinfo()
        assert session.execute(b"x" * 5_000_000, True).body == b"x" * 5_000_000


def test_the_process_has_no_environment_no_packages_and_the_root_as_its_folder(tmp_path):
    program = """
        read()
        import site
        write({"env": sorted(os.environ), "cwd": os.getcwd(), "path": sys.path, "bytecode": sys.dont_write_bytecode,
               "no_site": sys.flags.no_site})
    """
    with open_session(command(tmp_path, program)) as session:
        told = session.getinfo()
    assert [name for name in told["env"] if name != "LC_CTYPE"] == []  # Python sets that one itself
    assert (told["cwd"], told["bytecode"], told["no_site"]) == ("/", True, 1)
    assert not any("site-packages" in place for place in told["path"])


def test_a_command_that_ends_early_has_its_last_words_read(tmp_path):
    program = """
        read()
        write({"error": "x", "inspector": {"messages": [["ERROR", "no such option"]]}})
        sys.stderr.write("trouble")
        sys.exit(3)
    """
    with open_session(command(tmp_path, program)) as session:
        session.getinfo()
        assert session.execute(b"x" * 200_000, True) is None
    outcome = session.outcome
    assert (outcome.messages, outcome.exit_code) == ([("ERROR", "no such option")], 3)
    assert (outcome.failed, outcome.stderr) == (True, "trouble")


def test_a_command_that_says_nothing_has_no_configuration(tmp_path):
    with open_session(command(tmp_path, "sys.exit(1)")) as session:
        assert session.getinfo() == {}
    assert session.outcome.failed


def test_a_print_into_the_stream_is_found(tmp_path):
    place = command(tmp_path, "read(); print('hello', flush=True); write({}); print('more')")
    with (
        pytest.raises(IpthreatError, match="where a chunk should begin there is b'hello"),
        open_session(place) as session,
    ):
        session.getinfo()


def test_bytes_after_the_last_reply_are_found(tmp_path):
    session = open_session(command(tmp_path, "read(); write({}); print('bye')"))
    session.getinfo()
    with pytest.raises(IpthreatError, match="x wrote 4 bytes that nobody asked for: b'bye"):
        session.close()


def test_closing_twice_is_allowed(tmp_path):
    session = open_session(command(tmp_path, ECHO))
    session.getinfo()
    assert session.close() is session.close()


def test_the_dispatch_folder_is_there_and_goes_away(tmp_path):
    with open_session(command(tmp_path, ECHO)) as session:
        folder = Path(session.getinfo()["asked"]["searchinfo"]["dispatch_dir"])
        assert folder.is_dir()
    assert not folder.exists()


def test_the_python_is_the_one_that_was_named(tmp_path):
    place = command(tmp_path, "read(); write({'python': sys.executable})")
    with open_session(replace(place, python=sys.executable)) as session:
        assert session.getinfo()["python"] == sys.executable
