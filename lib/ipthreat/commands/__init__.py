"""What each command of the command line does. Output goes to stdout, messages and progress to stderr."""

from __future__ import annotations

import argparse
from typing import Dict

from .data import status, update
from .ground import Command, Environment
from .judging import TITLE, check, report, run_demo


def configure(options: argparse.Namespace, environment: Environment) -> int:
    """`ipthreat configure`, loaded when it is called: no other command needs the settings of live sources."""
    from .configuring import configure as run

    return run(options, environment)


COMMANDS: Dict[str, Command] = {
    "check": check,
    "configure": configure,
    "demo": run_demo,
    "report": report,
    "status": status,
    "update": update,
}

__all__ = ["COMMANDS", "TITLE", "Command"]
