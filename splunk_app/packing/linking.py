"""A checkout as an app of a Splunk on the same machine, for development: what is edited counts with the next search."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Dict

from .contents import CACHE, NOT_OF_THE_APP, ROOT, TEXTS
from .errors import StagingError
from .vendored import PACKAGES, fetched, library, pins

VENDORED = ROOT / "build" / "vendored"


def link(home: Path, sdk: str = "2.1.1", cache: Path = CACHE) -> Path:
    """Makes etc/apps/ipthreat of a Splunk a folder of links into this checkout; `local` and `data` stay its own.

    Raises StagingError when there is no such Splunk, or an app of that name which is no folder of links.
    """
    apps = home / "etc" / "apps"
    if not apps.is_dir():
        raise StagingError(f"{home} holds no Splunk: it has no etc/apps.")
    app = apps / "ipthreat"
    targets = _targets(sdk, cache)
    for name in targets:
        if (app / name).exists() and not (app / name).is_symlink():
            raise StagingError(f"{app / name} is no link: an app is installed there, and it is left as it is.")
    for name, target in targets.items():
        path = app / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_symlink():
            path.unlink()
        path.symlink_to(target, target_is_directory=target.is_dir())
    return app


def _targets(sdk: str, cache: Path) -> Dict[str, Path]:
    """Path inside the app → where it leads."""
    targets = {name: ROOT / name for name in ("bin", "default", *TEXTS)}
    targets["lib/ipthreat"] = ROOT / "lib" / "ipthreat"
    for path in sorted((ROOT / "splunk_app").iterdir()):
        if not f"{path.name}/".startswith(NOT_OF_THE_APP) and not path.name.startswith((".", "__")):
            targets[path.name] = path
    vendored = _unpacked(sdk, cache)
    targets.update({f"lib/{package.module}": vendored / "lib" / package.module for package in PACKAGES.values()})
    return targets


def _unpacked(sdk: str, cache: Path) -> Path:
    shutil.rmtree(VENDORED, ignore_errors=True)
    for pin in pins(sdk):
        for name, data in library(pin, fetched(pin, cache)).items():
            path = VENDORED / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    return Path(os.path.abspath(VENDORED))
