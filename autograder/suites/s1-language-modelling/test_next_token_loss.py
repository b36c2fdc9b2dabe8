"""Hidden suite of `next_token_loss`."""

import math

import numpy as np
import pytest
import torch

from tunelab import expect
from tunelab.models import smollm2


def batch(rng, lengths, vocab=13, tokens=None):
    """Random logits and ids for texts of `lengths` tokens, padded on the right with random ids."""
    tokens = tokens or max(lengths)
    logits = torch.tensor(2 * rng.normal(size=(len(lengths), tokens, vocab)), dtype=torch.float32)
    ids = torch.tensor(rng.integers(0, vocab, size=(len(lengths), tokens)))
    mask = (torch.arange(tokens) < torch.tensor(lengths)[:, None]).long()
    return logits, ids, mask


def surprises(logits, ids, mask):
    """For each text a list: minus the log-probability of each token behind the first, given by the logits one place before."""
    logits = logits.detach().double().numpy()
    found = []
    for row in range(ids.shape[0]):
        scores = [logits[row, place - 1] for place in range(1, int(mask[row].sum()))]
        targets = ids[row, 1 : int(mask[row].sum())].tolist()
        found.append([np.log(np.exp(s).sum()) - s[t] for s, t in zip(scores, targets, strict=True)])
    return found


def mean_of_all(found):
    return float(np.mean([value for text in found for value in text]))


def called(learner, arguments, what):
    call = f"next_token_loss(logits, ids, attention_mask), on {what},"
    got = learner.next_token_loss(*arguments)
    assert not isinstance(got, int | float | np.generic), (
        f"{call} gave {got:.4f}, a plain number. No gradient can go back to the model through it: return the tensor itself, without `item` or `float`."
    )
    expect.tensor(got, call=call, shape=(), finite=False)
    assert torch.isfinite(got.detach()), (
        f"{call} gave {got.item()}. Is a mean of nothing taken somewhere, for a text in which nothing is predicted?"
    )
    return got, call


def near(got, value):
    return abs(float(got) - float(value)) < 1e-4 * max(1.0, abs(float(value)) / 4)


def cross_entropy(logits, ids, mask):
    """Of places and targets that were paired already."""
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), ids.masked_fill(mask == 0, -100).flatten())


def mistakes(logits, ids, mask):
    """What mistakes would give, and the sentence for each: what it did."""
    found = surprises(logits, ids, mask)
    wanted, total, number = mean_of_all(found), sum(map(sum, found)), sum(map(len, found))
    real, every = mask[:, 1:] == 1, torch.ones_like(mask)
    scores, targets = logits[:, :-1][real], ids[:, 1:][real]
    shares, places = scores.softmax(-1), torch.arange(len(targets))
    flat, hidden = logits.flatten(0, 1), ids.masked_fill(mask == 0, -100).flatten()
    padding = ids[mask == 0].unique()
    by_id = torch.isin(ids, padding, invert=True).long()
    own = "held the logits of each place against the token at its own place. The model has just read that token: what it says there is about the next one."
    way = "shifted the wrong way: the logits at place i are about the token at place i + 1."
    rows = "held the last logits of a row against the first token of the next row. Shift within each row, before you flatten."
    ids_said = "left out padding by its id, and with it every real token of that id, such as the end of a text that is padded with its end token. A model trained like this never learns to stop. Only the mask says what is padding."
    return [
        *((cross_entropy(logits, ids, m), own) for m in (mask, every)),
        *((cross_entropy(logits[:, 1:], ids[:, :-1], m) , way) for m in (mask[:, :-1], mask[:, 1:], every[:, 1:])),
        (torch.nn.functional.cross_entropy(flat[:-1], hidden[1:]), rows),
        (torch.nn.functional.cross_entropy(flat[:-1], ids.flatten()[1:]), rows),
        (cross_entropy(logits[:, :-1], ids[:, 1:], every[:, 1:]), "took padding as if it were text. A place whose mask is 0 holds no token: it isn't to be predicted."),
        (cross_entropy(logits[:, :-1], ids[:, 1:], mask[:, :-1]), "went by the mask of the place that predicts. Then the last token of a text must predict padding. Go by the mask of the token that is predicted, one place on."),
        (cross_entropy(logits[:, :-1], ids[:, 1:], by_id[:, 1:]), ids_said),
        (cross_entropy(logits[:, :-1], ids[:, 1:], (ids[:, 1:] != 2).long()), "left out each token whose id is 2, and no other. SmolLM2 pads with that id, but ends texts with it, too, and another model pads with another id: only the mask says what is padding."),
        (np.mean([np.mean(text) for text in found if text]), "gave the mean of the texts' means. A token of a short text then weighs more than one of a long text: add up all, then divide once."),
        (total, "gave the sum over all predicted tokens. Their mean is asked for."),
        *((total / count, f"added up the right surprises, and divided by {count}. They are {number}: as many as there are tokens with one before them in their text.") for count in (mask[:, 1:].numel(), mask.numel(), int(mask.sum())) if count != number),
        (torch.nn.functional.cross_entropy(shares, targets), "took a softmax twice. `cross_entropy` does that itself: it wants the logits as they are."),
        (-shares[places, targets].mean(), "took the mean of the probabilities, with a minus. The surprise is minus the *logarithm* of the probability."),
        (shares[places, targets].mean(), "took the mean of the probabilities. The surprise is minus the *logarithm* of the probability."),
        (-scores[places, targets].mean(), "took the logits themselves for log-probabilities. They become that by `log_softmax`."),
        (-wanted, "lost the minus sign: a surprise is *minus* the logarithm of a probability, and never below 0."),
        (wanted / math.log(2), "measured in bits. The natural logarithm is asked for."),
        (math.exp(min(wanted, 700)), "gave the perplexity. The mean surprise is asked for, before e is taken to the power of it."),
    ]  # fmt: skip


def check(got, arguments, call, atol=1e-4):
    """The value is right; if not, a mistake is named when it gives just this value."""
    logits, ids, mask = (tensor.detach() for tensor in arguments)
    wanted = mean_of_all(surprises(logits, ids, mask))
    if math.isclose(float(got), wanted, rel_tol=1e-6, abs_tol=atol):
        return
    for mistaken, said in mistakes(logits, ids, mask):
        assert not near(got, mistaken), f"{call} gave {float(got):.4f}: it {said}"
    raise AssertionError(
        f"{call} gave {float(got):.4f}, which is not right. Work out a text of three tokens with a pencil: which logits are about which token, whose mask counts, and over how many is the mean?"
    )


@pytest.mark.points(3)
def test_each_token_is_predicted_by_the_one_before(learner, rng):
    """The logits at one place are held against the token at the next."""
    arguments = batch(rng, (8, 8, 8))
    got, call = called(learner, arguments, "3 texts of 8 tokens without padding")
    check(got, arguments, call)


@pytest.mark.points(3)
def test_padding_is_not_predicted(learner, rng):
    """Where the mask of a token is 0, nobody has to predict it; it counts neither in the sum nor in the number."""
    arguments = batch(rng, (4, 9, 6), tokens=11)
    got, call = called(learner, arguments, "texts of 4, 9 and 6 tokens in rows of 11")
    check(got, arguments, call)


@pytest.mark.points(2)
def test_the_end_token_is_learnt_though_padding_looks_like_it(learner, rng):
    """The end token of a text counts, even where padding has the same id."""
    logits, ids, mask = batch(rng, (5, 9, 7))
    ids[mask == 0] = 2
    for row, length in enumerate((5, 9, 7)):
        ids[row, length - 1] = 2
    ids[1, 3] = 2
    got, call = called(learner, (logits, ids, mask), "texts that end with token 2, padded with token 2")
    check(got, (logits, ids, mask), call)


@pytest.mark.points(2)
def test_every_token_weighs_the_same(learner, rng):
    """The mean is over the predicted tokens of all texts together; a text of one token has none."""
    for lengths in ((2, 12, 4), (1, 9, 3)):
        arguments = batch(rng, lengths)
        got, call = called(learner, arguments, f"texts of {lengths} tokens")
        check(got, arguments, call)


@pytest.mark.points(1)
def test_the_loss_can_be_trained_on(learner, rng):
    """The loss hangs on the logits, so that gradients can flow back, and the arguments stay as they were."""
    logits, ids, mask = batch(rng, (6, 3))
    kept = [ids.clone(), mask.clone()]
    got, call = called(learner, (logits.requires_grad_(), ids, mask), "logits that want a gradient")
    assert got.requires_grad, (
        f"{call} gave a number that no longer hangs on the logits: there is no way back from it to the model. Leave out `no_grad`, `detach`, `item` and NumPy."
    )
    left = learner.last.args[1:]
    assert all(torch.equal(a, b) for a, b in zip(kept, left, strict=True)), (
        f"{call} changed `ids` or `attention_mask` in place. Work on a copy."
    )
    check(got, (logits, ids, mask), call)


def read(model, ids, mask):
    """The logits that SmolLM2 gives, and its own loss."""
    with torch.no_grad():
        out = model(input_ids=ids, attention_mask=mask, labels=ids.masked_fill(mask == 0, -100))
    return out.logits, out.loss


@pytest.mark.points(2)
def test_it_is_smollm2s_own_loss(learner, rng):
    """On real text, padded with the end token, the loss is the one that SmolLM2's library works out."""
    model = learner.make(smollm2)
    ids = torch.tensor(rng.integers(1000, 40000, size=(2, 7)))
    mask = torch.ones_like(ids)
    ids[:, -1] = 2
    ids[1, 4:], mask[1, 5:] = 2, 0
    logits, own = learner.probe(read, model, ids, mask)
    got, call = called(learner, (logits, ids, mask), "the logits of SmolLM2 for two texts")
    found = surprises(logits, ids, mask)
    assert near(own, mean_of_all(found)), "SmolLM2's own loss couldn't be worked out again. This is a fault of the test, not yours."
    check(got, (logits, ids, mask), call, atol=1e-3)
