"""What the app adds to `splunk diag`: settings, states and sizes, and nothing that is secret or anybody's address.

`splunk diag` loads the script that app.conf names, calls `setup`, and then `collect_diag_info` with an object that
takes texts (`add_string(text, path)`). Nothing is asked from splunkd, so that it works while splunkd is down.
"""

from __future__ import annotations

import csv
import io
import json
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Protocol, Sequence
from urllib.parse import urlsplit, urlunsplit

from ..errors import IpthreatError
from ..version import __version__
from .conf import APP, app_lists, read_conf
from .status_rows import FIELDS, status_rows

OPEN_SETTINGS: Mapping[str, Sequence[str]] = {
    "settings": ("default_mode", "policy", "allowlist"),
    "live": ("providers", "budget", "timeout", "search_most", "user_day", "members", "reserve", "tlp", "ca_bundle"),
    "feeds": ("names",),
    "delivery": ("indexes", "retries"),
    "provider:": (
        *("enabled", "tlp", "quota_second", "quota_minute", "quota_hour", "quota_day", "quota_month"),
        *("timeout", "concurrency"),
    ),
    "destination:": ("kind", "allow_private"),
}
"""Stanza, or what its name begins with → the settings whose values are told. Of a URL the host is told; of all others,
which may hold networks, addresses or what somebody took for a good place for a key, only that they are set."""
URLS = ("base_url", "mirror")
MOST_FILES = 1000
"""Files whose sizes are told."""


class Diag(Protocol):
    """What `splunk diag` hands over, as far as it is used."""

    def add_string(self, text: str, path: str) -> None:
        """Takes a text into the archive, under the app's part of it."""


def setup(**_: Any) -> None:
    """Called first, to settle options; there are none."""


def collect_diag_info(diag: Diag, app_dir: str = "", **_: Any) -> None:
    """Gives the app's part of a diag. What cannot be had is told there in one sentence."""
    app = Path(app_dir) if app_dir else APP
    diag.add_string(_json(_about()), "about.json")
    diag.add_string(_json(_settings(app)), "settings.json")
    diag.add_string(_json(list(_files(app))), "files.json")
    diag.add_string(_status(app), "status.csv")


def _about() -> Dict[str, str]:
    moment = datetime.now(timezone.utc).isoformat(timespec="seconds")
    return {"ipthreat": __version__, "python": sys.version.split()[0], "collected": moment}


def _settings(app: Path) -> Dict[str, Any]:
    try:
        stanzas = read_conf(app, "ipthreat")
    except IpthreatError as error:
        return {"unreadable": str(error).split(": ", 1)[-1]}
    return {name: {key: _told(name, key, value) for key, value in pairs.items()} for name, pairs in stanzas.items()}


def _told(stanza: str, key: str, value: str) -> str:
    kind = f"{stanza.split(':')[0]}:" if ":" in stanza else stanza
    if key in OPEN_SETTINGS.get(kind, ()) or not value:
        return value
    return _host(value) if key in URLS else "[set]"


def _host(url: str) -> str:
    """Scheme and host of a URL: its user, path and query may be secret."""
    try:
        parts = urlsplit(url)
        host = parts.hostname if parts.scheme in ("http", "https") else None
    except ValueError:
        host = None
    return urlunsplit((parts.scheme, host, "", "", "")) if host else "[set]"


def _files(app: Path) -> Iterator[Dict[str, Any]]:
    """Name, size and time of each file of data and lookups; nothing of what is in them."""
    found = [path for name in ("data", "lookups", "local") for path in sorted((app / name).rglob("*"))]
    for path in found[:MOST_FILES]:
        if path.is_file():
            about = path.stat()
            changed = datetime.fromtimestamp(about.st_mtime, timezone.utc).isoformat(timespec="seconds")
            yield {"file": path.relative_to(app).as_posix(), "bytes": about.st_size, "changed": changed}


def _status(app: Path) -> str:
    """The rows of `| ipthreatstatus`."""
    out = io.StringIO()
    writer = csv.DictWriter(out, FIELDS, lineterminator="\n")
    writer.writeheader()
    rows: List[Dict[str, str]] = status_rows(app_lists(app), datetime.now(timezone.utc))
    writer.writerows(rows)
    return out.getvalue()


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
