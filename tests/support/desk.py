"""A user at the command line, with a provider on loopback."""

from __future__ import annotations

from pathlib import Path
from typing import List

import pytest
from runs import KEY

from ipthreat.cli import main
from ipthreat.testkit.server import FakeServer
from ipthreat.testkit.vendors import rating

HOSTILE = next(f"45.9.{number}.7" for number in range(256) if rating(f"45.9.{number}.7")["verdict"] == "malicious")
"""An address that the fake provider rates as malicious."""


class Desk:
    """A user at the command line who has configured VirusTotal, which is a server here."""

    def __init__(self, folder: Path, server: FakeServer, capsys: pytest.CaptureFixture) -> None:
        self.folder, self.server, self._capsys = folder, server, capsys
        self.data = folder / "data"
        self.environment = {
            "IPTHREAT_HOME": str(self.data),
            "IPTHREAT_VIRUSTOTAL_KEY": KEY,
            "IPTHREAT_VIRUSTOTAL_BASE_URL": server.url + "/api/v3",
        }
        self.shown: List[str] = []

    def runs(self, *arguments: str) -> str:
        """What the command prints; everything is kept in `shown`."""
        assert main(list(arguments), self.environment) == 0
        captured = self._capsys.readouterr()
        self.shown += [captured.out, captured.err]
        return captured.out

    def fails(self, *arguments: str) -> str:
        assert main(list(arguments), self.environment) != 0
        return self._capsys.readouterr().err

    @property
    def asked(self) -> List[str]:
        return [item.path.rpartition("/")[2] for item in self.server.asked]
