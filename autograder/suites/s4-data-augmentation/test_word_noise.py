"""Hidden suite of `word_noise`."""

from collections import Counter

import numpy as np
import pytest

from tunelab import expect

WORDS = ["a", "warm", "odd", "slow", "witty", "film", "about", "two", "old", "men", "and", "their", "very", "last", "game", "of", "chess"]


def noised(learner, text, delete, swaps, generator):
    """The words that came back, after a look at their form: a str whose words are parted by single spaces."""
    shown = text if len(text) <= 60 else text[:57] + "..."
    call = f"word_noise({shown!r}, {delete:g}, {swaps}, rng)"
    try:
        got = learner.word_noise(text, delete, swaps, generator)
    except (ValueError, IndexError, ZeroDivisionError, TypeError, AttributeError) as error:
        raise AssertionError(
            f"{call} raised {type(error).__name__}: {error}. What do your draws do when one word is left, or none?"
        ) from None
    expect.of_type(got, str, call=call)
    assert got == " ".join(got.split()), (
        f"{call} gave {got[:60]!r}. The words that stay are joined by single spaces, with none at the ends."
    )
    return got.split()


def same_words(got, words, call):
    """Whether nothing was lost, doubled or invented on the way, where nothing was to be deleted."""
    count = Counter(got)
    if count == Counter(words):
        return
    assert len(got) >= len(words), f"{call} left {len(got)} of {len(words)} words, though `delete` is 0: no word goes then."
    assert len(got) > len(words) or not set(got) <= set(words), (
        f"{call} gave {' '.join(got)!r}: a word got lost, and another came twice. In an exchange both words must arrive; what became of the first one when the second was written over it?"
    )
    raise AssertionError(f"{call} gave {' '.join(got)!r}: other words than those of the text. Swaps only move words.")


def generators(rng, count):
    return [np.random.default_rng(int(number)) for number in rng.integers(2**62, size=count)]


@pytest.mark.points(1)
def test_single_spaces(learner, rng):
    """Without noise the words stay as they are, and any white space between them becomes one space."""
    words = [str(word) for word in rng.permutation(WORDS)[:6]]
    text = f" {words[0]}\n{words[1]}  {words[2]}\t{' '.join(words[3:])} "
    got = noised(learner, text, 0.0, 0, np.random.default_rng(0))
    assert got == words, (
        f"word_noise({text!r}, 0, 0, rng) gave the words {got}. With nothing to delete and nothing to swap, all of them stay in their places."
    )


@pytest.mark.points(2)
def test_the_share_that_is_deleted(learner, rng):
    """Each word is deleted with the probability `delete`, by itself, and the others keep their order. False alarms: less than 1 in 10 million."""
    words, delete = [f"w{number}" for number in range(200)], float(rng.choice([0.15, 0.25, 0.35]))
    left, texts = [], []
    for generator in generators(rng, 30):
        got = noised(learner, " ".join(words), delete, 0, generator)
        numbers = [words.index(word) if word in words else -1 for word in got]
        assert numbers == sorted(set(numbers)) and -1 not in numbers, (
            f"word_noise(text, {delete}, 0, rng), on a text of 200 different words, gave words in another order, or twice, or new ones. Deletion only leaves words out."
        )
        left.append(len(got))
        texts.append(" ".join(got))
    share, sigma = 1 - sum(left) / 6000, (delete * (1 - delete) / 6000) ** 0.5
    assert abs(share - delete) < 6 * sigma or len(set(texts)) == 1, (
        f"word_noise(text, {delete}, 0, rng), in 30 calls on 200 words each, deleted {share:.3f} of the words. `delete` is the probability that a word goes"
        + (", not that it stays." if abs(1 - share - delete) < 6 * sigma else ".")
    )
    assert len(set(texts)) > 1, (
        f"word_noise(text, {delete}, 0, rng) deleted the same words in each of 30 calls, with generators of different seeds. Does each word have its own draw, from `rng`?"
    )
    assert len(set(left)) > 1, (
        f"word_noise(text, {delete}, 0, rng) left {left[0]} of 200 words in each of 30 calls. A fixed number of words is deleted; each word is to have its own draw."
    )


@pytest.mark.points(2)
def test_a_text_is_never_emptied(learner, rng):
    """When every word would go, one of them stays, any of them."""
    words = [str(word) for word in rng.permutation(WORDS)[:5]]
    survivors = []
    for generator in generators(rng, 40):
        got = noised(learner, " ".join(words), 1.0, 0, generator)
        assert got, f"word_noise({' '.join(words)!r}, 1, 0, rng) gave an empty text. What is its label then about? One word stays."
        assert len(got) == 1 and got[0] in words, (
            f"word_noise({' '.join(words)!r}, 1, 0, rng) gave {' '.join(got)!r}. With a probability of 1 exactly one word of the text stays."
        )
        survivors += got
    assert len(set(survivors)) > 1, (
        f"word_noise({' '.join(words)!r}, 1, 0, rng) kept {survivors[0]!r} in each of 40 calls. The word that stays is drawn from the text, by `rng`."
    )
    for generator in generators(rng, 40):
        got = noised(learner, words[0], 0.9, 0, generator)
        assert got == words[:1], (
            f"word_noise({words[0]!r}, 0.9, 0, rng) gave {' '.join(got)!r}. A text of one word keeps it: an empty text has nothing to learn from."
        )


@pytest.mark.points(2)
def test_one_swap_moves_two_words(learner, rng):
    """One swap exchanges the words in two different places, near or far, and changes nothing else. False alarms: less than 1 in a billion."""
    far = False
    for generator in generators(rng, 60):
        words = [str(word) for word in rng.permutation(WORDS)[: int(rng.integers(3, 9))]]
        got = noised(learner, " ".join(words), 0.0, 1, generator)
        call = f"word_noise({' '.join(words)!r}, 0, 1, rng)"
        same_words(got, words, call)
        moved = [place for place, (old, new) in enumerate(zip(words, got, strict=True)) if old != new]
        assert moved, f"{call} gave the text as it was. The two places of a swap are different; a place exchanged with itself is no swap."
        assert len(moved) == 2, f"{call} gave {' '.join(got)!r}, with {len(moved)} words in other places. One swap moves two."
        far |= moved[1] - moved[0] > 1
    assert far, "word_noise(text, 0, 1, rng), in 60 calls, only ever exchanged neighbours. The two places are drawn from the whole text."


@pytest.mark.points(1)
def test_many_swaps_keep_every_word(learner, rng):
    """However many swaps, each word stays as often as it was there."""
    moved = False
    for generator in generators(rng, 15):
        words = [str(word) for word in rng.choice(WORDS[:6], size=9)] + ["first", "last"]
        got = noised(learner, " ".join(words), 0.0, 8, generator)
        same_words(got, words, f"word_noise({' '.join(words)!r}, 0, 8, rng)")
        moved |= got != words
    assert moved, "word_noise(text, 0, 8, rng), in 15 calls on eleven words, always gave the words in their old order. Are the swaps made?"


@pytest.mark.points(1)
def test_texts_too_short_to_swap(learner, rng):
    """Two words change places; one word, or none, has nothing to swap with."""
    first, second = (str(word) for word in rng.permutation(WORDS)[:2])
    for text, right in ((f"{first} {second}", [second, first]), (first, [first]), ("", []), (" \n", [])):
        got = noised(learner, text, 0.0, 3, np.random.default_rng(1))
        call = f"word_noise({text!r}, 0, 3, rng)"
        same_words(got, right, call)
        assert got == right, (
            f"{call} gave {' '.join(got)!r}. Each of three swaps exchanges the two words, so that they end up the other way round."
        )


@pytest.mark.points(2)
def test_all_chance_comes_from_the_generator(learner, rng):
    """The same generator gives the same noise, another one other noise, and no global random state moves."""
    text, number = " ".join(WORDS * 2), int(rng.integers(2**62))
    first = noised(learner, text, 0.3, 3, np.random.default_rng(number))
    moved = learner.last.random_moved
    assert not moved, (
        f"word_noise moved the global random state of {', '.join(sorted(moved))}. Draw from `rng`: what comes from elsewhere can't be repeated."
    )
    again = noised(learner, text, 0.3, 3, np.random.default_rng(number))
    assert first == again, "word_noise gave two different texts for two generators of the same seed. Every draw is to come from `rng`."
    others = [noised(learner, text, 0.3, 3, generator) for generator in generators(rng, 4)]
    assert any(other != first for other in others), (
        "word_noise gave the same text for five generators of different seeds. Is `rng` used, or one of your own with a fixed seed?"
    )
