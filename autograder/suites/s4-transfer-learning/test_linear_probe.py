"""Hidden suite of `linear_probe`."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from tunelab import expect

CLEAR = 0.1
"""Test rows are asked about only where the best class leads by more than this, in logits, so that a solver's tolerance can't decide."""


def drawn(rng, train=80, test=500, classes=2, columns=6, scales=None, noise=0.7):
    """Features with noisy linear classes, numbered from 0: training rows, their classes, and rows to be classified."""
    scales = np.ones(columns) if scales is None else scales
    directions = rng.normal(size=(columns, classes))
    x = rng.normal(size=(train + test, columns))
    y = (x @ directions + noise * rng.gumbel(size=(train + test, classes)) * np.sqrt(columns)).argmax(axis=1)
    y[:classes] = np.arange(classes)
    x = x * scales + rng.normal(size=columns) * scales
    return x[:train], y[:train], x[train:]


def standardised(x, by):
    spread = by.std(axis=0)
    return (x - by.mean(axis=0)) / np.where(spread == 0, 1.0, spread)


def fitted(train_x, train_y, c, **settings):
    return LogisticRegression(C=c, tol=1e-8, max_iter=20_000, **settings).fit(train_x, train_y)


def lead(model, x):
    """By how much the best class leads, in logits."""
    scores = model.decision_function(x)
    if scores.ndim == 1:
        return np.abs(scores)
    first, second = np.sort(scores, axis=1)[:, :-3:-1].T
    return first - second


def solved(train_x, train_y, test_x, c):
    """The right predictions, and which rows of `test_x` are clear."""
    model, x = fitted(standardised(train_x, train_x), train_y, c), standardised(test_x, train_x)
    return model.predict(x), lead(model, x) > CLEAR


def call_of(c, about):
    return f"linear_probe(train_x, train_y, test_x, {c:g}, 0), {about},"


def predictions(learner, train_x, train_y, test_x, c, about):
    """The ladder up to the values: one predicted class per row, numbers that occur in train_y."""
    call = call_of(c, about)
    got = learner.linear_probe(train_x, train_y, test_x, c, 0)
    expect.value(got, call=call)
    assert isinstance(got, np.ndarray), f"{call} gave a {type(got).__name__}, where a NumPy array is asked for."
    assert got.ndim == 1 or got.dtype.kind != "f", (
        f"{call} gave an array of shape {got.shape}. Those look like probabilities or scores: the contract asks for the predicted class of each row."
    )
    assert got.dtype.kind != "f", (
        f"{call} gave numbers of type {got.dtype}. Are they probabilities or scores? The contract asks for the predicted class of each row."
    )
    expect.array(got, call=call, shape=(len(test_x),), dtype="integer")
    strangers = sorted(set(got.tolist()) - set(train_y.tolist()))
    assert not strangers, (
        f"{call} gave {strangers[0]}, a class that isn't in train_y, where the classes are {sorted(set(train_y.tolist()))}. "
        "Is it the number of a column of scores rather than of a class?"
    )
    return got, call


def one_against_the_rest(x, y, c, other):
    """The predictions of a classifier for each class, and by how much the best of them leads."""
    scores = np.stack([fitted(x, y == k, c).decision_function(other) for k in np.unique(y)], axis=1)
    first, second = np.sort(scores, axis=1)[:, :-3:-1].T
    return np.unique(y)[scores.argmax(axis=1)], first - second


def ways(train_x, train_y, test_x, c):
    """What the usual mistakes predict, each with the words for it and the rows that are clear then."""
    own, both = standardised(train_x, train_x), np.concatenate([train_x, test_x])
    spread = np.where(train_x.std(axis=0) == 0, 1.0, train_x.std(axis=0))
    told = standardised(test_x, train_x)
    fits = (
        (
            "left the columns as they are. A column of small numbers needs large weights, and the penalty forbids them: standardise the columns first.",
            (train_x, c, test_x, {}),
        ),
        (
            "standardised train_x but not test_x. The weights were learnt for standardised columns: treat both with the same numbers.",
            (own, c, test_x, {}),
        ),
        (
            "gave test_x a scaler of its own. A vector would then mean something else in the test set than in training: use the means and spreads of train_x for both.",
            (own, c, standardised(test_x, test_x), {}),
        ),
        (
            "subtracted the means of test_x from test_x. The means come from train_x for both, as the spreads do.",
            (own, c, (test_x - test_x.mean(axis=0)) / spread, {}),
        ),
        (
            "fitted the scaler on training and test rows together. That lets the test set into the training: fit it on train_x alone.",
            (standardised(train_x, both), c, standardised(test_x, both), {}),
        ),
        (
            f"did what c = {1 / c:g} should do: c is the inverse of the penalty's strength, so a smaller c means smaller weights.",
            (own, 1 / c, told, {}),
        ),
        ("did what c = 1 should do. Is c handed on?", (own, 1.0, told, {})),
        (
            "weighted the classes by how rare they are. Every training text counts the same: no class is to be weighted.",
            (own, c, told, {"class_weight": "balanced"}),
        ),
        ("had no intercept. The classifier has one, and it isn't held by the penalty.", (own, c, told, {"fit_intercept": False})),
    )
    for words, (x, other_c, other, settings) in fits:
        if not (other_c == c and settings == {} and np.allclose(x, own) and np.allclose(other, told)):
            model = fitted(x, train_y, other_c, **settings)
            yield words, model.predict(other), lead(model, other)
    if len(np.unique(train_y)) > 2:
        words = "trained one classifier against the rest for each class. With more than two classes the loss is the cross entropy of one softmax over all of them, not one classifier against the rest for each."
        yield words, *one_against_the_rest(own, train_y, c, told)
    else:
        ones = np.hstack([own, np.ones((len(own), 1))])
        model = fitted(ones, train_y, c, fit_intercept=False)
        held = np.hstack([told, np.ones((len(told), 1))])
        yield (
            "held the intercept by the penalty, as the solver liblinear does. It must be kept out of the penalty: choose another solver.",
            model.predict(held),
            lead(model, held),
        )


def judged(got, right, clear, train_x, train_y, test_x, c, call, hint, far=False):
    """Passes the right classes; says of wrong ones from which mistake they come, where that is plain, and else `hint`."""
    wrong = int((got != right)[clear].sum())
    if not wrong:
        return
    told = {
        words: int((got != other).sum())
        for words, other, leads in ways(train_x, train_y, test_x, c)
        if (other != right)[clear].any() and (got == other)[leads > (np.median(leads) if far else CLEAR)].all()
    }
    told = [words for words, off in told.items() if off == min(told.values())]
    assert len(told) != 1, f"{call} {told[0]}"
    raise AssertionError(
        f"{call} gave {wrong} of {int(clear.sum())} clear cases another class than the minimum of the objective does. {hint}"
    )


@pytest.mark.points(1)
def test_one_class_for_each_row(learner, rng):
    """It returns an array of classes, one for each row of test_x, numbered as in train_y."""
    train_x, y, test_x = drawn(rng, noise=0.1)
    names = rng.choice(np.arange(3, 60), size=2, replace=False)
    got, call = predictions(learner, train_x, names[y], test_x, 1.0, f"on classes that are called {names.min()} and {names.max()}")
    right, clear = solved(train_x, names[y], test_x, 1.0)
    hint = "Standardise the columns, fit a LogisticRegression with C=c, and predict."
    judged(got, right, clear, train_x, names[y], test_x, 1.0, call, hint)


@pytest.mark.points(2)
def test_every_column_is_standardised(learner, rng):
    """A column of small numbers can matter as much as one of large numbers."""
    scales = rng.permutation([0.003, 0.01, 1.0, 2.0, 0.005, 1.0])
    train_x, y, test_x = drawn(rng, scales=scales)
    got, call = predictions(learner, train_x, y, test_x, 1.0, "on columns of very different scales")
    right, clear = solved(train_x, y, test_x, 1.0)
    hint = "Subtract the training mean of each column and divide by its training standard deviation, in both sets."
    judged(got, right, clear, train_x, y, test_x, 1.0, call, hint)


@pytest.mark.points(2)
def test_the_scaler_knows_the_training_set_alone(learner, rng):
    """Means and standard deviations come from train_x, also when test_x looks different."""
    train_x, y, test_x = drawn(rng)
    test_x = 3.0 * test_x + 2.0 * rng.choice([-1.0, 1.0], size=6)
    got, call = predictions(learner, train_x, y, test_x, 1.0, "on a test set with other means and spreads than the training set")
    right, clear = solved(train_x, y, test_x, 1.0)
    judged(got, right, clear, train_x, y, test_x, 1.0, call, "Fit the scaler on train_x, then transform both with it.")


@pytest.mark.points(1)
def test_a_row_is_judged_by_itself(learner, rng):
    """A prediction doesn't hang on which other rows are asked about."""
    train_x, y, test_x = drawn(rng)
    right, clear = solved(train_x, y, test_x, 1.0)
    rows = [*np.flatnonzero(clear & (right == 0))[:2], *np.flatnonzero(clear & (right == 1))[:2]]
    for row in rows:
        got, call = predictions(learner, train_x, y, test_x[row : row + 1], 1.0, "on a single test row")
        if got[0] != right[row]:
            together, told = predictions(learner, train_x, y, test_x, 1.0, f"on {len(test_x)} test rows")
            assert got[0] == together[row], (
                f"{call} gave class {got[0]}, and among {len(test_x)} test rows the same row gets class {together[row]}. "
                "Does anything in your function use the mean or the spread of test_x?"
            )
            judged(together, right, clear, train_x, y, test_x, 1.0, told, "The row alone gets the same wrong class.")


@pytest.mark.points(2)
def test_c_is_the_inverse_of_the_penalty(learner, rng):
    """A small c holds the weights small, a large one lets them grow; the intercept isn't held."""
    for _ in range(20):
        train_x, y, test_x = drawn(rng, train=120, columns=12, noise=1.0)
        right, clear = solved(train_x, y, test_x, 0.002)
        if all((right != solved(train_x, y, test_x, other)[0])[clear].any() for other in (1.0, 500.0)):
            break
    for c in (0.002, 200.0):
        got, call = predictions(learner, train_x, y, test_x, c, "on 120 noisy texts")
        right, clear = solved(train_x, y, test_x, c)
        hint = "The penalty is the sum of the squared weights divided by 2c; the intercept isn't in it."
        judged(got, right, clear, train_x, y, test_x, c, call, hint)


@pytest.mark.points(1)
def test_the_intercept_is_free(learner, rng):
    """With a strong penalty and unequal classes, the intercept still knows which class is more frequent."""
    train_x, _, test_x = drawn(rng, train=100)
    hidden = train_x[:, 0] - train_x[:, 1] + 0.5 * rng.normal(size=100)
    y = (hidden >= np.sort(hidden)[80]).astype(int)
    got, call = predictions(learner, train_x, y, test_x, 0.003, "on classes of 80 and 20 texts")
    right, clear = solved(train_x, y, test_x, 0.003)
    hint = (
        "With weights near zero all but the intercept is silent, and the intercept should speak for the larger class. Is it there, and is it kept out of "
        "the penalty? (The solver liblinear penalises it; and no class is to be weighted.)"
    )
    judged(got, right, clear, train_x, y, test_x, 0.003, call, hint)


@pytest.mark.points(2)
def test_more_than_two_classes(learner, rng):
    """Four classes with any numbers for names: one softmax over all of them."""
    train_x, y, test_x = drawn(rng, train=160, classes=4)
    names = np.sort(rng.choice(np.arange(-20, 200), size=4, replace=False))
    got, call = predictions(learner, train_x, names[y], test_x, 1.0, "on four classes")
    right, clear = solved(train_x, names[y], test_x, 1.0)
    hint = "With more than two classes the loss is the cross entropy of a softmax over all of them, not one classifier against the rest for each."
    judged(got, right, clear, train_x, names[y], test_x, 1.0, call, hint)


@pytest.mark.points(1)
def test_the_minimum_is_reached(learner, rng):
    """The solver goes on until it is there, also when columns resemble one another and the penalty is weak."""
    common = rng.normal(size=(300, 4))
    mixed = rng.normal(size=(4, 60))
    train_x = common @ mixed + 0.1 * rng.normal(size=(300, 60))
    y = (common[:, 0] + 0.5 * rng.logistic(size=300) > 0).astype(int)
    test_x = rng.normal(size=(300, 4)) @ mixed
    got, call = predictions(learner, train_x, y, test_x, 300.0, "on 60 columns that resemble one another")
    early = [said for said in learner.last.warnings if said.startswith("ConvergenceWarning")]
    assert not early, (
        f"{call} stopped before it had reached the minimum: scikit-learn warned of it. Give the solver more iterations than its default (max_iter)."
    )
    right, clear = solved(train_x, y, test_x, 300.0)
    clear &= lead_of_far(train_x, y, test_x)
    judged(got, right, clear, train_x, y, test_x, 300.0, call, "Does your solver stop too early?", far=True)


def lead_of_far(train_x, y, test_x):
    """Rows that are clear by far: with weak penalties a solver's tolerance moves the logits more."""
    model = fitted(standardised(train_x, train_x), y, 300.0)
    scores = lead(model, standardised(test_x, train_x))
    return scores > np.median(scores)


@pytest.mark.points(1)
def test_a_column_that_is_constant(learner, rng):
    """A column that is the same in all training texts does no harm."""
    train_x, y, test_x = drawn(rng)
    train_x, test_x = np.insert(train_x, 2, 4.5, axis=1), np.insert(test_x, 2, 4.5, axis=1)
    call = call_of(1.0, "with a column that is constant")
    try:
        got, call = predictions(learner, train_x, y, test_x, 1.0, "with a column that is constant")
    except (ValueError, FloatingPointError, ZeroDivisionError) as error:
        raise AssertionError(
            f"{call} raised {type(error).__name__}: {(str(error).splitlines() or [''])[0].rstrip('.')}. The standard deviation of a constant column is 0: only centre it, don't divide."
        ) from None
    divided = [said for said in learner.last.warnings if said.startswith("RuntimeWarning")]
    assert not divided, f"{call} divided by zero. The standard deviation of a constant column is 0: only centre it."
    right, clear = solved(train_x, y, test_x, 1.0)
    judged(got, right, clear, train_x, y, test_x, 1.0, call, "A constant column tells the classes nothing: it should change nothing.")


@pytest.mark.points(1)
def test_equal_calls_give_equal_answers(learner, rng):
    """It leaves global random numbers and its arguments alone, and repeats itself."""
    train_x, y, test_x = drawn(rng)
    right, clear = solved(train_x, y, test_x, 0.5)
    first, call = predictions(learner, train_x, y, test_x, 0.5, "called twice")
    moved = sorted(learner.last.random_moved)
    assert not moved, (
        f"{call} used or changed the global random state of {', '.join(moved)}. Hand the seed to the solver (random_state), or to a generator of your own."
    )
    given = (train_x, y, test_x)
    changed = [
        name
        for name, left, own in zip(("train_x", "train_y", "test_x"), learner.last.args, given, strict=False)
        if not np.array_equal(left, own)
    ]
    assert not changed, f"{call} changed {changed[0]} in place. `x -= …` writes into the caller's array; `x - …` makes a new one."
    second, call = predictions(learner, train_x, y, test_x, 0.5, "called twice")
    assert np.array_equal(first, second), f"{call} gave two different answers. Everything random must come from the seed."
    judged(first, right, clear, train_x, y, test_x, 0.5, call, "Standardise, fit with C=c, predict.")
