"""Hidden suite of `fine_tune`."""

import pytest
import torch

from tunelab import expect
from tunelab.models import tiny_bert

LOOSE = 1e6


def small_bert(seed, dropout=0.0):
    """A tiny BERT in evaluation mode that notes in which mode each pass forward was made, and which texts it saw."""
    model = tiny_bert(layers=1, hidden=16, labels=3, seed=seed, hidden_dropout_prob=dropout, attention_probs_dropout_prob=dropout).double()
    model.modes, model.seen = [], []

    def note(module, args, kwargs):
        module.modes.append(module.training)
        module.seen.append(int(kwargs["input_ids"][0, 0]))

    model.register_forward_pre_hook(note, with_kwargs=True)
    return model


def sgd(model, lr):
    return torch.optim.SGD(model.parameters(), lr=lr)


def adamw(model, lr):
    return torch.optim.AdamW(model.parameters(), lr=lr)


def leave_gradients(model):
    """Gives each parameter a gradient, as something that ran before might have."""
    for p in model.parameters():
        p.grad = torch.ones_like(p)


def weights(model):
    return [p.detach().clone() for p in model.parameters()]


def modes(model):
    return model.modes


def seen(model):
    return model.seen


def made(rng, count, examples=4, tokens=6):
    """Batches whose first token is their number plus 1, and whose labels pull to different sides."""
    batches = []
    for number in range(count):
        ids = torch.from_numpy(rng.integers(10, 100, size=(examples, tokens)))
        ids[:, 0] = number + 1
        labels = torch.from_numpy(rng.integers(0, 3, size=examples))
        labels[: examples // 2] = number % 3
        batches.append({"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": labels})
    return batches


def by_hand(seed, batches, steps, lr, max_norm=LOOSE, carry=False, each=False):
    """Weights and losses by arithmetic on gradients; with `carry` gradients add up, with `each` every tensor is clipped by itself."""
    model = small_bert(seed)
    parameters, losses, total = list(model.parameters()), [], None
    for number in range(steps):
        batch = batches[number % len(batches)]
        logits = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
        loss = torch.nn.functional.cross_entropy(logits, batch["labels"])
        losses.append(loss.item())
        gradients = torch.autograd.grad(loss, parameters)
        total = [g + t for g, t in zip(gradients, total, strict=True)] if carry and total else gradients
        length = float(sum((g**2).sum() for g in total)) ** 0.5
        total = [g * min(1.0, max_norm / (float(g.norm()) + 1e-12 if each else length)) for g in total]
        with torch.no_grad():
            for p, g in zip(parameters, total, strict=True):
                p -= lr * g
    return [p.detach() for p in parameters], losses


def same(left, right, atol=1e-6):
    return all(torch.allclose(a, b, rtol=1e-4, atol=atol) for a, b in zip(left, right, strict=True))


def tuned(learner, model, batches, optimizer, steps, max_norm):
    """The call, with a word about steps between forward and backward pass, of which torch says it in its own way."""
    try:
        return learner.fine_tune(model, batches, optimizer, steps, max_norm)
    except RuntimeError as error:
        if "modified by an inplace operation" not in str(error):
            raise
    raise AssertionError(
        f"fine_tune(model, batches, optimizer, {steps}, max_norm) changed the weights after the pass forward and before the backward pass that goes with it, "
        "which torch refuses. The optimizer makes its step after `backward()`."
    )


def run(learner, rng, batches, steps, lr=0.3, max_norm=LOOSE):
    """A call on a new model; gives its seed, what came back, and the model."""
    seed = int(rng.integers(1000))
    model = learner.make(small_bert, seed)
    optimizer = learner.make(sgd, model, lr)
    return seed, tuned(learner, model, batches, optimizer, steps, max_norm), model


def mistakes(seed, batches, steps, lr, max_norm):
    """Weights and losses that each mistake which is often made gives, and the sentence that names it."""
    yield (
        by_hand(seed, batches, steps, lr, max_norm, carry=True),
        "It followed the sum of all gradients so far. `backward()` adds to the gradients that are there: clear them once in each step.",
    )
    yield by_hand(seed, batches[:1], steps, lr, max_norm), "It took the first batch in every step."
    yield by_hand(seed, batches, steps * len(batches), lr, max_norm), "It went through all batches in each step. A step takes one batch."
    yield by_hand(seed, batches, min(steps, len(batches)), lr, max_norm), "It stopped when the batches ran out. Then the next round begins."
    if max_norm < LOOSE:
        yield (
            by_hand(seed, batches, steps, lr),
            "It made its steps with the gradient as long as it was. Clipping comes after the backward pass and before the step.",
        )
        yield (
            by_hand(seed, batches, steps, lr, max_norm, each=True),
            "It shortened each tensor by itself. The length is that of all parameters' gradients together.",
        )


def told(seed, batches, steps, lr, max_norm, hint, weights=None, losses=None):
    """The sentence that names the only mistake which gives just these weights or losses, or `hint`."""
    named = {
        sentence
        for (left, noted), sentence in mistakes(seed, batches, steps, lr, max_norm)
        if (
            same(weights, left)
            if losses is None
            else len(losses) == len(noted) and all(abs(a - b) < 1e-5 for a, b in zip(losses, noted, strict=True))
        )
    }
    return named.pop() if len(named) == 1 else hint


def check_weights(got, seed, batches, steps, lr, max_norm, call, hint, atol=1e-6):
    assert same(got, by_hand(seed, batches, steps, lr, max_norm)[0], atol), (
        f"{call} left other weights than it should. {told(seed, batches, steps, lr, max_norm, hint, weights=got)}"
    )


@pytest.mark.points(2)
def test_one_step(learner, rng):
    """One step of plain gradient descent goes lr times the gradient of the first batch, downhill."""
    batches = made(rng, 2)
    seed, _, model = run(learner, rng, batches, 1)
    call, got = "fine_tune(model, batches, optimizer, 1, max_norm)", learner.probe(weights, model)
    (start, _), (right, _) = (by_hand(seed, batches, steps, 0.3) for steps in (0, 1))
    assert not same(got, start), (
        f"{call} left every weight as it was. There must be a gradient when the optimizer makes its step: was the step made before the backward pass, or the gradient cleared in between?"
    )
    hint = "One step goes against the gradient of the first batch's loss."
    assert same(got, right), (
        f"{call}, on two batches, left other weights than it should. {told(seed, batches, 1, 0.3, LOOSE, hint, weights=got)}"
    )


@pytest.mark.points(2)
def test_each_step_has_its_own_gradient(learner, rng):
    """Each step follows its own batch's gradient alone, and nothing that was there before."""
    batches = made(rng, 3)
    seed, _, model = run(learner, rng, batches, 3)
    call, got = "fine_tune(model, batches, optimizer, 3, max_norm), on three batches,", learner.probe(weights, model)
    check_weights(got, seed, batches, 3, 0.3, LOOSE, call, "There are three steps, each against its own batch's gradient.")
    seed = int(rng.integers(1000))
    model = learner.make(small_bert, seed)
    optimizer = learner.make(sgd, model, 0.3)
    learner.probe(leave_gradients, model)
    tuned(learner, model, batches, optimizer, 1, LOOSE)
    assert same(learner.probe(weights, model), by_hand(seed, batches, 1, 0.3)[0]), (
        "fine_tune(model, batches, optimizer, 1, max_norm), on a model that came with gradients from before, let them count. Clear gradients before the first backward pass, too."
    )


@pytest.mark.points(2)
def test_the_batches_take_turns(learner, rng):
    """The batches are taken in their order, and again from the first when they run out."""
    count = int(rng.integers(2, 4))
    steps = 2 * count + 1
    _, _, model = run(learner, rng, made(rng, count), steps, lr=0.01)
    order = learner.probe(seen, model)
    call = f"fine_tune(model, batches, optimizer, {steps}, max_norm), on {count} batches,"
    assert order, f"{call} never called the model."
    shown = ", ".join(str(n) for n in order[:20])
    assert len(set(order)) > 1, (
        f"{call} showed the model the first batch and no other: {shown}. `next(iter(batches))` begins anew each time."
    )
    assert order == [number % count + 1 for number in range(steps)], (
        f"{call} showed the model these batches, counted from 1: {shown}. One batch a step, in their order, round and round."
    )


@pytest.mark.points(1)
def test_the_number_of_steps(learner, rng):
    """There are as many steps as were asked for, and one loss for each."""
    for count, steps in ((2, 5), (4, 3), (2, 0)):
        _, got, model = run(learner, rng, made(rng, count), steps, lr=0.01)
        call = f"fine_tune(model, batches, optimizer, {steps}, max_norm), on {count} batches,"
        expect.value(got, call=call)
        passes = len(learner.probe(seen, model))
        assert passes >= steps, f"{call} made {passes} passes forward. When a round runs out of batches, the next begins."
        assert passes == steps, f"{call} made {passes} passes forward. A step takes one batch, not every batch."
        expect.sequence(got, call=call, length=steps)


@pytest.mark.points(2)
def test_the_gradient_is_clipped(learner, rng):
    """A gradient longer than max_norm is shortened before the step, all parameters taken together."""
    batches, limit = made(rng, 2), float(rng.uniform(0.05, 0.1))
    seed, _, model = run(learner, rng, batches, 2, lr=1.0, max_norm=limit)
    call, got = f"fine_tune(model, batches, optimizer, 2, {limit:.3f})", learner.probe(weights, model)
    hint = "The gradients of all parameters together are shortened to the length max_norm before each step."
    check_weights(got, seed, batches, 2, 1.0, limit, call, hint, atol=1e-5)


@pytest.mark.points(1)
def test_training_mode(learner, rng):
    """A model that comes in evaluation mode is trained in training mode, and left in it."""
    model = learner.make(small_bert, int(rng.integers(1000)), 0.2)
    optimizer = learner.make(sgd, model, 0.1)
    tuned(learner, model, made(rng, 2), optimizer, 2, LOOSE)
    noted, call = learner.probe(modes, model), "fine_tune(model, batches, optimizer, 2, max_norm)"
    assert noted, f"{call} never called the model."
    assert all(noted), f"{call} got a model in evaluation mode, and trained it so, without dropout. `model.train()` comes first."
    assert model.training, f"{call} left the model in evaluation mode. Its contract asks to leave it in training mode."


@pytest.mark.points(2)
def test_losses_as_plain_numbers(learner, rng):
    """The losses are built-in floats: that of each step's batch, before the step."""
    batches = made(rng, 3)
    seed, got, _ = run(learner, rng, batches, 4)
    call = "fine_tune(model, batches, optimizer, 4, max_norm)"
    expect.sequence(got, call=call, length=4)
    assert not any(isinstance(loss, torch.Tensor) for loss in got), (
        f"{call} gave a list with a tensor in it. Such a loss keeps all that it was computed from in memory: `.item()` makes a float."
    )
    for loss in got:
        expect.number(loss, call=f"{call}: a loss", low=0.0)
    right = by_hand(seed, batches, 4, 0.3)[1]
    wrong = [number for number in range(4) if abs(got[number] - right[number]) > 1e-5 + 1e-6 * right[number]]
    hint = "Each loss is that of its step's batch, before the step."
    assert not wrong, (
        f"{call} gave another loss for step {wrong[0] if wrong else 0}, counted from 0, than its batch has. {told(seed, batches, 4, 0.3, LOOSE, hint, losses=got)}"
    )


@pytest.mark.points(1)
def test_it_learns(learner, rng):
    """With AdamW on texts that can be told apart, the loss falls to a fraction."""
    batches = made(rng, 2, examples=6)
    for batch in batches:
        batch["input_ids"][:, 1:] = 20 + 10 * batch["labels"][:, None]
    model = learner.make(small_bert, int(rng.integers(1000)))
    got = tuned(learner, model, batches, learner.make(adamw, model, 0.003), 80, 1.0)
    call = "fine_tune(model, batches, optimizer, 80, 1.0), with AdamW on texts that differ by class,"
    expect.sequence(got, call=call, length=80)
    means = [sum(map(float, got[at : at + 4])) / 4 for at in range(0, 80, 4)]
    first, lowest = means[0], min(means[10:])  # not the last: a tiny network's loss may leap once more
    assert lowest < 0.5 * first, (
        f"{call} brought the loss from {first:.3f} to {lowest:.3f} at its lowest in the second half. It should fall to less than half."
    )
