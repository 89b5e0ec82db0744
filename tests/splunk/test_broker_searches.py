"""`| ipthreat mode=live|cached` through the real script, the real handler and real connections, all on loopback."""

from __future__ import annotations

import os
import signal
import threading

import pytest
from searches import SDKS, app, ground, records
from splunkds import CANARY, place

from ipthreat.splunk.protocol import table_from
from ipthreat.splunk.runner import run
from ipthreat.testkit import behaviours

FIELDS = "fields=verdict,confidence,sources,status"


def many(count):
    rows = [{"n": str(number), "src_ip": f"20.{number // 250}.{number % 250}.9"} for number in range(count)]
    return table_from(("n", "src_ip"), rows)


def search(here, words, table, user="analyst", sdk="2.1.1"):
    key = here.splunkd.state.log_in(user) if user else "expired"
    return run(
        ground(app(sdk), splunkd_uri=here.splunkd.url, session_key=key), f"| ipthreat src_ip {words} {FIELDS}", table
    )


def states(result, source="virustotal"):
    """The status of a source per record."""
    told = [dict(item.partition("=")[::2] for item in record["ti_sources"]) for record in records(result)]
    return [item.get(source, "") for item in told]


@pytest.fixture
def here(tmp_path):
    with place(tmp_path) as found:
        yield found


@pytest.mark.parametrize("sdk", SDKS)
def test_a_live_search_asks_through_the_handler_within_its_budget(here, sdk):
    result = search(here, "mode=live budget=3", many(10), sdk=sdk)
    assert (result.failed, result.messages, [item.stderr for item in result.outcomes]) == (False, [], [""])
    assert sorted(states(result)) == ["not_asked"] * 7 + ["ok"] * 3
    assert len(here.looked_up) == 3
    assert result.outcomes[0].metrics["ipthreat.calls"][2] == 3


def test_a_cached_search_asks_nobody_and_shows_what_is_on_record(here):
    search(here, "mode=live budget=2", many(2))
    result = search(here, "mode=cached", many(4))
    assert sorted(states(result)) == ["not_asked", "not_asked", "ok", "ok"]
    assert len(here.looked_up) == 2


def test_what_another_member_has_asked_is_not_asked_again(here, tmp_path):
    search(here, "mode=live", many(5))
    for path in (tmp_path / "var" / "lib" / "splunk" / "ipthreat").glob("evidence.sqlite*"):
        path.unlink()
    assert states(search(here, "mode=live", many(5))) == ["ok"] * 5
    assert len(here.looked_up) == 5


def test_an_answer_of_the_cluster_that_is_too_old_is_not_believed(here, tmp_path):
    search(here, "mode=live", many(1))
    (document,) = here.splunkd.state.collection("ipthreat_evidence").documents.values()
    document["answer"] = document["answer"].replace('"retrieved_at":', '"retrieved_at":1.0,"was":')
    for path in (tmp_path / "var" / "lib" / "splunk" / "ipthreat").glob("evidence.sqlite*"):
        path.unlink()
    search(here, "mode=live", many(1))
    assert len(here.looked_up) == 2


def test_the_most_worrying_of_all_a_chunks_addresses_are_asked_about_not_the_first(here):
    vouched = [{"src_ip": "8.8.8.8"}, {"src_ip": "1.1.1.1"}, {"src_ip": "9.9.9.9"}]
    result = search(here, "mode=live budget=1", table_from(("src_ip",), [*vouched, {"src_ip": "14.103.172.199"}]))
    assert here.looked_up == ["14.103.172.199"]
    assert states(result)[-1] == "ok"


def test_addresses_that_are_not_global_and_rubbish_stay_here(here):
    rows = [{"src_ip": text} for text in ("10.0.0.1", "rubbish", "", "192.168.1.1", "::1")]
    rows.append({"src_ip": ["20.1.2.3", "10.0.0.2"]})
    result = search(here, "mode=live", table_from(("src_ip",), rows))
    assert here.looked_up == ["20.1.2.3"]
    assert len(records(result)) == 6


def test_a_user_without_the_capability_gets_one_readable_message_and_every_event(here):
    result = search(here, "mode=live", many(20), user="visitor")
    assert not result.failed
    assert len(records(result)) == 20
    assert set(states(result)) == {"not_asked"}
    (message,) = result.messages
    assert message[0] == "WARN"
    assert "live sources were not asked" in message[1]
    assert "ipthreat_lookup" in message[1]
    assert here.looked_up == []


def test_an_expired_session_is_told_once(here):
    result = search(here, "mode=live", many(3), user="")
    assert [text for _, text in result.messages] == ["live sources were not asked: the session has expired"]
    assert len(records(result)) == 3


def test_a_search_without_splunkd_goes_on_without_live_sources():
    place_ = ground(splunkd_uri="http://127.0.0.1:9", session_key="x")
    result = run(place_, f"| ipthreat src_ip mode=live {FIELDS}", many(3))
    assert not result.failed
    assert len(result.messages) == 1
    assert "splunkd gave no answer" in result.messages[0][1]


def test_without_the_kv_store_answers_are_not_shared_and_nothing_else_changes(here):
    here.splunkd.state.kv_status = 503
    result = search(here, "mode=live", many(3))
    assert states(result) == ["ok"] * 3
    assert [text for _, text in result.messages] == [
        "answers are not shared with the cluster in this run: the KV store answers 503"
    ]


def test_one_search_and_one_user_cannot_spend_the_days_quota(here):
    here.splunkd.state.confs["ipthreat"]["live"].update(search_most="4", user_day="6")
    first = search(here, "mode=live budget=100", many(10))
    assert states(first).count("ok") == 4
    assert any("4 of 10 new addresses" in text for _, text in first.messages)
    key = here.splunkd.state.log_in("analyst")
    other = ground(splunkd_uri=here.splunkd.url, session_key=key, sid="1700000001.9")
    result = run(other, f"| ipthreat src_ip mode=live {FIELDS}", many(10))
    assert states(result).count("ok") == 4 + 2
    assert len(here.looked_up) == 6


def test_the_key_is_in_no_message_log_document_or_file_of_ours(here, tmp_path):
    echo = behaviours.status(401, f"bad key {CANARY}".encode())
    search(here, "mode=live", many(2))
    here.vendor.route("/api/v3/ip_addresses/20.0.7.9", echo)
    result = search(here, "mode=live", table_from(("src_ip",), [{"src_ip": "20.0.7.9"}]))
    assert states(result) == ["auth_error"]
    said = [str(records(result)), str(result.messages), here.log, str(here.splunkd.state.collections)]
    said += [path.read_bytes().decode("latin-1") for path in tmp_path.rglob("*") if path.is_file()]
    assert not [text for text in said if CANARY in text]
    assert {asked.header("x-apikey") for asked in here.vendor.asked} == {CANARY}


def test_three_copies_with_one_killed_hold_the_quota_and_answer_everything(tmp_path):
    with place(tmp_path, copies=3, latency=0.05) as here:
        here.splunkd.state.confs["ipthreat"]["provider:virustotal"]["quota_day"] = "60"
        here.splunkd.state.confs["ipthreat"]["live"].update(reserve="0", budget="1000", user_day="1000")
        found = []

        def ask(part):
            table = table_from(("src_ip",), [{"src_ip": f"20.{part}.{number}.9"} for number in range(30)])
            found.append(search(here, "mode=live budget=30", table))

        threads = [threading.Thread(target=ask, args=(part,)) for part in range(3)]
        for thread in threads:
            thread.start()
        while len(here.looked_up) < 10:
            pass
        os.kill(here.host.processes[0].pid, signal.SIGKILL)
        for thread in threads:
            thread.join()
        assert [len(records(result)) for result in found] == [30] * 3
        assert not any(result.failed for result in found)
        assert len(here.looked_up) <= 60
        assert len(set(here.looked_up)) == len(here.looked_up)
        again = search(here, "mode=live budget=5", many(1))
        assert states(again) != [""]
        assert len(here.looked_up) <= 60


def test_fifty_thousand_events_are_all_answered_with_the_budget_for_the_whole(here):
    rows = [{"n": str(number), "src_ip": f"20.{number % 7}.{number % 200}.{number % 11}"} for number in range(50_000)]
    result = search(here, "mode=live budget=20", table_from(("n", "src_ip"), rows))
    assert [record["n"] for record in records(result)] == [row["n"] for row in rows]
    assert len(set(here.looked_up)) == len(here.looked_up) == 20
