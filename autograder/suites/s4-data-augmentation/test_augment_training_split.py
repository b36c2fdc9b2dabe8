"""Hidden suite of `augment_training_split`."""

import copy
import re
from collections import Counter

import pytest

from tunelab import expect

WORDS = ["slow", "long", "warm", "odd", "loud", "small", "pale", "plain", "cheap", "grand", "brisk", "dry", "sweet", "dark"]


def numbered(text, rng):
    """The text and a number from the generator, so that no two are alike."""
    return f"{text} #{int(rng.integers(2**62))}"


def turned(text, rng):
    """The words of the text, the last one first."""
    return " ".join(reversed(text.split()))


def bare(words):
    """The words of a text, in small letters."""
    return " ".join(re.findall(r"[^\W_]+", words.lower()))


def drawn_splits(rng, sizes):
    """Splits of so many rows each; every text is there once. Most of the training rows are of class 0."""
    total = sum(sizes.values())
    pairs = [(first, second) for first in WORDS for second in WORDS if first < second]
    texts = [" ".join(str(word) for word in rng.permutation([*pairs[int(place)], "film"])) for place in rng.permutation(len(pairs))[:total]]
    rows = [{"text": text, "label": int(number % 3 == 0), "film": f"film {number}"} for number, text in enumerate(texts)]
    splits, start = {}, 0
    for name, size in sizes.items():
        splits[name], start = rows[start : start + size], start + size
    return splits


def augmented(learner, splits, augment, copies, seed):
    sizes = ", ".join(f"{len(rows)} in {name!r}" for name, rows in splits.items())
    call = f"augment_training_split(splits, augment, {copies}, {seed}), with {sizes},"
    try:
        got = learner.augment_training_split(splits, augment, copies, seed)
    except (ValueError, IndexError, KeyError, TypeError, AttributeError) as error:
        raise AssertionError(
            f"{call} raised {type(error).__name__}: {error}. `augment` is called with a text and a generator; the splits besides 'train' may have any names."
        ) from None
    expect.mapping(got, call=call, keys=tuple(splits))
    for name, rows in got.items():
        expect.sequence(rows, call=f"{call} under {name!r}")
        for row in rows:
            assert type(row) is dict and "text" in row and "label" in row, (
                f"{call} gave {row!r} as a row of {name!r}. Each row is a dict with the keys that it had."
            )
    return got


def times(count):
    return ("not at all", "once")[count] if count < 2 else f"{count} times"


def plain(text):
    """A text as it may stand in a sentence, its number left out."""
    words, sign, _ = text.partition(" #")
    return repr(words + " #…" if sign else words)


def said_of(row):
    """A row's text and keys, as they may stand in a sentence."""
    return f"{plain(row['text'])} with the keys {', '.join(map(repr, row))}"


@pytest.mark.points(3)
def test_only_the_training_split_grows(learner, rng):
    """The other splits come back as they were, whatever they are called, and none of their texts is augmented."""
    for sizes, copies in (({"train": 9, "dev": 4, "test": 5}, 2), ({"test": 3, "validation": 4, "train": 6, "other films": 2}, 1)):
        splits = drawn_splits(rng, sizes)
        got = augmented(learner, splits, numbered, copies, int(rng.integers(1000)))
        due = (copies + 1) * len(splits["train"])
        assert len(got["train"]) > len(splits["train"]), (
            f"augment_training_split(splits, augment, {copies}, seed) gave {len(got['train'])} training rows for {len(splits['train'])}. "
            f"All of those and {copies} new one{'s' * (copies != 1)} for each are due: {due}."
        )
        for name in sizes:
            seen = {row["text"] for row in splits[name]}
            drawn_from = {args[0] for args in learner.last.calls.get("numbered", []) if args}
            if name != "train":
                assert not any(row["text"].partition(" #")[0] in seen for row in got["train"]), (
                    f"augment_training_split put texts of {name!r}, or changed copies of them, into the training split. Whoever augments first and splits afterwards gets just this: the test then asks what the model has seen."
                )
                assert got[name] == splits[name], (
                    f"augment_training_split changed the split {name!r}. It is what you measure by: it stays as the world is."
                )
                assert not drawn_from & seen, (
                    f"augment_training_split called `augment` on a text of {name!r}. Only training texts are augmented."
                )


@pytest.mark.points(2)
def test_originals_stay_in_front(learner, rng):
    """All original training rows stand first, as they were and in their order, and the new ones follow."""
    splits = drawn_splits(rng, {"train": 7, "dev": 3, "test": 3})
    got = augmented(learner, splits, numbered, 2, int(rng.integers(1000)))["train"]
    assert len(got) > 7, (
        f"augment_training_split(splits, augment, 2, seed), on 7 training rows, gave {len(got)} training rows. All of those and two new ones for each are due."
    )
    texts = [row["text"] for row in got]
    lost = [row["text"] for row in splits["train"] if row["text"] not in texts]
    assert not lost, (
        f"augment_training_split lost the training text {lost[0]!r}: it isn't among the training rows any more. Augmented texts are added to the originals; they don't take their place."
    )
    assert got[:7] == splits["train"], (
        "augment_training_split didn't give the 7 original training rows first, in their order and with all of their keys. The augmented ones come after them."
    )
    assert not {row["text"] for row in got[7:]} & {row["text"] for row in splits["train"]}, (
        "augment_training_split added an original text again, where `augment` gave a new one."
    )


@pytest.mark.points(2)
def test_each_row_gets_its_copies(learner, rng):
    """Each training row gets exactly `copies` new rows with its own label and its other keys, so that every class keeps its share."""
    copies = int(rng.integers(2, 5))
    splits = drawn_splits(rng, {"train": 8, "dev": 3, "test": 4})
    got = augmented(learner, splits, numbered, copies, int(rng.integers(1000)))["train"]
    by_text = {row["text"]: row for row in splits["train"]}
    sources, call = Counter(), f"augment_training_split(splits, augment, {copies}, seed), on 8 training rows,"
    for row in got:
        origin = by_text.get(row["text"].partition(" #")[0])
        assert origin is not None, (
            f"{call} gave a training row with the text {plain(row['text'])}, which is neither a training text nor what `augment` made of one."
        )
        if row["text"] == origin["text"]:
            continue
        lost = [key for key in origin if key not in row]
        assert not lost, (
            f"{call} added the row {said_of(row)}, made of {said_of(origin)}. A new row has the label and all other keys of the row that it comes from."
        )
        assert row == origin | {"text": row["text"]}, (
            f"{call} added {row}, made of {origin}. A new row has the label and all other keys of the row that it comes from."
        )
        sources[origin["text"]] += 1
    uneven = [text for text in by_text if sources[text] != copies]
    assert not uneven, (
        f"{call} gave the training text {uneven[0]!r} {sources[uneven[0]]} new row{'s' * (sources[uneven[0]] != 1)}. Each row gets `copies` of them; else the classes don't keep their shares."
    )
    new = [row["text"] for row in got if row["text"] not in by_text]
    assert len(set(new)) == len(new), (
        "augment_training_split gave the same augmented text more than once, though `augment` draws a new number each time. One generator is made from the seed, and handed on from call to call."
    )


@pytest.mark.points(3)
def test_no_twin_of_a_held_out_text(learner, rng):
    """Where `augment` makes a text that is held out, upper and lower case and signs aside, the new row has its own original text instead."""
    splits = drawn_splits(rng, {"train": 9, "dev": 2, "test": 3})
    twins = {}
    for name, place, style in (
        ("dev", 1, str.upper),
        ("test", 4, lambda text: text.replace(" ", ", ") + "!"),
        ("test", 7, lambda text: text),
    ):
        origin = splits["train"][place]["text"]
        splits[name][place % 2]["text"] = style(turned(origin, None))
        twins[turned(origin, None)] = name
    got = augmented(learner, splits, turned, 2, int(rng.integers(1000)))["train"]
    through = [row["text"] for row in got if row["text"] in twins]
    there = next((row["text"] for row in splits[twins[through[0]]] if bare(row["text"]) == through[0]), "") if through else ""
    assert not through, (
        f"augment_training_split added {through[0]!r}, and {twins[through[0]]!r} has {there!r}: the words are the same. The model would be tested on what it has learnt by heart. "
        "Compare the words alone (`bare`), with all splits but the training split."
    )
    right = Counter()
    for row in splits["train"]:
        new = turned(row["text"], None)
        right[row["text"] if new in twins else new] += 2
    texts, call = Counter(row["text"] for row in got), "augment_training_split, with 9 training rows and 2 copies,"
    lost = [row["text"] for row in splits["train"] if row["text"] not in texts]
    assert not lost, f"{call} lost the training text {lost[0]!r}. All training rows stay, and copies are added."
    added = texts - Counter(row["text"] for row in splits["train"])
    for text, count in right.items():
        twin = turned(text, None) in twins
        assert added[text] == count or not twin, (
            f"{call} added the text {text!r} {times(added[text])}. What `augment` makes of it is held out: such a copy keeps the row's own text, so that no class shrinks."
        )
        assert added[text] == count, f"{call} added {text!r} {times(added[text])}. It isn't held out, and `augment` made it twice."
    assert len(got) == 27 and added == right, (
        f"{call} gave {len(got)} training rows, with texts among them that are due neither as originals nor as copies."
    )
    labels = Counter(row["label"] for row in got), Counter(row["label"] for row in splits["train"])
    assert all(labels[0][label] == 3 * count for label, count in labels[1].items()), (
        "augment_training_split changed the shares of the classes."
    )


@pytest.mark.points(2)
def test_the_seed_decides(learner, rng):
    """The same seed gives the same rows, another seed others, from a generator of its own."""
    splits, seed = drawn_splits(rng, {"train": 5, "dev": 2, "test": 2}), int(rng.integers(1000))
    first = augmented(learner, splits, numbered, 2, seed)
    moved = learner.last.random_moved
    assert len(first["train"]) == 15, (
        f"augment_training_split(splits, augment, 2, seed), on 5 training rows, gave {len(first['train'])} training rows, where those 5 and two new ones for each are due."
    )
    assert not moved, (
        f"augment_training_split moved the global random state of {', '.join(sorted(moved))}. Make a generator: `np.random.default_rng(seed)`."
    )
    assert augmented(learner, splits, numbered, 2, seed) == first, "augment_training_split gave two different results for the same seed."
    assert augmented(learner, splits, numbered, 2, seed + 1) != first, (
        "augment_training_split gave the same result for two seeds. The generator that `augment` gets is made from `seed`."
    )


@pytest.mark.points(1)
def test_arguments_stay_and_bounds(learner, rng):
    """The splits that were passed in aren't changed, no copies add nothing, and fewer than none are refused."""
    splits = drawn_splits(rng, {"train": 4, "dev": 2, "test": 2})
    before = copy.deepcopy(splits)
    got = augmented(learner, splits, numbered, 1, 0)
    assert len(got["train"]) == 8, (
        f"augment_training_split(splits, augment, 1, 0), on 4 training rows, gave {len(got['train'])} training rows, where those 4 and one new one for each are due."
    )
    assert learner.last.args[0] == before, (
        "augment_training_split changed the splits that it was given. Make new lists and new dicts; `append` and `row['text'] = …` change what others still hold."
    )
    got = augmented(learner, splits, numbered, 0, 0)
    other = [name for name in before if got[name] != before[name]]
    assert not other, (
        f"augment_training_split with 0 copies changed the rows of {other[0]!r}, or their order. Without copies all rows come back as they were."
    )
    try:
        learner.augment_training_split(splits, numbered, -1, 0)
    except ValueError as error:
        assert "copies" in str(error), (
            "augment_training_split(splits, augment, -1, 0) raised a ValueError that doesn't name `copies`. Say in it what is wrong."
        )
    else:
        raise AssertionError(
            "augment_training_split(splits, augment, -1, 0) raised nothing. Fewer than no copies are refused with a ValueError."
        )
