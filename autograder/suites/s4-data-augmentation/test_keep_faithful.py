"""Hidden suite of `keep_faithful`."""

import math
import re

import pytest

from tunelab import expect

WORDS = ["slow", "long", "warm", "odd", "loud", "small", "pale", "plain", "cheap", "grand"]


def arrows(texts):
    """A vector of two numbers for each text: the two numbers in the text are its angle in degrees and its length."""
    import re

    import numpy as np

    if isinstance(texts, str) or len(texts) == 0:
        raise ValueError("encode takes a list of texts, with at least one in it")
    found = [[int(number) for number in re.findall(r"\d+", text)[-2:]] for text in texts]
    return np.array([[length * np.cos(np.radians(angle)), length * np.sin(np.radians(angle))] for angle, length in found])


def minilm_vectors(texts):
    """MiniLM's vectors of the texts."""
    from tunelab import models

    return models.embed(list(texts), models.minilm(), models.minilm_tokenizer()).numpy()


def text(word, angle, length=1):
    return f"A {word} film, {angle} {length}"


def cosine(angle):
    return math.cos(math.radians(angle))


def kept(learner, source, candidates, low, high):
    call = f"keep_faithful({source!r}, {candidates}, encode, {low:.3g}, {high:.3g})"
    try:
        got = learner.keep_faithful(source, candidates, arrows, low, high)
    except (ValueError, IndexError, TypeError, KeyError, AttributeError) as error:
        advice = "`encode` takes a list of at least one text and gives an array with a row for each."
        advice = (
            advice
            if candidates
            else "No candidates are nothing to encode: `encode` takes at least one text, and the answer is an empty list."
        )
        raise AssertionError(f"{call} raised {type(error).__name__}: {str(error).rstrip('.')}. {advice}") from None
    expect.sequence(got, call=call)
    assert all(one in candidates for one in got), f"{call} gave {got}. Only candidates come back, each as it stands."
    return got


def bare(words):
    """The words of a text, in small letters."""
    return " ".join(re.findall(r"[^\W_]+", words.lower()))


def negated(words):
    """Whether a text of this suite has a negation."""
    found = [word.lower() for word in re.findall(r"[^\W\d_]+(?:['’-][^\W\d_]+)*", words)]
    return any(word in ("not", "never", "nothing", "without") or word.endswith(("n't", "n’t")) for word in found)


def chosen(source, candidates, vectors, low, high, cosines=True, mutual=False):
    """The candidates that stay; with `mutual`, those that come too near to one that stayed go, and without `cosines` it is dot products that count."""
    lengths = [math.hypot(*vector) if cosines else 1.0 for vector in vectors]
    stayed, seen, near = [], {bare(source)}, [0]
    for i, candidate in enumerate(candidates, 1):
        alike = [
            sum(a * b for a, b in zip(vectors[i], vectors[j], strict=True)) / lengths[i] / lengths[j] for j in (near if mutual else [0])
        ]
        if alike[0] >= low and max(alike) <= high and negated(candidate) == negated(source) and bare(candidate) not in seen:
            stayed.append(candidate)
            seen.add(bare(candidate))
            near.append(i)
    return stayed


def judged(got, source, candidates, low, high, call, otherwise="", encode=arrows):
    """Passes the right candidates; says of wrong ones which was kept or dropped against which rule."""
    vectors = [list(map(float, row)) for row in encode([source, *candidates])]
    right = chosen(source, candidates, vectors, low, high)
    if got == right:
        return
    assert not got or got != chosen(source, candidates, vectors, low, high, cosines=False), (
        f"{call} kept {len(got)} of {len(candidates)} candidates: those whose dot product lies between the bounds. A dot product grows with the lengths of the vectors; divide by both."
    )
    assert not got or got != chosen(source, candidates, vectors, low, high, mutual=True), (
        f"{call} dropped {next(one for one in right if one not in got)!r}, which is near to another candidate. That doesn't count: compare each with the source."
    )
    near = {
        one: sum(a * b for a, b in zip(v, vectors[0], strict=True)) / math.hypot(*v) / math.hypot(*vectors[0])
        for one, v in zip(candidates, vectors[1:], strict=True)
    }
    for one in got:
        if one not in right:
            told, sure = f"{call} kept {one!r}", f"whose cosine with the source is {near[one]:.3f}"
            assert near[one] >= low, f"{told}, {sure}. That is below `low`: it says something else."
            assert near[one] <= high, (
                f"{told}, {sure}. That is above `high`: hardly a word has changed, and there is nothing to learn from it."
            )
            assert bare(one) != bare(source), (
                f"{told}, a copy of the source. Compare the words alone (`bare`): a copy may come in capitals, or with other signs."
            )
            assert negated(one) == negated(source), (
                f"{told}. One of source and candidate has a negation and the other has none: they may say opposite things, however near their vectors are."
            )
    words = [bare(one) for one in got]
    twice = [one for one in got if words.count(bare(one)) > 1]
    assert not twice, f"{call} kept the same words more than once: {twice}. Of candidates with the same words only the first stays."
    missing = [one for one in right if one not in got]
    for one in missing:
        instead = [other for other in got if bare(other) == bare(one)]
        assert not instead, (
            f"{call} kept {instead[0]!r} and not {one!r}, which has the same words and stands before it. The first one stays."
        )
    assert not missing, (
        f"{call} dropped {missing[0]!r}, whose cosine with the source is {near[missing[0]]:.3f}, between the two bounds, and whose words come for the first time. {otherwise}".rstrip()
    )
    raise AssertionError(
        f"{call} gave the right candidates in another order. They stay in the order of `candidates`; a set has none, and nobody asked to sort them."
    )


def drawn(rng, count):
    return [str(word) for word in rng.permutation(WORDS)[:count]]


@pytest.mark.points(3)
def test_neither_too_far_nor_too_near(learner, rng):
    """A candidate stays when its cosine with the source lies from `low` to `high`."""
    words, start = drawn(rng, 7), int(rng.integers(0, 90))
    low, high = cosine(45.5), cosine(12.5)
    angles = [int(angle) for angle in rng.permutation([3, 12, 13, 30, 45, 46, 80])]
    candidates = [text(word, start + angle) for word, angle in zip(words, angles, strict=True)]
    got = kept(learner, text("dull", start), candidates, low, high)
    call = f"keep_faithful(source, candidates, encode, {low:.3f}, {high:.3f})"
    near = {one: cosine(angle) for one, angle in zip(candidates, angles, strict=True)}
    wrong = [one for one in candidates if (one in got) != (low <= near[one] <= high)]
    if wrong:
        judged(got, text("dull", start), candidates, low, high, call)


@pytest.mark.points(2)
def test_the_length_of_vectors_does_not_matter(learner, rng):
    """The cosine compares directions: a longer vector isn't nearer, a shorter one isn't farther."""
    words, lengths = drawn(rng, 6), [int(number) for number in rng.permutation([1, 2, 5, 9, 20, 50])]
    angles = [int(angle) for angle in rng.permutation([20, 25, 35, 70, 75, 5])]
    candidates = [text(word, angle, length) for word, angle, length in zip(words, angles, lengths, strict=True)]
    source, hint = text("dull", 0, int(rng.integers(2, 9))), "A dot product grows with the lengths of the vectors; divide by both."
    got = kept(learner, source, candidates, 0.5, 0.98)
    judged(
        got, source, candidates, 0.5, 0.98, "keep_faithful(source, candidates, encode, 0.5, 0.98), with vectors of different lengths,", hint
    )


@pytest.mark.points(2)
def test_compared_with_the_source(learner, rng):
    """Candidates are compared with the source, not with one another, and what stays keeps its order."""
    words = drawn(rng, 8)
    angles = [int(angle) for angle in rng.permutation([31, 32, 33, 34, 36, 37, 62, 64])]
    candidates = [text(word, angle) for word, angle in zip(words, angles, strict=True)]
    got = kept(learner, text("dull", 0), candidates, 0.7, 0.95)
    hint = "Some candidates are near to one another, but compare each with the source alone."
    judged(got, text("dull", 0), candidates, 0.7, 0.95, "keep_faithful(source, candidates, encode, 0.7, 0.95)", hint)


@pytest.mark.points(2)
def test_copies_and_duplicates(learner, rng):
    """A candidate with the source's words is dropped, and so is one with the words of a candidate that was kept before; signs and case don't count."""
    first, second = drawn(rng, 2)
    source = text(first, 20)
    # The same words with other signs; a number with a sign inside it would be two words.
    copies = [source.upper(), source.replace(",", " --") + "!", f'"{source}"', source]
    once, again = text(second, 50), [f"a {second} FILM: 50, 1", text(second, 50), f"A {second} film 50 1."]
    candidates = [str(copies[int(rng.integers(4))]), once, *[str(one) for one in rng.permutation(again)], text("brisk", 50), *copies[:2]]
    got = kept(learner, source, candidates, 0.5, 1.1)
    judged(got, source, candidates, 0.5, 1.1, f"keep_faithful({source!r}, …)", "Different words all stay.")


@pytest.mark.points(2)
def test_no_flipped_negation(learner, rng):
    """Where one of source and candidate has a negation and the other has none, the candidate is dropped."""
    word, other = drawn(rng, 2)
    turned = [
        f"It is not {word}, 40 1",
        f"NEVER {word}, 41 1",
        f"It isn't {word}, 42 1",
        f"Wasn’t it {word}? 43 1",
        f"Nothing is {word} in it, 44 1",
        f"{word} without end, 45 1",
    ]
    plain = [f"A {word} one, 40 2", f"I know it as {word}, 41 2", f"A note on the {word} knot, 42 2", f"{word} nonetheless, 43 2"]
    candidates = [str(one) for one in rng.permutation(turned + plain)]
    for source in (f"A {other} film, 10 1", f"Not a {other} film, 10 1", f"It doesn't end {other}, 10 1"):
        got = kept(learner, source, candidates, 0.5, 0.99)
        hint = "A negation is a whole word of NEGATIONS, or one that ends in n't; when both have one, none is flipped."
        if sorted(got) != sorted(turned if negated(source) else plain):
            judged(got, source, candidates, 0.5, 0.99, f"keep_faithful({source!r}, …)", hint if got else "")


@pytest.mark.points(1)
def test_without_candidates(learner, rng):
    """No candidates give an empty list, and the list of candidates is left as it was."""
    word = drawn(rng, 1)[0]
    candidates = [text(word, 40), text(word, 40), text("dull", 170)]
    got = kept(learner, text("brisk", 0), candidates, 0.5, 0.99)
    judged(got, text("brisk", 0), candidates, 0.5, 0.99, "keep_faithful of a candidate, its duplicate and one that is far away")
    assert learner.last.args[1] == candidates, "keep_faithful changed the list of candidates that it was given. Make a new one."
    got = kept(learner, text("brisk", 0), [], 0.5, 0.99)
    assert got == [], f"keep_faithful of no candidates gave {got}."


@pytest.mark.points(1)
def test_with_minilm(learner):
    """With MiniLM's vectors, a paraphrase stays, and a copy, another topic and a turned verdict go."""
    source = "An empty shell of an epic rather than the real deal."
    candidates = [
        "A shell of an epic, but empty, and far from the real deal.",
        "AN EMPTY SHELL OF AN EPIC, RATHER THAN THE REAL DEAL!",
        "The bus leaves at nine.",
        "Not an empty shell of an epic, but the real deal.",
    ]
    got = learner.keep_faithful(source, candidates, minilm_vectors, 0.6, 0.999)
    expect.sequence(got, call="keep_faithful with MiniLM's vectors")
    assert all(type(one) is str for one in got), (
        f"keep_faithful with MiniLM's vectors gave {got}. Only candidates come back, each as it stands."
    )
    call = f"keep_faithful({source!r}, candidates, encode, 0.6, 0.999), with MiniLM's vectors,"
    strangers = [one for one in got if one not in candidates]
    assert not strangers, f"{call} gave {strangers[0]!r}. Only candidates come back, each as it stands."
    judged(got, source, candidates, 0.6, 0.999, call, encode=minilm_vectors)
