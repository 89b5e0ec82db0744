"""The notebook toolkit: DataFrames in, judgement and reports out.

    import ipthreat.notebook as ti

    frame.ipthreat.enrich("src_ip")                 # same rows, index and order; ti_* columns
    result = frame.ipthreat.assess("src_ip")        # all events judged together
    result.table, result.explain("18.237.3.202"), result.report("html"), result.charts.board()
    ti.check("8.8.8.8", "18.237.3[.]202")           # addresses by hand

Importing it gives every pandas DataFrame the accessor `ipthreat`. It needs the extra `notebooks`.
"""

from __future__ import annotations

from ..errors import MissingExtraError

try:
    import pandas as _pandas  # noqa: F401  # a clear word here, rather than a traceback from somewhere below
except ImportError:
    raise MissingExtraError("notebooks need pandas: install it with pip install 'ipthreat[notebooks]'") from None

from . import charts, widgets
from .accessor import IpthreatAccessor, assess, check, enrich
from .calibrating import calibrate
from .diff import Diff
from .ground import Ground
from .plan import Plan
from .reading import demo_ground, read_events
from .result import Explanation, Report, Result
from .saving import load
from .splunk_search import push_report, search_splunk
from .verdicts import Verdicts

__all__ = [
    "Diff",
    "Explanation",
    "Ground",
    "IpthreatAccessor",
    "Plan",
    "Report",
    "Result",
    "Verdicts",
    "assess",
    "calibrate",
    "charts",
    "check",
    "demo_ground",
    "enrich",
    "load",
    "push_report",
    "read_events",
    "search_splunk",
    "widgets",
]
