"""What the tests of the reports share."""

from __future__ import annotations

import importlib
import sys
import warnings
from types import ModuleType
from typing import Callable

import pytest
from hypothesis import settings

settings.register_profile("untimed", deadline=None)  # a busy machine must not fail a test
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def need() -> Callable[[str], ModuleType]:
    """Imports a package of the extras `dev` and `reports`; only Pythons other than 3.11 may go without it."""

    def imported(name: str) -> ModuleType:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what others deprecate while they are imported is not ours to mend
            if sys.version_info[:2] == (3, 11):
                return importlib.import_module(name)
            return pytest.importorskip(name, reason=f"{name} has to be there on Python 3.11 only")

    return imported
