"""Hidden suite of `cross_validate`."""

import numpy as np
import pytest
from scipy.stats import t

from tunelab import expect


def score(train, test):
    """A number that hangs on which rows are trained on and which are tested on."""
    return (sum(row["number"] for row in test) % 97) / 97 + len(train) / 10000


def made(rng, groups, low=3, high=6, pure=True, names=("rotten", "fresh")):
    """Rows in groups of unequal sizes; a pure group has one label, of the others about two thirds have the first."""
    rows = []
    for group in range(groups):
        label = names[group % len(names)]
        for _ in range(int(rng.integers(low, high + 1))):
            mixed = names[int(rng.random() < 1 / 3)]
            rows.append({"film": f"film {group:02}", "label": label if pure else mixed, "number": 0})
    order = rng.permutation(len(rows))
    rows = [dict(rows[i]) for i in order]
    for row, number in zip(rows, 1000 + rng.choice(999_000, len(rows), replace=False), strict=True):  # no two rows have the same
        row["number"] = int(number)
    return rows


def validated(learner, rows, folds, seed, told=""):
    """The result, the (train, test) lists of all calls, and the call in words. The ladder, and what every cross-validation must do."""
    call = f'cross_validate(rows, "film", "label", {folds}, {seed}, fit_score), with {len(rows)} rows of {len({row["film"] for row in rows})} films{told},'
    got = learner.cross_validate(rows, "film", "label", folds, seed, score)
    calls = learner.last.calls.get("score", [])
    expect.value(got, call=call)
    assert getattr(got, "type_name", "") == "CVResult", f"{call} gave {got!r}, where a CVResult is asked for, the record of the set-up."
    assert len(calls) == folds, (
        f"{call} called fit_score {len(calls)} time{'s' * (len(calls) != 1)}. It is called once for each fold: a model that is fitted once has seen all but one of the folds."
    )
    for train, test in calls:
        assert type(train) is list and type(test) is list, f"{call} gave fit_score something else than two lists of rows."
    return got, calls, call


def keys(rows):
    return [row["number"] for row in rows]


@pytest.mark.points(3)
def test_every_row_is_tested_once(learner, rng):
    """Each fold is tested once, by a model that was trained on all the other rows and on none of its own."""
    for folds in (2, 4):
        rows = made(rng, 20)
        _, calls, call = validated(learner, rows, folds, int(rng.integers(1000)))
        tested = sorted(number for _, test in calls for number in keys(test))
        assert tested == sorted(keys(rows)), (
            f"{call} tested on {len(tested)} rows in all. Each row is in exactly one fold, and so is tested exactly once."
        )
        for train, test in calls:
            both = set(keys(train)) & set(keys(test))
            assert not both, f"{call} trained on {len(both)} rows that it then tested on. Take the fold out of the rows before fitting."
            assert sorted(keys(train) + keys(test)) == sorted(keys(rows)), (
                f"{call} trained on {len(train)} rows and tested on {len(test)}. All rows outside of the fold are there to learn from."
            )
            assert all(set(row) == {"film", "label", "number"} for row in train + test), (
                f"{call} gave fit_score rows without all of their entries. Pass the rows as they are."
            )


@pytest.mark.points(3)
def test_groups_stay_whole(learner, rng):
    """No group is on both sides of a fold."""
    for folds in (2, 3, 5):
        rows = made(rng, 25, pure=False)
        _, calls, call = validated(learner, rows, folds, int(rng.integers(1000)))
        for train, test in calls:
            both = set(keys(train)) & set(keys(test))
            assert not both, f"{call} trained on {len(both)} rows that it then tested on. Take the fold out of the rows before fitting."
            torn = {row["film"] for row in train} & {row["film"] for row in test}
            assert not torn, (
                f"{call} has {len(torn)} films in training and test at once, such as {min(torn)!r}. Deal films into folds, not rows."
            )


@pytest.mark.points(2)
def test_folds_are_balanced(learner, rng):
    """The share of each label, and the number of rows, are about the same in each fold."""
    for folds, names in ((4, ("rotten", "fresh")), (3, ("no", "perhaps", "yes"))):
        rows = made(rng, 48, names=names)
        for seed in rng.integers(1000, size=3).tolist():
            _, calls, call = validated(learner, rows, folds, seed, ", each film with one label")
            for _, test in calls:
                average = len(rows) / folds
                assert 0.5 * average <= len(test) <= 1.5 * average, (
                    f"{call} has a fold of {len(test)} rows, where {average:.0f} is the average. Keep the folds about equally large."
                )
                for name in names:
                    here, everywhere = (sum(row["label"] == name for row in part) / len(part) for part in (test, rows))
                    assert abs(here - everywhere) <= 0.15, (
                        f"{call} has a fold where {here:.2f} of the rows are {name!r}, of all rows {everywhere:.2f}. Deal the films so that each fold gets its share of each label."
                    )


@pytest.mark.points(3)
def test_mean_and_interval(learner, rng):
    """Scores in the order of the calls, their mean, and the interval of the mean by Student's t."""
    for folds in (2, 4, 7):
        rows = made(rng, 24)
        got, calls, call = validated(learner, rows, folds, int(rng.integers(1000)))
        scores = np.array([score(train, test) for train, test in calls])
        expect.sequence(got.scores, call=f"the scores of {call}", kind=tuple, length=folds)
        for value in got.scores:
            expect.number(value, call=f"a score of {call}")
        expect.close(
            np.array(got.scores),
            scores,
            call=f"the scores of {call}",
            hint="They are what fit_score gave, fold by fold, in the order of the calls.",
        )
        mean, low, high = (expect.number(getattr(got, name), call=f"the {name} of {call}") for name in ("mean", "low", "high"))
        expect.close(mean, scores.mean(), call=f"the mean of {call}", hint="Each fold counts the same.")
        quantile, deviation = t.ppf(0.975, folds - 1), scores.std(ddof=1)
        half = (high - low) / 2
        right = abs(half - quantile * deviation / folds**0.5) <= 1e-9  # where all scores are equal, so are all of these
        for wrong in (quantile * deviation, 1.96 * deviation, deviation, 2 * deviation):
            assert right or abs(half - wrong) > 1e-9, (
                f"{call} gave an interval of ± {half:.4f}, which has the deviation of the scores in it. That says how single folds scatter. The error of their *mean* is smaller, by the square root of {folds}."
            )
        assert right or abs(half - 1.96 * deviation / folds**0.5) > 1e-9, (
            f"{call} gave ± {half:.4f}, with 1.96 from the normal distribution. For {folds} scores Student's t is meant, which is larger."
        )
        expect.close(
            [low, high],
            [mean - quantile * deviation / folds**0.5, mean + quantile * deviation / folds**0.5],
            call=f"the interval of {call}",
            hint="mean ± t * s / sqrt(folds), with folds - 1 in the denominator of s squared.",
            atol=1e-9,
        )


@pytest.mark.points(2)
def test_folds_follow_the_seed(learner, rng):
    """Equal seeds give equal folds, other seeds others; nobody else's random numbers move, and the rows stay as they are."""
    rows = made(rng, 24)
    before = [dict(row) for row in rows]
    dealt = []
    for seed in (1, 1, 2, 3, 4, 5):
        got, calls, call = validated(learner, rows, 3, seed)
        moved = learner.last.random_moved
        assert not moved, (
            f"{call} moved the global random state of {' and '.join(sorted(moved))}. Make a generator of your own from `seed`."
        )
        assert learner.last.args[0] == before, f"{call} changed the rows that it was given."
        dealt.append((frozenset(frozenset(keys(test)) for _, test in calls), got.scores))
    assert dealt[0] == dealt[1], (
        f"{call} with seed 1, called twice, gave two different results. All draws have to come from a generator made of `seed`."
    )
    assert len({folds for folds, _ in dealt}) > 1, (
        "cross_validate(…) with five different seeds dealt the rows into the same folds each time. Is `seed` used?"
    )


@pytest.mark.points(1)
def test_too_few_groups(learner, rng):
    """Fewer groups than folds, or fewer than two folds, are refused with a ValueError before anything is fitted."""
    count = int(rng.integers(3, 6))
    rows = made(rng, count)
    for folds in (1, count + 1):
        call, said = f'cross_validate(rows, "film", "label", {folds}, 0, fit_score), with {count} films,', None
        try:
            learner.cross_validate(rows, "film", "label", folds, 0, score)
        except ValueError as error:
            said = str(error)
        assert said is not None, f"{call} raised no ValueError. The contract asks for one."
        assert not learner.last.calls.get("score"), (
            f"{call} called fit_score before it raised its error. Check first: fitting may take hours."
        )
        assert folds == 1 or str(count) in said, f"{call} raised ValueError: {said}. Say how many groups there are."
