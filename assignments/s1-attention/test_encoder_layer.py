"""Public checks of `encoder_layer`: examples to check oneself by."""

import torch

from tunelab import expect
from tunelab.models import minilm


def zero_weights(width, inner):
    """A layer that adds nothing: all matrices and biases are zeros, the norms have gain 1 and bias 0."""
    shapes = {f"attention.self.{name}": (width, width) for name in ("query", "key", "value")}
    shapes |= {"attention.output.dense": (width, width), "intermediate.dense": (inner, width), "output.dense": (width, inner)}
    weights = {f"{name}.weight": torch.zeros(shape) for name, shape in shapes.items()}
    weights |= {f"{name}.bias": torch.zeros(shape[0]) for name, shape in shapes.items()}
    for norm in ("attention.output.LayerNorm", "output.LayerNorm"):
        weights |= {f"{norm}.weight": torch.ones(width), f"{norm}.bias": torch.zeros(width)}
    return weights


def look(got, call, right):
    right = torch.tensor(right)
    expect.tensor(got, call=call, shape=tuple(right.shape), dtype=torch.float32)
    assert torch.allclose(got, right, atol=1e-3), f"{call} gave {got.tolist()}. It should be about {right.tolist()}."


def test_a_layer_that_adds_nothing(learner):
    """When all matrices are zeros, the two sums pass the vector on, and the norms take off its mean and spread."""
    got = learner.encoder_layer(torch.tensor([[[1.0, 3.0], [9.0, 5.0]]]), zero_weights(2, 3), 1)
    look(got, "encoder_layer(x, weights, 1), with matrices of zeros,", [[[-1.0, 1.0], [1.0, -1.0]]])


def test_two_norms(learner):
    """Each norm has a gain and a bias of its own; the last word is the second norm's."""
    weights = zero_weights(2, 3)
    weights["output.LayerNorm.weight"], weights["output.LayerNorm.bias"] = torch.tensor([2.0, 2.0]), torch.tensor([0.0, 1.0])
    got = learner.encoder_layer(torch.tensor([[[1.0, 3.0]]]), weights, 1)
    look(got, "encoder_layer(x, weights, 1), with a second norm of gain (2, 2) and bias (0, 1),", [[[-2.0, 3.0]]])


def test_minilm(learner):
    """With MiniLM's own weights, both the first layer and the last give MiniLM's own activations."""
    model = minilm()
    with torch.no_grad():
        states = model(torch.tensor([[101, 1996, 2143, 2003, 2204, 102]]), output_hidden_states=True).hidden_states
    for number in (0, 5):
        got = learner.encoder_layer(states[number], dict(model.encoder.layer[number].state_dict()), 12)
        call = f"encoder_layer(x, weights, 12), with the weights of MiniLM's layer {number},"
        expect.tensor(got, call=call, shape=tuple(states[number].shape), dtype=torch.float32)
        far = (got - states[number + 1]).abs().max().item()
        assert far < 1e-4, f"{call} is up to {far:.2g} away from what MiniLM works out itself. It should be less than 0.0001."


def test_padding(learner):
    """With a mask, what stands in a padded place makes no difference to the others."""
    model = minilm()
    weights = dict(model.encoder.layer[0].state_dict())
    with torch.no_grad():
        x = model.embeddings(torch.tensor([[101, 1996, 2143, 102, 0, 0]]))
    other = x.clone()
    other[0, 4:] = 1.0
    mask = torch.tensor([[[True, True, True, True, False, False]]])
    first, second = (learner.encoder_layer(each, weights, 12, mask) for each in (x, other))
    for got in (first, second):
        expect.tensor(got, call="encoder_layer(x, weights, 12, mask)", shape=tuple(x.shape), dtype=torch.float32)
    assert torch.allclose(first[0, :4], second[0, :4], atol=1e-4), (
        "encoder_layer(x, weights, 12, mask) was called twice, with other vectors in the padded places, which the mask hides. The other places changed, too."
    )
