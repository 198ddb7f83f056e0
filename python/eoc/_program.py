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

    return _eoc.main(["eoc", *sys.argv[1:]], os.path.abspath(sys.argv[0]))
