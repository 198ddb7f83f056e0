"""How far a piece of work is: a bar of tqdm where that is installed, else a line on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Report = Callable[[int, "int | None"], None]


@contextmanager
def progress(wanted: Any, unit: str) -> Iterator[Report | None]:
    """What to call with the count that is done and the total, where that is known; None where nothing is to be shown.

    ``wanted`` is True, False, or such a function.
    """
    if callable(wanted):
        yield wanted
        return
    if not wanted:
        yield None
        return
    try:
        from tqdm.auto import tqdm
    except ImportError:
        line = _Line(unit)
        try:
            yield line.report
        finally:
            line.end()
        return
    bars: list[Any] = []

    def report(done: int, total: int | None) -> None:
        # What is refused shows no bar.
        if not bars:
            bars.append(tqdm(unit=unit))
        bars[0].total = total
        bars[0].update(done - bars[0].n)

    try:
        yield report
    finally:
        for bar in bars:
            bar.close()


class _Line:
    """A line that is written again about twice a second; on what is no terminal a new one every 30 seconds."""

    def __init__(self, unit: str) -> None:
        self.unit, self.done, self.total = unit, 0, None
        self.terminal = sys.stderr.isatty()
        self.begun = self.told = time.monotonic()
        self.length = 0

    def report(self, done: int, total: int | None) -> None:
        self.done, self.total = done, total
        now = time.monotonic()
        if now - self.told >= (0.5 if self.terminal else 30.0):
            self.told = now
            self.write()

    def write(self) -> None:
        of = "" if self.total is None else f" of {self.total}"
        text = f"{self.done}{of} {self.unit}s, {time.monotonic() - self.begun:.0f} s"
        end = "\n"
        if self.terminal:
            # Over the line before, which may have been longer.
            text, self.length, end = "\r" + text.ljust(self.length), len(text), ""
        sys.stderr.write(text + end)
        sys.stderr.flush()

    def end(self) -> None:
        if self.length:
            self.write()
            sys.stderr.write("\n")
