"""The version, in one place: setup.py, reports and the app read it here."""

__version__ = "0.1.0"
