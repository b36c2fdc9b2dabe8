"""Hidden suite of `add_lora`."""

import pytest
import torch

from tunelab import expect
from tunelab.models import minilm_classifier, tiny_bert, tiny_distilbert, tiny_electra, tiny_roberta


def adapter(linear):
    """A wrapper with one number per output that trains, one that doesn't, and the layer itself, on whose flags it doesn't touch."""
    from torch import nn

    class Adapter(nn.Module):
        def __init__(self, inner):
            super().__init__()
            self.inner = inner
            self.shift = nn.Parameter(torch.zeros(inner.out_features))
            self.still = nn.Parameter(torch.ones(1), requires_grad=False)

        def forward(self, x):
            return self.inner(x) + self.shift * self.still

    return Adapter(linear)


def adapter_in_place(linear):
    """A wrapper that is a linear layer itself, under the old layer's weights."""
    from torch import nn

    class LinearAdapter(nn.Linear):
        def __init__(self, inner):
            super().__init__(inner.in_features, inner.out_features)
            self.weight, self.bias = inner.weight, inner.bias
            self.shift = nn.Parameter(torch.zeros(inner.out_features))

        def forward(self, x):
            return super().forward(x) + self.shift

    return LinearAdapter(linear)


def with_lookalikes():
    """A small BERT with modules beside `query` whose names or kinds only look like it; nothing calls them."""
    from torch import nn

    model = tiny_bert(layers=2, hidden=16)
    for layer in model.base_model.encoder.layer:
        attention = layer.attention.self
        attention.query_norm = nn.Linear(16, 16)
        attention.prequery = nn.Linear(16, 16)
        layer.query = nn.LayerNorm(16)
    return model


def all_frozen():
    return tiny_bert(layers=2, hidden=16).requires_grad_(False)


def in_training():
    model = tiny_bert(layers=2, hidden=16).train()
    model.base_model.encoder.layer[1].eval()
    return model


def kinds(model):
    """The type's name of each module."""
    return {name: type(module).__name__ for name, module in model.named_modules()}


def flags(model):
    """Whether each parameter trains."""
    return {name: bool(p.requires_grad) for name, p in model.named_parameters()}


def modes(model):
    return {name: bool(module.training) for name, module in model.named_modules()}


def logits(model, ids):
    with torch.no_grad():
        return model(ids).logits


def weights(model):
    return {name: p.detach().clone() for name, p in model.named_parameters()}


def prefix_of(model):
    return model.base_model_prefix


def wanted(names, prefix, targets):
    """The names that must be replaced, told by the kinds of an untouched model's modules."""
    return [name for name, kind in names.items() if kind == "Linear" and name.startswith(prefix + ".") and name.split(".")[-1] in targets]


def added(learner, factory, targets, wrap=adapter, **size):
    """A model to which the learner's function has been applied: handle, what it was, what came back, the call in words."""
    model = learner.make(factory, **size)
    before = learner.probe(kinds, model)
    names = wanted(before, learner.probe(prefix_of, model), targets)
    got = learner.add_lora(model, targets, wrap)
    return model, before, names, got, f"add_lora(model, {targets}, wrap)"


def same_names(got, names, before, call):
    """The list that came back holds the names of what was to be replaced, in the model's order."""
    expect.sequence(got, call=call, kind=list)
    assert all(type(name) is str for name in got), f"{call} gave a list of things that aren't names."
    if got == names:
        return
    short = [name for name in got if name not in before]
    assert not short, (
        f"{call} gave {short[0]!r}, which is no name of the model's `named_modules()`. Give the full name, from the model down."
    )
    missing, extra = ([name for name in one if name not in other] for one, other in ((names, got), (got, names)))
    assert not missing, f"{call} gave {len(got)} names, and left out {missing[0]!r}."
    assert not extra, f"{call} gave {extra[0]!r} as well, which wasn't to be replaced."
    assert sorted(got) == sorted(names), f"{call} gave {len(got)} names, some of them twice. Each is given once."
    wrong = next(i for i, (one, other) in enumerate(zip(got, names, strict=True)) if one != other)
    why = "That is how text is sorted" if got == sorted(names) else f"Number {wrong} is {got[wrong]!r}"
    raise AssertionError(f"{call} gave the right names in another order. {why}; the order of `named_modules()` is asked for.")


@pytest.mark.points(3)
def test_the_named_layers_are_replaced(learner, rng):
    """Each linear layer of that name is replaced by what `wrap` gives for it, and no other module is."""
    layers = int(rng.integers(3, 6))
    model, _, names, _, call = added(learner, tiny_bert, ["query", "value"], layers=layers, hidden=16)
    call = f"{call}, on a BERT of {layers} layers,"
    after = learner.probe(kinds, model)
    replaced = [name for name, kind in after.items() if kind == "Adapter"]
    assert replaced, (
        f"{call} replaced nothing. `wrap(layer)` gives the new module: put it into its parent with `setattr`, under the last part of the name."
    )
    missed = [name for name in names if name not in replaced]
    assert not missed, f"{call} left {missed[0]} as it was, a linear layer of the base model whose last name is a target."
    extra = [name for name in replaced if name not in names]
    assert not extra, f"{call} replaced {extra[0]} too. Only the layers whose last name is a target are replaced, once each."
    inner = [name for name in names if after.get(f"{name}.inner") != "Linear"]
    assert not inner, f"{call}: what is wrapped in {inner[0]} isn't the linear layer that was there. Call `wrap` once, with that layer."
    calls = len(learner.last.calls.get("adapter", []))
    assert calls == len(names), f"{call} called `wrap` {calls} times. It is called once for each layer that is replaced."


@pytest.mark.points(2)
def test_the_last_name_counts_whole(learner):
    """A target is a layer's whole last name: not a part of it, not a name further up, and only linear layers count."""
    model, before, names, _, call = added(learner, with_lookalikes, ["query"])
    replaced = [name for name, kind in learner.probe(kinds, model).items() if kind == "Adapter"]
    for last in ("query_norm", "prequery"):
        wrong = [name for name in replaced if name.split(".")[-1] == last]
        assert not wrong, f"{call} replaced {wrong[0]}. Compare the last name whole: 'query' is only a part of {last!r}."
    assert not [name for name in replaced if before[name] == "LayerNorm"], (
        f"{call} replaced a LayerNorm of that name. Only `nn.Linear` counts."
    )
    assert replaced == names, f"{call} replaced {', '.join(replaced) or 'nothing'}, on a BERT with some modules of like names."
    model = learner.make(tiny_bert, layers=2, hidden=16)
    learner.add_lora(model, ["dense"], adapter)
    replaced = {name for name, kind in learner.probe(kinds, model).items() if kind == "Adapter"}
    everything = wanted(before, "bert", ["dense"])
    assert replaced == set(everything), (
        f"add_lora(model, ['dense'], wrap) replaced {len(replaced)} layers. In a BERT of two layers 'dense' is the last name of seven: three in each layer, and the pooler's."
    )


@pytest.mark.points(2)
def test_the_rest_is_frozen(learner):
    """What the base model had before is frozen, wrapped or not; what `wrap` adds keeps its own flags."""
    model, _, names, _, call = added(learner, tiny_bert, ["query", "value"], layers=2, hidden=16)
    found = learner.probe(flags, model)
    new = [name for name in found if name.endswith(".shift")]
    assert len(new) == len(names), f"{call}: {len(new)} of the new modules are in the model."
    sleeping = [name for name in new if not found[name]]
    assert not sleeping, (
        f"{call} froze {sleeping[0]}, which `wrap` had made trainable. Freeze first and wrap then, or what is to learn is frozen as well."
    )
    assert not any(on for name, on in found.items() if name.endswith(".still")), (
        f"{call} made a parameter trainable that `wrap` had frozen. Leave the flags of what `wrap` makes alone."
    )
    own = [name for name, on in found.items() if on and name.startswith("bert.") and name not in new]
    inner = [name for name in own if ".inner." in name]
    assert not inner, f"{call} left {inner[0]} trainable: the weights of the layers that are wrapped are frozen as well."
    assert not own, (
        f"{call} left {own[0]} trainable. All that the base model had before is frozen: weights, biases, embeddings, norms, pooler."
    )


@pytest.mark.points(2)
def test_the_head_trains(learner):
    """The head is new and must learn, whatever it was before, and it isn't wrapped."""
    for factory, targets, size in ((all_frozen, ["value"], {}), (tiny_roberta, ["dense"], {"layers": 2, "hidden": 16})):
        model, before, names, _, call = added(learner, factory, targets, **size)
        after, found = learner.probe(kinds, model), learner.probe(flags, model)
        prefix = learner.probe(prefix_of, model)
        kind = f"{call}, on a {before['']},"
        head = [name for name in before if name and name.split(".")[0] != prefix]
        changed = [name for name in head if after.get(name) != before[name]]
        assert not changed, f"{kind} replaced {changed[0]}, a layer of the head. Only layers of `model.base_model` are replaced."
        frozen = [name for name, on in found.items() if name.split(".")[0] != prefix and not on]
        told = " all of whose parameters were frozen before," if factory is all_frozen else ""
        assert not frozen, (
            f"{kind}{told} left {frozen[0]} frozen. The head, all that isn't in `model.base_model`, is random: if it can't learn, it stays so."
        )
        assert [name for name, k in after.items() if k == "Adapter"] == names, f"{kind} didn't replace the layers of the base model."


@pytest.mark.points(2)
def test_the_names_that_come_back(learner):
    """The full names of what was replaced come back, in the model's order."""
    for factory, targets in ((tiny_bert, ["value", "query"]), (tiny_roberta, ["dense"])):
        _, before, names, got, call = added(learner, factory, targets, layers=11, hidden=16)
        same_names(got, names, before, f"{call}, on a {before['']} of eleven layers,")


@pytest.mark.points(2)
def test_a_second_time_is_refused(learner):
    """A model that has its adapters is refused, also with other targets, and stays as it is."""
    for wrap, again in ((adapter, ["query"]), (adapter_in_place, ["query"]), (adapter, ["value"])):
        model, _, names, _, call = added(learner, tiny_bert, ["query"], wrap, layers=2, hidden=16)
        before, on = learner.probe(kinds, model), learner.probe(flags, model)
        assert len(set(before[name] for name in names)) == 1 and before[names[0]] != "Linear", f"{call} replaced nothing."
        call = f"add_lora(model, {again}, wrap), after add_lora(model, ['query'], wrap) on the same model,"
        try:
            learner.add_lora(model, again, wrap)
        except ValueError:
            pass
        else:
            raise AssertionError(
                f"{call} raised nothing. Adapters would be wrapped twice, or the first ones frozen. Leave a note on the model, and raise a ValueError when you find it."
            )
        assert learner.probe(kinds, model) == before, (
            f"{call} was refused, but replaced something all the same. Look before you change anything."
        )
        assert learner.probe(flags, model) == on, f"{call} was refused, but froze or thawed something. Look before you change anything."


@pytest.mark.points(2)
def test_a_target_that_is_not_there(learner):
    """A target that names no linear layer of the base model is refused by name, before anything is changed."""
    for targets, wrong in ((["query", "q_proj"], "q_proj"), (["LayerNorm"], "LayerNorm"), (["classifier", "key"], "classifier")):
        model = learner.make(tiny_bert, layers=2, hidden=16)
        before, on = learner.probe(kinds, model), learner.probe(flags, model)
        call = f"add_lora(model, {targets}, wrap), on a BERT,"
        try:
            learner.add_lora(model, targets, adapter)
        except ValueError as error:
            assert wrong in str(error), (
                f"{call} raised a ValueError that says {str(error)[:80]!r}. Name the target that matches nothing: {wrong!r}."
            )
        else:
            raise AssertionError(
                f"{call} raised nothing, though no linear layer of the base model is called {wrong!r}. "
                + (
                    "The layer of that name is the head, which lies outside of `model.base_model`."
                    if wrong == "classifier"
                    else "A name from another family would go unnoticed, and less be trained than one believes."
                )
            )
        assert learner.probe(kinds, model) == before, (
            f"{call} was refused, but replaced something all the same. Look before you change anything."
        )
        now = learner.probe(flags, model)
        changed = [name for name in on if now[name] != on[name]]
        assert not changed, f"{call} was refused, but froze something all the same, {changed[0]} among it. Look before you change anything."
        got = learner.add_lora(model, ["key"], adapter)
        assert type(got) is list and len(got) == 2, (
            f"{call} was refused, and then add_lora(model, ['key'], wrap) didn't work on the same model."
        )


@pytest.mark.points(1)
def test_the_model_computes_what_it_did(learner, rng):
    """With adapters that add nothing yet, the model gives the same logits: no weight was lost or made anew."""
    ids = torch.from_numpy(rng.integers(1, 100, size=(3, 9)))
    model = learner.make(tiny_bert, layers=3, hidden=16)
    before, old = learner.probe(logits, model, ids), learner.probe(weights, model)
    names = learner.add_lora(model, ["query", "dense"], adapter)
    call = "add_lora(model, ['query', 'dense'], wrap)"
    expect.sequence(names, call=call, kind=list)
    after, new = learner.probe(logits, model, ids), learner.probe(weights, model)
    assert any(name.endswith(".shift") for name in new), f"{call} put no adapter into the model."
    lost = [name for name in old if name.startswith("classifier") and not torch.equal(old[name], new.get(name, torch.zeros(0)))]
    assert not lost, f"{call} changed {lost[0]}. The head keeps its weights."
    expect.close(after, before, call=f"After {call} the model", hint="Was a layer made anew in place of being wrapped?", atol=1e-5)


@pytest.mark.points(1)
def test_modes_stay(learner):
    """A new module is in the mode of the layer that it replaces, training or evaluation; all others keep theirs."""
    for factory, size in ((in_training, {}), (tiny_bert, {"layers": 2, "hidden": 16})):
        old = learner.probe(modes, learner.make(factory, **size))
        model, _, names, _, call = added(learner, factory, ["query"], **size)
        new, after = learner.probe(modes, model), learner.probe(kinds, model)
        replaced = [name for name in names if after[name] == "Adapter"]
        assert replaced == names, f"{call} replaced {len(replaced)} layers."
        wrong = [name for name, training in old.items() if new[name] != training or new.get(f"{name}.inner", training) != training]
        assert not wrong, (
            f"{call} left {wrong[0]} in {'training' if new[wrong[0]] else 'evaluation'} mode. New modules begin in training mode: give them that of the layer they replace."
        )


@pytest.mark.points(1)
def test_other_families(learner):
    """The function works for a DistilBERT and an ELECTRA classifier, whose parts have other names."""
    for factory, targets in ((tiny_distilbert, ["q_lin", "v_lin"]), (tiny_electra, ["query", "embeddings_project"])):
        model, before, names, got, call = added(learner, factory, targets, layers=2, hidden=16)
        call = f"{call}, on a {before['']},"
        replaced = [name for name, kind in learner.probe(kinds, model).items() if kind == "Adapter"]
        assert replaced == names, (
            f"{call} replaced {', '.join(replaced) or 'nothing'}. `model.base_model` finds the base model by whatever name."
        )
        same_names(got, names, before, call)


@pytest.mark.points(1)
def test_the_real_minilm(learner):
    """On MiniLM, adapters on query and value: what is trained is what they add, and the head."""
    model = learner.make(minilm_classifier)
    got = learner.add_lora(model, ["query", "value"], adapter)
    call = "add_lora(minilm_classifier(), ['query', 'value'], wrap)"
    expect.sequence(got, call=call, kind=list, length=12)
    trained = learner.probe(trained_elements, model)
    added_numbers, head = 12 * 384, 2 * 384 + 2
    told = {head: ": the head alone, without what `wrap` added", added_numbers: ": what `wrap` added alone, without the head"}
    more = ", which is more than what `wrap` added and the head" if trained > added_numbers + head else ""
    assert trained == added_numbers + head, (
        f"{call}, where `wrap` adds 384 numbers to each of 12 layers, left {trained:,} numbers to train{told.get(trained, more)}."
    )


def trained_elements(model):
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
