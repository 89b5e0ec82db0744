"""`| ipthreatlookup` over its real script: one address, a row per source, the words of `| ipthreat`."""

from __future__ import annotations

import shutil

import pytest
from searches import SDKS, answer, app, ground, records
from splunkds import CANARY, place

from ipthreat.splunk.lookup_rows import FIELDS
from ipthreat.splunk.protocol import table_from
from ipthreat.splunk.runner import run

KNOWN = "8.8.8.8"
AXES = [name for name in FIELDS if name.startswith("ti_")]


def looked_up(words, where=None):
    return answer(where or ground(), f"| ipthreatlookup {words}")


def enriched(ip, mode, where=None):
    """What `| ipthreat` adds to an event with the address."""
    table = table_from(("ip",), [{"ip": ip}])
    (row,) = answer(where or ground(), f"| ipthreat ip fields=full explain=true mode={mode}", table)
    return row


@pytest.mark.parametrize("sdk", SDKS)
def test_there_is_a_row_per_source_with_the_same_fields(sdk):
    rows = looked_up(f"ip={KNOWN}", ground(app(sdk)))
    assert all(list(row) == list(FIELDS) for row in rows)
    assert [row["source"] for row in rows][:1] == ["snapshot"]
    assert {row["kind"] for row in rows} == {"ownership", "warning_list", "provider"}
    assert len({row["source"] for row in rows}) == len(rows)


@pytest.mark.parametrize("mode", ["offline", "cached"])
@pytest.mark.parametrize("ip", [KNOWN, "18.237.3.202", "10.0.0.1", "2001:4860:4860::8888", "garbage"])
def test_its_judgement_is_that_of_ipthreat_in_the_same_mode(ip, mode):
    where = ground(splunkd_uri="http://127.0.0.1:9", session_key="x")
    table = table_from(("ip",), [{"ip": ip}])
    expected = records(run(where, f"| ipthreat ip fields=full explain=true mode={mode}", table))[0]
    rows = records(run(where, f"| ipthreatlookup ip={ip} mode={mode}"))
    for row in rows:
        assert {name: row[name] for name in AXES} == {name: expected[name] for name in AXES}
    sources = expected["ti_sources"] if isinstance(expected["ti_sources"], list) else [expected["ti_sources"]]
    assert sorted(f"{row['source']}={row['status']}" for row in rows if row["source"]) == [
        item for item in sources if item
    ]


def test_what_each_source_adds_is_the_sum_without_the_prior():
    rows = looked_up(f"ip={KNOWN}")
    added = sum(float(row["nats"]) for row in rows if row["nats"])
    steps = {
        step.split(" ", 1)[1]: float(step.split(" ", 1)[0]) for step in rows[0]["ti_explanation"] if step[0] in "+-"
    }
    assert added == pytest.approx(steps["sum"] - steps["prior 0.10"], abs=0.02)


def test_evidence_has_its_date_and_age_and_the_answer_that_of_the_snapshot():
    rows = looked_up(f"ip={KNOWN}", ground(sid="1795500000.1"))
    (snapshot,) = [row for row in rows if row["source"] == "snapshot"]
    assert snapshot["retrieved_at"][:10] == snapshot["ti_snapshot"]
    assert int(snapshot["age_days"]) > 0


def test_a_source_that_has_a_page_has_its_link():
    links = {row["source"]: row["link"] for row in looked_up(f"ip={KNOWN} mode=cached", ground())}
    assert links["virustotal"] == f"https://www.virustotal.com/gui/ip-address/{KNOWN}"
    assert all(link.startswith("https://") for link in links.values() if link)


@pytest.mark.parametrize(
    "text", ["18.237.3[.]202", "[18.237.3.202]", " 18.237.3.202 ", "18.237.3.202:443", "::ffff:18.237.3.202"]
)
def test_an_address_is_read_as_analysts_write_it(text):
    assert {row["address"] for row in looked_up(f'ip="{text}"')} == {"18.237.3.202"}


@pytest.mark.parametrize(
    "ip, status", [("10.0.0.1", "not_global"), ("999.1.1.1", "invalid"), ("1.2.3.4 or 5.6.7.8", "invalid")]
)
def test_what_is_asked_about_nowhere_is_one_row_that_says_why(ip, status):
    (row,) = looked_up(f'ip="{ip}" mode=live', ground(splunkd_uri="http://127.0.0.1:9", session_key="x"))
    assert (row["source"], row["ti_status"], row["ti_verdict"], row["ti_priority"]) == (
        "",
        status,
        "unknown",
        "Monitor",
    )
    assert row["reason"].startswith("not a")


def test_nothing_given_is_no_row_and_one_message():
    result = run(ground(), '| ipthreatlookup ip=""')
    assert (records(result), result.failed) == ([], False)
    assert [text for _, text in result.messages] == ["no address is given"]


@pytest.mark.parametrize(
    "words, why",
    [
        ("", "name the address, as in"),
        ("ip=1.1.1.1 mode=plan", "mode=plan is not known"),
        ("ip=1.1.1.1 policy=none", "policy"),
        ("ip=1.1.1.1 timeout=0", "no number of seconds"),
        ("ip=1.1.1.1 timeout=1e3", "no number of seconds"),
        ("ip=1.1.1.1 providers=nobody", "there is no source 'nobody'"),
        ("ip=1.1.1.1 allowlist=../../etc/passwd", "is no name of a lookup"),
        ("ip=1.1.1.1 allowlist=absent", "no lookup file absent.csv"),
        ("1.1.1.1", "is no option; name the address"),
        ("ip=1.1.1.1 a={b}", "Unrecognized option: a={b}"),
    ],
)
def test_a_mistake_in_an_option_is_one_sentence(words, why):
    result = run(ground(), f"| ipthreatlookup {words}")
    ((level, text),) = result.messages
    assert (level, why in text) == ("ERROR", True), text


@pytest.mark.parametrize("ip", ["<img src=x>", '"] | delete', "{0}", "%s", "\x00", "x" * 5000, "a\u2028b", "$ip$"])
def test_a_hostile_text_is_one_row_on_one_line(ip):
    quoted = ip.replace("\\", "\\\\").replace('"', '\\"')
    (row,) = looked_up(f'ip="{quoted}"')
    assert row["ti_status"] == "invalid"
    assert len(row["address"]) <= 256
    assert row["address"].isprintable()


def test_an_allow_list_holds_for_it(tmp_path):
    folder = shutil.copytree(app(), tmp_path / "ipthreat")
    (folder / "lookups" / "ours.csv").write_text("network,reason\n18.237.3.0/24,our scanner\n")
    rows = looked_up("ip=18.237.3.202 allowlist=ours", ground(folder))
    assert any("our scanner" in step for step in rows[0]["ti_explanation"])


def test_it_is_a_generating_command_of_the_reports_pipeline():
    (outcome,) = run(ground(), f"| ipthreatlookup ip={KNOWN}").outcomes
    assert (outcome.configuration["generating"], outcome.configuration["type"]) == (True, "reporting")


def test_a_snapshot_that_is_gone_is_told_and_the_row_says_so(tmp_path):
    folder = shutil.copytree(app(), tmp_path / "ipthreat")
    (folder / "lib" / "ipthreat" / "snapshot" / "data" / "ipthreat.snapshot").unlink()
    result = run(ground(folder), f"| ipthreatlookup ip={KNOWN}")
    assert [level for level, _ in result.messages] == ["WARN"]
    assert records(result)[0]["status"] == "error"


# --- with the broker ------------------------------------------------------------------------------


@pytest.fixture
def here(tmp_path):
    with place(tmp_path) as found:
        yield found


def where_(here, user="analyst"):
    return ground(splunkd_uri=here.splunkd.url, session_key=here.splunkd.state.log_in(user))


def test_live_asks_and_cached_then_has_it_on_record(here):
    live = looked_up("ip=20.1.2.3 mode=live", where_(here))
    assert here.looked_up == ["20.1.2.3"]
    cached = looked_up("ip=20.1.2.3 mode=cached", where_(here))
    assert here.looked_up == ["20.1.2.3"]
    for rows in (live, cached):
        (row,) = [row for row in rows if row["source"] == "virustotal"]
        assert (row["status"], row["scale"]) == ("ok", "engines")
        assert row["native"]
    assert CANARY not in str((live, cached)) + here.log


def test_the_judgement_of_live_answers_is_that_of_ipthreat(here):
    rows = looked_up("ip=20.1.2.3 mode=live", where_(here))
    expected = enriched("20.1.2.3", "cached", where_(here))
    assert {name: rows[0][name] for name in AXES} == {name: expected[name] for name in AXES}


def test_cached_alone_asks_nobody(here):
    (row,) = [row for row in looked_up("ip=20.1.2.3 mode=cached", where_(here)) if row["source"] == "virustotal"]
    assert (row["status"], here.looked_up) == ("not_asked", [])
    assert "mode=cached" in row["reason"]


def test_a_user_without_the_capability_gets_all_that_is_known_without_asking(here):
    result = run(where_(here, "visitor"), "| ipthreatlookup ip=20.1.2.3 mode=live")
    assert not result.failed
    assert [level for level, text in result.messages if "ipthreat_lookup" in text] == ["WARN"]
    assert {row["status"] for row in records(result) if row["source"] == "virustotal"} == {"not_asked"}
    assert here.looked_up == []


def test_an_address_that_is_not_global_is_never_sent(here):
    for ip in ("10.0.0.1", "::1", "169.254.1.1", "garbage"):
        looked_up(f"ip={ip} mode=live", where_(here))
    assert here.looked_up == []
