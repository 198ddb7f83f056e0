"""The kernel of given weights, such as those of a network that was trained elsewhere."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, SupportsIndex, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _eoc
from ._arguments import Activation, array, engine, points
from ._progress import progress as _progress


# Compared as objects: arrays have no one truth value, and whole kernels are no key.
@dataclass(frozen=True, eq=False)
class KernelLayers:
    """A kernel, and what every layer adds to it.

    The kernel is ``scale * sum_k repeat(activations[k-1]) * gradients[k-1]``, where repeat gives every entry of an (n, n)
    matrix an (m_l, m_l) block: ``np.kron(activations[k-1], np.ones((m_l, m_l)))``.

    Attributes
    ----------
    kernel
        K(theta), (n*m_l, n*m_l).
    activations
        A_(k-1) @ A_(k-1).T for k = 1 ... l, plus 1 for a layer with a bias, (l, n, n).
    gradients
        B_k @ B_k.T for k = 1 ... l, B_k being the derivatives of the outputs by Z_k, (l, n*m_l, n*m_l).
    """

    kernel: NDArray[np.float64]
    activations: NDArray[np.float64]
    gradients: NDArray[np.float64]


@overload
def kernel(
    X: ArrayLike,
    weights: Sequence[ArrayLike],
    biases: Sequence[ArrayLike | None] | None = None,
    *,
    activation: Activation,
    parameterization: str = "ntk",
    scale: float = 1.0,
    normalize: str = "none",
    against: ArrayLike | None = None,
    precision: str = "f32",
    device: str = "auto",
    threads: SupportsIndex | None = None,
    layers: Literal[False] = False,
    progress: bool | Callable[[int, int | None], None] = False,
) -> NDArray[np.float64]: ...


@overload
def kernel(
    X: ArrayLike,
    weights: Sequence[ArrayLike],
    biases: Sequence[ArrayLike | None] | None = None,
    *,
    activation: Activation,
    parameterization: str = "ntk",
    scale: float = 1.0,
    normalize: str = "none",
    against: None = None,
    precision: str = "f32",
    device: str = "auto",
    threads: SupportsIndex | None = None,
    layers: Literal[True],
    progress: bool | Callable[[int, int | None], None] = False,
) -> KernelLayers: ...


def kernel(
    X,
    weights,
    biases=None,
    *,
    activation,
    parameterization="ntk",
    scale=1.0,
    normalize="none",
    against=None,
    precision="f32",
    device="auto",
    threads=None,
    layers=False,
    progress=False,
):
    """The kernel of given weights on points: the sum, over all parameters, of products of gradients of the outputs.

    Parameters
    ----------
    X
        Points, (n, dim), one a row. Give a trained network the points as it was trained on them.
    weights
        W_1 ... W_l, W_k of shape (m_k, m_(k-1)), m_0 = dim: (out, in), as PyTorch and :func:`weights` have them. Flax and Keras
        have (in, out): give their transposes. Arrays of numpy, JAX or PyTorch; float16, bfloat16, float32 and float64 are
        taken exactly.
    biases
        c_1 ... c_l, c_k of shape (m_k,), or None for a layer without; None for a network without. With
        ``parameterization="standard"`` alone.
    activation
        phi(s) = a*s + b*|s|, as in :func:`sample`. Its slope at 0 is a, where PyTorch and JAX take 0 for ReLU.
    parameterization
        "ntk": x / sqrt(m_0) goes in, a hidden layer is phi(W h) / (sigma * sqrt(m_k)), and entries of W are of the order of 1.
        "standard": x goes in, a hidden layer is phi(W h + c), as PyTorch, JAX and Keras have it.
    scale
        Constant that multiplies the kernel.
    normalize
        "none", or "sphere": every row of X, and of ``against``, to norm sqrt(dim).
    against
        Other points x', (n', dim), for the kernel K(x, x') between both, with those of X in the rows.
    precision, device, threads
        As in :func:`sample`. "f16" is of ``parameterization="ntk"`` alone.
    layers
        Whether to return what every layer adds too; not beside ``against``.
    progress
        Show how far it is, with tqdm where that is installed; or a function, which is called with the tiles
        of the kernel that are done and their number.

    Returns
    -------
    (n*m_l, n*m_l) float64, exactly symmetric, or (n*m_l, n'*m_l) where ``against`` is given; at index ``point*m_l + output``, not
    divided by n. With ``layers`` an object with ``kernel``, ``activations`` and ``gradients``.

    Raises
    ------
    ValueError
        What was given cannot be used, in a sentence.
    RuntimeError
        A device broke, or a number left the range of the precision.
    KeyboardInterrupt
        Within two seconds of Ctrl-C.

    Source: the definition of the kernel; ``docs/trained.md`` has both parameterizations.
    """
    x = points(X, normalize)
    other = None if against is None else points(against, normalize, name="against")
    dim = x["x"].shape[1]
    if other is not None and other["x"].shape[1] != dim:
        raise ValueError(
            f"the points of against have {other['x'].shape[1]} coordinates, and those of X {dim}; both go into one network"
        )
    matrices = [array(f"weights[{k}]", value, 2) for k, value in enumerate(_items("weights", weights))]
    _check_chain(matrices, dim)
    offsets = [None] * len(matrices) if biases is None else _items("biases", biases)
    offsets = [None if value is None else array(f"biases[{k}]", value, 1) for k, value in enumerate(offsets)]
    _check_biases(offsets, matrices)
    parameters = {
        "weights": matrices,
        "biases": offsets,
        "activation": activation,
        "parameterization": parameterization,
        "scale": scale,
    }
    with _progress(progress, "tile") as report:
        found, more, notes = _eoc.kernel(
            x, other, parameters, engine("auto", precision, device, threads), bool(layers), report
        )
    for note in notes:
        warnings.warn(note, RuntimeWarning, stacklevel=2)
    return found if more is None else KernelLayers(found, *more)


def _items(name: str, value: Any) -> list[Any]:
    kinds = {
        "weights": "a list of matrices W_1 ... W_l, each (out, in)",
        "biases": "a list of vectors, or None, one for each matrix",
    }
    if isinstance(value, (str, os.PathLike)):
        raise ValueError(
            f"{name} is the text {os.fspath(value)!r}; give {kinds[name]}, which safetensors.numpy.load_file reads from a file"
        )
    if hasattr(value, "keys"):
        raise ValueError(f"{name} is a mapping, and the order of layers is not in it; give {kinds[name]}")
    if not isinstance(value, Iterable):
        raise ValueError(f"{name} is {value!r:.60}; give {kinds[name]}")
    return list(value)


def _check_chain(matrices: list[NDArray[np.float64]], dim: int) -> None:
    """What the library would refuse, in the terms of the list and with what is likely to be meant."""
    if not matrices:
        raise ValueError("weights is empty; a network has at least one matrix")
    below, of = dim, "coordinates of X"
    turned = all(a.shape[0] == b for a, b in zip(matrices, [dim, *(m.shape[1] for m in matrices)], strict=False))
    for k, matrix in enumerate(matrices):
        if matrix.size == 0:
            raise ValueError(f"weights[{k}] has shape {matrix.shape}; give a matrix with at least one row and one column")
        if matrix.shape[1] != below:
            cure = ""
            if turned:
                cure = "; these are stored as (in, out), as Flax and Keras have them: give their transposes"
            raise ValueError(f"weights[{k}] has shape {matrix.shape}, and its columns must be the {below} {of}{cure}")
        below, of = matrix.shape[0], f"rows of weights[{k}]"


def _check_biases(biases: list[NDArray[np.float64] | None], matrices: list[NDArray[np.float64]]) -> None:
    if len(biases) != len(matrices):
        raise ValueError(
            f"there are {len(biases)} biases and {len(matrices)} weights; give a vector for each matrix, or None for one without"
        )
    for k, (bias, matrix) in enumerate(zip(biases, matrices, strict=True)):
        if bias is not None and len(bias) != len(matrix):
            raise ValueError(
                f"biases[{k}] has {len(bias)} numbers, and weights[{k}] {len(matrix)} rows; give a number for each row"
            )
