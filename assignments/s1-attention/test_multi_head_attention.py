"""Public checks of `multi_head_attention`: examples to check oneself by."""

import torch

from tunelab import expect
from tunelab.models import minilm


def plain_weights(width):
    """Queries and keys of nothing but zeros, so that every token reads all alike; values and output as they come."""
    weights = {}
    for name, matrix in (("query", 0), ("key", 0), ("value", 1)):
        weights[f"attention.self.{name}.weight"] = matrix * torch.eye(width)
        weights[f"attention.self.{name}.bias"] = torch.zeros(width)
    return weights | {"attention.output.dense.weight": torch.eye(width), "attention.output.dense.bias": torch.zeros(width)}


def look(got, call, right):
    right = torch.tensor(right)
    expect.tensor(got, call=call, shape=tuple(right.shape), dtype=torch.float32)
    assert torch.allclose(got, right, atol=1e-3), f"{call} gave {got.tolist()}. It should be about {right.tolist()}."


def test_everyone_reads_all_alike(learner):
    """With queries and keys of zeros, every token gets the mean of all tokens."""
    x = torch.tensor([[[1.0, 2.0, 3.0, 4.0], [3.0, 4.0, 5.0, 6.0]]])
    got = learner.multi_head_attention(x, plain_weights(4), 2)
    look(got, "multi_head_attention(x, weights, 2), with queries and keys of zeros,", [[[2.0, 3.0, 4.0, 5.0], [2.0, 3.0, 4.0, 5.0]]])


def test_a_causal_mask(learner):
    """With a causal mask, the first token reads itself alone."""
    x = torch.tensor([[[1.0, 2.0, 3.0, 4.0], [3.0, 4.0, 5.0, 6.0]]])
    got = learner.multi_head_attention(x, plain_weights(4), 2, torch.tensor([[True, False], [True, True]]))
    look(got, "multi_head_attention(x, weights, 2, mask), with a causal mask,", [[[1.0, 2.0, 3.0, 4.0], [2.0, 3.0, 4.0, 5.0]]])


def test_output_matrix_and_bias(learner):
    """The output goes through a matrix with a row for each output number, and gets a bias."""
    weights = plain_weights(2)
    weights["attention.output.dense.weight"] = torch.tensor([[0.0, 10.0], [0.0, 0.0]])
    weights["attention.output.dense.bias"] = torch.tensor([0.0, 7.0])
    got = learner.multi_head_attention(torch.tensor([[[1.0, 2.0]]]), weights, 1)
    look(got, "multi_head_attention(x, weights, 1), with an output matrix [[0, 10], [0, 0]] and an output bias (0, 7),", [[[20.0, 7.0]]])


def test_minilm(learner):
    """With the weights of MiniLM's first layer, the function gives what MiniLM gives."""
    model, seen = minilm(), []
    layer = model.encoder.layer[0]
    layer.attention.output.dense.register_forward_hook(lambda module, inputs, output: seen.append(output.detach()))
    with torch.no_grad():
        x = model(torch.tensor([[101, 1996, 2143, 2003, 2204, 102]]), output_hidden_states=True).hidden_states[0]
    got = learner.multi_head_attention(x, dict(layer.state_dict()), 12)
    call = "multi_head_attention(x, weights, 12), with the weights of MiniLM's first layer,"
    expect.tensor(got, call=call, shape=tuple(x.shape), dtype=torch.float32)
    far = (got - seen[0]).abs().max().item()
    assert far < 1e-4, f"{call} is up to {far:.2g} away from what MiniLM works out itself. It should be less than 0.0001."
