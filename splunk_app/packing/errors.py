"""What can go wrong while the app is put together."""


class StagingError(Exception):
    """The app cannot be put together; one sentence says why."""
