"""The class that splunkd makes for its persistent REST handlers, on the base that only its own Python has."""

from __future__ import annotations

from typing import Any, Dict, Type, Union

from .handlers import handle


def handler_class(base: Type[Any]) -> Type[Any]:
    """A class on `splunk.persistconn.application.PersistentServerConnectionApplication`."""

    class RestHandler(base):  # type: ignore[misc]  # the base is known at run time alone
        """Answers the requests of one connection."""

        def __init__(self, _command_line: str = "", _command_arg: str = "") -> None:
            super().__init__()

        def handle(self, in_string: Union[str, bytes]) -> Dict[str, Any]:
            """The reply to a request, which is JSON text."""
            return dict(handle(in_string))

    return RestHandler
