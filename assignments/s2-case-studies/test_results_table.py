"""Public checks of `results_table`."""

import math
from dataclasses import dataclass

from tunelab import expect
from tunelab.codec import Table

COLUMNS = ["system", "runs", "accuracy", "low", "high", "gain", "seconds"]


@dataclass(frozen=True)
class Run:
    """As in the lesson's set-up."""

    system: str
    seed: int
    accuracy: float
    seconds: float


RUNS = [Run("b", 0, 0.70, 2.0), Run("a", 0, 0.5, 1.0), Run("b", 1, 0.72, 4.0), Run("b", 2, 0.77, 3.0)]


def columns_of(learner, runs, baseline, call):
    got = learner.results_table(runs, baseline)
    expect.value(got, call=call)
    assert isinstance(got, Table), f"{call} gave a {type(got).__name__}. A table is asked for: `pd.DataFrame(...)`."
    assert list(got.columns) == COLUMNS, f"{call} gave a table with the columns {list(got.columns)}. Asked for are {COLUMNS}."
    return got.columns


def test_the_example(learner):
    """The example of the contract: three runs of b and one of a, which is the baseline."""
    call = 'results_table(runs, "a")'
    found = columns_of(learner, RUNS, "a", call)
    assert list(found["system"]) == ["b", "a"], (
        f"{call} has the rows {list(found['system'])}. One row for each system, the best mean first."
    )
    assert list(found["runs"]) == [3, 1], f"{call} counts {list(found['runs'])} runs. b has three, a has one."
    for name, wanted in (("accuracy", [0.73, 0.5]), ("gain", [0.23, 0.0]), ("seconds", [3.0, 1.0])):
        got = [float(value) for value in found[name]]
        assert got == wanted, f"{call} gave {got} as {name!r}, where {wanted} is right: means over the runs, rounded at the end."
    low, high = float(found["low"][0]), float(found["high"][0])
    assert (low, high) == (0.64, 0.82), (
        f"{call} gave {low} to {high} for b. `stats.mean_interval([0.70, 0.72, 0.77])` says 0.640 to 0.820; its half-width of 0.09 leaves two digits."
    )
    alone = [float(found[name][1]) for name in ("low", "high")]
    assert all(map(math.isnan, alone)), (
        f"{call} gave {alone} for a, which has a single run. Nothing is known about its spread: both ends are NaN."
    )


def test_a_wide_interval_leaves_one_digit(learner):
    """Two runs that lie far apart say little, and the row shows it."""
    call = 'results_table([Run("x", 0, 0.61, 1.0), Run("x", 1, 0.68, 2.0)], "x")'
    found = columns_of(learner, [Run("x", 0, 0.61, 1.0), Run("x", 1, 0.68, 2.0)], "x", call)
    row = [float(found[name][0]) for name in ("accuracy", "low", "high")]
    assert row == [0.6, 0.2, 1.1], (
        f"{call} gave {row} for accuracy, low and high. The interval goes from 0.20 to 1.09, a half-width of 0.44: one digit after the point is all one can say."
    )


def test_a_baseline_without_runs(learner):
    """A baseline that has no run is refused, and the message names `baseline`."""
    call = 'results_table(runs, "c")'
    try:
        got = learner.results_table(RUNS, "c")
    except ValueError as error:
        assert "baseline" in str(error), f"{call} raised a ValueError, as it should. Name `baseline` in it; it says {str(error)[:60]!r}."
    else:
        raise AssertionError(f"{call} gave {type(got).__name__}. No run is of the system c: raise a ValueError.")
