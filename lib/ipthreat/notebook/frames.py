"""DataFrames of other libraries: polars, pyarrow and whatever speaks the interchange protocol become pandas."""

from __future__ import annotations

from typing import Any

import pandas

from ..errors import InputError, MissingExtraError


def pandas_frame(data: Any) -> pandas.DataFrame:
    """The data as a pandas DataFrame; one that is pandas already is returned itself. Raises InputError for the rest."""
    if isinstance(data, pandas.DataFrame):
        return data
    try:
        if callable(getattr(data, "to_pandas", None)):  # polars, pyarrow, cudf, modin …
            return data.to_pandas()
        if hasattr(data, "__dataframe__"):  # the interchange protocol (data-apis.org)
            return pandas.api.interchange.from_dataframe(data)
    except ImportError as error:
        raise MissingExtraError(f"a {type(data).__name__} of another library needs {error.name}: install it") from None
    raise InputError(f"a {type(data).__name__} is no DataFrame: pass one of pandas, polars or pyarrow")
