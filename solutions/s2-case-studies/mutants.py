"""Wrong solutions of "Does it help, and how do we know?", each with the misconception behind it."""

import pandas as pd

from autograder.authoring import mutant

# ---------------------------------------------------------------- accuracy_gain


@mutant("accuracy_gain", caught_by="test_the_gain_is_a_difference_of_shares", says="relative to the first")
def relative_gain(gold, before, after):
    """Divides by what there was before."""
    if not gold or not len(gold) == len(before) == len(after):
        raise ValueError("gold")
    was, now = (sum(a == g for a, g in zip(said, gold)) for said in (before, after))
    fixed = sum(b != g and a == g for g, b, a in zip(gold, before, after))
    return max(-1.0, min(1.0, (now - was) / was if was else 0.0)), fixed, fixed - now + was


@mutant("accuracy_gain", caught_by="test_fixed_and_broken_are_counted_apart", says="set against the fixed")
def net_only(gold, before, after):
    """Takes the difference of the totals for the number that was fixed."""
    if not gold or not len(gold) == len(before) == len(after):
        raise ValueError("gold")
    was, now = (sum(a == g for a, g in zip(said, gold)) for said in (before, after))
    return (now - was) / len(gold), max(now - was, 0), max(was - now, 0)


@mutant("accuracy_gain", caught_by="test_fixed_and_broken_are_counted_apart", says="swapped")
def swapped(gold, before, after):
    """Fixed and broken in each other's place."""
    if not gold or not len(gold) == len(before) == len(after):
        raise ValueError("gold")
    fixed = sum(b != g and a == g for g, b, a in zip(gold, before, after))
    broken = sum(b == g and a != g for g, b, a in zip(gold, before, after))
    return (fixed - broken) / len(gold), broken, fixed


@mutant("accuracy_gain", caught_by="test_three_plain_numbers", says="the second's share minus the first's")
def before_minus_after(gold, before, after):
    """Subtracts the wrong way round."""
    if not gold or not len(gold) == len(before) == len(after):
        raise ValueError("gold")
    fixed = sum(b != g and a == g for g, b, a in zip(gold, before, after))
    broken = sum(b == g and a != g for g, b, a in zip(gold, before, after))
    return (broken - fixed) / len(gold), fixed, broken


@mutant("accuracy_gain", caught_by="test_fixed_and_broken_are_counted_apart", says="be wrong all the same")
def every_changed_answer(gold, before, after):
    """Whatever isn't right both times and has changed counts on both sides."""
    if not gold or not len(gold) == len(before) == len(after):
        raise ValueError("gold")
    fixed = sum(b != g and a != b for g, b, a in zip(gold, before, after))
    broken = sum(a != g and a != b for g, b, a in zip(gold, before, after))
    return (fixed - broken) / len(gold), fixed, broken


@mutant("accuracy_gain", caught_by="test_fixed_and_broken_are_counted_apart", says="they were never wrong")
def all_that_is_right_now(gold, before, after):
    """Counts as fixed all that the second system gets right, as broken all that it gets wrong."""
    if not gold or not len(gold) == len(before) == len(after):
        raise ValueError("gold")
    was, now = (sum(a == g for a, g in zip(said, gold)) for said in (before, after))
    return (now - was) / len(gold), now, len(gold) - now


@mutant("accuracy_gain", caught_by="test_the_gain_is_a_difference_of_shares", says="is it a percentage")
def in_percent(gold, before, after):
    """Percentage points."""
    if not gold or not len(gold) == len(before) == len(after):
        raise ValueError("gold")
    fixed = sum(b != g and a == g for g, b, a in zip(gold, before, after))
    broken = sum(b == g and a != g for g, b, a in zip(gold, before, after))
    return 100 * (fixed - broken) / len(gold), fixed, broken


@mutant("accuracy_gain", caught_by="test_lists_must_fit", says="`zip` stops at the shortest list")
def lengths_unchecked(gold, before, after):
    """zip cuts what doesn't fit, without a word."""
    if not gold:
        raise ValueError("gold")
    fixed = sum(b != g and a == g for g, b, a in zip(gold, before, after))
    broken = sum(b == g and a != g for g, b, a in zip(gold, before, after))
    return (fixed - broken) / len(gold), fixed, broken


@mutant("accuracy_gain", caught_by="test_the_gain_is_a_difference_of_shares", says="one of all examples")
def share_of_the_changed(gold, before, after):
    """Divides by the examples that changed sides."""
    if not gold or not len(gold) == len(before) == len(after):
        raise ValueError("gold")
    fixed = sum(b != g and a == g for g, b, a in zip(gold, before, after))
    broken = sum(b == g and a != g for g, b, a in zip(gold, before, after))
    return (fixed - broken) / max(fixed + broken, 1), fixed, broken


# ---------------------------------------------------------------- baselines


@mutant("baselines", caught_by="test_one_text_does_not_depend_on_the_others", says="fitted on the training texts alone")
def fitted_on_everything(train_texts, train_labels, test_texts):
    """Fits the vectorizer on training and test texts."""
    from collections import Counter

    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    words = TfidfVectorizer().fit([*train_texts, *test_texts])
    classifier = LogisticRegression(max_iter=1000).fit(words.transform(train_texts), train_labels)
    most = Counter(train_labels).most_common(1)[0][0]
    return {"majority": [most] * len(test_texts), "tfidf": classifier.predict(words.transform(test_texts)).tolist()}


@mutant("baselines", caught_by="test_one_text_does_not_depend_on_the_others", says="fit the vectorizer once")
def fitted_again(train_texts, train_labels, test_texts):
    """Fits the vectorizer a second time, on the test texts."""
    from collections import Counter

    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    words = TfidfVectorizer()
    classifier = LogisticRegression(max_iter=1000).fit(words.fit_transform(train_texts), train_labels)
    most = Counter(train_labels).most_common(1)[0][0]
    return {"majority": [most] * len(test_texts), "tfidf": classifier.predict(words.fit_transform(test_texts)).tolist()}


@mutant("baselines", caught_by="test_the_majority_of_the_training_labels", says="majority of the answers")
def majority_of_the_test(train_texts, train_labels, test_texts):
    """The most frequent of what the word counter says about the test texts."""
    from collections import Counter

    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    words = TfidfVectorizer()
    classifier = LogisticRegression(max_iter=1000).fit(words.fit_transform(train_texts), train_labels)
    answers = classifier.predict(words.transform(test_texts)).tolist()
    return {"majority": [Counter(answers).most_common(1)[0][0]] * len(test_texts), "tfidf": answers}


@mutant("baselines", caught_by="test_two_lists_of_plain_labels", says="not their numbers in a sorted list")
def numbers_of_sorted_labels(train_texts, train_labels, test_texts):
    """Turns labels into numbers, by the alphabet, and forgets to turn them back."""
    from collections import Counter

    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    names = sorted(set(train_labels))
    numbers = [names.index(label) for label in train_labels]
    words = TfidfVectorizer()
    classifier = LogisticRegression(max_iter=1000).fit(words.fit_transform(train_texts), numbers)
    most = Counter(numbers).most_common(1)[0][0]
    return {"majority": [most] * len(test_texts), "tfidf": classifier.predict(words.transform(test_texts)).tolist()}


@mutant("baselines", caught_by="test_as_scikit_learn_counts", says="Do texts and labels still belong together")
def labels_sorted(train_texts, train_labels, test_texts):
    """Sorts the labels, and no longer knows whose they are."""
    from collections import Counter

    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    words = TfidfVectorizer()
    classifier = LogisticRegression(max_iter=1000).fit(words.fit_transform(train_texts), sorted(train_labels))
    most = Counter(train_labels).most_common(1)[0][0]
    return {"majority": [most] * len(test_texts), "tfidf": classifier.predict(words.transform(test_texts)).tolist()}


@mutant("baselines", caught_by="test_the_majority_of_the_training_labels", says="or by the alphabet")
def largest_label(train_texts, train_labels, test_texts):
    """max() of the labels, where max() of their counts is meant."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    words = TfidfVectorizer()
    classifier = LogisticRegression(max_iter=1000).fit(words.fit_transform(train_texts), train_labels)
    return {"majority": [max(train_labels)] * len(test_texts), "tfidf": classifier.predict(words.transform(test_texts)).tolist()}


@mutant("baselines", caught_by="test_as_scikit_learn_counts", says="plain counts")
def plain_counts(train_texts, train_labels, test_texts):
    """Counts words without weighing them."""
    from collections import Counter

    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression

    words = CountVectorizer()
    classifier = LogisticRegression(max_iter=1000).fit(words.fit_transform(train_texts), train_labels)
    most = Counter(train_labels).most_common(1)[0][0]
    return {"majority": [most] * len(test_texts), "tfidf": classifier.predict(words.transform(test_texts)).tolist()}


@mutant("baselines", caught_by="test_two_lists_of_plain_labels", says="makes plain Python values of an array")
def numpy_labels(train_texts, train_labels, test_texts):
    """A list of what predict gives, which is NumPy's."""
    from collections import Counter

    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    words = TfidfVectorizer()
    classifier = LogisticRegression(max_iter=1000).fit(words.fit_transform(train_texts), train_labels)
    most = Counter(train_labels).most_common(1)[0][0]
    return {"majority": [most] * len(test_texts), "tfidf": list(classifier.predict(words.transform(test_texts)))}


@mutant("baselines", caught_by="test_two_lists_of_plain_labels", says="where a list is asked for")
def one_label_for_all(train_texts, train_labels, test_texts):
    """The majority once, in place of once for each text."""
    from collections import Counter

    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    words = TfidfVectorizer()
    classifier = LogisticRegression(max_iter=1000).fit(words.fit_transform(train_texts), train_labels)
    return {"majority": Counter(train_labels).most_common(1)[0][0], "tfidf": classifier.predict(words.transform(test_texts)).tolist()}


# ---------------------------------------------------------------- compare_errors


@mutant("compare_errors", caught_by="test_each_in_its_own_list", says="Fixed was wrong and is right now")
def fixed_and_broken_swapped(texts, labels, before, after):
    """Swaps the two."""
    for name, column in (("labels", labels), ("before", before), ("after", after)):
        if len(column) != len(texts):
            raise ValueError(name)
    kinds = {(0, 1): "broken", (1, 0): "fixed", (0, 0): "still_wrong", (1, 1): "always_right"}
    found = {kind: [] for kind in kinds.values()}
    for i in sorted(range(len(texts)), key=lambda i: len(texts[i].split())):
        found[kinds[before[i] == labels[i], after[i] == labels[i]]].append(i)
    return found


@mutant("compare_errors", caught_by="test_every_example_stands_once", says="no example is of two")
def errors_of_the_first_only(texts, labels, before, after):
    """Still wrong are all that the first got wrong, always right all that it got right."""
    for name, column in (("labels", labels), ("before", before), ("after", after)):
        if len(column) != len(texts):
            raise ValueError(name)
    order = sorted(range(len(texts)), key=lambda i: len(texts[i].split()))
    return {
        "fixed": [i for i in order if before[i] != labels[i] and after[i] == labels[i]],
        "broken": [i for i in order if before[i] == labels[i] and after[i] != labels[i]],
        "still_wrong": [i for i in order if before[i] != labels[i]],
        "always_right": [i for i in order if before[i] == labels[i]],
    }


@mutant("compare_errors", caught_by="test_every_example_stands_once", says="two different answers")
def wrong_in_the_same_way(texts, labels, before, after):
    """Still wrong only where the wrong answer is the same."""
    for name, column in (("labels", labels), ("before", before), ("after", after)):
        if len(column) != len(texts):
            raise ValueError(name)
    order = sorted(range(len(texts)), key=lambda i: len(texts[i].split()))
    return {
        "fixed": [i for i in order if before[i] != labels[i] and after[i] == labels[i]],
        "broken": [i for i in order if before[i] == labels[i] and after[i] != labels[i]],
        "still_wrong": [i for i in order if before[i] == after[i] != labels[i]],
        "always_right": [i for i in order if before[i] == after[i] == labels[i]],
    }


@mutant("compare_errors", caught_by="test_each_in_its_own_list", says="not the two answers with each other")
def fixed_is_changed(texts, labels, before, after):
    """A wrong answer that has changed is taken for a fixed one."""
    for name, column in (("labels", labels), ("before", before), ("after", after)):
        if len(column) != len(texts):
            raise ValueError(name)
    found = {"fixed": [], "broken": [], "still_wrong": [], "always_right": []}
    for i in sorted(range(len(texts)), key=lambda i: len(texts[i].split())):
        if before[i] == after[i]:
            found["always_right" if before[i] == labels[i] else "still_wrong"].append(i)
        else:
            found["broken" if before[i] == labels[i] else "fixed"].append(i)
    return found


@mutant("compare_errors", caught_by="test_the_quickest_to_read_first", says="not by place")
def in_the_order_of_the_data(texts, labels, before, after):
    """Takes examples as they come."""
    for name, column in (("labels", labels), ("before", before), ("after", after)):
        if len(column) != len(texts):
            raise ValueError(name)
    kinds = {(0, 1): "fixed", (1, 0): "broken", (0, 0): "still_wrong", (1, 1): "always_right"}
    found = {kind: [] for kind in kinds.values()}
    for i in range(len(texts)):
        found[kinds[before[i] == labels[i], after[i] == labels[i]]].append(i)
    return found


@mutant("compare_errors", caught_by="test_the_quickest_to_read_first", says="nor by characters")
def by_characters(texts, labels, before, after):
    """len of the text is a number of characters."""
    for name, column in (("labels", labels), ("before", before), ("after", after)):
        if len(column) != len(texts):
            raise ValueError(name)
    kinds = {(0, 1): "fixed", (1, 0): "broken", (0, 0): "still_wrong", (1, 1): "always_right"}
    found = {kind: [] for kind in kinds.values()}
    for i in sorted(range(len(texts)), key=lambda i: len(texts[i])):
        found[kinds[before[i] == labels[i], after[i] == labels[i]]].append(i)
    return found


@mutant("compare_errors", caught_by="test_equally_long_texts_by_place", says="look at anything besides")
def ties_by_text(texts, labels, before, after):
    """Sorts pairs (words, text), so that ties stand by the alphabet."""
    for name, column in (("labels", labels), ("before", before), ("after", after)):
        if len(column) != len(texts):
            raise ValueError(name)
    kinds = {(0, 1): "fixed", (1, 0): "broken", (0, 0): "still_wrong", (1, 1): "always_right"}
    found = {kind: [] for kind in kinds.values()}
    for i in sorted(range(len(texts)), key=lambda i: (len(texts[i].split()), texts[i])):
        found[kinds[before[i] == labels[i], after[i] == labels[i]]].append(i)
    return found


@mutant("compare_errors", caught_by="test_equally_long_texts_by_place", says="split at single spaces")
def words_by_single_spaces(texts, labels, before, after):
    """Counts what stands between single spaces."""
    for name, column in (("labels", labels), ("before", before), ("after", after)):
        if len(column) != len(texts):
            raise ValueError(name)
    kinds = {(0, 1): "fixed", (1, 0): "broken", (0, 0): "still_wrong", (1, 1): "always_right"}
    found = {kind: [] for kind in kinds.values()}
    for i in sorted(range(len(texts)), key=lambda i: len(texts[i].split(" "))):
        found[kinds[before[i] == labels[i], after[i] == labels[i]]].append(i)
    return found


@mutant("compare_errors", caught_by="test_lists_must_fit", says="examples vanish without a word")
def cut_to_the_shortest(texts, labels, before, after):
    """zip cuts what doesn't fit."""
    rows = [(len(t.split()), i, b == g, a == g) for i, (t, g, b, a) in enumerate(zip(texts, labels, before, after))]
    kinds = {(0, 1): "fixed", (1, 0): "broken", (0, 0): "still_wrong", (1, 1): "always_right"}
    found = {kind: [] for kind in kinds.values()}
    for _, i, was, now in sorted(rows):
        found[kinds[was, now]].append(i)
    return found


@mutant("compare_errors", caught_by="test_every_example_stands_once", says="not the texts themselves")
def the_texts(texts, labels, before, after):
    """Gives the texts, which one wants to read, in place of their places."""
    kinds = {(0, 1): "fixed", (1, 0): "broken", (0, 0): "still_wrong", (1, 1): "always_right"}
    found = {kind: [] for kind in kinds.values()}
    for i in sorted(range(len(texts)), key=lambda i: len(texts[i].split())):
        found[kinds[before[i] == labels[i], after[i] == labels[i]]].append(texts[i])
    return found


# ---------------------------------------------------------------- results_table


@mutant("results_table", caught_by="test_the_mean_over_the_runs", says="its best run")
def the_best_seed(runs, baseline):
    """Reports the best run of each system."""
    groups = {}
    for run in runs:
        groups.setdefault(run.system, []).append(run)
    if baseline not in groups:
        raise ValueError("baseline")
    best = {name: max(r.accuracy for r in own) for name, own in groups.items()}
    rows = []
    for name in sorted(groups, key=lambda n: (-best[n], n)):
        scores, d, low, high = [r.accuracy for r in groups[name]], 2, float("nan"), float("nan")
        if len(scores) > 1:
            low, high = stats.mean_interval(scores)
            d = next((k for k in (1, 2) if 10**-k <= (high - low) / 2), 3)
        cost = sum(r.seconds for r in groups[name]) / len(scores)
        rows.append(
            (name, len(scores), round(best[name], d), round(low, d), round(high, d), round(best[name] - best[baseline], d), round(cost, 2))
        )
    return pd.DataFrame(rows, columns=["system", "runs", "accuracy", "low", "high", "gain", "seconds"])


@mutant("results_table", caught_by="test_an_interval_over_the_runs", says="One run doesn't show how much runs differ")
def an_interval_of_one_run(runs, baseline):
    """A single run is given the interval from itself to itself."""
    groups = {}
    for run in runs:
        groups.setdefault(run.system, []).append(run)
    if baseline not in groups:
        raise ValueError("baseline")
    mean = {name: sum(r.accuracy for r in own) / len(own) for name, own in groups.items()}
    rows = []
    for name in sorted(groups, key=lambda n: (-mean[n], n)):
        scores, d = [r.accuracy for r in groups[name]], 2
        low = high = scores[0]
        if len(scores) > 1:
            low, high = stats.mean_interval(scores)
            d = next((k for k in (1, 2) if 10**-k <= (high - low) / 2), 3)
        cost = sum(r.seconds for r in groups[name]) / len(scores)
        rows.append(
            (name, len(scores), round(mean[name], d), round(low, d), round(high, d), round(mean[name] - mean[baseline], d), round(cost, 2))
        )
    return pd.DataFrame(rows, columns=["system", "runs", "accuracy", "low", "high", "gain", "seconds"])


@mutant("results_table", caught_by="test_the_gain_over_the_baseline", says="against another row of the table")
def gain_over_the_worst(runs, baseline):
    """Takes the last row of the table for the baseline."""
    groups = {}
    for run in runs:
        groups.setdefault(run.system, []).append(run)
    if baseline not in groups:
        raise ValueError("baseline")
    mean = {name: sum(r.accuracy for r in own) / len(own) for name, own in groups.items()}
    rows, least = [], min(mean.values())
    for name in sorted(groups, key=lambda n: (-mean[n], n)):
        scores, d, low, high = [r.accuracy for r in groups[name]], 2, float("nan"), float("nan")
        if len(scores) > 1:
            low, high = stats.mean_interval(scores)
            d = next((k for k in (1, 2) if 10**-k <= (high - low) / 2), 3)
        cost = sum(r.seconds for r in groups[name]) / len(scores)
        rows.append((name, len(scores), round(mean[name], d), round(low, d), round(high, d), round(mean[name] - least, d), round(cost, 2)))
    return pd.DataFrame(rows, columns=["system", "runs", "accuracy", "low", "high", "gain", "seconds"])


@mutant("results_table", caught_by="test_the_gain_over_the_baseline", says="relative to the baseline")
def gain_in_parts_of_the_baseline(runs, baseline):
    """Divides the gain by the baseline's accuracy."""
    groups = {}
    for run in runs:
        groups.setdefault(run.system, []).append(run)
    if baseline not in groups:
        raise ValueError("baseline")
    mean = {name: sum(r.accuracy for r in own) / len(own) for name, own in groups.items()}
    rows = []
    for name in sorted(groups, key=lambda n: (-mean[n], n)):
        scores, d, low, high = [r.accuracy for r in groups[name]], 2, float("nan"), float("nan")
        if len(scores) > 1:
            low, high = stats.mean_interval(scores)
            d = next((k for k in (1, 2) if 10**-k <= (high - low) / 2), 3)
        cost = sum(r.seconds for r in groups[name]) / len(scores)
        gain = mean[name] / mean[baseline] - 1
        rows.append((name, len(scores), round(mean[name], d), round(low, d), round(high, d), round(gain, d), round(cost, 2)))
    return pd.DataFrame(rows, columns=["system", "runs", "accuracy", "low", "high", "gain", "seconds"])


@mutant("results_table", caught_by="test_an_interval_over_the_runs", says="from its worst run to its best")
def from_the_worst_to_the_best(runs, baseline):
    """Takes the range of the runs for an interval of their mean."""
    groups = {}
    for run in runs:
        groups.setdefault(run.system, []).append(run)
    if baseline not in groups:
        raise ValueError("baseline")
    mean = {name: sum(r.accuracy for r in own) / len(own) for name, own in groups.items()}
    rows = []
    for name in sorted(groups, key=lambda n: (-mean[n], n)):
        scores, d, low, high = [r.accuracy for r in groups[name]], 2, float("nan"), float("nan")
        if len(scores) > 1:
            low, high = stats.mean_interval(scores)
            d = next((k for k in (1, 2) if 10**-k <= (high - low) / 2), 3)
            low, high = min(scores), max(scores)
        cost = sum(r.seconds for r in groups[name]) / len(scores)
        rows.append(
            (name, len(scores), round(mean[name], d), round(low, d), round(high, d), round(mean[name] - mean[baseline], d), round(cost, 2))
        )
    return pd.DataFrame(rows, columns=["system", "runs", "accuracy", "low", "high", "gain", "seconds"])


@mutant("results_table", caught_by="test_an_interval_over_the_runs", says="two standard errors each way")
def as_if_there_were_many_runs(runs, baseline):
    """1.96 standard errors, also for two runs."""
    import math

    groups = {}
    for run in runs:
        groups.setdefault(run.system, []).append(run)
    if baseline not in groups:
        raise ValueError("baseline")
    mean = {name: sum(r.accuracy for r in own) / len(own) for name, own in groups.items()}
    rows = []
    for name in sorted(groups, key=lambda n: (-mean[n], n)):
        scores, d, low, high = [r.accuracy for r in groups[name]], 2, float("nan"), float("nan")
        if len(scores) > 1:
            half = 1.96 * math.sqrt(sum((s - mean[name]) ** 2 for s in scores) / (len(scores) - 1) / len(scores))
            d = next((k for k in (1, 2) if 10**-k <= half), 3)
            low, high = mean[name] - half, mean[name] + half
        cost = sum(r.seconds for r in groups[name]) / len(scores)
        rows.append(
            (name, len(scores), round(mean[name], d), round(low, d), round(high, d), round(mean[name] - mean[baseline], d), round(cost, 2))
        )
    return pd.DataFrame(rows, columns=["system", "runs", "accuracy", "low", "high", "gain", "seconds"])


@mutant("results_table", caught_by="test_the_best_mean_first", says="worst system first")
def the_worst_first(runs, baseline):
    """Sorts upwards."""
    groups = {}
    for run in runs:
        groups.setdefault(run.system, []).append(run)
    if baseline not in groups:
        raise ValueError("baseline")
    mean = {name: sum(r.accuracy for r in own) / len(own) for name, own in groups.items()}
    rows = []
    for name in sorted(groups, key=lambda n: (mean[n], n)):
        scores, d, low, high = [r.accuracy for r in groups[name]], 2, float("nan"), float("nan")
        if len(scores) > 1:
            low, high = stats.mean_interval(scores)
            d = next((k for k in (1, 2) if 10**-k <= (high - low) / 2), 3)
        cost = sum(r.seconds for r in groups[name]) / len(scores)
        rows.append(
            (name, len(scores), round(mean[name], d), round(low, d), round(high, d), round(mean[name] - mean[baseline], d), round(cost, 2))
        )
    return pd.DataFrame(rows, columns=["system", "runs", "accuracy", "low", "high", "gain", "seconds"])


@mutant("results_table", caught_by="test_digits_that_mean_something", says="more digits than its interval allows")
def three_digits_for_all(runs, baseline):
    """Rounds everything to three digits."""
    groups = {}
    for run in runs:
        groups.setdefault(run.system, []).append(run)
    if baseline not in groups:
        raise ValueError("baseline")
    mean = {name: sum(r.accuracy for r in own) / len(own) for name, own in groups.items()}
    rows = []
    for name in sorted(groups, key=lambda n: (-mean[n], n)):
        scores, low, high = [r.accuracy for r in groups[name]], float("nan"), float("nan")
        if len(scores) > 1:
            low, high = stats.mean_interval(scores)
        cost = sum(r.seconds for r in groups[name]) / len(scores)
        rows.append(
            (name, len(scores), round(mean[name], 3), round(low, 3), round(high, 3), round(mean[name] - mean[baseline], 3), round(cost, 2))
        )
    return pd.DataFrame(rows, columns=["system", "runs", "accuracy", "low", "high", "gain", "seconds"])


@mutant("results_table", caught_by="test_digits_that_mean_something", says="rounding comes last")
def rounded_first(runs, baseline):
    """Rounds the means, and subtracts afterwards."""
    groups = {}
    for run in runs:
        groups.setdefault(run.system, []).append(run)
    if baseline not in groups:
        raise ValueError("baseline")
    mean = {name: sum(r.accuracy for r in own) / len(own) for name, own in groups.items()}
    rows, shown = [], {}
    for name in sorted(groups, key=lambda n: (-mean[n], n)):
        scores, d, low, high = [r.accuracy for r in groups[name]], 2, float("nan"), float("nan")
        if len(scores) > 1:
            low, high = stats.mean_interval(scores)
            d = next((k for k in (1, 2) if 10**-k <= (high - low) / 2), 3)
        cost = sum(r.seconds for r in groups[name]) / len(scores)
        shown[name] = round(mean[name], d)
        rows.append([name, len(scores), shown[name], round(low, d), round(high, d), d, round(cost, 2)])
    for row in rows:
        row[5] = round(row[2] - shown[baseline], row[5])
    return pd.DataFrame(rows, columns=["system", "runs", "accuracy", "low", "high", "gain", "seconds"])


@mutant("results_table", caught_by="test_columns_and_rows", says="not one for each run")
def one_row_a_run(runs, baseline):
    """The runs as they are, with a gain beside each."""
    own = [run.accuracy for run in runs if run.system == baseline]
    if not own:
        raise ValueError("baseline")
    rows = [(r.system, 1, r.accuracy, r.accuracy, r.accuracy, r.accuracy - sum(own) / len(own), r.seconds) for r in runs]
    return pd.DataFrame(rows, columns=["system", "runs", "accuracy", "low", "high", "gain", "seconds"])


@mutant("results_table", caught_by="test_a_baseline_that_is_not_there", says="A gain over nothing")
def no_baseline_no_gain(runs, baseline):
    """Compares with 0 when the baseline isn't there."""
    groups = {}
    for run in runs:
        groups.setdefault(run.system, []).append(run)
    mean = {name: sum(r.accuracy for r in own) / len(own) for name, own in groups.items()}
    rows = []
    for name in sorted(groups, key=lambda n: (-mean[n], n)):
        scores, d, low, high = [r.accuracy for r in groups[name]], 2, float("nan"), float("nan")
        if len(scores) > 1:
            low, high = stats.mean_interval(scores)
            d = next((k for k in (1, 2) if 10**-k <= (high - low) / 2), 3)
        cost = sum(r.seconds for r in groups[name]) / len(scores)
        rows.append(
            (
                name,
                len(scores),
                round(mean[name], d),
                round(low, d),
                round(high, d),
                round(mean[name] - mean.get(baseline, 0), d),
                round(cost, 2),
            )
        )
    return pd.DataFrame(rows, columns=["system", "runs", "accuracy", "low", "high", "gain", "seconds"])
