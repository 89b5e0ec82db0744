"""The catalogue of shipped lists: a consistent table, and dates read right."""

from __future__ import annotations

import ipaddress

import pytest

from ipthreat.snapshot.catalogue import EDGES, PROVIDERS, WARNING_LISTS, version_date
from ipthreat.snapshot.entries import Span, read_entry
from ipthreat.snapshot.kinds import ListKind
from ipthreat.snapshot.origins import ORIGINS
from ipthreat.snapshot.resolvers import RESOLVERS, resolver_entries


@pytest.mark.parametrize(
    "version, date",
    [
        (20251223, "2025-12-23"),
        (25121022, "2025-12-10"),  # two-digit year, then month, day and hour
        (20240229, "2024-02-29"),
        (1, ""),
        (25, ""),
        (20251323, ""),
        (20250032, ""),
        (99999999, ""),
    ],
)
def test_the_version_of_a_warning_list_is_read_as_a_date_only_where_it_is_one(version, date):
    assert version_date(version) == date


def test_every_list_has_a_name_of_its_own():
    names = [rule.name for rule in WARNING_LISTS]
    names += [name for name, _, _ in (*PROVIDERS.values(), *EDGES.values())]
    assert len(names) == len(set(names))


def test_no_warning_list_is_taken_in_twice():
    folders = [folder for rule in WARNING_LISTS for folder in rule.folders]
    assert len(folders) == len(set(folders))


def test_a_list_that_is_cut_by_another_names_one_that_exists():
    names = {rule.name for rule in WARNING_LISTS} | {name for name, _, _ in PROVIDERS.values()}
    assert {rule.without_list for rule in WARNING_LISTS} <= {*names, ""}


def test_every_scanner_but_the_nameless_one_has_an_operator():
    nameless = [rule.name for rule in WARNING_LISTS if rule.kind is ListKind.SCANNER and not rule.operator]
    assert nameless == ["research-scanner"]


@pytest.mark.parametrize("resolver", RESOLVERS, ids=lambda resolver: resolver.operator)
def test_every_resolver_has_a_page_and_global_addresses_in_their_canonical_spelling(resolver):
    assert resolver.page.startswith("https://")
    for text in resolver.addresses.split():
        assert isinstance(read_entry(text), Span)
        assert str(ipaddress.ip_address(text)) == text


def test_no_resolver_is_listed_twice():
    entries = resolver_entries()
    assert len(entries) == len(set(entries)) > 80


def test_every_part_is_described_once():
    assert len({origin.part for origin in ORIGINS}) == len(ORIGINS)
    assert {origin.kind for origin in ORIGINS} == {"ownership", "list", "agents"}
