"""The alert action `ipthreat_report`: results in, both reports out, delivered once to each target.

| what happens | what becomes of it |
|---|---|
| no results file, but a result in the payload (an ad hoc run) | that result is judged |
| no results file and no result, or a file that cannot be read | outcome `failed`, exit code 2 |
| an empty results file, no address in it, none pressing enough | outcome `nothing`, exit code 0 |
| providers or KV store away, session without the capability | judged without them, which the reports say |
| a target fails | the others are delivered; outcome `failed` for this one, exit code 2 |
| run again for the same search | outcome `skipped` |

Each outcome is one line in ipthreat.log, which Splunk indexes in `_internal`.
"""

from __future__ import annotations

import sys
import time
from datetime import datetime
from typing import Any, Dict, List, Mapping, Optional, TextIO, Tuple

from ..asking import FAULTS
from ..errors import InputError, IpthreatError, SplunkError
from ..policy import policy_named
from ..redaction import Redaction
from .alert_es import Es
from .alert_payload import LARGEST, Payload, payload_of
from .alert_report import AlertCase, parcel_for, pressing_of
from .alert_results import Results
from .broker_client import BrokerClient, Search
from .conf import APP, read_conf
from .delivery.parcel import MOST_ROWS, Parcel
from .rest import note
from .splunkd import Splunkd

SECONDS = 120.0
"""Seconds a delivery may take: the handler tries again by itself."""
_BUDGET, _TIMEOUT = 100, 60
_UNFORESEEN = (*FAULTS, OSError, RuntimeError, MemoryError)


class Action:
    """One run of the action."""

    def __init__(self, payload: Payload, splunkd: Optional[Splunkd] = None) -> None:
        self._payload = payload
        self._splunkd = splunkd or Splunkd(payload.uri, payload.session_key)
        self._started = time.monotonic()
        self._redaction = Redaction([payload.session_key])
        self.failed = False
        """True when something was not delivered that should have been."""

    def run(self) -> None:
        """Judges and delivers; every outcome is told in the log."""
        try:
            self._run()
        except IpthreatError as error:
            self.outcome("failed", detail=str(error))
        except _UNFORESEEN as error:
            self.outcome("failed", detail=f"the action failed ({type(error).__name__})")

    def outcome(self, word: str, **facts: Any) -> None:
        """Notes an outcome: `delivered`, `skipped`, `nothing` or `failed`."""
        self.failed = self.failed or word == "failed"
        payload = self._payload
        about = {"action": "ipthreat_report", "outcome": word, "sid": payload.sid, "search_name": payload.search_name}
        seconds = f"{time.monotonic() - self._started:.3f}"
        told: Dict[str, object] = {**about, "owner": payload.owner, **facts, "seconds": seconds}
        clean = {name: self._redaction.text(str(value)) for name, value in told.items()}
        note("ERROR" if word == "failed" else "INFO", clean)

    def _run(self) -> None:
        judge = AlertCase(self._payload)
        problems = self._read(judge)
        client = self._client(judge.moment)
        case = judge.case(client)
        if client is not None:
            problems += [text for text in (client.problem, *client.messages) if text]
        counts = {"rows": judge.account.read, "addresses": len(case.assessments), "hostile": len(case.hostile)}
        facts: Dict[str, Any] = {**counts, "problems": "; ".join(problems)[:300]}
        pressing = pressing_of(self._payload, case)
        if not pressing:
            why = (
                "no address"
                if not case.assessments
                else f"no address of priority {self._payload.params.least.value} or more"
            )
            self.outcome("nothing", detail=why, **facts)
            return
        if len(pressing) > MOST_ROWS:
            facts["left_out"] = len(pressing) - MOST_ROWS
        self._deliver(parcel_for(self._payload, case), facts)

    def _read(self, judge: AlertCase) -> List[str]:
        """Takes the results in; what could not be read. Raises EventsError when there are none to take."""
        payload = self._payload
        if payload.results_file is None or (not payload.results_file.exists() and payload.result):
            if not payload.result:
                raise InputError("the alert has neither a results file nor a result")
            judge.add([payload.result])
            return ["the results file is missing: the first result alone is judged"] if payload.results_file else []
        results = Results(payload.results_file)
        judge.add(results)
        return [results.problem] if results.problem else []

    def _client(self, moment: datetime) -> Optional[BrokerClient]:
        """The broker; None where the alert asks for what the app itself knows."""
        params = self._payload.params
        if params.mode == "offline":
            return None
        live = read_conf(APP, "ipthreat").get("live", {})
        budget, seconds = (
            _number(live.get(name), default) for name, default in (("budget", _BUDGET), ("timeout", _TIMEOUT))
        )
        policy, is_live = policy_named(params.policy), params.mode == "live"
        search = Search(self._payload.sid, is_live, budget, float(seconds), as_of=moment)
        return BrokerClient(self._splunkd, policy, search)

    def _deliver(self, parcel: Parcel, facts: Mapping[str, Any]) -> None:
        targets = self._payload.params.targets
        if not targets:
            self.outcome("nothing", detail="the alert names no target", **facts)
        for kind, name in targets:
            word, detail = self._delivered(kind, name, parcel)
            self.outcome(
                word, target=f"{kind}:{name}" if name else kind, detail=detail, report=parcel.report_id, **facts
            )
        Es(self._payload).tell(parcel)

    def _delivered(self, kind: str, name: str, parcel: Parcel) -> Tuple[str, str]:
        """Outcome and detail of one target."""
        throttle = self._payload.params.throttle * 60
        request = {"to": kind, "name": name, "throttle": throttle, "parcel": parcel.as_json()}
        try:
            answer = self._splunkd.post_json("ipthreat/deliver", request, SECONDS)
            told = answer.json()
        except SplunkError as error:
            return "failed", str(error)
        told = told if isinstance(told, dict) else {}
        if not answer.ok:
            words = told.get("error") or "; ".join(str(item.get("text")) for item in told.get("messages") or () if item)
            return "failed", f"{answer.status}: {words}"[:300]
        notes = "; ".join(str(text) for text in told.get("messages") or ())
        return str(told.get("outcome")), f"{told.get('detail', '')} {notes}".strip()[:300]


def _number(text: Optional[str], default: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else default


def main(arguments: Optional[List[str]] = None, stdin: Optional[TextIO] = None) -> int:
    """Runs the action as splunkd starts it; exit code 2 when something was not delivered, 1 for a wrong call."""
    words = sys.argv[1:] if arguments is None else arguments
    if words[:1] != ["--execute"]:
        sys.stderr.write("ERROR splunkd runs this as: ipthreat_alert_command.py --execute\n")
        return 1
    try:
        payload = payload_of((stdin or sys.stdin).read(LARGEST + 1))
    except InputError as error:
        note("ERROR", {"action": "ipthreat_report", "outcome": "failed", "detail": error})
        sys.stderr.write(f"ERROR {error}\n")
        return 2
    action = Action(payload)
    action.run()
    sys.stderr.write("ERROR not everything was delivered: see ipthreat.log\n" if action.failed else "INFO done\n")
    return 2 if action.failed else 0
