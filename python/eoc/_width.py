"""How wide is wide enough."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, SupportsIndex

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _eoc
from ._arguments import Activation, engine, network, points
from ._progress import progress as _progress


# Compared as objects: arrays have no one truth value.
@dataclass(frozen=True, eq=False)
class Width:
    """The smallest width m* that is wide enough lies above ``low`` and is at most ``high``, with probability 1 - alpha.

    Attributes
    ----------
    low
        0 if m* may be 1.
    high
        None while no width is known to be enough.
    networks
        How many were drawn.
    exponent
        beta of median deviation ~ m**beta, where at least two widths have 32 networks; descriptive.
    ending
        Why the drawing ended: "resolved", or what ran out: "networks", "seeds", "time", "widest" (m* is above the widest
        width that can be drawn), "contradiction" (the draws exclude every width).
    looks
        By ascending width: ``m``, ``seeds`` drawn, how many were ``inside`` the tolerance, an interval [``low``, ``high``] of
        the probability at this width by itself, and the ``decision``: "enough", "too narrow" or "undecided".
    """

    low: int
    high: int | None
    networks: int
    exponent: float | None
    ending: str
    looks: dict[str, NDArray[Any]]


def width(
    X: ArrayLike,
    *,
    tolerance: float,
    confidence: float,
    activation: Activation,
    depth: SupportsIndex,
    schedule: str = "constant",
    outputs: SupportsIndex = 1,
    scale: float = 1.0,
    normalize: str = "none",
    norm: str = "op",
    absolute: bool = False,
    alpha: float = 0.05,
    resolution: float = 1.25,
    max_networks: SupportsIndex | None = None,
    max_seconds: float | None = None,
    first_seed: SupportsIndex = 0,
    sampler: str = "auto",
    precision: str = "f32",
    device: str = "auto",
    threads: SupportsIndex | None = None,
    progress: bool | Callable[[int, int | None], None] = False,
) -> Width:
    """The smallest m at which a network is within a tolerance of its limit with a given probability.

    The interval holds with probability 1 - alpha over the draws, whenever and for whatever reason the drawing stops. It
    assumes that the probability of being within the tolerance grows with the width, and nothing else.

    Parameters
    ----------
    X, activation, depth, schedule, outputs, scale, normalize, sampler, precision, device, threads, progress
        As in :func:`sample`; the hidden widths follow from m by ``schedule``.
    tolerance
        The largest deviation that is accepted, over the norm of the limit unless ``absolute``.
    confidence
        The probability with which a network must be within the tolerance.
    norm
        Of K - K_inf: "op" (operator norm), "fro" (Frobenius), "max" (largest entry); or "lambda_min": the least eigenvalue of
        K is at least (1 - tolerance) times that of the limit.
    alpha
        The probability with which the interval may be wrong, in all.
    resolution
        Stop where high is at most this many times low.
    max_networks, max_seconds
        Stop after so many networks, or seconds since the call; up to a second later in the middle of a large decomposition.
    first_seed
        Draws are those of the seeds from this one on, so that the answer is the same on the same device; other seeds make
        an independent one.

    Returns
    -------
    An object with ``low``, ``high``, ``networks``, ``exponent``, ``ending`` and ``looks``: low < m* <= high, see :class:`Width`.

    Raises
    ------
    ValueError
        What was given cannot be used, or has no answer: a tolerance that rounding or a kernel of zeros would meet, a limit of
        zero, no hidden layer.
    RuntimeError
        A device broke, or a number left the range of the precision.
    KeyboardInterrupt
        Within two seconds of Ctrl-C.
    """
    question = {
        "tolerance": tolerance,
        "confidence": confidence,
        "norm": norm,
        "absolute": bool(absolute),
        "alpha": alpha,
        "resolution": resolution,
        "max_networks": max_networks,
        "max_seconds": max_seconds,
        "first_seed": first_seed,
    }
    with _progress(progress, "network") as report:
        low, high, networks, exponent, ending, looks = _eoc.width(
            points(X, normalize),
            network(activation, depth, None, None, schedule, outputs, scale),
            question,
            engine(sampler, precision, device, threads),
            report,
        )
    (m, seeds, inside), (least, most), decision = looks
    columns = {"m": m, "seeds": seeds, "inside": inside, "low": least, "high": most, "decision": np.array(decision, dtype=str)}
    return Width(low, high, networks, exponent, ending, columns)
