"""The Neural Tangent Kernel of finite-width MLPs at the Edge Of Chaos.

Networks have activation phi(s) = a*s + b*|s|, no biases (but in ``kernel``), and are in NTK parameterisation: with
``A_0 = X / sqrt(m_0)``,

    Z_k = A_(k-1) @ W_k.T,    A_k = phi(Z_k) / sqrt((a**2 + b**2) * m_k),    k = 1 ... l - 1,

the outputs are ``A_(l-1) @ W_l.T``, every entry of every ``W_k`` is N(0, 1), and ``depth`` is l, the number of weight
matrices. The kernel of a network on n points with m_l outputs is (n*m_l, n*m_l), at index ``point*m_l + output``, and not
divided by n.

    sample   kernels K(theta) of random networks, exactly in law, in time linear in the width
    limit    the infinite-width limit, its spectrum and the concentration bound
    width    how wide is wide enough
    weights  theta of a seed
    kernel   the kernel of given weights, such as those of a network that was trained elsewhere
    run      a grid of networks times seeds into a directory, resumed where it was interrupted; open reads one
    data     points of a source, such as "digits:n=32"
    devices  what there is to compute with

Numbers are those of the program ``eoc``, which comes with the package, to the bit. Source of the theory: Terjék and
González-Sánchez, arXiv 2501.14724 and 2501.13225.
"""

import os as _os

# A Vulkan driver of Mesa asks the display server which GPU the desktop prefers, and complains where there is none.
_os.environ.setdefault("NODEVICE_SELECT", "1")

from ._device import data, devices  # noqa: E402
from ._eoc import __version__  # noqa: E402
from ._kernel import KernelLayers, kernel  # noqa: E402
from ._limit import Bound, Limit, limit  # noqa: E402
from ._rows import Rows  # noqa: E402
from ._sample import Layers, sample, weights  # noqa: E402
from ._study import Figure, Report, Run, open, run  # noqa: A004, E402
from ._width import Width, width  # noqa: E402

__all__ = [
    "Bound",
    "Figure",
    "KernelLayers",
    "Layers",
    "Limit",
    "Report",
    "Rows",
    "Run",
    "Width",
    "__version__",
    "data",
    "devices",
    "kernel",
    "limit",
    "open",
    "run",
    "sample",
    "weights",
    "width",
]
