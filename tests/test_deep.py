"""The deep look: what is tied to one address is asked for once, within the quota, and never for many addresses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Optional

import pytest
from answers import answer
from runs import KEY, START, Ticks, Told, dossiers_of, live_over, settings_for
from vtserver import asked, virustotal

from ipthreat.deep import lacking
from ipthreat.dossier import Allowance, Evidence, SourceKind, Status
from ipthreat.exchange import MockTransport, Response
from ipthreat.live import Live
from ipthreat.providers.virustotal import VirusTotal
from ipthreat.quota import Account, Ledger
from ipthreat.quota.account import account_name
from ipthreat.report.citations import statement, tied

HOUR = 3600.0
BOTH = {"resolutions": 1, "communicating_files": 1}


def looking(
    folder: Path, transport: MockTransport, *, deep: bool = True, own: Optional[dict] = None, **more: Any
) -> Live:
    settings = settings_for("virustotal", own=own or {}, reserve=0.0)
    return live_over(folder, transport, vendors=[VirusTotal()], settings=settings, deep=deep, **more)


def found_of(live: Live, **dossier: Any) -> Evidence:
    (found,) = live.answers(dossiers_of("8.8.8.8", **dossier))["8.8.8.8"]
    return found


def test_names_and_files_tied_to_the_address_are_in_its_entry(tmp_path: Path):
    transport = MockTransport(virustotal())
    live = looking(tmp_path, transport)
    found = found_of(live)
    assert asked(transport.requests) == {"8.8.8.8": 1, **BOTH}
    assert found.related[:2] == ("new.example", "old.example")
    assert found.related[2] == f"{'9f' * 32} (invoice.exe 50/70)"
    assert (found.counts["resolutions"], found.counts["communicating_files"]) == (57, 2)
    assert (found.status, live.remarks) == (Status.OK, ())


def test_the_report_says_in_its_line_of_evidence_what_is_tied_to_the_address(tmp_path: Path):
    assert statement(found_of(looking(tmp_path, MockTransport(virustotal())))).endswith(
        "; 57 names resolved to it, 2 files talk to it"
    )
    assert tied(Evidence("virustotal", SourceKind.PROVIDER, Status.OK)) == ""


def test_each_relation_is_a_request_of_the_quota_and_a_line_of_the_audit_file(tmp_path: Path):
    live = looking(tmp_path, MockTransport(virustotal()))
    found_of(live)
    assert live.requests == {"virustotal": 3}
    ledger = Ledger(tmp_path / "quota.sqlite", clock=Ticks(START + 5).clock, tell=Told())
    assert ledger.standing(Account(account_name("virustotal", KEY))).used["day"] == 3
    lines = [json.loads(line) for line in (tmp_path / "egress.log").read_text(encoding="utf-8").splitlines()]
    assert [line["addresses"] for line in lines] == [["8.8.8.8"]] * 3


def test_without_the_wish_nothing_more_is_asked(tmp_path: Path):
    transport = MockTransport(virustotal())
    found_of(looking(tmp_path, transport, deep=False))
    assert asked(transport.requests) == {"8.8.8.8": 1}


def test_a_run_over_several_addresses_is_never_deep(tmp_path: Path):
    transport = MockTransport(virustotal())
    looking(tmp_path, transport).answers(dossiers_of("8.8.8.8", "1.1.1.1"))
    assert asked(transport.requests) == {"8.8.8.8": 1, "1.1.1.1": 1}


def test_what_the_store_knows_of_the_relations_is_not_asked_for_again(tmp_path: Path):
    first = found_of(looking(tmp_path, MockTransport(virustotal())))
    transport = MockTransport(virustotal())
    assert found_of(looking(tmp_path, transport)) == first
    assert transport.requests == []


def test_an_address_that_the_store_knows_is_looked_at_deeply_without_a_new_look_up(tmp_path: Path):
    ticks, transport = Ticks(), MockTransport(virustotal())
    found_of(looking(tmp_path, MockTransport(virustotal()), deep=False, ticks=ticks))
    ticks.move(HOUR)
    assert found_of(looking(tmp_path, transport, ticks=ticks)).related
    assert asked(transport.requests) == BOTH


def test_the_deep_look_makes_the_look_up_itself_no_younger(tmp_path: Path):
    ticks, transport = Ticks(), MockTransport(virustotal())
    found_of(looking(tmp_path, MockTransport(virustotal()), deep=False, ticks=ticks))
    ticks.move(HOUR)
    found_of(looking(tmp_path, MockTransport(virustotal()), ticks=ticks))
    ticks.move(23.5 * HOUR)
    found_of(looking(tmp_path, transport, deep=False, ticks=ticks))
    assert asked(transport.requests) == {"8.8.8.8": 1}


@pytest.mark.parametrize(
    "response, words",
    [
        (answer({"error": {"code": "ForbiddenError"}}, 403), "forbidden"),
        (Response(401), "auth error"),
        (Response(404), "error"),
        (Response(429, {"Retry-After": "3600"}), "rate limited"),
        (Response(500), "error"),
        (Response(200, {}, b"<html>"), "error"),
        (Response(200, {}, b'{"data": [{"ty'), "error"),
        (answer({"data": {"a": 1}}), "error"),
    ],
)
def test_a_relation_that_cannot_be_had_is_told_and_spoils_nothing(tmp_path: Path, response: Response, words: str):
    live = looking(tmp_path, MockTransport(virustotal(communicating_files=response)))
    found = found_of(live)
    assert (found.status, found.related) == (Status.OK, ("new.example", "old.example"))
    assert "communicating_files" not in found.counts
    (remark,) = live.remarks
    assert remark.startswith(f"virustotal: communicating files of 8.8.8.8: {words}: ")


def test_a_quota_that_suffices_for_the_look_up_alone_is_spent_on_that(tmp_path: Path):
    live = looking(tmp_path, MockTransport(virustotal()), own={"quota": {"day": 1}})
    assert found_of(live).status is Status.OK
    assert [remark.split(": ")[2] for remark in live.remarks] == ["rate limited", "rate limited"]
    assert live.requests == {"virustotal": 1}


def test_a_relation_without_entries_is_an_answer_and_is_not_asked_for_again(tmp_path: Path):
    found = found_of(looking(tmp_path, MockTransport(virustotal(resolutions=answer({"data": []})))))
    assert found.counts["resolutions"] == 0
    assert lacking(found) == []


def test_an_address_on_the_allow_list_is_not_looked_at(tmp_path: Path):
    found_of(looking(tmp_path, MockTransport(virustotal()), deep=False))
    transport = MockTransport(virustotal())
    found_of(looking(tmp_path, transport), allowance=Allowance("8.8.8.8"))
    assert transport.requests == []


@pytest.mark.parametrize("wish", [{"budget": 0}, {"dry": True}, {"tlp": "TLP:AMBER"}])
def test_without_a_budget_in_a_dry_run_and_above_the_ceiling_nothing_is_asked(tmp_path: Path, wish: dict):
    found_of(looking(tmp_path, MockTransport(virustotal()), deep=False))
    transport = MockTransport(virustotal())
    found_of(looking(tmp_path, transport, **wish))
    assert transport.requests == []


def test_a_failed_look_up_is_no_ground_for_a_deep_one(tmp_path: Path):
    transport = MockTransport(lambda request: Response(401))
    assert found_of(looking(tmp_path, transport)).status is Status.AUTH_ERROR
    assert len(transport.requests) == 1


def test_the_plan_has_the_requests_of_the_deep_look(tmp_path: Path):
    live = looking(tmp_path, MockTransport(virustotal()), dry=True)
    assert live.plan(dossiers_of("8.8.8.8")).requests == 3
    assert live.plan(dossiers_of("8.8.8.8", "1.1.1.1")).requests == 2
    found_of(looking(tmp_path, MockTransport(virustotal()), deep=False))
    assert looking(tmp_path, MockTransport(virustotal()), dry=True).plan(dossiers_of("8.8.8.8")).requests == 2
    found_of(looking(tmp_path, MockTransport(virustotal())))
    assert looking(tmp_path, MockTransport(virustotal()), dry=True).plan(dossiers_of("8.8.8.8")).requests == 0


def test_the_run_makes_the_requests_of_its_plan(tmp_path: Path):
    planned = looking(tmp_path, MockTransport(virustotal()), dry=True).plan(dossiers_of("8.8.8.8")).requests
    live = looking(tmp_path, MockTransport(virustotal()))
    found_of(live)
    assert live.requests == {"virustotal": planned}
