"""The command ``eoc``."""

from __future__ import annotations

import os
import signal
import sys


def main() -> int:
    """Runs the program with the arguments of this process; its exit status."""
    # The program answers signals itself, from its own threads; Python's answer would come after its last words.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.environ.setdefault("NODEVICE_SELECT", "1")
    from . import _eoc

    program = os.path.abspath(sys.argv[0])
    if os.path.basename(program) == "__main__.py":
        # python -m eoc: what another process can start is the command that was installed with the package.
        program = _installed()
        if program is None and "slurm" in sys.argv[1:]:
            print(
                "eoc: the command eoc, which jobs start, is not installed beside this package; install the package with pip",
                file=sys.stderr,
            )
            return 2
    return _eoc.main(["eoc", *sys.argv[1:]], program)


def _installed() -> str | None:
    """The command that pip wrote when it installed this package; None where there is none."""
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        files = distribution("eoc-ntk").files or []
    except PackageNotFoundError:
        return None
    for file in files:
        if file.name in ("eoc", "eoc.exe"):
            found = os.path.abspath(file.locate())
            if os.access(found, os.X_OK):
                return found
    return None
