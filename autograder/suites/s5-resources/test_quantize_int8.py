"""Hidden suite of `quantize_int8`."""

import numpy as np
import pytest
import torch

from tunelab import expect
from tunelab.models import minilm


def called(learner, weight, words):
    call = f"quantize_int8(weight), on {words.removesuffix(',')},"
    got = expect.sequence(learner.quantize_int8(weight), call=call, kind=tuple, length=2)
    values = expect.tensor(got[0], call=f"{call} as values,", shape=tuple(weight.shape), dtype=torch.int8)
    scales = expect.tensor(got[1], call=f"{call} as scales,")
    assert tuple(scales.shape) == (len(weight),), (
        f"{call} gave scales of shape {tuple(scales.shape)}. There is one for each row: a vector of {len(weight)}. Did you keep an axis, or take the columns'?"
    )
    expect.tensor(scales, call=f"{call} as scales,", dtype=torch.float32)
    assert not scales.requires_grad, f"{call} gave scales that require a gradient. Detach the weight first: these are numbers to be stored."
    assert bool((scales > 0).all()), (
        f"{call} gave a scale of {float(scales.min()):.4g}. Scales are above 0: a row of zeros has a scale of 1."
    )
    return values, scales, call


def usual_scales(weight, scales, call):
    """Names a mistake that gives just these scales, where they are wrong. Asked where a test fails."""
    top, highest = weight.abs().amax(dim=1), weight.amax(dim=1)
    full = top > 0
    if torch.allclose(scales[full], top[full] / 127, rtol=1e-4, atol=0):
        return
    for wrong, said in (
        (
            (top.max() / 127).expand(len(top)),
            "gave the same scale to all rows. A row of small numbers is then rounded to nothing: take the largest of each row.",
        ),
        (top / 128, "divided the largest numbers by 128. Then the largest positive one doesn't fit: int8 ends at 127."),
        (top, "gave the largest numbers themselves as scales. A scale is a step, the 127th part of it."),
        (2 * top / 255, "spread the numbers over 255 steps. Steps are symmetric here, 127 on each side of 0."),
        (
            torch.maximum(-weight.amin(dim=1) / 128, highest / 127),
            "divided by 128 where the number that is largest in size is negative. Steps are symmetric here, 127 on each side of 0.",
        ),
        (
            torch.where(highest > 0, highest / 127, scales),
            "gave scales that are made of the largest number of each row, whatever the negative ones. Take the largest *absolute* value.",
        ),
    ):
        assert not torch.allclose(scales[full], wrong[full], rtol=1e-3, atol=0), f"{call} {said}"


def matrix(rng, rows, columns):
    """Rows of very different sizes, each with both signs."""
    sizes = 10.0 ** rng.uniform(-3, 2, size=(rows, 1))
    return torch.from_numpy(rng.normal(size=(rows, columns)) * sizes).float()


def error(weight, values, scales):
    """The largest error of each row, in steps."""
    return ((weight.double() - values.double() * scales.double()[:, None]).abs() / scales.double()[:, None]).amax(dim=1)


def not_cut_off(weight, values, scales, call):
    """No number was cut off: then the error is up to one step, and always to the same side."""
    exact = weight.detach().double() / scales.double()[:, None]
    worst = float((values.double() - exact).abs().max())
    if 0.6 < worst < 1.01:
        assert not bool((values.double().abs() <= exact.abs() + 1e-3).all()), (
            f"{call} is off by up to {worst:.2f} steps, always towards 0. To change the type cuts the digits off: round first."
        )
        assert not bool((values.double() <= exact + 1e-3).all()), (
            f"{call} is off by up to {worst:.2f} steps, always down, as `floor` does it. Round to the nearest whole number."
        )


@pytest.mark.points(2)
def test_each_row_has_a_scale_of_its_own(learner, rng):
    """The largest number of each row becomes 127 or -127, however small the row is."""
    weight = matrix(rng, 6, 40)
    values, scales, call = called(learner, weight, "6 rows of very different sizes")
    top = weight.abs().amax(dim=1)
    usual_scales(weight, scales, call)
    expect.close(
        scales, top / 127, call=f"{call} as scales", hint="The largest absolute value of each row, divided by 127.", rtol=1e-5, atol=0
    )
    not_cut_off(weight, values, scales, call)
    ends = values.abs().amax(dim=1)
    assert bool((ends == 127).all()), (
        f"{call} gave rows whose largest value is {ends.tolist()}. In each row the largest number becomes 127 or -127."
    )


@pytest.mark.points(2)
def test_rounded_to_the_nearest(learner, rng):
    """No number is off by more than half a step, and those in the middle of two steps by no less."""
    weight = matrix(rng, 5, 300)
    values, scales, call = called(learner, weight, "5 rows of 300 numbers")
    worst = float(error(weight, values, scales).max())
    not_cut_off(weight, values, scales, call)
    if worst >= 0.5 + 1e-3:
        usual_scales(weight, scales, call)
    assert worst < 0.5 + 1e-3, f"{call} is off by up to {worst:.2f} steps. Rounded to the nearest, it is half a step at most."


@pytest.mark.points(2)
def test_both_signs_alike(learner, rng):
    """The negated matrix gives the negated values, from -127 to 127, and the same scales; also when a row's largest number is negative."""
    weight = matrix(rng, 6, 24)
    for row in range(6):
        place = int(rng.integers(24))
        weight[row, place] = (1 if row % 2 else -1) * 2.5 * weight[row].abs().max()
    values, scales, call = called(
        learner, weight, "rows with one number that is far larger than the others, in every second row a negative one"
    )
    ends = error(weight, values, scales)
    if int(values.min()) == -128 or float(ends.max()) >= 0.6:
        usual_scales(weight, scales, call)
    assert int(values.min()) != -128, f"{call} gave the value -128. It has no partner on the other side: values are from -127 to 127."
    not_cut_off(weight, values, scales, call)
    assert float(ends[::2].max()) < 0.6, (
        f"{call} is off by {float(ends[::2].max()):.1f} steps in a row whose largest number is negative. Take the largest *absolute* value."
    )
    assert float(ends.max()) < 0.6, f"{call} is off by {float(ends.max()):.1f} steps. Every number must fit between -127 and 127."
    other, turned, call = called(learner, -weight, "the same rows, negated,")
    assert torch.allclose(scales, turned, rtol=1e-6), f"{call} gave other scales than without the minus. Sizes count, not signs."
    assert int((other + values).abs().max()) <= 1, (
        f"{call} gave other values than the negated ones. Symmetric means: no zero point, no shift."
    )
    assert int(other.min()) >= -127, f"{call} gave the value {int(other.min())}. Values are from -127 to 127."


@pytest.mark.points(2)
def test_rows_of_zeros(learner, rng):
    """A row of zeros gives zeros and a scale of 1; the other rows are as they would be."""
    weight = matrix(rng, 5, 8)
    empty = sorted(int(row) for row in rng.permutation(5)[:2])
    weight[empty] = 0
    got = learner.quantize_int8(weight)
    call = f"quantize_int8(weight), with zeros in the rows {empty},"
    expect.sequence(got, call=call, kind=tuple, length=2)
    scales = expect.tensor(got[1], call=f"{call} as scales,", finite=False)
    assert bool(torch.isfinite(scales).all()), (
        f"{call} gave NaN or infinity among the scales. Zero divided by zero is no number: give rows of zeros a scale of 1."
    )
    values, scales, call = called(learner, weight, f"five rows with zeros in the rows {empty}")
    assert not bool(values[empty].any()), (
        f"{call} gave {values[empty].tolist()} for the rows of zeros. 0 / 0 is NaN, and as an int8 it is anything."
    )
    assert scales[empty].tolist() == [1.0, 1.0], (
        f"{call} gave {[round(scale, 4) for scale in scales[empty].tolist()]} as their scales. The contract asks for 1.0."
    )
    full = [row for row in range(5) if row not in empty]
    if not torch.allclose(scales[full], weight[full].abs().amax(dim=1) / 127, rtol=1e-4, atol=0):
        usual_scales(weight, scales, call)
        _, alone, _ = called(learner, weight[full], "the other rows alone")
        assert torch.allclose(scales[full], alone, rtol=1e-4, atol=0), (
            f"{call} gave other scales to the other rows than without zeros beside them. Only the rows of zeros need a scale of 1."
        )
        raise AssertionError(f"{call} gave wrong scales to the other rows. The largest absolute value of each row, divided by 127.")
    not_cut_off(weight, values, scales, call)
    worst = float(error(weight, values, scales)[full].max())
    assert worst < 0.501, f"{call} is off by up to {worst:.2f} steps in the other rows. Rounded to the nearest, it is half a step at most."
    values, scales, call = called(learner, weight[:, :1], "a single column")
    assert torch.allclose(values[full].float().abs(), torch.tensor(127.0)), (
        f"{call} gave {values.tolist()}. Each row's only number is its largest."
    )


@pytest.mark.points(1)
def test_the_weight_is_left_alone(learner, rng):
    """The weight, also when it is a parameter, is as before, and nothing asks for its gradient."""
    weight = torch.nn.Parameter(matrix(rng, 4, 6))
    before = weight.detach().clone()
    called(learner, weight, "a parameter of 4 rows and 6 columns")
    assert torch.equal(learner.last.args[0].detach(), before), (
        "quantize_int8(weight) changed the weight. Operations that end in `_` work in place."
    )


@pytest.mark.points(1)
def test_a_matrix_of_minilm(learner, rng):
    """On a matrix of MiniLM the error is a small part of the weights."""
    layer = int(rng.integers(6))
    weight = minilm().encoder.layer[layer].intermediate.dense.weight.detach()
    values, scales, call = called(learner, weight, f"the first feed-forward matrix of MiniLM's layer {layer}")
    not_cut_off(weight, values, scales, call)
    if float(error(weight, values, scales).max()) >= 0.501:
        usual_scales(weight, scales, call)
    assert float(error(weight, values, scales).max()) < 0.501, f"{call} is off by more than half a step."
    off = weight - values.float() * scales[:, None]
    share = float(off.norm() / weight.norm())
    assert np.isfinite(share) and share < 0.02, (
        f"{call} is off by {share:.1%} of the matrix's length. With a scale for each row it is about one percent."
    )
