"""The reference solutions of "Does it help, and how do we know?"."""

import pandas as pd


def accuracy_gain(gold, before, after):
    if not gold or not len(gold) == len(before) == len(after):
        raise ValueError(
            f"gold, before and after need one label for each of the same examples, not {len(gold)}, {len(before)} and {len(after)}"
        )
    fixed = sum(b != g and a == g for g, b, a in zip(gold, before, after))
    broken = sum(b == g and a != g for g, b, a in zip(gold, before, after))
    return (fixed - broken) / len(gold), fixed, broken


def baselines(train_texts, train_labels, test_texts):
    from collections import Counter

    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    vectorizer = TfidfVectorizer()
    classifier = LogisticRegression(max_iter=1000).fit(vectorizer.fit_transform(train_texts), train_labels)
    most = Counter(train_labels).most_common(1)[0][0]
    return {"majority": [most] * len(test_texts), "tfidf": classifier.predict(vectorizer.transform(test_texts)).tolist()}


def compare_errors(texts, labels, before, after):
    for name, column in (("labels", labels), ("before", before), ("after", after)):
        if len(column) != len(texts):
            raise ValueError(f"{name} has {len(column)} entries, but there are {len(texts)} texts")
    kinds = {(False, True): "fixed", (True, False): "broken", (False, False): "still_wrong", (True, True): "always_right"}
    found = {kind: [] for kind in kinds.values()}
    for place in sorted(range(len(texts)), key=lambda i: len(texts[i].split())):
        found[kinds[before[place] == labels[place], after[place] == labels[place]]].append(place)
    return found


def results_table(runs, baseline):
    by_system = {}
    for run in runs:
        by_system.setdefault(run.system, []).append(run)
    if baseline not in by_system:
        raise ValueError(f"baseline: there is no run of {baseline!r}")
    means = {system: sum(r.accuracy for r in own) / len(own) for system, own in by_system.items()}
    rows = []
    for system in sorted(by_system, key=lambda name: (-means[name], name)):
        own, digits = by_system[system], 2
        low = high = float("nan")
        if len(own) > 1:
            low, high = stats.mean_interval([run.accuracy for run in own])
            digits = next((d for d in (1, 2) if 10**-d <= (high - low) / 2), 3)
        shown = (round(x, digits) for x in (means[system], low, high, means[system] - means[baseline]))
        rows.append([system, len(own), *shown, round(sum(run.seconds for run in own) / len(own), 2)])
    return pd.DataFrame(rows, columns=["system", "runs", "accuracy", "low", "high", "gain", "seconds"])
