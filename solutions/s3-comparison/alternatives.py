"""Other right solutions of "Is it better, and better at what?"."""

import numpy as np

from autograder.authoring import alternative


@alternative("head_to_head")
def one_example_after_the_other(labels, predictions_a, predictions_b):
    """A plain loop."""
    counts = {"both": 0, "only_a": 0, "only_b": 0, "neither": 0}
    for label, first, second in zip(labels, predictions_a, predictions_b):
        if first == label and second == label:
            counts["both"] += 1
        elif first == label:
            counts["only_a"] += 1
        elif second == label:
            counts["only_b"] += 1
        else:
            counts["neither"] += 1
    return counts


@alternative("head_to_head")
def from_the_totals(labels, predictions_a, predictions_b):
    """Counts what both, a and b get right, and subtracts."""
    right_a, right_b = predictions_a == labels, predictions_b == labels
    both = int(np.sum(right_a & right_b))
    only_a, only_b = int(np.sum(right_a)) - both, int(np.sum(right_b)) - both
    return {"neither": len(labels) - both - only_a - only_b, "only_b": only_b, "only_a": only_a, "both": both}


@alternative("paired_bootstrap")
def with_rows_at_once(a, b, resamples, seed):
    """Draws all rows at once, takes both means, and counts without a tolerance."""
    if a.shape != b.shape:
        raise ValueError(f"unequal lengths: {a.shape[0]} and {b.shape[0]}")
    rows = np.random.default_rng(seed).integers(0, len(a), size=(resamples, len(a)))
    measured = np.mean(b) - np.mean(a)
    means = b[rows].mean(axis=1) - a[rows].mean(axis=1)
    count = np.sum(np.abs(means - measured) >= abs(measured))
    return Gain(
        difference=float(measured),
        low=float(np.percentile(means, 2.5)),
        high=float(np.percentile(means, 97.5)),
        p=float((count + 1) / (resamples + 1)),
    )


@alternative("paired_bootstrap")
def with_the_standard_library(a, b, resamples, seed):
    """A generator of the random module's own, and order statistics for the ends."""
    import random

    if len(a) != len(b):
        raise ValueError(f"a and b are scores of {len(a)} and {len(b)} examples")
    generator, gains = random.Random(seed), [float(y) - float(x) for x, y in zip(a, b)]
    n = len(gains)
    measured = sum(gains) / n
    means = sorted(sum(generator.choices(gains, k=n)) / n for _ in range(resamples))
    count = sum(abs(mean - measured) > abs(measured) - 1e-9 for mean in means)
    low, high = means[int(0.025 * resamples)], means[min(int(0.975 * resamples), resamples - 1)]
    return Gain(measured, low, high, (1 + count) / (1 + resamples))


@alternative("paired_bootstrap")
def with_scipy(a, b, resamples, seed):
    """The library's bootstrap, told to pair and which kind."""
    from scipy import stats

    if len(a) != len(b):
        raise ValueError(f"{len(a)} scores in a, {len(b)} in b")
    measured = float((b - a).mean())
    found = (
        stats.bootstrap(
            (b - a,), np.mean, n_resamples=resamples, method="percentile", rng=np.random.default_rng(seed), vectorized=True, axis=-1
        )
        if len(a) > 1
        else None
    )
    means = found.bootstrap_distribution if found else np.full(resamples, measured)
    low, high = np.quantile(means, [0.025, 0.975])
    count = int((np.abs(means - measured) >= abs(measured) - 1e-12).sum())
    return Gain(measured, float(low), float(high), (1 + count) / (1 + resamples))


@alternative("mcnemar")
def by_adding_up_ways(a, b):
    """Whole numbers all the way: ways over all ways."""
    from math import comb

    wins = sum(bool(x) and not y for x, y in zip(a, b))
    losses = sum(bool(y) and not x for x, y in zip(a, b))
    n, few = wins + losses, min(wins, losses)
    tail = sum(comb(n, k) for k in range(few + 1))
    return min(1.0, 2 * tail / 2**n)


@alternative("mcnemar")
def twice_the_tail(a, b):
    """The distribution function of the binomial, doubled and cut at 1."""
    from scipy.stats import binom

    differ = a != b
    throws, heads = int(differ.sum()), int(a[differ].sum())
    return float(np.minimum(2 * binom.cdf(min(heads, throws - heads), throws, 0.5), 1.0))


@alternative("mcnemar")
def on_a_logarithmic_scale(a, b):
    """Logarithms of the binomial coefficients, by the gamma function."""
    from math import exp, lgamma, log

    n01, n10 = int((~a & b).sum()), int((a & ~b).sum())
    n = n01 + n10
    if n == 0:
        return 1.0
    tail = sum(exp(lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) - n * log(2)) for k in range(min(n01, n10) + 1))
    return min(2 * tail, 1.0)


@alternative("token_f1")
def with_regular_expressions(prediction, golds):
    """Normalises by substitution, and works out precision and recall."""
    import re
    import string
    from collections import Counter

    def normalise(text):
        text = re.sub(f"[{re.escape(string.punctuation)}]", "", text.lower())
        return re.sub(r"\b(a|an|the)\b", " ", text).split()

    if len(golds) == 0:
        raise ValueError("golds must hold at least one answer")
    best = 0.0
    for gold in golds:
        left, right = normalise(prediction), normalise(gold)
        same = sum((Counter(left) & Counter(right)).values())
        if not left or not right:
            best = max(best, float(left == right))
        elif same:
            precision, recall = same / len(left), same / len(right)
            best = max(best, 2 * precision * recall / (precision + recall))
    return best


@alternative("token_f1")
def by_crossing_out(prediction, golds):
    """Crosses each shared word out of the gold answer, so that it isn't shared twice."""
    import string

    if not golds:
        raise ValueError("no golds")
    table = str.maketrans("", "", string.punctuation)
    predicted = [word for word in prediction.lower().translate(table).split() if word not in {"a", "an", "the"}]
    scores = []
    for gold in golds:
        left = [word for word in gold.lower().translate(table).split() if word not in {"a", "an", "the"}]
        size = len(left)
        if not predicted and not left:
            scores.append(1.0)
            continue
        same = 0
        for word in predicted:
            if word in left:
                left.remove(word)
                same += 1
        scores.append(2 * same / (len(predicted) + size))
    return max(scores)


@alternative("contaminated")
def in_padded_strings(test, corpus, n):
    """Looks for each n-gram as a string with a space at both ends."""
    import string

    def words(text):
        return "".join(c for c in text.lower() if c not in string.punctuation).split()

    pages = "\n".join(" " + " ".join(words(text)) + " " for text in corpus)
    found = []
    for place, text in enumerate(test):
        question = words(text)
        size = min(n, len(question))
        if size and any(f" {' '.join(question[i : i + size])} " in pages for i in range(len(question) - size + 1)):
            found.append(place)
    return found


@alternative("contaminated")
def with_an_index_of_all_sizes(test, corpus, n):
    """Every gram of up to n words of the corpus goes into one set."""
    import re
    import string

    def words(text):
        return re.sub(f"[{re.escape(string.punctuation)}]", "", text.casefold() if text.isascii() else text.lower()).split()

    known = set()
    for text in corpus:
        listed = words(text)
        for size in range(1, n + 1):
            for start in range(len(listed) - size + 1):
                known.add(" ".join(listed[start : start + size]))
    places = []
    for place, text in enumerate(test):
        listed = words(text)
        if not listed:
            continue
        if len(listed) < n:
            grams = [" ".join(listed)]
        else:
            grams = [" ".join(listed[start : start + n]) for start in range(len(listed) - n + 1)]
        if any(gram in known for gram in grams):
            places.append(place)
    return places
