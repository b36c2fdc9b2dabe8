"""Hidden suite of `mask_prompt`."""

import pytest

from tunelab import expect

KEYS = ("input_ids", "attention_mask", "labels")


def draw(rng, prompt=None, answer=None):
    """A prompt, an answer and an end token; the end token also stands inside the prompt, as it does after each of its turns."""
    eos = int(rng.integers(2, 40))
    size, words = prompt or int(rng.integers(8, 15)), answer or int(rng.integers(3, 7))
    prompt_ids = (100 + rng.permutation(400)[:size]).tolist()
    prompt_ids[size // 2] = eos
    return prompt_ids, (500 + rng.permutation(400)[:words]).tolist(), eos


def called(learner, prompt_ids, answer_ids, eos, max_length, more=""):
    """What a call that must succeed gives, after all checks of form."""
    call = f"mask_prompt({len(prompt_ids)} prompt ids, {len(answer_ids)} answer ids, {eos}, {max_length}){more}"
    got = learner.mask_prompt(prompt_ids, answer_ids, eos, max_length)
    expect.mapping(got, call=call, keys=KEYS)
    for key in KEYS:
        expect.sequence(got[key], call=f"{call}, under {key!r},")
        assert all(type(value) is int for value in got[key]), (
            f"{call} gave under {key!r} something other than whole numbers. A flat list of ints is asked for."
        )
    lengths = {key: len(got[key]) for key in KEYS}
    assert len(set(lengths.values())) == 1, (
        f"{call} gave lists of different lengths: {lengths}. Each token has an id, a place in the mask and a label."
    )
    return got, call


def judged_tokens(ids, prompt, answer, eos, limit, call):
    """Passes the right tokens; says of wrong ones from which mistake they come, where that is plain."""
    everything, room = [*prompt, *answer, eos], limit - len(answer) - 1
    kept = prompt[-room:] if 0 < room < len(prompt) else prompt if room else []
    right = [*kept, *answer, eos]
    if ids == right:
        return
    assert limit >= len(everything) or ids != everything[:limit], (
        f"{call} cut into the answer, or lost its end token. What gives way is the prompt."
    )
    assert ids not in (right[:-1], everything[:-1], everything[:-1][-limit:]), (
        f"{call} ends with the answer. Without the end token behind it, nothing ever teaches the model to stop."
    )
    assert len(ids) <= limit, f"{call} gave {len(ids)} tokens. No more than `max_length` are allowed, end token included." + (
        " There is no room for any of the prompt, and `prompt[-0:]` is the whole prompt." if room == 0 and ids == everything else ""
    )
    assert ids != [*prompt[: len(kept)], *answer, eos], (
        f"{call} kept the beginning of the prompt and cut its end. There stand the end of the text and the opening of the assistant's turn: it's the first tokens that go."
    )
    assert ids[-len(answer) - 1 :] == [*answer, eos], f"{call} gave tokens that don't end with the answer and one end token."
    size = len(ids) - len(answer) - 1
    assert size == len(kept), (
        f"{call} kept {size} token{'s' * (size != 1)} of the prompt, where there is room for {len(kept)}. With the answer and one end token, as many as fit are kept."
    )
    raise AssertionError(f"{call} didn't keep the prompt's tokens as they are, in their order: the last {len(kept)} of them.")


def judged_labels(labels, ids, answer, eos, call):
    """Passes the right labels for the right tokens; says of wrong ones from which mistake they come, where that is plain."""
    start = len(ids) - len(answer) - 1
    right = [-100] * start + [*answer, eos]
    if labels == right:
        return
    assert start == 0 or labels != ids, (
        f"{call} has labels on the prompt. The model would learn to write the question, too: those labels are -100."
    )
    assert labels != [*right[1:], -100], (
        f"{call} has labels that are shifted by one place. Labels aren't shifted here: a label stands at the place of its own token, and the loss does the shifting."
    )
    assert labels != [-100 if label == eos else label for label in right], (
        f"{call} has -100 as the label of an end token that must be learnt, or the model never stops. In this tokenizer its id is that of padding as well: "
        "whoever masks by id erases it. Go by position."
    )
    assert labels != [*right[:-1], -100], (
        f"{call} has -100 as the label of the last token. The end token must be learnt, or the model never stops."
    )
    assert labels != [-100] * (start + 1) + right[start + 1 :], (
        f"{call} has -100 on the first token of the answer. It is the first thing that the model must say."
    )
    on_prompt = [i for i in range(start) if labels[i] != -100]
    assert not (on_prompt and ids[on_prompt[0]] == labels[on_prompt[0]] == eos), (
        f"{call} has a label on an end token inside the prompt. That one closes somebody else's turn. Go by position, not by id."
    )
    assert not on_prompt, f"{call} has a label other than -100 on token {on_prompt[0]} of {start} of the prompt. The prompt isn't learnt."
    wrong = next(i for i in range(start, len(ids)) if labels[i] != right[i])
    raise AssertionError(
        f"{call} has the label {labels[wrong]} on token {wrong - start} of the answer and its end token, whose id is {ids[wrong]}. There each label is the id of its own token."
    )


def judged_mask(mask, answer, call):
    """Passes a mask of ones."""
    assert not (mask[: -len(answer) - 1] and not any(mask[: -len(answer) - 1])), (
        f"{call} has an attention mask of 0 on the prompt. Attention is about reading, labels are about learning: an answer to a question that can't be read is a guess."
    )
    assert mask == [1] * len(mask), (
        f"{call} has an attention mask with something other than 1. There is no padding here, and everything may be read."
    )


def judged(got, prompt, answer, eos, limit, call):
    """Passes the right example, and says what is wrong with another: tokens first, then labels, then the mask."""
    judged_tokens(got["input_ids"], prompt, answer, eos, limit, call)
    judged_labels(got["labels"], got["input_ids"], answer, eos, call)
    judged_mask(got["attention_mask"], answer, call)


@pytest.mark.points(2)
def test_prompt_answer_end(learner, rng):
    """The tokens are those of the prompt, those of the answer and the end token, and nothing else."""
    prompt, answer, eos = draw(rng)
    got, call = called(learner, prompt, answer, eos, 100)
    ids = got["input_ids"]
    assert ids[: len(prompt)] == prompt, f"{call} doesn't begin with the prompt, though there is room for all of it."
    rest = ids[len(prompt) :]
    assert rest != answer, f"{call} ends with the answer. Without the end token behind it, nothing ever teaches the model to stop."
    assert rest[: len(answer)] == answer, f"{call} doesn't have the answer right after the prompt."
    assert rest == [*answer, eos], (
        f"{call} gave {len(rest)} tokens after the prompt, where the answer has {len(answer)}. One end token follows it, no padding: that is the business of whoever makes batches."
    )


@pytest.mark.points(3)
def test_only_the_answer_is_learnt(learner, rng):
    """Labels are -100 on the prompt, and the token's own id on the answer."""
    prompt, answer, eos = draw(rng)
    got, call = called(learner, prompt, answer, eos, 100)
    labels, start = got["labels"], len(prompt)
    assert labels[: start - 1] != prompt[: start - 1], (
        f"{call} has labels on the prompt. The model would learn to write the question, too: those labels are -100."
    )
    assert labels[start - 1] != prompt[-1], f"{call} has a label on the last token of the prompt: its own id. The whole prompt has -100."
    assert labels[start - 1] == -100, (
        f"{call} has a label on the last token of the prompt. Labels aren't shifted here: a label stands at the place of its own token, and the loss does the shifting."
    )
    assert all(label == -100 for label in labels[:start]), f"{call} has a label other than -100 on the prompt."
    assert labels[start] != -100, f"{call} has -100 on the first token of the answer. It is the first thing that the model must say."
    assert labels[start : start + len(answer)] == answer, (
        f"{call} has other labels than the answer's own ids on the answer. Does each label stand at the place of its own token? The loss does the shifting."
    )


@pytest.mark.points(2)
def test_the_end_token_is_learnt(learner, rng):
    """The last label is the end token, although the same id is also used as padding, and stands in the prompt."""
    for _ in range(3):
        prompt, answer, eos = draw(rng)
        got, call = called(learner, prompt, answer, eos, 100)
        judged_tokens(got["input_ids"], prompt, answer, eos, 100, call)
        judged_labels(got["labels"], got["input_ids"], answer, eos, call)
    prompt, answer, eos = draw(rng, answer=5)
    answer[2] = eos
    got, call = called(learner, prompt, answer, eos, 100, ", with the end token's id inside the answer too,")
    judged_tokens(got["input_ids"], prompt, answer, eos, 100, call)
    judged_labels(got["labels"], got["input_ids"], answer, eos, call)


@pytest.mark.points(1)
def test_the_model_may_read_the_prompt(learner, rng):
    """The attention mask is 1 on every token."""
    prompt, answer, eos = draw(rng)
    got, call = called(learner, prompt, answer, eos, 100)
    judged_mask(got["attention_mask"], answer, call)


@pytest.mark.points(3)
def test_a_prompt_that_is_too_long(learner, rng):
    """When there isn't room for all, the prompt loses its first tokens, and the answer none."""
    for _ in range(3):
        prompt, answer, eos = draw(rng)
        room = int(rng.integers(2, 6))
        limit = room + len(answer) + 1
        got, call = called(learner, prompt, answer, eos, limit)
        judged(got, prompt, answer, eos, limit, call)


@pytest.mark.points(1)
def test_lengths_at_the_edge(learner, rng):
    """A length that fits exactly cuts nothing, and one that fits the answer alone cuts the whole prompt."""
    prompt, answer, eos = draw(rng)
    whole = len(prompt) + len(answer) + 1
    got, call = called(learner, prompt, answer, eos, whole)
    judged_tokens(got["input_ids"], prompt, answer, eos, whole, call)
    got, call = called(learner, prompt, answer, eos, whole - 1)
    judged_tokens(got["input_ids"], prompt, answer, eos, whole - 1, call)
    got, call = called(learner, prompt, answer, eos, len(answer) + 1)
    judged_tokens(got["input_ids"], prompt, answer, eos, len(answer) + 1, call)
    judged_labels(got["labels"], got["input_ids"], answer, eos, call)


@pytest.mark.points(1)
def test_an_answer_that_does_not_fit(learner, rng):
    """An answer that doesn't fit with its end token is refused with a ValueError that names max_length."""
    prompt, answer, eos = draw(rng)
    for limit in (len(answer), len(answer) - 1, 1):
        call = f"mask_prompt({len(prompt)} prompt ids, {len(answer)} answer ids, {eos}, {limit})"
        try:
            learner.mask_prompt(prompt, answer, eos, limit)
        except ValueError as error:
            assert "max_length" in str(error), f"{call} raised a ValueError that says {str(error)[:80]!r}. Name `max_length` in it."
        else:
            raise AssertionError(
                f"{call} raised nothing. The answer and its end token need {len(answer) + 1} places: half an answer teaches something wrong."
            )
    got, call = called(learner, prompt, answer, eos, len(answer) + 2)
    if got["labels"] != [-100, *answer, eos]:
        judged_tokens(got["input_ids"], prompt, answer, eos, len(answer) + 2, call)
        judged_labels(got["labels"], got["input_ids"], answer, eos, call)


@pytest.mark.points(1)
def test_the_arguments_are_left_alone(learner, rng):
    """The lists that are passed in are as they were before."""
    for limit in (100, 6):
        prompt, answer, eos = draw(rng, answer=3)
        got, call = called(learner, list(prompt), list(answer), eos, limit)
        if got["input_ids"][-4:] != [*answer, eos]:
            judged_tokens(got["input_ids"], prompt, answer, eos, limit, call)
        assert list(learner.last.args[:2]) == [prompt, answer], (
            f"mask_prompt(prompt_ids, answer_ids, {eos}, {limit}) changed a list that it was given. `+=` and `append` do that; `a + b` makes a new one."
        )
