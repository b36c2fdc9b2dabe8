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


def text_of(tokens):
    """The text, word by word."""
    words, open_word = [], ""
    for token in tokens:
        open_word += token
        if open_word.endswith("</w>"):
            words.append(open_word[:-4])
            open_word = ""
    return " ".join([*words, open_word] if open_word else words)


def mistake(got, tokens):
    """What a text that is wrong comes from."""
    right, bare = text_of(tokens), [token.removesuffix("</w>") for token in tokens]
    ends = [token.endswith("</w>") for token in tokens]
    stripped = "".join(token.rstrip("</w>") + " " * end for token, end in zip(tokens, ends, strict=True))
    unmarked = "".join(token for token in tokens if token != "</w>").replace("</w>", " ")
    if got == "".join(" " if token == "</w>" else token for token in tokens).rstrip():
        return "The mark itself isn't part of the text. A token that ends in the mark ends a word just as one that is the mark alone."
    if "</w>" in got:
        return "The mark itself isn't part of the text: it says where a word ends."
    if got == right + " ":
        return "That has a space at its end. Spaces stand between words; behind the last word there is none."
    if got.strip() == "".join(one + " " * token.endswith(">") for one, token in zip(bare, tokens, strict=True)).strip():
        piece = next(token for token, end in zip(tokens, ends, strict=True) if token.endswith(">") and not end)
        return f"A space stands behind {piece!r}, which doesn't end in the mark, so the word goes on. Only the four characters of the mark, together, at a token's end, are the mark."
    if got.strip() == " ".join(bare).strip() and len(tokens) > 1:
        return "That has a space behind each token, also within a word. Only the mark ends a word: a token without it goes on."
    if got.strip() == unmarked.strip() and "</w>" in tokens:
        return "A mark that is a token of its own ends a word as well as one that is joined to a letter. Here it made no space."
    if got == right.replace(" ", ""):
        return "The words are all in one. Where a word ends and another begins stands a space."
    if got.strip() == stripped.strip():
        return "Characters of a word were taken for the mark. `strip` and `rstrip` take a set of characters; `removesuffix` takes a text."
    if right.startswith(got.rstrip()) and not ends[-1]:
        return "The last token has no mark, because the text was cut off there. What is there of the word belongs to the text; here it was lost, or cut off at the end."
    same = next((i for i, (one, other) in enumerate(zip(got, right, strict=False)) if one != other), min(len(got), len(right)))
    return f"It is right up to {right[:same][-20:]!r}, and not behind that. Tokens are put together as they are, and each mark is a space or, at the very end, nothing."


def check(learner, tokens):
    got, call = called(learner, tokens)
    assert got == text_of(tokens), f"{call} gave {got!r}. {mistake(got, tokens)}"


@pytest.mark.points(2)
def test_words_are_parted_by_one_space(learner, rng):
    """Between two words stands one space; there is none before the first and none behind the last."""
    for number in (2, 4):
        check(learner, [word + "</w>" for word in drawn(rng, number)])


@pytest.mark.points(2)
def test_pieces_of_a_word_are_joined(learner, rng):
    """The tokens of one word are joined without anything between."""
    for _ in range(3):
        first, second = drawn(rng, 2)
        check(learner, [*first, first[0] + "</w>", second, second + "</w>"])


@pytest.mark.points(2)
def test_letters_of_the_mark_in_words(learner, rng):
    """Words that end in w, /, < or > keep their characters: only the mark as a whole is taken away."""
    start = drawn(rng, 1)[0]
    for word in (start + "w", start + "ww", start + "/", "a<b>", "1/w", start + ">"):
        check(learner, [word + "</w>", start + "</w>"])
    for piece in (start + ">", start + "w>", start + "/"):
        check(learner, [piece, start + "</w>"])


@pytest.mark.points(1)
def test_a_word_that_was_cut_off(learner, rng):
    """When the last token has no mark, the text ends in the middle of a word, and nothing of it is lost."""
    first, second, third = drawn(rng, 3)
    for tokens in ([first + "</w>", second, third], [second + "abcd"], [first + "</w>", second + "</w>", "abcdef"]):
        check(learner, tokens)


@pytest.mark.points(1)
def test_the_mark_as_a_token(learner, rng):
    """The mark may be a token of its own: it ends the word just the same."""
    first, second, third = drawn(rng, 3)
    check(learner, [first, second, "</w>", third, "</w>"])


@pytest.mark.points(1)
def test_no_tokens(learner, rng):
    """No tokens give the empty text, and one word a text without spaces."""
    check(learner, [drawn(rng, 1)[0] + "</w>"])
    got, call = called(learner, [])
    assert got == "", f"{call} gave {got!r}, where there are no tokens. Then there is no text, not even a space."


@pytest.mark.points(2)
def test_real_headlines(learner, rng):
    """Real headlines, cut at random places, come back character for character."""
    texts = data.headlines()["text"]
    for i in rng.choice(len(texts), size=40, replace=False).tolist():
        tokens = cut(texts[i].split(), rng)
        check(learner, tokens)
    assert learner.last.args[0] == tokens, f"decode({tokens}) changed the list that it was given. Others may still need it."
