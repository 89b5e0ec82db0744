"""The files of the user that every command which judges looks up on this machine."""

from __future__ import annotations

from .. import paths
from ..configuration import FILE, read_local
from ..errors import InputError
from ..localfiles import NO_FILES, Local, open_local
from .ground import Environment


def local_files(environment: Environment) -> Local:
    """What the user's settings name; nothing where the environment names no home, as in a service.

    Raises InputError, EvidenceError or MissingExtraError for a file that cannot be used.
    """
    try:
        folder = paths.data_dir(environment)
    except InputError:
        return NO_FILES
    return open_local(read_local(folder)) if (folder / FILE).exists() else NO_FILES
