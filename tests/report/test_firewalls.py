"""Each firewall's own syntax, with the expiry beside or in every entry."""

from __future__ import annotations

import csv
import ipaddress
import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from cases import build_case, first_reference_address, second_reference_address
from dossiers import NOW, behaviour, dossier, provider, virustotal

from ipthreat.errors import InputError
from ipthreat.report import blocklist, firewalls

HOSTILE = (virustotal(9, 2), provider("abuseipdb", score=100, distinct_reporters=9), provider("greynoise", "malicious"))
ATTACK = (behaviour("brute_force"),)
AS_OF = NOW.strftime("%Y-%m-%dT%H:%M:%SZ")
CASE = build_case(
    first_reference_address(),
    second_reference_address(),
    dossier(*HOSTILE, did=ATTACK, address="2001:db8::7"),
    dossier(*HOSTILE, did=ATTACK, address="9.9.9.200"),
)


@pytest.mark.parametrize("name", firewalls.FORMATS)
def test_every_format_names_each_address_its_expiry_and_nothing_else(name: str) -> None:
    text = firewalls.render(CASE, name)
    assert text.endswith("\n")
    assert text.count("\n\n") == 0
    versions = {"aws-waf": (4,), "aws-waf-ipv6": (6,)}.get(name, (4, 6))
    for entry in blocklist.entries(CASE):
        assert (entry.address in text) == (entry.version in versions)
        assert entry.until in text or entry.version not in versions or name.startswith("aws")
    assert "14.103.172.199" not in text


@pytest.mark.parametrize("name", firewalls.FORMATS)
def test_a_format_without_entries_is_still_in_its_syntax(name: str) -> None:
    text = firewalls.render(build_case(second_reference_address()), name)
    assert not re.search(r"\b14\.103\b", text)
    if name.startswith("aws"):
        assert json.loads(text)["Addresses"] == []


@pytest.mark.parametrize("name", [name for name in firewalls.FORMATS if name not in ("palo-alto", "splunk-lookup")])
def test_a_list_says_where_it_comes_from(name: str) -> None:
    text = firewalls.render(CASE, name)
    assert f"TLP:AMBER ipthreat 0.1.0, report {CASE.report_id}, {AS_OF}" in text


def test_a_label_with_a_line_break_stays_in_its_comment() -> None:
    text = firewalls.render(replace(CASE, tlp="TLP:RED\n0.0.0.0"), "plain")
    assert text.splitlines()[0].startswith("# TLP:RED\\x0a0.0.0.0 ipthreat")


def test_plain_text_has_one_address_a_line_before_any_comment() -> None:
    lines = [line.split("#")[0].strip() for line in firewalls.render(CASE, "plain").splitlines()]
    found = [str(ipaddress.ip_address(line)) for line in lines if line]
    assert found == [entry.address for entry in blocklist.entries(CASE)]


def test_nftables_has_a_timeout_for_each_element_and_a_set_for_each_version() -> None:
    text = firewalls.render(CASE, "nftables")
    assert text.count("flags timeout") == 2
    assert '18.237.3.202 timeout 604800s comment "until 2023-11-02T12:00:00Z"' in text
    assert re.search(
        r"set ipthreat_v6 \{\n\s+type ipv6_addr\n\s+flags timeout\n\s+elements = \{\n\s+2001:db8::7 ", text
    )
    assert text.count("{") == text.count("}")


def test_nftables_without_entries_has_no_empty_element_list() -> None:
    assert "elements" not in firewalls.render(build_case(), "nftables")


def test_ipset_never_asks_for_more_than_the_kernel_can_count() -> None:
    text = firewalls.render(CASE, "ipset")
    assert max(int(seconds) for seconds in re.findall(r"timeout (\d+)", text)) <= 2_147_483
    assert 'add ipthreat_v4 18.237.3.202 timeout 604800 comment "until 2023-11-02T12:00:00Z"' in text
    assert "add ipthreat_v6 2001:db8::7 " in text


def test_iptables_rules_name_their_version_so_that_one_file_serves_both() -> None:
    lines = firewalls.render(CASE, "iptables").splitlines()
    assert lines[lines.index("*filter") + 1] == ":IPTHREAT - [0:0]"
    assert lines[-1] == "COMMIT"
    assert any(line.startswith("-4 -A IPTHREAT -s 18.237.3.202/32 ") for line in lines)
    assert any(line.startswith("-6 -A IPTHREAT -s 2001:db8::7/128 ") for line in lines)


def test_nginx_denies_each_address() -> None:
    assert "deny 2001:db8::7; # until" in firewalls.render(CASE, "nginx")


def test_cisco_groups_hold_hosts() -> None:
    asa, ios = (firewalls.render(CASE, name).splitlines() for name in ("cisco-asa", "cisco-ios"))
    assert " network-object host 18.237.3.202" in asa
    assert ios.index("object-group network IPTHREAT_BLOCK_V4") < ios.index(" host 18.237.3.202")
    assert ios.index("object-group v6-network IPTHREAT_BLOCK_V6") < ios.index(" host 2001:db8::7")


def test_palo_alto_gets_entries_alone_with_the_comment_after_a_blank() -> None:
    lines = firewalls.render(CASE, "palo-alto").splitlines()
    assert all(re.fullmatch(r"[0-9a-f.:]+/(32|128) # until \S+", line) for line in lines)


def test_fortigate_gets_bare_addresses_with_comments_on_lines_of_their_own() -> None:
    lines = [line for line in firewalls.render(CASE, "fortigate").splitlines() if not line.startswith("#")]
    assert lines == [entry.address for entry in blocklist.entries(CASE)]


@pytest.mark.parametrize("name, version", [("aws-waf", 4), ("aws-waf-ipv6", 6)])
def test_aws_gets_the_input_of_its_own_command(name: str, version: int) -> None:
    data = json.loads(firewalls.render(CASE, name))
    assert set(data) == {"Name", "Scope", "Description", "IPAddressVersion", "Addresses"}
    assert re.fullmatch(r"[\w-]{1,128}", data["Name"])
    assert re.fullmatch(r"[\w+=:#@/\-,.][\w+=:#@/\-,.\s]+[\w+=:#@/\-,.]", data["Description"])
    assert len(data["Description"]) <= 256
    assert data["IPAddressVersion"] == f"IPV{version}"
    assert all(ipaddress.ip_network(address).version == version for address in data["Addresses"])


def test_an_unknown_format_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(InputError, match="no block list format 'pf9'; there are plain, nftables"):
        firewalls.render(CASE, "pf9")


def test_file_names_and_titles_are_distinct() -> None:
    forms = firewalls.FORMATS.values()
    assert len({form.file for form in forms}) == len({form.title for form in forms}) == len(forms)


# --- read by the tools themselves -------------------------------------------------------------------------------------


def tool(name: str) -> str:
    """A program that has to be there on the machines that build, and is named where it is not."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if not found:
        pytest.skip(f"{name} is not installed: apt install {name}")
    return found


def test_nft_accepts_the_file(tmp_path: Path) -> None:
    (tmp_path / "list.nft").write_text(firewalls.render(CASE, "nftables"))
    done = subprocess.run([tool("nft"), "-c", "-f", str(tmp_path / "list.nft")], capture_output=True, check=False)
    if b"Operation not permitted" in done.stderr:
        pytest.skip("nft may not even check a file here")
    assert (done.returncode, done.stderr) == (0, b"")


def test_ipset_accepts_the_file_and_holds_every_address_of_it(tmp_path: Path) -> None:
    (tmp_path / "list.ipset").write_text(firewalls.render(CASE, "ipset"))
    alone = [tool("unshare"), "--map-root-user", "--net"]  # a kernel's sets of its own, gone with the process
    script = '"$0" -exist restore -f "$1" && "$0" save'
    words = [*alone, "sh", "-c", script, tool("ipset"), str(tmp_path / "list.ipset")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if "Operation not permitted" in done.stderr or "unshare failed" in done.stderr or "Kernel error" in done.stderr:
        pytest.skip("this kernel keeps no sets for a user")
    assert (done.returncode, done.stderr) == (0, "")
    held = {line.split()[2] for line in done.stdout.splitlines() if line.startswith("add ")}
    assert held == {entry.address for entry in blocklist.entries(CASE)}


def test_suricata_rules_parse_with_a_sid_of_their_own_for_each_direction(need) -> None:
    rules = need("suricataparser").parse_rules(firewalls.render(CASE, "suricata"))
    assert len(rules) == 2 * len(blocklist.entries(CASE))
    assert len({rule.sid for rule in rules}) == len(rules)
    assert all(1_000_000 <= rule.sid < 2_000_000 and rule.action == "drop" for rule in rules)
    assert {rule.header for rule in rules} >= {
        "ip 2001:db8::7 any -> $HOME_NET any",
        "ip $HOME_NET any -> 9.9.9.200 any",
    }


def test_a_splunk_lookup_is_a_table_with_one_row_for_each_address() -> None:
    rows = list(csv.DictReader(firewalls.render(CASE, "splunk-lookup").splitlines()))
    assert [row["ip"] for row in rows] == [entry.address for entry in blocklist.entries(CASE)]
    assert set(rows[0]) == {"ip", "until", "confidence"}


def test_pf_reads_one_address_a_line_and_comments() -> None:
    lines = [line.split("#")[0].strip() for line in firewalls.render(CASE, "pf").splitlines()]
    assert [line for line in lines if line] == [entry.address for entry in blocklist.entries(CASE)]
