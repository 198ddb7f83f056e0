"""What several tests need: points, the program that came with the package, and a GPU where there is one."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import eoc

# A cache of its own for everything that is tested here.
os.environ.setdefault("XDG_CACHE_HOME", str(Path(os.environ.get("TMPDIR", "/tmp")) / "eoc-python-tests"))


@pytest.fixture
def points() -> np.ndarray:
    """Five points of unequal norms, two of them equal, two opposite."""
    x = np.random.default_rng(7).normal(size=(5, 3)) * np.array([[1.0], [2.0], [0.5], [1.0], [1.0]])
    x[3] = x[0]
    x[4] = -x[1]
    return x


@pytest.fixture
def program(tmp_path):
    """The program, in a directory of its own; returns what it says."""
    script = Path(sys.executable).with_name("eoc.exe" if os.name == "nt" else "eoc")

    def run(*arguments: object, status: int = 0) -> str:
        words = [str(script), *map(str, arguments)]
        ended = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=600)
        assert ended.returncode == status, f"{words}: {ended.returncode}, {ended.stderr}"
        return ended.stdout if status == 0 else ended.stderr

    return run


def has_gpu() -> bool:
    """Whether there is a GPU, or a software adapter, that can be used; EOC_REQUIRE_GPU=1 says that there must be one."""
    found = any(d["usable"] and d["type"] != "native" for d in eoc.devices())
    assert found or os.environ.get("EOC_REQUIRE_GPU") != "1", "no GPU that can be used, and EOC_REQUIRE_GPU=1"
    return found


@pytest.fixture(autouse=True)
def sentences(monkeypatch):
    """Whatever a test provokes is a sentence about parameters: options of the program have no place in it."""

    def told(function):
        @functools.wraps(function)
        def call(*args, **named):
            try:
                return function(*args, **named)
            except (ValueError, RuntimeError) as error:
                text = str(error)
                assert "--" not in text and "seed 0, layer" not in text, text
                assert text and "\n" not in text and not text.endswith("."), text
                raise

        return call

    for name in ["data", "kernel", "limit", "open", "run", "sample", "weights", "width"]:
        monkeypatch.setattr(eoc, name, told(getattr(eoc, name)))
