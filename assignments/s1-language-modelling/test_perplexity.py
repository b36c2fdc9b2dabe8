"""Public checks of `perplexity`: examples to check oneself by."""

import math

import torch

from tunelab import expect
from tunelab.models import tiny_llama

TEXTS = [torch.tensor([5, 17, 3, 29, 8, 8, 30]), torch.tensor([12, 4])]


def model():
    return tiny_llama(layers=1, hidden=16, vocab=40, initializer_range=0.7)


def surprises(ids):
    """Of each token behind the first."""
    with torch.no_grad():
        logs = model()(ids[None]).logits[0].log_softmax(-1)
    return [-logs[place, token].item() for place, token in enumerate(ids[1:].tolist())]


def test_one_text(learner):
    """A text of seven tokens: six are predicted."""
    got = learner.perplexity(model(), TEXTS[:1])
    call = "perplexity(model, texts_ids), on one text of seven tokens,"
    expect.number(got, call=call, low=1.0)
    wanted = math.exp(sum(surprises(TEXTS[0])) / 6)
    assert math.isclose(got, wanted, rel_tol=1e-4), f"{call} gave {got:.3f}. It should be {wanted:.3f}."


def test_two_texts(learner):
    """A text of seven tokens and one of two: seven are predicted, and all weigh the same."""
    got = learner.perplexity(model(), TEXTS)
    call = "perplexity(model, texts_ids), on texts of seven and of two tokens,"
    expect.number(got, call=call, low=1.0)
    wanted = math.exp((sum(surprises(TEXTS[0])) + sum(surprises(TEXTS[1]))) / 7)
    assert math.isclose(got, wanted, rel_tol=1e-4), f"{call} gave {got:.3f}. It should be {wanted:.3f}."


def test_the_mode(learner):
    """The model is in the mode in which it was."""
    measured = model().train()
    learner.perplexity(measured, TEXTS)
    assert measured.training, "perplexity(model, texts_ids), on a model in training mode, left it in evaluation mode."


def test_nothing_to_predict(learner):
    """Texts of one token each: a ValueError that names the argument."""
    try:
        got = learner.perplexity(model(), [torch.tensor([5])])
    except ValueError as error:
        assert "texts_ids" in str(error), (
            f"perplexity(model, [one token]) raised ValueError({str(error)!r}). The message should name `texts_ids`."
        )
        return
    raise AssertionError(f"perplexity(model, [one token]) gave {got!r}. It should raise a ValueError.")
