"""What our own events show: every kind of finding at its threshold and just below, and sightings."""

from __future__ import annotations

import random
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Dict, List

import pytest
from logfiles import AS_OF
from watching import OURS, OUTSIDE, START, VISITOR, contact, finding, found, knock, log_in, request, watch

from ipthreat.agents import AgentTable, CrawlerClaim
from ipthreat.behaviour import Observer, Thresholds
from ipthreat.dossier import BehaviourKind as Kind
from ipthreat.errors import AddressError, SnapshotError
from ipthreat.events import Event, open_events

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "logs"
NIKTO = "Mozilla/5.00 (Nikto/2.1.5)"
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


def utc(after: float) -> datetime:
    """A moment after the start."""
    return datetime.fromtimestamp(START + after, timezone.utc)


# --- user agents -----------------------------------------------------------------------------------


def test_one_event_with_the_user_agent_of_an_attack_tool_is_a_finding() -> None:
    events = [
        request("/", 404),
        request("/", 404, 60, user_agent=NIKTO),
        request("/x", 404, 90, user_agent="sqlmap/1.5"),
    ]
    item = finding(Kind.SUSPICIOUS_USER_AGENT, events)
    assert (item.count, item.names, item.samples) == (2, ("nikto", "sqlmap"), (NIKTO, "sqlmap/1.5"))
    assert (item.first_seen, item.last_seen, item.succeeded) == (utc(60), utc(90), False)


def test_names_are_told_most_frequent_first() -> None:
    agents = ["sqlmap/1", "nikto", "sqlmap/2", "gobuster/3", "sqlmap/3", "gobuster/3"]
    item = finding(Kind.SUSPICIOUS_USER_AGENT, [request("/", user_agent=agent) for agent in agents])
    assert item.names == ("sqlmap", "gobuster", "nikto")


def test_samples_are_the_first_three_and_cut_to_200_characters() -> None:
    agents = [f"nikto/{number} " + "x" * 500 for number in (3, 1, 2, 9)]
    item = finding(Kind.SUSPICIOUS_USER_AGENT, [request("/", after=n, user_agent=a) for n, a in enumerate(agents)])
    assert item.samples == tuple(agent[:200] for agent in agents[:3])


def test_ordinary_requests_are_no_finding() -> None:
    events = [request(f"/page/{n}?q=a+b", 200 if n % 10 else 404, n, user_agent="curl/8") for n in range(500)]
    assert found(events) == []


# --- exploits --------------------------------------------------------------------------------------


def test_an_exploit_in_the_request_is_named_with_the_status_of_the_answer() -> None:
    events = [
        request("/?x=${jndi:ldap://x}", 404),
        request("/?x=${jndi:ldap://x}", 404, 5),
        request("/?id=1+union+select+1", 500),
    ]
    item = finding(Kind.EXPLOIT_ATTEMPT, events)
    assert item.names == ("log4shell (404)", "sql injection (500)")
    assert (item.count, item.succeeded) == (3, False)
    assert item.samples[0].startswith("GET /?id=1")


def test_an_exploit_in_the_user_agent_is_found_and_shown() -> None:
    agent = "() { :; }; /bin/bash -c 'id'"
    item = finding(Kind.EXPLOIT_ATTEMPT, [request("/cgi-bin/x", 404, user_agent=agent)])
    assert item.names == ("command injection (404)", "shellshock (404)")
    assert item.samples == (agent,)


@pytest.mark.parametrize(
    ("status", "succeeded"), {200: True, 204: True, 301: False, 403: False, 500: False, None: False}.items()
)
def test_an_exploit_answered_with_success_succeeded_as_far_as_a_log_can_tell(status: int, succeeded: bool) -> None:
    assert finding(Kind.EXPLOIT_ATTEMPT, [request("/?x=${jndi:ldap://x}", status)]).succeeded is succeeded


def test_an_exploit_without_a_known_answer_is_named_without_one() -> None:
    assert finding(Kind.EXPLOIT_ATTEMPT, [request("/wso.php", None)]).names == ("webshell",)
    assert finding(Kind.EXPLOIT_ATTEMPT, [request("/wso.php", None, action="blocked")]).names == ("webshell (blocked)",)


# --- probing ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "status", "names"),
    [
        ("/.env", 404, ("dotfile",)),
        ("/.git/config", 403, ("dotfile",)),
        ("/.env", 200, ("dotfile (200)",)),
        ("/.env", None, ("dotfile",)),
        ("/HNAP1", 404, ("router page",)),
        ("/backup.sql", 404, ("dump or backup",)),
    ],
)
def test_one_request_for_a_telling_path_is_probing(path: str, status: int, names: tuple[str, ...]) -> None:
    item = finding(Kind.WEB_PROBING, [request(path, status)])
    assert (item.count, item.names, item.samples) == (1, names, (f"GET {path} HTTP/1.1",))


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/HNAP1", 200),  # the site has it
        ("/wp-login.php", 200),
        ("/wp-login.php", 404),  # one may be a mistake
        ("/wp-login.php", None),
        ("/favicon.ico", 404),
        ("/missing", 404),
    ],
)
def test_one_request_for_anything_else_is_not(path: str, status: int) -> None:
    assert found([request(path, status)]) == []


def test_several_weak_paths_that_the_site_lacks_are_probing() -> None:
    paths = ["/wp-login.php", "/administrator/", "/admin.php"]
    assert found([request(path, 404) for path in paths[:2]] + [request("/", 200)] * 50) == []
    item = finding(Kind.WEB_PROBING, [request(path, 404) for path in paths] + [request("/", 200)] * 50)
    assert (item.count, item.names) == (3, ("admin page", "WordPress"))


def test_the_same_weak_path_again_and_again_is_not_probing() -> None:
    assert found([request("/wp-login.php", 404, n) for n in range(100)] + [request("/", 200)] * 300) == []


def test_a_word_list_is_probing() -> None:
    misses = [request(f"/{word}", 404, n) for n, word in enumerate("abcdefghijklmno")]
    assert found(misses[:14]) == []
    item = finding(Kind.WEB_PROBING, misses)
    assert (item.count, item.names) == (15, ("missing paths",))
    assert item.samples == ("GET /a HTTP/1.1", "GET /b HTTP/1.1", "GET /c HTTP/1.1")


def test_a_visitor_who_finds_most_of_what_he_asks_for_is_not_probing() -> None:
    misses = [request(f"/{number}", 404) for number in range(40)]
    assert found(misses + [request("/", 200)] * 40) == ["web_probing"]
    assert found(misses + [request("/", 200)] * 41) == []


def test_one_path_missed_with_many_queries_is_one_path() -> None:
    assert found([request(f"/missing?n={number}", 404) for number in range(100)]) == []


def test_what_browsers_ask_for_unbidden_does_not_count_as_missed() -> None:
    assert found([request(f"/shop{number}/favicon.ico", 404) for number in range(100)]) == []


# --- log-ins ---------------------------------------------------------------------------------------


def test_five_failed_log_ins_within_ten_minutes_are_brute_force() -> None:
    failures = [log_in("failure", 150 * number, user=f"user{number}") for number in range(5)]
    assert found(failures[:4]) == []
    item = finding(Kind.BRUTE_FORCE, failures)
    assert (item.count, item.names, item.succeeded) == (5, ("log-in",), False)
    assert item.samples == ("user0", "user1", "user2")
    assert (item.first_seen, item.last_seen) == (utc(0), utc(600))


def test_failures_further_apart_are_not() -> None:
    assert found([log_in("failure", 151 * number) for number in range(5)]) == []


def test_repetitions_are_failures_each() -> None:
    assert found([log_in("failure", repeats=4)]) == []
    assert finding(Kind.BRUTE_FORCE, [log_in("failure", repeats=5)]).count == 5


def test_a_success_after_the_fifth_failure_is_a_break_in() -> None:
    failures = [log_in("failure", number) for number in range(5)]
    assert finding(Kind.BRUTE_FORCE, [*failures, log_in("success", 4)]).succeeded
    assert finding(Kind.BRUTE_FORCE, [*failures, log_in("success", 999_999)]).succeeded
    assert not finding(Kind.BRUTE_FORCE, [*failures, log_in("success", 3)]).succeeded


def test_successes_alone_are_nothing() -> None:
    assert found([log_in("success", number) for number in range(100)]) == []


def test_a_run_of_401_is_brute_force_until_the_first_success() -> None:
    refused = [request("/private", 401, number) for number in range(10)]
    assert found(refused[:9]) == []
    item = finding(Kind.BRUTE_FORCE, [*refused, request("/private", 200, 60, user="alice")])
    assert (item.count, item.names, item.succeeded) == (10, ("HTTP 401",), True)
    assert item.samples == ("GET /private HTTP/1.1",)


def test_a_browser_that_is_refused_before_every_answer_is_no_brute_force() -> None:
    events: List[Event] = []
    for number in range(50):
        events += [request("/", 401, number), request("/", 200, number + 0.5, user="alice")]
    assert found(events) == []


def test_an_answer_to_nobody_is_no_success() -> None:
    refused = [request("/private", 401, number) for number in range(10)]
    assert not finding(Kind.BRUTE_FORCE, [*refused, request("/public", 200, 60)]).succeeded


def test_wordpress_answers_200_to_a_wrong_password_and_302_to_the_right_one() -> None:
    def post(status: int, after: float) -> Event:
        return Event(VISITOR, START + after, request="POST /blog/wp-login.php HTTP/1.1", status=status)

    wrong = [post(200, number) for number in range(5)]
    assert found(wrong[:4]) == []
    assert finding(Kind.BRUTE_FORCE, wrong).names == ("wp-login.php",)
    assert finding(Kind.BRUTE_FORCE, [*wrong, post(302, 9)]).succeeded
    assert found([request("/wp-login.php", 200, number) for number in range(50)]) == []


def test_a_failed_request_is_no_failed_log_in() -> None:
    assert found([request("/api", 500, number, action="failure") for number in range(50)]) == []


def test_failures_without_a_time_are_not_taken_to_be_close_together() -> None:
    assert found([Event(VISITOR, action="failure") for _ in range(50)]) == []


# --- scans -----------------------------------------------------------------------------------------


def test_fifteen_blocked_ports_within_ten_minutes_are_a_port_scan() -> None:
    knocks = [knock(1000 + number, after=number) for number in range(15)]
    assert found(knocks[:14]) == []
    item = finding(Kind.PORT_SCAN, knocks)
    assert (item.count, item.names) == (15, ("1 host", "15 ports"))


def test_one_port_on_many_hosts_is_a_port_scan_too() -> None:
    item = finding(Kind.PORT_SCAN, [knock(22, f"10.0.0.{number}", number) for number in range(1, 200)])
    assert item.names == ("128+ hosts", "1 port")


def test_a_connection_on_which_nothing_came_back_counts_like_a_blocked_one() -> None:
    knocks = [knock(1000 + number, action="", bytes_in=0, bytes_out=40) for number in range(15)]
    assert found(knocks) == ["port_scan"]


@pytest.mark.parametrize("fields", [{"action": "allowed"}, {"action": "", "bytes_in": 500}, {"action": ""}])
def test_connections_that_came_about_are_no_scan(fields: Dict[str, Any]) -> None:
    assert found([knock(1000 + number, **fields) for number in range(50)]) == []


def test_knocking_at_one_door_again_and_again_is_no_scan() -> None:
    assert found([knock(22, after=number) for number in range(500)]) == []


def test_doors_tried_one_a_day_are_no_scan() -> None:
    assert found([knock(1000 + number, after=86400 * number) for number in range(30)]) == []


def test_ports_count_where_the_log_names_no_host() -> None:
    assert found([knock(1000 + number, host="") for number in range(15)]) == ["port_scan"]


# --- outbound --------------------------------------------------------------------------------------


def is_c2(address: str) -> bool:
    """The outside address is a listed C2 server."""
    return address == OUTSIDE


def test_a_contact_of_our_host_is_told_of_the_other_end() -> None:
    observer = Observer(is_c2=is_c2)
    observer.add(contact(bytes_out=700, bytes_in=90))
    assert set(observer.observations()) == {OUTSIDE}
    seen = observer.observations()[OUTSIDE]
    assert (seen.sighting.count, seen.sighting.outbound, seen.sighting.bytes_out) == (1, 1, 700)
    assert seen.sighting.local_hosts == (OURS,)
    (item,) = seen.behaviours
    assert (item.kind, item.count, item.names) == (Kind.C2_CONTACT, 1, ("port 443",))


def test_a_contact_to_an_address_on_no_list_is_ordinary() -> None:
    assert found([contact()], OUTSIDE) == []


def test_a_connection_from_a_c2_server_is_no_contact_to_it() -> None:
    assert found([Event(OUTSIDE, START, peer=OURS, port=443)], OUTSIDE, is_c2=is_c2) == []


def test_our_own_networks_are_what_the_user_says() -> None:
    events = [Event("203.0.113.9", START, peer=OUTSIDE)]
    assert found(events, OUTSIDE, own_networks=["203.0.113.0/24"], is_c2=is_c2) == ["c2_contact"]
    assert watch(events, VISITOR).sighting.outbound == 0
    with pytest.raises(AddressError):
        Observer(["not a network"])


def test_a_connection_within_our_networks_is_told_of_the_host_that_made_it() -> None:
    seen = watch([Event(OURS, START, peer="192.168.1.1"), Event(OURS, START, peer="224.0.0.251")], OURS)
    assert (seen.sighting.count, seen.sighting.outbound) == (2, 0)
    assert seen.sighting.local_hosts == ("192.168.1.1",)


def test_what_our_host_says_of_itself_is_not_held_against_the_other_end() -> None:
    assert found([contact(user_agent=NIKTO, request="GET /?x=${jndi:a} HTTP/1.1")], OUTSIDE) == []


@pytest.mark.parametrize("jitter", [0.0, 0.1, 0.3])
def test_eight_contacts_at_regular_intervals_are_a_beacon(jitter: float) -> None:
    draw = random.Random(4)
    times = [number * 300 * (1 + jitter * (draw.random() - 0.5)) for number in range(8)]
    item = finding(Kind.C2_BEACON, map(contact, times), OUTSIDE, is_c2=is_c2)
    assert item.count == 8
    assert item.names[0].endswith(("min", "s"))
    assert "regular_contact" in found(map(contact, times), OUTSIDE)
    assert "c2_beacon" not in found(map(contact, times[:7]), OUTSIDE, is_c2=is_c2)


def test_a_beacon_is_named_by_its_period_and_jitter() -> None:
    item = finding(Kind.C2_BEACON, [contact(300.0 * number) for number in range(20)], OUTSIDE, is_c2=is_c2)
    assert item.names == ("every 5 min", "jitter 0%")
    assert finding(Kind.REGULAR_CONTACT, [contact(90.0 * n) for n in range(20)], OUTSIDE).names[0] == "every 90 s"
    assert finding(Kind.REGULAR_CONTACT, [contact(21600.0 * n) for n in range(20)], OUTSIDE).names[0] == "every 6 h"


def test_a_beacon_survives_missed_beats_and_a_night() -> None:
    times = [300.0 * number for number in range(60) if number not in (7, 8, 19) and not 30 <= number < 50]
    assert "c2_beacon" in found(map(contact, times), OUTSIDE, is_c2=is_c2)


def test_several_connections_a_beat_are_one_beat() -> None:
    times = [300.0 * number + offset for number in range(10) for offset in (0, 0.2, 0.4)]
    assert "c2_beacon" in found(map(contact, times), OUTSIDE, is_c2=is_c2)


def test_people_are_no_beacons() -> None:
    for seed in range(40):
        draw = random.Random(seed)
        times, now = [], 0.0
        for _ in range(60):
            now += draw.expovariate(1 / 300)
            times.append(now)
        assert "regular_contact" not in found(map(contact, times), OUTSIDE), seed


def test_keep_alives_are_no_beacons() -> None:
    assert found([contact(5.0 * number) for number in range(50)], OUTSIDE) == []


def test_each_of_our_hosts_has_a_rhythm_of_its_own() -> None:
    events = [contact(300.0 * n + 37 * h, address=f"10.0.0.{h}") for n in range(12) for h in (5, 6, 7)]
    item = finding(Kind.C2_BEACON, events, OUTSIDE, is_c2=is_c2)
    assert item.names == ("every 5 min", "jitter 0%")


def test_fifty_megabytes_out_and_little_in_are_volume() -> None:
    def sent(out: int, back: int) -> List[Event]:
        return [contact(number, bytes_out=out // 10, bytes_in=back // 10) for number in range(10)]

    assert "volume_out" not in found(sent(49_999_990, 0), OUTSIDE)
    assert "volume_out" not in found(sent(50_000_000, 20_000_000), OUTSIDE)
    item = finding(Kind.VOLUME_OUT, sent(50_000_000, 12_500_000), OUTSIDE)
    assert item.names == ("50 MB out", "12.5 MB in")


def test_a_download_from_our_web_server_is_no_volume_out() -> None:
    seen = watch([request("/film", bytes_out=900_000_000)])
    assert (seen.sighting.bytes_out, seen.behaviours) == (900_000_000, ())


# --- crawlers --------------------------------------------------------------------------------------

CRAWLERS = AgentTable([("Googlebot", CrawlerClaim("Googlebot", "Google", ("google-googlebot",)))])


def test_a_crawler_within_its_operators_ranges_is_verified_and_may_miss_pages() -> None:
    events = [request(f"/{number}", 404, user_agent=GOOGLEBOT) for number in range(100)]
    item = finding(
        Kind.VERIFIED_CRAWLER, events, agents=CRAWLERS, crawler_ranges=lambda address: ["other", "google-googlebot"]
    )
    assert (item.count, item.names, item.samples) == (100, ("Googlebot",), (GOOGLEBOT,))
    assert found(events, agents=CRAWLERS, crawler_ranges=lambda _: ["google-googlebot"]) == ["verified_crawler"]


def test_a_crawler_outside_them_is_false_and_its_misses_are_probing() -> None:
    events = [request(f"/{number}", 404, user_agent=GOOGLEBOT) for number in range(100)]
    assert found(events, agents=CRAWLERS, crawler_ranges=lambda _: ["other"]) == ["web_probing", "false_crawler"]


def test_a_verified_crawler_that_attacks_is_told_of() -> None:
    events = [request("/?x=${jndi:ldap://x}", 404, user_agent=GOOGLEBOT)]
    kinds = found(events, agents=CRAWLERS, crawler_ranges=lambda _: ["google-googlebot"])
    assert kinds == ["exploit_attempt", "verified_crawler"]


def test_a_claim_is_not_called_false_while_the_operator_owns_the_address() -> None:
    events = [request("/", user_agent=GOOGLEBOT)]
    assert found(events, agents=CRAWLERS, owner=lambda _: "GOOGLE LLC") == []
    assert found(events, agents=CRAWLERS, owner=lambda _: "Hetzner Online GmbH") == ["false_crawler"]


@pytest.mark.parametrize("unreadable", ["crawler_ranges", "owner"])
def test_a_claim_is_neither_true_nor_false_where_the_data_cannot_be_read(unreadable: str) -> None:
    def broken(address: str) -> str:
        raise SnapshotError(f"The file cannot answer for {address}.")

    events = [request("/?x=${jndi:ldap://x}", 404, user_agent=GOOGLEBOT)]
    assert found(events, agents=CRAWLERS, **{unreadable: broken}) == ["exploit_attempt"]


def test_without_a_table_no_claim_is_noticed() -> None:
    assert found([request("/", user_agent=GOOGLEBOT)]) == []


# --- sightings -------------------------------------------------------------------------------------


def test_a_sighting_tells_when_and_how_often() -> None:
    events = [request("/", after=after, bytes_out=5) for after in (60.0, 0.0, 7300.0)]
    sighting = watch(events).sighting
    assert (sighting.count, sighting.first_seen, sighting.last_seen) == (3, utc(0), utc(7300))
    assert (sighting.bytes_out, sighting.outbound, sighting.local_hosts) == (15, 0, ())
    hour = datetime(2026, 1, 2, 3, tzinfo=timezone.utc)
    assert sighting.timeline == ((hour, 2), (hour + timedelta(hours=2), 1))


def test_events_without_a_time_are_seen_and_counted() -> None:
    observer = Observer()
    observer.add_all([Event(VISITOR), Event(VISITOR, repeats=3), request("/")])
    sighting = observer.observations()[VISITOR].sighting
    assert (sighting.count, observer.undated) == (5, 4)
    assert (sighting.first_seen, sighting.last_seen, sum(n for _, n in sighting.timeline)) == (utc(0), utc(0), 1)
    only = watch([Event(VISITOR)]).sighting
    assert (only.count, only.first_seen, only.last_seen, only.timeline) == (1, None, None, ())


@pytest.mark.parametrize(("days", "hours"), {1: 1, 2: 1, 3: 2, 5: 2, 6: 4, 365: 256}.items())
def test_a_timeline_has_at_most_64_buckets_of_doubling_width(days: int, hours: int) -> None:
    events = [request("/", after=3600.0 * number) for number in range(24 * days)]
    timeline = watch(events).sighting.timeline
    assert len(timeline) <= 64
    assert sum(number for _, number in timeline) == 24 * days
    starts = [start for start, _ in timeline]
    assert {later - earlier for earlier, later in zip(starts, starts[1:])} == {timedelta(hours=hours)}


def test_the_five_most_frequent_user_agents_are_told() -> None:
    agents = [f"agent {number}" for number in range(8) for _ in range(number + 1)]
    random.Random(2).shuffle(agents)
    told = watch([request("/", after=n, user_agent=agent) for n, agent in enumerate(agents)]).sighting.user_agents
    assert told == tuple((f"agent {number}", number + 1) for number in (7, 6, 5, 4, 3))


def test_user_agents_without_number_take_no_more_room() -> None:
    events = [request("/", after=number, user_agent=f"agent {number}") for number in range(5000)]
    told = watch(events).sighting.user_agents
    assert len(told) == 5
    assert all(number == 1 for _, number in told)


def test_a_long_user_agent_is_cut() -> None:
    ((agent, _),) = watch([request("/", user_agent="x" * 5000)]).sighting.user_agents
    assert agent == "x" * 300


def test_at_most_five_of_our_hosts_are_told() -> None:
    events = [contact(number, address=f"10.0.0.{number}") for number in range(9, 0, -1)]
    assert watch(events, OUTSIDE).sighting.local_hosts == tuple(f"10.0.0.{number}" for number in range(1, 6))


def test_private_addresses_are_seen_like_any_other() -> None:
    assert found([request("/", user_agent=NIKTO, address=OURS)], OURS) == ["suspicious_user_agent"]


def test_the_period_spans_all_events() -> None:
    observer = Observer()
    assert observer.period() == (None, None)
    observer.add(Event(VISITOR))
    assert observer.period() == (None, None)
    observer.add_all([request("/", after=50), contact(9), request("/", after=7, address=OURS)])
    assert observer.period() == (utc(7), utc(50))


def test_observations_may_be_made_at_any_time_and_change_nothing() -> None:
    once, often = Observer(), Observer()
    for number in range(200):
        event = request(f"/{number % 7}", 404, number, user_agent=NIKTO if number == 150 else "x")
        once.add(event)
        often.add(event)
        often.observations()
    assert once.observations() == often.observations()


def test_a_busy_address_is_counted_exactly_over_half_a_million_events() -> None:
    events = [request("/", after=60.0 * number, user_agent=f"agent {number % 3}") for number in range(1000)] * 600
    observer = Observer()
    observer.add_all(events)
    observer.add(request("/", address="198.51.100.1"))
    sighting = observer.observations()[VISITOR].sighting
    assert (sighting.count, sighting.first_seen, sighting.last_seen) == (600_000, utc(0), utc(60 * 999))
    assert sighting.user_agents == (("agent 0", 200_400), ("agent 1", 199_800), ("agent 2", 199_800))
    assert sum(number for _, number in sighting.timeline) == 600_000


# --- bounds ----------------------------------------------------------------------------------------


def test_when_there_are_too_many_addresses_the_least_telling_give_way() -> None:
    observer = Observer(most_addresses=100)
    observer.add_all(request("/", after=n, address="198.51.100.1") for n in range(50))
    observer.add(request("/", user_agent=NIKTO, address="198.51.100.2"))
    observer.add_all(request("/", after=n, address=f"203.0.{n // 250}.{n % 250}") for n in range(5000))
    told = observer.observations()
    assert len(told) <= 100
    assert observer.crowded_out >= 4900
    assert told["198.51.100.1"].sighting.count == 50
    assert [item.kind for item in told["198.51.100.2"].behaviours] == [Kind.SUSPICIOUS_USER_AGENT]
    assert observer.period() == (utc(0), utc(4999))


def test_when_all_are_telling_some_give_way_all_the_same() -> None:
    observer = Observer(most_addresses=100)
    observer.add_all(request("/", user_agent=NIKTO, address=f"203.0.{n // 250}.{n % 250}") for n in range(1000))
    assert len(observer.observations()) <= 100
    assert observer.crowded_out >= 900


def test_thresholds_are_the_callers_to_choose() -> None:
    assert found([log_in("failure")] * 2, thresholds=Thresholds(failed_logins=2)) == ["brute_force"]
    assert found([knock(1), knock(2)], thresholds=Thresholds(scan_targets=2)) == ["port_scan"]
    assert found([request("/a", 404)], thresholds=Thresholds(lost_paths=1)) == ["web_probing"]


# --- real logs, where they are at hand -----------------------------------------------------------------


def watched(*names: str) -> Observer:
    """An observer of real logs."""
    observer = Observer()
    for name in names:
        with open_events(str(SHARED / name), as_of=AS_OF) as stream:
            for rows in stream.batches():
                observer.add_all(rows)
    return observer


@pytest.mark.skipif(not SHARED.exists(), reason="the shared logs are not here")
def test_a_real_log_of_log_ins_shows_brute_force() -> None:
    told = watched("elastic/auth.log").observations()
    forced = {
        address: item for address, seen in told.items() for item in seen.behaviours if item.kind is Kind.BRUTE_FORCE
    }
    assert 90 <= len(forced) <= 110
    assert forced["91.197.232.109"].count == 58
    broken_in = [address for address, item in forced.items() if item.succeeded]
    assert len(broken_in) <= 3  # the authors of the log, who tried out their own users


@pytest.mark.skipif(not SHARED.exists(), reason="the shared logs are not here")
def test_a_real_web_log_shows_a_few_probes_and_no_attacks() -> None:
    told = watched("elastic/apache_logs").observations()
    kinds = [item.kind for seen in told.values() for item in seen.behaviours]
    assert set(kinds) == {Kind.WEB_PROBING}
    assert 4 <= len(kinds) <= 8


@pytest.mark.skipif(not SHARED.exists(), reason="the shared logs are not here")
def test_real_flows_of_a_quiet_network_show_nothing_hostile() -> None:
    told = watched("msticpy/az_net_flows.csv").observations()
    assert {item.kind for seen in told.values() for item in seen.behaviours} == {Kind.REGULAR_CONTACT}
    assert sum(seen.sighting.outbound for seen in told.values()) > 400
