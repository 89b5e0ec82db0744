"""Calibration from a notebook: labels, such as `Verdicts` keep, against what is judged on a ground."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any, Mapping, Optional, Union

from .. import calibration
from ..address import canonical
from ..errors import InputError
from .ground import Ground, Place
from .verdicts import Verdicts

Labels = Union[Place, Verdicts, Mapping[str, bool]]


def calibrate(labels: Labels, on: Optional[Ground] = None, **ground: Any) -> calibration.Calibration:
    """Measures the judgement of labelled addresses: a CSV file, `Verdicts`, or address → hostile.

    `ipthreat.notebook.charts.calibration` draws it. Raises InputError for labels that cannot be used.
    """
    known = _known(labels)
    basis = on or Ground.of(**ground)
    return calibration.calibrate(basis.judge.addresses(known, "Labels", "").assessments, known)


def _known(labels: Labels) -> Mapping[str, bool]:
    if isinstance(labels, Mapping):
        return {canonical(address): bool(hostile) for address, hostile in labels.items()}
    path = (
        labels.path if isinstance(labels, Verdicts) else Path(labels) if isinstance(labels, (str, PathLike)) else None
    )
    if path is None:
        raise InputError(f"a {type(labels).__name__} holds no labels: pass a file, Verdicts, or address → hostile")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: the labels cannot be read ({error})") from None
    return calibration.read_labels(text, str(path))
