"""Hidden suite of `lora_parameters`."""

import pytest

from tunelab import expect


def called(learner, shapes, rank):
    call = f"lora_parameters({shapes}, {rank})"
    return expect.integer(learner.lora_parameters(shapes, rank), call=call, low=0), call


@pytest.mark.points(3)
def test_two_narrow_factors(learner, rng):
    """A matrix gets two factors, one as wide as its rows are long and one as tall as its columns: count both."""
    for _ in range(3):
        rows, columns, rank = int(rng.integers(20, 40)), int(rng.integers(50, 90)), int(rng.integers(2, 8))
        got, call = called(learner, [(rows, columns)], rank)
        assert got not in (rows * columns, rows * columns * rank), (
            f"{call} gave {got}, which comes from the product of the shape. That is the whole matrix; LoRA adds two narrow ones beside it."
        )
        assert got not in (rank * rows, rank * columns), (
            f"{call} gave {got}, which is one factor alone. The update is a product of two: count the elements of both."
        )
        assert got not in (2 * rank * rows, 2 * rank * columns), (
            f"{call} gave {got}, as if the matrix were square. One factor is as tall as the matrix, the other as wide."
        )
        assert got != rows + columns, f"{call} gave {got}, which leaves the rank out. Each factor has `rank` rows or columns."
        assert got != rows * columns + rank * (rows + columns), (
            f"{call} gave {got}, which counts the frozen matrix too. Only what LoRA adds is asked for."
        )
        assert got == rank * (rows + columns), (
            f"{call} gave {got}. Write down the shapes of the two factors, for rank {rank}, and multiply each out."
        )


@pytest.mark.points(2)
def test_every_matrix_counts(learner, rng):
    """The counts of all matrices are added up, also when several have the same shape."""
    shapes = [(int(rng.integers(5, 30)), int(rng.integers(31, 60))) for _ in range(3)]
    rank = int(rng.integers(2, 6))
    first, call = called(learner, [*shapes, shapes[0], shapes[0]], rank)
    alone = sum(rank * (rows + columns) for rows, columns in shapes)
    assert first != rank * sum(shapes[0]), f"{call} gave {first}, which is the first matrix alone. Is the `return` inside the loop?"
    assert first != alone, (
        f"{call} gave {first}, as if matrices of equal shape were one. The six layers of a model have equal shapes: each gets factors of its own."
    )
    assert first == alone + 2 * rank * sum(shapes[0]), f"{call} gave {first}. Add up the factors of all five matrices."


@pytest.mark.points(1)
def test_no_matrix_no_weights(learner, rng):
    """Without matrices nothing is added, and one matrix more adds its own factors."""
    rows, columns, rank = int(rng.integers(5, 30)), int(rng.integers(31, 60)), int(rng.integers(2, 6))
    empty, call = called(learner, [], rank)
    assert empty == 0, f"{call} gave {empty}. No matrix is given factors here."
    one, call = called(learner, [(columns, rows)], rank)
    assert one == rank * (rows + columns), f"{call} gave {one}. A matrix that is taller than wide has two factors just the same."


@pytest.mark.points(1)
def test_shapes_are_left_alone(learner, rng):
    """Counting leaves the list as it was, so that it can be counted again at another rank."""
    shapes = [(int(rng.integers(5, 30)), int(rng.integers(31, 60))) for _ in range(2)]
    ones, call = called(learner, list(shapes), 1)
    left = learner.last.args[0]
    assert left == shapes, f"{call} changed the list of shapes that it was given. Add up without taking anything out."
    sevens, call = called(learner, list(shapes), 7)
    assert ones > 0, f"lora_parameters({shapes}, 1) gave {ones}. Even at rank 1 each matrix has two factors."
    assert sevens == 7 * ones, f"{call} isn't seven times what rank 1 gives. Both factors grow in step with the rank."
