"""The table of field names, as data: every name means one thing, however it is spelt."""

from __future__ import annotations

from collections import Counter
from typing import List, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st
from logfiles import AS_OF

from ipthreat.events import Event
from ipthreat.logs.event import Account, Skip
from ipthreat.logs.fields import ACTIONS, FIELDS, FieldPlan, address_fields, has_address, normal, role_of
from ipthreat.logs.times import Clock

NAMES = [(role, name) for role, names in FIELDS.items() for name in names]


def test_no_name_means_two_things() -> None:
    spellings: dict[str, set[str]] = {}
    for role, name in NAMES:
        spellings.setdefault(normal(name), set()).add(role)
    assert {name for name, roles in spellings.items() if len(roles) > 1} == set()


@pytest.mark.parametrize(("role", "name"), NAMES)
def test_a_name_is_known_in_every_spelling(role: str, name: str) -> None:
    spellings = [
        name,
        name.upper(),
        name.title(),
        name.replace("_", ""),
        name.replace("_", "-"),
        name.replace("_", " "),
    ]
    assert {role_of(spelling)[0] for spelling in spellings} == {role}


@pytest.mark.parametrize("envelope", ["result.", "_source.", "properties.", "detail.", "data.", "fields."])
def test_the_envelopes_of_exports_are_looked_through(envelope: str) -> None:
    assert role_of(f"{envelope}src_ip")[0] == "address"
    assert role_of(f"{envelope}timestamp")[0] == "time"


@pytest.mark.parametrize(
    "name", ["", "x", "src_port", "source_type", "hostname", "my.src_ip", "srcip2", "ipaddress_count"]
)
def test_other_names_mean_nothing(name: str) -> None:
    assert role_of(name)[0] == ""


def test_actions_are_the_four_words_of_events() -> None:
    assert set(ACTIONS.values()) == {"success", "failure", "allowed", "blocked"}
    assert all(word == word.lower() for word in ACTIONS)


def test_a_name_earlier_in_the_table_goes_before_a_later_one() -> None:
    for role, names in FIELDS.items():
        ranks = [role_of(name)[1] for name in dict.fromkeys(map(normal, names))]
        assert ranks == sorted(ranks), role


def test_the_place_of_a_column_makes_no_difference() -> None:
    times = Clock(AS_OF).stamps()
    names, values = ["user", "src_ip", "time", "client", "action"], ["bob", "192.0.2.1", "5", "192.0.2.9", "deny"]
    expected = Event("192.0.2.1", 5.0, action="blocked", user="bob")
    for turn in range(len(names)):
        plan = FieldPlan(names[turn:] + names[:turn], times)
        assert plan.event(values[turn:] + values[:turn]) == expected


def test_has_address_asks_for_a_known_name_or_for_the_named_field() -> None:
    assert has_address(["x", "src"])
    assert has_address(["x", "VMIPAddress"])
    assert not has_address(["x", "dest_ip"])
    assert has_address(["x", "dest_ip"], "Dest-IP")
    assert not has_address(["x", "src"], "y")


def test_very_many_different_addresses_are_read_right() -> None:
    addresses = address_fields()
    texts = [f"{a}.{b}.0.{a}" for a in range(256) for b in range(256)] + ["rubbish", "1.2.3.4, 5.6.7.8"]
    assert [addresses[text] for text in texts * 2] == [*texts[:-2], "", "1.2.3.4"] * 2


@given(
    st.lists(st.text(max_size=12), min_size=2, max_size=2).map(tuple),
    st.lists(st.text(max_size=20), min_size=12, max_size=12),
)
def test_any_values_make_an_event_or_none(extra: tuple[str, str], values: List[str]) -> None:
    names = ["src", "dest", "time", "date", "user_agent", "url", "query", "status", "action", "bytes_out", *extra]
    event = FieldPlan(names, Clock(AS_OF).stamps()).event(values)
    assert event is None or (event.address and event.repeats == 1)


def test_an_account_counts_every_reason_and_shows_three_of_each() -> None:
    account = Account()
    for number in range(5):
        account.skip(Skip.SHAPE, f"line {number}\t\x1b")
    account.skip(Skip.ADDRESS, "x" * 500, lines=7)
    assert account.skipped == Counter({Skip.ADDRESS.value: 7, Skip.SHAPE.value: 5})
    assert account.examples[Skip.SHAPE] == [f"line {number}\\t\\x1b" for number in range(3)]
    assert account.examples[Skip.ADDRESS] == ["x" * 120]


@pytest.mark.parametrize("text, status", [("404", 404), ("404.0", 404), ("40.0", None), ("4040", None), ("600", None)])
def test_a_status_may_be_written_as_a_table_of_numbers_writes_it(text: str, status: Optional[int]) -> None:
    plan = FieldPlan(["src_ip", "status"], Clock(AS_OF).stamps())
    event = plan.event(["192.0.2.1", text])
    assert event is not None
    assert event.status == status
