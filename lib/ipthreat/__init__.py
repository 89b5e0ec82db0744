"""IP threat intelligence: one library behind the Splunk app, the notebooks and the command line."""

from __future__ import annotations

from .version import __version__

__all__ = ["__version__"]
