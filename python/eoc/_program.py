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
        # python -m eoc: what another process can start is the command beside the interpreter.
        program = os.path.join(os.path.dirname(sys.executable), "eoc")
    return _eoc.main(["eoc", *sys.argv[1:]], program)
