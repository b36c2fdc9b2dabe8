"""Hidden suite of `perplexity`."""

import copy
import math

import pytest
import torch

from tunelab import expect
from tunelab.models import tiny_llama


def opinionated(seed=0, **config):
    """A small model with large weights: what it predicts is far from even."""
    return tiny_llama(layers=2, hidden=16, vocab=40, seed=seed, initializer_range=0.7, **config)


def texts(rng, lengths):
    return [torch.tensor(rng.integers(3, 40, size=n)) for n in lengths]


def by_hand(model, texts_ids):
    """For each text a list of the surprises of its tokens behind the first."""
    model = copy.deepcopy(model).eval()
    found = []
    for ids in texts_ids:
        with torch.no_grad():
            logs = model(input_ids=ids[None]).logits[0].double().log_softmax(-1)
        found.append([-float(logs[place - 1, ids[place]]) for place in range(1, len(ids))])
    return found


def mean(values):
    return sum(values) / len(values)


def overall(found):
    return math.exp(mean([value for text in found for value in text]))


def near(got, wanted):
    return math.isclose(got, wanted, rel_tol=1e-4)


def called(learner, model, texts_ids, what):
    call = f"perplexity(model, texts_ids), on {what},"
    got = learner.perplexity(model, texts_ids)
    expect.of_type(got, float, call=call)
    assert math.isfinite(got), f"{call} gave {got}. " + (
        "A text of one token has nothing to predict: its mean is one of nothing, and nan, and spoils every sum it gets into."
        if any(len(ids) == 1 for ids in texts_ids)
        else "Is there a division by 0 in it, or e to the power of something very large, such as a sum that isn't divided yet?"
    )
    return got, call


def mistake(got, model, texts_ids):
    """What a number that is wrong comes from: the mistake that gives just this one."""
    found = by_hand(model, texts_ids)
    model, predicted = copy.deepcopy(model).eval(), [text for text in found if text]
    total, number, means = sum(map(sum, found)), sum(map(len, found)), [mean(text) for text in predicted]
    padded = torch.zeros(len(texts_ids), max(map(len, texts_ids)), dtype=torch.long)
    for row, ids in enumerate(texts_ids):
        padded[row, : len(ids)] = ids
    with torch.no_grad():
        with_padding = float(model(padded, labels=padded).loss)
        own = [
            torch.nn.functional.cross_entropy(model(ids[None]).logits[0], ids, reduction="sum").item() for ids in texts_ids if len(ids) > 1
        ]
    long = sum(len(ids) for ids in texts_ids if len(ids) > 1)
    every = sum(map(len, texts_ids))
    first = "Nothing comes before the first token, so that nobody predicts it: there is one surprise less than there are tokens."
    guesses = [
        (total / number, "That is the mean surprise. The perplexity is e to the power of it (`math.exp`)."),
        (2 ** (total / number), "That is 2 to the power of a surprise in nats. Take e, or measure in bits."),
        (math.exp(min(total, 700)), "That is e to the power of the sum of all surprises. Divide by their number first."),
        *((math.exp(total / count), f"That comes out when the surprises are divided by {count}, the number of all tokens. {first}") for count in {long, every}),
        (math.exp(sum(own) / long), "That comes out when each token is looked up in the logits of its own place. They are about the next token: shift by one."),
        (mean([math.exp(m) for m in means]), "That is the mean of the texts' perplexities. One odd text then drowns the others: add up surprises over all tokens, and take e to the power of their mean, once."),
        (math.exp(mean(means)), "That is e to the mean of the texts' means. A token of a short text then weighs more than one of a long text: divide once, by the number of all predicted tokens."),
        (math.exp(sum(means) / len(found)), "That is e to the mean of the texts' means, texts of one token included. Divide once, by the number of all predicted tokens."),
        (math.exp(with_padding), "That comes out when padding is scored as well. If you make a batch, padding counts neither in the sum nor in the number of tokens."),
    ]  # fmt: skip
    for guess, sentence in guesses:
        if near(got, guess):
            return sentence
    return "Add up the surprises of all predicted tokens, divide once by their number, and take e to the power of it."


def check(got, model, texts_ids, call):
    assert near(got, overall(by_hand(model, texts_ids))), f"{call} gave {got:.4f}. {mistake(got, model, texts_ids)}"


@pytest.mark.points(3)
def test_the_first_token_is_not_scored(learner, rng):
    """The perplexity of one text is e to the mean surprise of its tokens, from the second one on."""
    for seed in (0, 1):
        model, (ids,) = opinionated(seed), texts(rng, (int(rng.integers(6, 10)),))
        got, call = called(learner, model, [ids], f"one text of {len(ids)} tokens")
        check(got, model, [ids], call)


@pytest.mark.points(3)
def test_long_texts_weigh_more(learner, rng):
    """Over several texts, each predicted token weighs the same, so that a long text counts for more than a short one."""
    model, lengths = opinionated(2), (3, int(rng.integers(18, 24)), 6)
    texts_ids = texts(rng, lengths)
    got, call = called(learner, model, texts_ids, f"three texts of {lengths} tokens")
    check(got, model, texts_ids, call)


@pytest.mark.points(1)
def test_dropout_is_off(learner, rng):
    """A model in training mode is measured as it will be used: without dropout."""
    model = opinionated(3, attention_dropout=0.5).train()
    texts_ids = texts(rng, (12, 9))
    found = by_hand(model, texts_ids)
    got, call = called(learner, model, texts_ids, "a model in training mode with dropout")
    if not near(got, overall(found)):
        without, _ = called(learner, opinionated(3, attention_dropout=0.5).eval(), texts_ids, "the same model in evaluation mode")
        assert near(got, without), (
            f"{call} gave {got:.4f}, and another value for the same model in evaluation mode, without dropout. Switch to evaluation mode (`model.eval()`) before you measure."
        )
        raise AssertionError(
            f"{call} gave {got:.4f}. It gives that in evaluation mode, too: the mode isn't what is wrong. {mistake(got, model, texts_ids)}"
        )


@pytest.mark.points(1)
def test_the_mode_is_put_back(learner, rng):
    """Whether the model was in training mode or not, it is so afterwards."""
    for training in (True, False):
        model = opinionated(4).train(training)
        texts_ids = texts(rng, (7, 5))
        got, call = called(learner, model, texts_ids, f"a model in {'training' if training else 'evaluation'} mode")
        now = "training" if model.training else "evaluation"
        assert model.training == training, (
            f"{call} left it in {now} mode. Measuring must not change how training goes on: remember `model.training`, and put it back."
        )
        assert all(module.training == training for module in model.modules()), f"{call} left some of its parts in another mode."
        check(got, model, texts_ids, call)


def watched(seed):
    """A model that notes of each of its passes whether a backward pass could follow."""
    model = opinionated(seed)
    model.passes = []

    def note(module, args, kwargs, output):
        module.passes.append(bool(output.logits.requires_grad))

    model.register_forward_hook(note, with_kwargs=True)
    return model


def passes(model):
    return model.passes


@pytest.mark.points(1)
def test_no_graph_is_kept(learner, rng):
    """Nothing is noted for a backward pass that never comes, which would cost memory."""
    model = learner.make(watched, 5)
    texts_ids = texts(rng, (8, 4))
    got, call = called(learner, model, texts_ids, "a model that watches its passes")
    seen = learner.probe(passes, model)
    assert seen, f"{call} never asked the model. Call it, so that all that hangs on its passes takes place."
    assert not any(seen), f"{call} let torch take notes for a backward pass. `eval()` doesn't stop that: use `torch.no_grad()`."
    check(got, opinionated(5), texts_ids, call)


@pytest.mark.points(2)
def test_texts_of_one_token(learner, rng):
    """A text of one token changes nothing; if nothing at all can be predicted, an error says so."""
    model = opinionated(6)
    texts_ids = texts(rng, (1, 8, 1, 5))
    got, call = called(learner, model, texts_ids, "four texts, of which two have one token")
    check(got, model, texts_ids, call)
    for nothing, name in (([], "[]"), (texts(rng, (1, 1)), "texts of one token each")):
        call = f"perplexity(model, texts_ids), with {name},"
        try:
            got = learner.perplexity(model, nothing)
        except ValueError as error:
            assert "texts_ids" in str(error), f"{call} raised a ValueError that says {str(error)!r}. Its message should name `texts_ids`."
            continue
        except ZeroDivisionError:
            raise AssertionError(f"{call} divided by 0. Raise a ValueError that names `texts_ids`.") from None
        raise AssertionError(f"{call} gave {got!r}, where nothing can be predicted. The contract asks for a ValueError.")


def with_gradients(seed):
    """A model that holds a gradient at each of its weights."""
    model = opinionated(seed)
    for number, parameter in enumerate(model.parameters()):
        parameter.grad = torch.full_like(parameter, 0.5 + number)
    return model


def held(model):
    """Each parameter, and the gradient that it holds."""
    return {name: [p.detach().clone(), None if p.grad is None else p.grad.clone()] for name, p in model.named_parameters()}


def same(one, other):
    return one is other is None or (one is not None and other is not None and torch.equal(one, other))


@pytest.mark.points(1)
def test_nothing_else_changes(learner, rng):
    """Weights, gradients, texts and random states stay as they were."""
    model = learner.make(with_gradients, 7)
    before, texts_ids = learner.probe(held, model), texts(rng, (6, 9))
    got, call = called(learner, model, texts_ids, "a model that holds gradients")
    left, random_moved = learner.last.args[1], learner.last.random_moved
    after = learner.probe(held, model)
    wrong = [name for name in before if not all(same(a, b) for a, b in zip(before[name], after[name], strict=True))]
    assert not wrong, f"{call} changed {wrong[0]} or the gradient that it held. Measuring changes nothing."
    assert all(torch.equal(a, b) for a, b in zip(texts_ids, left, strict=True)), f"{call} changed the texts."
    assert not random_moved, f"{call} used up global random numbers. Nothing here is random."
    check(got, opinionated(7), texts_ids, call)
