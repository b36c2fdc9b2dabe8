"""Public checks of `quantize_int8`: examples to check oneself by."""

import torch

from tunelab import expect


def called(learner, rows):
    call = f"quantize_int8({rows}), as a tensor,"
    got = expect.sequence(learner.quantize_int8(torch.tensor(rows)), call=call, kind=tuple, length=2)
    values = expect.tensor(got[0], call=f"{call} as values", shape=(len(rows), len(rows[0])), dtype=torch.int8)
    return values.tolist(), expect.tensor(got[1], call=f"{call} as scales", shape=(len(rows),), dtype=torch.float32), call


def test_the_example_of_the_docstring(learner):
    """A row whose largest number is 1.27 has steps of 0.01."""
    values, scales, call = called(learner, [[1.27, -0.5, 0.004]])
    expect.close(scales, [0.01], call=f"{call} as scales", hint="It should be 0.01.", atol=1e-7)
    assert values == [[127, -50, 0]], f"{call} gave the values {values}. They should be [[127, -50, 0]]."


def test_each_row_has_its_scale(learner):
    """A row of small numbers has small steps."""
    values, scales, call = called(learner, [[0.0, -254.0], [0.0127, 0.0001]])
    expect.close(scales, [2.0, 0.0001], call=f"{call} as scales", hint="They should be 2 and 0.0001.", atol=1e-7)
    assert values == [[0, -127], [127, 1]], f"{call} gave the values {values}. They should be [[0, -127], [127, 1]]."


def test_a_row_of_zeros(learner):
    """A row of zeros gives zeros, and the scale 1."""
    values, scales, call = called(learner, [[0.0, 0.0], [1.0, 1.0]])
    assert values == [[0, 0], [127, 127]] and float(scales[0]) == 1.0, (
        f"{call} gave {values} and {scales.tolist()}. The first row's should be 0, 0 and 1."
    )
