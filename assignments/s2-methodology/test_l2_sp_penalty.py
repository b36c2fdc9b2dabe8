"""Public checks of `l2_sp_penalty`: examples to check oneself by."""

import torch

from tunelab import expect


def small():
    """A body of two weights, a head of one, at the places of the pencil example."""
    model = torch.nn.Sequential()
    model.add_module("body", torch.nn.Linear(2, 1, bias=False))
    model.add_module("head", torch.nn.Linear(1, 1, bias=False))
    with torch.no_grad():
        model.body.weight.copy_(torch.tensor([[1.5, 1.0]]))
        model.head.weight.copy_(torch.tensor([[2.0]]))
    return model


START = {"body.weight": [[1.0, 2.0]], "head.weight": [[7.0]]}


def test_the_pencil_example(learner):
    """Body and head of the contract's example."""
    start = {name: torch.tensor(rows) for name, rows in START.items()}
    call = "l2_sp_penalty(model, start, 0.4, 0.1, 'head'), on the pencil example,"
    got = expect.tensor(learner.l2_sp_penalty(small(), start, 0.4, 0.1, "head"), call=call, shape=())
    expect.close(got, 0.45, call=call, hint="The body costs 0.25, the head 0.2. Where the head began doesn't matter.", atol=1e-6)


def test_gradients_flow(learner):
    """The penalty has a graph, so that it can be added to a loss."""
    start = {name: torch.tensor(rows) for name, rows in START.items()}
    call = "l2_sp_penalty(model, start, 0.4, 0.1, 'head')"
    got = expect.tensor(learner.l2_sp_penalty(small(), start, 0.4, 0.1, "head"), call=call, shape=())
    assert got.requires_grad, f"{call} gave a tensor without a graph. Compute it from the model's parameters themselves."
