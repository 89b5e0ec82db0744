"""`frame.ipthreat`: the accessor that every pandas DataFrame has once `ipthreat.notebook` is imported."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, Union

import pandas

from ..address import split
from ..fields import PREFIX, chosen
from . import observing
from .enriching import Enricher
from .frames import pandas_frame
from .ground import Ground
from .plan import Plan, plan_of
from .progress import told
from .result import Result
from .shown import ROLES

GROUND = ("policy", "as_of", "evidence", "allowlist", "sources", "live", "budget")
"""The keyword arguments of `assess` that are those of `Ground.of`."""
TITLE = "Suspicious IP Addresses"
"""Of a report, where the caller gives none."""


def enrich(
    frame: Any,
    column: Any,
    *,
    fields: str = "core",
    prefix: str = PREFIX,
    on: Optional[Ground] = None,
    progress: Optional[bool] = None,
    **options: Any,
) -> pandas.DataFrame:
    """The frame with `ti_*` columns: the judgement on the address of each row. Same rows, same index, same order.

    `column` is one column or a list of them (then the new columns are named `<column>_ti_…`). Its cells may hold
    anything: None, NaN and rubbish get the status `invalid`; of several addresses in one cell the most pressing is told
    of, which `ti_address` names. `fields` is `core`, `full` or a list of names. `user_agent`, `request`, `status`,
    `action` and `bytes_out` name columns of what the event itself shows; `policy`, `as_of`, `evidence`, `allowlist`,
    `sources`, `live` and `budget` are those of `Ground.of`. Raises InputError for what cannot be used.
    """
    events, ground = _apart(options, on)
    names = list(column) if isinstance(column, (list, tuple, pandas.Index)) else [column]
    wanted, rows = chosen(fields), pandas_frame(frame)
    for name in names if ground.asks else ():
        told(plan_of(rows, name, ground).lines(), progress)
    return Enricher(ground, wanted, progress).enriched(rows, names, prefix, events)


def assess(
    frame: Any,
    column: Any = None,
    *,
    title: str = TITLE,
    tlp: str = "TLP:AMBER",
    own: Sequence[str] = (),
    on: Optional[Ground] = None,
    progress: Optional[bool] = None,
    **options: Any,
) -> Result:
    """All rows as events of our own, judged together: what `ipthreat report` does with the same rows in a CSV file.

    `column` holds the address; without it the columns are found by their names, as all others are. `options` say
    otherwise: `time`, `user_agent`, `request`, `status`, `action`, `bytes_out`, `bytes_in`, `port`, `user`, `peer`, …
    (None: there is none). `own` are our networks beside the private ones. Further options are those of `Ground.of`.
    Raises InputError in one sentence.
    """
    given = {name: options.pop(name) for name in GROUND if name in options}
    ground, rows, columns = on or Ground.of(**given), pandas_frame(frame), options
    if ground.asks and column is not None:
        told(plan_of(rows, column, ground).lines(), progress)
    observer, read = observing.observed(rows, column, columns, ground, own, progress)
    moment = ground.as_of.strftime("%Y-%m-%dT%H:%M:%SZ")
    rerun = f"frame.ipthreat.assess({column!r}, as_of={moment!r})"
    return Result(ground.judge.observed(observer, read, title, rerun, tlp))


def check(*addresses: Union[str, Sequence[str]], on: Optional[Ground] = None, **ground: Any) -> Result:
    """Addresses by hand, defanged or with ports as they may be, judged without events: `check("8.8.8.8 18.237.3[.]2")`.

    Further arguments are those of `Ground.of`.
    """
    texts: List[str] = []
    for item in addresses:
        for text in [item] if isinstance(item, str) else item:
            texts += split(text) or [text]
    basis = on or Ground.of(**ground)
    moment = basis.as_of.strftime("%Y-%m-%dT%H:%M:%SZ")
    return Result(basis.judge.addresses(texts, "Addresses by hand", f"check({', '.join(texts[:9])}, as_of={moment})"))


def _apart(options: Mapping[str, Any], on: Optional[Ground]) -> Tuple[Dict[str, Any], Ground]:
    """(role → column of what an event shows, the ground) from the keyword arguments of `enrich`."""
    events = {role: options[role] for role in ROLES if options.get(role) is not None}
    rest = {name: value for name, value in options.items() if name not in ROLES}
    return events, on or Ground.of(**rest)


@pandas.api.extensions.register_dataframe_accessor("ipthreat")
class IpthreatAccessor:
    """IP threat intelligence on a DataFrame: `enrich`, `assess`, `plan`."""

    def __init__(self, frame: pandas.DataFrame) -> None:
        self._frame = frame

    def enrich(self, column: Any, **options: Any) -> pandas.DataFrame:
        """The frame with `ti_*` columns; see `ipthreat.notebook.enrich`."""
        return enrich(self._frame, column, **options)

    def assess(self, column: Any = None, **options: Any) -> Result:
        """All rows judged together as events of our own; see `ipthreat.notebook.assess`."""
        return assess(self._frame, column, **options)

    def plan(self, column: Any, on: Optional[Ground] = None, **ground: Any) -> Plan:
        """What a run over the column would ask its sources, without asking anything."""
        return plan_of(self._frame, column, on or Ground.of(**ground))
