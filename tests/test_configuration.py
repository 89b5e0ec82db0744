"""The settings file and the environment: read with care, written for the user alone, no value of it in a message."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Dict, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runs import KEY

from ipthreat.configuration import FILE, read_local, read_settings, read_stanzas, variable, write_stanza
from ipthreat.errors import InputError, IpthreatError
from ipthreat.settings import LiveSettings

NAMES = ("virustotal", "misp")


def no_ring(name: str) -> str:
    raise IpthreatError(f"no keyring for {name}")


def settings(folder: Path, text: str = "", environment: Mapping[str, str] = {}, key_of=no_ring) -> LiveSettings:
    if text:
        path = folder / FILE
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
    return read_settings(folder, environment, NAMES, key_of)


def test_without_file_and_environment_nobody_is_asked(tmp_path: Path):
    assert settings(tmp_path) == LiveSettings()


def test_the_file_settles_the_run_and_each_provider(tmp_path: Path):
    found = settings(
        tmp_path,
        """
        # mine
        [live]
        budget = 20
        timeout = 30.5
        members = 3
        reserve = 0.2
        tlp = TLP:CLEAR
        plain_hosts = misp.internal, other.internal

        [virustotal]
        key = a-key-of-mine
        quota_minute = 1000
        quota_day = 20000
        no_send = 203.0.113.0/24, 2001:db8::/32
        tlp = TLP:AMBER
        concurrency = 3
        timeout = 9

        [misp]
        key = another-key
        base_url = http://misp.internal
        enabled = no
        verify = 90d
        """.replace("\n        ", "\n"),
    )
    assert (found.budget, found.timeout, found.members, found.reserve, found.tlp) == (20, 30.5, 3, 0.2, "TLP:CLEAR")
    assert found.plain_hosts == {"misp.internal", "other.internal"}
    own = found.providers["virustotal"]
    assert (own.key, dict(own.quota), own.tlp) == ("a-key-of-mine", {"minute": 1000, "day": 20000}, "TLP:AMBER")
    assert own.no_send == ("203.0.113.0/24", "2001:db8::/32")
    assert (own.concurrency, own.timeout, own.enabled) == (3, 9.0, True)
    assert (found.providers["misp"].enabled, dict(found.providers["misp"].extra)) == (False, {"verify": "90d"})


def test_a_key_may_hold_any_character(tmp_path: Path):
    key = "a=b;c#d%e:f$g h"
    write_stanza(tmp_path / FILE, "virustotal", {"key": key})
    assert settings(tmp_path).providers["virustotal"].key == key


def test_the_environment_goes_before_the_file(tmp_path: Path):
    environment = {variable("virustotal", "key"): "from-outside", "IPTHREAT_PROXY": "http://proxy.example:3128"}
    found = settings(tmp_path, "[virustotal]\nkey = from-inside\ntimeout = 9\n[live]\nproxy = http://x\n", environment)
    assert (found.providers["virustotal"].key, found.providers["virustotal"].timeout) == ("from-outside", 9.0)
    assert found.proxy == "http://proxy.example:3128"


def test_a_variable_alone_configures_a_provider(tmp_path: Path):
    assert list(settings(tmp_path, environment={"IPTHREAT_MISP_KEY": "k", "IPTHREAT_NOBODY_KEY": "x"}).providers) == [
        "misp"
    ]


def test_a_key_in_the_keyring_is_fetched_there(tmp_path: Path):
    found = settings(tmp_path, "[virustotal]\nkey_in = keyring\n", key_of=lambda name: f"{name}-key-in-ring")
    assert found.providers["virustotal"].key == "virustotal-key-in-ring"


@pytest.mark.parametrize("rest", ["enabled = false\n", ""])
def test_the_keyring_is_not_asked_for_a_key_that_is_not_needed(tmp_path: Path, rest: str):
    environment: Dict[str, str] = {} if rest else {"IPTHREAT_VIRUSTOTAL_KEY": "from-outside"}
    assert settings(tmp_path, f"[virustotal]\nkey_in = keyring\n{rest}", environment).providers["virustotal"]


@pytest.mark.skipif(os.name != "posix", reason="rights of files are those of POSIX")
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o666])
def test_a_file_that_others_can_read_is_refused_with_the_remedy(tmp_path: Path, mode: int):
    write_stanza(tmp_path / FILE, "virustotal", {"key": KEY})
    (tmp_path / FILE).chmod(mode)
    with pytest.raises(InputError, match="chmod 600"):
        settings(tmp_path)


@pytest.mark.parametrize(
    "text, words",
    [
        (f"[virustotal]\n{KEY}\n", "line 2"),
        (f"{KEY}\n", "line 1"),
        (f"[virustotal]\nkey = {KEY}\nkey = {KEY}\n", "line 3"),
        (f"[virustotal]\nkey = {KEY}\n[virustotal]\n", "line 3"),
        (f"[live]\nbudget = {KEY}\n", r"\[live\] the value of budget cannot be used"),
        (f"[live]\nbudgets = {KEY}\n", "there is no setting 'budgets'; there are budget, timeout"),
        (f"[virustotal]\nenabled = {KEY}\n", r"\[virustotal\] the value of enabled cannot be used"),
        (f"[virustotal]\nquota_day = {KEY}\n", "the value of quota_day cannot be used"),
        (f"[virustotal]\nkey = {KEY}\nquota_day = 0\n", r"\[virustotal\]: a quota is a number"),
        (f"[virustotal]\nkey_in = {KEY}\n", "key_in may be keyring"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_without_a_word_of_it(tmp_path: Path, text: str, words: str):
    with pytest.raises(InputError, match=words) as caught:
        settings(tmp_path, text)
    assert KEY not in str(caught.value)
    assert caught.value.__context__ is None or caught.value.__suppress_context__


@pytest.mark.parametrize("content, words", [(b"\xff\xfe[live]", "no UTF-8"), (b"#" * (2**20 + 1), "larger than")])
def test_a_file_that_is_no_settings_file_is_refused(tmp_path: Path, content: bytes, words: str):
    (tmp_path / FILE).write_bytes(content)
    (tmp_path / FILE).chmod(0o600)
    with pytest.raises(InputError, match=words):
        settings(tmp_path)


def test_what_is_written_belongs_to_the_user_alone(tmp_path: Path):
    path = tmp_path / "folder" / FILE
    write_stanza(path, "virustotal", {"key": KEY})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) & 0o077 == 0
    assert [item.name for item in path.parent.iterdir()] == [FILE]


def test_a_stanza_takes_the_place_of_the_old_one_and_leaves_the_others(tmp_path: Path):
    path = tmp_path / FILE
    write_stanza(path, "virustotal", {"key": "one", "timeout": "9"})
    write_stanza(path, "misp", {"key": "two"})
    write_stanza(path, "virustotal", {"key": "three"})
    assert read_stanzas(path) == {"virustotal": {"key": "three"}, "misp": {"key": "two"}}
    write_stanza(path, "virustotal", {})
    assert read_stanzas(path) == {"misp": {"key": "two"}}


COMMENTED = """# of the whole file

[live]
; of the budget
budget = 20

# of the stanza
[virustotal]
# of the key
key = one
no_send = 203.0.113.0/24,
  198.51.100.0/24
timeout = 9

# of misp
[misp]
key = two
"""


def test_comments_and_other_lines_stay_as_they_are(tmp_path: Path):
    path = tmp_path / FILE
    path.write_text(COMMENTED)
    path.chmod(0o600)
    old = read_stanzas(path)["virustotal"]
    write_stanza(path, "virustotal", {"key": "one", "timeout": "8", "tlp": "TLP:AMBER"})
    changed = COMMENTED.replace("no_send = 203.0.113.0/24,\n  198.51.100.0/24\n", "")
    assert path.read_text() == changed.replace("timeout = 9\n", "timeout = 8\ntlp = TLP:AMBER\n")
    write_stanza(path, "virustotal", {})
    assert "of misp" in path.read_text()
    assert sorted(read_stanzas(path)) == ["live", "misp"]
    path.write_text(COMMENTED)
    write_stanza(path, "virustotal", {**old, "timeout": "8"})
    assert read_stanzas(path)["virustotal"] == {**old, "timeout": "8"}


def test_a_local_file_is_no_provider(tmp_path: Path):
    text = "[maxmind]\nmmdb = a.mmdb, b.mmdb\n[talos]\nblocklist = list.txt\n"
    assert settings(tmp_path, text) == LiveSettings()
    assert read_local(tmp_path) == ((Path("a.mmdb"), Path("b.mmdb")), Path("list.txt"))


@pytest.mark.parametrize("slip", ["no-send", "nosend", "timout", "quota_week"])
def test_a_slip_in_a_setting_is_refused_unless_the_provider_declares_it(tmp_path: Path, slip: str):
    (tmp_path / FILE).write_text(f"[virustotal]\n{slip} = 203.0.113.0/24\n")
    (tmp_path / FILE).chmod(0o600)
    with pytest.raises(InputError, match=f"there is no setting '{slip}'; there are .*no_send.*, user"):
        read_settings(tmp_path, {}, NAMES, no_ring, lambda name: ("user",))
    assert read_settings(tmp_path, {}, NAMES, no_ring, lambda name: (slip,)).providers["virustotal"].extra


def test_a_folder_that_cannot_be_written_is_told_in_one_sentence(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be"):
        write_stanza(tmp_path / "file" / FILE, "virustotal", {"key": KEY})


VALUE = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)


@given(VALUE)
def test_whatever_key_is_written_is_read_again(tmp_path_factory: pytest.TempPathFactory, key: str):
    path = tmp_path_factory.mktemp("settings") / FILE
    write_stanza(path, "virustotal", {"key": key})
    assert read_settings(path.parent, {}, NAMES, no_ring).providers["virustotal"].key == key
