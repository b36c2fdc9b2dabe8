"""Public checks of `LoRALinear`: examples to check oneself by."""

import torch
from torch import nn

from tunelab import expect


def put_in(layer):
    """Ones in `a`, and 1, 2 in the rows of `b`."""
    with torch.no_grad():
        layer.a.fill_(1.0)
        layer.b.copy_(torch.tensor([[1.0], [2.0]]))


def small():
    """A layer that adds up its three inputs for the first output, and gives the bias 10 for the second."""
    base = nn.Linear(3, 2)
    with torch.no_grad():
        base.weight.copy_(torch.tensor([[1.0, 1.0, 1.0], [0.0, 0.0, 0.0]]))
        base.bias.copy_(torch.tensor([0.0, 10.0]))
    return base


def check(got, right, call, why):
    """The two numbers that should come out."""
    expect.tensor(got, call=call, shape=(1, 2))
    shown = [[round(number, 4) for number in row] for row in got.tolist()]
    assert torch.allclose(got.detach().float(), torch.tensor(right), atol=1e-5), f"{call} gave {shown}. It should be {right}: {why}."


def test_shapes_and_flags(learner):
    """Two factors train, the base doesn't."""
    layer = learner.LoRALinear(nn.Linear(6, 4), 2, 4.0)
    found = layer.parameters or {}
    for name, shape in (("a", (2, 6)), ("b", (4, 2))):
        assert name in found, f"LoRALinear(nn.Linear(6, 4), 2, 4.0) has no parameter `{name}`. It has: {', '.join(found) or 'none'}."
        assert found[name][0] == shape, (
            f"LoRALinear(nn.Linear(6, 4), 2, 4.0): `{name}` has the shape {found[name][0]}. It should be {shape}."
        )
    trained = [name for name, (_, _, on) in found.items() if on]
    assert trained == ["a", "b"] or trained == ["b", "a"], (
        f"LoRALinear(nn.Linear(6, 4), 2, 4.0) trains: {', '.join(trained) or 'nothing'}. It should be `a` and `b` alone."
    )


def test_the_start(learner):
    """A new layer gives what the base gives."""
    layer = learner.LoRALinear(small(), 1, 2.0)
    got = layer(torch.tensor([[1.0, 2.0, 3.0]]))
    check(got, [[6.0, 10.0]], "LoRALinear(base, 1, 2.0), called with [[1, 2, 3]],", "what the base gives")


def test_the_update(learner):
    """With ones in `a` and 1, 2 in `b` the update of [1, 2, 3] is 2 x [6, 12]."""
    layer = learner.LoRALinear(small(), 1, 2.0)
    learner.probe(put_in, layer)
    got = layer(torch.tensor([[1.0, 2.0, 3.0]]))
    call = "LoRALinear(base, 1, 2.0), with ones in `a` and 1, 2 in `b`, called with [[1, 2, 3]],"
    check(got, [[18.0, 34.0]], call, "the base's [6, 10], and alpha / rank = 2 times [6, 12]")
