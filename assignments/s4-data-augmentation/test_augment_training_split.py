"""Public checks of `augment_training_split`: examples to check oneself by."""

import copy

from tunelab import expect

SPLITS = {
    "train": [{"text": "a dull film", "label": 0, "film": "ali"}, {"text": "a warm film", "label": 1, "film": "big"}],
    "dev": [{"text": "so long", "label": 0, "film": "cet"}],
    "test": [{"text": "Film: dull A!", "label": 1, "film": "dot"}],
}


def backwards(text, rng):
    """The words from the last to the first."""
    return " ".join(text.split()[::-1])


def numbered(text, rng):
    """The text and a random number."""
    return f"{text} {int(rng.integers(1000))}"


def augmented(learner, augment, copies, seed=0):
    got = learner.augment_training_split(copy.deepcopy(SPLITS), augment, copies, seed)
    return expect.mapping(got, call=f"augment_training_split(splits, augment, {copies}, {seed})", keys=tuple(SPLITS))


def test_only_training_grows(learner):
    """Two copies make six training rows of two; dev and test stay as they were."""
    got = augmented(learner, numbered, 2)
    assert len(got["train"]) == 6, (
        f"augment_training_split(splits, augment, 2, 0), with two training rows, gave {len(got['train'])}. It should be 6."
    )
    assert got["train"][:2] == SPLITS["train"], (
        f"augment_training_split gave {got['train'][:2]} as its first training rows. They should be the two old ones."
    )
    assert (got["dev"], got["test"]) == (SPLITS["dev"], SPLITS["test"]), (
        "augment_training_split changed dev or test. They should stay as they were."
    )
    assert learner.last.args[0] == SPLITS, "augment_training_split changed the splits that it was given."


def test_labels_and_other_keys(learner):
    """A new row has everything that its row has, but for the text."""
    new = augmented(learner, numbered, 1)["train"][2:]
    left = sorted((row.get("film"), row.get("label"), row["text"].rsplit(" ", 1)[0]) for row in new)
    right = [("ali", 0, "a dull film"), ("big", 1, "a warm film")]
    assert left == right, f"augment_training_split added rows with film, label and text {left}, the numbers left out. It should be {right}."


def test_a_twin(learner):
    """Backwards, "a dull film" has the words of a test text: that row keeps its own text."""
    texts = sorted(row["text"] for row in augmented(learner, backwards, 1)["train"][2:])
    right = ["a dull film", "film warm a"]
    assert texts == right, f"augment_training_split added the texts {texts}. They should be {right}."


def test_seeds(learner):
    """The same seed gives the same rows; the copies of a row differ."""
    first = augmented(learner, numbered, 3, 1)
    assert augmented(learner, numbered, 3, 1) == first, "augment_training_split gave two different results for the same seed."
    assert len({row["text"] for row in first["train"]}) == 8, (
        "augment_training_split gave a row the same new text twice. One generator goes from call to call."
    )


def test_fewer_than_none(learner):
    """A negative number of copies is refused with a ValueError."""
    try:
        learner.augment_training_split(SPLITS, numbered, -1, 0)
    except ValueError as error:
        assert "copies" in str(error), "augment_training_split with -1 copies raised a ValueError that doesn't name `copies`."
    else:
        raise AssertionError("augment_training_split with -1 copies raised nothing. The contract asks for a ValueError.")
