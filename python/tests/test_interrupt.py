"""Ctrl-C in whatever computes: a KeyboardInterrupt, soon, and what was finished is kept."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

import eoc

CALLS = {
    "sample": 'eoc.sample(x[:8], activation="relu", depth=50, width=10**8, device="cpu")',
    "sample of many seeds": 'eoc.sample(x[:8], activation="relu", depth=3, width=256, seeds=10**6, device="cpu")',
    "run": 'eoc.run({"name": "long", "seeds": 10**5, "network": {"activation": "abs", "depth": 5, "width": 10**4},'
    ' "data": {"source": "sphere:n=8,dim=4,seed=1"}}, "run", device="cpu", progress=False)',
    "width": 'eoc.width(x[:16], activation="relu", depth=6, tolerance=0.01, confidence=0.9, device="cpu")',
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
