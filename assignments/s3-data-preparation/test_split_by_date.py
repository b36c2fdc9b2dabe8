"""Public checks of `split_by_date`: examples to check oneself by."""

import datetime

from tunelab import expect


def check(learner, days, cutoff, right):
    """The days of both lists."""
    rows = [{"date": day, "text": f"headline {i}"} for i, day in enumerate(days)]
    call = f"split_by_date of rows with the dates {days}, with the cutoff {cutoff},"
    got = learner.split_by_date(rows, "date", cutoff)
    expect.sequence(got, call=call, kind=tuple, length=2)
    found = tuple([row["date"] for row in half] for half in got)
    assert found == right, f"{call} gave rows with the dates {found[0]} and {found[1]}. They should be {right[0]} and {right[1]}."


def test_before_and_after(learner):
    """Rows in any order, each on its side."""
    days = ["2020-03-02", "2020-02-28", "2020-04-01", "2019-12-31"]
    check(learner, days, datetime.date(2020, 3, 1), (["2020-02-28", "2019-12-31"], ["2020-03-02", "2020-04-01"]))


def test_the_day_of_the_cutoff(learner):
    """The day of the cutoff is tested on."""
    check(learner, ["2020-02-29", "2020-03-01"], datetime.date(2020, 3, 1), (["2020-02-29"], ["2020-03-01"]))


def test_a_date_that_is_none(learner):
    """A date of another form is refused with a ValueError."""
    try:
        learner.split_by_date([{"date": "31/01/2020"}], "date", datetime.date(2020, 3, 1))
    except ValueError:
        return
    raise AssertionError("split_by_date with the date '31/01/2020' raised nothing. The contract asks for a ValueError.")
