"""Enrichment under Spark: the answers of `ipthreat.notebook`, for frames larger than one machine.

    from ipthreat.spark import enrich
    enrich(events, "src_ip", as_of="2026-11-01").where("ti_confidence >= 8").show()

Distinct addresses come first: each is answered once, by `mapInPandas`, and joined back to its rows. An executor opens
the embedded data once per process. Live sources are asked by the driver alone, so that one budget holds for the whole
run; executors get the answers. Needs the extra `spark`; ipthreat must be installed where the executors run.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple

import pandas
from pyspark.sql import functions, types

from .allowlist import Allowlist
from .dossier import Evidence
from .errors import InputError
from .fields import PREFIX, Field, chosen
from .gather import scoped
from .notebook import cells, columns
from .notebook.enriching import ADDRESS, Enricher
from .notebook.ground import Ground, opened
from .notebook.saving import decoded, encoded
from .notebook.shown import ROLES
from .policy import Policy

LARGEST_LISTS = 256 * 1024 * 1024
"""Bytes of the user's compiled lists that are sent to executors."""

_INTEGERS = {"Int8": types.ByteType(), "Int32": types.IntegerType(), "Int64": types.LongType()}
_Answers = Mapping[str, Tuple[Evidence, ...]]


@dataclass(frozen=True, eq=False)
class Task:
    """All an executor needs to know, as values that travel: evidence and policy as JSON, lists as bytes."""

    column: str
    told: Tuple[Tuple[str, str], ...]
    """(role, column) of what an event itself shows."""
    fields: Tuple[str, ...]
    prefix: str
    policy: str
    as_of: datetime
    recorded: str
    live: str
    allowlist: Allowlist
    lists: bytes = field(default=b"", repr=False)

    @property
    def key(self) -> str:
        """The same for tasks that stand on the same ground."""
        parts = (self.policy, self.as_of, self.recorded, self.live, self.allowlist, hashlib.sha256(self.lists).digest())
        return hashlib.sha256(repr(parts).encode()).hexdigest()

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Task) and self.key == other.key

    def ground(self) -> Ground:
        """The ground on this machine."""
        policy, answers = decoded(Policy, json.loads(self.policy)), _answers(self.recorded)
        given = (Given(_answers(self.live)),) if self.live != "{}" else ()
        lists = _lists_at(self.lists)
        return Ground(opened(lists), policy, self.as_of, answers, self.allowlist, given, lists=lists)


@dataclass(frozen=True)
class Given:
    """Answers that the driver got from a live source."""

    answers: _Answers

    def evidence(self, address: str) -> Sequence[Evidence]:
        """What was answered about the address."""
        return self.answers.get(address, ())


def enrich(
    frame: Any,
    column: str,
    *,
    fields: str = "core",
    prefix: str = PREFIX,
    on: Optional[Ground] = None,
    **told: Any,
) -> Any:
    """The Spark frame with `ti_*` columns: the same rows, and the values that pandas gets.

    Arguments are those of `ipthreat.notebook.enrich`. Words are strings, several values an array, times timestamps.
    Raises InputError in one sentence for a column or field that there is not.
    """
    events = {role: str(told.pop(role)) for role in ROLES if told.get(role) is not None}
    ground = on or Ground.of(**told)
    keys = list(dict.fromkeys([column, *events.values()]))
    unknown = [name for name in keys if name not in frame.columns]
    if unknown:
        raise InputError(f"there is no column {unknown[0][:60]!a}; there are {', '.join(frame.columns)}")
    some = frame.select(*keys).distinct()
    task = _task(some, column, events, chosen(fields), prefix, ground)
    added = [f"{prefix}{ADDRESS}", *(item.named(prefix) for item in chosen(fields))]
    schema = types.StructType([*some.schema.fields, *_schema(chosen(fields), prefix)])
    answered = some.mapInPandas(_answering(task), schema)
    return _joined(frame.drop(*[name for name in added if name in frame.columns]), answered, keys, added)


def _joined(frame: Any, answered: Any, keys: Sequence[str], added: Sequence[str]) -> Any:
    """Left, and with nulls equal to each other, so that no row is lost and none is doubled."""
    known = answered.select(*[functions.col(f"`{name}`").alias(f"_key_{place}") for place, name in enumerate(keys)],
                            *[functions.col(f"`{name}`") for name in added])  # fmt: skip
    same = functions.lit(True)
    for place, name in enumerate(keys):
        same = same & frame[f"`{name}`"].eqNullSafe(known[f"_key_{place}"])
    return frame.join(known, same, "left").drop(*[f"_key_{place}" for place in range(len(keys))])


def _answering(task: Task) -> Callable[[Iterable[pandas.DataFrame]], Iterator[pandas.DataFrame]]:
    def answer(frames: Iterable[pandas.DataFrame]) -> Iterator[pandas.DataFrame]:
        ground = _ground_of(task)
        enricher = Enricher(ground, [item for item in chosen("full") if item.name in task.fields], False)
        for frame in frames:
            yield _plain(enricher.enriched(frame, [task.column], task.prefix, dict(task.told)), frame.columns)

    return answer


def _plain(made: pandas.DataFrame, keys: Iterable[str]) -> pandas.DataFrame:
    """The added columns as Spark takes them: texts, lists, and times without a zone, which are UTC."""
    for name in made.columns.difference(list(keys), sort=False):
        values = made[name]
        if isinstance(values.dtype, pandas.CategoricalDtype):
            made[name] = values.astype(object).where(values.notna(), None)
        elif values.dtype == object:
            made[name] = values.map(list)
    return made


def _task(
    some: Any, column: str, events: Mapping[str, str], wanted: Sequence[Field], prefix: str, ground: Ground
) -> Task:
    return Task(
        column, tuple(events.items()), tuple(item.name for item in wanted), prefix,
        json.dumps(encoded(ground.policy)), ground.as_of, _text(ground.answers), _text(_asked(some, column, ground)),
        ground.allowlist, _lists_bytes(ground),
    )  # fmt: skip


def _asked(some: Any, column: str, ground: Ground) -> _Answers:
    """What the live sources answer about the global addresses: asked here, once, by the driver."""
    if not ground.sources:
        return {}
    rows = (row[0] for row in some.select(column).distinct().toLocalIterator())
    texts = dict.fromkeys(cells.key(member) for value in rows for member in cells.members(value))
    sendable = [text for text in texts if scoped(text)[1] == "global"]
    return {text: tuple(item for source in ground.sources for item in source.evidence(text)) for text in sendable}


def _text(answers: _Answers) -> str:
    return json.dumps({address: encoded(items) for address, items in answers.items()})


def _answers(text: str) -> Dict[str, Tuple[Evidence, ...]]:
    found: Dict[str, List[Any]] = json.loads(text)
    return {address: tuple(decoded(Evidence, item) for item in items) for address, items in found.items()}


def _schema(wanted: Sequence[Field], prefix: str) -> Iterator[types.StructField]:
    yield types.StructField(f"{prefix}{ADDRESS}", types.StringType())
    for item in wanted:
        yield types.StructField(item.named(prefix), _type(item))


def _type(item: Field) -> Any:
    if item.name in columns.TIMES:
        return types.TimestampType()
    if item.name in columns.INTEGERS:
        return _INTEGERS[columns.INTEGERS[item.name]]
    return types.ArrayType(types.StringType()) if item.name in columns.SEVERAL else types.StringType()


def _lists_bytes(ground: Ground) -> bytes:
    """The user's compiled lists, which executors do not have."""
    if ground.lists is None or ground.intelligence.lists is None:
        return b""
    content = ground.lists.read_bytes()
    if len(content) > LARGEST_LISTS:
        raise InputError(f"{ground.lists}: lists may be {LARGEST_LISTS >> 20} MiB large to be sent to executors")
    return content


def _lists_at(content: bytes) -> Optional[Path]:
    """The same lists in a file of this machine, written by whichever process comes first."""
    if not content:
        return None
    path = Path(tempfile.gettempdir()) / f"ipthreat-lists-{hashlib.sha256(content).hexdigest()[:32]}.snapshot"
    if not path.exists():
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix="ipthreat-", delete=False) as file:
            file.write(content)
        Path(file.name).replace(path)
    return path


@lru_cache(maxsize=4)
def _ground_of(task: Task) -> Ground:
    """The ground of a task, opened once per process."""
    return task.ground()
