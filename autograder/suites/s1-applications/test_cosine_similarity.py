"""Hidden suite of `cosine_similarity`."""

import math

import numpy as np
import pytest
import torch

from tunelab import expect


def vectors(rng, rows, width):
    return torch.from_numpy(rng.normal(size=(rows, width)))


def by_hand(a, b):
    """Cosines by two loops in plain Python."""
    rows = []
    for x in a.tolist():
        row = []
        for y in b.tolist():
            lengths = math.sqrt(sum(p * p for p in x)) * math.sqrt(sum(q * q for q in y))
            row.append(sum(p * q for p, q in zip(x, y, strict=True)) / lengths if lengths else 0.0)
        rows.append(row)
    return np.array(rows)


def called(learner, a, b, about=""):
    """The table, after a look at its form."""
    call = f"cosine_similarity(a, b) with a of shape {tuple(a.shape)} and b of shape {tuple(b.shape)}{about}"
    got = expect.tensor(learner.cosine_similarity(a, b), call=call, finite=False)
    rows, columns = len(a), len(b)
    assert tuple(got.shape) != (columns, rows) or rows == columns, (
        f"{call} gave a table of shape {(columns, rows)}: a and b are swapped. Each row of the result belongs to a row of a."
    )
    assert tuple(got.shape) == (rows, columns), (
        f"{call} gave shape {tuple(got.shape)}. Compare every row of a with every row of b, not only row i with row i: n rows, m columns."
    )
    return got, call


def lengths(x):
    return x.norm(dim=1, keepdim=True).clamp(min=1e-12)


def mistake(got, a, b):
    """What a table that is wrong comes from: the mistake that gives just this one."""
    got, a, b = got.double(), a.double(), b.double()
    columns = [x / x.norm(dim=0, keepdim=True).clamp(min=1e-12) for x in (a, b)]
    whole = [x / x.norm().clamp(min=1e-12) for x in (a, b)]
    absolute = [x / x.abs().sum(dim=1, keepdim=True).clamp(min=1e-12) for x in (a, b)]
    right, root = torch.from_numpy(by_hand(a, b)), "The length of a row is the root of the sum of squares of its numbers."
    guesses = [
        (a @ b.T, "These are dot products, which grow with length; a cosine is divided by both lengths, that of a's row and that of b's."),
        (a / lengths(a) @ b.T, "These are divided by the lengths of a's rows alone. A cosine is divided by both lengths, that of a's row and that of b's."),
        (a @ (b / lengths(b)).T, "These are divided by the lengths of b's rows alone. A cosine is divided by both lengths, that of a's row and that of b's."),
        (a / lengths(a).square() @ (b / lengths(b).square()).T, f"These are divided by the squares of the lengths. {root}"),
        (columns[0] @ columns[1].T, "Here lengths were taken along the columns. They are taken along the rows (dim=1), a vector being a row, one length for each of them."),
        (whole[0] @ whole[1].T, "Here all of a was divided by one number, and all of b by another. Lengths are taken along the rows (dim=1), one length for each of them."),
        (absolute[0] @ absolute[1].T, f"Here each row was divided by the sum of its numbers' sizes. {root}"),
        (right.abs(), "Here the sign was lost. A cosine keeps its sign: it goes from -1, for the opposite direction, to 1."),
        (right.clamp(min=0), "Here what is below 0 became 0. A cosine keeps its sign: it goes from -1, for the opposite direction, to 1."),
        (right.T, "That is the table with a and b swapped. Each row of the result belongs to a row of a."),
    ]  # fmt: skip
    for guess, sentence in guesses:
        told_apart = guess.shape != right.shape or not torch.allclose(guess, right, atol=1e-4)
        if told_apart and guess.shape == got.shape and torch.allclose(guess, got, atol=1e-6, rtol=1e-5):
            return sentence
    if (right - got).abs().max() < 0.02:
        return "They are nearly right. A number that is added to what you divide by must be tiny beside the lengths, also those of short vectors; only a length of 0 itself needs care."
    return f"Divide the dot product of each row of a and each row of b by both their lengths. {root}"


def compare(got, right, a, b, call, atol=1e-6):
    expect.close(got, right, call=call, hint=mistake(got, a, b), atol=atol)


@pytest.mark.points(3)
def test_each_row_with_each(learner, rng):
    """Every row of a is compared with every row of b: a table of n rows and m columns."""
    a, b = vectors(rng, 4, 3), vectors(rng, 2, 3)
    got, call = called(learner, a, b)
    compare(got, by_hand(a, b), a, b, call)


@pytest.mark.points(2)
def test_length_does_not_count(learner, rng):
    """Vectors ten times as long point the same way: the cosines stay."""
    a, b = vectors(rng, 3, 5), vectors(rng, 4, 5)
    for name, left, right in (("a", 10 * a, b), ("b", a, 10 * b)):
        got, call = called(learner, left, right, f", {name} holding vectors ten times as long as usual,")
        compare(got, by_hand(a, b), left, right, call)
    # Lengths of 0.001 on one side: 1e-8 added to the denominator is small beside that, 1e-6 isn't.
    short = a / a.norm(dim=1, keepdim=True) / 1000
    got, call = called(learner, short, a, ", a holding vectors that are 0.001 long,")
    compare(got, by_hand(short, a), short, a, call, atol=1e-4)


@pytest.mark.points(1)
def test_opposite_is_minus_one(learner, rng):
    """A vector and its opposite have the cosine -1."""
    a = vectors(rng, 3, 4)
    got, call = called(learner, a, -a, ", b holding the opposites of a's rows,")
    compare(got, by_hand(a, -a), a, -a, call)


@pytest.mark.points(2)
def test_zero_vectors_are_like_nothing(learner, rng):
    """A row of zeros gives 0 with everything, and disturbs no other row."""
    a, b = vectors(rng, 3, 4), vectors(rng, 2, 4)
    a[1] = 0
    b[0] = 0
    got, call = called(learner, a, b, ", row 1 of a and row 0 of b all zeros,")
    empty = {"row 1, which belongs to a's zeros": got[1], "column 0, which belongs to b's zeros": got[:, 0]}
    where = ", and in ".join(what for what, part in empty.items() if torch.isnan(part).all()) or "places of other rows"
    assert not torch.isnan(got).any(), (
        f"{call} gave NaN in {where}. A length of 0 must not be divided by, neither one of a's nor one of b's."
    )
    compare(got, by_hand(a, b), a, b, call)


@pytest.mark.points(1)
def test_single_precision(learner, rng):
    """Tensors of 32 bits give a tensor of 32 bits, as accurate as those can be, and tensors of 64 bits one of 64."""
    a, b = vectors(rng, 5, 384).float(), vectors(rng, 3, 384).float()
    got, call = called(learner, a, b)
    expect.tensor(got, call=call, shape=(5, 3), dtype=torch.float32)
    compare(got, by_hand(a, b), a, b, call, atol=1e-5)
    got, call = called(learner, a.double(), b.double())
    assert got.dtype == torch.float64, (
        f"{call}, both of 64 bits, gave a tensor of type {str(got.dtype).removeprefix('torch.')}. The result has the dtype of a: `.float()`, or a tensor made without a dtype, has 32 bits."
    )


@pytest.mark.points(1)
def test_arguments_are_left_alone(learner, rng):
    """The vectors that were handed in are as long as before."""
    a, b = vectors(rng, 2, 3), vectors(rng, 3, 3)
    before = a.clone(), b.clone()
    got, call = called(learner, a, b)
    compare(got, by_hand(*before), *before, call)
    left = learner.last.args
    same = all(torch.equal(x, y) for x, y in zip(before, left[:2], strict=True))
    assert same, f"{call} changed its arguments. `a /= …` works in place, on the caller's tensor; `a / …` makes a new one."
