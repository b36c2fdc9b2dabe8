"""Public checks of `attention`: examples to check oneself by."""

import torch

from tunelab import expect

Q = torch.tensor([[1.3863, 0.0, 0.0, 0.0]])
K = torch.tensor([[0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0], [1.0, 0.0, 0.0, 0.0]])
V = torch.tensor([[8.0, 0.0], [0.0, 8.0], [4.0, 0.0]])


def look(got, call, outputs, weights):
    expect.sequence(got, call=call, kind=tuple, length=2)
    for tensor, right, what in ((got[0], outputs, "outputs"), (got[1], weights, "weights")):
        right = torch.tensor(right)
        expect.tensor(tensor, call=f"{call} as {what}", shape=tuple(right.shape), dtype=torch.float32)
        assert torch.allclose(tensor, right, atol=1e-3), f"{call} gave the {what} {tensor.tolist()}. They should be about {right.tolist()}."


def test_the_example_of_the_lesson(learner):
    """One query and three keys: the weights are 1/4, 1/4 and 1/2."""
    look(learner.attention(Q, K, V), "attention(q, k, v), with the lesson's example,", [[4.0, 2.0]], [[0.25, 0.25, 0.5]])


def test_a_key_that_is_hidden(learner):
    """With the third key hidden, the two others share the weight."""
    got = learner.attention(Q, K, V, torch.tensor([[True, True, False]]))
    look(got, "attention(q, k, v, mask), with the lesson's example and its third key hidden,", [[4.0, 4.0]], [[0.5, 0.5, 0.0]])


def test_nothing_to_read(learner):
    """With all keys hidden, weights and output are zeros."""
    got = learner.attention(Q, K, V, torch.tensor([[False, False, False]]))
    look(got, "attention(q, k, v, mask), with all keys hidden,", [[0.0, 0.0]], [[0.0, 0.0, 0.0]])


def test_a_batch(learner):
    """Two sentences at once give what each of them gives alone."""
    got = learner.attention(torch.stack([Q, 0 * Q]), torch.stack([K, K]), torch.stack([V, V]))
    third = 1 / 3
    look(got, "attention(q, k, v), with two sentences,", [[[4.0, 2.0]], [[4.0, 8 / 3]]], [[[0.25, 0.25, 0.5]], [[third, third, third]]])
