"""Hidden suite of `train_epoch`."""

import pytest
import torch

from tunelab import expect
from tunelab.models import tiny_bert

LOOSE = 1e6
MISTAKES = {
    "never cleared": "let the gradients of one step add to those of the next. Clear them once per step.",
    "sum": "followed the sum of the mean losses in a window. Each batch's loss counts by its share of the window's examples.",
    "examples": "followed the sum over all examples of a window. What counts is the mean over them, as if they were one big batch.",
    "accumulate": "divided each loss by `accumulate`, however large the batch is and however many batches its window holds. What counts is the batch's share of the examples in its own window.",
    "micro": "gave each batch of a window the same weight. One example in a batch of its own would count as much as all others of a large batch together.",
    "last": "followed the gradient of the last batch of each window alone. Are the gradients cleared before each batch, rather than once per step?",
    "remainder": "dropped the batches that don't fill a window. They are examples like all others: the last step takes what is left.",
    "clip after": "made its steps with the whole gradient. Clipping is for the step, so it comes before: afterwards it is too late.",
    "clip each": "clipped after each batch. It is the whole gradient of the window that is clipped, once, before the step.",
    "clip alone": "clipped each tensor by itself. `max_norm` is for all gradients together, taken as one long vector.",
    "clip value": "cut off single numbers of the gradient at `max_norm`. It is the length of the whole gradient, as one vector, that may be `max_norm` at most.",
    "scheduler first": "made its first step at the schedule's second rate. The schedule moves on after the optimizer's step.",
    "schedule each": "moved the schedule on once per batch. It counts steps of the optimizer.",
    "no schedule": "made every step at the schedule's first rate. The schedule moves on after each step of the optimizer.",
}
"""Mistakes that `by_hand` can make too, and what is said of whoever ends with just the weights that one of them leads to."""


def small_bert(seed):
    """A tiny BERT in evaluation mode, without dropout, that notes in which mode each of its passes was made."""
    model = tiny_bert(layers=1, hidden=16, labels=3, seed=seed, hidden_dropout_prob=0, attention_probs_dropout_prob=0).double()
    model.modes = []

    def note(module, args, kwargs):
        module.modes.append(module.training)

    model.register_forward_pre_hook(note, with_kwargs=True)
    return model


def make_sgd(model, lr):
    return torch.optim.SGD(model.parameters(), lr=lr)


def make_schedule(optimizer, factors):
    """A schedule that multiplies the rate by `factors[k]` in step k, counted from 0."""

    def factor(step):
        return factors[min(step, len(factors) - 1)]

    return torch.optim.lr_scheduler.LambdaLR(optimizer, factor)


def weights(model):
    return {name: p.detach().clone() for name, p in model.named_parameters()}


def modes(model):
    return model.modes


def steps_made(scheduler):
    return scheduler.last_epoch


def texts(rng, sizes, tokens=6):
    """One batch of random tokens and labels for each of `sizes`. The classes drift from batch to batch, so that batches pull to different sides."""
    batches = []
    for number, size in enumerate(sizes):
        labels = torch.from_numpy(rng.integers(0, 3, size=size))
        labels[: (size + 1) // 2] = number % 3
        ids = torch.from_numpy(rng.integers(1, 100, size=(size, tokens)))
        batches.append({"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": labels})
    return batches


def by_hand(seed, batches, accumulate, max_norm, factors, lr, wrong=""):
    """Weights after an epoch, and one loss per step, by arithmetic on gradients; `wrong` names a mistake to make on the way."""
    model = small_bert(seed)
    parameters, losses = list(model.parameters()), []
    windows = [batches[i : i + accumulate] for i in range(0, len(batches), accumulate)]
    if wrong == "remainder":
        windows = [w for w in windows if len(w) == accumulate]
    rate_number, left_over = int(wrong == "scheduler first"), [torch.zeros_like(p) for p in parameters]
    for window in windows:
        examples = sum(len(b["labels"]) for b in window)
        total, loss_sum = left_over, 0.0
        for batch in window:
            logits = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
            loss = torch.nn.functional.cross_entropy(logits, batch["labels"])
            count = len(batch["labels"])
            share = {"sum": 1.0, "accumulate": 1 / accumulate, "micro": 1 / len(window), "examples": count}.get(wrong, count / examples)
            gradients = torch.autograd.grad(loss, parameters)
            if wrong == "clip each":
                gradients = clipped(gradients, max_norm)
            total = [share * g if wrong == "last" else t + share * g for t, g in zip(total, gradients, strict=True)]
            loss_sum += loss.item() * count
        used = (
            total
            if wrong in ("clip after", "clip each")
            else [t.clamp(-max_norm, max_norm) for t in total]
            if wrong == "clip value"
            else [clipped([t], max_norm)[0] for t in total]
            if wrong == "clip alone"
            else clipped(total, max_norm)
        )
        rate = lr * factors[min(rate_number, len(factors) - 1)]
        with torch.no_grad():
            for parameter, gradient in zip(parameters, used, strict=True):
                parameter -= rate * gradient
        rate_number += len(window) if wrong == "schedule each" else int(wrong != "no schedule")
        left_over = used if wrong == "never cleared" else [torch.zeros_like(p) for p in parameters]
        losses.append(loss_sum / examples)
    return {name: p.detach() for name, p in model.named_parameters()}, losses


def clipped(gradients, max_norm):
    norm = sum(float((g**2).sum()) for g in gradients) ** 0.5
    return [g * (max_norm / norm if norm > max_norm else 1.0) for g in gradients]


def same(left, right):
    return all(torch.allclose(left[name], right[name], atol=1e-6, rtol=0) for name in right)


class Epoch:
    """One call of the learner's function on a small model, and what the model's weights should and shouldn't be afterwards."""

    def __init__(self, learner, seed, batches, accumulate, max_norm=LOOSE, factors=(1.0,), lr=0.5):
        self.plan = (seed, batches, accumulate, max_norm, factors, lr)
        self.model = learner.make(small_bert, seed)
        optimizer = learner.make(make_sgd, self.model, lr)
        self.scheduler = learner.make(make_schedule, optimizer, list(factors))
        limit = f"{max_norm:g}" if max_norm < LOOSE else "1e6"
        sizes = ", ".join(str(len(b["labels"])) for b in batches)
        self.call = (
            f"train_epoch(model, batches, optimizer, scheduler, accumulate={accumulate}, max_norm={limit}), on batches of {sizes} examples,"
        )
        self.got = learner.train_epoch(self.model, batches, optimizer, self.scheduler, accumulate=accumulate, max_norm=max_norm)
        self.weights = learner.probe(weights, self.model)
        self.left = learner.last

    def is_right(self, sentence):
        """The weights are right; if not, the mistake that leads to just these is named, or else `sentence` says what to look at."""
        assert not same(self.weights, weights(small_bert(self.plan[0]))), f"{self.call} left every weight as it was."
        said = f"left other weights than its contract asks for. {sentence}"
        assert same(self.weights, by_hand(*self.plan)[0]), f"{self.call} {MISTAKES.get(self.mistake(), said)}"

    def mistake(self):
        """The known mistake that leads to just these weights, if there is one."""
        return next((wrong for wrong in MISTAKES if same(self.weights, by_hand(*self.plan, wrong=wrong)[0])), None)


@pytest.mark.points(1)
def test_one_step_per_batch_without_accumulation(learner, rng):
    """With accumulate=1 each batch is a step, with the gradient of this batch alone."""
    epoch = Epoch(learner, int(rng.integers(1000)), texts(rng, [4, 4, 4]), 1)
    epoch.is_right("With accumulate=1 this is a plain loop: forward, backward, step, clear.")


@pytest.mark.points(2)
def test_accumulation_equals_the_big_batch(learner, rng):
    """Three batches of 4 in a window move the weights just as one batch of 12 does."""
    epoch = Epoch(learner, int(rng.integers(1000)), texts(rng, [4] * 6), 3)
    epoch.is_right("A window of 3 batches of 4 must move the weights as one batch of 12 would.")


@pytest.mark.points(2)
def test_a_last_window_with_fewer_batches(learner, rng):
    """When the batches don't fill the last window, it is a step all the same, and as large as any other."""
    epoch = Epoch(learner, int(rng.integers(1000)), texts(rng, [4] * 5), 3)
    epoch.is_right("The last window holds two batches, and its step is that of one batch of 8.")


@pytest.mark.points(2)
def test_batches_of_unequal_size(learner, rng):
    """Within a window a batch of one example counts for less than a batch of seven."""
    sizes = [int(rng.integers(5, 9)), 1, int(rng.integers(2, 4)), 7, 1]
    epoch = Epoch(learner, int(rng.integers(1000)), texts(rng, sizes), 3)
    epoch.is_right("Each batch's mean loss counts by its number of examples, divided by the number of examples in the window.")


@pytest.mark.points(2)
def test_clipping_comes_before_the_step(learner, rng):
    """Before each step the whole gradient of the window is brought down to the norm that is allowed."""
    max_norm = float(rng.uniform(0.05, 0.15))
    epoch = Epoch(learner, int(rng.integers(1000)), texts(rng, [4] * 5), 2, max_norm=max_norm)
    epoch.is_right(
        "Gradients are clipped to a total norm of max_norm, once per window, when all its batches have been added (see `torch.nn.utils.clip_grad_norm_`)."
    )


@pytest.mark.points(2)
def test_the_schedule_moves_after_each_step(learner, rng):
    """The first step is made at the schedule's first rate, and the schedule moves once per step of the optimizer."""
    factors = [0.2, 1.0, 0.6, 0.1, 0.9, 0.3, 0.7]
    epoch = Epoch(learner, int(rng.integers(1000)), texts(rng, [3] * 6), 2, factors=factors)
    count = learner.probe(steps_made, epoch.scheduler)
    epoch.is_right("The rates of its three steps are the first three of the schedule, in their order.")
    assert count == 3, f"{epoch.call} moved the schedule on {count} times, in three steps of the optimizer. It moves on once after each."


@pytest.mark.points(2)
def test_one_loss_per_step(learner, rng):
    """Each step's loss is the mean over the examples of its window, as a built-in float."""
    sizes = [5, 1, 3, 2, 6]
    epoch = Epoch(learner, int(rng.integers(1000)), texts(rng, sizes), 2)
    got, wanted = epoch.got, by_hand(*epoch.plan)[1]
    expect.sequence(got, call=epoch.call)
    assert len(got) != len(sizes), f"{epoch.call} gave a loss for each batch. One for each step of the optimizer is asked for."
    assert len(got) == 3, (
        f"{epoch.call} gave {len(got)} losses. Five batches in windows of two are three steps: the last window holds the one that is left."
    )
    assert not any(isinstance(loss, torch.Tensor) for loss in got), (
        f"{epoch.call} gave tensors. `.item()` makes plain floats of them, and lets go of their graphs."
    )
    for loss in got:
        expect.number(loss, call=f"{epoch.call} as a loss", low=0.0)
    shown = f"gave the losses {', '.join(f'{loss:.4f}' for loss in got)}"
    near = [abs(loss - right) < 1e-5 for loss, right in zip(got, wanted, strict=True)]
    assert near[0] or abs(got[0] - first_losses(epoch)[1]) > 1e-5, (
        f"{epoch.call} {shown}. The first is that of its window's last batch alone; the mean over all examples of the window is asked for."
    )
    if all(near):
        return
    wrong = None if same(epoch.weights, by_hand(*epoch.plan)[0]) else epoch.mistake()
    followed = by_hand(*epoch.plan, wrong=wrong)[1] if wrong else []
    assert len(followed) != 3 or max(abs(loss - other) for loss, other in zip(got, followed, strict=True)) > 1e-5, (
        f"{epoch.call} {shown}. The first is right, but the steps are not, and the later losses are those of a model with wrong weights: it {MISTAKES[wrong]}"
    )
    raise AssertionError(
        f"{epoch.call} {shown}. Number {near.index(False) + 1} isn't the mean over all examples of its window: "
        "each batch's mean counts by its number of examples, and none is left out."
    )


def first_losses(epoch):
    """The mean loss of each batch in the first window, before any step."""
    seed, batches, accumulate = epoch.plan[:3]
    return [by_hand(seed, [batch], 1, *epoch.plan[3:])[1][0] for batch in batches[:accumulate]]


@pytest.mark.points(1)
def test_training_mode(learner, rng):
    """Every batch is read in training mode, and once."""
    epoch = Epoch(learner, int(rng.integers(1000)), texts(rng, [2] * 3), 2)
    seen = learner.probe(modes, epoch.model)
    assert all(seen) and seen, f"{epoch.call} got a model in evaluation mode, and trained it so. `model.train()` turns dropout on."
    assert epoch.model.training, f"{epoch.call} left the model in evaluation mode. Its contract asks to leave it in training mode."
    assert len(seen) == 3, (
        f"{epoch.call} ran the model {len(seen)} times, for three batches. Each is read once, also one that is left over for a window of its own."
    )
    kept = epoch.left.args[1]
    assert all("labels" in batch for batch in kept), f"{epoch.call} took the labels out of the batches. In the next epoch they are missing."
