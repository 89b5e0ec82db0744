"""Hunt queries that Sigma's own library reads."""

from __future__ import annotations

from typing import Any, List

from cases import build_case, crowded_case, golden_case, quiet_case, telling_case
from dossiers import behaviour, dossier, provider, sighting, virustotal, warning_list

from ipthreat.dossier import Allowance
from ipthreat.report import sigma

SURE = (virustotal(9, 2), provider("greynoise", "malicious"))


def read(need: Any, text: str) -> List[Any]:
    """The rules as pySigma reads them; it raises for what is none."""
    return list(need("sigma.collection").SigmaCollection.from_yaml(text).rules)


def test_the_rules_are_read_by_sigma_without_complaint(need: Any) -> None:
    network, web = read(need, sigma.rules(telling_case()))
    assert network.logsource.category == "firewall"
    assert web.logsource.category == "webserver"
    assert not network.errors
    assert not web.errors
    assert {str(tag) for tag in network.tags} == {"attack.t1041", "attack.t1071", "attack.t1078", "attack.t1110",
                                                  "attack.t1595"}  # fmt: skip
    assert network.level.name == "HIGH"


def test_both_directions_are_hunted_and_the_tools_by_name(need: Any) -> None:
    text = sigma.rules(golden_case())
    assert text.count('- "18.237.3.202"') == 3
    assert "selection_source:" in text
    assert "selection_target:" in text
    assert 'cs-user-agent|contains:\n            - "dirbuster"\n            - "nikto"\n            - "nmap"' in text


def test_what_is_spared_is_not_hunted_for() -> None:
    allowed = dossier(*SURE, did=[behaviour("brute_force", succeeded=True)], allowance=Allowance("198.51.100.0/24"))
    operated = dossier(*SURE, warning_list("cdn"), sighting=sighting())
    for given in (build_case(allowed), build_case(operated), quiet_case(), build_case()):
        assert sigma.rules(given) == "# no address of High or Medium priority to hunt for\n"


def test_the_level_is_medium_when_no_address_is_of_high_priority(need: Any) -> None:
    rules = read(need, sigma.rules(build_case(dossier(virustotal(7, 3)))))
    assert {rule.level.name for rule in rules} == {"MEDIUM"}


def test_a_title_of_any_characters_stays_a_title(need: Any) -> None:
    given = crowded_case(30)
    object.__setattr__(given, "tlp", 'TLP:RED"\nlevel: low\n#')
    assert {rule.level.name for rule in read(need, sigma.rules(given))} == {"HIGH"}


def test_the_same_case_gives_the_same_rules() -> None:
    assert sigma.rules(crowded_case(30)) == sigma.rules(crowded_case(30))
