"""Hidden suite of `embedding_similarity_gap`."""

import math
from itertools import combinations

import numpy as np
import pytest

from tunelab import expect


def clouds(rng, sizes, labels, spread=0.6):
    """Vectors around one centre per class, of lengths from 0.5 to 4, mixed; and their labels."""
    centres = rng.normal(size=(len(sizes), 5))
    rows = np.concatenate([c / np.linalg.norm(c) + spread * rng.normal(size=(n, 5)) for c, n in zip(centres, sizes, strict=True)])
    rows *= rng.uniform(0.5, 4.0, size=(len(rows), 1)) / np.linalg.norm(rows, axis=1, keepdims=True)
    order = rng.permutation(len(rows))
    return rows[order], np.repeat(labels, sizes)[order]


def cosine(a, b):
    return float(np.dot(a, b)) / math.sqrt(float(np.dot(a, a)) * float(np.dot(b, b)))


def dot(a, b):
    return float(np.dot(a, b))


def means(rows, labels, likeness=cosine):
    """Mean likeness of pairs within classes and of pairs between classes."""
    pairs = [(labels[i] == labels[j], likeness(rows[i], rows[j])) for i, j in combinations(range(len(rows)), 2)]
    return tuple(float(np.mean([value for same, value in pairs if bool(same) is alike])) for alike in (True, False))


def wanted(rows, labels):
    within, between = means(rows, labels)
    return within - between


def gap(learner, rows, labels, about):
    """The ladder up to the value. Whether it is a plain float is asked once, in the first test."""
    call = f"embedding_similarity_gap(features, labels), {about},"
    got = learner.embedding_similarity_gap(rows, labels)
    return expect.number(float(got) if isinstance(got, np.floating) else got, call=call, low=-2.001, high=2.001), call


def near(a, b):
    return abs(a - b) < 1e-5


@pytest.mark.points(1)
def test_two_classes_of_a_few_texts(learner, rng):
    """For two classes it is one float: the mean cosine within classes minus that between them."""
    rows, labels = clouds(rng, (6, 6), (0, 1))
    got, call = gap(learner, rows, labels, "on 12 texts of 2 classes")
    expect.number(learner.last.value, call=call)
    expect.close(
        got, wanted(rows, labels), call=call, hint="Mean over the pairs of one class each, minus mean over the mixed pairs.", atol=1e-5
    )


@pytest.mark.points(2)
def test_no_text_is_paired_with_itself(learner, rng):
    """A text and itself are no pair."""
    rows, labels = clouds(rng, (3, 3, 3), (0, 1, 2))
    got, call = gap(learner, rows, labels, "on 3 classes of 3 texts")
    same = [cosine(rows[i], rows[j]) for i in range(9) for j in range(9) if labels[i] == labels[j]]
    assert not near(got, np.mean(same) - means(rows, labels)[1]), (
        f"{call} gave {got:.4f}, which counts each text as its own neighbour. The cosine of a vector with itself is always 1, and says nothing about a class: "
        "leave the diagonal out."
    )
    expect.close(got, wanted(rows, labels), call=call, hint="Only pairs of two different rows count, on either side.", atol=1e-5)


@pytest.mark.points(2)
def test_only_directions_count(learner, rng):
    """Longer vectors don't weigh more: it is the cosine, not the dot product."""
    rows, labels = clouds(rng, (5, 6), (1, 0))
    longer = rows * rng.uniform(0.1, 30.0, size=(11, 1))
    got, call = gap(learner, longer / 30, labels, "on vectors of very different lengths")
    within, between = means(longer / 30, labels, dot)
    assert not near(got, within - between), (
        f"{call} gave {got:.4f}: that is made of dot products. A cosine is the dot product divided by both lengths, so that a long vector isn't more alike by being long."
    )
    columns = longer / np.linalg.norm(longer, axis=0)
    within, between = means(columns, labels, dot)
    assert not near(got, within - between), (
        f"{call} gave {got:.4f}, for which the columns were brought to length 1. It is the rows that are vectors: along which axis is your norm?"
    )
    expect.close(got, wanted(rows, labels), call=call, hint="Bring each row to length 1 first; then dot products are cosines.", atol=1e-5)


@pytest.mark.points(2)
def test_within_minus_between(learner, rng):
    """It is positive when texts of a class are more alike than texts of two classes, and negative when they are less."""
    rows, labels = clouds(rng, (7, 7), (0, 1), spread=0.25)
    turned = rows * np.where(np.arange(14) % 2, 1, -1)[np.argsort(np.argsort(labels, kind="stable"))][:, None]
    for data, about in ((rows, "whose classes lie apart"), (turned, "whose classes are mixed, each with opposites in it")):
        got, call = gap(learner, data, labels, f"on 14 texts {about}")
        within, between = means(data, labels)
        assert not near(got, between - within), (
            f"{call} gave {got:.4f}: the sign is turned round. Within classes comes first, and between classes is subtracted."
        )
        assert not near(got, within), (
            f"{call} gave {got:.4f}, the mean within classes alone. Whether that is much can only be said beside the mean between classes: subtract it."
        )
        assert not near(got, between), (
            f"{call} gave {got:.4f}, the mean between classes alone. It is to be subtracted from the mean within."
        )
        expect.close(
            got, within - between, call=call, hint="The mean within classes minus the mean between them, with its sign.", atol=1e-5
        )


@pytest.mark.points(2)
def test_every_pair_counts_the_same(learner, rng):
    """The mean goes over pairs, not over classes, and not over the classes' centres."""
    large, labels_large = clouds(rng, (11,), (0,), spread=0.2)
    small, labels_small = clouds(rng, (3,), (1,), spread=3.0)
    rows, labels = np.concatenate([large, small]), np.concatenate([labels_large, labels_small])
    got, call = gap(learner, rows, labels, "on a class of 11 texts and one of 3")
    by_class = [np.mean([cosine(a, b) for a, b in combinations(rows[labels == k], 2)]) for k in (0, 1)]
    between = means(rows, labels)[1]
    assert not near(got, np.mean(by_class) - between), (
        f"{call} gave {got:.4f}: first a mean for each class, then a mean of those. The contract asks for one mean over all pairs that share a class, so that a class with more pairs counts for more."
    )
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    for data in (rows, unit):
        middle = cosine(data[labels == 0].mean(axis=0), data[labels == 1].mean(axis=0))
        assert not (near(got, 1 - middle) or near(got, means(rows, labels)[0] - middle)), (
            f"{call} gave {got:.4f}, for which the classes' centres were compared. A mean of cosines isn't the cosine of means: compare pairs of texts."
        )
    expect.close(
        got,
        wanted(rows, labels),
        call=call,
        hint="Collect the cosines of all pairs within classes in one pot, and take one mean.",
        atol=1e-5,
    )


@pytest.mark.points(1)
def test_any_number_of_classes(learner, rng):
    """Labels may be any integers, of any number of classes, and a class may have a single text."""
    rows, labels = clouds(rng, (5, 4, 1, 3), (-3, 7, 40, 0))
    got, call = gap(learner, rows, labels, "on 4 classes that are called -3, 0, 7 and 40, the last with a single text")
    hint = "Only whether two labels are equal matters. A class with a single text has pairs with other classes, and none of its own."
    expect.close(got, wanted(rows, labels), call=call, hint=hint, atol=1e-5)


@pytest.mark.points(1)
def test_equal_texts_are_a_pair(learner, rng):
    """Two equal rows are a pair like any other, and no argument is changed."""
    rows, labels = clouds(rng, (4, 4), (0, 1))
    first, second = (np.flatnonzero(labels == k) for k in (0, 1))
    rows[first[1]], rows[second[2]] = rows[first[0]], 2 * rows[second[3]]
    got, call = gap(learner, rows, labels, "on 8 texts, some of them with equal vectors")
    hint = "Two texts with the same vector are still two texts. It is by their places that a row and itself are told, not by a cosine of 1."
    expect.close(got, wanted(rows, labels), call=call, hint=hint, atol=1e-5)
    rows = rows.astype(np.float32)
    got, call = gap(learner, rows, labels, "on features of 32 bit")
    expect.close(got, wanted(rows.astype(float), labels), call=call, hint="It should work for 32-bit numbers too.", atol=1e-4)
    assert all(map(np.array_equal, learner.last.args, (rows, labels))), (
        f"{call} changed an array that it was given. `features /= …` works in place; `features / …` makes a new array."
    )
