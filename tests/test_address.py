"""Addresses as people and programs write them."""

from __future__ import annotations

import ipaddress
from typing import Union

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipthreat.address import canonical, classify, defang, extract, network, parse, refang, split
from ipthreat.errors import AddressError, InputError

Address = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]

WRITTEN = {
    "18.237.3.202": "18.237.3.202",
    " 18.237.3.202\t": "18.237.3.202",
    '"18.237.3.202"': "18.237.3.202",
    "<18.237.3.202>,": "18.237.3.202",
    "18.237.3.202:8080": "18.237.3.202",
    "18.237.3.202/32": "18.237.3.202",
    "[18.237.3.202]": "18.237.3.202",
    "18.237.3[.]202": "18.237.3.202",
    "18[.]237[.]3[.]202": "18.237.3.202",
    "18(.)237(.)3(.)202": "18.237.3.202",
    "18{.}237.3.202": "18.237.3.202",
    "18[dot]237[DOT]3(dot)202": "18.237.3.202",
    "hxxp://18.237.3[.]202/shell.sh": "18.237.3.202",
    "hXXps://user:pass@18.237.3.202:8443/a?b#c": "18.237.3.202",
    "tcp://[2001:db8::1]:443": "2001:db8::1",
    "::ffff:18.237.3.202": "18.237.3.202",
    "::FFFF:12ed:3ca": "18.237.3.202",
    "[::ffff:18.237.3.202]:22": "18.237.3.202",
    "2001:DB8:0:0:0:0:0:1": "2001:db8::1",
    "2001[:]db8::1": "2001:db8::1",
    "[2001:db8::1]": "2001:db8::1",
    "[2001:db8::1]:443": "2001:db8::1",
    "2001:db8::1/128": "2001:db8::1",
    "fe80::1%eth0": "fe80::1",
    "[fe80::1%25en0]:80": "fe80::1",
    "::": "::",
    "0.0.0.0": "0.0.0.0",  # noqa: S104 - an address to read, nothing is bound
}
REFUSED = [
    "",
    " ",
    "localhost",
    "18.237.3",
    "18.237.3.202.5",
    "18.237.3.256",
    "018.237.3.202",
    "18.237.03.202",
    "18.237.3.202/24",
    "18.237.3.202:65536",
    "18.237.3.202:port",
    "18.237.3.202 14.103.172.199",
    "0x12.0xed.3.202",
    "317522890",
    "2001:db8::1::2",
    "2001:db8::1/64",
    "[2001:db8::1",
    "12345::",
    "18.237.3.202\0",
    "١٨.٢٣٧.٣.٢٠٢",
    "\ud800",
    "http://example.org/18.237.3.202",
    "1." * 5000,
]

four = st.ip_addresses(v=4)
addresses = st.ip_addresses()


@pytest.mark.parametrize(("written", "meant"), WRITTEN.items())
def test_an_address_is_understood_however_it_is_written(written: str, meant: str) -> None:
    assert str(parse(written)) == meant
    assert canonical(written) == meant


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_single_address_is_refused(text: str) -> None:
    with pytest.raises(AddressError):
        parse(text)
    with pytest.raises(AddressError):
        canonical(text)


def test_the_refusal_names_the_text_in_one_printable_line() -> None:
    with pytest.raises(InputError, match=r"^'bad\\n\\x1b\[31mtext' is not an IP address$"):
        parse("bad\n\x1b[31mtext")


def test_the_refusal_of_a_long_text_is_short() -> None:
    with pytest.raises(ValueError, match="is not an IP address") as caught:
        parse("a" * 100_000)
    assert len(str(caught.value)) < 100


@given(addresses)
def test_every_address_is_read_back_from_its_own_text(address: Address) -> None:
    mapped = getattr(address, "ipv4_mapped", None)
    assert parse(str(address)) == (mapped or address)
    assert canonical(str(address)) == str(mapped or address)


@given(four)
def test_the_mapped_form_of_an_ipv4_address_is_that_address(address: ipaddress.IPv4Address) -> None:
    assert parse(f"::ffff:{address}") == address


@given(addresses, st.integers(0, 65535))
def test_a_port_makes_no_difference(address: Address, port: int) -> None:
    written = f"{address}:{port}" if address.version == 4 else f"[{address}]:{port}"
    assert parse(written) == parse(str(address))


@given(addresses)
def test_defanged_text_is_understood_and_names_no_address_as_it_stands(address: Address) -> None:
    plain = str(parse(str(address)))
    defanged = defang(plain)
    assert parse(defanged) == parse(plain)
    if any(char.isdigit() for char in plain):  # one without a digit is not found in prose, see below
        assert plain not in defanged
        assert refang(defanged) == plain


@given(st.text())
def test_any_text_is_an_address_or_refused_with_the_proper_error(text: str) -> None:
    try:
        found = parse(text)
    except AddressError:
        return
    assert parse(str(found)) == found


@given(st.text())
def test_any_text_may_be_searched_for_addresses(text: str) -> None:
    for found in extract(text):
        assert canonical(found) == found


@given(st.lists(four, unique=True, max_size=5), st.sampled_from([" ", ", ", "\n", " -> ", "; "]))
def test_addresses_in_prose_are_found_in_their_order(found: list[ipaddress.IPv4Address], between: str) -> None:
    assert extract(between.join(map(str, found))) == [str(address) for address in found]


@given(st.lists(addresses, max_size=5))
def test_defanging_prose_hides_every_address_and_loses_none(found: list[Address]) -> None:
    text = " and ".join(str(parse(str(address))) for address in found)
    assert extract(refang(defang(text))) == extract(text)


def test_prose_is_defanged_without_other_changes() -> None:
    text = "Block 18.237.3.202, 2001:db8::5 and http://14.103.172.199:80/a; Chrome/120.0.0.0 stays."
    assert defang(text) == (
        "Block 18.237.3[.]202, 2001:db8:[:]5 and hxxp://14.103.172[.]199:80/a; Chrome/120.0.0.0 stays."
    )


def test_text_without_addresses_is_left_alone_by_defanging() -> None:
    assert defang("no address at 10:05:03, std::string, v1.2.3") == "no address at 10:05:03, std::string, v1.2.3"


@pytest.mark.parametrize(
    ("text", "found"),
    {
        "Failed password for root from 218.65.30.43 port 1 ssh2": ["218.65.30.43"],
        "src=192.0.2.1:443 dst=192.0.2.2": ["192.0.2.1", "192.0.2.2"],
        "Blocked 192.0.2.1. Then 192.0.2.1 again.": ["192.0.2.1"],
        "inside/192.0.2.1(51000) -> outside/192.0.2.2(80)": ["192.0.2.1", "192.0.2.2"],
        "(192.0.2.1)[192.0.2.2]<192.0.2.3>": ["192.0.2.1", "192.0.2.2", "192.0.2.3"],
        "http://192.0.2.1/24 and http://192.0.2.2/index": ["192.0.2.1", "192.0.2.2"],
        "hxxp://192[.]0[.]2[.]1/x": ["192.0.2.1"],
        "range 192.0.2.1-192.0.2.9": ["192.0.2.1", "192.0.2.9"],
        "peer [2001:db8::1]:443, then ::1.": ["2001:db8::1", "::1"],
        "::ffff:192.0.2.1 connected": ["192.0.2.1"],
        "fe80::1%eth0 up": ["fe80::1"],
        "192.0.2.1/32 2001:db8::1/128": ["192.0.2.1", "2001:db8::1"],
    }.items(),
)
def test_addresses_are_found_in_the_text_of_logs(text: str, found: list[str]) -> None:
    assert extract(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "Chrome/120.0.0.0 Safari/537.36",
        "Java/11.0.9.1",
        "nginx-1.2.3.4.tar.gz and lib_1.2.3.4 and v1.2.3.4",
        "build 1.2.3.4.5",
        "4.3.2.1.in-addr.arpa and 4.3.2.1.zen.example",
        "networks 10.0.0.0/8 and 2001:db8::/32",
        "256.1.1.1 and 01.2.3.4",
        "at 10:05:03 on 00:11:22:33:44:55",
        "std::string, Module::Name, dead::beef, ::",
        "SHA256:abcdef0123 and 12:34",
    ],
)
def test_versions_names_and_networks_are_no_addresses(text: str) -> None:
    assert extract(text) == []


def test_much_hostile_text_is_searched_to_its_end() -> None:
    for piece in (":", "a:", "1.", "1.1.1.1.", "::1 ", "[.]", "/1", "0" * 100):
        assert isinstance(extract(piece * (200_000 // len(piece))), list)


@pytest.mark.parametrize(
    ("text", "members"),
    {
        "192.0.2.1": ["192.0.2.1"],
        "192.0.2.1, 192.0.2.2;192.0.2.3  192.0.2.4": ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"],
        "['192.0.2.1', '192.0.2.2']": ["192.0.2.1", "192.0.2.2"],
        '["192.0.2.1"]': ["192.0.2.1"],
        "[2001:db8::1]:443, [2001:db8::2]": ["[2001:db8::1]:443", "[2001:db8::2]"],
        "(192.0.2.1)": ["192.0.2.1"],
        "192.0.2.1, unknown": ["192.0.2.1", "unknown"],
        " [] () ,, ": [],
    }.items(),
)
def test_a_list_is_split_into_its_members(text: str, members: list[str]) -> None:
    assert split(text) == members


@given(st.lists(addresses, min_size=1, max_size=6), st.sampled_from([",", ", ", " ", "\n", ";"]))
def test_every_member_of_a_list_is_read_back(members: list[Address], between: str) -> None:
    text = between.join(map(str, members))
    assert [parse(member) for member in split(text)] == [parse(str(member)) for member in members]


@pytest.mark.parametrize(
    ("text", "meant"),
    {
        "10.0.0.0/8": "10.0.0.0/8",
        " 10.1.2.3/8 ": "10.0.0.0/8",
        "192.0.2.1": "192.0.2.1/32",
        "2001:db8::/32": "2001:db8::/32",
        "2001:db8::1": "2001:db8::1/128",
        "192.0.2[.]0/24": "192.0.2.0/24",
        "::ffff:192.0.2.0/120": "192.0.2.0/24",
        "0.0.0.0/0": "0.0.0.0/0",
    }.items(),
)
def test_a_network_is_read_from_cidr_text(text: str, meant: str) -> None:
    assert str(network(text)) == meant


@pytest.mark.parametrize("text", ["", "10.0.0.0/33", "10.0.0.0/x", "10.0.0.0/", "x/8", "::ffff:192.0.2.0/20", "/8"])
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(AddressError):
        network(text)


@pytest.mark.parametrize(
    ("text", "scope"),
    {
        "18.237.3.202": "global",
        "2606:4700::1111": "global",
        "10.1.2.3": "private",
        "fc00::1": "unique local",
        "127.0.0.1": "loopback",
        "::ffff:10.0.0.1": "private",
        "192.0.2.1": "documentation",
    }.items(),
)
def test_an_address_is_global_or_in_a_special_range(text: str, scope: str) -> None:
    assert classify(parse(text)) == scope
