"""Partial results: events come out of them as they went in, whatever a record claims to be."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipthreat.behaviour import Observer
from ipthreat.logs.event import Event, Skip
from ipthreat.splunk.partials import ACCOUNT, FIELDS, UNREADABLE, Records, is_partial, packed

AS_OF = datetime(2026, 1, 1, tzinfo=timezone.utc)
TEXTS = st.text(st.characters(blacklist_categories=("Cs",)), max_size=8)
COUNTS = st.none() | st.integers(0, 2**40)
ADDRESSES = st.sampled_from(["192.0.2.1", "8.8.8.8", "10.0.0.1", "2001:db8::1"])
EVENTS = st.lists(
    st.builds(
        Event,
        ADDRESSES,
        st.none() | st.floats(1e9, 2**32 - 2),
        TEXTS | st.sampled_from(["sqlmap/1.7", "curl/8"]),
        TEXTS | st.sampled_from(["/", "GET /.env", "/?f=../../etc/passwd", "POST /wp-login.php", "GET /a/b", "/x.php"]),
        st.none() | st.sampled_from([200, 302, 401, 403, 404]) | st.integers(100, 599),
        st.sampled_from(["", "success", "failure", "blocked", "allowed"]),
        COUNTS,
        COUNTS,
        st.just("") | ADDRESSES,
        st.none() | st.integers(0, 65535),
        TEXTS,
        st.integers(1, 5),
    ),
    max_size=20,
)


def through(events, account=None):
    """The events of partial results, and the account they were taken into."""
    taken = Records(AS_OF)
    return list(taken.take(packed(events, account or Records(AS_OF)))), taken


def test_what_the_rules_read_comes_out_as_it_went_in():
    events = [
        Event("192.0.2.1", 1.5, "agent", "GET /.env", 404, "blocked", 7, 0, "198.51.100.7", 443, "root", 3),
        Event("192.0.2.1", None, "", "/page?id=1' OR '1'='1", 200, "", None, None, "", None, ""),
        Event("2001:db8::1", 2.0, "", "", None, "failure", None, None, "", None, "admin"),
    ]
    found, _ = through(events)
    assert [event._replace(bytes_out=event.bytes_out or None) for event in found] == events


def test_what_they_do_not_read_stays_behind():
    event = Event("192.0.2.1", 1.5, "agent", "GET /index.html", 200, "allowed", None, 77, "", 443)
    (found,), _ = through([event])
    assert found == Event("192.0.2.1", 1.5, "agent", "", 200, "", 0, 77)


def test_alike_events_add_their_bytes():
    events = [Event("10.0.0.1", float(second), bytes_out=5, bytes_in=second, peer="8.8.8.8") for second in range(4)]
    found, _ = through(events)
    assert [(event.time, event.bytes_out, event.bytes_in) for event in found] == [
        (0.0, 5, 0), (1.0, 15, 6), (2.0, None, None), (3.0, None, None)
    ]  # fmt: skip


@given(EVENTS)
def test_all_partial_results_have_the_same_fields_and_are_texts(events):
    for record in packed(events, Records(AS_OF)):
        assert list(record) == [*FIELDS, *ACCOUNT]
        assert all(isinstance(value, str) for value in record.values())
        assert is_partial(record)


@given(EVENTS, st.integers(1, 5))
def test_an_observer_finds_the_same_in_partial_results_of_any_number_of_parts(events, parts):
    whole, spread = Observer(), Observer()
    whole.add_all(events)
    for number in range(parts):
        spread.add_all(through(events[number::parts])[0])
    assert spread.observations() == whole.observations()
    assert (spread.period(), spread.undated) == (whole.period(), whole.undated)


def test_alike_events_travel_together_but_never_too_many():
    events = [Event("192.0.2.1", float(second), "agent") for second in range(12_000)]
    records = list(packed(events, Records(AS_OF)))
    assert [len(record["ipthreat_times"].split()) for record in records] == [5000, 5000, 2000, 0]


def test_what_was_read_and_skipped_travels_too():
    account = Records(AS_OF)
    rows = [{"src_ip": "192.0.2.1"}, {"src_ip": "rubbish"}, {"src_ip": ""}, {"note": "no address"}]
    found, taken = through(list(account.events(rows)), account)
    assert [event.address for event in found] == ["192.0.2.1"]
    assert taken.read == account.read == 4
    assert taken.skipped == account.skipped == {Skip.ADDRESS.value: 2, Skip.NO_ADDRESS.value: 1}


def test_events_are_read_by_the_names_of_their_fields():
    row = {
        "_time": "1700000000.5",
        "src": "192.0.2.1",
        "http_user_agent": "a",
        "uri": "/x",
        "status": "404",
        "extra": "",
    }
    (event,) = Records(AS_OF).events([row])
    assert event == Event("192.0.2.1", 1700000000.5, "a", "/x", 404)


def test_the_named_field_holds_the_address():
    row = {"src_ip": "192.0.2.1", "visitor": "198.51.100.7"}
    assert [event.address for event in Records(AS_OF, "visitor").events([row])] == ["198.51.100.7"]


def test_of_several_values_the_first_global_address_counts():
    (event,) = Records(AS_OF).events([{"src_ip": ["10.0.0.1", "8.8.8.8"], "user": ["a", "b"]}])
    assert (event.address, event.user) == ("8.8.8.8", "a\nb")


@pytest.mark.parametrize(
    "change",
    [
        {"ipthreat_address": "rubbish"},
        {"ipthreat_address": ""},
        {"ipthreat_peer": "rubbish"},
        {"ipthreat_status": "x"},
        {"ipthreat_bytes_out": "1e3"},
        {"ipthreat_times": "yesterday"},
        {"ipthreat_repeats": "9" * 5000},
    ],
)
def test_a_partial_result_that_cannot_be_read_is_counted(change):
    good = next(packed([Event("192.0.2.1", 5.0)], Records(AS_OF)))
    taken = Records(AS_OF)
    assert list(taken.take([{**good, **change}])) == []
    assert (taken.read, taken.skipped) == (1, {UNREADABLE: 1})


@pytest.mark.parametrize("time", ["-5.0", "1e300", "nan", "inf", "-"])
def test_a_time_out_of_range_is_none(time):
    good = next(packed([Event("192.0.2.1", 5.0)], Records(AS_OF)))
    (event,) = Records(AS_OF).take([{**good, "ipthreat_times": time}])
    assert event.time is None


@pytest.mark.parametrize("read, skipped", [("x", "ADDRESS=2"), ("²", ""), ("1", "OTHER=3 ADDRESS=x ADDRESS =")])
def test_a_forged_account_adds_nothing_it_should_not(read, skipped):
    taken = Records(AS_OF)
    assert list(taken.take([{**dict.fromkeys(FIELDS, ""), ACCOUNT[0]: read, ACCOUNT[1]: skipped}])) == []
    assert taken.read in (0, 1)
    assert set(taken.skipped) <= {Skip.ADDRESS.value}


def test_an_event_of_an_index_is_no_partial_result_whatever_it_says():
    record = next(packed([Event("192.0.2.1", 5.0)], Records(AS_OF)))
    assert is_partial(record)
    assert not is_partial({**record, "_raw": "ipthreat_address=192.0.2.1 …"})
    assert not is_partial({"src_ip": "192.0.2.1"})
