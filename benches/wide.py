#!/usr/bin/env python3
"""Wide, deep and many: time and memory where no peer runs, and the slope of time against width.

    cargo build --release
    python3 benches/wide.py [--device cpu] [--rounds 3] > benches/record/DATE-MACHINE-wide.csv

Each line is one `eoc sample` run: seconds per seed with the start of the process taken off (that of depth 2, width 1), the greatest
resident memory of the host in MiB, medians over rounds with the least and the greatest. The last line is the log-log slope of
the medians from width 10⁴ to 10⁶.
"""
import argparse
import math
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

EOC = Path(__file__).resolve().parent.parent / "target/release/eoc"
# Name, seeds, options.
WIDTHS = [10**4, 10**5, 10**6, 10**7]
CASES = [
    *[(f"16 points depth 4 width {m} conditional", max(1, 4 * 10**6 // m),
       f"--depth 4 --width {m} --data sphere:n=16,dim=64 --sampler conditional") for m in WIDTHS],
    ("8 points depth 100 width k^2*100 conditional", 1,
     "--depth 100 --width 100 --schedule quadratic --data sphere:n=8,dim=64 --sampler conditional"),
    ("1024 points 4 outputs depth 3 width 1024 direct", 1,
     "--depth 3 --width 1024 --outputs 4 --data sphere:n=1024,dim=64 --sampler direct"),
]


def run(device, seeds, options, folder):
    """Seconds and MiB of one process."""
    start = time.perf_counter()
    process = subprocess.Popen([EOC, "sample", "--activation", "0.6,0.4", *options.split(), "--device", device,
                                "--seeds", str(seeds), "--out", os.path.join(folder, "k.npy")],
                               stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status != 0:
        raise SystemExit(f"eoc failed on: {options}")
    return seconds, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    print("case,seeds,seconds_per_seed,least,greatest,memory_mib", flush=True)
    medians = {}
    with tempfile.TemporaryDirectory() as folder:
        nothing = "--depth 2 --width 1 --data sphere:n=2,dim=2"
        started = min(run(args.device, 1, nothing, folder)[0] for _ in range(args.rounds))
        for name, seeds, options in CASES:
            runs = [run(args.device, seeds, options, folder) for _ in range(args.rounds)]
            times = sorted((seconds - started) / seeds for seconds, _ in runs)
            medians[name] = statistics.median(times)
            memory = max(mib for _, mib in runs)
            print(f"{name},{seeds},{medians[name]:.5f},{times[0]:.5f},{times[-1]:.5f},{memory:.0f}", flush=True)
    of = lambda m: medians[f"16 points depth 4 width {m} conditional"]
    print(f"# slope of log seconds against log width from 10^4 to 10^6: {math.log(of(10**6) / of(10**4)) / math.log(100):.3f}")


main()
