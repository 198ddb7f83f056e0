#!/usr/bin/env python3
"""eoc beside the peers, in turn, in one run on one machine.

    python3 -m venv venv && venv/bin/pip install "jax==0.4.25" "jaxlib==0.4.25" "numpy<2" "scipy<1.13" "neural-tangents==0.6.5" "tf2jax==0.3.6"
    cargo build --release
    venv/bin/python benches/compare.py [--rounds 3] > benches/record/DATE-MACHINE.csv
    python benches/compare.py --device gpu > benches/record/DATE-CARD.csv       # with a jax that sees the card

For each case and round: the peers (peers.py, weight sampling included), then both samplers of `eoc bench` (norms included). On
the CPU the peer is the fastest one there, a seed at a time; on a GPU it is jax with many seeds in one call, at matmul
precision "highest" and at its default. One line per case: medians over rounds, the least of each, and the ratio of
medians first peer : eoc.
"""
import argparse
import json
import re
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
EOC = HERE.parent / "target/release/eoc"
CASES = [(16, 1, 4, 256), (16, 1, 4, 1024), (16, 1, 4, 4096), (32, 4, 4, 256), (32, 4, 4, 1024), (64, 1, 8, 1024)]
PEERS = {"cpu": ["jax_layer_rbg"], "gpu": ["jax_batch", "jax_batch_default"]}
SAMPLERS = ["conditional", "direct"]


def peer(method, case):
    """Milliseconds per seed."""
    out = subprocess.run([sys.executable, HERE / "peers.py", "worker", method, *map(str, case)],
                         capture_output=True, text=True, check=True).stdout
    return 1e3 * json.loads(out.strip().splitlines()[-1])["tot_med"]


def eoc(device, sampler, case):
    """Milliseconds per seed."""
    name = ",".join(map(str, case))
    out = subprocess.run([EOC, "bench", "--device", device, "--case", name, "--sampler", sampler],
                         capture_output=True, text=True, check=True).stdout
    # `NAME SAMPLER: MS (…)` of a GPU, `NAME SAMPLER MS (…)` of the CPU.
    return float(re.search(rf"^{name} +{sampler}:? +([0-9.]+) \(", out, re.MULTILINE).group(1))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args()
    peers = PEERS["cpu" if args.device == "cpu" else "gpu"]
    print("# ms per seed: median of", args.rounds, "rounds (least)")
    print("case," + ",".join([*peers, *SAMPLERS]) + "," + ",".join(f"{peers[0]}_over_{s}" for s in SAMPLERS))
    for case in CASES:
        times = {name: [] for name in [*peers, *SAMPLERS]}
        for _ in range(args.rounds):
            for name in peers:
                times[name].append(peer(name, case))
            for name in SAMPLERS:
                times[name].append(eoc(args.device, name, case))
        median = {name: statistics.median(t) for name, t in times.items()}
        cells = [f"{median[name]:.4f} ({min(times[name]):.4f})" for name in times]
        ratios = [f"{median[peers[0]] / median[name]:.1f}" for name in SAMPLERS]
        print(",".join(["x".join(map(str, case)), *cells, *ratios]), flush=True)


main()
