"""The options of `| ipthreat`. Each is checked before the reply to getinfo, without network, database or snapshot."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Dict, List, Optional, Tuple

from ..errors import InputError
from .lookups import NAME, lookup_path
from .sdk import Boolean, Integer, Option, Set, Validator

if TYPE_CHECKING:
    from ..fields import Field

MODES = ("offline", "cached", "live", "plan")
EVENT_FIELDS = ("user_agent", "uri", "http_status", "action", "bytes_out")
"""The options that name a field from which behaviour is read."""

_FIELD = re.compile(r"[^\s,\"'|\[\]=$\x00-\x1f\x7f][^,\"'|\[\]=$\x00-\x1f\x7f]{0,255}")
_PREFIX = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,31}")


class Pattern(Validator):  # type: ignore[misc]  # the SDK is untyped
    """Takes text that matches an expression as a whole."""

    def __init__(self, expression: re.Pattern[str]) -> None:
        self._expression = expression

    def __call__(self, value: Optional[str]) -> Optional[str]:
        """The text itself. Raises ValueError when it does not match."""
        if value is not None and not self._expression.fullmatch(value):
            raise ValueError(value)
        return value

    def format(self, value: Optional[str]) -> Optional[str]:
        """The text itself."""
        return value


class EnrichOptions:
    """The options as attributes of the command."""

    mode = Option(validate=Set(*MODES))
    fields = Option(default="core")
    prefix = Option(default="ti_", validate=Pattern(_PREFIX))
    lean = Option(default=False, validate=Boolean())
    es = Option(default=False, validate=Boolean())
    explain = Option(default=False, validate=Boolean())
    providers = Option(default="")
    budget = Option(default=100, validate=Integer(0, 100_000))
    timeout = Option(default=60, validate=Integer(1, 3600))
    policy = Option(default="standard")
    allowlist = Option(validate=Pattern(NAME))
    on_error = Option(default="annotate", validate=Set("annotate", "fail"))
    user_agent = Option(validate=Pattern(_FIELD))
    uri = Option(validate=Pattern(_FIELD))
    http_status = Option(validate=Pattern(_FIELD))
    action = Option(validate=Pattern(_FIELD))
    bytes_out = Option(validate=Pattern(_FIELD))

    def event_fields(self) -> Dict[str, str]:
        """Option → name of the field, for those of EVENT_FIELDS that are given."""
        return {name: value for name in EVENT_FIELDS for value in [getattr(self, name)] if value}

    def chosen_fields(self) -> Tuple[Field, ...]:
        """The output fields. Raises InputError."""
        from ..fields import chosen, extra

        more = [*(extra("explain") if self.explain else ()), *(extra("es") if self.es else ())]
        return (*chosen(self.fields), *more)

    def provider_names(self) -> Tuple[str, ...]:
        """The live sources that may be asked: all, unless some are named. Raises InputError."""
        from ..providers import PROVIDERS

        names = [name for name in re.split(r"[,\s]+", self.providers) if name]
        for name in names:
            if name not in PROVIDERS:
                raise InputError(f"providers: there is no source {name[:40]!a}; there are {', '.join(PROVIDERS)}")
        return tuple(names or PROVIDERS)

    def allowlist_path(self) -> Optional[Path]:
        """The file of the lookup. Raises InputError when there is none."""
        return lookup_path(self.allowlist)

    def check(self) -> None:
        """Refuses values that no validator of the SDK can judge. Imports only what the given options need."""
        if self.fields != "core" or self.explain or self.es:
            self.chosen_fields()
        if self.providers:
            self.provider_names()
        if self.policy != "standard":
            from ..policy import policy_named

            policy_named(self.policy)
        self.allowlist_path()


def address_fields(arguments: List[str]) -> Tuple[str, ...]:
    """The address fields among the arguments: separated by commas or spaces. Raises InputError when there is none."""
    names = [name for argument in arguments for name in re.split(r"[,\s]+", argument) if name]
    if not names:
        raise InputError("name the field that holds the address, as in: | ipthreat src_ip")
    for name in names:
        if not _FIELD.fullmatch(name):
            raise InputError(f"{name[:60]!a} cannot be the name of a field")
    return tuple(dict.fromkeys(names))
