"""Other right solutions of "Which model?"."""

from autograder.authoring import alternative


@alternative("layer_parameters")
def by_one_formula(config):
    """All terms gathered."""
    h, i = config["hidden_size"], config["intermediate_size"]
    return h * (4 * h + 2 * i + 9) + i


@alternative("layer_parameters")
def by_real_modules(config):
    """Builds the pieces where tensors have no memory, and counts them."""
    h, i = config["hidden_size"], config["intermediate_size"]
    with torch.device("meta"):
        parts = [torch.nn.Linear(h, h) for _ in range(4)] + [torch.nn.Linear(h, i), torch.nn.Linear(i, h)]
        parts += [torch.nn.LayerNorm(h), torch.nn.LayerNorm(h)]
    return sum(p.numel() for part in parts for p in part.parameters())


@alternative("count_parameters")
def by_the_library(config):
    """Builds the whole model on the meta device: no arithmetic of its own."""
    from transformers import AutoConfig, AutoModel, AutoModelForCausalLM

    given = dict(config)
    kind = given.pop("model_type")
    if kind not in ("bert", "gpt2", "llama"):
        raise ValueError(f"model_type {kind} is not known")
    make = AutoModel if kind == "bert" else AutoModelForCausalLM
    with torch.device("meta"):
        return make.from_config(AutoConfig.for_model(kind, **given)).num_parameters()


@alternative("count_parameters")
def by_lists_of_shapes(config):
    """Writes down every tensor's shape, and multiplies."""
    import math

    c, kind = config, config["model_type"]
    if kind == "bert":
        h, i, n = c["hidden_size"], c["intermediate_size"], c["num_hidden_layers"]
        once = [(c["vocab_size"], h), (c["max_position_embeddings"], h), (c["type_vocab_size"], h), (h,), (h,), (h, h), (h,)]
        each = [(h, h), (h,)] * 4 + [(i, h), (i,), (h, i), (h,)] + [(h,)] * 4
    elif kind == "gpt2":
        h, n = c["n_embd"], c["n_layer"]
        i = c.get("n_inner") or 4 * h
        once = [(c["vocab_size"], h), (c["n_positions"], h), (h,), (h,)]
        each = [(h,)] * 4 + [(h, 3 * h), (3 * h,), (h, h), (h,), (h, i), (i,), (i, h), (h,)]
        if not c.get("tie_word_embeddings", True):
            once.append((h, c["vocab_size"]))
    elif kind == "llama":
        h, i, n, a = c["hidden_size"], c["intermediate_size"], c["num_hidden_layers"], c["num_attention_heads"]
        d = c.get("head_dim") or h // a
        kv = (c.get("num_key_value_heads") or a) * d
        once = [(c["vocab_size"], h), (h,)] + ([] if c.get("tie_word_embeddings", False) else [(c["vocab_size"], h)])
        each = [(h,), (h,), (h, a * d), (h, kv), (h, kv), (a * d, h), (h, i), (h, i), (i, h)]
        if c.get("attention_bias", False):
            each += [(a * d,), (kv,), (kv,), (h,)]
        if c.get("mlp_bias", False):
            each += [(i,), (i,), (h,)]
    else:
        raise ValueError(f"{kind} is none of the families that can be counted")
    return sum(map(math.prod, once)) + n * sum(map(math.prod, each))


@alternative("tokenizer_fit")
def in_one_batch(texts, tokenizer, max_length):
    """Tokenizes all texts at once, with special tokens, and leaves those out by their mask."""
    import numpy as np

    batch = tokenizer(list(texts), return_special_tokens_mask=True)
    lengths = np.array([len(row) for row in batch["input_ids"]])
    own = [np.array(i)[np.array(m) == 0] for i, m in zip(batch["input_ids"], batch["special_tokens_mask"])]
    tokens = sum(map(len, own))
    unknown = 0 if tokenizer.unk_token_id is None else sum(int((row == tokenizer.unk_token_id).sum()) for row in own)
    words = len(" ".join(texts).split())
    return {
        "tokens_per_word": float(tokens / words),
        "unknown_share": float(unknown / tokens),
        "cut_share": float(np.mean(lengths > max_length)),
    }


@alternative("tokenizer_fit")
def by_pieces_of_text(texts, tokenizer, max_length):
    """Counts pieces, not ids, and adds the number of special tokens of one text."""
    pieces = [tokenizer.tokenize(text) for text in texts]
    count = sum(len(p) for p in pieces)
    extra = tokenizer.num_special_tokens_to_add()
    return {
        "unknown_share": sum(p.count(tokenizer.unk_token) for p in pieces) / count,
        "cut_share": sum(1 for p in pieces if len(p) + extra > max_length) / len(pieces),
        "tokens_per_word": count / sum(len(text.split()) for text in texts),
    }


@alternative("span_corruption")
def token_by_token(ids, spans, sentinels, eos_id):
    """Walks over positions; each knows its span."""
    if len(spans) >= len(sentinels):
        raise ValueError("too few sentinels")
    span_of = {place: number for number, (start, end) in enumerate(spans) for place in range(start, end)}
    source, target, last = [], [], None
    for place, token in enumerate(ids):
        number = span_of.get(place)
        if number is None:
            source.append(token)
        else:
            if number != last:
                source.append(sentinels[number])
                target.append(sentinels[number])
            target.append(token)
        last = number
    return source + [eos_id], target + [sentinels[len(spans)], eos_id]


@alternative("span_corruption")
def from_the_right(ids, spans, sentinels, eos_id):
    """Replaces spans in a copy, beginning with the last, so that places don't move."""
    if len(sentinels) <= len(spans):
        raise ValueError("sentinels")
    source, target = list(ids), [sentinels[len(spans)], eos_id]
    for number in range(len(spans) - 1, -1, -1):
        start, end = spans[number]
        target = [sentinels[number], *source[start:end], *target]
        source[start:end] = [sentinels[number]]
    source.append(eos_id)
    return source, target


@alternative("zero_shot_scores")
def by_cross_entropy(model, tokenizer, text, labels, normalize):
    """Lets the model's own loss ignore the prompt."""
    scores = {}
    prompt = tokenizer(text, return_tensors="pt")["input_ids"]
    for label, words in labels.items():
        answer = tokenizer(words, add_special_tokens=False, return_tensors="pt")["input_ids"]
        ids = torch.cat([prompt, answer], dim=1)
        targets = ids.clone()
        targets[:, : prompt.shape[1]] = -100
        with torch.inference_mode():
            loss = model(input_ids=ids, labels=targets).loss
        scores[label] = -float(loss) * (1 if normalize else answer.shape[1])
    return scores


@alternative("zero_shot_scores")
def in_one_padded_batch(model, tokenizer, text, labels, normalize):
    """All labels in one batch, padded on the right."""
    prompt = tokenizer(text)["input_ids"]
    answers = [tokenizer(words, add_special_tokens=False)["input_ids"] for words in labels.values()]
    longest = max(map(len, answers))
    rows = [prompt + a + [0] * (longest - len(a)) for a in answers]
    mask = [[1] * (len(prompt) + len(a)) + [0] * (longest - len(a)) for a in answers]
    with torch.no_grad():
        logits = model(input_ids=torch.tensor(rows), attention_mask=torch.tensor(mask)).logits
    logs = logits.float().log_softmax(-1)
    found = {}
    for row, (label, answer) in enumerate(zip(labels, answers)):
        each = [logs[row, len(prompt) - 1 + k, token].item() for k, token in enumerate(answer)]
        found[label] = sum(each) / len(each) if normalize else sum(each)
    return found


@alternative("zero_shot_scores")
def prompt_read_once(model, tokenizer, text, labels, normalize):
    """Reads the prompt once, and keeps what attention remembers of it."""
    import copy

    with torch.no_grad():
        first = model(**tokenizer(text, return_tensors="pt", return_token_type_ids=False), use_cache=True)
        scores = {}
        for label, words in labels.items():
            answer = tokenizer(words, add_special_tokens=False)["input_ids"]
            logs = [first.logits[0, -1].log_softmax(-1)[answer[0]]]
            if len(answer) > 1:
                rest = model(torch.tensor([answer[:-1]]), past_key_values=copy.deepcopy(first.past_key_values)).logits[0].log_softmax(-1)
                logs += [rest[k, token] for k, token in enumerate(answer[1:])]
            total = torch.stack(logs)
            scores[label] = (total.mean() if normalize else total.sum()).item()
    return scores


@alternative("choose_model")
def by_a_chain_of_tests(cards, task, budget):
    """A list of reasons filled by `if`s, and a sort at the end."""
    rejected = {}
    fitting = []
    for card in cards:
        reasons = []
        if card.architecture not in task.architectures:
            reasons.append("architecture")
        if card.licence not in task.licences:
            reasons.append("licence")
        if task.language not in card.languages:
            reasons.append("language")
        if not task.longest_words * card.tokens_per_word <= card.context:
            reasons.append("context")
        if not card.parameters * 16 <= budget.memory:
            reasons.append("memory")
        tokens = task.mean_words * card.tokens_per_word * task.examples * task.epochs
        if not 6 * tokens * card.parameters <= budget.hours * 3600 * budget.operations_per_second:
            reasons.append("hours")
        if reasons:
            rejected[card.name] = reasons
        else:
            fitting.append(card)
    fitting.sort(key=lambda card: -card.parameters)
    return Choice(fitting[0].name if fitting else None, rejected)


@alternative("choose_model")
def first_of_the_largest(cards, task, budget):
    """Keeps the best so far; gives reasons as tuples."""
    best, rejected = None, {}
    for card in cards:
        seconds = 6 * card.parameters * task.examples * task.epochs * task.mean_words * card.tokens_per_word / budget.operations_per_second
        checks = (
            (card.architecture in task.architectures, "architecture"),
            (card.licence in task.licences, "licence"),
            (task.language in card.languages, "language"),
            (task.longest_words * card.tokens_per_word <= card.context, "context"),
            (card.parameters * (4 + 4 + 8) <= budget.memory, "memory"),
            (seconds <= 3600 * budget.hours, "hours"),
        )
        failed = tuple(name for passed, name in checks if not passed)
        if failed:
            rejected[card.name] = failed
        elif best is None or card.parameters > best.parameters:
            best = card
    return Choice(None if best is None else best.name, rejected)
