"""The package as a package: the program it brings, its types and docstrings, and what is written of it."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import eoc

ROOT = Path(__file__).resolve().parents[2]


def test_the_program_comes_with_the_package(program):
    assert program("--version").startswith(f"eoc {eoc.__version__} (commit ")
    assert "Usage" in program("sample", "--help")
    assert program("sample", "--depth", "-3", status=2).startswith("eoc: invalid value '-3'")
    # A job of Slurm starts the script, not the interpreter that runs it.
    script = str(Path(sys.executable).with_name("eoc"))
    scripts = program("slurm", "--study", "first", "--quick", "--shards", 2, "--dry-run") if sys.platform == "linux" else script
    assert script in scripts


def test_python_dash_m_is_the_program():
    ended = subprocess.run([sys.executable, "-m", "eoc", "--version"], capture_output=True, text=True)
    assert ended.returncode == 0 and ended.stdout.startswith("eoc ")


def test_devices_are_those_of_the_program(program):
    assert eoc.devices() == json.loads(program("devices", "--json"))
    assert eoc.devices()[-1]["type"] == "native"


def test_sources_are_points():
    digits = eoc.data("digits:n=3")
    assert digits.shape == (3, 64)
    assert (digits**2).sum(axis=1) == pytest.approx(64.0)
    assert eoc.data("digits:n=3", normalize="none").max() <= 16
    with pytest.raises(ValueError, match="no such"):
        eoc.data("no such source")


def test_every_public_name_says_what_it_is():
    assert (Path(eoc.__file__).parent / "py.typed").is_file()
    for name in eoc.__all__:
        value = getattr(eoc, name)
        if name.startswith("__"):
            continue
        assert value.__doc__, name
        if inspect.isfunction(value):
            assert all(p.annotation is not p.empty for p in inspect.signature(value).parameters.values()) or name == "sample"


def blocks(page: Path) -> list[tuple[int, str]]:
    """The python blocks of a page, with the line of their first line."""
    text = page.read_text(encoding="utf-8")
    return [(text[: found.start(1)].count("\n") + 1, found[1]) for found in re.finditer(r"^```python\n(.*?)^```$", text, re.S | re.M)]


@pytest.mark.skipif(not (ROOT / "docs" / "python.md").is_file(), reason="the book is not beside the tests")
def test_the_book_says_what_is_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = ROOT / "docs" / "python.md"
    names: dict[str, object] = {}
    found = blocks(page)
    assert len(found) >= 4
    for line, code in found:
        exec(compile("\n" * (line - 1) + code, page, "exec"), names)
