"""Hidden suite of `extract_features`."""

import pytest
import torch

from tunelab import expect, models


def small_tokenizer():
    """A tokenizer of the words w4 to w99, with [CLS] and [SEP] around, that cuts after 32 tokens. Token 0 is padding."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import WhitespaceSplit
    from tokenizers.processors import TemplateProcessing
    from transformers import PreTrainedTokenizerFast

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    vocabulary = {word: number for number, word in enumerate([*special, *(f"w{i}" for i in range(4, 100))])}
    words = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    words.pre_tokenizer = WhitespaceSplit()
    words.post_processor = TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    names = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    return PreTrainedTokenizerFast(tokenizer_object=words, model_max_length=32, **names)


def note_rows(module, args, kwargs):
    """Keeps, in a buffer of the model, how many texts it got at once, at most."""
    ids = args[0] if args else kwargs["input_ids"]
    module.most_rows.fill_(max(int(module.most_rows), len(ids)))


def small_encoder(seed, hidden=16, dropout=0.1):
    """A BERT without a head, with random weights, that notes how many texts it gets at once."""
    sizes = {"layers": 2, "hidden": hidden, "hidden_dropout_prob": dropout, "attention_probs_dropout_prob": dropout}
    encoder = models.tiny_bert(seed=seed, initializer_range=0.5, **sizes).base_model
    encoder.register_buffer("most_rows", torch.zeros(1, dtype=torch.long), persistent=False)
    encoder.register_forward_pre_hook(note_rows, with_kwargs=True)
    return encoder


def drawn(rng, lengths):
    return [" ".join(f"w{i}" for i in rng.integers(4, 100, size=n)) for n in lengths]


def one_by_one(model, tokenizer, texts):
    """The last hidden states of each text by itself, without any padding, in evaluation mode."""
    training, states = model.training, []
    model.eval()
    with torch.no_grad():
        for text in texts:
            ids = tokenizer(text, truncation=True)["input_ids"]
            states.append(model(torch.tensor([ids])).last_hidden_state[0])
    model.train(training)
    model.most_rows.zero_()
    return states


def wanted(model, tokenizer, texts):
    return torch.stack([states.mean(dim=0) for states in one_by_one(model, tokenizer, texts)])


def features(learner, model, texts, batch_size, about, hidden=16):
    """The ladder up to the values. Only the first test asks for a tensor that needs no gradient to be compared."""
    call = f"extract_features(model, tokenizer, texts, {batch_size}), {about},"
    got = learner.extract_features(model, learner.make(small_tokenizer), texts, batch_size)
    assert isinstance(expect.value(got, call=call), torch.Tensor), (
        f"{call} gave a {type(got).__name__}. A single tensor is asked for: torch.cat joins those of the batches."
    )
    assert got.shape[0] == len(texts), (
        f"{call} gave {got.shape[0]} rows for {len(texts)} texts. Each text gets a row: what does your loop do with the last batch, when it isn't full?"
    )
    expect.tensor(got, call=call, shape=(len(texts), hidden), dtype=torch.float32)
    return got.detach(), call


def close(a, b):
    return a.shape == b.shape and torch.allclose(a, b, atol=1e-4, rtol=1e-4)


def check_values(got, right, call, hint):
    expect.close(got, right, call=call, hint=hint, atol=1e-4, rtol=1e-4)


@pytest.mark.points(1)
def test_a_vector_is_a_mean_of_tokens(learner, rng, seed):
    """A text's vector is the mean of its tokens' last hidden states, [CLS] and [SEP] among them."""
    model, texts = small_encoder(seed), drawn(rng, [6, 6, 6])
    got, call = features(learner, model, texts, 3, "on 3 texts of 6 words")
    states = one_by_one(model, small_tokenizer(), texts)
    assert not close(got, torch.stack([s[0] for s in states])), (
        f"{call} gave the state of the first token, [CLS]. The contract asks for the mean over all of a text's tokens."
    )
    with torch.no_grad():
        pooled = torch.cat([model.pooler(s[None]) for s in states])
    assert not close(got, pooled), (
        f"{call} gave the pooler's output, which is made of the first token alone. The contract asks for the mean of `last_hidden_state` over the tokens."
    )
    assert not close(got, torch.stack([s[1:-1].mean(dim=0) for s in states])), (
        f"{call} left [CLS] and [SEP] out of the mean. Their attention mask is 1, so they count."
    )
    right = torch.stack([s.mean(dim=0) for s in states])
    assert not close(got, torch.nn.functional.normalize(right, dim=1)), (
        f"{call} brought each vector to length 1. Some libraries do that after pooling; the contract asks for the mean as it is."
    )
    assert not close(got, torch.stack([s.amax(dim=0) for s in states])), (
        f"{call} gave the largest value of each column over the tokens. The contract asks for the mean over the tokens."
    )
    check_values(got, right, call, "Take `last_hidden_state`, and its mean over the tokens of each text.")


@pytest.mark.points(2)
def test_padding_counts_for_nothing(learner, rng, seed):
    """Padding is in neither part of the mean: a short text gets the same vector beside a long one as alone."""
    model, texts = small_encoder(seed), drawn(rng, [2, 25, 1, 12])
    got, call = features(learner, model, texts, 4, "on texts of 1 to 25 words in one batch")
    batch = small_tokenizer()(texts, padding=True, return_tensors="pt")
    with torch.no_grad():
        hidden = model(**batch).last_hidden_state
        unmasked = model(input_ids=batch["input_ids"]).last_hidden_state
    mask = batch["attention_mask"][..., None]
    assert not close(got, hidden.mean(dim=1)), (
        f"{call} averaged padding in. Where the attention mask is 0 there is no text: multiply by the mask before you sum, and divide by the number of tokens that are left."
    )
    assert not close(got, (hidden * mask).mean(dim=1)), (
        f"{call} left padding out of the sum, but divided by the length with padding. Divide by the sum of the mask."
    )
    assert not close(got, (unmasked * mask).sum(dim=1) / mask.sum(dim=1)), (
        f"{call} let tokens look at padding: the attention mask must go into the model, too."
    )
    hint = "Multiply the states by the attention mask (with a last axis of 1), sum over tokens, divide by the sum of the mask."
    check_values(got, wanted(model, small_tokenizer(), texts), call, hint)


@pytest.mark.points(2)
def test_row_i_belongs_to_text_i(learner, rng, seed):
    """The rows come in the order of the texts, whatever their lengths and the batch size."""
    model = small_encoder(seed)
    texts = drawn(rng, rng.permutation([1, 4, 8, 13, 19, 26]))
    right = wanted(model, small_tokenizer(), texts)
    for batch_size in (2, 6, 4):
        got, call = features(learner, model, texts, batch_size, "on 6 texts of different lengths")
        nearest = torch.cdist(got, right).argmin(dim=1).tolist()
        assert close(got, right) or sorted(nearest) != list(range(6)) or not close(got, right[nearest]), (
            f"{call} gave the right vectors in another order. Sorting by length is a good idea; but then each vector must go back to its text's place."
        )
        check_values(got, right, call, "Row i is the vector of texts[i], for any batch size.")


@pytest.mark.points(1)
def test_no_text_is_lost(learner, rng, seed):
    """The last batch counts, even when it isn't full."""
    model = small_encoder(seed)
    for count, batch_size in ((7, 3), (2, 5), (5, 1)):
        texts = drawn(rng, rng.integers(1, 20, size=count))
        got, call = features(learner, model, texts, batch_size, f"on {count} texts")
        check_values(got, wanted(model, small_tokenizer(), texts), call, "Every text gets its own vector, those of the last batch too.")


@pytest.mark.points(2)
def test_dropout_is_off(learner, rng, seed):
    """A model in training mode gives the vectors of evaluation mode, and is in training mode again afterwards."""
    model, texts = small_encoder(seed, dropout=0.5), drawn(rng, [3, 9, 5])
    right = wanted(model, small_tokenizer(), texts)
    model.train()
    got, call = features(learner, model, texts, 2, "on a model in training mode")
    assert not learner.last.random_moved, (
        f"{call} used up global random numbers: dropout was at work. Switch the model to evaluation mode before it reads the texts."
    )
    check_values(
        got, right, call, "In training mode dropout sets numbers to zero at random. Switch the model to evaluation mode before it reads."
    )
    assert all(module.training for module in model.modules()), (
        f"{call} left the model in evaluation mode. It was in training mode: whoever goes on training it would do so without dropout. Note `model.training` first, and put it back."
    )
    model.eval()
    got, call = features(learner, model, texts, 2, "on a model in evaluation mode")
    check_values(got, right, call, "Evaluation mode is what you need here.")
    assert not any(module.training for module in model.modules()), (
        f"{call} left the model in training mode. It was in evaluation mode: put back the mode that was there, not always the same one."
    )


@pytest.mark.points(1)
def test_no_gradients(learner, rng, seed):
    """The vectors need no gradient, and which weights are trainable stays as it was."""
    model, texts = small_encoder(seed), drawn(rng, [3, 9, 5])
    model.embeddings.requires_grad_(False)
    right = wanted(model, small_tokenizer(), texts)
    before = {name: (p.requires_grad, p.detach().clone()) for name, p in model.named_parameters()}
    got, call = features(learner, model, texts, 2, "on a model whose embeddings are frozen")
    assert not learner.last.value.requires_grad, (
        f"{call} gave a tensor that requires a gradient: all that was computed on the way is kept for it. Read the texts inside `with torch.no_grad():`."
    )
    changed = [name for name, p in model.named_parameters() if p.requires_grad != before[name][0]]
    assert not changed, (
        f"{call} changed `requires_grad` of {changed[0]}. Which weights are trainable is the caller's business; `torch.no_grad()` needs no change to the model."
    )
    assert all(torch.equal(p, before[name][1]) and p.grad is None for name, p in model.named_parameters()), (
        f"{call} changed weights of the model, or left gradients. Features are only read off."
    )
    check_values(got, right, call, "The mean of the last hidden states over a text's own tokens.")


@pytest.mark.points(1)
def test_no_texts(learner, rng, seed):
    """An empty list gives a tensor without rows, as wide as the encoder."""
    model = small_encoder(seed, hidden=24)
    call = "extract_features(model, tokenizer, [], 4)"
    try:
        got = learner.extract_features(model, learner.make(small_tokenizer), [], 4)
    except NotImplementedError:
        raise
    except (RuntimeError, ValueError, IndexError, TypeError, UnboundLocalError) as error:
        raise AssertionError(
            f"{call} raised {type(error).__name__}: {str(error)[:120]}. No texts is an answerable question: a tensor of shape (0, hidden). What does your code join when there was no batch?"
        ) from None
    assert isinstance(got, torch.Tensor), f"{call} gave {got!r:.60}. A tensor of shape (0, hidden) is asked for."
    assert tuple(got.shape) == (0, 24), (
        f"{call} gave a tensor of shape {tuple(got.shape)}. It should have no rows, and as many columns as model.config.hidden_size says."
    )
    assert got.dtype == torch.float32, f"{call} gave a tensor of type {got.dtype}. It should be of the same type as when there are texts."
    got, call = features(learner, model, drawn(rng, [3]), 4, "on one text", hidden=24)


@pytest.mark.points(1)
def test_batches_are_no_larger_than_asked(learner, rng, seed):
    """The model never gets more texts at once than batch_size says."""
    model, texts = small_encoder(seed), drawn(rng, rng.integers(1, 20, size=9))
    right = wanted(model, small_tokenizer(), texts)
    got, call = features(learner, model, texts, 4, "on 9 texts")
    check_values(got, right, call, "The mean of the last hidden states over a text's own tokens.")
    most = int(model.most_rows)
    assert most <= 4, (
        f"{call} gave the model {most} texts at once. Memory grows with the texts in a batch: ten thousand at once would fill any machine. Go through them by `batch_size`."
    )


@pytest.mark.points(1)
def test_long_texts_are_cut(learner, rng, seed):
    """A text of more tokens than the tokenizer's model_max_length is cut there."""
    model, texts = small_encoder(seed), drawn(rng, [45, 5, 50])
    tokenizer = small_tokenizer()
    right = wanted(model, tokenizer, texts)
    got, call = features(learner, model, texts, 2, "on texts of 45, 5 and 50 words and a tokenizer that cuts after 32 tokens")
    whole = []
    with torch.no_grad():
        for text in texts:
            whole.append(model(torch.tensor([tokenizer(text)["input_ids"]])).last_hidden_state[0].mean(dim=0))
    assert not close(got, torch.stack(whole)), (
        f"{call} read texts that are longer than the encoder was made for. Tell the tokenizer to cut: truncation=True does it, at its model_max_length."
    )
    check_values(got, right, call, "truncation=True cuts at the tokenizer's own model_max_length; give no other limit.")


@pytest.mark.points(1)
def test_the_real_minilm(learner, rng):
    """It holds for MiniLM: reviews of different lengths give the vectors of sentence-transformers' pooling."""
    from tunelab import data

    reviews = data.reviews()
    texts = [*reviews.select(rng.choice(len(reviews), size=5, replace=False))["text"], "Dull."]
    call = "extract_features(model, tokenizer, texts, 4), on MiniLM and 6 reviews,"
    got = learner.extract_features(learner.make(models.minilm), learner.make(models.minilm_tokenizer), texts, 4)
    expect.tensor(got, call=call, shape=(6, 384), dtype=torch.float32)
    model, tokenizer = models.minilm(), models.minilm_tokenizer()
    with torch.no_grad():
        right = [model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0].mean(dim=0) for text in texts]
    check_values(got, torch.stack(right), call, "Mean over each text's own tokens; padding left out.")
