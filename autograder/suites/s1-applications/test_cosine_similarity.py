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


def called(learner, a, b):
    call = f"cosine_similarity(a, b) with a of shape {tuple(a.shape)} and b of shape {tuple(b.shape)}"
    got = learner.cosine_similarity(a, b)
    return expect.tensor(got, call=call, finite=False), call


@pytest.mark.points(3)
def test_each_row_with_each(learner, rng):
    """Every row of a is compared with every row of b: a table of n rows and m columns."""
    a, b = vectors(rng, 4, 3), vectors(rng, 2, 3)
    got, call = called(learner, a, b)
    assert tuple(got.shape) != (2, 4), (
        f"{call} gave a table of shape (2, 4): a and b are swapped. Each row of the result belongs to a row of a."
    )
    assert tuple(got.shape) == (4, 2), (
        f"{call} gave shape {tuple(got.shape)}. Compare every row of a with every row of b, not only row i with row i: n rows, m columns."
    )
    wanted = by_hand(a, b)
    expect.close(
        got,
        wanted,
        call=call,
        hint="Lengths are taken along the rows (dim=1), a vector being a row, one length for each of them. A length is the root of the sum of squares.",
        atol=1e-6,
    )


@pytest.mark.points(2)
def test_length_does_not_count(learner, rng):
    """Vectors ten times as long point the same way: the cosines stay."""
    a, b = vectors(rng, 3, 5), vectors(rng, 4, 5)
    for name, left, right in (("a", 10 * a, b), ("b", a, 10 * b)):
        got, call = called(learner, left, right)
        hint = f"Here {name} holds vectors ten times as long as usual. A dot product grows with length; a cosine is divided by both lengths, that of a's row and that of b's."
        expect.close(got, by_hand(a, b), call=call, hint=hint, atol=1e-6)
    # Lengths of 0.001 on one side: 1e-8 added to the denominator is small beside that, 1e-6 isn't.
    short = a / a.norm(dim=1, keepdim=True) / 1000
    got, call = called(learner, short, a)
    hint = "Here a's vectors are short: 0.001 long. A number that is added to a denominator must be tiny beside that; only a length of 0 itself needs care."
    expect.close(got, by_hand(short, a), call=call, hint=hint, atol=1e-4)


@pytest.mark.points(1)
def test_opposite_is_minus_one(learner, rng):
    """A vector and its opposite have the cosine -1."""
    a = vectors(rng, 3, 4)
    got, call = called(learner, a, -a)
    expect.close(
        got,
        by_hand(a, -a),
        call=call,
        hint="Here b holds the opposites of a's rows. A cosine keeps its sign: it goes from -1 to 1.",
        atol=1e-6,
    )


@pytest.mark.points(2)
def test_zero_vectors_are_like_nothing(learner, rng):
    """A row of zeros gives 0 with everything, and disturbs no other row."""
    a, b = vectors(rng, 3, 4), vectors(rng, 2, 4)
    a[1] = 0
    b[0] = 0
    got, call = called(learner, a, b)
    call += ", row 1 of a and row 0 of b all zeros"
    assert not torch.isnan(got).any(), f"{call}: there is NaN in the result. A length of 0 must not be divided by."
    expect.close(got, by_hand(a, b), call=call, hint="What belongs to a row of zeros is 0, the rest as ever.", atol=1e-6)


@pytest.mark.points(1)
def test_single_precision(learner, rng):
    """Tensors of 32 bits give a tensor of 32 bits, as accurate as those can be, and tensors of 64 bits one of 64."""
    a, b = vectors(rng, 5, 384).float(), vectors(rng, 3, 384).float()
    got, call = called(learner, a, b)
    expect.tensor(got, call=call, shape=(5, 3), dtype=torch.float32)
    expect.close(got, by_hand(a, b), call=call, hint="Are the lengths those of the rows?", atol=1e-5)
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
    expect.close(got, by_hand(*before), call=call, hint="Compare every row of a with every row of b.", atol=1e-6)
    left = learner.last.args
    same = all(torch.equal(x, y) for x, y in zip(before, left[:2], strict=True))
    assert same, f"{call} changed its arguments. `a /= …` works in place, on the caller's tensor; `a / …` makes a new one."
