"""`bin/ipthreat_command.py` as Splunk runs it: the whole command over the real protocol."""

from __future__ import annotations

import csv
import io
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import List

import pytest
from searches import SDKS, answer, app, asked, ground, records, replicated

from ipthreat.fields import chosen
from ipthreat.splunk.protocol import Table, body_of, table_from, table_of
from ipthreat.splunk.runner import run
from ipthreat.splunk.session import Ground, Session

COMMAND = "ipthreat"


@pytest.fixture
def place(tmp_path) -> Path:
    """A copy of the app where Splunk would have it, for a test to change."""
    return Path(shutil.copytree(app(), tmp_path / "etc" / "apps" / "ipthreat"))


def mixed(count: int) -> Table:
    """Events with public, private, IPv6 and multivalue addresses, rubbish and none."""
    draw = random.Random(5)
    rows = []
    for number in range(count):
        public = f"20.{draw.randrange(256)}.{draw.randrange(256)}.{number % 250}"
        sorts = [public] * 5 + ["10.0.0.7", "rubbish", "", "2600:1f18::7", [public, "192.168.1.1"]]
        raw = f'line "{number}", with quotes\nand $ a second line'
        rows.append({"n": str(number), "src_ip": sorts[number % 10], "dest_ip": "8.8.8.8", "_raw": raw})
    return table_from(("n", "src_ip", "dest_ip", "_raw"), rows)


def statuses(found: List[dict]) -> List[object]:
    return [record["ti_status"] for record in found]


# --- getinfo --------------------------------------------------------------------------------------


@pytest.mark.parametrize("sdk", SDKS)
@pytest.mark.parametrize(
    "mode, kind", [("offline", "streaming"), ("cached", "stateful"), ("live", "stateful"), ("plan", "stateful")]
)
def test_only_offline_runs_on_the_indexers(sdk, mode, kind):
    session = asked(ground(app(sdk)), COMMAND, "src_ip", f"mode={mode}")
    assert session.outcome.configuration["type"] == kind
    assert (session.outcome.exit_code, session.outcome.stderr, session.outcome.messages) == (0, "", [])


def test_the_default_mode_comes_from_the_apps_own_files(place):
    assert asked(ground(place), COMMAND, "src_ip").outcome.configuration["type"] == "streaming"
    (place / "local").mkdir()
    (place / "local" / "ipthreat.conf").write_text("[settings]\ndefault_mode = live\n")
    assert asked(ground(place), COMMAND, "src_ip").outcome.configuration["type"] == "stateful"
    shutil.rmtree(place / "local")
    (place / "default" / "ipthreat.conf").unlink()
    assert asked(ground(place), COMMAND, "src_ip").outcome.configuration["type"] == "streaming"


def test_getinfo_reads_no_data_and_writes_nothing(place):
    shutil.rmtree(place / "lib" / "ipthreat" / "snapshot" / "data")
    before = sorted(place.rglob("*"))
    assert asked(ground(place), COMMAND, "src_ip").outcome.messages == []
    assert sorted(place.rglob("*")) == before


def test_lean_names_the_fields_that_are_needed():
    words = ("src_ip,dest_ip", "lean=t", "user_agent=ua", "uri=u")
    assert asked(ground(), COMMAND, *words).outcome.configuration["required_fields"] == ["src_ip", "dest_ip", "ua", "u"]
    assert "required_fields" not in asked(ground(), COMMAND, "src_ip").outcome.configuration


@pytest.mark.parametrize("sdk", SDKS)
@pytest.mark.parametrize(
    "words, message",
    [
        ((), "name the field that holds the address"),
        (("src_ip", "mode=fast"), "Illegal value: mode=fast"),
        (("src_ip", "mode={0}"), "Illegal value: mode={0}"),
        (("src_ip", "budget=-1"), "Illegal value: budget=-1"),
        (("src_ip", "timeout=soon"), "Illegal value: timeout=soon"),
        (("src_ip", "colour=red"), "Unrecognized option: colour=red"),
        (("src_ip", "record=t"), "Unrecognized option: record=t"),
        (("src_ip", "fields=verdict,{x}"), "there is no field '{x}'"),
        (("src_ip", "policy=none"), "there is no policy named 'none'"),
        (("src_ip", "providers=nobody"), "there is no source 'nobody'"),
        (("src_ip", "allowlist=../passwords"), "Illegal value: allowlist=../passwords"),
        (("src_ip", "allowlist=absent"), "no lookup file absent.csv"),
        (("src_ip", 'prefix="x y"'), "Illegal value: prefix="),
        (("a[b",), "'a[b' cannot be the name of a field"),
    ],
)
def test_a_bad_option_is_one_message_in_the_reply_to_getinfo(sdk, words, message):
    outcome = asked(ground(app(sdk)), COMMAND, *words).outcome
    ((level, text),) = outcome.messages
    assert level == "ERROR"
    assert message in text
    assert (outcome.exit_code, outcome.stderr, outcome.bodies) == (1, "", [])


def test_a_mode_in_the_conf_file_that_is_none_is_told(place):
    (place / "default" / "ipthreat.conf").write_text("[settings]\ndefault_mode = {x}\n")
    ((level, text),) = asked(ground(place), COMMAND, "src_ip").outcome.messages
    assert level == "ERROR"
    assert "default_mode" in text


def test_without_chunked_the_command_says_what_is_missing():
    words = [
        sys.executable,
        "-E",
        "-s",
        "-S",
        "-B",
        str(app() / "bin" / "ipthreat_command.py"),
        "__EXECUTE__",
        "src_ip",
    ]
    done = subprocess.run(words, input="src_ip\n20.1.2.3\n", capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "commands.conf must have `chunked = true` for ipthreat" in done.stdout + done.stderr


# --- events ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("sdk", SDKS)
def test_every_event_comes_back_in_order_with_its_status(sdk):
    table = mixed(2000)
    found = answer(ground(app(sdk), chunk_rows=700), "| ipthreat src_ip", table)
    for before, after in zip(table.records(), found):
        assert {name: after[name] for name in before} == before
    assert len(found) == 2000
    assert statuses(found)[:10] == [*["ok"] * 5, "not_global", "invalid", "invalid", "ok", ["ok", "not_global"]]
    assert statuses(found) == statuses(found)[:10] * 200


def test_the_same_fields_are_in_every_record_of_every_chunk():
    names = [field.named("ti_") for field in chosen("full")]
    with Session(ground(), "ipthreat_command.py", COMMAND, ("src_ip", "fields=full")) as session:
        session.getinfo()
        for body in (b"", b"src_ip\n", b"src_ip\n1\n", b'src_ip,"__mv_src_ip"\n"8.8.8.8",\n', b"other\nx\n"):
            frame = session.execute(body, False)
            assert frame is not None
            table = table_of(frame.body)
            added = [name for name in table.names if name.startswith("ti_")]
            assert added == (names if body else [])
            assert all(len(row) == len(table.names) for row in table.rows)
        assert session.execute(b"", True) is not None
    assert (session.outcome.exit_code, session.outcome.stderr) == (0, "")


def test_the_bytes_of_the_events_are_not_touched():
    body = b'"_raw",src_ip\n"\xff\x00 ""q"", \r\n $x$",7\n'
    with Session(ground(), "ipthreat_command.py", COMMAND, ("src_ip", "fields=status")) as session:
        session.getinfo()
        frame = session.execute(body, True)
    assert frame is not None
    assert frame.body == b'"_raw",src_ip,"ti_status","__mv_ti_status"\n"\xff\x00 ""q"", \r\n $x$",7,invalid,\n'


def test_a_pipe_that_drips_changes_nothing():
    table = mixed(40)
    whole = answer(ground(), "| ipthreat src_ip", table)
    assert answer(ground(piece=97), "| ipthreat src_ip", table) == whole
    assert answer(ground(chunk_rows=1), "| ipthreat src_ip", table) == whole
    assert answer(ground(preview=True), "| ipthreat src_ip", table) == whole


def test_selected_fields_are_merged_by_their_index():
    table = mixed(300)
    assert answer(ground(), "| ipthreat src_ip lean=t", table) == answer(ground(), "| ipthreat src_ip", table)


def test_several_fields_have_names_of_their_own():
    (found,) = answer(
        ground(), "| ipthreat src_ip,dest_ip fields=status", Table(["src_ip", "dest_ip"], [["x", "8.8.8.8"]])
    )
    assert (found["src_ip_ti_status"], found["dest_ip_ti_status"]) == ("invalid", "ok")


def test_used_twice_the_fields_are_replaced():
    table = Table(["src_ip", "dest_ip"], [["x", "8.8.8.8"]])
    found = answer(ground(), "| ipthreat src_ip fields=status | ipthreat dest_ip fields=status", table)
    assert found == [{"src_ip": "x", "dest_ip": "8.8.8.8", "ti_status": "ok"}]


def test_behaviour_is_that_of_the_event_alone():
    rows = [["20.1.2.3", "Mozilla/5.00 (Nikto/2.1.6)"], ["20.1.2.3", "Mozilla/5.0"]]
    found = answer(ground(), "| ipthreat src_ip user_agent=ua fields=flags", Table(["src_ip", "ua"], rows))
    assert "suspicious_user_agent" in found[0]["ti_flags"]
    assert "suspicious_user_agent" not in found[1]["ti_flags"]


def test_each_end_of_a_connection_is_judged_by_what_is_its_own():
    names = ["src_ip", "dest_ip", "ua", "bytes"]
    rows = [["20.1.2.3", "20.9.8.7", "Mozilla/5.00 (Nikto/2.1.6)", "60000000"], ["20.1.2.3", "20.9.8.7", "", "12"]]
    search = "| ipthreat src_ip,dest_ip user_agent=ua bytes_out=bytes fields=flags"
    first, second = answer(ground(), search, Table(names, rows))
    assert "suspicious_user_agent" in first["src_ip_ti_flags"]
    assert "volume_out" not in first["src_ip_ti_flags"]
    assert "volume_out" in first["dest_ip_ti_flags"]
    assert "suspicious_user_agent" not in first["dest_ip_ti_flags"]
    assert not {"volume_out", "suspicious_user_agent"} & {*second["src_ip_ti_flags"], *second["dest_ip_ti_flags"]}


def test_with_the_options_of_an_event_no_event_is_lost_and_every_status_is_the_same():
    table = mixed(1000)
    plain = answer(ground(), "| ipthreat src_ip", table)
    found = answer(ground(chunk_rows=300), "| ipthreat src_ip user_agent=_raw uri=n http_status=n action=n", table)
    assert [record["n"] for record in found] == [record["n"] for record in plain]
    assert statuses(found) == statuses(plain)


def test_a_plan_asks_nothing_and_tells_what_a_live_run_would_ask():
    result = run(ground(), "| ipthreat src_ip mode=plan budget=50 fields=sources", mixed(2000))
    ((level, text),) = result.messages
    assert level == "INFO"
    assert "2 that are never asked about" in text
    assert "budget 50): virustotal 50" in text
    assert any("virustotal=not_asked" in record["ti_sources"] for record in records(result))


@pytest.mark.parametrize("mode", ["cached", "live"])
def test_sources_that_were_not_asked_make_the_answer_partial(mode):
    (found,) = answer(
        ground(), f"| ipthreat src_ip mode={mode} fields=sources,status", Table(["src_ip"], [["20.1.2.3"]])
    )
    assert found["ti_status"] == "partial"
    assert "virustotal=not_asked" in found["ti_sources"]


def test_an_allow_list_is_a_lookup_of_the_app(place):
    (place / "lookups").mkdir(exist_ok=True)
    (place / "lookups" / "ours.csv").write_text("address,expires,reason\n20.1.2.0/24,,our scanner\n")
    search = "| ipthreat src_ip allowlist=ours explain=t fields=priority"
    (found,) = answer(ground(place), search, Table(["src_ip"], [["20.1.2.3"]]))
    assert "allow-listed through 20.1.2.0/24 (our scanner)" in found["ti_explanation"][-1]
    (place / "lookups" / "ours.csv").write_text("host\nx\n")
    result = run(ground(place), search, Table(["src_ip"], [["20.1.2.3"]]))
    assert [level for level, _ in result.messages] == ["ERROR"]
    assert "line 2 of ours.csv" in result.messages[0][1]


def test_metrics_count_events_and_distinct_addresses():
    result = run(ground(chunk_rows=500), "| ipthreat dest_ip", mixed(2000))
    metrics = result.outcomes[0].metrics
    assert [metrics[f"ipthreat.{name}"][2] for name in ("events", "distinct", "memo_hits", "calls")] == [
        2000,
        1,
        1999,
        0,
    ]


@pytest.mark.parametrize(
    "words, absent", [("scr_ip", "scr_ip"), ("dest_ip bytes_out=octets", "octets"), ("dest_ip", "")]
)
@pytest.mark.parametrize("mode", ["offline", "cached"])
def test_a_field_that_no_event_has_is_told_once_and_no_event_is_lost(words, absent, mode):
    result = run(ground(chunk_rows=500), f"| ipthreat {words} mode={mode}", mixed(2000))
    assert len(result.table.rows) == 2000
    texts = [text for level, text in result.messages if level == "WARN" and "has a field" in text]
    assert texts == ([f"none of 2,000 events has a field {absent}"] if absent else [])


# --- where it may run -----------------------------------------------------------------------------


@pytest.mark.parametrize("damage", ["missing", "corrupt"])
def test_without_a_snapshot_every_event_comes_back_with_a_status_and_one_warning(place, damage):
    file = place / "lib" / "ipthreat" / "snapshot" / "data" / "ipthreat.snapshot"
    file.unlink() if damage == "missing" else file.write_bytes(b"x" * 1000)
    result = run(ground(place, chunk_rows=500), "| ipthreat src_ip", mixed(2000))
    found = records(result)
    assert [record["n"] for record in found] == [str(number) for number in range(2000)]
    assert statuses(found)[:9] == [*["error"] * 5, "not_global", "invalid", "invalid", "error"]
    ((level, text),) = result.messages
    assert level == "WARN"
    assert "ipthreat.snapshot" in text
    assert result.outcomes[0].exit_code == 0


def test_on_error_fail_stops_the_search(place):
    (place / "lib" / "ipthreat" / "snapshot" / "data" / "ipthreat.snapshot").unlink()
    result = run(ground(place), "| ipthreat src_ip on_error=fail", mixed(20))
    assert result.failed
    assert [level for level, _ in result.messages] == ["ERROR"]


def test_on_an_indexer_with_what_is_replicated_alone_the_answers_are_the_same(tmp_path):
    table = mixed(200)
    bundle = replicated(app(), tmp_path / "searchpeers" / "head-1700000000" / "apps" / "ipthreat")
    assert answer(Ground(bundle, sid=ground().sid), "| ipthreat src_ip", table) == answer(
        ground(), "| ipthreat src_ip", table
    )


def test_the_body_is_what_csv_reads(tmp_path):
    result = run(ground(), "| ipthreat src_ip", mixed(50))
    rows = list(csv.reader(io.StringIO(body_of(result.table).decode(), newline="")))
    assert len({len(row) for row in rows}) == 1
