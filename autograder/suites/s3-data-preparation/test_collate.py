"""Hidden suite of `collate`."""

import copy

import pytest
import torch

from tunelab import data, expect
from tunelab.models import minilm_classifier, minilm_tokenizer, tiny_bert

KEYS = ("input_ids", "attention_mask", "labels")


def texts(rng, lengths, low=5, high=100):
    """Tokenized texts of so many tokens, with labels that don't follow a pattern."""
    labels = rng.permutation([i % 3 for i in range(len(lengths))])
    return [
        {"input_ids": [int(i) for i in rng.integers(low, high, size=n)], "label": int(label)}
        for n, label in zip(lengths, labels, strict=True)
    ]


def tokens(number):
    return f"{number} token{'s' * (number != 1)}"


def collated(learner, call, batch, *arguments, **named):
    """The ladder up to values: three tensors, two of one shape. What the numbers are is for the tests."""
    got = learner.collate(batch, *arguments, **named)
    expect.mapping(got, call=call, keys=KEYS)
    for name in KEYS:
        expect.tensor(got[name], call=f"{call} under {name!r}")
    ids, mask, labels = (got[name] for name in KEYS)
    assert ids.dim() == 2 and len(ids) == len(batch), (
        f"{call} gave input_ids of shape {tuple(ids.shape)}, where there is one row for each of {len(batch)} texts."
    )
    assert mask.shape == ids.shape, (
        f"{call} gave an attention mask of shape {tuple(mask.shape)} for ids of shape {tuple(ids.shape)}. There is a place in the mask for each place in a row."
    )
    assert labels.shape == (len(batch),), (
        f"{call} gave labels of shape {tuple(labels.shape)}, where there is one for each of {len(batch)} texts."
    )
    return ids, mask, labels


def check_rows(ids, mask, batch, pad_id, call):
    """Every row is its text, then padding, and the mask says which is which."""
    for row, seen, item in zip(ids.tolist(), mask.tolist(), batch, strict=True):
        n = len(item["input_ids"])
        assert row[:n] == item["input_ids"], (
            f"{call} gave a row that doesn't begin with the text's own ids. Padding is on the right, and nothing is cut."
        )
        assert all(i == pad_id for i in row[n:]), (
            f"{call} filled the row of a text of {tokens(n)} with {row[n:][0]}, where `pad_id` is {pad_id}."
        )
        assert seen == [1] * n + [0] * (len(row) - n), (
            f"{call} gave a text of {tokens(n)} the mask {seen}. A 1 stands for each token of the text, a 0 for each place of padding."
        )


@pytest.mark.points(2)
def test_rows_of_one_length(learner, rng):
    """Each row begins with its text, in the order of the batch."""
    batch = texts(rng, [3, 7, 5, 1])
    call = "collate(batch, 0), on texts of 3, 7, 5 and 1 tokens,"
    ids, mask, labels = collated(learner, call, batch, 0)
    starts = [row[: len(item["input_ids"])] == item["input_ids"] for row, item in zip(ids.tolist(), batch, strict=True)]
    assert all(starts), (
        f"{call} gave a row that doesn't begin with the text's own ids, in the order of the batch. Padding is on the right, and nothing is cut."
    )
    check_rows(ids, mask, batch, 0, call)
    assert labels.tolist() == [item["label"] for item in batch], (
        f"{call} gave the labels {labels.tolist()}. Each text has its own, in the order of the batch."
    )


@pytest.mark.points(1)
def test_padding_is_pad_id(learner, rng):
    """Rows are filled with the id that was asked for."""
    for pad_id in (0, int(rng.integers(101, 200)), 1):
        batch = texts(rng, [2, 6, 4])
        call = f"collate(batch, {pad_id}), on texts of 2, 6 and 4 tokens,"
        ids, _, _ = collated(learner, call, batch, pad_id)
        begins = all(row[: len(item["input_ids"])] == item["input_ids"] for row, item in zip(ids.tolist(), batch, strict=True))
        assert begins, f"{call} gave a row that doesn't begin with the text's own ids. Padding is on the right, and nothing is cut."
        filling = {i for row, item in zip(ids.tolist(), batch, strict=True) for i in row[len(item["input_ids"]) :]}
        assert filling, f"{call} padded nothing: its rows have {ids.shape[1]} places."
        assert filling == {pad_id}, (
            f"{call} filled the rows with {', '.join(map(str, sorted(filling)))}, where `pad_id` is {pad_id}. Which id means padding differs from tokenizer to tokenizer."
        )


@pytest.mark.points(2)
def test_the_mask_tells_padding_apart(learner, rng):
    """The mask is 1 on each token of a text, also on one that has the padding's id, and 0 on padding."""
    for pad_id in (0, 7):
        batch = texts(rng, [4, 9, 6])
        batch[1]["input_ids"][3] = pad_id
        batch[0]["input_ids"][-1] = pad_id
        call = f"collate(batch, {pad_id}), on texts two of which hold a token {pad_id},"
        ids, mask, _ = collated(learner, call, batch, pad_id)
        lengths = [len(item["input_ids"]) for item in batch]
        assert not bool((mask == 1).all()), f"{call} gave a mask of all ones. The model would read the padding as text."
        on_tokens = all(bool((row[:n] == 1).all()) for row, n in zip(mask, lengths, strict=True))
        by_value = torch.equal(mask.bool(), ids != pad_id)
        assert on_tokens or not by_value, (
            f"{call} masked a token of the text, because it equals `pad_id`. Some tokenizers pad with a token that texts end with: go by the texts' lengths, not by the ids."
        )
        begins = all(row[: len(item["input_ids"])] == item["input_ids"] for row, item in zip(ids.tolist(), batch, strict=True))
        assert begins, (
            f"{call} gave ids and mask that don't fit one another, or aren't padded on the right. On which side is the padding, and on which side are the mask's zeros?"
        )
        check_rows(ids, mask, batch, pad_id, call)


@pytest.mark.points(1)
def test_as_wide_as_the_longest_text(learner, rng):
    """A batch is as wide as its own longest text, and no wider."""
    for lengths in ([3, 5], [int(n) for n in rng.integers(2, 30, size=6)], [4]):
        batch = texts(rng, lengths)
        call = f"collate(batch, 0), on texts of {', '.join(map(str, lengths))} tokens,"
        ids, mask, _ = collated(learner, call, batch, 0)
        assert ids.shape[1] == max(lengths), (
            f"{call} gave rows of {ids.shape[1]} places. The longest text of this batch decides; every place more costs time for nothing."
        )
        check_rows(ids, mask, batch, 0, call)


@pytest.mark.points(2)
def test_a_multiple_of_eight(learner, rng):
    """With `multiple_of`, rows are as long as the next multiple, and no longer."""
    for longest, multiple in ((9, 8), (16, 8), (5, 4), (12, 3), (7, 1), (2, 16)):
        batch = texts(rng, [1, longest, 2])
        call = f"collate(batch, 5, {multiple}), whose longest text has {longest} tokens,"
        ids, mask, _ = collated(learner, call, batch, 5, multiple)
        width = ids.shape[1]
        assert width >= longest, f"{call} gave rows of {width} places: too short for the longest text. The length is rounded up."
        assert width % multiple == 0, f"{call} gave rows of {width} places, which isn't a multiple of {multiple}. Is `multiple_of` used?"
        assert width - longest < multiple, (
            f"{call} gave rows of {width} places. That is a multiple, but not the next one: a length that is already a multiple stays."
        )
        check_rows(ids, mask, batch, 5, call)


@pytest.mark.points(1)
def test_labels_are_whole_numbers(learner, rng):
    """All three tensors are of type int64, which embeddings and cross entropy ask for."""
    batch = texts(rng, [3, 5, 2])
    call = "collate(batch, 0), on three texts,"
    for name, tensor in zip(KEYS, collated(learner, call, batch, 0), strict=True):
        assert not tensor.is_floating_point(), (
            f"{call} gave {name} of a float type. They are whole numbers: of float labels the loss functions make a regression, or an error."
        )
        expect.tensor(tensor, call=f"{call} under {name!r}", dtype=torch.int64)


@pytest.mark.points(1)
def test_the_batch_stays_as_it_was(learner, rng):
    """The lists that were passed in keep their length, and other keys are passed over."""
    batch = [item | {"film": f"film {i}", "token_type_ids": [0] * len(item["input_ids"])} for i, item in enumerate(texts(rng, [2, 6, 3]))]
    before = copy.deepcopy(batch)
    call = "collate(batch, 0), on three texts with film and token_type_ids besides,"
    ids, mask, _ = collated(learner, call, batch, 0)
    assert learner.last.args[0] == before, (
        f"{call} changed the lists that it was given. In the next epoch their padding would be taken for text. Make new lists."
    )
    check_rows(ids, mask, before, 0, call)


@pytest.mark.points(1)
def test_neighbours_do_not_matter(learner, rng):
    """A text's prediction is the same alone and beside a longer text, whatever the padding."""
    model = tiny_bert(layers=2, vocab=100)
    short, other, long = texts(rng, [4, 7, 30])
    for pad_id, multiple in ((0, None), (3, 8)):
        alone = collated(learner, f"collate([text], {pad_id}, {multiple})", [short], pad_id, multiple)
        beside = collated(learner, f"collate([text, longer ones], {pad_id}, {multiple})", [short, long, other], pad_id, multiple)
        for (ids, _, _), longest in ((alone, 4), (beside, 30)):
            assert ids.shape[1] <= 32, (
                f"collate made rows of {ids.shape[1]} places of texts of at most {longest} tokens. The longest text decides."
            )
        with torch.no_grad():
            found = [model(input_ids=ids, attention_mask=mask).logits[0] for ids, mask, _ in (alone, beside)]
            direct = model(input_ids=torch.tensor([short["input_ids"]])).logits[0]
        for logits, where in zip(found, ("alone", "beside longer texts"), strict=True):
            assert torch.allclose(logits, direct, atol=1e-5), (
                f"A small model gives a text other logits out of collate's batch, {where}, than without any padding (pad_id {pad_id}, multiple_of {multiple}). It must not depend on what its neighbours are: look at the mask."
            )


def logits_of(model, ids, mask):
    """The model's scores for a batch."""
    import torch

    with torch.no_grad():
        return model(input_ids=ids, attention_mask=mask).logits


@pytest.mark.points(2)
def test_a_real_minilm(learner, rng):
    """MiniLM says the same of a real review, whoever its neighbours are."""
    tokenizer, every = minilm_tokenizer(), data.reviews()
    chosen = every.select([int(i) for i in rng.choice(len(every), size=6, replace=False)])
    batch = [{"input_ids": tokenizer(row["text"])["input_ids"], "label": row["label"]} for row in chosen]
    model = learner.make(minilm_classifier)
    call = "collate(batch, pad_id), on six real reviews,"
    ids, mask, labels = collated(learner, call, batch, tokenizer.pad_token_id, 8)
    assert labels.tolist() == list(chosen["label"]), f"{call} gave other labels than the reviews have."
    together = learner.probe(logits_of, model, ids, mask)
    expect.tensor(together, call="MiniLM, on collate's batch,", shape=(6, 2))
    for i, item in enumerate(batch):
        alone = torch.tensor([item["input_ids"]])
        right = learner.probe(logits_of, model, alone, torch.ones_like(alone))
        assert torch.allclose(together[i], right[0], atol=1e-4), (
            "MiniLM gives a review other logits in collate's batch than by itself. The padding of its row reaches the prediction: is the mask 0 there, and 1 on every token?"
        )
    check_rows(ids, mask, batch, tokenizer.pad_token_id, call)
