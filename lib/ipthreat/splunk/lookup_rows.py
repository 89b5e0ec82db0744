"""One assessment → the rows of `| ipthreatlookup`: one for each source, the axes in every one of them.

Rows have the fields of FIELDS, whatever the source is; a field that does not apply is empty. The sources' words may be
an attacker's: every text is on one line, and a link leads to the web or is none.
"""

from __future__ import annotations

import math
from typing import Dict, List, Union

from ..assessment import Assessment
from ..dossier import Evidence
from ..fields import PREFIX, Subject, Value, chosen, extra, owner_of
from ..report.citations import page
from ..signals import age_in_days
from .joblog import one_line

Cell = Union[str, List[str]]
"""A text, or the texts of a field with several."""

_AXES = (*chosen("core"), *chosen("first_seen,last_seen,age,snapshot"), *extra("explain"))
_OWN = (
    "address", "scope", "source", "kind", "status", "verdict", "native", "scale", "labels", "engines", "nats",
    "age_days", "observed_at", "retrieved_at", "link", "reason",
)  # fmt: skip
FIELDS = (*_OWN, *(field.named(PREFIX) for field in _AXES))
"""The fields of every row. Those before `ti_verdict` are of the source: `status` a word of the judgement's vocabulary,
`native` its own rating and `scale` what that counts, `engines` those of VirusTotal as `name=category`, `nats` what it
adds to the log-odds, `age_days` from what `observed_at` or else `retrieved_at` says. The others are of the address."""

_LONGEST = 2000
_LONGEST_LINK = 2000


def lookup_rows(assessment: Assessment) -> List[Dict[str, Cell]]:
    """A row per source, and one without a source for an address that none was asked about."""
    subject = Subject(assessment.address, owner_of(assessment), assessment)
    axes = {field.named(PREFIX): _cell(field.read(subject)) for field in _AXES}
    head = {"address": _text(assessment.address), "scope": assessment.dossier.scope}
    rows = [{**head, **_evidence(item, assessment), **axes} for item in assessment.dossier.evidence]
    return rows or [{**dict.fromkeys(FIELDS, ""), **head, **axes, "reason": "; ".join(assessment.priority_steps)}]


def _evidence(item: Evidence, assessment: Assessment) -> Dict[str, Cell]:
    age = age_in_days(item.dated, assessment.as_of)
    added = math.fsum(signal.nats for signal in assessment.signals if signal.source == item.source)
    return {
        "source": _text(item.source),
        "kind": item.kind.value,
        "status": item.status.value,
        "verdict": item.verdict.value if item.speaks else "",
        "native": _text(item.native or ("" if item.score is None else str(item.score))),
        "scale": _text(item.scale),
        "labels": [_text(label) for label in item.labels],
        "engines": [_text(f"{found.engine}={found.category}") for found in item.detections],
        "nats": f"{added:+.2f}" if item.speaks else "",
        "age_days": "" if age is None else str(max(0, math.floor(age))),
        "observed_at": item.observed_at.strftime("%Y-%m-%dT%H:%M:%SZ") if item.observed_at else "",
        "retrieved_at": item.retrieved_at.strftime("%Y-%m-%dT%H:%M:%SZ") if item.retrieved_at else "",
        "link": _link(page(item, assessment.address)),
        "reason": _text(item.reason),
    }


def _cell(value: Value) -> Cell:
    if isinstance(value, tuple):
        return [_text(text) for text in value]
    return "" if value is None else _text(str(value))


def _text(text: str) -> str:
    return one_line(text, _LONGEST)


def _link(url: str) -> str:
    """The page, when it can be opened without harm: of the web, encrypted, in one word."""
    safe = (
        url.startswith("https://")
        and url.isprintable()
        and not set(url) & set(" \"'<>\\`")
        and len(url) < _LONGEST_LINK
    )
    return url if safe else ""
