"""The techniques of a case as a layer that the ATT&CK Navigator opens."""

from __future__ import annotations

import json

from cases import build_case, crowded_case, quiet_case, telling_case

from ipthreat.report import navigator


def test_a_technique_scores_the_addresses_that_showed_it() -> None:
    layer = navigator.layer(telling_case())
    found = {item["techniqueID"]: item for item in layer["techniques"]}
    assert set(found) == {"T1041", "T1071", "T1078", "T1110", "T1595"}
    assert found["T1595"]["score"] == 2
    assert found["T1595"]["comment"] == "Active Scanning: 2 addresses (18.237.3[.]202, 10.0.0[.]9)"
    assert found["T1041"]["comment"] == "Exfiltration Over C2 Channel: 1 address (2001:db8:4:[:]1)"


def test_the_layer_has_what_the_format_demands_and_is_the_same_twice() -> None:
    layer = navigator.layer(telling_case())
    assert layer["domain"] == "enterprise-attack"
    assert layer["versions"]["layer"] == "4.5"
    assert all(set(item) == {"techniqueID", "score", "comment", "enabled"} for item in layer["techniques"])
    assert json.dumps(layer) == json.dumps(navigator.layer(telling_case()))


def test_the_darkest_colour_is_for_the_technique_of_the_most_addresses() -> None:
    layer = navigator.layer(crowded_case(60))
    assert layer["gradient"]["maxValue"] == max(item["score"] for item in layer["techniques"])


def test_of_many_addresses_five_are_named() -> None:
    comments = [item["comment"] for item in navigator.layer(crowded_case(120))["techniques"]]
    assert any(" more)" in comment for comment in comments)
    assert all(comment.count("[.]") + comment.count("[:]") <= 5 for comment in comments)


def test_a_case_without_techniques_is_a_layer_without_techniques() -> None:
    assert navigator.layer(quiet_case())["techniques"] == []
    assert navigator.layer(build_case())["gradient"]["maxValue"] == 1
