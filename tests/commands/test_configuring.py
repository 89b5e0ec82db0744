"""`ipthreat configure`: keys are asked for, kept in the keyring or a file of the user's alone, and never shown."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Dict, Optional

import pytest
from runs import KEY

from ipthreat.cli import main, parser
from ipthreat.commands.configuring import configure
from ipthreat.configuration import FILE, read_stanzas


class Ring:
    """A keyring in memory."""

    def __init__(self) -> None:
        self.secrets: Dict[str, str] = {}

    def get_password(self, service: str, name: str) -> Optional[str]:
        return self.secrets.get(name)

    def set_password(self, service: str, name: str, secret: str) -> None:
        self.secrets[name] = secret

    def delete_password(self, service: str, name: str) -> None:
        del self.secrets[name]


class Desk:
    """A user at the command line, whose key comes through a pipe."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.environment = {"IPTHREAT_HOME": str(folder)}
        self.path = folder / FILE
        self._patch = monkeypatch

    def types(self, text: str) -> None:
        self._patch.setattr("sys.stdin", io.StringIO(text))

    def runs(self, *arguments: str) -> int:
        return main(["configure", *arguments], self.environment)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    made = Desk(tmp_path, monkeypatch)
    made.types(KEY + "\n")
    return made


def test_a_key_goes_into_the_file_where_there_is_no_keyring(desk: Desk, capsys: pytest.CaptureFixture):
    assert desk.runs("virustotal", "--in-file") == 0
    assert read_stanzas(desk.path) == {"virustotal": {"key": KEY}}
    shown = capsys.readouterr()
    assert KEY not in shown.out + shown.err
    assert f"virustotal is configured in {desk.path}" in shown.err


def test_a_key_goes_into_the_keyring_where_there_is_one(desk: Desk):
    ring = Ring()
    assert configure(parser().parse_args(["configure", "virustotal"]), desk.environment, lambda: ring) == 0
    assert ring.secrets == {"virustotal": KEY}
    assert read_stanzas(desk.path) == {"virustotal": {"key_in": "keyring"}}
    configure(parser().parse_args(["configure", "virustotal", "--remove"]), desk.environment, lambda: ring)
    assert ring.secrets == {}
    assert read_stanzas(desk.path) == {}


def test_a_new_key_keeps_the_other_settings(desk: Desk):
    desk.runs("virustotal", "--in-file", "--set", "quota_day=20000")
    desk.types("another-key-of-mine\n")
    desk.runs("virustotal", "--in-file")
    desk.types("not read\n")
    desk.runs("virustotal", "--set", "tlp=TLP:AMBER")
    assert read_stanzas(desk.path)["virustotal"] == {
        "key": "another-key-of-mine", "quota_day": "20000", "tlp": "TLP:AMBER",
    }  # fmt: skip


def test_a_provider_without_a_key_is_just_switched_on(desk: Desk):
    desk.types("")
    assert desk.runs("rdap") == 0
    assert read_stanzas(desk.path) == {"rdap": {"enabled": "true"}}


@pytest.mark.parametrize("typed", ["", "\n", "a\x00b\n", "x" * 5000])
def test_what_is_no_key_changes_nothing(desk: Desk, typed: str, capsys: pytest.CaptureFixture):
    desk.types(typed)
    assert desk.runs("virustotal", "--in-file") == 3
    assert not desk.path.exists()
    assert "nothing was changed" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["key=x", "secret=x", "token=x", "nonsense", "=x", "key_in=keyring", "tlp=a\nb"])
def test_a_key_is_no_argument(desk: Desk, text: str):
    assert desk.runs("virustotal", "--in-file", "--set", text) == 3
    assert not desk.path.exists()


@pytest.mark.parametrize(
    "text, words",
    [
        ("nosend=10.0.0.0/8", "there is no setting 'nosend'; there are key, base_url, enabled, tlp, no_send"),
        ("timout=5", "there is no setting 'timout'"),
        ("no_send=everything", "everything"),
        ("tlp=TLP:PINK", "'TLP:PINK' is no TLP 2.0 label"),
        ("timeout=soon", "the value of timeout cannot be used"),
        ("quota_day=0", "a quota is a number"),
    ],
)
def test_a_setting_that_could_not_be_obeyed_is_never_written(desk: Desk, capsys, text: str, words: str):
    assert desk.runs("virustotal", "--in-file", "--set", text) == 3
    assert words in capsys.readouterr().err
    assert not desk.path.exists()


def test_a_setting_that_the_provider_declares_is_written(desk: Desk):
    assert desk.runs("greynoise", "--in-file", "--set", "plan=community") == 0
    assert read_stanzas(desk.path)["greynoise"]["plan"] == "community"


def test_what_else_a_provider_needs_is_told_before_the_key_is_asked_for(desk: Desk, capsys: pytest.CaptureFixture):
    assert desk.runs("misp", "--in-file") == 3
    assert "misp needs base_url: ipthreat configure misp --set base_url=…" in capsys.readouterr().err
    assert desk.runs("misp", "--in-file", "--set", "base_url=https://misp.example") == 0


def test_a_local_file_is_set_and_removed_without_a_key(desk: Desk, capsys: pytest.CaptureFixture):
    assert desk.runs("maxmind", "--set", "mmdb=a.mmdb, b.mmdb") == 0
    assert desk.runs("talos", "--set", "blocklist=list.txt") == 0
    assert read_stanzas(desk.path) == {"maxmind": {"mmdb": "a.mmdb, b.mmdb"}, "talos": {"blocklist": "list.txt"}}
    assert desk.runs("talos") == 0
    assert desk.runs("talos", "--remove") == 0
    assert [desk.runs("talos"), desk.runs("maxmind", "--set", "mdb=a.mmdb")] == [3, 3]
    shown = capsys.readouterr().err
    assert "talos needs a file: ipthreat configure talos --set blocklist=FILE" in shown
    assert "there is no setting 'mdb'; there are mmdb, enabled" in shown


def test_a_provider_that_does_not_exist_is_refused(desk: Desk, capsys: pytest.CaptureFixture):
    assert desk.runs("virustotl") == 3
    assert "there is no provider 'virustotl'; there are virustotal, abuseipdb" in capsys.readouterr().err


def test_the_list_says_where_each_key_is(desk: Desk, capsys: pytest.CaptureFixture):
    desk.runs("virustotal", "--in-file")
    desk.environment["IPTHREAT_GREYNOISE_KEY"] = KEY
    capsys.readouterr()
    assert desk.runs("--json") == 0
    rows = {row["provider"]: row["key"] for row in json.loads(capsys.readouterr().out)}
    assert (rows["virustotal"], rows["greynoise"], rows["otx"]) == ("file", "environment", "not configured")
    assert desk.runs() == 0
    out = capsys.readouterr().out
    assert "virustotal" in out
    assert KEY not in out


def test_the_list_has_the_sources_that_are_files_and_says_when_one_is_gone(desk: Desk, tmp_path: Path, capsys):
    def listed() -> Dict[str, str]:
        assert desk.runs("--json") == 0
        return {row["provider"]: row["key"] for row in json.loads(capsys.readouterr().out)}

    assert (listed()["maxmind"], listed()["talos"]) == ("not configured", "not configured")
    for name in ("a.mmdb", "b.mmdb", "talos.txt"):
        (tmp_path / name).write_text("x")
    desk.runs("maxmind", "--set", f"mmdb={tmp_path}/a.mmdb,{tmp_path}/b.mmdb")
    desk.runs("talos", "--set", f"blocklist={tmp_path}/talos.txt")
    assert (listed()["maxmind"], listed()["talos"]) == ("2 files", "1 file")
    (tmp_path / "talos.txt").unlink()
    desk.runs("maxmind", "--set", "enabled=false")
    capsys.readouterr()
    assert (listed()["maxmind"], listed()["talos"]) == ("disabled", f"no file {tmp_path}/talos.txt")
    assert desk.runs() == 0
    assert "MaxMind databases      mmdb" in capsys.readouterr().out
