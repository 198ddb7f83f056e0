"""Studies: a grid of networks times seeds in a run directory, and what is in one."""

from __future__ import annotations

import html
import json
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, SupportsIndex

import numpy as np

from . import _eoc
from ._arguments import engine
from ._progress import progress as _progress
from ._rows import Rows


class Figure:
    """A figure of a report. It shows itself in a notebook.

    Attributes
    ----------
    path
        The SVG file; the numbers are beside it, as .csv.
    svg
        Its text.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.svg = path.read_text(encoding="utf-8")

    def _repr_svg_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return f"<eoc.Figure {self.path}>"


class Report:
    """Tables and figures of a run. It shows its page in a notebook.

    Attributes
    ----------
    path
        The page, an HTML file without scripts.
    text
        The short table.
    summary
        What tables and figures say, for machines: the keys of ``summary.json``.
    figures
        By name.
    """

    def __init__(self, directory: Path, text: str, names: Iterable[str]) -> None:
        self.path = directory / "report" / "index.html"
        self.text = text
        self.summary: dict[str, Any] = json.loads((directory / "report" / "summary.json").read_text(encoding="utf-8"))
        self.figures = {name: Figure(directory / "report" / f"{name}.svg") for name in names}

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<eoc.Report {self.path}>"

    def _repr_html_(self) -> str:
        # A document of its own, so that its style stays in it.
        page = html.escape(self.path.read_text(encoding="utf-8"))
        return f'<iframe srcdoc="{page}" style="width: 100%; height: 48em; border: 0"></iframe>'


class Run:
    """A run directory. Made by :func:`run` and :func:`open`.

    Attributes
    ----------
    directory
        Where it is.
    name
        The name of its study.
    """

    def __init__(self, directory: str | os.PathLike[str]) -> None:
        self.directory = Path(directory)
        self.name = _eoc.study_name(self.directory)

    def samples(self) -> Rows:
        """One row a finished sample: cell, seed, network, deviations of K/n from K_inf/n, spectrum, trace, norm of the
        outputs, device and seconds."""
        return self._rows("samples")

    def layers(self) -> Rows:
        """One row a layer of a finished sample, where the study has ``layers = true``."""
        return self._rows("layers")

    def spectrum(self) -> Rows:
        """One row an eigenvalue of K/n of a finished sample, where the study has ``spectrum = true``."""
        return self._rows("spectrum")

    def independence(self) -> Rows:
        """One row an angle of a pair of a finished sample: K - K_gia, where the study has ``independence = true``."""
        return self._rows("independence")

    def cells(self) -> Rows:
        """One row a network: what it is, its limit, bound and exact spread, and how many seeds are finished."""
        return self._rows("cells")

    def report(self) -> Report:
        """Tables and figures of what is finished, which are also written below ``directory / "report"``."""
        text, names = _eoc.report(self.directory)
        return Report(self.directory, text, names)

    def _rows(self, table: str) -> Rows:
        return Rows(_eoc.rows(self.directory, table))

    def __repr__(self) -> str:
        return f"<eoc.Run of {self.name!r} in {self.directory}>"


def run(
    study: str | os.PathLike[str] | Mapping[str, Any] = "first",
    out: str | os.PathLike[str] | None = None,
    *,
    quick: bool = False,
    override: Mapping[str, Any] | None = None,
    shard: tuple[int, int] | None = None,
    device: str = "auto",
    threads: SupportsIndex | None = None,
    progress: bool | Callable[[int, int | None], None] = True,
) -> Run:
    """Runs a study into a directory: a grid of networks times seeds, each kernel measured against its limit.

    What the directory holds already is not computed again, so that the same call resumes a run that was interrupted, by
    Ctrl-C or in any other way: a row is durable before it is counted.

    Parameters
    ----------
    study
        A study file (.toml), the name of a built-in study ("first", "width", ...; ``eoc run --help`` lists them), or a study
        file as a dict::

            {"name": "mine", "seeds": 64, "network": {"activation": ["abs", (0.6, 0.4)], "depth": 4, "width": [64, 256]},
             "data": {"source": "points.npy", "normalize": "sphere"}}

        Every value under ``network`` and ``data``, ``sampler`` and ``precision`` may be a list, and the grid is their product.
    out
        The directory, created with its parents; ``eoc-runs/NAME-HASH8`` if None.
    quick
        The built-in study with fewer seeds.
    override
        A dict of the same form, which wins over the study.
    shard
        (i, n): shard i of n, from 0, for a directory of its own; ``eoc merge`` makes one of all of them.
    device, threads
        As in :func:`sample`.
    progress
        Show how far it is, with tqdm where that is installed; or a function, which is called with the samples that are
        there and those that were asked for.

    Returns
    -------
    A :class:`Run`, with the methods ``samples``, ``layers``, ``spectrum``, ``independence``, ``cells`` and ``report``.

    Raises
    ------
    ValueError
        What was given is no study, or the directory is of another one; nothing was written.
    RuntimeError
        A device or a disk failed; what was finished is kept.
    KeyboardInterrupt
        Within two seconds of Ctrl-C; what was finished is kept.
    """
    said = dict(study) if isinstance(study, Mapping) else {}
    path = builtin = None
    if not isinstance(study, Mapping):
        if not isinstance(study, (str, os.PathLike)):
            raise ValueError(f"study is {study!r:.60}; give a study file, the name of a built-in study such as \"first\", or a dict")
        name = os.fspath(study)
        # A built-in study is a bare word.
        if isinstance(study, str) and name.isidentifier() and not os.path.isfile(name):
            builtin = name
        else:
            path = Path(name)
    if quick and builtin is None:
        raise ValueError("quick is of a built-in study; leave it out, or name one such as \"first\"")
    for key, value in (override or {}).items():
        both = isinstance(value, Mapping) and isinstance(said.get(key), Mapping)
        said[key] = {**said[key], **value} if both else value
    arguments = {"path": path, "builtin": builtin, "quick": bool(quick), "text": _toml(said)}
    where = None if out is None else Path(out)
    with _progress(progress, "sample") as report:
        directory = _eoc.run(arguments, shard, where, engine("auto", "f32", device, threads), report)
    return Run(directory)


def open(directory: str | os.PathLike[str]) -> Run:  # noqa: A001 - eoc.open is the name that a reader expects
    """A run directory, whoever wrote it and whether or not it is finished; ValueError where it is none."""
    return Run(directory)


def _toml(study: Mapping[str, Any]) -> str:
    """A study as the text of a study file."""
    plain = {key: value for key, value in study.items() if not isinstance(value, Mapping)}
    tables = {key: value for key, value in study.items() if isinstance(value, Mapping)}
    lines = [f"{_text(str(key))} = {_value(key, value)}" for key, value in plain.items()]
    for name, table in tables.items():
        lines.append(f"[{_text(str(name))}]")
        lines += [f"{_text(str(key))} = {_value(key, value)}" for key, value in table.items()]
    return "\n".join(lines)


def _value(key: Any, value: Any) -> str:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, (str, os.PathLike)):
        return _text(os.fspath(value))
    if key == "seeds" and isinstance(value, range) and value.step == 1:
        return _text(f"{value.start}..{value.stop}")
    if isinstance(value, tuple) and key == "activation" and all(isinstance(c, (int, float)) for c in value):
        return _text(",".join(repr(c) for c in value))
    if isinstance(value, (list, tuple, range)) or (isinstance(value, np.ndarray) and value.ndim == 1 and value.size < 4096):
        return "[" + ", ".join(_value(key, item) for item in value) + "]"
    if isinstance(value, np.ndarray):
        raise ValueError(f"{key} is an array; write it with numpy.save, and give the name of the file")
    raise ValueError(f"{key} is {value!r}; give a number, a text, or a list of them")


def _text(value: str) -> str:
    # JSON's texts are TOML's, but for what JSON leaves as it is.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
