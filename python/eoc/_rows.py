"""Tables as columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow


class Rows(dict[str, NDArray[Any]]):
    """A table: a dict from the name of a column to its values, one a row, as numpy arrays.

    What is undefined is nan in a column of numbers and None in one of texts.

    Attributes
    ----------
    about
        What each column is, in a line, with its unit where it has one.
    """

    about: dict[str, str]

    def __init__(self, columns: list[tuple[str, str, str, Any]]) -> None:
        super().__init__((name, _values(values)) for name, _, _, values in columns)
        self.about = {name: f"{about} [{unit}]" if unit else about for name, unit, about, _ in columns}

    def __repr__(self) -> str:
        count = len(next(iter(self.values()), ()))
        return f"<eoc.Rows: {count} rows of {', '.join(self)}>"

    def to_pandas(self) -> pandas.DataFrame:
        """The table as a pandas.DataFrame; needs pandas."""
        import pandas

        return pandas.DataFrame(dict(self))

    def to_polars(self) -> polars.DataFrame:
        """The table as a polars.DataFrame; needs polars."""
        import polars

        return polars.DataFrame({name: _plain(values) for name, values in self.items()})

    def to_arrow(self) -> pyarrow.Table:
        """The table as a pyarrow.Table; needs pyarrow."""
        import pyarrow

        return pyarrow.table({name: _plain(values) for name, values in self.items()})

    def _repr_html_(self) -> str | None:
        try:
            return self.to_pandas()._repr_html_()
        except ImportError:
            return None


def _values(values: Any) -> NDArray[Any]:
    if isinstance(values, tuple):
        texts, rows = values
        kind = object if None in texts else str
        return np.array(texts, dtype=kind)[rows] if texts else np.array([], dtype=str)
    return values


def _plain(values: NDArray[Any]) -> Any:
    return values if values.dtype.kind in "if" else values.tolist()
