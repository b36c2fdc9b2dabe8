"""Wrong solutions of "Which model?", as beginners write them."""

from autograder.authoring import mutant

# ---------------------------------------------------------------- layer_parameters


@mutant("layer_parameters", caught_by="test_every_part_is_counted", says="The biases are missing")
def no_biases(config):
    """A linear layer is its matrix."""
    h, i = config["hidden_size"], config["intermediate_size"]
    return 4 * h * h + 2 * h * i + 4 * h


@mutant("layer_parameters", caught_by="test_every_part_is_counted", says="The norms are missing")
def no_norms(config):
    """Norms only rescale, so they have nothing to learn."""
    h, i = config["hidden_size"], config["intermediate_size"]
    return 4 * (h * h + h) + h * i + i + i * h + h


@mutant("layer_parameters", caught_by="test_every_part_is_counted", says="there is the output projection")
def no_output_projection(config):
    """Attention is query, key and value."""
    h, i = config["hidden_size"], config["intermediate_size"]
    return 3 * (h * h + h) + h * i + i + i * h + h + 4 * h


@mutant("layer_parameters", caught_by="test_every_part_is_counted", says="One norm is missing")
def norms_without_bias(config):
    """A norm has a scale only."""
    h, i = config["hidden_size"], config["intermediate_size"]
    return 4 * (h * h + h) + h * i + i + i * h + h + 2 * h


@mutant("layer_parameters", caught_by="test_the_intermediate_size_is_read", says="read `intermediate_size`")
def always_four_times(config):
    """The feed-forward part is always four times as wide."""
    h = config["hidden_size"]
    i = 4 * h
    return 4 * (h * h + h) + h * i + i + i * h + h + 4 * h


@mutant("layer_parameters", caught_by="test_every_part_is_counted", says="One half of the feed-forward part is missing")
def feed_forward_one_way(config):
    """Goes up to the intermediate size, and never down again."""
    h, i = config["hidden_size"], config["intermediate_size"]
    return 4 * (h * h + h) + h * i + i + 4 * h


@mutant("layer_parameters", caught_by="test_every_part_is_counted", says="The way back from the intermediate size")
def bias_of_the_wrong_side(config):
    """Both biases of the feed-forward part are taken to be as wide as its middle."""
    h, i = config["hidden_size"], config["intermediate_size"]
    return 4 * (h * h + h) + 2 * (h * i + i) + 4 * h


@mutant("layer_parameters", caught_by="test_heads_only_divide", says="Heads share the matrices of attention")
def each_head_its_own_matrices(config):
    """Every head is taken to have full matrices of its own."""
    h, i, heads = config["hidden_size"], config["intermediate_size"], config.get("num_attention_heads", 1)
    return heads * 3 * (h * h + h) + h * h + h + h * i + i + i * h + h + 4 * h


@mutant("layer_parameters", caught_by="test_heads_only_divide", says="about a single layer")
def all_layers(config):
    """Counts all layers of the model."""
    h, i = config["hidden_size"], config["intermediate_size"]
    return config.get("num_hidden_layers", 1) * (4 * (h * h + h) + h * i + i + i * h + h + 4 * h)


# ---------------------------------------------------------------- count_parameters


@mutant("count_parameters", caught_by="test_the_decoder_of_gpt2", says="though it is tied")
def head_always_counted(config):
    """Counts the output head, tied or not."""
    c, kind = config, config["model_type"]
    if kind == "bert":
        h, i = c["hidden_size"], c["intermediate_size"]
        layer = 4 * h * h + 2 * h * i + 9 * h + i
        return (c["vocab_size"] + c["max_position_embeddings"] + c["type_vocab_size"] + 2) * h + c["num_hidden_layers"] * layer + h * h + h
    if kind == "gpt2":
        h = c["n_embd"]
        i = c.get("n_inner") or 4 * h
        return (2 * c["vocab_size"] + c["n_positions"] + 2) * h + c["n_layer"] * (4 * h * h + 2 * h * i + 9 * h + i)
    if kind != "llama":
        raise ValueError(kind)
    h, i, a = c["hidden_size"], c["intermediate_size"], c["num_attention_heads"]
    d = c.get("head_dim") or h // a
    kv = c.get("num_key_value_heads") or a
    layer = 2 * h * a * d + 2 * h * kv * d + 3 * h * i + 2 * h
    layer += (a * d + 2 * kv * d + h) * bool(c.get("attention_bias")) + (2 * i + h) * bool(c.get("mlp_bias"))
    return 2 * c["vocab_size"] * h + c["num_hidden_layers"] * layer + h


@mutant("count_parameters", caught_by="test_width_and_head_of_gpt2", says="The output head is missing")
def head_never_counted(config):
    """Takes every head to be tied."""
    c, kind = config, config["model_type"]
    if kind == "bert":
        h, i = c["hidden_size"], c["intermediate_size"]
        layer = 4 * h * h + 2 * h * i + 9 * h + i
        return (c["vocab_size"] + c["max_position_embeddings"] + c["type_vocab_size"] + 2) * h + c["num_hidden_layers"] * layer + h * h + h
    if kind == "gpt2":
        h = c["n_embd"]
        i = c.get("n_inner") or 4 * h
        return (c["vocab_size"] + c["n_positions"] + 2) * h + c["n_layer"] * (4 * h * h + 2 * h * i + 9 * h + i)
    if kind != "llama":
        raise ValueError(kind)
    h, i, a = c["hidden_size"], c["intermediate_size"], c["num_attention_heads"]
    d = c.get("head_dim") or h // a
    kv = c.get("num_key_value_heads") or a
    layer = 2 * h * a * d + 2 * h * kv * d + 3 * h * i + 2 * h
    layer += (a * d + 2 * kv * d + h) * bool(c.get("attention_bias")) + (2 * i + h) * bool(c.get("mlp_bias"))
    return c["vocab_size"] * h + c["num_hidden_layers"] * layer + h


@mutant("count_parameters", caught_by="test_fewer_key_and_value_heads", says="as large as that of the queries")
def keys_for_every_head(config):
    """As many heads of keys and values as of queries."""
    c, kind = config, config["model_type"]
    if kind == "bert":
        h, i = c["hidden_size"], c["intermediate_size"]
        layer = 4 * h * h + 2 * h * i + 9 * h + i
        return (c["vocab_size"] + c["max_position_embeddings"] + c["type_vocab_size"] + 2) * h + c["num_hidden_layers"] * layer + h * h + h
    if kind == "gpt2":
        h = c["n_embd"]
        i = c.get("n_inner") or 4 * h
        count = (c["vocab_size"] + c["n_positions"] + 2) * h + c["n_layer"] * (4 * h * h + 2 * h * i + 9 * h + i)
        return count if c.get("tie_word_embeddings", True) else count + c["vocab_size"] * h
    if kind != "llama":
        raise ValueError(kind)
    h, i, a = c["hidden_size"], c["intermediate_size"], c["num_attention_heads"]
    d = c.get("head_dim") or h // a
    layer = 4 * h * a * d + 3 * h * i + 2 * h
    layer += (3 * a * d + h) * bool(c.get("attention_bias")) + (2 * i + h) * bool(c.get("mlp_bias"))
    return c["vocab_size"] * h * (1 if c.get("tie_word_embeddings", False) else 2) + c["num_hidden_layers"] * layer + h


@mutant("count_parameters", caught_by="test_the_encoder", says="The biases are missing")
def matrices_only(config):
    """Forgets the biases of linear layers everywhere."""
    c, kind = config, config["model_type"]
    if kind == "bert":
        h, i = c["hidden_size"], c["intermediate_size"]
        layer = 4 * h * h + 2 * h * i + 4 * h
        return (c["vocab_size"] + c["max_position_embeddings"] + c["type_vocab_size"] + 2) * h + c["num_hidden_layers"] * layer + h * h
    if kind == "gpt2":
        h = c["n_embd"]
        i = c.get("n_inner") or 4 * h
        count = (c["vocab_size"] + c["n_positions"] + 2) * h + c["n_layer"] * (4 * h * h + 2 * h * i + 4 * h)
        return count if c.get("tie_word_embeddings", True) else count + c["vocab_size"] * h
    if kind != "llama":
        raise ValueError(kind)
    h, i, a = c["hidden_size"], c["intermediate_size"], c["num_attention_heads"]
    d = c.get("head_dim") or h // a
    kv = c.get("num_key_value_heads") or a
    layer = 2 * h * a * d + 2 * h * kv * d + 3 * h * i + 2 * h
    return c["vocab_size"] * h * (1 if c.get("tie_word_embeddings", False) else 2) + c["num_hidden_layers"] * layer + h


@mutant("count_parameters", caught_by="test_the_decoder_of_gpt2", says="The position embeddings are missing")
def positions_are_free(config):
    """Forgets that BERT and GPT-2 learn a vector for each place."""
    c, kind = config, config["model_type"]
    if kind == "bert":
        h, i = c["hidden_size"], c["intermediate_size"]
        layer = 4 * h * h + 2 * h * i + 9 * h + i
        return (c["vocab_size"] + c["type_vocab_size"] + 2) * h + c["num_hidden_layers"] * layer + h * h + h
    if kind == "gpt2":
        h = c["n_embd"]
        i = c.get("n_inner") or 4 * h
        count = (c["vocab_size"] + 2) * h + c["n_layer"] * (4 * h * h + 2 * h * i + 9 * h + i)
        return count if c.get("tie_word_embeddings", True) else count + c["vocab_size"] * h
    if kind != "llama":
        raise ValueError(kind)
    h, i, a = c["hidden_size"], c["intermediate_size"], c["num_attention_heads"]
    d = c.get("head_dim") or h // a
    kv = c.get("num_key_value_heads") or a
    layer = 2 * h * a * d + 2 * h * kv * d + 3 * h * i + 2 * h
    return c["vocab_size"] * h * (1 if c.get("tie_word_embeddings", False) else 2) + c["num_hidden_layers"] * layer + h


@mutant("count_parameters", caught_by="test_the_decoder_of_llama", says="The gate projection is missing")
def two_matrices_in_feed_forward(config):
    """Llama's feed-forward part is taken for BERT's: up and down."""
    c, kind = config, config["model_type"]
    if kind == "bert":
        h, i = c["hidden_size"], c["intermediate_size"]
        layer = 4 * h * h + 2 * h * i + 9 * h + i
        return (c["vocab_size"] + c["max_position_embeddings"] + c["type_vocab_size"] + 2) * h + c["num_hidden_layers"] * layer + h * h + h
    if kind == "gpt2":
        h = c["n_embd"]
        i = c.get("n_inner") or 4 * h
        count = (c["vocab_size"] + c["n_positions"] + 2) * h + c["n_layer"] * (4 * h * h + 2 * h * i + 9 * h + i)
        return count if c.get("tie_word_embeddings", True) else count + c["vocab_size"] * h
    if kind != "llama":
        raise ValueError(kind)
    h, i, a = c["hidden_size"], c["intermediate_size"], c["num_attention_heads"]
    d = c.get("head_dim") or h // a
    kv = c.get("num_key_value_heads") or a
    layer = 2 * h * a * d + 2 * h * kv * d + 2 * h * i + 2 * h
    return c["vocab_size"] * h * (1 if c.get("tie_word_embeddings", False) else 2) + c["num_hidden_layers"] * layer + h


@mutant("count_parameters", caught_by="test_the_encoder", says="The pooler is missing")
def no_pooler(config):
    """Stops after the last layer of an encoder."""
    c, kind = config, config["model_type"]
    if kind == "bert":
        h, i = c["hidden_size"], c["intermediate_size"]
        layer = 4 * h * h + 2 * h * i + 9 * h + i
        return (c["vocab_size"] + c["max_position_embeddings"] + c["type_vocab_size"] + 2) * h + c["num_hidden_layers"] * layer
    raise ValueError(kind)


@mutant("count_parameters", caught_by="test_heads_of_a_size_of_their_own_and_biases", says="where `head_dim` gives it")
def head_size_worked_out(config):
    """Divides the hidden size by the heads, whatever the config says."""
    c, kind = config, config["model_type"]
    if kind != "llama":
        raise ValueError(kind)
    h, i, a = c["hidden_size"], c["intermediate_size"], c["num_attention_heads"]
    d = h // a
    kv = c.get("num_key_value_heads") or a
    layer = 2 * h * a * d + 2 * h * kv * d + 3 * h * i + 2 * h
    layer += (a * d + 2 * kv * d + h) * bool(c.get("attention_bias")) + (2 * i + h) * bool(c.get("mlp_bias"))
    return c["vocab_size"] * h * (1 if c.get("tie_word_embeddings", False) else 2) + c["num_hidden_layers"] * layer + h


@mutant("count_parameters", caught_by="test_the_decoder_of_llama", says="There are position embeddings in it")
def llama_learns_positions(config):
    """Gives Llama a table of positions."""
    c, kind = config, config["model_type"]
    if kind != "llama":
        raise ValueError(kind)
    h, i, a = c["hidden_size"], c["intermediate_size"], c["num_attention_heads"]
    d = c.get("head_dim") or h // a
    kv = c.get("num_key_value_heads") or a
    layer = 2 * h * a * d + 2 * h * kv * d + 3 * h * i + 2 * h
    layer += (a * d + 2 * kv * d + h) * bool(c.get("attention_bias")) + (2 * i + h) * bool(c.get("mlp_bias"))
    table = c["max_position_embeddings"] * h
    return table + c["vocab_size"] * h * (1 if c.get("tie_word_embeddings", False) else 2) + c["num_hidden_layers"] * layer + h


@mutant("count_parameters", caught_by="test_what_a_config_leaves_out", says="Llama's head is not tied")
def all_tied_by_default(config):
    """Takes a head to be tied in every family, when the config doesn't say."""
    c, kind = config, config["model_type"]
    tied = c.get("tie_word_embeddings", True)
    if kind == "gpt2":
        h = c["n_embd"]
        i = c.get("n_inner") or 4 * h
        count = (c["vocab_size"] + c["n_positions"] + 2) * h + c["n_layer"] * (4 * h * h + 2 * h * i + 9 * h + i)
        return count if tied else count + c["vocab_size"] * h
    if kind != "llama":
        raise ValueError(kind)
    h, i, a = c["hidden_size"], c["intermediate_size"], c["num_attention_heads"]
    d = c.get("head_dim") or h // a
    kv = c.get("num_key_value_heads") or a
    layer = 2 * h * a * d + 2 * h * kv * d + 3 * h * i + 2 * h
    return c["vocab_size"] * h * (1 if tied else 2) + c["num_hidden_layers"] * layer + h


@mutant("count_parameters", caught_by="test_another_family", says="raised nothing")
def any_family(config):
    """Takes whatever isn't GPT-2 or Llama for an encoder."""
    h = config.get("hidden_size") or config.get("n_embd") or config.get("d_model")
    n = config.get("num_hidden_layers") or config.get("n_layer") or config.get("num_layers")
    return config["vocab_size"] * h + n * 12 * h * h


# ---------------------------------------------------------------- tokenizer_fit


@mutant("tokenizer_fit", caught_by="test_special_tokens_are_no_part_of_the_text", says="it counts the two special tokens")
def special_tokens_counted(texts, tokenizer, max_length):
    """Takes the tokenizer's output as it comes."""
    rows = [tokenizer(text)["input_ids"] for text in texts]
    tokens, words = sum(map(len, rows)), sum(len(text.split()) for text in texts)
    unknown = sum(row.count(tokenizer.unk_token_id) for row in rows)
    return {
        "tokens_per_word": tokens / words,
        "unknown_share": unknown / tokens,
        "cut_share": sum(len(row) > max_length for row in rows) / len(rows),
    }


@mutant("tokenizer_fit", caught_by="test_a_ratio_of_sums", says="the mean of the texts' own ratios")
def mean_of_ratios(texts, tokenizer, max_length):
    """Works out each text's ratio, and averages them."""
    rows = [tokenizer(text, add_special_tokens=False)["input_ids"] for text in texts]
    ratios = [len(row) / len(text.split()) for row, text in zip(rows, texts)]
    unknown = sum(row.count(tokenizer.unk_token_id) for row in rows) / sum(map(len, rows))
    cut = sum(len(tokenizer(text)["input_ids"]) > max_length for text in texts) / len(texts)
    return {"tokens_per_word": sum(ratios) / len(ratios), "unknown_share": unknown, "cut_share": cut}


@mutant("tokenizer_fit", caught_by="test_a_text_that_just_fits_is_not_cut", says="it counts those that are just as long as the limit")
def cut_when_it_just_fits(texts, tokenizer, max_length):
    """`>=` for `>`."""
    rows = [tokenizer(text, add_special_tokens=False)["input_ids"] for text in texts]
    tokens, words = sum(map(len, rows)), sum(len(text.split()) for text in texts)
    unknown = sum(row.count(tokenizer.unk_token_id) for row in rows)
    cut = sum(len(tokenizer(text)["input_ids"]) >= max_length for text in texts)
    return {"tokens_per_word": tokens / words, "unknown_share": unknown / tokens, "cut_share": cut / len(texts)}


@mutant("tokenizer_fit", caught_by="test_a_text_that_just_fits_is_not_cut", says="it compares lengths without special tokens")
def cut_without_special_tokens(texts, tokenizer, max_length):
    """Forgets that special tokens take up room."""
    rows = [tokenizer(text, add_special_tokens=False)["input_ids"] for text in texts]
    tokens, words = sum(map(len, rows)), sum(len(text.split()) for text in texts)
    unknown = sum(row.count(tokenizer.unk_token_id) for row in rows)
    cut = sum(len(row) > max_length for row in rows)
    return {"tokens_per_word": tokens / words, "unknown_share": unknown / tokens, "cut_share": cut / len(texts)}


@mutant("tokenizer_fit", caught_by="test_unknown_words", says="itself among the tokenizer's `all_special_ids`")
def unknown_taken_for_special(texts, tokenizer, max_length):
    """Leaves out every id that the tokenizer calls special, the unknown token among them."""
    full = [tokenizer(text)["input_ids"] for text in texts]
    rows = [[i for i in row if i not in tokenizer.all_special_ids] for row in full]
    tokens, words = sum(map(len, rows)), sum(len(text.split()) for text in texts)
    unknown = sum(row.count(tokenizer.unk_token_id) for row in rows)
    return {
        "tokens_per_word": tokens / words,
        "unknown_share": unknown / tokens,
        "cut_share": sum(len(row) > max_length for row in full) / len(full),
    }


@mutant("tokenizer_fit", caught_by="test_length_is_measured_in_tokens", says="what is left of the texts when they have been cut")
def counted_after_cutting(texts, tokenizer, max_length):
    """Cuts the texts first, and counts what is left."""
    full = [tokenizer(text)["input_ids"] for text in texts]
    rows = [tokenizer(text, add_special_tokens=False, truncation=True, max_length=max_length)["input_ids"] for text in texts]
    tokens, words = sum(map(len, rows)), sum(len(text.split()) for text in texts)
    unknown = sum(row.count(tokenizer.unk_token_id) for row in rows)
    return {
        "tokens_per_word": tokens / words,
        "unknown_share": unknown / tokens,
        "cut_share": sum(len(row) > max_length for row in full) / len(full),
    }


@mutant("tokenizer_fit", caught_by="test_length_is_measured_in_tokens", says="Are words compared with a limit of tokens")
def words_against_the_limit(texts, tokenizer, max_length):
    """Compares the number of words with a limit of tokens."""
    rows = [tokenizer(text, add_special_tokens=False)["input_ids"] for text in texts]
    tokens, words = sum(map(len, rows)), sum(len(text.split()) for text in texts)
    unknown = sum(row.count(tokenizer.unk_token_id) for row in rows)
    return {
        "tokens_per_word": tokens / words,
        "unknown_share": unknown / tokens,
        "cut_share": sum(len(t.split()) > max_length for t in texts) / len(texts),
    }


@mutant("tokenizer_fit", caught_by="test_unknown_words", says="it divides by words")
def unknown_per_word(texts, tokenizer, max_length):
    """Divides the unknown tokens by the words."""
    rows = [tokenizer(text, add_special_tokens=False)["input_ids"] for text in texts]
    tokens, words = sum(map(len, rows)), sum(len(text.split()) for text in texts)
    unknown = sum(row.count(tokenizer.unk_token_id) for row in rows)
    cut = sum(len(tokenizer(text)["input_ids"]) > max_length for text in texts)
    return {"tokens_per_word": tokens / words, "unknown_share": unknown / words, "cut_share": cut / len(texts)}


@mutant("tokenizer_fit", caught_by="test_a_tokenizer_without_special_tokens", says="as if every tokenizer added two")
def always_two_special_tokens(texts, tokenizer, max_length):
    """Takes two special tokens off each text, whatever the tokenizer."""
    rows = [tokenizer(text)["input_ids"] for text in texts]
    tokens, words = sum(len(row) - 2 for row in rows), sum(len(text.split()) for text in texts)
    unknown = sum(row.count(tokenizer.unk_token_id) for row in rows)
    return {
        "tokens_per_word": tokens / words,
        "unknown_share": unknown / tokens,
        "cut_share": sum(len(row) > max_length for row in rows) / len(rows),
    }


# ---------------------------------------------------------------- span_corruption


@mutant("span_corruption", caught_by="test_the_input_has_a_sentinel_for_each_span", says="used a sentinel twice")
def one_sentinel_for_all(ids, spans, sentinels, eos_id):
    """Uses the same sentinel for every span, like BERT's mask token."""
    if len(sentinels) < len(spans) + 1:
        raise ValueError("sentinels")
    source, target, last = [], [], 0
    for start, end in spans:
        source += ids[last:start] + [sentinels[0]]
        target += [sentinels[0]] + ids[start:end]
        last = end
    return source + ids[last:] + [eos_id], target + [sentinels[len(spans)], eos_id]


@mutant("span_corruption", caught_by="test_the_target_ends_with_one_more_sentinel", says="without the final sentinel")
def no_final_sentinel(ids, spans, sentinels, eos_id):
    """Ends the target after the last span."""
    if len(sentinels) < len(spans) + 1:
        raise ValueError("sentinels")
    source, target, last = [], [], 0
    for k, (start, end) in enumerate(spans):
        source += ids[last:start] + [sentinels[k]]
        target += [sentinels[k]] + ids[start:end]
        last = end
    return source + ids[last:] + [eos_id], target + [eos_id]


@mutant("span_corruption", caught_by="test_the_input_has_a_sentinel_for_each_span", says="which lies in a span")
def span_left_in_the_input(ids, spans, sentinels, eos_id):
    """Puts the sentinel before the span, and forgets to take the span out."""
    if len(sentinels) < len(spans) + 1:
        raise ValueError("sentinels")
    source, target, last = [], [], 0
    for k, (start, end) in enumerate(spans):
        source += ids[last:start] + [sentinels[k]]
        target += [sentinels[k]] + ids[start:end]
        last = start
    return source + ids[last:] + [eos_id], target + [sentinels[len(spans)], eos_id]


@mutant("span_corruption", caught_by="test_spans_that_touch_stay_two", says="spans aren't merged")
def touching_spans_merged(ids, spans, sentinels, eos_id):
    """Goes by a mask of places, in which spans that touch can't be told apart."""
    if len(sentinels) < len(spans) + 1:
        raise ValueError("sentinels")
    gone = {p for start, end in spans for p in range(start, end)}
    source, target, k = [], [], -1
    for p, token in enumerate(ids):
        if p in gone:
            if p - 1 not in gone:
                k += 1
                source.append(sentinels[k])
                target.append(sentinels[k])
            target.append(token)
        else:
            source.append(token)
    return source + [eos_id], target + [sentinels[k + 1], eos_id]


@mutant("span_corruption", caught_by="test_the_input_has_a_sentinel_for_each_span", says="A span ends before its `end`")
def end_included(ids, spans, sentinels, eos_id):
    """Takes a span's end for its last token."""
    if len(sentinels) < len(spans) + 1:
        raise ValueError("sentinels")
    source, target, last = [], [], 0
    for k, (start, end) in enumerate(spans):
        source += ids[last:start] + [sentinels[k]]
        target += [sentinels[k]] + ids[start : end + 1]
        last = end + 1
    return source + ids[last:] + [eos_id], target + [sentinels[len(spans)], eos_id]


@mutant("span_corruption", caught_by="test_both_end_with_the_end_token", says="gave an input that doesn't end with the end token")
def end_token_in_the_target_only(ids, spans, sentinels, eos_id):
    """Ends only what is to be written."""
    if len(sentinels) < len(spans) + 1:
        raise ValueError("sentinels")
    source, target, last = [], [], 0
    for k, (start, end) in enumerate(spans):
        source += ids[last:start] + [sentinels[k]]
        target += [sentinels[k]] + ids[start:end]
        last = end
    return source + ids[last:], target + [sentinels[len(spans)], eos_id]


@mutant("span_corruption", caught_by="test_too_few_sentinels", says="a span is lost")
def zip_stops_early(ids, spans, sentinels, eos_id):
    """Never looks whether there are sentinels enough."""
    source, target, last = [], [], 0
    for (start, end), sentinel in zip(spans, sentinels):
        source += ids[last:start] + [sentinel]
        target += [sentinel] + ids[start:end]
        last = end
    return source + ids[last:] + [eos_id], target + sentinels[len(spans) : len(spans) + 1] + [eos_id]


@mutant("span_corruption", caught_by="test_arguments_are_left_alone", says="changed one of its arguments")
def in_place(ids, spans, sentinels, eos_id):
    """Cuts the spans out of the list that was passed in."""
    if len(sentinels) < len(spans) + 1:
        raise ValueError("sentinels")
    target = [sentinels[len(spans)], eos_id]
    for k in reversed(range(len(spans))):
        start, end = spans[k]
        target = [sentinels[k], *ids[start:end], *target]
        ids[start:end] = [sentinels[k]]
    ids.append(eos_id)
    return ids, target


@mutant("span_corruption", caught_by="test_the_input_has_a_sentinel_for_each_span", says="which isn't one of the sentinels")
def counted_from_the_first(ids, spans, sentinels, eos_id):
    """Takes sentinels to have consecutive numbers."""
    if len(sentinels) < len(spans) + 1:
        raise ValueError("sentinels")
    source, target, last = [], [], 0
    for k, (start, end) in enumerate(spans):
        source += ids[last:start] + [sentinels[0] + 1000 * k]
        target += [sentinels[0] + 1000 * k] + ids[start:end]
        last = end
    return source + ids[last:] + [eos_id], target + [sentinels[0] + 1000 * len(spans), eos_id]


@mutant("span_corruption", caught_by="test_the_target_holds_what_was_taken_out", says="which is in no span")
def target_is_the_whole_text(ids, spans, sentinels, eos_id):
    """Lets the model write the whole text again, as a denoising autoencoder does."""
    if len(sentinels) < len(spans) + 1:
        raise ValueError("sentinels")
    source, last = [], 0
    for k, (start, end) in enumerate(spans):
        source += ids[last:start] + [sentinels[k]]
        last = end
    return source + ids[last:] + [eos_id], ids + [eos_id]


# ---------------------------------------------------------------- zero_shot_scores


@mutant("zero_shot_scores", caught_by="test_all_tokens_of_a_label", says="That is the label's first token only")
def first_token_only(model, tokenizer, text, labels, normalize):
    """Looks at the first token of each label."""
    with torch.no_grad():
        logs = model(torch.tensor([tokenizer(text)["input_ids"]])).logits[0, -1].log_softmax(-1)
    return {label: logs[tokenizer(words, add_special_tokens=False)["input_ids"][0]].item() for label, words in labels.items()}


@mutant("zero_shot_scores", caught_by="test_per_token_when_asked", says="It isn't normalised")
def never_normalised(model, tokenizer, text, labels, normalize):
    """Adds up, whatever is asked for."""
    prompt, scores = tokenizer(text)["input_ids"], {}
    for label, words in labels.items():
        answer = tokenizer(words, add_special_tokens=False)["input_ids"]
        with torch.no_grad():
            logs = model(torch.tensor([prompt + answer])).logits[0].log_softmax(-1)
        scores[label] = sum(logs[len(prompt) - 1 + k, t].item() for k, t in enumerate(answer))
    return scores


@mutant("zero_shot_scores", caught_by="test_all_tokens_of_a_label", says="It includes the tokens of the text")
def text_scored_too(model, tokenizer, text, labels, normalize):
    """Scores the whole sequence."""
    prompt, scores = tokenizer(text)["input_ids"], {}
    for label, words in labels.items():
        answer = tokenizer(words, add_special_tokens=False)["input_ids"]
        ids = prompt + answer
        with torch.no_grad():
            logs = model(torch.tensor([ids])).logits[0].log_softmax(-1)
        total = sum(logs[k, t].item() for k, t in enumerate(ids[1:]))
        scores[label] = total / len(answer) if normalize else total
    return scores


@mutant("zero_shot_scores", caught_by="test_one_token_after_the_text", says="read off the label's own place")
def shifted_by_one(model, tokenizer, text, labels, normalize):
    """Reads each token's probability off its own place."""
    prompt, scores = tokenizer(text)["input_ids"], {}
    for label, words in labels.items():
        answer = tokenizer(words, add_special_tokens=False)["input_ids"]
        with torch.no_grad():
            logs = model(torch.tensor([prompt + answer])).logits[0].log_softmax(-1)
        total = sum(logs[len(prompt) + k, t].item() for k, t in enumerate(answer))
        scores[label] = total / len(answer) if normalize else total
    return scores


@mutant("zero_shot_scores", caught_by="test_text_and_label_are_tokenized_apart", says="tokenized as one string")
def tokenized_together(model, tokenizer, text, labels, normalize):
    """Joins the strings, and takes what comes after the text's number of tokens for the label."""
    n, scores = len(tokenizer(text)["input_ids"]), {}
    for label, words in labels.items():
        ids = tokenizer(text + words)["input_ids"]
        with torch.no_grad():
            logs = model(torch.tensor([ids])).logits[0].log_softmax(-1)
        total = sum(logs[n - 1 + k, t].item() for k, t in enumerate(ids[n:]))
        scores[label] = total / max(1, len(ids) - n) if normalize else total
    return scores


@mutant("zero_shot_scores", caught_by="test_one_token_after_the_text", says="a probability among the labels only")
def among_the_labels(model, tokenizer, text, labels, normalize):
    """Divides the probability among the labels, as a classifier would."""
    prompt, scores = tokenizer(text)["input_ids"], []
    for words in labels.values():
        answer = tokenizer(words, add_special_tokens=False)["input_ids"]
        with torch.no_grad():
            logs = model(torch.tensor([prompt + answer])).logits[0].log_softmax(-1)
        total = sum(logs[len(prompt) - 1 + k, t] for k, t in enumerate(answer))
        scores.append(total / len(answer) if normalize else total)
    return dict(zip(labels, torch.stack(scores).log_softmax(0).tolist()))


@mutant("zero_shot_scores", caught_by="test_a_tokenizer_that_begins_texts", says="stands between text and label")
def label_begins_a_text(model, tokenizer, text, labels, normalize):
    """Tokenizes the label as a text of its own, and scores what the tokenizer puts before it as given."""
    prompt, scores = tokenizer(text)["input_ids"], {}
    for label, words in labels.items():
        answer = tokenizer(words)["input_ids"]
        given = prompt + [t for t in answer if t in tokenizer.all_special_ids]
        answer = [t for t in answer if t not in tokenizer.all_special_ids]
        with torch.no_grad():
            logs = model(torch.tensor([given + answer])).logits[0].log_softmax(-1)
        total = sum(logs[len(given) - 1 + k, t].item() for k, t in enumerate(answer))
        scores[label] = total / len(answer) if normalize else total
    return scores


@mutant("zero_shot_scores", caught_by="test_per_token_when_asked", says="divided by the number of characters")
def per_character(model, tokenizer, text, labels, normalize):
    """Normalises by the length of the string."""
    prompt, scores = tokenizer(text)["input_ids"], {}
    for label, words in labels.items():
        answer = tokenizer(words, add_special_tokens=False)["input_ids"]
        with torch.no_grad():
            logs = model(torch.tensor([prompt + answer])).logits[0].log_softmax(-1)
        total = sum(logs[len(prompt) - 1 + k, t].item() for k, t in enumerate(answer))
        scores[label] = total / len(words) if normalize else total
    return scores


@mutant("zero_shot_scores", caught_by="test_all_tokens_of_a_label", says="as if it came right after the text")
def each_after_the_text(model, tokenizer, text, labels, normalize):
    """Reads all tokens of the label off the text's last place."""
    with torch.no_grad():
        logs = model(torch.tensor([tokenizer(text)["input_ids"]])).logits[0, -1].log_softmax(-1)
    scores = {}
    for label, words in labels.items():
        found = logs[tokenizer(words, add_special_tokens=False)["input_ids"]]
        scores[label] = (found.mean() if normalize else found.sum()).item()
    return scores


@mutant("zero_shot_scores", caught_by="test_text_and_label_are_tokenized_apart", says="leading space is gone")
def label_stripped(model, tokenizer, text, labels, normalize):
    """Tidies the label up before tokenizing it."""
    prompt, scores = tokenizer(text)["input_ids"], {}
    for label, words in labels.items():
        answer = tokenizer(words.strip(), add_special_tokens=False)["input_ids"]
        with torch.no_grad():
            logs = model(torch.tensor([prompt + answer])).logits[0].log_softmax(-1)
        total = sum(logs[len(prompt) - 1 + k, t].item() for k, t in enumerate(answer))
        scores[label] = total / len(answer) if normalize else total
    return scores


# ---------------------------------------------------------------- choose_model


@mutant("choose_model", caught_by="test_architecture", says="chose the larger model all the same")
def the_biggest_whatever_the_task(cards, task, budget):
    """Looks at the machine only: the biggest that fits."""
    rejected, usable = {}, []
    for card in cards:
        reasons = []
        if 16 * card.parameters > budget.memory:
            reasons.append("memory")
        tokens = task.examples * task.epochs * task.mean_words * card.tokens_per_word
        if 6 * card.parameters * tokens > 3600 * budget.hours * budget.operations_per_second:
            reasons.append("hours")
        if reasons:
            rejected[card.name] = reasons
        else:
            usable.append(card)
    return Choice(max(usable, key=lambda c: c.parameters).name if usable else None, rejected)


@mutant("choose_model", caught_by="test_memory_is_that_of_training", says="To train takes more memory than to use")
def memory_of_inference(cards, task, budget):
    """Counts the weights only."""
    rejected, usable = {}, []
    for card in cards:
        tokens = task.examples * task.epochs * task.mean_words * card.tokens_per_word
        checks = {
            "architecture": card.architecture in task.architectures,
            "licence": card.licence in task.licences,
            "language": task.language in card.languages,
            "context": task.longest_words * card.tokens_per_word <= card.context,
            "memory": 4 * card.parameters <= budget.memory,
            "hours": 6 * card.parameters * tokens <= 3600 * budget.hours * budget.operations_per_second,
        }
        reasons = [name for name, fine in checks.items() if not fine]
        if reasons:
            rejected[card.name] = reasons
        else:
            usable.append(card)
    return Choice(max(usable, key=lambda c: c.parameters).name if usable else None, rejected)


@mutant("choose_model", caught_by="test_licence", says="What may not be used isn't chosen")
def licence_ignored(cards, task, budget):
    """Whatever can be downloaded may be used."""
    rejected, usable = {}, []
    for card in cards:
        tokens = task.examples * task.epochs * task.mean_words * card.tokens_per_word
        checks = {
            "architecture": card.architecture in task.architectures,
            "language": task.language in card.languages,
            "context": task.longest_words * card.tokens_per_word <= card.context,
            "memory": 16 * card.parameters <= budget.memory,
            "hours": 6 * card.parameters * tokens <= 3600 * budget.hours * budget.operations_per_second,
        }
        reasons = [name for name, fine in checks.items() if not fine]
        if reasons:
            rejected[card.name] = reasons
        else:
            usable.append(card)
    return Choice(max(usable, key=lambda c: c.parameters).name if usable else None, rejected)


@mutant("choose_model", caught_by="test_context_is_counted_in_tokens", says="Words aren't tokens")
def words_for_tokens(cards, task, budget):
    """Compares words with a context of tokens."""
    rejected, usable = {}, []
    for card in cards:
        tokens = task.examples * task.epochs * task.mean_words * card.tokens_per_word
        checks = {
            "architecture": card.architecture in task.architectures,
            "licence": card.licence in task.licences,
            "language": task.language in card.languages,
            "context": task.longest_words <= card.context,
            "memory": 16 * card.parameters <= budget.memory,
            "hours": 6 * card.parameters * tokens <= 3600 * budget.hours * budget.operations_per_second,
        }
        reasons = [name for name, fine in checks.items() if not fine]
        if reasons:
            rejected[card.name] = reasons
        else:
            usable.append(card)
    return Choice(max(usable, key=lambda c: c.parameters).name if usable else None, rejected)


@mutant("choose_model", caught_by="test_nothing_fits", says="though nothing fits")
def always_a_name(cards, task, budget):
    """Falls back on the smallest when nothing fits."""
    rejected, usable = {}, []
    for card in cards:
        tokens = task.examples * task.epochs * task.mean_words * card.tokens_per_word
        checks = {
            "architecture": card.architecture in task.architectures,
            "licence": card.licence in task.licences,
            "language": task.language in card.languages,
            "context": task.longest_words * card.tokens_per_word <= card.context,
            "memory": 16 * card.parameters <= budget.memory,
            "hours": 6 * card.parameters * tokens <= 3600 * budget.hours * budget.operations_per_second,
        }
        reasons = [name for name, fine in checks.items() if not fine]
        if reasons:
            rejected[card.name] = reasons
        else:
            usable.append(card)
    if not usable:
        smallest = min(cards, key=lambda c: c.parameters)
        rejected.pop(smallest.name)
        return Choice(smallest.name, rejected)
    return Choice(max(usable, key=lambda c: c.parameters).name, rejected)


@mutant("choose_model", caught_by="test_all_reasons_are_given", says="Don't stop at the first reason")
def first_reason_only(cards, task, budget):
    """Stops at the first constraint that fails."""
    rejected, usable = {}, []
    for card in cards:
        tokens = task.examples * task.epochs * task.mean_words * card.tokens_per_word
        if card.architecture not in task.architectures:
            rejected[card.name] = ["architecture"]
        elif card.licence not in task.licences:
            rejected[card.name] = ["licence"]
        elif task.language not in card.languages:
            rejected[card.name] = ["language"]
        elif task.longest_words * card.tokens_per_word > card.context:
            rejected[card.name] = ["context"]
        elif 16 * card.parameters > budget.memory:
            rejected[card.name] = ["memory"]
        elif 6 * card.parameters * tokens > 3600 * budget.hours * budget.operations_per_second:
            rejected[card.name] = ["hours"]
        else:
            usable.append(card)
    return Choice(max(usable, key=lambda c: c.parameters).name if usable else None, rejected)


@mutant("choose_model", caught_by="test_hours_of_training", says="6 operations for each parameter and each token")
def hours_of_one_epoch(cards, task, budget):
    """Forgets that the texts are read several times."""
    rejected, usable = {}, []
    for card in cards:
        tokens = task.examples * task.mean_words * card.tokens_per_word
        checks = {
            "architecture": card.architecture in task.architectures,
            "licence": card.licence in task.licences,
            "language": task.language in card.languages,
            "context": task.longest_words * card.tokens_per_word <= card.context,
            "memory": 16 * card.parameters <= budget.memory,
            "hours": 6 * card.parameters * tokens <= 3600 * budget.hours * budget.operations_per_second,
        }
        reasons = [name for name, fine in checks.items() if not fine]
        if reasons:
            rejected[card.name] = reasons
        else:
            usable.append(card)
    return Choice(max(usable, key=lambda c: c.parameters).name if usable else None, rejected)


@mutant("choose_model", caught_by="test_the_largest_that_meets_everything", says="took the first model")
def first_that_fits(cards, task, budget):
    """Takes the first that meets everything."""
    rejected, name = {}, None
    for card in cards:
        tokens = task.examples * task.epochs * task.mean_words * card.tokens_per_word
        checks = {
            "architecture": card.architecture in task.architectures,
            "licence": card.licence in task.licences,
            "language": task.language in card.languages,
            "context": task.longest_words * card.tokens_per_word <= card.context,
            "memory": 16 * card.parameters <= budget.memory,
            "hours": 6 * card.parameters * tokens <= 3600 * budget.hours * budget.operations_per_second,
        }
        reasons = [reason for reason, fine in checks.items() if not fine]
        if reasons:
            rejected[card.name] = reasons
        elif name is None:
            name = card.name
    return Choice(name, rejected)


@mutant("choose_model", caught_by="test_architecture", says="as a whole word")
def part_of_a_word(cards, task, budget):
    """Looks for the architecture's name in a string."""
    rejected, usable = {}, []
    for card in cards:
        tokens = task.examples * task.epochs * task.mean_words * card.tokens_per_word
        checks = {
            "architecture": card.architecture in " ".join(task.architectures),
            "licence": card.licence in task.licences,
            "language": task.language in card.languages,
            "context": task.longest_words * card.tokens_per_word <= card.context,
            "memory": 16 * card.parameters <= budget.memory,
            "hours": 6 * card.parameters * tokens <= 3600 * budget.hours * budget.operations_per_second,
        }
        reasons = [name for name, fine in checks.items() if not fine]
        if reasons:
            rejected[card.name] = reasons
        else:
            usable.append(card)
    return Choice(max(usable, key=lambda c: c.parameters).name if usable else None, rejected)
