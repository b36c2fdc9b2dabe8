"""Hidden suite of `parse_paraphrases`."""

import pytest

from tunelab import expect

SOURCE = "An empty shell of an epic rather than the real deal."
TEXTS = [
    "It looks like an epic, but there is nothing inside.",
    "This would-be epic is hollow",
    "A grand film without a heart, and 3.5 hours long.",
    "Big, loud and empty; the real thing is elsewhere!",
    "Not the epic that it wants to be...",
    "It's all shell and no epic.",
]


def parsed(learner, reply, source=SOURCE):
    call = f"parse_paraphrases({reply!r}, source)"
    try:
        got = learner.parse_paraphrases(reply, source)
    except (IndexError, ValueError, AttributeError, TypeError, KeyError) as error:
        raise AssertionError(
            f"{call} raised {type(error).__name__}: {error}. A small model answers anything, nothing at all included."
        ) from None
    expect.sequence(got, call=call)
    assert all(type(text) is str for text in got), f"{call} gave a list with something other than str in it."
    return got


def drawn(rng, count):
    return [str(text) for text in rng.permutation(TEXTS)[:count]]


@pytest.mark.points(2)
def test_numbers_and_bullets(learner, rng):
    """A bullet or a number before a paraphrase is taken off; a number that belongs to the text stays."""
    for marks in (
        ("1. ", "2. ", "3. "),
        ("1) ", "2)  ", "10) "),
        ("- ", "- ", "- "),
        ("* ", "•\t", "- "),
        ("- 1. ", "* 2) ", "• 3. "),
        ("  1. ", "\t2. ", " - "),
    ):
        texts = drawn(rng, 3)
        reply = "\n".join(mark + text for mark, text in zip(marks, texts, strict=True))
        got = parsed(learner, reply)
        left = [text for text in got if text not in texts and any(text.endswith(right) for right in texts)]
        assert not left, f"parse_paraphrases({reply!r}, source) gave {left[0]!r}. The mark before the text isn't part of the paraphrase."
        assert got == texts, f"parse_paraphrases({reply!r}, source) gave {got}. Is a paraphrase lost, or something of it?"
    reply = "1. 3.5 hours of nothing\n2. 2 hours of hollow grandeur\n3.5 stars, all for the costumes\n-ish is the word for this epic"
    got, right = (
        parsed(learner, reply),
        ["3.5 hours of nothing", "2 hours of hollow grandeur", "3.5 stars, all for the costumes", "-ish is the word for this epic"],
    )
    assert got == right, (
        f"parse_paraphrases({reply!r}, source) gave {got}. A number is a list's number only with a dot or a bracket and white space after it, a bullet only with white space after it, and each is taken off once."
    )


@pytest.mark.points(2)
def test_quotation_marks(learner, rng):
    """Quotation marks around the whole paraphrase are taken off, others stay."""
    first, second, third, fourth = drawn(rng, 4)
    reply = f'"{first}"\n2. “{second}”\n{third}\n- "{fourth}"'
    got = parsed(learner, reply)
    assert not [text for text in got if text[:1] in '"“'], (
        f"parse_paraphrases({reply!r}, source) gave {got}. Quotation marks around a whole paraphrase belong to the reply, not to the text."
    )
    assert got == [first, second, third, fourth], (
        f"parse_paraphrases({reply!r}, source) gave {got}. Is the mark taken off before the quotation marks, and is everything else kept?"
    )
    reply = '"Epic" is one word for it, another is "hollow"\nHe calls it "epic"\n"Hollow" is the word\n\'Epic\', they say, and yawn\''
    got = parsed(learner, reply)
    assert got == reply.split("\n"), (
        f"parse_paraphrases({reply!r}, source) gave {got}. Only double quotation marks around all of the text, with none in between, are taken off."
    )


@pytest.mark.points(2)
def test_introductions_and_labels(learner, rng):
    """Lines that end in a colon are dropped, and labels such as "Paraphrase 1:" are taken off."""
    first, second, third = drawn(rng, 3)
    reply = f"Sure! Here are three ways to say it:\n\n1. {first}\nParaphrase 2: {second}\nVERSION: {third}\nOr, in short:"
    got = parsed(learner, reply)
    assert not [text for text in got if text.endswith(":")], (
        f"parse_paraphrases({reply!r}, source) gave {got}. A line that ends in a colon announces something; it is no paraphrase."
    )
    assert got == [first, second, third], (
        f"parse_paraphrases({reply!r}, source) gave {got}. A label (paraphrase, version or rewrite, maybe with a number, and a colon) is taken off, in any case."
    )
    reply = f'1. Paraphrase: "{first}"\nRewrite 2:\n{second}\nVersion 3 :{third}\nparaphrase1: {first}'
    got = parsed(learner, reply)
    assert got == [first, second, third, first], (
        f"parse_paraphrases({reply!r}, source) gave {got}. Number, label, quotation marks: in this order. A label with nothing after it leaves nothing."
    )
    reply = "The verdict: hollow, and long\nA version of an epic\nParaphrase it as you will, it stays empty"
    got = parsed(learner, reply)
    assert got == reply.split("\n"), (
        f"parse_paraphrases({reply!r}, source) gave {got}. Only the three words of the contract, at the beginning and with a colon, are a label."
    )


@pytest.mark.points(3)
def test_copies_and_echoes(learner, rng):
    """A line that holds the source's words in their order is dropped, whatever is around it and however it is written."""
    first, second = drawn(rng, 2)
    echoes = [
        SOURCE,
        SOURCE.upper(),
        f'"{SOURCE}"',
        f"1. {SOURCE[:-1]}",
        f"Paraphrase this sentence: {SOURCE}",
        f"Original: {SOURCE}",
        f"{SOURCE} The list ends here.",
    ]
    echoes += [
        "An empty shell of an epic -- rather than the real deal!",
        "Version 2: an empty shell, of an epic, rather than the real deal",
    ]
    for echo in [str(line) for line in rng.permutation(echoes)]:
        reply = f"{first}\n{echo}\n{second}"
        got = parsed(learner, reply)
        assert got == [first, second], (
            f"parse_paraphrases({reply!r}, {SOURCE!r}) gave {got}. A line in which the source stands, word for word, is an echo: it says nothing new. Compare words (`bare`), since case and signs may differ."
        )
    near = [
        "An empty shell of an epic.",
        "Rather than the real deal, an empty shell of an epic",
        "An empty shell of an epic rather than the real dealer",
    ]
    got = parsed(learner, "\n".join([*near, SOURCE]))
    assert got == near, (
        f"parse_paraphrases of three lines with some of the source's words, or with others, and a copy gave {got}. Only the whole source, its words in their order and none cut short, is an echo."
    )
    got = parsed(learner, "Hollow\nA dullard's film\nIt is dull", "Dull!")
    assert got == ["Hollow", "A dullard's film"], (
        f"parse_paraphrases('Hollow\\nA dullard's film\\nIt is dull', 'Dull!') gave {got}. Compare whole words: 'dull' isn't in 'dullard', and is in 'It is dull'."
    )


@pytest.mark.points(1)
def test_refusals(learner, rng):
    """What begins like a refusal is dropped; a text that is only sorry is not."""
    first, second = drawn(rng, 2)
    refusals = [
        "I'm sorry, but I can't do that.",
        "I’m sorry, but as a model I have no opinions",
        "As an AI, I have not seen it.",
        "I cannot assist with that",
        "SORRY, BUT no.",
        "1. As a language model, I refuse.",
    ]
    for refusal in [str(line) for line in rng.permutation(refusals)]:
        got = parsed(learner, f"{refusal}\n{first}\n{second}")
        assert got == [first, second], (
            f"parse_paraphrases gave {got} for a reply with the line {refusal!r} in it. It begins like one of REFUSALS: upper and lower case aside, and ’ is taken for '."
        )
    fine = ["I'm sorry for the actors", "I cannot forget how empty it was", "Nobody says sorry, but the audience"]
    got = parsed(learner, "\n".join([*fine, "As an AI, I"]))
    assert got == fine, f"parse_paraphrases of {fine} and a refusal gave {got}. A refusal *begins* with one of REFUSALS, the whole of it."


@pytest.mark.points(2)
def test_a_line_stays_in_one_piece(learner, rng):
    """A paraphrase of several sentences is one paraphrase; empty lines are none."""
    texts = ["Mr. Bean would have made a better epic. This one is empty.", "It is 2.5 hours long... And hollow! Isn't it?", *drawn(rng, 2)]
    texts = [str(text) for text in rng.permutation(texts)]
    for reply in ("\n".join(texts), "\n\n  \n".join(texts) + "\n", "\r\n".join(texts)):
        got = parsed(learner, reply)
        assert got == texts, (
            f"parse_paraphrases({reply!r}, source) gave {len(got)} texts: {got}. Lines are what a reply is split into: a full stop also ends 'Mr.', and a review may have two sentences."
        )


@pytest.mark.points(1)
def test_order_and_repetitions(learner, rng):
    """What is kept stays in its order, repetitions too; a reply with nothing in it gives an empty list."""
    first, second = drawn(rng, 2)
    got = parsed(learner, f"{second}\n{first}\n2. {second}")
    assert got == [second, first, second], (
        f"parse_paraphrases of two texts, of which one comes twice, gave {got}. Repetitions stay here, in their places: to sort them out is another function's work."
    )
    for reply in ("", " \n\n", "1.\n2)\n-", '""\n...', f"Sure:\n{SOURCE}"):
        got = parsed(learner, reply)
        assert got == [], (
            f"parse_paraphrases({reply!r}, source) gave {got}. There is no paraphrase in it: a line without a letter or a digit is none."
        )


@pytest.mark.points(1)
def test_real_replies(learner):
    """Two replies that SmolLM2 really gave."""
    reply = 'Here\'s a numbered list of the original sentence with the specified format:\n\nAn empty shell of an epic rather than the real deal.\n\n1. A hollow shell in place of an epic.\n2. "A complete and unwieldy shell."\n\nThe list has two items'
    got, right = parsed(learner, reply), ["A hollow shell in place of an epic.", "A complete and unwieldy shell.", "The list has two items"]
    assert got == right, f"parse_paraphrases({reply!r}, source) gave {got}. Go through the contract for each of its lines."
    got = parsed(learner, "The sentence is as follows:\n\n" * 4 + "The sentence is as")
    assert got == ["The sentence is as"], (
        f"parse_paraphrases of four times 'The sentence is as follows:' and a line that was cut off gave {got}. Only what ends in a colon is an introduction."
    )
