"""Hidden suite of `working_weights`."""

import pytest
import torch
from torch import nn

from tunelab import expect
from tunelab.models import minilm_classifier, tiny_bert, tiny_llama


def truth(model, batch):
    """The three counts, by hooks."""
    rows = []
    hooks = [
        m.register_forward_hook(lambda m, given, _: rows.append((m.weight.numel(), given[0].requires_grad, m.weight.requires_grad)))
        for m in model.modules()
        if isinstance(m, nn.Linear)
    ]
    model(**batch)
    for hook in hooks:
        hook.remove()
    return tuple(sum(row[0] for row in rows if all(row[1:2] if job == 1 else row[2:] if job == 2 else ())) for job in range(3))


def called(learner, model, batch, words):
    call = f"working_weights(model, batch), on {words.removesuffix(',')},"
    got = learner.working_weights(model, batch)
    expect.sequence(got, call=call, kind=tuple, length=3)
    for name, count in zip(("forward", "backward", "trainable"), got, strict=True):
        expect.integer(count, call=f"{call} as `{name}`", low=0)
    return got, call


def ids(rng, vocab=100, texts=2, tokens=6):
    return torch.from_numpy(rng.integers(3, vocab, size=(texts, tokens)))


def count(model, kind):
    return sum(p.numel() for module in model.modules() if isinstance(module, kind) for p in module.parameters(recurse=False))


def weights_alone(got, forward, biases, call):
    """Biases of linear layers aren't counted, also where a test asks for something else."""
    assert not biases or got[0] != forward + biases, (
        f"{call} counts the biases of linear layers: {got[0]} on the way forward. Count `weight` alone."
    )


def forward_right(got, wanted, model, call):
    """The count of the way forward; what is too much or too little in it is named where it can be told."""
    weights_alone(got, wanted[0], biases_of(model), call)
    if got[0] == wanted[0]:
        return
    every, tables = sum(p.numel() for p in model.parameters()), count(model, nn.Embedding)
    trained = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and m.weight.requires_grad)
    for wrong, said in (
        (every, f"counts all {every} parameters. Looking a row up in a table is no multiplication: embeddings don't work on a token."),
        (wanted[0] + tables, "counts the embeddings. They are tables: a row is looked up, nothing is multiplied."),
        (trained, "counts what is trained alone. Frozen layers work on the way forward as all others do."),
    ):
        assert got[0] != wrong, f"{call} gave {got[0]} for the way forward: it {said}"
    few = "few. Frozen layers, and layers that share a matrix, work as all others do" if got[0] < wanted[0] else "many"
    raise AssertionError(
        f"{call} gave {got[0]} for the way forward, which is too {few}. Add up `weight.numel()` over all calls of linear layers."
    )


def biases_of(model):
    return sum(m.bias.numel() for m in model.modules() if isinstance(m, nn.Linear) and m.bias is not None)


def frozen(model, names):
    """Freezes the parameters whose name holds one of `names`."""
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(not any(part in name for part in names))
    return model


@pytest.mark.points(2)
def test_an_encoder_that_is_trained(learner, rng):
    """Matrices work in all three jobs; look-up tables, norms and biases don't count."""
    hidden = 8 * int(rng.integers(2, 5))
    model, batch = tiny_bert(layers=2, hidden=hidden, vocab=int(rng.integers(100, 200))), {"input_ids": ids(rng)}
    got, call = called(learner, model, batch, f"a BERT of {hidden} numbers per token, all of it trained,")
    wanted = truth(model, batch)
    assert got[0] != wanted[0] + biases_of(model) + count(model, nn.LayerNorm), (
        f"{call} counts norms and biases: {got[0]}. Count the weights of linear layers alone."
    )
    forward_right(got, wanted, model, call)
    assert got[1:] == wanted[1:], (
        f"{call} gave {got}. All is trained, the embeddings too: each linear layer passes gradients on, and has one of its own."
    )


@pytest.mark.points(2)
def test_a_tied_head_works(learner, rng):
    """The output head of a language model multiplies, also when it is the embeddings' matrix; and narrow keys count as they are."""
    for tied in (True, False):
        model = tiny_llama(layers=2, hidden=32, heads=4, num_key_value_heads=1, vocab=int(rng.integers(100, 300)), tie_word_embeddings=tied)
        batch = {"input_ids": ids(rng)}
        got, call = called(learner, model, batch, f"a Llama with {'a tied' if tied else 'an untied'} head, all of it trained,")
        wanted = truth(model, batch)
        head = model.lm_head.weight.numel()
        assert got[0] != wanted[0] - head, (
            f"{call} leaves the output head out: {got[0]}. Its matrix {'is that of the embeddings, but it ' if tied else ''}multiplies every token by all rows of the vocabulary."
        )
        assert got[0] != wanted[0] + head, f"{call} counts the embeddings once more, as a table: {got[0]}. Looking up isn't multiplying."
        forward_right(got, wanted, model, call)
        assert got == wanted, (
            f"{call} gave {got}. All is trained, the embeddings too: each linear layer passes gradients on, and has one of its own."
        )


@pytest.mark.points(3)
def test_frozen_from_the_bottom(learner, rng):
    """Below the lowest trained weight nothing is passed on; above it frozen weights pass gradients on all the same."""
    model = frozen(tiny_bert(layers=4, hidden=16), ["embeddings", "layer.0.", "layer.1."])
    batch = {"input_ids": ids(rng)}
    got, call = called(learner, model, batch, "a BERT whose embeddings and first two of four layers are frozen,")
    wanted = truth(model, batch)
    forward_right(got, wanted, model, call)
    assert got[1] != wanted[0], (
        f"{call} passes gradients through all layers: {got[1]}. Below the lowest trained weight nobody asks for a gradient."
    )
    assert got[1] != got[2] or wanted[1] == wanted[2], (
        f"{call} gave {got[1]} for what is passed on, the same as what is trained. The lowest trained layers have a gradient of their own, but their input, which comes from frozen layers, asks for none."
    )
    assert got == wanted, f"{call} gave {got}. Look, in each call, whether the input requires a gradient, and whether the weight does."
    model = frozen(tiny_bert(layers=3, hidden=16), ["layer.1.", "layer.2.", "pooler", "classifier"])
    got, call = called(learner, model, batch, "a BERT whose embeddings and first layer are trained, and all above is frozen,")
    wanted = truth(model, batch)
    assert got[1] != got[2], (
        f"{call} gave {got[1]} for what is passed on, the same as what is trained. The frozen layers lie above trained ones: the gradient must pass through them."
    )
    assert got == wanted, f"{call} gave {got}. A frozen layer passes the gradient on when something below it is trained."


def with_lora():
    """A Llama with adapters beside queries and values."""
    import peft

    import tunelab.models

    config = peft.LoraConfig(r=2, lora_alpha=4, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM")
    return peft.get_peft_model(tunelab.models.tiny_llama(layers=2, hidden=16), config)


@pytest.mark.points(1)
def test_adapters_train_little_and_pass_on_much(learner, rng):
    """With LoRA little has a gradient of its own, but nearly all passes gradients on, also when the caller works without gradients."""
    batch = {"input_ids": ids(rng)}
    handle, model = learner.make(with_lora), with_lora()
    got, call = called(learner, handle, batch, "a Llama with LoRA on queries and values,")
    wanted = truth(model, batch)
    forward_right(got, wanted, model, call)
    assert got[2] == wanted[2], (
        f"{call} gave {got[2]} for what is trained. The adapters' factors are linear layers as well, beside the frozen ones, and they alone are trained."
    )
    assert got[1] == wanted[1], (
        f"{call} gave {got[1]} for what is passed on, of {got[0]} on the way forward. Below the first adapter nobody asks for a gradient; all that lies above it passes gradients on, frozen or not."
    )
    words, handle = "such a Llama, by a caller that is under `torch.no_grad()`,", learner.make(with_lora)
    learner.probe(switch_gradients, False)
    try:
        got, call = called(learner, handle, batch, words)
    except RuntimeError as error:
        raise AssertionError(
            f"working_weights(model, batch), on {words} raised: {str(error)[:160]}. Run the model with gradients enabled: `torch.enable_grad()`."
        ) from None
    finally:
        learner.probe(switch_gradients, True)
    assert got == truth(model, batch), (
        f"{call} gave {got}. There no output requires a gradient, unless the model is run with gradients enabled: `torch.enable_grad()`."
    )


def switch_gradients(on):
    """Switches gradients on or off where the learner's code runs."""
    import torch

    torch.set_grad_enabled(on)


def uneven(shared, spare, first):
    """A module with a layer that is called twice, one that is never called, and a first layer that is frozen or not."""
    import torch

    class Uneven(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.first = torch.nn.Linear(first, shared)
            self.twice = torch.nn.Linear(shared, shared)
            self.spare = torch.nn.Linear(shared, spare)
            self.first.requires_grad_(False)

        def forward(self, x):
            return self.twice(torch.relu(self.twice(self.first(x))))

    return Uneven()


@pytest.mark.points(1)
def test_calls_count(learner, rng):
    """A layer that is called twice works twice, and one that is never called doesn't work."""
    a, b, c = (int(n) for n in rng.permutation(range(3, 12))[:3])
    got, call = called(
        learner,
        learner.make(uneven, a, b, c),
        {"x": torch.ones(2, c)},
        f"a module that calls a layer of {a} x {a} weights twice, after one of {a} x {c} that is frozen,",
    )
    for forward, biases in ((a * c + 2 * a * a, 3 * a), (a * c + a * a, 2 * a), (a * c + a * a + a * b, 2 * a + b)):
        weights_alone(got, forward, biases, call)
    assert got[0] != a * c + a * a + a * b, (
        f"{call} gave {got[0]} for the way forward, with a layer of {a} x {b} that is never called. Count calls, not layers."
    )
    assert got[0] != a * c + a * a, f"{call} gave {got[0]} for the way forward: a layer that is called twice works twice on each token."
    assert got[0] >= a * c + a * a, (
        f"{call} gave {got[0]} for the way forward, too few. Frozen layers work on the way forward as all others do, and a layer works in each of its calls."
    )
    assert got == (a * c + 2 * a * a, a * a, 2 * a * a), (
        f"{call} gave {got}. In its first call the layer's input comes from frozen weights, in the second from itself."
    )


def prepare(model):
    """Puts the model into a state of its own: one part in another mode, one gradient there."""
    model.train()
    model.bert.encoder.layer[0].eval()
    model.classifier.bias.grad = model.classifier.bias.detach() + 1


def state(model):
    """Numbers of hooks, modes, and what has a gradient."""
    hooks = sum(len(m._forward_hooks) + len(m._forward_pre_hooks) + len(m._backward_hooks) for m in model.modules())
    return {
        "hooks": hooks,
        "modes": [m.training for m in model.modules()],
        "flags": [p.requires_grad for p in model.parameters()],
        "gradients": [None if p.grad is None else p.grad.clone() for p in model.parameters()],
    }


@pytest.mark.points(2)
def test_the_model_is_left_alone(learner, rng):
    """Afterwards the model has no hooks, and its modes, flags and gradients are those from before."""
    handle = learner.make(tiny_bert, hidden=16)
    learner.probe(prepare, handle)
    before = learner.probe(state, handle)
    batch = {"input_ids": ids(rng)}
    got, call = called(learner, handle, batch, "a BERT")
    after = learner.probe(state, handle)
    assert after["hooks"] == before["hooks"], (
        f"{call} left hooks on the model. Keep what `register_forward_hook` gives, and call `remove()` on it, in a `finally`."
    )
    assert after["modes"] == before["modes"], (
        f"{call} left the model in another mode. It was partly in training, partly in evaluation mode."
    )
    assert after["flags"] == before["flags"], f"{call} changed `requires_grad` of some parameters."
    same = all(
        (a is None) == (b is None) and (a is None or torch.equal(a, b))
        for a, b in zip(before["gradients"], after["gradients"], strict=True)
    )
    assert same, (
        f"{call} changed gradients: it made some, or deleted one that was there. The way forward is enough, nothing needs to be passed back."
    )
    model = tiny_bert(hidden=16)
    wanted = truth(model, batch)
    forward_right(got, wanted, model, call)
    assert got == wanted, f"{call} gave {got}, a wrong count. Count the calls of linear layers, for each job the weights that work in it."
    again, _ = called(learner, handle, batch, "a BERT")
    assert again == wanted, f"{call} called a second time, gave {again}, and {got} the first time. Begin from zero each time."


@pytest.mark.points(1)
def test_minilm(learner, rng):
    """MiniLM: 10.6 million weights in the matrices of its layers, and the head."""
    batch = {"input_ids": ids(rng, vocab=30000, texts=1, tokens=5)}
    got, call = called(learner, learner.make(minilm_classifier), batch, "MiniLM with a head of two classes, all of it trained,")
    hidden, inner = 384, 1536
    forward = 6 * (4 * hidden * hidden + 2 * hidden * inner) + hidden * hidden + 2 * hidden
    weights_alone(got, forward, 6 * (5 * hidden + inner) + hidden + 2, call)
    assert got[0] <= forward, (
        f"{call} gave {got[0]} for the way forward, more than its matrices hold. Embeddings are tables: a row is looked up, nothing is multiplied. Norms and biases don't count either."
    )
    assert got == (forward,) * 3, (
        f"{call} gave {got}. There are four square matrices and two of the feed-forward part in each of six layers, then pooler and classifier."
    )
