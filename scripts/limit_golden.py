#!/usr/bin/env python3
"""Makes tests/data/limit_golden.csv: the infinite-width limit of single pairs of points in 60 digits.

    pip install mpmath gmpy2
    python3 scripts/limit_golden.py > tests/data/limit_golden.csv      (about ten minutes on one core)

Straight from the formulas, with no care for cancellation: 60 digits pay for it. The two points are the f64 numbers
of the row, read exactly; so are a and b. delta is delta_{depth-1}, the cosine distance of the last activations of a
network of `depth` weight matrices; sum is K(x,y) m_0 / (|x| |y|) of that network.
"""
import math
import sys
from multiprocessing import Pool

import mpmath
from mpmath import mp, mpf

mp.dps = 60
SHORT = [1, 2, 3, 4, 7, 16, 64, 200, 1000]
LONG = SHORT + [10_000, 65_536, 1_000_000]


def pair(angle, shift=0.0, norms=(1.0, 1.0)):
    """Two points in the plane at about this angle, turned by `shift`, of about these norms."""
    return (norms[0] * math.cos(shift), norms[0] * math.sin(shift),
            norms[1] * math.cos(shift + angle), norms[1] * math.sin(shift + angle))


def angle(delta):
    return 2 * math.asin(math.sqrt(delta / 2))


def limit(case):
    a, b, x0, x1, y0, y1, depths = case
    x, y = (mpf(x0), mpf(x1)), (mpf(y0), mpf(y1))
    a2, b2 = mpf(a) ** 2, mpf(b) ** 2
    factor = b2 / (a2 + b2) * 2 / mp.pi
    rho = (x[0] * y[0] + x[1] * y[1]) / mp.sqrt((x[0] ** 2 + x[1] ** 2) * (y[0] ** 2 + y[1] ** 2))
    total, lines = rho, []
    for depth in range(1, depths[-1] + 1):
        if depth in depths:
            values = [repr(v) for v in (a, b, x0, x1, y0, y1)]
            values += [str(depth), mpmath.nstr(1 - rho, 25), mpmath.nstr(total, 25)]
            lines.append(",".join(values))
        theta = mp.acos(rho)
        slope = 1 - factor * theta
        rho = rho + factor * (mp.sqrt(1 - rho * rho) - rho * theta)
        total = total * slope + rho
    return lines


# Delta = 0.1, 0.5, 1, 1e-6, 0, and 1 - 1e-8 (nearly even, so that opposite points nearly meet).
ACTIVATIONS = [(3.0, 1.0), (0.5, 0.5), (0.0, 1.0), (1.0, 1e-3), (1.0, 0.0), (1e-4, 1.0)]
CASES = []
for phi in ACTIVATIONS:
    for delta in [1e-12, 4e-13, 1e-9, 1e-6, 1e-3, 0.1, 1.0, 1.5]:
        CASES.append((*phi, *pair(angle(delta), 0.4), SHORT))
    for eta in [1e-12, 1e-6, 1e-2]:
        CASES.append((*phi, *pair(math.pi - angle(eta), -1.1), SHORT))
    CASES.append((*phi, *pair(1.0, 0.2, (1e-50, 1e50)), SHORT))
    CASES.append((*phi, *pair(angle(1e-12), 2.0, (3e-7, 2e9)), SHORT))
for phi, delta in [((3.0, 1.0), 1e-12), ((3.0, 1.0), 0.7), ((0.5, 0.5), 1e-12), ((0.5, 0.5), 1.2), ((0.0, 1.0), 1e-12),
                   ((0.0, 1.0), 1.0), ((1.0, 1e-3), 1e-12), ((1.0, 1e-3), 0.5), ((1.0, 1e-3), 1.9999), ((1.0, 1e-4), 1.0)]:
    CASES.append((*phi, *pair(angle(delta), 0.7), LONG))

if __name__ == "__main__":
    print("# Infinite-width limit of pairs of points in the plane, 25 digits. Made by scripts/limit_golden.py with")
    print(f"# mpmath {mpmath.__version__} at {mp.dps} digits; columns as that script's header says. Do not edit by hand.")
    print("a,b,x0,x1,y0,y1,depth,delta,sum")
    with Pool(1) as pool:
        for lines in pool.imap(limit, CASES):
            print("\n".join(lines))
            sys.stdout.flush()
