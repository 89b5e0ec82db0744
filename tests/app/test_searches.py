"""The searches that ship with the app: every macro, command, option and field in them exists, and they run."""

from __future__ import annotations

import re
from typing import Dict, Iterator, List, Set, Tuple

import pytest
from searches import ROOT, events, ground

from ipthreat.splunk.conf import read_conf
from ipthreat.splunk.protocol import table_from
from ipthreat.splunk.runner import run

MACROS = read_conf(ROOT, "macros")
SAVED = {name: pairs["search"] for name, pairs in read_conf(ROOT, "savedsearches").items()}
COMMANDS = set(read_conf(ROOT, "commands"))
SPLUNKS = {"search", "table", "stats", "convert", "where", "eval", "makeresults", "outputlookup", "inputlookup"}
"""Commands of Splunk's own that the app's searches use."""
CIM = {"src_ip", "dest_ip", "bytes_out", "_time"}
"""Fields of events, by their names in the Common Information Model."""
LOG = {"level", "command", "action", "input", "handler", "_time"}
"""Fields of the app's log: each line has one of command, action, input and handler."""
MACRO = re.compile(r"`([^`]+)`")
FUNCTION = re.compile(r"\b(?:sum|min|max|latest|ctime|count)\((\w*)\)")


def expanded(search: str) -> str:
    """The search with its macros in place. A macro that there is not raises KeyError."""
    return MACRO.sub(lambda match: expanded(_definition(match[1])), search)


def _definition(call: str) -> str:
    name, _, rest = call.partition("(")
    values = [value for value in rest.rstrip(")").split(",") if value]
    stanza = MACROS[f"{name}({len(values)})" if values else name]
    text = stanza["definition"]
    for argument, value in zip(stanza.get("args", "").split(","), values):
        text = text.replace(f"${argument}$", value)
    return text


def stages(search: str) -> List[Tuple[str, str]]:
    """(command, arguments) of each stage of an expanded search."""
    parts = re.split(r"\|(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", search)
    words = [part.strip() for part in parts]
    found = [("search", words[0])] if words[0] else []
    return found + [(word.split()[0], word[len(word.split()[0]) :].strip()) for word in words[1:]]


def used(command: str, arguments: str) -> Set[str]:
    """The fields that a stage reads."""
    if command == "table":
        return set(arguments.split())
    if command in ("stats", "convert"):
        grouped = re.search(r"\bby (.+)$", arguments)
        return (set(FUNCTION.findall(arguments)) | set(grouped[1].split() if grouped else ())) - {""}
    if command == "eval":
        return set(re.findall(r"\w+", re.sub(r"^\w+=coalesce", "", arguments)))
    return set(re.findall(r"([A-Za-z_][\w.]*)(?:\s+IN\s+\(|\s*!?=)", arguments)) if command == "search" else set()


def made(command: str, arguments: str, fields: Set[str]) -> Set[str]:
    """The fields after a stage; those of the app's commands as they come out of the real command."""
    if command == "stats":
        grouped = re.search(r"\bby (.+)$", arguments)
        named = set(re.findall(r"\bas (\w+)", arguments)) | {"count"}
        return named | set(grouped[1].split() if grouped else ())
    if command in COMMANDS:
        return set(names_of(f"| {command} {arguments}".strip(), fields))
    if command == "eval":
        return fields | {arguments.split("=")[0]}
    return set(arguments.split()) if command == "table" else fields


def names_of(search: str, fields: Set[str]) -> Tuple[str, ...]:
    """What an app's command gives for events of the tests' web server, or for rows with these fields."""
    given = events(60)
    if "count" in fields:
        names = tuple(sorted(fields))
        given = table_from(names, [{name: "18.237.3.202" if name.endswith("ip") else "1" for name in names}])
    result = run(ground(), search, None if search.startswith("| ipthreatstatus") else given)
    assert not result.failed, result.messages
    return tuple(result.table.names)


# --- saved searches -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(SAVED))
def test_a_saved_search_uses_only_fields_that_a_stage_before_it_gives(name):
    steps = stages(expanded(SAVED[name]))
    fields = CIM | (LOG if "ipthreat.log" in steps[0][1] else set())
    for command, arguments in steps[1 if steps[0][0] == "search" else 0 :]:
        assert used(command, arguments) <= fields, (command, used(command, arguments) - fields)
        fields = made(command, arguments, fields)


@pytest.mark.parametrize("name", sorted(SAVED))
def test_a_saved_search_uses_only_commands_that_there_are(name):
    assert {command for command, _ in stages(expanded(SAVED[name]))} <= COMMANDS | SPLUNKS


@pytest.mark.parametrize("name", sorted(SAVED))
def test_a_saved_search_is_off_until_somebody_wants_it(name):
    pairs = read_conf(ROOT, "savedsearches")[name]
    assert pairs["disabled"] == "1"
    assert pairs["cron_schedule"].split()[0] not in ("0", "00", "*")  # all others run at full hours
    assert pairs["description"].endswith(".")
    assert name in (ROOT / "docs" / "admin.md").read_text(encoding="utf-8")


def test_saved_searches_do_not_all_start_at_the_same_minute():
    minutes = [pairs["cron_schedule"].split()[0] for pairs in read_conf(ROOT, "savedsearches").values()]
    assert len(set(minutes)) == len(minutes)


@pytest.mark.parametrize("name", sorted(SAVED))
def test_an_alert_reads_its_address_and_suppresses_by_fields_of_its_results(name):
    pairs = read_conf(ROOT, "savedsearches")[name]
    command, arguments = stages(expanded(SAVED[name]))[-1]
    columns = set(arguments.split()) if command == "table" else set()
    wanted = set(filter(None, pairs.get("alert.suppress.fields", "").split(", ")))
    wanted |= {value for key, value in pairs.items() if key.endswith("param.field")}
    wanted |= set(re.findall(r"\$(\w+)\$", pairs.get("action.risk.param._risk_message", "")))
    assert wanted <= columns


# --- macros ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(MACROS))
def test_a_macro_says_how_many_arguments_it_has(name):
    arguments = [text for text in MACROS[name].get("args", "").split(",") if text]
    assert name.endswith(f"({len(arguments)})") if arguments else "(" not in name
    for argument in arguments:
        assert f"${argument}$" in MACROS[name]["definition"]


@pytest.mark.parametrize("name", sorted(MACROS))
def test_a_macro_is_explained_to_the_administrator(name):
    assert f"`{name.split('(')[0]}" in (ROOT / "docs" / "admin.md").read_text(encoding="utf-8")


def test_the_fields_in_macros_are_fields_of_the_command():
    names = set(names_of("| ipthreat src_ip fields=full es=true", set()))
    for pairs in MACROS.values():
        assert set(re.findall(r"\bti_\w+", pairs["definition"])) <= names


# --- searches in the manual and in the help -------------------------------------------------------


def told() -> Iterator[str]:
    """The searches with a command of the app that the documentation and the help of the search bar show."""
    for page in ("admin", "splunk"):
        for line in (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8").splitlines():
            if re.match(r"    (index=|\| )", line):
                yield re.split(r"\s{3,}\|\s", line.strip())[0]
    for pairs in read_conf(ROOT, "searchbnf").values():
        yield from (value for key, value in pairs.items() if key.startswith("example"))


@pytest.mark.parametrize("search", sorted(set(told())))
def test_a_search_that_is_shown_uses_commands_and_fields_that_there_are(search):
    for command, arguments in stages(search):
        assert command in COMMANDS | SPLUNKS, command
        if command in COMMANDS:
            plain = re.sub(r"\ballowlist=\w+|\bby=\w+", "", arguments)
            fields: Dict[str, str] = {"src_ip": "src_ip", "dest_ip": "src_ip"}
            for name, present in fields.items():
                plain = re.sub(rf"\b{name}\b", present, plain)
            names_of(f"| {command} {plain}".strip(), set())
