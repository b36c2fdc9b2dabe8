"""Public checks of `parameter_groups`: examples to check oneself by."""

import math

import torch
from torch import nn

from tunelab import expect
from tunelab.models import tiny_bert, tiny_llama


def settings(groups, model, call):
    """Rate and decay of each parameter by its name, after a look at the groups' form."""
    expect.sequence(groups, call=call)
    names, found = {id(p): name for name, p in model.named_parameters()}, {}
    for group in groups:
        expect.mapping(group, call=f"{call} as one of its groups", keys=("params", "lr", "weight_decay"), exact=False)
        expect.number(group["lr"], call=f"{call} as `lr` of a group", low=0.0)
        expect.number(group["weight_decay"], call=f"{call} as `weight_decay` of a group", low=0.0)
        for p in group["params"]:
            assert isinstance(p, torch.Tensor) and id(p) in names, (
                f"{call} gave a group that holds something other than the model's parameters."
            )
            assert names[id(p)] not in found, f"{call} gave {names[id(p)]} more than once. Each parameter belongs to one group."
            found[names[id(p)]] = (group["lr"], group["weight_decay"])
    missing = [name for name, p in model.named_parameters() if p.requires_grad and name not in found]
    assert not missing, f"{call} left out {missing[0]}. What is in no group isn't trained."
    return found


def check(found, name, lr, decay, call):
    got = found[name]
    assert math.isclose(got[0], lr, rel_tol=1e-9), f"{call} gave {name} the rate {got[0]:g}. It should be {lr:g}."
    assert math.isclose(got[1], decay, abs_tol=1e-12), f"{call} gave {name} the decay {got[1]:g}. It should be {decay:g}."


def test_the_example(learner):
    """A Linear's weight decays; its bias and a LayerNorm's parameters don't."""
    model = nn.ModuleDict({"a": nn.Linear(2, 2), "b": nn.LayerNorm(2)})
    call = "parameter_groups(model, 0.0001, 0.01), on the example of the contract,"
    found = settings(learner.parameter_groups(model, 1e-4, 0.01), model, call)
    check(found, "a.weight", 1e-4, 0.01, call)
    for name in ("a.bias", "b.weight", "b.bias"):
        check(found, name, 1e-4, 0.0, call)


def test_the_head(learner):
    """With `head_learning_rate`, the head of a BERT learns at it, and nothing else does."""
    model = tiny_bert(layers=1, hidden=16)
    call = "parameter_groups(model, 0.0001, 0.01, 0.001), on a small BERT,"
    found = settings(learner.parameter_groups(model, 1e-4, 0.01, 1e-3), model, call)
    check(found, "classifier.weight", 1e-3, 0.01, call)
    check(found, "classifier.bias", 1e-3, 0.0, call)
    check(found, "bert.pooler.dense.weight", 1e-4, 0.01, call)
    check(found, "bert.embeddings.LayerNorm.weight", 1e-4, 0.0, call)


def test_a_llama(learner):
    """The norms of a Llama, which have other names, don't decay either."""
    model = tiny_llama(layers=1, hidden=16)
    call = "parameter_groups(model, 0.0001, 0.01), on a small Llama,"
    found = settings(learner.parameter_groups(model, 1e-4, 0.01), model, call)
    check(found, "model.layers.0.input_layernorm.weight", 1e-4, 0.0, call)
    check(found, "model.norm.weight", 1e-4, 0.0, call)
    check(found, "model.layers.0.mlp.gate_proj.weight", 1e-4, 0.01, call)


def test_frozen_parameters(learner):
    """Frozen parameters are in no group."""
    model = tiny_bert(layers=1, hidden=16)
    model.base_model.embeddings.requires_grad_(requires_grad=False)
    call = "parameter_groups(model, 0.0001, 0.01), with frozen embeddings,"
    found = settings(learner.parameter_groups(model, 1e-4, 0.01), model, call)
    frozen = [name for name in found if "embeddings" in name]
    assert not frozen, f"{call} gave {frozen[0]}, which is frozen."
