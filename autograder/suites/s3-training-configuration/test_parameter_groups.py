"""Hidden suite of `parameter_groups`."""

import math

import pytest
import torch
from torch import nn

from tunelab import expect
from tunelab.models import minilm_classifier, tiny_bert, tiny_distilbert, tiny_llama, tiny_roberta

BIASES = "Biases are few, and pulling them to zero brings nothing: they don't decay."
NORMS = "The weight of a norm is a scale that begins at 1. Pulled towards zero, it dims its layer: the parameters of norms don't decay."


class RootNorm(nn.Module):
    """A normalisation that isn't torch's own: it divides by the root of the mean square."""

    def __init__(self, size):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(size))


class PreNorm(nn.Module):
    """A block that normalises before it calls another layer: no normalisation itself, though its class is named after one."""

    def __init__(self, size):
        super().__init__()
        self.norm = nn.LayerNorm(size)
        self.inner = nn.Linear(size, size)


def draw(rng):
    """A rate and a weight decay that nobody can know beforehand."""
    return float(rng.uniform(1e-5, 9e-5)), float(rng.uniform(0.01, 0.2))


def check_form(groups, call):
    """A list of dicts, each with a list of parameters, a rate and a decay."""
    expect.sequence(groups, call=call)
    for group in groups:
        expect.mapping(group, call=f"{call} as one of its groups", keys=("params", "lr", "weight_decay"), exact=False)
        assert type(group["params"]) in (list, tuple), (
            f"{call} gave a group whose `params` is a {type(group['params']).__name__}. It must be a list of the parameters themselves."
        )
        assert group["params"], f"{call} gave a group without parameters. A kind of parameter that the model doesn't have gets no group."
        expect.number(group["lr"], call=f"{call} as `lr` of a group", low=0.0)
        expect.number(group["weight_decay"], call=f"{call} as `weight_decay` of a group", low=0.0)
    return groups


def settings(groups, model, call):
    """Rate and decay of each parameter by its name. Every trainable parameter must be there once, and nothing else."""
    names = {id(p): name for name, p in model.named_parameters()}
    found, twice = {}, []
    for group in groups:
        for parameter in group["params"]:
            assert isinstance(parameter, torch.Tensor), (
                f"{call} gave a group whose `params` holds a {type(parameter).__name__}. An optimizer wants the parameters themselves, not their names."
            )
            name = names.get(id(parameter))
            assert name is not None, (
                f"{call} gave groups with a tensor that isn't a parameter of the model. An optimizer can only train the model's own, not copies."
            )
            twice += [name] if name in found else []
            found[name] = (group["lr"], group["weight_decay"])
    assert not twice, (
        f"{call} gave {twice[0]} more than once. Each parameter belongs to one group: torch's optimizers refuse one that is in two."
    )
    trainable = {name for name, p in model.named_parameters() if p.requires_grad}
    frozen, missing = [n for n in found if n not in trainable], [n for n in names.values() if n in trainable and n not in found]
    assert not frozen, f"{call} gave {frozen[0]}, which is frozen. Only parameters whose `requires_grad` is True belong to a group."
    assert not missing, f"{call} left out {missing[0]}, though it is trainable. What is in no group isn't trained."
    return found


def called(learner, model, rate, decay, head=None, what="model"):
    """Rate and decay of each parameter, for a call that must succeed, and the call."""
    call = f"parameter_groups({what}, {rate:.4g}, {decay:.4g}" + ("" if head is None else f", {head:.4g}") + ")"
    arguments = (model, rate, decay) if head is None else (model, rate, decay, head)
    return settings(check_form(learner.parameter_groups(*arguments), call), model, call), call


def check_decay(found, model, decay, call, spared, hints=None):
    """The parameters named in `spared` don't decay, and all others do; `hints` say more of a "bias", a "norm" or a "weight"."""
    for name, (_, got) in found.items():
        path, _, own = name.rpartition(".")
        holder = type(model.get_submodule(path)).__name__
        kind = "weight" if name not in spared else "bias" if "bias" in own else "norm"
        hint = {"bias": BIASES, "norm": NORMS, "weight": ""}[kind] if hints is None else hints.get(kind, "")
        if name in spared:
            what = (
                "It is a bias: its own name, the last part, has `bias` in it."
                if kind == "bias"
                else f"It is a norm's: the module that holds it is of the class {holder}."
            )
            assert got == 0.0, f"{call} lets {name} decay, by {got:.3g}. {what} {hint}".rstrip()
        else:
            assert math.isclose(got, decay, rel_tol=1e-9), (
                f"{call} gave {name} a weight decay of {got:.3g}. It is an ordinary weight, of {tuple(model.get_parameter(name).shape)} numbers, and the module that holds it is of the class {holder}: "
                f"it decays at the rate that was asked for. {hint}"
            ).rstrip()


@pytest.mark.points(1)
def test_groups_that_an_optimizer_takes(learner, rng):
    """What comes back is a list of parameter groups, and AdamW takes it, with every parameter once."""
    rate, decay = draw(rng)
    for head in (None, 20 * rate):
        model = tiny_bert(layers=2, hidden=16)
        found, call = called(learner, model, rate, decay, head)
        try:
            torch.optim.AdamW(learner.last.value, lr=1.0)
        except (ValueError, TypeError, KeyError) as error:
            raise AssertionError(f"{call} gave groups that torch.optim.AdamW refuses: {error}.") from None
        assert len(found) == len(list(model.parameters())), f"{call} didn't give every parameter of the model."


@pytest.mark.points(2)
def test_biases_and_norms_do_not_decay(learner, rng):
    """In a BERT, the weights decay; biases and the parameters of its norms don't."""
    rate, decay = draw(rng)
    model = tiny_bert(layers=2, hidden=16)
    found, call = called(learner, model, rate, decay)
    norms = {name for name in found if "LayerNorm" in name}
    biases = {name for name in found if name.endswith("bias") and name not in norms}
    check_decay(
        {n: found[n] for n in found if n not in norms},
        model,
        decay,
        call,
        biases,
    )
    check_decay(found, model, decay, call, biases | norms)


@pytest.mark.points(2)
def test_norms_by_any_name(learner, rng):
    """A norm is known by what it is, not by what it is called in the model."""
    rate, decay = draw(rng)
    model = nn.ModuleDict({
        "norm": nn.LayerNorm(6), "ln_1": nn.LayerNorm(6), "scale": nn.RMSNorm(6), "final": RootNorm(6), "project": nn.Linear(6, 6, bias=False),
    })  # fmt: skip
    hint = {
        "bias": BIASES,
        "norm": "A norm's attribute may have any name, as here. Ask each module for its class, `type(module).__name__`, rather than each parameter for its name.",
    }
    found, call = called(learner, model, rate, decay, what="a model with norms called norm, ln_1, scale and final")
    check_decay(found, model, decay, call, {"norm.weight", "norm.bias", "ln_1.weight", "ln_1.bias", "scale.weight", "final.gain"}, hint)
    model = tiny_llama(layers=1, hidden=16)
    found, call = called(learner, model, rate, decay, what="a Llama, whose norms are of the class LlamaRMSNorm,")
    check_decay(found, model, decay, call, {name for name in found if "norm" in name}, hint)
    model = tiny_distilbert(layers=1, hidden=16)
    found, call = called(learner, model, rate, decay, what="a DistilBERT")
    check_decay(found, model, decay, call, {name for name in found if "norm" in name.lower() or name.endswith("bias")}, hint)


@pytest.mark.points(2)
def test_what_only_sounds_like_a_norm_or_a_bias(learner, rng):
    """A weight decays also when its name, or the name of a block around it, has "norm" or "bias" in it."""
    rate, decay = draw(rng)
    model = nn.ModuleDict({
        "norm_projection": nn.Linear(6, 4), "LayerNorm_adapter": nn.Linear(4, 6, bias=False), "position_bias": nn.Embedding(8, 2), "block": PreNorm(6),
    })  # fmt: skip
    found, call = called(
        learner,
        model,
        rate,
        decay,
        what="a model with a Linear called norm_projection, an Embedding called position_bias and a block of the class PreNorm",
    )
    spared = {"norm_projection.bias", "block.norm.weight", "block.norm.bias", "block.inner.bias"}
    check_decay(
        found,
        model,
        decay,
        call,
        spared,
        {
            "weight": "A bias is a parameter whose own name, the last part, has `bias` in it; a norm's parameters are those that it holds itself."
        },
    )


@pytest.mark.points(1)
def test_biases_by_their_longer_names(learner, rng):
    """Attention and recurrent layers of torch call their biases `in_proj_bias` or `bias_ih_l0`: they don't decay either."""
    rate, decay = draw(rng)
    model = nn.ModuleDict({"attend": nn.MultiheadAttention(4, 2), "recall": nn.LSTM(4, 3)})
    found, call = called(learner, model, rate, decay, what="a model with an nn.MultiheadAttention and an nn.LSTM")
    spared = {name for name, p in model.named_parameters() if p.dim() == 1}
    check_decay(found, model, decay, call, spared, {"bias": "Not every bias is called just that."})


@pytest.mark.points(2)
def test_the_head_has_a_rate_of_its_own(learner, rng):
    """With `head_learning_rate` the head learns at it, and base model and pooler at `learning_rate`; decay is as before."""
    rate, decay = draw(rng)
    head = rate * float(rng.uniform(5, 20))
    for kind, model in (("BERT", tiny_bert(layers=1, hidden=16)), ("RoBERTa", tiny_roberta(layers=1, hidden=16))):
        found, call = called(learner, model, rate, decay, head, what=f"a {kind} classifier")
        for name, (got, _) in found.items():
            if name.startswith("classifier"):
                assert math.isclose(got, head, rel_tol=1e-9), (
                    f"{call} gave {name} the rate {got:.4g}. It lies outside of `model.base_model`, so it belongs to the head."
                )
            else:
                assert math.isclose(got, rate, rel_tol=1e-9), (
                    f"{call} gave {name} the rate {got:.4g}. It lies inside of `model.base_model`, so it isn't the head's."
                )
        spared = {name for name in found if "LayerNorm" in name or name.endswith("bias")}
        check_decay(found, model, decay, call, spared)
    found, call = called(learner, tiny_bert(layers=1, hidden=16), rate, decay)
    rates = {got for got, _ in found.values()}
    assert all(math.isclose(got, rate, rel_tol=1e-9) for got in rates), (
        f"{call} gave rates other than `learning_rate`, though no `head_learning_rate` was passed."
    )


@pytest.mark.points(1)
def test_frozen_parameters_are_left_out(learner, rng):
    """Frozen parameters are in no group, and no group is empty."""
    rate, decay = draw(rng)
    model = tiny_bert(layers=2, hidden=16)
    model.base_model.embeddings.requires_grad_(False)
    model.base_model.encoder.layer[0].attention.requires_grad_(False)
    found, call = called(learner, model, rate, decay, 10 * rate, what="a BERT of which some parts are frozen")
    assert not any("embeddings" in name for name in found), f"{call} gave parameters of the embeddings, which are frozen."
    model.base_model.requires_grad_(False)
    found, call = called(learner, model, rate, decay, 10 * rate, what="a BERT of which only the head learns")
    assert all(math.isclose(got, 10 * rate, rel_tol=1e-9) for got, _ in found.values()), f"{call} gave the head another rate than its own."


@pytest.mark.points(1)
def test_shared_weights_once(learner, rng):
    """A matrix that the head shares with the embeddings is there once, and counts with the base model."""
    rate, decay = draw(rng)
    model = tiny_llama(layers=1, hidden=16, tie_word_embeddings=True)
    found, call = called(learner, model, rate, decay, 10 * rate, what="a Llama whose output matrix is that of its embeddings")
    got, decayed = found["model.embed_tokens.weight"]
    assert math.isclose(got, rate, rel_tol=1e-9), (
        f"{call} gave the shared matrix the rate {got:.4g}. The base model holds it too, so it learns at `learning_rate`."
    )
    assert math.isclose(decayed, decay, rel_tol=1e-9), (
        f"{call} gave the shared matrix a weight decay of {decayed:.3g}. It is an ordinary weight."
    )


@pytest.mark.points(1)
def test_minilm(learner, rng):
    """In the real MiniLM, the same parameters are spared as in a small BERT, and nothing is left out."""
    rate, decay = draw(rng)
    model = learner.make(minilm_classifier)
    call = f"parameter_groups(MiniLM, {rate:.4g}, {decay:.4g}, {10 * rate:.4g})"
    groups = check_form(learner.parameter_groups(model, rate, decay, 10 * rate), call)
    found = [(getattr(p, "name", ""), group["lr"], group["weight_decay"]) for group in groups for p in group["params"]]
    names = [name for name, _, _ in found]
    twice, missing = [name for name in names if names.count(name) > 1], [name for name in model.parameters if name not in names]
    assert not twice, f"{call} gave {twice[0] or 'a parameter'} more than once. Each parameter belongs to one group."
    assert not missing, f"{call} left out {missing[0]}, though it is trainable. What is in no group isn't trained."
    assert sorted(names) == sorted(model.parameters), (
        f"{call} gave something that isn't one of MiniLM's {len(model.parameters)} parameters."
    )
    spared = {name for name, (shape, _, _) in model.parameters.items() if len(shape) == 1}
    for name, _, got in found:
        what = "a bias" if name.endswith("bias") else "the weight of a LayerNorm"
        assert name not in spared or got == 0.0, f"{call} lets {name} decay, by {got:.3g}. It is {what}, which doesn't decay."
        assert name in spared or math.isclose(got, decay, rel_tol=1e-9), (
            f"{call} gave {name} a weight decay of {got:.3g}. It is an ordinary weight: it decays at the rate that was asked for."
        )
    wrong = [name for name, got, _ in found if not math.isclose(got, 10 * rate if name.startswith("classifier") else rate, rel_tol=1e-9)]
    assert not wrong, f"{call} has the rate of {wrong[0] if wrong else ''} wrong. The head is all that lies outside of `model.base_model`."


@pytest.mark.points(1)
def test_the_model_is_left_alone(learner, rng):
    """Making groups changes nothing in the model."""
    rate, decay = draw(rng)
    model = tiny_bert(layers=1, hidden=16).train()
    model.base_model.pooler.requires_grad_(False)
    before = [(name, p.requires_grad, p.detach().clone()) for name, p in model.named_parameters()]
    called(learner, model, rate, decay, 2 * rate)
    after = dict(model.named_parameters())
    changed = [name for name, flag, data in before if after[name].requires_grad != flag or not torch.equal(after[name], data)]
    assert not changed, (
        f"parameter_groups(model, ...) changed {changed[0] if changed else ''}. Groups only refer to parameters: neither values nor `requires_grad` change."
    )
    assert all(module.training for module in model.modules()), (
        "parameter_groups(model, ...) switched a part of the model to evaluation mode."
    )
