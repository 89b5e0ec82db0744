"""The real scripts of bin/ as Splunk runs them: each trap of the SDK, the bundle on an indexer, the log."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Iterator, List

import pytest
from searches import SDKS, SID, answer, app, asked, events, ground, records, reduced, replicated

from ipthreat.splunk.protocol import body_of, table_from, table_of
from ipthreat.splunk.runner import run
from ipthreat.splunk.session import Session

REPORT, STATUS = "ipthreatreport", "ipthreatstatus"


@pytest.fixture
def place(tmp_path) -> Path:
    """A copy of the app where Splunk would have it, for a test to change."""
    return Path(shutil.copytree(app(), tmp_path / "etc" / "apps" / "ipthreat"))


def session_of(place: Path, command: str, *args: str) -> Session:
    return Session(ground(place), f"{command}_command.py", command, args)


# --- getinfo --------------------------------------------------------------------------------------


@pytest.mark.parametrize("sdk", SDKS)
@pytest.mark.parametrize("command, kind", [(REPORT, "reporting"), (STATUS, "reporting")])
def test_getinfo_alone_is_answered_and_ends_without_a_word(sdk, command, kind):
    session = asked(ground(app(sdk)), command)
    assert session.outcome.configuration["type"] == kind
    assert (session.outcome.exit_code, session.outcome.stderr, session.outcome.messages) == (0, "", [])


def test_getinfo_asked_again_and_again_gives_the_same_and_writes_nothing(place):
    before = sorted(place.rglob("*"))
    replies = [asked(ground(place), REPORT, "format=csv").outcome.configuration for _ in range(3)]
    assert replies[0] == replies[1] == replies[2]
    assert sorted(place.rglob("*")) == before


def test_getinfo_reads_no_data(place):
    shutil.rmtree(place / "lib" / "ipthreat" / "snapshot" / "data")
    assert asked(ground(place), REPORT).outcome.messages == []


@pytest.mark.parametrize("sdk", SDKS)
def test_the_map_phase_is_asked_for_and_streams_on_the_indexers(sdk):
    preop = asked(ground(app(sdk)), REPORT, "by=src").outcome.configuration["streaming_preop"]
    assert preop == 'ipthreatreport phase="map" by="src"'
    assert asked(ground(app(sdk)), REPORT, "phase=map", "by=src").outcome.configuration["type"] == "streaming"


# --- the traps of the SDK -------------------------------------------------------------------------


@pytest.mark.parametrize("sdk", SDKS)
def test_every_record_has_the_fields_of_the_first(sdk):
    """The SDK drops without a word what a later record has more than the first of its chunk."""
    for search, table in (("| ipthreatstatus", None), ("| ipthreatreport format=csv", events(100))):
        result = run(ground(app(sdk)), search, table)
        for outcome in result.outcomes:
            for body in filter(None, outcome.bodies):
                table_of(body)  # refuses rows of another length than the header
        assert len({tuple(record) for record in records(result)}) == 1


@pytest.mark.parametrize("sdk", SDKS)
@pytest.mark.parametrize("text", ["{a}", "{", "}", '{"a": 1}', "{0}", "%s %d", "{{"])
def test_braces_in_a_message_are_told_as_they_are(sdk, text):
    """The SDK formats every message, and a brace ends the search with a KeyError."""
    session = asked(ground(app(sdk)), REPORT, f"format={text}")
    ((level, told),) = session.outcome.messages
    assert (level, told.startswith(f"format={text} is not known")) == ("ERROR", True)
    session = asked(ground(app(sdk)), STATUS, f"colour={text}")
    assert session.outcome.messages == [("ERROR", f"Unrecognized option: colour={text}")]


def test_a_warning_with_braces_comes_through(place):
    shutil.move(place, place.with_name("{ipthreat}"))
    place = place.with_name("{ipthreat}")
    (place / "lib" / "ipthreat" / "snapshot" / "data" / "ipthreat.snapshot").write_bytes(b"rubbish")
    result = run(ground(place), "| ipthreatstatus")
    ((level, text),) = result.messages
    assert level == "WARN"
    assert "{ipthreat}" in text


@pytest.mark.parametrize("sdk", SDKS)
def test_a_mistake_found_in_prepare_is_told(sdk):
    """The SDK loses the message of an exception there: the user would see an exit code and nothing else."""
    session = asked(ground(app(sdk)), REPORT, "top=x")
    assert session.outcome.messages == [("ERROR", "top=x is no number of addresses, such as 20, or 0 for all")]
    assert (session.outcome.exit_code, session.outcome.stderr) == (1, "")


@pytest.mark.parametrize("sdk", SDKS)
def test_each_of_several_mistakes_is_told(sdk):
    session = asked(ground(app(sdk)), REPORT, "colour=red", "shape=round")
    assert [text for _, text in session.outcome.messages] == [
        "Unrecognized option: colour=red",
        "Unrecognized option: shape=round",
    ]


def slipped(place: Path, statement: str) -> None:
    """Puts a statement where every report comes by."""
    path = place / "lib" / "ipthreat" / "judge.py"
    source = path.read_text(encoding="utf-8")
    mark = "        observations = observer.observations()\n"
    assert mark in source
    path.write_text(source.replace(mark, f"{mark}        {statement}\n"), encoding="utf-8")


def test_a_print_anywhere_does_not_reach_the_stream(place):
    """What a library prints on standard output would corrupt the protocol."""
    slipped(place, 'print("hello", flush=True)')
    assert answer(ground(place), "| ipthreatreport format=csv", events(5))


def test_what_is_logged_does_not_reach_standard_error(place):
    """splunkd takes words there for trouble, and the SDK sends its log there unless logging has another place."""
    slipped(place, '__import__("logging").getLogger("x").error("hello")')
    assert answer(ground(place), "| ipthreatreport format=csv", events(5))


def test_an_error_nobody_foresaw_is_one_message_and_an_exit_code(place):
    slipped(place, 'raise RuntimeError("all {gone}")')
    result = run(ground(place), "| ipthreatreport", events(5))
    ((level, text),) = result.messages
    assert (level, "all {gone}" in text) == ("ERROR", True)
    assert (result.outcomes[0].exit_code, result.outcomes[0].stderr) == (1, "")


@pytest.mark.parametrize("sdk", SDKS)
def test_reduce_sees_the_chunks_one_by_one_and_answers_each(sdk):
    """The SDK calls reduce once per chunk, not once per search."""
    with session_of(app(sdk), REPORT, "format=csv") as session:
        session.getinfo()
        chunks = [body_of(table_from(("src_ip",), [{"src_ip": text}])) for text in ("8.8.8.8", "9.9.9.9")]
        replies = [session.execute(body, False).body for body in (chunks[0], b"", chunks[1], b"src_ip\n")]
        last = session.execute(b"", True)
    assert replies == [b""] * 4
    assert {record["address"] for record in table_of(last.body).records()} == {"8.8.8.8", "9.9.9.9"}


@pytest.mark.parametrize("sdk", SDKS)
@pytest.mark.parametrize("cell", [b'"a\0b"', b'"' + b"x" * 11_000_000 + b'"', b'"\xff\xfe"', b'"a\r\nb""c"'])
def test_cells_at_which_the_sdk_stops_cost_no_event(sdk, cell):
    """NUL (on Python 3.9 and 3.10) and fields over 10 MB end the search of a plain SDK command."""
    with session_of(app(sdk), REPORT, "format=csv") as session:
        session.getinfo()
        frame = session.execute(b"src_ip,note\r\n8.8.8.8," + cell + b"\r\n9.9.9.9,y\r\n", True)
    assert len(list(table_of(frame.body).records())) == 2
    assert session.outcome.messages == []


@pytest.mark.parametrize("sdk", SDKS)
def test_options_that_would_read_or_write_files_are_unknown(sdk, tmp_path):
    """The SDK's own logging_configuration evaluates a file that the user names, record writes one."""
    (tmp_path / "x.conf").write_text("[loggers]\nkeys=root\n", encoding="utf-8")
    for option in (f"logging_configuration={tmp_path}/x.conf", "record=true"):
        session = asked(ground(app(sdk)), STATUS, option)
        assert session.outcome.messages == [("ERROR", f"Unrecognized option: {option}")]


# --- on an indexer --------------------------------------------------------------------------------


@pytest.fixture
def bundle(tmp_path) -> Iterator[Path]:
    """The app on an indexer: a read-only copy of what was replicated, in a folder that nobody named to it."""
    folder = replicated(app(), tmp_path / "var" / "run" / "searchpeers" / "head-1700000000" / "apps" / "ipthreat")
    yield folder
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755)


def test_the_bundle_has_the_library_and_not_the_lists(bundle):
    assert (bundle / "lib" / "splunklib" / "__init__.py").is_file()
    assert (bundle / "lib" / "ipthreat" / "snapshot" / "data" / "ipthreat.snapshot").is_file()
    assert not (bundle / "data").exists()


def test_the_map_phase_runs_from_the_bundle(bundle):
    log = events(50)
    with session_of(bundle, REPORT, "phase=map") as session:
        session.getinfo()
        mapped = table_of(session.execute(body_of(log), True).body)
    assert session.outcome.stderr == ""
    place = ground(search="| ipthreatreport")
    assert reduced(place, mapped) == answer(place, "| ipthreatreport", log)


def test_status_runs_from_the_bundle_and_leaves_nothing_there(bundle):
    before = sorted(bundle.rglob("*"))
    assert {row["status"] for row in answer(ground(bundle), "| ipthreatstatus")} == {"ok", "unavailable"}
    assert sorted(bundle.rglob("*")) == before


# --- the log --------------------------------------------------------------------------------------


def log_of(place: Path) -> List[str]:
    path = place.parents[2] / "var" / "log" / "splunk" / "ipthreat.log"
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def test_each_process_of_a_search_leaves_one_line(place):
    (place.parents[2] / "var" / "log" / "splunk").mkdir(parents=True)
    answer(ground(place, parts=2), "| ipthreatreport", events(20))
    answer(ground(place), "| ipthreatstatus")
    lines = log_of(place)
    assert len(lines) == 4
    assert all(re.fullmatch(r'\S+ level=INFO( \w+=("([^"\\]|\\.)*"|[^" ]+))+', line) for line in lines)
    assert [re.search(r"phase=(\w+)", line)[1] for line in lines[:3]] == ["map", "map", "reduce"]
    assert f"command=ipthreatreport phase=reduce format=threat sid={SID} owner=admin app=search events=20 " in lines[2]


def test_getinfo_alone_leaves_no_line(place):
    (place.parents[2] / "var" / "log" / "splunk").mkdir(parents=True)
    asked(ground(place), REPORT)
    asked(ground(place), STATUS)
    assert log_of(place) == []


def test_the_log_is_where_splunk_home_says(place, tmp_path):
    home = tmp_path / "home"
    (home / "var" / "log" / "splunk").mkdir(parents=True)
    answer(ground(place, environment={"SPLUNK_HOME": str(home)}), "| ipthreatstatus")
    assert "command=ipthreatstatus" in (home / "var" / "log" / "splunk" / "ipthreat.log").read_text(encoding="utf-8")
    assert log_of(place) == []


# --- the scripts ----------------------------------------------------------------------------------


@pytest.mark.parametrize("script", sorted((app() / "bin").glob("*.py")), ids=lambda path: path.name)
def test_a_script_is_short_and_named_like_no_package(script):
    lines = script.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 15
    assert script.name.endswith("_command.py")
    assert ".resolve(" not in "\n".join(lines)
    assert not os.access(script, os.X_OK) or os.geteuid() == 0


def test_a_script_runs_through_a_link_to_the_app(place, tmp_path):
    link = tmp_path / "linked"
    link.symlink_to(place, target_is_directory=True)
    assert answer(ground(link), "| ipthreatstatus")
