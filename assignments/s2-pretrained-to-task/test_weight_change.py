"""Public checks of `weight_change`: examples to check oneself by."""

import torch

from tunelab import expect


def test_the_example(learner):
    """The example of the lesson: a head that went from (3, 4) to (3, 3), and a layer that stayed."""
    before = {"encoder.layer.0.dense.weight": torch.tensor([1.0, 2.0]), "head.weight": torch.tensor([[3.0, 4.0]])}
    after = before | {"head.weight": torch.tensor([[3.0, 3.0]])}
    call = "weight_change(before, after), with the example's numbers,"
    got = expect.mapping(learner.weight_change(before, after), call=call, keys=["encoder.layer.0", "head"])
    expect.close(got["head"], 0.2, call=f"{call}: 'head'", hint="It should be 0.2: a way of 1 over a length of 5.")
    expect.close(got["encoder.layer.0"], 0.0, call=f"{call}: 'encoder.layer.0'", hint="It should be 0.0: it stayed.")


def test_two_tensors_of_one_part(learner):
    """Weight and bias of a head are one part."""
    before = {"head.weight": torch.tensor([[3.0, 0.0]]), "head.bias": torch.tensor([4.0])}
    after = {"head.weight": torch.tensor([[6.0, 0.0]]), "head.bias": torch.tensor([8.0])}
    call = "weight_change(before, after), where (3, 0) and 4 have doubled,"
    got = expect.mapping(learner.weight_change(before, after), call=call, keys=["head"])
    expect.close(got["head"], 1.0, call=call, hint="It should be 1.0: a way of 5 over a length of 5.")
