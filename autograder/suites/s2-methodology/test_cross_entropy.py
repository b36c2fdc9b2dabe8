"""Hidden suite of `cross_entropy`."""

import math

import numpy as np
import pytest
import torch

from tunelab import expect


def drawn(rng, examples, classes, scale=2.0, dtype=torch.float32):
    logits = torch.from_numpy(rng.normal(scale=scale, size=(examples, classes))).to(dtype)
    return logits, torch.from_numpy(rng.integers(0, classes, size=examples))


def surprises(logits, labels):
    """The loss of each example, in NumPy's long floats, with the largest logit of each row lifted out."""
    rows = logits.detach().double().numpy().astype(np.longdouble)
    top = rows.max(axis=1)
    sums = np.log(np.exp(rows - top[:, None]).sum(axis=1)) + top
    return np.array([float(s - row[label]) for s, row, label in zip(sums, rows, labels.tolist(), strict=True)])


def agree(got, logits, labels, call, hint, ignore=-100, atol=1e-4):
    """The mean surprise of the examples that count; where it is just what one known mistake gives, that mistake is named."""
    kept = labels != ignore
    single = surprises(logits[kept], labels[kept])
    right = single.mean()
    if abs(got - right) < atol + 1e-6 * abs(right):
        return
    ways = [
        (-right, "The sign is turned round. A probability's logarithm is negative; the loss is minus that."),
        (single.sum(), "That is the sum over the examples. Their mean is asked for."),
        (
            single.sum() / len(labels),
            "Examples that are ignored were counted in the mean. Divide by the number of those that are left.",
        ),
        (right / math.log(2), "That is the mean of base-2 logarithms. The natural one is asked for."),
    ]
    if bool((labels >= 0).all()):
        ways.append(
            (
                surprises(logits, labels).mean(),
                "That is the mean over all examples. The mark is what `ignore_index` says, -100 is only what it is by default.",
            )
        )
    named = {sentence for value, sentence in ways if abs(got - value) < 1e-5 + 1e-6 * abs(value)}
    raise AssertionError(f"{call} gave {got:.6g}, which is not right. {named.pop() if len(named) == 1 else hint}")


def number(got, call, dtype=torch.float32):
    expect.tensor(got, call=call, shape=(), dtype=dtype, finite=False)
    return float(got.detach())


@pytest.mark.points(3)
def test_the_mean_surprise(learner, rng):
    """The loss is the mean over the examples of minus the logarithm of the right class's probability."""
    for examples, classes in ((5, 2), (7, 4), (3, 6)):
        logits, labels = drawn(rng, examples, classes)
        call = f"cross_entropy(logits, labels), on {examples} examples of {classes} classes,"
        got = number(learner.cross_entropy(logits, labels), call)
        hint = "It is the mean of minus log p, where p is the softmax of a row at its label. Is the softmax taken along the classes?"
        agree(got, logits, labels, call, hint)


@pytest.mark.points(2)
def test_large_logits(learner, rng):
    """Large logits give a right and finite loss: no exponential overflows."""
    logits, labels = drawn(rng, 6, 3)
    for shift in (500.0, -500.0):
        call = f"cross_entropy(logits, labels), on logits near {shift:.0f},"
        moved = logits + shift
        got = number(learner.cross_entropy(moved, labels), call)
        assert math.isfinite(got), (
            f"{call} gave {got}. The exponential of 500 is too large for its number format, that of -500 too small. "
            "A softmax doesn't change when the same number is taken off all logits of a row: take off the largest."
        )
        agree(got, moved, labels, call, "Is the number that was taken off put back, or the same everywhere?", atol=1e-3)
    rows = torch.arange(6, dtype=torch.float32)[:, None] * 100
    call = "cross_entropy(logits, labels), on rows of very different size,"
    got = number(learner.cross_entropy(logits + rows, labels), call)
    assert math.isfinite(got), f"{call} gave {got}. What is taken off a row is the largest logit of its own row, not of the whole batch."
    agree(got, logits + rows, labels, call, "Each row is a softmax of its own.", atol=1e-3)


@pytest.mark.points(2)
def test_a_sure_mistake(learner, rng):
    """A model that is sure and wrong has a large loss, and not an infinite one."""
    gap = float(rng.integers(200, 400))
    logits, labels = torch.tensor([[gap, 0.0, 1.0], [0.0, gap, 2.0]]), torch.tensor([1, 2])
    call = f"cross_entropy(logits, labels), where the right class's logit is about {gap:.0f} below the largest,"
    got = number(learner.cross_entropy(logits, labels), call)
    assert math.isfinite(got), (
        f"{call} gave {got}. The probability of the right class rounds to zero, and log(0) is minus infinity. Never go by way of the probability: "
        "log p is the logit minus the logarithm of the sum of exponentials."
    )
    agree(got, logits, labels, call, "The loss is about as large as the gap.", atol=1e-3)


@pytest.mark.points(2)
def test_ignored_labels(learner, rng):
    """Examples labelled -100 have no part in the mean, however large their logits."""
    logits, labels = drawn(rng, 8, 4)
    kept = torch.from_numpy(rng.permutation(8) < 5)
    marked = torch.where(kept, labels, torch.full_like(labels, -100))
    logits[~kept] *= 5
    call = "cross_entropy(logits, labels), on 8 examples of which 3 are labelled -100,"
    try:
        got = number(learner.cross_entropy(logits, marked), call)
    except (IndexError, RuntimeError) as error:
        if isinstance(error, NotImplementedError):
            raise
        raise AssertionError(
            f"{call} raised {type(error).__name__}: {error}. The mark was taken for a class. Pass over such examples before looking anything up."
        ) from None
    agree(got, logits, marked, call, "It is the mean over the 5 examples that count.")


@pytest.mark.points(1)
def test_another_mark(learner, rng):
    """The mark of ignored examples is an argument."""
    logits, labels = drawn(rng, 9, 3)
    labels[:3] = torch.tensor([0, 1, 2])
    call = "cross_entropy(logits, labels, ignore_index=0)"
    got = number(learner.cross_entropy(logits, labels, ignore_index=0), call)
    agree(got, logits, labels, call, "Examples with the label 0 are ignored here, and no others.", ignore=0)


@pytest.mark.points(2)
def test_it_can_be_trained_with(learner, rng):
    """The loss hangs on the logits' graph, has their dtype, and the arguments are left as they were."""
    for dtype in (torch.float32, torch.float64):
        logits, labels = drawn(rng, 5, 3, dtype=dtype)
        before = logits.clone(), labels.clone()
        got = learner.cross_entropy(logits.requires_grad_(), labels)
        call = f"cross_entropy(logits, labels), on logits of type {str(dtype).removeprefix('torch.')},"
        number(got, call, dtype)
        assert got.requires_grad, (
            f"{call} gave a tensor that hangs on no graph: `backward()` would stop there. Leave `.item()`, `.detach()` and NumPy out of a loss."
        )
        left = learner.last.args
        assert torch.equal(left[0].detach(), before[0]) and torch.equal(left[1], before[1]), f"{call} changed its arguments."
        agree(float(got.detach()), *before, call, "The mean of minus log p is asked for.", atol=1e-5)
