"""Kernels of random networks, and their weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, SupportsIndex, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _eoc
from ._arguments import Activation, Seeds, Widths, engine, network, points
from ._progress import progress as _progress


# Compared as objects: arrays have no one truth value, and whole kernels are no key.
@dataclass(frozen=True, eq=False)
class Layers:
    """Kernels, and what every layer adds to them.

    The kernel of seed s is ``scale * sum_k repeat(activations[s, k-1]) * gradients[s, k-1]``, where repeat gives every entry
    of an (n, n) matrix an (m_l, m_l) block: ``np.kron(activations[s, k-1], np.ones((m_l, m_l)))``.

    Attributes
    ----------
    kernels
        K(theta), (seeds, n*m_l, n*m_l).
    activations
        A_(k-1) @ A_(k-1).T for k = 1 ... l, (seeds, l, n, n).
    gradients
        B_k @ B_k.T for k = 1 ... l, B_k being the derivatives of the outputs by Z_k, (seeds, l, n*m_l, n*m_l).
    """

    kernels: NDArray[np.float64]
    activations: NDArray[np.float64]
    gradients: NDArray[np.float64]


@overload
def sample(
    X: ArrayLike,
    *,
    activation: Activation,
    depth: SupportsIndex | None = None,
    width: SupportsIndex | None = None,
    widths: Widths | None = None,
    schedule: str = "constant",
    outputs: SupportsIndex = 1,
    scale: float = 1.0,
    normalize: str = "none",
    seeds: Seeds = 1,
    sampler: str = "auto",
    precision: str = "f32",
    device: str = "auto",
    threads: SupportsIndex | None = None,
    layers: Literal[False] = False,
    progress: bool | Callable[[int, int | None], None] = False,
) -> NDArray[np.float64]: ...


@overload
def sample(
    X: ArrayLike,
    *,
    activation: Activation,
    depth: SupportsIndex | None = None,
    width: SupportsIndex | None = None,
    widths: Widths | None = None,
    schedule: str = "constant",
    outputs: SupportsIndex = 1,
    scale: float = 1.0,
    normalize: str = "none",
    seeds: Seeds = 1,
    sampler: str = "auto",
    precision: str = "f32",
    device: str = "auto",
    threads: SupportsIndex | None = None,
    layers: Literal[True],
    progress: bool | Callable[[int, int | None], None] = False,
) -> Layers: ...


def sample(
    X,
    *,
    activation,
    depth=None,
    width=None,
    widths=None,
    schedule="constant",
    outputs=1,
    scale=1.0,
    normalize="none",
    seeds=1,
    sampler="auto",
    precision="f32",
    device="auto",
    threads=None,
    layers=False,
    progress=False,
):
    """Kernels K(theta) of random networks on points, one a seed.

    Parameters
    ----------
    X
        Points, (n, dim), one a row.
    activation
        phi(s) = a*s + b*|s|: "abs", "relu", "identity", "leaky:ALPHA" (slope below zero), or the pair (a, b).
    depth
        l, the number of weight matrices. May be left out beside ``widths``.
    width, schedule
        m and how the width of hidden layer k follows from it: "constant" (m), "linear" (k*m) or "quadratic" (k*k*m).
    widths
        The l - 1 hidden widths themselves, in place of ``width``.
    outputs
        m_l.
    scale
        Constant that multiplies the kernel.
    normalize
        "none", or "sphere": every row of X to norm sqrt(dim).
    seeds
        A count (0 up to it), a range, or a pair (start, stop). The kernel of a seed depends on nothing else: not on its
        neighbours, the threads or batches.
    sampler
        "direct" draws every weight, those of :func:`weights`; "conditional" draws from the same law in time linear in the
        width; "auto" is the cheaper of the two.
    precision
        Of numbers over neurons: "f32", "f64" (on the CPU) or "f16" (on a GPU that has it). Sums over neurons and small
        matrices are float64 always.
    device
        "auto" (a real GPU, else the CPU), "cpu", "gpu", "gpu:INDEX", "gpu:PART-OF-A-NAME" or "gpu:all"; :func:`devices`
        lists them.
    threads
        Worker threads; as affinity and cgroup allow if None.
    layers
        Whether to return what every layer adds too.
    progress
        Show how far it is, with tqdm where that is installed; or a function, which is called with the
        seeds that are done and their total.

    Returns
    -------
    (seeds, n*m_l, n*m_l) float64, exactly symmetric, at index ``point*m_l + output``, not divided by n; or with ``layers``
    an object with ``kernels``, ``activations`` and ``gradients``.

    Raises
    ------
    ValueError
        What was given cannot be used, in a sentence.
    RuntimeError
        A device broke, or a number left the range of the precision.
    KeyboardInterrupt
        Within two seconds of Ctrl-C.
    """
    with _progress(progress, "seed") as report:
        kernels, more = _eoc.sample(
            points(X, normalize),
            network(activation, depth, width, widths, schedule, outputs, scale),
            seeds,
            engine(sampler, precision, device, threads),
            bool(layers),
            report,
        )
    return kernels if more is None else Layers(kernels, *more)


def weights(
    inputs: SupportsIndex,
    *,
    depth: SupportsIndex | None = None,
    width: SupportsIndex | None = None,
    widths: Widths | None = None,
    schedule: str = "constant",
    outputs: SupportsIndex = 1,
    seed: SupportsIndex = 0,
) -> list[NDArray[np.float32]]:
    """theta of a seed: the weights from which the direct sampler makes the kernel of that seed.

    Parameters
    ----------
    inputs
        m_0, the coordinates of a point.
    depth, width, widths, schedule, outputs
        The network, as in :func:`sample`.
    seed
        Below 2**63.

    Returns
    -------
    W_1 ... W_l, W_k of shape (m_k, m_(k-1)), float32, with entries from N(0, 1).
    """
    # Which activation is of no account.
    shape = network("abs", depth, width, widths, schedule, outputs)
    return _eoc.weights(inputs, shape, seed)
