"""Each evidence pattern generates its step, the most urgent step leads, and equal steps are told once."""

from __future__ import annotations

from typing import List

import pytest
from cases import build_case, crowded_case
from dossiers import NOW, behaviour, block_list, dossier, engines, provider, sighting, silent, virustotal, warning_list

from ipthreat.case import Case
from ipthreat.dossier import Allowance, Dossier, Status
from ipthreat.report import markdown
from ipthreat.report.actionable import document
from ipthreat.report.actions import actions, first_steps, spoken_of
from ipthreat.report.patterns import ADDRESS_RULES
from ipthreat.report.steps import NAMED, SEARCHED, Action, Group

SURE = [virustotal(9, 2), provider("greynoise", "malicious")]
LIKELY = [virustotal(7, 3, reputation=-3)]
ADDRESS = "198.51.100.7"
TALKED_TO = sighting(9, outbound=9, local_hosts=("10.0.0.5",))
OURS = Allowance("198.51.100.0/24", "our scanner")


def case(*dossiers: Dossier) -> Case:
    return build_case(*dossiers)


def texts(given: Case, address: str = ADDRESS) -> List[str]:
    return [action.text for action in actions(given) if address in action.addresses]


def verbs(*given: Dossier) -> List[str]:
    """The steps for the one address, most urgent first."""
    steps = actions(case(*given))
    order = list(ADDRESS_RULES)
    own = [action.step for action in steps if ADDRESS in action.addresses and action.step.name in order]
    return [step.name for step in sorted(own, key=lambda step: order.index(step.name))]


def first(given: Case, address: str = ADDRESS) -> Action:
    return first_steps(actions(given))[address]


@pytest.mark.parametrize(
    "given, words",
    [
        (dossier(*SURE, sighting=sighting()), "Block 198.51.100[.]7 at the edge, both directions, within "
                                              "one hour, until 2023-11-25 (30 days"),
        (dossier(*SURE, warning_list("cloud"), sighting=sighting()), "until 2023-11-02 (7 days"),
        (dossier(*SURE, sighting=sighting()), "Search all events since 2023-09-26 for 198.51.100[.]7 within 24 hours"),
        (dossier(*SURE, did=[behaviour("port_scan")]), "Report 198.51.100[.]7 to the abuse contact that RDAP names"),
        (dossier(*LIKELY, sighting=sighting()), "Monitor 198.51.100[.]7 from now on: alert on any change of behaviour"),
        (dossier(*LIKELY), "Put 198.51.100[.]7 on the watch-list now: alert on first contact"),
        (dossier(provider("abuseipdb", score=60, distinct_reporters=9)), "Review 198.51.100[.]7 weekly"),
        (dossier(did=[behaviour("brute_force", succeeded=True)]),
         "Within one hour isolate the hosts that 198.51.100[.]7 logged in to"),
        (dossier(did=[behaviour("exploit_attempt", succeeded=True)]),
         "isolate the hosts that 198.51.100[.]7 may have got into (the exploit was answered 2xx)"),
        (dossier(did=[behaviour("brute_force", succeeded=True)]), "Open the incident record for 198.51.100[.]7"),
        (dossier(block_list("c2", "c2"), did=[behaviour("c2_beacon")], sighting=TALKED_TO),
         "Investigate our host 10.0.0.5 within one hour: find the process that talks to 198.51.100[.]7."),
        (dossier(block_list("c2", "c2"), did=[behaviour("c2_beacon")], sighting=TALKED_TO),
         "Isolate our host 10.0.0.5, from where beacons go to 198.51.100[.]7, within one hour."),
        (dossier(did=[behaviour("c2_beacon"), behaviour("volume_out")]),
         "from where beacons go to 198.51.100[.]7, within one hour, and start incident response, since data left."),
        (dossier(*LIKELY, warning_list("cdn"), did=[behaviour("port_scan")]), "Do not block 198.51.100[.]7"),
        (dossier(virustotal(2, 0, detections=engines("malicious", "CRDF"))),
         "open no ticket: the suspicion rests on 2 engines alone (CRDF and 1 not named)."),
        (dossier(virustotal(1, 0)), "open no ticket: the suspicion rests on 1 engine alone (1 not named)."),
        (dossier(*SURE, did=[behaviour("brute_force", succeeded=True)], allowance=OURS),
         "whether the allow-list entry for 198.51.100[.]7 still holds"),
    ],
)  # fmt: skip
def test_each_evidence_pattern_generates_its_step(given, words):
    assert any(words in text for text in texts(case(given))), texts(case(given))


@pytest.mark.parametrize(
    "given",
    [
        dossier(*SURE),
        dossier(*SURE, sighting=sighting(hours_old=24 * 30)),
        dossier(*SURE, sighting=sighting(), allowance=Allowance(ADDRESS)),
        dossier(*SURE, warning_list("cdn"), sighting=sighting()),
        dossier(*LIKELY, sighting=sighting()),
    ],
    ids=["not seen", "not active", "allow-listed", "vouched for", "not sure"],
)
def test_nothing_is_blocked_without_certainty_and_activity(given):
    assert not any(text.startswith("Block") for text in texts(case(given)))


def test_a_benign_destination_of_ours_is_no_reason_to_investigate_a_host():
    assert texts(case(dossier(virustotal(0, 0), sighting=TALKED_TO))) == []


@pytest.mark.parametrize(
    "given",
    [
        dossier(virustotal(1, 0), sighting=TALKED_TO),
        dossier(block_list("ipsum", "level_1"), sighting=TALKED_TO),
        dossier(virustotal(2, 0), did=[behaviour("regular_contact"), behaviour("volume_out")], sighting=TALKED_TO),
    ],
    ids=["one engine", "one list", "regular and much"],
)
def test_at_any_confidence_a_host_of_ours_that_talks_to_a_suspect_is_investigated_first(given):
    names = verbs(given)
    assert names[0] == "own_host"
    assert "disagreement" not in names  # "open no ticket" would contradict it


def test_regular_contact_with_much_data_is_investigated_though_nobody_knows_the_address():
    did = [behaviour("regular_contact"), behaviour("volume_out")]
    given = case(dossier(virustotal(3, 0), did=did, sighting=TALKED_TO))
    assert first(given).step.verb == "Investigate our host"


@pytest.mark.parametrize(
    "did, verb",
    [
        ([behaviour("brute_force", succeeded=True)], "Isolate"),
        ([behaviour("exploit_attempt", succeeded=True)], "Isolate"),
        ([behaviour("c2_beacon"), behaviour("volume_out")], "Isolate our host"),
        ([behaviour("c2_beacon")], "Isolate our host"),
        ([behaviour("c2_contact")], "Investigate our host"),
        ([behaviour("port_scan")], "Block"),
    ],
)
def test_the_most_urgent_step_comes_first_whatever_the_order_of_the_sections(did, verb):
    given = case(dossier(*SURE, did=did, sighting=sighting()))
    assert first(given).step.verb == verb
    assert any(f"| {verb} |" in line for line in markdown.render(document(given)).splitlines())


@pytest.mark.parametrize("sources", [[], LIKELY, SURE], ids=["alone", "likely", "sure"])
@pytest.mark.parametrize("kind", ["brute_force", "exploit_attempt", "c2_beacon"])
def test_who_got_in_is_neither_reviewed_weekly_nor_merely_watched(sources, kind):
    names = verbs(dossier(*sources, did=[behaviour(kind, succeeded=kind != "c2_beacon")]))
    assert names[0] in ("isolate", "quarantine")
    assert not {"review", "watch", "watch_list", "disagreement"} & set(names)


def test_an_allow_listed_address_gets_no_step_below_high_severity():
    given = dossier(*SURE, warning_list("scanner"), did=[behaviour("port_scan")], allowance=OURS)
    assert verbs(given) == []


def test_an_allow_listed_address_that_got_in_is_isolated_and_its_entry_checked():
    names = verbs(dossier(*SURE, did=[behaviour("brute_force", succeeded=True)], sighting=sighting(), allowance=OURS))
    assert names == ["isolate", "record", "allowance"]


def test_every_raised_address_has_a_step():
    given = crowded_case(120)
    first_step = first_steps(actions(given))
    assert [item.address for item in given.raised if item.address not in first_step] == []


@pytest.mark.parametrize(
    "group, within",
    [("Block", "2023-10-26 13:00 UTC"), ("Hunt", "2023-10-27 12:00 UTC"), ("Open incident", "2023-10-27 12:00 UTC")],
)
def test_a_step_is_due_when_its_sentence_says(group, within):
    steps = actions(case(dossier(*SURE, did=[behaviour("port_scan")], sighting=sighting())))
    (step,) = [action for action in steps if action.step.verb == group]
    assert step.due(NOW) == within


def test_what_is_to_be_done_now_is_due_now_and_a_weekly_review_in_a_week():
    assert first(case(dossier(*LIKELY))).due(NOW) == "2023-10-26 12:00 UTC"
    doubtful = case(dossier(provider("abuseipdb", score=60, distinct_reporters=9)))
    assert first(doubtful).due(NOW) == "2023-11-02 12:00 UTC"


@pytest.mark.parametrize(
    "given, way_back",
    [
        (dossier(*SURE, sighting=sighting()), "Remove the entry, or let it expire"),
        (dossier(*LIKELY, sighting=sighting()), "Drop the alert when the confidence falls below 6."),
        (dossier(*LIKELY), "Take an address off the list when its confidence falls below 6."),
        (dossier(did=[behaviour("brute_force", succeeded=True)]), "Reconnect a host once its logs show"),
        (dossier(did=[behaviour("c2_beacon")]), "Reconnect the host once the process"),
    ],
)
def test_what_changes_something_comes_with_a_way_back_and_the_report_prints_it(given, way_back):
    (step,) = [action.step for action in actions(case(given)) if way_back in action.step.rollback]
    assert f"Way back: {way_back}" in markdown.render(document(case(given))).replace("\\", "")
    assert step.rollback.endswith(".")


@pytest.mark.parametrize(
    "given, search",
    [
        (
            dossier(*SURE, sighting=sighting()),
            "index=* earliest=1695729600 latest=now TERM(198.51.100.7) | stats count",
        ),
        (dossier(*LIKELY), "index=* earliest=-15m TERM(198.51.100.7)"),
        (dossier(*LIKELY, sighting=sighting()), "TERM(198.51.100.7) | ipthreatreport by=src_ip format=json"),
        (dossier(block_list("c2", "c2"), did=[behaviour("c2_beacon")]), 'TERM(198.51.100.7) (dest_ip="198.51.100.7")'),
    ],
)
def test_a_hunt_comes_with_its_search(given, search):
    assert any(search in action.search(NOW) for action in actions(case(given)))


# --- equal steps ------------------------------------------------------------------------------------------------------


def many(count: int) -> Case:
    return case(
        *[dossier(*SURE, sighting=sighting(), address=f"198.51.{n // 200}.{n % 200 + 1}") for n in range(count)]
    )


def test_equal_steps_for_several_addresses_are_one_with_one_search():
    (block,) = [action for action in actions(many(3)) if action.step.name == "block"]
    assert block.text.startswith("Block 198.51.0[.]1, 198.51.0[.]2 and 198.51.0[.]3 at the edge")
    (hunt,) = [action for action in actions(many(3)) if action.step.name == "hunt"]
    assert "(TERM(198.51.0.1) OR TERM(198.51.0.2) OR TERM(198.51.0.3))" in hunt.search(NOW)


def test_of_many_addresses_ten_are_named_and_the_rest_counted():
    (block,) = [action for action in actions(many(60)) if action.step.name == "block"]
    assert len(block.named) == NAMED
    assert "and 50 further addresses (all in the CSV export) at the edge" in block.text


def test_a_search_holds_no_more_addresses_than_it_can_bear():
    (hunt,) = [action for action in actions(many(SEARCHED + 50)) if action.step.name == "hunt"]
    assert hunt.search(NOW).count("TERM(") == SEARCHED


def test_steps_that_differ_in_time_are_told_apart():
    cloud = dossier(*SURE, warning_list("cloud"), sighting=sighting(), address="198.51.100.1")
    plain = dossier(*SURE, sighting=sighting(), address="198.51.100.2")
    blocks = [action for action in actions(case(cloud, plain)) if action.step.name == "block"]
    assert sorted(action.addresses for action in blocks) == [("198.51.100.1",), ("198.51.100.2",)]


def test_steps_are_printed_group_by_group():
    order = [list(Group).index(action.step.group) for action in actions(crowded_case(60))]
    assert order == sorted(order)


def test_only_what_something_speaks_against_is_spoken_of():
    quiet = dossier(virustotal(0, 0), address="198.51.100.1")
    doubtful = dossier(virustotal(1, 0), address="198.51.100.2")
    assert [item.address for item in spoken_of(case(quiet, doubtful))] == ["198.51.100.2"]


# --- reconfirm --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "status, reason, words",
    [
        (Status.UNAVAILABLE, "no API", "is unavailable: look it up by hand (the evidence has the link), or"),
        (Status.RATE_LIMITED, "until 18:00 UTC", "is rate limited (until 18:00 UTC): ask again when its quota"),
        (
            Status.STALE,
            "the list is of 2023-09-01",
            'is out of date (the list is of 2023-09-01): refresh it with "ipthreat update"',
        ),
        (Status.TIMEOUT, "", "did not answer in time: ask again, with a longer time-out"),
        (
            Status.ERROR,
            "HTML instead of JSON",
            "gave no usable answer (HTML instead of JSON): ask again, and see",
        ),
        (Status.AUTH_ERROR, "", "refused the key: renew its key"),
        (Status.FORBIDDEN, "", "refused the question: see what its key may ask"),
    ],
)
def test_a_source_that_did_not_answer_is_reconfirmed_with_its_remedy(status, reason, words):
    given = case(dossier(*LIKELY, silent("partner", status, reason)))
    (text,) = [text for text in texts(given) if text.startswith("Reconfirm")]
    assert f"Reconfirm 198.51.100[.]7 within 24 hours with partner, which {words}" in text
    assert text.endswith('; then rerun "ipthreat report".')


def test_the_card_has_the_link_of_a_source_that_is_looked_up_by_hand():
    given = case(dossier(*LIKELY, silent("talos", Status.UNAVAILABLE)))
    (text,) = [text for text in texts(given) if "Talos" in text]
    assert "look it up by hand (the evidence has the link)" in text
    assert f"https://www.talosintelligence.com/reputation_center/lookup?search={ADDRESS}" in markdown.render(
        document(given)
    )


@pytest.mark.parametrize("status", [Status.NOT_ASKED, Status.NOT_FOUND, Status.DISABLED, Status.UNSUPPORTED])
def test_a_source_that_was_not_to_be_asked_is_not_reconfirmed(status):
    assert not any(text.startswith("Reconfirm") for text in texts(case(dossier(*LIKELY, silent("partner", status)))))


def test_a_silent_source_is_reconfirmed_once_for_all_its_addresses():
    gaps = [dossier(*LIKELY, silent("talos", Status.UNAVAILABLE), address=f"198.51.100.{n}") for n in range(30)]
    (step,) = [action for action in actions(case(*gaps)) if action.step.name == "reconfirm"]
    assert len(step.addresses) == 30
    assert "and 20 further addresses" in step.text


def test_two_reasons_for_silence_are_two_steps():
    one = dossier(*LIKELY, silent("otx", Status.TIMEOUT), address="198.51.100.1")
    two = dossier(*LIKELY, silent("otx", Status.RATE_LIMITED), address="198.51.100.2")
    steps = [action for action in actions(case(one, two)) if action.step.name == "reconfirm"]
    assert sorted(action.addresses for action in steps) == [("198.51.100.1",), ("198.51.100.2",)]


def test_a_source_that_failed_for_a_quiet_address_is_asked_again_since_it_may_be_the_worst_of_all():
    quiet = dossier(silent("virustotal", Status.RATE_LIMITED, "until 18:00"), address="198.51.100.1")
    (step,) = actions(case(quiet))
    assert step.text.startswith(
        "Reconfirm 198.51.100[.]1 within 24 hours with VirusTotal, which is rate limited (until"
    )


def test_a_source_that_only_people_can_ask_is_not_looked_up_for_the_quiet():
    quiet = dossier(virustotal(0, 0), silent("talos", Status.UNAVAILABLE), address="198.51.100.1")
    assert actions(case(quiet)) == ()


def test_a_source_with_two_failed_entries_is_reconfirmed_once_for_an_address():
    twice = dossier(silent("otx", Status.TIMEOUT), silent("otx", Status.TIMEOUT))
    (step,) = actions(case(twice))
    assert step.addresses == (ADDRESS,)


def test_what_was_never_judged_and_what_is_held_is_not_reconfirmed():
    inside = Dossier("10.0.0.1", "private", (silent("otx", Status.TIMEOUT),))
    held = dossier(*SURE, silent("otx", Status.TIMEOUT), did=[behaviour("port_scan")], allowance=OURS)
    assert actions(case(inside, held)) == ()


# --- ranges of a known operator ---------------------------------------------------------------------------------------


def test_what_belongs_to_an_operator_is_not_both_blocked_and_spared():
    names = verbs(dossier(*LIKELY, warning_list("cdn"), sighting=sighting()))
    assert names == ["do_not_block"]


def test_who_got_in_from_an_operators_range_is_no_case_of_a_wrong_rule():
    names = verbs(dossier(*SURE, warning_list("resolver"), did=[behaviour("brute_force", succeeded=True)]))
    assert names[0] == "isolate"
    assert "do_not_block" not in names


def test_do_not_block_rests_on_the_list_that_names_the_operator_alone():
    given = dossier(
        *LIKELY, warning_list("cdn", "cloudflare"), warning_list("hosting", "rented"), did=[behaviour("port_scan")]
    )
    (step,) = [action.step for action in actions(case(given)) if action.step.name == "do_not_block"]
    assert step.keys == ("cloudflare",)


def test_a_range_that_nothing_speaks_against_needs_no_step():
    assert verbs(dossier(virustotal(0, 0), warning_list("cdn"))) == []


@pytest.mark.parametrize("kind", ["volume_out", "regular_contact"])
def test_much_or_regular_talk_of_a_host_of_ours_is_a_step_though_nothing_else_is_known(kind):
    assert verbs(dossier(virustotal(0, 0), did=[behaviour(kind)], sighting=TALKED_TO)) == ["own_host"]


def test_an_allow_listed_address_may_be_talked_to():
    talking = dossier(*LIKELY, did=[behaviour("volume_out")], sighting=TALKED_TO, allowance=OURS)
    assert verbs(talking) == []


def test_an_abuse_report_needs_something_that_was_done():
    assert "abuse_report" not in verbs(dossier(*SURE, sighting=sighting()))
    assert "abuse_report" in verbs(dossier(*SURE, did=[behaviour("port_scan")]))


def test_a_suspicion_of_engines_beside_a_behaviour_is_no_matter_of_engines_alone():
    assert "disagreement" not in verbs(dossier(virustotal(2, 0), did=[behaviour("volume_out")]))


def test_a_doubtful_address_of_a_known_operator_is_not_reviewed_for_ever():
    given = dossier(provider("abuseipdb", score=60, distinct_reporters=9), warning_list("mail"))
    assert "review" not in verbs(given)


def test_a_raised_address_is_spoken_of_even_when_its_evidence_has_faded():
    faded = case(
        dossier(did=[behaviour("brute_force", succeeded=True, hours_old=24 * 300)], period_end=NOW.replace(year=2022))
    )
    assert [item.address for item in spoken_of(faded)] == [ADDRESS]
