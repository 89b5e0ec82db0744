"""Evidence as bytes: whatever is put in comes out, and bytes that are no evidence come out as nothing."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipthreat.dossier import Detection, Evidence, SourceKind, Status, Verdict
from ipthreat.store.encoding import decoded, encoded

TEXT = st.text(max_size=40)
TEXTS = st.lists(TEXT, max_size=4).map(tuple)
MOMENTS = st.none() | st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(timezone.utc)).map(
    lambda moment: moment.replace(microsecond=0)
)
COUNTS = st.dictionaries(TEXT, st.integers(-(10**9), 10**9), max_size=4)
DETECTIONS = st.lists(st.builds(Detection, TEXT, TEXT, TEXT), max_size=4).map(tuple)

EVIDENCE = st.builds(
    Evidence,
    source=TEXT,
    kind=st.sampled_from(SourceKind),
    status=st.sampled_from(Status),
    verdict=st.sampled_from(Verdict),
    labels=TEXTS,
    score=st.none() | st.integers(0, 100),
    native=TEXT,
    scale=TEXT,
    counts=COUNTS,
    detections=DETECTIONS,
    group=TEXT,
    flags=TEXTS,
    related=TEXTS,
    observed_at=MOMENTS,
    retrieved_at=MOMENTS,
    first_seen=MOMENTS,
    last_seen=MOMENTS,
    asn=st.none() | st.integers(0, 2**32),
    as_owner=TEXT,
    organisation=TEXT,
    network=TEXT,
    country=TEXT,
    rir=TEXT,
    abuse_contact=TEXT,
    link=TEXT,
    reason=TEXT,
)


@given(EVIDENCE)
def test_what_is_encoded_comes_back_as_it_was(evidence: Evidence):
    assert decoded(encoded(evidence)) == evidence


@given(st.binary(max_size=60))
def test_bytes_that_are_no_evidence_come_back_as_nothing(data: bytes):
    assert decoded(data) is None


@pytest.mark.parametrize(
    "data",
    [
        b"{}",
        b"[]",
        b"null",
        b'{"source": "x"}',
        b'{"source": "x", "kind": "provider", "status": "nonsense"}',
        b'{"source": "x", "kind": "provider", "status": "ok", "unheard_of": 1}',
        b'{"source": "x", "kind": "provider", "status": "ok", "observed_at": 1e99}',
        b'{"source": "x", "kind": "provider", "status": "ok", "detections": [["a", "b", "c", "d"]]}',
    ],
)
def test_json_of_another_shape_comes_back_as_nothing(data: bytes):
    assert decoded(data) is None


def test_a_field_at_its_default_takes_no_room():
    assert encoded(Evidence("x", SourceKind.PROVIDER, Status.OK)) == b'{"source":"x","kind":"provider","status":"ok"}'
