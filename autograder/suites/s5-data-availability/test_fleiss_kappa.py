"""Hidden suite of `fleiss_kappa`."""

import math

import numpy as np
import pytest

from tunelab import expect


def parts(counts):
    """Agreement on each item and shares of the classes, each item counting the same."""
    counts = counts.astype(float)
    raters = counts.sum(axis=1)
    return (counts * (counts - 1)).sum(axis=1) / (raters * (raters - 1)), (counts / raters[:, None]).mean(axis=0)


def beyond(observed, chance):
    return (observed - chance) / (1 - chance)


def exact(counts):
    agreement, shares = parts(counts)
    return beyond(agreement.mean(), (shares**2).sum())


def drawn(rng, raters, classes=3, spread=0.8):
    """Counts for items with so many raters each; each item has leanings of its own, and classes aren't equally frequent."""
    leaning = rng.dirichlet(spread * np.arange(1, classes + 1), size=len(raters))
    return np.array([rng.multinomial(n, p) for n, p in zip(raters, leaning, strict=True)])


def kappa(learner, counts, about):
    """The ladder up to the value. Whether it is a plain float is asked once, in the first test."""
    call = f"fleiss_kappa(counts), {about},"
    got = learner.fleiss_kappa(counts)
    if isinstance(got, float | np.floating):
        assert not math.isnan(got), (
            f"{call} gave NaN: 0 / 0. When all chose one class, chance agreement is 1, and the contract says what kappa is then."
        )
        got = float(got)
    return expect.number(got, call=call), call


def check(got, counts, call, hint):
    expect.close(got, exact(counts), call=call, hint=hint, atol=1e-9)


def heaps(got, counts, call):
    """Neither all ratings nor all pairs were put in one heap, where items with many raters count for more."""
    if abs(got - exact(counts)) <= 1e-9:
        return
    agreement, shares = parts(counts)
    total = counts.sum(axis=1)
    pooled = ((counts.sum(axis=0) / counts.sum()) ** 2).sum()
    assert abs(got - beyond(agreement.mean(), pooled)) > 1e-9, (
        f"{call} gave {got:.4f}: the classes' shares were made of all ratings in one heap, where an item of many raters counts for more than one of few. Take each item's shares first, then their mean."
    )
    weighted = (counts * (counts - 1)).sum() / (total * (total - 1)).sum()
    for chance in (pooled, (shares**2).sum()):
        assert abs(got - beyond(weighted, chance)) > 1e-9, (
            f"{call} gave {got:.4f}: all pairs of raters were put in one heap. Take each item's agreement first, then their mean."
        )


@pytest.mark.points(2)
def test_equally_many_raters(learner, rng):
    """With equally many raters for every item it is Fleiss' kappa, a float."""
    for raters, classes in ((14, 5), (3, 2)):
        counts = drawn(rng, [raters] * 12, classes)
        got, call = kappa(learner, counts, f"on 12 items with {raters} raters each and {classes} classes")
        expect.number(learner.last.value, call=call)
        agreement, shares = parts(counts)
        right = abs(got - exact(counts)) <= 1e-9  # where kappa is 0 or 1, a step left out changes nothing
        assert right or abs(got - agreement.mean()) > 1e-9, (
            f"{call} gave {got:.4f}, which is the observed agreement itself. Take away what chance gives."
        )
        assert right or abs(got - (agreement.mean() - (shares**2).sum())) > 1e-9, (
            f"{call} gave {got:.4f}: observed minus chance, not yet divided by 1 - chance."
        )
        check(got, counts, call, "(observed - chance) / (1 - chance).")
    assert np.array_equal(learner.last.args[0], counts), f"{call} changed the array that it was given."


@pytest.mark.points(2)
def test_pairs_of_two_different_raters(learner, rng):
    """Nobody is paired with oneself: with few raters that makes all the difference."""
    counts = drawn(rng, [2] * int(rng.integers(14, 20)) + [3] * 4, 3)
    got, call = kappa(learner, counts, "on items with 2 or 3 raters")
    _, shares = parts(counts)
    raters = counts.sum(axis=1)
    chance = (shares**2).sum()
    assert abs(got - beyond(((counts / raters[:, None]) ** 2).sum(axis=1).mean(), chance)) > 1e-9, (
        f"{call} gave {got:.4f}: each rater was paired with themselves, too, and always agrees there. Of n raters there are n * (n - 1) pairs of two different ones."
    )
    assert abs(got - beyond(((counts * (counts - 1)).sum(axis=1) / raters**2).mean(), chance)) > 1e-9, (
        f"{call} gave {got:.4f}: the agreeing pairs are of two different people, but they were divided by pairs that have everybody with themselves in them."
    )
    heaps(got, counts, call)
    check(got, counts, call, "On each item: the sum of count * (count - 1), divided by raters * (raters - 1).")


@pytest.mark.points(2)
def test_chance_is_one_number_for_all(learner, rng):
    """Chance agreement comes from the classes' shares over all items, not from each item's own."""
    counts = drawn(rng, [8] * 15, 3, spread=0.4)
    got, call = kappa(learner, counts, "on items that most raters agree on, each on another class")
    agreement, _ = parts(counts)
    own = ((counts / 8) ** 2).sum(axis=1)
    with np.errstate(all="ignore"):
        each = np.where(own < 1, (agreement - own) / (1 - own), 1.0)
    for wrong in (beyond(agreement.mean(), own.mean()), each.mean()):
        assert abs(got - wrong) > 1e-9, (
            f"{call} gave {got:.4f}: chance was worked out item by item. But an item's own shares are what its raters agree about. Chance is a rater who knows the shares of the whole, and not the item."
        )
    assert abs(got - beyond(agreement.mean(), 1 / 3)) > 1e-9, (
        f"{call} gave {got:.4f}: chance was taken for one in three. Classes aren't equally frequent."
    )
    check(got, counts, call, "The squared shares of the classes over all items, added up.")


@pytest.mark.points(3)
def test_any_number_of_raters(learner, rng):
    """Items may have different numbers of raters, and each counts the same."""
    raters = [int(n) for n in rng.permutation([2, 3, 5, 20, 24, 40, 99, 21, 4, 30])]
    counts = drawn(rng, raters, 3)
    crowded = counts.sum(axis=1) > 20
    counts[crowded] = counts[crowded][:, ::-1]
    got, call = kappa(learner, counts, "on ten items with 2 to 99 raters")
    heaps(got, counts, call)
    _, shares = parts(counts)
    total = counts.sum(axis=1)
    pooled = (counts.sum(axis=0) / counts.sum()) ** 2
    for fixed in {int(total[0]), int(total.max()), int(total.min())}:
        wrong = (counts * (counts - 1)).sum(axis=1) / (fixed * (fixed - 1))
        assert all(
            abs(got - beyond(wrong.mean(), c)) > 1e-9
            for c in ((shares**2).sum(), pooled.sum(), ((counts.sum(axis=0) / (fixed * len(counts))) ** 2).sum())
        ), f"{call} gave {got:.4f}: every item was taken to have {fixed} raters. Each row has a number of its own: the sum of its counts."
    check(got, counts, call, "Each item's agreement and shares with its own number of raters, then means over items.")


@pytest.mark.points(1)
def test_full_agreement(learner, rng):
    """When the raters of each item agree, it is 1.0, also if all items are of one class."""
    counts = np.zeros((9, 3), dtype=np.int64)
    counts[np.arange(9), rng.permutation([0, 1, 2] * 3)] = rng.integers(2, 30, size=9)
    got, call = kappa(learner, counts, "where the raters of each item agree")
    assert abs(got - 1.0) < 1e-9, f"{call} gave {got:.4f}. Nobody disagrees with anybody: 1.0."
    one = np.zeros((5, 3), dtype=np.int64)
    one[:, int(rng.integers(3))] = rng.integers(2, 9, size=5)
    got, call = kappa(learner, one, "where everybody chose the same class for everything")
    assert got == 1.0, f"{call} gave {got}. Full agreement is 1.0, though chance would give as much."


@pytest.mark.points(1)
def test_a_class_that_nobody_chose(learner, rng):
    """A column of zeros changes nothing, and kappa may be negative."""
    counts = drawn(rng, [6] * 10, 3)
    wider = np.insert(counts, 1, 0, axis=1)
    got, call = kappa(learner, wider, "with a class that nobody chose")
    check(got, counts, call, "A class with a share of 0 adds nothing to chance.")
    even = np.full((int(rng.integers(4, 9)), 2), 2)
    got, call = kappa(learner, even, "where each item splits its four raters evenly")
    assert got < 0, f"{call} gave {got:.4f}. They agree less often than chance would have it: kappa is below 0 then."
    check(got, even, call, "Nothing is cut off at 0.")


@pytest.mark.points(1)
def test_too_few_raters(learner, rng):
    """An item with fewer than two raters, or no item, is refused with a ValueError."""
    counts = drawn(rng, [5, 6, 7], 3)
    one, none = counts.copy(), counts.copy()
    one[1], none[2] = [0, 1, 0], [0, 0, 0]
    for wrong, about in ((one, "where an item has one rater"), (none, "where an item has no rater"), (counts[:0], "without items")):
        call = f"fleiss_kappa(counts), {about},"
        try:
            got = learner.fleiss_kappa(wrong)
        except ValueError:
            continue
        raise AssertionError(
            f"{call} gave {got!r:.40}. Where there are no two raters, nobody can agree: the contract asks for a ValueError."
        )
