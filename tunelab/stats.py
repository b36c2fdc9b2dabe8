"""How sure one can be of a number: intervals for the tables and plots of lessons."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist

import numpy as np


def wilson(correct: int, total: int, confidence: float = 0.95) -> tuple[float, float]:
    """An interval for a share, such as accuracy, from counts: `wilson(80, 100)` is about (0.71, 0.87).

    Wilson 1927; unlike the textbook's normal interval it stays within 0 and 1, and holds for small samples and shares near 0 or 1.
    Raises ValueError unless 0 <= correct <= total and total > 0.
    """
    if not 0 <= correct <= total or total <= 0:
        raise ValueError(f"wilson({correct}, {total}): the first number counts some of the second, which must be above 0.")
    z, share = NormalDist().inv_cdf((1 + confidence) / 2), correct / total
    middle = share + z * z / (2 * total)
    spread = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    scale = 1 + z * z / total
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)


def bootstrap(
    statistic: Callable[..., float], *columns: Sequence | np.ndarray, confidence: float = 0.95, resamples: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """A percentile interval for any statistic of rows: `bootstrap(f1, labels, predictions)`. A row keeps its entries in all columns together.

    Efron 1979, by SciPy. Raises ValueError when the columns differ in length.
    """
    from scipy.stats import bootstrap as resample

    columns = tuple(np.asarray(column) for column in columns)
    if len({len(column) for column in columns}) != 1:
        raise ValueError(f"bootstrap(): the columns must be equally long, not {', '.join(str(len(c)) for c in columns)}.")
    rows = np.arange(len(columns[0]))
    found = resample(
        (rows,),
        lambda drawn: statistic(*(column[drawn] for column in columns)),
        method="percentile",
        confidence_level=confidence,
        n_resamples=resamples,
        vectorized=False,
        rng=np.random.default_rng(seed),
    )
    return float(found.confidence_interval.low), float(found.confidence_interval.high)


def two_way_bootstrap(table: np.ndarray, confidence: float = 0.95, resamples: int = 2000, seed: int = 0) -> tuple[float, float]:
    """A percentile interval for the mean of a table, such as right answers, training draws by test texts: both rows and columns are drawn anew.

    It has the luck of both in it (the pigeonhole bootstrap, Owen 2007). Raises ValueError unless the table has two axes, neither of length 0.
    """
    table, rng = np.asarray(table, dtype=float), np.random.default_rng(seed)
    if table.ndim != 2 or not table.size:
        raise ValueError(f"two_way_bootstrap(): the table must have rows and columns, not the shape {table.shape}.")
    rows, columns = table.shape
    means = [table[rng.integers(rows, size=rows)].mean(axis=0)[rng.integers(columns, size=columns)].mean() for _ in range(resamples)]
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def mean_interval(values: Sequence[float] | np.ndarray, confidence: float = 0.95) -> tuple[float, float]:
    """An interval for the mean of a few measurements, such as one accuracy for each training run: `mean_interval([0.70, 0.72, 0.77])` is about (0.64, 0.82).

    Student 1908: the values are taken for independent draws from a normal distribution, and with few of them the interval is wide. It isn't cut to 0 and 1.
    Raises ValueError for fewer than two values: a single one doesn't show how much they vary.
    """
    from scipy.stats import t

    values = np.asarray(values, dtype=float)
    if values.ndim != 1 or len(values) < 2:
        raise ValueError(f"mean_interval(): give at least two values in a row, not {values.size} of shape {values.shape}.")
    half = t.ppf((1 + confidence) / 2, len(values) - 1) * values.std(ddof=1) / math.sqrt(len(values))
    return float(values.mean() - half), float(values.mean() + half)
