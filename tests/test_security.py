"""Threats keep their tests, pins their digests, and the repository its secrets out."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", PAGE)))


def script(name):
    """A module of .ci, which is no package."""
    spec = importlib.util.spec_from_file_location(name, ROOT / ".ci" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


audit, scan = script("audit"), script("secret_scan")


def threats():
    """The rows of the table of threats."""
    table = PAGE.split("## Threats")[1].split("## ")[0]
    return [line for line in table.splitlines() if line.startswith("| ")][1:]


@pytest.mark.parametrize("path, name", NAMED)
def test_a_test_that_the_threat_model_names_exists(path, name):
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_threat_names_a_test():
    assert len(threats()) > 15
    for row in threats():
        assert re.search(r"`tests/[\w/]+\.py::test_\w+`", row), row[:60]


@pytest.mark.parametrize(
    "who",
    ["Malicious logs", "Malicious provider", "Malicious feed", "Curious user", "Stolen backup", "Supply chain"],
)
def test_every_kind_of_attacker_is_in_the_threat_model(who):
    assert any(row.startswith(f"| {who}") for row in threats())


# --- secrets --------------------------------------------------------------------------------------


def test_no_file_under_version_control_holds_a_secret():
    done = subprocess.run(
        [sys.executable, str(ROOT / ".ci/secret_scan.py")], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


PLANTED = [
    "-----BEGIN RSA PRIVATE " + "KEY-----",
    "aws = AKIA" + "Q4ZT7PWJ2MNB5XKD",
    "gh" + "p_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8",
    "api_key = '" + "9f8e2c71b4d05a6388e1" + "c7d2f49ab35e'",
    '"x-apikey": "' + "Zk3vQ9xTb7LmR2sWc8Yd" + 'Uf5H"',
    "https://admin:" + "hunter2hunter@" + "intranet.local/",
]


@pytest.mark.parametrize("line", PLANTED)
def test_a_planted_secret_is_found_and_not_repeated(line, tmp_path, capsys):
    path = tmp_path / "settings.py"
    path.write_text(f"first = 1\n{line}\n")
    assert scan.main([str(path)]) == 1
    told = capsys.readouterr().out
    assert told.startswith(f"{path}:2: ")
    assert line[-12:-2] not in told


@pytest.mark.parametrize(
    "line",
    [
        "api_key = 'canary-key-5d41402a0000abcd'",
        "token = os.environ['TOKEN']",
        "password: your-password-goes-here-please",
        "sha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'",
        "secret = 'this_is_a_rather_dull_text'  # no secret: words",
    ],
)
def test_what_only_looks_like_a_secret_is_left_alone(line):
    assert list(scan.findings(line)) == []


def test_random_text_has_more_entropy_than_words():
    assert scan.entropy("aaaa") == 0.0
    assert scan.entropy("the_quick_key_the_key") < scan.ENTROPY < scan.entropy("9f8e2c71b4d05a6388e1cTdQ")


# --- pins -----------------------------------------------------------------------------------------

GOOD = "urllib3==2.8.0 \\\n    --hash=sha256:" + "ab" * 32 + "\n"


def test_every_pin_has_its_digest_and_no_fault_that_is_known():
    texts = [path.read_text(encoding="utf-8") for path in (audit.PINS, audit.CONSTRAINTS)]
    assert audit.faults(*texts) == []


def test_everything_that_the_library_requires_is_pinned():
    pinned = {name for name, _ in audit.pins(audit.PINS.read_text(encoding="utf-8"))}
    assert pinned == {"certifi", "charset-normalizer", "idna", "requests", "urllib3"}


@pytest.mark.parametrize(
    "pinned, constrained, words",
    [
        ("urllib3==2.8.0\n", "urllib3==2.8.0\n", "has no digest"),
        (GOOD, "urllib3==2.7.0\n", "is not the version that the tests run with"),
        (GOOD, "urllib3==2.8.0\nrequests==2.31.0\n", "requests 2.31.0 has CVE-2024-47081, mended in 2.32.4"),
    ],
)
def test_a_pin_without_digest_or_with_a_known_fault_is_told(pinned, constrained, words):
    (found,) = audit.faults(pinned, constrained)
    assert words in found


def test_versions_are_compared_as_numbers():
    assert audit.number("2.10.0") > audit.number("2.9.9")
    assert audit.number("2026.10.19.post1") == (2026, 10, 19)


def test_names_of_packages_are_compared_as_the_index_does():
    assert list(audit.pins("Typing_Extensions==4.16.0; python_version < '4'\n")) == [("typing-extensions", "4.16.0")]
