"""The app as it is installed, and searches over it: what the tests of the Splunk part share."""

from __future__ import annotations

import fnmatch
import functools
import importlib.util
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Dict, List, Optional, Sequence

from ipthreat.splunk.conf import read_conf
from ipthreat.splunk.protocol import Table, body_of, table_from, table_of
from ipthreat.splunk.runner import Result, run
from ipthreat.splunk.session import Ground, Session

ROOT = Path(__file__).parents[2]
SID = "1700000000.7"
"""A search that was started on 14 November 2023."""
NAMES = ("_time", "src_ip", "http_user_agent", "http_method", "uri", "status", "_raw")
SDKS = ("2.1.1", "3.0.1")
"""The versions of splunk-sdk that the app must run with; the first is the one it carries."""


@functools.cache
def packager() -> ModuleType:
    """The module splunk_app/package.py, which lies in no package."""
    spec = importlib.util.spec_from_file_location("ipthreat_packager", ROOT / "splunk_app" / "package.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


_FOLDER = tempfile.TemporaryDirectory(prefix="ipthreat-tests-")  # kept until the tests end


def laid(sdk: str = SDKS[0]) -> Path:
    """The app, laid together once with a version of splunk-sdk. Tests must not write into it."""
    return _laid(sdk)


def app(sdk: str = SDKS[0]) -> Path:
    """The same as it is after its first search: compiled, so that not each of hundreds of processes does it again."""
    return _compiled(sdk)


@functools.cache
def _laid(sdk: str) -> Path:
    folder: Path = packager().stage(Path(_FOLDER.name) / "laid" / sdk / "ipthreat", sdk)
    return folder


@functools.cache
def _compiled(sdk: str) -> Path:
    folder = Path(shutil.copytree(laid(sdk), Path(_FOLDER.name) / sdk / "ipthreat"))
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(folder / "lib")], check=True)
    return folder


def ground(folder: Optional[Path] = None, **changes: object) -> Ground:
    """A place to run searches in, of a fixed number, so that every run judges as of the same second."""
    return Ground(folder or app(), **{"sid": SID, **changes})


def events(count: int, hostile: int = 40) -> Table:
    """Web requests from many addresses; the first `hostile` rows in every hundred are of one that scans."""
    return table_from(NAMES, [_event(number, hostile) for number in range(count)])


def _event(number: int, hostile: int) -> Dict[str, object]:
    scans = number % 100 < hostile
    address = "18.237.3.202" if scans else f"20.{number % 7}.{number % 250}.{number % 13}"
    agent = "Mozilla/5.00 (Nikto/2.1.6)" if scans else 'Mozilla/5.0 "quoted", with commas'
    uri = f"/admin/{number % 50}.php?a=1&b={number % 3}" if scans else "/index.html"
    raw = f'{address} - - "GET {uri}"\nsecond line'
    values = (str(1_699_990_000 + number), address, agent, "GET", uri, "404" if scans else "200", raw)
    return dict(zip(NAMES, values))


def answer(place: Ground, search: str, table: Optional[Table] = None) -> List[Dict[str, object]]:
    """The records of a search that must not fail, and must leave nothing on stderr."""
    result = run(place, search, table)
    assert not result.failed, [result.messages, *(outcome.stderr for outcome in result.outcomes)]
    assert [outcome.stderr for outcome in result.outcomes] == [""] * len(result.outcomes)
    return records(result)


def records(result: Result) -> List[Dict[str, object]]:
    """The records of a result."""
    return list(result.table.records())


def asked(place: Ground, command: str, *args: str) -> Session:
    """The closed session of a command that was only asked for its configuration."""
    with Session(place, f"{command}_command.py", command, args) as session:
        session.getinfo()
    return session


def reduced(place: Ground, table: Table, *args: str) -> List[Dict[str, object]]:
    """What the reduce phase alone makes of records, in chunks, as where Splunk skips the map phase."""
    with Session(place, "ipthreatreport_command.py", "ipthreatreport", args) as session:
        session.getinfo()
        starts = range(0, len(table.rows), place.chunk_rows)
        for start in starts:
            part = Table(table.names, table.rows[start : start + place.chunk_rows])
            frame = session.execute(body_of(part), start == starts[-1])
    assert frame is not None
    return list(table_of(frame.body).records())


def report_of(place: Ground, args: Sequence[str], table: Table) -> str:
    """The text of a report."""
    quoted = " ".join(f'"{arg}"' for arg in args)
    (record,) = answer(place, f"| ipthreatreport {quoted}", table)
    return str(record["report"])


def replicated(source: Path, target: Path) -> Path:
    """Copies what a search head sends to its indexers, by Splunk's own rules and those of the app, read-only."""
    rules = ["apps/*/default/*.conf", "apps/*/local/*.conf", "apps/*/metadata/*.meta", "apps/*/bin/*"]
    own = read_conf(source, "distsearch")
    rules += [rule.replace("...", "*") for rule in own["replicationAllowlist"].values()]
    barred = [rule.replace("...", "*") for rule in own["replicationDenylist"].values()]
    for path in sorted(source.rglob("*")):
        below = path.relative_to(source)
        name = f"apps/ipthreat/{below.as_posix()}"
        allowed = any(fnmatch.fnmatch(name, rule) for rule in rules)
        if path.is_file() and allowed and not any(fnmatch.fnmatch(name, rule) for rule in barred):
            (target / below).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target / below)
    for path in (target, *target.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    return target
