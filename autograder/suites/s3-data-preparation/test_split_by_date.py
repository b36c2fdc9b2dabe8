"""Hidden suite of `split_by_date`."""

import copy
import datetime

import pytest

from tunelab import data, expect


def split(learner, rows, cutoff, call, key="date"):
    """The ladder up to values: a tuple of two lists of rows."""
    got = learner.split_by_date(rows, key, cutoff)
    expect.sequence(got, call=call, kind=tuple, length=2)
    for half, name in zip(got, ("first", "second"), strict=True):
        expect.sequence(half, call=f"{call}, as its {name} list,")
        assert all(row in rows for row in half), f"{call} gave in its {name} list something other than the rows as they were."
    return got


def dated(day, **more):
    return {"date": day.isoformat(), **more}


def days(rng, count, around, spread=60):
    """Different days around a date, in random order, none of them that date itself."""
    offsets = [int(n) for n in rng.permutation([n for n in range(-spread, spread + 1) if n])[:count]]
    return [around + datetime.timedelta(days=n) for n in offsets]


def some_day(rng):
    return datetime.date(2020, 3, 1) + datetime.timedelta(days=int(rng.integers(0, 90)))


def sides(rows, cutoff):
    """The ids of the rows before the cutoff and of the others, by a slow and plain comparison of numbers."""
    early = [tuple(map(int, row["date"].split("-"))) < (cutoff.year, cutoff.month, cutoff.day) for row in rows]
    return [row["id"] for row, yes in zip(rows, early, strict=True) if yes], [
        row["id"] for row, yes in zip(rows, early, strict=True) if not yes
    ]


def agree(got, rows, cutoff, call, hint="Look at the date of each row, and at nothing else."):
    """Both lists hold the right rows in the order of `rows`; where they don't, what is wrong with them is said. Each row has its place as its id."""
    train, test = got
    early, late = sides(rows, cutoff)
    if (train, test) == (early, late):
        return
    both, neither = sorted(set(train) & set(test)), [i for i in range(len(rows)) if i not in train and i not in test]
    day = [row["date"] for row in rows]
    assert not both, f"{call} put the row of {day[both[0]]} into both lists: it would be trained on and tested on."
    assert not neither, f"{call} put the row of {day[neither[0]]} into neither list. Each row is in one of them."
    assert (train, test) != (late, early), (
        f"{call} gave its lists the wrong way round: the first holds what comes after the cutoff. One trains on the past and tests on the future."
    )
    wrong = [i for i in range(len(rows)) if (i in train) != (i in early)]
    assert not wrong, f"{call} put the row of {day[wrong[0]]} into the {'first' if wrong[0] in train else 'second'} list. {hint}"
    assert len(train) + len(test) == len(rows), f"{call} gave a row twice in one list."
    raise AssertionError(f"{call} gave its lists in another order than the rows came in. Nobody asked for sorting.")


@pytest.mark.points(2)
def test_the_past_trains(learner, rng):
    """What is from before the cutoff is in the first list, what is later in the second."""
    cutoff = some_day(rng)
    earlier = [cutoff - datetime.timedelta(days=int(n)) for n in sorted(rng.choice(range(1, 60), size=6, replace=False), reverse=True)]
    later = [cutoff + datetime.timedelta(days=int(n)) for n in sorted(rng.choice(range(1, 60), size=4, replace=False))]
    rows = [dated(day, id=i) for i, day in enumerate(earlier + later)]
    call = f"split_by_date of ten rows, with the cutoff {cutoff},"
    train, test = split(learner, rows, cutoff, call)
    agree(([row["id"] for row in train], [row["id"] for row in test]), rows, cutoff, call)


@pytest.mark.points(2)
def test_the_day_of_the_cutoff(learner, rng):
    """The day of the cutoff belongs to the second list, and to that alone."""
    cutoff = some_day(rng)
    around = [cutoff + datetime.timedelta(days=n) for n in (-1, 0, 1, 0)]
    rows = [dated(day, id=i) for i, day in enumerate(around)]
    call = f"split_by_date of rows from the days around the cutoff {cutoff}"
    train, test = ([row["id"] for row in half] for half in split(learner, rows, cutoff, call))
    both, neither = set(train) & set(test), set(range(4)) - set(train) - set(test)
    assert not {1, 3} & both, f"{call} put a row of the day of the cutoff on both sides: it would be trained on and tested on."
    assert not {1, 3} & neither, f"{call} gave a row in neither list, one from the day of the cutoff. Each row is in one of them."
    reversed_sides = sorted(train) == [1, 2, 3]
    assert reversed_sides or not {1, 3} & set(train), f"{call} trains on the day of the cutoff. Only what is before it is trained on."
    agree((train, test), rows, cutoff, call)


@pytest.mark.points(2)
def test_unsorted_rows(learner, rng):
    """Rows come in any order of dates, and each goes to its side."""
    for _ in range(3):
        cutoff = some_day(rng)
        rows = [dated(day, id=i) for i, day in enumerate(days(rng, 25, cutoff))]
        call = f"split_by_date of 25 rows in random order, with the cutoff {cutoff},"
        train, test = ([row["id"] for row in half] for half in split(learner, rows, cutoff, call))
        hint = "Rows come in any order: look at the date of each, not for the place where to cut."
        agree((train, test), rows, cutoff, call, hint)


@pytest.mark.points(1)
def test_order_is_kept(learner, rng):
    """Each list keeps the order of the rows, and rows keep all that is in them."""
    cutoff = some_day(rng)
    rows = [dated(day, id=i, text=f"headline {i}") for i, day in enumerate(days(rng, 16, cutoff))]
    call = f"split_by_date of 16 rows in random order, with the cutoff {cutoff},"
    train, test = split(learner, rows, cutoff, call)
    agree(([row["id"] for row in train], [row["id"] for row in test]), rows, cutoff, call)
    assert all(row == rows[row["id"]] for row in train + test), f"{call} changed what is in the rows."


@pytest.mark.points(1)
def test_across_years(learner, rng):
    """A day in January of a later year comes after a day in December."""
    cutoff = datetime.date(2021, 2, 10)
    years = [int(y) for y in rng.permutation([1999, 2019, 2020, 2021, 2022])]
    rows = [dated(datetime.date(year, month, 5), id=i) for i, (year, month) in enumerate((y, m) for y in years for m in (1, 2, 3, 12))]
    call = f"split_by_date of rows from five years, with the cutoff {cutoff},"
    train, test = ([row["id"] for row in half] for half in split(learner, rows, cutoff, call))
    in_year = [i for i, row in enumerate(rows) if row["date"].startswith("2021")]
    same_year = [i for i in train if i in in_year] == [i for i in sides(rows, cutoff)[0] if i in in_year]
    hint = "Compare whole dates, year first: it is of another year than the cutoff." if same_year else "Look at the date of each row."
    agree((train, test), rows, cutoff, call, hint)


@pytest.mark.points(1)
def test_one_side_may_be_empty(learner, rng):
    """When all rows are on one side of the cutoff, the other list is empty; the key may have any name."""
    rows = [{"day": day.isoformat()} for day in days(rng, 5, datetime.date(2020, 5, 1), spread=20)]
    before = copy.deepcopy(rows)
    for cutoff, sizes in ((datetime.date(2019, 1, 1), (0, 5)), (datetime.date(2022, 1, 1), (5, 0))):
        call = f"split_by_date of five rows of 2020, whose date is under 'day', with the cutoff {cutoff},"
        got = split(learner, rows, cutoff, call, key="day")
        assert tuple(map(len, got)) == sizes, (
            f"{call} gave lists of {len(got[0])} and {len(got[1])} rows. All of them are from {'before' if sizes[0] else 'after'} the cutoff."
        )
        assert learner.last.args[0] == before, f"{call} changed the rows that it was given."


@pytest.mark.points(1)
def test_dates_that_are_none(learner, rng):
    """A date that can't be read is an error, not a row on some side or nowhere."""
    good = [dated(day) for day in days(rng, 4, datetime.date(2020, 3, 1))]
    for bad in ("31/01/2020", "2020-02-30", "soon", ""):
        rows = [*good[:2], {"date": bad}, *good[2:]]
        try:
            learner.split_by_date(rows, "date", datetime.date(2020, 3, 1))
        except ValueError:
            continue
        raise AssertionError(
            f"split_by_date with a row of the date {bad!r} raised nothing. As text it can be compared all the same, and lands on some side; left out, it is missed by nobody. "
            "A ValueError tells that the data aren't what they should be."
        )
    train, test = split(learner, good, datetime.date(2020, 3, 1), "split_by_date of four rows with dates that can be read")
    assert len(train) + len(test) == 4, f"split_by_date of four rows gave {len(train)} and {len(test)}."


@pytest.mark.points(1)
def test_real_headlines(learner, rng):
    """Real headlines, in random order."""
    every = data.headlines()
    chosen = [int(i) for i in rng.choice(len(every), size=400, replace=False)]
    rows = [row | {"id": i} for i, row in enumerate(every.select(chosen).to_list())]
    cutoff = datetime.date.fromisoformat(rows[0]["date"])
    call = f"split_by_date of 400 real headlines in random order, with the cutoff {cutoff},"
    train, test = ([row["id"] for row in half] for half in split(learner, rows, cutoff, call))
    agree((train, test), rows, cutoff, call)
