"""An answer that holds for a network is asked for once, whatever number of its addresses are asked about."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Any, Callable, Dict
from urllib.parse import unquote

import pytest
from answers import answer, load
from hypothesis import given
from hypothesis import strategies as st
from runs import Ticks, dossiers_of, live_over, settings_for

from ipthreat.dossier import Evidence, SourceKind, Status
from ipthreat.exchange import MockTransport, Request, Response
from ipthreat.holding import Holding
from ipthreat.live import Live
from ipthreat.providers.rdap import Rdap

DAY = 86_400.0
SIX = {"services": [[["2001:db8::/32"], ["https://rdap.six.example/"]]]}


def registry(length: int = 24) -> Callable[[Request], Response]:
    """A registry in which every network has that length; and IANA, which names registries."""

    def _answer(request: Request) -> Response:
        if request.url.startswith("https://data.iana.org/"):
            return answer(load("rdap", "bootstrap") if request.url.endswith("ipv4.json") else SIX)
        network = ipaddress.ip_network(f"{unquote(request.url.rpartition('/')[2])}/{length}", strict=False)
        ends: Dict[str, Any] = {"startAddress": str(network[0]), "endAddress": str(network[-1])}
        return answer({"objectClassName": "ip network", "name": f"NET-{network}", **ends})

    return _answer


def over(folder: Path, transport: MockTransport, base_url: str = "https://rdap.example", **more: Any) -> Live:
    return live_over(folder, transport, vendors=[Rdap()], settings=settings_for("rdap", base_url=base_url), **more)


def ok(network: str) -> Evidence:
    return Evidence("rdap", SourceKind.PROVIDER, Status.OK, network=network, organisation=network)


def test_many_addresses_of_one_network_take_one_request(tmp_path: Path):
    transport = MockTransport(registry())
    addresses = [f"8.8.8.{number}" for number in range(50)]
    live = over(tmp_path, transport)
    found = live.answers(dossiers_of(*addresses))
    assert live.requests == {"rdap": 1}
    assert {(item.status, item.network) for (item,) in found.values()} == {(Status.OK, "8.8.8.0/24")}


def test_each_network_is_asked_about_once(tmp_path: Path):
    live = over(tmp_path, MockTransport(registry()))
    live.answers(dossiers_of(*[f"8.8.{number % 3}.{number}" for number in range(30)]))
    assert live.requests == {"rdap": 3}


def test_each_entry_links_to_the_page_of_its_own_address(tmp_path: Path):
    found = over(tmp_path, MockTransport(registry())).answers(dossiers_of("8.8.8.8", "8.8.8.9"))
    assert [items[0].link.rpartition("=")[2] for items in found.values()] == ["8.8.8.8", "8.8.8.9"]


def test_the_store_keeps_the_answer_for_the_whole_network(tmp_path: Path):
    ticks, transport = Ticks(), MockTransport(registry())
    over(tmp_path, transport, ticks=ticks).answers(dossiers_of("8.8.8.8"))
    ticks.move(13 * DAY)
    later = over(tmp_path, transport, ticks=ticks)
    (found,) = later.answers(dossiers_of("8.8.8.200"))["8.8.8.200"]
    assert (found.network, later.requests) == ("8.8.8.0/24", {"rdap": 0})


def test_one_refusal_holds_for_no_other_address(tmp_path: Path):
    transport = MockTransport(lambda request: Response(500) if "8.8.8.8" in request.url else registry()(request))
    found = over(tmp_path, transport).answers(dossiers_of("8.8.8.8", "8.8.8.9"))
    assert {address: items[0].status for address, items in found.items()} == {
        "8.8.8.8": Status.ERROR,
        "8.8.8.9": Status.OK,
    }


def test_ianas_table_is_fetched_once_a_week_and_tells_whom_to_ask(tmp_path: Path):
    ticks, transport = Ticks(), MockTransport(registry())
    live = over(tmp_path, transport, "", ticks=ticks)
    assert live.plan(dossiers_of("198.51.101.7")).requests == 3
    live.answers(dossiers_of("198.51.101.7"))
    assert [request.url for request in transport.requests] == [
        "https://data.iana.org/rdap/ipv4.json",
        "https://data.iana.org/rdap/ipv6.json",
        "https://rdap.two.example/x/ip/198.51.101.7",
    ]
    ticks.move(6 * DAY)
    over(tmp_path, transport, "", ticks=ticks).answers(dossiers_of("198.52.101.7"))
    assert [request.url for request in transport.requests[3:]] == ["https://rdap.one.example/ip/198.52.101.7"]
    ticks.move(DAY)
    over(tmp_path, transport, "", ticks=ticks).answers(dossiers_of("198.53.101.7"))
    assert len(transport.requests) == 7


def test_a_table_that_cannot_be_had_is_one_line_and_the_built_in_one_is_used(tmp_path: Path):
    def _answer(request: Request) -> Response:
        return Response(429, {"Retry-After": "600"}) if "iana" in request.url else registry()(request)

    transport = MockTransport(_answer)
    live = over(tmp_path, transport, "")
    (found,) = live.answers(dossiers_of("8.8.8.8"))["8.8.8.8"]
    assert found.status is Status.OK  # that IANA wants to be left alone is nothing to the registry
    assert transport.requests[1].url == "https://rdap.arin.net/registry/ip/8.8.8.8"
    (remark,) = live.remarks
    assert remark.startswith("rdap: IANA's ipv4.json could not be had (the quota is spent")


def test_no_address_goes_to_iana(tmp_path: Path):
    over(tmp_path, MockTransport(registry()), "").answers(dossiers_of("198.51.101.7"))
    lines = (tmp_path / "egress.log").read_text(encoding="utf-8").splitlines()
    assert [('"host": "data.iana.org"' in line, "198.51.101.7" in line) for line in lines] == [
        (True, False),
        (True, False),
        (False, True),
    ]


@pytest.mark.parametrize("item", [ok(""), Evidence("rdap", SourceKind.PROVIDER, Status.ERROR, network="8.8.8.0/24")])
def test_what_names_no_network_or_is_no_answer_holds_for_nobody(item: Evidence):
    holding = Holding()
    holding.add([item])
    assert holding.covering("8.8.8.8") is None


def test_an_answer_about_nearly_everything_holds_for_nobody():
    holding = Holding()
    holding.add([ok("0.0.0.0/0"), ok("::/0")])
    assert (holding.covering("8.8.8.8"), holding.covering("2001:db8::1")) == (None, None)


NETWORKS = st.builds(
    lambda number, length: str(ipaddress.ip_network((number, length), strict=False)),
    st.integers(0x08080000, 0x0808FFFF),
    st.integers(8, 32),
)


@given(networks=st.lists(NETWORKS, max_size=12), number=st.integers(0x08080000, 0x0808FFFF))
def test_the_longest_network_that_holds_an_address_speaks_for_it(networks: list, number: int):
    holding, address = Holding(), ipaddress.ip_address(number)
    holding.add([ok(network) for network in networks])
    lengths = [int(network.rpartition("/")[2]) for network in networks if address in ipaddress.ip_network(network)]
    found = holding.covering(str(address))
    assert (None if found is None else int(found.network.rpartition("/")[2])) == max(lengths, default=None)
