"""What `ipthreat check` prints of one address."""

from __future__ import annotations

from typing import Iterator

from ..assessment import Assessment
from ..explanation import counterfactual, explain
from ..report.citations import owner_line, tied
from ..report.escape import visible
from ..report.prose import age_text
from ..terminal import coloured

TIED_SHOWN = 20
"""Names and files tied to an address that are printed."""


def told(item: Assessment, fully: bool, colours: bool) -> Iterator[str]:
    """The paragraph on one address; `fully` with how its confidence came about."""
    yield visible(item.address, 100)
    if item.confidence is None:
        yield f"  {item.status.words}: {item.priority_steps[0]}; nobody was asked"
        return
    yield f"  {visible(owner_line(item.owner))}"
    verdict = "insufficient data" if item.insufficient else item.verdict.value
    priority = coloured(f"priority {item.priority.value}", item.priority.value, colours)
    yield f"  {verdict}: confidence {item.confidence}/10, severity {item.severity.value}, {priority}"
    if item.dossier.allowance:
        yield f"  {visible(item.dossier.allowance.words)}"
    if item.flags:
        yield f"  flags: {', '.join(item.flags)}"
    for reason in item.reasons:
        yield f"  because {visible(reason)}"
    for source, status in item.coverage.missing:
        entry = item.dossier.source(source)
        why = visible(entry.reason) if entry and entry.reason else ""
        yield f"  {source}: {status.words}{f' ({why})' if why else ''}"
    yield from _tied(item)
    if fully:
        yield from _explained(item)


def _tied(item: Assessment) -> Iterator[str]:
    """What a deep look found, a line each."""
    found = item.dossier.source("virustotal")
    words = tied(found) if found else ""
    if found is None or not words:
        return
    yield f"  tied to it: {words}"
    for name in found.related[:TIED_SHOWN]:
        yield f"    {visible(name).replace('.', '[.]')}"
    if len(found.related) > TIED_SHOWN:
        yield f"    and {len(found.related) - TIED_SHOWN} more: --json has them all"


def _explained(item: Assessment) -> Iterator[str]:
    for step in explain(item):
        whence = f" ({step.source}, {age_text(step.age_days)})" if step.source else ""
        yield f"    {step.nats:+6.2f}  {step.total:+6.2f}  {visible(step.label)}{whence}"
    for guard in (*item.guards, *item.priority_steps):
        yield f"    {guard}"
    change = counterfactual(item)
    if change:
        yield f"    {change.change} it would be {change.confidence}/10, priority {change.priority.value}"
