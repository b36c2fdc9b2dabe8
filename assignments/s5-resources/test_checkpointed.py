"""Public checks of `checkpointed`: examples to check oneself by."""

import torch
from torch import nn

from tunelab import expect


def double_and_square():
    import torch

    class Double(torch.nn.Module):
        def forward(self, x):
            return 2 * x

    class Square(torch.nn.Module):
        def forward(self, x):
            return x * x

    return torch.nn.ModuleList([Double(), Square()])


def test_the_example_of_the_docstring(learner):
    """Doubling and squaring makes 36 of 3."""
    call = "checkpointed(layers, x), with doubling, then squaring, and x = 3,"
    got = learner.checkpointed(learner.make(double_and_square), torch.tensor([3.0], requires_grad=True))
    expect.tensor(got, call=call, shape=(1,))
    expect.close(got, [36.0], call=call, hint="It should be 36.")
    assert got.requires_grad, f"{call} gave a tensor without a graph. The gradient must find its way back through it."


def test_weights_are_enough(learner):
    """The output requires a gradient also when only the layers' weights do."""
    got = learner.checkpointed(nn.ModuleList([nn.Linear(3, 3), nn.Linear(3, 2)]), torch.ones(4, 3))
    expect.tensor(got, call="checkpointed(layers, x)", shape=(4, 2))
    assert got.requires_grad, (
        "checkpointed(layers, x), with an x that requires no gradient, gave a tensor without a graph. The layers' weights need theirs."
    )


def test_no_layers(learner):
    """Without layers x comes back."""
    got = learner.checkpointed(nn.ModuleList(), torch.ones(2))
    expect.tensor(got, call="checkpointed(nn.ModuleList(), x)", shape=(2,))
