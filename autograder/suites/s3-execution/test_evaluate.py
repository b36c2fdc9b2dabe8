"""Hidden suite of `evaluate`."""

import numpy as np
import pytest
import torch

from tunelab import expect
from tunelab.models import minilm_classifier, tiny_bert

CALL = "evaluate(model, batches)"


def watched_bert(seed, training):
    """A tiny BERT with dropout that notes, of each of its passes, its mode and whether its logits hang on a graph."""
    model = tiny_bert(layers=1, hidden=16, labels=3, seed=seed, hidden_dropout_prob=0.3)
    model.passes = []

    def note(module, args, kwargs, output):
        module.passes.append([module.training, output.logits.requires_grad])

    model.register_forward_hook(note, with_kwargs=True)
    return model.train(training)


def passes(model):
    return model.passes


def mode_of(model):
    return model.training


def give_gradients(model):
    """Gradients such as a loop that accumulates holds between two batches."""
    for number, parameter in enumerate(model.parameters()):
        parameter.grad = torch.full_like(parameter, 0.5 + number)


def state(model):
    return {name: [p.detach().clone(), None if p.grad is None else p.grad.clone()] for name, p in model.named_parameters()}


def texts(rng, sizes, tokens=8):
    """One batch of random tokens for each of `sizes`, with some padding, and labels of three classes."""
    batches = []
    for size in sizes:
        mask = torch.ones(size, tokens, dtype=torch.long)
        mask[0, 5:] = 0
        ids = torch.from_numpy(rng.integers(1, 100, size=(size, tokens))) * mask
        batches.append({"input_ids": ids, "attention_mask": mask, "labels": torch.from_numpy(rng.integers(0, 3, size=size))})
    return batches


def read_by_hand(model, batches):
    model.eval()
    with torch.no_grad():
        return np.concatenate([model(input_ids=b["input_ids"], attention_mask=b["attention_mask"]).logits.numpy() for b in batches])


def rows_are(logits, right, call):
    """The rows are the model's logits, each in its place."""
    close = np.isclose(logits[:, None], right[None], atol=1e-4).all(-1)
    if close.diagonal().all():
        return
    assert not close.any(0).all(), f"{call} gave the right rows in another order. Row i belongs to example i, in the order of the batches."
    shares = np.exp(right) / np.exp(right).sum(1, keepdims=True)
    assert not np.allclose(logits, shares, atol=1e-4), (
        f"{call} gave probabilities: rows of numbers that add up to 1. Logits are asked for, as the model gives them, with no softmax."
    )
    first = int(close.diagonal().argmin())
    raise AssertionError(
        f"{call} gave logits that aren't those of the model in evaluation mode, the first in row {first}. Each row is what `model(**batch).logits` holds for an example, untouched: no softmax, no rounding."
    )


def pair(got, examples, classes, call):
    """The ladder up to values: a tuple of two arrays, of the shapes that are asked for."""
    expect.sequence(got, call=call, kind=tuple, length=2)
    logits, labels = got
    for part, name in ((logits, "logits"), (labels, "labels")):
        assert not isinstance(part, torch.Tensor), f"{call} gave its {name} as a tensor. NumPy arrays are asked for: `.numpy()` makes one."
        assert not isinstance(part, list), (
            f"{call} gave its {name} as a list. One array over all batches is asked for: `np.concatenate` joins those of the batches."
        )
    if isinstance(logits, np.ndarray):
        assert logits.dtype.kind != "i" or logits.ndim > 1, (
            f"{call} gave a whole number per example: predictions? The logits are asked for, a row per example."
        )
        assert len(logits) == examples, (
            f"{call} gave {len(logits)} rows of logits, for {examples} examples. Every batch counts, also a last one that is smaller, and each example is read once."
        )
    expect.array(logits, call=f"{call} as logits", shape=(examples, classes), dtype="float")
    expect.array(labels, call=f"{call} as labels", shape=(examples,), dtype="integer")
    return logits, labels


@pytest.mark.points(2)
def test_every_example_in_its_place(learner, rng):
    """Logits and labels of all examples come in the order of the batches, the last and smaller batch included."""
    seed, sizes = int(rng.integers(1000)), [4, 4, int(rng.integers(1, 4))]
    batches = texts(rng, sizes)
    model = learner.make(watched_bert, seed, False)
    logits, labels = pair(learner.evaluate(model, batches), sum(sizes), 3, CALL)
    right = read_by_hand(tiny_bert(layers=1, hidden=16, labels=3, seed=seed), batches)
    true = torch.cat([b["labels"] for b in batches]).numpy()
    rows_are(logits, right, CALL)
    assert np.array_equal(labels, true), (
        f"{CALL} gave labels that don't stand beside their logits: they come in the order of the batches, from `batch['labels']`."
    )


@pytest.mark.points(2)
def test_dropout_is_off(learner, rng):
    """A model that comes in training mode is read in evaluation mode: the same twice, and nothing random."""
    seed, batches = int(rng.integers(1000)), texts(rng, [4, 4])
    model = learner.make(watched_bert, seed, True)
    logits, _ = pair(learner.evaluate(model, batches), 8, 3, CALL)
    seen = learner.probe(passes, model)
    assert seen, f"{CALL} never called the model."
    assert not any(training for training, _ in seen), (
        f"{CALL} read the texts in training mode: dropout throws away numbers at random, and the answers differ from call to call. `model.eval()` turns it off."
    )
    assert not learner.last.random_moved, f"{CALL} used up global random numbers. With dropout off, nothing here is random."
    right = read_by_hand(tiny_bert(layers=1, hidden=16, labels=3, seed=seed), batches)
    rows_are(logits, right, CALL)


@pytest.mark.points(2)
def test_the_mode_is_put_back(learner, rng):
    """Whether the model was in training or in evaluation mode before, it is afterwards."""
    for training in (True, False):
        model = learner.make(watched_bert, 1, training)
        pair(learner.evaluate(model, texts(rng, [2])), 2, 3, CALL)
        after = learner.probe(mode_of, model)
        assert after or not training, (
            f"{CALL} got a model in training mode and left it in evaluation mode. The loop that called it would go on without dropout, and nobody would notice."
        )
        assert training or not after, (
            f"{CALL} got a model in evaluation mode and left it in training mode. Look which mode it is in before you change it, and put back that one."
        )


@pytest.mark.points(2)
def test_no_graph_is_kept(learner, rng):
    """Nothing is recorded for a backward pass: it would cost memory, and nobody asks for one."""
    model = learner.make(watched_bert, 2, False)
    pair(learner.evaluate(model, texts(rng, [3, 2])), 5, 3, CALL)
    seen = learner.probe(passes, model)
    assert seen, f"{CALL} never called the model."
    assert not any(graph for _, graph in seen), (
        f"{CALL} let torch record each pass for a backward pass. `eval()` doesn't stop that, and `detach()` comes too late, when the memory is spent already: use `torch.no_grad()`."
    )


@pytest.mark.points(1)
def test_nothing_is_changed(learner, rng):
    """Weights, gradients, what is trainable, and the batches are as they were."""
    model, batches = learner.make(watched_bert, 3, True), texts(rng, [3, 2])
    learner.probe(give_gradients, model)
    before, trainable = learner.probe(state, model), model.parameters
    pair(learner.evaluate(model, batches), 5, 3, CALL)
    after, left = learner.probe(state, model), learner.last.args[1]
    moved = [name for name in before if not torch.equal(before[name][0], after[name][0])]
    assert not moved, f"{CALL} changed the weights of {moved[0]}. Evaluation only reads."
    lost = [name for name in before if after[name][1] is None or not torch.equal(before[name][1], after[name][1])]
    assert not lost, f"{CALL} changed the gradient that {lost[0]} held. A loop that is accumulating still needs it."
    assert trainable == model.parameters, f"{CALL} changed which parameters are trainable."
    assert all(set(batch) == set(kept) for batch, kept in zip(batches, left, strict=True)), (
        f"{CALL} left batches without {', '.join(set(batches[0]) - set(left[0])) or 'their labels'}. `pop` changes the caller's dict: next time it is missing."
    )


@pytest.mark.points(1)
def test_a_real_minilm(learner, rng):
    """On the real MiniLM the logits are right too."""
    batches = [{**b, "input_ids": b["input_ids"] + 2000 * b["attention_mask"], "labels": b["labels"] % 2} for b in texts(rng, [3, 2])]
    model = learner.make(minilm_classifier)
    logits, _ = pair(learner.evaluate(model, batches), 5, 2, f"{CALL}, on the real MiniLM,")
    right = read_by_hand(minilm_classifier(), batches)
    rows_are(logits, right, f"{CALL}, on the real MiniLM,")
