"""``python -m eoc``."""

import sys

from ._program import main

sys.exit(main())
