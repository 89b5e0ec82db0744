"""Enterprise Security: the action as an adaptive response, where ES is installed.

`cim_actions` comes with Splunk_SA_CIM and is imported from there at run time; it is never part of this app. Without it
there is nothing to do here: the index and the log have everything.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Mapping, Optional

from ..asking import FAULTS
from .alert_payload import Payload
from .delivery.parcel import Parcel

WORKER = "ipthreat_report"
_NEIGHBOUR = ("etc", "apps", "Splunk_SA_CIM", "lib")
_FAULTS = (*FAULTS, ImportError, OSError, RuntimeError)


class Es:
    """The modular action of one run."""

    def __init__(self, payload: Payload, environment: Mapping[str, str] = os.environ) -> None:
        self._payload = payload
        self._library = _library(environment)

    def tell(self, parcel: Parcel) -> bool:
        """Writes the events and the status as ES wants them; false where ES is not installed or does not take them."""
        if self._library is None:
            return False
        if str(self._library) not in sys.path:
            sys.path.append(str(self._library))
        with suppress(*_FAULTS):
            cim = importlib.import_module("cim_actions")
            self._write(cim.ModularAction(json.dumps(self._settings()), _logger(), WORKER), parcel)
            return True
        return False

    def _write(self, action: Any, parcel: Parcel) -> None:
        for number, row in enumerate(parcel.rows):
            action.update({**row, "rid": str(number)})
            action.invoke()
            action.addevent(json.dumps(dict(row), ensure_ascii=False), sourcetype="ipthreat:assessment")
        index = next((name for kind, name in self._payload.params.targets if kind == "index"), "summary")
        action.writeevents(index=index, source=WORKER)
        action.message(f"{parcel.summary}, report {parcel.report_id}", status="success")

    def _settings(self) -> Mapping[str, Any]:
        """The alert as `cim_actions` reads it."""
        payload = self._payload
        return {
            "sid": payload.sid,
            "search_name": payload.search_name,
            "app": payload.app,
            "owner": payload.owner,
            "results_file": str(payload.results_file or ""),
            "server_uri": payload.uri,
            "session_key": payload.session_key,
            "configuration": {},
        }


def _library(environment: Mapping[str, str]) -> Optional[Path]:
    home = environment.get("SPLUNK_HOME")
    folder = Path(home).joinpath(*_NEIGHBOUR) if home else None
    return folder if folder is not None and (folder / "cim_actions.py").is_file() else None


def _logger() -> logging.Logger:
    logger = logging.getLogger("ipthreat.modular")
    logger.propagate = False
    return logger
