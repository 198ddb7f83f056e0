#!/usr/bin/env python3
"""eoc beside the peers, in turn, in one run on one machine.

    python3 -m venv venv && venv/bin/pip install "jax==0.4.25" "jaxlib==0.4.25" "numpy<2" "scipy<1.13" "neural-tangents==0.6.5" "tf2jax==0.3.6"
    cargo build --release
    venv/bin/python benches/compare.py [ROUNDS] > benches/record/DATE-MACHINE.csv

For each case and round: the fastest peer (peers.py, weight sampling included), then both samplers of `eoc bench` (norms
included). One line per case: medians over rounds, the least of each, and the ratio of the medians best peer : eoc.
"""
import json, re, statistics, subprocess, sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
EOC = HERE.parent / "target/release/eoc"
CASES = [(16, 1, 4, 256), (16, 1, 4, 1024), (16, 1, 4, 4096), (32, 4, 4, 256), (32, 4, 4, 1024), (64, 1, 8, 1024)]
PEERS = ["jax_layer_rbg"]


def peer(method, case):
    out = subprocess.run([sys.executable, HERE / "peers.py", "worker", method, *map(str, case)],
                         capture_output=True, text=True, check=True).stdout
    result = json.loads(out.strip().splitlines()[-1])
    return 1e3 * result["tot_med"]


def eoc(sampler, case):
    out = subprocess.run([EOC, "bench", "--case", ",".join(map(str, case)), "--sampler", sampler],
                         capture_output=True, text=True, check=True).stdout
    line = next(l for l in out.splitlines() if l.startswith(",".join(map(str, case))))
    return float(re.split(r"\s+", line)[2])


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    print("# ms per seed: median of", rounds, "rounds (least)")
    print("case," + ",".join(PEERS) + ",conditional,direct,best_peer_over_conditional,best_peer_over_direct")
    for case in CASES:
        times = {name: [] for name in [*PEERS, "conditional", "direct"]}
        for _ in range(rounds):
            for name in PEERS:
                times[name].append(peer(name, case))
            for name in ["conditional", "direct"]:
                times[name].append(eoc(name, case))
        median = {name: statistics.median(t) for name, t in times.items()}
        best = min(median[name] for name in PEERS)
        cells = [f"{median[name]:.3f} ({min(times[name]):.3f})" for name in times]
        ratios = [f"{best / median[name]:.1f}" for name in ["conditional", "direct"]]
        print(",".join(["x".join(map(str, case)), *cells, *ratios]), flush=True)


main()
