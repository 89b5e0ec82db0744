"""The actionable report as PDF: the self-contained page, printed by an installed Chromium.

The browser gets a file of ours and no network: a name that cannot be resolved stands in for every host.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Optional

from ..errors import InputError, MissingExtraError

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
"""Programs that can print a page, in the order they are looked for."""
_SECONDS = 120
_OPTIONS = (
    "--headless",
    "--disable-gpu",
    "--no-pdf-header-footer",
    "--disable-extensions",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)


def browser(path: Optional[str] = None) -> str:
    """The browser to print with, looked for along `path` (default: the process's own).

    Raises MissingExtraError that says what to install.
    """
    for name in BROWSERS:
        found = shutil.which(name, path=path)
        if found:
            return found
    raise MissingExtraError("a PDF is printed by Chromium, which is not installed: apt install chromium")


def write(page: str, target: Path, program: str, sandbox: bool = True) -> None:
    """Prints a page into a file. `sandbox` must be off only where the browser runs as root, as in a container.

    Raises InputError in one sentence when the browser fails or the file cannot be written.
    """
    with tempfile.TemporaryDirectory() as folder:
        source, printed = Path(folder) / "report.html", Path(folder) / "report.pdf"
        source.write_text(page, encoding="utf-8", errors="backslashreplace")
        _print(source, printed, program, sandbox)
        try:
            target.write_bytes(printed.read_bytes())
        except OSError as error:
            raise InputError(f"{target}: the PDF cannot be written there ({error.strerror or error})") from None


def _print(source: Path, printed: Path, program: str, sandbox: bool) -> None:
    options = [*_OPTIONS, *([] if sandbox else ["--no-sandbox"]), f"--user-data-dir={source.parent / 'profile'}"]
    command = [program, *options, f"--print-to-pdf={printed}", source.as_uri()]
    try:
        subprocess.run(command, capture_output=True, timeout=_SECONDS, check=True)  # noqa: S603 a list, no shell, our own words and paths
    except (OSError, subprocess.SubprocessError):
        raise InputError(f"{Path(program).name} could not print the report") from None
    if not printed.exists():
        raise InputError(f"{Path(program).name} printed nothing")
