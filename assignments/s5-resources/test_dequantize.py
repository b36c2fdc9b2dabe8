"""Public checks of `dequantize`: examples to check oneself by."""

import torch

from tunelab import expect


def test_the_example_of_the_docstring(learner):
    """Each row is multiplied by its scale."""
    call = "dequantize([[127, -50], [2, 4]], [0.01, 0.5]), as tensors,"
    got = learner.dequantize(torch.tensor([[127, -50], [2, 4]], dtype=torch.int8), torch.tensor([0.01, 0.5]))
    expect.tensor(got, call=call, shape=(2, 2), dtype=torch.float32)
    expect.close(got, [[1.27, -0.5], [1.0, 2.0]], call=call, hint="It should be [[1.27, -0.5], [1, 2]].")


def test_a_wide_matrix(learner):
    """One row of three numbers has one scale."""
    got = learner.dequantize(torch.tensor([[1, 2, -3]], dtype=torch.int8), torch.tensor([2.0]))
    expect.tensor(got, call="dequantize([[1, 2, -3]], [2.0])", shape=(1, 3))
    expect.close(got, [[2.0, 4.0, -6.0]], call="dequantize([[1, 2, -3]], [2.0])", hint="It should be [[2, 4, -6]].")
