"""Where a user's data live follows from the environment alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipthreat.errors import InputError
from ipthreat.paths import data_dir, feeds_dir, lists_path

HOME = {"HOME": "/home/ada"}


def test_ipthreat_home_is_the_folder():
    assert data_dir({**HOME, "XDG_DATA_HOME": "/data", "IPTHREAT_HOME": "/srv/ti"}) == Path("/srv/ti")


def test_else_it_is_a_folder_in_the_xdg_data_home():
    assert data_dir({**HOME, "XDG_DATA_HOME": "/data"}) == Path("/data/ipthreat")


@pytest.mark.parametrize("value", ["", "relative/path", "~/data"])
def test_an_empty_or_relative_xdg_data_home_is_ignored(value: str):
    assert data_dir({**HOME, "XDG_DATA_HOME": value}) == Path("/home/ada/.local/share/ipthreat")


def test_an_empty_ipthreat_home_counts_as_unset():
    assert data_dir({**HOME, "IPTHREAT_HOME": ""}) == Path("/home/ada/.local/share/ipthreat")


def test_without_any_home_the_remedy_is_named():
    with pytest.raises(InputError, match="set IPTHREAT_HOME"):
        data_dir({})


def test_the_windows_home_serves_where_there_is_no_other():
    assert data_dir({"USERPROFILE": "/users/ada"}) == Path("/users/ada/.local/share/ipthreat")


@given(st.dictionaries(st.sampled_from(["IPTHREAT_HOME", "XDG_DATA_HOME", "HOME"]), st.text(min_size=1)))
def test_the_answer_depends_on_nothing_but_the_environment_given(env: dict):
    try:
        folder = data_dir(env)
    except InputError:
        assert "HOME" not in env
    else:
        assert data_dir(dict(env)) == folder
        assert lists_path(folder).parent == folder
        assert feeds_dir(folder).parent == folder
