"""What is asked beyond the look-up itself is held against the fault matrix, over real HTTP: the look-up stands.

The slow and the enormous faults are the transport's matter, which is one for all questions; see tests/testkit.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, Mapping, Optional
from urllib.parse import urlsplit

import pytest
from answers import ADDRESS, NOW, load
from runs import Told, dossiers_of

from ipthreat.clock import Clock
from ipthreat.connecting import Wish, open_live
from ipthreat.dossier import Evidence, Status, Verdict
from ipthreat.exchange import Limits, MockTransport, Outcome, Request, Response
from ipthreat.live import Live
from ipthreat.providers import LIVE
from ipthreat.providers.further import Collected, Equipped, Metered, Mirrored, Surveyed
from ipthreat.settings import LiveSettings, ProviderSettings
from ipthreat.testkit import behaviours
from ipthreat.testkit.faults import CANARY, FAULTS, Fault
from ipthreat.testkit.server import Behaviour, Conversation, FakeServer
from ipthreat.testkit.vendors import vendor_routes
from ipthreat.transport import RequestsTransport, Retries

SLOW = ("100 MB", "gzip bomb", "drip", "silence")
QUICK = [fault for fault in FAULTS if not any(word in fault.name for word in SLOW)]
EVERY = pytest.mark.parametrize("fault", QUICK, ids=str)
LOOKED_UP = "8.8.8.8"
IMPATIENT = Clock(wait=lambda stopped, seconds: None)
"""The real time, in which nobody waits between two tries."""


class Way(MockTransport):
    """To a server on loopback; whatever goes elsewhere, such as to a registry, is answered here."""

    def __init__(self, elsewhere: Any = None) -> None:
        super().__init__(lambda request: Response(200, {}, json.dumps(elsewhere).encode()))
        self._real = RequestsTransport(Limits(overall=5.0, redirects=0), Retries(attempts=1), connections=2)

    def attempt(self, request: Request, seconds: float) -> Outcome:
        if urlsplit(request.url).hostname == "127.0.0.1":
            return self._real.attempt(request, seconds)
        return super().attempt(request, seconds)

    def close(self) -> None:
        self._real.close()


def run(
    folder: Path,
    name: str,
    base_url: str,
    extra: Optional[Mapping[str, str]] = None,
    elsewhere: Any = None,
    addresses: Any = (LOOKED_UP,),
    **wish: Any,
) -> Dict[str, Evidence]:
    """Address → the provider's entry, after it was made sure that the key is nowhere."""
    own = ProviderSettings(key=CANARY, base_url=base_url, extra=extra or {})
    told, way = Told(), Way(elsewhere)
    live: Live = open_live(
        LiveSettings({name: own}, reserve=0.0),
        folder,
        Wish(**wish),
        told,
        providers={name: LIVE[name]},
        connect=lambda settings, connections: way,
        clock=IMPATIENT,
    )
    found = {address: items[0] for address, items in live.answers(dossiers_of(*addresses)).items()}
    remarks = live.remarks
    live.close()
    kept = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert CANARY not in f"{found!r}{remarks}{told}"
    assert CANARY.encode() not in kept
    return found


def answered(body: Any) -> Behaviour:
    return behaviours.data(json.dumps(body).encode())


@EVERY
def test_an_account_that_does_not_tell_its_quota_is_looked_up_with_all_the_same(tmp_path: Path, fault: Fault):
    with FakeServer({**vendor_routes(), "/api/v3/users/*": fault.behaviour}) as server:
        found = run(tmp_path, "virustotal", f"{server.url}/api/v3", {"user": "somebody"})
        assert server.asked[0].path == "/api/v3/users/somebody/overall_quotas"
    asked_to_wait = fault.name == "429 with Retry-After"
    assert found[LOOKED_UP].status is (Status.RATE_LIMITED if asked_to_wait else Status.OK)


@EVERY
@pytest.mark.parametrize("relation", ["resolutions", "communicating_files"])
def test_a_relation_that_fails_leaves_the_look_up_and_the_other_relation(tmp_path: Path, fault: Fault, relation: str):
    place = f"/api/v3/ip_addresses/{LOOKED_UP}"
    sound = {f"{place}/{name}": answered(load("virustotal", name)) for name in ("resolutions", "communicating_files")}
    routes = {**vendor_routes(), **sound, f"{place}/{relation}": fault.behaviour}
    with FakeServer(routes) as server:
        found = run(tmp_path, "virustotal", f"{server.url}/api/v3", deep=True)[LOOKED_UP]
    assert found.status is Status.OK
    assert found.counts.get(relation, 0) == 0
    assert ("communicating_files" in found.counts) or relation == "communicating_files" or "429" in fault.name


@EVERY
def test_a_network_that_fails_settles_nobody(tmp_path: Path, fault: Fault):
    addresses = [f"8.8.8.{number}" for number in range(1, 6)]

    def _check(talk: Conversation) -> None:
        address = talk.asked.query.partition("ipAddress=")[2].partition("&")[0]
        body = {"ipAddress": address, "isPublic": True, "abuseConfidenceScore": 100, "totalReports": 9}
        answered({"data": body})(talk)

    with FakeServer({"/check-block": fault.behaviour, "/check": _check}) as server:
        found = run(tmp_path, "abuseipdb", server.url, addresses=addresses)
        assert [item.path for item in server.asked].count("/check") == 5
    assert {item.status for item in found.values()} == {Status.OK}


@EVERY
def test_a_table_of_registries_that_cannot_be_had_is_replaced_by_the_built_in_one(tmp_path: Path, fault: Fault):
    network = {"objectClassName": "ip network", "startAddress": "8.8.8.0", "endAddress": "8.8.8.255", "name": "NET"}
    with FakeServer({"/*": fault.behaviour}) as server:
        found = run(tmp_path, "rdap", "", {"bootstrap": server.url}, network)[LOOKED_UP]
        assert server.asked[0].path == "/ipv4.json"
    assert (found.status, found.network) == (Status.OK, "8.8.8.0/24")


@EVERY
def test_a_page_that_fails_leaves_what_the_others_hold_and_accuses_nobody(tmp_path: Path, fault: Fault):
    first = load("taxii", "first_page")
    first["objects"][0]["pattern"] = f"[ipv4-addr:value = '{LOOKED_UP}']"
    first["objects"][0].pop("valid_until", None)
    with FakeServer({"/*": behaviours.in_turn(answered(first), fault.behaviour)}) as server:
        found = run(tmp_path, "taxii", server.url, addresses=(LOOKED_UP, "9.9.9.9"))
    assert found[LOOKED_UP].status is Status.OK
    assert found["9.9.9.9"].status in fault.statuses
    assert (found["9.9.9.9"].verdict, found["9.9.9.9"].score) == (Verdict.UNKNOWN, None)


def test_without_a_fault_all_of_it_is_asked_with_the_key_where_it_belongs(tmp_path: Path):
    place = f"/api/v3/ip_addresses/{LOOKED_UP}"
    sound = {f"{place}/{name}": answered(load("virustotal", name)) for name in ("resolutions", "communicating_files")}
    quotas = load("virustotal", "quotas")
    quotas["data"]["api_requests_monthly"]["user"]["used"] = 0
    routes = {**vendor_routes(), **sound, "/api/v3/users/*": answered(quotas)}
    with FakeServer(routes) as server:
        found = run(tmp_path, "virustotal", f"{server.url}/api/v3", {"user": "somebody"}, deep=True)[LOOKED_UP]
        assert len(server.asked) == 4
        assert all(item.header("x-apikey") == CANARY for item in server.asked)
        assert not [item for item in server.asked if CANARY in item.path + item.query]
    assert found.counts["resolutions"] == 57


def test_what_each_provider_can_be_asked_beyond_a_look_up_is_known():
    kinds = {
        "metered": Metered,
        "surveyed": Surveyed,
        "mirrored": Mirrored,
        "equipped": Equipped,
        "collected": Collected,
    }
    found = {name: {kind for kind, proto in kinds.items() if isinstance(LIVE[name], proto)} for name in LIVE}
    assert {name: said for name, said in found.items() if said} == {
        "virustotal": {"metered"},
        "abuseipdb": {"surveyed"},
        "rdap": {"mirrored", "equipped"},
        "taxii": {"mirrored", "collected"},
    }


def test_the_key_is_in_no_question_s_url():
    settings = ProviderSettings(key=CANARY, base_url="https://instance.example", extra={"user": "somebody"})
    requests = [
        LIVE["virustotal"].quota_question(settings),
        LIVE["abuseipdb"].survey_question("198.51.100.0/24", settings),
        next(LIVE["taxii"].refresh(None, settings, NOW)),
    ]
    for request in requests:
        assert CANARY not in request.url + json.dumps(dict(request.params)) + repr(request)
        assert request.headers
    iana = next(LIVE["rdap"].refresh(None, ProviderSettings(key=CANARY), NOW))
    assert CANARY not in f"{iana.url}{iana.params}{iana.headers}"
    assert ADDRESS not in f"{iana.url}{iana.params}"
