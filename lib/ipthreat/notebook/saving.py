"""Results in files: `Result.save` and `load`. A file holds the evidence and the policy, and is judged anew when read.

    {"format": "ipthreat-result/1", "version": "0.1.0", "case": {…}, "axes": [["18.237.3.202", "malicious", 10, …], …]}

`axes` are the judgements as they were printed: where another version of ipthreat judges the same evidence otherwise,
`load` says so with a warning. Nothing in a file is ever run: it is JSON, and every value is checked against its type.
"""

from __future__ import annotations

import enum
import gzip
import json
import typing
import warnings
import zlib
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Dict, List, Mapping, Tuple, Union

from ..assessment import Assessment
from ..case import TLP_LABELS, Case, EventsRead, SourcePart, pressing
from ..dossier import Dossier
from ..errors import InputError
from ..judge import judged
from ..policy import Policy
from ..recorded import parse_time
from ..version import __version__
from .ground import Place
from .result import Result

FORMAT = "ipthreat-result/1"
LARGEST = 1 << 30
"""Characters of a file, unpacked, that are read at most."""

_KEPT = ("title", "as_of", "policy", "tlp", "events", "parts", "requests", "rerun")
_TYPES: Mapping[str, Any] = MappingProxyType(
    {
        "title": str,
        "as_of": datetime,
        "policy": Policy,
        "tlp": str,
        "events": typing.Optional[EventsRead],
        "parts": Tuple[SourcePart, ...],
        "requests": Mapping[str, int],
        "rerun": str,
    }
)


def save(result: Result, path: Path) -> Path:
    """Writes a result. Raises InputError where that cannot be done."""
    case = result.case
    data = {
        "format": FORMAT,
        "version": __version__,
        "case": {name: encoded(getattr(case, name)) for name in _KEPT},
        "dossiers": [encoded(item.dossier) for item in case.assessments],
        "axes": [_axes(item) for item in case.assessments],
    }
    try:
        text = json.dumps(data, ensure_ascii=True, separators=(",", ":")).encode("ascii")
        path.write_bytes(gzip.compress(text, mtime=0) if path.suffix == ".gz" else text)
    except OSError as error:
        raise InputError(f"{path}: the result cannot be written there ({error.strerror or error})") from None
    return path


def load(path: Place) -> Result:
    """Reads a result that `Result.save` wrote. Raises InputError, in one sentence, for anything else."""
    data = _read(Path(path))
    try:
        if data["format"] != FORMAT:
            raise InputError(f"{path}: is no file of format {FORMAT}")
        kept = {name: decoded(_TYPES[name], data["case"][name]) for name in _KEPT}
        dossiers = decoded(List[Dossier], data["dossiers"])
        if kept["tlp"] not in TLP_LABELS:
            raise ValueError("no TLP label")
    except (KeyError, TypeError, ValueError, OverflowError):
        raise InputError(f"{path}: is no file of format {FORMAT}, or a damaged one") from None
    assessments = tuple(sorted(judged(dossiers, kept["policy"], kept["as_of"]), key=pressing))
    if [_axes(item) for item in assessments] != data.get("axes"):
        warnings.warn(f"{path}: ipthreat {__version__} judges this evidence otherwise than it was saved", stacklevel=2)
    return Result(Case(assessments=assessments, **kept))


def _axes(item: Assessment) -> List[Any]:
    return [item.address, item.verdict.value, item.confidence, item.severity.value, item.priority.value]


def _read(path: Path) -> Dict[str, Any]:
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            text = file.read(LARGEST + 1)
        data = json.loads(text) if len(text) <= LARGEST else None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from None
    except (ValueError, RecursionError, EOFError, zlib.error):
        data = None
    if not isinstance(data, dict):
        raise InputError(f"{path}: is no file of format {FORMAT}, or larger than {LARGEST >> 30} GiB")
    return data


def encoded(value: Any) -> Any:
    """A frozen value of ours as plain data; of a dataclass only the fields that are not as by default."""
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): encoded(item) for key, item in value.items()}
    if is_dataclass(value):
        told = (item for item in fields(value) if getattr(value, item.name) != _default(item))
        return {item.name: encoded(getattr(value, item.name)) for item in told}
    if isinstance(value, (frozenset, set)):
        return sorted(map(encoded, value))
    return [encoded(item) for item in value] if isinstance(value, (tuple, list)) else value


def _default(item: Any) -> Any:
    return item.default_factory() if item.default_factory is not MISSING else item.default


def decoded(kind: Any, value: Any) -> Any:
    """Plain data as a value of that type. Raises TypeError, ValueError or KeyError for data that are none."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is Union:
        return None if value is None else decoded(arguments[0], value)
    if origin is not None:
        return _container(origin, arguments, value)
    if is_dataclass(kind):
        return _dataclass(kind, value)
    if kind is datetime:
        return parse_time(value)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return kind(value)
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise TypeError(f"no {kind}")
    return value


def _container(origin: Any, arguments: Tuple[Any, ...], value: Any) -> Any:
    if issubclass(origin, Mapping):
        return {str(key): decoded(arguments[1], item) for key, item in value.items()}
    if not isinstance(value, list):
        raise TypeError("no list")
    if origin is tuple and arguments[-1] is not Ellipsis:
        if len(arguments) != len(value):
            raise ValueError("a tuple of another length")
        return tuple(decoded(each, item) for each, item in zip(arguments, value))
    if issubclass(origin, typing.AbstractSet):
        return frozenset(decoded(arguments[0], item) for item in value)
    return origin(decoded(arguments[0], item) for item in value)


@lru_cache(maxsize=64)
def _hints(kind: Any) -> Dict[str, Any]:
    names = {item.name for item in fields(kind)}
    return {name: hint for name, hint in typing.get_type_hints(kind).items() if name in names}


def _dataclass(kind: Any, value: Any) -> Any:
    hints = _hints(kind)
    if not isinstance(value, dict) or not value.keys() <= hints.keys():
        raise TypeError(f"no {kind.__name__}")
    return kind(**{name: decoded(hints[name], item) for name, item in value.items()})
