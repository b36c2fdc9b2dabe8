"""Hidden suite of `decode`."""

import pytest

from tunelab import data, expect

LETTERS = list("abcdefghijklmnop")


def called(learner, tokens):
    """The text of a call, after the ladder."""
    call = f"decode({tokens})"
    got = learner.decode(tokens)
    expect.of_type(got, str, call=call)
    return got, call


def cut(words, rng):
    """Tokens for some words: each is cut at random places, and so is, sometimes, its mark from its last letter."""
    tokens = []
    for word in words:
        pieces = [""]
        for character in word:
            pieces[-1] += character
            if rng.random() < 0.4:
                pieces.append("")
        pieces[-1] += "</w>"
        tokens += pieces
    return tokens


def drawn(rng, number):
    return ["".join(rng.choice(LETTERS, size=int(rng.integers(1, 7))).tolist()) for _ in range(number)]


@pytest.mark.points(2)
def test_words_are_parted_by_one_space(learner, rng):
    """Between two words stands one space; there is none before the first and none behind the last."""
    for number in (2, 4):
        words = drawn(rng, number)
        got, call = called(learner, [word + "</w>" for word in words])
        assert "</w>" not in got, f"{call} gave {got!r}. The mark itself isn't part of the text: it says where a word ends."
        assert got != "".join(words), f"{call} gave {got!r}. The words are all in one. Where a word ends and another begins stands a space."
        assert not got.endswith(" "), (
            f"{call} gave {got!r}, with a space at its end. Spaces stand between words; behind the last word there is none."
        )
        assert got == " ".join(words), f"{call} gave {got!r}. One space between words, and nothing else added or lost."


@pytest.mark.points(2)
def test_pieces_of_a_word_are_joined(learner, rng):
    """The tokens of one word are joined without anything between."""
    for _ in range(3):
        first, second = drawn(rng, 2)
        tokens = [*first, first[0] + "</w>", second, second + "</w>"]
        got, call = called(learner, tokens)
        assert got.count(" ") <= 1, (
            f"{call} gave {got!r}, with a space within a word. Only the mark ends a word: a token without it goes on."
        )
        assert got == f"{first}{first[0]} {second}{second}", (
            f"{call} gave {got!r}. Tokens are joined as they are, until a mark says that the word ends."
        )


@pytest.mark.points(2)
def test_letters_of_the_mark_in_words(learner, rng):
    """Words that end in w, /, < or > keep their characters: only the mark as a whole is taken away."""
    start = drawn(rng, 1)[0]
    for word in (start + "w", start + "ww", start + "/", "a<b>", "1/w", start + ">"):
        got, call = called(learner, [word + "</w>", start + "</w>"])
        assert len(got) >= len(word) + 1 + len(start), (
            f"{call} gave {got!r}. Characters of the word were taken for the mark. `strip` and `rstrip` take a set of characters; `removesuffix` takes a text."
        )
        assert got == f"{word} {start}", (
            f"{call} gave {got!r}. Only the four characters of the mark, together, at a token's end, are the mark."
        )
    for piece in (start + ">", start + "w>", start + "/"):
        got, call = called(learner, [piece, start + "</w>"])
        assert got == piece + start, (
            f"{call} gave {got!r}. The token {piece!r} doesn't end in the mark, so the word goes on. Only the four characters of the mark, together, at a token's end, are the mark."
        )


@pytest.mark.points(1)
def test_a_word_that_was_cut_off(learner, rng):
    """When the last token has no mark, the text ends in the middle of a word, and nothing of it is lost."""
    first, second, third = drawn(rng, 3)
    for tokens, text in (
        ([first + "</w>", second, third], f"{first} {second}{third}"),
        ([second + "abcd"], second + "abcd"),
        ([first + "</w>", second + "</w>", "abcdef"], f"{first} {second} abcdef"),
    ):
        got, call = called(learner, tokens)
        assert len(got) >= len(text) or not text.startswith(got.rstrip()), (
            f"{call} gave {got!r}. The last token has no mark, because the text was cut off there. What is there of the word belongs to the text; here it was lost, or cut off at the end."
        )
        assert got == text, f"{call} gave {got!r}. The last word has no mark yet: its beginning is written down as it is."


@pytest.mark.points(1)
def test_the_mark_as_a_token(learner, rng):
    """The mark may be a token of its own: it ends the word just the same."""
    first, second, third = drawn(rng, 3)
    tokens = [first, second, "</w>", third, "</w>"]
    got, call = called(learner, tokens)
    assert got != first + second + third, (
        f"{call} gave {got!r}. The mark is a token of its own here, and ends a word as well as one that is joined to a letter."
    )
    assert got == f"{first}{second} {third}", f"{call} gave {got!r}. The mark is a token of its own here; it ends the word before it."


@pytest.mark.points(1)
def test_no_tokens(learner, rng):
    """No tokens give the empty text, and one word a text without spaces."""
    word = drawn(rng, 1)[0]
    got, call = called(learner, [word + "</w>"])
    assert got == word, f"{call} gave {got!r}, where there is one word."
    got, call = called(learner, [])
    assert got == "", f"{call} gave {got!r}, where there are no tokens. Then there is no text, not even a space."


@pytest.mark.points(2)
def test_real_headlines(learner, rng):
    """Real headlines, cut at random places, come back character for character."""
    texts = data.headlines()["text"]
    for i in rng.choice(len(texts), size=40, replace=False).tolist():
        words = texts[i].split()
        tokens = cut(words, rng)
        got, call = called(learner, tokens)
        assert got == " ".join(words), f"{call} gave {got!r}. Upper and lower case, digits, punctuation and accents stay as they are."
    assert learner.last.args[0] == tokens, f"{call} changed the list that it was given. Others may still need it."
