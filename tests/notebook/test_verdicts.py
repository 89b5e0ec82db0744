"""The analyst's verdicts: kept in a file, the last one counts, and both calibration and allow-lists read them."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from frames import SAMPLE, demo_ground

import ipthreat.notebook as ti
from ipthreat.calibration import read_labels
from ipthreat.errors import AddressError, InputError

AT = datetime(2026, 11, 24, tzinfo=timezone.utc)


def test_the_last_verdict_on_an_address_counts(tmp_path):
    kept = ti.Verdicts(tmp_path / "deep" / "verdicts.csv")
    assert len(kept.table) == 0
    kept.mark("18.237.3[.]202", hostile=False, note="at first\nsight", by="ana", confidence=10, at=AT)
    kept.mark("8.8.8.8", hostile=False, at=AT)
    kept.mark(SAMPLE, hostile=True, note="=HYPERLINK(1)", at=AT)
    table = ti.Verdicts(kept.path).table
    assert table["label"].to_dict() == {"8.8.8.8": "benign", SAMPLE: "hostile"}
    assert table.loc["8.8.8.8", "at"] == AT
    assert not table.loc[SAMPLE, "note"].startswith("=")
    assert read_labels(kept.path.read_text(), "verdicts.csv") == {SAMPLE: True, "8.8.8.8": False}


def test_what_was_marked_benign_becomes_an_allow_list_that_expires(tmp_path):
    kept = ti.Verdicts(tmp_path / "verdicts.csv")
    kept.mark(SAMPLE, hostile=False, note="our own # scanner")
    kept.mark("14.103.172.199", hostile=True)
    path = kept.allowlist(tmp_path / "ours.txt", days=30)
    judged = ti.check(SAMPLE, on=demo_ground(allowlist=path)).assessment(SAMPLE)
    assert judged.priority.value == "Monitor"
    assert judged.dossier.allowance.reason == "our own   scanner"
    assert judged.dossier.allowance.expires is not None


def test_what_is_no_address_or_cannot_be_kept_is_one_sentence(tmp_path):
    kept = ti.Verdicts(tmp_path / "verdicts.csv")
    with pytest.raises(AddressError):
        kept.mark("rubbish", hostile=True)
    with pytest.raises(InputError, match="the verdict cannot be kept there"):
        ti.Verdicts(tmp_path).mark("8.8.8.8", hostile=True)
    with pytest.raises(InputError, match="the allow-list cannot be written there"):
        kept.allowlist(tmp_path)
    (tmp_path / "bad.csv").write_bytes(b"address,label\n\xff")
    with pytest.raises(InputError, match="the verdicts cannot be read"):
        _ = ti.Verdicts(tmp_path / "bad.csv").table
