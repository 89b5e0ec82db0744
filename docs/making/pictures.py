"""Draws the pictures of the pages from the library itself, into docs/images: look at each before it is committed.

    python docs/making/pictures.py

Every curve is made of judgements, not of formulas written down a second time: what a picture shows is what `assess`
answers.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Mapping, Sequence, Tuple

from ipthreat.assessment import Assessment, assess
from ipthreat.dossier import Behaviour, BehaviourKind, Dossier, Evidence, SourceKind, Status, Verdict
from ipthreat.policy import POLICIES
from ipthreat.priority import Priority, Severity, priority_of
from ipthreat.report.chartstyle import COUNT, LEVELS, LOWERS, RAISES, TOTAL, priority_legend
from ipthreat.report.drawing import RULE, SOFT, Box, Drawing, Fill, Rule, Shape, Text
from ipthreat.signals import decay

IMAGES = Path(__file__).parents[1] / "images"
AS_OF = datetime(2023, 10, 26, 12, tzinfo=timezone.utc)
_ADDRESS = "45.9.20.7"
_POLICY = POLICIES["standard"]
_CERTAIN = 3.4
"""Inches of a bar for the probability 1."""
_COLOURS = ("#0072b2", "#d55e00", "#009e73")
_LEFT, _RIGHT, _TOP, _BOTTOM = 0.75, 6.85, 0.1, 2.4
"""Edges of the plot of a curve, in inches."""

Picture = Tuple[Drawing, str]
Points = Sequence[Tuple[float, float]]


# --- evidence -----------------------------------------------------------------------------------------------------


def engines(malicious: int, suspicious: int = 0, days: float = 0.0) -> Evidence:
    """VirusTotal's answer with so many engines, so many days old."""
    counts = {"malicious": malicious, "suspicious": suspicious}
    return Evidence(
        "virustotal", SourceKind.PROVIDER, Status.OK, counts=counts, observed_at=AS_OF - timedelta(days=days)
    )


def said(source: str, label: str, verdict: Verdict = Verdict.UNKNOWN) -> Evidence:
    """A provider's word."""
    return Evidence(source, SourceKind.PROVIDER, Status.OK, verdict, labels=(label,), observed_at=AS_OF)


def listed(kind: SourceKind, label: str) -> Evidence:
    """A hit on a list."""
    return Evidence(f"a {label} list", kind, Status.OK, labels=(label,), retrieved_at=AS_OF)


def judged(*evidence: Evidence, seen: Sequence[str] = (), policy: str = "standard") -> Assessment:
    """The judgement on one address of which this is known, and which our own events show doing this."""
    last = AS_OF - timedelta(hours=1)
    behaviours = tuple(Behaviour(BehaviourKind(kind), 3, last, last) for kind in seen)
    dossier = Dossier(_ADDRESS, evidence=evidence, behaviours=behaviours, period_end=AS_OF)
    return assess(dossier, POLICIES[policy], AS_OF)


# --- shapes -------------------------------------------------------------------------------------------------------


def plot(
    curves: Mapping[str, Points], most: Tuple[float, float], ticks: Tuple[Sequence[float], Sequence[float]],
    words: Tuple[str, str],
) -> Drawing:  # fmt: skip
    """Curves over a grid. `most` is the end of each axis, both of which begin at 0; `words` name the axes."""

    def at(x: float, y: float) -> Tuple[float, float]:
        across = _LEFT + (_RIGHT - _LEFT) * x / most[0]
        return across, _BOTTOM - (_BOTTOM - _TOP) * y / most[1]

    shapes: List[Shape] = list(_grid(at, most, ticks, words))
    for place, (name, points) in enumerate(curves.items()):
        colour = _COLOURS[place]
        shapes += [
            Rule(*at(*start), *at(*end), colour=colour, points=2.0) for start, end in zip(points, list(points)[1:])
        ]
        if len(curves) > 1:
            x, y = _RIGHT - 1.9, _TOP + 0.15 + 0.2 * place
            shapes += [Rule(x, y, x + 0.25, y, colour=colour, points=2.0), Text(x + 0.32, y, name)]
    return Drawing(_BOTTOM + 0.5, tuple(shapes))


def _grid(
    at: Callable[[float, float], Tuple[float, float]], most: Tuple[float, float],
    ticks: Tuple[Sequence[float], Sequence[float]], words: Tuple[str, str],
) -> Iterator[Shape]:  # fmt: skip
    for x in ticks[0]:
        yield Rule(*at(x, 0.0), *at(x, most[1]), colour=RULE, points=0.4)
        yield Text(at(x, 0.0)[0], _BOTTOM + 0.13, f"{x:g}", "centre")
    for y in ticks[1]:
        yield Rule(*at(0.0, y), *at(most[0], y), colour=RULE, points=0.4)
        yield Text(_LEFT - 0.08, at(0.0, y)[1], f"{y:g}", "right")
    yield Text((_LEFT + _RIGHT) / 2, _BOTTOM + 0.35, words[0], "centre", SOFT)
    yield Text(0.15, _BOTTOM - 0.3, words[1], colour=SOFT, turned=True)


# --- pictures -----------------------------------------------------------------------------------------------------


def waterfall() -> Picture:
    """How the confidence in the demo's first address comes about."""
    from ipthreat import demo
    from ipthreat.notebook import demo_ground, read_events
    from ipthreat.report import chartdata, layouts

    result = read_events().ipthreat.assess("src_ip", on=demo_ground())
    assessment = result.assessment(demo.REFERENCE[0])
    described, drawing = chartdata.waterfall(assessment), layouts.waterfall(assessment)
    if described is None or drawing is None:
        raise ValueError("the demo's first address has no waterfall")
    return drawing, described.title


def engine_curve() -> Picture:
    """What so many VirusTotal engines add."""
    points = [(float(count), sum(item.nats for item in judged(engines(count)).signals)) for count in range(21)]
    drawing = plot({"": points}, (20, 4), ((0, 1, 2, 5, 10, 15, 20), (0, 1, 2, 3, 4)), ("engines", "nats"))
    return drawing, "The first engines say most: they copy each other, so the tenth adds little"


def decay_curve() -> Picture:
    """What is left of a statement as it ages, by the kind of address space."""
    lives = {"usual": _POLICY.lifetime_days, "AbuseIPDB": _POLICY.lifetimes["abuseipdb"]}
    lives["cloud or dynamic"] = _POLICY.lifetime_days / 2
    days = [*map(float, range(12)), *map(float, range(12, 135, 3))]
    curves = {name: [(day, 100 * decay(day, life, _POLICY.fresh_days)) for day in days] for name, life in lives.items()}
    drawing = plot(curves, (132, 100), ((0, 7, 30, 60, 90, 127), (0, 25, 50, 75, 100)), ("days old", "% of its weight"))
    return drawing, "Evidence counts in full for a week and is gone after four months"


def priorities() -> Picture:
    """Priority by confidence and severity, floors included, before any step up or allow-list."""
    shapes: List[Shape] = [Text(1.4 + 0.5 * place, 0.15, f"{place}", "centre") for place in range(11)]
    for row, severity in enumerate(reversed(Severity)):
        y = 0.3 + 0.42 * row
        shapes.append(Text(1.05, y + 0.21, severity.value, "right"))
        for confidence in range(11):
            level, _ = priority_of(confidence, severity, False, (), None)
            shapes.append(Box(1.15 + 0.5 * confidence, y, 0.5, 0.42, Fill(LEVELS[level].tint, "", "#ffffff")))
            shapes.append(Text(1.4 + 0.5 * confidence, y + 0.21, _SHORT[level], "centre"))
    shapes.append(Text(3.9, 2.15, "confidence", "centre", SOFT))
    shapes += priority_legend(2.4)
    return Drawing(2.6, tuple(shapes)), "What to do first follows from how sure and how bad, never from one alone"


_SHORT = {Priority.HIGH: "High", Priority.MEDIUM: "Med", Priority.LOW: "Low", Priority.MONITOR: "–"}


def corroboration() -> Picture:
    """The probability that different evidence gives, one bar for each."""
    hostile = Verdict.MALICIOUS
    cases: Dict[str, Assessment] = {
        "nothing known": judged(),
        "1 engine": judged(engines(1)),
        "2 engines": judged(engines(2)),
        "7 + 4 engines, alone": judged(engines(7, 4)),
        "60 engines, alone": judged(engines(60)),
        "7 + 4 engines, 100 days old": judged(engines(7, 4, days=100)),
        "7 + 4 engines and a scan here": judged(engines(7, 4), seen=("suspicious_user_agent",)),
        "… and GreyNoise": judged(
            engines(7, 4), said("greynoise", "malicious", hostile), seen=("suspicious_user_agent",)
        ),
        "7 + 4 engines on a public resolver": judged(engines(7, 4), listed(SourceKind.WARNING_LIST, "resolver")),
        "… in raw traffic (bulk), alone": judged(engines(7, 4), policy="bulk"),
    }
    end = 0.28 * len(cases) + 0.05
    shapes: List[Shape] = []
    for edge, word in ((_POLICY.suspicious_at, "suspicious"), (_POLICY.malicious_at, "malicious")):
        x = 2.6 + _CERTAIN * edge
        shapes += [Rule(x, 0.0, x, end, colour=SOFT), Text(x, end + 0.12, f"{word} from {edge:g}", "centre", SOFT)]
    shapes += [shape for place, (name, found) in enumerate(cases.items()) for shape in _bar(name, found, place)]
    return Drawing(end + 0.28, tuple(shapes)), "No single source is enough for 10 of 10, and age and context count"


def _bar(name: str, found: Assessment, place: int) -> Iterator[Shape]:
    y, chance = 0.28 * place, found.probability or 0.0
    fill = RAISES if found.verdict is Verdict.MALICIOUS else COUNT if found.verdict is Verdict.SUSPICIOUS else TOTAL
    fill = LOWERS if any(item.nats < 0 for item in found.signals) else fill
    yield Text(2.5, y + 0.12, name, "right")
    yield Box(2.6, y + 0.02, _CERTAIN * chance, 0.2, fill)
    yield Text(6.95, y + 0.12, f"{chance:.2f}, {found.confidence}/10", "right")


PICTURES: Dict[str, Callable[[], Picture]] = {
    "scoring-waterfall": waterfall,
    "scoring-engines": engine_curve,
    "scoring-decay": decay_curve,
    "scoring-corroboration": corroboration,
    "scoring-priority": priorities,
}
"""File name without its ending → what lays the picture out, with its title."""


def drawn(name: str) -> bytes:
    """A picture as PNG."""
    from ipthreat.report.charts import png

    return png(*PICTURES[name]())


def main(folder: Any = IMAGES) -> None:
    """Draws all pictures."""
    for name in PICTURES:
        (Path(folder) / f"{name}.png").write_bytes(drawn(name))


if __name__ == "__main__":
    main()
