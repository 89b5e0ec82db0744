"""The gate behind AppInspect: what must not be is told, what is explained passes, and the explanations stay true."""

from __future__ import annotations

import importlib
import json

import pytest
from searches import ROOT, packager


def inspection():
    packager()  # knows where its modules lie
    return importlib.import_module("packing.inspection")


def report(**results: str):
    """What AppInspect writes: each check with its result; the expected warnings are there unless said otherwise."""
    every = {**dict.fromkeys(inspection().EXPECTED, "warning"), **results}
    checks = [
        {"name": name, "result": word, "messages": [{"message": f"{word}\n here"}]} for name, word in every.items()
    ]
    return {"summary": {"warning": len(every)}, "reports": [{"groups": [{"checks": checks}]}]}


def test_an_app_with_no_more_than_the_explained_warnings_passes():
    assert inspection().complaints(report(check_other="success")) == []


@pytest.mark.parametrize("word", ["error", "failure", "future_failure", "warning"])
def test_anything_else_is_told_with_its_first_message(word):
    assert inspection().complaints(report(check_other=word)) == [f"{word}: check_other: {word} here"]


def test_an_explained_check_may_warn_but_not_fail():
    assert inspection().complaints(report(check_collections_conf="failure"))[0].startswith("failure: check_collections")


def test_an_explanation_that_nothing_needs_any_more_is_told():
    (complaint,) = inspection().complaints(report(check_collections_conf="success"))
    assert complaint == "no longer a warning, so not to be expected: check_collections_conf"


def test_a_report_about_nothing_is_no_success():
    empty = {"summary": {}, "reports": []}
    assert "the report tells of no check at all" in inspection().complaints(empty)


def test_the_exit_code_tells_whether_the_app_may_be_published(tmp_path, capsys):
    path = tmp_path / "report.json"
    path.write_text(json.dumps(report()), encoding="utf-8")
    assert inspection().main(str(path)) == 0
    path.write_text(json.dumps(report(check_other="failure")), encoding="utf-8")
    assert inspection().main(str(path)) == 1
    assert "failure: check_other: failure here" in capsys.readouterr().out


def test_every_reason_is_a_reason():
    assert all(len(reason.split()) > 5 for reason in inspection().EXPECTED.values())


def test_the_gate_asks_for_all_tags_that_count():
    script = (ROOT / ".ci" / "appinspect").read_text(encoding="utf-8")
    assert "tags=(cloud private_victoria splunk_appinspect future)" in script
    assert "make app" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
