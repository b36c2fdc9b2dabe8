"""Public checks of `smoothed_cross_entropy`."""

import math

import torch

from tunelab import expect


def test_the_example(learner):
    """The example of the contract: 0.398."""
    call = "smoothed_cross_entropy(logits, labels, 0.2), with the numbers of the contract,"
    got = expect.tensor(
        learner.smoothed_cross_entropy(torch.tensor([[math.log(3), 0.0]]), torch.tensor([0]), 0.2), call=call, shape=(), dtype=torch.float32
    )
    assert abs(float(got) - 0.3975) < 1e-3, (
        f"{call} gave {float(got):.4f}, where 0.398 is right: 0.9 of the first class's loss and 0.1 of the second's."
    )


def test_nothing_smoothed(learner):
    """With epsilon 0 it is the plain cross-entropy."""
    call = "smoothed_cross_entropy([[0, 0]], [1], 0.0)"
    got = expect.tensor(learner.smoothed_cross_entropy(torch.zeros(1, 2), torch.tensor([1]), 0.0), call=call, shape=(), dtype=torch.float32)
    assert abs(float(got) - math.log(2)) < 1e-5, f"{call} gave {float(got):.4f}, where log 2 = 0.6931 is right."


def test_an_ignored_example(learner):
    """An example labelled -100 changes nothing."""
    call = "smoothed_cross_entropy(logits, labels, 0.2), with the example of the contract and one more that is labelled -100,"
    logits = torch.tensor([[math.log(3), 0.0], [5.0, -5.0]])
    got = expect.tensor(learner.smoothed_cross_entropy(logits, torch.tensor([0, -100]), 0.2), call=call, shape=())
    assert abs(float(got) - 0.3975) < 1e-3, f"{call} gave {float(got):.4f}, where 0.398 is right."
