"""Hidden suite of `head_to_head`."""

import numpy as np
import pytest

from tunelab import expect

KEYS = ("both", "only_a", "only_b", "neither")


def answers(counts, rng, classes=4):
    """Labels and two columns of predictions with `counts` examples of each kind, shuffled. Two wrong answers are equal only half of the time."""
    kind = rng.permutation(np.repeat(np.arange(4), counts))
    labels = rng.integers(0, classes, size=len(kind))
    first = (labels + rng.integers(1, classes, size=len(kind))) % classes
    other = (labels + rng.integers(1, classes, size=len(kind))) % classes
    other = np.where(rng.random(len(kind)) < 0.5, first, other)
    a = np.where((kind == 0) | (kind == 1), labels, first)
    b = np.where((kind == 0) | (kind == 2), labels, other)
    return labels, a, b


def drawn(rng):
    """Four counts, all different."""
    return rng.permutation(np.array([0, 7, 14, 21]) + rng.integers(3, 8, size=4))


def counted(got, call):
    expect.mapping(got, call=call, keys=KEYS)
    for key in KEYS:
        expect.integer(int(got[key]) if isinstance(got[key], np.integer) else got[key], call=f"{call}: {key!r}", low=0)
    return [int(got[key]) for key in KEYS]


@pytest.mark.points(1)
def test_four_whole_numbers(learner, rng):
    """It returns four counts, as plain whole numbers, that add up to the number of examples."""
    labels, a, b = answers(drawn(rng), rng)
    got = learner.head_to_head(labels, a, b)
    call = f"head_to_head(labels, predictions_a, predictions_b), on {len(labels)} examples,"
    expect.mapping(got, call=call, keys=KEYS)
    for key in KEYS:
        assert type(got[key]) is not float, f"{call}: {key!r} is {got[key]:.4g}. These are counts of examples, no shares."
        expect.integer(got[key], call=f"{call}: {key!r}", low=0)
    total = sum(got.values())
    assert total == len(labels), (
        f"{call} gave counts that add up to {total}. Each example belongs to exactly one of the four: two wrong answers needn't be the same wrong answer."
    )


@pytest.mark.points(2)
def test_right_means_like_the_label(learner, rng):
    """An answer is right when it is the label, not when the other model gives it too."""
    counts = drawn(rng)
    labels, a, b = answers(counts, rng)
    got = learner.head_to_head(labels, a, b)
    call = "head_to_head(labels, predictions_a, predictions_b), with four classes,"
    both, _, _, neither = counted(got, call)
    assert both == counts[0], (
        f"{call} gave {both} for 'both'. Two models that agree may both be wrong: compare each of them with the label, not with the other."
    )
    assert neither == counts[3], (
        f"{call} gave {neither} for 'neither'. Both are wrong wherever neither answer is the label, whether or not the two answers are equal."
    )


@pytest.mark.points(2)
def test_who_wins_where(learner, rng):
    """'only_a' counts the examples that a gets right and b wrong, 'only_b' the reverse."""
    counts = drawn(rng)
    labels, a, b = answers(counts, rng)
    got = learner.head_to_head(labels, a, b)
    call = "head_to_head(labels, predictions_a, predictions_b)"
    _, only_a, only_b, _ = counted(got, call)
    assert (only_a, only_b) != (counts[2], counts[1]), (
        f"{call} has 'only_a' and 'only_b' swapped: 'only_a' is where a is right and b is wrong."
    )
    assert (only_a, only_b) != (counts[0] + counts[1], counts[0] + counts[2]), (
        f"{call} counts in 'only_a' all that a gets right. Those that b gets right as well belong to 'both'."
    )
    assert (only_a, only_b) == (counts[1], counts[2]), (
        f"{call} gave {only_a} for 'only_a' and {only_b} for 'only_b'. Go example by example: is a right? Is b right? 'only' means that the other is wrong."
    )


@pytest.mark.points(1)
def test_two_classes(learner, rng):
    """It holds for two classes, and when some of the four never happen; the arguments stay as they are."""
    for gone in (0, 1, 2, 3):
        counts = drawn(rng)
        counts[gone] = 0
        given = answers(counts, rng, classes=2)
        got = learner.head_to_head(*given)
        call = f"head_to_head(labels, predictions_a, predictions_b), where {KEYS[gone]!r} never happens,"
        assert counted(got, call) == counts.tolist(), (
            f"{call} gave {got}, which isn't what a count by hand gives. The other three must not change because one is 0."
        )
        assert all(map(np.array_equal, learner.last.args, given)), f"{call} changed an array that it was given. Work on a copy."
