"""What a key may really spend is learnt from the vendor: once a day, before the first look-up, as any other request."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from pathlib import Path
from typing import Any, Optional

import pytest
from answers import answer, changed, load
from runs import KEY, START, Ticks, Told, dossiers_of, live_over, settings_for, statuses
from vtserver import asked, virustotal

from ipthreat.exchange import MockTransport, Response
from ipthreat.live import Live
from ipthreat.livesource import LiveSource
from ipthreat.metering import quota_errand
from ipthreat.providers.virustotal import VirusTotal
from ipthreat.quota import Account, Ledger, Standing
from ipthreat.quota.account import account_name
from ipthreat.settings import ProviderSettings

DAY = 86_400.0
USER = {"extra": {"user": "somebody"}}


def quotas(day: int, used: int) -> Response:
    """An account that may ask so much a day, with a month that is not in the way."""
    body = changed(load("virustotal", "quotas"), {"allowed": day, "used": used}, "data", "api_requests_daily", "user")
    return answer(changed(body, {"allowed": 10**6, "used": 0}, "data", "api_requests_monthly", "user"))


def asking(folder: Path, transport: MockTransport, ticks: Optional[Ticks] = None, own: Any = USER, **wish: Any) -> Live:
    settings = settings_for("virustotal", own=own, reserve=0.0)
    return live_over(folder, transport, vendors=[VirusTotal()], settings=settings, ticks=ticks, **wish)


def standing(folder: Path, at: float = START) -> Standing:
    ledger = Ledger(folder / "quota.sqlite", clock=Ticks(at).clock, tell=Told())
    return ledger.standing(Account(account_name("virustotal", KEY), dict(VirusTotal.quota)))


def test_the_limits_and_what_is_left_are_learnt_before_the_first_look_up(tmp_path: Path):
    transport = MockTransport(virustotal(overall_quotas=quotas(20_000, 50)))
    live = asking(tmp_path, transport)
    assert statuses(live.answers(dossiers_of("8.8.8.8"))) == {"8.8.8.8": ["ok"]}
    assert [request.url.rpartition("/")[2] for request in transport.requests] == ["overall_quotas", "8.8.8.8"]
    now = standing(tmp_path)
    assert (now.limits["day"], now.limits["hour"], now.limits["minute"]) == (20_000, 240, 4)
    assert now.told == {"day", "month"}
    assert now.left["day"] == 20_000 - 50 - 1  # the look-up that followed


def test_a_key_that_has_nothing_left_is_not_spent_on_look_ups(tmp_path: Path):
    transport = MockTransport(virustotal(overall_quotas=quotas(500, 500)))
    assert statuses(asking(tmp_path, transport).answers(dossiers_of("8.8.8.8"))) == {"8.8.8.8": ["rate_limited"]}
    assert asked(transport.requests) == {"overall_quotas": 1}


def test_it_is_asked_once_a_day(tmp_path: Path):
    ticks, transport = Ticks(), MockTransport(virustotal(overall_quotas=quotas(500, 0)))
    for address in ("8.8.8.8", "1.1.1.1"):
        asking(tmp_path, transport, ticks).answers(dossiers_of(address))
    assert asked(transport.requests)["overall_quotas"] == 1
    ticks.move(DAY)
    asking(tmp_path, transport, ticks).answers(dossiers_of("9.9.9.9"))
    assert asked(transport.requests)["overall_quotas"] == 2


def test_it_is_asked_once_in_a_run_of_many_threads(tmp_path: Path):
    transport = MockTransport(virustotal(overall_quotas=Response(500)))
    asking(tmp_path, transport, own={**USER, "quota": {"minute": 1000}}).answers(
        dossiers_of(*[f"9.9.9.{number}" for number in range(12)])
    )
    assert asked(transport.requests)["overall_quotas"] == 1


def test_without_a_user_name_or_anything_to_ask_it_is_not_asked(tmp_path: Path):
    transport = MockTransport(virustotal())
    asking(tmp_path, transport, own={}).answers(dossiers_of("8.8.8.8"))
    asking(tmp_path, transport).answers(dossiers_of("8.8.8.8"))  # the store knows it
    asking(tmp_path, transport, dry=True).answers(dossiers_of("1.1.1.1"))
    assert asked(transport.requests) == {"8.8.8.8": 1}


def test_it_is_counted_and_in_the_audit_file_without_an_address(tmp_path: Path):
    live = asking(tmp_path, MockTransport(virustotal(overall_quotas=quotas(500, 0))))
    live.answers(dossiers_of("8.8.8.8"))
    assert live.requests == {"virustotal": 2}
    assert standing(tmp_path).used["day"] == 2
    lines = [json.loads(line) for line in (tmp_path / "egress.log").read_text(encoding="utf-8").splitlines()]
    assert [line["addresses"] for line in lines] == [[], ["8.8.8.8"]]
    assert KEY not in (tmp_path / "egress.log").read_text(encoding="utf-8")


def test_the_plan_has_it(tmp_path: Path):
    transport = MockTransport(virustotal(overall_quotas=quotas(500, 0)))
    assert asking(tmp_path, transport).plan(dossiers_of("8.8.8.8")).requests == 2
    asking(tmp_path, transport).answers(dossiers_of("8.8.8.8"))
    assert asking(tmp_path, transport).plan(dossiers_of("1.1.1.1")).requests == 1
    assert asking(tmp_path, transport).plan(dossiers_of("8.8.8.8")).requests == 0


@pytest.mark.parametrize(
    "response, words",
    [
        (Response(401), "auth error"),
        (Response(403), "forbidden"),
        (Response(404), "error"),
        (Response(500), "error"),
    ],
)
def test_an_account_that_does_not_tell_is_no_hindrance_and_one_line(tmp_path: Path, response: Response, words: str):
    live = asking(tmp_path, MockTransport(virustotal(overall_quotas=response)))
    assert statuses(live.answers(dossiers_of("8.8.8.8"))) == {"8.8.8.8": ["ok"]}
    (remark,) = live.remarks
    assert remark.startswith(f"virustotal does not tell what the account may still ask ({words}: ")
    assert KEY not in remark


@pytest.mark.parametrize(
    "body", [b"<html>", b'{"data": {"api_re', b"{}", b"[]", b'{"data": {"api_requests_daily": 5}}']
)
def test_an_answer_without_figures_teaches_nothing(tmp_path: Path, body: bytes):
    live = asking(tmp_path, MockTransport(virustotal(overall_quotas=Response(200, {}, body))))
    assert statuses(live.answers(dossiers_of("8.8.8.8"))) == {"8.8.8.8": ["ok"]}
    assert standing(tmp_path).limits["day"] == 500
    assert [remark.partition("(")[2] for remark in live.remarks] == ["error: the answer names no quota)"]


def test_a_limit_that_the_user_settled_is_not_overridden(tmp_path: Path):
    transport = MockTransport(virustotal(overall_quotas=quotas(20_000, 0)))
    live = asking(tmp_path, transport, own={**USER, "quota": {"day": 2}})
    found = statuses(live.answers(dossiers_of("8.8.8.8", "1.1.1.1")))
    assert sorted(words for (words,) in found.values()) == ["ok", "rate_limited"]


def test_a_ledger_that_others_hold_is_not_waited_for_to_ask(tmp_path: Path):
    asking(tmp_path, MockTransport(virustotal())).answers(dossiers_of("8.8.8.8"))
    settings = ProviderSettings(key=KEY, extra={"user": "somebody"})
    account = Account(account_name("virustotal", KEY), dict(VirusTotal.quota))
    source = LiveSource(VirusTotal(), settings, account, MockTransport(virustotal()))
    ledger = Ledger(tmp_path / "quota.sqlite", clock=Ticks(START + DAY).clock, tell=Told())
    assert quota_errand(source, ledger) is not None
    with contextlib.closing(sqlite3.connect(tmp_path / "quota.sqlite", isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        assert quota_errand(source, ledger) is not None  # reading does not wait for who writes
