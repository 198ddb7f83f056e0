"""What several functions take, checked as far as numpy knows it; everything else is checked by the library."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, SupportsIndex

import numpy as np
from numpy.typing import ArrayLike

Activation = str | tuple[float, float]
Seeds = SupportsIndex | range | tuple[int, int]
Widths = Iterable[int]


def points(x: ArrayLike, normalize: Any = "none") -> dict[str, Any]:
    """The points, one a row, as float64 in C order, and what is done to every row."""
    found = np.asarray(x)
    if found.dtype.kind not in "buif":
        raise ValueError(f"X holds {found.dtype} entries; give real numbers, one point a row")
    if found.ndim != 2:
        shape = "a single number" if found.ndim == 0 else f"of shape {found.shape}"
        cure = "; for one point X.reshape(1, -1)" if found.ndim == 1 else ""
        raise ValueError(f"X is {shape}; give an array of shape (n, dim), one point a row{cure}")
    return {"x": np.ascontiguousarray(found, dtype=np.float64), "normalize": normalize}


def network(
    activation: Any = None,
    depth: Any = None,
    width: Any = None,
    widths: Any = None,
    schedule: Any = "constant",
    outputs: Any = 1,
    scale: Any = 1.0,
) -> dict[str, Any]:
    """The arguments of a network, by name, as the library takes them."""
    return locals()


def engine(
    sampler: Any = "auto", precision: Any = "f32", device: Any = "auto", threads: Any = None
) -> dict[str, Any]:
    """The arguments of what computes, by name, as the library takes them."""
    return locals()

