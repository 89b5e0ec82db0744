"""The closing sections: Further Analysis, Method and the Annex with its machine-readable parts."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, Collection, Dict, Iterator, List, Tuple

from ..assessment import Assessment
from ..case import Case
from ..priority import techniques_of
from ..version import __version__
from . import misp, stix, tables
from .blocks import Block, Bullets, Code, Inline, Line, Link, Listing, Paragraph, Section, Table
from .cards import evidence_table
from .citations import Register, own_key
from .escape import defanged
from .prose import counted
from .searches import neighbours, network_of

CAVEAT = (
    "This is an initial assessment from the evidence at hand. Keep monitoring, and investigate further, before the risk"
    " of these addresses is taken as fully understood or ended."
)


def analysis_section(case: Case, told: Tuple[Assessment, ...]) -> Section:
    """Domains and URLs tied to the addresses, pivots to run, and the closing caveat."""
    lines = [*_related(told), *_pivots(case, told), *_internal(case)]
    blocks: List[Block] = [Bullets(tuple(lines))] if lines else []
    return Section("Further Analysis", (*blocks, Paragraph((CAVEAT,))))


def _related(told: Tuple[Assessment, ...]) -> Iterator[Line]:
    for item in told:
        names = list(dict.fromkeys(name for entry in item.dossier.evidence for name in entry.related))[:10]
        if names:
            line: List[Inline] = [f"Domains and URLs tied to {defanged(item.address)}: "]
            for place, name in enumerate(names):
                line += [", " if place else "", Code(name.replace("://", "[:]//").replace(".", "[.]"))]
            yield (*line, ".")
        elif item.raised:
            link = f"https://www.virustotal.com/gui/ip-address/{item.address.replace(':', '%3A')}/relations"
            text = f"No source at hand names domains or URLs of {defanged(item.address)}: look at "
            yield (text, Link("its relations in VirusTotal", link), ".")


def _pivots(case: Case, told: Tuple[Assessment, ...]) -> Iterator[Line]:
    """Neighbours worth a look: the same network, the same operator, the same user agent."""
    raised = [item for item in told if item.raised and item.dossier.is_global]
    if not raised:
        return
    seen = [item for item in case.assessments if item.dossier.sighting and item.dossier.is_global]
    near = Counter(network_of(item.address) for item in seen)
    systems = Counter(item.owner.asn for item in seen)
    for item in raised:
        here = 1 if item.dossier.sighting else 0  # it is no neighbour of itself
        others = counted(near[network_of(item.address)] - here, "neighbour")
        same = counted(systems[item.owner.asn] - here, "other address", "other addresses")
        system = f" and {same} of AS{item.owner.asn}" if item.owner.asn else ""
        text = (
            f"Pivot from {defanged(item.address)}: {others} in the same {'/64' if ':' in item.address else '/24'}"
            f"{system} in our events; search "
        )
        yield (text, Code(neighbours(item.address, case.as_of)), ".")


def _internal(case: Case) -> Iterator[Line]:
    """Private addresses that misbehave are not judged, yet must not go unseen."""
    odd = [item for item in case.assessments if item.confidence is None and techniques_of(item.dossier.behaviours)]
    if odd:
        names = ", ".join(defanged(item.address) for item in odd[:10])
        behave = "address behaves like an attacker", "addresses behave like attackers"
        yield (f"{counted(len(odd), *behave)}, of which no outside source can know: {names}.",)


def method_section(case: Case) -> Section:
    """Policy, weights, ages of the data and request counts: enough to reproduce the report."""
    policy = case.policy
    text = (
        f"ipthreat {__version__}, policy {policy.name} {policy.version}. Log-odds: logit(prior {policy.prior}) plus,"
        f" for each family of sources, the sum of weight × ageing, limited to ±{policy.family_limit:g}; confidence"
        f" is ten times the probability, rounded. Evidence keeps its weight for {policy.fresh_days:g} days and loses it"
        f" over {policy.lifetime_days:g} more, half that in cloud and dynamic space; own events age from the end of"
        " the data period."
        " All weights are elicited, not fitted."
    )
    requests = ", ".join(f"{name} {count}" for name, count in sorted(case.requests.items())) or "none"
    used = {signal.name.split(".")[0] for item in case.assessments for signal in item.signals}
    weights = tuple(
        ((name,), (f"{weight:+g}",)) for name, weight in sorted(policy.weights.items()) if name.split(".")[0] in used
    )
    parts = tuple(
        ((part.name,), (part.source,), (part.date,), (f"{part.entries:,}",), (part.licence,)) for part in case.parts
    )
    blocks: List[Block] = [
        Paragraph((text,)),
        Paragraph((f"Requests made in this run: {requests}. To reproduce: ", Code(case.rerun), ".")),
    ]
    if weights:
        blocks.append(Table(("Weight", "Nats #"), weights, "Weights of the sources that spoke"))
    if parts:
        blocks.append(Table(("Data", "Source", "Date", "Entries #", "Licence"), parts, "Embedded data and lists"))
    return Section("Method", tuple(blocks))


def annex_section(case: Case, told: Tuple[Assessment, ...], carded: Collection[str], register: Register) -> Section:
    """IOC table, STIX bundle, MISP event, ATT&CK table, and the evidence on addresses without a card (`carded`)."""
    blocks: List[Block] = []
    rows = tuple(_techniques(told, register))
    if rows:
        header = ("Technique", "Name", "Address", "Observed here", "Evidence")
        blocks.append(Table(header, rows, "ATT&CK techniques"))
    for item in told:
        if item.address not in carded:
            blocks.append(evidence_table(register.of(item.address), f"Evidence on {defanged(item.address)}"))
    blocks += [
        Listing(tables.csv_text(case.about(_indicators(case, told))), "csv", "Indicators (CSV)"),
        _listing(stix.bundle(case), "STIX 2.1 bundle", "stix"),
        _listing(misp.event(case), "MISP event", "misp"),
    ]
    return Section("Annex", tuple(blocks))


_INLINE = 256 * 1024
"""Longest export that the annex holds, in characters: a longer one is a file of its own."""


def _listing(data: Dict[str, Any], caption: str, form: str) -> Block:
    text = json.dumps(data, indent=1, ensure_ascii=True)
    if len(text) <= _INLINE:
        return Listing(text, "json", caption)
    size = f"{len(text) / 2**20:.1f} MB"
    return Paragraph((f"{caption}: {size}, too long to stand here; it is a file of its own, by --format {form}.",))


def _indicators(case: Case, told: Tuple[Assessment, ...]) -> Tuple[Assessment, ...]:
    """What the annex lists: the addresses the report names and those exported as indicators; not all of the log."""
    named = {item.address for item in told}
    return tuple(item for item in case.assessments if item.indicator or item.address in named)


def _techniques(told: Tuple[Assessment, ...], register: Register) -> Iterator[Tuple[Line, ...]]:
    for item in told:
        for technique, behaviour in techniques_of(item.dossier.behaviours):
            sample: Line = (
                (Code(behaviour.samples[0]),) if behaviour.samples else (behaviour.kind.value.replace("_", " "),)
            )
            cites = register.cites(item.address, own_key(behaviour))
            yield (Link(technique.id, technique.link),), (technique.name,), (defanged(item.address),), sample, cites
