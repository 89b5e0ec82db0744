"""What may leave the machine, and the line that says what did."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

import pytest

from ipthreat.address import network
from ipthreat.case import TLP_LABELS
from ipthreat.dossier import Allowance
from ipthreat.egress import Audit, Egress
from ipthreat.errors import StoreError

NOON = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)


def rules(tlp: str = "TLP:GREEN", ceiling: str = "TLP:GREEN", *no_send: str) -> Egress:
    return Egress(tlp, {"vendor": ceiling}, {"vendor": tuple(network(text) for text in no_send)})


@pytest.mark.parametrize("tlp", TLP_LABELS)
@pytest.mark.parametrize("ceiling", TLP_LABELS)
def test_data_goes_to_a_provider_up_to_its_ceiling(tlp: str, ceiling: str):
    open_to_it = TLP_LABELS.index(tlp) >= TLP_LABELS.index(ceiling)
    assert (rules(tlp, ceiling).closed("vendor") == "") is open_to_it


def test_the_reason_names_label_and_ceiling():
    assert rules("TLP:AMBER").closed("vendor") == "TLP:AMBER data may not go to vendor, whose ceiling is TLP:GREEN"


@pytest.mark.parametrize("ceiling", ["", "TLP:WHITE"])
def test_a_provider_without_a_ceiling_gets_nothing(ceiling: str):
    assert "no label is known" in rules("TLP:CLEAR", ceiling).closed("vendor")
    assert "no label is known" in rules("TLP:CLEAR").closed("another")


@pytest.mark.parametrize("address", ["10.0.0.1", "127.0.0.1", "169.254.1.1", "::1", "fe80::1", "192.0.2.1"])
def test_an_address_that_is_not_global_stays(address: str):
    assert rules().withheld("vendor", address, None) == "it is not a global address"


def test_an_allow_listed_address_stays():
    assert rules().withheld("vendor", "8.8.8.8", Allowance("8.8.8.0/24")) == "it is on the allow-list"


@pytest.mark.parametrize("address, stays", [("8.8.8.8", True), ("8.8.9.8", False), ("2606:4700::1", True)])
def test_the_no_send_list_of_a_provider_is_kept(address: str, stays: bool):
    egress = rules("TLP:GREEN", "TLP:GREEN", "8.8.8.0/24", "2606:4700::/32")
    assert bool(egress.withheld("vendor", address, None)) is stays
    assert egress.withheld("another", address, None) == ""


def test_each_request_is_one_line_of_json(tmp_path: Path):
    audit = Audit(tmp_path / "folder" / "egress.log", "run-1", "TLP:GREEN")
    audit.sending(NOON, "vendor", "vendor.example", "vendor:1f", ["8.8.8.8"])
    audit.sending(NOON, "vendor", "vendor.example", "vendor:1f", ["1.1.1.1", "9.9.9.9"])
    first, second = (tmp_path / "folder" / "egress.log").read_text().splitlines()
    assert json.loads(first) == {
        "time": "2026-11-24T12:00:00+00:00", "run": "run-1", "provider": "vendor", "host": "vendor.example",
        "account": "vendor:1f", "tlp": "TLP:GREEN", "addresses": ["8.8.8.8"],
    }  # fmt: skip
    assert json.loads(second)["addresses"] == ["1.1.1.1", "9.9.9.9"]
    assert stat.S_IMODE((tmp_path / "folder" / "egress.log").stat().st_mode) == 0o600


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_a_line_that_is_recorded_in_part_is_refused(tmp_path: Path):
    code = """
import resource, signal, sys
from datetime import datetime, timezone
from pathlib import Path
from ipthreat.egress import Audit
from ipthreat.errors import StoreError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
try:
    now = datetime.now(timezone.utc)
    Audit(Path(sys.argv[1]), "run-1", "TLP:GREEN").sending(now, "vendor", "host", "vendor:1", ["8.8.8.8"])
except StoreError as error:
    print(error)
"""
    path = tmp_path / "egress.log"
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert "only part of a line could be written, and what cannot be recorded is not sent" in done.stdout
    assert path.stat().st_size == 100


def test_what_cannot_be_recorded_is_refused(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="what cannot be recorded is not sent"):
        Audit(tmp_path / "file" / "egress.log", "run-1", "TLP:GREEN").sending(NOON, "vendor", "host", "1", ["8.8.8.8"])


def test_without_a_file_nothing_is_recorded(tmp_path: Path):
    Audit(None, "run-1", "TLP:GREEN").sending(NOON, "vendor", "host", "vendor:1", ["8.8.8.8"])
    assert list(tmp_path.iterdir()) == []
