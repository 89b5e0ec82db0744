"""Every chart of the toolkit on fixed cases, and the pictures they are compared with.

`python tests/support/pictures.py` draws those anew, into tests/data/charts: look at each before it is committed.
"""

from __future__ import annotations

import io
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, Dict

FOLDER = Path(__file__).parents[1] / "data" / "charts"
_DPI = 50


def charts() -> Dict[str, Callable[[], Any]]:
    """Name → what draws it, as axes."""
    from cases import crowded_case, golden_case

    from ipthreat.notebook import Result
    from ipthreat.notebook import charts as drawn

    golden, crowd = Result(golden_case()), Result(crowded_case(30))
    made = {name: getattr(golden.charts, name) for name in golden.charts.names}
    made["waterfall"] = lambda: golden.charts.waterfall("18.237.3.202")
    made["world_crowd"] = crowd.charts.world
    made["quota"] = lambda: drawn.quota(plan())
    made["calibration"] = lambda: drawn.calibration(calibration())
    made["slopes"] = lambda: drawn.slopes(earlier(), golden_case())
    return made


def plan() -> Any:
    """A run of three sources, one of which has not quota enough."""
    from ipthreat.report.quotaplan import PlannedSource

    return (
        PlannedSource("virustotal", 312, 120, 68, 14, 1800.0, (("day", 312),)),
        PlannedSource("abuseipdb", 400, 100, 0, 14, 25.0),
        PlannedSource("greynoise", 10, 490, 0, 14, 3000.0, (("month", 9000),)),
    )


def calibration() -> Any:
    """Sixty labelled addresses, well judged but for one signal."""
    from ipthreat.calibration import Calibration, Ratio, brier, reliability
    from ipthreat.policy import POLICIES

    chances = [0.01 * (1 + 5 * number % 99) for number in range(60)]
    outcomes = [number * 37 % 100 < 100 * chance for number, chance in enumerate(chances)]
    base = sum(outcomes) / len(outcomes)
    ratio = Ratio("greynoise.benign", 2, 40, -3.4, -4.1, -2.7, -2.5)
    return Calibration(
        POLICIES["standard"], 60, sum(outcomes), brier(chances, outcomes), brier([base] * 60, outcomes),
        reliability(chances, outcomes), (ratio,),
    )  # fmt: skip


def earlier() -> Any:
    """The golden case a week before: one address was not there yet, another was, the third knew less."""
    from datetime import timedelta

    from cases import build_case, golden_case
    from dossiers import NOW, dossier, virustotal

    second = next(item.dossier for item in golden_case().assessments if item.address == "14.103.172.199")
    less = replace(second, evidence=tuple(item for item in second.evidence if item.source != "virustotal"))
    gone = dossier(virustotal(3, 0), address="81.2.69.160")
    return replace(build_case(less, gone), as_of=NOW - timedelta(days=7))


def png(axes: Any) -> bytes:
    """The figure of the axes as a small picture; the figure is closed."""
    from matplotlib import pyplot

    out = io.BytesIO()
    axes.figure.savefig(out, format="png", dpi=_DPI)
    pyplot.close(axes.figure)
    return out.getvalue()


def main() -> None:
    """Draws all pictures."""
    from PIL import Image

    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, draw in charts().items():
        picture = Image.open(io.BytesIO(png(draw()))).convert("L")
        picture.save(FOLDER / f"{name}.png", optimize=True)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    main()
