"""Public checks of `load_partial`: examples to check oneself by."""

import torch
from torch import nn

from tunelab import expect
from tunelab.models import tiny_bert


def test_the_example(learner):
    """The example of the docstring: one entry of each kind."""
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 3))
    before = model[1].weight.detach().clone()
    call = "load_partial(model, state), with the example's state,"
    got = learner.load_partial(model, {"0.weight": torch.ones(2, 2), "1.weight": torch.ones(9, 2), "2.bias": torch.ones(3)})
    expect.value(got, call=call)
    wanted = {"loaded": ["0.weight"], "missing": ["0.bias", "1.bias"], "unexpected": ["2.bias"], "mismatched": ["1.weight"]}
    for name, names in wanted.items():
        found = getattr(got, name, None)
        assert found == names, f"{call} gave {found!r} as `{name}`. It should be {names}."
    assert torch.equal(model[0].weight, torch.ones(2, 2)), f"{call} didn't copy 0.weight."
    assert torch.equal(model[1].weight, before), f"{call} changed 1.weight, whose shape differs."


def test_a_prefix(learner):
    """The weights of a bare BERT find their places in a classifier."""
    encoder = tiny_bert(layers=1, hidden=16, seed=1).base_model
    got = learner.load_partial(tiny_bert(layers=1, hidden=16), encoder.state_dict())
    expect.value(got, call="load_partial(classifier, the state of a bare encoder)")
    assert got.missing == ["classifier.weight", "classifier.bias"], (
        f"Missing are {got.missing[:3]}. It should be classifier.weight and classifier.bias."
    )
    assert got.unexpected == [], (
        f"Unexpected are {got.unexpected[:3]}. It should be none: `pooler.dense.bias` is `bert.pooler.dense.bias` in the classifier."
    )
