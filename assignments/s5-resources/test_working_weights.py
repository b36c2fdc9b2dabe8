"""Public checks of `working_weights`: examples to check oneself by."""

import torch
from torch import nn

from tunelab.models import tiny_bert


def test_three_layers(learner):
    """A frozen layer of 6 weights, a trained one of 4 and a frozen one of 10."""
    model = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 2), nn.Linear(2, 5))
    model[0].requires_grad_(False)
    model[2].requires_grad_(False)
    got = learner.working_weights(model, {"input": torch.ones(1, 3)})
    assert got == (20, 10, 4), (
        f"working_weights gave {got} for three layers of 6, 4 and 10 weights, the middle one trained. It should be (20, 10, 4): all work forward, "
        "the last passes the gradient on to the middle one, and only that has one of its own."
    )


def test_a_head_alone(learner):
    """A BERT of which only the classifier is trained: 32 x 2 weights have a gradient, and none is passed on."""
    model = tiny_bert(layers=2, hidden=32, labels=2)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name.startswith("classifier"))
    got = learner.working_weights(model, {"input_ids": torch.ones(2, 5, dtype=torch.long)})
    assert got == (25_664, 0, 64), f"working_weights gave {got} for a small BERT with a trained classifier. It should be (25664, 0, 64)."
