"""Public checks of `clip_gradients`: examples to check oneself by."""

import torch

from tunelab import expect


def parameters_with(gradients):
    made = []
    for gradient in gradients:
        parameter = torch.nn.Parameter(torch.ones(2 if gradient is None else len(gradient)))
        parameter.grad = None if gradient is None else torch.tensor(gradient)
        made.append(parameter)
    return made


def gradients_of(parameters):
    return [None if p.grad is None else p.grad.tolist() for p in parameters]


def test_the_pencil_example(learner):
    """A gradient of length 5 is clipped to 1, and 5.0 returned."""
    parameters = learner.make(parameters_with, [[3.0, 0.0], None, [4.0]])
    call = "clip_gradients(parameters, 1.0), on the gradients [3.0, 0.0], None and [4.0],"
    got = learner.clip_gradients(parameters, 1.0)
    expect.close(expect.number(got, call=call), 5.0, call=call, hint="The length before clipping is 5.", atol=1e-4)
    left = learner.probe(gradients_of, parameters)
    assert left[1] is None, f"{call} gave the second parameter a gradient. It had none, and stays without."
    expect.close(
        left[0] + left[2], [0.6, 0.0, 0.8], call=call, hint=f"It left {left}, where [0.6, 0.0], None and [0.8] are right.", atol=1e-3
    )


def test_a_short_gradient(learner):
    """A gradient that is short enough stays as it is."""
    parameters = learner.make(parameters_with, [[0.3, 0.0], [0.4]])
    call = "clip_gradients(parameters, 1.0), on the gradients [0.3, 0.0] and [0.4],"
    expect.close(expect.number(learner.clip_gradients(parameters, 1.0), call=call), 0.5, call=call, hint="The length is 0.5.", atol=1e-4)
    left = learner.probe(gradients_of, parameters)
    expect.close(left[0] + left[1], [0.3, 0.0, 0.4], call=call, hint=f"It left {left}. Clipping never makes a gradient longer.", atol=1e-4)
