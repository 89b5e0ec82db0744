"""Asking one provider: within its quota, after the audit line, again where that makes sense, and never with a raise."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from pathlib import Path
from typing import Any, Dict, List, Optional

import pytest
from runs import KEY, START, Ticks, Told, answering, settings_for, source_of

from ipthreat.asking import Asking
from ipthreat.breaker import Breaker
from ipthreat.clock import Run
from ipthreat.dossier import Evidence, Status, Verdict
from ipthreat.egress import Audit
from ipthreat.errors import FetchError, FetchTimeout
from ipthreat.exchange import MockTransport, Request, Response
from ipthreat.quota import Ledger
from ipthreat.testkit.vendors import FakeVendor

ADDRESS = "8.8.8.8"


class Setting:
    """One provider in one run over a callable that answers."""

    def __init__(
        self,
        answer: Any,
        vendor: Optional[FakeVendor] = None,
        seconds: float = 60.0,
        path: Optional[Path] = None,
        ledger: Optional[Path] = None,
        **settings: Any,
    ) -> None:
        self.ticks, self.transport = Ticks(), MockTransport(answer)
        self.ledger = Ledger(ledger, clock=self.ticks.clock, tell=Told())
        self.run = Run(seconds, self.ticks.clock)
        self.answered: List[Dict[str, Evidence]] = []
        vendor = vendor or FakeVendor()
        self.source = source_of(vendor, self.transport, settings_for(vendor.name, reserve=0.0, **settings))
        self.asking = Asking(
            self.source,
            self.ledger,
            Audit(path, "run-1", "TLP:GREEN"),
            self.run,
            lambda addresses, response, found: self.answered.append(dict(found)),
            jitter=lambda: 1.0,
        )

    def ask(self, *addresses: str) -> Evidence:
        return self.asking.ask(addresses or (ADDRESS,))[addresses[0] if addresses else ADDRESS]


def in_turn(*answers: Any):
    """Each answer once, the last one for ever; an exception is raised."""
    queue = list(answers)

    def _answer(request: Request) -> Response:
        answer = queue.pop(0) if len(queue) > 1 else queue[0]
        if isinstance(answer, Exception):
            raise answer
        return answer(request) if callable(answer) else answer

    return _answer


def test_an_answer_is_evidence_of_the_provider():
    setting = Setting(answering(verdict="malicious", score=90))
    found = setting.ask()
    assert (found.source, found.status, found.verdict, found.score) == ("vendor", Status.OK, Verdict.MALICIOUS, 90)
    assert setting.answered == [{ADDRESS: found}]
    assert setting.asking.requests == 1


@pytest.mark.parametrize(
    "code, status",
    [
        (401, "auth_error"),
        (403, "forbidden"),
        (404, "error"),
        (429, "rate_limited"),
        (500, "error"),
        (200, "error"),
    ],
)
def test_a_status_is_documented_evidence_without_a_verdict(code: int, status: str):
    found = Setting(in_turn(Response(code))).ask()
    assert (found.status, found.verdict, found.score) == (Status(status), Verdict.UNKNOWN, None)
    assert found.reason


@pytest.mark.parametrize("error, status", [(FetchTimeout("late"), "timeout"), (FetchError("refused"), "error")])
def test_a_failure_to_get_an_answer_is_evidence(error: FetchError, status: str):
    setting = Setting(in_turn(error))
    found = setting.ask()
    assert (found.status, found.reason) == (Status(status), str(error))
    assert setting.answered == []


def test_an_overloaded_server_is_asked_again_within_the_quota():
    setting = Setting(in_turn(Response(503), Response(502), answering()))
    assert setting.ask().status is Status.OK
    assert setting.asking.requests == 3
    assert setting.ledger.standing(setting.source.account).used["day"] == 3
    assert setting.ticks.waited == [0.5, 1.0]


def test_a_retry_the_quota_has_no_room_for_is_not_made():
    setting = Setting(in_turn(Response(503)), FakeVendor(quota={"day": 2}))
    assert setting.ask().status is Status.RATE_LIMITED
    assert setting.asking.requests == 2


def test_a_short_retry_after_is_waited_for_and_all_who_share_the_key_wait():
    setting = Setting(in_turn(Response(429, {"Retry-After": "2"}), answering()))
    assert setting.ask().status is Status.OK
    assert setting.ledger.standing(setting.source.account).why == "vendor said that the quota is spent"
    assert setting.ticks.now == START + 2


def test_a_long_retry_after_ends_the_asking_and_says_until_when():
    setting = Setting(in_turn(Response(429, {"Retry-After": "3600"})))
    found = setting.ask()
    assert found.status is Status.RATE_LIMITED
    assert found.reason == "the quota is spent until 2026-11-24 13:00:00 UTC (HTTP 429)"
    assert setting.ask("1.1.1.1").status is Status.RATE_LIMITED
    assert setting.asking.requests == 1


def test_no_retry_after_is_believed_beyond_a_day_and_one_date_is_told():
    setting = Setting(in_turn(Response(429, {"Retry-After": "999999999"})))
    assert setting.ask().reason == "the quota is spent until 2026-11-25 12:00:00 UTC (HTTP 429)"
    assert setting.ledger.standing(setting.source.account).blocked_until == START + 86_400


def test_no_reset_is_believed_beyond_forty_days_and_one_date_is_told():
    far = {"X-reset": "4000000000", "X-RateLimit-Reset": "4000000000"}
    setting = Setting(in_turn(Response(429, far)))
    reason = "the quota is spent (HTTP 429); nothing is asked before 2027-01-03 12:00:00 UTC"
    assert setting.ask().reason == reason
    assert setting.ledger.standing(setting.source.account).blocked_until == START + 40 * 86_400


def test_a_service_that_asks_to_be_left_alone_is_by_all_who_share_the_key():
    setting = Setting(in_turn(Response(503, {"Retry-After": "300"})))
    assert setting.ask().status is Status.ERROR
    standing = setting.ledger.standing(setting.source.account)
    assert (standing.blocked_until, standing.why) == (START + 300, "vendor asked to be left alone")


def test_what_was_not_asked_does_not_hide_how_the_last_question_ended():
    setting = Setting(in_turn(FetchError("broken")), seconds=30.0)
    setting.ask()
    setting.ticks.move(31)
    assert setting.ask("1.1.1.1").status is Status.NOT_ASKED
    assert setting.asking.last == (Status.ERROR, "broken")


def test_a_new_day_that_begins_within_the_run_is_waited_for():
    late = Setting(answering(), FakeVendor(quota={"day": 1}), seconds=43_240.0)
    assert late.ask().status is Status.OK
    assert late.ask("1.1.1.1").status is Status.OK
    assert late.ticks.now == START + 43_200


def test_a_busy_ledger_is_asked_again_within_the_run(tmp_path: Path):
    setting = Setting(answering(), ledger=tmp_path / "quota.sqlite")
    setting.ask()
    with contextlib.closing(sqlite3.connect(tmp_path / "quota.sqlite", isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        setting.run = setting.asking.run = Run(0.5, setting.ticks.clock)
        found = setting.ask("1.1.1.1")
        assert found.status is Status.RATE_LIMITED
        assert found.reason == "the ledger is busy: another process has held it for too long"
        setting.run = setting.asking.run = Run(5.0, setting.ticks.clock)
        setting.asking.breaker = Breaker()
        setting.ticks.meanwhile = holder.rollback
        assert setting.ask("9.9.9.9").status is Status.OK
    assert len(setting.transport.requests) == 2


def test_an_answer_is_handed_over_before_it_is_stored():
    setting = Setting(answering())
    stored = []
    setting.asking.ask((ADDRESS,), lambda found: stored.append(list(setting.answered)))
    assert stored == [[]]
    assert len(setting.answered) == 1


def test_a_refusal_without_a_word_of_when_holds_for_a_minute():
    setting = Setting(in_turn(Response(429)))
    assert "nothing is asked before 2026-11-24 12:01:00 UTC" in setting.ask().reason
    assert setting.ledger.standing(setting.source.account).blocked_until == START + 60


def test_a_refusal_with_a_reset_holds_until_then():
    setting = Setting(in_turn(Response(429, {"X-reset": str(int(START) + 600)})))
    assert "nothing is asked before 2026-11-24 12:10:00 UTC" in setting.ask().reason


def test_a_refused_key_is_not_tried_again_in_the_run():
    setting = Setting(in_turn(Response(401)))
    assert setting.ask().status is Status.AUTH_ERROR
    found = setting.ask("1.1.1.1")
    assert (found.status, found.reason) == (Status.AUTH_ERROR, "not asked: the key was refused (HTTP 401)")
    assert setting.asking.requests == 1


def test_a_provider_that_keeps_failing_is_left_alone():
    setting = Setting(in_turn(FetchError("broken")))
    found = [setting.ask(f"9.9.9.{number}") for number in range(8)]
    assert {item.status for item in found} == {Status.ERROR}
    assert setting.asking.requests == 5


def test_it_waits_for_its_turn():
    setting = Setting(answering(), FakeVendor(quota={"minute": 1}), seconds=100.0)
    for number in range(2):
        assert setting.ask(f"9.9.9.{number}").status is Status.OK
    assert setting.ticks.now == pytest.approx(START + 61.8)


def test_a_turn_that_comes_after_the_end_of_the_run_is_not_waited_for():
    setting = Setting(answering(), FakeVendor(quota={"minute": 1}), seconds=30.0)
    setting.ask()
    found = setting.ask("1.1.1.1")
    assert (found.status, setting.ticks.waited) == (Status.RATE_LIMITED, [])
    assert "leaves no room before 2026-11-24 12:01:01 UTC" in found.reason


def test_after_the_deadline_nothing_is_asked():
    setting = Setting(answering(), seconds=30.0)
    setting.ticks.move(31)
    found = setting.ask()
    assert (found.status, found.reason) == (Status.NOT_ASKED, "the 30 s of the run were over")
    assert setting.transport.requests == []


def test_a_stopped_run_gives_back_what_it_was_granted():
    setting = Setting(answering(), FakeVendor(quota={"minute": 1}), seconds=100.0)
    setting.ask()
    setting.ticks.meanwhile = setting.run.stop
    found = setting.ask("1.1.1.1")
    assert (found.status, found.reason) == (Status.NOT_ASKED, "the run was stopped")
    assert setting.ledger.standing(setting.source.account).used["day"] == 1


def test_what_answers_say_of_the_quota_is_learnt():
    setting = Setting(in_turn(Response(200, {"X-remaining-day": "1", "X-limit-day": "50"}, b'{"verdict": "unknown"}')))
    setting.ask()
    standing = setting.ledger.standing(setting.source.account)
    assert (standing.limits, standing.left) == ({"day": 50}, {"day": 1})


def test_each_attempt_is_recorded_before_it_is_made(tmp_path: Path):
    path = tmp_path / "egress.log"
    lines = []

    def _answer(request: Request) -> Response:
        lines.append(len(path.read_text().splitlines()))
        return Response(503)

    setting = Setting(_answer, path=path)
    setting.ask()
    assert lines == [1, 2, 3, 4]
    assert json.loads(path.read_text().splitlines()[0])["addresses"] == [ADDRESS]
    assert KEY not in path.read_text()


def test_what_cannot_be_recorded_is_not_sent(tmp_path: Path):
    (tmp_path / "file").write_text("")
    setting = Setting(answering(), path=tmp_path / "file" / "egress.log")
    found = setting.ask()
    assert found.status is Status.ERROR
    assert "what cannot be recorded is not sent" in found.reason
    assert setting.transport.requests == []
    assert setting.ledger.standing(setting.source.account).used["day"] == 0


def test_a_key_that_the_server_repeats_is_nowhere():
    body = json.dumps({"verdict": KEY, "score": 1}).encode()
    setting = Setting(in_turn(Response(200, {"X-Echo": KEY}, body)))
    assert KEY not in repr(setting.ask()) + repr(setting.answered)


def test_a_key_in_a_failure_is_nowhere():
    assert KEY not in Setting(in_turn(FetchError(f"no way to https://vendor.example/?key={KEY}"))).ask().reason


# Batches


def many(request: Request) -> Response:
    wanted = json.loads(request.body)["addresses"]
    return Response(200, {}, json.dumps({"answers": {name: {"verdict": "unknown"} for name in wanted[:2]}}).encode())


def test_an_address_of_which_an_answer_says_nothing_has_an_entry():
    found = Setting(many, FakeVendor(batch=10)).asking.ask(["8.8.8.8", "1.1.1.1", "9.9.9.9"])
    assert [found[name].status.value for name in ("8.8.8.8", "1.1.1.1", "9.9.9.9")] == ["ok", "ok", "error"]


def test_a_batch_that_is_charged_per_address_counts_for_each():
    setting = Setting(many, FakeVendor(batch=10, charge=1, quota={"day": 10}))
    setting.asking.ask(["8.8.8.8", "1.1.1.1", "9.9.9.9"])
    assert setting.ledger.standing(setting.source.account).left == {"day": 7}


def test_a_batch_costs_no_more_than_a_whole_day_s_share():
    assert Setting(many, FakeVendor(batch=100, charge=1, quota={"day": 30})).source.at_once == 30
    assert Setting(many, FakeVendor(batch=100, charge=2, quota={"day": 30})).source.at_once == 15
    assert Setting(many, FakeVendor(batch=100, quota={"day": 30})).source.at_once == 100
    assert Setting(many, FakeVendor(batch=100, charge=9, quota={"day": 3})).source.at_once == 1


def test_a_batch_with_some_failures_is_no_failure_of_the_provider():
    setting = Setting(many, FakeVendor(batch=10))
    for _ in range(10):
        setting.asking.ask(["8.8.8.8", "1.1.1.1", "9.9.9.9"])
    assert setting.asking.breaker.cause is None


# Providers of third parties


class Careless(FakeVendor):
    """A provider that breaks its promises."""

    def question(self, addresses, settings):
        if addresses[0] == "1.1.1.1":
            raise KeyError("no base URL")
        return super().question(addresses, settings)

    def answers(self, addresses, response, retrieved_at):
        return {} if addresses[0] == "9.9.9.9" else super().answers(addresses, response, None) and response.nonsense

    def rate(self, response):
        raise ValueError("no number")


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "9.9.9.9"])
def test_a_provider_that_breaks_its_promises_ends_as_evidence(address: str):
    found = Setting(answering(), Careless()).ask(address)
    assert (found.status, found.verdict) == (Status.ERROR, Verdict.UNKNOWN)
    assert found.reason
