#!/usr/bin/env python3
"""Makes tests/data/theory_golden.csv: iterates of omega in 50 digits and Theorem 18 for points of equal angles.

    pip install mpmath gmpy2
    python3 scripts/theory_golden.py > tests/data/theory_golden.csv      (about five minutes on one core)

Straight from the formulas of arXiv 2501.13225, with no care for cancellation: 60 digits and three times those of w pay for it. a, b and w are the f64
numbers of the row, read exactly; Delta = b^2/(a^2+b^2); gain is omega iterated k times at w, minus w. xi, lambda_max,
lambda_bulk and condition are Theorem 18 at depth k + 1 for n points of unit norm with W = w.
"""
import sys
import mpmath
from mpmath import mp, mpf

N = 7
SHORT = [1, 2, 3, 7, 63, 999]
LONG = SHORT + [65_535, 999_999]
ACTIVATIONS = [(0.0, 1.0), (0.5, 0.5), (3.0, 1.0), (1.0, 0.01), (1e-4, 1.0)]
STARTS = [1.0 + 2.0 ** -40, 1.25, 1.4142135623730951, 2.0, 11.0, 80.0, 1e4, 3e9, 1e30]


def lines(a, b, w, ks):
    mp.dps = 60 + 3 * len(str(int(w)))
    delta = mpf(b) ** 2 / (mpf(a) ** 2 + mpf(b) ** 2)
    w0 = w_k = mpf(w)
    for k in range(1, ks[-1] + 1):
        z = w_k ** -2
        rho = 1 - 2 * z
        w_k = 1 / mp.sqrt(z - delta / mp.pi * (mp.sqrt(1 - rho * rho) - rho * mp.acos(rho)))
        if k in ks:
            l = k + 1
            xi = mpf(3) / 8 * (mp.pi / (2 * delta) * w0 + mp.log(3 * mp.pi / (4 * delta) * w0 + l - 1) - 1)
            top = (1 + mpf(3) / N) * l / 4 + (1 - mpf(1) / N) * xi
            bulk = (mpf(3) * l / 4 - xi) / N
            condition = 1 + mpf(N) / 3 + mpf(16) / 9 * N * xi / (l - 4 * xi / 3)
            yield ",".join([repr(a), repr(b), repr(w), str(k)] + [mpmath.nstr(v, 22) for v in (w_k - w0, xi, top, bulk, condition)])


if __name__ == "__main__":
    print("# Iterates of omega and Theorem 18, 22 digits. Made by scripts/theory_golden.py with")
    print(f"# mpmath {mpmath.__version__}; n = {N}; columns as that script's header says. Do not edit by hand.")
    print("a,b,w,k,gain,xi,lambda_max,lambda_bulk,condition")
    for a, b in ACTIVATIONS:
        for w in STARTS:
            for line in lines(a, b, w, LONG if (a, b, w) in [(0.0, 1.0, 1.25), (0.5, 0.5, 2.0), (3.0, 1.0, 80.0)] else SHORT):
                print(line)
            sys.stdout.flush()
