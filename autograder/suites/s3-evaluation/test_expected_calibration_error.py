"""Hidden suite of `expected_calibration_error`."""

from itertools import pairwise

import numpy as np
import pytest

from tunelab import expect


def two_classes(confidence, predicted):
    """Rows of two probabilities: `confidence` for the class in `predicted`, the rest for the other."""
    confidence, predicted = np.asarray(confidence, dtype=float), np.asarray(predicted)
    return np.where(np.arange(2) == predicted[:, None], confidence[:, None], 1 - confidence[:, None])


def drawn(rng, examples, classes, bins):
    """Random probabilities whose largest is clear of every edge of a bin, and labels that agree with them more often than not."""
    logits = rng.normal(scale=2.0, size=(4 * examples, classes))
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    place = probabilities.max(axis=1) * bins
    probabilities = probabilities[np.abs(place - place.round()) > 1e-6][:examples]
    labels = np.where(rng.random(len(probabilities)) < 0.6, probabilities.argmax(axis=1), rng.integers(0, classes, size=len(probabilities)))
    return probabilities, labels


def gaps(probabilities, labels, bins):
    """Share, accuracy and mean confidence of each bin (lo, hi] that isn't empty, as columns."""
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    edges = np.arange(bins + 1) / bins
    inside = [(confidence > low) & (confidence <= high) for low, high in pairwise(edges)]
    return np.array([(i.mean(), right[i].mean(), confidence[i].mean()) for i in inside if i.any()]).T


def wanted(probabilities, labels, bins):
    share, accuracy, confidence = gaps(probabilities, labels, bins)
    return float((share * np.abs(accuracy - confidence)).sum())


def binned(place, confidence, right, bins):
    """Share of examples and gap, accuracy minus confidence, of each bin that isn't empty; `place` says which bin an example is in, from 0."""
    inside = [place == m for m in range(bins)]
    return np.array([(i.mean(), right[i].mean() - confidence[i].mean()) for i in inside if i.any()]).reshape(-1, 2).T


def mistakes(probabilities, labels, bins):
    """What each mistake that is often made gives, and the sentence that names it."""
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    share, accuracy, sure = gaps(probabilities, labels, bins)
    gap = accuracy - sure
    few = "A bin's weight is the share of all examples in it."
    yield np.abs(gap).mean(), f"It counts a bin that holds few examples as much as one that holds many. {few}"
    yield np.abs(gap).sum() / bins, f"It counts a bin that holds few examples as much as one that holds many. {few}"
    yield np.abs(gap).max(), "It is the largest gap of all bins. That is the maximum calibration error; here each bin counts by its share."
    yield abs((share * gap).sum()), "It lets the gaps of the bins cancel. Drop the sign of each bin's gap before you add them up."
    down = np.floor(confidence * bins + 1e-12)
    edges = "The bins are (lo, hi]: the upper edge is inside, the lower one isn't."
    share, gap = binned(np.minimum(down, bins - 1), confidence, right, bins)
    yield (share * np.abs(gap)).sum(), f"A confidence on the edge of two bins was put into the upper one. {edges}"
    share, gap = binned(down, confidence, right, bins)
    yield (share * np.abs(gap)).sum(), f"A probability of 1.0 has fallen out of the last bin. {edges}"
    for column, sentence in (
        (
            probabilities[:, 1],
            "The confidence was taken from column 1. It is the probability of the class that was predicted, which isn't always class 1.",
        ),
        (
            probabilities[np.arange(len(labels)), labels],
            "The confidence was taken to be the probability of the true class. It is that of the class that was predicted for it, right or wrong.",
        ),
    ):
        share, gap = binned(np.ceil(column * bins - 1e-12) - 1, column, right, bins)
        yield (share * np.abs(gap)).sum(), sentence
    place = np.ceil(confidence * bins - 1e-12) - 1
    share, gap = binned(place, (place + 0.5) / bins, right, bins)
    yield (share * np.abs(gap)).sum(), "The middle of a bin was taken for its confidence, which is the mean of the confidences in it."
    parts = [part for part in np.array_split(np.argsort(confidence), bins) if len(part)]
    yield (
        sum(len(part) * abs(right[part].mean() - confidence[part].mean()) for part in parts) / len(labels),
        "Each bin was given as many examples as any other. Bins are equally wide, from 0 to 1.",
    )


def agree(got, probabilities, labels, bins, call, hint):
    """The number is right; where it is exactly what a single known mistake gives, that mistake is named."""
    if abs(got - wanted(probabilities, labels, bins)) < 2e-6:
        return
    named = {sentence for value, sentence in mistakes(probabilities, labels, bins) if abs(got - value) < 1e-6}
    raise AssertionError(f"{call} gave {got:.4g}, which is not right. {named.pop() if len(named) == 1 else hint}")


def score(learner, probabilities, labels, bins, about):
    """The ladder up to the value: a number between 0 and 1. Whether it is a plain float is asked once, in the first test."""
    call = f"expected_calibration_error(probabilities, labels, {bins}), {about},"
    got = learner.expected_calibration_error(probabilities, labels, bins)
    return expect.number(float(got) if isinstance(got, np.floating) else got, call=call, low=0, high=1), call


@pytest.mark.points(1)
def test_one_bin(learner, rng):
    """With a single bin it is the distance between accuracy and mean confidence, as a float."""
    probabilities, labels = drawn(rng, 50, 2, 1)
    got, call = score(learner, probabilities, labels, 1, "on 50 examples of 2 classes")
    expect.number(learner.last.value, call=call)
    agree(
        got,
        probabilities,
        labels,
        1,
        call,
        "It is the distance between the share of right answers and the mean confidence, without its sign.",
    )


@pytest.mark.points(1)
def test_certainty_is_in_a_bin(learner, rng):
    """A probability of 1.0 belongs to the last bin."""
    wrong = int(rng.integers(5, 12))
    labels = (np.arange(20) >= wrong).astype(int)
    about = f"on 20 predictions made with probability 1.0, {wrong} of them wrong"
    probabilities = two_classes(np.ones(20), np.ones(20, dtype=int))
    got, call = score(learner, probabilities, labels, 10, about)
    hint = "All of them lie in the last bin, with a confidence of 1.0."
    if got < 1e-9:
        hint = "So much certainty, so often wrong, and no error? Either 1.0 has fallen out of the last bin, or the confidence isn't that of the predicted class."
    agree(got, probabilities, labels, 10, call, hint)


@pytest.mark.points(2)
def test_bins_weigh_what_they_hold(learner, rng):
    """Each bin's gap counts by the share of examples in it."""
    few = int(rng.integers(2, 5))
    confidence = np.r_[np.full(few, 0.55), np.full(40, 0.95)]
    labels = np.r_[np.zeros(few), np.ones(40)].astype(int)
    probabilities = two_classes(confidence, np.ones(40 + few, dtype=int))
    got, call = score(learner, probabilities, labels, 5, f"with {few} examples in one bin and 40 in another")
    agree(got, probabilities, labels, 5, call, "Sum over the bins: share of examples, times distance between accuracy and mean confidence.")


@pytest.mark.points(2)
def test_confidence_is_that_of_the_prediction(learner, rng):
    """The confidence is the probability of the class that was predicted, whichever it is."""
    predicted = rng.permutation(np.arange(60) % 3 == 0).astype(int)
    probabilities = two_classes(rng.uniform(0.81, 0.99, size=60), predicted)
    labels = np.where(rng.permutation(60) < 54, predicted, 1 - predicted)
    got, call = score(learner, probabilities, labels, 5, "where most examples are predicted as class 0")
    hint = "The confidence of an example is the probability of the class that was predicted for it."
    agree(got, probabilities, labels, 5, call, hint)


@pytest.mark.points(2)
def test_an_edge_belongs_to_the_lower_bin(learner, rng):
    """A probability on the edge of two bins belongs to the lower one: the bins are (lo, hi]."""
    few = int(rng.integers(4, 10))
    confidence = np.r_[np.full(few, 0.75), np.full(few + 1, 0.625), np.full(20, 0.9375)]
    labels = np.r_[np.ones(few), np.zeros(few + 1), np.ones(20)].astype(int)
    probabilities = two_classes(confidence, np.ones(len(confidence), dtype=int))
    got, call = score(learner, probabilities, labels, 4, "with some confidences of exactly 0.75")
    hint = "With 4 bins 0.75 is an edge. The bins are (lo, hi]: the upper edge is inside, the lower one isn't."
    agree(got, probabilities, labels, 4, call, hint)


@pytest.mark.points(1)
def test_empty_bins_say_nothing(learner, rng):
    """A bin without examples adds nothing, and nobody is warned."""
    confidence = 0.51 + 0.04 * np.arange(12) + rng.uniform(0.004, 0.009, size=12)
    probabilities = two_classes(confidence, rng.permutation(12) % 2)
    labels = rng.integers(0, 2, size=12)
    got, call = score(learner, probabilities, labels, 50, "with 12 examples for 50 bins")
    assert not [w for w in learner.last.warnings if w.startswith("RuntimeWarning")], (
        f"{call} warned of the mean of an empty bin, or of a division by zero. Leave empty bins out before you take a mean."
    )
    agree(got, probabilities, labels, 50, call, "An empty bin adds 0, and each other bin its share times its gap.")


@pytest.mark.points(2)
def test_gaps_do_not_cancel(learner, rng):
    """Too sure in one bin and not sure enough in another don't make up for each other."""
    n = int(rng.integers(10, 20))
    confidence = np.r_[np.full(n, 0.9), np.full(n, 0.6)]
    labels = np.r_[np.arange(n) < n // 2, np.arange(n) < n - 1].astype(int)
    probabilities = two_classes(confidence, np.ones(2 * n, dtype=int))
    got, call = score(
        learner, probabilities, labels, 5, f"where the model is too sure in one bin of {n} examples and not sure enough in another"
    )
    agree(got, probabilities, labels, 5, call, "Each bin's gap counts without its sign.")


@pytest.mark.points(1)
def test_more_classes_and_bins(learner, rng):
    """It holds for any number of classes and bins."""
    for classes, bins in ((3, 15), (5, 10)):
        probabilities, labels = drawn(rng, 300, classes, bins)
        got, call = score(learner, probabilities, labels, bins, f"on 300 examples of {classes} classes")
        hint = "Bins are equally wide, from 0 to 1, and a bin's confidence is the mean of the confidences in it."
        agree(got, probabilities, labels, bins, call, hint)
        assert all(map(np.array_equal, learner.last.args, (probabilities, labels))), (
            f"{call} changed an array that it was given. Work on a copy."
        )
