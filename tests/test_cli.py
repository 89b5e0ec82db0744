"""The command line as a user meets it: what it prints, what it writes, and one clear line for every mistake."""

from __future__ import annotations

import gzip
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from ipthreat import demo
from ipthreat.cli import main
from ipthreat.report.firewalls import FORMATS as BLOCK_LISTS
from ipthreat.report.formats import FORMATS
from ipthreat.snapshot import ListInput, compile_lists
from ipthreat.testkit.behaviours import data, html_page
from ipthreat.testkit.server import FakeServer

REFERENCE = Path(__file__).parent / "data" / "threat_report.txt"
LINE = '198.51.100.7 - - [26/Oct/2023:10:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "Mozilla/5.0"\n'
GLOBAL_LINE = LINE.replace("198.51.100.7", "81.2.69.160")


@pytest.fixture
def run(tmp_path, capsys):
    """Runs the command line with an empty home; gives exit code, stdout and stderr."""

    def call(*arguments: str):
        try:
            code = main([str(item) for item in arguments], {"IPTHREAT_HOME": str(tmp_path / "home")})
        except SystemExit as ended:  # argparse ends the program on wrong usage
            code = ended.code
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def program(*arguments: str, **more):
    """The real program in a process of its own, with an empty environment."""
    command = [sys.executable, "-m", "ipthreat", *arguments]
    env = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
    return subprocess.run(command, capture_output=True, env=env, check=False, **more)


# --- the main job -----------------------------------------------------------------------------------------------------


def test_the_reference_report_comes_out_byte_for_byte_from_raw_events_and_recorded_evidence(run):
    only = [part for address in demo.REFERENCE for part in ("--only", address)]
    given = ["report", demo.EVENTS, "--evidence", demo.EVIDENCE, "--as-of", "2023-10-26", *only, "--strict"]
    code, out, _ = run(*given)
    assert code == 0
    assert out.encode() == REFERENCE.read_bytes()


def test_the_demo_prints_the_report_a_summary_and_where_the_page_lies(run, tmp_path):
    code, out, _ = run("demo", "--out", tmp_path / "report")
    assert code == 0
    assert out.startswith("Threat Report\n====================\n")
    assert "### Threat #1 - 18.237.3.202" in out
    assert "Actionable Intelligence Report" in out
    assert "- Block 18.237.3[.]202 at the edge" in out
    assert "a reconstruction" in out
    assert "as of 2023-10-26" in out
    assert str(tmp_path / "report" / "actionable.html") in out
    assert {path.name for path in (tmp_path / "report").iterdir()} == {form.file for form in FORMATS.values()}


def test_the_demo_judges_the_reference_addresses_as_the_reference_does(run, tmp_path):
    _, out, _ = run("demo", "--json", "--out", tmp_path / "report")
    found = {item["ip"]: item for item in json.loads(out)["assessments"]}
    first, second = (found[address] for address in demo.REFERENCE)
    assert (first["confidence"], first["severity"], first["priority"]) == (10, "Low", "High")
    assert (second["confidence"], second["severity"], second["priority"]) == (8, "Low", "Medium")


def test_the_demo_raises_the_shellshock_neighbour_and_no_crawler_cloud_or_resolver(run, tmp_path):
    _, out, _ = run("demo", "--json", "--out", tmp_path / "report")
    raised = {item["ip"] for item in json.loads(out)["assessments"] if item["priority"] in ("High", "Medium")}
    assert raised == {*demo.REFERENCE, "14.103.172.201"}


def test_a_report_folder_holds_every_form(run, tmp_path):
    (tmp_path / "access.log").write_text(GLOBAL_LINE, encoding="utf-8")
    code, _, err = run("report", tmp_path / "access.log", "--out", tmp_path / "out")
    assert code == 0
    assert "start with actionable.html" in err
    for form in FORMATS.values():
        assert (tmp_path / "out" / form.file).exists()


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_every_form_can_be_printed(run, form):
    code, out, _ = run("report", demo.EVENTS, "--evidence", demo.EVIDENCE, "--as-of", "2023-10-26", "--format", form)
    assert code == 0
    assert "18.237.3.202" in out.replace("[.]", ".")


def test_json_is_the_same_as_the_json_form(run):
    given = ["report", demo.EVENTS, "--as-of", "2023-10-26"]
    assert run(*given, "--json")[1] == run(*given, "--format", "json")[1]


def test_several_files_and_gzip_are_read_as_one_log(run, tmp_path):
    (tmp_path / "a.log").write_text(GLOBAL_LINE, encoding="utf-8")
    with gzip.open(tmp_path / "b.log.gz", "wt", encoding="utf-8") as file:
        file.write(GLOBAL_LINE)
    _, out, _ = run("report", tmp_path / "a.log", tmp_path / "b.log.gz", "--json", "--as-of", "2023-10-26")
    (item,) = json.loads(out)["assessments"]
    assert item["sighting"]["count"] == 2


def test_standard_input_is_a_log_too():
    done = program("report", "-", "--as-of", "2023-10-26", "--json", input=GLOBAL_LINE.encode())
    assert done.returncode == 0
    assert json.loads(done.stdout)["assessments"][0]["ip"] == "81.2.69.160"


def test_a_listed_c2_server_that_our_host_beacons_to_is_case_eleven(run, tmp_path):
    """Raw events and a lists file alone: confidence 9, severity High, priority High."""
    home = tmp_path / "home"
    home.mkdir()
    entries = [("45.9.148.99", 0)]
    compile_lists(home / "lists.snapshot", [ListInput("c2_tracker", "c2", entries, date="2026-11-23")], "2026-11-23")
    rows = ["time,src_ip,dest_ip,action,bytes_out,bytes_in"]
    rows += [f"2026-11-23T{n // 6:02d}:{n % 6}0:00Z,10.1.2.3,45.9.148.99,allowed,300,200" for n in range(48)]
    (tmp_path / "flows.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    evidence = {
        "data": {"id": "45.9.148.99", "type": "ip_address", "attributes": {"last_analysis_stats": {"harmless": 80}}}
    }
    (tmp_path / "vt.json").write_text(json.dumps(evidence), encoding="utf-8")
    _, out, _ = run(
        "report", tmp_path / "flows.csv", "--evidence", tmp_path / "vt.json", "--as-of", "2026-11-23", "--json"
    )
    found = {item["ip"]: item for item in json.loads(out)["assessments"]}["45.9.148.99"]
    assert (found["confidence"], found["severity"], found["priority"]) == (9, "High", "High")
    assert found["verdict"] == "malicious"


def test_old_events_are_told_with_the_remedy(run, tmp_path):
    (tmp_path / "old.log").write_text(GLOBAL_LINE.replace("2023", "2015"), encoding="utf-8")
    _, _, err = run("report", tmp_path / "old.log", "--as-of", "2023-10-26")
    assert "the events end 2015-10-26" in err
    assert "--as-of 2015-10-26" in err


def test_an_allow_listed_address_is_monitored(run, tmp_path):
    (tmp_path / "allow.txt").write_text("18.237.3.0/24,,our own scanner\n", encoding="utf-8")
    given = ["report", demo.EVENTS, "--evidence", demo.EVIDENCE, "--as-of", "2023-10-26", "--json"]
    _, out, _ = run(*given, "--allowlist", tmp_path / "allow.txt")
    found = {item["ip"]: item for item in json.loads(out)["assessments"]}["18.237.3.202"]
    assert (found["confidence"], found["priority"]) == (10, "Monitor")


# --- check and status -------------------------------------------------------------------------------------------------


def test_check_tells_owner_verdict_and_reasons(run):
    code, out, _ = run("check", "8.8.8.8")
    assert code == 0
    assert "AS15169 GOOGLE" in out
    assert "benign: confidence 0/10" in out
    assert "because public-resolvers: range of a public resolver (-4.00)" in out


def test_check_understands_how_analysts_write_addresses(run):
    _, out, _ = run("check", "18.237.3[.]202", "[2606:4700::1111]:443", "8.8.8.8:53, 1.1.1.1", "--json")
    assert {item["ip"] for item in json.loads(out)["assessments"]} == {
        "18.237.3.202", "2606:4700::1111", "8.8.8.8", "1.1.1.1",
    }  # fmt: skip


def test_check_classifies_private_and_invalid_text_without_judging_it(run):
    code, out, _ = run("check", "10.1.2.3", "example.org")
    assert code == 0
    assert "10.1.2.3\n  not global:" in out
    assert "example.org\n  invalid:" in out


def test_check_explains_with_the_waterfall(run):
    _, out, _ = run("check", "18.237.3.202", "--evidence", demo.EVIDENCE, "--as-of", "2023-10-26", "--explain")
    assert "prior 0.10" in out
    assert "+3.34" in out
    assert "it would be" in out


def test_check_reads_addresses_from_standard_input():
    done = program("check", "-", "--json", input=b"8.8.8.8\n\n 1.1.1.1 \n")
    assert {item["ip"] for item in json.loads(done.stdout)["assessments"]} == {"8.8.8.8", "1.1.1.1"}


def test_status_has_a_row_per_part_with_its_age(run):
    code, out, _ = run("status")
    assert code == 0
    assert "systems " in out
    assert "2026-09-16" in out
    assert "ipthreat update" in out
    _, out, _ = run("status", "--json")
    parts = json.loads(out)["parts"]
    assert {"name", "date", "age_days", "entries", "licence", "source"} == set(parts[0])


def test_status_tells_a_broken_lists_file_and_fails(run, tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "lists.snapshot").write_bytes(b"rubbish")
    code, _, err = run("status")
    assert code == 4
    assert "lists.snapshot" in err


# --- mistakes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content, sentence",
    [
        (b"", "empty"),
        (b"\x00\x01\x02\x03\xff\xfe" * 500, "binary"),
        (b"name,size\na,1\nb,2\n", "has no field known to hold an address"),
    ],
    ids=["empty", "binary", "no address field"],
)
def test_a_file_that_is_no_log_is_one_line(run, tmp_path, content, sentence):
    (tmp_path / "input").write_bytes(content)
    code, out, err = run("report", tmp_path / "input")
    assert (code, out) == (3, "")
    assert err.count("\n") == 1
    assert sentence in err


@pytest.mark.parametrize("name", ["absent.log", "."])
def test_a_missing_file_and_a_folder_are_one_line(run, tmp_path, name):
    code, out, err = run("report", tmp_path / name)
    assert (code, out, err.count("\n")) == (3, "", 1)


def test_a_wrong_field_name_is_answered_with_the_names_there_are(run, tmp_path):
    (tmp_path / "x.csv").write_text("client,size\n8.8.8.8,5\n", encoding="utf-8")
    code, _, err = run("report", tmp_path / "x.csv", "--field", "src")
    assert code == 3
    assert "there are client, size" in err


def test_an_address_column_full_of_rubbish_is_counted(run, tmp_path):
    (tmp_path / "x.csv").write_text("src_ip,size\n" + "rubbish,1\n" * 40 + "8.8.8.8,1\n", encoding="utf-8")
    code, out, err = run("report", tmp_path / "x.csv", "--json")
    assert code == 0
    assert [item["ip"] for item in json.loads(out)["assessments"]] == ["8.8.8.8"]
    assert "skipped 40 rows of 41: the address field holds no IP address" in err


def test_hostile_bytes_among_good_lines_lose_nothing(run, tmp_path):
    bad = [b"\x00" * 100 + b"cut", b"\xff\xfe\xfd not utf-8", b"x" * 10_000_000, b'8.8.8.8 - - [broken "']
    (tmp_path / "access.log").write_bytes(b"\n".join([GLOBAL_LINE.strip().encode()] * 20 + bad) + b"\n")
    code, out, err = run("report", tmp_path / "access.log", "--json", "--as-of", "2023-10-26")
    (item,) = json.loads(out)["assessments"]
    assert (code, item["sighting"]["count"]) == (0, 20)
    assert sum(int(line.split()[1]) for line in err.splitlines() if line.startswith("skipped")) == len(bad)


@pytest.mark.parametrize(
    "arguments, code",
    [
        (["report", "{log}", "--as-of", "yesterday"], 3),
        (["report", "{log}", "--as-of", "0001-01-01T00:00+14:00"], 3),
        (["report", "{log}", "--own", "not-a-net"], 3),
        (["report", "{log}", "--only", "9.9.9.9"], 3),
        (["report", "{log}", "--only", "nonsense"], 3),
        (["report", "{log}", "--evidence", "{log}"], 3),
        (["report", "{log}", "--allowlist", "/nonexistent"], 3),
        (["report", "{log}", "--input", "syslogs"], 3),
        (["report", "{log}", "--out", "{log}/below"], 3),
        (["report", "{log}", "--policy", "harsh"], 2),
        (["report"], 2),
        ([], 2),
        (["frobnicate"], 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_every_mistake_has_its_exit_code_and_no_traceback(run, tmp_path, arguments, code):
    log = tmp_path / "access.log"
    log.write_text(GLOBAL_LINE, encoding="utf-8")
    got, _, err = run(*[item.format(log=log) for item in arguments])
    assert got == code
    assert "Traceback" not in err
    assert err.startswith(("ipthreat: ", "usage: "))


def test_help_names_every_command_and_exit_code(run):
    code, out, _ = run("--help")
    assert code == 0
    for word in ("demo", "check", "report", "update", "status", "exit codes"):
        assert word in out
    assert "example:" in run("report", "--help")[1]


def test_output_through_a_pipe_has_no_colours_and_a_closed_pipe_is_no_error():
    done = program("check", "8.8.8.8")
    assert b"\x1b" not in done.stdout
    shell = f"{sys.executable} -m ipthreat status | head -n 1"
    piped = subprocess.run(["bash", "-o", "pipefail", "-c", shell], capture_output=True, check=False)
    assert (piped.returncode, piped.stderr) == (0, b"")


def test_it_works_without_home_and_environment():
    done = program("check", "8.8.8.8", cwd="/")
    assert (done.returncode, done.stderr) == (0, b"")


def test_terminal_escapes_in_a_log_never_reach_the_terminal(run, tmp_path):
    agent = "nikto \x1b[2J\x1b]0;owned\x07"
    (tmp_path / "access.log").write_text(GLOBAL_LINE.replace("Mozilla/5.0", agent) * 3, encoding="utf-8")
    for form in ("threat", "actionable", "csv"):
        _, out, err = run("report", tmp_path / "access.log", "--format", form, "--as-of", "2023-10-26")
        assert "\x1b" not in out + err
        assert "\x07" not in out + err


# --- update -----------------------------------------------------------------------------------------------------------

FEODO = b"# Feodo\n45.9.148.99\n"


def test_update_fetches_compiles_and_the_next_check_uses_the_list(run):
    with FakeServer({"/feodo": data(FEODO)}) as server:
        code, out, err = run("update", "--feed", "feodo", "--mirror", server.url)
    assert (code, err) == (0, "")
    assert out.startswith("feodo ")
    assert "updated" in out
    _, out, _ = run("check", "45.9.148.99", "--json")
    (found,) = json.loads(out)["assessments"]
    assert [item["labels"] for item in found["evidence"] if item["source"] == "feodo"] == [["c2"]]
    assert "feodo" in run("status")[1]


def test_a_feed_that_fails_keeps_the_last_good_copy_and_says_so(run):
    with FakeServer({"/feodo": data(FEODO)}) as server:
        run("update", "--feed", "feodo", "--mirror", server.url)
        server.route("/feodo", html_page())
        code, out, _ = run("update", "--feed", "feodo", "--mirror", server.url, "--force")
    assert "kept" in out
    assert code == 5
    _, out, _ = run("check", "45.9.148.99")
    assert "feodo: listed (c2)" in out


def test_own_lists_need_no_network(run, tmp_path):
    (tmp_path / "ours.txt").write_text("81.2.69.0/24\n", encoding="utf-8")
    with FakeServer({}) as server:
        run("update", "--feed", "feodo", "--mirror", server.url, "--list", f"ours={tmp_path / 'ours.txt'},scanner")
    _, out, _ = run("check", "81.2.69.160")
    assert "ours: range of a known scanner" in out


@pytest.mark.parametrize(
    "arguments", [["--feed", "nobody"], ["--list", "ours"], ["--list", "ours=/nonexistent,block"], ["--own", "x"]]
)
def test_a_mistake_in_update_is_one_line(run, arguments):
    with FakeServer({}) as server:
        code, _, err = run("update", "--mirror", server.url, *arguments)
    assert code in (3, 5)
    assert "Traceback" not in err


def test_a_ca_bundle_is_read_and_an_absent_one_is_refused_in_one_line(run, tmp_path):
    with FakeServer({"/feodo": data(FEODO)}) as server:
        given = ["update", "--feed", "feodo", "--mirror", server.url, "--ca-bundle"]
        assert run(*given, REFERENCE.parent / "tls" / "loopback.pem")[0] == 0
        code, _, err = run(*given, tmp_path / "absent.pem")
    assert (code, err) == (3, f"ipthreat: {tmp_path / 'absent.pem'}: there is no such CA bundle\n")


# --- time and repetition ----------------------------------------------------------------------------------------------


def assessments(out: str) -> dict:
    """Address → assessment of a JSON report."""
    return {item["ip"]: item for item in json.loads(out)["assessments"]}


def test_the_same_evidence_given_twice_counts_once(run):
    once = run("check", "18.237.3.202", "--evidence", demo.EVIDENCE, "--as-of", "2023-10-26", "--json")
    twice = run(
        "check", "18.237.3.202", "--evidence", demo.EVIDENCE, "--evidence", demo.EVIDENCE,
        "--as-of", "2023-10-26", "--json",
    )  # fmt: skip
    (first,), (second,) = assessments(once[1]).values(), assessments(twice[1]).values()
    assert first["evidence"] == second["evidence"]
    assert first["p"] == second["p"]


def test_of_two_answers_the_newest_counts_that_was_known_at_the_time(run, tmp_path):
    def answer(malicious, day):
        stats = {"malicious": malicious, "suspicious": 0, "undetected": 1, "harmless": 1, "timeout": 0}
        body = {"data": {"type": "ip_address", "id": "81.2.69.160", "attributes": {"last_analysis_stats": stats}}}
        return {"provider": "virustotal", "address": "81.2.69.160", "retrieved": day, "body": body}

    given = [answer(9, "2023-10-01"), answer(2, "2023-10-20"), answer(5, "2023-12-24")]
    (tmp_path / "e.json").write_text(json.dumps({"format": "ipthreat-evidence/1", "answers": given}))
    _, out, _ = run("check", "81.2.69.160", "--evidence", tmp_path / "e.json", "--as-of", "2023-10-26", "--json")
    (found,) = assessments(out).values()
    assert [item["counts"]["malicious"] for item in found["evidence"] if item["source"] == "virustotal"] == [2]


def test_events_later_than_the_report_are_left_out_and_counted(run, tmp_path):
    log = tmp_path / "access.log"
    attack = GLOBAL_LINE.replace("GET / ", "GET /cgi-bin/x?$(id) ").replace("26/Oct", "30/Oct")
    log.write_text(GLOBAL_LINE + attack)
    code, out, err = run("report", log, "--as-of", "2023-10-26", "--json")
    (found,) = assessments(out).values()
    assert code == 0
    assert found["sighting"]["count"] == 1
    assert "skipped 1 row of 2: later than the time of the report" in err


def test_as_of_a_date_is_the_end_of_that_day(run):
    _, out, _ = run("check", "81.2.69.160", "--as-of", "2023-10-26", "--json")
    assert json.loads(out)["as_of"] == "2023-10-26T23:59:59Z"
    _, out, _ = run("check", "81.2.69.160", "--as-of", "2023-10-26T08:00Z", "--json")
    assert json.loads(out)["as_of"] == "2023-10-26T08:00:00Z"


def test_check_says_that_an_address_is_allow_listed_and_why(run, tmp_path):
    (tmp_path / "allow").write_text("81.2.69.0/24,2030-01-01,our scanner\n")
    _, out, _ = run("check", "81.2.69.160", "--allowlist", tmp_path / "allow", "--as-of", "2023-10-26")
    assert "  allow-listed through 81.2.69.0/24 (our scanner)" in out.splitlines()


def test_check_names_each_source_that_did_not_answer(run, tmp_path):
    given = [{"provider": "greynoise", "address": "81.2.69.160", "status": "rate_limited", "reason": "until noon"}]
    (tmp_path / "e.json").write_text(json.dumps({"format": "ipthreat-evidence/1", "answers": given}))
    _, out, _ = run("check", "81.2.69.160", "--evidence", tmp_path / "e.json")
    assert "  greynoise: rate limited (until noon)" in out.splitlines()


# --- forms and where they go ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("firewall", sorted(BLOCK_LISTS))
def test_the_block_list_of_every_firewall_can_be_printed(run, firewall):
    evidence = ["--evidence", demo.EVIDENCE, "--as-of", "2023-10-26"]
    code, out, _ = run("report", demo.EVENTS, *evidence, "--format", f"blocklist:{firewall}")
    assert code == 0
    assert ("18.237.3.202" in out) is (firewall != "aws-waf-ipv6")  # WAF keeps the families apart


@pytest.mark.parametrize("name", ["docx", "blocklist:pf9", "threat:plain"])
def test_a_form_that_is_not_there_is_answered_with_those_that_are(run, name):
    code, out, err = run("report", demo.EVENTS, "--format", name)
    assert (code, out) == (3, "")
    assert len(err.splitlines()) == 1
    assert "there are " in err


def test_json_holds_each_address_on_one_line(run):
    _, out, _ = run("report", demo.EVENTS, "--json", "--as-of", "2023-10-26")
    lines = [line for line in out.splitlines() if line.startswith('    {"ip": ')]
    assert len(lines) == len(json.loads(out)["assessments"]) > 20


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_an_output_that_takes_nothing_is_one_line_and_no_traceback():
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "ipthreat", "check", "81.2.69.160"]
        env = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, env=env, check=False)
    assert done.returncode == 1
    assert done.stderr.decode().splitlines() == ["ipthreat: the output cannot be written (No space left on device)"]


def reproduction(out: str) -> str:
    """The command in the Method section of an actionable report."""
    return out.split("To reproduce: `", 1)[1].split("`.", 1)[0]


def test_the_command_to_reproduce_the_report_reproduces_it(run, tmp_path, monkeypatch):
    log = tmp_path / "odd name.log"
    log.write_text(GLOBAL_LINE)
    (tmp_path / "allow").write_text("198.51.100.0/24\n")
    given = [
        "report", log, "--as-of", "2023-10-26", "--title", "it's ours", "--tlp", "TLP:GREEN", "--own", "203.0.113.0/24",
        "--policy", "bulk", "--allowlist", tmp_path / "allow", "--input", "access", "--only", "81.2.69.160",
        "--format", "actionable",
    ]  # fmt: skip
    _, out, _ = run(*given)
    words = shlex.split(reproduction(out))
    assert str(tmp_path) not in out
    monkeypatch.chdir(tmp_path)
    assert words[:2] == ["ipthreat", "report"]
    assert run(*words[1:], "--format", "actionable")[1] == out


def test_the_command_of_a_plain_report_has_the_moment_judged_and_no_option_that_was_not_given(run, tmp_path):
    log = tmp_path / "access.log"
    log.write_text(GLOBAL_LINE)
    _, out, _ = run("report", log, "--format", "actionable")
    assert re.fullmatch(r"ipthreat report access\.log --as-of \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", reproduction(out))


@pytest.mark.parametrize("moment", ["9999-12-31", "0001-01-01", "1969-12-31", "2106-01-01"])
def test_a_moment_outside_the_years_of_any_log_is_refused(run, moment):
    code, _, err = run("report", demo.EVENTS, "--as-of", moment, "--format", "actionable")
    assert code == 3
    assert f"--as-of: '{moment}' lies outside the years 1970 to 2105" in err


def test_strict_and_json_exclude_each_other(run):
    code, _, err = run("report", demo.EVENTS, "--strict", "--json")
    assert (code, err) == (3, "ipthreat: --json and --strict exclude each other\n")


def test_expired_entries_of_an_allow_list_are_told(run, tmp_path):
    (tmp_path / "allow").write_text("81.2.69.160,2020-01-01,gone\n")
    _, out, err = run("check", "81.2.69.160", "--allowlist", tmp_path / "allow", "--as-of", "2023-10-26")
    assert "1 entry of" in err
    assert "expired before the time judged" in err
    assert "allow-listed" not in out


def test_events_up_to_a_day_later_than_the_report_are_clocks_that_differ(run, tmp_path):
    log = tmp_path / "access.log"
    log.write_text(GLOBAL_LINE.replace("26/Oct/2023:10", "26/Oct/2023:20"))
    _, out, _ = run("report", log, "--as-of", "2023-10-26T08:00Z", "--json")
    assert assessments(out)["81.2.69.160"]["sighting"]["count"] == 1
