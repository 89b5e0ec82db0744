"""Databases in MaxMind's format that the user has: GeoLite2, GeoIP2, DB-IP, IPinfo. Context, never a verdict.

The reader `maxminddb` comes with the extra `mmdb` and is loaded when a database is opened.
"""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Mapping, Optional, Sequence, Tuple

from ..dossier import Evidence, SourceKind, Status
from ..errors import InputError, MissingExtraError
from . import base

_ISSUES = {
    "tor": ("is_tor_exit_node", "tor"),
    "vpn": ("is_anonymous_vpn", "vpn"),
    "proxy": ("is_public_proxy", "is_residential_proxy", "is_anonymous_proxy", "proxy"),
    "hosting": ("is_hosting_provider", "hosting"),
}


class MaxMind:
    """Reads the record of an address, whichever publisher's fields it has."""

    name = "maxmind"
    title = "MaxMind database"

    def link(self, address: str) -> str:
        """A local file has no page."""
        return ""

    def parse(self, address: str, body: Any, retrieved_at: Optional[datetime]) -> Evidence:
        """Evidence from a record; one without any field that is known is not found."""
        record = base.mapping(body)
        asn, owner = _system(record)
        country, organisation, flags = _country(record), base.text(record.get("organization")), _flags(record)
        if not (asn or owner or country or organisation or flags):
            return base.failed(self, address, Status.NOT_FOUND, "the database knows nothing about it", retrieved_at)
        return Evidence(
            self.name,
            SourceKind.PROVIDER,
            Status.OK,
            retrieved_at=retrieved_at,
            flags=flags,
            asn=asn,
            as_owner=owner,
            organisation=organisation,
            network=base.network(record.get("network")),
            country=country,
        )


class MaxMindFile:
    """A database file as a source: looked up on this machine, so no address leaves it.

    Raises MissingExtraError without the reader, InputError for a file that is no database.
    """

    def __init__(self, path: Path) -> None:
        try:
            import maxminddb
        except ImportError:
            raise MissingExtraError(f"{path}: reading it needs the extra mmdb (pip install 'ipthreat[mmdb]')") from None
        self._faults = (maxminddb.InvalidDatabaseError, OSError, LookupError, TypeError, RecursionError)
        try:
            self._reader = maxminddb.open_database(str(path))
        except (maxminddb.InvalidDatabaseError, ValueError):
            raise InputError(f"{path}: is no database in MaxMind's format") from None
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({error.strerror or error})") from None
        self._built = base.moment(self._reader.metadata().build_epoch)
        self._provider = MaxMind()

    def evidence(self, address: str) -> Sequence[Evidence]:
        """One entry about the address. A database without IPv6 does not support such addresses."""
        try:
            record, length = self._reader.get_with_prefix_len(address)
        except ValueError:
            return (base.failed(self._provider, address, Status.UNSUPPORTED, "the database has no such addresses"),)
        except self._faults:
            return (base.failed(self._provider, address, Status.ERROR, "the database is corrupt"),)
        network = ipaddress.ip_network(f"{address}/{length}", strict=False)
        return (self._provider.parse(address, {"network": str(network), **base.mapping(record)}, self._built),)

    def close(self) -> None:
        """Closes the file."""
        self._reader.close()


class MaxMindFiles:
    """Several databases as one source: of each field the first that has it counts."""

    def __init__(self, files: Tuple[MaxMindFile, ...]) -> None:
        self._files = files

    def evidence(self, address: str) -> Sequence[Evidence]:
        """One entry about the address; an answer goes before the failure of another file."""
        found = [item for file in self._files for item in file.evidence(address)]
        known = [item for item in found if item.status is Status.OK]
        if not known:
            return found[:1]
        fields = ("asn", "as_owner", "organisation", "network", "country")
        merged = {name: next(filter(None, (getattr(item, name) for item in known)), None) for name in fields}
        flags = tuple(dict.fromkeys(flag for item in known for flag in item.flags))
        told = {name: value for name, value in merged.items() if value}
        return (replace(known[0], flags=flags, **told),)


def _system(record: Mapping[str, Any]) -> Tuple[Optional[int], str]:
    number = base.number(record.get("autonomous_system_number"), 1) or base.system(record.get("asn"))[0]
    names = (record.get(key) for key in ("autonomous_system_organization", "as_name", "name", "isp"))
    return number, next((base.text(name) for name in names if base.text(name)), "")


def _country(record: Mapping[str, Any]) -> str:
    """The country of use, else that of registration."""
    places = (record.get("country"), record.get("registered_country"))
    codes = [record.get("country_code"), *(base.mapping(place).get("iso_code", place) for place in places)]
    return next((base.country(code) for code in codes if base.country(code)), "")


def _flags(record: Mapping[str, Any]) -> Tuple[str, ...]:
    """What is true, at the top or among the traits; some publishers write it as text."""
    parts = (record, base.mapping(record.get("traits")))
    return base.flagged(
        **{
            flag: any(part.get(name) in (True, "true") for part in parts for name in names)
            for flag, names in _ISSUES.items()
        }
    )
