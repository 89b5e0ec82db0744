"""Output fields as columns with proper dtypes: an array per field over the distinct answers.

Words with an order (verdict, severity, priority) are ordered categories, so that they sort and compare; other texts are
categories, numbers are nullable integers, times are UTC timestamps, fields with several values hold tuples.
"""

from __future__ import annotations

from typing import Any, Dict, Mapping, Sequence, Tuple

import numpy
import pandas

from ..dossier import Verdict
from ..priority import Priority, Severity

ORDERS: Mapping[str, Tuple[str, ...]] = {
    "verdict": tuple(item.value for item in (Verdict.BENIGN, Verdict.UNKNOWN, Verdict.SUSPICIOUS, Verdict.MALICIOUS)),
    "severity": tuple(item.value for item in sorted(Severity, key=lambda item: item.rank)),
    "priority": tuple(item.value for item in sorted(Priority, key=lambda item: item.rank)),
}
"""Field → its words, from the least to the most worrying."""
INTEGERS: Mapping[str, str] = {
    "confidence": "Int8",
    "asn": "Int64",
    "abuseipdb_score": "Int8",
    "risk_score": "Int8",
    **{
        f"vt_{name}": "Int32" for name in ("malicious", "suspicious", "undetected", "harmless", "timeout", "reputation")
    },
    "abuseipdb_reports": "Int32",
    "age": "Int32",
}
"""Field → the dtype of its numbers; a field of numbers that is not named here is Int64."""
TIMES = ("first_seen", "last_seen")
"""Fields that hold a moment."""
SEVERAL = ("reasons", "flags", "feeds", "sources", "vt_engines", "explanation")
"""Fields that hold several values: tuples."""


def typed(name: str, values: Sequence[Any]) -> Any:
    """Values as an array: by the field's name where it is known, else by what the values are."""
    if name in ORDERS:
        return pandas.Categorical(values, categories=list(ORDERS[name]), ordered=True)
    if name in INTEGERS:
        return pandas.array([_whole(value) for value in values], dtype=INTEGERS[name])
    if name in TIMES:
        return moments(values)
    if name in SEVERAL:
        return _tuples(values)
    kind = next((type(value) for value in values if value is not None), str)
    if kind is int:
        return pandas.array(values, dtype="Int64")
    return _tuples(values) if kind is tuple else words(values)


def moments(values: Sequence[Any]) -> Any:
    """ISO times as UTC timestamps, to the second; None is a missing value."""
    return pandas.to_datetime(pandas.Series(list(values), dtype=object), utc=True).dt.as_unit("s").array


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value else value if value != "" else None


def _tuples(values: Sequence[Any]) -> Any:
    made = numpy.empty(len(values), dtype=object)
    made[:] = [value or () for value in values]
    return made


def words(values: Sequence[Any]) -> Any:
    """Texts as categories in alphabetical order; an empty text is a missing value."""
    known: Dict[str, int] = {value: 0 for value in values if value}
    for place, value in enumerate(sorted(known)):
        known[value] = place
    codes = [known[value] if value else -1 for value in values]
    return pandas.Categorical.from_codes(codes, categories=sorted(known))
