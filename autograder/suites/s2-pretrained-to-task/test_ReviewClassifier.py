"""Hidden suite of `ReviewClassifier`."""

import pytest
import torch

from tunelab import expect
from tunelab.models import embed, minilm, minilm_tokenizer, tiny_bert, tiny_roberta

TEXTS = ("A dull film.", "Superb from its first minute to its last, and never in a hurry.", "So so.")


def weights(model):
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}


def set_head(model, weight, bias):
    with torch.no_grad():
        model.head.weight.copy_(weight)
        model.head.bias.copy_(bias)


def switched(model, training):
    model.train(training)


def dead_parts(model, ids, mask):
    """Names of the parameters of the encoder's layers, its embeddings and the head that a backward pass gives no gradient."""
    model.train()
    (model(ids, mask) ** 2).sum().backward()
    return [name for name, p in model.named_parameters() if p.grad is None and "pooler" not in name]


def batch(rng, texts, tokens):
    return torch.from_numpy(rng.integers(3, 100, size=(texts, tokens))), torch.ones(texts, tokens, dtype=torch.int64)


def made(learner, encoder, *more):
    """A classifier of the learner's, with the parts that its contract names, and its call in words."""
    call = f"ReviewClassifier(encoder{''.join(f', {value}' for value in more)})"
    model = learner.ReviewClassifier(encoder, *more)
    assert isinstance(getattr(model, "parameters", None), dict), (
        f"{call} gave something that isn't a module. Keep `nn.Module` in the class's first line."
    )
    names = list(model.parameters)
    assert any(name.startswith("encoder.") for name in names), (
        f"{call} has no weights in an attribute `encoder`. It has: {', '.join(names[:4]) or 'none'}."
    )
    for name in ("head.weight", "head.bias"):
        assert name in names, f"{call} has no `{name}`. The head is an `nn.Linear` in the attribute `head`."
    outputs = model.parameters["head.weight"][0][0]
    assert not more or outputs == more[0], f"{call} has a head of {outputs} outputs. It needs `labels` outputs, one for each class."
    return model, call


def pooled_by_hand(encoder, ids, mask):
    """The mean of the encoder's last states over real tokens, row by row."""
    with torch.no_grad():
        states = encoder.eval()(input_ids=ids, attention_mask=mask).last_hidden_state
    return torch.stack([row[real.bool()].mean(0) for row, real in zip(states, mask, strict=True)])


def mistakes(encoder, ids, mask, weight, bias):
    """The logits that each mistake which is often made gives, and the sentence that names it."""
    right = pooled_by_hand(encoder, ids, mask) @ weight.T + bias
    with torch.no_grad():
        states = encoder.eval()(input_ids=ids, attention_mask=mask).last_hidden_state
        unmasked = encoder(input_ids=ids).last_hidden_state
    for soft in (right.softmax(-1), right.log_softmax(-1), right.sigmoid()):
        yield (
            soft,
            "These are probabilities, or their logarithms. The loss takes the softmax itself: give the head's numbers as they are (logits).",
        )
    yield states[:, 0] @ weight.T + bias, "It reads the first token, [CLS]. The mean over real tokens is asked for."
    yield states.mean(1) @ weight.T + bias, "It averages all places, padding too. Leave padding out of the mean."
    own = torch.stack([row[real.bool()].mean(0) for row, real in zip(unmasked, mask, strict=True)])
    yield own @ weight.T + bias, "Its encoder looks at padding. Hand the attention mask to the encoder, too."
    yield (
        unmasked.mean(1) @ weight.T + bias,
        "Padding gets in at two places: hand the attention mask to the encoder, and leave padding out of the mean.",
    )


def agree(got, encoder, ids, mask, weight, bias, call, hint="Pool `last_hidden_state` by the mask, then apply the head to the mean."):
    """The logits are those of the head on the mean of real tokens; where they are just what one known mistake gives, that mistake is named."""
    right = pooled_by_hand(encoder, ids, mask) @ weight.T + bias
    if torch.allclose(got, right, atol=1e-3, rtol=1e-6):
        return
    named = [
        sentence
        for wrong, sentence in mistakes(encoder, ids, mask, weight, bias)
        if torch.allclose(got, wrong, atol=1e-4, rtol=1e-4) and not torch.allclose(wrong, right, atol=1e-3)
    ]
    expect.close(got, right, call=call, hint=named[0] if named else hint, atol=1e-3)


def numbers(rng, *shape):
    return torch.from_numpy(rng.normal(size=shape)).float()


@pytest.mark.points(3)
def test_only_the_head_is_new(learner, rng):
    """Encoder and head are all that has weights; the encoder's are as they were and may learn, and the head has `labels` outputs."""
    encoder = tiny_bert(seed=int(rng.integers(1000))).base_model
    before, labels = weights(encoder), int(rng.integers(3, 9))
    model, call = made(learner, encoder, labels)
    found = model.parameters
    shape = tuple(found["head.weight"][0])
    assert shape == (labels, 32), (
        f"{call} has a head that reads {shape[1]} numbers; the encoder gives `encoder.config.hidden_size` of them."
    )
    own = {f"encoder.{name}" for name, _ in encoder.named_parameters()}
    extra = [name for name in found if name not in own | {"head.weight", "head.bias"}]
    assert not extra, f"{call} has weights that nobody asked for: {', '.join(extra[:3])}. Only a linear head is new."
    lost = sorted(own - set(found))
    assert not lost, f"{call} has lost the encoder's {lost[0]}. Keep the encoder whole."
    frozen = [name for name, (_, _, on) in found.items() if not on]
    assert not frozen, f"{call} has frozen {frozen[0]}. Whether the body learns is for its user to decide: leave `requires_grad` as it is."
    after = learner.probe(weights, model)
    changed = [name for name, tensor in before.items() if not torch.equal(tensor, after[f"encoder.{name}"])]
    assert not changed, f"{call} changed the encoder's {changed[0]}. Loading a body means to keep what it has learnt."
    head = after["head.weight"]
    assert torch.unique(head).numel() > labels, f"{call} has a head whose weights are alike. Leave `nn.Linear`'s own random start as it is."


@pytest.mark.points(1)
def test_frozen_stays_frozen(learner):
    """A part that its user froze before stays frozen, and the head learns."""
    encoder = tiny_bert().base_model
    encoder.embeddings.requires_grad_(False)
    model, call = made(learner, encoder, 2)
    wrong = [name for name, (_, _, on) in model.parameters.items() if on == name.startswith("encoder.embeddings.")]
    assert not wrong, (
        f"{call}, on an encoder with frozen embeddings, has the wrong `requires_grad` at {wrong[0]}. Leave the encoder's flags alone."
    )


@pytest.mark.points(3)
def test_mean_of_real_tokens(learner, rng):
    """The logits are those of the head, applied to the mean of the encoder's last states over real tokens."""
    encoder = tiny_bert(seed=int(rng.integers(1000))).base_model
    ids, mask = batch(rng, 4, 8)
    for row, length in enumerate((8, 3, 5, 6)):
        mask[row, length:] = 0
    weight, bias = numbers(rng, 3, 32), numbers(rng, 3)
    model, call = made(learner, encoder, 3, 0.3)
    learner.probe(set_head, model, weight, bias)
    learner.probe(switched, model, False)
    call = f"{call} in evaluation mode, called with (input_ids, attention_mask),"
    got = expect.tensor(model(ids, mask), call=call, shape=(4, 3)).detach()
    agree(got, encoder, ids, mask, weight, bias, call)


@pytest.mark.points(2)
def test_padding_changes_nothing(learner, rng):
    """A text gets the same logits alone and with padding beside it."""
    encoder = tiny_bert(seed=int(rng.integers(1000))).base_model
    ids, mask = batch(rng, 1, 5)
    wide_ids, wide_mask = torch.zeros(1, 12, dtype=torch.int64), torch.zeros(1, 12, dtype=torch.int64)
    wide_ids[:, :5], wide_mask[:, :5] = ids, 1
    model, call = made(learner, encoder, 2)
    weight, bias = numbers(rng, 2, 32), numbers(rng, 2)
    learner.probe(set_head, model, weight, bias)
    learner.probe(switched, model, False)
    alone, padded = model(ids, mask), model(wide_ids, wide_mask)
    for got in (alone, padded):
        expect.tensor(got, call=f"{call} on one text", shape=(1, 2))
    if not torch.allclose(alone.detach(), padded.detach(), atol=1e-4):
        both = "Padding can get in at two places: hand the attention mask to the encoder, and leave padding out of the mean."
        where = f"{call} gave a text other logits when 7 places of padding stood beside it: there it"
        agree(padded.detach(), encoder, wide_ids, wide_mask, weight, bias, where, both)
        raise AssertionError(f"{call} gave a text other logits when 7 places of padding stood beside it. {both}")
    agree(alone.detach(), encoder, ids, mask, weight, bias, f"{call} on one text")


@pytest.mark.points(2)
def test_dropout_before_the_head(learner, rng):
    """In training mode dropout falls on the pooled vector, before the head, and in evaluation mode nowhere."""
    encoder = tiny_bert(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, seed=int(rng.integers(1000))).base_model
    ids, mask = batch(rng, 1, 6)
    ids, mask, rate = ids.repeat(64, 1), mask.repeat(64, 1), 0.25
    pooled = pooled_by_hand(encoder, ids, mask)
    model, call = made(learner, encoder, 32, rate)
    # With the identity as its weight the head shows what it reads; the bias shows whether its own output was dropped.
    learner.probe(set_head, model, torch.eye(32), torch.full((32,), 50.0))
    learner.probe(switched, model, False)
    shown = expect.tensor(model(ids, mask), call=f"{call} in evaluation mode", shape=(64, 32)).detach()
    same = [torch.allclose(row, shown[0], atol=1e-3) for row in shown]
    assert all(same), (
        f"{call} in evaluation mode gave other logits for equal texts. In evaluation mode nothing is dropped: `nn.Dropout` knows the mode."
    )
    agree(shown, encoder, ids, mask, torch.eye(32), torch.full((32,), 50.0), f"{call} in evaluation mode")
    learner.probe(switched, model, True)
    got = expect.tensor(model(ids, mask), call=f"{call} in training mode", shape=(64, 32)).detach()
    seen = got - 50
    assert not torch.allclose(seen, pooled, atol=1e-3), f"{call} in training mode: nothing was dropped."
    assert not bool((got.abs() < 1e-6).any()), (
        f"{call} in training mode gave logits of 0, their bias too. Dropout stands after the head; it belongs before it."
    )
    kept, gone = (seen - pooled / (1 - rate)).abs() < 1e-3, seen.abs() < 1e-3
    assert bool((kept | gone).all()), (
        f"{call} in training mode: each number that the head reads must be 0 or the pooled one divided by 1 - dropout. Does dropout fall on the pooled vector, and only there?"
    )
    # 2,048 draws at 0.25: 512 are dropped, give or take 19.6; 130 is over six of those, a false alarm below 1e-10.
    clear = pooled.abs() > 2e-3
    share = int((gone & clear).sum()) / int(clear.sum())
    assert abs(share - rate) < 130 / 2048, (
        f"{call} dropped {share:.2f} of the numbers. `dropout` is the share to drop, not the one to keep."
    )


@pytest.mark.points(2)
def test_body_and_head_get_gradients(learner, rng):
    """A backward pass reaches the head and every layer of the body."""
    model, call = made(learner, tiny_bert().base_model, 3)
    dead = learner.probe(dead_parts, model, *batch(rng, 3, 6))
    frozen = [name for name in dead if not model.parameters[name][2]]
    assert not frozen, f"{call}: after a backward pass {frozen[0]} has no gradient, because it is frozen. Leave `requires_grad` as it is."
    assert not dead, (
        f"{call}: after a backward pass {dead[0]} has no gradient. `no_grad`, `inference_mode` and `detach` cut the way back to the body."
    )


@pytest.mark.points(1)
def test_other_encoders(learner, rng):
    """An encoder of another family, without a pooler, will do."""
    encoder = tiny_roberta(hidden=16).base_model
    ids, mask = batch(rng, 2, 6)
    mask[1, 4:] = 0
    model, call = made(learner, encoder, 2)
    weight, bias = numbers(rng, 2, 16), numbers(rng, 2)
    learner.probe(set_head, model, weight, bias)
    learner.probe(switched, model, False)
    call = f"{call}, on a RoBERTa without a pooler,"
    got = expect.tensor(model(ids, mask), call=call, shape=(2, 2)).detach()
    agree(got, encoder, ids, mask, weight, bias, call)


@pytest.mark.points(1)
def test_a_real_minilm(learner, rng):
    """On the real MiniLM the logits are those of its mean vectors."""
    model, call = made(learner, learner.make(minilm), 2)
    weight, bias = numbers(rng, 2, 384), numbers(rng, 2)
    learner.probe(set_head, model, weight, bias)
    learner.probe(switched, model, False)
    tokenizer = minilm_tokenizer()
    given = tokenizer(list(TEXTS), padding=True, return_tensors="pt")
    call = f"{call}, on the real MiniLM and three texts,"
    got = expect.tensor(model(given["input_ids"], given["attention_mask"]), call=call, shape=(3, 2)).detach()
    if not torch.allclose(got, embed(TEXTS, minilm(), tokenizer) @ weight.T + bias, atol=1e-3):
        agree(got, minilm(), given["input_ids"], given["attention_mask"], weight, bias, call)
        raise AssertionError(f"{call} gave logits that aren't those of the head on MiniLM's mean vectors.")
