"""Hidden suite of `train_bpe`."""

from collections import Counter

import pytest

from tunelab import data, expect

LETTERS = list("abcdefghijklmnop")


def called(learner, frequencies, merges, about=""):
    """The list of a call, after the ladder."""
    call = about or f"train_bpe({frequencies}, {merges})"
    got = learner.train_bpe(frequencies, merges)
    expect.sequence(got, call=call)
    odd = [pair for pair in got if not (type(pair) is tuple and len(pair) == 2 and all(type(part) is str for part in pair))]
    assert not odd, f"{call} gave a list with {odd[0]!r} in it. Each item is a pair: a tuple of two symbols, such as ('a', 'b')."
    return got, call


def joined(symbols, pair):
    laid = []
    for symbol in symbols:
        if laid and (laid[-1], symbol) == pair:
            laid[-1] += symbol
        else:
            laid.append(symbol)
    return laid


def learnt(frequencies, merges):
    """The pairs that the method learns; it counts and joins in lists of symbols."""
    words, pairs = [([*word, "</w>"], times) for word, times in frequencies.items()], []
    for _ in range(merges):
        counts = {}
        for symbols, times in words:
            for i in range(1, len(symbols)):
                counts[symbols[i - 1], symbols[i]] = counts.get((symbols[i - 1], symbols[i]), 0) + times
        if not counts:
            break
        top = max(counts.values())
        pairs.append(sorted(pair for pair in counts if counts[pair] == top)[0])
        words = [(joined(symbols, pairs[-1]), times) for symbols, times in words]
    return pairs


def same(got, frequencies, merges, call, hint):
    """The two lists agree; where they part is told, but not what should stand there."""
    right = learnt(frequencies, merges)
    for number, (pair, wanted) in enumerate(zip(got, right, strict=False)):
        assert pair == wanted, f"{call} gave {pair} as pair number {number + 1}, which is not the one to be joined then. {hint}"
    assert len(got) == len(right), f"{call} gave {len(got)} pairs, which is not how many there are to learn. {hint}"


@pytest.mark.points(2)
def test_words_weigh_what_they_occur(learner, rng):
    """The most frequent pair of the text is joined first: a word counts as often as it occurs."""
    for _ in range(3):
        a, b, *rest = rng.permutation(LETTERS).tolist()
        # (rest[0], rest[1]) stands in four rare words, (a, b) in a frequent one.
        frequencies = {rest[2 + i] + rest[0] + rest[1] + rest[6 + i]: 1 for i in range(4)} | {
            rest[11] + a + b + a + b + rest[12]: int(rng.integers(9, 30))
        }
        got, call = called(learner, frequencies, 1)
        expect.sequence(got, call=call, length=1)
        assert got[0] != (rest[0], rest[1]), (
            f"{call} gave {got}. That pair stands in most of the different words, but they are rare. Mind how often a word occurs: its pairs count that many times."
        )
        assert got[0] == (a, b), f"{call} gave {got}. Another pair has a larger count."


@pytest.mark.points(2)
def test_equal_counts(learner, rng):
    """Of pairs with equal counts, the first in Python's order of tuples is joined, whichever word came first."""
    for _ in range(4):
        letters, times = rng.permutation(LETTERS).tolist(), int(rng.integers(2, 9))
        words = ["".join(letters[i : i + 2]) for i in range(0, 10, 2)]
        in_order = sorted(words)
        # A word from the middle stands first, so that its pair is neither the first nor the last.
        frequencies = dict.fromkeys((in_order[i] for i in (2, 0, 4, 1, 3)), times)
        got, call = called(learner, frequencies, 1)
        expect.sequence(got, call=call, length=1)
        right = learnt(frequencies, 1)[0]
        first = (next(iter(frequencies))[0], next(iter(frequencies))[1])
        pairs = [pair for word in words for pair in ((word[0], word[1]), (word[1], "</w>"))]
        assert got[0] != first or first == right, (
            f"{call} gave {got}. All counts are equal, and you took the pair that was met first, so the outcome hangs on which word came first in the dict. The contract has another rule for ties."
        )
        assert got[0] != max(pairs), (
            f"{call} gave {got}. All counts are equal, and this pair is the last in Python's order of tuples. The first is asked for."
        )
        assert got[0] == right, (
            f"{call} gave {got}. All counts are equal: then the smallest pair is taken, in Python's order of tuples (left symbol first, then right)."
        )
    a, b, c, d = sorted(rng.permutation(LETTERS)[:4].tolist())
    frequencies = {a + b: 9, a + b + c: 5, d + a + d: 5}
    got, call = called(learner, frequencies, 6)
    same(got, frequencies, 6, call, f"On equal counts compare the tuples, not the texts put together: {(a, d)} comes before {(a + b, c)}.")
    letters = sorted(rng.permutation(LETTERS)[:4].tolist())
    frequencies = {letters[0] + letters[3]: 5, letters[0] + letters[2]: 5, letters[0] + letters[1]: 5}
    got, call = called(learner, frequencies, 3)
    same(
        got,
        frequencies,
        3,
        call,
        "On equal counts compare the left symbols, and when they are the same, the right ones, as Python compares tuples.",
    )


@pytest.mark.points(2)
def test_the_word_end(learner, rng):
    """Each word ends with the mark </w>, which is one symbol, of its own, and is joined like any other."""
    a, b, c, d = sorted(rng.permutation(LETTERS)[:4].tolist())
    frequencies = {a + d: 6, b + d: 5, c + d: 4}
    got, call = called(learner, frequencies, 2)
    assert got, f"{call} gave an empty list, where there are pairs to join."
    text = "".join("".join(pair) for pair in got)
    assert ("<", "/") not in got and ("/", "w") not in got and ("w", ">") not in got, (
        f"{call} gave {got}. The mark '</w>' is one symbol of four characters, not four symbols. Add it after cutting the word into characters."
    )
    assert "</w>" in text, (
        f"{call} gave {got}. Each of these words ends in {d!r}, so the commonest pair is {d!r} and the word's end. Were the words used without its end? Each word is its characters, and then the symbol '</w>'."
    )
    assert not any(pair[1] == d + "</w>" and (d, "</w>") not in got for pair in got), (
        f"{call} gave {got}, in which the mark is part of the last character from the beginning. It starts as a symbol of its own, and must be joined first."
    )
    same(got, frequencies, 2, call, "A word of n characters begins as n + 1 symbols, the last one '</w>'.")


@pytest.mark.points(1)
def test_as_many_as_asked_for(learner, rng):
    """As many pairs are learnt as were asked for: for 0, none."""
    letters = rng.permutation(LETTERS).tolist()
    frequencies = {"".join(letters[:6]): 3, "".join(letters[4:10]): 2}
    for merges in (4, 1, 0):
        got, call = called(learner, frequencies, merges)
        assert len(got) == merges, (
            f"{call} gave {len(got)} pairs, where {merges} were asked for and there are enough. When is your loop left? `for _ in range(merges)` makes {merges} rounds."
        )


@pytest.mark.points(1)
def test_counts_are_made_anew(learner, rng):
    """After each join the pairs are counted again, since old ones are gone and new ones are there."""
    a, b, c, d = rng.permutation(LETTERS)[:4].tolist()
    frequencies = {a + b + c: 9, d + a + b: 4, b + d: 2}
    got, call = called(learner, frequencies, 4)
    assert any(len(pair[0] + pair[1].replace("</w>", "")) > 2 for pair in got), (
        f"{call} gave {got}. All of these are pairs of single characters. Join the pair in all words, and count anew after each merge: joined symbols make new pairs."
    )
    same(got, frequencies, 4, call, "After each merge, count again in the words as they are then.")


@pytest.mark.points(1)
def test_symbols_are_joined_whole(learner, rng):
    """Only whole symbols are joined, not the end of one and the beginning of another."""
    a, b, c, d, e = rng.permutation(LETTERS)[:5].tolist()
    # No ties: first (a, b) is joined (12 times), then (b, c) (7 times). In the third word, b is a part of ab by then.
    frequencies = {b + c + d: 4, b + c + e: 3, a + b + c: 2, a + b + a + b: 5}
    got, call = called(learner, frequencies, 12)
    made = {left + right for left, right in got}
    assert a + b + c in made or not any(a + b + c in pair for pair in got), (
        f"{call} gave {got}. In {a + b + c!r} the symbol {a + b!r} and the {c!r} behind it were joined, though no pair on the list says so. When {(b, c)} is joined, {a + b!r} is another symbol than {b!r}. Don't search in a text made of all symbols."
    )
    same(
        got, frequencies, 12, call, "Count all places of a pair, as often as the word occurs, anew after each join; and join whole symbols."
    )


@pytest.mark.points(2)
def test_until_nothing_is_left(learner, rng):
    """When each word has become one symbol, the list ends, however many merges were asked for."""
    letters = rng.permutation(LETTERS).tolist()
    frequencies = {"".join(letters[:3]): 1, "".join(letters[3:5]): 1, letters[5]: 1}
    call = f"train_bpe({frequencies}, 50)"
    try:
        got, call = called(learner, frequencies, 50)
    except (ValueError, IndexError, KeyError, StopIteration) as error:
        raise AssertionError(
            f"{call} raised {type(error).__name__}: {error}. After a few merges each word is one symbol, and no pair is left. Then the list is finished."
        ) from None
    assert len(got) >= 6, (
        f"{call} gave {len(got)} pairs, and there are symbols left to join. Pairs that occur only once are joined as well: all words here occur once."
    )
    assert len(got) == 6, f"{call} gave {len(got)} pairs, more than there are to join. When each word is one symbol, nothing is left."
    same(got, frequencies, 50, call, "Go on until each word is one symbol.")
    got, call = called(learner, {}, 3)
    assert got == [], f"{call} gave {got}, where there is no word. There is nothing to learn."


@pytest.mark.points(1)
def test_repeated_letters(learner, rng):
    """In runs of the same letter, overlapping places count, and are joined from the left."""
    a, b, c = rng.permutation(LETTERS)[:3].tolist()
    # The run has 2 * 4 + 2 = 10 places, overlapping ones counted, and 5 without; the other pairs have 7.
    frequencies = {a * 5: 2, b + c + b: 7, c + a * 3: 1}
    got, call = called(learner, frequencies, 1)
    assert got[:1] == [(a, a)], (
        f"{call} gave {got}. In a run of five, the pair {(a, a)} stands at four places: overlapping places count, as in the rule for counting pairs."
    )
    got, call = called(learner, frequencies, 5)
    same(got, frequencies, 5, call, "Runs are counted with overlap, and joined from left to right without.")


@pytest.mark.points(1)
def test_random_words(learner, rng):
    """On random words of few letters, every pair is the right one, and the dict is left as it was."""
    for _ in range(6):
        words = ["".join(rng.choice(list("abc"), size=int(rng.integers(1, 8))).tolist()) for _ in range(12)]
        frequencies = {word: int(rng.integers(1, 6)) for word in words}
        got, call = called(learner, frequencies, 15)
        same(got, frequencies, 15, call, "The largest count, ties by Python's order of tuples; then join in all words, and count anew.")
        assert learner.last.args[0] == frequencies, (
            f"{call} changed the dict that it was given. Others may still need it: make words of your own."
        )


@pytest.mark.points(2)
def test_real_headlines(learner, rng):
    """On words of real headlines, the pairs are the right ones."""
    texts = data.headlines()["text"]
    chosen = [texts[i] for i in rng.choice(len(texts), size=60, replace=False).tolist()]
    frequencies = dict(Counter(word for text in chosen for word in text.split()))
    got, call = called(learner, frequencies, 60, about="train_bpe(frequencies, 60), on the words of 60 real headlines,")
    same(got, frequencies, 60, call, "Upper and lower case, digits and punctuation are characters like any others.")
