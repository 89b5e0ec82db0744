"""Block lists: nothing gets in that must not be blocked, and every entry ends."""

from __future__ import annotations

import ipaddress
import json
import re
from dataclasses import replace
from datetime import timedelta, timezone
from typing import List

import pytest
from cases import build_case, crowded_case, first_reference_address, golden_case, second_reference_address
from dossiers import NOW, behaviour, dossier, provider, sighting, virustotal, warning_list
from hypothesis import given
from hypothesis import strategies as st

from ipthreat.dossier import Allowance, Dossier
from ipthreat.errors import InputError
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


@pytest.mark.parametrize("name", blocklist.FORMATS)
def test_every_format_names_each_address_its_expiry_and_nothing_else(name: str) -> None:
    text = blocklist.render(CASE, name)
    assert text.endswith("\n")
    assert text.count("\n\n") == 0
    versions = {"aws-waf": (4,), "aws-waf-ipv6": (6,)}.get(name, (4, 6))
    for entry in blocklist.entries(CASE):
        assert (entry.address in text) == (entry.version in versions)
        assert entry.until in text or entry.version not in versions or name.startswith("aws")
    assert "14.103.172.199" not in text


@pytest.mark.parametrize("name", blocklist.FORMATS)
def test_a_format_without_entries_is_still_in_its_syntax(name: str) -> None:
    text = blocklist.render(build_case(second_reference_address()), name)
    assert not re.search(r"\b14\.103\b", text)
    if name.startswith("aws"):
        assert json.loads(text)["Addresses"] == []


@pytest.mark.parametrize("name", [name for name in blocklist.FORMATS if name != "palo-alto"])
def test_a_list_says_where_it_comes_from(name: str) -> None:
    text = blocklist.render(CASE, name)
    assert f"TLP:AMBER ipthreat 0.1.0, report {CASE.report_id}, {AS_OF}" in text


def test_a_label_with_a_line_break_stays_in_its_comment() -> None:
    text = blocklist.render(replace(CASE, tlp="TLP:RED\n0.0.0.0"), "plain")
    assert text.splitlines()[0].startswith("# TLP:RED\\x0a0.0.0.0 ipthreat")


def test_plain_text_has_one_address_a_line_before_any_comment() -> None:
    lines = [line.split("#")[0].strip() for line in blocklist.render(CASE, "plain").splitlines()]
    found = [str(ipaddress.ip_address(line)) for line in lines if line]
    assert found == [entry.address for entry in blocklist.entries(CASE)]


def test_nftables_has_a_timeout_for_each_element_and_a_set_for_each_version() -> None:
    text = blocklist.render(CASE, "nftables")
    assert text.count("flags timeout") == 2
    assert '18.237.3.202 timeout 604800s comment "until 2023-11-02T12:00:00Z"' in text
    assert re.search(
        r"set ipthreat_v6 \{\n\s+type ipv6_addr\n\s+flags timeout\n\s+elements = \{\n\s+2001:db8::7 ", text
    )
    assert text.count("{") == text.count("}")


def test_nftables_without_entries_has_no_empty_element_list() -> None:
    assert "elements" not in blocklist.render(build_case(), "nftables")


def test_ipset_never_asks_for_more_than_the_kernel_can_count() -> None:
    text = blocklist.render(CASE, "ipset")
    assert max(int(seconds) for seconds in re.findall(r"timeout (\d+)", text)) <= 2_147_483
    assert 'add ipthreat_v4 18.237.3.202 timeout 604800 comment "until 2023-11-02T12:00:00Z"' in text
    assert "add ipthreat_v6 2001:db8::7 " in text


def test_iptables_rules_name_their_version_so_that_one_file_serves_both() -> None:
    lines = blocklist.render(CASE, "iptables").splitlines()
    assert lines[lines.index("*filter") + 1] == ":IPTHREAT - [0:0]"
    assert lines[-1] == "COMMIT"
    assert any(line.startswith("-4 -A IPTHREAT -s 18.237.3.202/32 ") for line in lines)
    assert any(line.startswith("-6 -A IPTHREAT -s 2001:db8::7/128 ") for line in lines)


def test_nginx_denies_each_address() -> None:
    assert "deny 2001:db8::7; # until" in blocklist.render(CASE, "nginx")


def test_cisco_groups_hold_hosts() -> None:
    asa, ios = (blocklist.render(CASE, name).splitlines() for name in ("cisco-asa", "cisco-ios"))
    assert " network-object host 18.237.3.202" in asa
    assert ios.index("object-group network IPTHREAT_BLOCK_V4") < ios.index(" host 18.237.3.202")
    assert ios.index("object-group v6-network IPTHREAT_BLOCK_V6") < ios.index(" host 2001:db8::7")


def test_palo_alto_gets_entries_alone_with_the_comment_after_a_blank() -> None:
    lines = blocklist.render(CASE, "palo-alto").splitlines()
    assert all(re.fullmatch(r"[0-9a-f.:]+/(32|128) # until \S+", line) for line in lines)


def test_fortigate_gets_bare_addresses_with_comments_on_lines_of_their_own() -> None:
    lines = [line for line in blocklist.render(CASE, "fortigate").splitlines() if not line.startswith("#")]
    assert lines == [entry.address for entry in blocklist.entries(CASE)]


@pytest.mark.parametrize("name, version", [("aws-waf", 4), ("aws-waf-ipv6", 6)])
def test_aws_gets_the_input_of_its_own_command(name: str, version: int) -> None:
    data = json.loads(blocklist.render(CASE, name))
    assert set(data) == {"Name", "Scope", "Description", "IPAddressVersion", "Addresses"}
    assert re.fullmatch(r"[\w-]{1,128}", data["Name"])
    assert re.fullmatch(r"[\w+=:#@/\-,.][\w+=:#@/\-,.\s]+[\w+=:#@/\-,.]", data["Description"])
    assert len(data["Description"]) <= 256
    assert data["IPAddressVersion"] == f"IPV{version}"
    assert all(ipaddress.ip_network(address).version == version for address in data["Addresses"])


def test_an_unknown_format_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(InputError, match="no block list format 'pf'; there are plain, nftables"):
        blocklist.render(CASE, "pf")


def test_file_names_and_titles_are_distinct() -> None:
    forms = blocklist.FORMATS.values()
    assert len({form.file for form in forms}) == len({form.title for form in forms}) == len(forms)


def test_the_expiry_is_told_in_utc_whatever_the_zone_of_the_report() -> None:
    there = NOW.astimezone(timezone(timedelta(hours=2)))
    (entry,) = blocklist.entries(build_case(dossier(*HOSTILE, did=ATTACK), as_of=there))
    assert entry.until == "2023-11-25T12:00:00Z"
