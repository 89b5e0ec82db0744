"""The app's commands: their stanzas, their help in the search bar, and the page about them."""

from __future__ import annotations

import re
from typing import Set

import pytest
from searches import ROOT, events, ground

from ipthreat.splunk.conf import Settings, read_conf, settings
from ipthreat.splunk.reporting_options import FORMS
from ipthreat.splunk.runner import main as runner_main
from ipthreat.splunk.runner import run

COMMANDS = read_conf(ROOT, "commands")


# --- commands -------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_a_command_runs_on_all_supported_versions_of_splunk(command):
    stanza = COMMANDS[command]
    assert re.fullmatch(r"[a-z]+", command)  # Splunk takes no underscore in the name of a command
    assert (stanza["chunked"], stanza["is_risky"], stanza["run_in_preview"]) == ("true", "false", "true")
    assert (stanza["python.version"], stanza["python.required"]) == ("python3", "3.9, 3.13")


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_a_command_has_its_script_and_its_help(command):
    assert (ROOT / "bin" / COMMANDS[command]["filename"]).is_file()
    help_ = read_conf(ROOT, "searchbnf")[f"{command}-command"]
    assert help_["syntax"].startswith(command)
    assert help_["usage"] == "public"
    assert command in help_["example1"]
    assert {"shortdesc", "description", "comment1", "category", "tags", "related"} <= set(help_)
    assert set(help_["related"].split()) - set(COMMANDS) <= {"iplocation", "lookup"}


def test_every_help_is_of_a_command():
    helped = {name[: -len("-command")] for name in read_conf(ROOT, "searchbnf") if name.endswith("-command")}
    assert helped == set(COMMANDS)


def test_the_help_offers_the_forms_there_are():
    syntax = read_conf(ROOT, "searchbnf")["ipthreatreport-command"]["syntax"]
    assert f"format=({'|'.join(FORMS)})" in syntax


# --- settings of the app --------------------------------------------------------------------------


def test_the_shipped_settings_are_those_without_a_file():
    assert settings(ROOT) == Settings()


# --- the page about it ----------------------------------------------------------------------------

PAGE = (ROOT / "docs" / "splunk.md").read_text(encoding="utf-8")
OPTION = re.compile(r"^    (\w+) = Option\(", re.MULTILINE)


def options_of(module: str) -> Set[str]:
    return set(OPTION.findall((ROOT / "lib" / "ipthreat" / "splunk" / f"{module}.py").read_text(encoding="utf-8")))


@pytest.mark.parametrize("module, stanza", [("options", "ipthreat-option"), ("reporting", "ipthreatreport-command")])
def test_page_and_help_name_the_options_there_are(module, stanza):
    options = options_of(module)
    assert options
    assert set(re.findall(r"(\w+)=", read_conf(ROOT, "searchbnf")[stanza]["syntax"])) == options
    for option in options:
        assert f"`{option}=" in PAGE, option


def test_the_page_names_every_option_of_the_runner(capsys):
    with pytest.raises(SystemExit):
        runner_main(["--help"])
    options = set(re.findall(r"(--[a-z]+)", capsys.readouterr().out)) - {"--help"}
    assert options == set(re.findall(r"^\| `(--[a-z]+)", PAGE, re.MULTILINE))


def test_the_settings_on_the_page_are_settings():
    assert set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)) <= set(read_conf(ROOT, "ipthreat")["settings"])


@pytest.mark.parametrize("search", re.findall(r"ipthreat\.splunk\.runner '([^']+)'", PAGE))
def test_the_searches_on_the_page_run(search):
    assert not run(ground(), search, events(20)).failed
