"""Public checks of `extract_features`: examples to check oneself by, on MiniLM."""

import torch

from tunelab import expect, models

TEXTS = [
    "A delight from the first minute to the last, and it never once lets go of you.",
    "Dull.",
    "The plot makes no sense, but who cares?",
    "Two hours too long.",
    "An honest film.",
]


def features(learner, texts, batch_size):
    call = f"extract_features(model, tokenizer, texts, {batch_size}), on MiniLM and {len(texts)} texts,"
    got = learner.extract_features(learner.make(models.minilm), learner.make(models.minilm_tokenizer), texts, batch_size)
    expect.tensor(got, call=call, shape=(len(texts), 384), dtype=torch.float32)
    assert not got.requires_grad, f"{call} gave a tensor that requires a gradient. Read the texts inside `with torch.no_grad():`."
    return got, call


def check(got, right, call):
    assert torch.allclose(got, right, atol=1e-4), (
        f"{call} gave numbers that differ by up to {(got - right).abs().max():.4f} from the mean of each text's own last hidden states, read alone. "
        "Are the rows in order, is padding left out, and dropout off?"
    )


def alone(texts):
    """Each text by itself, so that there is no padding."""
    model, tokenizer = models.minilm(), models.minilm_tokenizer()
    with torch.no_grad():
        return torch.stack([model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0].mean(dim=0) for text in texts])


def test_batches_of_any_size(learner):
    """Five texts in batches of two give what each gives alone."""
    got, call = features(learner, TEXTS, 2)
    check(got, alone(TEXTS), call)


def test_a_model_in_training_mode(learner):
    """A model in training mode is read without dropout, and put back into training mode."""
    model = models.tiny_bert(hidden=16, vocab=31_000).base_model.train()
    call = "extract_features(model, tokenizer, texts, 5), on a small model in training mode,"
    got = learner.extract_features(model, learner.make(models.minilm_tokenizer), TEXTS, 5)
    expect.tensor(got, call=call, shape=(5, 16), dtype=torch.float32)
    assert not learner.last.random_moved, f"{call} used random numbers: dropout was on."
    assert model.training, f"{call} left the model in evaluation mode. Put its mode back."


def test_no_texts(learner):
    """An empty list gives a tensor of shape (0, 384)."""
    features(learner, [], 8)
