"""Hidden suite of `results_table`."""

import math
from dataclasses import dataclass

import pytest

from tunelab import expect
from tunelab.codec import Table

COLUMNS = ["system", "runs", "accuracy", "low", "high", "gain", "seconds"]
STUDENT = {2: 12.7062, 3: 4.30265, 4: 3.18245, 5: 2.77645}


@dataclass(frozen=True)
class Run:
    """As in the lesson's set-up."""

    system: str
    seed: int
    accuracy: float
    seconds: float


def runs_of(rng, system, middle, spread, count):
    """Runs of one system whose accuracies lie at most `spread` about `middle`, and never symmetrically."""
    steps = [-1.0, 0.3, 0.6, 0.9, -0.5][:count]
    return [
        Run(system, seed, middle + spread * (steps[seed] + 0.2 * float(rng.random())), 1 + 9 * float(rng.random())) for seed in range(count)
    ]


def shuffled(rng, runs):
    return [runs[int(i)] for i in rng.permutation(len(runs))]


def mean(values):
    return sum(values) / len(values)


def half_width(values):
    """Half of Student's interval at 95%, from a printed table of quantiles."""
    return STUDENT[len(values)] * math.sqrt(sum((v - mean(values)) ** 2 for v in values) / (len(values) - 1) / len(values))


def rows_of(learner, runs, baseline, about):
    """The rows by system, in the table's order, after the ladder up to values."""
    call = f"results_table(runs, {baseline!r}), on {about},"
    got = learner.results_table(list(runs), baseline)
    expect.value(got, call=call)
    assert isinstance(got, Table) and got.type_name == "DataFrame", (
        f"{call} gave a {getattr(got, 'type_name', type(got).__name__)}, where a table is asked for: `pd.DataFrame(rows, columns=[...])`."
    )
    missing = [name for name in COLUMNS if name not in got.columns]
    assert not missing, (
        f"{call} gave a table without the column {missing[0]!r}. It has {', '.join(map(repr, got.columns)) or 'none'}. Is the system the index in place of a column?"
    )
    systems = list(got.columns["system"])
    assert len(set(systems)) == len(systems), (
        f"{call} gave {len(systems)} rows, some of the same system. There is one row for each system, not one for each run."
    )
    lost = {run.system for run in runs} - set(systems)
    assert not lost, f"{call} gave no row for {sorted(lost)[0]!r}. Every system has its row, the baseline too."
    for name in COLUMNS[1:]:
        for value in got.columns[name]:
            assert isinstance(value, int | float) or hasattr(value, "item"), (
                f"{call} has {value!r:.40} in the column {name!r}, where numbers are asked for."
            )
    return {systems[i]: {name: got.columns[name][i] for name in COLUMNS} for i in range(len(systems))}, call


def same(got, wanted, digits):
    """Equal when rounded; one unit of the last digit is let pass where rounding half-way may go either way."""
    return abs(float(got) - wanted) < 0.5001 * 10**-digits + 1e-9


def contest(rng, baseline_middle=0.55):
    """Runs of four systems, the baseline neither first nor last by name or by accuracy, with numbers of runs from 2 to 5."""
    names = [f"system {letter}" for letter in rng.permutation(list("abcd"))]
    middles = [0.45, baseline_middle, 0.66, 0.78]
    counts = [int(n) for n in rng.permutation([2, 3, 4, 5])]
    spreads = [0.02, 0.01, 0.015, 0.008]
    runs = [
        run
        for name, middle, spread, count in zip(names, middles, spreads, counts, strict=True)
        for run in runs_of(rng, name, middle, spread, count)
    ]
    return shuffled(rng, runs), names


@pytest.mark.points(1)
def test_columns_and_rows(learner, rng):
    """It returns a table with the seven columns in their order, one row for each system, and the number of its runs."""
    runs, names = contest(rng)
    rows, call = rows_of(learner, runs, names[1], "14 runs of four systems")
    columns = list(learner.last.value.columns)
    assert columns == COLUMNS, f"{call} gave the columns {columns}. They are asked for in another order, and with no others beside them."
    for name, row in rows.items():
        count = sum(run.system == name for run in runs)
        expect.integer(int(row["runs"]) if float(row["runs"]).is_integer() else row["runs"], call=f"{call} as the runs of {name!r}")
        assert int(row["runs"]) == count, f"{call} counts {row['runs']} runs of {name!r}. Systems may have different numbers of runs."
    assert [run.fields for run in learner.last.args[0]] == [vars(run) for run in runs], (
        f"{call} changed the list of runs that it was given."
    )


@pytest.mark.points(2)
def test_the_mean_over_the_runs(learner, rng):
    """Accuracy and seconds are means over all runs of a system: neither the best run nor the last one."""
    for _ in range(2):
        runs, names = contest(rng)
        rows, call = rows_of(learner, runs, names[1], "four systems")
        for name, row in rows.items():
            own = [run for run in runs if run.system == name]
            scores = [run.accuracy for run in own]
            digits = 1 if half_width(scores) >= 0.1 else 2 if half_width(scores) >= 0.01 else 3
            wanted = mean(scores)
            if not same(row["accuracy"], wanted, digits):
                assert not same(row["accuracy"], max(scores), digits), (
                    f"{call} gave {row['accuracy']} for {name!r}, the accuracy of its best run. The best of several is luck: take the mean of all."
                )
                raise AssertionError(
                    f"{call} gave an accuracy of {row['accuracy']} for {name!r}, which isn't the mean of its {len(own)} runs, rounded."
                )
            times = [run.seconds for run in own]
            assert not same(row["seconds"], sum(times), 2), (
                f"{call} gave {row['seconds']} seconds for {name!r}, the sum over its runs. What one run costs is their mean."
            )
            assert same(row["seconds"], mean(times), 2), (
                f"{call} gave {row['seconds']} seconds for {name!r}, which isn't the mean of its runs, rounded to two digits."
            )


@pytest.mark.points(3)
def test_an_interval_over_the_runs(learner, rng):
    """The interval is that of the mean over the runs, and a single run has none."""
    runs, names = contest(rng)
    single = Run("single", 0, 0.6123, 2.0)
    rows, call = rows_of(learner, [*runs, single], names[1], "four systems with several runs and one with a single run")
    for name in names:
        scores = [run.accuracy for run in runs if run.system == name]
        half, digits = half_width(scores), 1 if half_width(scores) >= 0.1 else 2 if half_width(scores) >= 0.01 else 3
        low, high = float(rows[name]["low"]), float(rows[name]["high"])
        shown = f"{call} gave {low} to {high} for {name!r}, which has {len(scores)} runs."
        assert low <= high, f"{shown} The lower end comes first."
        if same(low, mean(scores) - half, digits) and same(high, mean(scores) + half, digits):
            continue
        normal = 1.96 * half / STUDENT[len(scores)]
        assert not (same(low, min(scores), digits) and same(high, max(scores), digits)), (
            f"{shown} That is the range from its worst run to its best, which isn't an interval of their mean. `stats.mean_interval` makes one: with few runs the interval is wide."
        )
        assert not any(
            same(low, mean(scores) - normal, d) and same(high, mean(scores) + normal, d) for d in (1, 2, 3) if 10.0**-d < 2 * normal
        ), (
            f"{shown} That is about two standard errors each way, as if there were many runs. `stats.mean_interval` knows how few there are: with few runs the interval is wide."
        )
        raise AssertionError(
            f"{shown} It should be what `stats.mean_interval` makes of the accuracies of all of its runs, and of its own only."
        )
    low, high = (float(rows["single"][end]) for end in ("low", "high"))
    assert math.isnan(low) and math.isnan(high), (
        f"{call} gave {low} to {high} for a system with a single run. One run doesn't show how much runs differ: low and high are NaN."
    )
    assert same(rows["single"]["accuracy"], 0.61, 3), (
        f"{call} gave an accuracy of {rows['single']['accuracy']} for a system with a single run. Without an interval it is shown with two digits after the point."
    )


@pytest.mark.points(3)
def test_the_gain_over_the_baseline(learner, rng):
    """The gain is against the system that is named as the baseline, and 0 for the baseline itself."""
    for place in (1, 2, 0, 3):
        runs, names = contest(rng)
        rows, call = rows_of(learner, runs, names[place], "four systems")
        means = {name: mean([run.accuracy for run in runs if run.system == name]) for name in names}
        first = next(iter(rows))
        for name, row in rows.items():
            scores = [run.accuracy for run in runs if run.system == name]
            digits = 1 if half_width(scores) >= 0.1 else 2 if half_width(scores) >= 0.01 else 3
            gain, wanted = float(row["gain"]), means[name] - means[names[place]]
            shown = f"{call} gave a gain of {gain:.4g} for {name!r}."
            if not same(gain, wanted, digits):
                assert not same(gain, wanted / means[names[place]], digits), (
                    f"{shown} That is relative to the baseline. It is a difference: this system's mean minus the baseline's."
                )
                assert not same(gain, -wanted, digits), (
                    f"{shown} The sign is turned round: what is better than the baseline has a gain above 0."
                )
                assert not any(same(gain, means[name] - means[other], digits) for other in (first, list(rows)[-1], runs[0].system)), (
                    f"{shown} That is against another row of the table. The baseline is the system {names[place]!r}, wherever it stands."
                )
                best, best_of_baseline = (max(run.accuracy for run in runs if run.system == other) for other in (name, names[place]))
                assert not same(gain, best - best_of_baseline, digits), (
                    f"{shown} That is the gain of its best run. It is the system's mean minus that of {names[place]!r}."
                )
                raise AssertionError(f"{shown} It is the system's mean minus that of {names[place]!r}, both before rounding.")
        assert float(rows[names[place]]["gain"]) == 0, f"{call} gave a gain of {rows[names[place]]['gain']} for the baseline itself."


@pytest.mark.points(2)
def test_the_best_mean_first(learner, rng):
    """Rows are sorted by mean accuracy, the highest first; what is equal stands by name."""
    runs, names = contest(rng)
    tied = [Run(name, seed, accuracy, 1.0) for name in ("zeta", "beta", "kappa") for seed, accuracy in enumerate((0.875, 0.625))]
    near = [Run("close b", 0, 0.9004, 1.0), Run("close a", 0, 0.9001, 1.0)]
    rows, call = rows_of(learner, shuffled(rng, [*runs, *tied, *near]), names[0], "nine systems")
    order = [name for name in rows if name in names]
    assert order != names, f"{call} has the worst system first. The highest mean comes first."
    assert order == names[::-1], (
        f"{call} has the four clearly different systems in the order {order}. They are sorted by their mean accuracy, neither by name nor by their best run."
    )
    assert list(rows)[:2] == ["close b", "close a"], (
        f"{call} has {list(rows)[:2]} on top. Their means differ in the fourth digit: sort before you round."
    )
    ties = [name for name in rows if name in ("zeta", "beta", "kappa")]
    assert ties == ["beta", "kappa", "zeta"], f"{call} has three systems of equal mean in the order {ties}. They stand by name."


@pytest.mark.points(2)
def test_digits_that_mean_something(learner, rng):
    """A wide interval leaves fewer digits, and rounding comes last."""
    shift = 0.001 * int(rng.integers(2, 10))
    narrow = [Run("narrow", seed, 0.7111 + shift + x, 1.0) for seed, x in enumerate((0.0, 0.0021, 0.0008))]
    medium = [Run("medium", seed, 0.6234 + shift + x, 1.0) for seed, x in enumerate((0.0, 0.021, 0.014))]
    wide = [Run("wide", seed, 0.5262 + shift + x, 1.0) for seed, x in enumerate((0.0, 0.131, 0.089))]
    equal = [Run("equal", seed, 0.41372, 1.0) for seed in range(3)]
    rows, call = rows_of(learner, shuffled(rng, [*narrow, *medium, *wide, *equal]), "wide", "systems with intervals of four widths")
    for own, digits in ((narrow, 3), (medium, 2), (wide, 1), (equal, 3)):
        name = own[0].system
        scores = [run.accuracy for run in own]
        half = 0.0 if name == "equal" else half_width(scores)
        exact = {
            "accuracy": mean(scores),
            "low": mean(scores) - half,
            "high": mean(scores) + half,
            "gain": mean(scores) - mean([run.accuracy for run in wide]),
        }
        for column, value in exact.items():
            got = float(rows[name][column])
            assert abs(got - round(got, digits)) < 1e-9, (
                f"{call} gave {got} in the column {column!r} of {name!r}, which is more digits than its interval allows, of half-width {half:.2g}. The last digit shown is the first one that the interval makes doubtful."
            )
            if same(got, value, digits):
                continue
            shown = f"{call} gave {got} in the column {column!r} of {name!r}, whose interval has a half-width of {half:.2g}."
            fewer = any(abs(got - round(value, d)) < 1e-9 for d in range(digits))
            of_one_run = column == "accuracy" and any(same(got, score, digits) for score in scores)
            assert not fewer or of_one_run, f"{shown} A digit too many was rounded away."
            middles = (mean(scores), mean([run.accuracy for run in wide]))
            early = [abs(got - (round(middles[0], a) - round(middles[1], b))) for a in (1, 2, 3) for b in (1, 2, 3)]
            assert column != "gain" or min(early) > 1e-9, (
                f"{shown} The means were rounded before they were subtracted: rounding comes last."
            )
            raise AssertionError(f"{shown} It isn't right before rounding: see what the checks of the mean, the interval and the gain say.")


@pytest.mark.points(1)
def test_a_baseline_that_is_not_there(learner, rng):
    """A baseline without runs is refused with a message that names `baseline`."""
    runs, names = contest(rng)
    rows, call = rows_of(learner, runs, names[2], "four systems")
    assert len(rows) == 4, f"{call} gave {len(rows)} rows."
    for given, about in ((runs, "none of whose runs is of 'magic'"), ([], "on no runs at all")):
        call = f"results_table(runs, 'magic'), {about},"
        try:
            got = learner.results_table(given, "magic")
        except ValueError as error:
            assert "baseline" in str(error), f"{call} raised a ValueError that says {str(error)[:80]!r}. Name `baseline` in it."
        except (KeyError, IndexError, ZeroDivisionError) as error:
            raise AssertionError(
                f"{call} raised a {type(error).__name__}. Look for the baseline first, and raise a ValueError that names `baseline`."
            ) from None
        else:
            raise AssertionError(
                f"{call} gave {'a table' if isinstance(got, Table) else type(got).__name__} in place of a ValueError. A gain over nothing would look like any other."
            )
