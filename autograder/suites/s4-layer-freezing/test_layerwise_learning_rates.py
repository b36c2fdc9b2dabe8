"""Hidden suite of `layerwise_learning_rates`."""

import math

import pytest
import torch

from tunelab import expect
from tunelab.models import tiny_bert, tiny_electra, tiny_roberta


def parts_of(model):
    """The named parameters of each part, from the bottom up."""
    base = model.base_model
    modules = {"the embeddings": base.embeddings} | {f"layer {i}": layer for i, layer in enumerate(base.encoder.layer)}
    if getattr(base, "pooler", None) is not None:
        modules["the pooler"] = base.pooler
    parts = {name: list(module.parameters()) for name, module in modules.items()}
    below = {id(p) for parameters in parts.values() for p in parameters}
    return parts | {"the head": [p for p in model.parameters() if id(p) not in below]}


def freeze(parameters):
    for parameter in parameters:
        parameter.requires_grad_(False)


def call_of(base_lr, decay, layers, more=""):
    return f"layerwise_learning_rates(model, {base_lr:.6g}, {decay:.6g}), on a model of {layers} layers{more},"


def check_form(groups, call):
    """A list of dicts, each with a list of parameters and a rate."""
    expect.sequence(groups, call=call)
    for group in groups:
        expect.mapping(group, call=f"{call} as one of its groups", keys=("params", "lr"), exact=False)
        params = group["params"]
        if isinstance(params, torch.Tensor):
            params = [params]
        assert type(params) in (list, tuple), (
            f"{call} gave a group whose `params` is a {type(params).__name__}. It must be a list of the parameters themselves."
        )
        wrong = next((p for p in params if not isinstance(p, torch.Tensor)), None)
        assert wrong is None, (
            f"{call} gave a group whose `params` holds a {type(wrong).__name__}. An optimizer wants the parameters themselves, not their names."
        )
        expect.number(group["lr"], call=f"{call} as `lr` of a group", low=0.0)
    return groups


def rates_of(groups, model, call):
    """The rate of each part. Every trainable parameter must be in one group, once; parameters that aren't the model's own are refused."""
    rates = {}
    for group in groups:
        for parameter in [group["params"]] if isinstance(group["params"], torch.Tensor) else group["params"]:
            rates.setdefault(id(parameter), []).append(group["lr"])
    names = {id(p): name for name, p in model.named_parameters()}
    strangers = [key for key in rates if key not in names]
    assert not strangers, (
        f"{call} gave groups with tensors that aren't parameters of the model. An optimizer can only train the model's own, not copies."
    )
    twice = [names[key] for key, found in rates.items() if len(found) > 1]
    assert not twice, (
        f"{call} gave {twice[0]} more than once. Each parameter belongs to one group: torch's optimizers refuse one that is in two."
    )
    trainable = {id(p) for p in model.parameters() if p.requires_grad}
    frozen = [names[key] for key in rates if key not in trainable]
    assert not frozen, f"{call} gave {frozen[0]}, which is frozen. Only parameters whose `requires_grad` is True belong to a group."
    missing = [names[key] for key in names if key in trainable and key not in rates]
    assert not missing, f"{call} left out {missing[0]}, though it is trainable. What is in no group isn't trained."
    return {part: {rates[id(p)][0] for p in parameters if id(p) in rates} for part, parameters in parts_of(model).items()}


def called(learner, model, base_lr, decay, more=""):
    """The rates of a call that must succeed, after all checks of form."""
    call = call_of(base_lr, decay, len(model.base_model.encoder.layer), more)
    groups = check_form(learner.layerwise_learning_rates(model, base_lr, decay), call)
    return rates_of(groups, model, call), call


def is_rate(found, rate):
    return len(found) == 1 and math.isclose(next(iter(found)), rate, rel_tol=1e-6)


def shown(found):
    return " and ".join(f"{rate:.3g}" for rate in sorted(found)) or "no rate"


def draw(rng):
    """A base rate and a decay that nobody can know beforehand."""
    return float(rng.uniform(1e-4, 9e-4)), float(rng.uniform(0.5, 0.9))


@pytest.mark.points(1)
def test_groups_that_an_optimizer_takes(learner, rng):
    """What comes back is a list of parameter groups, and AdamW takes it."""
    base_lr, decay = draw(rng)
    model = tiny_bert(layers=3, hidden=16)
    call = call_of(base_lr, decay, 3)
    groups = check_form(learner.layerwise_learning_rates(model, base_lr, decay), call)
    try:
        optimizer = torch.optim.AdamW(groups, lr=1.0)
    except (ValueError, TypeError, KeyError) as error:
        raise AssertionError(f"{call} gave groups that torch.optim.AdamW refuses: {error}. Is a parameter there twice?") from None
    empty = [group for group in optimizer.param_groups if not group["params"]]
    assert not empty, f"{call} gave a group without parameters. Is `params` a generator that has been used up?"


@pytest.mark.points(2)
def test_each_parameter_once(learner, rng):
    """Every trainable parameter is in exactly one group, also in a model of twelve layers."""
    base_lr, decay = draw(rng)
    rates, call = called(learner, tiny_bert(layers=12, hidden=16), base_lr, decay)
    for part, found in rates.items():
        assert len(found) == 1, (
            f"{call} gave {part} the rates {shown(found)}. All of a part learns at one rate. If you go by names: layer.1 is also how layer.10 begins."
        )


@pytest.mark.points(2)
def test_head_and_pooler_at_the_base_rate(learner, rng):
    """Head and pooler learn at the base rate, undiminished."""
    base_lr, decay = draw(rng)
    rates, call = called(learner, tiny_bert(layers=4, hidden=16), base_lr, decay)
    assert is_rate(rates["the head"], base_lr), (
        f"{call} gave the head the rate {shown(rates['the head'])}. The head is new and has the most to learn: it gets `base_lr` itself, and what is below it gets less."
    )
    assert is_rate(rates["the pooler"], base_lr), (
        f"{call} gave the pooler the rate {shown(rates['the pooler'])}. The pooler counts with the head."
    )


@pytest.mark.points(3)
def test_rates_fall_from_the_head_down(learner, rng):
    """Each layer's rate is that of the layer above it, times the decay."""
    base_lr, decay = draw(rng)
    layers = int(rng.integers(4, 7))
    rates, call = called(learner, tiny_bert(layers=layers, hidden=16), base_lr, decay)
    top, bottom = rates[f"layer {layers - 1}"], rates["layer 0"]
    assert max(bottom) < max(top), (
        f"{call} gave layer 0 the rate {shown(bottom)} and layer {layers - 1} the rate {shown(top)}. Layer 0 is the lowest, next to the embeddings: "
        "it has the least to learn, so its rate is the smallest of the layers."
    )
    assert not is_rate(top, base_lr), (
        f"{call} gave the highest layer the rate {shown(top)}, as the head. It is the first part below the head: its rate is decayed once."
    )
    for layer in range(layers - 1):
        above, own = rates[f"layer {layer + 1}"], rates[f"layer {layer}"]
        assert is_rate(own, max(above) * decay), (
            f"{call} gave layer {layer} the rate {shown(own)} and the layer above it {shown(above)}. Going down by one layer multiplies the rate by `decay`, once."
        )
    assert not is_rate(top, base_lr * decay**2), (
        f"{call} gave the highest layer the rate {shown(top)}, that of two steps below the head. Is the pooler taken for a step? The pooler counts with the head."
    )
    assert is_rate(top, base_lr * decay), (
        f"{call} gave the highest layer the rate {shown(top)}. It is one step below the head: its rate is `base_lr` times `decay`."
    )


@pytest.mark.points(2)
def test_embeddings_have_the_smallest_rate(learner, rng):
    """The embeddings are one step below layer 0."""
    base_lr, decay = draw(rng)
    rates, call = called(learner, tiny_bert(layers=3, hidden=16), base_lr, decay)
    found = rates["the embeddings"]
    assert not is_rate(found, base_lr), (
        f"{call} gave the embeddings the base rate, as the head. They are the lowest part of all, so their rate is the smallest."
    )
    assert not is_rate(found, max(rates["layer 0"])), (
        f"{call} gave the embeddings the rate of layer 0. They are a part of their own, one step further down."
    )
    assert max(found) < max(rates["layer 0"]), (
        f"{call} gave the embeddings the rate {shown(found)} and layer 0 {shown(rates['layer 0'])}. The embeddings are the lowest part of all, so their rate is the smallest."
    )
    assert is_rate(found, max(rates["layer 0"]) * decay), (
        f"{call} gave the embeddings the rate {shown(found)} and layer 0 {shown(rates['layer 0'])}. Going down by one part multiplies the rate by `decay`."
    )


@pytest.mark.points(2)
def test_frozen_parameters_are_left_out(learner, rng):
    """Frozen parameters are in no group, and the rates of the others are what they would be without freezing."""
    base_lr, decay = draw(rng)
    model = tiny_bert(layers=5, hidden=16)
    parts = parts_of(model)
    freeze(parts["the embeddings"] + parts["layer 0"] + parts["layer 3"])
    freeze(p for p in parts["layer 4"] if p.dim() == 1)
    rates, call = called(learner, model, base_lr, decay, " of which some parts are frozen")
    assert not any(rates[part] for part in ("the embeddings", "layer 0", "layer 3")), f"{call} gave frozen parts a rate."
    trained = ("layer 4", "layer 2", "layer 1")
    skipped = all(is_rate(rates[part], base_lr * decay**steps) for steps, part in enumerate(trained, start=1))
    assert not skipped, (
        f"{call} gave layer 2 the rate {shown(rates['layer 2'])}, as if frozen layers weren't there. A frozen layer keeps its place: the steps from the head down are counted over all layers, frozen or not."
    )
    for part, steps in zip(trained, (1, 3, 4), strict=True):
        assert is_rate(rates[part], base_lr * decay**steps), (
            f"{call} gave {part} the rate {shown(rates[part])}. It is part number {steps} below the head, counted over all layers, frozen or not: how often is `base_lr` multiplied by `decay`?"
        )
    groups = learner.last.value
    assert all(len(group["params"]) for group in groups), (
        f"{call} gave a group without parameters. A part of which nothing is trained gets no group."
    )


@pytest.mark.points(1)
def test_a_decay_that_makes_no_sense(learner):
    """A decay above 1, or of 0 or less, is refused with a ValueError that names it; a decay of 1 is fine."""
    for decay in (2.6, 1.5, 0.0, -0.5):
        call = f"layerwise_learning_rates(model, 0.001, {decay})"
        try:
            learner.layerwise_learning_rates(tiny_bert(layers=2, hidden=16), 1e-3, decay)
        except ValueError as error:
            assert "decay" in str(error), (
                f"{call} raised a ValueError that says {str(error)[:80]!r}. Name `decay` in it, so that the reader knows what to change."
            )
        else:
            raise AssertionError(
                f"{call} raised nothing. A decay above 1 makes lower layers learn faster, one of 0 or less stops or reverses them: the contract asks for a ValueError."
            )
    rates, call = called(learner, tiny_bert(layers=2, hidden=16), 1e-3, 1.0)
    assert all(is_rate(found, 1e-3) for found in rates.values()), (
        f"{call} gave some part another rate than the base rate. A decay of 1 changes nothing."
    )


@pytest.mark.points(1)
def test_other_models_of_the_family(learner, rng):
    """The function works for a RoBERTa and an ELECTRA classifier too, which have no pooler."""
    base_lr, decay = draw(rng)
    for kind, model in (("RoBERTa", tiny_roberta(layers=3, hidden=16)), ("ELECTRA", tiny_electra(layers=3, hidden=16, embedding_size=16))):
        try:
            rates, call = called(learner, model, base_lr, decay, f", a {kind} classifier")
        except AttributeError as error:
            raise AssertionError(
                f"layerwise_learning_rates(model, base_lr, decay), on a {kind} classifier, raised AttributeError: {error}. "
                "`model.base_model` finds the encoder by whatever name; its `pooler` may be missing, or be None."
            ) from None
        assert is_rate(rates["the head"], base_lr), (
            f"{call} gave the head the rate {shown(rates['the head'])}. All that is neither embeddings nor a layer is the head."
        )
        assert is_rate(rates["layer 2"], base_lr * decay), (
            f"{call} gave the highest layer the rate {shown(rates['layer 2'])}. It is one step below the head: its rate is `base_lr` times `decay`."
        )


@pytest.mark.points(1)
def test_the_model_is_left_alone(learner, rng):
    """Making groups changes nothing in the model."""
    base_lr, decay = draw(rng)
    model = tiny_bert(layers=3, hidden=16).train()
    freeze(parts_of(model)["layer 1"])
    before = [(name, p.requires_grad, p.detach().clone()) for name, p in model.named_parameters()]
    called(learner, model, base_lr, decay, ", its layer 1 frozen")
    after = dict(model.named_parameters())
    changed = [name for name, flag, data in before if after[name].requires_grad != flag or not torch.equal(after[name], data)]
    assert not changed, (
        f"layerwise_learning_rates(model, base_lr, decay) changed {changed[0]}. Groups only refer to parameters: neither values nor `requires_grad` change."
    )
    assert all(module.training for module in model.modules()), (
        "layerwise_learning_rates(model, base_lr, decay) switched a part of the model to evaluation mode."
    )
    assert not learner.last.random_moved, (
        "layerwise_learning_rates(model, base_lr, decay) used up global random numbers. Nothing here is random."
    )
