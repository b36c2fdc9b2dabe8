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
    return expect.number(float(got) if isinstance(got, np.floating) else got, call=call), call


def near(a, b, slack=1e-5):
    return abs(a - b) < slack


def centres(rows, labels):
    """The cosine of each pair of classes' centres, of the rows as they are and of rows of length 1; for each, the mean."""
    found = []
    for data in (rows, rows / np.linalg.norm(rows, axis=1, keepdims=True)):
        middles = [data[labels == k].mean(axis=0) for k in np.unique(labels)]
        found.append(float(np.mean([cosine(a, b) for a, b in combinations(middles, 2)])))
    return found


def ways(rows, labels):
    """What the usual mistakes give, and the words for each."""
    within, between = means(rows, labels)
    itself = [cosine(a, b) for a, k in zip(rows, labels, strict=True) for b, m in zip(rows, labels, strict=True) if k == m]
    several = [rows[labels == k] for k in np.unique(labels) if np.sum(labels == k) > 1]
    by_class = [np.mean([cosine(a, b) for a, b in combinations(some, 2)]) for some in several]
    told = {
        "which counts each text as its own neighbour. The cosine of a vector with itself is always 1, and says nothing about a class: leave the diagonal out.": [
            np.mean(itself) - between
        ],
        "which is made of dot products. A cosine is the dot product divided by both lengths, so that a long vector isn't more alike by being long.": [
            np.subtract(*means(rows, labels, dot))
        ],
        "for which the columns were brought to length 1. It is the rows that are vectors: along which axis is your norm?": [
            np.subtract(*means(rows / np.linalg.norm(rows, axis=0), labels, dot))
        ],
        "for which the sign is turned round. Within classes comes first, and between classes is subtracted; and it is cosines that are averaged, not distances.": [
            between - within
        ],
        "the mean within classes alone. Whether that is much can only be said beside the mean between classes: subtract it.": [within],
        "the mean between classes alone. It is to be subtracted from the mean within.": [between],
        "which is first a mean for each class, then a mean of those. The contract asks for one mean over all pairs that share a class, so that a "
        "class with more pairs counts for more.": [np.mean(by_class) - between],
        "for which the classes' centres were compared. A mean of cosines isn't the cosine of means: compare pairs of texts.": [
            first - middle for middle in centres(rows, labels) for first in (1, within)
        ],
        "for which all labels but the smallest were taken for one class. Labels are any integers: ask of each pair whether the two are equal.": [
            np.subtract(*means(rows, labels == labels.min()))
        ],
    }
    others = [(a, k) for n, (a, k) in enumerate(zip(rows, labels, strict=True)) if not any(near(cosine(a, b), 1) for b in rows[:n])]
    alike = [near(cosine(a, b), 1) for a, b in combinations(rows, 2)]
    if any(alike):
        distinct = [cosine(rows[i], rows[j]) for i, j in combinations(range(len(rows)), 2) if labels[i] == labels[j]]
        kept = np.mean([c for c in distinct if not near(c, 1)])
        told[
            "which leaves out pairs of texts whose vectors are equal. Two texts with the same vector are still two texts: it is by their places that a row and "
            "itself are told, not by a cosine of 1."
        ] = [kept - between, np.subtract(*means(np.array([a for a, _ in others]), np.array([k for _, k in others])))]
    return told


def judged(got, rows, labels, call, otherwise, slack=1e-5):
    """Passes the right gap; says of a wrong one from which mistake it comes, where that is plain, and else `otherwise`."""
    if near(got, wanted(rows, labels), slack):
        return
    told = [words for words, values in ways(rows, labels).items() if any(near(got, value, slack) for value in values)]
    assert told or abs(got) <= 2.001, (
        f"{call} gave {got:.4f}, which is outside of what is possible (from -2 to 2). Are these cosines? {otherwise}"
    )
    raise AssertionError(
        f"{call} gave {got:.4f}, {told[0]}" if len(told) == 1 else f"{call} gave {got:.4f}, which is not right. {otherwise}"
    )


@pytest.mark.points(1)
def test_two_classes_of_a_few_texts(learner, rng):
    """For two classes it is one float: the mean cosine within classes minus that between them."""
    rows, labels = clouds(rng, (6, 6), (0, 1))
    got, call = gap(learner, rows, labels, "on 12 texts of 2 classes")
    expect.number(learner.last.value, call=call)
    judged(got, rows, labels, call, "Mean over the pairs of one class each, minus mean over the mixed pairs.")


@pytest.mark.points(2)
def test_no_text_is_paired_with_itself(learner, rng):
    """A text and itself are no pair."""
    rows, labels = clouds(rng, (3, 3, 3), (0, 1, 2))
    got, call = gap(learner, rows, labels, "on 3 classes of 3 texts")
    judged(got, rows, labels, call, "Only pairs of two different rows count, on either side.")


@pytest.mark.points(2)
def test_only_directions_count(learner, rng):
    """Longer vectors don't weigh more: it is the cosine, not the dot product."""
    rows, labels = clouds(rng, (5, 6), (1, 0))
    longer = rows * rng.uniform(0.1, 30.0, size=(11, 1))
    got, call = gap(learner, longer / 30, labels, "on vectors of very different lengths")
    judged(got, longer / 30, labels, call, "Bring each row to length 1 first; then dot products are cosines.")


@pytest.mark.points(2)
def test_within_minus_between(learner, rng):
    """It is positive when texts of a class are more alike than texts of two classes, and negative when they are less."""
    rows, labels = clouds(rng, (7, 7), (0, 1), spread=0.25)
    turned = rows * np.where(np.arange(14) % 2, 1, -1)[np.argsort(np.argsort(labels, kind="stable"))][:, None]
    for data, about in ((rows, "whose classes lie apart"), (turned, "whose classes are mixed, each with opposites in it")):
        got, call = gap(learner, data, labels, f"on 14 texts {about}")
        judged(got, data, labels, call, "The mean within classes minus the mean between them, with its sign.")


@pytest.mark.points(2)
def test_every_pair_counts_the_same(learner, rng):
    """The mean goes over pairs, not over classes, and not over the classes' centres."""
    large, labels_large = clouds(rng, (11,), (0,), spread=0.2)
    small, labels_small = clouds(rng, (3,), (1,), spread=3.0)
    rows, labels = np.concatenate([large, small]), np.concatenate([labels_large, labels_small])
    got, call = gap(learner, rows, labels, "on a class of 11 texts and one of 3")
    judged(got, rows, labels, call, "Collect the cosines of all pairs within classes in one pot, and take one mean.")


@pytest.mark.points(1)
def test_any_number_of_classes(learner, rng):
    """Labels may be any integers, of any number of classes, and a class may have a single text."""
    rows, labels = clouds(rng, (5, 4, 1, 3), (-3, 7, 40, 0))
    got, call = gap(learner, rows, labels, "on 4 classes that are called -3, 0, 7 and 40, the last with a single text")
    hint = "Only whether two labels are equal matters. A class with a single text has pairs with other classes, and none of its own."
    judged(got, rows, labels, call, hint)


@pytest.mark.points(1)
def test_equal_texts_are_a_pair(learner, rng):
    """Two equal rows are a pair like any other, and no argument is changed."""
    rows, labels = clouds(rng, (4, 4), (0, 1))
    first, second = (np.flatnonzero(labels == k) for k in (0, 1))
    rows[first[1]], rows[second[2]] = rows[first[0]], 2 * rows[second[3]]
    got, call = gap(learner, rows, labels, "on 8 texts, some of them with equal vectors")
    judged(got, rows, labels, call, "Two texts with the same vector are still two texts, and a pair like any other.")
    rows = rows.astype(np.float32)
    got, call = gap(learner, rows, labels, "on features of 32 bit")
    judged(got, rows.astype(float), labels, call, "It should work for 32-bit numbers too.", slack=1e-4)
    assert all(map(np.array_equal, learner.last.args, (rows, labels))), (
        f"{call} changed an array that it was given. `features /= …` works in place; `features / …` makes a new array."
    )
