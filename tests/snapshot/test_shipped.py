"""The shipped snapshot: right answers, limits of size, and a manifest that tells the truth."""

from __future__ import annotations

import hashlib
import ipaddress
import json
import random
import re
import shutil
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from ipthreat.errors import SnapshotError
from ipthreat.snapshot import ListKind, Snapshot
from ipthreat.snapshot.layout import Container
from ipthreat.snapshot.reader import SHIPPED
from ipthreat.snapshot.resolvers import RESOLVERS
from ipthreat.special import SPECIAL_RANGES, special_name

LARGEST, LARGEST_PACKED = 16_000_000, 6_000_000
RIRS = {"", "ARIN", "APNIC", "RIPE NCC", "LACNIC", "AFRINIC"}


@pytest.fixture(scope="module")
def snapshot():
    with Snapshot.shipped() as opened:
        yield opened


@pytest.fixture(scope="module")
def manifest():
    return json.loads(SHIPPED.with_name("manifest.json").read_text(encoding="utf-8"))


def spans(path):
    container = Container(path)
    container.close()
    return container.spans


def kinds(snapshot, text):
    return {item.name: item.kind for item in snapshot.listed(text)}


def test_the_first_reference_address_is_amazons(snapshot):
    answer = snapshot.lookup("18.237.3.202")
    assert answer[:6] == (16509, "Amazon.com, Inc.", "AMAZON-02", "18.236.0.0/15", "US", "ARIN")
    assert answer.special == ""
    assert {"aws": "cloud"}.items() <= kinds(snapshot, "18.237.3.202").items()


def test_the_second_reference_address_is_china_telecoms(snapshot):
    answer = snapshot.lookup("14.103.172.199")
    assert (answer.asn, answer.network, answer.country, answer.rir) == (4811, "14.103.128.0/17", "CN", "APNIC")
    assert answer.organisation == "China Telecom (Group)"
    assert answer.as_name == "CHINANET-SHANGHAI-MAN China Telecom Group"
    assert answer.listings == ()


@pytest.mark.parametrize(
    "text, asn, country, rir",
    [
        ("8.8.8.8", 15169, "US", "ARIN"),
        ("1.1.1.1", 13335, "AU", "APNIC"),
        ("9.9.9.9", 19281, "US", "ARIN"),
        ("193.0.6.139", 3333, "NL", "RIPE NCC"),
        ("200.160.2.3", 22548, "BR", "LACNIC"),
        ("196.216.2.6", 33764, "ZA", "AFRINIC"),
        ("45.155.204.1", None, None, "RIPE NCC"),  # the /8 is ARIN's, the block was transferred
        ("2001:4860:4860::8888", 15169, "US", "ARIN"),
        ("2606:4700:4700::1111", 13335, "US", "ARIN"),
        ("2001:67c:2e8:22::c100:68b", 3333, "NL", "RIPE NCC"),
        ("2620:4f:8000::1", 112, "US", "ARIN"),
    ],
)
def test_well_known_addresses_belong_to_whom_everybody_knows(snapshot, text, asn, country, rir):
    answer = snapshot.lookup(text)
    assert answer.rir == rir
    assert asn in (None, answer.asn)
    assert country in (None, answer.country)
    assert answer.special == ""
    if answer.network:
        assert ipaddress.ip_address(text) in ipaddress.ip_network(answer.network)


@pytest.mark.parametrize(
    "text, name, kind",
    [
        ("8.8.8.8", "public-resolvers", "resolver"),
        ("2620:fe::fe", "public-resolvers", "resolver"),
        ("104.16.1.1", "cloudflare", "cdn"),
        ("2606:4700::1", "cloudflare", "cdn"),
        ("151.101.1.69", "fastly", "cdn"),
        ("13.32.0.1", "cloudfront", "cdn"),
        ("23.32.3.7", "akamai", "cdn"),
        ("66.249.66.1", "google-googlebot", "crawler"),
        ("157.55.39.1", "bing-bingbot", "crawler"),
        ("162.142.125.10", "censys", "scanner"),
        ("71.6.135.131", "shodan", "scanner"),
        ("184.105.139.113", "shadowserver", "scanner"),
        ("34.64.32.1", "gcp", "cloud"),
        ("40.76.0.1", "azure", "cloud"),
        ("104.47.1.1", "office365", "service"),
        ("140.82.121.4", "github", "service"),
        ("17.253.1.1", "apple", "service"),
        ("185.46.212.1", "zscaler", "service"),
        ("2620:0:861:101::1", "wikimedia", "service"),
        ("146.112.61.104", "umbrella-block-page", "sinkhole"),
        ("209.85.220.41", "gmail", "mail"),
        ("1.0.0.19", "public-dns", "open_resolver"),
    ],
)
def test_well_known_addresses_are_on_the_lists_where_they_belong(snapshot, text, name, kind):
    assert kinds(snapshot, text).get(name) == kind


def test_a_machine_rented_from_akamai_is_no_edge_of_its_network(snapshot):
    rented = ("45.33.32.156", "139.162.1.1", "45.79.1.1")
    assert {snapshot.lookup(text).asn for text in rented} == {63949}
    assert not any("akamai" in kinds(snapshot, text) for text in rented)


def test_azure_machines_are_not_called_githubs(snapshot):
    assert kinds(snapshot, "104.208.1.1").keys() >= {"azure"}
    assert "github" not in kinds(snapshot, "104.208.1.1")


def test_the_long_open_resolver_list_is_apart_from_the_operated_resolvers(snapshot):
    kinds_by_name = {item.name: item.kind for item in snapshot.lists()}
    assert kinds_by_name["public-resolvers"] == "resolver"
    assert kinds_by_name["public-dns"] == "open_resolver"
    assert list(kinds_by_name.values()).count("resolver") == 1


@pytest.mark.parametrize("resolver", RESOLVERS, ids=lambda resolver: resolver.operator)
def test_every_operated_resolver_is_found(snapshot, resolver):
    for address in resolver.addresses.split():
        assert kinds(snapshot, address)["public-resolvers"] == "resolver"
        assert snapshot.lookup(address).special == ""


@pytest.mark.parametrize("item", SPECIAL_RANGES, ids=lambda item: str(item.network))
def test_special_ranges_are_named_as_everywhere_else_and_on_no_list(snapshot, item):
    for address in (item.network[0], item.network[-1]):
        answer = snapshot.lookup(str(address))
        assert answer.special == special_name(address)
        if answer.special:
            assert answer.listings == ()


def test_special_names_agree_with_the_table_everywhere(snapshot):
    draw = random.Random(11)
    for _ in range(20_000):
        for address in (ipaddress.IPv4Address(draw.getrandbits(32)), ipaddress.IPv6Address(draw.getrandbits(128))):
            assert snapshot.lookup(str(address)).special == special_name(address)


def test_every_answer_has_the_documented_form(snapshot):
    draw = random.Random(7)
    known = {item.name: item for item in snapshot.lists()}
    for _ in range(20_000):
        text = str(ipaddress.IPv4Address(draw.getrandbits(32)))
        if draw.random() < 0.3:
            text = str(ipaddress.IPv6Address(0x2000 << 112 | draw.getrandbits(118)))
        answer = snapshot.lookup(text)
        assert bool(answer.asn) == bool(answer.network)
        assert not answer.network or ipaddress.ip_address(text) in ipaddress.ip_network(answer.network)
        assert re.fullmatch(r"([A-Z]{2})?", answer.country)
        assert answer.rir in RIRS
        assert (answer.organisation + answer.as_name).isprintable()
        assert all(known[item.name][:3] == (item.name, item.kind, item.operator) for item in answer.listings)


def test_lists_have_known_kinds_sources_licences_and_entries(snapshot):
    lists = snapshot.lists()
    assert len({item.name for item in lists}) == len(lists)
    assert {item.kind for item in lists} >= {"resolver", "open_resolver", "cdn", "cloud", "crawler", "scanner", "mail"}
    for item in lists:
        assert item.kind in {kind.value for kind in ListKind}
        assert item.entries > 0 or item.rejected > 0
        assert item.source
        assert item.licence
        assert re.fullmatch(r"(20\d\d-\d\d-\d\d)?", item.date)


def test_every_part_names_source_licence_date_and_digest(snapshot):
    for part in snapshot.parts():
        assert part.source
        assert part.licence
        assert part.entries > 0
        assert part.kind in {"ownership", "list", "agents"}
        own = part.name in {"special-ranges", "public-resolvers"}
        assert re.fullmatch(r"" if own else r"20\d\d-\d\d-\d\d", part.date)
        assert re.fullmatch(r"" if own else r"[0-9a-f]{64}", part.sha256)


def test_the_date_of_the_snapshot_is_that_of_its_newest_part(snapshot):
    assert snapshot.built == max(part.date for part in snapshot.parts())


def test_agents_are_expressions_that_compile_with_tags_and_known_ranges(snapshot):
    crawlers = {item.name for item in snapshot.lists() if item.kind == "crawler"}
    agents = snapshot.agents()
    assert len(agents) > 1500
    for agent in agents:
        re.compile(agent.pattern)
        assert agent.name
        assert agent.tags
        assert set(agent.ranges.split()) <= crawlers


@pytest.mark.parametrize(
    "user_agent, tag, ranges",
    [
        (
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            "search-engine",
            "google-googlebot",
        ),
        ("Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", "search-engine", "bing-bingbot"),
        ("Mozilla/5.0 (compatible; GPTBot/1.2; +https://openai.com/gptbot)", "ai-crawler", "openai-gptbot"),
        ("Mozilla/5.00 (Nikto/2.1.6) (Evasions:None) (Test:000001)", "scanner", ""),
        ("DirBuster-1.0-RC1 (http://www.owasp.org/index.php/Category:OWASP_DirBuster_Project)", "scanner", ""),
        ("Mozilla/5.0 (compatible; Nmap Scripting Engine; https://nmap.org/book/nse.html)", "scanner", ""),
        ("sqlmap/1.7#stable (https://sqlmap.org)", "scanner", ""),
        ("curl/8.4.0", "http-library", ""),
        ("python-requests/2.31.0", "http-library", ""),
    ],
)
def test_well_known_user_agents_are_recognised(snapshot, user_agent, tag, ranges):
    matches = [agent for agent in snapshot.agents() if re.search(agent.pattern, user_agent)]
    assert any(tag in agent.tags for agent in matches)
    assert {name for agent in matches for name in agent.ranges.split()} == set(ranges.split())


def test_an_ordinary_browser_is_no_automatic_client(snapshot):
    browser = (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/119.0 Safari/537.36"
    )
    assert [agent for agent in snapshot.agents() if re.search(agent.pattern, browser)] == []


def test_the_file_is_small_enough_as_it_is_and_compressed():
    content = SHIPPED.read_bytes()
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    assert len(content) <= LARGEST
    assert len(packer.compress(content)) + len(packer.flush()) <= LARGEST_PACKED


def test_the_digests_in_the_file_are_right(snapshot):
    snapshot.verify()  # raises when one is not
    assert snapshot.built


def test_the_manifest_describes_the_file_and_its_parts(snapshot, manifest):
    assert manifest["file"] == SHIPPED.name
    assert manifest["sha256"] == hashlib.sha256(SHIPPED.read_bytes()).hexdigest()
    assert manifest["size"] == SHIPPED.stat().st_size
    assert manifest["built"] == snapshot.built
    for row, part in zip(manifest["parts"], snapshot.parts()):
        described = (row["part"], row["date"] or "", row["licence"], row["sha256"] or "", row["entries"], row["kind"])
        assert described == (part.name, part.date, part.licence, part.sha256, part.entries, part.kind)
        assert row["upstream"] in part.source
        assert (row["package"] is None) == (part.sha256 == "")
    assert len(manifest["parts"]) == len(snapshot.parts())


def test_opening_the_snapshot_needs_no_third_party_module():
    program = (
        "import sys; from ipthreat.snapshot import Snapshot; Snapshot.shipped().lookup('8.8.8.8');"
        "print(sorted({name.split('.')[0] for name, item in sys.modules.items()"
        " if 'site-packages' in (getattr(item, '__file__', None) or '')}))"
    )
    command = [sys.executable, "-S", "-c", program]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env={"PYTHONPATH": str(SHIPPED.parents[3])}
    )
    assert done.stdout.strip() == "[]"


def test_scattered_damage_to_the_shipped_file_is_answered_or_reported(tmp_path):
    draw = random.Random(3)
    content = bytearray(SHIPPED.read_bytes())
    probes = [str(ipaddress.IPv4Address(draw.getrandbits(32))) for _ in range(3000)]
    probes += [str(ipaddress.IPv6Address(0x2000 << 112 | draw.getrandbits(118))) for _ in range(3000)]
    for name, span in spans(SHIPPED).items():
        if name not in {"words", "lists"}:  # without these no question is answered at all
            for at in range(span.offset + 48, span.offset + span.length, 97):
                content[at] ^= draw.randrange(1, 256)
    path = tmp_path / "damaged"
    path.write_bytes(content)
    failures = 0
    with Snapshot.open(path) as snapshot:
        for text in probes:
            try:
                snapshot.lookup(text)
            except SnapshotError:
                failures += 1
        with pytest.raises(SnapshotError, match="has changed since it was built"):
            snapshot.verify()
    assert 0 < failures < len(probes)


@pytest.mark.parametrize("size", [0, 1, 100, 10_000, 1_000_000, -1])
def test_a_download_that_broke_off_is_refused_in_one_sentence(tmp_path: Path, size: int):
    path = tmp_path / "part.snapshot"
    shutil.copy(SHIPPED, path)
    with path.open("r+b") as file:
        file.truncate(size if size >= 0 else SHIPPED.stat().st_size + size)
    with pytest.raises(SnapshotError) as caught:
        Snapshot.open(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
