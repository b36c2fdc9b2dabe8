"""Hidden suite of `lora_parameters`."""

import pytest

from tunelab import expect


def called(learner, shapes, rank):
    call = f"lora_parameters({shapes}, {rank})"
    return expect.integer(learner.lora_parameters(shapes, rank), call=call, low=0), call


def judged(got, call, shapes, rank, otherwise):
    """Passes the right count; says of a wrong one from which mistake it comes, where that is plain."""
    right = sum(rank * (rows + columns) for rows, columns in shapes)
    whole = sum(rows * columns for rows, columns in shapes)
    high, wide = sum(rank * rows for rows, _ in shapes), sum(rank * columns for _, columns in shapes)
    ways = (
        (
            (whole, whole * rank),
            "which comes from the product of the shape. That is the whole matrix; LoRA adds two narrow ones beside it.",
        ),
        ((high, wide), "which is one factor alone. The update is a product of two: count the elements of both."),
        ((2 * high, 2 * wide), "as if the matrix were square. One factor is as tall as the matrix, the other as wide."),
        ((right // rank,), "which leaves the rank out. Each factor has `rank` rows or columns."),
        ((whole + right,), "which counts the frozen matrix too. Only what LoRA adds is asked for."),
        ((rank * sum(shapes[0]),), "which is the first matrix alone. Is the `return` inside the loop?"),
        ((rank * sum(shapes[-1]),), "which is the last matrix alone. Add up the factors of all, in place of keeping the last count."),
        (
            (rank * sum(map(sum, set(shapes))),),
            "as if matrices of equal shape were one. The six layers of a model have equal shapes: each gets factors of its own.",
        ),
    )
    if got != right:
        told = [words for wrong, words in ways if got in wrong]
        raise AssertionError(f"{call} gave {got}, {told[0]}" if len(told) == 1 else f"{call} gave {got}. {otherwise}")


@pytest.mark.points(3)
def test_two_narrow_factors(learner, rng):
    """A matrix gets two factors, one as wide as its rows are long and one as tall as its columns: count both."""
    for _ in range(3):
        rows, columns, rank = int(rng.integers(20, 40)), int(rng.integers(50, 90)), int(rng.integers(2, 8))
        got, call = called(learner, [(rows, columns)], rank)
        judged(got, call, [(rows, columns)], rank, f"Write down the shapes of the two factors, for rank {rank}, and multiply each out.")


@pytest.mark.points(2)
def test_every_matrix_counts(learner, rng):
    """The counts of all matrices are added up, also when several have the same shape."""
    shapes = [(int(rng.integers(5, 30)), int(rng.integers(31, 60))) for _ in range(3)]
    rank = int(rng.integers(2, 6))
    shapes = [shapes[0], shapes[1], shapes[0], shapes[0], shapes[2]]
    got, call = called(learner, shapes, rank)
    judged(got, call, shapes, rank, "Add up the factors of all five matrices.")


@pytest.mark.points(1)
def test_no_matrix_no_weights(learner, rng):
    """Without matrices nothing is added, and one matrix more adds its own factors."""
    rows, columns, rank = int(rng.integers(5, 30)), int(rng.integers(31, 60)), int(rng.integers(2, 6))
    empty, call = called(learner, [], rank)
    assert empty == 0, f"{call} gave {empty}. No matrix is given factors here."
    one, call = called(learner, [(columns, rows)], rank)
    judged(one, call, [(columns, rows)], rank, "A matrix that is taller than wide has two factors just the same.")


@pytest.mark.points(1)
def test_shapes_are_left_alone(learner, rng):
    """Counting leaves the list as it was, so that it can be counted again at another rank."""
    shapes = [(int(rng.integers(5, 30)), int(rng.integers(31, 60))) for _ in range(2)]
    ones, call = called(learner, list(shapes), 1)
    left = learner.last.args[0]
    assert left == shapes, f"{call} changed the list of shapes that it was given. Add up without taking anything out."
    sevens, call = called(learner, list(shapes), 7)
    assert ones > 0, f"lora_parameters({shapes}, 1) gave {ones}. Even at rank 1 each matrix has two factors."
    assert sevens == 7 * ones, f"{call} gave {sevens}, and at rank 1 {ones}. Both factors grow in step with the rank."
