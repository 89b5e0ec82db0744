"""splunk-sdk as the commands use it, without what they do not use.

`splunklib.searchcommands` imports `splunklib.client` for one name, `Service`, and with it ssl, http, xml and email; and
`logging.config`, with it sockets and pickle, for a file that the app does not have. That is nearly half of the time
until a command answers, several times per search. So stand-ins take their places until somebody asks for something in
them. Import the SDK from here, so that the stand-ins come first.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any, Callable

_STAND_INS = {"splunklib.client": "Service", "logging.config": "fileConfig"}
"""Module → the name that the SDK asks for at once, and calls when it needs it, if ever."""


class _LazyModule(ModuleType):
    """Makes way for the real module when it is first used."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(_real(self.__name__), name)


def _real(name: str) -> ModuleType:
    if isinstance(sys.modules.get(name), _LazyModule):
        del sys.modules[name]
    return importlib.import_module(name)


def _called_later(module: str, name: str) -> Callable[..., Any]:
    """Stands for a function or class of a module."""

    def call(*args: Any, **options: Any) -> Any:
        return getattr(_real(module), name)(*args, **options)

    return call


for _module, _name in _STAND_INS.items():
    if _module not in sys.modules:
        sys.modules[_module] = _LazyModule(_module)
        sys.modules[_module].__dict__[_name] = _called_later(_module, _name)

from splunklib.searchcommands import (  # noqa: E402  # the stand-ins come first
    Configuration,
    Option,
    StreamingCommand,
    dispatch,
)
from splunklib.searchcommands.validators import Boolean, Integer, Set, Validator  # noqa: E402  # the same

for _module in _STAND_INS:  # what the import of a real module does, too
    _package, _, _child = _module.rpartition(".")
    if not hasattr(sys.modules[_package], _child):
        setattr(sys.modules[_package], _child, sys.modules[_module])

__all__ = ["Boolean", "Configuration", "Integer", "Option", "Set", "StreamingCommand", "Validator", "dispatch"]
