"""A language model is asked as any provider is, and what it says is printed or refused: over the real command line."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Callable, Iterator, Tuple

import pytest

from ipthreat import demo
from ipthreat.cli import main
from ipthreat.testkit.behaviours import data, html_page, status
from ipthreat.testkit.server import Behaviour, FakeServer

CANARY = "sk-canary-5f1d"
Run = Callable[..., Tuple[int, str, str]]


def saying(text: str) -> Behaviour:
    """A service whose model answers with this text."""
    return data(json.dumps({"choices": [{"message": {"content": text}}]}).encode())


@pytest.fixture
def service() -> Iterator[FakeServer]:
    with FakeServer({"/v1/chat/completions": saying("")}) as server:
        yield server


@pytest.fixture
def run(tmp_path: Path, capsys: Any, service: FakeServer) -> Run:
    """Runs the reference case with a configured service; gives exit code, stdout and stderr."""
    conf = tmp_path / "home" / "ipthreat.conf"
    conf.parent.mkdir()
    conf.write_text(f"[prose]\nbase_url = {service.url}/v1\nmodel = a-model\nkey = {CANARY}\n")
    conf.chmod(0o600)

    def call(*more: str) -> Tuple[int, str, str]:
        given = ["report", str(demo.EVENTS), "--evidence", str(demo.EVIDENCE), "--as-of", "2023-10-26", "--prose"]
        code = main([*given, "--format", "actionable", *more], {"IPTHREAT_HOME": str(tmp_path / "home")})
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def summary(out: str) -> str:
    return out.split("## Summary", 1)[1].split("## Priority board", 1)[0].replace("\\", "")


def test_honest_words_are_printed_below_our_own_with_their_evidence(run: Run, service: FakeServer) -> None:
    service.route("/v1/chat/completions", saying("18.237.3[.]202 is almost certainly malicious [E1]."))
    code, out, _ = run("--tlp", "TLP:GREEN")
    assert code == 0
    assert "Block 18.237.3[.]202 at the edge" in summary(out)
    said = "**In other words** (by a-model, each word held against the evidence): "
    assert f"{said}18.237.3[.]202 is almost certainly malicious [E1]" in summary(out)


@pytest.mark.parametrize(
    "text",
    ["18.237.3[.]202 is benign [E1].", "Call 198.51.100.1 [E1].", "Kaspersky flagged it [E1].", "", "No evidence."],
)
def test_invented_words_are_refused_and_our_own_report_stands(run: Run, service: FakeServer, text: str) -> None:
    service.route("/v1/chat/completions", saying(text))
    code, out, _ = run("--tlp", "TLP:GREEN")
    assert code == 0
    assert "The text of a language model (a-model) is not printed: " in summary(out)
    assert "What stands here is our own." in summary(out)
    assert "Block 18.237.3[.]202 at the edge" in summary(out)
    assert not text or text not in out


@pytest.mark.parametrize("behaviour", [status(500), status(401), html_page(), data(b"{}"), data(b"x" * (5 << 20))])
def test_a_service_that_fails_costs_nothing_but_its_words(run: Run, service: FakeServer, behaviour: Behaviour) -> None:
    service.route("/v1/chat/completions", behaviour)
    code, out, err = run("--tlp", "TLP:GREEN")
    assert code == 0
    assert "(a-model) is not printed: " in summary(out)
    assert CANARY not in out + err


def test_a_report_above_the_ceiling_is_not_sent(run: Run, service: FakeServer) -> None:
    _, out, _ = run("--tlp", "TLP:AMBER")
    assert service.asked == ()
    assert "TLP:AMBER data may not go to prose, whose ceiling is TLP:GREEN" in summary(out)


def test_what_is_sent_is_evidence_alone_and_stands_in_the_audit_file(
    run: Run, service: FakeServer, tmp_path: Path
) -> None:
    run("--tlp", "TLP:GREEN")
    (asked,) = service.asked
    assert asked.header("Authorization") == f"Bearer {CANARY}"
    body = json.loads(asked.body)
    assert body["model"] == "a-model"
    text = body["messages"][1]["content"]
    assert "Nikto/2.1.6" not in text
    assert not re.search(r"\b10\.\d+\.", text)
    (line,) = (tmp_path / "home" / "egress.log").read_text().splitlines()
    told = json.loads(line)
    assert (told["provider"], told["tlp"]) == ("prose", "TLP:GREEN")
    assert "18.237.3.202" in told["addresses"]  # as in every line of that file, so that one search finds them all
    assert CANARY not in line


def test_the_report_is_the_same_but_for_the_words(run: Run, service: FakeServer, tmp_path: Path, capsys: Any) -> None:
    service.route("/v1/chat/completions", saying("18.237.3[.]202 is almost certainly malicious [E1]."))
    _, out, _ = run("--tlp", "TLP:GREEN")
    given = [
        "report",
        str(demo.EVENTS),
        "--evidence",
        str(demo.EVIDENCE),
        "--as-of",
        "2023-10-26",
        "--tlp",
        "TLP:GREEN",
    ]
    main([*given, "--format", "actionable"], {"IPTHREAT_HOME": str(tmp_path / "home")})
    plain = capsys.readouterr().out.splitlines()
    more = [line for line in out.splitlines() if line not in plain]
    assert len(more) == 1


@pytest.mark.parametrize("conf", ["", "[prose]\nmodel = x\n", "[prose]\nbase_url = https://a.example\n"])
def test_without_a_service_the_line_says_what_is_missing(run: Run, tmp_path: Path, conf: str) -> None:
    (tmp_path / "home" / "ipthreat.conf").write_text(conf)
    code, _, err = run()
    assert code == 3
    assert "--prose needs a service and a model" in err


def test_a_service_over_plain_http_elsewhere_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "home" / "ipthreat.conf").write_text("[prose]\nbase_url = http://models.example/v1\nmodel = m\n")
    _, out, _ = run("--tlp", "TLP:GREEN")
    assert "(m) is not printed: " in summary(out)
