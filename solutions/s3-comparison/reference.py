"""The reference solutions of "Is it better, and better at what?"."""

import numpy as np


def head_to_head(labels, predictions_a, predictions_b):
    a, b = predictions_a == labels, predictions_b == labels
    return {
        "both": int((a & b).sum()),
        "only_a": int((a & ~b).sum()),
        "only_b": int((~a & b).sum()),
        "neither": int((~a & ~b).sum()),
    }


def paired_bootstrap(a, b, resamples, seed):
    if len(a) != len(b):
        raise ValueError(f"a has {len(a)} scores and b has {len(b)}: both need one score for each of the same examples")
    gains = b - a
    rng = np.random.default_rng(seed)
    drawn = np.array([rng.choice(gains, size=len(gains)).mean() for _ in range(resamples)])
    difference = gains.mean()
    extreme = np.abs(drawn - difference) >= np.abs(difference) - 1e-12
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Gain(float(difference), float(low), float(high), float((1 + extreme.sum()) / (1 + resamples)))


def mcnemar(a, b):
    from scipy.stats import binomtest

    only_a, only_b = int((a & ~b).sum()), int((b & ~a).sum())
    if only_a + only_b == 0:
        return 1.0
    return float(binomtest(only_b, only_a + only_b, 0.5).pvalue)


def token_f1(prediction, golds):
    import string
    from collections import Counter

    def words(text):
        kept = "".join(character for character in text.lower() if character not in string.punctuation)
        return [word for word in kept.split() if word not in ("a", "an", "the")]

    def f1(predicted, gold):
        if not predicted and not gold:
            return 1.0
        shared = sum((Counter(predicted) & Counter(gold)).values())
        return 2 * shared / (len(predicted) + len(gold))

    if not golds:
        raise ValueError("golds is empty: there is nothing to compare the prediction with")
    return max(f1(words(prediction), words(gold)) for gold in golds)


def contaminated(test, corpus, n):
    import string

    def words(text):
        return text.lower().translate(str.maketrans("", "", string.punctuation)).split()

    def grams(listed, size):
        return {tuple(listed[i : i + size]) for i in range(len(listed) - size + 1)}

    questions = [words(text) for text in test]
    texts = [words(text) for text in corpus]
    sizes = {min(n, len(question)) for question in questions if question}
    known = {size: set().union(*(grams(text, size) for text in texts)) for size in sizes}
    return [i for i, q in enumerate(questions) if q and grams(q, min(n, len(q))) & known[min(n, len(q))]]
