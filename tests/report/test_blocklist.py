"""Block lists: nothing gets in that must not be blocked, and every entry ends."""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import List

import pytest
from cases import build_case, crowded_case, first_reference_address, golden_case, second_reference_address
from dossiers import NOW, behaviour, dossier, provider, sighting, virustotal, warning_list
from hypothesis import given
from hypothesis import strategies as st

from ipthreat.dossier import Allowance, Dossier
from ipthreat.report import blocklist
from ipthreat.snapshot.kinds import ListKind

HOSTILE = (virustotal(9, 2), provider("abuseipdb", score=100, distinct_reporters=9), provider("greynoise", "malicious"))
ATTACK = (behaviour("brute_force"),)
AS_OF = NOW.strftime("%Y-%m-%dT%H:%M:%SZ")
CASE = build_case(
    first_reference_address(),
    second_reference_address(),
    dossier(*HOSTILE, did=ATTACK, address="2001:db8::7"),
    dossier(*HOSTILE, did=ATTACK, address="9.9.9.200"),
)


def blocked(*dossiers: Dossier) -> List[str]:
    return [entry.address for entry in blocklist.entries(build_case(*dossiers))]


def test_the_golden_case_blocks_the_first_address_for_seven_days_and_not_the_second() -> None:
    (entry,) = blocklist.entries(golden_case())
    assert entry.address == "18.237.3.202"
    assert entry.lifetime == timedelta(days=7)
    assert entry.until == "2023-11-02T12:00:00Z"


def test_space_that_does_not_change_hands_is_blocked_for_thirty_days() -> None:
    (entry,) = blocklist.entries(build_case(dossier(*HOSTILE, did=ATTACK)))
    assert entry.seconds == 30 * 86_400


def test_entries_are_in_numerical_order_ipv4_first() -> None:
    assert [entry.address for entry in blocklist.entries(CASE)] == ["9.9.9.200", "18.237.3.202", "2001:db8::7"]


def test_an_address_below_confidence_nine_is_not_blocked() -> None:
    assert blocked(second_reference_address()) == []


def test_an_address_not_active_here_is_not_blocked() -> None:
    assert blocked(dossier(*HOSTILE)) == []
    assert blocked(dossier(*HOSTILE, sighting=sighting(hours_old=24 * 8))) == []
    assert blocked(dossier(*HOSTILE, sighting=sighting(hours_old=24 * 6))) == ["198.51.100.7"]


def test_an_allow_listed_address_is_never_blocked() -> None:
    allowed = dossier(*HOSTILE, did=ATTACK, allowance=Allowance("198.51.100.0/24", "our scanner"))
    assert blocked(allowed) == []


@pytest.mark.parametrize("scope", ["private", "loopback", "invalid", "documentation"])
def test_an_address_that_is_not_global_is_never_blocked(scope: str) -> None:
    assert blocked(dossier(*HOSTILE, did=ATTACK, address="10.0.0.1", scope=scope)) == []


@pytest.mark.parametrize("kind", ["resolver", "cdn", "crawler", "scanner", "mail", "service", "a kind of tomorrow"])
def test_a_range_whose_operator_is_known_is_never_blocked_however_hostile(kind: str) -> None:
    worst = (*HOSTILE, virustotal(60, 9), provider("crowdsec", "malicious"), provider("shodan", "c2"))
    attacks = [behaviour("c2_beacon"), behaviour("exploit_attempt"), behaviour("brute_force")]
    assert blocked(dossier(*worst, warning_list(kind), did=attacks)) == []


@pytest.mark.parametrize("kind", sorted(blocklist.RENTED))
def test_rented_space_may_be_blocked(kind: str) -> None:
    assert blocked(dossier(*HOSTILE, warning_list(kind), did=ATTACK)) == ["198.51.100.7"]


def test_every_kind_of_list_that_does_not_spare_is_one_that_exists() -> None:
    assert {kind.value for kind in ListKind} | {"dynamic"} >= blocklist.RENTED


@given(st.integers(0, 25))
def test_nothing_is_listed_that_the_rules_do_not_allow(count: int) -> None:
    case = crowded_case(count)
    listed = {entry.address for entry in blocklist.entries(case)}
    for item in case.assessments:
        allowed = (item.confidence or 0) >= 9 and item.active and not blocklist.is_spared(item)
        assert (item.address in listed) == allowed


def test_the_expiry_is_told_in_utc_whatever_the_zone_of_the_report() -> None:
    there = NOW.astimezone(timezone(timedelta(hours=2)))
    (entry,) = blocklist.entries(build_case(dossier(*HOSTILE, did=ATTACK), as_of=there))
    assert entry.until == "2023-11-25T12:00:00Z"
