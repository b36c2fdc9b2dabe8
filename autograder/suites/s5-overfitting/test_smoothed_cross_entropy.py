"""Hidden suite of `smoothed_cross_entropy`.

To pass gradients back, the loss must be found where the learner's code runs. Whatever goes over by value is detached from its graph to be sent, so it is the last number that is.
"""

import math

import numpy as np
import pytest
import torch

from tunelab import expect


def drawn(rng, examples, classes, scale=2.0, dtype=torch.float32):
    logits = torch.from_numpy(rng.normal(scale=scale, size=(examples, classes))).to(dtype)
    return logits, torch.from_numpy(rng.integers(0, classes, size=examples))


def parts(logits, labels):
    """For each example, minus the log-probability of every class, and of the right one, in double precision."""
    rows = logits.detach().double().numpy()
    top = rows.max(axis=1, keepdims=True)
    every = np.log(np.exp(rows - top).sum(axis=1, keepdims=True)) + top - rows
    return every, every[np.arange(len(rows)), labels.numpy()]


def wanted(logits, labels, epsilon):
    every, right = parts(logits, labels)
    return float(((1 - epsilon) * right + epsilon * every.mean(axis=1)).mean())


def agree(got, logits, labels, epsilon, call, hint, atol=1e-5, rtol=1e-6):
    """The right value, or what is wrong with it: a usual mistake that gives just this number, or else the hint."""
    right = wanted(logits, labels, epsilon)
    if not abs(got - right) > atol + rtol * abs(right):
        return
    every, hard = parts(logits, labels)
    smooth = every.mean(axis=1)
    others = (every.sum(axis=1) - hard) / (every.shape[1] - 1)
    for wrong, said in (
        (
            ((1 - epsilon) * hard + epsilon * others).mean(),
            "which is what one gets by spreading epsilon over the *wrong* classes. The right class has its share of epsilon, too.",
        ),
        (
            (hard + epsilon * smooth).mean(),
            "where the right class kept its whole share, and epsilon came on top. The target's shares add up to 1.",
        ),
        ((epsilon * smooth).mean(), "where only the smooth part is there. The right class has the rest, 1 - epsilon, as well."),
        (((1 - epsilon) * hard).mean(), "where only the part of the right class is there. All classes share epsilon."),
        ((epsilon * hard + (1 - epsilon) * smooth).mean(), "where the two shares are exchanged: epsilon is what all classes share."),
        (len(hard) * right, "the sum over the examples. Their mean is asked for."),
    ):
        assert abs(got - wrong) > atol + rtol * abs(wrong), f"{call} gave {got:.4f}, {said}"
    raise AssertionError(f"{call} gave {got:.6g}, which is not right. {hint}")


def number(got, call, dtype=torch.float32):
    expect.tensor(got, call=call, shape=(), dtype=dtype, finite=False)
    return float(got.detach())


def leaf(numbers):
    """Logits that a gradient can come back to."""
    return numbers.clone().requires_grad_()


def empty():
    return {"number": None, "watch": None}


def begin_watching(box):
    """From now on, the last single number that was detached from a graph lies in the box."""
    from torch.overrides import TorchFunctionMode

    class Watch(TorchFunctionMode):
        def __torch_function__(self, function, types, args=(), kwargs=None):
            if function is torch.Tensor.detach and args[0].dim() == 0 and args[0].requires_grad:
                box["number"] = args[0]
            return function(*args, **(kwargs or {}))

    box["watch"] = Watch()
    box["watch"].__enter__()


def end_watching(box):
    box["watch"].__exit__(None, None, None)


def passed_back(box, logits):
    """The gradient of the logits after `backward()`, None where there is none; or, in words, why there was no way back."""
    logits.grad = None
    try:
        box["number"].backward()
    except RuntimeError as error:
        return str(error)
    return logits.grad


def sent_back(learner, logits, labels, epsilon):
    """The learner's loss, and what its `backward()` brings to the logits: their gradient, None, or why there was no way back."""
    box, there = learner.make(empty), learner.make(leaf, logits)
    learner.probe(begin_watching, box)
    try:
        got = learner.smoothed_cross_entropy(there, labels, epsilon)
    finally:
        learner.probe(end_watching, box)
    return got, learner.probe(passed_back, box, there) if getattr(got, "requires_grad", False) else None


def halves(logits, labels, epsilon):
    """The gradients of the two halves of the loss by the logits: of the right classes, and of all alike."""
    every, _ = parts(logits, labels)
    shares = torch.from_numpy(np.exp(-every))
    right = torch.nn.functional.one_hot(labels, logits.shape[1])
    return (1 - epsilon) * (shares - right) / len(labels), epsilon * (shares - 1 / logits.shape[1]) / len(labels)


@pytest.mark.points(3)
def test_the_share_of_all_classes(learner, rng):
    """Epsilon is dealt out to all classes in equal shares, the right one among them."""
    for examples, classes, epsilon in ((5, 2, 0.2), (7, 4, 0.3), (4, 6, 0.5)):
        logits, labels = drawn(rng, examples, classes)
        call = f"smoothed_cross_entropy(logits, labels, {epsilon}), on {examples} examples of {classes} classes,"
        got = number(learner.smoothed_cross_entropy(logits, labels, epsilon), call)
        hint = "Write the target of one example down, and multiply it with minus the log-probabilities."
        agree(got, logits, labels, epsilon, call, hint)


@pytest.mark.points(1)
def test_the_two_ends(learner, rng):
    """Epsilon 0 is plain cross-entropy, and 1 treats all classes alike."""
    logits, labels = drawn(rng, 6, 3)
    for epsilon, hint in (
        (0.0, "Nothing is spread: plain cross-entropy."),
        (1.0, "Everything is spread: the labels have no say any more."),
    ):
        call = f"smoothed_cross_entropy(logits, labels, {epsilon})"
        got = number(learner.smoothed_cross_entropy(logits, labels, epsilon), call)
        agree(got, logits, labels, epsilon, call, hint)


@pytest.mark.points(2)
def test_ignored_labels(learner, rng):
    """Examples labelled -100 have no part in the mean, the number it is divided by, or the gradient."""
    logits, labels = drawn(rng, 8, 4)
    kept = torch.from_numpy(rng.permutation(8) < 5)
    marked = torch.where(kept, labels, torch.full_like(labels, -100))
    logits[~kept] *= 5
    call = "smoothed_cross_entropy(logits, labels, 0.2), on 8 examples of which 3 are labelled -100,"
    try:
        got = learner.smoothed_cross_entropy(logits.requires_grad_(), marked, 0.2)
    except (IndexError, RuntimeError) as error:
        if isinstance(error, NotImplementedError):
            raise
        raise AssertionError(
            f"{call} raised {type(error).__name__}: {error}. The mark was taken for a class: pass over such examples before looking anything up."
        ) from None
    got = number(got, call)
    assert torch.equal(learner.last.args[1], marked), (
        f"{call} changed the labels that it was given: whoever uses them again finds other ones. Work on a copy, or on the rows that count."
    )
    every, _ = parts(logits, torch.zeros_like(labels))
    target = wanted(logits[kept], labels[kept], 0.2)
    smooth = 0.2 * every.mean(axis=1)
    hard = target - smooth[kept.numpy()].mean()
    right = abs(got - target) <= 1e-5
    for leaked in (hard + smooth.mean(), hard + smooth.sum() / 5):
        assert right or abs(got - leaked) > 1e-5, (
            f"{call} gave {got:.4f}: the smooth part still counts the ignored examples. They have no label, and so no target at all."
        )
    assert right or abs(got - target * 5 / 8) > 1e-5, (
        f"{call} gave {got:.4f}. Divide by the number of examples that count, not by all of them."
    )
    agree(got, logits[kept], labels[kept], 0.2, call, "An ignored example has no part in either half of the loss.")
    _, found = sent_back(learner, logits.detach(), marked, 0.2)
    assert not (torch.is_tensor(found) and bool(found[~kept].any())), (
        f"{call} passes a gradient to the logits of examples that are ignored. They have no part in it."
    )


@pytest.mark.points(2)
def test_large_logits(learner, rng):
    """Large logits give a right and finite loss."""
    gap = float(rng.integers(200, 400))
    logits, labels = torch.tensor([[gap, 0.0, 1.0], [0.0, gap, 2.0]]), torch.tensor([1, 2])
    for shift in (0.0, 900.0, -900.0):
        call = f"smoothed_cross_entropy(logits, labels, 0.1), on logits from {shift:.0f} to {shift + gap:.0f},"
        got = number(learner.smoothed_cross_entropy(logits + shift, labels, 0.1), call)
        assert math.isfinite(got), (
            f"{call} gave {got}. A probability that rounds to 0 has no logarithm: stay with log-probabilities, never go by way of softmax."
        )
        agree(got, logits + shift, labels, 0.1, call, "No number may be cut or clamped on the way.", atol=1e-2, rtol=1e-5)


@pytest.mark.points(2)
def test_it_can_be_trained_with(learner, rng):
    """The loss passes its whole gradient back to the logits, has their dtype, and the arguments are left as they were."""
    for dtype in (torch.float32, torch.float64):
        logits, labels = drawn(rng, 5, 3, dtype=dtype)
        before = logits.clone(), labels.clone()
        got = learner.smoothed_cross_entropy(logits.requires_grad_(), labels, 0.3)
        call = f"smoothed_cross_entropy(logits, labels, 0.3), on logits of type {str(dtype).removeprefix('torch.')},"
        number(got, call, dtype)
        left = learner.last.args
        assert torch.equal(left[0].detach(), before[0]) and torch.equal(left[1], before[1]), f"{call} changed its arguments."
        agree(float(got.detach()), *before, 0.3, call, "The mean over the examples is asked for.")
        got, found = sent_back(learner, *before, 0.3)
        number(got, call, dtype)
        assert got.requires_grad, (
            f"{call} gave a tensor that hangs on no graph: `backward()` would stop there. Leave `.item()`, `.detach()` and NumPy out of a loss."
        )
        assert type(found) is not str, (
            f"{call} gave a tensor whose `backward()` stopped: {found}. The caller passes the loss back, and once."
        )
        assert found is not None, (
            f"{call} gave a tensor from which there is no way back: after `backward()` the logits have no gradient. "
            "`requires_grad_()` begins a new graph; compute the loss from the logits without `.detach()`, `.item()`, `torch.tensor()` or NumPy."
        )
        hard, smooth = halves(*before, 0.3)
        for half, other in ((hard, "the mean over all classes"), (smooth, "the right class")):
            assert not torch.allclose(found.double(), half, atol=1e-5), (
                f"{call} has the right value, but only one half of it passes a gradient back: that of {other} doesn't. Is it detached, or computed without gradients?"
            )
        expect.close(
            found,
            hard + smooth,
            call=f"{call} after `backward()`, as the gradient of the logits,",
            hint="The value is right: is a part of the loss detached, or computed without gradients?",
            atol=1e-5,
        )


@pytest.mark.points(1)
def test_shares_outside_0_to_1(learner, rng):
    """An epsilon below 0 or above 1 is refused with a ValueError that names it."""
    logits, labels = drawn(rng, 3, 3)
    for epsilon in (-0.1, 1.5):
        call, said = f"smoothed_cross_entropy(logits, labels, {epsilon})", None
        try:
            learner.smoothed_cross_entropy(logits, labels, epsilon)
        except ValueError as error:
            said = str(error)
        assert said is not None, f"{call} raised nothing. A share lies between 0 and 1: raise a ValueError."
        assert "epsilon" in said, f"{call} raised ValueError: {said}. Name `epsilon` in the message."
