"""Hidden suite of `tokenize_dataset`."""

import pytest
from datasets import ClassLabel, Dataset, Features, Value
from transformers import DataCollatorWithPadding

from tunelab import data, expect
from tunelab.codec import Table
from tunelab.models import minilm_tokenizer

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "fun", "ride", "dull", "and", "loud", "warm", "wise", "it", "glows"]
PROBE_DATA = ("WORDS",)
CLS, SEP = 2, 3


def small_tokenizer():
    """A tokenizer of ten words, which remembers how many texts it was given each time."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    class SmallTokenizer(PreTrainedTokenizerFast):
        def _encode_plus(self, text, *args, **kwargs):
            self.texts_per_call.append(1 if isinstance(text, str) else len(text))
            return super()._encode_plus(text, *args, **kwargs)

    backend = Tokenizer(models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    backend.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    tokenizer = SmallTokenizer(tokenizer_object=backend, unk_token="[UNK]", pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]")
    tokenizer.texts_per_call = []
    return tokenizer


def texts_per_call(tokenizer):
    return list(tokenizer.texts_per_call)


def reviews(rng, lengths):
    """A dataset of reviews of so many words, with labels and films, and the ids of their words."""
    ids = [[int(i) for i in rng.integers(4, len(WORDS), size=n)] for n in lengths]
    columns = {
        "film": [f"film {i}" for i in range(len(ids))],
        "text": [" ".join(WORDS[i] for i in words) for words in ids],
        "label": [int(n) for n in rng.permutation([i % 2 for i in range(len(ids))])],
    }
    kinds = Features({"film": Value("string"), "text": Value("string"), "label": ClassLabel(names=["rotten", "fresh"])})
    return Dataset.from_dict(columns, features=kinds), ids


def tokenized(learner, dataset, tokenizer, max_length, call):
    """The ladder up to values: a Dataset with the columns of ids and mask, as many rows as before."""
    got = learner.tokenize_dataset(dataset, tokenizer, max_length)
    expect.value(got, call=call)
    assert isinstance(got, Table) and got.type_name == "Dataset", (
        f"{call} gave a {getattr(got, 'type_name', type(got).__name__)}, where a Dataset is asked for. `dataset.map(...)` gives one."
    )
    for name in ("input_ids", "attention_mask"):
        assert name in got.columns, f"{call} gave a Dataset without the column {name!r}; it has {', '.join(got.columns) or 'none'}."
    assert len(got) == len(dataset), f"{call} gave {len(got)} rows for {len(dataset)} texts."
    return got


def agree(found, pieces, max_length, special, call, about):
    """Each row is the special token, the text's tokens as far as there is room, the special token; where it isn't, what is wrong with it is said."""
    start, end, pad = special
    wanted = [[start, *words[: max_length - 2], end] for words in pieces]
    if found == wanted:
        return
    assert sorted(found) != sorted(wanted), f"{call} gave the rows in another order than the texts have."
    for row, right, words, text in zip(found, wanted, pieces, about, strict=True):
        if row == right:
            continue
        assert row != [*right, *[pad] * (len(row) - len(right))], (
            f"{call} padded {text} to {len(row)} ids. Whoever makes the batch knows how long its longest text is; padded here, each batch would be as wide as the widest."
        )
        assert row not in (words, words[:max_length]) or not words, (
            f"{call} gave ids without the special tokens for {text}. The model was pretrained with them, and the tokenizer adds them unless it is told not to."
        )
        assert row != [start, *words, end], (
            f"{call} gave {len(row)} ids for {text}, longer than `max_length`. Cutting is the tokenizer's work: tell it to."
        )
        assert row != [start, *words, end][:max_length], (
            f"{call} cut off the special token at the end of {text}. Its last token must be there still: let the tokenizer cut, which counts it in."
        )
        raise AssertionError(
            f"{call} gave {row if len(row) < 20 else [*row[:18], ...]} for {text}, which aren't the ids of its tokens, between the special ones."
        )


def of_words(ids):
    return [f"a text of {len(words)} word{'s' * (len(words) != 1)}" for words in ids]


@pytest.mark.points(2)
def test_ids_of_each_text(learner, rng):
    """Each text becomes the ids of its tokens, between the special tokens, with as many ones for a mask."""
    dataset, ids = reviews(rng, [5, 2, 9, 1, 7, 4])
    call = "tokenize_dataset(dataset, tokenizer, 30), on six short texts,"
    got = tokenized(learner, dataset, learner.make(small_tokenizer), 30, call)
    rows, masks = got.columns["input_ids"], got.columns["attention_mask"]
    bodies = [row[: row.index(SEP) + 1] if SEP in row else row for row in rows]
    agree(bodies, ids, 30, (CLS, SEP, 0), call, of_words(ids))
    for row, body, mask in zip(rows, bodies, masks, strict=True):
        assert len(mask) == len(row) and all(m == 1 for m in mask[: len(body)]), (
            f"{call} gave an attention mask that doesn't go with the ids: {len(mask)} places for {len(row)} ids, a 1 for each token."
        )


@pytest.mark.points(2)
def test_long_texts_keep_their_end_token(learner, rng):
    """Texts are cut to `max_length` tokens with the special ones included, and the last token is still there."""
    for max_length in (3, 8):
        dataset, ids = reviews(rng, [20, 3, 6, 7, 11])
        call = f"tokenize_dataset(dataset, tokenizer, {max_length}), on texts of up to 20 words,"
        got = tokenized(learner, dataset, learner.make(small_tokenizer), max_length, call)
        rows, masks = got.columns["input_ids"], got.columns["attention_mask"]
        bodies = [row[: row.index(SEP) + 1] if SEP in row and len(row) <= max_length else row for row in rows]
        agree(bodies, ids, max_length, (CLS, SEP, 0), call, of_words(ids))
        for row, mask in zip(rows, masks, strict=True):
            assert len(mask) == len(row), f"{call} gave a mask of {len(mask)} places for {len(row)} ids."


@pytest.mark.points(2)
def test_nothing_is_padded(learner, rng):
    """Each row is as long as its text."""
    dataset, ids = reviews(rng, [5, 2, 9, 1, 7, 30])
    call = "tokenize_dataset(dataset, tokenizer, 12), on texts of different lengths,"
    got = tokenized(learner, dataset, learner.make(small_tokenizer), 12, call)
    agree(got.columns["input_ids"], ids, 12, (CLS, SEP, 0), call, of_words(ids))
    assert not any(0 in mask for mask in got.columns["attention_mask"]), f"{call} gave a mask with a 0 in it, though nothing is padded."


@pytest.mark.points(1)
def test_labels_stay(learner, rng):
    """The labels are kept, as whole numbers, each with its text."""
    dataset, _ = reviews(rng, [3, 8, 2, 6, 5, 4, 9, 3])
    call = "tokenize_dataset(dataset, tokenizer, 16), on eight texts with labels,"
    got = tokenized(learner, dataset, learner.make(small_tokenizer), 16, call)
    assert "label" in got.columns, (
        f"{call} gave a Dataset that has no column `label`. Without labels there is nothing to learn from: remove the other columns only."
    )
    labels = got.columns["label"]
    assert all(type(label) is int for label in labels), f"{call} gave labels that aren't whole numbers: {labels[0]!r}."
    assert labels == list(dataset["label"]), (
        f"{call} gave the labels {labels}, where the texts have {list(dataset['label'])}. Rows keep their order."
    )


@pytest.mark.points(1)
def test_nothing_else_stays(learner, rng):
    """Text and other columns are gone: a collator can make no tensor of them."""
    dataset, _ = reviews(rng, [3, 4, 2])
    call = "tokenize_dataset(dataset, tokenizer, 16), on a dataset with film, text and label,"
    got = tokenized(learner, dataset, learner.make(small_tokenizer), 16, call)
    extra = [name for name in got.columns if name not in ("input_ids", "attention_mask", "token_type_ids", "label")]
    assert not extra, (
        f"{call} gave a Dataset with the column{'s' * (len(extra) > 1)} {', '.join(f'`{name}`' for name in extra)} in it. `map` keeps the old columns unless it is told which to remove."
    )


@pytest.mark.points(1)
def test_rows_keep_their_order(learner, rng):
    """Rows stay in their order, whatever their lengths."""
    dataset, ids = reviews(rng, [9, 7, 8, 2, 6, 1, 5, 3])
    call = "tokenize_dataset(dataset, tokenizer, 16), on texts of 9, 7, 8, 2, ... words,"
    got = tokenized(learner, dataset, learner.make(small_tokenizer), 16, call)
    found = [[i for i in row if i > SEP] for row in got.columns["input_ids"]]
    if sorted(found) != sorted(ids):
        agree(got.columns["input_ids"], ids, 16, (CLS, SEP, 0), call, of_words(ids))
    assert found == ids, f"{call} gave the rows in another order. Sorting by length is for the sampler, which can do it anew in each epoch."


@pytest.mark.points(1)
def test_many_texts_at_once(learner, rng):
    """The tokenizer is given many texts at a time, which is much faster than one by one."""
    dataset, ids = reviews(rng, [int(n) for n in rng.integers(1, 9, size=60)])
    tokenizer = learner.make(small_tokenizer)
    call = "tokenize_dataset(dataset, tokenizer, 16), on 60 texts,"
    got = tokenized(learner, dataset, tokenizer, 16, call)
    agree(got.columns["input_ids"], ids, 16, (CLS, SEP, 0), call, of_words(ids))
    sizes = learner.probe(texts_per_call, tokenizer)
    assert sizes, f"{call} never called the tokenizer that it was given, in this process."
    assert max(sizes) > 1, (
        f"{call} called the tokenizer {len(sizes)} times, each time with one text at a time. `map` with `batched=True` hands over a thousand at once."
    )
    assert len(sizes) <= 20, (
        f"{call} called the tokenizer {len(sizes)} times, with at most {max(sizes)} texts at a time. Hand over many texts at once."
    )


@pytest.mark.points(2)
def test_a_collator_takes_it(learner, rng):
    """Real reviews through MiniLM's tokenizer, and through the library's collator to a batch."""
    every, own = data.reviews(), minilm_tokenizer()
    chosen = every.select([int(i) for i in rng.choice(len(every), size=48, replace=False)])
    max_length = int(rng.integers(14, 22))
    call = f"tokenize_dataset(dataset, tokenizer, {max_length}), on 48 real reviews with MiniLM's tokenizer,"
    got = tokenized(learner, chosen, learner.make(minilm_tokenizer), max_length, call)
    names = [name for name in got.columns if name in ("input_ids", "attention_mask", "token_type_ids", "label")]
    rows = [{name: got.columns[name][i] for name in names} for i in range(len(got))]
    try:
        batch = DataCollatorWithPadding(own)(rows)
    except (ValueError, TypeError, KeyError) as error:
        raise AssertionError(f"{call} gave rows of which DataCollatorWithPadding can make no batch: {str(error)[:200]}") from None
    assert "labels" in batch, f"{call} gave rows without labels, of which the collator can make none for the batch."
    pieces = [own.convert_tokens_to_ids(own.tokenize(text)) for text in chosen["text"]]
    about = [f"the review {text if len(text) <= 60 else text[:60] + '…'!r}" for text in chosen["text"]]
    agree([row["input_ids"] for row in rows], pieces, max_length, (own.cls_token_id, own.sep_token_id, own.pad_token_id), call, about)
    assert batch["labels"].tolist() == list(chosen["label"]), f"{call} gave other labels than the reviews have, or in another order."
    left = learner.last.args[0]
    assert isinstance(left, Table) and left.columns == {name: list(chosen[name]) for name in chosen.column_names}, (
        f"{call} changed the dataset that it was given."
    )
