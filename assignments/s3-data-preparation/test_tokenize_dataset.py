"""Public checks of `tokenize_dataset`: examples to check oneself by."""

from datasets import Dataset

from tunelab import expect
from tunelab.codec import Table
from tunelab.models import minilm_tokenizer


def tokenized(learner, max_length):
    rows = {"text": ["A fun ride.", "Dull", "Loud, long and empty"], "film": ["a", "b", "c"], "label": [1, 0, 0]}
    call = f"tokenize_dataset(dataset, tokenizer, {max_length}), on the texts {rows['text']},"
    got = learner.tokenize_dataset(Dataset.from_dict(rows), learner.make(minilm_tokenizer), max_length)
    expect.value(got, call=call)
    assert isinstance(got, Table), f"{call} gave a {type(got).__name__}. It should be a Dataset."
    return got.columns, call


def test_the_example_of_the_contract(learner):
    """The ids of the example, uncut and cut to four tokens."""
    for max_length, right in ((6, [101, 1037, 4569, 4536, 1012, 102]), (4, [101, 1037, 4569, 102])):
        columns, call = tokenized(learner, max_length)
        found = columns.get("input_ids", [None])[0]
        assert found == right, f"{call} gave {found} for the first text. It should be {right}."


def test_no_padding(learner):
    """Each row is as long as its text, and so is its mask."""
    columns, call = tokenized(learner, 20)
    for name in ("input_ids", "attention_mask"):
        lengths = [len(row) for row in columns.get(name, [])]
        assert lengths == [6, 3, 7], f"{call} gave rows of {lengths} numbers under {name!r}. They should have [6, 3, 7]."


def test_the_columns(learner):
    """Labels stay, text and film go."""
    columns, call = tokenized(learner, 20)
    assert columns.get("label") == [1, 0, 0], f"{call} gave the labels {columns.get('label')}. They should be [1, 0, 0]."
    extra = set(columns) - {"input_ids", "attention_mask", "token_type_ids", "label"}
    assert not extra, f"{call} kept the columns {sorted(extra)}. They should be gone."
