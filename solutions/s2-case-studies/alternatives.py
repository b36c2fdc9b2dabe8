"""Other right solutions of "Does it help, and how do we know?"."""

import pandas as pd

from autograder.authoring import alternative


@alternative("accuracy_gain")
def with_numpy(gold, before, after):
    """Arrays of True and False."""
    import numpy as np

    if len({len(gold), len(before), len(after)}) > 1 or len(gold) == 0:
        raise ValueError("gold must not be empty, and the answers of both systems must be as long as it is")
    was, now = np.array(before) == np.array(gold), np.array(after) == np.array(gold)
    return float(now.mean() - was.mean()), int((now & ~was).sum()), int((was & ~now).sum())


@alternative("accuracy_gain")
def one_example_after_the_other(gold, before, after):
    """A plain loop."""
    if not gold:
        raise ValueError("gold is empty")
    try:
        triples = list(zip(gold, before, after, strict=True))
    except ValueError:
        raise ValueError("gold and the answers differ in length") from None
    score = fixed = broken = 0
    for label, old, new in triples:
        score += (new == label) - (old == label)
        if old != label and new == label:
            fixed += 1
        elif old == label and new != label:
            broken += 1
    return score / len(gold), fixed, broken


@alternative("baselines")
def in_a_pipeline(train_texts, train_labels, test_texts):
    """A pipeline, and scikit-learn's own majority; of tied labels it takes the smallest."""
    from sklearn.dummy import DummyClassifier
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline

    counting = Pipeline([("words", TfidfVectorizer()), ("classifier", LogisticRegression(max_iter=1000))]).fit(train_texts, train_labels)
    majority = DummyClassifier(strategy="most_frequent").fit(train_texts, train_labels)
    return {"tfidf": counting.predict(test_texts).tolist(), "majority": majority.predict(test_texts).tolist()}


@alternative("baselines")
def text_by_text(train_texts, train_labels, test_texts):
    """Answers one text at a time, as in use; counts by hand, and by two steps instead of one vectorizer; of tied labels the last."""
    from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
    from sklearn.linear_model import LogisticRegression

    counts, scale = CountVectorizer(), TfidfTransformer()
    classifier = LogisticRegression(max_iter=1000)
    classifier.fit(scale.fit_transform(counts.fit_transform(train_texts)), train_labels)
    answers = [classifier.predict(scale.transform(counts.transform([text])))[0] for text in test_texts]
    often = {label: train_labels.count(label) for label in train_labels}
    most = sorted(often, key=often.get)[-1]
    return {"majority": [most for _ in test_texts], "tfidf": [answer.item() for answer in answers]}


@alternative("compare_errors")
def with_pandas(texts, labels, before, after):
    """A table, sorted once, and cut four times."""
    for name, column in zip(("labels", "before", "after"), (labels, before, after)):
        if len(column) != len(texts):
            raise ValueError(f"{name} must be as long as texts")
    was = [answer == label for answer, label in zip(before, labels)]
    now = [answer == label for answer, label in zip(after, labels)]
    table = pd.DataFrame(
        {"words": [len(text.split()) for text in texts], "was": pd.Series(was, dtype=bool), "now": pd.Series(now, dtype=bool)}
    )
    table = table.sort_values("words", kind="stable")
    return {
        "always_right": table.index[table.was & table.now].tolist(),
        "still_wrong": table.index[~table.was & ~table.now].tolist(),
        "broken": table.index[table.was & ~table.now].tolist(),
        "fixed": table.index[~table.was & table.now].tolist(),
    }


@alternative("compare_errors")
def four_lists_then_sorted(texts, labels, before, after):
    """Sorts into lists first, and each list afterwards."""
    lengths = {"labels": len(labels), "before": len(before), "after": len(after)}
    odd = [name for name, length in lengths.items() if length != len(texts)]
    if odd:
        raise ValueError(f"not as long as texts: {', '.join(odd)}")
    fixed, broken, wrong, right = [], [], [], []
    for place, (label, old, new) in enumerate(zip(labels, before, after)):
        if new == label:
            (right if old == label else fixed).append(place)
        else:
            (broken if old == label else wrong).append(place)
    for places in (fixed, broken, wrong, right):
        places.sort(key=lambda place: (len(texts[place].split()), place))
    return {"fixed": fixed, "broken": broken, "still_wrong": wrong, "always_right": right}


@alternative("results_table")
def grouped_by_pandas(runs, baseline):
    """Groups a table of runs."""
    import math

    if all(run.system != baseline for run in runs):
        raise ValueError(f"the baseline {baseline!r} has no run")
    every = pd.DataFrame([{"system": run.system, "accuracy": run.accuracy, "seconds": run.seconds} for run in runs])
    grouped = every.groupby("system")
    table = grouped.agg(runs=("accuracy", "size"), accuracy=("accuracy", "mean"), seconds=("seconds", "mean")).reset_index()
    spans = {
        system: stats.mean_interval(column.to_numpy()) if len(column) > 1 else (math.nan, math.nan)
        for system, column in grouped["accuracy"]
    }
    table["low"], table["high"] = (table["system"].map({system: span[end] for system, span in spans.items()}) for end in (0, 1))
    table["gain"] = table["accuracy"] - float(table.loc[table["system"] == baseline, "accuracy"].iloc[0])
    table = table.sort_values(["accuracy", "system"], ascending=[False, True]).reset_index(drop=True)
    for row in table.index:
        half = (table.loc[row, "high"] - table.loc[row, "low"]) / 2
        digits = 2 if math.isnan(half) else 1 if half >= 0.1 else 2 if half >= 0.01 else 3
        for column in ("accuracy", "low", "high", "gain"):
            table.loc[row, column] = round(table.loc[row, column], digits)
    table["seconds"] = table["seconds"].round(2)
    return table[["system", "runs", "accuracy", "low", "high", "gain", "seconds"]]


@alternative("results_table")
def by_dictionaries(runs, baseline):
    """Student's interval by hand, rows as dicts, strings to round with."""
    import statistics

    from scipy.stats import t

    scores, costs = {}, {}
    for run in runs:
        scores[run.system] = [*scores.get(run.system, []), run.accuracy]
        costs[run.system] = [*costs.get(run.system, []), run.seconds]
    if baseline not in scores:
        raise ValueError(f"`baseline` is {baseline!r}, which isn't among {sorted(scores)}")
    reference, rows = statistics.fmean(scores[baseline]), []
    for system, own in scores.items():
        middle, half, digits = statistics.fmean(own), float("nan"), 2
        if len(own) >= 2:
            half = float(t.ppf(0.975, len(own) - 1)) * statistics.stdev(own) / len(own) ** 0.5
            digits = 1
            while digits < 3 and 10**-digits > half:
                digits += 1

        def shown(number, digits=digits):
            return float(f"{number:.{digits}f}")

        row = {"system": system, "runs": len(own), "accuracy": shown(middle), "low": shown(middle - half), "high": shown(middle + half)}
        rows.append(
            (-middle, system, row | {"gain": shown(middle - reference), "seconds": float(f"{statistics.fmean(costs[system]):.2f}")})
        )
    return pd.DataFrame([row for *_, row in sorted(rows, key=lambda entry: entry[:2])])
