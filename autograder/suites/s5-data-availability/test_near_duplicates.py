"""Hidden suite of `near_duplicates`."""

from collections import Counter

import numpy as np
import pytest

from tunelab import expect

LETTERS = np.array(list("abcdefghijklmnopqrstuvwxyz"))


def word(rng, length):
    return "".join(rng.choice(LETTERS, size=length))


def sentence(rng, words=10):
    return " ".join(word(rng, int(rng.integers(2, 8))) for _ in range(words))


def fold(text):
    return " ".join(text.casefold().split())


def pieces(text, n):
    folded = fold(text)
    return {folded[i : i + n] for i in range(max(1, len(folded) - n + 1))} if folded else set()


def similarity(one, other, n):
    a, b = pieces(one, n), pieces(other, n)
    return len(a & b) / len(a | b) if a and b else 0.0


def wanted(texts, n, threshold):
    sets = [pieces(text, n) for text in texts]
    return [
        (i, j)
        for j in range(len(texts))
        for i in range(j)
        if sets[i] and sets[j] and len(sets[i] & sets[j]) / len(sets[i] | sets[j]) >= threshold
    ]


def edited(rng, text, letters):
    """The text with some letters replaced."""
    characters = list(text)
    for place in rng.choice(len(characters), size=letters, replace=False):
        characters[place] = str(rng.choice(LETTERS))
    return "".join(characters)


def found(learner, texts, n, threshold, about):
    """The ladder up to the pairs: a list of tuples of two places."""
    call = f"near_duplicates(texts, {n}, {threshold:g}), {about},"
    got = learner.near_duplicates(texts, n, threshold)
    expect.sequence(got, call=call)
    for pair in got:
        assert type(pair) is tuple and len(pair) == 2, (
            f"{call} has {pair!r:.60} in its list, where each entry is a tuple of two places, (i, j)."
        )
        assert all(isinstance(place, int | np.integer) and not isinstance(place, bool) for place in pair), (
            f"{call} has {pair!r:.60} in its list. Places are whole numbers."
        )
        i, j = pair
        assert i != j, f"{call} has the pair {pair}: a text isn't its own duplicate. Pairs have i < j."
        assert i < j, f"{call} has the pair {pair}. The smaller place comes first."
        assert i >= 0 and j < len(texts), f"{call} has the pair {pair}, but `texts` has the places 0 to {len(texts) - 1}."
    assert len(set(got)) == len(got), f"{call} has a pair twice."
    return got, call


FOLD = "Are both texts folded, case and white space, before they are cut into pieces?"
LAST = "Is there a shingle from every start, the last one too? range(len(text) - n) ends one too early."
SIDE = "Pieces side by side give that. A shingle begins at every character, so that they overlap."
SLIPS = (
    (
        "That is what dividing by the smaller set gives. Divide by the size of the union.",
        fold,
        lambda size, n: range(max(1, size - n + 1)),
        min,
    ),
    (LAST, fold, lambda size, n: range(max(1, size - n)), len),
    (LAST, fold, lambda size, n: range(size - n), len),
    (FOLD, str, lambda size, n: range(max(1, size - n + 1)), len),
    (FOLD, str.casefold, lambda size, n: range(max(1, size - n + 1)), len),
    (FOLD, lambda text: " ".join(text.split()), lambda size, n: range(max(1, size - n + 1)), len),
    (SIDE, fold, lambda size, n: range(0, size, n), len),
    (SIDE, fold, lambda size, n: range(0, max(1, size - n + 1), n), len),
    (
        "That comes out where white space is taken out. It becomes one space, which is a character of the text like others.",
        lambda text: "".join(text.casefold().split()),
        lambda size, n: range(max(1, size - n + 1)),
        len,
    ),
    ("Sets of words give that. Shingles are pieces of n characters in a row, whatever the words.", fold, None, len),
    (
        "That comes out where a piece counts as often as it stands in a text. Shingles are a set: each counts once.",
        fold,
        lambda size, n: range(max(1, size - n + 1)),
        Counter,
    ),
)
"""What to say, how texts are folded, where pieces begin (None: words for pieces), and how the likeness is counted (min: over the smaller set; Counter: with repetitions)."""


def slip(tried, texts, n, among=SLIPS):
    """What to say where one of the usual slips, and no other, gives just these pairs, at each threshold that was tried; nothing where none does, or several."""
    explained = set()
    for said, folded, starts, by in among:
        bags = []
        for text in map(folded, texts):
            pieces = text.split() if starts is None else [text[i : i + n] for i in starts(len(text), n)]
            bags.append(Counter(pieces if by is Counter else set(pieces)) if text else Counter())
        alike = {}
        for j, b in enumerate(bags):
            for i, a in enumerate(bags[:j]):
                whole = min(a.total(), b.total()) if by is min else (a | b).total()
                alike[i, j] = (a & b).total() / whole if a and b else 0.0
        if all(set(got) == {pair for pair, value in alike.items() if value >= threshold} for got, threshold in tried):
            explained.add(said)
    return explained.pop() if len(explained) == 1 else ""


def agrees(got, call, texts, n, threshold, missed_one, gave_one="Look at the pieces, and at what is divided by what."):
    """The right pairs; or the first that is missing or too much, and what to look at: the slip that gives just these pairs, or else one of the two hints."""
    right = wanted(texts, n, threshold)
    missed, wrong = sorted(set(right) - set(got)), sorted(set(got) - set(right))
    if not missed and not wrong:
        return
    hint = slip([(got, threshold)], texts, n)
    if not hint and not wrong and all(similarity(texts[i], texts[j], n) == threshold for i, j in missed):
        hint = "A similarity of exactly the threshold is enough: at least, not more than."
    for pairs, said, otherwise in ((missed, "missed", missed_one), (wrong, "gave", gave_one)):
        if pairs:
            i, j = pairs[0]
            others = f", and {len(pairs) - 1} other{'s' * (len(pairs) > 2)}" if len(pairs) > 1 else ""
            raise AssertionError(f"{call} {said} the pair {pairs[0]}, {texts[i][:50]!r} and {texts[j][:50]!r}{others}. {hint or otherwise}")


@pytest.mark.points(2)
def test_pairs_in_order(learner, rng):
    """Edited copies among other texts are found, as pairs in order."""
    texts = [sentence(rng) for _ in range(12)]
    texts += [edited(rng, texts[i], 1) for i in (7, 2, 9, 2)]
    texts = [texts[i] for i in rng.permutation(len(texts))]
    got, call = found(learner, texts, 3, 0.7, "on 12 sentences and 4 edited copies")
    assert got, f"{call} found nothing, though copies with one other letter are there."
    agrees(got, call, texts, 3, 0.7, "Compare each text with each other by their shingles.")
    assert got == sorted(got), f"{call} gave its pairs in another order than by i, then j."
    assert all(type(place) is int for pair in got for place in pair), f"{call} has NumPy numbers in its pairs. Built-in ints are asked for."
    assert learner.last.args[0] == texts, f"{call} changed the list that it was given. Work on a copy."


@pytest.mark.points(2)
def test_pieces_of_characters(learner, rng):
    """Shingles are made of characters: a letter changed in each word breaks few of them, an exchange of words few as well."""
    base = [word(rng, 9) for _ in range(6)]
    inflected = [w + "s" for w in base]
    swapped = [*base[3:], *base[:3]]
    other = [word(rng, 9) for _ in range(6)]
    texts = [" ".join(base), " ".join(inflected), " ".join(swapped), " ".join(other)]
    got, call = found(
        learner, texts, 4, 0.45, "where the second text has an s after each word of the first, and the third its words in another order"
    )
    assert (0, 1) in got, f"{call} missed the pair (0, 1). " + (
        slip([(got, 0.45)], texts, 4)
        or "Sets of words share nothing there, and pieces side by side little: shingles are all pieces of n characters in a row, from every start."
    )
    assert (0, 2) in got, f"{call} missed the pair (0, 2), where most pieces of 4 characters are the same."
    agrees(got, call, texts, 4, 0.45, "All pieces of n characters in a row, the spaces among them.")
    close = similarity(texts[0], texts[1], 4)
    got, call = found(learner, texts, 4, close + 0.02, "with a threshold just above the similarity of the first two texts")
    agrees(
        got,
        call,
        texts,
        4,
        close + 0.02,
        "Every start counts, from 0 to the last at which n characters are left, and the union divides.",
    )


@pytest.mark.points(2)
def test_shared_among_all(learner, rng):
    """Jaccard divides by the pieces that at least one of the two has: a short text within a long one isn't the same."""
    long = sentence(rng, 24)
    short = " ".join(long.split()[:8])
    texts = [long, short, sentence(rng, 9)]
    got, call = found(learner, texts, 5, 0.7, "where the second text is the first third of the first")
    assert (0, 1) not in got, (
        f"{call} gave the pair (0, 1): all pieces of the short text are in the long one, but not the reverse. Divide by the size of the union, not by that of the smaller set."
    )
    assert got == [], f"{call} gave {got[:3]}, though no two texts share most of their pieces."
    texts = [long, f"{long} {long}", sentence(rng, 9)]
    got, call = found(learner, texts, 5, 0.8, "where the second text says the first one twice")
    hint = "All pieces of the first are in the second, and the second has few others: those across the seam."
    if (0, 1) not in got:
        # Of the usual slips only this one halves the likeness for pieces of one character, too.
        single, _ = found(learner, texts[:2], 1, 0.8, "where the second text says the first one twice")
        if single == []:
            hint = "A text's shingles are a set: a piece that stands there twice counts once."
        raise AssertionError(f"{call} missed the pair (0, 1). {hint}")
    agrees(got, call, texts, 5, 0.8, hint)


@pytest.mark.points(2)
def test_at_the_threshold(learner, rng):
    """A similarity that equals the threshold makes a pair."""
    letters = "".join(rng.permutation(LETTERS)[:12])
    half = [letters[:6], letters[:3] + letters[8:11]]
    quarter = [letters[:5] + letters[6], letters[:2] + letters[8:12]]
    three = [letters[:4], letters[1:4]]
    for texts, n, threshold, about in (
        ([letters[:9], letters[:6]], 1, 2 / 3, "on two texts with 6 of 9 letters in common"),
        (three, 1, 0.75, "on two texts with 3 of 4 letters in common"),
        ([letters[:8], letters[:4]], 1, 0.5, "on two texts with 4 of 8 letters in common"),
        ([letters[:4], letters[:4].upper()], 2, 1.0, "on two texts that differ in case alone"),
    ):
        got, call = found(learner, texts, n, threshold, about)
        if got != [(0, 1)]:
            tried = [(got, threshold)]
            for step in (0.02, 0.06):
                lower, _ = found(learner, texts, n, threshold - step, about)
                tried.append((lower, threshold - step))
            assert tried[1][0] != [(0, 1)], f"{call} gave {got}. A similarity of exactly the threshold is enough: at least, not more than."
            hint = (
                slip(tried, texts, n, [one for one in SLIPS if one[2] is not None])
                or "Look at the pieces and at what is divided by what. Or does a short cut for speed lose the pair?"
            )
            raise AssertionError(
                f"{call} gave {got}, and nothing with a threshold of {threshold - 0.02:g} either: it isn't how you compare with the threshold. {hint}"
            )
    for texts, threshold in ((half, 0.5), (quarter, 0.25)):
        got, call = found(learner, texts, 1, threshold, "on two texts that share too little")
        agrees(got, call, texts, 1, threshold, "Look at what is divided by what.")


@pytest.mark.points(2)
def test_case_and_space_are_folded(learner, rng):
    """Case and white space don't matter; a space within a text is a character like others."""
    text = sentence(rng, 6)
    spaced = "\t" + text.upper().replace(" ", " \n ") + "  "
    joined = text.replace(" ", "")
    texts = [text, spaced, joined, "Straße " + text[:6], "STRASSE  " + text[:6]]
    got, call = found(learner, texts, 3, 0.9, "where the second text has capitals and other white space, and the third no spaces")
    assert (0, 1) in got, (
        f"{call} missed the pair (0, 1), which differs in case and white space only. Fold both before you cut pieces: also the spaces at the ends."
    )
    assert (0, 2) not in got, (
        f"{call} gave the pair (0, 2), though one has spaces and the other none. Runs of white space become one space, not nothing."
    )
    assert (3, 4) in got, f"{call} missed 'Straße' and 'STRASSE'. str.lower() leaves the ß: str.casefold() is made for comparing."
    agrees(got, call, texts, 3, 0.9, "Fold, then cut.")


@pytest.mark.points(2)
def test_short_and_blank_texts(learner, rng):
    """A text of fewer than n characters is its only shingle; a blank one is like nothing."""
    a, b = word(rng, 3), word(rng, 4)
    texts = ["", a, b.upper(), "  ", a.upper() + " ", b, b + word(rng, 5), "\n"]
    got, call = found(learner, texts, 5, 0.5, "on texts of fewer than 5 characters and blank ones")
    blank = [pair for pair in got if fold(texts[pair[0]]) == ""]
    assert not blank, (
        f"{call} gave the pair {blank[0] if blank else ''}, of two blank texts or a blank one and another. A blank text has no shingles, and is like no other."
    )
    for pair in ((1, 4), (2, 5)):
        if pair not in got:
            # Is it that the texts are short, or that they aren't folded, or what makes pairs of any texts?
            equal, _ = found(learner, [a, a], 5, 0.5, "on a short text that stands there twice")
            single, _ = found(learner, [a, a], 3, 0.5, "on a text of exactly 3 characters that stands there twice")
            raise AssertionError(
                f"{call} missed the pair {pair}, two short texts that are the same when folded. "
                + (
                    FOLD
                    if equal == [(0, 1)]
                    else "A text of fewer than n characters has one shingle: itself."
                    if single == [(0, 1)]
                    else "With n = 3 it misses two equal texts of 3 characters as well: there, too, each has one shingle, and both have it. Is a pair lost where there is only one?"
                )
            )
    agrees(got, call, texts, 5, 0.5, "A short text has one shingle: all of itself.")
    single = word(rng, 5)
    got, call = found(learner, [single, single], 5, 0.9, "on two texts of exactly 5 characters")
    assert got == [(0, 1)], f"{call} gave {got}. A text of n characters has one shingle. Does your loop end one too early?"
    got, call = found(learner, [], 5, 0.5, "on no texts")
    assert got == [], f"{call} gave {got}."


@pytest.mark.points(2)
def test_no_pair_is_lost(learner, rng):
    """Every pair is found at low thresholds too, among texts that are alike in many ways."""
    stock = [word(rng, int(rng.integers(3, 8))) for _ in range(14)]
    texts = [" ".join(rng.choice(stock, size=int(rng.integers(5, 12)))) for _ in range(60)]
    for n, threshold in ((3, 0.3), (4, 0.55), (6, 0.2)):
        got, call = found(learner, texts, n, threshold, "on 60 texts of the same 14 words")
        agrees(got, call, texts, n, threshold, "Does a short cut for speed lose pairs, or isn't what you divide by the union?")


@pytest.mark.points(2)
def test_five_thousand_texts(learner, rng):
    """5,000 texts are compared in time. Comparing each with each in a loop is too slow: an index from shingles to texts finds the candidates."""
    # Two dozen words or so make comparing each with each take more than ten seconds however lean the loop. Drawn at random, no two are alike by chance.
    letters = LETTERS[rng.integers(0, len(LETTERS), size=(5000, 20, 6))]
    letters[:, :, 5] = " "
    letters[4990:] = letters[:10]
    letters[4990:, [6, 13], :5] = "0"
    texts = ["".join(row.ravel()) for row in letters]
    right = [(i, 4990 + i) for i in range(10)]
    got, call = found(learner, texts, 5, 0.6, "on 5,000 texts of 20 words, with ten planted pairs that have 18 of the 20 words in common")
    planted = len(set(got) & set(right))
    assert len(got) == planted, (
        f"{call} gave {len(got)} pairs, of which {len(got) - planted} share too little, such as {min(set(got) - set(right), default=())}. Look at the pieces, and at what is divided by what."
    )
    assert planted == 10, (
        f"{call} gave {planted or 'none'} of the ten. Each text at the places 4990 to 4999 is like one of the first ten: is every text compared with those far from it, too, or does a short cut lose pairs?"
    )
    assert got == right, f"{call} gave its pairs in another order than by i, then j."
