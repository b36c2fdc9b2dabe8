"""Public checks of `layerwise_learning_rates`: examples to check oneself by."""

import math

import torch

from tunelab import expect
from tunelab.models import tiny_bert, tiny_roberta


def rates(groups, call):
    """The rate of each parameter by its `id`, after a look at the groups' form."""
    expect.sequence(groups, call=call)
    for group in groups:
        expect.mapping(group, call=f"{call} as one of its groups", keys=("params", "lr"), exact=False)
        expect.number(group["lr"], call=f"{call} as `lr` of a group", low=0.0)
        assert all(isinstance(p, torch.Tensor) for p in group["params"]), (
            f"{call} gave a group whose `params` holds something other than parameters."
        )
    found = [(id(p), group["lr"]) for group in groups for p in group["params"]]
    assert len(dict(found)) == len(found), f"{call} gave a parameter more than once. Each belongs to one group."
    return dict(found)


def check_part(name, part, found, right, call):
    got = [found.get(id(p)) for p in part.parameters()]
    wrong = next((rate for rate in got if rate is None or not math.isclose(rate, right, rel_tol=1e-6)), right)
    assert wrong == right, (
        f"{call} gave a parameter of {name} {'no rate' if wrong is None else f'the rate {wrong:g}'}. It should be {right:g}."
    )


def test_the_example_of_the_lesson(learner):
    """For three layers, a base rate of 0.001 and a decay of 0.5, the rates are those of the lesson."""
    model = tiny_bert(layers=3)
    call = "layerwise_learning_rates(model, 0.001, 0.5), on a BERT of 3 layers,"
    found, base = rates(learner.layerwise_learning_rates(model, 1e-3, 0.5), call), model.base_model
    check_part("the head", model.classifier, found, 1e-3, call)
    check_part("the pooler", base.pooler, found, 1e-3, call)
    for layer, right in ((2, 5e-4), (1, 2.5e-4), (0, 1.25e-4)):
        check_part(f"layer {layer}", base.encoder.layer[layer], found, right, call)
    check_part("the embeddings", base.embeddings, found, 6.25e-5, call)


def test_an_optimizer_takes_the_groups(learner):
    """AdamW takes the groups, and trains every parameter."""
    model = tiny_bert(layers=12)
    call = "layerwise_learning_rates(model, 0.001, 0.9), on a BERT of 12 layers,"
    found = rates(learner.layerwise_learning_rates(model, 1e-3, 0.9), call)
    missing = [name for name, p in model.named_parameters() if id(p) not in found]
    assert not missing, f"{call} left out {missing[0]}. What is in no group isn't trained."
    torch.optim.AdamW(learner.last.value)


def test_frozen_parameters(learner):
    """Frozen parameters are in no group; the others keep their rates."""
    model = tiny_bert(layers=3)
    for part in (model.base_model.embeddings, model.base_model.encoder.layer[1]):
        part.requires_grad_(False)
    call = "layerwise_learning_rates(model, 0.001, 0.5), with embeddings and layer 1 frozen,"
    found = rates(learner.layerwise_learning_rates(model, 1e-3, 0.5), call)
    frozen = [name for name, p in model.named_parameters() if not p.requires_grad and id(p) in found]
    assert not frozen, f"{call} gave {frozen[0]}, which is frozen."
    check_part("layer 0", model.base_model.encoder.layer[0], found, 1.25e-4, call)


def test_a_roberta(learner):
    """The function works on a RoBERTa, which has no pooler and a head of two layers."""
    model = tiny_roberta(layers=2)
    call = "layerwise_learning_rates(model, 0.001, 0.5), on a RoBERTa of 2 layers,"
    found = rates(learner.layerwise_learning_rates(model, 1e-3, 0.5), call)
    check_part("the head", model.classifier, found, 1e-3, call)
    check_part("layer 0", model.base_model.encoder.layer[0], found, 2.5e-4, call)


def test_a_decay_of_more_than_one(learner):
    """A decay of 2.6 is refused with a ValueError."""
    try:
        learner.layerwise_learning_rates(tiny_bert(), 1e-3, 2.6)
    except ValueError as error:
        assert "decay" in str(error), (
            "layerwise_learning_rates(model, 0.001, 2.6) raised a ValueError that doesn't name `decay`. Say in it what is wrong."
        )
    else:
        raise AssertionError("layerwise_learning_rates(model, 0.001, 2.6) raised nothing. The contract asks for a ValueError.")
