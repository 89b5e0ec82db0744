"""What each command of the command line does. Output goes to stdout, messages and progress to stderr."""

from __future__ import annotations

import argparse
from typing import Dict

from .again import TITLE
from .calibrating import run_calibration
from .data import status, update
from .ground import Command, Environment
from .judging import check, report, run_demo
from .notebooks import run_notebook


def configure(options: argparse.Namespace, environment: Environment) -> int:
    """`ipthreat configure`, loaded when it is called: no other command needs the settings of live sources."""
    from .configuring import configure as run

    return run(options, environment)


def store(options: argparse.Namespace, environment: Environment) -> int:
    """`ipthreat store`, loaded when it is called, too."""
    from .storing import store as run

    return run(options, environment)


COMMANDS: Dict[str, Command] = {
    "calibrate": run_calibration,
    "check": check,
    "configure": configure,
    "demo": run_demo,
    "notebook": run_notebook,
    "report": report,
    "status": status,
    "store": store,
    "update": update,
}

__all__ = ["COMMANDS", "TITLE", "Command"]
