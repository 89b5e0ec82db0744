"""The command line: `ipthreat demo | check | report | calibrate | notebook | update | configure | status | store`.

Only this module and `commands/` read the environment, the clock and the user's files; below them all are values.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING, List, Mapping, Optional, Sequence

from . import commands
from .case import TLP_LABELS
from .errors import IpthreatError
from .policy import POLICIES
from .terminal import say
from .version import __version__

EXIT_CODES = """exit codes:
  0  done            3  the input cannot be used (file, field, option)     5  an update or part of it failed
  1  unexpected      4  the embedded data or a list file cannot be used    6  an optional part is not installed
  2  wrong usage     130  interrupted"""

if TYPE_CHECKING:
    _Verbs = argparse._SubParsersAction[argparse.ArgumentParser]

_FORMS = (
    "threat",
    "strict",
    "actionable",
    "html",
    "json",
    "csv",
    "stix",
    "misp",
    "navigator",
    "sigma",
    "blocklist",
    "blocklist:FIREWALL",
)


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    main_parser = argparse.ArgumentParser(
        prog="ipthreat",
        description="Judges IP addresses: who owns them, what is known about them, what they did in your events, how"
        " sure that is, why, and what to do now. Needs no key and no network; without --live nothing you give it leaves"
        " this machine.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    main_parser.add_argument("--version", action="version", version=f"ipthreat {__version__}")
    verbs = main_parser.add_subparsers(dest="command", required=True, metavar="command")
    _demo(verbs)
    _check(verbs)
    _report(verbs)
    _calibrate(verbs)
    _notebook(verbs)
    _update(verbs)
    _configure(verbs)
    _status(verbs)
    _store(verbs)
    return main_parser


def _verb(verbs: _Verbs, name: str, summary: str, example: str) -> argparse.ArgumentParser:
    made = verbs.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog=f"example:\n  {example}\n\n{EXIT_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--json", action="store_true", help="print JSON, for programs")
    return made


def _demo(verbs: _Verbs) -> None:
    verb = _verb(verbs, "demo", "run the main job on the shipped sample events", "ipthreat demo")
    verb.add_argument("--out", metavar="DIR", default="ipthreat-report", help="folder for all reports (%(default)s)")


def _judging(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--as-of", metavar="TIME", help="judge as of this ISO date (its end) or time, UTC; now")
    verb.add_argument(
        "--evidence", metavar="FILE", action="append", default=[], help="recorded provider answers (JSON)"
    )
    verb.add_argument("--policy", choices=sorted(POLICIES), default="standard", help="weights and prior (%(default)s)")
    verb.add_argument("--allowlist", metavar="FILE", help="addresses or prefixes[,expiry][,reason], one a line")
    verb.add_argument("--live", action="store_true", help="ask the configured providers; only then addresses are sent")
    verb.add_argument("--budget", metavar="N", type=int, help="ask about so many new addresses at most, worst first")
    verb.add_argument("--dry-run", action="store_true", help="say what --live would ask, and send nothing")
    verb.add_argument("--record", metavar="FILE", help="write the providers' answers into a file for --evidence")


def _check(verbs: _Verbs) -> None:
    verb = _verb(verbs, "check", "judge addresses given by hand", "ipthreat check 8.8.8.8 '18.237.3[.]202' --explain")
    verb.add_argument("address", nargs="+", help="addresses, also defanged, with port or in brackets; - reads stdin")
    verb.add_argument("--explain", action="store_true", help="show how each confidence came about")
    verb.add_argument("--deep", action="store_true", help="with --live: also ask what is tied to the one address")
    _judging(verb)


def _report(verbs: _Verbs) -> None:
    verb = _verb(
        verbs,
        "report",
        "read a log and print the reports on the addresses in it",
        "ipthreat report access.log --out report/   # all reports, as files too",
    )
    verb.add_argument("events", nargs="+", metavar="FILE", help="web log, auth.log, CSV, JSON lines, also gz; -: stdin")
    verb.add_argument("--format", metavar="FORM", default="threat", help=f"what to print: {', '.join(_FORMS)} (threat)")
    verb.add_argument("--strict", action="store_true", help="print exactly the lines of the reference report")
    verb.add_argument("--out", metavar="DIR", help="also write every form into this folder")
    verb.add_argument("--prose", action="store_true", help="have the evidence said again by the model in [prose]")
    verb.add_argument("--pdf", metavar="FILE", help="also print the actionable report as PDF (needs Chromium)")
    verb.add_argument("--field", metavar="NAME", help="the field that holds the address, if not found by itself")
    verb.add_argument("--input", metavar="FORMAT", help="the log's format, when it is not recognised by itself")
    verb.add_argument("--own", metavar="NET", action="append", default=[], help="a network of ours (private ones are)")
    verb.add_argument("--only", metavar="IP", action="append", default=[], help="report on these addresses alone")
    verb.add_argument("--title", default=commands.TITLE, help="the report's title (%(default)s)")
    verb.add_argument("--tlp", choices=TLP_LABELS, help="handling label (TLP:AMBER; with --live that of the settings)")
    _judging(verb)


def _calibrate(verbs: _Verbs) -> None:
    verb = _verb(verbs, "calibrate", "measure the judgement against labels", "ipthreat calibrate labels.csv")
    verb.add_argument("labels", metavar="LABELS", help="CSV with the columns address and label (hostile, benign …)")
    verb.add_argument("--propose", metavar="FILE", help="write weights that the labels suggest; nothing applies them")
    verb.add_argument("--chart", metavar="FILE", help="write the reliability diagram as PNG")
    _judging(verb)


def _notebook(verbs: _Verbs) -> None:
    example = "ipthreat notebook run 03 -p events=access.log -p as_of=2026-11-01"
    verb = _verb(verbs, "notebook", "run a notebook and write it as a page", example)
    verb.add_argument("action", choices=("run",), help="what to do with it")
    verb.add_argument("name", metavar="NOTEBOOK", help="a file, or the beginning of a name in notebooks/")
    verb.add_argument("-p", "--parameter", metavar="NAME=VALUE", action="append", default=[], help="set a parameter")
    verb.add_argument("--out", metavar="FILE", help="the page to write (NOTEBOOK.html)")


def _update(verbs: _Verbs) -> None:
    verb = _verb(
        verbs, "update", "fetch block lists and compile them with your own", "ipthreat update --list ours=bad.txt,block"
    )
    verb.add_argument("--feed", metavar="NAME", action="append", default=[], help="only these, on or off by default")
    verb.add_argument(
        "--list", metavar="NAME=FILE[,KIND]", action="append", default=[], help="compile a list of yours in as well"
    )
    verb.add_argument("--own", metavar="NET", action="append", default=[], help="never list these networks of ours")
    verb.add_argument("--force", action="store_true", help="ask again even if the last copy is fresh")
    verb.add_argument("--mirror", metavar="URL", help="fetch <URL>/<feed name> instead of asking the publishers")
    verb.add_argument("--proxy", metavar="URL", help="proxy for all requests")
    verb.add_argument("--ca-bundle", metavar="FILE", help="certificates to trust instead of the usual ones")


def _configure(verbs: _Verbs) -> None:
    verb = _verb(verbs, "configure", "set up the providers that --live asks", "ipthreat configure virustotal")
    verb.add_argument("provider", nargs="?", help="the provider; without one, all are listed with where their key is")
    verb.add_argument("--set", metavar="NAME=VALUE", action="append", default=[], help="another setting of it")
    verb.add_argument("--in-file", action="store_true", help="keep the key in the settings file, not in the keyring")
    verb.add_argument("--remove", action="store_true", help="forget the provider and its key")


def _status(verbs: _Verbs) -> None:
    _verb(verbs, "status", "show each part of the data and each live source", "ipthreat status")


def _store(verbs: _Verbs) -> None:
    summary = "look into the answers that are kept, clear them, fill them ahead of time"
    actions = verbs.add_parser("store", help=summary, description=summary[0].upper() + summary[1:] + ".")
    parts = actions.add_subparsers(dest="action", required=True, metavar="action")
    verb = _verb(parts, "inspect", "what is kept, from whom, how old", "ipthreat store inspect 45.9.20.7")
    verb.add_argument("address", nargs="*", help="about these; without one a row per provider")
    verb.add_argument("--provider", metavar="NAME", help="the answers of this provider alone")
    verb = _verb(parts, "evict", "remove some answers", "ipthreat store evict 45.9.20.7 --provider virustotal")
    verb.add_argument("address", nargs="*", help="about these; with neither an address nor a provider what has expired")
    verb.add_argument("--provider", metavar="NAME", help="the answers of this provider alone")
    verb = _verb(parts, "flush", "remove all answers", "ipthreat store flush --yes")
    verb.add_argument("--yes", action="store_true", help="they cost requests, and they are gone for good")
    verb = _verb(parts, "unblock", "forget what a provider has said of its quotas", "ipthreat store unblock virustotal")
    verb.add_argument("provider", help="the provider, whatever key it was asked with")
    _prewarm(parts)


def _prewarm(parts: _Verbs) -> None:
    example = "ipthreat store prewarm addresses.txt --budget 200 --timeout 3600"
    verb = _verb(parts, "prewarm", "ask about the addresses of a file ahead of time", example)
    verb.add_argument("file", metavar="FILE", help="a text file; addresses are found wherever they stand in it")
    verb.add_argument("--budget", metavar="N", type=int, help="ask about so many new addresses at most, worst first")
    verb.add_argument("--timeout", metavar="S", type=float, help="for so many seconds at most (that of the settings)")
    verb.add_argument("--tlp", choices=TLP_LABELS, help="label of the data (that of the settings)")
    verb.add_argument("--allowlist", metavar="FILE", help="addresses or prefixes that are never sent")
    verb.add_argument("--dry-run", action="store_true", help="say what would be asked, and send nothing")


def main(arguments: Optional[Sequence[str]] = None, environment: Mapping[str, str] = os.environ) -> int:
    """Runs one command; returns its exit code. Errors of the user's end as one line on stderr."""
    options = parser().parse_args(arguments)
    try:
        code = commands.COMMANDS[options.command](options, environment)
        sys.stdout.flush()
        return code
    except IpthreatError as error:
        say(f"ipthreat: {error}")
        return error.exit_code
    except BrokenPipeError:  # `| head` is no error
        _close_output()
        return 0
    except OSError as error:  # a full disk behind standard output: files the user named are reported by their readers
        _close_output()
        say(f"ipthreat: the output cannot be written ({error.strerror or error})")
        return 1
    except KeyboardInterrupt:
        say("ipthreat: interrupted")
        return 130


def _close_output() -> None:
    """The interpreter must not try to write what is left to an output that takes nothing, when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


__all__: List[str] = ["main", "parser"]
