"""What each command of the command line does. Output goes to stdout, messages and progress to stderr."""

from __future__ import annotations

from typing import Dict

from .calibrating import run_calibration
from .data import status, update
from .ground import Command
from .judging import TITLE, check, report, run_demo
from .notebooks import run_notebook

COMMANDS: Dict[str, Command] = {
    "calibrate": run_calibration,
    "check": check,
    "demo": run_demo,
    "notebook": run_notebook,
    "report": report,
    "status": status,
    "update": update,
}

__all__ = ["COMMANDS", "TITLE", "Command"]
