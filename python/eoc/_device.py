"""What there is to compute with, and points to compute on."""

from __future__ import annotations

import json
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _eoc


def devices() -> list[dict[str, Any]]:
    """The devices of this machine, one dict each, with the keys of ``eoc devices --json``: ``index`` and ``name`` are what
    ``device="gpu:..."`` takes; sizes are in bytes; the last is the CPU."""
    return json.loads(_eoc.devices())


def data(source: str, *, normalize: str | None = None) -> NDArray[np.float64]:
    """The points of a source as ``eoc`` names it, (n, dim).

    Parameters
    ----------
    source
        "digits:n=N" (the first N of 1797 handwritten digits, 64 pixels each), "sphere:n=N,dim=D,seed=S",
        "gaussian:n=N,dim=D,seed=S", "pair:angle=RADIANS", or a file: .npy, .npz[:KEY], .csv or IDX.
    normalize
        "sphere": every row to norm sqrt(dim); "none": as they are; None: sphere for the digits, else none.
    """
    found, notes = _eoc.data(source, normalize)
    for note in notes:
        warnings.warn(f"{source}: {note}", stacklevel=2)
    return found
