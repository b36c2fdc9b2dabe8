"""Hidden suite of `contaminated`."""

import pytest

from tunelab import expect

SYLLABLES = ["ba", "ce", "di", "fo", "gu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo", "zu"]


def invented(rng, count):
    """Different invented words of three syllables, none of which is a part of another."""
    found = []
    while len(found) < count:
        word = "".join(rng.choice(SYLLABLES, size=3))
        if word not in found:
            found.append(word)
    return found


def text(words):
    return " ".join(words)


def flagged(learner, test, corpus, n, about):
    """The ladder up to values: a list of whole numbers that are places in `test`. Whether they are plain is asked once, in the first test."""
    call = f"contaminated(test, corpus, {n}), {about},"
    got = learner.contaminated(test, corpus, n)
    expect.sequence(got, call=call)
    other = [item for item in got if type(item) is not int]
    assert not other, (
        f"{call} gave a list with {other[0]!r:.60} in it. It gives places in `test`, as whole numbers: neither the texts themselves, nor True and False."
    )
    assert all(0 <= i < len(test) for i in got), f"{call} gave {got}, but `test` has the places 0 to {len(test) - 1}."
    assert len(set(got)) == len(got), f"{call} gave {got}: each place is named once, however many n-grams it shares."
    return got, call


@pytest.mark.points(2)
def test_places_in_order(learner, rng):
    """It returns the places of the texts that share an n-gram with the corpus, in order."""
    w = invented(rng, 60)
    corpus = [text(w[0:12]), text(w[12:24])]
    clean, dirty = [text(w[24:30]), text(w[30:36]), text(w[36:42])], [text([*w[42:44], *w[3:7], w[45]]), text([*w[14:18], *w[46:49]])]
    test = [clean[0], dirty[1], clean[1], dirty[0], clean[2], dirty[1]]
    got, call = flagged(learner, test, corpus, 4, "where three of six texts have four words in a row from the corpus")
    assert sorted(got) == got, f"{call} gave {got}. The places come in ascending order."
    missed, wrong = [i for i in (1, 3, 5) if i not in got], [i for i in got if i not in (1, 3, 5)]
    assert not missed, (
        f"{call} gave {got}. Place {missed[0]} was missed: {test[missed[0]]!r} has four words in a row that stand in the corpus. One shared n-gram is enough."
    )
    assert not wrong, f"{call} gave {got}. Place {wrong[0]} is clean: {test[wrong[0]]!r} shares no word with the corpus."
    assert learner.last.args[:2] == (test, corpus), f"{call} changed a list that it was given. Work on a copy."


@pytest.mark.points(2)
def test_words_in_a_row(learner, rng):
    """An n-gram is n words in a row: fewer, or the same words in another order, or in two corpus texts, are no overlap."""
    w = invented(rng, 40)
    corpus = [text(w[0:8]), text(w[8:16])]
    test = [
        text([w[20], *w[2:5], w[21], *w[10:13]]),
        text([w[22], w[3], w[2], w[5], w[4], w[23]]),
        text([*w[5:8], *w[8:11]]),
        text([w[24], *w[4:8]]),
        text([*w[8:12], w[25]]),
    ]
    got, call = flagged(learner, test, corpus, 4, "on texts that take words from the corpus")
    assert 0 not in got, (
        f"{call} flagged {test[0]!r}, which has two times three words in a row from the corpus, but nowhere four. How long are your n-grams, and are they made of words or of letters?"
    )
    assert 1 not in got, f"{call} flagged {test[1]!r}: its words stand in the corpus, but not in this order."
    assert 2 not in got, (
        f"{call} flagged {test[2]!r}. Its words end one corpus text and begin the next: n-grams don't go across from text to text."
    )
    early = (
        "Does your loop stop one n-gram too early?" if 4 in got else "One n-gram that both have is enough, wherever it stands in either."
    )
    assert 3 in got, f"{call} missed {test[3]!r}, whose last four words are the last four of a corpus text. {early}"
    assert 4 in got, f"{call} missed {test[4]!r}, whose first four words are the first four of a corpus text."


@pytest.mark.points(2)
def test_case_punctuation_and_space(learner, rng):
    """Case, ASCII punctuation and the kind of space don't matter."""
    w = invented(rng, 40)
    corpus = [f"{w[0].capitalize()} {w[1]}, ({w[2]}) {w[3].upper()}: {w[4]}\n{w[5]}!", f"{w[6]}-{w[7]} {w[8]} - {w[9]} ...  {w[10]}"]
    test = [
        text([w[20], *w[1:5]]),
        f"{w[21]}: {w[0].upper()} {w[1]}. {w[2]}; \t{w[3]}?",
        f"{w[6]}{w[7]} {w[8]} {w[9]} {w[10]}",
        text(w[22:28]),
    ]
    got, call = flagged(learner, test, corpus, 4, "where texts differ from the corpus in case and punctuation")
    for place, plain in ((0, test[0]), (1, text([w[21], *w[0:4]]))):
        if place in got:
            continue
        as_written, _ = flagged(learner, [plain], [text(w[0:6])], 4, "where nothing differs in case and punctuation")
        assert as_written == [0], (
            f"contaminated([{plain!r}], [{text(w[0:6])!r}], 4) gave {as_written}: four words in a row are the same, and one n-gram that both have is enough."
        )
        raise AssertionError(
            f"{call} missed {test[place]!r}, which differs from a corpus text in case, punctuation and space only. Bring both sides to the same form first."
        )
    assert 2 in got, (
        f"{call} missed {test[2]!r}, which stands in the corpus with a hyphen and a dash. Punctuation is taken away, not replaced: what it joined becomes one word, and where it stood alone nothing stays."
    )
    assert got == [0, 1, 2], f"{call} gave {got}: {test[3]!r} shares no word with the corpus."


@pytest.mark.points(3)
def test_short_texts_are_judged_whole(learner, rng):
    """A text of fewer than n words is contaminated when all its words stand in a row in a corpus text."""
    w = invented(rng, 40)
    corpus = [text(w[0:10]), text(w[10:13])]
    test = [
        text(w[3:6]),
        text(w[20:23]),
        text([*w[3:5], w[24]]),
        w[7].upper() + "!",
        text(w[10:13]),
        text([w[5], w[4], w[3]]),
        text(w[12:14]),
    ]
    got, call = flagged(learner, test, corpus, 8, "on texts of one to three words")
    assert 1 not in got, (
        f"{call} flagged {test[1]!r}, no word of which stands in the corpus. Short texts aren't contaminated just because they are short."
    )
    missed, wrong = [i for i in (0, 3, 4) if i not in got], [i for i in got if i in (1, 2, 5, 6)]
    assert missed != [3], (
        f"{call} missed {test[3]!r}, which stands in the corpus whole, in lower case and without the mark. Neither matters."
    )
    assert not missed, (
        f"{call} missed {test[missed[0]]!r}, which stands in the corpus whole. It has no 8-gram, so it is judged by all the words that it has."
    )
    assert not wrong, f"{call} flagged {test[wrong[0]]!r}, which doesn't stand in any corpus text whole and in this order."


@pytest.mark.points(1)
def test_words_are_whole(learner, rng):
    """A word is compared whole: a part of a longer word is another word."""
    w = invented(rng, 20)
    corpus = [text([w[0] + "x", w[1], w[2] + "ing"])]
    test = [text(w[0:3]), w[0], text([w[1], w[2]]), w[1], w[5]]
    got, call = flagged(learner, test, corpus, 3, "where words are parts of longer words in the corpus")
    assert 3 in got, f"{call} missed {test[3]!r}, which stands in the corpus."
    assert 4 not in got, f"{call} flagged {test[4]!r}, which stands nowhere in the corpus, not even as a part of a word."
    wrong = [i for i in got if i != 3]
    assert not wrong, (
        f"{call} flagged {test[wrong[0]]!r}, but the corpus has {corpus[0]!r}: looking for one string in another finds parts of words."
    )


@pytest.mark.points(1)
def test_nothing_to_judge(learner, rng):
    """A text without words is never contaminated; an empty corpus contaminates nothing, and an empty test has no places."""
    w = invented(rng, 12)
    corpus = [text(w[0:6]), "", "..."]
    got, call = flagged(learner, ["", w[2], " ?! "], corpus, 5, "where two of three texts have no words")
    assert 1 in got, f"{call} missed the text of one word, which stands in the corpus."
    assert got == [1], f"{call} gave {got}. A text without words shares nothing with anybody."
    got, call = flagged(learner, [text(w[0:3]), w[4]], [], 2, "with an empty corpus")
    assert got == [], f"{call} gave {got}. There is nothing to share words with."
    got = learner.contaminated([], corpus, 2)
    assert got == [], f"contaminated([], corpus, 2) gave {got!r:.60}. There are no places in an empty test."


@pytest.mark.points(1)
def test_many_texts(learner, rng):
    """A few dozen planted texts are found among hundreds, with n-grams of any length."""
    w = invented(rng, 300)
    corpus = [text(rng.choice(w, size=20)) for _ in range(150)]
    for n in (1, 5, 13):
        fresh = [word + "q" for word in w]
        test = [text(rng.choice(fresh, size=18)) for _ in range(60)]
        planted = sorted(int(i) for i in rng.choice(60, size=15, replace=False))
        for place in planted:
            source, start, spot = corpus[int(rng.integers(150))].split(), int(rng.integers(0, 21 - n)), int(rng.integers(0, 19 - n))
            words = test[place].split()
            words[spot : spot + n] = source[start : start + n]
            test[place] = text(words)
        got, call = flagged(learner, test, corpus, n, "on 60 texts of 18 words, 15 of them planted")
        assert sorted(got) == planted, (
            f"{call} found {len(set(got) & set(planted))} of the 15 that were planted, and flagged {len(set(got) - set(planted))} others."
        )
