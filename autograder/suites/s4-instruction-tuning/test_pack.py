"""Hidden suite of `pack`."""

import pytest
import torch

from tunelab import expect
from tunelab.models import tiny_llama

KEYS = ("input_ids", "labels", "position_ids", "segments")


def example(rng, size, answer=None):
    """An example as `mask_prompt` makes it: only its last tokens have labels."""
    ids = rng.integers(3, 100, size=size).tolist()
    learnt = size if answer is None else answer
    return {"input_ids": ids, "attention_mask": [1] * size, "labels": [-100] * (size - learnt) + ids[size - learnt :]}


def examples_of(rng, sizes):
    return [example(rng, size, min(3, size - 1)) for size in sizes]


def called(learner, examples, max_length, more=""):
    """The packs of a call that must succeed, after all checks of form."""
    sizes = [len(e["input_ids"]) for e in examples]
    call = f"pack(examples, {max_length}), on examples of {sizes} tokens{more},"
    got = learner.pack(examples, max_length)
    expect.sequence(got, call=call)
    for found in got:
        expect.mapping(found, call=f"{call} as one of its packs", keys=KEYS)
        for key in KEYS:
            expect.sequence(found[key], call=f"{call} under {key!r},")
            assert all(type(value) is int for value in found[key]), (
                f"{call} gave under {key!r} something other than whole numbers. A flat list of ints is asked for."
            )
        lengths = {key: len(found[key]) for key in KEYS}
        assert len(set(lengths.values())) == 1, f"{call} gave a pack whose lists differ in length: {lengths}."
        assert lengths["input_ids"] <= max_length, (
            f"{call} gave a pack of {lengths['input_ids']} tokens. None may be longer than `max_length`."
        )
        assert lengths["input_ids"], f"{call} gave an empty pack."
    return got, call


def by_greed(sizes, max_length):
    """Which examples go into which pack."""
    packs, room = [], 0
    for number, size in enumerate(sizes):
        if size > room:
            packs.append([])
            room = max_length
        packs[-1].append(number)
        room -= size
    return packs


def by_first_fit(sizes, max_length):
    """Which examples go into which pack, when one with room is looked for among all."""
    packs = []
    for number, size in enumerate(sizes):
        place = next((p for p in packs if sum(sizes[i] for i in p) + size <= max_length), None)
        if place is None:
            packs.append(place := [])
        place.append(number)
    return packs


def kept(packs, examples, max_length, call):
    """The packs hold all examples, each whole, in their order."""
    sizes = [len(e["input_ids"]) for e in examples]
    found, wanted = [p["input_ids"] for p in packs], [token for e in examples for token in e["input_ids"]]
    tokens, told = [token for ids in found for token in ids], f"{call} gave packs of {[len(ids) for ids in found]} tokens"
    assert len(tokens) >= len(wanted), f"{told}, {len(tokens)} in all, of {len(wanted)}. Something is lost" + (
        " at the end: what happens to the last pack when the loop ends?" if tokens == wanted[: len(tokens)] else ": every token goes along."
    )
    assert len(tokens) == len(wanted), f"{told}, {len(tokens)} in all, of {len(wanted)}. Nothing is added, no padding either."
    fitted = [[token for i in numbers for token in examples[i]["input_ids"]] for numbers in by_first_fit(sizes, max_length)]
    assert tokens == wanted or found != fitted, (
        f"{told}, with examples in packs that were begun earlier. Only the pack that was begun last gets more: earlier packs are closed."
    )
    assert tokens == wanted, f"{told}, with the examples in another order, or changed. They are taken one after the other."
    ends, cuts = {sum(sizes[:n]) for n in range(len(sizes) + 1)}, [0]
    for ids in found:
        cuts.append(cuts[-1] + len(ids))
    assert set(cuts) <= ends, (
        f"{told}: an example is torn in two. Its second half would be an answer without its question. An example that doesn't fit begins a new pack."
    )


def grouped(packs, examples, max_length, call):
    """Each example is in the pack where it belongs."""
    kept(packs, examples, max_length, call)
    sizes, found = [len(e["input_ids"]) for e in examples], [len(p["input_ids"]) for p in packs]
    if found == [sum(sizes[i] for i in numbers) for numbers in by_greed(sizes, max_length)]:
        return
    never_full, room = [], 0
    for size in sizes:
        if size >= room:
            never_full.append(0)
            room = max_length
        never_full[-1] += size
        room -= size
    if found != sizes:
        assert found != never_full, (
            f"{call} gave packs of {found} tokens. An example that fills a pack exactly, to `max_length` tokens, still fits."
        )
    assert found != sizes, (
        f"{call} gave packs of {found} tokens, one for each example. What still fits goes to the pack that was begun last."
    )
    raise AssertionError(
        f"{call} gave packs of {found} tokens. Each example, in its turn, goes to the pack that was begun last if it fits, and else begins a new one."
    )


@pytest.mark.points(3)
def test_nothing_lost_or_split(learner, rng):
    """Every example is in one pack, whole, and their order is kept."""
    sizes = [*rng.integers(4, 12, size=9).tolist(), 5]
    examples = examples_of(rng, sizes)
    got, call = called(learner, examples, 20)
    kept(got, examples, 20, call)


@pytest.mark.points(2)
def test_as_many_as_fit(learner, rng):
    """An example goes into the pack begun last if it fits there, to the last place, and else begins a new one."""
    for sizes, limit in (
        ([6, 4, 10, 3, 3, 4, 1], 10),
        ([5, 5, 5, 5], 10),
        ([9, 2, 8, 1, 1], 10),
        (rng.integers(2, 9, size=14).tolist(), 16),
    ):
        examples = examples_of(rng, sizes)
        got, call = called(learner, examples, limit)
        grouped(got, examples, limit, call)


@pytest.mark.points(2)
def test_positions_begin_anew(learner, rng):
    """The positions of each example count from 0."""
    sizes = [4, 3, 5, 6, 2]
    examples = examples_of(rng, sizes)
    got, call = called(learner, examples, 12)
    grouped(got, examples, 12, call)
    found = [p["position_ids"] for p in got]
    assert found[0] != list(range(12)), (
        f"{call} gave positions that run on through the pack. For its own example a token is where it would be without its neighbours: each example begins at 0."
    )
    wanted = [[place for i in numbers for place in range(sizes[i])] for numbers in by_greed(sizes, 12)]
    assert found == wanted, f"{call} gave other positions than 0, 1, 2, … for each example."


@pytest.mark.points(2)
def test_segments_tell_examples_apart(learner, rng):
    """The tokens of the first example of a pack have segment 0, those of the next 1, and so on."""
    sizes = [4, 3, 5, 6, 2, 1]
    examples = examples_of(rng, sizes)
    got, call = called(learner, examples, 12)
    grouped(got, examples, 12, call)
    found = [p["segments"] for p in got]
    assert len(set(found[0])) > 1, (
        f"{call} gave all tokens of a pack the same segment, though three examples are in it. Nothing would keep them from reading one another."
    )
    wanted = [[k for k, i in enumerate(numbers) for _ in range(sizes[i])] for numbers in by_greed(sizes, 12)]
    assert found[0] == wanted[0], (
        f"{call} gave the first pack the segments {found[0]}. One number per example, from 0, as often as it has tokens."
    )
    assert found == wanted, f"{call} gave a later pack the segments {found[1]}. They count from 0 in each pack."


@pytest.mark.points(2)
def test_no_example_is_asked_about_the_next(learner, rng):
    """Labels go along with their tokens, but the first label of each example is -100."""
    sizes = [4, 3, 5, 6, 2]
    examples = [example(rng, size) for size in sizes]
    got, call = called(learner, examples, 12, ", all of them with labels from their first token on")
    grouped(got, examples, 12, call)
    starts = [label for p in got for label, place in zip(p["labels"], _starts(p, sizes, got), strict=True) if place]
    assert all(label == -100 for label in starts), (
        f"{call} left a label on the first token of an example. The loss would ask the last token of the example before to foretell it: that label is -100."
    )
    wanted = [[label for i in numbers for label in [-100, *examples[i]["labels"][1:]]] for numbers in by_greed(sizes, 12)]
    assert [p["labels"] for p in got] == wanted, f"{call} changed labels other than the first of each example, or lost some."
    assert [e["labels"] for e in learner.last.args[0]] == [e["labels"] for e in examples], (
        f"{call} changed the labels of the examples that it was given. The -100 belongs into the pack's own list."
    )
    masked = examples_of(rng, sizes)
    got, call = called(learner, masked, 12)
    wanted = [[label for i in numbers for label in masked[i]["labels"]] for numbers in by_greed(sizes, 12)]
    assert [p["labels"] for p in got] == wanted, (
        f"{call} gave other labels than the examples have. They go along as they are, -100 included."
    )


def _starts(found, sizes, packs):
    """For each token of a pack, whether an example begins there."""
    numbers = by_greed(sizes, 12)[next(i for i, p in enumerate(packs) if p is found)]
    return [place == 0 for i in numbers for place in range(sizes[i])]


@pytest.mark.points(2)
def test_a_model_reads_each_example_alone(learner, rng):
    """A model that is given the pack's positions and segments says of each example what it says of it alone."""
    sizes = [5, 7, 4]
    examples = examples_of(rng, sizes)
    got, call = called(learner, examples, 16)
    grouped(got, examples, 16, call)
    model = tiny_llama(layers=2, hidden=16)
    segments = torch.tensor(got[0]["segments"])
    allowed = (segments[:, None] == segments[None, :]).tril()
    places = torch.tensor(got[0]["position_ids"])
    assert int(places.min()) >= 0 and int(places.max()) < 128, f"{call} gave positions that no model has."
    with torch.no_grad():
        alone = torch.cat([model(torch.tensor([e["input_ids"]])).logits[0] for e in examples])
        packed = model(
            torch.tensor([got[0]["input_ids"]]),
            position_ids=places[None],
            attention_mask=torch.zeros(1, 1, 16, 16).masked_fill(~allowed, torch.finfo(torch.float32).min),
        ).logits[0]
    anew = len(set(segments.tolist())) == 3
    expect.close(
        packed,
        alone,
        call=f"{call} then a small Llama, with attention within a segment only,",
        hint="Its logits should be those of the examples read alone. "
        + (
            "Do segments and positions begin anew with every example?"
            if anew
            else "Three examples are in the pack: each is a segment of its own."
        ),
        atol=1e-4,
    )


@pytest.mark.points(1)
def test_an_example_that_is_too_long(learner, rng):
    """An example longer than max_length is refused with a ValueError that names max_length; one of just that length isn't."""
    examples = examples_of(rng, [4, 9, 3])
    call = "pack(examples, 8), with an example of 9 tokens,"
    try:
        learner.pack(examples, 8)
    except ValueError as error:
        assert "max_length" in str(error), f"{call} raised a ValueError that says {str(error)[:80]!r}. Name `max_length` in it."
    else:
        raise AssertionError(f"{call} raised nothing. It fits nowhere: to drop or cut it without a word loses data.")
    got, call = called(learner, examples, 9)
    grouped(got, examples, 9, call)


@pytest.mark.points(1)
def test_no_examples_and_no_traces(learner, rng):
    """An empty list gives an empty list, and the examples are left as they were."""
    got = learner.pack([], 8)
    expect.sequence(got, call="pack([], 8)", length=0)
    examples = examples_of(rng, [3, 4, 2, 5])
    before = [{key: list(value) for key, value in e.items()} for e in examples]
    got, call = called(learner, examples, 8)
    left = learner.last.args[0]
    lists = [now.get("input_ids") if type(now) is dict else None for now in left]
    longer = any(type(ids) is list and len(ids) > len(then["input_ids"]) for ids, then in zip(lists, before, strict=False))
    assert left == before, f"{call} changed the examples that it was given. " + (
        "Is a pack the first example's own list, to which the others are added?" if longer else "They are left as they are."
    )
    grouped(got, before, 8, call)
