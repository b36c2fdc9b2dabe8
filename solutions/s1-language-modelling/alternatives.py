"""Other right solutions of "How they learn, and what they know"."""

from autograder.authoring import alternative


@alternative("mean_surprise")
def with_numpy(probabilities):
    """NumPy's logarithm of 0 is minus infinity, with a warning."""
    import numpy as np

    if len(probabilities) == 0:
        raise ValueError("no probabilities")
    return float(-np.log(np.array(probabilities)).mean())


@alternative("mean_surprise")
def one_by_one(probabilities):
    """A loop that adds up log(1/p)."""
    if len(probabilities) < 1:
        raise ValueError("probabilities must not be empty")
    total = 0.0
    for p in probabilities:
        if p == 0:
            return float("inf")
        total += math.log(1 / p)
    return total / len(probabilities)


@alternative("mean_surprise")
def with_torch(probabilities):
    """Single precision, all at once."""
    if not len(probabilities):
        raise ValueError("`probabilities` has nothing in it")
    return torch.tensor(probabilities).log().neg().mean().item()


@alternative("next_token_loss")
def by_choosing_the_places(logits, ids, attention_mask):
    """Picks the places that predict with a mask of True and False, and works the surprise out from its definition."""
    real = attention_mask[:, 1:].bool()
    scores, targets = logits[:, :-1][real], ids[:, 1:][real]
    return (scores.logsumexp(dim=1) - scores[torch.arange(len(targets)), targets]).mean()


@alternative("next_token_loss")
def by_log_softmax_and_gather(logits, ids, attention_mask):
    """Looks the log-probabilities up, and weighs them with the mask."""
    logs = logits[:, :-1].log_softmax(dim=-1)
    found = logs.gather(2, ids[:, 1:].unsqueeze(2)).squeeze(2)
    counts = attention_mask[:, 1:].to(found.dtype)
    return -(found * counts).sum() / counts.sum()


@alternative("next_token_loss")
def row_by_row(logits, ids, attention_mask):
    """Cuts each row to its real tokens and adds up."""
    total, count = 0.0, 0
    for row, tokens, mask in zip(logits, ids, attention_mask):
        n = int(mask.sum())
        if n < 2:
            continue
        total = total + torch.nn.functional.cross_entropy(row[: n - 1], tokens[1:n], reduction="sum")
        count += n - 1
    return total / count


@alternative("next_token_loss")
def by_the_librarys_own_loss(logits, ids, attention_mask):
    """Calls what transformers' causal models call."""
    from transformers.loss.loss_utils import ForCausalLMLoss

    labels = ids.clone()
    labels[attention_mask == 0] = -100
    return ForCausalLMLoss(logits, labels, vocab_size=logits.shape[-1])


@alternative("mask_tokens")
def as_the_librarys_collator_does(ids, special_ids, mask_id, vocab_size, rate, generator):
    """Bernoulli draws: 0.8, then half of what is left."""
    inputs, labels = ids.clone(), ids.clone()
    chances = torch.full(ids.shape, float(rate))
    for special in special_ids:
        chances[ids == special] = 0.0
    chosen = torch.bernoulli(chances, generator=generator).bool()
    labels[~chosen] = -100
    masked = torch.bernoulli(torch.full(ids.shape, 0.8), generator=generator).bool() & chosen
    inputs[masked] = mask_id
    random = torch.bernoulli(torch.full(ids.shape, 0.5), generator=generator).bool() & chosen & ~masked
    inputs[random] = torch.randint(vocab_size, ids.shape, generator=generator)[random]
    return inputs, labels


@alternative("mask_tokens")
def token_by_token(ids, special_ids, mask_id, vocab_size, rate, generator):
    """One draw decides whether and what; random tokens are never special ones."""
    special = set(special_ids)
    ordinary = torch.tensor([i for i in range(vocab_size) if i not in special])
    inputs, labels = ids.clone(), torch.full_like(ids, -100)
    draws = torch.rand(ids.shape, generator=generator).tolist()
    for row, tokens in enumerate(ids.tolist()):
        for place, token in enumerate(tokens):
            draw = draws[row][place]
            if token in special or draw >= rate:
                continue
            labels[row, place] = token
            if draw < 0.8 * rate:
                inputs[row, place] = mask_id
            elif draw < 0.9 * rate:
                inputs[row, place] = ordinary[torch.randint(len(ordinary), (), generator=generator)]
    return inputs, labels


@alternative("mask_tokens")
def by_a_draw_among_four_fates(ids, special_ids, mask_id, vocab_size, rate, generator):
    """Each ordinary token draws one of four fates: not chosen, masked, another token, the same token."""
    chances = torch.tensor([1 - rate, 0.8 * rate, 0.1 * rate, 0.1 * rate])
    fates = torch.multinomial(chances, ids.numel(), replacement=True, generator=generator).reshape(ids.shape)
    for special in set(special_ids):
        fates[ids == special] = 0
    inputs = ids.clone()
    inputs[fates == 1] = mask_id
    others = int((fates == 2).sum())
    inputs[fates == 2] = torch.randint(0, vocab_size, (others,), generator=generator)
    labels = ids.clone()
    labels[fates == 0] = -100
    return inputs, labels


@alternative("perplexity")
def beginning_by_beginning(model, texts_ids):
    """Shows the model each beginning of each text, and looks at its last place only."""
    before, surprises = model.training, []
    model.train(False)
    for ids in texts_ids:
        for place in range(1, ids.shape[0]):
            with torch.no_grad():
                shares = torch.softmax(model(input_ids=ids[None, :place]).logits[0, -1].double(), dim=0)
            surprises.append(-math.log(shares[ids[place]]))
    model.train(before)
    if not surprises:
        raise ValueError("texts_ids: nothing in it can be predicted")
    return math.exp(sum(surprises) / len(surprises))


@alternative("perplexity")
def by_the_models_own_loss(model, texts_ids):
    """The library's loss is a mean: times the number of predicted tokens it is a sum."""
    counts = [ids.numel() - 1 for ids in texts_ids]
    if sum(max(count, 0) for count in counts) == 0:
        raise ValueError("nothing to predict in texts_ids")
    mode = model.training
    try:
        model.eval()
        with torch.inference_mode():
            sums = [float(model(ids.view(1, -1), labels=ids.view(1, -1)).loss) * n for ids, n in zip(texts_ids, counts) if n > 0]
    finally:
        model.train(mode)
    return math.exp(sum(sums) / sum(n for n in counts if n > 0))


@alternative("perplexity")
def in_one_padded_batch(model, texts_ids):
    """Pads all texts to the longest, with a mask, and counts real tokens only."""
    longest = max((len(ids) for ids in texts_ids), default=0)
    if longest < 2:
        raise ValueError("texts_ids holds no token to predict")
    batch = torch.zeros(len(texts_ids), longest, dtype=torch.long)
    mask = torch.zeros_like(batch)
    for row, ids in enumerate(texts_ids):
        batch[row, : len(ids)], mask[row, : len(ids)] = ids, 1
    modes = {module: module.training for module in model.modules()}
    model.eval()
    with torch.no_grad():
        logs = model(input_ids=batch, attention_mask=mask).logits.log_softmax(-1)
    for module, training in modes.items():
        module.training = training
    found = logs[:, :-1].gather(2, batch[:, 1:, None])[..., 0].double()
    return math.exp(-float((found * mask[:, 1:]).sum() / mask[:, 1:].sum()))


@alternative("sample_next")
def by_what_the_library_does(logits, temperature, top_k, top_p, generator):
    """transformers' own warpers, in their usual order."""
    from transformers import TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

    if temperature < 0:
        raise ValueError("negative temperature")
    if top_k is not None and top_k <= 0:
        raise ValueError("top_k must be positive")
    if top_p is not None and (top_p <= 0 or top_p > 1):
        raise ValueError("top_p must lie in (0, 1]")
    if temperature == 0:
        return logits.argmax().item()
    ids, scores = torch.zeros(1, 1, dtype=torch.long), logits[None].clone()
    scores = TemperatureLogitsWarper(float(temperature))(ids, scores)
    if top_k is not None:
        scores = TopKLogitsWarper(top_k)(ids, scores)
    if top_p is not None:
        scores = TopPLogitsWarper(float(top_p))(ids, scores)
    return torch.multinomial(scores.softmax(-1), 1, generator=generator).item()


@alternative("sample_next")
def by_probabilities_that_stay_in_place(logits, temperature, top_k, top_p, generator):
    """Keeps the vocabulary's order, sets probabilities to 0, and divides by the sum after each step."""
    if temperature < 0:
        raise ValueError("`temperature` must be 0 or more")
    if top_k is not None and top_k < 1:
        raise ValueError("`top_k` must be 1 or more")
    if top_p is not None and (top_p <= 0 or top_p > 1):
        raise ValueError("`top_p` must be above 0, and 1 at most")
    if temperature == 0:
        return logits.tolist().index(max(logits.tolist()))
    shares = torch.softmax(logits.double() / temperature, dim=-1)
    if top_k is not None and top_k < len(shares):
        shares = torch.zeros_like(shares).scatter(0, shares.topk(top_k).indices, shares.topk(top_k).values)
        shares = shares / shares.sum()
    if top_p is not None:
        order = shares.argsort(descending=True)
        size, reached = 0, 0.0
        while size < len(order) and reached < top_p:
            reached += float(shares[order[size]])
            size += 1
        shares[order[size:]] = 0
        shares = shares / shares.sum()
    return torch.multinomial(shares, num_samples=1, generator=generator).item()


@alternative("sample_next")
def one_draw_along_the_line(logits, temperature, top_k, top_p, generator):
    """Adds up from the most probable token, and draws a point on what is kept."""
    if temperature < 0:
        raise ValueError("temperature must not be negative")
    if top_k is not None and top_k < 1:
        raise ValueError("top_k must be at least 1")
    if top_p is not None and not (top_p > 0 and top_p <= 1):
        raise ValueError("top_p is a probability above 0")
    order = sorted(range(len(logits)), key=lambda i: -float(logits[i]))
    if temperature == 0:
        return order[0]
    kept = order[: top_k or len(order)]
    top = float(logits[order[0]])
    weights = [math.exp((float(logits[i]) - top) / temperature) for i in kept]
    total = sum(weights)
    nucleus, reached = [], 0.0
    for token, weight in zip(kept, weights):
        nucleus.append((token, weight / total))
        reached += weight / total
        if top_p is not None and reached >= top_p:
            break
    point = float(torch.rand((), generator=generator)) * reached
    for token, share in nucleus:
        point -= share
        if point < 0:
            return token
    return nucleus[-1][0]


@alternative("sample_next")
def by_gumbel_noise(logits, temperature, top_k, top_p, generator):
    """Adds Gumbel noise to the scores of what is kept, and takes the largest."""
    for name, wrong in (("temperature", temperature < 0), ("top_k", top_k is not None and top_k < 1)):
        if wrong:
            raise ValueError(name)
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError("top_p")
    if temperature == 0:
        return int(torch.argmax(logits))
    scores = logits.double() / temperature
    if top_k is not None:
        scores[scores < scores.topk(min(top_k, len(scores))).values[-1]] = -torch.inf
    if top_p is not None:
        shares, order = scores.softmax(0).sort()
        scores[order[(shares.cumsum(0) <= 1 - top_p)]] = -torch.inf
    noise = -torch.log(-torch.log(torch.rand(len(scores), dtype=torch.float64, generator=generator)))
    return int((scores + noise).argmax())


@alternative("rank_completions")
def word_by_word(model, tokenizer, prompt, candidates):
    """Lets the text grow by one token, and multiplies probabilities."""
    start = tokenizer(prompt, add_special_tokens=False)["input_ids"]
    if len(start) == 0:
        raise ValueError("prompt must have at least one token")
    found = {}
    for number, candidate in enumerate(candidates):
        text, chance = list(start), 1.0
        tokens = tokenizer(candidate, add_special_tokens=False)["input_ids"]
        if len(tokens) == 0:
            raise ValueError("each of the candidates must have at least one token")
        for token in tokens:
            with torch.no_grad():
                chance *= model(input_ids=torch.tensor([text])).logits[0, -1].double().softmax(0)[token].item()
            text.append(token)
        found[number] = math.log(chance)
    best = sorted(found, key=found.get)[::-1]
    return [(candidates[number], found[number]) for number in best]


@alternative("rank_completions")
def by_the_models_loss(model, tokenizer, prompt, candidates):
    """Labels of -100 on the prompt; the loss is a mean, so it is multiplied by the number of tokens."""
    p = tokenizer.encode(prompt, add_special_tokens=False)
    if len(p) == 0:
        raise ValueError("the prompt is empty")
    ranked = []
    for candidate in candidates:
        c = tokenizer.encode(candidate, add_special_tokens=False)
        if len(c) == 0:
            raise ValueError("one of the candidates is empty")
        labels = torch.tensor([[-100] * len(p) + c])
        with torch.inference_mode():
            loss = model(torch.tensor([p + c]), labels=labels).loss
        ranked.append((candidate, -float(loss) * len(c)))
    return [ranked[i] for i in sorted(range(len(ranked)), key=lambda i: (-ranked[i][1], i))]


@alternative("rank_completions")
def in_one_padded_batch_of_candidates(model, tokenizer, prompt, candidates):
    """All candidates in one batch, padded on the right."""
    start = tokenizer(prompt, add_special_tokens=False).input_ids
    ends = [tokenizer(candidate, add_special_tokens=False).input_ids for candidate in candidates]
    if not start:
        raise ValueError("prompt: nothing to go on from")
    if not all(ends):
        raise ValueError("candidates: an empty one")
    if not ends:
        return []
    width = len(start) + max(map(len, ends))
    ids, mask = torch.zeros(len(ends), width, dtype=torch.long), torch.zeros(len(ends), width, dtype=torch.long)
    for row, end in enumerate(ends):
        ids[row, : len(start) + len(end)] = torch.tensor(start + end)
        mask[row, : len(start) + len(end)] = 1
    with torch.no_grad():
        logs = model(input_ids=ids, attention_mask=mask).logits[:, :-1].log_softmax(-1)
    found = logs.gather(2, ids[:, 1:, None])[..., 0] * mask[:, 1:]
    totals = found[:, len(start) - 1 :].sum(1).tolist()
    pairs = list(zip(candidates, totals))
    pairs.sort(key=lambda pair: -pair[1])
    return pairs
