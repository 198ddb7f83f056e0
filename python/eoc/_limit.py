"""The infinite-width limit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import copy
from functools import cached_property
from typing import Any, NamedTuple, SupportsIndex

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _eoc
from ._arguments import Activation, Widths, network, points


class Bound(NamedTuple):
    """The right side of the concentration bound (arXiv 2501.14724, Theorems 1 and 28), without its unknown constant.

    ``m`` is the largest m whose widths k*k*m fit under those of the network, ``value`` the bound modulo logarithms, ``full``
    the bound with them (None where a logarithm is not positive).
    """

    m: float
    value: float
    full: float | None


class Limit:
    """What the kernel of a network converges to as its layers widen. Made by :func:`limit`.

    Attributes are computed when they are first asked for. Of n points, "by depth" means for the networks of
    ``depths`` weight matrices: 1 to 64, then powers of two, then the depth itself.
    """

    def __init__(self, points: dict[str, Any], network: dict[str, Any]) -> None:
        self._given = (points, network)
        # Made here, where what cannot be used is refused.
        self._inner  # noqa: B018

    @cached_property
    def _inner(self) -> _eoc.Limit:
        return _eoc.limit(*self._given)

    def __getstate__(self) -> dict[str, Any]:
        # What was asked for so far goes along; the rest is computed anew where it is asked for there.
        return {name: value for name, value in self.__dict__.items() if name != "_inner"}

    @cached_property
    def ntk(self) -> NDArray[np.float64]:
        """K_inf, (n*m_l, n*m_l), of the form of a sample: zero between different outputs, not divided by n."""
        return self._inner.ntk()

    @cached_property
    def nngp(self) -> NDArray[np.float64]:
        """The NNGP kernel, (n, n): the covariance of each output over networks."""
        return self._inner.nngp()

    @cached_property
    def delta(self) -> NDArray[np.float64]:
        """1 - cos of the angle between the last activations of two points, (n, n); nan for a zero row."""
        return self._inner.delta()

    @cached_property
    def bound(self) -> Bound | None:
        """The concentration bound; None without widths, without a hidden layer, and at b = 0."""
        found = self._inner.bound()
        return None if found is None else Bound(*found)

    @cached_property
    def relative_sd_diagonal(self) -> float | None:
        """The exact standard deviation of a diagonal entry of the kernel over its mean; None without widths."""
        return self._inner.relative_sd_diagonal()

    @cached_property
    def by_depth(self) -> dict[str, Any]:
        """``depths`` (d,), and for them ``delta`` (d, n, n), ``eigenvalues`` (d, n), ``eigenvalue_error`` (d,) and
        ``condition_number`` (d,), of K_inf/n."""
        report = self._report
        return {
            "depths": np.array(report["depths"]),
            **{
                name: _array(report[name], undefined)
                for name, undefined in [
                    ("delta", np.nan),
                    ("eigenvalues", np.nan),
                    ("eigenvalue_error", np.nan),
                    ("condition_number", np.inf),
                ]
            },
        }

    @property
    def eigenvalues(self) -> NDArray[np.float64]:
        """Of K_inf/n, (n,), ascending, each of multiplicity m_l; 0 where rounding would show less."""
        return self.by_depth["eigenvalues"][-1]

    @property
    def condition_number(self) -> float:
        """Of K_inf/n; inf where its least eigenvalue may be zero."""
        return float(self.by_depth["condition_number"][-1])

    @property
    def theory(self) -> dict[str, Any] | None:
        """What arXiv 2501.13225 says of the spectrum, by depth, with the keys of ``eoc limit --json``; None where it says
        nothing: at b = 0, for one point, and for points on one line through the origin."""
        return self._report["theory"]

    @cached_property
    def _report(self) -> dict[str, Any]:
        return json.loads(self._inner.report())

    def __repr__(self) -> str:
        n = len(self.nngp)
        return f"<eoc.Limit of {n} {'point' if n == 1 else 'points'}>"


def limit(
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
) -> Limit:
    """The infinite-width limit of the kernel, to at least 10 digits at any depth.

    Parameters are those of :func:`sample`. No widths are needed; the bound and the spread of a diagonal entry are there
    where they are given.

    Returns
    -------
    An object with ``ntk``, ``nngp``, ``delta``, ``eigenvalues``, ``condition_number``, ``bound``, ``theory``, ``by_depth`` and
    ``relative_sd_diagonal``.

    Raises
    ------
    ValueError
        What was given cannot be used, in a sentence.
    KeyboardInterrupt
        Within two seconds of Ctrl-C; also of an attribute that is computed when it is asked for.
    """
    given = points(X, normalize)
    # The caller may change arrays and lists later, and what is iterated once is gone.
    given["x"] = given["x"].copy()
    widths = list(widths) if isinstance(widths, Iterator) else copy(widths)
    return Limit(given, network(copy(activation), depth, width, widths, schedule, outputs, scale))


def _array(nested: Any, undefined: float) -> NDArray[np.float64]:
    """Nested lists in which None stands for what is undefined or infinite."""
    found = np.array(nested, dtype=np.float64)
    return found if undefined is np.nan else np.where(np.isnan(found), undefined, found)
