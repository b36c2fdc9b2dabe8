"""Hidden suite of `audit`."""

import numpy as np
import pytest

from tunelab import expect
from tunelab.codec import Fields

FIELDS = ("missing", "duplicates", "conflicts", "shares", "imbalance", "words")


def invented(rng, count):
    """Different texts of 1 to 30 words."""
    return [
        f"t{number} " + " ".join("abcdefgh"[: int(rng.integers(1, 9))] for _ in range(int(rng.integers(0, 30)))) for number in range(count)
    ]


def table(rng, text_key, label_key, labels, counts):
    """Complete rows with different texts, so many of each label, shuffled."""
    texts = iter(invented(rng, sum(counts)))
    rows = [
        {text_key: next(texts), label_key: label, "film": "x"} for label, count in zip(labels, counts, strict=True) for _ in range(count)
    ]
    return [rows[i] for i in rng.permutation(len(rows))]


def keys(rng):
    return f"text{int(rng.integers(100, 999))}", f"label{int(rng.integers(100, 999))}"


def part(call, name):
    """A call as it is named, with the field that is looked at."""
    return f"{call.rstrip(',')}: {name}"


def audited(learner, rows, text_key, label_key, about):
    """The ladder up to the fields: an Audit with all of them."""
    call = f"audit(rows, {text_key!r}, {label_key!r}), {about},"
    got = expect.value(learner.audit(rows, text_key, label_key), call=call)
    assert learner.last.args[0] == rows, (
        f"{call} changed the rows that it was given. They belong to the caller: gather the complete ones in a list of your own."
    )
    assert type(got) is Fields and got.type_name == "Audit", (
        f"{call} gave a {got.type_name if isinstance(got, Fields) else type(got).__name__}, where an Audit is asked for: `Audit(missing=…, duplicates=…, …)`."
    )
    for field in ("missing", "duplicates", "conflicts"):
        value = getattr(got, field)
        expect.integer(int(value) if isinstance(value, np.integer) else value, call=f"{call} in its field `{field}`", low=0)
    assert type(got.shares) is dict, (
        f"{call} gave shares of type {type(got.shares).__name__}. A dict is asked for: from each label to its share."
    )
    return got, call


@pytest.mark.points(1)
def test_shares_and_imbalance(learner, rng):
    """It gives each label's share, and how many times larger the largest class is than the smallest."""
    text_key, label_key = keys(rng)
    counts = [int(c) for c in rng.permutation([3, 7, 12]) + rng.integers(0, 3)]
    labels = [f"class{n}" for n in rng.integers(100, 999, size=1)] + ["good", "bad"]
    rows = table(rng, text_key, label_key, labels, counts)
    got, call = audited(learner, rows, text_key, label_key, f"on {len(rows)} complete rows of three classes")
    assert set(got.shares) == set(labels), f"{call} gave shares of {sorted(map(str, got.shares))}: there are other labels in the rows."
    assert all(type(value) is float for value in got.shares.values()), f"{part(call, 'shares')} are floats, not counts."
    for label, count in zip(labels, counts, strict=True):
        expect.close(
            got.shares[label], count / len(rows), call=part(call, f"shares[{label!r}]"), hint="Divide by the number of complete rows."
        )
    expect.number(got.imbalance, call=part(call, "imbalance"))
    assert abs(got.imbalance - min(counts) / max(counts)) > 1e-9 or min(counts) == max(counts), (
        f"{part(call, 'imbalance')} gave {got.imbalance:.4g}, the smallest class divided by the largest. The contract asks for it the other way round: how many times larger the largest is."
    )
    expect.number(got.imbalance, call=part(call, "imbalance"), low=1)
    expect.close(
        got.imbalance,
        max(counts) / min(counts),
        call=part(call, "imbalance"),
        hint="The size of the largest class, divided by that of the smallest.",
    )
    assert (got.missing, got.duplicates, got.conflicts) == (0, 0, 0), (
        f"{call} found {got.missing} missing, {got.duplicates} duplicates and {got.conflicts} conflicts, where all is in order."
    )


@pytest.mark.points(2)
def test_missing_is_no_label(learner, rng):
    """Rows without a text or a label are counted, and left out of everything else."""
    text_key, label_key = keys(rng)
    counts = [int(c) for c in rng.integers(4, 9, size=2)]
    rows = table(rng, text_key, label_key, ["up", "down"], counts)
    gaps = [
        {text_key: "a text of some more words than others have", label_key: None},
        {text_key: "a text without any label", "film": "x"},
        {text_key: None, label_key: "up"},
        {label_key: "down"},
        {text_key: " \n\t", label_key: "down"},
        {text_key: "", label_key: "up"},
        {text_key: None, label_key: None},
    ]
    holed = [*rows, *gaps]
    holed = [holed[i] for i in rng.permutation(len(holed))]
    got, call = audited(learner, holed, text_key, label_key, f"on {len(rows)} complete rows and 7 that lack something")
    assert None not in got.shares and "None" not in got.shares, (
        f"{call} takes a missing label for a label of its own. A row without a label is missing, and in no class."
    )
    assert set(got.shares) == {"up", "down"}, (
        f"{call} gave shares of {sorted(map(str, got.shares))}. Only labels that are there are labels."
    )
    assert got.missing != 8, f"{call} gave 8 for `missing`: a row that lacks both its text and its label counts once."
    assert got.missing == 7, (
        f"{call} gave {got.missing} for `missing`. A key that isn't there, None, and a text of nothing but white space: all three are gaps, of texts as of labels."
    )
    expect.close(
        got.shares["up"],
        counts[0] / len(rows),
        call=part(call, "the share of 'up'"),
        hint="Shares are of the complete rows. Leave the others out first.",
    )
    assert got.duplicates == 0, f"{call} gave {got.duplicates} duplicates. Blank texts aren't copies of one another: they are missing."


@pytest.mark.points(1)
def test_zero_is_a_label(learner, rng):
    """0 and the empty string are labels like others."""
    text_key, label_key = keys(rng)
    counts = [int(c) for c in rng.integers(3, 9, size=2)]
    for labels in ([0, 1], ["", "spam"]):
        rows = table(rng, text_key, label_key, labels, counts)
        got, call = audited(learner, rows, text_key, label_key, f"with the labels {labels[0]!r} and {labels[1]!r}")
        assert labels[0] in got.shares, (
            f"{call} doesn't know the label {labels[0]!r}. It is false in an `if`, but it is there: ask whether it is None."
        )
        assert got.missing == 0, f"{call} gave {got.missing} for `missing`, where every row has a text and a label."
        expect.close(
            got.shares[labels[0]], counts[0] / sum(counts), call=part(call, f"the share of {labels[0]!r}"), hint="Count it like the other."
        )


@pytest.mark.points(2)
def test_duplicates_beyond_the_first(learner, rng):
    """A duplicate is a row whose text stood there before, letter by letter, whatever its label."""
    text_key, label_key = keys(rng)
    rows = table(rng, text_key, label_key, [1, 2], [6, 8])
    copies = [dict(rows[0]), dict(rows[0]), dict(rows[1]), rows[2] | {label_key: 3 - rows[2][label_key]}]
    different = [rows[3] | {text_key: rows[3][text_key].upper()}]
    got, call = audited(
        learner, [*rows, *copies, *different], text_key, label_key, "where one text stands there three times and two others twice"
    )
    assert got.duplicates != 3, (
        f"{call} gave 3 duplicates. That is how many texts stand there more than once, or how many copies agree in the label, too: count every row but the first of a text."
    )
    assert got.duplicates != 7, f"{call} gave 7 duplicates. The first row of a text is no duplicate: only those after it count."
    assert got.duplicates != 5, f"{call} gave 5 duplicates. A text in capitals is another text here: compare as they stand."
    assert got.duplicates == 4, f"{call} gave {got.duplicates} duplicates. Count the rows, less the different texts."
    labels = [row[label_key] for row in [*rows, *copies, *different]]
    hint = "Copies stay in the counts: an audit counts, and doesn't clean."
    for label in (1, 2):
        expect.close(got.shares.get(label, 0.0), labels.count(label) / len(labels), call=part(call, f"shares[{label}]"), hint=hint)


@pytest.mark.points(2)
def test_conflicts_count_texts(learner, rng):
    """A text that stands there with several labels is one conflict, however many copies it has."""
    text_key, label_key = keys(rng)
    rows = table(rng, text_key, label_key, ["a", "b", "c"], [5, 6, 4])
    other = {"a": "b", "b": "c", "c": "a"}
    extra = []
    for row, copies in zip(rows[:3], (1, 4, 2), strict=True):
        extra += [row | {label_key: other[row[label_key]]} for _ in range(copies)]
    extra.append(rows[1] | {label_key: other[other[rows[1][label_key]]]})
    extra += [dict(rows[4]), dict(rows[4])]
    mixed = [*rows, *(extra[i] for i in rng.permutation(len(extra)))]
    got, call = audited(learner, mixed, text_key, label_key, "where three texts have more than one label, one of them in six copies")
    assert got.conflicts not in (8, 9, 10, 11), (
        f"{call} gave {got.conflicts} conflicts. A conflict is a text, not a row: it counts once, however many copies it has."
    )
    assert got.conflicts != 4, (
        f"{call} gave 4 conflicts. A text that stands there more than once, but always with the same label, is no conflict; and one with three labels is one conflict."
    )
    assert got.conflicts == 3, (
        f"{call} gave {got.conflicts} conflicts. Gather the labels of each text, and count the texts that have more than one."
    )


@pytest.mark.points(2)
def test_lengths_in_words(learner, rng):
    """The quantiles are of numbers of words: 5%, 50% and 95%."""
    text_key, label_key = keys(rng)
    rows = table(rng, text_key, label_key, [0, 1], [8, 6])
    rows = [row | {text_key: row[text_key].replace(" ", "  \n", 1)} for row in rows]
    long = {text_key: "  ".join(["word"] * 40), label_key: 0}
    rows = [(rows + [long] * 4)[i] for i in rng.permutation(len(rows) + 4)]
    got, call = audited(learner, rows, text_key, label_key, "on texts of 1 to 40 words with some double spaces, the longest in four copies")
    assert type(got.words) in (tuple, list) and len(got.words) == 3, (
        f"{call} gave {got.words!r:.60} for `words`. Three numbers are asked for, in a tuple."
    )
    texts = [row[text_key] for row in rows]
    shares = [0.05, 0.5, 0.95]
    lengths = [len(t.split()) for t in texts]
    true = [len(row[text_key].split()) for row in rows if row[label_key]]
    right = np.quantile(lengths, shares)
    found = np.array([float(x) for x in got.words])
    for wrong, said in (
        (np.quantile([len(t) for t in texts], shares), "counted characters. The lengths are in words: what str.split() makes of a text."),
        (
            np.quantile([t.count(" ") + 1 for t in texts], shares),
            "counted spaces. Two spaces in a row, or a line break, part two words once: str.split() without an argument sees to it.",
        ),
        (np.quantile(lengths, [0.1, 0.5, 0.9]), "gave the 10% and 90% quantiles. The contract asks for 5%, 50% and 95%."),
        (
            np.quantile([len(t.split()) for t in set(texts)], shares),
            "gave the quantiles of the different texts. Copies count: each complete row adds its number of words.",
        ),
        (np.quantile(true, shares), "left out the rows with the label 0. It is a label like others, so these rows are complete."),
    ):
        assert not np.allclose(found, wrong) or np.allclose(found, right), f"{call} {said}"
    assert np.allclose(found, right, rtol=1e-6, atol=1e-6), (
        f"{call} gave {tuple(round(x, 4) for x in found.tolist())} for `words`, which isn't right. It holds the 5%, 50% and 95% quantiles, in this order, of how many words the complete rows have; copies count."
    )


@pytest.mark.points(1)
def test_nothing_complete(learner, rng):
    """Without a complete row there is nothing to divide by: a ValueError that names `rows`."""
    text_key, label_key = keys(rng)
    for rows, about in (
        ([], "without rows"),
        ([{text_key: "so", label_key: None}, {label_key: 1}], "on two rows that both lack something"),
    ):
        call = f"audit(rows, {text_key!r}, {label_key!r}), {about},"
        try:
            got = learner.audit(rows, text_key, label_key)
        except ValueError as error:
            assert "rows" in str(error), f"{call} raised ValueError: {str(error)[:80]}. Name `rows` in the message."
        except (ZeroDivisionError, IndexError) as error:
            raise AssertionError(
                f"{call} raised {type(error).__name__}. Say it in your own words: a ValueError that names `rows`."
            ) from None
        else:
            gave = "an Audit" if isinstance(got, Fields) else f"{got!r:.60}"
            shares = getattr(got, "shares", None)
            kept = (
                " Its `shares` have one for None: a row without a label isn't complete." if type(shares) is dict and None in shares else ""
            )
            raise AssertionError(f"{call} gave {gave}. There are no shares of nothing: the contract asks for a ValueError.{kept}")
