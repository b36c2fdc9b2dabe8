"""Hidden suite of `train_step`."""

import pytest
import torch

from tunelab import expect
from tunelab.models import tiny_bert

CALL = "train_step(model, batch, optimizer)"


def watched_bert(seed, dropout):
    """A tiny BERT in evaluation mode that notes, of each of its passes forward, in which mode it was made."""
    model = tiny_bert(layers=1, hidden=16, labels=3, seed=seed, hidden_dropout_prob=dropout, attention_probs_dropout_prob=dropout)
    model.modes = []

    def note(module, args, kwargs):
        module.modes.append(module.training)

    model.register_forward_pre_hook(note, with_kwargs=True)
    return model


def make_sgd(model, lr):
    return torch.optim.SGD(model.parameters(), lr=lr)


def weights(model):
    return {name: p.detach().clone() for name, p in model.named_parameters()}


def modes(model):
    return model.modes


def biggest_gradient(model):
    """The largest gradient that the model's parameters hold; None when they hold none."""
    found = [float(p.grad.abs().max()) for p in model.parameters() if p.grad is not None]
    return max(found) if found else None


def made(rng, examples=6, tokens=8):
    """A batch of random tokens, the second half of each text after the first being padding, and labels of three classes."""
    mask = torch.ones(examples, tokens, dtype=torch.long)
    mask[1:, tokens // 2 :] = 0
    ids = torch.from_numpy(rng.integers(1, 100, size=(examples, tokens))) * mask
    return {"input_ids": ids, "attention_mask": mask, "labels": torch.from_numpy(rng.integers(0, 3, size=examples))}


def by_hand(seed, batches, lr, carry=False):
    """Weights of the same model after steps of plain gradient descent, and the loss before each; with `carry` gradients add up."""
    model = tiny_bert(layers=1, hidden=16, labels=3, seed=seed, hidden_dropout_prob=0, attention_probs_dropout_prob=0)
    parameters, losses, carried = dict(model.named_parameters()), [], {}
    for batch in batches:
        logits = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
        loss = torch.nn.functional.cross_entropy(logits, batch["labels"])
        losses.append(loss.item())
        gradients = dict(zip(parameters, torch.autograd.grad(loss, parameters.values()), strict=True))
        carried = {name: g + carried.get(name, 0) for name, g in gradients.items()} if carry else gradients
        with torch.no_grad():
            for name, parameter in parameters.items():
                parameter -= lr * carried[name]
    return {name: p.detach() for name, p in parameters.items()}, losses


def same(left, right):
    return left.keys() == right.keys() and all(torch.allclose(left[name], right[name], atol=1e-5) for name in right)


def set_up(learner, seed, lr, dropout=0.0):
    model = learner.make(watched_bert, seed, dropout)
    return model, learner.make(make_sgd, model, lr)


@pytest.mark.points(2)
def test_the_weights_move(learner, rng):
    """After the call the weights have changed: there was a gradient when the optimizer made its step."""
    model, optimizer = set_up(learner, int(rng.integers(1000)), 0.5)
    before = learner.probe(weights, model)
    learner.train_step(model, made(rng), optimizer)
    after, gradient = learner.probe(weights, model), learner.probe(biggest_gradient, model)
    still = all(torch.equal(before[name], after[name]) for name in before)
    assert not (still and gradient), (
        f"{CALL} left every weight as it was, though gradients are there. Is `optimizer.step()` called, and after the backward pass?"
    )
    assert not still, (
        f"{CALL} left every weight as it was, and no gradient is there. Without `loss.backward()` the optimizer has nothing to follow. "
        "And if gradients are cleared between backward pass and step, they are gone when they are needed."
    )


@pytest.mark.points(2)
def test_one_step_downhill(learner, rng):
    """A step of plain gradient descent changes the weights by the learning rate times this batch's gradient."""
    seed, lr, batch = int(rng.integers(1000)), float(rng.uniform(0.2, 0.6)), made(rng)
    model, optimizer = set_up(learner, seed, lr)
    learner.train_step(model, batch, optimizer)
    got, (wanted, _) = learner.probe(weights, model), by_hand(seed, [batch], lr)
    twice, _ = by_hand(seed, [batch, batch], lr)
    start, _ = by_hand(seed, [], lr)
    if same(got, wanted):
        return
    assert not same(got, start), f"{CALL} left every weight as it was. Were there gradients when the optimizer made its step?"
    assert not same(got, twice), f"{CALL} made two steps. One pass forward, one back and one step are asked for."
    uphill = {name: 2 * start[name] - wanted[name] for name in wanted}
    assert not same(got, uphill), f"{CALL} moved the weights uphill. The gradient is that of the loss itself, not of its negative."
    raise AssertionError(
        f"{CALL}, with plain gradient descent, left other weights than its learning rate times the gradient of this batch's mean loss gives. "
        "Is it the model's own loss, of the whole batch with its attention mask, and the optimizer that was passed?"
    )


@pytest.mark.points(2)
def test_each_step_has_its_own_gradient(learner, rng):
    """Three calls in a row follow three gradients, each that of its own batch."""
    seed, lr, batches = int(rng.integers(1000)), 0.3, [made(rng) for _ in range(3)]
    model, optimizer = set_up(learner, seed, lr)
    for batch in batches:
        learner.train_step(model, batch, optimizer)
    got, (wanted, _) = learner.probe(weights, model), by_hand(seed, batches, lr)
    if same(got, wanted):
        return
    (start, _), (carried, _) = by_hand(seed, [], lr), by_hand(seed, batches, lr, carry=True)
    assert not same(got, start), (
        f"Three calls of {CALL} left every weight as it was. Were there gradients when the optimizer made its steps?"
    )
    assert not same(got, carried), (
        f"Three calls of {CALL}: each step followed the sum of all gradients so far. `backward()` adds to the gradients that are there, so they must be cleared once per step."
    )
    raise AssertionError(
        f"Three calls of {CALL} left other weights than three steps of the optimizer that was passed, each with the gradient of its own batch, give. "
        "If a single call is right (another test looks), ask what is left over from one call to the next."
    )


@pytest.mark.points(1)
def test_training_mode(learner, rng):
    """A model that comes in evaluation mode is trained in training mode, with dropout at work."""
    model, optimizer = set_up(learner, int(rng.integers(1000)), 0.1, dropout=0.2)
    learner.train_step(model, made(rng), optimizer)
    seen = learner.probe(modes, model)
    assert seen, f"{CALL} never called the model."
    assert all(seen), (
        f"{CALL} got a model in evaluation mode, and ran it so. Models come in evaluation mode from `from_pretrained`; `model.train()` turns dropout on."
    )
    assert model.training, f"{CALL} left the model in evaluation mode. Its contract asks to leave it in training mode."


@pytest.mark.points(1)
def test_the_loss_is_a_plain_number(learner, rng):
    """What is returned is a built-in float, which keeps nothing else alive."""
    model, optimizer = set_up(learner, int(rng.integers(1000)), 0.1)
    got = learner.train_step(model, made(rng), optimizer)
    expect.value(got, call=CALL)
    assert not isinstance(got, torch.Tensor), (
        f"{CALL} gave a tensor{' that still hangs on its graph' if got.requires_grad else ''}. Collect a thousand such losses, and all they were computed from stays in memory: `.item()` makes a float."
    )
    expect.number(got, call=CALL, low=0.0)
    assert got > 0, f"{CALL} gave {got}, on a model that has learnt nothing yet. The loss of the batch is asked for."


@pytest.mark.points(2)
def test_the_loss_of_the_batch_before_the_step(learner, rng):
    """The loss is that of the whole batch, and of the weights before the step."""
    seed, lr, batch = int(rng.integers(1000)), 1.0, made(rng, examples=int(rng.integers(4, 8)))
    model, optimizer = set_up(learner, seed, lr)
    got = learner.train_step(model, batch, optimizer)
    got = got.item() if isinstance(got, torch.Tensor) else got  # another test asks for the type
    expect.number(got, call=CALL)
    _, (before, after) = by_hand(seed, [batch, batch], lr)
    if abs(got - before) < 1e-5:
        return
    assert abs(got - after) > 1e-5, (
        f"{CALL} gave the loss after the step. It is the loss that the gradient was taken of: one pass forward is enough, and with dropout a second one is another loss."
    )
    assert abs(got - before * len(batch["labels"])) > 1e-5, (
        f"{CALL} gave {got:.4f}, the sum over the batch. The model's own loss is the mean."
    )
    raise AssertionError(f"{CALL} gave {got:.4f}, which isn't the loss that the model computed of this batch before the step.")


@pytest.mark.points(1)
def test_the_batch_is_left_alone(learner, rng):
    """The batch is as it was, labels included, and an epoch later can be used again."""
    model, optimizer = set_up(learner, int(rng.integers(1000)), 0.1)
    batch = made(rng)
    learner.train_step(model, batch, optimizer)
    left = learner.last.args[1]
    gone = [key for key in batch if key not in left]
    assert not gone, (
        f"{CALL} took {', '.join(gone)} out of the batch. `pop` changes the caller's dict, and the next epoch finds it without."
    )
    assert all(torch.equal(batch[key], left[key]) for key in batch), f"{CALL} changed the tensors of the batch."
    assert learner.probe(modes, model), f"{CALL} never called the model."
