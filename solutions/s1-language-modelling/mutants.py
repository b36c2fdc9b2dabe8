"""Wrong solutions of "How they learn, and what they know", and the misconception behind each."""

from autograder.authoring import mutant

# ---------------------------------------------------------------- mean_surprise


@mutant("mean_surprise", caught_by="test_the_mean_of_the_surprises", says="in bits")
def in_bits(probabilities):
    """Base 2."""
    if not probabilities:
        raise ValueError("probabilities")
    return sum(math.inf if p == 0 else -math.log2(p) for p in probabilities) / len(probabilities)


@mutant("mean_surprise", caught_by="test_the_mean_of_the_surprises", says="surprise of the mean probability")
def surprise_of_the_mean(probabilities):
    """Takes the mean first and the logarithm afterwards."""
    if not probabilities:
        raise ValueError("probabilities")
    mean = sum(probabilities) / len(probabilities)
    return math.inf if 0 in probabilities else -math.log(mean)


@mutant("mean_surprise", caught_by="test_the_mean_of_the_surprises", says="added up")
def sum_of_surprises(probabilities):
    """Forgets to divide by the number of tokens."""
    if not probabilities:
        raise ValueError("probabilities")
    return math.inf if 0 in probabilities else -sum(math.log(p) for p in probabilities)


@mutant("mean_surprise", caught_by="test_the_mean_of_the_surprises", says="minus sign")
def without_the_minus(probabilities):
    """Mean log-probability."""
    if not probabilities:
        raise ValueError("probabilities")
    return -math.inf if 0 in probabilities else sum(math.log(p) for p in probabilities) / len(probabilities)


@mutant("mean_surprise", caught_by="test_a_long_text", says="multipl")
def logarithm_of_the_product(probabilities):
    """The product of many probabilities is 0 in floating point."""
    if not probabilities:
        raise ValueError("probabilities")
    product = math.prod(probabilities)
    return math.inf if product == 0 else -math.log(product) / len(probabilities)


@mutant("mean_surprise", caught_by="test_what_was_held_impossible", says="small number")
def with_a_small_number_added(probabilities):
    """Adds an epsilon to avoid log(0)."""
    if not probabilities:
        raise ValueError("probabilities")
    return -sum(math.log(p + 1e-12) for p in probabilities) / len(probabilities)


@mutant("mean_surprise", caught_by="test_what_was_held_impossible", says="leaves out")
def impossible_left_out(probabilities):
    """Skips zeros."""
    if not probabilities:
        raise ValueError("probabilities")
    kept = [p for p in probabilities if p > 0]
    return -sum(math.log(p) for p in kept) / len(kept) if kept else math.inf


@mutant("mean_surprise", caught_by="test_a_text_without_tokens", says="no tokens")
def nothing_is_no_surprise(probabilities):
    """0.0 for an empty text."""
    if 0 in probabilities:
        return math.inf
    return -sum(math.log(p) for p in probabilities) / max(1, len(probabilities))


# ---------------------------------------------------------------- next_token_loss


@mutant("next_token_loss", caught_by="test_each_token_is_predicted_by_the_one_before", says="its own place")
def without_a_shift(logits, ids, attention_mask):
    """Holds each logit against its own token."""
    targets = ids.masked_fill(attention_mask == 0, -100)
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())


@mutant("next_token_loss", caught_by="test_each_token_is_predicted_by_the_one_before", says="the wrong way")
def shifted_the_other_way(logits, ids, attention_mask):
    """Predicts the token before."""
    targets = ids.masked_fill(attention_mask == 0, -100)
    return torch.nn.functional.cross_entropy(logits[:, 1:].flatten(0, 1), targets[:, :-1].flatten())


@mutant("next_token_loss", caught_by="test_each_token_is_predicted_by_the_one_before", says="next row")
def shifted_after_flattening(logits, ids, attention_mask):
    """The last place of a row predicts the first token of the next."""
    targets = ids.masked_fill(attention_mask == 0, -100)
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1)[:-1], targets.flatten()[1:])


@mutant("next_token_loss", caught_by="test_padding_is_not_predicted", says="padding as if it were text")
def padding_counted(logits, ids, attention_mask):
    """Doesn't look at the mask."""
    return torch.nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten())


@mutant("next_token_loss", caught_by="test_padding_is_not_predicted", says="divided by")
def divided_by_all_places(logits, ids, attention_mask):
    """Zeroes padding out of the sum, but not out of the count."""
    losses = torch.nn.functional.cross_entropy(logits[:, :-1].transpose(1, 2), ids[:, 1:], reduction="none")
    return (losses * attention_mask[:, 1:]).mean()


@mutant("next_token_loss", caught_by="test_padding_is_not_predicted", says="mask of the place that predicts")
def mask_not_shifted_along(logits, ids, attention_mask):
    """Masks by the predicting token, not by the predicted one."""
    targets = ids[:, 1:].masked_fill(attention_mask[:, :-1] == 0, -100)
    return torch.nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), targets.flatten())


@mutant("next_token_loss", caught_by="test_the_end_token_is_learnt_though_padding_looks_like_it", says="by its id")
def masked_by_the_id_of_padding(logits, ids, attention_mask):
    """Takes the id of padding, and leaves it out wherever it stands."""
    targets = ids.clone()
    for pad in ids[attention_mask == 0].unique():
        targets[ids == pad] = -100
    return torch.nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), targets[:, 1:].flatten())


@mutant("next_token_loss", caught_by="test_the_end_token_is_learnt_though_padding_looks_like_it", says="by its id")
def masked_by_smollm2s_padding_token(logits, ids, attention_mask):
    """Knows that SmolLM2 pads with 2."""
    targets = ids.masked_fill(ids == 2, -100)
    return torch.nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), targets[:, 1:].flatten())


@mutant("next_token_loss", caught_by="test_every_token_weighs_the_same", says="mean of the texts' means")
def mean_of_means(logits, ids, attention_mask):
    """Each text weighs the same."""
    rows = []
    for row, tokens, mask in zip(logits, ids, attention_mask):
        n = int(mask.sum())
        if n > 1:
            rows.append(torch.nn.functional.cross_entropy(row[: n - 1], tokens[1:n]))
    return torch.stack(rows).mean()


@mutant("next_token_loss", caught_by="test_every_token_weighs_the_same", says="the sum")
def sum_over_tokens(logits, ids, attention_mask):
    """Adds up."""
    targets = ids[:, 1:].masked_fill(attention_mask[:, 1:] == 0, -100)
    return torch.nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), targets.flatten(), reduction="sum")


@mutant("next_token_loss", caught_by="test_the_loss_can_be_trained_on", says="way back")
def cut_off_from_the_model(logits, ids, attention_mask):
    """Detached: nothing can be learnt from it."""
    targets = ids[:, 1:].masked_fill(attention_mask[:, 1:] == 0, -100)
    with torch.no_grad():
        return torch.nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), targets.flatten())


@mutant("next_token_loss", caught_by="test_each_token_is_predicted_by_the_one_before", says="softmax twice")
def softmax_twice(logits, ids, attention_mask):
    """Hands probabilities to cross_entropy."""
    real = attention_mask[:, 1:] == 1
    scores, targets = logits[:, :-1][real], ids[:, 1:][real]
    return torch.nn.functional.cross_entropy(scores.softmax(-1), targets)


@mutant("next_token_loss", caught_by="test_each_token_is_predicted_by_the_one_before", says="*logarithm*")
def without_the_logarithm(logits, ids, attention_mask):
    """Hands probabilities to nll_loss."""
    real = attention_mask[:, 1:] == 1
    scores, targets = logits[:, :-1][real], ids[:, 1:][real]
    return torch.nn.functional.nll_loss(scores.softmax(-1), targets)


@mutant("next_token_loss", caught_by="test_each_token_is_predicted_by_the_one_before", says="by `log_softmax`")
def without_log_softmax(logits, ids, attention_mask):
    """Hands logits to nll_loss."""
    real = attention_mask[:, 1:] == 1
    scores, targets = logits[:, :-1][real], ids[:, 1:][real]
    return torch.nn.functional.nll_loss(scores, targets)


@mutant("next_token_loss", caught_by="test_the_loss_can_be_trained_on", says="No gradient can go back")
def a_plain_number(logits, ids, attention_mask):
    """Takes the number out of the tensor."""
    real = attention_mask[:, 1:] == 1
    scores, targets = logits[:, :-1][real], ids[:, 1:][real]
    return torch.nn.functional.cross_entropy(scores, targets).item()


# ---------------------------------------------------------------- mask_tokens


@mutant("mask_tokens", caught_by="test_special_tokens_are_safe", says="special")
def specials_masked(ids, special_ids, mask_id, vocab_size, rate, generator):
    """Chooses among all tokens."""
    chosen = torch.rand(ids.shape, generator=generator) < rate
    labels = torch.where(chosen, ids, -100)
    fate = torch.rand(ids.shape, generator=generator)
    inputs = torch.where(chosen & (fate < 0.8), mask_id, ids)
    return torch.where(chosen & (fate >= 0.9), torch.randint(vocab_size, ids.shape, generator=generator), inputs), labels


@mutant("mask_tokens", caught_by="test_labels_are_the_chosen_tokens", says="every token")
def labels_everywhere(ids, special_ids, mask_id, vocab_size, rate, generator):
    """The labels are all ids."""
    chosen = torch.isin(ids, torch.tensor(special_ids), invert=True) & (torch.rand(ids.shape, generator=generator) < rate)
    fate = torch.rand(ids.shape, generator=generator)
    inputs = torch.where(chosen & (fate < 0.8), mask_id, ids)
    return torch.where(chosen & (fate >= 0.9), torch.randint(vocab_size, ids.shape, generator=generator), inputs), ids.clone()


@mutant("mask_tokens", caught_by="test_labels_are_the_chosen_tokens", says="what was put in their place")
def labels_from_the_changed_text(ids, special_ids, mask_id, vocab_size, rate, generator):
    """Reads the labels off after masking."""
    chosen = torch.isin(ids, torch.tensor(special_ids), invert=True) & (torch.rand(ids.shape, generator=generator) < rate)
    fate = torch.rand(ids.shape, generator=generator)
    inputs = torch.where(chosen & (fate < 0.8), mask_id, ids)
    inputs = torch.where(chosen & (fate >= 0.9), torch.randint(vocab_size, ids.shape, generator=generator), inputs)
    return inputs, torch.where(chosen, inputs, -100)


@mutant("mask_tokens", caught_by="test_eighty_ten_ten", says="left as they were")
def labels_where_something_changed(ids, special_ids, mask_id, vocab_size, rate, generator):
    """Forgets that chosen tokens that stay have a label, too."""
    chosen = torch.isin(ids, torch.tensor(special_ids), invert=True) & (torch.rand(ids.shape, generator=generator) < rate)
    fate = torch.rand(ids.shape, generator=generator)
    inputs = torch.where(chosen & (fate < 0.8), mask_id, ids)
    inputs = torch.where(chosen & (fate >= 0.9), torch.randint(vocab_size, ids.shape, generator=generator), inputs)
    return inputs, torch.where(inputs != ids, ids, -100)


@mutant("mask_tokens", caught_by="test_eighty_ten_ten", says="the mask")
def always_the_mask(ids, special_ids, mask_id, vocab_size, rate, generator):
    """All chosen tokens become [MASK]."""
    chosen = torch.isin(ids, torch.tensor(special_ids), invert=True) & (torch.rand(ids.shape, generator=generator) < rate)
    return torch.where(chosen, mask_id, ids), torch.where(chosen, ids, -100)


@mutant("mask_tokens", caught_by="test_eighty_ten_ten", says="another token")
def a_tenth_of_the_rest(ids, special_ids, mask_id, vocab_size, rate, generator):
    """Takes a tenth of the fifth that is left, not of all that were chosen."""
    chosen = torch.isin(ids, torch.tensor(special_ids), invert=True) & (torch.rand(ids.shape, generator=generator) < rate)
    masked = chosen & (torch.rand(ids.shape, generator=generator) < 0.8)
    random = chosen & ~masked & (torch.rand(ids.shape, generator=generator) < 0.1)
    inputs = torch.where(masked, mask_id, ids)
    return torch.where(random, torch.randint(vocab_size, ids.shape, generator=generator), inputs), torch.where(chosen, ids, -100)


@mutant("mask_tokens", caught_by="test_other_tokens_come_from_the_whole_vocabulary", says="vocabulary")
def one_other_token_for_all(ids, special_ids, mask_id, vocab_size, rate, generator):
    """Draws a single random token."""
    chosen = torch.isin(ids, torch.tensor(special_ids), invert=True) & (torch.rand(ids.shape, generator=generator) < rate)
    fate = torch.rand(ids.shape, generator=generator)
    other = torch.randint(vocab_size, (1,), generator=generator)
    inputs = torch.where(chosen & (fate < 0.8), mask_id, ids)
    return torch.where(chosen & (fate >= 0.9), other, inputs), torch.where(chosen, ids, -100)


@mutant("mask_tokens", caught_by="test_the_input_is_left_alone", says="changed `ids`")
def in_place(ids, special_ids, mask_id, vocab_size, rate, generator):
    """Writes into the argument."""
    chosen = torch.isin(ids, torch.tensor(special_ids), invert=True) & (torch.rand(ids.shape, generator=generator) < rate)
    labels = torch.where(chosen, ids, -100)
    fate = torch.rand(ids.shape, generator=generator)
    other = torch.randint(vocab_size, ids.shape, generator=generator)
    ids[chosen & (fate < 0.8)] = mask_id
    ids[chosen & (fate >= 0.9)] = other[chosen & (fate >= 0.9)]
    return ids, labels


@mutant("mask_tokens", caught_by="test_each_token_has_a_draw_of_its_own", says="same places in every text")
def one_draw_for_the_batch(ids, special_ids, mask_id, vocab_size, rate, generator):
    """Draws places once, for all texts."""
    places = torch.rand(ids.shape[1], generator=generator) < rate
    chosen = torch.isin(ids, torch.tensor(special_ids), invert=True) & places
    fate = torch.rand(ids.shape, generator=generator)
    inputs = torch.where(chosen & (fate < 0.8), mask_id, ids)
    inputs = torch.where(chosen & (fate >= 0.9), torch.randint(vocab_size, ids.shape, generator=generator), inputs)
    return inputs, torch.where(chosen, ids, -100)


@mutant("mask_tokens", caught_by="test_how_many_are_chosen_is_left_to_chance", says="a fixed part of the batch")
def a_fixed_number_for_the_batch(ids, special_ids, mask_id, vocab_size, rate, generator):
    """Takes the rate for a part of the batch: shuffles the ordinary tokens, and chooses the first of them."""
    ordinary = torch.isin(ids, torch.tensor(special_ids), invert=True).flatten().nonzero().flatten()
    order = torch.randperm(len(ordinary), generator=generator)
    chosen = torch.zeros(ids.numel(), dtype=torch.bool)
    chosen[ordinary[order[: round(rate * len(ordinary))]]] = True
    chosen = chosen.view(ids.shape)
    fate = torch.rand(ids.shape, generator=generator)
    inputs = torch.where(chosen & (fate < 0.8), mask_id, ids)
    inputs = torch.where(chosen & (fate >= 0.9), torch.randint(vocab_size, ids.shape, generator=generator), inputs)
    return inputs, torch.where(chosen, ids, -100)


@mutant("mask_tokens", caught_by="test_how_many_are_chosen_is_left_to_chance", says="all tokens or none")
def one_draw_for_all_tokens(ids, special_ids, mask_id, vocab_size, rate, generator):
    """A single number decides whether the batch is masked."""
    chosen = torch.isin(ids, torch.tensor(special_ids), invert=True) & (torch.rand((), generator=generator) < rate)
    fate = torch.rand(ids.shape, generator=generator)
    inputs = torch.where(chosen & (fate < 0.8), mask_id, ids)
    inputs = torch.where(chosen & (fate >= 0.9), torch.randint(vocab_size, ids.shape, generator=generator), inputs)
    return inputs, torch.where(chosen, ids, -100)


@mutant("mask_tokens", caught_by="test_each_token_has_a_draw_of_its_own", says="equally many tokens in each text")
def a_fixed_number_for_each_text(ids, special_ids, mask_id, vocab_size, rate, generator):
    """Chooses the same number in every text."""
    ordinary = torch.isin(ids, torch.tensor(special_ids), invert=True)
    draws = torch.rand(ids.shape, generator=generator).masked_fill(~ordinary, 2.0)
    ranks = draws.argsort(1).argsort(1)
    chosen = ordinary & (ranks < (rate * ordinary.sum(1, keepdim=True)).round())
    fate = torch.rand(ids.shape, generator=generator)
    inputs = torch.where(chosen & (fate < 0.8), mask_id, ids)
    inputs = torch.where(chosen & (fate >= 0.9), torch.randint(vocab_size, ids.shape, generator=generator), inputs)
    return inputs, torch.where(chosen, ids, -100)


@mutant("mask_tokens", caught_by="test_the_generator_decides", says="global")
def by_the_global_generator(ids, special_ids, mask_id, vocab_size, rate, generator):
    """Doesn't use the generator."""
    chosen = torch.isin(ids, torch.tensor(special_ids), invert=True) & (torch.rand(ids.shape) < rate)
    fate = torch.rand(ids.shape)
    inputs = torch.where(chosen & (fate < 0.8), mask_id, ids)
    inputs = torch.where(chosen & (fate >= 0.9), torch.randint(vocab_size, ids.shape), inputs)
    return inputs, torch.where(chosen, ids, -100)


@mutant("mask_tokens", caught_by="test_other_tokens_come_from_the_whole_vocabulary", says="not from the batch")
def others_from_the_batch(ids, special_ids, mask_id, vocab_size, rate, generator):
    """Shuffles the batch's own tokens."""
    chosen = torch.isin(ids, torch.tensor(special_ids), invert=True) & (torch.rand(ids.shape, generator=generator) < rate)
    fate = torch.rand(ids.shape, generator=generator)
    other = ids.flatten()[torch.randperm(ids.numel(), generator=generator)].view(ids.shape)
    inputs = torch.where(chosen & (fate < 0.8), mask_id, ids)
    return torch.where(chosen & (fate >= 0.9), other, inputs), torch.where(chosen, ids, -100)


@mutant("mask_tokens", caught_by="test_other_tokens_come_from_the_whole_vocabulary", says="not from the batch")
def others_from_other_rows(ids, special_ids, mask_id, vocab_size, rate, generator):
    """Takes the token of another text at the same place."""
    chosen = torch.isin(ids, torch.tensor(special_ids), invert=True) & (torch.rand(ids.shape, generator=generator) < rate)
    fate = torch.rand(ids.shape, generator=generator)
    other = ids[torch.randperm(len(ids), generator=generator)]
    inputs = torch.where(chosen & (fate < 0.8), mask_id, ids)
    return torch.where(chosen & (fate >= 0.9), other, inputs), torch.where(chosen, ids, -100)


@mutant("mask_tokens", caught_by="test_other_tokens_come_from_the_whole_vocabulary", says="the largest of these texts")
def others_up_to_the_largest_id(ids, special_ids, mask_id, vocab_size, rate, generator):
    """Takes the largest id that it sees for the end of the vocabulary."""
    chosen = torch.isin(ids, torch.tensor(special_ids), invert=True) & (torch.rand(ids.shape, generator=generator) < rate)
    fate = torch.rand(ids.shape, generator=generator)
    other = torch.randint(int(ids.max()) + 1, ids.shape, generator=generator)
    inputs = torch.where(chosen & (fate < 0.8), mask_id, ids)
    return torch.where(chosen & (fate >= 0.9), other, inputs), torch.where(chosen, ids, -100)


@mutant("mask_tokens", caught_by="test_other_tokens_come_from_the_whole_vocabulary", says="has the ids 0 to 11")
def others_one_beyond_the_vocabulary(ids, special_ids, mask_id, vocab_size, rate, generator):
    """Takes `randint`'s end for the largest number, but one too far."""
    chosen = torch.isin(ids, torch.tensor(special_ids), invert=True) & (torch.rand(ids.shape, generator=generator) < rate)
    fate = torch.rand(ids.shape, generator=generator)
    other = torch.randint(0, vocab_size + 1, ids.shape, generator=generator)
    inputs = torch.where(chosen & (fate < 0.8), mask_id, ids)
    return torch.where(chosen & (fate >= 0.9), other, inputs), torch.where(chosen, ids, -100)


@mutant("mask_tokens", caught_by="test_other_tokens_come_from_the_whole_vocabulary", says="never token")
def others_without_the_last(ids, special_ids, mask_id, vocab_size, rate, generator):
    """Forgets that `randint`'s end isn't drawn itself."""
    chosen = torch.isin(ids, torch.tensor(special_ids), invert=True) & (torch.rand(ids.shape, generator=generator) < rate)
    fate = torch.rand(ids.shape, generator=generator)
    other = torch.randint(0, vocab_size - 1, ids.shape, generator=generator)
    inputs = torch.where(chosen & (fate < 0.8), mask_id, ids)
    return torch.where(chosen & (fate >= 0.9), other, inputs), torch.where(chosen, ids, -100)


@mutant("mask_tokens", caught_by="test_labels_are_the_chosen_tokens", says="passes over is -100")
def labels_of_zero(ids, special_ids, mask_id, vocab_size, rate, generator):
    """0 where nothing is to be learnt."""
    chosen = torch.isin(ids, torch.tensor(special_ids), invert=True) & (torch.rand(ids.shape, generator=generator) < rate)
    fate = torch.rand(ids.shape, generator=generator)
    inputs = torch.where(chosen & (fate < 0.8), mask_id, ids)
    return torch.where(chosen & (fate >= 0.9), torch.randint(vocab_size, ids.shape, generator=generator), inputs), torch.where(
        chosen, ids, 0
    )


@mutant("mask_tokens", caught_by="test_eighty_ten_ten", says="for each by itself")
def one_fate_for_all(ids, special_ids, mask_id, vocab_size, rate, generator):
    """One draw decides what becomes of all chosen tokens."""
    chosen = torch.isin(ids, torch.tensor(special_ids), invert=True) & (torch.rand(ids.shape, generator=generator) < rate)
    fate = torch.rand((), generator=generator)
    inputs = torch.where(chosen & (fate < 0.8), mask_id, ids)
    return torch.where(chosen & (fate >= 0.9), torch.randint(vocab_size, ids.shape, generator=generator), inputs), torch.where(
        chosen, ids, -100
    )


@mutant("mask_tokens", caught_by="test_how_many_are_chosen_is_left_to_chance", says="seed it anew")
def seeded_anew(ids, special_ids, mask_id, vocab_size, rate, generator):
    """Seeds the generator in each call."""
    generator.manual_seed(generator.initial_seed())
    chosen = torch.isin(ids, torch.tensor(special_ids), invert=True) & (torch.rand(ids.shape, generator=generator) < rate)
    fate = torch.rand(ids.shape, generator=generator)
    inputs = torch.where(chosen & (fate < 0.8), mask_id, ids)
    return torch.where(chosen & (fate >= 0.9), torch.randint(vocab_size, ids.shape, generator=generator), inputs), torch.where(
        chosen, ids, -100
    )


# ---------------------------------------------------------------- perplexity


@mutant("perplexity", caught_by="test_long_texts_weigh_more", says="mean of the texts' perplexities")
def mean_of_perplexities(model, texts_ids):
    """A perplexity for each text, then their mean."""
    texts = [ids for ids in texts_ids if len(ids) > 1]
    if not texts:
        raise ValueError("texts_ids")
    was_training = model.training
    model.eval()
    with torch.no_grad():
        found = [math.exp(model(ids[None], labels=ids[None]).loss.item()) for ids in texts]
    model.train(was_training)
    return sum(found) / len(found)


@mutant("perplexity", caught_by="test_long_texts_weigh_more", says="mean of the texts' means")
def every_text_weighs_the_same(model, texts_ids):
    """Mean surprise of each text, and the mean of those."""
    texts = [ids for ids in texts_ids if len(ids) > 1]
    if not texts:
        raise ValueError("texts_ids")
    was_training = model.training
    model.eval()
    with torch.no_grad():
        found = [model(ids[None], labels=ids[None]).loss.item() for ids in texts]
    model.train(was_training)
    return math.exp(sum(found) / len(found))


@mutant("perplexity", caught_by="test_the_first_token_is_not_scored", says="first token")
def first_token_in_the_count(model, texts_ids):
    """Divides by all tokens."""
    texts = [ids for ids in texts_ids if len(ids) > 1]
    if not texts:
        raise ValueError("texts_ids")
    was_training = model.training
    model.eval()
    with torch.no_grad():
        nats = sum(model(ids[None], labels=ids[None]).loss.item() * (len(ids) - 1) for ids in texts)
    model.train(was_training)
    return math.exp(nats / sum(len(ids) for ids in texts))


@mutant("perplexity", caught_by="test_the_first_token_is_not_scored", says="its own place")
def scores_each_token_at_its_own_place(model, texts_ids):
    """No shift."""
    texts = [ids for ids in texts_ids if len(ids) > 1]
    if not texts:
        raise ValueError("texts_ids")
    was_training = model.training
    model.eval()
    with torch.no_grad():
        nats = sum(torch.nn.functional.cross_entropy(model(ids[None]).logits[0], ids, reduction="sum").item() for ids in texts)
    model.train(was_training)
    return math.exp(nats / sum(len(ids) for ids in texts))


@mutant("perplexity", caught_by="test_dropout_is_off", says="dropout")
def dropout_on(model, texts_ids):
    """Leaves the model in training mode."""
    texts = [ids for ids in texts_ids if len(ids) > 1]
    if not texts:
        raise ValueError("texts_ids")
    with torch.no_grad():
        nats = sum(model(ids[None], labels=ids[None]).loss.item() * (len(ids) - 1) for ids in texts)
    return math.exp(nats / sum(len(ids) - 1 for ids in texts))


@mutant("perplexity", caught_by="test_dropout_is_off", says="the mode isn't what is wrong")
def to_the_power_of_two(model, texts_ids):
    """2 to the power of a mean in nats, in evaluation mode."""
    texts = [ids for ids in texts_ids if len(ids) > 1]
    if not texts:
        raise ValueError("texts_ids")
    was_training = model.training
    model.eval()
    with torch.no_grad():
        nats = sum(model(ids[None], labels=ids[None]).loss.item() * (len(ids) - 1) for ids in texts)
    model.train(was_training)
    return 2 ** (nats / sum(len(ids) - 1 for ids in texts))


@mutant("perplexity", caught_by="test_the_mode_is_put_back", says="evaluation mode")
def left_in_evaluation_mode(model, texts_ids):
    """Forgets to put the mode back."""
    texts = [ids for ids in texts_ids if len(ids) > 1]
    if not texts:
        raise ValueError("texts_ids")
    model.eval()
    with torch.no_grad():
        nats = sum(model(ids[None], labels=ids[None]).loss.item() * (len(ids) - 1) for ids in texts)
    return math.exp(nats / sum(len(ids) - 1 for ids in texts))


@mutant("perplexity", caught_by="test_the_mode_is_put_back", says="in training mode")
def always_back_to_training(model, texts_ids):
    """Takes for granted that the model was in training."""
    texts = [ids for ids in texts_ids if len(ids) > 1]
    if not texts:
        raise ValueError("texts_ids")
    model.eval()
    with torch.no_grad():
        nats = sum(model(ids[None], labels=ids[None]).loss.item() * (len(ids) - 1) for ids in texts)
    model.train()
    return math.exp(nats / sum(len(ids) - 1 for ids in texts))


@mutant("perplexity", caught_by="test_no_graph_is_kept", says="no_grad")
def with_a_graph(model, texts_ids):
    """Lets torch take notes for a backward pass."""
    texts = [ids for ids in texts_ids if len(ids) > 1]
    if not texts:
        raise ValueError("texts_ids")
    was_training = model.training
    model.eval()
    nats = sum(model(ids[None], labels=ids[None]).loss.item() * (len(ids) - 1) for ids in texts)
    model.train(was_training)
    return math.exp(nats / sum(len(ids) - 1 for ids in texts))


@mutant("perplexity", caught_by="test_long_texts_weigh_more", says="padding")
def padding_scored(model, texts_ids):
    """Pads to the longest, and scores padding too."""
    longest = max((len(ids) for ids in texts_ids), default=0)
    if longest < 2:
        raise ValueError("texts_ids")
    batch = torch.zeros(len(texts_ids), longest, dtype=torch.long)
    for row, ids in enumerate(texts_ids):
        batch[row, : len(ids)] = ids
    was_training = model.training
    model.eval()
    with torch.no_grad():
        loss = model(batch, labels=batch).loss.item()
    model.train(was_training)
    return math.exp(loss)


@mutant("perplexity", caught_by="test_texts_of_one_token", says="nan")
def mean_of_nothing(model, texts_ids):
    """A text of one token has a loss of nan, and nan times 0 is nan."""
    if sum(len(ids) - 1 for ids in texts_ids) <= 0:
        raise ValueError("texts_ids")
    was_training = model.training
    model.eval()
    with torch.no_grad():
        nats = sum(model(ids[None], labels=ids[None]).loss.item() * (len(ids) - 1) for ids in texts_ids)
    model.train(was_training)
    return math.exp(nats / sum(len(ids) - 1 for ids in texts_ids))


@mutant("perplexity", caught_by="test_the_first_token_is_not_scored", says="e to the power")
def the_loss_itself(model, texts_ids):
    """Forgets the exponential."""
    texts = [ids for ids in texts_ids if len(ids) > 1]
    if not texts:
        raise ValueError("texts_ids")
    was_training = model.training
    model.eval()
    with torch.no_grad():
        nats = sum(model(ids[None], labels=ids[None]).loss.item() * (len(ids) - 1) for ids in texts)
    model.train(was_training)
    return nats / sum(len(ids) - 1 for ids in texts)


@mutant("perplexity", caught_by="test_nothing_else_changes", says="the gradient that it held")
def gradients_cleared(model, texts_ids):
    """Clears the gradients, as a training loop does, in the midst of somebody's training."""
    texts = [ids for ids in texts_ids if len(ids) > 1]
    if not texts:
        raise ValueError("texts_ids")
    was_training = model.training
    model.eval()
    model.zero_grad()
    with torch.no_grad():
        nats = sum(model(ids[None], labels=ids[None]).loss.item() * (len(ids) - 1) for ids in texts)
    model.train(was_training)
    return math.exp(nats / sum(len(ids) - 1 for ids in texts))


# ---------------------------------------------------------------- sample_next


@mutant("sample_next", caught_by="test_the_nucleus_holds_the_token_that_crosses", says="crosses")
def crossing_token_lost(logits, temperature, top_k, top_p, generator):
    """Keeps tokens only as long as the sum stays below top_p."""
    if temperature < 0 or (top_k is not None and top_k < 1) or (top_p is not None and not 0 < top_p <= 1):
        raise ValueError(f"temperature {temperature}, top_k {top_k}, top_p {top_p}")
    if temperature == 0:
        return int(logits.argmax())
    scores, tokens = (logits / temperature).sort(descending=True)
    if top_k is not None:
        scores, tokens = scores[:top_k], tokens[:top_k]
    shares = scores.softmax(0)
    if top_p is not None:
        kept = shares.cumsum(0) <= top_p
        kept[0] = True
        shares = shares.masked_fill(~kept, 0.0)
    return int(tokens[torch.multinomial(shares, 1, generator=generator)])


@mutant("sample_next", caught_by="test_temperature_comes_first", says="before the temperature")
def nucleus_before_temperature(logits, temperature, top_k, top_p, generator):
    """Chooses the nucleus at temperature 1."""
    if temperature < 0 or (top_k is not None and top_k < 1) or (top_p is not None and not 0 < top_p <= 1):
        raise ValueError(f"temperature {temperature}, top_k {top_k}, top_p {top_p}")
    if temperature == 0:
        return int(logits.argmax())
    scores, tokens = logits.sort(descending=True)
    if top_k is not None:
        scores, tokens = scores[:top_k], tokens[:top_k]
    if top_p is not None:
        shares = scores.softmax(0)
        scores = scores.masked_fill(shares.cumsum(0) - shares >= top_p, -torch.inf)
    return int(tokens[torch.multinomial((scores / temperature).softmax(0), 1, generator=generator)])


@mutant("sample_next", caught_by="test_top_k_comes_before_top_p", says="add up to 1 again")
def nucleus_of_the_whole_distribution(logits, temperature, top_k, top_p, generator):
    """Holds top_p against shares of all tokens, though top_k has taken some away."""
    if temperature < 0 or (top_k is not None and top_k < 1) or (top_p is not None and not 0 < top_p <= 1):
        raise ValueError(f"temperature {temperature}, top_k {top_k}, top_p {top_p}")
    if temperature == 0:
        return int(logits.argmax())
    shares, tokens = (logits / temperature).softmax(0).sort(descending=True)
    kept = torch.ones(len(shares), dtype=torch.bool)
    if top_k is not None:
        kept[top_k:] = False
    if top_p is not None:
        kept &= shares.cumsum(0) - shares < top_p
    return int(tokens[torch.multinomial(shares * kept, 1, generator=generator)])


@mutant("sample_next", caught_by="test_the_generator_decides", says="global")
def by_the_global_generator(logits, temperature, top_k, top_p, generator):
    """Doesn't use the generator."""
    if temperature < 0 or (top_k is not None and top_k < 1) or (top_p is not None and not 0 < top_p <= 1):
        raise ValueError(f"temperature {temperature}, top_k {top_k}, top_p {top_p}")
    if temperature == 0:
        return int(logits.argmax())
    scores, tokens = (logits / temperature).sort(descending=True)
    if top_k is not None:
        scores, tokens = scores[:top_k], tokens[:top_k]
    shares = scores.softmax(0)
    if top_p is not None:
        shares = shares.masked_fill(shares.cumsum(0) - shares >= top_p, 0.0)
    return int(tokens[torch.multinomial(shares, 1)])


@mutant("sample_next", caught_by="test_what_is_kept_adds_up_to_one_again", says="divided by their sum")
def not_renormalised(logits, temperature, top_k, top_p, generator):
    """Draws a point between 0 and 1 though what is kept doesn't reach 1; what is missing falls to the last token."""
    if temperature < 0 or (top_k is not None and top_k < 1) or (top_p is not None and not 0 < top_p <= 1):
        raise ValueError(f"temperature {temperature}, top_k {top_k}, top_p {top_p}")
    if temperature == 0:
        return int(logits.argmax())
    shares, tokens = (logits / temperature).softmax(0).sort(descending=True)
    if top_k is not None:
        shares, tokens = shares[:top_k], tokens[:top_k]
    if top_p is not None:
        kept = int((shares.cumsum(0) - shares < top_p).sum())
        shares, tokens = shares[:kept], tokens[:kept]
    point = torch.rand((), generator=generator)
    place = min(int((shares.cumsum(0) < point).sum()), len(tokens) - 1)
    return int(tokens[place])


@mutant("sample_next", caught_by="test_only_the_k_most_likely", says="place in the sorted list")
def rank_for_token(logits, temperature, top_k, top_p, generator):
    """Gives back the place in the sorted list, not the token that stands there."""
    if temperature < 0 or (top_k is not None and top_k < 1) or (top_p is not None and not 0 < top_p <= 1):
        raise ValueError(f"temperature {temperature}, top_k {top_k}, top_p {top_p}")
    if temperature == 0:
        return int(logits.argmax())
    scores = (logits / temperature).sort(descending=True).values
    if top_k is not None:
        scores = scores[:top_k]
    shares = scores.softmax(0)
    if top_p is not None:
        shares = shares.masked_fill(shares.cumsum(0) - shares >= top_p, 0.0)
    return int(torch.multinomial(shares, 1, generator=generator))


@mutant("sample_next", caught_by="test_temperature_sharpens_and_flattens", says="multiplied")
def multiplied_by_temperature(logits, temperature, top_k, top_p, generator):
    """Hot makes it sure."""
    if temperature < 0 or (top_k is not None and top_k < 1) or (top_p is not None and not 0 < top_p <= 1):
        raise ValueError(f"temperature {temperature}, top_k {top_k}, top_p {top_p}")
    if temperature == 0:
        return int(logits.argmax())
    scores, tokens = (logits * temperature).sort(descending=True)
    if top_k is not None:
        scores, tokens = scores[:top_k], tokens[:top_k]
    shares = scores.softmax(0)
    if top_p is not None:
        shares = shares.masked_fill(shares.cumsum(0) - shares >= top_p, 0.0)
    return int(tokens[torch.multinomial(shares, 1, generator=generator)])


@mutant("sample_next", caught_by="test_temperature_sharpens_and_flattens", says="as if there were no temperature")
def without_temperature(logits, temperature, top_k, top_p, generator):
    """Looks at the temperature only to see whether it is 0."""
    if temperature < 0 or (top_k is not None and top_k < 1) or (top_p is not None and not 0 < top_p <= 1):
        raise ValueError(f"temperature {temperature}, top_k {top_k}, top_p {top_p}")
    if temperature == 0:
        return int(logits.argmax())
    scores, tokens = logits.sort(descending=True)
    if top_k is not None:
        scores, tokens = scores[:top_k], tokens[:top_k]
    shares = scores.softmax(0)
    if top_p is not None:
        shares = shares.masked_fill(shares.cumsum(0) - shares >= top_p, 0.0)
    return int(tokens[torch.multinomial(shares, 1, generator=generator)])


@mutant("sample_next", caught_by="test_temperature_comes_first", says="crosses `top_p` is kept, too")
def crossing_token_lost_after_the_temperature(logits, temperature, top_k, top_p, generator):
    """Divides first, and keeps tokens as long as the sum stays below top_p."""
    if temperature < 0 or (top_k is not None and top_k < 1) or (top_p is not None and not 0 < top_p <= 1):
        raise ValueError(f"temperature {temperature}, top_k {top_k}, top_p {top_p}")
    if temperature == 0:
        return int(logits.argmax())
    scores, tokens = (logits / temperature).sort(descending=True)
    if top_k is not None:
        scores, tokens = scores[:top_k], tokens[:top_k]
    shares = scores.softmax(0)
    if top_p is not None:
        size = max(1, int((shares.cumsum(0) <= top_p).sum()))
        shares, tokens = shares[:size], tokens[:size]
    return int(tokens[torch.multinomial(shares, 1, generator=generator)])


@mutant("sample_next", caught_by="test_temperature_sharpens_and_flattens", says="always the same")
def always_greedy(logits, temperature, top_k, top_p, generator):
    """The most likely token, always."""
    if temperature < 0 or (top_k is not None and top_k < 1) or (top_p is not None and not 0 < top_p <= 1):
        raise ValueError(f"temperature {temperature}, top_k {top_k}, top_p {top_p}")
    return int(logits.argmax())


@mutant("sample_next", caught_by="test_temperature_zero_is_greedy", says="divide by 0")
def divides_by_zero(logits, temperature, top_k, top_p, generator):
    """No case for temperature 0."""
    if temperature < 0 or (top_k is not None and top_k < 1) or (top_p is not None and not 0 < top_p <= 1):
        raise ValueError(f"temperature {temperature}, top_k {top_k}, top_p {top_p}")
    scores, tokens = (logits / temperature).sort(descending=True)
    if top_k is not None:
        scores, tokens = scores[:top_k], tokens[:top_k]
    shares = scores.softmax(0)
    if top_p is not None:
        shares = shares.masked_fill(shares.cumsum(0) - shares >= top_p, 0.0)
    return int(tokens[torch.multinomial(shares, 1, generator=generator)])


@mutant("sample_next", caught_by="test_only_the_k_most_likely", says="than there are")
def k_beyond_the_vocabulary(logits, temperature, top_k, top_p, generator):
    """topk raises when there aren't as many."""
    if temperature < 0 or (top_k is not None and top_k < 1) or (top_p is not None and not 0 < top_p <= 1):
        raise ValueError(f"temperature {temperature}, top_k {top_k}, top_p {top_p}")
    if temperature == 0:
        return int(logits.argmax())
    scores, tokens = (logits / temperature).topk(top_k if top_k is not None else len(logits))
    shares = scores.softmax(0)
    if top_p is not None:
        shares = shares.masked_fill(shares.cumsum(0) - shares >= top_p, 0.0)
    return int(tokens[torch.multinomial(shares, 1, generator=generator)])


@mutant("sample_next", caught_by="test_the_logits_are_left_alone", says="in place")
def in_place(logits, temperature, top_k, top_p, generator):
    """Divides the argument itself."""
    if temperature < 0 or (top_k is not None and top_k < 1) or (top_p is not None and not 0 < top_p <= 1):
        raise ValueError(f"temperature {temperature}, top_k {top_k}, top_p {top_p}")
    if temperature == 0:
        return int(logits.argmax())
    logits /= temperature
    scores, tokens = logits.sort(descending=True)
    if top_k is not None:
        scores, tokens = scores[:top_k], tokens[:top_k]
    shares = scores.softmax(0)
    if top_p is not None:
        shares = shares.masked_fill(shares.cumsum(0) - shares >= top_p, 0.0)
    return int(tokens[torch.multinomial(shares, 1, generator=generator)])


@mutant("sample_next", caught_by="test_settings_that_make_no_sense", says="contract asks for a ValueError")
def takes_any_setting(logits, temperature, top_k, top_p, generator):
    """0 means "off", and nothing is ever refused."""
    if temperature <= 0:
        return int(logits.argmax())
    scores, tokens = (logits / temperature).sort(descending=True)
    if top_k:
        scores, tokens = scores[:top_k], tokens[:top_k]
    shares = scores.softmax(0)
    if top_p:
        shares = shares.masked_fill(shares.cumsum(0) - shares >= top_p, 0.0)
    return int(tokens[torch.multinomial(shares, 1, generator=generator)])


# ---------------------------------------------------------------- rank_completions


@mutant("rank_completions", caught_by="test_all_tokens_of_a_candidate_count", says="first token")
def first_token_only(model, tokenizer, prompt, candidates):
    """Looks at how likely a candidate's beginning is."""
    before = tokenizer(prompt, add_special_tokens=False)["input_ids"]
    if not before:
        raise ValueError("prompt")
    with torch.no_grad():
        logs = model(input_ids=torch.tensor([before])).logits[0, -1].log_softmax(-1)
    scored = []
    for candidate in candidates:
        after = tokenizer(candidate, add_special_tokens=False)["input_ids"]
        if not after:
            raise ValueError("candidates")
        scored.append((candidate, logs[after[0]].item()))
    return sorted(scored, key=lambda pair: pair[1], reverse=True)


@mutant("rank_completions", caught_by="test_the_prompt_is_given_and_not_scored", says="prompt's own tokens")
def prompt_scored(model, tokenizer, prompt, candidates):
    """Log-probability of prompt and candidate together."""
    before = tokenizer(prompt, add_special_tokens=False)["input_ids"]
    if not before:
        raise ValueError("prompt")
    scored = []
    for candidate in candidates:
        after = tokenizer(candidate, add_special_tokens=False)["input_ids"]
        if not after:
            raise ValueError("candidates")
        ids = torch.tensor([before + after])
        with torch.no_grad():
            scored.append((candidate, -float(model(ids, labels=ids).loss) * (ids.shape[1] - 1)))
    return sorted(scored, key=lambda pair: pair[1], reverse=True)


@mutant("rank_completions", caught_by="test_all_tokens_of_a_candidate_count", says="mean over")
def mean_for_total(model, tokenizer, prompt, candidates):
    """Log-probability per token."""
    before = tokenizer(prompt, add_special_tokens=False)["input_ids"]
    if not before:
        raise ValueError("prompt")
    scored = []
    for candidate in candidates:
        after = tokenizer(candidate, add_special_tokens=False)["input_ids"]
        if not after:
            raise ValueError("candidates")
        with torch.no_grad():
            loss = model(torch.tensor([before + after]), labels=torch.tensor([[-100] * len(before) + after])).loss
        scored.append((candidate, -float(loss)))
    return sorted(scored, key=lambda pair: pair[1], reverse=True)


@mutant("rank_completions", caught_by="test_all_tokens_of_a_candidate_count", says="raw logits")
def raw_logits(model, tokenizer, prompt, candidates):
    """Forgets the softmax."""
    before = tokenizer(prompt, add_special_tokens=False)["input_ids"]
    if not before:
        raise ValueError("prompt")
    scored = []
    for candidate in candidates:
        after = tokenizer(candidate, add_special_tokens=False)["input_ids"]
        if not after:
            raise ValueError("candidates")
        with torch.no_grad():
            logits = model(input_ids=torch.tensor([before + after])).logits[0]
        scored.append((candidate, sum(logits[len(before) - 1 + i, token].item() for i, token in enumerate(after))))
    return sorted(scored, key=lambda pair: pair[1], reverse=True)


@mutant("rank_completions", caught_by="test_all_tokens_of_a_candidate_count", says="These are probabilities")
def probabilities_for_their_logarithms(model, tokenizer, prompt, candidates):
    """Multiplies probabilities, and stops there."""
    before = tokenizer(prompt, add_special_tokens=False)["input_ids"]
    if not before:
        raise ValueError("prompt")
    scored = []
    for candidate in candidates:
        after = tokenizer(candidate, add_special_tokens=False)["input_ids"]
        if not after:
            raise ValueError("candidates")
        with torch.no_grad():
            logits = model(input_ids=torch.tensor([before + after])).logits[0]
        shares = logits.softmax(-1)
        scored.append((candidate, math.prod(shares[len(before) - 1 + i, token].item() for i, token in enumerate(after))))
    return sorted(scored, key=lambda pair: pair[1], reverse=True)


@mutant("rank_completions", caught_by="test_all_tokens_of_a_candidate_count", says="were multiplied")
def product_of_logarithms(model, tokenizer, prompt, candidates):
    """Multiplies log-probabilities."""
    before = tokenizer(prompt, add_special_tokens=False)["input_ids"]
    if not before:
        raise ValueError("prompt")
    scored = []
    for candidate in candidates:
        after = tokenizer(candidate, add_special_tokens=False)["input_ids"]
        if not after:
            raise ValueError("candidates")
        with torch.no_grad():
            logits = model(input_ids=torch.tensor([before + after])).logits[0]
        logs = logits.log_softmax(-1)
        scored.append((candidate, math.prod(logs[len(before) - 1 + i, token].item() for i, token in enumerate(after))))
    return sorted(scored, key=lambda pair: pair[1], reverse=True)


@mutant("rank_completions", caught_by="test_prompt_and_candidate_are_tokenized_apart", says="In one piece")
def tokenized_together(model, tokenizer, prompt, candidates):
    """Tokenizes prompt + candidate, and takes for granted that the prompt's tokens stay."""
    before = tokenizer(prompt, add_special_tokens=False)["input_ids"]
    if not before:
        raise ValueError("prompt")
    scored = []
    for candidate in candidates:
        if not candidate:
            raise ValueError("candidates")
        ids = tokenizer(prompt + candidate, add_special_tokens=False)["input_ids"]
        with torch.no_grad():
            logs = model(input_ids=torch.tensor([ids])).logits[0].log_softmax(-1)
        scored.append((candidate, float(sum(logs[i - 1, ids[i]] for i in range(len(before), len(ids))))))
    return sorted(scored, key=lambda pair: pair[1], reverse=True)


@mutant("rank_completions", caught_by="test_best_first", says="least likely")
def ascending(model, tokenizer, prompt, candidates):
    """Smallest number first."""
    before = tokenizer(prompt, add_special_tokens=False)["input_ids"]
    if not before:
        raise ValueError("prompt")
    scored = []
    for candidate in candidates:
        after = tokenizer(candidate, add_special_tokens=False)["input_ids"]
        if not after:
            raise ValueError("candidates")
        with torch.no_grad():
            loss = model(torch.tensor([before + after]), labels=torch.tensor([[-100] * len(before) + after])).loss
        scored.append((candidate, -float(loss) * len(after)))
    return sorted(scored, key=lambda pair: pair[1])


@mutant("rank_completions", caught_by="test_best_first", says="order in which they were given")
def not_sorted(model, tokenizer, prompt, candidates):
    """Scores, and forgets to rank."""
    before = tokenizer(prompt, add_special_tokens=False)["input_ids"]
    if not before:
        raise ValueError("prompt")
    scored = []
    for candidate in candidates:
        after = tokenizer(candidate, add_special_tokens=False)["input_ids"]
        if not after:
            raise ValueError("candidates")
        with torch.no_grad():
            loss = model(torch.tensor([before + after]), labels=torch.tensor([[-100] * len(before) + after])).loss
        scored.append((candidate, -float(loss) * len(after)))
    return scored


@mutant("rank_completions", caught_by="test_no_special_tokens_are_put_in", says="add_special_tokens")
def special_tokens_between(model, tokenizer, prompt, candidates):
    """Lets the tokenizer put its begin token before the candidate, in the middle of the text."""
    if not prompt:
        raise ValueError("prompt")
    before = tokenizer(prompt)["input_ids"]
    scored = []
    for candidate in candidates:
        if not candidate:
            raise ValueError("candidates")
        after = tokenizer(candidate)["input_ids"]
        with torch.no_grad():
            loss = model(torch.tensor([before + after]), labels=torch.tensor([[-100] * len(before) + after])).loss
        scored.append((candidate, -float(loss) * len(after)))
    return sorted(scored, key=lambda pair: pair[1], reverse=True)


@mutant("rank_completions", caught_by="test_the_prompt_is_given_and_not_scored", says="its own place")
def scored_one_place_too_late(model, tokenizer, prompt, candidates):
    """Reads each token's score at its own place, not at the one before."""
    before = tokenizer(prompt, add_special_tokens=False)["input_ids"]
    if not before:
        raise ValueError("prompt")
    scored = []
    for candidate in candidates:
        after = tokenizer(candidate, add_special_tokens=False)["input_ids"]
        if not after:
            raise ValueError("candidates")
        with torch.no_grad():
            logs = model(input_ids=torch.tensor([before + after])).logits[0].log_softmax(-1)
        scored.append((candidate, sum(logs[len(before) + i, token].item() for i, token in enumerate(after))))
    return sorted(scored, key=lambda pair: pair[1], reverse=True)


@mutant("rank_completions", caught_by="test_nothing_to_go_on_from", says="no tokens")
def takes_anything(model, tokenizer, prompt, candidates):
    """An empty candidate is certain: a sum of nothing is 0."""
    before = tokenizer(prompt, add_special_tokens=False)["input_ids"] or [0]
    scored = []
    for candidate in candidates:
        after = tokenizer(candidate, add_special_tokens=False)["input_ids"]
        with torch.no_grad():
            logs = model(input_ids=torch.tensor([before + after])).logits[0].log_softmax(-1)
        scored.append((candidate, float(sum(logs[len(before) - 1 + i, token].item() for i, token in enumerate(after)))))
    return sorted(scored, key=lambda pair: pair[1], reverse=True)
