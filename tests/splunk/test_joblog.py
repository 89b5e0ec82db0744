"""The log and the job inspector: one line per search, each kind of problem once, nothing that breaks a search."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any, List, Tuple

import pytest

from ipthreat.splunk.joblog import LARGEST_LOG, JobLog, line, log_folder, one_line

MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=timezone.utc)


class Inspector:
    """A command as far as the log speaks to it."""

    def __init__(self) -> None:
        self.metrics: dict = {}
        self.warnings: List[str] = []

    def write_metric(self, name: str, value: Tuple[Any, ...]) -> None:
        self.metrics[name] = value

    def write_warning(self, message: str, *args: object) -> None:
        self.warnings.append(message.format(*args))


@pytest.fixture
def app(tmp_path) -> Path:
    """An app as it is installed, with Splunk's folder for logs."""
    (tmp_path / "var" / "log" / "splunk").mkdir(parents=True)
    folder = tmp_path / "etc" / "apps" / "ipthreat"
    folder.mkdir(parents=True)
    return folder


def logged(app: Path) -> str:
    return (app.parents[2] / "var" / "log" / "splunk" / "ipthreat.log").read_text(encoding="utf-8")


def test_a_line_has_the_time_and_pairs():
    assert line("INFO", {"command": "ipthreat", "events": 12}, MOMENT) == (
        "2026-01-02T03:04:05.678+00:00 level=INFO command=ipthreat events=12\n"
    )


def test_values_are_quoted_where_they_must_be_and_empty_ones_left_out():
    told = line("WARN", {"a": 'x "y" \\z', "b": "", "c": "1=2"}, MOMENT)
    assert told.endswith(' level=WARN a="x \\"y\\" \\\\z" c="1=2"\n')


def test_a_value_cannot_forge_a_second_line():
    told = line("INFO", {"text": "a\n2026-01-02 level=INFO command=forged\r\u2028x"}, MOMENT)
    assert told.count("\n") == 1
    assert told.splitlines() == [told[:-1]]


def test_a_long_value_is_cut():
    assert len(line("INFO", {"text": "x" * 9000}, MOMENT)) < 500
    assert one_line("abc", 2) == "a…"


def test_a_search_leaves_one_line_with_its_counts(app):
    log = JobLog("ipthreat", app)
    log.count("events", 2)
    log.count("events", 3)
    log.facts["mode"] = "offline"
    log.close(SimpleNamespace(sid="1.2", owner="me", app="search", session_key="secret"))
    assert logged(app).count("\n") == 1
    assert " level=INFO command=ipthreat mode=offline sid=1.2 owner=me app=search events=5 seconds=0." in logged(app)
    assert "secret" not in logged(app)


def test_each_kind_of_problem_is_told_once_with_how_often_it_came(app):
    log, inspector = JobLog("ipthreat", app), Inspector()
    log.problem("snapshot", "it is {gone}")
    log.problem("snapshot", "it is gone again", 1999)
    log.tell(inspector)
    log.tell(inspector)
    assert inspector.warnings == ["it is {gone} (2,000 times)"]
    log.close()
    assert ' problem_snapshot=2000 problem_snapshot_text="it is {gone}"' in logged(app)
    assert " level=WARN " in logged(app)


def test_counts_become_metrics_of_the_inspector(app):
    log, inspector = JobLog("ipthreat", app), Inspector()
    log.count("distinct", 4)
    log.tell(inspector)
    seconds, invocations, number, _ = inspector.metrics["ipthreat.distinct"]
    assert (invocations, number) == (1, 4)
    assert seconds >= 0


def test_without_a_folder_for_logs_nothing_is_written_and_nothing_fails(tmp_path):
    JobLog("ipthreat", tmp_path / "somewhere").close()
    assert list(tmp_path.iterdir()) == []


def test_a_log_that_cannot_be_written_stops_nothing(app):
    folder = app.parents[2] / "var" / "log" / "splunk"
    (folder / "ipthreat.log").mkdir()
    JobLog("ipthreat", app).close()
    assert [(path.name, path.is_dir()) for path in folder.iterdir()] == [("ipthreat.log", True)]


def test_a_log_that_grew_too_large_is_kept_once(app):
    path = app.parents[2] / "var" / "log" / "splunk" / "ipthreat.log"
    with path.open("wb") as file:
        file.truncate(LARGEST_LOG + 1)
    JobLog("ipthreat", app).close()
    assert logged(app).count("\n") == 1
    assert path.with_name("ipthreat.log.1").stat().st_size == LARGEST_LOG + 1


def test_the_folder_is_found_from_the_app_on_a_search_head_and_on_an_indexer(tmp_path):
    logs = tmp_path / "var" / "log" / "splunk"
    logs.mkdir(parents=True)
    assert log_folder(tmp_path / "etc" / "apps" / "ipthreat", {}) == logs
    assert log_folder(tmp_path / "var" / "run" / "searchpeers" / "b-1" / "apps" / "ipthreat", {}) == logs
    assert log_folder(Path("/elsewhere"), {"SPLUNK_HOME": str(tmp_path)}) == logs
    assert log_folder(Path("/elsewhere"), {}) is None
