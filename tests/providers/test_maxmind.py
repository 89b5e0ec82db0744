"""MaxMind-format databases: any publisher's fields, looked up here, and a clear word when the reader is missing."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime, timezone

import pytest
from answers import ADDRESS, NOW, load
from mmdb import write_mmdb

from ipthreat.dossier import Status, Verdict
from ipthreat.errors import InputError
from ipthreat.providers.maxmind import MaxMind, MaxMindFile

MAXMIND = MaxMind()
ROWS = {
    "198.51.100.0/24": {"autonomous_system_number": 64500, "autonomous_system_organization": "Example Transit"},
    "2001:db8::/32": {"country": {"iso_code": "NL"}},
}


@pytest.fixture
def database(tmp_path):
    path = tmp_path / "test.mmdb"
    path.write_bytes(write_mmdb(ROWS))
    opened = MaxMindFile(path)
    yield opened
    opened.close()


@pytest.mark.parametrize(
    "record, asn, owner, country",
    [
        (load("maxmind", "clean"), 64500, "Example Transit", "NL"),
        (load("maxmind", "lite"), 64500, "Example Transit", "NL"),
        ({"asn": "AS64500", "name": "Example"}, 64500, "Example", ""),
        ({"registered_country": {"iso_code": "DE"}}, None, "", "DE"),
        ({"country": "nl"}, None, "", "NL"),
    ],
    ids=["MaxMind", "IPinfo Lite", "IPinfo ASN", "registered only", "plain code"],
)
def test_the_fields_of_several_publishers_are_read(record, asn, owner, country):
    evidence = MAXMIND.parse(ADDRESS, record, NOW)
    assert (evidence.status, evidence.verdict, evidence.score) == (Status.OK, Verdict.UNKNOWN, None)
    assert (evidence.asn, evidence.as_owner, evidence.country) == (asn, owner, country)


@pytest.mark.parametrize(
    "record, flags",
    [
        ({"traits": {"is_tor_exit_node": True, "is_hosting_provider": True}}, ("tor", "hosting")),
        ({"is_anonymous_vpn": True, "is_public_proxy": True}, ("vpn", "proxy")),
        ({"hosting": "true", "tor": "", "vpn": "false"}, ("hosting",)),
    ],
)
def test_what_kind_of_network_it_is_becomes_flags(record, flags):
    assert MAXMIND.parse(ADDRESS, record, NOW).flags == flags


@pytest.mark.parametrize("record", [None, {}, {"city": {"names": {"en": "Amsterdam"}}}, [], "x"])
def test_a_record_that_tells_nothing_is_not_found(record):
    assert MAXMIND.parse(ADDRESS, record, NOW).status is Status.NOT_FOUND


def test_a_file_answers_with_the_network_and_its_own_date(database):
    (evidence,) = database.evidence(ADDRESS)
    assert (evidence.asn, evidence.as_owner, evidence.network) == (64500, "Example Transit", "198.51.100.0/24")
    (evidence,) = database.evidence("2001:db8::7")
    assert (evidence.country, evidence.network) == ("NL", "2001:db8::/32")


def test_an_address_in_no_network_is_not_found(database):
    (evidence,) = database.evidence("203.0.113.7")
    assert (evidence.status, evidence.link) == (Status.NOT_FOUND, "")


def test_the_date_of_a_database_is_when_it_was_built(database):
    (evidence,) = database.evidence(ADDRESS)
    assert evidence.retrieved_at is None  # that of the test's database is 1970, which no database is of
    assert MAXMIND.parse(ADDRESS, ROWS["198.51.100.0/24"], NOW).retrieved_at == datetime(
        2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc
    )


@pytest.mark.parametrize("content", [b"", b"\x00" * 5000, b"<html>", write_mmdb(ROWS)[:-40]])
def test_what_is_no_database_is_refused_in_one_sentence(tmp_path, content):
    path = tmp_path / "x.mmdb"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"x\.mmdb: (is no database|cannot be read)"):
        MaxMindFile(path)


def test_a_missing_file_is_refused_in_one_sentence(tmp_path):
    with pytest.raises(InputError, match=r"none\.mmdb: cannot be read"):
        MaxMindFile(tmp_path / "none.mmdb")


def test_a_corrupt_database_is_an_error_and_no_crash(tmp_path):
    whole = write_mmdb(ROWS)
    start = whole.index(b"Example Transit") - 60
    for damage in (b"\xff" * 40, b"\x00" * 40, b"\x20\xff\xff\xff" * 10):
        path = tmp_path / "x.mmdb"
        path.write_bytes(whole[:start] + damage + whole[start + 40 :])
        database = MaxMindFile(path)
        (evidence,) = database.evidence(ADDRESS)
        assert evidence.status in (Status.ERROR, Status.NOT_FOUND, Status.OK, Status.UNSUPPORTED)
        assert evidence.verdict is Verdict.UNKNOWN
        database.close()


def test_without_the_reader_the_extra_is_named(tmp_path):
    program = (
        "import sys; sys.modules['maxminddb'] = None\n"
        "from pathlib import Path\n"
        "from ipthreat.errors import MissingExtraError\n"
        "from ipthreat.providers.maxmind import MaxMindFile\n"
        "try:\n    MaxMindFile(Path('x.mmdb'))\nexcept MissingExtraError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "x.mmdb: reading it needs the extra mmdb (pip install 'ipthreat[mmdb]')\n"
