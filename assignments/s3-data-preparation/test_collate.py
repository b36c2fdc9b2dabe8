"""Public checks of `collate`: examples to check oneself by."""

import torch

from tunelab import expect

BATCH = [{"input_ids": [5, 6, 7], "label": 1}, {"input_ids": [8], "label": 0}]


def check(learner, right, call, *arguments):
    got = learner.collate(BATCH, *arguments)
    expect.mapping(got, call=call, keys=right)
    for name, wanted in right.items():
        expect.tensor(got[name], call=f"{call} under {name!r}", shape=tuple(torch.tensor(wanted).shape), dtype=torch.int64)
        assert got[name].tolist() == wanted, f"{call} gave {name} {got[name].tolist()}. It should be {wanted}."


def test_two_texts(learner):
    """The shorter text is padded on the right with `pad_id`."""
    right = {"input_ids": [[5, 6, 7], [8, 9, 9]], "attention_mask": [[1, 1, 1], [1, 0, 0]], "labels": [1, 0]}
    check(learner, right, f"collate({BATCH}, 9)", 9)


def test_a_multiple_of_two(learner):
    """Three tokens make rows of four."""
    right = {"input_ids": [[5, 6, 7, 0], [8, 0, 0, 0]], "attention_mask": [[1, 1, 1, 0], [1, 0, 0, 0]], "labels": [1, 0]}
    check(learner, right, f"collate({BATCH}, 0, 2)", 0, 2)


def test_a_token_that_looks_like_padding(learner):
    """A token of the text stays visible, though its id is `pad_id`."""
    right = {"input_ids": [[5, 6, 7], [8, 7, 7]], "attention_mask": [[1, 1, 1], [1, 0, 0]], "labels": [1, 0]}
    check(learner, right, f"collate({BATCH}, 7)", 7)
