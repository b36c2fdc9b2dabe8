"""Hidden suite of `clean_reviews`."""

import copy

import pytest

from tunelab import data, expect

PRAISE = ["A fun ride", "Superb acting", "Warm and wise", "A small wonder", "Go and see it", "It glows"]
BLAME = ["Dull beyond words", "A waste of film", "Loud and empty", "It drags", "Nobody cares", "A slog"]


def cleaned(learner, rows, call):
    """The ladder up to values: a list of dicts with text and label."""
    try:
        got = learner.clean_reviews(rows)
    except (AttributeError, TypeError, KeyError) as error:
        raise AssertionError(
            f"{call} raised {type(error).__name__}: {error}. A row may come without a text: with None, with a NaN, or without the key."
        ) from None
    expect.sequence(got, call=call)
    for row in got:
        assert type(row) is dict and {"text", "label"} <= set(row), (
            f"{call} gave {row!r} among its rows. Each is a dict with all the keys that it had."
        )
        assert type(row["text"]) is str, f"{call} gave a row whose text is {row['text']!r}. Rows without a text are dropped."
    return got


def texts(rows):
    return [row["text"] for row in rows]


def review(text, label, **more):
    return {"text": text, "label": label, **more}


def agree(got, right, call):
    """The rows are the right ones; where they aren't, what is wrong with them is said."""
    if got == right:
        return
    were, wanted = texts(got), texts(right)
    if were != wanted:
        lowered = next(((t, w) for t, w in zip(were, wanted, strict=False) if t != w and t.casefold() == w.casefold()), None)
        assert lowered is None or len(got) != len(right), (
            f"{call} gave the text {lowered[0]!r}, where {lowered[1]!r} should come back. Case is folded to compare texts; what is kept isn't turned to lower case."
        )
        missing, extra = [w for w in wanted if w not in were], [t for t in were if t not in wanted]
        assert not missing or not extra, f"{call} gave the text {extra[0]!r}, where {missing[0]!r} should come back."
        assert not missing, f"{call} dropped {missing[0]!r}, which is to be kept."
        assert not extra, f"{call} kept {extra[0]!r}, which is to be dropped."
        twice = next((t for t in were if were.count(t) > wanted.count(t)), None)
        assert twice is None, f"{call} gave {twice!r} {were.count(twice)} times."
        raise AssertionError(f"{call} gave the rows in another order. They stay in the order in which they came.")
    wrong = next(i for i, (row, other) in enumerate(zip(got, right, strict=True)) if row != other)
    raise AssertionError(f"{call} gave {got[wrong]} for the row {right[wrong]}. Each row keeps all of its keys, with what is under them.")


def rows_of(number):
    return f"{number} row{'s' * (number != 1)}"


def plain(rng, size=4):
    """Clean rows that have nothing in common, in random order: what has to stay."""
    rows = [review(text, 1) for text in PRAISE] + [review(text, 0) for text in BLAME]
    return [rows[int(i)] | {"film": f"film {int(i)}"} for i in rng.permutation(len(rows))[:size]]


@pytest.mark.points(1)
def test_clean_rows_stay(learner, rng):
    """Rows that are clean already stay as they are, in their order, with all of their keys; a changed one among them is still found."""
    rows = plain(rng, 6)
    got = cleaned(learner, [*rows, review("  \n", 1)], "clean_reviews of six clean rows and a blank one")
    assert all(set(row) == {"text", "label", "film"} for row in got), (
        "clean_reviews, given rows with text, label and film, gave rows with other keys. Each row keeps all of its keys."
    )
    agree(got, rows, "clean_reviews, given six different clean rows and a blank one,")


@pytest.mark.points(2)
def test_missing_texts(learner, rng):
    """Rows without a text, with None, a NaN or only white space are dropped; a text that reads "None" is a text."""
    rows = plain(rng, 3)
    empty = [review(None, 1), {"label": 0}, review(float("nan"), 0), review("", 1), review(" \t\n\u00a0", 0)]
    for bad in empty:
        mixed = [rows[0], bad, *rows[1:]]
        shown = f"a row with the text {bad['text']!r}" if "text" in bad else "a row without the key 'text'"
        got = cleaned(learner, mixed, f"clean_reviews of three reviews and {shown}")
        kept = [text for text in texts(got) if text.casefold() not in [other.casefold() for other in texts(rows)]]
        assert not kept, (
            f'clean_reviews kept {shown}, as {kept[0]!r}. That is no text: it is to be dropped. (`str(None)` is the word "None", and `str` of a NaN the word "nan".)'
        )
        agree(got, rows, f"clean_reviews of three reviews and {shown}")
    named = [review("None", 1), *rows, review("nan", 0)]
    got = cleaned(learner, named, "clean_reviews of reviews that read 'None' and 'nan'")
    assert {"none", "nan"} <= {text.casefold() for text in texts(got)}, (
        'clean_reviews dropped a review whose text is the word "None" or "nan". Ask what a text is, not how it reads.'
    )
    agree(got, named, "clean_reviews of three reviews, and one that reads 'None' and one that reads 'nan',")


@pytest.mark.points(1)
def test_white_space_inside(learner, rng):
    """Every run of white space becomes one space, inside the text as at its ends."""
    rows = plain(rng, 3)
    for gap in ("  ", "\n", "\t ", " \r\n", "\u00a0", "\u2003 "):
        noisy = [row | {"text": f" {gap.join(row['text'].split())}{gap}"} for row in rows]
        got = cleaned(learner, noisy, f"clean_reviews of texts with {gap!r} between words")
        assert all(text == text.strip() for text in texts(got)), (
            f"clean_reviews left white space at an end of a text in which words are parted by {gap!r}."
        )
        left = [text for text in texts(got) if len(text.split()) > 1 and text != " ".join(text.split())]
        assert not left, (
            f"clean_reviews of texts with {gap!r} between the words gave {left[0]!r}, with that inside the text. `str.split()` without an argument splits at every kind of white space."
        )
        agree(got, rows, f"clean_reviews of texts with {gap!r} between the words")


@pytest.mark.points(1)
def test_one_form_of_unicode(learner):
    """Accents are written in one way (NFC), and nothing else is rewritten."""
    rows = [review("Cafe\u0301 noir, touche\u0301!", 1), review("Amelie\u0301 at 3½ stars… ﬁne", 0)]
    got = cleaned(learner, rows, "clean_reviews of texts with accents that are code points of their own")
    assert len(got) == 2, f"clean_reviews of two different texts with accents gave {len(got)} rows."
    assert not {"½", "…", "ﬁ"} - set(got[1]["text"]) or "1⁄2" not in got[1]["text"], (
        "clean_reviews rewrote one of the signs ½, … or ﬁ. That is form NFKC, which also replaces what only looks alike. NFC is asked for."
    )
    assert "\u0301" not in got[0]["text"], (
        "clean_reviews left an é as two code points, e and an accent. Two texts that look the same must be the same: bring them to form NFC."
    )
    right = [rows[0] | {"text": "Caf\u00e9 noir, touch\u00e9!"}, rows[1] | {"text": "Ameli\u00e9 at 3½ stars… ﬁne"}]
    agree(got, right, "clean_reviews of texts with accents and the signs ½, … and ﬁ")
    twice = [review("Touche\u0301!", 1), review("Touch\u00e9!", 1)]
    got = cleaned(learner, twice, "clean_reviews of one text in two forms of Unicode")
    assert len(got) == 1, (
        "clean_reviews kept the same text twice, because its accent is written as two code points in one of them. First one form, then the comparison."
    )


@pytest.mark.points(1)
def test_equal_up_to_case_and_space(learner, rng):
    """Texts that differ in upper and lower case or in white space are copies of one another."""
    rows = plain(rng, 4)
    copies = [
        rows[0] | {"text": rows[0]["text"].upper()},
        rows[1] | {"text": "  ".join(rows[1]["text"].split())},
        rows[2] | {"text": rows[2]["text"].swapcase() + "\n"},
    ]
    got = cleaned(learner, rows + copies, "clean_reviews of four reviews and copies of three, in other case and spacing,")
    assert len(got) > 3, (
        f"clean_reviews of four different reviews and copies of three of them gave {rows_of(len(got))}. One of each is kept."
    )
    assert len(got) == 4, (
        f"clean_reviews of four reviews and copies of three, in other case and spacing, gave {rows_of(len(got))}. Are the texts compared before or after cleaning?"
    )
    got = cleaned(
        learner,
        [review("Die lange Straße", 1), review("DIE LANGE STRASSE", 1)],
        "clean_reviews of 'Die lange Straße' and 'DIE LANGE STRASSE'",
    )
    assert len(got) == 1, (
        "clean_reviews kept both 'Die lange Straße' and 'DIE LANGE STRASSE'. `lower()` doesn't know that they are equal, `casefold()` does."
    )


@pytest.mark.points(1)
def test_the_first_copy_stays(learner, rng):
    """Of copies, the first stays, with its spelling, its other keys and its place."""
    rows = plain(rng, 4)
    copy_of_first = rows[0] | {"text": rows[0]["text"].upper(), "film": "another"}
    got = cleaned(learner, [*rows, copy_of_first, copy_of_first], "clean_reviews of four reviews and two copies of the first")
    assert copy_of_first not in got or rows[0] not in got, (
        f"clean_reviews kept a review, {rows[0]['text']!r}, and a later copy of it in capitals. Only the first of them stays."
    )
    assert copy_of_first not in got, (
        f"clean_reviews kept a later copy of a review, {copy_of_first['text']!r}. It is the first of them that stays, as it is written there."
    )
    agree(got, rows, "clean_reviews, given four reviews and later copies of the first,")


@pytest.mark.points(1)
def test_capitals_stay(learner, rng):
    """Case is folded to compare texts, not in what comes back."""
    rows = [*plain(rng, 3), review("WOW from A to Z", 1)]
    got = cleaned(learner, [*rows, review("wow FROM a TO z", 1)], "clean_reviews of texts with capitals")
    last = [text for text in texts(got) if text.casefold() == "wow from a to z"]
    assert len(last) < 2, f"clean_reviews of texts with capitals kept {last[1]!r}, a copy of {last[0]!r}."
    assert last != ["wow FROM a TO z"], "clean_reviews kept 'wow FROM a TO z', a later copy of 'WOW from A to Z'. The first of them stays."
    agree(got, rows, "clean_reviews of four texts, 'WOW from A to Z' the last of them, and a copy of that one")


@pytest.mark.points(2)
def test_conflicting_labels(learner, rng):
    """Copies whose labels disagree are all dropped: nobody knows which of them is right."""
    rows = plain(rng, 4)
    opposite = rows[1] | {"text": rows[1]["text"].upper(), "label": 1 - rows[1]["label"]}
    got = cleaned(learner, [*rows, opposite], "clean_reviews of four reviews and a copy of one with the other label")
    left = [row for row in got if row["text"].casefold() == rows[1]["text"].casefold()]
    assert not left, f"clean_reviews kept {len(left)} of two copies of a text whose labels disagree. Neither can be trusted: drop both."
    agree(got, [rows[0], *rows[2:]], "clean_reviews, given four reviews and a contradiction to the second,")
    named = [review("It drags", "rotten"), review("It glows", "fresh"), review("it drags", "fresh")]
    got = cleaned(learner, named, "clean_reviews of reviews with labels that are words")
    agree(got, [named[1]], "clean_reviews of 'It drags' (rotten), 'It glows' (fresh) and 'it drags' (fresh)")


@pytest.mark.points(1)
def test_a_third_copy_after_a_conflict(learner, rng):
    """A text in conflict is dropped however many copies there are, and whichever label has more of them."""
    rows = plain(rng, 2)
    label = rows[0]["label"]
    for labels in ((label, 1 - label, label), (label, label, 1 - label), (label, 1 - label, 1 - label, label, label)):
        mixed = [*(rows[0] | {"label": each} for each in labels), rows[1]]
        got = cleaned(learner, mixed, f"clean_reviews of a text with the labels {labels} and another text")
        call = f"clean_reviews of a text with the labels {', '.join(map(str, labels))}, and another text,"
        kept = sum(text.casefold() == rows[0]["text"].casefold() for text in texts(got))
        hint = "Is one deleted as soon as two labels disagree, so that a third copy looks like a new text?" if kept == 1 else ""
        assert not kept, (
            f"{call} kept the first text{f' {kept} times' if kept > 1 else ''}. All copies of a text in conflict are dropped. {hint}".rstrip()
        )
        agree(got, [rows[1]], call)


@pytest.mark.points(1)
def test_texts_that_begin_alike(learner, rng):
    """Texts that only begin alike, end alike or hold one another are different texts."""
    start = "If you see only one film about penguins this year, then let it be this one"
    rows = [review(start, 1), review(start + ", or none", 0), review("Why: " + start, 1), review(start + ".", 1)]
    rows = [rows[int(i)] for i in rng.permutation(4)]
    got = cleaned(learner, [*rows, rows[0]], "clean_reviews of four texts of which one is the beginning of others, and a copy of one,")
    assert len(got) == 4, (
        f"clean_reviews of four different texts that begin alike or hold one another, and a copy, gave {rows_of(len(got))}. Only whole texts are compared."
    )
    agree(got, rows, "clean_reviews of four texts that begin alike or hold one another, and a copy of one,")


@pytest.mark.points(1)
def test_the_input_stays_as_it_was(learner, rng):
    """The rows that were passed in aren't changed."""
    rows = [row | {"text": row["text"].replace(" ", "  ") + " "} for row in plain(rng, 4)] + [review(None, 0)]
    before = copy.deepcopy(rows)
    got = cleaned(learner, rows, "clean_reviews of four texts with double spaces and a missing one")
    assert len(got) == 4, f"clean_reviews of four different texts and a missing one gave {rows_of(len(got))}."
    assert learner.last.args[0] == before, (
        "clean_reviews changed the rows that it was given. Whoever passed them in may need them as they were: make new dicts."
    )


@pytest.mark.points(1)
def test_real_reviews(learner, rng):
    """On real reviews, with contradictions planted among them, exactly the right ones stay."""
    every = data.reviews()
    start = int(rng.integers(0, 3000))
    chosen = every.select([*range(start, start + 400), *range(3480, 3540)]).to_list()
    chosen = list({(row["text"], row["film"]): row for row in chosen}.values())
    planted = [int(i) for i in rng.choice(len(chosen), size=6, replace=False)]
    rows = chosen + [chosen[i] | {"text": chosen[i]["text"].upper(), "label": 1 - chosen[i]["label"]} for i in planted[:3]]
    rows += [chosen[i] | {"text": "\n" + chosen[i]["text"]} for i in planted[3:]]
    keys = [" ".join(row["text"].split()).casefold() for row in rows]
    alike = {key: {row["label"] for row, other in zip(rows, keys, strict=True) if other == key} for key in {keys[i] for i in planted}}
    right = [
        row | {"text": " ".join(row["text"].split())}
        for i, (row, key) in enumerate(zip(rows, keys, strict=True))
        if key not in keys[:i] and len(alike.get(key, {0})) == 1
    ]
    call = f"clean_reviews of {len(rows)} real reviews, three of them with a contradiction and three with a copy planted,"
    got = cleaned(learner, rows, call)
    assert len(got) <= len(right), f"{call} gave {len(got)} rows, where {len(right)} are right. Copies or contradictions were kept."
    assert len(got) >= len(right), f"{call} gave {len(got)} rows, where {len(right)} are right. Texts were taken for copies that aren't."
    agree(got, right, call)
