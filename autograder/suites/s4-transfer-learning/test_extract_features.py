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
    if hasattr(model, "most_rows"):
        model.most_rows.zero_()
    return states


def wanted(model, tokenizer, texts):
    return torch.stack([states.mean(dim=0) for states in one_by_one(model, tokenizer, texts)])


def features(learner, model, texts, batch_size, about, hidden=16):
    """The ladder up to the values. Only the first test asks for a tensor that needs no gradient to be compared."""
    call = f"extract_features(model, tokenizer, texts, {batch_size}), {about},"
    return shaped(learner.extract_features(model, learner.make(small_tokenizer), texts, batch_size), texts, hidden, call), call


def shaped(got, texts, hidden, call):
    """A tensor of a row for each text."""
    assert isinstance(expect.value(got, call=call), torch.Tensor), (
        f"{call} gave a {type(got).__name__}. A single tensor is asked for: torch.cat joins those of the batches."
    )
    rows, count = got.shape[0] if got.ndim else 0, len(texts)
    assert rows >= count, (
        f"{call} gave {rows} row{'s' * (rows != 1)} for {count} text{'s' * (count != 1)}. Each text gets a row: what does your loop do with the last batch, "
        "when it isn't full?"
    )
    return expect.tensor(got, call=call, shape=(count, hidden), dtype=torch.float32).detach()


def close(a, b):
    return a.shape == b.shape and torch.allclose(a, b, atol=1e-4, rtol=1e-4)


def ways(model, tokenizer, texts, batch_size):
    """What the usual mistakes give, and the words for each."""
    states, found = one_by_one(model, tokenizer, texts), {}
    right = torch.stack([s.mean(dim=0) for s in states])
    found["gave the state of the first token, [CLS]. The contract asks for the mean over all of a text's tokens."] = torch.stack(
        [s[0] for s in states]
    )
    found["left [CLS] and [SEP] out of the mean. Their attention mask is 1, so they count."] = torch.stack(
        [s[1:-1].mean(dim=0) for s in states]
    )
    found["brought each vector to length 1. Some libraries do that after pooling; the contract asks for the mean as it is."] = (
        torch.nn.functional.normalize(right, dim=1)
    )
    found["gave the largest value of each column over the tokens. The contract asks for the mean over the tokens."] = torch.stack(
        [s.amax(dim=0) for s in states]
    )
    found["gave the sum over the tokens. Divide by the number of the text's own tokens, the sum of its mask."] = torch.stack(
        [s.sum(dim=0) for s in states]
    )
    training = model.training
    model.eval()
    padded = {
        "averaged padding in. Where the attention mask is 0 there is no text: multiply by the mask before you sum, and divide by the number of tokens that are left.": [],
        "left padding out of the sum, but divided by the length with padding. Divide by the sum of the mask.": [],
        "let tokens look at padding: the attention mask must go into the model, too.": [],
        "let tokens look at padding, and averaged it in. The attention mask must go into the model, and into the mean.": [],
    }
    with torch.no_grad():
        if getattr(model, "pooler", None) is not None:
            words = "gave the pooler's output, which is made of the first token alone. The contract asks for the mean of `last_hidden_state` over the tokens."
            found[words] = torch.cat([model.pooler(s[None]) for s in states])
        for start in range(0, len(texts), batch_size):
            batch = tokenizer(texts[start : start + batch_size], padding=True, truncation=True, return_tensors="pt")
            mask = batch["attention_mask"][..., None]
            hidden, unmasked = model(**batch).last_hidden_state, model(input_ids=batch["input_ids"]).last_hidden_state
            vectors = (hidden.mean(1), (hidden * mask).mean(1), (unmasked * mask).sum(1) / mask.sum(1), unmasked.mean(1))
            for rows, one in zip(padded.values(), vectors, strict=True):
                rows.append(one)
    model.train(training)
    return found | {words: torch.cat(rows) for words, rows in padded.items()}


def judged(got, right, model, texts, batch_size, call, otherwise, tokenizer=None):
    """Passes the right vectors; says of wrong ones from which mistake they come, where that is plain, and else `otherwise`."""
    if close(got, right):
        return
    nearest = torch.cdist(got, right).argmin(dim=1).tolist()
    assert sorted(nearest) != list(range(len(texts))) or not close(got, right[nearest]), (
        f"{call} gave the right vectors in another order. Sorting by length is a good idea; but then each vector must go back to its text's place."
    )
    known = ways(model, tokenizer or small_tokenizer(), texts, batch_size)
    told = [words for words, wrong in known.items() if close(got, wrong)]
    assert not told, f"{call} {told[0]}"
    off = [i for i in range(len(texts)) if not close(got[i], right[i])]
    which = "every row is off" if len(off) == len(texts) else f"row {off[0]} is off, and {len(texts) - len(off)} of {len(texts)} are right"
    raise AssertionError(f"{call} gave other numbers than its contract asks for: {which}. {otherwise}")


@pytest.mark.points(1)
def test_a_vector_is_a_mean_of_tokens(learner, rng, seed):
    """A text's vector is the mean of its tokens' last hidden states, [CLS] and [SEP] among them."""
    model, texts = small_encoder(seed), drawn(rng, [6, 6, 6])
    got, call = features(learner, model, texts, 3, "on 3 texts of 6 words")
    hint = "Take `last_hidden_state`, and its mean over the tokens of each text."
    judged(got, wanted(model, small_tokenizer(), texts), model, texts, 3, call, hint)


@pytest.mark.points(2)
def test_padding_counts_for_nothing(learner, rng, seed):
    """Padding is in neither part of the mean: a short text gets the same vector beside a long one as alone."""
    model, texts = small_encoder(seed), drawn(rng, [2, 25, 1, 12])
    got, call = features(learner, model, texts, 4, "on texts of 1 to 25 words in one batch")
    hint = "Multiply the states by the attention mask (with a last axis of 1), sum over tokens, divide by the sum of the mask."
    judged(got, wanted(model, small_tokenizer(), texts), model, texts, 4, call, hint)


@pytest.mark.points(2)
def test_row_i_belongs_to_text_i(learner, rng, seed):
    """The rows come in the order of the texts, whatever their lengths and the batch size."""
    model = small_encoder(seed)
    texts = drawn(rng, rng.permutation([1, 4, 8, 13, 19, 26]))
    right = wanted(model, small_tokenizer(), texts)
    for batch_size in (2, 6, 4):
        got, call = features(learner, model, texts, batch_size, "on 6 texts of different lengths")
        judged(got, right, model, texts, batch_size, call, "Row i is the vector of texts[i], for any batch size.")


@pytest.mark.points(1)
def test_no_text_is_lost(learner, rng, seed):
    """The last batch counts, even when it isn't full."""
    model = small_encoder(seed)
    for count, batch_size in ((7, 3), (2, 5), (5, 1)):
        texts = drawn(rng, rng.integers(1, 20, size=count))
        got, call = features(learner, model, texts, batch_size, f"on {count} texts")
        hint = "Every text gets its own vector, those of the last batch too."
        judged(got, wanted(model, small_tokenizer(), texts), model, texts, batch_size, call, hint)


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
    judged(
        got, right, model, texts, 2, call, "The vectors of evaluation mode are asked for: in training mode dropout sets numbers to zero."
    )
    assert all(module.training for module in model.modules()), (
        f"{call} left the model in evaluation mode. It was in training mode: whoever goes on training it would do so without dropout. Note `model.training` first, and put it back."
    )
    model.eval()
    got, call = features(learner, model, texts, 2, "on a model in evaluation mode")
    judged(got, right, model, texts, 2, call, "The mean of the last hidden states over a text's own tokens is asked for.")
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
    judged(got, right, model, texts, 2, call, "The mean of the last hidden states over a text's own tokens is asked for.")


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
    most = int(model.most_rows)
    judged(got, right, model, texts, 4, call, "The mean of the last hidden states over a text's own tokens is asked for.")
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
    assert close(got, right) or not close(got, torch.stack(whole)), (
        f"{call} read texts that are longer than the encoder was made for. Tell the tokenizer to cut: truncation=True does it, at its model_max_length."
    )
    judged(got, right, model, texts, 2, call, "truncation=True cuts at the tokenizer's own model_max_length; give no other limit.")


@pytest.mark.points(1)
def test_the_real_minilm(learner, rng):
    """It holds for MiniLM: reviews of different lengths give the vectors of sentence-transformers' pooling."""
    from tunelab import data

    reviews = data.reviews()
    texts = [*reviews.select(rng.choice(len(reviews), size=5, replace=False))["text"], "Dull."]
    call = "extract_features(model, tokenizer, texts, 4), on MiniLM and 6 reviews,"
    got = learner.extract_features(learner.make(models.minilm), learner.make(models.minilm_tokenizer), texts, 4)
    got, model, tokenizer = shaped(got, texts, 384, call), models.minilm(), models.minilm_tokenizer()
    judged(got, wanted(model, tokenizer, texts), model, texts, 4, call, "Mean over each text's own tokens; padding left out.", tokenizer)
