"""Events split over several observers in any way, merged, give what one observer finds."""

from __future__ import annotations

import random
from typing import Any, List

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watching import OURS, OUTSIDE, START, VISITOR, contact, knock, log_in, parts, request

from ipthreat.agents import AgentTable, CrawlerClaim
from ipthreat.behaviour import Observer
from ipthreat.events import Event

CRAWLERS = AgentTable([("bot", CrawlerClaim("bot", "Operator", ("list",)))])
SETTINGS: dict[str, Any] = {
    "is_c2": lambda address: address == OUTSIDE,
    "agents": CRAWLERS,
    "crawler_ranges": lambda address: ["list"] if address.endswith("1") else [],
}

addresses = st.sampled_from([VISITOR, "198.51.100.1", OURS])
# A day in whole and in half seconds: many events fall together.
moments = st.one_of(
    st.none(), st.integers(0, 172_800).map(lambda half: START + half / 2), st.sampled_from([START, START + 1])
)
agents = st.sampled_from(
    ["", "a", "b", "Nikto/2", "bot", "() { :; }; id", *(f"agent {number}" for number in range(30))]
)
requests = st.sampled_from(
    [
        "",
        "/",
        "/a",
        "/b?c=d",
        "/.env",
        "/admin",
        "/wp-login.php",
        "/?x=${jndi:x}",
        *(f"/{number}" for number in range(20)),
    ]
).map(lambda path: path and f"GET {path} HTTP/1.1")
statuses = st.sampled_from([None, 200, 302, 401, 404, 500])
actions = st.sampled_from(["", "success", "failure", "blocked", "allowed"])
sizes = st.sampled_from([None, 0, 5, 60_000_000])
peers = st.sampled_from(["", "", OUTSIDE, "10.0.0.9", VISITOR])
ports = st.sampled_from([None, 22, *range(80, 100)])
users = st.sampled_from(["", "alice", "bob"])
repeats = st.sampled_from([1, 1, 1, 7])
any_event = st.builds(
    Event, addresses, moments, agents, requests, statuses, actions, sizes, sizes, peers, ports, users, repeats
)


def observed(events: List[Event]) -> Observer:
    """An observer of these events."""
    observer = Observer(**SETTINGS)
    observer.add_all(events)
    return observer


def told(observer: Observer) -> Any:
    """All that an observer tells."""
    return observer.observations(), observer.period(), observer.undated, observer.crowded_out


def merged(groups: Any) -> Observer:
    """The observers of some groups of events, merged."""
    whole = Observer(**SETTINGS)
    for group in groups:
        whole.merge(observed(list(group)))
    return whole


@given(st.lists(any_event, max_size=120), st.randoms(use_true_random=False))
def test_any_split_of_any_events_gives_the_same(events: List[Event], draw: random.Random) -> None:
    groups: List[List[Event]] = [[] for _ in range(5)]
    for event in events:
        draw.choice(groups).append(event)
    assert told(merged(groups)) == told(observed(events))


@given(st.lists(any_event, max_size=120), st.randoms(use_true_random=False))
def test_the_order_of_events_makes_no_difference(events: List[Event], draw: random.Random) -> None:
    shuffled = list(events)
    draw.shuffle(shuffled)
    assert told(observed(shuffled)) == told(observed(events))


@given(st.lists(any_event, max_size=60), st.lists(any_event, max_size=60), st.lists(any_event, max_size=60))
def test_it_makes_no_difference_what_is_merged_with_what_first(one: Any, two: Any, three: Any) -> None:
    left = merged([one, two])
    left.merge(observed(three))
    right = observed(one)
    right.merge(merged([two, three]))
    assert told(left) == told(right) == told(observed([*one, *two, *three]))


@given(st.lists(any_event, max_size=60))
def test_merging_leaves_the_other_observer_as_it_was(events: List[Event]) -> None:
    other = observed(events)
    before = told(other)
    whole = observed(events)
    whole.merge(other)
    whole.add_all(events)
    assert told(other) == before


def month() -> List[Event]:
    """A month of everything: beacons, bursts, scans, word lists, crowds of user agents."""
    draw = random.Random(9)
    events: List[Event] = []
    events += [
        contact(300.0 * number + draw.random() * 20, address=f"10.0.0.{draw.randrange(12)}") for number in range(3000)
    ]
    events += [log_in("failure", draw.random() * 3e6, user=f"u{number % 40}") for number in range(900)]
    events += [log_in("success", draw.random() * 3e6) for _ in range(3)]
    events += [knock(number, f"10.0.{number % 9}.1", draw.random() * 3e6) for number in range(600)]
    events += [
        request(f"/{number}", 404, draw.random() * 3e6, user_agent=f"agent {number % 70}") for number in range(900)
    ]
    events += [request("/", 401, draw.random() * 9000) for _ in range(400)]
    draw.shuffle(events)
    return events


@pytest.mark.parametrize("number", [2, 5, 16])
def test_a_month_of_everything_gives_the_same_from_any_number_of_parts(number: int) -> None:
    events = month()
    whole = told(observed(events))
    assert told(merged(parts(events, number))) == whole
    by_time = sorted(events, key=lambda event: event.time or 0)
    assert told(merged([by_time[: len(events) // 3], by_time[len(events) // 3 :]])) == whole


def test_very_many_events_of_one_address_give_the_same_from_five_parts() -> None:
    draw = random.Random(3)
    events = [
        request(f"/{draw.randrange(5)}", 200, draw.randrange(4_000_000), user_agent=f"a{draw.randrange(9)}")
        for _ in range(60_000)
    ]
    assert told(merged(parts(events, 5))) == told(observed(events))


def test_merging_respects_the_bound_on_addresses() -> None:
    whole = Observer(most_addresses=50)
    for part in range(4):
        other = Observer(most_addresses=50)
        other.add_all(request("/", after=n, address=f"203.0.{part}.{n}") for n in range(40))
        whole.merge(other)
    assert len(whole.observations()) <= 50
    assert whole.crowded_out + len(whole.observations()) == 160
