"""Hidden suite of `sample_next`.

Tokens that must not be drawn fail a test at once. That a token which can be drawn never is, in as many draws as are made here, has a probability below 1e-9. Shares are held against
their expectation with Chernoff's bound: a count whose tail has a probability below e^-20 (2e-9) counts as wrong. In all, a right answer fails with a probability below 1e-7.
"""

import math

import numpy as np
import pytest
import torch

from tunelab import expect


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def generator(learner, rng):
    """One generator that goes on from call to call, where the learner's code runs."""
    return learner.make(seeded, int(rng.integers(0, 2**31)))


def placed(rng, shares, vocab=12, first=4):
    """Logits whose softmax is `shares` on tokens drawn from `first` to `vocab`, and next to nothing (e^-100 or less, e^-33 at a temperature of 3) elsewhere; and those tokens, the most likely one first."""
    tokens = (first + rng.permutation(vocab - first)[: len(shares)]).tolist()
    logits = -100 - 0.1 * torch.arange(vocab, dtype=torch.float32)
    logits[tokens] = torch.tensor(shares, dtype=torch.float32).log()
    return logits + float(rng.uniform(-3, 3)), tokens


def drawn(learner, rng, logits, settings, times):
    """Tokens of many calls, counted."""
    call = f"sample_next(logits, {', '.join(map(str, settings))}, generator)"
    chance, counts = generator(learner, rng), {}
    for _ in range(times):
        got = learner.sample_next(logits, *settings, chance)
        expect.integer(got, call=call, low=0, high=len(logits) - 1)
        counts[got] = counts.get(got, 0) + 1
    return counts, call


def far_off(count, total, share):
    """Whether a count is so far from its expectation that chance explains it with less than e^-20."""
    seen = count / total
    terms = [(seen, share), (1 - seen, 1 - share)]
    return total * sum(a * math.log(a / b) for a, b in terms if a > 0) > 20


def after_temperature(shares, temperature):
    powers = np.array(shares) ** (1 / temperature)
    return powers / powers.sum()


def stray(counts, tokens):
    """Why tokens came that are as good as impossible."""
    if set(counts) <= set(range(len(tokens))):
        return "So small a number may be a place among the sorted logits: did you give back a place in the sorted list? The token that stands there is asked for."
    return "Is a place in a sorted list taken for a token, or a token kept that was to be left out?"


def greedy(learner, rng, logits):
    """A sentence if the same token comes always, also without a limit. That a token of probability 0.7 comes 70 times by chance has a probability below 1e-10."""
    counts, _ = drawn(learner, rng, logits, (1.0, None, None), 70)
    return (
        "Without any limit, too, the same token comes always: is one drawn at all? Only temperature 0 leaves nothing to chance."
        if len(counts) == 1
        else ""
    )


def explained_by(counts, tokens, shares, temperature):
    """What counts that are wrong look like: no temperature ("none"), the logits multiplied with it ("wrong way"), or neither."""
    seen = [counts.get(token, 0) for token in tokens]
    guesses = {"none": after_temperature(shares, 1), "wrong way": after_temperature(shares, 1 / temperature)}
    best = max(guesses, key=lambda name: float(np.dot(seen, np.log(guesses[name]))))
    fits = sum(seen) and not any(far_off(n, sum(seen), share) for n, share in zip(seen, guesses[best], strict=True))
    return best if fits and temperature != 1 else None


@pytest.mark.points(2)
def test_temperature_zero_is_greedy(learner, rng):
    """At temperature 0 the most likely token comes, always."""
    for top in (7, 3, 18, 5, 11):
        logits = torch.tensor(rng.normal(size=20), dtype=torch.float32)
        logits[top] = logits.max() + 0.05
        for settings in ((0.0, None, None), (0.0, 3, 0.9)):
            call = f"sample_next(logits, {', '.join(map(str, settings))}, generator)"
            try:
                got = learner.sample_next(logits, *settings, seeded(0))
            except (RuntimeError, ZeroDivisionError) as error:
                if isinstance(error, NotImplementedError):
                    raise
                raise AssertionError(
                    f"{call} raised {type(error).__name__}: {error}. Does it divide by 0? Temperature 0 is a case of its own: the token with the largest logit."
                ) from None
            expect.integer(got, call=call)
            assert got == top, f"{call} gave token {got}, whose logit isn't the largest. At temperature 0 nothing is left to chance."


@pytest.mark.points(3)
def test_temperature_sharpens_and_flattens(learner, rng):
    """Logits are divided by the temperature before the softmax: below 1 the likely tokens gain, above 1 the unlikely ones."""
    for temperature, shares, times in ((1.0, (0.7, 0.2, 0.1), 100), (0.25, (0.5, 0.3, 0.2), 120), (3.0, (0.9, 0.07, 0.03), 150)):
        logits, tokens = placed(rng, shares)
        counts, call = drawn(learner, rng, logits, (temperature, None, None), times)
        assert not set(counts) - set(tokens), (
            f"{call} drew {sorted(counts)}, where only {sorted(tokens)} have a probability above 0. {stray(counts, tokens)}"
        )
        shown = f"Over {times} calls, the tokens with the probabilities {shares} came {[counts.get(t, 0) for t in tokens]} times."
        assert len(counts) > 1, f"{call} gave always the same token, in {times} calls. Only temperature 0 leaves nothing to chance."
        likeliest = None
        if far_off(counts.get(tokens[0], 0), times, after_temperature(shares, temperature)[0]):
            likeliest = explained_by(drawn(learner, rng, logits, (temperature, None, None), 600)[0], tokens, shares, temperature)
        assert likeliest != "none", (
            f"{call} draws as if there were no temperature. {shown} Logits are divided by the temperature before the softmax."
        )
        assert likeliest != "wrong way", (
            f"{call} changed the probabilities the wrong way. {shown} Logits are divided by the temperature, not multiplied with it."
        )
        for token, share in zip(tokens, after_temperature(shares, temperature), strict=True):
            assert not far_off(counts.get(token, 0), times, share), (
                f"{call} doesn't draw as often as it should. {shown} It is softmax(logits / temperature) that says how often."
            )


@pytest.mark.points(2)
def test_only_the_k_most_likely(learner, rng):
    """With top_k, only the k most likely tokens are drawn; more than there are means all."""
    logits, tokens = placed(rng, (0.24, 0.22, 0.2, 0.18, 0.16))
    counts, call = drawn(learner, rng, logits, (1.0, 3, None), 60)
    assert not set(counts) <= {0, 1, 2}, f"{call} gave only {sorted(counts)}, which are unlikely tokens here. {stray(counts, tokens[:3])}"
    outside = set(counts) - set(tokens[:3])
    assert not outside, f"{call} drew a token that isn't among the 3 most likely ones: {sorted(outside)[0]}."
    assert set(counts) == set(tokens[:3]), (
        f"{call} drew only {len(counts)} of the 3 most likely tokens in 60 calls. All of them can come. {greedy(learner, rng, logits) if len(counts) == 1 else ''}"
    )
    try:
        counts, call = drawn(learner, rng, logits, (1.0, 50, None), 120)
    except (RuntimeError, IndexError) as error:
        if isinstance(error, NotImplementedError):
            raise
        raise AssertionError(
            f"sample_next(logits, 1.0, 50, None, generator), on 12 tokens, raised {type(error).__name__}: {error}. A `top_k` of more tokens than there are keeps all of them."
        ) from None
    assert set(counts) == set(tokens), (
        f"{call}, on 12 tokens, drew {len(counts)} of the 5 tokens that are likely. A `top_k` of 50 keeps all of them."
    )


@pytest.mark.points(3)
def test_the_nucleus_holds_the_token_that_crosses(learner, rng):
    """With top_p, the most likely tokens are kept until their probabilities reach top_p, the one that reaches it included."""
    for top_p, size, times in ((0.6, 2, 50), (0.8, 3, 110), (0.3, 1, 30), (1.0, 5, 120)):
        logits, tokens = placed(rng, (0.4, 0.3, 0.15, 0.1, 0.05) if size < 5 else (0.24, 0.22, 0.2, 0.18, 0.16))
        counts, call = drawn(learner, rng, logits, (1.0, None, top_p), times)
        shown = "the five likely tokens have the probabilities 0.4, 0.3, 0.15, 0.1 and 0.05" if size < 5 else "there are five likely tokens"
        outside = set(counts) - set(tokens[:size])
        assert not outside, f"{call}, where {shown}, drew token {sorted(outside)[0]}, which lies outside. " + (
            stray(counts, tokens)
            if not set(counts) & set(tokens[:size])
            else "Keep the smallest number of tokens that together reach `top_p`."
        )
        lost = tokens[size - 1]
        if lost not in counts:
            told = (
                f"{call}, where {shown}, never drew the least likely of the {size} tokens that it takes to reach {top_p}, in {times} calls."
            )
            always = greedy(learner, rng, logits) if len(counts) == 1 else ""
            raise AssertionError(
                f"{told} {always or 'The token whose probability crosses `top_p` is kept: without it the sum stays below.'}"
            )
        assert set(counts) == set(tokens[:size]), (
            f"{call}, where {shown}, drew {len(counts)} of the {size} tokens that it takes to reach {top_p} only, in {times} calls."
        )


@pytest.mark.points(2)
def test_temperature_comes_first(learner, rng):
    """The nucleus is chosen from the probabilities after the temperature."""
    for temperature, size, times in ((3.0, 4, 140), (0.5, 1, 40)):
        logits, tokens = placed(rng, (0.7, 0.2, 0.05, 0.03, 0.02))
        counts, call = drawn(learner, rng, logits, (temperature, None, 0.85), times)
        kept = len(set(counts) & set(tokens))
        assert set(counts) <= set(tokens), (
            f"{call} drew {sorted(counts)}, where only {sorted(tokens)} have a probability above 0. {stray(counts, tokens)}"
        )
        told = f"{call}, where five tokens have the probabilities 0.7, 0.2, 0.05, 0.03 and 0.02 before the temperature, drew {kept} different token{'s' * (kept != 1)} in {times} calls."
        always = greedy(learner, rng, logits) if kept == 1 and size > 1 else ""
        assert not always, f"{told} {always}"
        assert kept != 2, f"{told} That is the nucleus before the temperature. Divide by the temperature first, and choose afterwards."
        assert set(counts) != set(tokens[: size - 1]), (
            f"{told} After the temperature these don't reach 0.85 yet. The token whose probability crosses `top_p` is kept, too."
        )
        assert set(counts) == set(tokens[:size]), (
            f"{told} Work out the probabilities after the temperature, and see how many of them it takes to reach 0.85."
        )


@pytest.mark.points(2)
def test_top_k_comes_before_top_p(learner, rng):
    """With both, the k most likely tokens are kept first, and top_p is held against their probabilities among themselves."""
    logits, tokens = placed(rng, (0.4, 0.3, 0.2, 0.1))
    counts, call = drawn(learner, rng, logits, (1.0, 2, 0.55), 40)
    told = f"{call}, where four tokens have the probabilities 0.4, 0.3, 0.2 and 0.1,"
    outside = sorted(set(counts) - set(tokens[:2]))
    assert not outside, f"{told} drew token {outside[0] if outside else ''}, which isn't among the 2 most likely ones. " + (
        stray(counts, tokens) if not set(counts) & set(tokens[:2]) else "The logits of all others are left out first."
    )
    assert tokens[0] in counts, f"{told} never drew the most likely token."
    assert tokens[1] not in counts, (
        f"{told} drew the second token. `top_k` comes first: make the probabilities of the 2 tokens that are left add up to 1 again, and see how many of them it takes to reach 0.55."
    )
    logits, tokens = placed(rng, (0.4, 0.3, 0.2, 0.1))
    counts, call = drawn(learner, rng, logits, (1.0, 2, 0.9), 60)
    always = greedy(learner, rng, logits) if len(counts) == 1 else ""
    assert set(counts) == set(tokens[:2]), (
        f"{call}, where four tokens have the probabilities 0.4, 0.3, 0.2 and 0.1, drew only {sorted(counts)} in 60 calls, where {tokens[0]} and {tokens[1]} are the 2 most likely tokens. "
        + (always or "Among themselves these have 4/7 and 3/7, and the first alone doesn't reach 0.9: both are kept.")
    )


@pytest.mark.points(2)
def test_what_is_kept_adds_up_to_one_again(learner, rng):
    """The tokens that are kept share the whole chance in proportion to their probabilities."""
    shares, times = (0.3, 0.12, 0.1, 0.099, 0.098, 0.096, 0.094, 0.093), 130
    for settings in ((1.0, 2, None), (1.0, None, 0.36)):
        logits, tokens = placed(rng, shares)
        counts, call = drawn(learner, rng, logits, settings, times)
        kept = [counts.get(t, 0) for t in tokens[:2]]
        assert sum(kept) == times, (
            f"{call}, where the largest probabilities are 0.3 and 0.12, drew {times - sum(kept)} of {times} tokens outside of those two. "
            + (stray(counts, tokens) if not sum(kept) else "No more than these two are kept.")
        )
        if not kept[1]:
            always = greedy(learner, rng, logits)
            crossing = (
                "0.3 alone doesn't reach 0.36: the token that crosses `top_p` is kept."
                if settings[2]
                else "With a `top_k` of 2 both are kept."
            )
            raise AssertionError(
                f"{call}, where the largest probabilities are 0.3 and 0.12, never drew the second of those two in {times} calls. {always or crossing}"
            )
        assert not far_off(kept[0], times, 0.3 / 0.42), (
            f"{call}, where the largest probabilities are 0.3 and 0.12, drew those two tokens {kept[0]} and {kept[1]} times. What is kept keeps its proportions: "
            "the probabilities that are left are divided by their sum (`torch.multinomial` does that by itself)."
        )


@pytest.mark.points(2)
def test_the_generator_decides(learner, rng):
    """All that is random comes from the generator: equal states give equal tokens, and the global states stay untouched."""
    logits = torch.tensor(rng.normal(size=40), dtype=torch.float32)
    one, other = (int(n) for n in rng.choice(2**31, size=2, replace=False))
    rows = []
    for seed in (one, one, other):
        chance, row = learner.make(seeded, seed), []
        for _ in range(25):
            got = learner.sample_next(logits, 1.5, None, None, chance)
            expect.integer(got, call="sample_next(logits, 1.5, None, None, generator)")
            moved = learner.last.random_moved
            assert not moved, (
                f"sample_next(logits, 1.5, None, None, generator) used global random numbers ({', '.join(sorted(moved))}). Draw with `generator=generator`."
            )
            row.append(got)
        rows.append(row)
    assert rows[0] == rows[1], "Two generators of the same seed gave different tokens. Does every draw use `generator`?"
    assert len({*rows[0], *rows[2]}) > 1, (
        f"50 calls at a temperature of 1.5, half of them with a generator of another seed, gave always token {rows[0][0]}. Is a token drawn at all?"
    )
    assert len(set(rows[0])) > 1, (
        "25 calls with one generator gave always the same token. The generator goes on from call to call: don't seed it anew."
    )
    assert rows[0] != rows[2], "25 calls gave the same tokens for two generators of different seeds. Is the generator used at all?"


@pytest.mark.points(1)
def test_the_logits_are_left_alone(learner, rng):
    """The logits stay as they were."""
    logits, tokens = placed(rng, (0.5, 0.3, 0.2))
    kept = logits.clone()
    for settings in ((0.5, None, None), (1.0, 2, None), (1.0, None, 0.7)):
        got = learner.sample_next(logits, *settings, seeded(int(rng.integers(0, 1000))))
        call = f"sample_next(logits, {', '.join(map(str, settings))}, generator)"
        expect.integer(got, call=call)
        assert torch.equal(learner.last.args[0], kept), (
            f"{call} changed `logits` in place (as `/=` and assignments to places do). Work on a new tensor."
        )
        assert got in tokens, f"{call} gave token {got}, where only {sorted(tokens)} have a probability above 0. {stray({got: 1}, tokens)}"


@pytest.mark.points(1)
def test_settings_that_make_no_sense(learner, rng):
    """A temperature below 0, a top_k below 1 and a top_p that isn't a share are refused, by name."""
    logits = torch.tensor(rng.normal(size=6), dtype=torch.float32)
    for name, settings in (
        ("temperature", (-0.5, None, None)),
        ("top_k", (1.0, 0, None)),
        ("top_k", (0.0, -2, None)),
        ("top_p", (1.0, None, 0.0)),
        ("top_p", (0.7, None, 1.2)),
    ):
        call = f"sample_next(logits, {', '.join(map(str, settings))}, generator)"
        try:
            got = learner.sample_next(logits, *settings, seeded(1))
        except ValueError as error:
            assert name in str(error), f"{call} raised a ValueError that says {str(error)!r}. Its message should name `{name}`."
            continue
        raise AssertionError(f"{call} gave {got!r}. The contract asks for a ValueError that names `{name}`.")
