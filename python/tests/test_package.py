"""The package as a package: the program it brings, its types and docstrings, and what is written of it."""

from __future__ import annotations

import csv
import inspect
import json
import re
import subprocess
import sys
import typing
from pathlib import Path

import pytest

import eoc

ROOT = Path(__file__).resolve().parents[2]


def test_the_program_comes_with_the_package(program):
    assert program("--version").startswith(f"eoc {eoc.__version__} (commit ")
    assert "Usage" in program("sample", "--help")
    assert program("sample", "--depth", "-3", status=2).startswith("eoc: invalid value '-3'")


def test_python_dash_m_is_the_program():
    ended = subprocess.run([sys.executable, "-m", "eoc", "--version"], capture_output=True, text=True)
    assert ended.returncode == 0 and ended.stdout.startswith("eoc ")
    ended = subprocess.run([sys.executable, "-m", "eoc", "sample"], capture_output=True, text=True)
    assert ended.returncode == 2 and ended.stderr.startswith("eoc: ")


@pytest.mark.skipif(sys.platform != "linux", reason="a job of Slurm is of Linux")
def test_a_job_of_slurm_starts_a_file_that_can_be_started(program, tmp_path):
    line = ["slurm", "--study", "first", "--quick", "--shards", "2", "--dry-run"]
    as_module = subprocess.run([sys.executable, "-m", "eoc", *line], capture_output=True, text=True, cwd=tmp_path)
    for script in [program(*line), as_module.stdout]:
        named = re.search(r"^eoc=(.*)$", script, re.M)[1].strip("'\"")
        ended = subprocess.run([named, "--version"], capture_output=True, text=True)
        assert ended.stdout.startswith("eoc "), named
    # Nothing that can be started is there.
    code = f"import eoc._program as p; p._installed = lambda: None; import sys; sys.argv = ['/x/__main__.py', *{line}]; sys.exit(p.main())"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert ended.returncode == 2 and "install the package with pip" in ended.stderr, ended


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
            annotated = all(p.annotation is not p.empty for p in inspect.signature(value).parameters.values())
            # What they return depends on an argument, and their overloads have the annotations.
            assert annotated or sys.version_info < (3, 11) or len(typing.get_overloads(value)) == 2, name


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


@pytest.mark.skipif(not (ROOT / "docs" / "trained.md").is_file(), reason="the book is not beside the tests")
def test_the_table_of_finite_widths_is_that_of_its_record():
    page = (ROOT / "docs" / "trained.md").read_text(encoding="utf-8")
    rows = list(csv.DictReader((ROOT / "docs" / "finite-width.csv").open(encoding="utf-8")))
    *networks, limit = [{name: float(value or "nan") for name, value in row.items()} for row in rows]
    assert page.count("\n| width ") == len(networks) == 7
    for row in networks:
        line = "| width {width:.0f} | {mean_percent:.1f} % ± {error_of_mean:.1f} % | {standard_deviation:.1f} % | {least:.1f} %, "
        assert (line + "{largest:.1f} % | {median_distance:.2f} |").format(**row) in page
        assert row["error_of_mean"] == pytest.approx(row["standard_deviation"] / row["networks"] ** 0.5, rel=1e-3)
    assert f"| K∞ | {limit['mean_percent']:.1f} % | | | 0 |" in page
    dots = (ROOT / "docs" / "finite-width.svg").read_text(encoding="utf-8").count('r="1.6"')
    assert dots == sum(row["networks"] for row in networks)
