"""Ctrl-C in whatever computes: a KeyboardInterrupt, soon, and what was finished is kept."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import eoc

CALLS = {
    "sample": 'eoc.sample(x[:8], activation="relu", depth=50, width=10**8, device="cpu")',
    "sample of many seeds": 'eoc.sample(x[:8], activation="relu", depth=3, width=256, seeds=10**6, device="cpu")',
    "run": 'eoc.run({"name": "long", "seeds": 10**5, "network": {"activation": "abs", "depth": 5, "width": 10**4},'
    ' "data": {"source": "sphere:n=8,dim=4,seed=1"}}, "run", device="cpu", progress=False)',
    "width": 'eoc.width(x[:16], activation="relu", depth=6, tolerance=0.01, confidence=0.9, device="cpu")',
    "width in a decomposition": 'eoc.width(x, activation="relu", depth=3, tolerance=0.05, confidence=0.9, device="cpu")',
    # The first array that this process makes, while the exception waits.
    "data": 'eoc.data("gaussian:n=100000,dim=500,seed=0")',
    # Nobody writes into the pipe.
    "data that never come": 'eoc.data("pipe.csv")',
    "run on data that never come": 'eoc.run({"name": "never", "seeds": 1, "network": {"activation": "abs", "depth": 2, "width": 8},'
    ' "data": {"source": "pipe.csv"}}, "never", device="cpu", progress=False)',
    "eigenvalues of a limit": 'eoc.limit(x[:3000], activation="relu", depth=3).eigenvalues',
    "limit": 'eoc.limit(x[:1000], activation="relu", depth=10**6)',
    "kernel": "eoc.kernel(x, [numpy.eye(1000, 200)] + [numpy.eye(1000)] * 8 + [numpy.eye(1, 1000)], activation=\"relu\","
    ' parameterization="standard", precision="f64", device="cpu")',
}


@pytest.mark.skipif(os.name == "nt", reason="a console of Windows has no signal for one process")
@pytest.mark.parametrize("call", CALLS)
def test_ctrl_c_ends_with_a_keyboard_interrupt(call, tmp_path):
    code = f"""
import eoc, numpy, signal
# What a shell runs in the background ignores Ctrl-C, and so do its children.
signal.signal(signal.SIGINT, signal.default_int_handler)
x = numpy.random.default_rng(0).normal(size=(6000, 200))
print("begun", flush=True)
try:
    while True:
        {CALLS[call]}
except KeyboardInterrupt:
    print("interrupted")
"""
    os.mkfifo(tmp_path / "pipe.csv")
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=tmp_path)
    try:
        assert process.stdout.readline() == "begun\n"
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        sent = time.monotonic()
        # The promise is two seconds; a machine that is busy with other things does not decide here.
        assert process.communicate(timeout=30)[0] == "interrupted\n"
        print(f"{call}: ended {time.monotonic() - sent:.2f} s after the signal")
    finally:
        process.kill()
    assert process.returncode == 0
    if call == "run":
        assert eoc.open(tmp_path / "run").name == "long"


@pytest.fixture
def alarm():
    """Raises KeyboardInterrupt in this thread after so many seconds, as Ctrl-C does."""
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    yield lambda seconds: signal.setitimer(signal.ITIMER_REAL, seconds)
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no alarm")
def test_a_report_that_was_broken_off_is_not_written(tmp_path, alarm):
    study = {
        "name": "long",
        "seeds": 1000,
        "layers": True,
        "network": {"activation": ["abs", "relu"], "depth": 3, "width": [8, 16]},
        "data": {"source": "sphere:n=4,dim=3,seed=1"},
    }
    run = eoc.run(study, tmp_path / "run", device="cpu", progress=False)
    alarm(0.01)
    with pytest.raises(KeyboardInterrupt):
        run.report()
    # The work may have been left behind, and ends when it looks.
    time.sleep(2.0)
    assert not (tmp_path / "run" / "report").exists()
    assert "index.html" in str(run.report().path)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no alarm")
def test_what_was_broken_off_goes_on_in_the_same_process(tmp_path, alarm):
    study = {
        "name": "long",
        "seeds": 10**6,
        "network": {"activation": "abs", "depth": 4, "width": 64},
        "data": {"source": "sphere:n=8,dim=4,seed=1"},
    }
    before = 0
    for _ in range(2):
        told = []

        def report(done, total, told=told):
            told.append(done)
            if done > told[0]:
                alarm(0.01)

        with pytest.raises(KeyboardInterrupt):
            eoc.run(study, tmp_path / "run", device="cpu", progress=report)
        finished = len(eoc.open(tmp_path / "run").samples()["seed"])
        assert finished >= told[-1] > before
        before = finished
    x = np.random.default_rng(0).normal(size=(4, 3))
    assert eoc.sample(x, activation="relu", depth=3, width=8, device="cpu").shape == (1, 4, 4)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no alarm")
def test_an_import_that_was_broken_off_raises_no_panic(tmp_path):
    # A signal at any moment of the import: whatever is looked up once is looked up there, and nothing panics.
    code = """
import signal, sys
signal.signal(signal.SIGALRM, signal.default_int_handler)
import numpy
signal.setitimer(signal.ITIMER_REAL, float(sys.argv[1]))
try:
    import eoc
    while True:
        numpy.zeros(1)
except KeyboardInterrupt:
    signal.setitimer(signal.ITIMER_REAL, 0)
import eoc
assert eoc.data("pair:angle=1").shape == (2, 2)
"""
    for milliseconds in [2, 10, 20, 30, 50]:
        ended = subprocess.run([sys.executable, "-c", code, str(milliseconds / 1000)], capture_output=True, text=True)
        assert ended.returncode == 0 and "panicked" not in ended.stderr, ended.stderr
