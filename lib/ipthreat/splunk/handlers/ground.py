"""What all handlers stand on: the broker, the intelligence at hand, settings and secrets as they are now."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path
from typing import Any, Dict, Mapping, Optional, Tuple

from ...allowlist import Allowlist
from ...clock import SYSTEM, Clock
from ...configuration import LocalFiles
from ...connecting import Connect
from ...errors import InputError
from ...intelligence import Intelligence
from ...localfiles import NO_FILES, Local, open_or_fail
from ...providers import LiveProvider, with_third_parties
from ..broker import Broker
from ..broker_settings import BrokerSettings, broker_settings
from ..conf import APP, app_lists
from ..kvstore import SharedEvidence
from ..lookups import lookup_path, read_allowlist
from ..rest import Call
from ..secrets import Secrets
from ..splunkd import settings_stanzas


def below_etc(home: Path, file: Path, setting: str = "ca_bundle") -> Path:
    """A file that a setting names, which lies below etc of the installation. Raises InputError for any other place."""
    etc = home / "etc"
    path = etc / file
    if ".." in file.parts or etc not in path.parents:
        raise InputError(f"{setting} of ipthreat.conf is a file below $SPLUNK_HOME/etc")
    return path


def _changed(path: Path) -> float:
    """When a file was last written, in seconds since 1970; 0.0 for one that is not there."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


class Ground:
    """One process's ground. `providers`, `connect`, `clock` and `webhook_seams` are seams for tests."""

    def __init__(
        self,
        folder: Path,
        *,
        providers: Optional[Mapping[str, LiveProvider]] = None,
        connect: Optional[Connect] = None,
        clock: Clock = SYSTEM,
        app: Path = APP,
        webhook_seams: Optional[Mapping[str, Any]] = None,
    ) -> None:
        self.folder = folder
        self.app = app
        self.clock = clock
        self.connect = connect
        self.webhook_seams = dict(webhook_seams or {})
        """Of `Webhooks`: `resolve`, `connect`, `sleep`."""
        self.complaints: list[str] = []
        """Why providers of third parties were left out."""
        self.providers = with_third_parties(self.complaints.append) if providers is None else providers
        self._lock = threading.Lock()
        self._opened: Tuple[float, Optional[Intelligence]] = (0.0, None)
        self._local: Tuple[object, Local] = ((), NO_FILES)

    @cached_property
    def needs(self) -> Dict[str, Tuple[str, ...]]:
        """Provider → the settings it cannot do without."""
        return {name: tuple(provider.needs) for name, provider in self.providers.items()}

    @cached_property
    def broker(self) -> Broker:
        """The broker."""
        return Broker(self.folder, self.providers, lambda: self.intelligence, connect=self.connect, clock=self.clock)

    @property
    def intelligence(self) -> Intelligence:
        """Snapshot and lists, opened anew when the lists have been refreshed."""
        path = app_lists(self.app)
        changed = path.stat().st_mtime if path.exists() else 0.0
        with self._lock:
            if self._opened[1] is None or self._opened[0] != changed:
                self._opened = (changed, Intelligence.opened(path))
            return self._opened[1] or Intelligence.opened(path)

    def settings(self, call: Call) -> BrokerSettings:
        """The settings as they are now. Raises InputError or SplunkError; the call learns what must not leave."""
        kept = Secrets(call.system).all()
        call.secrets += [secret for secrets in kept.values() for secret in secrets.values()]
        found = broker_settings(settings_stanzas(call.system), kept, self.needs)
        bundle = found.live.ca_bundle
        if bundle is None:
            return found
        return replace(found, live=replace(found.live, ca_bundle=below_etc(self.folder.parents[3], bundle)))

    def local(self, settings: BrokerSettings) -> Local:
        """The databases and the block list on this machine, opened anew when one has changed. Raises InputError."""
        home, named = self.folder.parents[3], settings.local
        mmdb = tuple(below_etc(home, path, "mmdb") for path in named.mmdb)
        found = LocalFiles(mmdb, below_etc(home, named.blocklist, "blocklist") if named.blocklist else None)
        files = [path for path in (*mmdb, found.blocklist) if path is not None]
        stamp = (found, *map(_changed, files))
        with self._lock:
            if self._local[0] != stamp:
                self._local = (stamp, open_or_fail(found))
            return self._local[1]

    def shared(self, call: Call) -> SharedEvidence:
        """The cluster's memory of answers."""
        return SharedEvidence(call.system, self.clock.wall, call.tell)

    def allowlist(self, settings: BrokerSettings) -> Allowlist:
        """What is never sent anywhere. Raises InputError: an allow-list that cannot be read is no empty one."""
        path = lookup_path(settings.allowlist, self.app)
        return read_allowlist(path, self.now()) if path else Allowlist()

    def now(self) -> datetime:
        """The present moment."""
        return datetime.fromtimestamp(self.clock.wall(), timezone.utc)
