#!/usr/bin/env python3
"""Makes docs/finite-width.svg and docs/finite-width.csv: kernel regression on the digits with the kernels of drawn networks
beside their limit.

    pip install ./python scikit-learn
    python3 scripts/finite_width.py                                    (about two minutes on two cores)

The first 400 digits, 200 to learn from and 200 to be tested on, one output per class, no ridge; ReLU, depth 3, 100 networks
a width. The labels are those of scikit-learn, whose images are the ones of digits:n=1797.
"""
import csv
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

import eoc

WIDTHS = [16, 32, 64, 128, 256, 512, 1024]
NETWORKS, TRAIN, ALL = 100, 200, 400
NETWORK = {"activation": "relu", "depth": 3}
DOCS = Path(__file__).resolve().parents[1] / "docs"


def test_errors(kernels, labels):
    """The share of test points that kernel regression gets wrong, in percent, for each kernel of (networks, n, n)."""
    targets = np.eye(10)[labels[:TRAIN]] - 0.1
    alpha = np.linalg.solve(kernels[:, :TRAIN, :TRAIN], targets)
    return 100 * ((kernels[:, TRAIN:, :TRAIN] @ alpha).argmax(2) != labels[TRAIN:]).mean(1)


def measured():
    """Errors of the networks of every width and their median distance from the limit, and the error of the limit."""
    points, labels = eoc.data(f"digits:n={ALL}"), load_digits().target[:ALL]
    limit = eoc.limit(points, **NETWORK).ntk
    norm = np.linalg.norm(limit, 2)
    rows = []
    for width in WIDTHS:
        kernels = eoc.sample(points, **NETWORK, width=width, seeds=NETWORKS, device="cpu", progress=True)
        distance = np.median([np.linalg.norm(kernel - limit, 2) for kernel in kernels]) / norm
        rows.append((width, test_errors(kernels, labels), distance))
    return rows, test_errors(limit[None], labels)[0]


def table(rows, limit):
    """A row a width, the limit last."""
    for width, errors, distance in rows:
        mean, spread = errors.mean(), errors.std(ddof=1)
        yield [width, len(errors), mean, spread / len(errors) ** 0.5, spread, errors.min(), errors.max(), distance]
    yield ["inf", "", limit, "", "", "", "", 0.0]


def picture(rows, limit):
    """The errors over the width as SVG: every network a dot, mean and standard deviation beside them, the limit a line."""
    left, right, top, bottom = 64, 624, 24, 344
    highest = 5 * np.ceil(max(errors.max() for _, errors, _ in rows) / 5)

    def x(width, beside=0.0):
        step = (right - left) / len(WIDTHS)
        return left + step * (0.5 + np.log2(width / WIDTHS[0]) + beside)

    def y(error):
        return bottom - (bottom - top) * error / highest

    def line(x1, y1, x2, y2, style):
        return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" {style}/>'

    def text(x, y, words, more=""):
        return f'<text x="{x:.1f}" y="{y:.1f}" {more}>{words}</text>'

    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 400" width="640" height="400" font-size="13" '
        'font-family="DejaVu Sans, Verdana, Liberation Sans, Arial, sans-serif" fill="black">',
        "<title>Test error of kernel regression with drawn networks, by width, beside the limit</title>",
        '<rect width="100%" height="100%" fill="white"/>',
    ]
    for error in np.arange(0, highest + 1, 5):
        parts.append(line(left, y(error), right, y(error), 'stroke="#cccccc"'))
        parts.append(text(left - 8, y(error) + 4, f"{error:.0f} %", 'text-anchor="end"'))
    parts.append(line(left, y(limit), right, y(limit), 'stroke="#d55e00" stroke-width="2" stroke-dasharray="6 4"'))
    parts.append(text(left + 4, y(limit) + 17, f"infinite width: {limit:.1f} %", 'fill="#d55e00"'))
    for width, errors, _ in rows:
        for k, error in enumerate(errors):
            # Networks of one error side by side, so that each is seen.
            beside = 0.06 * (k % 10 - 4.5) / 1.5 - 0.08
            parts.append(f'<circle cx="{x(width, beside):.1f}" cy="{y(error):.1f}" r="1.6" fill="#0072b2" fill-opacity="0.45"/>')
        mean, spread = errors.mean(), errors.std(ddof=1)
        parts.append(line(x(width, 0.3), y(mean - spread), x(width, 0.3), y(mean + spread), 'stroke="black" stroke-width="1.5"'))
        parts.append(f'<circle cx="{x(width, 0.3):.1f}" cy="{y(mean):.1f}" r="4"/>')
        parts.append(text(x(width), bottom + 20, str(width), 'text-anchor="middle"'))
    parts.append(line(left, bottom, right, bottom, 'stroke="black"'))
    parts.append(text((left + right) / 2, bottom + 44, "width m of both hidden layers", 'text-anchor="middle"'))
    across = f'text-anchor="middle" transform="rotate(-90 16 {(top + bottom) / 2:.0f})"'
    parts.append(text(16, (top + bottom) / 2, "test error", across))
    parts.append(text(right, top + 12, "a dot: a network; beside them mean and standard deviation", 'text-anchor="end"'))
    return "\n".join([*parts, "</svg>", ""])


def main():
    """Measures, and writes both files."""
    rows, limit = measured()
    names = ["width", "networks", "mean_percent", "error_of_mean", "standard_deviation", "least", "largest", "median_distance"]
    with open(DOCS / "finite-width.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        for row in table(rows, limit):
            writer.writerow([f"{value:.4g}" if isinstance(value, float) else value for value in row])
    (DOCS / "finite-width.svg").write_text(picture(rows, limit), encoding="utf-8")


if __name__ == "__main__":
    main()
