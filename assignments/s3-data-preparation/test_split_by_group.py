"""Public checks of `split_by_group`: examples to check oneself by."""

from tunelab import expect

FRACTIONS = {"train": 0.8, "test": 0.2}


def films(count=250):
    """Four reviews of each film; every other film is liked by all critics, the rest by none."""
    return [{"film": f"film {i % count}", "label": i % 2, "id": i} for i in range(4 * count)]


def split(learner, rows, seed=0):
    call = f"split_by_group of {len(rows)} rows of 250 films, by {FRACTIONS},"
    got = learner.split_by_group(rows, "film", "label", FRACTIONS, seed)
    expect.mapping(got, call=call, keys=FRACTIONS)
    for part in got:
        expect.sequence(got[part], call=f"{call} under {part!r}")
    return got, call


def test_films_stay_whole(learner):
    """No film is in both parts, and no row is lost."""
    got, call = split(learner, films())
    ids = sorted(row["id"] for part in got.values() for row in part)
    assert ids == list(range(1000)), f"{call} gave {len(ids)} rows, {len(set(ids))} different ones. It should be each row once."
    both = {row["film"] for row in got["train"]} & {row["film"] for row in got["test"]}
    assert not both, f"{call} put {len(both)} films into both parts."


def test_sizes_and_labels(learner):
    """Sizes within 0.01 of all rows, labels within 0.04."""
    for seed in range(3):
        got, call = split(learner, films(), seed)
        size, fresh = len(got["test"]), sum(row["label"] for row in got["test"])
        assert 190 <= size <= 210, f"{call} with the seed {seed}, gave {size} rows to test on. It should be 190 to 210."
        assert 0.46 <= fresh / size <= 0.54, (
            f"{call} with the seed {seed}, gave a test part in which {fresh / size:.2f} have label 1. It should be 0.46 to 0.54, as half of all have it."
        )


def test_the_order_of_the_rows(learner):
    """The rows backwards give the same parts, each backwards."""
    rows = films()
    got, call = split(learner, rows)
    backwards, _ = split(learner, rows[::-1])
    same = [row["id"] for row in got["test"]] == [row["id"] for row in backwards["test"][::-1]]
    assert same, (
        f"{call} and of the same rows backwards, gave different test parts. Each should hold the same rows, in the order in which they came."
    )


def test_fractions_that_add_up_to_more(learner):
    """Fractions that add up to 1.1 are refused with a ValueError."""
    try:
        learner.split_by_group(films(), "film", "label", {"train": 0.9, "test": 0.2}, 0)
    except ValueError as error:
        assert "fractions" in str(error), f"The ValueError says {str(error)!r}, and doesn't name `fractions`."
    else:
        raise AssertionError("split_by_group with fractions of 0.9 and 0.2 raised nothing. The contract asks for a ValueError.")
