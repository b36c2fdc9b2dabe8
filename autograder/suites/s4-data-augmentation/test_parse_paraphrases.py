"""Hidden suite of `parse_paraphrases`."""

import re

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


REFUSED = ("i'm sorry, but", "sorry, but", "i cannot assist", "as an ai", "as a language model")
PLAIN = "Each line is a paraphrase, also one without a mark, unless one of the contract's four reasons drops it."
MARKS = (
    (r"^[-*•](?:\s+|$)", "A bullet with white space after it is taken off."),
    (r"^\d+[.)](?:\s+|$)", "A number with a dot or a bracket, and white space after it, is taken off."),
    (
        r"^(?:paraphrase|version|rewrite)(?:\s*\d+)?\s*:\s*",
        "A label (paraphrase, version or rewrite, maybe with a number, and a colon) is taken off, in any case.",
    ),
    (r"^[\"“]([^\"“”]*)[\"”]$", "Double quotation marks around all that is left are taken off."),
)


def bare(words):
    """The words of a text, in small letters."""
    return " ".join(re.findall(r"[^\W_]+", words.lower()))


def taken_apart(line, source):
    """What a line gives (None when it is dropped), the sentences on the marks that are taken off it, and why it is dropped."""
    left, rules = line.strip(), []
    for mark, rule in MARKS:
        found = re.search(mark, left, re.IGNORECASE)
        if found:
            left = (found[1] if found.re.groups else left[found.end() :]).strip()
            rules.append(rule)
    if not bare(left):
        return None, rules, "What has no letter and no digit in it, its mark taken off, is none."
    if left.endswith(":"):
        return None, rules, "A line that ends in a colon announces something; it is no paraphrase."
    if f" {bare(source)} " in f" {bare(left)} ":
        return (
            None,
            rules,
            "A line in which the source stands, word for word, is an echo: it says nothing new. Compare words (`bare`), since case and signs may differ.",
        )
    if left.lower().replace("’", "'").startswith(REFUSED):
        return None, rules, "It begins like one of REFUSALS, its mark taken off: upper and lower case aside, and ’ is taken for '."
    return left, rules, ""


def judged(got, reply, source, otherwise):
    """Passes the right paraphrases; says of wrong ones what became of the first line that went wrong, and which rule is about it."""
    lines = [(line, *taken_apart(line, source)) for line in reply.splitlines()]
    right = [left for _, left, _, _ in lines if left is not None]
    if got == right:
        return
    call, rest = f"parse_paraphrases({reply!r}, {'source' if source == SOURCE else repr(source)})", list(got)
    for line, left, rules, why in lines:
        shown = repr(line.strip())
        if left is None:
            kept = rest and line.strip() and bare(rest[0]) and bare(line).endswith(bare(rest[0])) and rest[0] not in right
            made = (
                f"kept the line {shown}"
                if kept and rest[0] == line.strip()
                else f"gave {rest[0]!r}, made of the line {shown}"
                if kept
                else ""
            )
            assert not kept, f"{call} {made}. {why}"
            begun = rest and line.strip() and len(rest[0]) > 3 and rest[0] in line and rest[0] not in right
            assert not begun, f"{call} gave {rest[0]!r}, a piece of the line {shown}. Lines are neither split nor joined. {why}"
            continue
        assert rest, f"{call} gave nothing for the line {shown}. {otherwise}"
        if rest[0] == left:
            rest.pop(0)
            continue
        assert rest[0] not in right, f"{call} gave {rest[0]!r} where the text of the line {shown} is due. {otherwise}"
        piece = (
            bare(rest[0])
            and bare(rest[0]) in bare(line)
            and len(bare(rest[0]).split()) < len(bare(left).split())
            and line.strip().startswith(rest[0])
        )
        assert not piece, (
            f"{call} gave {rest[0]!r}, a piece of the line {shown}. Lines are what a reply is split into: a full stop also ends 'Mr.', and a review may have two sentences."
        )
        made = f"left the line {shown} as it was" if rest[0] == line.strip() else f"gave {rest[0]!r} for the line {shown}"
        assert bare(left) not in bare(rest[0]) or left not in rest[0], (
            f"{call} {made}. The mark before the text isn't part of the paraphrase, nor are marks around it. {' '.join(rules)}".rstrip()
        )
        raise AssertionError(f"{call} {made}. {otherwise}")
    raise AssertionError(f"{call} gave {rest[0]!r} as well. {otherwise}" if rest else f"{call} gave {got}. {otherwise}")


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
        judged(got, reply, SOURCE, "It holds a paraphrase, behind its mark, whichever that is.")
    reply = "1. 3.5 hours of nothing\n2. 2 hours of hollow grandeur\n3.5 stars, all for the costumes\n-ish is the word for this epic"
    got, right = (
        parsed(learner, reply),
        ["3.5 hours of nothing", "2 hours of hollow grandeur", "3.5 stars, all for the costumes", "-ish is the word for this epic"],
    )
    hint = "A number is a list's number only with a dot or a bracket and white space after it, a bullet only with white space after it, and each is taken off once."
    if got != right:
        judged(got, reply, SOURCE, hint)


@pytest.mark.points(2)
def test_quotation_marks(learner, rng):
    """Quotation marks around the whole paraphrase are taken off, others stay."""
    first, second, third, fourth = drawn(rng, 4)
    reply = f'"{first}"\n2. “{second}”\n{third}\n- "{fourth}"'
    got = parsed(learner, reply)
    judged(got, reply, SOURCE, "The mark is taken off first, then the quotation marks, and everything else is kept.")
    reply = '"Epic" is one word for it, another is "hollow"\nHe calls it "epic"\n"Hollow" is the word\n\'Epic\', they say, and yawn\''
    got = parsed(learner, reply)
    judged(got, reply, SOURCE, "Only double quotation marks around all of the text, with none in between, are taken off.")


@pytest.mark.points(2)
def test_introductions_and_labels(learner, rng):
    """Lines that end in a colon are dropped, and labels such as "Paraphrase 1:" are taken off."""
    first, second, third = drawn(rng, 3)
    reply = f"Sure! Here are three ways to say it:\n\n1. {first}\nParaphrase 2: {second}\nVERSION: {third}\nOr, in short:"
    got = parsed(learner, reply)
    label = "A label (paraphrase, version or rewrite, maybe with a number, and a colon) is taken off, in any case, and what is behind it is kept."
    judged(got, reply, SOURCE, label)
    reply = f'1. Paraphrase: "{first}"\nRewrite 2:\n{second}\nVersion 3 :{third}\nparaphrase1: {first}'
    got = parsed(learner, reply)
    judged(got, reply, SOURCE, "Number, label, quotation marks: in this order. A label with nothing after it leaves nothing.")
    reply = "The verdict: hollow, and long\nA version of an epic\nParaphrase it as you will, it stays empty"
    got = parsed(learner, reply)
    judged(got, reply, SOURCE, "Only the three words of the contract, at the beginning and with a colon, are a label.")


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
        judged(got, reply, SOURCE, PLAIN)
    near = [
        "An empty shell of an epic.",
        "Rather than the real deal, an empty shell of an epic",
        "An empty shell of an epic rather than the real dealer",
    ]
    reply = "\n".join([*near, SOURCE])
    judged(parsed(learner, reply), reply, SOURCE, "Only the whole source, its words in their order and none cut short, is an echo.")
    reply = "Hollow\nA dullard's film\nIt is dull"
    judged(parsed(learner, reply, "Dull!"), reply, "Dull!", "Compare whole words: 'dull' isn't in 'dullard', and is in 'It is dull'.")


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
        reply = f"{refusal}\n{first}\n{second}"
        judged(parsed(learner, reply), reply, SOURCE, PLAIN)
    fine = ["I'm sorry for the actors", "I cannot forget how empty it was", "Nobody says sorry, but the audience"]
    reply = "\n".join([*fine, "As an AI, I"])
    judged(parsed(learner, reply), reply, SOURCE, "A refusal *begins* with one of REFUSALS, the whole of it.")


@pytest.mark.points(2)
def test_a_line_stays_in_one_piece(learner, rng):
    """A paraphrase of several sentences is one paraphrase; empty lines are none."""
    texts = ["Mr. Bean would have made a better epic. This one is empty.", "It is 2.5 hours long... And hollow! Isn't it?", *drawn(rng, 2)]
    texts = [str(text) for text in rng.permutation(texts)]
    for reply in ("\n".join(texts), "\n\n  \n".join(texts) + "\n", "\r\n".join(texts)):
        got = parsed(learner, reply)
        judged(got, reply, SOURCE, "Each line with words in it is one paraphrase, whole.")


@pytest.mark.points(1)
def test_order_and_repetitions(learner, rng):
    """What is kept stays in its order, repetitions too; a reply with nothing in it gives an empty list."""
    first, second = drawn(rng, 2)
    reply = f"{second}\n{first}\n2. {second}"
    got = parsed(learner, reply)
    once = len(got) == 2 and set(got) == {first, second}
    hint = "Repetitions stay here, in their places: to sort them out is another function's work." if once else PLAIN
    judged(got, reply, SOURCE, hint)
    for reply in ("", " \n\n", "1.\n2)\n-", '""\n...', f"Sure:\n{SOURCE}"):
        got = parsed(learner, reply)
        judged(got, reply, SOURCE, "There is no paraphrase in it: what has no letter and no digit in it, its mark taken off, is none.")


@pytest.mark.points(1)
def test_real_replies(learner):
    """Two replies that SmolLM2 really gave."""
    reply = 'Here\'s a numbered list of the original sentence with the specified format:\n\nAn empty shell of an epic rather than the real deal.\n\n1. A hollow shell in place of an epic.\n2. "A complete and unwieldy shell."\n\nThe list has two items'
    judged(parsed(learner, reply), reply, SOURCE, PLAIN)
    reply = "The sentence is as follows:\n\n" * 4 + "The sentence is as"
    judged(parsed(learner, reply), reply, SOURCE, "Only what ends in a colon is an introduction.")
