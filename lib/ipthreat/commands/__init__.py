"""What each command of the command line does. Output goes to stdout, messages and progress to stderr."""

from __future__ import annotations

from typing import Dict

from .data import status, update
from .ground import Command
from .judging import TITLE, check, report, run_demo

COMMANDS: Dict[str, Command] = {
    "check": check,
    "demo": run_demo,
    "report": report,
    "status": status,
    "update": update,
}

__all__ = ["COMMANDS", "TITLE", "Command"]
