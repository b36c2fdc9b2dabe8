"""Right solutions of "How they learn, and what they know"."""


def mean_surprise(probabilities: list[float]) -> float:
    if not probabilities:
        raise ValueError("probabilities is empty: there is nothing to take the mean of")
    if 0 in probabilities:
        return math.inf
    return -math.fsum(math.log(p) for p in probabilities) / len(probabilities)


def next_token_loss(
    logits: Float[Tensor, "texts tokens vocab"],
    ids: Int[Tensor, "texts tokens"],
    attention_mask: Int[Tensor, "texts tokens"],
) -> Float[Tensor, ""]:
    targets = ids[:, 1:].masked_fill(attention_mask[:, 1:] == 0, -100)
    return torch.nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), targets.flatten())


def mask_tokens(
    ids: Int[Tensor, "texts tokens"],
    special_ids: list[int],
    mask_id: int,
    vocab_size: int,
    rate: float,
    generator: torch.Generator,
) -> tuple[Int[Tensor, "texts tokens"], Int[Tensor, "texts tokens"]]:
    ordinary = torch.isin(ids, torch.tensor(special_ids), invert=True)
    chosen = ordinary & (torch.rand(ids.shape, generator=generator) < rate)
    labels = torch.where(chosen, ids, -100)
    fate = torch.rand(ids.shape, generator=generator)
    anything = torch.randint(vocab_size, ids.shape, generator=generator)
    inputs = torch.where(chosen & (fate < 0.8), mask_id, ids)
    return torch.where(chosen & (fate >= 0.9), anything, inputs), labels


def perplexity(model: PreTrainedModel, texts_ids: list[Int[Tensor, "tokens"]]) -> float:
    texts = [ids for ids in texts_ids if len(ids) > 1]
    if not texts:
        raise ValueError("texts_ids: no text has a second token that could be predicted")
    was_training = model.training
    model.eval()
    nats = 0.0
    with torch.no_grad():
        for ids in texts:
            predicted = model(input_ids=ids.unsqueeze(0)).logits[0, :-1]
            nats += torch.nn.functional.cross_entropy(predicted, ids[1:], reduction="sum").item()
    model.train(was_training)
    return math.exp(nats / sum(len(ids) - 1 for ids in texts))


def sample_next(
    logits: Float[Tensor, "vocab"],
    temperature: float,
    top_k: int | None,
    top_p: float | None,
    generator: torch.Generator,
) -> int:
    if temperature < 0:
        raise ValueError(f"temperature is {temperature}: it can't be below 0")
    if top_k is not None and top_k < 1:
        raise ValueError(f"top_k is {top_k}: at least one token must be left")
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError(f"top_p is {top_p}: it must be above 0 and at most 1")
    if temperature == 0:
        return int(logits.argmax())
    scores, tokens = (logits / temperature).sort(descending=True)
    if top_k is not None:
        scores, tokens = scores[:top_k], tokens[:top_k]
    shares = scores.softmax(0)
    if top_p is not None:
        more_likely = shares.cumsum(0) - shares
        shares = shares.masked_fill(more_likely >= top_p, 0.0)
    return int(tokens[torch.multinomial(shares, 1, generator=generator)])


def rank_completions(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    prompt: str,
    candidates: list[str],
) -> list[tuple[str, float]]:
    before = tokenizer(prompt, add_special_tokens=False)["input_ids"]
    if not before:
        raise ValueError("prompt has no tokens")
    scored = []
    for candidate in candidates:
        after = tokenizer(candidate, add_special_tokens=False)["input_ids"]
        if not after:
            raise ValueError(f"candidates: {candidate!r} has no tokens")
        with torch.no_grad():
            scores = model(input_ids=torch.tensor([before + after])).logits[0].log_softmax(-1)
        places = range(len(before) - 1, len(before) + len(after) - 1)
        scored.append((candidate, sum(scores[place, token].item() for place, token in zip(places, after))))
    return sorted(scored, key=lambda pair: pair[1], reverse=True)
