"""Hidden suite of `compute_metrics`."""

import numpy as np
import pytest

from tunelab import expect

KEYS = ("accuracy", "precision", "recall", "f1")


def scores_of(predictions, classes, rng):
    """Logits, shape (*examples, classes), whose largest column is the prediction; neither probabilities nor all positive."""
    logits = rng.normal(size=(*predictions.shape, classes)).astype(np.float32)
    top = logits.max(axis=-1, keepdims=True) + 0.5
    np.put_along_axis(logits, predictions[..., None], top, axis=-1)
    return logits


def unbalanced(rng, classes=3):
    """Logits and labels of one frequent and two rare classes; further classes occur nowhere."""
    counts = np.array([[60, 9, 1], [8, 5, 1], [6, 1, 4]]) + rng.integers(0, 2, size=(3, 3))
    order = rng.permutation(counts.sum())
    labels, predictions = (np.repeat(axis.ravel(), counts.ravel())[order] for axis in np.indices(counts.shape))
    return scores_of(predictions, classes, rng), labels


def per_class(logits, labels):
    """Precision, recall, F1 (0 where the denominator is 0) and number of examples of each column of the logits."""
    kept = labels != -100
    predictions, labels = logits.argmax(axis=-1)[kept], labels[kept]
    classes = range(logits.shape[-1])
    hits = np.array([np.sum((labels == c) & (predictions == c)) for c in classes])
    predicted = np.array([np.sum(predictions == c) for c in classes])
    true = np.array([np.sum(labels == c) for c in classes])
    return hits / np.maximum(predicted, 1), hits / np.maximum(true, 1), 2 * hits / np.maximum(predicted + true, 1), true


def wanted(logits, labels):
    kept = labels != -100
    accuracy = (logits.argmax(axis=-1)[kept] == labels[kept]).mean()
    return dict(zip(KEYS, (accuracy, *(part.mean() for part in per_class(logits, labels)[:3])), strict=True))


def of(call, key):
    return f"{call.rstrip(',')}: {key!r}"


def numbers(got, call):
    """The ladder up to values: a dict of four numbers between 0 and 1. Whether they are plain floats is asked once, in the first test."""
    expect.mapping(got, call=call, keys=KEYS)
    plain = {key: float(value) if isinstance(value, np.floating) else value for key, value in got.items()}
    for key in KEYS:
        expect.number(plain[key], call=of(call, key), low=0, high=1)
    return plain


def near(left, right):
    return abs(left - right) < 1e-6


def mistakes(key, logits, labels):
    """What each mistake that is often made gives for `key`, and the sentence that names it."""
    accuracy = wanted(logits, labels)["accuracy"]
    precision, recall, f1, true = per_class(logits, labels)
    seen = (true > 0) | (np.bincount(logits.argmax(axis=-1)[labels != -100], minlength=len(true)) > 0)
    part = {"accuracy": np.array([accuracy]), "precision": precision, "recall": recall, "f1": f1}[key]
    unmasked = np.where(labels == -100, logits.shape[-1], labels)
    pot = dict(zip(KEYS, (np.mean(unmasked == logits.argmax(axis=-1)), *(p.mean() for p in per_class(logits, unmasked)[:3])), strict=True))
    if key == "accuracy":
        yield (
            pot[key],
            "An example whose label is -100 was counted as a wrong answer. It is neither right nor wrong: it doesn't count at all.",
        )
        return
    yield (
        accuracy,
        "It is the same number as the accuracy. That is the micro average, which counts all examples in one pot; macro asks each class by itself first.",
    )
    yield (
        np.average(part, weights=true),
        "It is the weighted average: each class counts by its number of examples. In the macro average every class weighs the same.",
    )
    yield (
        part[seen].mean(),
        "It is a mean over the classes that occur in the data. Each column of the logits is a class, also one that nobody has seen.",
    )
    yield (
        pot[key],
        "The predictions made where the label is -100 were counted too. Such a prediction is no false alarm: leave it out before you count.",
    )
    if key == "f1" and precision.mean() + recall.mean() > 0:
        p, r = precision.mean(), recall.mean()
        yield (
            2 * p * r / (p + r),
            "It was made of the mean precision and the mean recall. First an F1 for each class, then the mean of those.",
        )


def agree(got, logits, labels, call, hint, keys=KEYS):
    """The numbers are right; where one is exactly what a single known mistake gives, that mistake is named."""
    right = wanted(logits, labels)
    for key in keys:
        if near(got[key], right[key]):
            continue
        named = [sentence for value, sentence in mistakes(key, logits, labels) if near(got[key], value)]
        raise AssertionError(f"{of(call, key)} gave {got[key]:.4g}, which is not right. {named[0] if len(named) == 1 else hint}")


@pytest.mark.points(1)
def test_four_plain_floats(learner, rng):
    """It returns accuracy, precision, recall and f1, each a float between 0 and 1."""
    logits, labels = unbalanced(rng)
    call = f"compute_metrics((logits, labels)), with logits of shape {logits.shape} and labels of shape {labels.shape},"
    try:
        got = learner.compute_metrics((logits, labels))
    except AttributeError as error:
        raise AssertionError(
            f"{call} raised AttributeError: {error}. The argument may be a plain tuple: unpack it, which works for an EvalPrediction too."
        ) from None
    except IndexError as error:
        raise AssertionError(
            f"{call} raised IndexError: {error}. There is one row of logits per example, and one prediction per row."
        ) from None
    expect.mapping(got, call=call, keys=KEYS)
    for key in KEYS:
        expect.number(got[key], call=of(call, key), low=0, high=1)


@pytest.mark.points(1)
def test_one_prediction_per_example(learner, rng):
    """The prediction is the class with the largest logit, example by example."""
    circle = rng.permutation(7)
    labels = np.empty(7, dtype=np.int64)
    labels[circle] = np.roll(circle, 1)
    logits = scores_of(labels, 7, rng) + 4 * np.eye(7, dtype=np.float32)[labels]
    labels[circle[0]] = circle[0]
    got = learner.compute_metrics((logits, labels))
    call = "compute_metrics((logits, labels)), on 7 examples of 7 classes,"
    got = numbers(got, call)
    down = np.mean(logits.argmax(axis=0) == labels)
    assert near(got["accuracy"], wanted(logits, labels)["accuracy"]) or not near(got["accuracy"], down), (
        f"{of(call, 'accuracy')} gave {got['accuracy']:.4g}, which is not right. Along which axis is the argmax taken? "
        "It runs down the columns here, but there is one row of logits per example, and one prediction per row."
    )
    hint = "There is one row of logits per example: its prediction is the column of the largest number in it."
    agree(got, logits, labels, call, hint, keys=["accuracy"])


@pytest.mark.points(2)
def test_every_class_weighs_the_same(learner, rng):
    """Macro precision and recall are plain means over the classes, so that a rare class counts as much as a frequent one."""
    logits, labels = unbalanced(rng)
    got = learner.compute_metrics((logits, labels))
    call = "compute_metrics((logits, labels)), on labels of which one class has most,"
    got = numbers(got, call)
    for key in ("precision", "recall"):
        agree(got, logits, labels, call, f"Work the {key} out for each class alone, then take their plain mean.", keys=[key])


@pytest.mark.points(2)
def test_f1_is_a_mean_of_f1s(learner, rng):
    """Macro F1 is the mean of the classes' own F1."""
    logits, labels = unbalanced(rng)
    got = learner.compute_metrics((logits, labels))
    call = "compute_metrics((logits, labels)), on labels of which one class has most,"
    agree(numbers(got, call), logits, labels, call, "First an F1 for each class, then their plain mean.", keys=["f1"])


@pytest.mark.points(2)
def test_a_class_that_never_occurs(learner, rng):
    """A class that is neither true nor predicted counts 0 in the means: there are as many classes as columns of logits."""
    logits, labels = unbalanced(rng, classes=5)
    got = learner.compute_metrics((logits, labels))
    call = "compute_metrics((logits, labels)), with 5 columns of logits of which 2 never are the largest and never the label,"
    hint = "Take the mean over all 5 classes, of which the 2 without examples and without predictions count 0."
    agree(numbers(got, call), logits, labels, call, hint, keys=KEYS[1:])


@pytest.mark.points(1)
def test_no_division_by_zero(learner, rng):
    """A class that is never predicted gives 0, without a warning."""
    labels = np.array([0, 0, 0, 1, 1, 2])
    logits = scores_of(np.zeros(6, dtype=np.int64), 3, rng)
    got = learner.compute_metrics((logits, labels))
    call = "compute_metrics((logits, labels)), where every example is predicted as class 0,"
    got = numbers(got, call)
    loud = [w for w in learner.last.warnings if w.startswith(("RuntimeWarning", "UndefinedMetricWarning"))]
    assert not loud, (
        f"{call} warned of a division by zero, or of a metric that isn't defined. "
        "Say what the share of nothing is (0) before you divide; scikit-learn has an argument for it too."
    )
    agree(
        got, logits, labels, call, "Where there is nothing to divide by, a class's value is 0, and it counts in the mean of the 3 classes."
    )


@pytest.mark.points(2)
def test_minus_100_is_left_out(learner, rng):
    """Where the label is -100 neither label nor prediction counts."""
    logits, labels = unbalanced(rng)
    ignored = rng.random(len(labels)) < 0.3
    ignored[:2] = True
    labels = np.where(ignored, -100, labels)
    given = labels.copy(), logits.copy()
    got = learner.compute_metrics((logits, labels))
    call = "compute_metrics((logits, labels)), where some labels are -100,"
    agree(
        numbers(got, call), logits, labels, call, "Leave out the places where the label is -100, with their predictions, before you count."
    )
    left = learner.last.args[0]
    assert all(map(np.array_equal, left, (given[1], given[0]))), (
        f"{call} changed an array that it was given: the Trainer may still need it. Work on a copy."
    )


@pytest.mark.points(1)
def test_one_label_per_token(learner, rng):
    """Logits may have a row per token of each sentence: the classes are in the last axis."""
    predictions = rng.integers(0, 4, size=(5, 6))
    labels = np.where(rng.random((5, 6)) < 0.6, predictions, rng.integers(0, 4, size=(5, 6)))
    labels[:, 5] = -100
    logits = scores_of(predictions, 4, rng)
    call = "compute_metrics((logits, labels)), with logits of shape (5, 6, 4) and labels of shape (5, 6), one per token,"
    try:
        got = learner.compute_metrics((logits, labels))
    except (IndexError, ValueError) as error:
        raise AssertionError(
            f"{call} raised {type(error).__name__}: {error}. Here the classes are in the last axis, which isn't axis 1: an axis can be counted from the end."
        ) from None
    agree(numbers(got, call), logits, labels, call, "The classes are in the last axis of the logits, one row per token.")


def eval_prediction(logits, labels):
    """What a Trainer hands over."""
    from transformers import EvalPrediction

    return EvalPrediction(predictions=logits, label_ids=labels)


@pytest.mark.points(1)
def test_what_a_trainer_hands_over(learner, rng):
    """A Trainer's EvalPrediction works as well as a tuple."""
    logits, labels = unbalanced(rng)
    as_tuple = numbers(learner.compute_metrics((logits, labels)), "compute_metrics((logits, labels))")
    got = learner.compute_metrics(learner.make(eval_prediction, logits, labels))
    call = "compute_metrics(EvalPrediction(logits, labels)),"
    got = numbers(got, call)
    alike = all(near(got[key], as_tuple[key]) for key in KEYS)
    hint = "A plain tuple gives the same: see the other checks." if alike else "It unpacks like a tuple: logits first, then labels."
    agree(got, logits, labels, call, hint)
