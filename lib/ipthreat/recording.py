"""Records providers' answers as they come, for replay: tests, notebooks and the demo need no network then.

The file has the format `ipthreat-evidence/1` (see `recorded.py`). Keys are gone before an answer gets here; of the
headers only those that a replay needs are kept.
"""

from __future__ import annotations

import json
import os
import stat
import threading
from datetime import datetime
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Sequence

from .dossier import Evidence
from .errors import InputError
from .exchange import Response

FORMAT = "ipthreat-evidence/1"
_HEADERS = ("Content-Type", "Retry-After", "Date")


class Recorder:
    """Keeps the answers of a run; to be called with each one, and asked to write them at its end."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._answers: List[Dict[str, Any]] = []

    def __call__(self, addresses: Sequence[str], response: Response, found: Mapping[str, Evidence]) -> None:
        """Keeps one answer, whatever its status."""
        answer = {
            "provider": found[addresses[0]].source,
            "addresses": list(addresses),
            "retrieved": self._now().isoformat(),
            "http": response.status,
            "headers": {name: response.header(name) for name in _HEADERS if response.header(name)},
            **_body(response.body),
        }
        with self._lock:
            self._answers.append(answer)

    def write(self, path: Path) -> int:
        """Writes the file, readable by its owner alone; how many answers it holds. Raises InputError."""
        with self._lock:
            answers = sorted(self._answers, key=lambda item: (item["provider"], item["addresses"]))
        text = json.dumps({"format": FORMAT, "answers": answers}, indent=1) + "\n"
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with open(descriptor, "w", encoding="utf-8") as file:
                if stat.S_ISREG(os.fstat(descriptor).st_mode):  # one that was there may be open to others
                    path.chmod(0o600)
                file.write(text)
        except OSError as error:
            raise _refused(path, error) from None
        return len(answers)


def check_writable(path: Path) -> None:
    """Refuses, before anything is asked, a file that could not be written; leaves one that is there as it is.

    Raises InputError.
    """
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    except OSError as error:
        raise _refused(path, error) from None


def _refused(path: Path, error: OSError) -> InputError:
    return InputError(f"{path}: the answers cannot be recorded ({error.strerror or error})")


def _body(body: bytes) -> Dict[str, Any]:
    """The body as JSON where it is JSON, else as text."""
    try:
        return {"body": json.loads(body)}
    except (ValueError, RecursionError):
        return {"text": body.decode("utf-8", "replace")}
