"""The app's own conf files: local over default, and every mistake named with its line."""

from __future__ import annotations

import pytest

from ipthreat.errors import InputError
from ipthreat.splunk.conf import Settings, app_lists, read_conf, settings


def written(app, folder, text, name="ipthreat"):
    path = app / folder / f"{name}.conf"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_without_files_everything_is_as_if_nothing_were_said(tmp_path):
    assert read_conf(tmp_path, "ipthreat") == {}
    assert settings(tmp_path) == Settings("offline", ())


def test_local_is_laid_over_default_key_by_key(tmp_path):
    written(tmp_path, "default", "[settings]\ndefault_mode = offline\nown_networks = 203.0.113.0/24\n[other]\na = 1\n")
    written(tmp_path, "local", "[settings]\ndefault_mode=live\n")
    assert read_conf(tmp_path, "ipthreat")["other"] == {"a": "1"}
    assert settings(tmp_path) == Settings("live", ("203.0.113.0/24",))


def test_comments_blank_lines_and_a_byte_order_mark_say_nothing(tmp_path):
    written(tmp_path, "default", "\ufeff# one\n\n[s]\n  # two = 2\nkey = a # b\n")
    assert read_conf(tmp_path, "ipthreat")["s"] == {"key": "a # b"}


def test_a_line_that_ends_in_a_backslash_goes_on(tmp_path):
    written(tmp_path, "default", "[s]\nkey = one \\\n# two \\\nthree\nnext = =4\n")
    assert read_conf(tmp_path, "ipthreat")["s"] == {"key": "one \n# two \nthree", "next": "=4"}


def test_keys_before_a_stanza_are_those_of_default(tmp_path):
    written(tmp_path, "default", "a = 1\n[s]\n")
    assert read_conf(tmp_path, "ipthreat") == {"default": {"a": "1"}, "s": {}}


@pytest.mark.parametrize(
    "text, why",
    [
        ("[s\n", "line 1 begins a stanza that does not end"),
        ("[s]\nnonsense\n", "line 2 is neither a stanza nor"),
        ("[s]\n= 3\n", "line 2 is neither a stanza nor"),
        ("[s]\na = 1\\\n", "the last line is continued"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path, text, why):
    path = written(tmp_path, "local", text)
    with pytest.raises(InputError, match=why) as caught:
        read_conf(tmp_path, "ipthreat")
    assert str(path) in str(caught.value)


def test_a_file_that_is_no_text_is_refused(tmp_path):
    (written(tmp_path, "local", "")).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="cannot be read"):
        settings(tmp_path)


def test_an_absurdly_large_file_is_refused(tmp_path):
    written(tmp_path, "local", "#" * (1 << 20) + "\n")
    with pytest.raises(InputError, match="larger than"):
        settings(tmp_path)


@pytest.mark.parametrize("mode", ["offline", "cached", "live", "LIVE", ""])
def test_the_default_mode_is_one_of_three(tmp_path, mode):
    written(tmp_path, "local", f"[settings]\ndefault_mode = {mode}\n")
    assert settings(tmp_path).default_mode == (mode.lower() or "offline")


def test_another_default_mode_is_refused_with_the_choice(tmp_path):
    written(tmp_path, "local", "[settings]\ndefault_mode = plan\n")
    with pytest.raises(InputError, match="it may be offline, cached, live"):
        settings(tmp_path)


def test_the_lists_of_an_app_lie_in_its_data_folder(tmp_path):
    assert app_lists(tmp_path) == tmp_path / "data" / "lists.snapshot"
