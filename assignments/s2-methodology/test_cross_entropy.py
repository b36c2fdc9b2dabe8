"""Public checks of `cross_entropy`: examples to check oneself by."""

import math

import torch

from tunelab import expect


def test_the_pencil_example(learner):
    """Probabilities of 3/4 and 1/4, the second being right, cost log 4; an ignored example costs nothing."""
    logits, labels = torch.tensor([[math.log(3), 0.0], [5.0, 5.0]]), torch.tensor([1, -100])
    call = "cross_entropy([[log 3, 0], [5, 5]], [1, -100])"
    got = expect.tensor(learner.cross_entropy(logits, labels), call=call, shape=(), dtype=torch.float32)
    expect.close(got, math.log(4), call=call, hint="Only the first example counts, and its right class has probability 1/4.", atol=1e-5)


def test_a_coin_flip(learner):
    """Equal logits of two classes cost log 2."""
    call = "cross_entropy([[1, 1], [2, 2]], [0, 1])"
    got = expect.tensor(learner.cross_entropy(torch.tensor([[1.0, 1.0], [2.0, 2.0]]), torch.tensor([0, 1])), call=call, shape=())
    expect.close(got, math.log(2), call=call, hint="Both examples are coin flips, and the loss is a mean.", atol=1e-5)


def test_large_logits(learner):
    """A logit that is 1000 below the largest costs 1000."""
    call = "cross_entropy([[1000, 0]], [1])"
    got = expect.tensor(learner.cross_entropy(torch.tensor([[1000.0, 0.0]]), torch.tensor([1])), call=call, shape=())
    expect.close(got, 1000.0, call=call, hint="Take the largest logit off before the exponential.", atol=1e-3)
