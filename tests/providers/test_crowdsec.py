"""CrowdSec: its reputation, or for records from before 2024 its score; a false positive is benign."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from answers import ADDRESS, NOW, SETTINGS, answer, changed, load

from ipthreat.dossier import Status, Verdict
from ipthreat.providers.crowdsec import CrowdSec
from ipthreat.testkit.providers import CanarySettings

CROWDSEC = CrowdSec()
PREMIUM = CanarySettings(extra={"plan": "premium"})


def parsed(body):
    return CROWDSEC.parse(ADDRESS, body, NOW)


@pytest.mark.parametrize(
    "word, verdict, labels",
    [
        ("malicious", Verdict.MALICIOUS, ("malicious",)),
        ("suspicious", Verdict.SUSPICIOUS, ("suspicious",)),
        ("known", Verdict.UNKNOWN, ()),
        ("unknown", Verdict.UNKNOWN, ()),
        ("safe", Verdict.BENIGN, ("safe",)),
    ],
)
def test_the_reputation_is_the_verdict(word, verdict, labels):
    evidence = parsed(changed(load("crowdsec", "hostile"), word, "reputation"))
    assert (evidence.verdict, evidence.labels) == (verdict, labels)


@pytest.mark.parametrize(
    "total, verdict",
    [
        (0, Verdict.UNKNOWN),
        (2, Verdict.UNKNOWN),
        (3, Verdict.SUSPICIOUS),
        (4, Verdict.MALICIOUS),
        (5, Verdict.MALICIOUS),
    ],
)
def test_an_old_record_without_reputation_is_rated_by_its_score(total, verdict):
    body = changed(load("crowdsec", "hostile"), total, "scores", "overall", "total")
    del body["reputation"]
    evidence = parsed(body)
    assert (evidence.verdict, evidence.score, evidence.native) == (verdict, 20 * total, f"{total}/5")


def test_a_false_positive_is_benign_whatever_else_is_said():
    evidence = parsed(load("crowdsec", "false_positive"))
    assert (evidence.verdict, evidence.labels, evidence.score) == (Verdict.BENIGN, ("false_positive",), 0)
    assert evidence.dated == NOW


@pytest.mark.parametrize("rows", [None, "none", {}, [None], [{}]])
def test_a_record_that_does_not_say_whether_it_is_a_false_positive_is_an_error(rows):
    body = changed(load("crowdsec", "hostile"), rows, "classifications", "false_positives")
    assert parsed(body).status is Status.ERROR


@pytest.mark.parametrize("total", [None, 6, -1, "5", 4.5])
def test_a_score_outside_its_scale_is_none(total):
    evidence = parsed(changed(load("crowdsec", "hostile"), total, "scores", "overall", "total"))
    assert (evidence.verdict, evidence.score, evidence.native) == (Verdict.MALICIOUS, None, "")


def test_history_owner_and_network_are_kept():
    evidence = parsed(load("crowdsec", "hostile"))
    assert evidence.first_seen == datetime(2025, 10, 1, 18, tzinfo=timezone.utc)
    assert evidence.last_seen == evidence.dated == datetime(2026, 1, 1, 13, tzinfo=timezone.utc)
    assert (evidence.asn, evidence.as_owner, evidence.country) == (64500, "Example Transit", "NL")
    assert (evidence.network, evidence.related) == ("198.51.100.0/24", ("node7.example.net",))


@pytest.mark.parametrize(
    "names, flags",
    [
        (["proxy:vpn"], ("vpn",)),
        (["proxy:tor", "proxy:vpn"], ("tor", "vpn")),
        (["proxy:open"], ("proxy",)),
        (["x"], ()),
    ],
)
def test_proxies_become_flags(names, flags):
    body = changed(
        load("crowdsec", "hostile"), [{"name": name} for name in names], "classifications", "classifications"
    )
    assert parsed(body).flags == flags


def test_each_address_of_a_batch_is_charged():
    assert [CrowdSec().cost(size) for size in (1, 100)] == [1, 100]


def test_several_addresses_need_the_premium_plan():
    assert (CROWDSEC.at_once(SETTINGS), CROWDSEC.at_once(PREMIUM)) == (1, 100)
    request = CROWDSEC.question([ADDRESS, "198.51.100.8"], PREMIUM)
    assert request.params == {"ips": f"{ADDRESS},198.51.100.8"}
    assert CROWDSEC.question([ADDRESS], PREMIUM).url == f"https://cti.api.crowdsec.net/v2/smoke/{ADDRESS}"


def test_what_is_missing_of_several_is_not_found_if_the_answer_counts_it_so():
    asked = [ADDRESS, "198.51.100.8", "198.51.100.9"]
    found = CROWDSEC.answers(asked, answer(load("crowdsec", "several")), NOW)
    assert [item.status for item in found.values()] == [Status.OK, Status.OK, Status.NOT_FOUND]
    assert [item.verdict for item in found.values()] == [Verdict.MALICIOUS, Verdict.BENIGN, Verdict.UNKNOWN]


def test_what_is_missing_and_not_counted_is_an_error():
    asked = [ADDRESS, "198.51.100.8", "198.51.100.9", "198.51.100.10"]
    found = CROWDSEC.answers(asked, answer(load("crowdsec", "several")), NOW)
    assert [item.status.value for item in found.values()] == ["ok", "ok", "error", "error"]


def test_a_404_is_not_found():
    found = CROWDSEC.answers([ADDRESS], answer({"message": "IP address information not found"}, 404), NOW)
    assert found[ADDRESS].status is Status.NOT_FOUND
