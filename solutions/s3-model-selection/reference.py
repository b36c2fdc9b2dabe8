"""The reference solutions of "Which model?"."""


def layer_parameters(config):
    hidden, wide = config["hidden_size"], config["intermediate_size"]
    attention = 4 * (hidden * hidden + hidden)
    feed_forward = (hidden * wide + wide) + (wide * hidden + hidden)
    norms = 2 * (2 * hidden)
    return attention + feed_forward + norms


def count_parameters(config):
    def linear(inputs, outputs, bias=True):
        return inputs * outputs + (outputs if bias else 0)

    kind, vocabulary = config["model_type"], config["vocab_size"]
    if kind == "bert":
        hidden, wide = config["hidden_size"], config["intermediate_size"]
        rows = vocabulary + config["max_position_embeddings"] + config["type_vocab_size"]
        layer = 4 * linear(hidden, hidden) + linear(hidden, wide) + linear(wide, hidden) + 2 * (2 * hidden)
        return rows * hidden + 2 * hidden + config["num_hidden_layers"] * layer + linear(hidden, hidden)

    if kind == "gpt2":
        hidden = config["n_embd"]
        wide = config.get("n_inner")
        if wide is None:
            wide = 4 * hidden
        layer = linear(hidden, 3 * hidden) + linear(hidden, hidden) + linear(hidden, wide) + linear(wide, hidden) + 2 * (2 * hidden)
        count = (vocabulary + config["n_positions"]) * hidden + config["n_layer"] * layer + 2 * hidden
        tied = config.get("tie_word_embeddings", True)

    elif kind == "llama":
        hidden, wide, heads = config["hidden_size"], config["intermediate_size"], config["num_attention_heads"]
        key_value_heads = config.get("num_key_value_heads")
        if key_value_heads is None:
            key_value_heads = heads
        size = config.get("head_dim")
        if size is None:
            size = hidden // heads
        bias, wide_bias = config.get("attention_bias", False), config.get("mlp_bias", False)
        attention = (
            linear(hidden, heads * size, bias) + 2 * linear(hidden, key_value_heads * size, bias) + linear(heads * size, hidden, bias)
        )
        feed_forward = 2 * linear(hidden, wide, wide_bias) + linear(wide, hidden, wide_bias)
        count = vocabulary * hidden + config["num_hidden_layers"] * (attention + feed_forward + 2 * hidden) + hidden
        tied = config.get("tie_word_embeddings", False)

    else:
        raise ValueError(f"model_type must be bert, gpt2 or llama; it is {kind!r}")
    return count if tied else count + vocabulary * hidden


def tokenizer_fit(texts, tokenizer, max_length):
    words = tokens = unknown = cut = 0
    for text in texts:
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        words += len(text.split())
        tokens += len(ids)
        if tokenizer.unk_token_id is not None:
            unknown += ids.count(tokenizer.unk_token_id)
        cut += len(tokenizer(text)["input_ids"]) > max_length
    return {"tokens_per_word": tokens / words, "unknown_share": unknown / tokens, "cut_share": cut / len(texts)}


def span_corruption(ids, spans, sentinels, eos_id):
    if len(sentinels) < len(spans) + 1:
        raise ValueError(f"sentinels: {len(spans)} spans need one each, and one more for the end; there are {len(sentinels)}")
    source, target, kept_to = [], [], 0
    for sentinel, (start, end) in zip(sentinels, spans):
        source += [*ids[kept_to:start], sentinel]
        target += [sentinel, *ids[start:end]]
        kept_to = end
    return [*source, *ids[kept_to:], eos_id], [*target, sentinels[len(spans)], eos_id]


def zero_shot_scores(model, tokenizer, text, labels, normalize):
    prompt = tokenizer(text)["input_ids"]
    scores = {}
    for label, words in labels.items():
        answer = tokenizer(words, add_special_tokens=False)["input_ids"]
        with torch.no_grad():
            logits = model(torch.tensor([prompt + answer])).logits[0]
        before_each = torch.log_softmax(logits[len(prompt) - 1 : -1], dim=-1)
        chosen = before_each.gather(1, torch.tensor(answer)[:, None])
        score = chosen.sum().item()
        scores[label] = score / len(answer) if normalize else score
    return scores


def choose_model(cards, task, budget):
    rejected, usable = {}, []
    words = task.examples * task.epochs * task.mean_words
    for card in cards:
        operations = 6 * card.parameters * words * card.tokens_per_word
        fails = {
            "architecture": card.architecture not in task.architectures,
            "licence": card.licence not in task.licences,
            "language": task.language not in card.languages,
            "context": task.longest_words * card.tokens_per_word > card.context,
            "memory": 16 * card.parameters > budget.memory,
            "hours": operations / budget.operations_per_second / 3600 > budget.hours,
        }
        reasons = [name for name, failed in fails.items() if failed]
        if reasons:
            rejected[card.name] = reasons
        else:
            usable.append(card)
    best = max(usable, key=lambda card: card.parameters, default=None)
    return Choice(name=best.name if best else None, rejected=rejected)
