"""What several functions take, checked as far as numpy knows it; everything else is checked by the library."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, SupportsIndex

import numpy as np
from numpy.typing import ArrayLike, NDArray

Activation = str | tuple[float, float]
Seeds = SupportsIndex | range | tuple[int, int]
Widths = Iterable[int]


def array(name: str, value: Any, dimensions: int, rows: str = "") -> NDArray[np.float64]:
    """Real numbers of one (a vector) or two dimensions (a matrix, whose ``rows`` are something), as float64 in C order."""
    if hasattr(value, "detach") and hasattr(value, "cpu"):
        # A tensor of PyTorch, which may be on a GPU, be trained, or be of a type that numpy has not.
        value = value.detach().cpu().double()
    if np.ma.is_masked(value):
        raise ValueError(f"{name} is masked in places; give numbers everywhere{rows}")
    try:
        found = np.asarray(value)
    except ValueError:
        raise ValueError(f"{name} is no array of numbers; give rows of one length") from None
    # JAX's bfloat16 is of no kind of numpy's.
    if found.dtype.kind not in "buif" and found.dtype.name != "bfloat16":
        raise ValueError(f"{name} holds {found.dtype} entries; give real numbers{rows}")
    if found.ndim != dimensions:
        shape = "a single number" if found.ndim == 0 else f"of shape {found.shape}"
        cure = f"; for one row {name}.reshape(1, -1)" if rows and found.ndim == 1 else ""
        wanted = {1: "a vector", 2: "an array of two dimensions"}[dimensions]
        raise ValueError(f"{name} is {shape}; give {wanted}{rows}{cure}")
    return np.ascontiguousarray(found, dtype=np.float64)


def points(x: ArrayLike, normalize: Any = "none", name: str = "X") -> dict[str, Any]:
    """The points, one a row, as float64 in C order, and what is done to every row."""
    found = array(name, x, 2, ", one point a row")
    if found.size == 0:
        raise ValueError(f"{name} has shape {found.shape}; give at least one row, each with at least one number")
    return {"x": found, "normalize": normalize}


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

