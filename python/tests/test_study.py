"""eoc.run and eoc.open: the rows of the program, resumed, as columns, and as a report."""

from __future__ import annotations

import csv
import io
import sys

import numpy as np
import pytest

import eoc

STUDY = {
    "name": "mine",
    "seeds": 12,
    "layers": True,
    "network": {"activation": ["abs", (0.6, -0.4)], "depth": 3, "width": np.array([8, 16])},
    "data": {"source": "sphere:n=4,dim=3,seed=1"},
}


@pytest.fixture
def study(tmp_path):
    return eoc.run(STUDY, tmp_path / "run", device="cpu", progress=False)


@pytest.mark.parametrize("table", ["samples", "layers", "cells"])
def test_rows_are_those_of_an_export(study, program, table):
    rows = getattr(study, table)()
    text = program("export", study.directory, "--format", "csv", "--table", table)
    lines = list(csv.DictReader(io.StringIO(text)))
    assert list(rows) == list(lines[0]) and all(len(column) == len(lines) for column in rows.values())
    assert len(lines) == {"samples": 48, "layers": 144, "cells": 4}[table]
    for name, column in rows.items():
        expected = [line[name] for line in lines]
        if column.dtype.kind == "i":
            assert column.dtype == np.int64 and column.tolist() == [int(text) for text in expected]
        elif column.dtype.kind == "f":
            np.testing.assert_array_equal(column, [float(text or "nan") for text in expected], err_msg=name)
        else:
            assert [text or "" for text in column.tolist()] == expected, name
    assert set(rows.about) == set(rows)


def test_a_run_is_the_same_as_that_of_the_program(study, program, tmp_path):
    (tmp_path / "study.toml").write_text(
        'name = "mine"\nseeds = 12\nlayers = true\n[network]\nactivation = ["abs", "0.6,-0.4"]\ndepth = 3\nwidth = [8, 16]\n'
        '[data]\nsource = "sphere:n=4,dim=3,seed=1"\n'
    )
    program("run", "study.toml", "--out", "theirs", "--device", "cpu", "-q")
    ours, theirs = study.samples(), eoc.open(tmp_path / "theirs").samples()
    for name in ours:
        if name != "seconds":
            np.testing.assert_array_equal(ours[name], theirs[name], err_msg=name)
    # A file, and what wins over it.
    few = eoc.run(tmp_path / "study.toml", tmp_path / "few", override={"seeds": 2, "layers": False}, device="cpu", progress=False)
    np.testing.assert_array_equal(few.samples()["trace"], ours["trace"][ours["seed"] < 2])


def test_the_same_call_resumes_and_more_seeds_extend(study, tmp_path):
    before = study.samples()
    told = []
    again = eoc.run(
        {**STUDY, "seeds": range(14)}, study.directory, device="cpu", progress=lambda done, total: told.append((done, total))
    )
    after = again.samples()
    old = after["seed"] < 12
    np.testing.assert_array_equal(after["seconds"][old], before["seconds"])
    assert len(after["seed"]) == 56 and told[-1] == (56, 56)
    assert again.name == "mine" and repr(again) == f"<eoc.Run of 'mine' in {study.directory}>"


def test_a_report_shows_itself_and_is_written(study):
    report = study.report()
    assert "m" in str(report) and report.path.is_file()
    assert {cell["seeds"] for cell in report.summary["cells"]} == {12}
    assert report._repr_html_().startswith("<iframe srcdoc=")
    assert report.figures and all(figure._repr_svg_().startswith("<svg") for figure in report.figures.values())


@pytest.mark.parametrize(("library", "method"), [("pandas", "to_pandas"), ("polars", "to_polars"), ("pyarrow", "to_arrow")])
def test_tables_of_other_libraries(study, library, method):
    pytest.importorskip(library)
    for rows in [study.samples(), study.layers(), study.cells()]:
        table = getattr(rows, method)()
        assert list(table.column_names if library == "pyarrow" else table.columns) == list(rows)
        for name, values in rows.items():
            column = table[name].to_pylist() if library == "pyarrow" else table[name].to_list()
            assert len(column) == len(values), name
            for found, expected in zip(column, values.tolist(), strict=True):
                assert found == expected or (found != found or found is None) and (expected is None or expected != expected), name
    if library == "pandas":
        assert rows._repr_html_().startswith("<div")


def test_a_table_without_the_library_is_an_import_error(study, monkeypatch):
    rows = study.samples()
    for library in ["pandas", "polars", "pyarrow"]:
        monkeypatch.setitem(sys.modules, library, None)
    for convert in [rows.to_pandas, rows.to_polars, rows.to_arrow]:
        with pytest.raises(ImportError):
            convert()
    # A notebook shows its repr.
    assert rows._repr_html_() is None and repr(rows).startswith("<eoc.Rows: 48 rows of cell, seed, ")


@pytest.mark.parametrize(
    ("study", "arguments", "sentence"),
    [
        ({"network": {"activation": "abs"}}, {}, "the study has no"),
        ({**STUDY, "seed": 3}, {}, 'unknown key "seed"'),
        ({**STUDY, "network": {**STUDY["network"], "depth": -3}}, {}, "depth"),
        ({**STUDY, "network": {**STUDY["network"], "widths": "4,4"}}, {}, "width"),
        ({**STUDY, "data": {"source": np.zeros((2, 2))}}, {}, "write it with numpy.save"),
        ({**STUDY, "seeds": {1, 2}}, {}, "give a number, a text, or a list of them"),
        (STUDY, {"shard": (4, 4)}, "shard is (4, 4), and must be a pair (i, n): shard i of n, counted from 0, such as (0, 4)"),
        (STUDY, {"shard": (-1, 2)}, "shard is (-1, 2), and must be a pair"),
        (STUDY, {"shard": (0, 10**7)}, "n at most 1000000"),
        (STUDY, {"shard": 3}, "shard is 3, and must be a pair"),
        (None, {}, "study is None; give a study file, the name of a built-in study"),
        ("frist", {}, 'no built-in study is called "frist"'),
        ("none.toml", {}, "study file none.toml: "),
    ],
)
def test_what_is_no_study_is_a_value_error_and_writes_nothing(tmp_path, study, arguments, sentence):
    with pytest.raises(ValueError) as refused:
        eoc.run(study, tmp_path / "run", device="cpu", **arguments)
    assert sentence in str(refused.value) and "line " not in str(refused.value)
    assert not (tmp_path / "run").exists()


def test_what_is_no_run_directory_is_a_value_error(tmp_path, study):
    with pytest.raises(ValueError):
        eoc.open(tmp_path)
    with pytest.raises(ValueError, match="no rows of the table spectrum"):
        study.spectrum()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    with pytest.raises(ValueError):
        eoc.run(STUDY, tmp_path / "full", device="cpu", progress=False)
