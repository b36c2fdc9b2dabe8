"""Hidden suite of `mask_tokens`.

Shares are held against their expectation with Chernoff's bound: a count whose tail has a probability below e^-20 (2e-9) counts as wrong. Each statistical test makes fewer than
ten such comparisons, so a right answer fails one of them with a probability below 1e-7.
"""

import math

import pytest
import torch

from tunelab import expect

VOCAB, MASK, SPECIAL = 5000, 103, [0, 101, 102, 103]


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def generator(rng):
    return torch.Generator().manual_seed(int(rng.integers(0, 2**31)))


def texts(rng, rows=6, tokens=20):
    """Ids with a start, an end and padding, and a special token in the midst of the first text."""
    ids = torch.tensor(rng.integers(200, VOCAB, size=(rows, tokens)))
    ids[:, 0], ids[:, -3], ids[:, -2:] = 101, 102, 0
    ids[0, 5] = MASK
    return ids


def plain_texts(rng, rows, tokens):
    return torch.tensor(rng.integers(200, VOCAB, size=(rows, tokens)))


def far_off(count, total, share):
    """Whether a count is so far from its expectation that chance explains it with less than e^-20."""
    seen = count / total
    terms = [(seen, share), (1 - seen, 1 - share)]
    return total * sum(a * math.log(a / b) for a, b in terms if a > 0) > 20


def many(number, what):
    return f"{number} {what}{'s' * (number != 1)}"


def called(learner, ids, rate, rng, chance=None):
    call = f"mask_tokens(ids, special_ids, {MASK}, {VOCAB}, {rate}, generator), on {many(ids.shape[0], 'text')} of {ids.shape[1]} tokens,"
    got = learner.mask_tokens(ids, SPECIAL, MASK, VOCAB, rate, chance or generator(rng))
    expect.sequence(got, call=call, kind=tuple, length=2)
    for part, name in zip(got, ("the new ids", "the labels"), strict=True):
        expect.tensor(part, call=f"{call} as {name}", shape=tuple(ids.shape), dtype=torch.int64)
    inputs, labels = got
    odd = labels != ids
    if odd.any() and not (labels == -100).any() and torch.equal(inputs[odd], ids[odd]):
        assert len(labels[odd].unique()) > 1, (
            f"{call} gave the label {int(labels[odd][0])} where no token was chosen. `cross_entropy` takes that for a token's id that is to be learnt: the label that it passes over is -100."
        )
    # That all of a hundred tokens are chosen at a rate of one half has a probability below 1e-30; but then most of them are changed.
    everywhere = rate <= 0.5 and ids.numel() >= 100 and torch.equal(labels, ids) and (inputs == ids).float().mean() > 0.3
    assert not everywhere, (
        f"{call} gave a label to every token. The model sees many of them as they are: it would be asked to copy. Labels stand at the chosen places only, -100 at the others."
    )
    return *got, call


def over_many_calls(learner, rng, rate, look):
    """What `look(ids, inputs, labels)` says of each of 40 calls, on one text of 20 tokens and with one generator that goes on."""
    ids, chance, said = plain_texts(rng, 1, 20), learner.make(seeded, int(rng.integers(0, 2**31))), set()
    for _ in range(40):
        inputs, labels, _ = called(learner, ids, rate, rng, chance)
        said.add(look(ids, inputs, labels))
    return said


def one_fate(ids, inputs, labels):
    """What became of all chosen tokens, if it is the same for all."""
    chosen = labels != -100
    now, before = inputs[chosen], ids[chosen]
    return "masked" if (now == MASK).all() else "left" if torch.equal(now, before) else "others" if (now != before).all() else "mixed"


def all_or_none(ids, inputs, labels):
    return {0: "none", ids.numel(): "all"}.get(int((labels != -100).sum()), "some")


def none_chosen(call, rate):
    return f"{call} chose no token at all, at a rate of {rate}. Each token has a draw of its own: does one number decide for all of them?"


@pytest.mark.points(2)
def test_labels_are_the_chosen_tokens(learner, rng):
    """A label is the token that stood there before, where a token was chosen, and -100 everywhere else."""
    ids = texts(rng, 20, 30)
    inputs, labels, call = called(learner, ids, 0.3, rng)
    ordinary = ~torch.isin(ids, torch.tensor(SPECIAL))
    has_label = labels != -100
    assert has_label.any(), none_chosen(call, 0.3)
    if has_label[ordinary].all():
        assert over_many_calls(learner, rng, 0.3, all_or_none) != {"all", "none"}, (
            f"{call} chose all tokens, and at other times it chooses none. Each token has a draw of its own: draw as many numbers as there are tokens."
        )
    assert not has_label[ordinary].all(), (
        f"{call} gave a label to every token that isn't special, at a rate of 0.3. Labels stand at the chosen places only, -100 at the others."
    )
    changed = inputs != ids
    assert not torch.equal(labels[changed], inputs[changed]), (
        f"{call} has what was put in their place as labels of the chosen tokens. What the model must find is what stood there before."
    )
    assert torch.equal(labels[has_label], ids[has_label]), f"{call} gave labels that aren't the token that stood at their place in `ids`."
    assert has_label[changed].all(), (
        f"{call} changed tokens that have no label. Only chosen tokens are changed, and each of those has a label."
    )
    assert changed.any(), f"{call} changed no token."


@pytest.mark.points(2)
def test_special_tokens_are_safe(learner, rng):
    """No special token is ever chosen, wherever it stands."""
    for rate in (0.5, 1.0):
        ids = texts(rng)
        special = torch.isin(ids, torch.tensor(SPECIAL))
        inputs, labels, call = called(learner, ids, rate, rng)
        assert torch.equal(inputs[special], ids[special]), (
            f"{call} changed a special token. Start, end and padding aren't words: `special_ids` lists what is never chosen."
        )
        assert (labels[special] == -100).all(), f"{call} gave a label to a special token. It is never chosen, so its label is -100."
        assert (labels[~special] != -100).any(), f"{call} chose none of the ordinary tokens."


@pytest.mark.points(2)
def test_the_rate(learner, rng):
    """As many of the ordinary tokens are chosen as the rate says, from none to all."""
    ids = texts(rng, 60, 80)
    ordinary = ~torch.isin(ids, torch.tensor(SPECIAL))
    for rate in (0.15, 0.4):
        inputs, labels, call = called(learner, ids, rate, rng)
        chosen = labels != -100
        count, total = int(chosen[ordinary].sum()), int(ordinary.sum())
        if count in (0, total):
            assert over_many_calls(learner, rng, rate, all_or_none) != {"all", "none"}, (
                f"{call} chose {'all' if count else 'none'} of {total} ordinary tokens, and so it is in each call: now all, now none. Each token has a draw of its own: "
                "draw as many numbers as there are tokens."
            )
        told = f"{call} chose {count} of {total} ordinary tokens. That is a share of {count / total:.3f}, and the rate is {rate}."
        if far_off(count, total, rate) and count:
            alike = (chosen == chosen[2:3])[ordinary].all() and not chosen[ordinary].all()
            assert not alike, f"{told} The same places were chosen in every text: draw as many numbers as there are tokens."
            assert not (inputs != ids)[chosen].all(), (
                f"{told} None of them stayed as it was. A tenth of the chosen tokens stays, and has a label, too: are those without one?"
            )
        assert not far_off(count, total, rate), told
    _, labels, call = called(learner, ids, 1.0, rng)
    assert (labels[ordinary] != -100).all(), f"{call} left ordinary tokens without a label, at a rate of 1."
    inputs, labels, call = called(learner, ids, 0.0, rng)
    assert torch.equal(inputs, ids) and (labels == -100).all(), f"{call} chose tokens, at a rate of 0."


@pytest.mark.points(3)
def test_eighty_ten_ten(learner, rng):
    """Of the chosen tokens, eighty in a hundred become the mask, ten another token, and ten stay as they are."""
    ids = plain_texts(rng, 60, 80)
    inputs, labels, call = called(learner, ids, 0.5, rng)
    chosen = labels != -100
    total = int(chosen.sum())
    assert total, none_chosen(call, 0.5)
    masked, stayed = int((inputs[chosen] == MASK).sum()), int((inputs[chosen] == ids[chosen]).sum())
    others = total - masked - stayed
    shares = f"Of {total} tokens with a label, {masked} became the mask, {others} another token, {stayed} stayed."
    if max(masked, others, stayed) > 0.99 * total:
        fates = over_many_calls(learner, rng, 1.0, one_fate)
        assert "mixed" in fates or len(fates) == 1, (
            f"{call} treats all chosen tokens of a call alike: now all are masked, now all changed or left. {shares} What becomes of a chosen token is drawn for each by itself."
        )
    if far_off(stayed, total, 0.1) and not stayed:
        assert masked < total, (
            f"{call} put the mask in place of every chosen token. {shares} Later, in use, there is no mask: a tenth becomes another token, a tenth stays."
        )
        raise AssertionError(
            f"{call} changed every token that has a label. {shares} Are chosen tokens that were left as they were without a label?"
        )
    assert not far_off(others, total, 0.1), (
        f"{call} put another token in the wrong number of places. {shares} It is a tenth of all that are chosen, not of some of them."
    )
    assert not far_off(masked, total, 0.8), f"{call} masks too many or too few. {shares}"
    assert not far_off(stayed, total, 0.1), f"{call} leaves too many or too few as they are. {shares}"


@pytest.mark.points(1)
def test_other_tokens_come_from_the_whole_vocabulary(learner, rng):
    """The tokens that are put in at random are drawn anew for each place, and may be any of the vocabulary."""
    # Few ids of a small vocabulary, and neither its first nor its last is special. That one of them isn't drawn in 400 places has a probability below 1e-14.
    few = torch.tensor(rng.choice([4, 6, 7], size=(50, 80)))
    call = "mask_tokens(ids, [2, 5], 5, 12, 1.0, generator), on 50 texts of 80 tokens that are all 4, 6 or 7,"
    got = learner.mask_tokens(few, [2, 5], 5, 12, 1.0, generator(rng))
    expect.sequence(got, call=call, kind=tuple, length=2)
    expect.tensor(got[0], call=f"{call} as the new ids", shape=(50, 80), dtype=torch.int64)
    drawn = set(got[0][(got[0] != few) & (got[0] != 5)].tolist())
    assert drawn, (
        f"{call} put another token than the mask in no place. At a rate of 1.0 all ordinary tokens are chosen, and a tenth of those becomes another token, each drawn for itself."
    )
    assert all(0 <= token < 12 for token in drawn), (
        f"{call} put in the ids {sorted(t for t in drawn if not 0 <= t < 12)}. A vocabulary of 12 has the ids 0 to 11."
    )
    assert len(drawn) == 1 or not drawn <= {4, 6, 7}, (
        f"{call} put in only tokens that stand in these texts. They are drawn from the whole vocabulary (`vocab_size` says how large it is), not from the batch."
    )
    assert len(drawn) == 1 or max(drawn) > 7, (
        f"{call} put in no id above 7, the largest of these texts. How large the vocabulary is, only `vocab_size` says."
    )
    ids = plain_texts(rng, 50, 80)
    inputs, _labels, call = called(learner, ids, 1.0, rng)
    put_in = inputs[(inputs != ids) & (inputs != MASK)]
    assert len(put_in) > 100, (
        f"{call} put another token in {len(put_in)} places only, of {ids.numel()} that were chosen. A tenth of all that are chosen becomes another token."
    )
    assert (put_in >= 0).all() and (put_in < VOCAB).all(), f"{call} put in ids that aren't in a vocabulary of {VOCAB}."
    assert len(put_in.unique()) > len(put_in) / 2, (
        f"{call} put {len(put_in)} times another token in than the mask, and only {many(len(put_in.unique()), 'different one')} among them. Draw one for each place, from the whole vocabulary."
    )
    lost = sorted({0, 1, 3, 4, 6, 7, 8, 9, 10, 11} - drawn)
    assert not lost, (
        f"mask_tokens with a vocabulary of 12 put in about 400 random tokens, and never token {lost[0]}. The ids go from 0 to vocab_size - 1."
    )
    low = int((put_in < VOCAB // 2).sum())
    assert not far_off(low, len(put_in), 0.5), (
        f"{call} drew {low} of {len(put_in)} random tokens from the lower half of the ids. All of the vocabulary should be equally likely."
    )


@pytest.mark.points(1)
def test_the_input_is_left_alone(learner, rng):
    """What is handed in stays as it was: the new ids are a new tensor."""
    ids = texts(rng)
    kept = ids.clone()
    inputs, _labels, call = called(learner, ids, 0.6, rng)
    assert torch.equal(learner.last.args[0], kept), (
        f"{call} changed `ids`. In the next epoch the masks would still be there, and the labels would be masks. Work on a copy (`clone`, `torch.where`)."
    )
    assert learner.last.args[1] == SPECIAL, f"{call} changed the list `special_ids`."
    assert not torch.equal(inputs, kept), f"{call} gave back the ids as they were."


@pytest.mark.points(1)
def test_each_token_has_a_draw_of_its_own(learner, rng):
    """Which places are chosen differs from text to text."""
    ids = plain_texts(rng, 40, 60)
    _, labels, call = called(learner, ids, 0.3, rng)
    chosen = labels != -100
    assert chosen.any(), none_chosen(call, 0.3)
    assert not chosen.all(), (
        f"{call} chose every token, at a rate of 0.3. Each token has a draw of its own, below the rate or not: does one number decide for all of them?"
    )
    assert not (chosen == chosen[0]).all(), (
        f"{call} chose the same places in every text. Each token has a draw of its own: draw as many numbers as there are tokens."
    )
    assert not (chosen == chosen[:, :1]).all(), (
        f"{call} chose some texts whole, and none of the others' tokens. The rate is for each token, not for each text."
    )
    assert len(chosen.sum(1).unique()) > 1, (
        f"{call} chose equally many tokens in each text. The rate is a probability, and each token has a draw of its own: how many are chosen is left to chance."
    )
    both = int((chosen[:, :-1] & chosen[:, 1:]).sum())
    count = chosen[:, :-1].numel()
    # Neighbours aren't independent pairs, so halves of the pairs are looked at by themselves: even places, then odd ones.
    for start in (0, 1):
        pairs = chosen[:, start:-1:2] & chosen[:, start + 1 :: 2]
        assert not far_off(int(pairs.sum()), pairs.numel(), 0.09), (
            f"{call} chose neighbours together in {both} of {count} places, which is not what independent draws give. Draw for each token by itself."
        )


@pytest.mark.points(1)
def test_how_many_are_chosen_is_left_to_chance(learner, rng):
    """The rate is each token's own probability: how many are chosen differs from call to call."""
    ids, chance, numbers, places = plain_texts(rng, 1, 20), learner.make(seeded, int(rng.integers(0, 2**31))), set(), set()
    for _ in range(16):
        _, labels, call = called(learner, ids, 0.5, rng, chance)
        numbers.add(int((labels != -100).sum()))
        places.add(tuple((labels != -100).flatten().tolist()))
    assert places != {(True,) * ids.numel()}, (
        f"{call} gave a label to every token, in each of 16 calls. At a rate of 0.5 only about half of them are chosen; the label of the others is -100."
    )
    assert len(places) > 1, (
        f"{call} chose the very same places in each of 16 calls with one generator. The generator goes on from call to call, so that each epoch differs: don't seed it anew."
    )
    assert not numbers <= {0, ids.numel()}, (
        f"{call} chooses all tokens or none, in each of 16 calls. One draw decides for the whole batch: draw as many numbers as there are tokens."
    )
    assert len(numbers) > 1, (
        f"{call} chose exactly {numbers.pop()} tokens in each of 16 calls. The rate isn't a fixed part of the batch, but the probability of each token, independently of the others."
    )


@pytest.mark.points(2)
def test_the_generator_decides(learner, rng):
    """All that is random comes from the generator: equal states give equal texts, and the global states stay untouched."""
    ids = plain_texts(rng, 10, 40)
    one, other = (int(n) for n in rng.choice(2**31, size=2, replace=False))
    results = []
    for seed in (one, one, other):
        inputs, labels, call = called(learner, ids, 0.3, rng, torch.Generator().manual_seed(seed))
        assert not learner.last.random_moved, (
            f"{call} used global random numbers ({', '.join(sorted(learner.last.random_moved))}). Give `generator=generator` to each function that draws."
        )
        results.append((inputs, labels))
    assert torch.equal(results[0][0], results[1][0]) and torch.equal(results[0][1], results[1][1]), (
        f"{call} gave different results for two generators of the same seed. Does every draw use `generator`?"
    )
    assert not torch.equal(results[0][1], results[2][1]), (
        f"{call} chose the same tokens for two generators of different seeds. Is the generator used at all?"
    )
