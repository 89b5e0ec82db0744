"""The judgement: the eleven cases, the guards, the statuses and their invariants."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from datetime import timedelta

import pytest
from dossiers import NOW, behaviour, block_list, dossier, engines, provider, sighting, silent, virustotal, warning_list
from hypothesis import given
from hypothesis import strategies as st

from ipthreat.assessment import Assessment, OverallStatus, assess
from ipthreat.dossier import Allowance, Dossier, Evidence, SourceKind, Status, Verdict
from ipthreat.explanation import counterfactual
from ipthreat.policy import POLICIES
from ipthreat.priority import Priority, Severity, causes_of

STANDARD, BULK = POLICIES["standard"], POLICIES["bulk"]


def judged(given_dossier: Dossier, policy: str = "standard", days_later: float = 0) -> Assessment:
    return assess(given_dossier, POLICIES[policy], NOW + timedelta(days=days_later))


# Number, dossier, policy → confidence, verdict, priority: the table of eleven cases.
CASES = [
    ("1", dossier(virustotal(7, 4), did=[behaviour("suspicious_user_agent")]), "standard", 10, "malicious", "High"),
    ("2", dossier(virustotal(7, 3, reputation=-3)), "standard", 8, "malicious", "Medium"),
    ("3", dossier(virustotal(1, 0)), "standard", 2, "unknown", "Monitor"),
    ("4", dossier(virustotal(2, 0)), "standard", 3, "suspicious", "Low"),
    ("5", dossier(virustotal(2, 0), warning_list("resolver"), provider("greynoise", "trust_1")), "standard", 0,
     "benign", "Monitor"),
    ("6", dossier(virustotal(6, 1), provider("greynoise", "benign"), warning_list("scanner"),
                  did=[behaviour("port_scan")]), "standard", 1, "benign", "Monitor"),
    ("7", dossier(virustotal(0, 0, counts={"harmless": 60})), "standard", 1, "unknown", "Monitor"),
    ("8", dossier(virustotal(9, 2), provider("abuseipdb", score=100, distinct_reporters=200),
                  provider("greynoise", "malicious"), did=[behaviour("brute_force")]), "standard", 10, "malicious",
     "High"),
    ("9", dossier(virustotal(7, 4, days_old=100)), "standard", 1, "unknown", "Monitor"),
    ("10", dossier(virustotal(7, 4)), "bulk", 2, "unknown", "Monitor"),
    ("11", dossier(virustotal(0, 0), block_list("c2tracker", "c2"), did=[behaviour("c2_beacon")]), "standard", 9,
     "malicious", "High"),
]  # fmt: skip


@pytest.mark.parametrize("number, case, policy, confidence, verdict, priority", CASES, ids=[case[0] for case in CASES])
def test_each_of_the_eleven_cases_comes_out_as_the_judgement_says(number, case, policy, confidence, verdict, priority):
    result = judged(case, policy)
    assert (result.confidence, result.verdict.value, result.priority.value) == (confidence, verdict, priority)


def test_severity_is_low_but_for_the_failed_brute_force_and_the_beacon():
    severities = {case[0]: judged(case[1], case[2]).severity.value for case in CASES}
    assert {number: word for number, word in severities.items() if word != "Low"} == {"8": "Medium", "11": "High"}


def test_without_our_own_events_the_first_case_is_8_and_medium():
    change = counterfactual(judged(CASES[0][1]))
    assert (change.change, change.confidence, change.priority) == ("without our own events", 8, Priority.MEDIUM)


def test_engines_without_opinion_never_change_anything():
    few = judged(dossier(virustotal(3, 0, counts={"harmless": 1})))
    many = judged(dossier(virustotal(3, 0, counts={"harmless": 80, "undetected": 9, "timeout": 5})))
    assert few.probability == many.probability


def test_one_family_alone_never_reaches_10():
    alone = judged(dossier(virustotal(60, 20, reputation=-90)), "standard")
    assert alone.probability <= 0.94
    crowded = judged(
        dossier(provider("abuseipdb", score=100, distinct_reporters=900), provider("greynoise", "malicious"))
    )
    assert crowded.confidence < 10
    assert judged(CASES[0][1]).confidence == 10


def test_a_limit_that_bites_is_named():
    sure = STANDARD.changed(prior=0.5)
    result = assess(dossier(virustotal(60, 20, reputation=-90)), sure, NOW)
    assert result.probability == 0.94
    assert result.guards == ("held at 0.94: only one family of sources speaks for hostility",)


def test_a_vouched_range_is_held_at_half_unless_it_attacks_here():
    loud = [
        provider("abuseipdb", score=100, distinct_reporters=9),
        provider("greynoise", "malicious"),
        virustotal(20, 0),
    ]
    scanning = judged(dossier(*loud, warning_list("scanner"), did=[behaviour("port_scan")]))
    attacking = judged(dossier(*loud, warning_list("scanner"), did=[behaviour("brute_force")]))
    assert scanning.probability == 0.54
    assert "vouches" in scanning.guards[0]
    assert attacking.probability > 0.9


def test_context_is_shown_and_never_scored():
    plain = judged(dossier(virustotal(2, 0)))
    context = [warning_list(kind) for kind in ("cloud", "vpn", "open_resolver", "mail", "sinkhole", "tor", "hosting")]
    shown = judged(dossier(virustotal(2, 0), *context))
    assert shown.probability == plain.probability
    assert {"cloud", "vpn", "tor"} <= set(shown.flags)


def test_an_engine_whose_own_source_answered_is_left_out_of_the_count():
    named = virustotal(2, 1, detections=engines("malicious", "URLhaus", "Fortinet") + engines("suspicious", "CrowdSec"))
    other_answer = Evidence("urlhaus", SourceKind.PROVIDER, Status.NOT_FOUND)
    crowdsec = Evidence("crowdsec", SourceKind.PROVIDER, Status.RATE_LIMITED)
    alone = judged(dossier(named))
    beside = judged(dossier(named, other_answer))
    unanswered = judged(dossier(named, crowdsec))
    assert _nats(alone, "virustotal.engines") == pytest.approx(4 * (1 - math.exp(-0.8 * 2.5 / 4)))
    assert _nats(beside, "virustotal.engines") == pytest.approx(4 * (1 - math.exp(-0.8 * 1.5 / 4)))
    assert _nats(unanswered, "virustotal.engines") == _nats(alone, "virustotal.engines")


def _nats(result: Assessment, name: str) -> float:
    return sum(signal.nats for signal in result.signals if signal.name == name)


def test_lists_of_one_upstream_group_count_once():
    two = judged(dossier(block_list("a", "block", group="same"), block_list("b", "block", group="same")))
    one = judged(dossier(block_list("a", "block")))
    apart = judged(dossier(block_list("a", "block"), block_list("b", "block")))
    assert two.probability == one.probability < apart.probability


@pytest.mark.parametrize("level, nats", [(1, 0.7), (2, 1.8), (3, 2.5), (4, 3.0), (9, 3.0)])
def test_an_ipsum_level_weighs_what_was_measured(level, nats):
    assert _nats(judged(dossier(block_list("ipsum", f"level_{level}"))), f"ipsum.level_{min(level, 4)}") == nats


def test_all_feeds_are_one_family_so_lists_alone_are_no_corroboration():
    lists = [block_list("feodo", "c2"), block_list("spamhaus_drop", "drop"), block_list("ipsum", "level_4")]
    result = judged(dossier(*lists))
    assert {item.family for item in result.families} == {"block lists"}
    assert result.probability <= 0.94


def test_a_stale_list_is_not_counted_beside_its_own_engine():
    named = virustotal(2, 0, detections=engines("malicious", "IPsum", "Fortinet"))
    stale = replace(block_list("ipsum", "level_3"), status=Status.STALE)
    assert _nats(judged(dossier(named, stale)), "virustotal.engines") == pytest.approx(4 * (1 - math.exp(-0.2)))


def test_the_services_of_abuse_ch_share_one_limit():
    services = [provider("threatfox", score=100), provider("urlhaus", "online"), provider("feodo", "online")]
    (family,) = [item for item in judged(dossier(*services)).families if item.family == "abuse.ch"]
    assert (family.nats, family.unclipped) == (4.0, 7.5)


@pytest.mark.parametrize(
    "evidence, nats",
    [
        (provider("abuseipdb", score=50, distinct_reporters=2), 2.2 * 0.5 * 0.4),
        (provider("abuseipdb", "whitelisted", score=0), -1.5),
        (provider("greynoise", "suspicious"), 0.8),
        (provider("greynoise", "trust_2"), -1.5),
        (provider("greynoise", "cloud"), 0.0),
        (provider("talos", "untrusted"), 1.5),
        (provider("talos", "favourable"), -0.5),
        (provider("threatfox", score=75), 2.5 * 0.75),
        (provider("opencti", score=80), 1.6),
        (provider("taxii", score=50), 1.0),
        (provider("otx", authors=9), 1.2),
        (provider("otx", "validated"), -1.5),
        (provider("crowdsec", "false_positive"), -2.0),
        (provider("criminalip", "dangerous"), 0.7),
        (provider("pulsedive", "medium"), 0.5),
        (provider("ipqs", "recent_abuse"), 0.8),
        (provider("misp", "level_2"), 1.5),
        (provider("shodan", "c2"), 1.5),
        (provider("ipinfo", "hosting"), 0.0),
        (block_list("spamhaus_drop", "drop"), 2.5),
        (warning_list("crawler"), -3.0),
        (virustotal(0, 0, reputation=500), -1.0),
        (virustotal(0, 0, reputation=-4), 0.6),
    ],
)
def test_each_source_weighs_what_the_judgement_says(evidence, nats):
    assert sum(signal.nats for signal in judged(dossier(evidence)).signals) == pytest.approx(nats)


@pytest.mark.parametrize("days, share", [(0, 1), (7, 1), (37, 0.5), (127, 0), (400, 0)])
def test_evidence_fades_after_a_week_and_is_gone_after_its_lifetime(days, share):
    fresh, old = judged(dossier(virustotal(5, 0))), judged(dossier(virustotal(5, 0, days_old=days)))
    assert _nats(old, "virustotal.engines") == pytest.approx(share * _nats(fresh, "virustotal.engines"))


def test_evidence_fades_twice_as_fast_in_cloud_space():
    plain = judged(dossier(virustotal(5, 0, days_old=22)))
    cloud = judged(dossier(virustotal(5, 0, days_old=22), warning_list("cloud")))
    assert cloud.signals[0].decay == pytest.approx(0.5)
    assert plain.signals[0].decay == pytest.approx(1 - math.sqrt(15 / 120))


def test_abuse_reports_live_90_days():
    result = judged(dossier(provider("abuseipdb", score=100, distinct_reporters=9, days_old=97)))
    assert _nats(result, "abuseipdb.reports") == 0.0


def test_a_warning_list_does_not_fade_while_it_is_in_force():
    listed = Evidence("resolvers", SourceKind.WARNING_LIST, Status.OK, labels=("resolver",),
                      retrieved_at=NOW - timedelta(days=900))  # fmt: skip
    assert _nats(judged(dossier(listed)), "warning_list.resolver") == -4.0


def test_own_events_age_from_the_end_of_the_data_period():
    did = [behaviour("brute_force", hours_old=24 * 40)]
    inside = judged(dossier(did=did, period_end=NOW))
    old = judged(dossier(did=did, period_end=NOW - timedelta(days=37)))
    assert _nats(inside, "own_events.brute_force") == 2.0
    assert _nats(old, "own_events.brute_force") == pytest.approx(1.0)


# --- statuses are never verdicts ------------------------------------------------------------------

FAILED = (Status.AUTH_ERROR, Status.FORBIDDEN, Status.RATE_LIMITED, Status.TIMEOUT, Status.ERROR, Status.NOT_ASKED)


@pytest.mark.parametrize("status", FAILED)
def test_a_failed_lookup_changes_coverage_and_never_the_probability(status):
    without, failed = judged(dossier(virustotal(3, 0))), judged(dossier(virustotal(3, 0), silent("greynoise", status)))
    assert failed.probability == without.probability
    assert failed.status is OverallStatus.PARTIAL
    assert failed.coverage.missing == (("greynoise", status),)


def test_silence_of_most_sources_is_insufficient_data_and_never_clean():
    result = judged(dossier(silent("virustotal", Status.RATE_LIMITED), silent("greynoise", Status.TIMEOUT)))
    assert result.insufficient
    assert result.verdict is Verdict.UNKNOWN
    enough = judged(dossier(Evidence("virustotal", SourceKind.PROVIDER, Status.NOT_FOUND)))
    assert not enough.insufficient


@pytest.mark.parametrize("source", ["rdap", "ipinfo", "internetdb", "maxmind", "acme"])
@pytest.mark.parametrize("status", [Status.OK, Status.NOT_FOUND])
def test_a_provider_that_gives_context_alone_does_not_fill_the_coverage(source: str, status: Status):
    told = Evidence(source, SourceKind.PROVIDER, status, organisation="Example")
    result = judged(dossier(told, silent("virustotal", Status.TIMEOUT)))
    assert (result.insufficient, result.coverage.share) == (True, 0.5)
    assert source in result.coverage.answered


def test_a_provider_that_gives_context_alone_leaves_no_gap_but_is_told():
    result = judged(dossier(virustotal(0, 0), silent("rdap", Status.TIMEOUT)))
    assert (result.insufficient, result.coverage.share) == (False, 1.0)
    assert result.coverage.missing == (("rdap", Status.TIMEOUT),)
    assert result.status is OverallStatus.PARTIAL


def test_absence_of_evidence_is_never_benign_whatever_the_prior():
    assert judged(dossier(virustotal(0, 0)), "bulk").verdict is Verdict.UNKNOWN


def test_friendly_votes_alone_are_no_statement():
    assert judged(dossier(virustotal(0, 0, reputation=900)), "bulk").verdict is Verdict.UNKNOWN


def test_a_benign_statement_does_not_excuse_an_attack_here():
    result = judged(dossier(warning_list("resolver"), did=[behaviour("exploit_attempt")]), "bulk")
    assert result.verdict is Verdict.UNKNOWN


def test_an_unavailable_source_is_told_but_is_no_gap_in_coverage():
    result = judged(dossier(virustotal(1, 0), silent("talos", Status.UNAVAILABLE)))
    assert result.status is OverallStatus.OK
    assert result.coverage.share == 1.0


@pytest.mark.parametrize(
    "evidence, status",
    [
        ((), OverallStatus.NOT_ASKED),
        ((silent("virustotal", Status.NOT_ASKED),), OverallStatus.NOT_ASKED),
        ((silent("virustotal", Status.TIMEOUT), silent("otx", Status.NOT_ASKED)), OverallStatus.ERROR),
        ((virustotal(0, 0), silent("otx", Status.TIMEOUT)), OverallStatus.PARTIAL),
        ((virustotal(0, 0),), OverallStatus.OK),
    ],
)
def test_the_overall_status_tells_how_complete_the_lookup_was(evidence, status):
    assert judged(Dossier("198.51.100.7", evidence=evidence)).status is status


@pytest.mark.parametrize(
    "scope, status", [("invalid", OverallStatus.INVALID), ("private-use", OverallStatus.NOT_GLOBAL)]
)
def test_what_is_no_global_address_has_no_confidence(scope, status):
    result = judged(Dossier("10.0.0.1", scope=scope, behaviours=(behaviour("brute_force"),)))
    assert (result.status, result.verdict, result.confidence) == (status, Verdict.UNKNOWN, None)
    assert (result.priority, result.probability) == (Priority.MONITOR, None)


# --- priority -------------------------------------------------------------------------------------


def test_a_success_after_brute_force_is_never_below_high():
    result = judged(dossier(did=[behaviour("brute_force", succeeded=True, hours_old=24 * 90)], period_end=None))
    assert (result.severity, result.priority) == (Severity.HIGH, Priority.HIGH)
    assert "a log-in after brute force" in result.priority_steps[-1]


def test_a_high_severity_is_never_below_medium():
    old = [behaviour("exploit_attempt", succeeded=True, hours_old=24 * 400)]
    result = judged(dossier(did=old, period_end=NOW - timedelta(days=400)))
    assert (result.confidence, result.priority) == (1, Priority.MEDIUM)


def test_a_beacon_with_volume_out_is_critical_and_high():
    result = judged(dossier(did=[behaviour("c2_beacon"), behaviour("volume_out")]))
    assert (result.severity, result.priority) == (Severity.CRITICAL, Priority.HIGH)
    assert "T1041" in [technique.id for technique in result.techniques]


def test_volume_alone_is_no_exfiltration():
    assert judged(dossier(did=[behaviour("volume_out")])).severity is Severity.LOW


def test_activity_raises_only_what_is_sure():
    sure = dossier(virustotal(9, 0), provider("greynoise", "malicious"), sighting=sighting())
    unsure = dossier(virustotal(5, 0), sighting=sighting())
    assert judged(sure).priority is Priority.HIGH
    assert judged(unsure).priority is Priority.MEDIUM


def test_an_own_event_of_last_month_is_not_active():
    old = dossier(virustotal(9, 0), provider("greynoise", "malicious"), sighting=sighting(hours_old=24 * 30))
    assert not judged(old).active
    assert judged(old).priority is Priority.MEDIUM


def test_the_allow_list_silences_all_but_high_severity():
    allowed = Allowance("198.51.100.0/24", "our own scanner")
    loud = judged(dossier(virustotal(9, 0), did=[behaviour("suspicious_user_agent")], allowance=allowed))
    broken_in = judged(dossier(did=[behaviour("brute_force", succeeded=True)], allowance=allowed))
    assert loud.priority is Priority.MONITOR
    assert loud.priority_steps[-1] == "Monitor: allow-listed through 198.51.100.0/24 (our own scanner)"
    assert broken_in.priority is Priority.HIGH
    assert "allow-listed" in broken_in.priority_steps[-1]


# --- invariants -----------------------------------------------------------------------------------

POOL = (
    virustotal(5, 2, reputation=-7),
    provider("greynoise", "malicious"),
    provider("abuseipdb", score=80, distinct_reporters=4),
    warning_list("cdn"),
    warning_list("cloud"),
    block_list("ipsum", "level_3"),
    silent("otx", Status.TIMEOUT),
)


@given(st.permutations(POOL))
def test_the_order_of_the_sources_is_irrelevant(shuffled):
    expected, result = judged(dossier(*POOL)), judged(dossier(*shuffled))
    assert (result.probability, result.signals, result.coverage) == (
        expected.probability,
        expected.signals,
        expected.coverage,
    )


@given(st.integers(0, 90), st.integers(0, 90), st.floats(0, 300))
def test_a_further_malicious_engine_never_lowers_the_probability(malicious, suspicious, days):
    fewer = judged(dossier(virustotal(malicious, suspicious, days_old=days)))
    more = judged(dossier(virustotal(malicious + 1, suspicious, days_old=days)))
    assert more.probability >= fewer.probability


@given(st.sets(st.sampled_from(POOL)), st.sampled_from(["resolver", "cdn", "scanner", "crawler"]))
def test_a_benign_fact_never_raises_the_probability(evidence, kind):
    without = judged(dossier(*evidence))
    vouched = judged(dossier(*evidence, warning_list(kind, "one more")))
    assert vouched.probability <= without.probability


@given(st.sets(st.sampled_from(POOL)))
def test_confidence_is_ten_times_the_probability_rounded_half_up(evidence):
    result = judged(dossier(*evidence))
    assert result.confidence == math.floor(10 * result.probability + 0.5)
    assert 0 <= result.confidence <= 10


def test_every_confidence_and_severity_has_its_place_in_the_table():
    from ipthreat.priority import priority_of

    table = {
        (10, "Low"): "Medium", (9, "Medium"): "High", (9, "High"): "High", (10, "Critical"): "High",
        (6, "Low"): "Medium", (8, "Medium"): "Medium", (7, "High"): "High", (6, "Critical"): "High",
        (3, "Low"): "Low", (5, "Medium"): "Low", (4, "High"): "Medium", (5, "Critical"): "High",
        (0, "Low"): "Monitor", (2, "Medium"): "Monitor", (1, "High"): "Medium", (2, "Critical"): "High",
    }  # fmt: skip
    for (confidence, severity), expected in table.items():
        priority, _ = priority_of(confidence, Severity(severity), False, (), None)
        assert priority.value == expected, (confidence, severity)


def test_the_same_inputs_give_the_same_assessment_twice():
    for (_, case, policy, *_), _again in itertools.product(CASES, range(2)):
        assert judged(case, policy) == judged(case, policy)


def test_evidence_from_after_the_moment_judged_counts_nothing_then():
    later = judged(dossier(virustotal(9, 2, days_old=-30), provider("greynoise", "malicious", days_old=-2)))
    assert all(signal.nats == 0.0 for signal in later.signals)
    assert (later.confidence, later.verdict.value) == (1, "unknown")


def test_a_clock_that_runs_ahead_by_hours_costs_no_evidence():
    assert judged(dossier(virustotal(7, 4, days_old=-0.5))).confidence == judged(dossier(virustotal(7, 4))).confidence


def test_an_address_seen_only_after_the_moment_judged_was_not_active_then():
    seen_later = dossier(virustotal(9, 2), sighting=sighting(hours_old=-48))
    assert not judged(seen_later).active


def test_two_lists_of_one_kind_say_the_same_thing_once():
    once, twice = (
        judged(dossier(warning_list("cdn", "a"))),
        judged(dossier(warning_list("cdn", "a"), warning_list("cdn", "b"))),
    )
    assert sum(signal.nats for signal in once.signals) == sum(signal.nats for signal in twice.signals) == -3.0


def test_of_one_upstream_group_the_strongest_listing_counts():
    weak, strong = block_list("a", "block", group="g"), block_list("b", "drop", group="g")
    for both in ((weak, strong), (strong, weak)):
        assert [signal.nats for signal in judged(dossier(*both)).signals] == [2.5]


def test_a_stale_answer_still_counts_aged_like_any_other():
    stale = replace(virustotal(7, 4, days_old=3), status=Status.STALE)
    assert judged(dossier(stale)).confidence == judged(dossier(virustotal(7, 4, days_old=3))).confidence


def test_community_votes_never_make_an_address_benign():
    given = dossier(virustotal(0, 0, reputation=100), provider("talos", "trusted"))
    assert judged(given).verdict is Verdict.UNKNOWN
    assert judged(dossier(provider("talos", "trusted"), provider("abuseipdb", "whitelisted"))).verdict is Verdict.BENIGN


def test_a_contact_with_a_listed_server_is_high_even_without_regularity():
    found = judged(dossier(did=[behaviour("c2_contact")]))
    assert (found.severity, [item.id for item in found.techniques]) == (Severity.HIGH, ["T1071"])


@pytest.mark.parametrize(
    "kinds, causes",
    [
        (["port_scan", "brute_force"], ["brute_force"]),
        (["c2_contact", "c2_beacon"], ["c2_contact", "c2_beacon"]),
        (["c2_contact", "c2_beacon", "volume_out"], ["c2_beacon", "volume_out"]),
        (["volume_out"], []),
        ([], []),
    ],
)
def test_the_severity_comes_from_the_worst_of_what_was_seen(kinds, causes):
    found = causes_of(tuple(behaviour(kind) for kind in kinds))
    assert [item.kind.value for item in found] == causes
