"""An app's archive, unpacked as Splunk does it."""

from __future__ import annotations

import tarfile
from pathlib import Path


def unpack(archive: Path, folder: Path) -> None:
    """Unpacks an app as Splunk does, over what is there."""
    with tarfile.open(archive) as opened:
        if hasattr(tarfile, "data_filter"):  # all but early releases of 3.9
            opened.extraction_filter = tarfile.data_filter
        opened.extractall(folder)  # noqa: S202 - of our own making
