"""Hidden suite of `dequantize`."""

import pytest
import torch

from tunelab import expect


def drawn(rng, rows, columns):
    values = torch.from_numpy(rng.integers(-127, 128, size=(rows, columns))).to(torch.int8)
    return values, torch.from_numpy(10.0 ** rng.uniform(-4, 1, size=rows)).float()


def called(learner, values, scales):
    rows, columns = values.shape
    call = f"dequantize(values, scales), with {rows} rows and {columns} columns,"
    try:
        got = learner.dequantize(values, scales)
    except NotImplementedError:
        raise
    except RuntimeError as error:
        raise AssertionError(
            f"{call} raised: {str(error)[:120]}. A vector is laid along the last axis: make a column of the scales."
        ) from None
    expect.tensor(got, call=call, shape=(rows, columns), finite=True)
    return got, call


@pytest.mark.points(2)
def test_each_row_by_its_scale(learner, rng):
    """Every number is multiplied by the scale of its row, also in a square matrix."""
    for rows, columns in ((3, 8), (5, 5), (7, 2), (1, 4)):
        values, scales = drawn(rng, rows, columns)
        got, call = called(learner, values, scales)
        wanted = values.double() * scales.double()[:, None]
        if rows == columns:
            assert not torch.allclose(got.double(), values.double() * scales.double()[None, :], rtol=1e-5), (
                f"{call} multiplied each *column* by a scale. When the matrix is square, PyTorch says nothing: make a column of the scales."
            )
        assert not torch.allclose(got.double(), values.double() / scales.double()[:, None], rtol=1e-5), (
            f"{call} divided by the scales. The way back multiplies."
        )
        whole = (values.double() * scales.double()[:, None]).trunc()
        assert not torch.allclose(got.double(), whole, atol=1e-6) or torch.allclose(wanted, whole), (
            f"{call} gave whole numbers. Change the type before you multiply, not after."
        )
        assert torch.allclose(got.double(), wanted, rtol=1e-5, atol=1e-9), (
            f"{call} gave other numbers. Each one is its value times the scale of its row."
        )


@pytest.mark.points(1)
def test_float32_and_no_overflow(learner):
    """The numbers are float32, and large values don't run over."""
    values, scales = torch.tensor([[127, -127], [100, 3]], dtype=torch.int8), torch.tensor([2.0, 1000.0])
    got, call = called(learner, values, scales)
    assert got.dtype == torch.float32, f"{call} gave {str(got.dtype).removeprefix('torch.')}. The contract asks for float32."
    gave, wanted = (
        f"{call} of 127, -127 and 100, 3, with scales 2 and 1000, gave {[[round(x, 4) for x in row] for row in got.tolist()]}.",
        values.float() * scales[:, None],
    )
    assert not torch.allclose(got, values.float() * scales), f"{gave} Each *column* is multiplied by a scale: make a column of the scales."
    assert not torch.allclose(got, values.float() / scales[:, None]), f"{gave} They are divided by the scales. The way back multiplies."
    ran_over = not bool(((got - wanted) % 256).any()) or float(got.abs().max()) <= 128
    assert torch.equal(got, wanted) or not ran_over, f"{gave} An int8 can't hold such numbers: change the type first."
    assert torch.equal(got, wanted), f"{gave} Each one is its value times the scale of its row."


@pytest.mark.points(1)
def test_the_arguments_are_left_alone(learner, rng):
    """Values and scales are as before."""
    values, scales = drawn(rng, 4, 4)
    got, call = called(learner, values, scales)
    assert got.dtype.is_floating_point, (
        f"{call} gave {str(got.dtype).removeprefix('torch.')}, which can't hold fractions. The contract asks for float32."
    )
    left = learner.last.args
    assert left[0].dtype == torch.int8 and torch.equal(left[0], values), f"{call} changed the values. Make a new tensor."
    assert left[1].shape == scales.shape and torch.equal(left[1], scales), (
        f"{call} changed the scales: `unsqueeze_` and its like work in place."
    )
