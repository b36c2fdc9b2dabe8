"""Hidden suite of `format_score`."""

import pytest

from tunelab import expect

KEYS = ("obeyed", "right_if_obeyed", "right")
SAYS = {"fresh": "VERDICT: fresh", "rotten": "VERDICT: rotten"}
OTHER = {"fresh": "rotten", "rotten": "fresh"}
LOOSE = ("VERDICT: {}.", "VERDICT: {} because it is", "The verdict is {}", "{}", "VERDICT:{}", "VERDICT:  {}", "Answer: VERDICT: {}")


def called(learner, replies, gold, what):
    """The three shares of a call that must succeed, after all checks of form."""
    call = f"format_score(replies, gold), on {what},"
    got = learner.format_score(list(replies), list(gold))
    expect.mapping(got, call=call, keys=KEYS)
    for key in KEYS:
        expect.number(got[key], call=f"{call} as {key!r}", low=0, high=1)
    return got, call


def class_of(rng, obeying_right, obeying_wrong, loose_right, loose_wrong):
    """Replies and gold labels with so many of each kind, shuffled."""
    kinds = ["or"] * obeying_right + ["ow"] * obeying_wrong + ["lr"] * loose_right + ["lw"] * loose_wrong
    replies, gold = [], []
    for kind in rng.permutation(kinds):
        label = ("fresh", "rotten")[int(rng.integers(2))]
        word = label if kind[1] == "r" else OTHER[label]
        form = SAYS[word] if kind[0] == "o" else str(rng.choice(LOOSE)).format(word)
        replies.append(form)
        gold.append(label)
    return replies, gold


def judged(got, replies, gold, call, why=""):
    """Passes the right shares; says of a wrong one from which mistake it comes, where that is plain, and adds `why`."""
    said = [{text: word for word, text in SAYS.items()}.get(reply) for reply in replies]
    obedient = [word for word in said if word is not None]
    total, obeyed, right = len(replies), len(obedient), sum(a == b for a, b in zip(said, gold, strict=True))
    begun = sum(reply.startswith(tuple(SAYS.values())) for reply in replies)
    anywhere = sum(label in reply for label, reply in zip(gold, replies, strict=True))
    beside = sum(a == b for a, b in zip(obedient, gold, strict=False))
    torn = "for which the obedient replies were held against the first labels. Is each reply still beside its own label after those that don't obey are left out?"
    shares = {
        "obeyed": (
            obeyed / total,
            {"for which a reply obeys that only begins as it should. It is one of the two sentences, and nothing else.": begun / total},
            "It is the share of all replies that are one of the two sentences, and nothing else.",
        ),
        "right_if_obeyed": (
            right / obeyed if obeyed else 0.0,
            {
                "a share of all replies. Replies that don't obey aren't in this share at all.": right / total,
                torn: beside / obeyed if obeyed else None,
            },
            "Of the replies that obey, how many give the right verdict?"
            if obeyed
            else "No reply obeys, and the share of nothing is 0.0 by contract.",
        ),
        "right": (
            right / total,
            {
                "the accuracy among the obedient. Overall it is a share of *all* replies.": right / obeyed if obeyed else None,
                "for which replies are right that don't obey, but hold the right word. One that doesn't obey is wrong, whatever else it says.": anywhere
                / total,
                torn: beside / total,
            },
            "A reply counts when it obeys and its verdict is right, out of all replies. One that doesn't obey is wrong, whatever else it says.",
        ),
    }
    for key, (share, ways, rule) in shares.items():
        if abs(got[key] - share) > 1e-6:
            told = [words for words, wrong in ways.items() if wrong is not None and abs(got[key] - wrong) < 1e-6]
            words = f", {told[0]}" if len(told) == 1 else f", which is not right. {rule}"
            raise AssertionError(f"{call} gave {got[key]:.4g} as {key!r}{words} {why}".rstrip())


@pytest.mark.points(2)
def test_three_shares_of_different_things(learner, rng):
    """Obedience, accuracy among the obedient and accuracy overall are three numbers."""
    for _ in range(3):
        a, b, c, d = (int(n) for n in rng.integers(2, 9, size=4))
        while a * d == b * c:  # two mistakes would give one number
            d = int(rng.integers(2, 9))
        replies, gold = class_of(rng, a, b, c, d)
        total = a + b + c + d
        got, call = called(learner, replies, gold, f"{total} replies of which {a + b} obey")
        judged(got, replies, gold, call)


@pytest.mark.points(2)
def test_to_the_letter(learner):
    """A reply obeys only if it is one of the two sentences, character for character."""
    loose = {
        "VERDICT: fresh and fun": "What follows the verdict breaks the format: a program that reads the reply wouldn't know what to do with it.",
        "VERDICT: fresh.": "A full stop is one character too many.",
        "verdict: fresh": "Capitals count: nothing is folded.",
        "VERDICT: Fresh": "Capitals count: nothing is folded.",
        "VERDICT: FRESH": "Capitals count: nothing is folded.",
        " VERDICT: fresh": "A space before it is one character too many: nothing is stripped.",
        "VERDICT: fresh\n": "A new line behind it is one character too many: nothing is stripped.",
        "VERDICT:fresh": "A space is missing.",
        "VERDICT: good": "There are two verdicts, and that is neither.",
        "VERDICT: ": "The verdict is missing.",
        "VERDICT: freshVERDICT: fresh": "Once, not twice.",
        "My VERDICT: fresh": "Nothing may come before it.",
        "": "An empty reply says nothing.",
    }
    for reply, why in loose.items():
        replies, gold = [reply, "VERDICT: rotten", "VERDICT: rotten"], ["fresh", "rotten", "fresh"]
        got, call = called(learner, replies, gold, f"the reply {reply!r} and twice 'VERDICT: rotten'")
        assert got["obeyed"] != 1.0, f"{call} took all for obedient. {why}"
        judged(got, replies, gold, call, "The first reply doesn't obey.")


@pytest.mark.points(1)
def test_both_verdicts_are_known(learner, rng):
    """Fresh and rotten are both verdicts, and each is held against its own label."""
    for word in ("fresh", "rotten"):
        count = int(rng.integers(2, 6))
        got, call = called(learner, [SAYS[word]] * count, [word] * count, f"{count} times {SAYS[word]!r}, all of them right")
        judged(got, [SAYS[word]] * count, [word] * count, call, f"They obey, and the gold label is {word}.")
        got, call = called(learner, [SAYS[word]] * count, [OTHER[word]] * count, f"{count} times {SAYS[word]!r}, all of them wrong")
        judged(got, [SAYS[word]] * count, [OTHER[word]] * count, call, f"They obey, and the gold label is {OTHER[word]}.")


@pytest.mark.points(1)
def test_each_reply_beside_its_own_label(learner):
    """The first reply belongs to the first label, and so on."""
    replies, gold = ["VERDICT: fresh", "VERDICT: rotten", "no idea", "VERDICT: fresh"], ["rotten", "fresh", "rotten", "fresh"]
    got, call = called(learner, replies, gold, "four replies of which only the last is right")
    judged(got, replies, gold, call)


@pytest.mark.points(1)
def test_nobody_obeys(learner):
    """When no reply obeys, there is nothing to divide by, and all three are 0."""
    try:
        replies, gold = ["I liked it.", "fresh"], ["fresh", "fresh"]
        got, call = called(learner, replies, gold, "two replies of which none obeys")
    except ZeroDivisionError:
        raise AssertionError(
            "format_score(replies, gold), on replies of which none obeys, divided by zero. That is how every model begins: say 0.0."
        ) from None
    judged(got, replies, gold, call, "Where nobody obeys, nobody is right either.")
    replies = ["I liked it.", "VERDICT: fresh"]
    got, call = called(learner, replies, gold, "two replies of which one obeys and is right")
    if got["right_if_obeyed"] != 1.0:
        judged(got, replies, gold, call, "As soon as one reply obeys, there is something to divide by.")


@pytest.mark.points(1)
def test_lists_that_do_not_fit(learner):
    """Lists of different lengths, or without anything in them, are refused with a ValueError that names replies."""
    for replies, gold in ((["VERDICT: fresh"], ["fresh", "rotten"]), (["VERDICT: fresh"] * 3, ["fresh"] * 2), ([], [])):
        counts = (f"{len(replies)} {'reply' if len(replies) == 1 else 'replies'}", f"{len(gold)} label{'s' * (len(gold) != 1)}")
        call = f"format_score(replies, gold), on {' and '.join(counts)},"
        try:
            learner.format_score(replies, gold)
        except ValueError as error:
            assert "replies" in str(error), f"{call} raised a ValueError that says {str(error)[:80]!r}. Name `replies` in it."
        except ZeroDivisionError:
            raise AssertionError(f"{call} divided by zero. The contract asks for a ValueError, which says what is wrong.") from None
        else:
            raise AssertionError(f"{call} raised nothing. `zip` stops at the shorter list without a word, and the rest is never looked at.")
    replies, gold = ["VERDICT: fresh"] * 2, ["fresh", "rotten"]
    got, call = called(learner, replies, gold, "two replies and two labels")
    if got["right"] != 0.5:
        judged(got, replies, gold, call)
