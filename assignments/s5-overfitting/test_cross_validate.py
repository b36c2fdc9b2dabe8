"""Public checks of `cross_validate`."""

from tunelab import expect


def size(train, test):
    """A score that only says how many rows were trained on."""
    return len(train) / 100


def films(count):
    """Rows of films with three reviews each, every other film good."""
    return [{"film": f"film {i}", "label": i % 2, "text": f"review {i} {j}"} for i in range(count) for j in range(3)]


CALL = 'cross_validate(rows, "film", "label", 3, 0, fit_score), with 12 films of three rows each,'


def test_three_folds(learner):
    """Each fold is scored once, and no film is on both sides."""
    got = expect.value(learner.cross_validate(films(12), "film", "label", 3, 0, size), call=CALL)
    calls = learner.last.calls.get("size", [])
    assert len(calls) == 3, f"{CALL} called fit_score {len(calls)} times, where 3 is right."
    for train, test in calls:
        assert len(train) + len(test) == 36, (
            f"{CALL} trained on {len(train)} rows and tested on {len(test)}; together these must be all 36."
        )
        assert not {row["film"] for row in train} & {row["film"] for row in test}, f"{CALL} has a film in training and test at once."
    assert len(got.scores) == 3, f"{CALL} gave {len(got.scores)} scores."


def test_mean_and_interval(learner):
    """The mean of the scores lies in the middle of its interval."""
    got = expect.value(learner.cross_validate(films(12), "film", "label", 3, 0, size), call=CALL)
    assert abs(got.mean - 0.24) < 0.03, (
        f"{CALL} gave a mean of {got.mean:.4g}, where about 0.24 is right: the scores are the rows trained on, over 100."
    )
    assert got.low <= got.mean <= got.high, (
        f"{CALL} gave an interval from {got.low:.4g} to {got.high:.4g}, around a mean of {got.mean:.4g}."
    )


def test_too_few_films(learner):
    """Three folds of two films can't be."""
    try:
        learner.cross_validate(films(2), "film", "label", 3, 0, size)
    except ValueError:
        return
    raise AssertionError('cross_validate(rows, "film", "label", 3, 0, fit_score), with 2 films, raised no ValueError.')
