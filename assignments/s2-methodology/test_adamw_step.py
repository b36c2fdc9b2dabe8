"""Public checks of `adamw_step`: examples to check oneself by."""

import torch

from tunelab import expect
from tunelab.optim import AdamWState


def test_the_pencil_example(learner):
    """The first step of the contract's example."""
    parameter, zeros = torch.tensor([1.0]), torch.zeros(1)
    got = learner.adamw_step(parameter, torch.tensor([2.0]), AdamWState(0, zeros, zeros.clone()), 0.1, (0.9, 0.999), 1e-8, 0.5)
    call = "adamw_step([1.0], [2.0], AdamWState(0, zeros, zeros), 0.1, (0.9, 0.999), 1e-8, 0.5)"
    expect.value(got, call=call)
    left = learner.last.args[0]
    expect.close(
        left,
        [0.85],
        call=f"{call} left the parameter at {left.tolist()}, and",
        hint="1.0 * (1 - 0.1 * 0.5) is 0.95; then a step of 0.1 down.",
        atol=1e-5,
    )
    expect.integer(got.step, call=f"{call}.step", low=1, high=1)
    expect.close(got.mean, [0.2], call=f"{call}.mean", hint="0.9 of the old mean and 0.1 of the gradient, without correction.", atol=1e-6)
    expect.close(got.square, [0.004], call=f"{call}.square", hint="0.999 of the old and 0.001 of the gradient's square.", atol=1e-6)


def test_no_gradient_and_no_decay(learner):
    """Without gradient, notes and decay, nothing moves but the count."""
    parameter, zeros = torch.tensor([1.0, -2.0]), torch.zeros(2)
    got = learner.adamw_step(parameter, zeros, AdamWState(0, zeros.clone(), zeros.clone()), 0.1, (0.9, 0.999), 1e-8, 0.0)
    call = "adamw_step([1.0, -2.0], zeros, AdamWState(0, zeros, zeros), 0.1, (0.9, 0.999), 1e-8, 0.0)"
    expect.value(got, call=call)
    expect.close(learner.last.args[0], [1.0, -2.0], call=call, hint="There is nothing to follow here.", atol=1e-7)
    expect.integer(got.step, call=f"{call}.step", low=1, high=1)
