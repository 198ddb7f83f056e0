"""Makes stats_golden.json with scipy: python3 stats_golden.py > stats_golden.json (scipy 1.11 or later)."""
import json
import numpy as np
import scipy
from scipy import stats


def weyl(count, step, power):
    """Deterministic samples that the Rust test can make again: frac(i * step)^power, i = 1 ... count."""
    return (np.arange(1, count + 1) * step % 1.0) ** power


def clopper_pearson():
    for k, n, c in [(0, 10, 0.95), (1, 10, 0.95), (7, 64, 0.95), (63, 64, 0.95), (5, 5, 0.9), (17, 1000, 0.99), (250000, 1000000, 0.95)]:
        i = stats.binomtest(k, n).proportion_ci(c, "exact")
        yield dict(hits=k, trials=n, confidence=c, low=i.low, high=i.high)


def order_ranks():
    for n in [3, 8, 64, 100, 999]:
        for p in [0.05, 0.25, 0.5, 0.9, 0.99]:
            r = max([r for r in range(1, n + 1) if stats.binom.cdf(r - 1, n, p) <= 0.025], default=None)
            s = min([s for s in range(1, n + 1) if stats.binom.sf(s - 1, n, p) <= 0.025], default=None)
            yield dict(count=n, probability=p, low=r, high=s)


def quantiles():
    for n in [9, 64, 257]:
        x = weyl(n, 0.6180339887498949, 3.0)
        ps = [0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99]
        yield dict(count=n, step=0.6180339887498949, power=3.0, estimates=list(np.quantile(x, ps)))


def kolmogorov_smirnov():
    for n, m, power in [(5, 7, 1.0), (40, 60, 1.3), (200, 300, 1.2), (2000, 3000, 1.0), (2000, 3000, 1.1)]:
        x, y = weyl(n, 0.6180339887498949, 1.0), weyl(m, 0.41421356237309515, power)
        exact = n * m <= 60000
        t = stats.ks_2samp(x, y, method="exact" if exact else "asymp")
        yield dict(n=n, m=m, power=power, exact=exact, statistic=t.statistic, p=t.pvalue)


def moments():
    for n in [2, 50, 1000]:
        x = weyl(n, 0.6180339887498949, 2.0)
        yield dict(count=n, step=0.6180339887498949, power=2.0, mean=np.mean(x), variance=np.var(x, ddof=1), error=stats.sem(x))


print(json.dumps(dict(
    made_by="tests/data/stats_golden.py, scipy " + scipy.__version__ + ", numpy " + np.__version__,
    clopper_pearson=list(clopper_pearson()), order_ranks=list(order_ranks()), quantiles=list(quantiles()),
    kolmogorov_smirnov=list(kolmogorov_smirnov()), moments=list(moments()),
), indent=1))
