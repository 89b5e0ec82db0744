"""Runs searches of the app's commands without Splunk.

    python -m ipthreat.splunk.runner '| ipthreat src_ip' events.csv

The app is laid together, and each command of the pipeline is started and spoken to as splunkd does: the real script of
`bin/`, with no packages but the app's, an empty environment and `/` as working folder. What splunkd itself does
between commands (SPL, indexes, time) is not here: a pipeline holds the app's commands only.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import subprocess
import sys
import tempfile
import time
from codecs import BOM_UTF8
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Optional, Sequence, TextIO, Tuple

from ..errors import EventsError, InputError, IpthreatError
from .conf import read_conf
from .protocol import MV, Table, body_of, table_of
from .selected import merged, narrowed
from .session import Ground, Message, Outcome, Session

CHECKOUT = Path(__file__).parents[3]
"""The folder of the repository that this file belongs to, or of the app."""
_NOTHING = Table([], [])


class Stage(NamedTuple):
    """One command of a pipeline with its arguments, quotes removed."""

    command: str
    args: Tuple[str, ...]


@dataclass
class Result:
    """What a search gave."""

    table: Table
    outcomes: List[Outcome] = field(default_factory=list)
    """One per process, in the order in which they ran."""

    @property
    def messages(self) -> List[Message]:
        """The messages of all processes; the same text once."""
        return list(dict.fromkeys(message for outcome in self.outcomes for message in outcome.messages))

    @property
    def failed(self) -> bool:
        """True when splunkd would have stopped the search."""
        return any(outcome.failed for outcome in self.outcomes)


# --- the search -----------------------------------------------------------------------------------


def pipeline_of(search: str) -> List[Stage]:
    """The commands of a search, split at pipes outside quotes. Raises InputError for a text that is no pipeline.

    >>> pipeline_of('| ipthreat src_ip mode=offline | ipthreatreport title="a | b"')[1].args
    ('title=a | b',)
    """
    stages: List[List[str]] = [[]]
    word: Optional[str] = None
    for piece, quoted in _pieces(search):
        if quoted or not (piece.isspace() or piece == "|"):
            word = (word or "") + piece
            continue
        if word is not None:
            stages[-1].append(word)
            word = None
        if piece == "|":
            stages.append([])
    stages[-1] += [word] if word is not None else []
    if stages and not stages[0]:
        del stages[0]
    if not stages or not all(stages):
        raise InputError(f"{search[:80]!r} is no pipeline of commands, such as '| ipthreat src_ip'")
    return [Stage(words[0], tuple(words[1:])) for words in stages]


def _pieces(search: str) -> Iterator[Tuple[str, bool]]:
    """(character, whether it stands in quotes); a backslash in quotes keeps the next character as it is."""
    quoted = False
    characters = iter(search)
    for character in characters:
        if quoted and character == "\\":
            yield next(characters, "\\"), True
        elif character == '"':
            quoted = not quoted
            yield "", True
        else:
            yield character, quoted
    if quoted:
        raise InputError(f"{search[:80]!r} has a quote that does not end")


# --- running it -----------------------------------------------------------------------------------


def run(ground: Ground, search: str, events: Optional[Table] = None) -> Result:
    """Runs a pipeline over events. Stops, as splunkd does, at the first command that fails."""
    ground = replace(ground, search=ground.search or search)
    result = Result(events or Table([], []))
    for stage in pipeline_of(search):
        result.table = _run_stage(ground, stage, result)
        if result.failed:
            break
    return result


def _run_stage(ground: Ground, stage: Stage, result: Result) -> Table:
    """The records behind a command; of a command with a map phase, behind both."""
    script = script_of(ground.app, stage.command)
    with Session(ground, script, stage.command, stage.args) as session:
        result.outcomes.append(session.outcome)
        told = session.getinfo()
        if told.get("generating"):
            return _generated(session)
        before = result.table
        if told.get("streaming_preop"):
            before = _mapped(ground, told["streaming_preop"], result)
        return _answered(session, ground, before, told) if not result.failed else _NOTHING


def script_of(app: Path, command: str) -> str:
    """The script that commands.conf names for a command. Raises InputError for a command that is not the app's."""
    stanza = read_conf(app, "commands").get(command)
    if stanza is None:
        raise InputError(f"{command!r} is no command of the app in {app}")
    return stanza.get("filename", f"{command}.py")


def _mapped(ground: Ground, preop: str, result: Result) -> Table:
    """What the map phase makes of the events, spread over the indexers as they come."""
    (stage,) = pipeline_of(preop)
    parts = []
    for number in range(ground.parts):
        rows = result.table.rows[number :: ground.parts]
        with Session(ground, script_of(ground.app, stage.command), stage.command, stage.args) as session:
            result.outcomes.append(session.outcome)
            told = session.getinfo()
            parts.append(_answered(session, ground, Table(result.table.names, rows), told))
    return _joined(parts)


def _answered(session: Session, ground: Ground, table: Table, told: Dict[str, object]) -> Table:
    """Sends the records in chunks and collects the replies."""
    if session.outcome.failed or not told:
        session.close()
        return _NOTHING
    wanted = told.get("required_fields") if told.get("type") in ("streaming", "stateful") else None
    replies = []
    for chunk, last in _chunks(table, ground.chunk_rows):
        sent = narrowed(chunk, wanted) if isinstance(wanted, list) else chunk
        frame = session.execute(body_of(sent), last)
        if frame is None or session.outcome.failed:
            break
        reply = table_of(frame.body)
        replies.append(merged(chunk, reply) if sent is not chunk else reply)
    session.close()
    return _joined(replies)


def _generated(session: Session) -> Table:
    """What a generating command gives: it is asked until it says that it has finished."""
    replies = []
    while not session.outcome.failed:
        frame = session.execute(b"", False)
        if frame is None:
            break
        replies.append(table_of(frame.body))
        if frame.metadata.get("finished"):
            break
    session.close()
    return _joined(replies)


def _chunks(table: Table, size: int) -> Iterator[Tuple[Table, bool]]:
    """(records, whether they are the last). No records make one chunk with a header only."""
    starts = range(0, max(len(table.rows), 1), size)
    for start in starts:
        yield Table(table.names, table.rows[start : start + size]), start == starts[-1]


def _joined(tables: Sequence[Table]) -> Table:
    """One table out of several; a column that one of them lacks is empty there."""
    names = list(dict.fromkeys(name for table in tables for name in table.names))
    rows = []
    for table in tables:
        places = {name: place for place, name in enumerate(table.names)}
        order = [places.get(name, -1) for name in names]
        rows += [[row[place] if place >= 0 else "" for place in order] for row in table.rows]
    return Table(names, rows)


# --- the command line -----------------------------------------------------------------------------


def staged(folder: Path, sdk: str = "2.1.1") -> Path:
    """Lays the app of this checkout into a folder. Raises InputError with what the packager says."""
    packager = CHECKOUT / "splunk_app" / "package.py"
    if not packager.exists():
        raise InputError(f"{CHECKOUT} is no checkout of ipthreat: name a folder with the app by --app")
    words = [sys.executable, str(packager), "stage", str(folder), "--sdk", sdk]
    done = subprocess.run(words, check=False, capture_output=True, text=True)  # noqa: S603 - our own script
    if done.returncode:
        raise InputError(done.stderr.strip().splitlines()[-1])
    return folder


def read_events(path: str) -> Table:
    """The rows of a CSV file with a header line; `-` is standard input. Raises EventsError."""
    try:
        body = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
        return table_of(body[len(BOM_UTF8) :] if body.startswith(BOM_UTF8) else body)
    except (OSError, IpthreatError) as error:
        raise EventsError(f"{path}: no events can be read from it ({error})") from None


def write_csv(table: Table, out: TextIO) -> None:
    """The fields as CSV; several values of one field stand on a line each."""
    shown = [place for place, name in enumerate(table.names) if not name.startswith(MV) and name != "_chunked_idx"]
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([table.names[place] for place in shown])
    writer.writerows([row[place] for place in shown] for row in table.rows)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ipthreat.splunk.runner", description=__doc__.split("\n")[0])
    parser.add_argument("search", help="a pipeline of the app's commands, such as '| ipthreat src_ip'")
    parser.add_argument("events", nargs="?", help="a CSV file with a header line; - for standard input")
    parser.add_argument("--app", type=Path, help="a folder with the app; by default it is laid into a temporary one")
    parser.add_argument("--sdk", default="2.1.1", help="version of splunk-sdk, when the app is laid together")
    parser.add_argument("--python", default=sys.executable, help="the Python that runs the commands")
    parser.add_argument("--chunk", type=int, default=50_000, help="rows of a chunk")
    parser.add_argument("--parts", type=int, default=1, help="indexers that a map phase runs on")
    parser.add_argument("--preview", action="store_true", help="run as for a preview")
    parser.add_argument("--sid", help="number of the search; begins with the second of its start")
    parser.add_argument("--quiet", action="store_true", help="no messages and metrics on stderr")
    return parser


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """The command line: records on stdout, messages and metrics on stderr; exit code 1 when the search failed."""
    options = _parser().parse_args(arguments)
    try:
        with tempfile.TemporaryDirectory(prefix="ipthreat-app-") as folder:
            result = _run(options, Path(folder) / "ipthreat")
    except IpthreatError as error:
        sys.stderr.write(f"ipthreat: {error}\n")
        return error.exit_code
    buffer = io.StringIO()
    if result.table.names:
        write_csv(result.table, buffer)
    sys.stdout.buffer.write(buffer.getvalue().encode("utf-8", "surrogateescape"))
    if not options.quiet:
        sys.stderr.write("".join(f"{level}: {text}\n" for level, text in result.messages))
        sys.stderr.write("".join(f"{line}\n" for line in _told(result)))
    return 1 if result.failed else 0


def _run(options: argparse.Namespace, folder: Path) -> Result:
    app = options.app.absolute() if options.app else staged(folder, options.sdk)
    ground = Ground(
        app,
        options.python,
        sid=options.sid or f"{time.time():.0f}.1",
        preview=options.preview,
        chunk_rows=max(1, options.chunk),
        parts=max(1, options.parts),
    )
    return run(ground, options.search, read_events(options.events) if options.events else None)


def _told(result: Result) -> Iterator[str]:
    """The metrics of the job inspector, and what only a developer wants to know."""
    for outcome in result.outcomes:
        for name, value in sorted(outcome.metrics.items()):
            yield f"metric {name}={json.dumps(value)}"
        if outcome.stderr:
            yield f"stderr: {outcome.stderr.strip()}"
        if outcome.exit_code:
            yield f"exit code {outcome.exit_code}"


if __name__ == "__main__":
    sys.exit(main())
