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
        expect.integer(int(got[key]) if isinstance(got[key], np.integer) else got[key], call=f"{call.rstrip(',')}: {key!r}", low=0)
    return [int(got[key]) for key in KEYS]


def mistake(got, counts, labels, a, b):
    """A sentence that names the mistake that gives just these counts, "" when it is none that is known."""
    both, only_a, only_b, neither = counts
    if got == [both, only_b, only_a, neither]:
        return "'only_a' and 'only_b' are swapped: 'only_a' is where a is right and b is wrong."
    if got[1:3] == [both + only_a, both + only_b] != [only_a, only_b]:
        return "'only_a' holds all that a gets right. Those that b gets right as well belong to 'both'."
    if got[0] == (a == b).sum() != both:
        return "'both' counts where the two answers agree. They may agree and both be wrong: compare each of them with the label, not with the other."
    if got[3] == ((a == b) & (a != labels)).sum() != neither:
        return "'neither' counts only where both give the same answer. Two wrong answers needn't be the same wrong answer."
    return ""


@pytest.mark.points(1)
def test_four_whole_numbers(learner, rng):
    """It returns four counts, as plain whole numbers, that add up to the number of examples."""
    counts = drawn(rng)
    labels, a, b = answers(counts, rng)
    got = learner.head_to_head(labels, a, b)
    call = f"head_to_head(labels, predictions_a, predictions_b), on {len(labels)} examples"
    expect.mapping(got, call=call, keys=KEYS)
    for key in KEYS:
        assert type(got[key]) is not float, f"{call}: {key!r} is {got[key]:.4g}. These are counts of examples, no shares."
        expect.integer(got[key], call=f"{call}: {key!r}", low=0)
    total = sum(got.values())
    assert total == len(labels), (
        f"{call}, gave counts that add up to {total}. Each example belongs to exactly one of the four. "
        f"{mistake([got[key] for key in KEYS], counts.tolist(), labels, a, b)}".rstrip()
    )


@pytest.mark.points(2)
def test_right_means_like_the_label(learner, rng):
    """An answer is right when it is the label, not when the other model gives it too."""
    counts = drawn(rng).tolist()
    labels, a, b = answers(counts, rng)
    got = learner.head_to_head(labels, a, b)
    call = "head_to_head(labels, predictions_a, predictions_b), with four classes,"
    got = counted(got, call)
    for place in (0, 3):
        assert got[place] == counts[place], (
            f"{call} gave {got[place]} for {KEYS[place]!r}, where {counts[place]} is right. "
            f"{mistake(got, counts, labels, a, b) or 'An answer is right when it equals the label, and wrong otherwise.'}"
        )


@pytest.mark.points(2)
def test_who_wins_where(learner, rng):
    """'only_a' counts the examples that a gets right and b wrong, 'only_b' the reverse."""
    counts = drawn(rng).tolist()
    labels, a, b = answers(counts, rng)
    got = learner.head_to_head(labels, a, b)
    call = "head_to_head(labels, predictions_a, predictions_b)"
    got = counted(got, call)
    assert got[1:3] == counts[1:3], (
        f"{call} gave {got[1]} for 'only_a' and {got[2]} for 'only_b', where {counts[1]} and {counts[2]} are right. "
        f"{mistake(got, counts, labels, a, b) or 'Go example by example: is a right? Is b right? `only` means that the other is wrong.'}"
    )


@pytest.mark.points(1)
def test_two_classes(learner, rng):
    """It holds for two classes, and when some of the four never happen; the arguments stay as they are."""
    for gone in (0, 1, 2, 3):
        counts = drawn(rng)
        counts[gone] = 0
        counts = counts.tolist()
        given = answers(counts, rng, classes=2)
        got = learner.head_to_head(*given)
        call = f"head_to_head(labels, predictions_a, predictions_b), with two classes, where {KEYS[gone]!r} never happens,"
        shown, got = got, counted(got, call)
        wrong = [place for place in range(4) if got[place] != counts[place]]
        assert not wrong, (
            f"{call} gave {shown}, where {KEYS[wrong[0]]!r} should be {counts[wrong[0]]}. {mistake(got, counts, *given)}".rstrip()
        )
        assert all(map(np.array_equal, learner.last.args, given)), f"{call} changed an array that it was given. Work on a copy."
