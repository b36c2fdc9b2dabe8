"""Hidden suite of `diagnose`."""

import numpy as np
import pytest

from tunelab import expect

WORDS = {"underfitting", "good", "overfitting", "diverging"}
KINDS = ("underfitting", "good", "overfitting", "diverging")


def word(learner, train, dev, told=None):
    """The word, and the call in words."""
    call = told or f"diagnose({train}, {dev})"
    got = learner.diagnose(train, dev)
    expect.of_type(got, str, call=call)
    assert got in WORDS, f"{call} gave {got!r}. The four words are underfitting, good, overfitting and diverging."
    return got, call


def drawn(kind, rng):
    """Two noisy curves of a kind: what happens is clear, each loss is off by about 4%."""
    n = int(rng.integers(12, 21))
    t, start, rate = np.arange(n + 1) / n, rng.uniform(0.65, 1.2), rng.uniform(4, 12)
    turn = rng.uniform(0.2, 0.5)
    if kind == "underfitting":
        train, dev = start * (1 - rng.uniform(0, 0.1) * t), start * (1 - rng.uniform(0, 0.08) * t)
    elif kind == "good":
        low, gap = rng.uniform(0.1, 0.5) * start, rng.uniform(0, 0.35) * start
        train, dev = (floor + (start - floor) * np.exp(-rate * t) for floor in (low, low + gap))
    elif kind == "overfitting":
        dip = rng.uniform(0.65, 0.9) * start
        rise = dip * (1 + rng.uniform(0.35, 1.5) * (t - turn) / (1 - turn))
        train, dev = start * np.exp(-rate * t), np.where(t < turn, start + (dip - start) * t / turn, rise)
    else:
        low = rng.uniform(0.3, 0.8) * start
        train = np.where(t < turn, start + (low - start) * t / turn, low + rng.uniform(0.5, 2) * start * (t - turn) / (1 - turn))
        dev = train * rng.uniform(1, 1.3)
    train, dev = (curve * np.exp(0.04 * rng.normal(size=n + 1)) for curve in (train, dev))
    train[0] = start * np.exp(0.01 * rng.normal())
    return train.tolist(), dev.tolist()


def rule(overfits, thirds=True):
    """The contract's lines with another one for overfitting, or with single losses for means of three."""

    def say(train, dev):
        if thirds:
            train, dev, start = means(train), means(dev), train[0]
        else:
            start = train[0]
        if train[-1] - min(train) > 0.2 * start:
            return "diverging"
        if train[-1] > 0.8 * start:
            return "underfitting"
        return "overfitting" if overfits(train, dev) else "good"

    return say


def means(curve):
    return [sum(curve[i : i + 3]) / 3 for i in range(len(curve) - 2)]


GAP = "A gap between the curves was taken for overfitting. It is a rise of dev above its own lowest that tells."
TURNED = "A dev that *falls* was taken for overfitting. It is one that ends above its lowest."
RULES = (
    (rule(lambda train, dev: dev[-1] > 1.1 * train[-1]), GAP),
    (rule(lambda train, dev: dev[-1] > 1.1 * train[-1], thirds=False), GAP),
    (rule(lambda train, dev: max(dev) > 1.1 * dev[-1]), TURNED),
    (rule(lambda train, dev: dev[0] > 1.1 * dev[-1]), TURNED),
    (
        rule(lambda train, dev: dev[-1] > 1.1 * min(dev), thirds=False),
        "Single losses were compared, and they are noisy: compare means of three.",
    ),
)
"""Rules that are taken for the contract's, and what to say of them."""


@pytest.mark.points(3)
def test_forty_noisy_curves(learner, rng):
    """Forty noisy runs, ten of each kind, get the word of their kind; at most three may be missed."""
    # The contract's own words miss 11 of 16,000 curves made like these (all of them good ones whose last three came out high), so a right
    # answer misses four of 40 about once in a hundred million suites. A rule that goes by the gap misses six or more in each.
    missed, told = [], []
    for number in range(40):
        kind = KINDS[number % 4]
        train, dev = drawn(kind, rng)
        got, _ = word(learner, train, dev, told=f"diagnose(train, dev), on a run that was made as {kind},")
        if got != kind:
            missed.append(f"{got} for {kind}")
        told.append((train, dev, got))
    hint = next(
        (said for rule, said in RULES if all(got == rule(train, dev) for train, dev, got in told)),
        "Go through the contract's lines with means of three losses in a row: which one gives such a word?",
    )
    assert len(missed) <= 3, (
        f"diagnose(train, dev), on 40 noisy runs of known kind, gave the wrong word for {len(missed)} of them, such as {', '.join(sorted(set(missed))[:3])}. {hint}"
    )


@pytest.mark.points(2)
def test_one_bad_evaluation(learner, rng):
    """A single evaluation that comes out high at the end, or low in the middle, changes nothing."""
    level = float(rng.integers(40, 60)) / 100
    train = [0.7, 0.5, 0.3, 0.2, 0.15, 0.12, 0.1, 0.1]
    got, call = word(learner, train, [0.7, 0.6, level, level, level, level, level, round(level * 1.25, 3)])
    assert got == "good", (
        f"{call} gave {got}. Only the last loss of dev is high; the mean of the last three isn't more than 1.1 times the lowest mean of three."
    )
    got, call = word(learner, train, [0.7, 0.6, level, round(level * 0.8, 3), level, level, level, level])
    assert got == "good", f"{call} gave {got}. Only one loss of dev is low; no mean of three is that low."
    got, call = word(learner, train, [0.9, 0.8, 0.6, 0.5, 0.7, 0.9, 1.0, 0.52])
    assert got == "overfitting", (
        f"{call} gave {got}. The last loss of dev happens to be low, but the mean of the last three is far above the lowest."
    )


@pytest.mark.points(2)
def test_a_gap_alone_is_no_overfitting(learner, rng):
    """A training loss far below the development loss is "good" as long as the development loss doesn't rise."""
    level = float(rng.integers(40, 55)) / 100
    train = [0.7, 0.4, 0.2, 0.1, 0.05, 0.02, 0.01, 0.01]
    got, call = word(learner, train, [0.7, 0.6, level, level, level, level, level, level])
    assert got == "good", f"{call} gave {got}. There is a wide gap between the curves, but dev never rises: more training did no harm."
    got, call = word(learner, [0.7, 0.6, 0.55, 0.5, 0.45, 0.42, 0.4, 0.4], [0.6, 0.45, 0.3, 0.3, 0.35, 0.4, 0.4, 0.4])
    assert got == "overfitting", f"{call} gave {got}. dev ends clearly above its lowest, though there is no gap between the curves."


@pytest.mark.points(2)
def test_the_training_loss_rises(learner, rng):
    """A training loss that rises again, or a loss that is no finite number, is "diverging", before anything else."""
    step = float(rng.integers(20, 40)) / 100
    fall = [0.7, 0.5, 0.4, 0.4, 0.4]
    got, call = word(learner, [*fall, 0.5 + step, 0.7 + step, 0.9 + step], [0.7, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6])
    assert got == "diverging", f"{call} gave {got}. The training loss itself rises, by more than 0.2 times where it started."
    got, call = word(learner, [0.7, 0.8, 0.9 + step, 1.0 + step, 1.2 + step], [0.7, 0.8, 0.9, 1.0, 1.2])
    assert got == "diverging", (
        f"{call} gave {got}. The loss rises from the start. That it is high as well doesn't make it underfitting: the first line that is true gives the word."
    )
    for odd in (float("nan"), float("inf")):
        got, call = word(learner, [0.7, odd, 0.3, 0.2, 0.1], [0.7, 0.6, 0.5, 0.5, 0.5])
        assert got == "diverging", (
            f"{call} gave {got}. One loss is {odd}, and every comparison with NaN is False: look for such losses first."
        )
        got, call = word(learner, [0.7, 0.5, 0.3, 0.2, 0.1], [0.7, 0.6, 0.5, 0.5, odd])
        assert got == "diverging", f"{call} gave {got}. A loss of dev that is {odd} counts as well."


@pytest.mark.points(2)
def test_hardly_learnt(learner, rng):
    """A training loss that has hardly fallen is "underfitting", whatever dev does."""
    end = float(rng.integers(60, 66)) / 100
    got, call = word(learner, [0.7, 0.69, 0.68, 0.67, end, end, end], [0.7, 0.69, 0.69, 0.69, 0.69, 0.69, 0.69])
    assert got == "underfitting", f"{call} gave {got}. The training loss ends at more than 0.8 times where it started."
    got, call = word(learner, [0.7, 0.69, 0.68, 0.67, end, end, end], [0.5, 0.5, 0.5, 0.6, 0.7, 0.7, 0.7])
    assert got == "underfitting", f"{call} gave {got}. Two lines of the contract are true here: which comes first?"
    got, call = word(learner, [1.0, 0.5, 0.3, 0.3, 0.3, 0.3, 0.3], [1.0, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9])
    assert got != "underfitting", f"{call} gave {got}. It is the *training* loss, against its own start, that tells underfitting."
    assert got == "good", f"{call} gave {got}. The training loss has fallen and stays low, and dev never rises from its lowest."


@pytest.mark.points(2)
def test_where_the_lines_are(learner, rng):
    """The words change at the numbers that the contract names, for short curves and long ones."""
    scale = float(rng.integers(5, 20)) / 10
    learnt = [1.0, 0.5, 0.2, 0.1, 0.1, 0.1, 0.1]
    for ends, wanted in ((1.08, "good"), (1.12, "overfitting")):
        got, call = word(learner, *[[round(x * scale, 4) for x in curve] for curve in (learnt, [1.0, 0.5, 0.5, 0.5, *[0.5 * ends] * 3])])
        assert got == wanted, f"{call} gave {got}. The end of dev is {ends} times the lowest mean of three."
    for ends, wanted in ((0.78, "good"), (0.82, "underfitting")):
        got, call = word(
            learner,
            *[[round(x * scale, 4) for x in curve] for curve in ([1.0, 0.9, 0.85, ends, ends, ends], [1.0, 0.9, 0.9, 0.9, 0.9, 0.9])],
        )
        assert got == wanted, f"{call} gave {got}. The end of train is {ends} times its start."
    for ends, wanted in ((0.68, "good"), (0.72, "diverging")):
        got, call = word(
            learner, *[[round(x * scale, 4) for x in curve] for curve in ([1.0, 0.6, 0.5, 0.5, 0.5, ends, ends, ends], [1.0] * 8)]
        )
        assert got == wanted, f"{call} gave {got}. The end of train lies {ends - 0.5:.2f} times the start above its lowest."
    got, call = word(learner, [1.0, 0.2, 0.1, 0.1], [0.5, 0.5, 0.5, 0.8])
    assert got == "overfitting", f"{call} gave {got}. Four losses have two means of three: the first three and the last three."


@pytest.mark.points(1)
def test_what_cannot_be_told(learner, rng):
    """Curves of unequal length, or with fewer than four losses, are refused with a ValueError."""
    n = int(rng.integers(5, 9))
    for train, dev in (([0.5] * n, [0.5] * (n - 1)), ([0.5] * 3, [0.5] * 3), ([], [])):
        call, refused = f"diagnose(train, dev), with {len(train)} losses in train and {len(dev)} in dev,", False
        before = list(train), list(dev)
        try:
            learner.diagnose(train, dev)
        except ValueError:
            refused = True
        assert refused, f"{call} raised no ValueError. The contract asks for one."
        assert learner.last.args == before, f"{call} changed a list that it was given."
