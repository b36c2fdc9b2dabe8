"""Hidden suite of `cohen_kappa`."""

import math
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest

from tunelab import expect


def exact(a, b):
    """Observed and chance agreement, and kappa, in fractions."""
    total = len(a)
    observed = Fraction(sum(x == y for x, y in zip(a, b, strict=True)), total)
    first, second = Counter(a), Counter(b)
    chance = sum(Fraction(first[label] * second[label], total**2) for label in set(a) | set(b))
    return observed, chance, (observed - chance) / (1 - chance) if chance != 1 else Fraction(1)


def annotators(rng, labels, items=60, same=0.7, lean=None):
    """Two columns of labels that agree on about `same` of the items beyond chance; the second annotator leans to one label."""
    a = rng.choice(len(labels), size=items, p=rng.dirichlet(np.full(len(labels), 3.0)))
    other = rng.choice(len(labels), size=items, p=lean if lean is not None else rng.dirichlet(np.full(len(labels), 3.0)))
    b = np.where(rng.random(items) < same, a, other)
    a[: len(labels)], b[: len(labels)] = np.arange(len(labels)), rng.permutation(len(labels))
    return [labels[i] for i in a], [labels[i] for i in b]


def kappa(learner, a, b, about):
    """The ladder up to the value. Whether it is a plain float is asked once, in the first test."""
    call = f"cohen_kappa(a, b), {about},"
    certain = exact(a, b)[1] == 1
    other = "Chance agreement isn't 1 there. Is it made of a's share of each label times b's, of all items?"
    try:
        got = learner.cohen_kappa(a, b)
    except ZeroDivisionError:
        hint = "When chance agreement is 1 there is nothing to divide by: what should kappa be then?" if certain else other
        raise AssertionError(f"{call} raised ZeroDivisionError. {hint}") from None
    if isinstance(got, int | float | np.floating) and not isinstance(got, bool):
        hint = "When chance agreement is 1, (observed - chance) / (1 - chance) is 0 / 0: the contract says what kappa is then."
        assert not math.isnan(got), f"{call} gave NaN. {hint if certain else other}"
        got = float(got)
    return expect.number(got, call=call), call


def slip(got, a, b):
    """What to say where a usual mistake gives just this number."""
    observed, chance, best = map(float, exact(a, b))
    if abs(got - observed) <= 1e-9:
        return "which is the share of items on which they agree. Two people who guess agree, too: take chance away."
    if abs(got - (observed - chance)) <= 1e-9:
        return "observed minus chance, not yet divided by what was left to gain, 1 - chance."
    total = len(a)
    first, second = Counter(a), Counter(b)
    labels, shared = set(a) | set(b), set(a) & set(b)
    among = sum(first[x] for x in shared) * sum(second[x] for x in shared)
    for wrong, said in (
        (sum(first[x] ** 2 for x in labels) / total**2, "a's shares alone, squared"),
        (sum(second[x] ** 2 for x in labels) / total**2, "b's shares alone, squared"),
        (
            sum(((first[x] + second[x]) / (2 * total)) ** 2 for x in labels),
            "the shares of both together, squared (that is Scott's pi)",
        ),
        (1 / len(labels), "equal shares for all labels"),
        (
            sum(first[x] * second[x] for x in shared) / among if among else 0.0,
            "shares among the labels that both of them used; a label that one of them never used has a share of 0 there, and changes nobody else's share",
        ),
    ):
        if wrong != 1 and abs(got - (observed - wrong) / (1 - wrong)) <= 1e-9:
            return f"whose chance agreement is made of {said}. Cohen's is made of both: a's share of a label times b's share of it."
    if best < -1e-9 and got == 0:
        return "but they agree less often than chance would have it: kappa is negative then, and isn't cut off at 0."
    return ""


def check(got, a, b, call, hint):
    """The right value, or what is wrong with it."""
    if abs(got - float(exact(a, b)[2])) > 1e-9:  # now and then two ways give the same number
        said = slip(got, a, b)
        raise AssertionError(f"{call} gave {got:.4f}, {said or 'which is not right. ' + hint}")


@pytest.mark.points(2)
def test_beyond_chance(learner, rng):
    """Kappa is what is left of the agreement when chance is taken away, as a float."""
    for labels in (["fresh", "rotten"], [f"class{n}" for n in rng.choice(900, size=4, replace=False)]):
        a, b = annotators(rng, labels)
        got, call = kappa(learner, a, b, f"on 60 items of {len(labels)} labels")
        expect.number(learner.last.value, call=call)
        check(got, a, b, call, "It is (observed - chance) / (1 - chance).")
    assert learner.last.args == (a, b), f"{call} changed a list that it was given."


@pytest.mark.points(2)
def test_chance_from_both_annotators(learner, rng):
    """Chance multiplies a's share of a label by b's, for annotators who lean in different directions."""
    a = ["negative"] * int(rng.integers(30, 36)) + ["neutral"] * int(rng.integers(8, 12)) + ["positive"] * int(rng.integers(5, 8))
    b = [label if rng.random() < 0.45 else "positive" for label in a]
    got, call = kappa(learner, a, b, "where a says negative most of the time, and b positive")
    check(got, a, b, call, "For each label, a's share times b's share.")
    swapped, call = kappa(learner, b, a, "with the two annotators exchanged")
    check(swapped, a, b, call, "Kappa is the same whoever comes first.")


@pytest.mark.points(1)
def test_the_same_labels(learner, rng):
    """Two annotators who agree everywhere have 1.0."""
    for labels in ([0, 1], ["x", "y", "z"]):
        a, _ = annotators(rng, labels, items=20)
        got, call = kappa(learner, a, list(a), f"with the same list of {len(labels)} labels twice")
        assert abs(got - 1.0) < 1e-9, f"{call} gave {got:.4f}. They agree on every item."
    a, b = annotators(rng, [0, 1], items=41, same=0.5)
    got, call = kappa(learner, a, b, "where they agree on some items only")
    if abs(got - float(exact(a, b)[2])) > 1e-9:
        named, _ = kappa(learner, [f"label {x}" for x in a], [f"label {x}" for x in b], "with strings for labels")
        alike = abs(named - float(exact(a, b)[2])) > 1e-9
        check(got, a, b, call, "It is (observed - chance) / (1 - chance)." if alike else "Whole numbers are labels like strings.")


@pytest.mark.points(2)
def test_one_label_only(learner, rng):
    """When both used one label, and the same, kappa is 1.0; one label each, but different ones, is 0."""
    for label, items in (("fresh", int(rng.integers(3, 30))), (0, 1)):
        got, call = kappa(learner, [label] * items, [label] * items, f"where both gave {label!r} to all {items} items")
        assert got == 1.0, f"{call} gave {got}. They agree on every item: 1.0, though chance would give as much."
    got, call = kappa(learner, ["a"] * 5, ["b"] * 5, "where one says a of all five items, and the other b")
    assert abs(got) < 1e-9, f"{call} gave {got:.4g}. They never agree, and chance would give as little: 0."
    a = ["a"] * 6 + ["b"] * int(rng.integers(1, 4))
    b = ["a"] * len(a)
    got, call = kappa(learner, a, b, "where one annotator says a of all items, and the other of most")
    assert abs(got) < 1e-9, f"{call} gave {got:.4f}. Somebody who always says the same agrees just as often as chance: 0."


@pytest.mark.points(1)
def test_below_chance(learner, rng):
    """Two who contradict each other are below 0, and it isn't cut off there."""
    count = int(rng.integers(4, 12))
    a = ["y", "n"] * count + ["y"]
    b = ["n", "y"] * count + ["y"]
    got, call = kappa(learner, a, b, "where they contradict each other on all items but one")
    check(got, a, b, call, "They agree less often than chance would have it: kappa is negative then.")


@pytest.mark.points(1)
def test_labels_that_one_of_them_never_used(learner, rng):
    """A label that only one of the two used has its place in the agreement as it is: 0."""
    a = ["x"] * 7 + ["y"] * int(rng.integers(4, 9)) + ["z"] * 3
    b = ["w"] * 3 + ["x"] * 6 + ["y"] * (len(a) - 9)
    for first, second, about in ((a, b, "where z is a's alone and w is b's alone"), (b, a, "where w is a's alone and z is b's alone")):
        got, call = kappa(learner, first, second, about)
        check(got, first, second, call, "A label that one of them never used has a share of 0 there. It changes nobody else's share.")


@pytest.mark.points(1)
def test_lists_that_do_not_match(learner, rng):
    """Lists of unequal length, or without labels, are refused with a ValueError."""
    for a, b, about in ((["y"] * 4, ["y"] * 3, "with 4 labels and 3"), ([], [], "without labels")):
        call = f"cohen_kappa(a, b), {about},"
        try:
            got = learner.cohen_kappa(a, b)
        except ValueError:
            continue
        except ZeroDivisionError:
            raise AssertionError(
                f"{call} raised ZeroDivisionError. Look at the lengths first, and raise a ValueError that says what is wrong."
            ) from None
        raise AssertionError(
            f"{call} gave {got!r:.40}. zip() stops at the shorter list and says nothing: compare the lengths, and raise a ValueError."
        )
