"""Hidden suite of `accumulated_answer_loss`."""

import numpy as np
import pytest
import torch

from tunelab import expect


def micro_batch(rng, rows, tokens, vocab, answers):
    """Logits and labels; in row i, `answers[i]` of the labels behind the first one count, at the end. The first label counts nowhere."""
    logits = torch.tensor(rng.normal(size=(rows, tokens, vocab)) * 2, dtype=torch.float32)
    labels = torch.full((rows, tokens), -100)
    for row, count in enumerate(answers):
        if count:
            labels[row, tokens - count :] = torch.tensor(rng.integers(0, vocab, size=count))
    return logits, labels


def surprises(logits, labels):
    """Minus the log-probability of each label that counts, given by the logits one place before it."""
    logits, labels = logits.detach().double().numpy(), labels.numpy()
    found = []
    for row in range(labels.shape[0]):
        for place in range(1, labels.shape[1]):
            if labels[row, place] != -100:
                scores = logits[row, place - 1]
                found.append(np.log(np.exp(scores).sum()) - scores[labels[row, place]])
    return found


def wanted(batches):
    return float(np.mean([value for batch in batches for value in surprises(*batch)]))


def called(learner, batches, what):
    """The loss of a call that must succeed: a tensor with a single finite number."""
    call = f"accumulated_answer_loss(micro_batches), on {what},"
    got = learner.accumulated_answer_loss(batches)
    expect.tensor(got, call=call, shape=(), finite=False)
    assert torch.isfinite(got.detach()), (
        f"{call} gave {got.item()}. Is the mean of nothing taken somewhere, or are there labels of -100 that were looked up?"
    )
    return got, call


def near(got, value):
    return abs(float(got) - value) < 1e-4


def ways(batches):
    """What the usual mistakes give, and the words for each."""
    cross_entropy, each = torch.nn.functional.cross_entropy, [surprises(*batch) for batch in batches]
    total, some = sum(map(sum, each)), [found for found in each if found]
    means = [float(np.mean(found)) for found in some]
    rows = [surprises(logits[i : i + 1], labels[i : i + 1]) for logits, labels in batches for i in range(len(labels))]
    pairs = [(logits.detach(), labels) for logits, labels in batches]
    own = sum(cross_entropy(x.flatten(0, 1), y.flatten(), reduction="sum").item() for x, y in pairs)
    back = sum(cross_entropy(x[:, 1:].flatten(0, 1), y[:, :-1].flatten(), reduction="sum").item() for x, y in pairs)
    across = sum(cross_entropy(x.flatten(0, 1)[:-1], y.flatten()[1:], reduction="sum").item() for x, y in pairs)
    labelled = sum(int((y != -100).sum()) for _, y in pairs)
    before_last, behind_first = (sum(int((y[:, cut] != -100).sum()) for _, y in pairs) for cut in (slice(0, -1), slice(1, None)))
    over_rows = sum(int((y.flatten()[1:] != -100).sum()) for _, y in pairs)
    every, after = sum(y.numel() for _, y in pairs), sum(y[:, 1:].numel() for _, y in pairs)
    return {
        "held each logit against the label of its own place. What the model says at a place is about the *next* token: shift by one.": [
            own / labelled
        ],
        "shifted the wrong way: the logits at place i foretell the token at place i + 1.": [back / max(before_last, 1)],
        "divided by the number of all tokens. The prompt's tokens, whose label is -100, don't count: only those that are learnt do.": [
            total / every,
            total / after,
        ],
        "gave the sum over the answer tokens. It is divided by their number.": [total],
        "counted the first label of each row in what it divides by. No logit foretells it: count the labels after the shift.": [
            total / labelled
        ]
        if labelled != behind_first
        else [],
        "held the last logits of a row against the first label of the next row. Shift within each row, before you flatten.": [
            across / over_rows
        ],
        "gave the mean of the micro-batches' means. A token in a micro-batch with few of them then weighs more than one among many: sum first, over all, then divide once.": [
            sum(means) / count for count in {len(means), len(batches)}
        ]
        if len(batches) > 1
        else [],
        "added up the means of the micro-batches. Sum over all answer tokens first, then divide once, by their number.": [sum(means)]
        if len(batches) > 1
        else [],
        "gave the mean over rows of each row's own mean. Every answer token weighs the same, whichever row it is in.": [
            float(np.mean([np.mean(found) for found in rows if found]))
        ],
    }


def judged(got, batches, call, otherwise):
    """Passes the right loss; says of a wrong one from which mistake it comes, where that is plain, and else `otherwise`."""
    if np.isclose(float(got), wanted(batches), rtol=1e-6, atol=1e-4):
        return
    told = [words for words, values in ways(batches).items() if any(near(got, value) for value in values)]
    raise AssertionError(f"{call} {told[0]}" if len(told) == 1 else f"{call} gave {float(got):.4f}, which is not right. {otherwise}")


@pytest.mark.points(2)
def test_each_token_is_foretold_by_the_one_before(learner, rng):
    """The logits at one place are held against the label of the next."""
    logits, labels = micro_batch(rng, 3, 9, 11, (4, 4, 4))
    got, call = called(learner, [(logits, labels)], "one micro-batch of 3 rows of 9 tokens")
    judged(got, [(logits, labels)], call, "Shift by one, then the mean cross entropy over the labels that count.")


@pytest.mark.points(2)
def test_minus_100_does_not_count(learner, rng):
    """Places with the label -100 count neither in the sum nor in the number that it is divided by."""
    logits, labels = micro_batch(rng, 2, 12, 7, (3, 5))
    got, call = called(learner, [(logits, labels)], "one micro-batch in which most labels are -100")
    judged(got, [(logits, labels)], call, "Only labels other than -100 count, in the sum and in the number.")


@pytest.mark.points(3)
def test_long_answers_count_by_their_tokens(learner, rng):
    """All micro-batches together are divided by all their answer tokens, so that the loss is that of the one big batch."""
    for _ in range(2):
        answers = [(int(rng.integers(1, 3)), 1), (9, 9), (int(rng.integers(3, 6)), 2)]
        batches = [micro_batch(rng, 2, 12, 9, counts) for counts in answers]
        batches[1][0].mul_(0.3)
        got, call = called(learner, batches, f"three micro-batches with {[sum(counts) for counts in answers]} answer tokens")
        judged(got, batches, call, "It should be the loss that one batch of all rows would have.")


@pytest.mark.points(1)
def test_the_first_label_is_nobodys_target(learner, rng):
    """A label at the first place of a row has nothing before it that could foretell it, and doesn't count."""
    logits, labels = micro_batch(rng, 3, 6, 8, (3, 2, 4))
    labels[:, 0] = torch.tensor(rng.integers(0, 8, size=3))
    got, call = called(learner, [(logits, labels)], "rows of which the first token has a label too")
    judged(got, [(logits, labels)], call, "Shift within each row; what is left without a partner doesn't count.")


@pytest.mark.points(1)
def test_a_micro_batch_without_answers(learner, rng):
    """A micro-batch in which every label is -100 adds nothing."""
    batches = [micro_batch(rng, 2, 7, 8, (3, 2)), micro_batch(rng, 2, 7, 8, (0, 0)), micro_batch(rng, 1, 7, 8, (4,))]
    got, call = called(learner, batches, "three micro-batches, the second with nothing but -100 as labels")
    judged(got, batches, call, "The second one adds nothing to the sum and nothing to the number.")


@pytest.mark.points(1)
def test_micro_batches_of_many_shapes(learner, rng):
    """Micro-batches may differ in rows and in length."""
    batches = [micro_batch(rng, 1, 5, 6, (2,)), micro_batch(rng, 3, 14, 6, (9, 1, 4)), micro_batch(rng, 2, 8, 6, (3, 6))]
    got, call = called(learner, batches, "micro-batches of shapes (1, 5), (3, 14) and (2, 8)")
    judged(got, batches, call, "Take them one after the other; they can't be stacked.")
    order, call = called(learner, batches[::-1], "the same micro-batches in another order")
    judged(order, batches, call, "The order of the micro-batches makes no difference.")


@pytest.mark.points(1)
def test_the_loss_can_be_learnt_from(learner, rng):
    """The loss is still tied to the logits, so that backward() works, and the arguments are left as they were."""
    batches = [micro_batch(rng, 2, 6, 7, (2, 3)), micro_batch(rng, 2, 6, 7, (4, 1))]
    before = [(logits.clone(), labels.clone()) for logits, labels in batches]
    got, call = called(learner, [(logits.requires_grad_(), labels) for logits, labels in batches], "logits that want a gradient")
    assert got.requires_grad, (
        f"{call} gave a loss without a way back to the logits. `.item()`, `.detach()` and `torch.tensor(…)` cut it off, and nothing would be learnt."
    )
    judged(got, batches, call, "Whether a gradient is asked for makes no difference to the loss.")
    for (logits, labels), (old_logits, old_labels) in zip(learner.last.args[0], before, strict=True):
        assert torch.equal(logits.detach(), old_logits) and torch.equal(labels, old_labels), (
            f"{call} changed a tensor that it was given. Work on slices or copies, not in place."
        )
    for wants in range(2):
        batches = [micro_batch(rng, 2, 6, 7, (2, 3)), micro_batch(rng, 2, 6, 7, (4, 1))]
        batches[wants][0].requires_grad_()
        tied, what = called(learner, batches, f"two micro-batches of which only the {('first', 'second')[wants]} wants a gradient")
        assert tied.requires_grad, (
            f"{what} gave a loss without a way back to that micro-batch. Is one of them cut off by `.detach()`, `.item()` or `no_grad`? "
            "Every micro-batch is to be learnt from."
        )
