"""Hidden suite of `pick_to_label`."""

import numpy as np
import pytest

from tunelab import expect

STRATEGIES = ("least_confident", "margin", "entropy")


def sureness(p, strategy):
    """Small for what is to be labelled first."""
    ordered = np.sort(p, axis=1)
    if strategy == "least_confident":
        return ordered[:, -1]
    if strategy == "margin":
        return ordered[:, -1] - ordered[:, -2]
    return np.where(p > 0, p * np.log(np.where(p > 0, p, 1.0)), 0.0).sum(axis=1)


def right(p, k, strategy):
    return np.argsort(sureness(p, strategy), kind="stable")[:k].tolist()


def drawn(rng, n=30, classes=4):
    """Rows whose scores are well apart, whatever the strategy."""
    rows = []
    while len(rows) < n:
        row = rng.dirichlet(np.full(classes, 0.9))
        trial = np.array([*rows, row])
        if all(np.diff(np.sort(sureness(trial, s))).min(initial=1.0) > 1e-5 for s in STRATEGIES):
            rows.append(row)
    return np.array(rows)


def picked(learner, p, k, strategy, about):
    """The ladder up to the choice: k different row numbers."""
    call = f"pick_to_label(probabilities, {k}, {strategy!r}), {about},"
    got = learner.pick_to_label(p, k, strategy)
    assert np.array_equal(learner.last.args[0], p), (
        f"{call} changed the array that it was given, which belongs to the caller. probabilities.sort() and writing into some of its places do; np.sort and np.where make a copy."
    )
    expect.sequence(got, call=call)
    assert all(isinstance(i, int | np.integer) and not isinstance(i, bool) for i in got), (
        f"{call} gave {got!r:.60}. Row numbers are asked for, whole ones."
    )
    expect.sequence(got, call=call, length=k)
    assert all(0 <= i < len(p) for i in got), f"{call} gave {got!r:.60}, but the rows are numbered from 0 to {len(p) - 1}."
    assert len(set(got)) == len(got), f"{call} gave a row twice: {got!r:.60}."
    return [int(i) for i in got], call


def slip(got, p, k, strategy):
    """What to say where a usual mistake chooses just these rows."""
    ordered = np.sort(p, axis=1)
    known = [(-sureness(p, strategy), "those of which the classifier is *most* sure. Their labels would teach it nothing new.")]
    if strategy == "least_confident":
        said = "rows with the smallest probability of any class. It is the largest of a row that says how sure the classifier is."
        known.append((ordered[:, 0], said))
    if strategy == "margin":
        known[0] = (
            -sureness(p, strategy),
            "the rows with the *largest* margin. A small margin means that the classifier wavers between two classes.",
        )
        said = "the distance from the likeliest to the *least* likely class. With more than two classes, the second likeliest is what it wavers towards."
        known.append((ordered[:, -1] - ordered[:, 0], said))
        for one, other, which in ((0, 1, "first"), (-1, -2, "last")):
            said = f"the distance of the {which} two columns. The likeliest two classes stand anywhere: sort each row."
            known.append((np.abs(p[:, one] - p[:, other]), said))
    known += [(sureness(p, other), f"what {other!r} asks for.") for other in STRATEGIES if other != strategy]
    for scores, said in known:
        if got == np.argsort(scores, kind="stable")[:k].tolist():
            return said
    return ""


def check(got, p, k, strategy, call, hint):
    best = right(p, k, strategy)
    if got == best:
        return
    said = slip(got, p, k, strategy)
    assert not said, f"{call} gave {got}: {said}"
    assert sorted(got) != sorted(best), f"{call} chose the right rows, in another order. The least sure one comes first."
    raise AssertionError(f"{call} gave {got}. {hint}")


@pytest.mark.points(2)
def test_least_confident(learner, rng):
    """The rows whose likeliest class is least likely come first."""
    for classes in (4, 2):
        p = drawn(rng, classes=classes)
        got, call = picked(learner, p, 6, "least_confident", f"on 30 texts and {classes} classes")
        assert all(type(i) is int for i in learner.last.value), f"{call} gave NumPy numbers in its list. Built-in ints are asked for."
        check(got, p, 6, "least_confident", call, "Take the largest probability of each row, and the rows where it is smallest.")


@pytest.mark.points(2)
def test_margin(learner, rng):
    """The rows whose two likeliest classes are nearest to each other come first."""
    p = drawn(rng)
    got, call = picked(learner, p, 7, "margin", "on 30 texts and 4 classes")
    check(got, p, 7, "margin", call, "Sort each row, and subtract the second largest from the largest.")


@pytest.mark.points(2)
def test_entropy(learner, rng):
    """The rows with the largest entropy come first."""
    p = drawn(rng)
    got, call = picked(learner, p, 7, "entropy", "on 30 texts and 4 classes")
    check(got, p, 7, "entropy", call, "Minus the sum of p * log(p): large where the probability is spread over many classes.")


@pytest.mark.points(2)
def test_zeros_and_one_base(learner, rng):
    """A class of probability 0 adds nothing, and the logarithm has the same base for every text."""
    p = drawn(rng, n=12, classes=5)
    few = np.zeros((6, 5))
    for row in few:
        some = int(rng.integers(1, 4))
        row[rng.choice(5, size=some, replace=False)] = rng.dirichlet(np.full(some, 8.0))
    mixed = np.concatenate([p, few])[rng.permutation(18)]
    got, call = picked(learner, mixed, 18, "entropy", "on rows of which some have probabilities of 0")
    possible = (mixed > 0).sum(axis=1)
    with np.errstate(all="ignore"):
        scaled = np.where(possible > 1, -sureness(mixed, "entropy") / np.log(possible), 0.0)
    assert got != np.argsort(-scaled, kind="stable").tolist(), (
        f"{call} gave {got[:6]} first: each entropy was measured in another base, that of the row's own number of possible classes. Then an even choice of two counts as much as one of five. Use one base for all."
    )
    divided = [said for said in learner.last.warnings if "divide" in said or "invalid" in said]
    best = right(mixed, 18, "entropy")
    scores = sureness(mixed, "entropy")
    if divided:
        hint = "0 * log(0) is NaN in NumPy, and NaN is sorted last: leave zeros out."
    elif got == sorted(got):
        hint = "They come in the order of their numbers. The least sure one comes first."
    elif all(abs(scores[a] - scores[b]) < 1e-6 for a, b in zip(got, best[::-1], strict=True)):
        hint = "It is the reverse of it: the largest entropy comes first, and entropy is *minus* the sum of p * log(p)."
    else:
        hint = "A class of probability 0 adds nothing to an entropy. Adding a small number to every probability moves the order, too."
    assert all(abs(scores[a] - scores[b]) < 1e-6 for a, b in zip(got, best, strict=True)), (
        f"{call} gave {got[:6]} first, which isn't the order of the entropies. {hint}"
    )


@pytest.mark.points(2)
def test_ties_keep_their_order(learner, rng):
    """Of rows with equal scores the earlier comes first, for each strategy."""
    kinds = np.array([[0.5, 0.25, 0.25], [0.625, 0.25, 0.125], [0.875, 0.125, 0.0]])
    p = kinds[rng.integers(0, 3, size=40)]
    for strategy in STRATEGIES:
        got, call = picked(learner, p, 25, strategy, "on 40 rows of three kinds")
        scores = sureness(p, strategy)
        best = right(p, 25, strategy)
        said = slip(got, p, 25, strategy)
        assert sorted(got) != sorted(best) or got == best or [scores[i] for i in got] == [scores[i] for i in best], (
            f"{call} chose the right rows, in another order. The least sure one comes first."
        )
        assert [scores[i] for i in got] == [scores[i] for i in best], (
            f"{call} gave {got[:8]} first{': ' + said if said else '. Those are not the least sure ones, the rows where the score of this strategy says so.'}"
        )
        assert got == best, (
            f"{call} gave {got[:8]} first. Of rows with equal scores the earlier comes first. A sort is only sure to keep their order if it is a stable one (kind='stable'), and turning a sorted list round turns the ties round, too."
        )


@pytest.mark.points(1)
def test_how_many(learner, rng):
    """k may be 0, or all; more than there are, or less than none, is refused with a ValueError."""
    p = drawn(rng, n=8, classes=3)
    for strategy in STRATEGIES:
        # Which rows come first is asked elsewhere.
        picked(learner, p, 8, strategy, "on 8 texts")
        picked(learner, p, 0, strategy, "on 8 texts")
        for k in (9, -1):
            call = f"pick_to_label(probabilities, {k}, {strategy!r}), on 8 texts,"
            try:
                got = learner.pick_to_label(p, k, strategy)
            except ValueError as error:
                assert "k" in str(error), f"{call} raised ValueError: {str(error)[:80]}. Name `k` in the message."
            else:
                raise AssertionError(
                    f"{call} gave {got!r:.60}. A slice is silent about it: ask whether k is from 0 to the number of rows, and raise a ValueError."
                )


@pytest.mark.points(1)
def test_unknown_strategy(learner, rng):
    """A strategy of another name is refused with a ValueError that names `strategy`."""
    p = drawn(rng, n=5, classes=3)
    for strategy in STRATEGIES:
        picked(learner, p, 2, strategy, "on 5 texts")
    call = "pick_to_label(probabilities, 2, 'random')"
    try:
        got = learner.pick_to_label(p, 2, "random")
    except ValueError as error:
        assert "strategy" in str(error), f"{call} raised ValueError: {str(error)[:80]}. Name `strategy` in the message."
    else:
        raise AssertionError(
            f"{call} gave {got!r:.60}. There is no such strategy: whoever mistypes a name should hear of it, by a ValueError."
        )
