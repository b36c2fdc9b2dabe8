"""Public checks of `add_lora`: examples to check oneself by."""

import torch

from tunelab.models import tiny_bert, tiny_roberta


def scaled(linear):
    """The linear layer, and one number per output that its result is multiplied by."""
    from torch import nn

    class Scaled(nn.Module):
        def __init__(self, inner):
            super().__init__()
            self.inner = inner
            self.scale = nn.Parameter(torch.ones(inner.out_features))

        def forward(self, x):
            return self.inner(x) * self.scale

    return Scaled(linear)


def replaced(model):
    return [name for name, module in model.named_modules() if type(module).__name__ == "Scaled"]


def trained(model):
    return [name for name, p in model.named_parameters() if p.requires_grad]


def test_the_keys_of_two_layers(learner):
    """add_lora(model, ["key"], wrap) replaces the keys of both layers, and gives their names."""
    model = learner.make(tiny_bert, layers=2)
    got = learner.add_lora(model, ["key"], scaled)
    names = [f"bert.encoder.layer.{i}.attention.self.key" for i in range(2)]
    assert learner.probe(replaced, model) == names, (
        f"After add_lora(model, ['key'], wrap), on a BERT of two layers, replaced are: {', '.join(learner.probe(replaced, model)) or 'none'}. They should be: {', '.join(names)}."
    )
    assert got == names, f"add_lora(model, ['key'], wrap) gave {got}. It should give {names}."


def test_what_trains(learner):
    """Afterwards what `wrap` added and the head are trained, and nothing else."""
    model = learner.make(tiny_bert, layers=1)
    learner.add_lora(model, ["key"], scaled)
    got = learner.probe(trained, model)
    right = ["bert.encoder.layer.0.attention.self.key.scale", "classifier.weight", "classifier.bias"]
    assert got == right, (
        f"After add_lora(model, ['key'], wrap), on a BERT of one layer, trained are: {', '.join(got)}. They should be: {', '.join(right)}."
    )


def test_the_head_of_a_roberta(learner):
    """The layer `dense` in a RoBERTa's head isn't replaced."""
    model = learner.make(tiny_roberta, layers=1)
    learner.add_lora(model, ["dense"], scaled)
    got = learner.probe(replaced, model)
    assert len(got) == 3 and all(name.startswith("roberta.") for name in got), (
        f"After add_lora(model, ['dense'], wrap), on a RoBERTa of one layer, replaced are: {', '.join(got) or 'none'}. They should be the three of the layer, and none of the head."
    )


def test_refusals(learner):
    """A name that isn't there and a second call are refused with a ValueError."""
    model = learner.make(tiny_bert, layers=1)
    for targets, why in ((["q_proj"], "a BERT has no q_proj"), (["key"], None), (["key"], "the model has its adapters already")):
        try:
            learner.add_lora(model, targets, scaled)
        except ValueError:
            assert why, "add_lora(model, ['key'], wrap) was refused, on a BERT that has no adapters yet."
        else:
            assert not why, f"add_lora(model, {targets}, wrap) raised no ValueError, though {why}."
