"""Several providers at once behind the broker: none spoils what others answer, and nothing paid for is lost."""

from __future__ import annotations

import json
import threading

import pytest
from brokers import KEY, desk, states, until

from ipthreat.testkit import behaviours
from ipthreat.testkit.vendors import vendor_routes

ADDRESS, OTHER = "20.1.2.3", "20.1.2.4"
SLOW = 1.2
"""Seconds; the tests' deadlines are shorter."""


def every(behaviour):
    """Routes of a provider that always behaves so."""
    return {"/*": behaviour}


def files(tmp_path):
    return [path.read_bytes().decode("latin-1") for path in tmp_path.rglob("*") if path.is_file()]


# --- one slow, one failing ------------------------------------------------------------------------


def test_a_slow_and_a_failing_provider_leave_the_answer_of_the_third(tmp_path):
    vendors = {"quick": {}, "slow": vendor_routes(SLOW), "broken": every(behaviours.status(500))}
    with desk(tmp_path, vendors) as here:
        told = here.ask([ADDRESS], timeout=0.4)
    found = states(told, ADDRESS)
    assert found["quick"] == "ok"
    assert found["slow"] == "timeout"
    assert found["broken"] in ("error", "timeout")
    assert told["late"] is True


@pytest.mark.parametrize(
    "behaviour, status",
    [
        (behaviours.status(401), "auth_error"),
        (behaviours.status(403), "forbidden"),
        (behaviours.rate_limited(60), "rate_limited"),
        (behaviours.html_page(), "error"),
        (behaviours.nonsense(), "error"),
        (behaviours.hang_up(), "error"),
        (behaviours.redirect("http://127.0.0.1:9/"), "error"),
    ],
)
def test_whatever_a_provider_answers_is_told_of_it_alone(tmp_path, behaviour, status):
    with desk(tmp_path, {"quick": {}, "odd": every(behaviour)}) as here:
        told = here.ask([ADDRESS, OTHER], timeout=2)
        for address in (ADDRESS, OTHER):
            assert states(told, address)["quick"] == "ok"
        assert states(told, ADDRESS)["odd"] == status


def test_an_answer_of_megabytes_is_cut_off_and_is_an_error(tmp_path):
    with desk(tmp_path, {"quick": {}, "huge": every(behaviours.oversize(64 << 20))}) as here:
        found = states(here.ask([ADDRESS], timeout=5), ADDRESS)
    assert (found["quick"], found["huge"]) == ("ok", "error")


def test_every_address_has_an_entry_of_every_source_whatever_happens(tmp_path):
    addresses = [f"20.3.0.{number}" for number in range(60)]
    faulty = vendor_routes(
        fault=behaviours.status(503), faulty=lambda address: int(address.rpartition(".")[2]) % 3 == 0
    )
    with desk(tmp_path, {"quick": {}, "flaky": faulty, "slow": vendor_routes(SLOW)}) as here:
        told = here.ask(addresses, timeout=0.5)
    assert set(told["evidence"]) == set(addresses)
    assert {frozenset(states(told, address)) for address in addresses} == {frozenset(("quick", "flaky", "slow"))}


# --- late answers ---------------------------------------------------------------------------------


def test_an_answer_that_comes_after_the_deadline_is_kept_and_not_asked_for_again(tmp_path):
    with desk(tmp_path, {"slow": vendor_routes(SLOW)}) as here:
        assert states(here.ask([ADDRESS], timeout=0.3), ADDRESS) == {"slow": "timeout"}
        assert until(lambda: states(here.ask([ADDRESS], mode="cached"), ADDRESS) == {"slow": "ok"})
        assert here.asked("slow") == [ADDRESS]


def test_an_answer_that_comes_after_the_deadline_reaches_the_cluster_too(tmp_path):
    with desk(tmp_path, {"slow": vendor_routes(SLOW)}) as here:
        here.ask([ADDRESS], timeout=0.3)
        documents = here.splunkd.state.collection("ipthreat_evidence").documents
        assert list(documents) == []
        assert until(lambda: f"slow:{ADDRESS}" in documents)
        assert documents[f"slow:{ADDRESS}"]["status"] == "ok"


def test_late_answers_of_many_addresses_all_arrive_once(tmp_path):
    addresses = [f"20.4.0.{number}" for number in range(8)]
    with desk(tmp_path, {"slow": vendor_routes(SLOW), "quick": {}}) as here:
        told = here.ask(addresses, timeout=0.3)
        assert {states(told, address)["quick"] for address in addresses} == {"ok"}
        documents = here.splunkd.state.collection("ipthreat_evidence").documents
        assert until(lambda: len(documents) == 16)
        again = here.ask(addresses, timeout=5)
        assert {states(again, address)["slow"] for address in addresses} == {"ok"}
        assert sorted(here.asked("slow")) == sorted(addresses)


def test_a_late_answer_while_the_kv_store_is_away_is_kept_on_this_machine(tmp_path):
    with desk(tmp_path, {"slow": vendor_routes(SLOW)}) as here:
        here.ask([ADDRESS], timeout=0.3)
        here.splunkd.state.kv_status = 503
        assert until(lambda: states(here.ask([ADDRESS], mode="cached"), ADDRESS) == {"slow": "ok"})


# --- partial answers and caps ---------------------------------------------------------------------


def test_what_the_budget_leaves_out_is_told_as_not_asked(tmp_path):
    addresses = [f"20.5.0.{number}" for number in range(10)]
    with desk(tmp_path, {"quick": {}, "other": {}}) as here:
        told = here.ask(addresses, budget=4)
    assert told["asked"] == 4
    asked = [address for address in addresses if set(states(told, address).values()) == {"ok"}]
    assert len(asked) == 4
    assert {tuple(states(told, address).values()) for address in addresses if address not in asked} == {
        ("not_asked", "not_asked")
    }


def test_the_settings_budget_holds_whatever_a_caller_wants(tmp_path):
    with desk(tmp_path, {"quick": {}}, budget="3") as here:
        assert here.ask([f"20.5.1.{number}" for number in range(10)], budget=1000)["asked"] == 3


def test_caps_are_counted_by_address_however_many_providers_are_asked(tmp_path):
    addresses = [f"20.6.0.{number}" for number in range(10)]
    with desk(tmp_path, {"quick": {}, "other": {}, "third": {}}, search_most="6", user_day="8") as here:
        first = here.ask(addresses, sid="1795500000.1")
        assert first["asked"] == 6
        assert "6 of 10 new addresses may still be asked about for this search and user today" in first["messages"]
        assert here.ask(addresses, sid="1795500000.1")["asked"] == 0
        assert here.ask([f"20.6.1.{number}" for number in range(10)], sid="1795500000.2")["asked"] == 2
        assert here.ask(["20.6.2.1"], sid="1795500000.3", user="admin")["asked"] == 1


def test_what_is_known_already_costs_nothing_of_a_cap(tmp_path):
    with desk(tmp_path, {"quick": {}}, search_most="2") as here:
        here.ask([ADDRESS, OTHER], sid="1.1")
        told = here.ask([ADDRESS, OTHER], sid="1.1")
        assert (told["asked"], states(told, ADDRESS)) == (0, {"quick": "ok"})


def test_a_search_may_name_its_providers_and_the_others_are_not_asked(tmp_path):
    with desk(tmp_path, {"quick": {}, "other": {}}) as here:
        told = here.ask([ADDRESS], providers=["other"])
        assert (told["sources"], states(told, ADDRESS)) == (["other"], {"other": "ok"})
        assert here.asked("quick") == []


def test_a_provider_that_is_switched_off_says_so(tmp_path):
    with desk(tmp_path, {"quick": {}, "off": {}}) as here:
        here.splunkd.state.confs["ipthreat"]["provider:off"]["enabled"] = "false"
        assert states(here.ask([ADDRESS]), ADDRESS) == {"quick": "ok", "off": "disabled"}
        assert here.asked("off") == []


def test_a_key_that_is_entered_later_is_used_with_the_next_question(tmp_path):
    with desk(tmp_path, {"quick": {}}) as here:
        del here.splunkd.state.passwords["ipthreat", "quick"]
        assert "quick is not asked: it has no key" in here.ask([ADDRESS])["messages"]
        here.splunkd.state.passwords["ipthreat", "quick"] = "another-key-0815"
        assert states(here.ask([ADDRESS]), ADDRESS) == {"quick": "ok"}
        assert "another-key-0815" in here.vendors["quick"].asked[-1].headers.values()


def test_the_quota_of_one_provider_is_not_that_of_another(tmp_path):
    addresses = [f"20.7.0.{number}" for number in range(6)]
    with desk(tmp_path, {"small": {}, "large": {}}, reserve="0") as here:
        here.splunkd.state.confs["ipthreat"]["provider:small"]["quota_day"] = "2"
        told = here.ask(addresses)
        found = [states(told, address) for address in addresses]
    assert [item["large"] for item in found] == ["ok"] * 6
    assert [item["small"] for item in found].count("ok") == 2
    assert {item["small"] for item in found} == {"ok", "rate_limited"}


# --- many who ask at once -------------------------------------------------------------------------


def test_many_who_ask_about_other_addresses_at_once_all_get_their_own_answers(tmp_path):
    found = {}
    with desk(tmp_path, {"quick": vendor_routes(0.02), "other": vendor_routes(0.05)}, user_day="100000") as here:

        def ask(part):
            addresses = [f"20.8.{part}.{number}" for number in range(10)]
            found[part] = here.ask(addresses, sid=f"1.{part}")

        threads = [threading.Thread(target=ask, args=(part,)) for part in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert all(len(told["evidence"]) == 10 for told in found.values())
        answers = [states(told, address) for told in found.values() for address in told["evidence"]]
        assert all(answer == {"quick": "ok", "other": "ok"} for answer in answers)
        assert len(here.asked("quick")) == len(set(here.asked("quick"))) == 60


def test_another_key_is_used_with_the_next_question_and_the_old_one_no_more(tmp_path):
    with desk(tmp_path, {"quick": {}}) as here:
        here.ask(["20.9.0.1"])
        here.splunkd.state.passwords["ipthreat", "quick"] = "another-key-4711"
        here.ask(["20.9.0.2"])
        first, second = (set(asked.headers.values()) for asked in here.vendors["quick"].asked)
    assert (KEY.format(name="quick") in first, KEY.format(name="quick") in second) == (True, False)
    assert "another-key-4711" in second


# --- no key anywhere ------------------------------------------------------------------------------


def test_no_key_is_in_any_answer_log_file_document_or_message(tmp_path, monkeypatch):
    (tmp_path / "var" / "log" / "splunk").mkdir(parents=True)
    monkeypatch.setenv("SPLUNK_HOME", str(tmp_path))
    echo = behaviours.status(401, json.dumps({"error": "no such key " + KEY.format(name="echo")}).encode())
    faulty = behaviours.status(500, KEY.format(name="broken").encode())
    vendors = {"quick": {}, "echo": every(echo), "broken": every(faulty), "slow": vendor_routes(SLOW)}
    with desk(tmp_path, vendors) as here:
        told = [here.ask([ADDRESS, OTHER], timeout=0.6)]
        told += [here.post("ipthreat/test", {"provider": name}, "admin") for name in ("echo", "broken")]
        told.append(here.post("ipthreat/evidence", {"addresses": [ADDRESS], "url": KEY.format(name="quick")}))
        told.append(str(here.splunkd.state.collections) + str(here.splunkd.state.messages))
        left = [*map(str, told), *files(tmp_path)]
        assert len(left) > 6
        shown = [text for text in left for key in here.secrets() if key in text]
    assert shown == []
