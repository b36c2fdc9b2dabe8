"""Hidden suite of `tokenizer_fit`."""

import pytest
from tokenizers import Tokenizer
from tokenizers.models import BPE, WordPiece
from tokenizers.pre_tokenizers import WhitespaceSplit
from tokenizers.processors import TemplateProcessing
from transformers import PreTrainedTokenizerFast

from tunelab import expect
from tunelab.models import minilm_tokenizer

PROBE_DATA = ("PIECES",)
PIECES = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "film", "##s", "##ish", "plot", "##less", "##ness", "dull"]
"""How many tokens a word gets can be read off it: one per piece, and one for a word that isn't made of pieces."""
KNOWN = {
    "film": 1,
    "plot": 1,
    "dull": 1,
    "films": 2,
    "dullish": 2,
    "plotless": 2,
    "plotlessness": 3,
    "dullishness": 3,
    "filmishlessness": 4,
}
STRANGE = ["quux", "zzz", "jazz", "viv"]
NUMBERS = ("none", "one", "two", "three")
KEYS = ("tokens_per_word", "unknown_share", "cut_share")


def word_pieces(start, end):
    """A small tokenizer of BERT's kind, that puts `start` tokens before a text and `end` tokens after it."""
    core = Tokenizer(WordPiece({piece: number for number, piece in enumerate(PIECES)}, unk_token="[UNK]"))
    core.pre_tokenizer = WhitespaceSplit()
    frame = ["[CLS]"] * start + ["$A"] + ["[SEP]"] * end
    core.post_processor = TemplateProcessing(single=" ".join(frame), special_tokens=[("[CLS]", 1), ("[SEP]", 2)])
    return PreTrainedTokenizerFast(tokenizer_object=core, unk_token="[UNK]", pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]")


def letters():
    """A tokenizer that knows every letter of its texts, and neither special tokens nor one for what it doesn't know."""
    core = Tokenizer(BPE({letter: number for number, letter in enumerate("abcdefghijklmnopqrstuvwxyz")}, []))
    core.pre_tokenizer = WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=core)


def drawn(rng, lengths, strange=0):
    """Texts of so many words, and for each its number of tokens; in each of them `strange` of the words are unknown."""
    texts, tokens = [], []
    for length in lengths:
        words = rng.choice(list(KNOWN), size=length - strange).tolist()
        odd = rng.choice(STRANGE, size=strange).tolist()
        texts.append(" ".join(rng.permutation(words + odd).tolist()))
        tokens.append(sum(KNOWN[word] for word in words) + strange)
    return texts, tokens


def called(learner, texts, tokenizer, max_length, about):
    """The dict of a call, after the ladder: three floats, the shares from 0 to 1."""
    call = f"tokenizer_fit(texts, tokenizer, {max_length}), {about},"
    got = expect.mapping(learner.tokenizer_fit(list(texts), tokenizer, max_length), call=call, keys=KEYS)
    for key in KEYS:
        expect.number(got[key], call=f"{call} as {key!r}", low=0.0, high=None if key == "tokens_per_word" else 1.0)
    return got, call


def near(a, b):
    return abs(a - b) < 1e-9


def check(got, key, right, call, mistakes, hint):
    """The value is right; if it isn't, and just one known mistake gives it, the mistake is named."""
    value = got[key]
    if near(value, right):
        return
    named = {text for wrong, text in mistakes if near(value, wrong)}
    assert len(named) != 1, f"{call} gave {value:.4f} as {key!r}: {named.pop()}"
    raise AssertionError(f"{call} gave {value:.4f} as {key!r}, which is not right. {hint}")


def wrong_ratios(texts, tokens, special, limit, unknown=0):
    """Tokens per word as known mistakes give it, where each text has so many `tokens` of its own and `special` ones around them."""
    words, total, around = [len(text.split()) for text in texts], sum(tokens), NUMBERS[special]
    characters = sum(map(len, texts))
    cut = "it counts what is left of the texts when they have been cut. `max_length` is for the share of cut texts only."
    wrong = [
        (
            (total + special * len(texts)) / sum(words),
            f"it counts the {around} special tokens that are put around each text. They say nothing about how well words fit.",
        ),
        (
            (total + (special - 2) * len(texts)) / sum(words),
            f"two tokens are taken off each text, as if every tokenizer added two. This one adds {around}.",
        ),
        (sum(words) / total, "words per token. Turn it round."),
        (characters / sum(words), "it counts characters. Count the token ids that the tokenizer gives."),
        (total / characters, "it divides by characters. Divide by words, as `split()` finds them."),
        (total / len(texts), "it divides by the number of texts. Divide by that of words."),
        (
            (total - unknown) / sum(words),
            "it leaves the unknown tokens out. An unknown word still is a token; only those that the tokenizer adds don't count.",
        ),
        *((sum(min(t, most) for t in tokens) / sum(words), cut) for most in (limit, limit - special)),
    ]
    if all(words):
        ratios = [t / w for t, w in zip(tokens, words, strict=True)]
        text = f"the mean of the texts' own ratios, in which a short text (here {min(words)} word{'s' * (min(words) != 1)}) counts as much as a long one (here {max(words)}). Divide one sum by the other."
        wrong.append((sum(ratios) / len(ratios), text))
    return wrong


def wrong_unknown_shares(texts, tokens, special, unknown):
    """The unknown share as known mistakes give it, where each text has so many tokens of its own, and of them `unknown` unknown."""
    total, around = sum(tokens), NUMBERS[special]
    return [
        (
            0.0,
            "as if every word were known. The unknown token is itself among the tokenizer's `all_special_ids`: who leaves those out, leaves out what is asked for.",
        ),
        (sum(unknown) / (total + special * len(texts)), "it divides by the special tokens too. Divide by the texts' own tokens."),
        (
            sum(unknown) / (total + (special - 2) * len(texts)),
            f"it divides by each text's tokens less two, as if every tokenizer added two. This one adds {around}.",
        ),
        (sum(unknown) / len(" ".join(texts).split()), "it divides by words. A share of tokens is asked for."),
        (
            sum(u / t for u, t in zip(unknown, tokens, strict=True)) / len(texts),
            "the mean of the texts' shares. Divide one sum by the other.",
        ),
        (sum(u > 0 for u in unknown) / len(texts), "the share of texts with an unknown token. A share of tokens is asked for."),
        (1 - sum(unknown) / total, "the share of tokens that are known."),
    ]


def wrong_cut_shares(texts, tokens, special, limit):
    """The cut share as known mistakes give it."""
    words = sum(len(text.split()) > limit for text in texts) / len(texts)
    own, just, fit = (
        sum(found) / len(texts)
        for found in (
            [t > limit for t in tokens],
            [t + special >= limit for t in tokens],
            [t + special <= limit for t in tokens],
        )
    )
    none = "as if no text were cut. Are words compared with a limit of tokens, or were the texts cut before they were counted?"
    return [
        (just, "it counts those that are just as long as the limit. They fit: only what is longer is cut."),
        (own, "it compares lengths without special tokens. These take up room as well, so the limit is reached earlier."),
        (fit, "the share of texts that fit. The share that is cut is asked for."),
        (words, "it compares numbers of words with a limit of tokens.") if words else (0.0, none),
    ]


@pytest.mark.points(2)
def test_special_tokens_are_no_part_of_the_text(learner, rng):
    """Tokens per word: what the tokenizer adds around a text doesn't count."""
    tokenizer = learner.make(word_pieces, 1, 1)
    texts, tokens = drawn(rng, [4] * 5)
    got, call = called(learner, texts, tokenizer, 100, "on 5 texts of 4 words")
    mistakes = wrong_ratios(texts, tokens, 2, 100)
    check(got, "tokens_per_word", sum(tokens) / 20, call, mistakes, "All tokens of all texts, over all words (as `split()` finds them).")


@pytest.mark.points(2)
def test_a_ratio_of_sums(learner, rng):
    """Tokens per word is all tokens over all words: a long text counts for more than a short one."""
    tokenizer = learner.make(word_pieces, 1, 1)
    texts = ["film dull " + "plot " * int(rng.integers(20, 40)), "filmishlessness", "dullishness plotlessness"]
    tokens, words = [len(texts[0].split()), 4, 6], [len(text.split()) for text in texts]
    got, call = called(learner, texts, tokenizer, 100, f"on texts of {words[0]}, 1 and 2 words")
    mistakes = wrong_ratios(texts, tokens, 2, 100)
    check(got, "tokens_per_word", sum(tokens) / sum(words), call, mistakes, "Add up all tokens and all words, and then divide.")


@pytest.mark.points(2)
def test_unknown_words(learner, rng):
    """The share of unknown tokens is that of all tokens of the texts, special ones left out."""
    tokenizer = learner.make(word_pieces, 2, 1)
    strange = int(rng.integers(2, 4))
    texts, tokens = drawn(rng, [strange + 1, strange + 6, strange + 3], strange)
    got, call = called(learner, texts, tokenizer, 100, f"where {strange} words of each text are unknown")
    unknown, total, words = 3 * strange, sum(tokens), sum(len(text.split()) for text in texts)
    mistakes = wrong_unknown_shares(texts, tokens, 3, [strange] * 3)
    check(
        got,
        "unknown_share",
        unknown / total,
        call,
        mistakes,
        "Of all tokens of the texts, count those whose id is `tokenizer.unk_token_id`.",
    )
    mistakes = wrong_ratios(texts, tokens, 3, 100, unknown)
    check(got, "tokens_per_word", total / words, call, mistakes, "An unknown word is one token.")


@pytest.mark.points(2)
def test_a_text_that_just_fits_is_not_cut(learner, rng):
    """A text is cut when it is longer than max_length with its special tokens; one that is just as long fits."""
    tokenizer = learner.make(word_pieces, 1, 2)
    limit = int(rng.integers(12, 20))
    own = [limit - 3, limit - 3, limit - 2, limit - 1, limit, limit + 1, limit - 6]
    texts = [" ".join(["film"] * (n % 2) + ["films"] * (n // 2)) for n in own]
    got, call = called(learner, texts, tokenizer, limit, "on 7 texts, two of which are just that long with their 3 special tokens")
    mistakes = wrong_cut_shares(texts, own, 3, limit)
    hint = "Compare each text's length, special tokens included, with the limit."
    check(got, "cut_share", sum(k + 3 > limit for k in own) / 7, call, mistakes, hint)


@pytest.mark.points(1)
def test_length_is_measured_in_tokens(learner, rng):
    """The limit is one of tokens, not of words, and it doesn't shorten what is counted elsewhere."""
    tokenizer = learner.make(word_pieces, 1, 1)
    texts = [" ".join(["filmishlessness"] * int(k)) for k in rng.integers(4, 8, size=4)] + ["dull"]
    got, call = called(learner, texts, tokenizer, 10, "on texts of few words that are many tokens")
    tokens = [4 * len(text.split()) for text in texts[:-1]] + [1]
    mistakes = wrong_cut_shares(texts, tokens, 2, 10)
    check(got, "cut_share", 0.8, call, mistakes, "Compare each text's number of tokens, special ones included, with the limit.")
    words = sum(len(text.split()) for text in texts)
    hint = "`max_length` is for the share of cut texts only."
    check(got, "tokens_per_word", sum(tokens) / words, call, wrong_ratios(texts, tokens, 2, 10), hint)


@pytest.mark.points(1)
def test_a_tokenizer_without_special_tokens(learner, rng):
    """A tokenizer may have no unknown token, and add no special ones."""
    tokenizer = learner.make(letters)
    lengths = rng.integers(3, 9, size=5).tolist()
    texts = ["".join(rng.choice(list("abcdefgh"), size=n)) + " xyz" for n in lengths]
    try:
        got, call = called(learner, texts, tokenizer, 8, "with a tokenizer that has no unknown token and adds no special ones")
    except (TypeError, ValueError, AttributeError) as error:
        raise AssertionError(
            f"tokenizer_fit(texts, tokenizer, 8), with a tokenizer that has no unknown token, raised {type(error).__name__}: {error}. Its `unk_token_id` is None."
        ) from None
    check(got, "unknown_share", 0.0, call, [], "A tokenizer that has no unknown token knows everything: the share is 0.")
    tokens = [n + 3 for n in lengths]
    hint = "Here each letter is a token. Do you subtract special tokens that aren't there?"
    check(got, "tokens_per_word", sum(tokens) / 10, call, wrong_ratios(texts, tokens, 0, 8), hint)
    hint = "Here each letter is a token. Do you add special tokens that aren't there?"
    check(got, "cut_share", sum(t > 8 for t in tokens) / 5, call, wrong_cut_shares(texts, tokens, 0, 8), hint)


@pytest.mark.points(1)
def test_empty_texts_among_others(learner, rng):
    """A text without a word is a text all the same, and the list of texts stays as it is."""
    tokenizer = learner.make(word_pieces, 1, 1)
    texts, tokens = drawn(rng, [5, 9])
    texts = [texts[0], "", texts[1], "  "]
    about = "where two of four texts hold no word"
    try:
        got, call = called(learner, texts, tokenizer, 6, about)
    except ZeroDivisionError:
        raise AssertionError(
            f"tokenizer_fit(texts, tokenizer, 6), {about}, raised a ZeroDivisionError. A single text may be empty: what is divided, and when, so that its 0 words do no harm?"
        ) from None
    tokens = [tokens[0], 0, tokens[1], 0]
    check(
        got, "tokens_per_word", sum(tokens) / 14, call, wrong_ratios(texts, tokens, 2, 6), "Texts without words add nothing to either sum."
    )
    hint = "Compare each text's number of tokens, special ones included, with the limit; an empty text counts as one that isn't cut."
    check(got, "cut_share", sum(t + 2 > 6 for t in tokens) / 4, call, wrong_cut_shares(texts, tokens, 2, 6), hint)
    assert learner.last.args[0] == texts, f"{call} changed the list of texts."


def ids_of(tokenizer, texts):
    return [list(row) for row in tokenizer(list(texts))["input_ids"]]


@pytest.mark.points(1)
def test_the_tokenizer_of_minilm(learner):
    """With MiniLM's own tokenizer: whole words, pieces, and signs that it doesn't know."""
    tokenizer = learner.make(minilm_tokenizer)
    texts = ["the film is good", "unwatchable \U0001f996", "a"]
    got, call = called(learner, texts, tokenizer, 5, "with MiniLM's tokenizer on three short texts")
    ids = learner.probe(ids_of, tokenizer, texts)
    own = [len(row) - 2 for row in ids]
    mistakes = wrong_ratios(texts, own, 2, 5, 1)
    check(got, "tokens_per_word", sum(own) / 7, call, mistakes, "MiniLM's tokenizer puts [CLS] and [SEP] around each text.")
    mistakes = wrong_unknown_shares(texts, own, 2, [0, 1, 0])
    check(got, "unknown_share", 1 / sum(own), call, mistakes, "The picture of a dinosaur is an unknown token, [UNK].")
    mistakes = wrong_cut_shares(texts, own, 2, 5)
    check(
        got,
        "cut_share",
        sum(len(row) > 5 for row in ids) / 3,
        call,
        mistakes,
        "Compare each text's number of tokens, [CLS] and [SEP] included, with the limit.",
    )
