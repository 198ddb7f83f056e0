#!/usr/bin/env bash
# Everything that is to be recorded of a GPU, in one go: what it is, that it is right, how fast. Needs what was built before
# (cargo build --release && cargo test --release --no-run), and a python with a jax that sees the card for the comparison.
#
#   benches/card.sh FOLDER [DEVICE]         DEVICE as in --device, gpu by default
set -uo pipefail
cd "$(dirname "$0")/.."
out=${1:?a folder for the records}
device=${2:-gpu}
mkdir -p "$out"
eoc=target/release/eoc
{ date -u +%F; $eoc --version; nvidia-smi --query-gpu=name,driver_version,clocks.max.sm,power.limit --format=csv 2>/dev/null; $eoc devices; } | tee "$out/device.txt"
# Right first: passes against their twins, then parity, law, streams and algebra on this adapter.
newest() { find target/release/deps -maxdepth 1 -name "$1-*" -type f -perm -u+x -printf '%T@ %p\n' | sort -rn | head -1 | cut -d' ' -f2; }
for tests in "$(newest eoc_ntk)" "$(newest it)"; do
    EOC_REQUIRE_GPU=1 timeout 400 "$tests" gpu:: 2>&1 | tee -a "$out/tests.txt" | tail -30
done
$eoc bench --device "$device" --tune 2>&1 | tee "$out/tune.txt"
for case in 32,1,4,4096 16,1,4,256 16,1,4,1024 16,1,4,4096 32,4,4,256 32,4,4,1024 64,1,8,1024; do
    timeout 200 $eoc bench --device "$device" --case $case 2>&1 | tee -a "$out/bench.txt"
done
for case in 16,1,4,4096 32,4,4,1024 64,1,8,1024; do
    timeout 200 $eoc bench --device "$device" --case $case --sampler direct --precision f16 2>&1 | tee -a "$out/bench-f16.txt"
done
timeout 400 python3 benches/wide.py --device "$device" 2>&1 | tee "$out/wide.csv"
timeout 600 python3 benches/compare.py --device "$device" --rounds 3 2>&1 | tee "$out/compare.csv"
