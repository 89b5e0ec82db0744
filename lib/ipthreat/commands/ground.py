"""What all commands stand on: the environment, the clock, the user's lists file and standard output."""

from __future__ import annotations

import argparse
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Callable, Mapping, Optional

from .. import paths
from ..errors import InputError

Environment = Mapping[str, str]
Command = Callable[[argparse.Namespace, Environment], int]
"""A command: its options and the environment in, its exit code out."""


def now() -> datetime:
    """The present moment in UTC."""
    return datetime.now(timezone.utc)


def lists_file(environment: Environment) -> Optional[Path]:
    """The user's lists file; None where the environment names no home, as in a service."""
    try:
        return paths.lists_path(paths.data_dir(environment))
    except InputError:
        return None


def output(text: str, end: str = "\n") -> None:
    """Writes to standard output; what it cannot encode is shown escaped rather than lost."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write((text + end).encode(encoding, "backslashreplace").decode(encoding))
