"""Searches without Splunk: a pipeline of the app's real commands, run as splunkd runs them."""

from __future__ import annotations

import csv
import io
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from searches import SID, answer, app, events, ground

from ipthreat.errors import EventsError, InputError
from ipthreat.splunk.protocol import Table, body_of
from ipthreat.splunk.runner import Stage, main, pipeline_of, read_events, run, script_of, staged

WORDS = st.text(st.characters(whitelist_categories=("L", "N")), min_size=1, max_size=6)


@pytest.mark.parametrize(
    "search, stages",
    [
        ("| ipthreat src_ip", [Stage("ipthreat", ("src_ip",))]),
        ("ipthreat src_ip|ipthreatstatus", [Stage("ipthreat", ("src_ip",)), Stage("ipthreatstatus", ())]),
        ('| x title="a | b" y=""', [Stage("x", ("title=a | b", "y="))]),
        (r'| x title="say \"hi\" \\ {x}"', [Stage("x", (r'title=say "hi" \ {x}',))]),
        ("|  x\n\ta=1,2 ", [Stage("x", ("a=1,2",))]),
    ],
)
def test_a_pipeline_is_split_at_pipes_and_spaces_outside_quotes(search, stages):
    assert pipeline_of(search) == stages


@given(st.lists(st.lists(WORDS, min_size=1), min_size=1))
def test_what_is_joined_by_pipes_is_split_again(commands):
    assert pipeline_of("| " + " | ".join(map(" ".join, commands))) == [
        Stage(words[0], tuple(words[1:])) for words in commands
    ]


@pytest.mark.parametrize("search", ["", "|", "| x |", "| x || y", "  "])
def test_a_text_without_commands_is_no_pipeline(search):
    with pytest.raises(InputError, match="no pipeline"):
        pipeline_of(search)


def test_a_quote_that_does_not_end_is_refused():
    with pytest.raises(InputError, match="a quote that does not end"):
        pipeline_of('| x title="a')


def test_a_command_of_another_app_is_refused():
    with pytest.raises(InputError, match="'stats' is no command of the app"):
        run(ground(), "| stats count")


def test_every_command_has_its_script():
    for command in ("ipthreatreport", "ipthreatstatus"):
        assert (app() / "bin" / script_of(app(), command)).is_file()


def test_commands_follow_each_other():
    records = answer(ground(), "| ipthreatstatus | ipthreatreport by=name format=csv")
    assert [record["address"] for record in records] == [""]  # a status names no address


def test_a_search_stops_at_the_first_command_that_fails():
    result = run(ground(), "| ipthreatreport format=pdf | ipthreatreport", events(3))
    assert result.failed
    assert len(result.outcomes) == 1
    assert result.table == Table([], [])


def test_the_map_phase_runs_once_per_part_and_reduce_once():
    result = run(ground(parts=3), "| ipthreatreport", events(30))
    assert len(result.outcomes) == 4
    assert [outcome.configuration["type"] for outcome in result.outcomes] == ["reporting", *["streaming"] * 3]


def test_events_are_sent_in_chunks_of_the_size_asked_for():
    result = run(ground(chunk_rows=10), "| ipthreatreport", events(35))
    assert len(result.outcomes[1].bodies) == 4


def test_no_events_are_one_empty_chunk():
    result = run(ground(), "| ipthreatreport", Table([], []))
    assert not result.failed
    assert len(result.outcomes[1].bodies) == 1


# --- the command line -----------------------------------------------------------------------------


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "events.csv"
    path.write_bytes(body_of(events(50)))
    return str(path)


def test_the_module_prints_records_and_tells_messages_and_metrics_on_stderr(log):
    words = [sys.executable, "-m", "ipthreat.splunk.runner", "| ipthreatreport format=csv", log, "--app", str(app())]
    done = subprocess.run([*words, "--sid", SID], capture_output=True, text=True, check=True)
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert rows[0]["address"] == "18.237.3.202"
    assert "__mv" not in done.stdout
    assert "metric ipthreat.events=[" in done.stderr
    assert "Traceback" not in done.stderr


def test_quiet_tells_nothing_but_the_records(log, capfd):
    assert main(["| ipthreatreport", log, "--app", str(app()), "--quiet", "--parts", "2", "--chunk", "7"]) == 0
    out, err = capfd.readouterr()
    assert out.startswith("report,format,title")
    assert err == ""


def test_a_search_that_fails_ends_with_one_and_says_why(log, capfd):
    assert main(["| ipthreatreport format=pdf", log, "--app", str(app())]) == 1
    out, err = capfd.readouterr()
    assert out == ""
    assert "ERROR: format=pdf is not known" in err


def test_a_file_that_is_not_there_is_named_in_one_sentence(capfd):
    assert main(["| ipthreatreport", "/no/such.csv", "--app", str(app())]) == EventsError.exit_code
    assert capfd.readouterr().err.startswith("ipthreat: /no/such.csv: no events can be read")


def test_without_a_folder_the_app_is_laid_together_first(capfd):
    assert main(["| ipthreatstatus"]) == 0
    assert capfd.readouterr().out.startswith("kind,name,status")


def test_a_folder_with_other_things_is_not_overwritten(tmp_path):
    (tmp_path / "precious.txt").write_text("x", encoding="utf-8")
    with pytest.raises(InputError, match="holds no app"):
        staged(tmp_path)


def test_a_csv_file_may_have_columns_of_several_values(tmp_path):
    path = tmp_path / "e.csv"
    path.write_text('a,__mv_a\n"1\n2",$1$;$2$\n', encoding="utf-8")
    assert list(read_events(str(path)).records()) == [{"a": ["1", "2"]}]


def test_the_mark_that_excel_puts_before_a_csv_file_is_no_part_of_the_first_column(tmp_path):
    path = tmp_path / "e.csv"
    path.write_text("src_ip,n\n8.8.8.8,1\n", encoding="utf-8-sig")
    assert list(read_events(str(path)).records()) == [{"src_ip": "8.8.8.8", "n": "1"}]
