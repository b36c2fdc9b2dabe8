"""Hidden suite of `count_pairs`."""

from collections import Counter
from itertools import pairwise

import pytest

from tunelab import expect

LETTERS = list("abcdefghijklmnop")


def called(learner, words):
    """The Counter of a call, after the ladder."""
    call = f"count_pairs({words})"
    got = learner.count_pairs(words)
    expect.of_type(got, Counter, call=call, advice="`Counter()`, from the collections module, makes an empty one.")
    for key, count in got.items():
        assert type(key) is tuple and len(key) == 2 and all(type(part) is str for part in key), (
            f"{call} gave a Counter with the key {key!r}. A key is a pair: a tuple of two symbols, the left one and the right one."
        )
        expect.integer(count, call=f"The count of {key} in {call}")
    return got, call


def places(words):
    """How often each pair stands in the words, by slices."""
    total = {}
    for symbols, times in words.items():
        for start in range(len(symbols)):
            window = tuple(symbols[start : start + 2])
            if len(window) == 2:
                total[window] = total.get(window, 0) + times
    return total


def compare(got, words, call, hint):
    """All counts agree, and no pair is there that doesn't occur."""
    right = places(words)
    for pair, count in right.items():
        assert pair in got, f"{call} gave no count for the pair {pair}, which does occur. {hint}"
        assert got[pair] == count, f"{call} counted the pair {pair} {got[pair]} times, which is not right. {hint}"
    extra = [pair for pair in got if pair not in right]
    assert not extra, f"{call} gave a count for the pair {extra[0]}, which doesn't occur in any word. {hint}"


@pytest.mark.points(2)
def test_neighbours_in_their_order(learner, rng):
    """Each two symbols next to each other are a pair, the left one first."""
    for _ in range(3):
        symbols = rng.permutation(LETTERS).tolist()
        first, second = tuple(symbols[:5]), (symbols[6], symbols[5], symbols[7])
        words = {first: 1, second: 1, second[1::-1]: 1}
        got, call = called(learner, words)
        far = [pair for pair in got if pair not in places(words) and pair[::-1] not in places(words)]
        assert not far, f"{call} gave a count for {far[0]}. A pair is two symbols next to each other, in one word."
        for pair in pairwise(first):
            assert pair in got or pair[::-1] not in got, (
                f"{call} gave a count for {pair[::-1]}, where the word has {pair[0]!r} first. Keep the two symbols in their order."
            )
        assert first[-2:] in got, (
            f"{call} gave no count for {first[-2:]}, which stands at the end of the word. A word of 5 symbols has 4 pairs: where does your loop end?"
        )
        compare(
            got, words, call, "A pair is two symbols side by side, in their order: (left, right) and (right, left) are different pairs."
        )


@pytest.mark.points(2)
def test_a_word_counts_as_often_as_it_occurs(learner, rng):
    """The pairs of a word that occurs n times count n times."""
    symbols, times = tuple(rng.permutation(LETTERS)[:3].tolist()), int(rng.integers(3, 40))
    words = {symbols: times}
    got, call = called(learner, words)
    assert set(got.values()) != {1}, (
        f"{call} counted each pair 1 time. That is each word once, but the dict says how often the word occurs: {times} times."
    )
    assert (symbols[-1], symbols[0]) not in got, (
        f"{call} gave a count for {(symbols[-1], symbols[0])}. A word that occurs {times} times is {times} words: its end is not followed by its beginning."
    )
    compare(got, words, call, f"The word occurs {times} times, and each time the pair is there.")
    words |= {(symbols[1], symbols[0]): times + 1}
    got, call = called(learner, words)
    compare(got, words, call, "Each word has a frequency of its own.")


@pytest.mark.points(1)
def test_counts_add_up_over_words(learner, rng):
    """A pair that stands in several words, or several times in one, gets the sum."""
    a, b, c, d = rng.permutation(LETTERS)[:4].tolist()
    n, m, k = rng.integers(2, 20, size=3).tolist()
    words = {(a, b, c): n, (d, a, b): m, (a, b, d, a, b): k}
    got, call = called(learner, words)
    assert got[a, b] != 2 * k, (
        f"{call} counted the pair {(a, b)} {got[a, b]} times: that is the last word alone. When a pair has a count already, add to it."
    )
    assert got[a, b] != n + m + k, (
        f"{call} counted the pair {(a, b)} {got[a, b]} times. In the last word it stands at two places; here it was counted once per word."
    )
    compare(got, words, call, "Add up over all words, and over all places in a word.")


@pytest.mark.points(2)
def test_overlapping_places_count(learner, rng):
    """In a run of the same symbol, each place where the pair stands counts, overlapping ones too."""
    for length in (5, 4, 3):
        a, times = LETTERS[int(rng.integers(0, 16))], int(rng.integers(1, 9))
        words = {(a,) * length: times}
        got, call = called(learner, words)
        count = got.get((a, a), 0)
        assert count != times, (
            f"{call} counted the pair {(a, a)} {count} times, which is once per word. The contract's rule: every place counts, also those that share a symbol."
        )
        assert count != times * (length // 2), (
            f"{call} counted the pair {(a, a)} {count} times, which is without overlap. The contract's rule: every place counts, also those that share a symbol."
        )
        compare(got, words, call, "Every place counts, also those that share a symbol: a word of n symbols has n - 1 places.")


@pytest.mark.points(1)
def test_words_stay_apart(learner, rng):
    """The end of one word and the beginning of the next are no pair."""
    symbols = rng.permutation(LETTERS).tolist()
    words = {tuple(symbols[:2]): 3, tuple(symbols[2:4]): 2, tuple(symbols[4:7]): 4}
    got, call = called(learner, words)
    for pair in ((symbols[1], symbols[2]), (symbols[3], symbols[4])):
        assert pair not in got, f"{call} gave a count for {pair}, whose symbols are in two words. Count word by word."
    compare(got, words, call, "Count in each word by itself.")


@pytest.mark.points(2)
def test_symbols_are_whole(learner, rng):
    """A symbol may have several characters, such as the mark </w>: it is never taken apart."""
    a, b, c, d = rng.permutation(LETTERS)[:4].tolist()
    words = {(a + b, c, "</w>"): 2, (a, b + c, d, "</w>"): 3, (a + b, c + d): 5}
    got, call = called(learner, words)
    assert (a, b) not in got and ("<", "/") not in got, (
        f"{call} gave a count for pairs of letters of a symbol. A symbol such as {a + b!r} or '</w>' counts as one piece: go through the tuple, not through the letters."
    )
    compare(got, words, call, f"Symbols are compared whole: {(a, b + c)} and {(a + b, c)} are different pairs.")


@pytest.mark.points(1)
def test_words_of_one_symbol(learner, rng):
    """A word of one symbol has no pair, and stops nothing."""
    symbols = rng.permutation(LETTERS).tolist()
    words = {(symbols[0],): 4, tuple(symbols[1:4]): 2, (symbols[4],): 1}
    got, call = called(learner, words)
    compare(got, words, call, "A word of one symbol has no pair.")
    got, call = called(learner, {(symbols[0],): 4})
    assert len(got) == 0, f"{call} gave {dict(got)}, where no word has two symbols. There is nothing to count."
    got, call = called(learner, {})
    assert len(got) == 0, f"{call} gave {dict(got)}, where there are no words. There is nothing to count."


@pytest.mark.points(1)
def test_many_words(learner, rng):
    """On many random words, all counts are right, and the dict is left as it was."""
    words = {}
    for _ in range(60):
        symbols = rng.choice(["a", "b", "ab", "c", "</w>"], size=int(rng.integers(1, 7)))
        words[tuple(symbols.tolist())] = int(rng.integers(1, 100))
    got = learner.count_pairs(words)
    call = "count_pairs(words), with some sixty random words of the symbols a, b, ab, c and </w>,"
    expect.of_type(got, Counter, call=call)
    compare(got, words, call, "Every place in every word counts, as often as the word occurs.")
    assert learner.last.args[0] == words, f"{call} changed the dict that it was given. Others may still need it: only read it."
