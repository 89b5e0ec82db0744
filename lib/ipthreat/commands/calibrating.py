"""The command `calibrate`: the judgement against addresses that an analyst has labelled."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any, Dict, Iterator

from ..allowlist import Allowlist
from ..calibration import Calibration, calibrate, read_labels
from ..errors import InputError
from ..gather import Gatherer, RecordedSource
from ..intelligence import Intelligence
from ..judge import Judge
from ..policy import policy_named
from ..report.escape import visible
from ..terminal import say
from .ground import Environment, lists_file, output
from .judging import as_of, recorded
from .local import local_files


def run_calibration(options: argparse.Namespace, environment: Environment) -> int:
    """`ipthreat calibrate`: Brier score, reliability and likelihood ratios; a proposed policy where it is asked for."""
    labels = read_labels(_text(options.labels), options.labels)
    moment = as_of(options.as_of)
    intelligence = Intelligence.opened(lists_file(environment))
    local = local_files(environment)
    answers = RecordedSource(recorded(options.evidence, moment), local.blocklist)
    sources = (*intelligence.sources(moment), *local.sources, answers)
    allowed = Allowlist.read(Path(options.allowlist), moment) if options.allowlist else Allowlist()
    case = Judge(Gatherer(sources, allowed), policy_named(options.policy), moment).addresses(labels, "Labels", "")
    found = calibrate(case.assessments, labels)
    if options.propose:
        _written(Path(options.propose), (json.dumps(found.proposal(), indent=2) + "\n").encode())
        say(f"{options.propose}: a proposal to read; nothing applies it by itself")
    if options.chart:
        from ..report.reliability import png  # charts: only for those who ask for one

        _written(Path(options.chart), png(found))
    output(json.dumps(_data(found), indent=2) if options.json else "\n".join(_lines(found)))
    return 0


def _text(name: str) -> str:
    try:
        return Path(name).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{name}: the labels cannot be read ({getattr(error, 'strerror', None) or error})") from None


def _written(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror or error})") from None


def _lines(found: Calibration) -> Iterator[str]:
    yield f"{found.count} labelled addresses judged, {found.hostile} hostile; {found.left_out} left out"
    reference = f"{found.reference:.4f} by the base rate alone; skill {found.skill:+.2f}"
    yield f"Brier score {found.brier:.4f} (0 is perfect; {reference})"
    yield "\nsaid         addresses  hostile  share  95 % interval"
    for item in found.bins:
        share = f"{item.share:5.2f}  {item.least:.2f} to {item.most:.2f}"
        yield f"{item.low:.1f} to {item.high:.1f}   {item.members:9,}  {item.hostile:7,}  {share}"
    yield "\nsignal                                 hostile  benign   nats  95 % interval      weight"
    for ratio in found.ratios:
        weight = "        " if ratio.weight is None else f"{ratio.weight:+8.2f}"
        counts, span = f"{ratio.hostile:7,} {ratio.benign:7,}", f"{ratio.low:+5.2f} to {ratio.high:+5.2f}"
        told = f"{counts}  {ratio.nats:+5.2f}  {span}  {weight}{'  contradicted' if ratio.disagrees else ''}"
        yield f"{visible(ratio.signal, 36):<37}{told}"
    yield "\nA signal that a count or score scales has no fixed weight to compare."


def _data(found: Calibration) -> Dict[str, Any]:
    return {
        "policy": f"{found.policy.name} {found.policy.version}",
        "addresses": found.count,
        "hostile": found.hostile,
        "left_out": found.left_out,
        "brier": round(found.brier, 6),
        "brier_of_base_rate": round(found.reference, 6),
        "skill": round(found.skill, 6),
        "bins": [item._asdict() for item in found.bins],
        "ratios": [{**item._asdict(), "contradicted": item.disagrees} for item in found.ratios],
        "proposal": found.proposal(),
    }
