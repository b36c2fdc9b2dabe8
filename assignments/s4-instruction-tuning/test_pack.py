"""Public checks of `pack`: examples to check oneself by."""

from tunelab import expect

KEYS = ("input_ids", "labels", "position_ids", "segments")
EXAMPLES = (
    {"input_ids": [11, 12, 13], "labels": [-100, 12, 13]},
    {"input_ids": [21, 22], "labels": [-100, 22]},
    {"input_ids": [31, 32, 33, 34], "labels": [-100, -100, 33, 34]},
)


def examples():
    return [{key: list(value) for key, value in example.items()} for example in EXAMPLES]


def test_the_example_of_the_lesson(learner):
    """Examples of 3, 2 and 4 tokens, in packs of at most 6."""
    got = learner.pack(examples(), 6)
    expect.sequence(got, call="pack(examples, 6)", length=2)
    right = [
        {
            "input_ids": [11, 12, 13, 21, 22],
            "labels": [-100, 12, 13, -100, 22],
            "position_ids": [0, 1, 2, 0, 1],
            "segments": [0, 0, 0, 1, 1],
        },
        {"input_ids": [31, 32, 33, 34], "labels": [-100, -100, 33, 34], "position_ids": [0, 1, 2, 3], "segments": [0, 0, 0, 0]},
    ]
    for number, (found, wanted) in enumerate(zip(got, right, strict=True)):
        expect.mapping(found, call=f"pack(examples, 6) as pack {number}", keys=KEYS)
        for key in KEYS:
            assert found[key] == wanted[key], f"pack(examples, 6) gave pack {number} the {key} {found[key]}. They should be {wanted[key]}."


def test_a_pack_that_is_full(learner):
    """Examples of 3 and 2 tokens fill a pack of 5."""
    got = learner.pack(examples(), 5)
    sizes = [len(found["input_ids"]) for found in got]
    assert sizes == [5, 4], f"pack(examples, 5), on examples of 3, 2 and 4 tokens, gave packs of {sizes} tokens. They should have 5 and 4."


def test_a_first_label(learner):
    """A label on the first token of an example becomes -100."""
    got = learner.pack([{"input_ids": [7, 8], "labels": [7, 8]}, {"input_ids": [9], "labels": [9]}], 4)
    expect.sequence(got, call="pack(examples, 4)", length=1)
    assert got[0]["labels"] == [-100, 8, -100], (
        f"pack(examples, 4), on labels [7, 8] and [9], gave {got[0]['labels']}. It should be [-100, 8, -100]."
    )


def test_too_long(learner):
    """An example longer than a pack is refused."""
    try:
        learner.pack(examples(), 3)
    except ValueError as error:
        assert "max_length" in str(error), (
            "pack(examples, 3), with an example of 4 tokens, raised a ValueError that doesn't name `max_length`."
        )
    else:
        raise AssertionError("pack(examples, 3), with an example of 4 tokens, raised nothing. The contract asks for a ValueError.")


def test_nothing_to_pack(learner):
    """No examples, no packs."""
    got = learner.pack([], 8)
    assert got == [], f"pack([], 8) gave {got!r}. It should be an empty list."
