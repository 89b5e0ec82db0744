"""Every example of the documentation runs, and every option, command and output field has one."""

from __future__ import annotations

import argparse
import importlib.util
import io
import os
import re
import shlex
import shutil
import sys
from pathlib import Path

import pytest
from documents import ROOT, blocks, commands
from searches import ground
from spl import Search, searched

from ipthreat import demo
from ipthreat.cli import main, parser
from ipthreat.splunk.reporting_options import OPTIONS
from ipthreat.testkit.behaviours import data
from ipthreat.testkit.server import FakeServer
from ipthreat.testkit.vendors import vendor_routes

LINES = [(name, line) for name in ("examples", "start-analyst") for line in commands(name)]
SEARCHES = [
    (name, search)
    for name in ("examples", "cookbook", "start-analyst", "start-admin")
    for search in blocks(name, "spl")
]
CHAT = b'{"choices": [{"message": {"content": "Nothing to say."}}]}'
CONF = """[virustotal]
key = k
base_url = {url}/api/v3
[prose]
base_url = {url}/v1
model = m
key = k
"""
OPTIONAL = {"--pdf": shutil.which("chromium"), "--chart": importlib.util.find_spec("matplotlib")}
"""Options that need what a machine may lack → what tells that it is there; without it the exit code is 6."""
ENRICHING = re.findall(
    r"^    (\w+) = Option\(", (ROOT / "lib/ipthreat/splunk/options.py").read_text("utf-8"), re.MULTILINE
)
"""The options of `| ipthreat`; its module needs splunk-sdk, which only the app carries."""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with the files that the examples name, and one server that is mirror, proxy, provider and model."""
    shutil.copy(demo.EVENTS, tmp_path / "access.log")
    shutil.copy(demo.EVIDENCE, tmp_path / "answers.json")
    shutil.copy(ROOT / "tests" / "data" / "tls" / "loopback.pem", tmp_path / "company.pem")
    (tmp_path / "ours.txt").write_text("192.0.2.0/24\n", encoding="utf-8")
    (tmp_path / "visitors.txt").write_text("45.9.20.7\n81.2.69.160\n", encoding="utf-8")
    (tmp_path / "events.csv").write_text("visitor,_time\n81.2.69.160,2023-10-26T10:00:00Z\n", encoding="utf-8")
    rows = [f"18.237.3.{number},{'hostile' if number % 3 else 'benign'}\n" for number in range(12)]
    (tmp_path / "labels.csv").write_text("address,label\n" + "".join(rows), encoding="utf-8")
    routes = {**vendor_routes(), "/feodo": data(b"# Feodo\n45.9.148.99\n"), "/v1/chat/completions": data(CHAT)}
    monkeypatch.chdir(tmp_path)
    with FakeServer(routes) as server:
        (tmp_path / "home").mkdir()
        (tmp_path / "home" / "ipthreat.conf").write_text(CONF.format(url=server.url), encoding="utf-8")
        (tmp_path / "home" / "ipthreat.conf").chmod(0o600)
        yield server


def arguments(line: str, server: FakeServer) -> list:
    words = shlex.split(
        line.replace("https://mirror.example/feeds", server.url).replace("http://proxy.example:3128", server.url)
    )
    assert words[0] == "ipthreat"
    return words[1:]


@pytest.mark.parametrize("page, line", LINES, ids=[line for _, line in LINES])
def test_a_command_line_of_the_documentation_runs(page, line, place, monkeypatch, capsys):
    given = arguments(line, place)
    if given[0] == "notebook":  # running them is the matter of tests/test_notebooks.py
        assert parser().parse_args(given).action == "run"
        return
    if not all(there for option, there in OPTIONAL.items() if option in given):
        assert main(given, {"IPTHREAT_HOME": "home"}) == 6
        return
    monkeypatch.setattr(sys, "stdin", io.StringIO("a key\n"))
    if "unblock" in given:  # which needs somebody who was asked
        assert main(["check", "45.9.20.7", "--live"], {"IPTHREAT_HOME": "home"}) == 0
    assert main(given, {"IPTHREAT_HOME": "home", "PATH": os.environ["PATH"]}) == 0, capsys.readouterr().err
    for option in ("--out", "--record", "--pdf", "--propose", "--chart"):
        if option in given:
            assert Path(given[given.index(option) + 1]).exists()


SHARED = {"--policy", "--allowlist", "--evidence", "--as-of", "--live", "--budget", "--dry-run", "--record", "--json"}
"""Options that mean the same everywhere: one example will do."""


def options(made: argparse.ArgumentParser, verb: str) -> list:
    """(command, option) of a command and of those below it."""
    found = [(verb, option) for action in made._actions for option in action.option_strings]
    below = [item for item in made._actions if isinstance(item, argparse._SubParsersAction)]
    return found + [
        pair for item in below for name, one in item.choices.items() for pair in options(one, f"{verb} {name}")
    ]


def test_every_option_of_every_command_has_an_example():
    lines = commands("examples")
    (verbs,) = [item for item in parser()._actions if isinstance(item, argparse._SubParsersAction)]
    for verb, option in [pair for name, made in verbs.choices.items() for pair in options(made, f"ipthreat {name}")]:
        mine = [line for line in lines if line.startswith(verb) or option in SHARED]
        assert mine, verb
        assert option in ("-h", "--help") or any(option in shlex.split(line) for line in mine), f"{verb} {option}"


def test_every_option_of_the_search_commands_has_an_example():
    text = "\n".join(blocks("examples", "spl") + blocks("cookbook", "spl"))
    assert len(ENRICHING) > 15
    for option in (*ENRICHING, *OPTIONS):
        assert f"{option}=" in text, option


def events() -> list:
    """A morning of web and firewall events: a scanner, readers, a crawler, a transfer, a private address."""
    base = {"http_method": "GET", "status": "200", "uri": "/", "action": "allowed", "http_user_agent": "Mozilla/5.0"}
    visitors = ["18.237.3.202"] * 5 + ["8.8.8.8", "66.249.66.1", "14.103.172.201", "192.168.0.9", "81.2.69.160"]
    rows = []
    for number, address in enumerate(visitors):
        agent = "Mozilla/5.00 (Nikto/2.1.6)" if address == "18.237.3.202" else "Mozilla/5.0"
        uri = "/index.php?page=../../../../etc/passwd" if address == "14.103.172.201" else f"/page/{number}"
        rows.append(
            {**base, "_time": str(1_699_990_000 + number), "src_ip": address, "http_user_agent": agent, "uri": uri,
             "dest_ip": "45.9.148.99" if number % 2 else "8.8.4.4", "bytes_out": str(number * 30_000_000)}
        )  # fmt: skip
    return rows


@pytest.mark.parametrize("page, search", SEARCHES, ids=[" ".join(search.split())[:70] for _, search in SEARCHES])
def test_a_search_of_the_documentation_runs_and_reads_only_fields_that_there_are(page, search):
    text = " ".join(search.split())
    first = text.split("|", 1)[0].strip()
    assert not first or first.startswith("index=")
    found = searched(f"search {text}" if first else text, Search(ground(), events()))
    assert not found.unknown, f"nothing makes {found.unknown}"
    assert found.fields


@pytest.mark.parametrize(
    "words, least",
    [("What deserves a look today", 1), ("Why this one", 1), ("Scanners by name", 1), ("Raw traffic", 1),
     ("How old is what", 5)],
)  # fmt: skip
def test_a_recipe_finds_what_it_is_for(words, least):
    section = (ROOT / "docs" / "cookbook.md").read_text(encoding="utf-8").split(f"## {words}")[1]
    text = " ".join(section.split("```spl\n")[1].split("```")[0].split())
    found = searched(text if text.startswith("|") else f"search {text}", Search(ground(), events()))
    assert len(found.rows) >= least
