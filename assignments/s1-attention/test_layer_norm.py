"""Public checks of `layer_norm`: examples to check oneself by."""

import torch

from tunelab import expect


def look(got, call, right):
    right = torch.tensor(right)
    expect.tensor(got, call=call, shape=tuple(right.shape), dtype=torch.float32)
    assert torch.allclose(got, right, atol=1e-3), f"{call} gave {got.tolist()}. It should be about {right.tolist()}."


def test_the_example_of_the_lesson(learner):
    """The vector (1, 3, 5, 7) has the mean 4 and the variance 5; with an eps of 4, the root is 3."""
    got = learner.layer_norm(torch.tensor([1.0, 3.0, 5.0, 7.0]), torch.ones(4), torch.zeros(4), 4.0)
    look(got, "layer_norm((1, 3, 5, 7), gain 1, bias 0, eps 4)", [-1.0, -1 / 3, 1 / 3, 1.0])


def test_gain_and_bias(learner):
    """Gain and bias have a number for each place of the vector."""
    gain, bias = torch.tensor([3.0, 3.0, 0.0, 1.0]), torch.tensor([0.0, 10.0, 5.0, -1.0])
    got = learner.layer_norm(torch.tensor([1.0, 3.0, 5.0, 7.0]), gain, bias, 4.0)
    look(got, "layer_norm((1, 3, 5, 7), gain (3, 3, 0, 1), bias (0, 10, 5, -1), eps 4)", [-3.0, 9.0, 5.0, 0.0])


def test_two_tokens(learner):
    """Each token is treated by itself: moved or stretched, with hardly any eps, it comes out the same."""
    got = learner.layer_norm(torch.tensor([[[1.0, 3.0], [200.0, 100.0]]]), torch.ones(2), torch.zeros(2), 1e-6)
    look(got, "layer_norm([[(1, 3), (200, 100)]], gain 1, bias 0, eps 0.000001)", [[[-1.0, 1.0], [1.0, -1.0]]])
