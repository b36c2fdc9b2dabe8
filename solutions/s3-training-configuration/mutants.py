"""Wrong solutions of "The knobs", and the misconception behind each."""

from autograder.authoring import mutant

# ---------------------------------------------------------------- schedule


@mutant("schedule", caught_by="test_warm_up_climbs_in_a_straight_line", says="share of the warm-up that is done")
def warm_up_off_by_one(step, warmup_steps, total_steps, shape):
    """Counts steps from 1 in the warm-up."""
    if shape not in ("linear", "cosine"):
        raise ValueError("shape")
    if step >= total_steps:
        return 0.0
    if step < warmup_steps:
        return (step + 1) / warmup_steps
    done = (step - warmup_steps) / (total_steps - warmup_steps)
    return 1.0 - done if shape == "linear" else 0.5 + 0.5 * math.cos(math.pi * done)


@mutant("schedule", caught_by="test_linear_decay", says="a step too long")
def never_reaches_zero(step, warmup_steps, total_steps, shape):
    """Makes the line one step too long, as a loop over range(total_steps) suggests."""
    if shape not in ("linear", "cosine"):
        raise ValueError("shape")
    if step > total_steps:
        return 0.0
    if step < warmup_steps:
        return step / warmup_steps
    done = (step - warmup_steps) / (total_steps - warmup_steps + 1)
    return 1.0 - done if shape == "linear" else 0.5 + 0.5 * math.cos(math.pi * done)


@mutant("schedule", caught_by="test_zero_at_the_end_and_beyond", says="a negative factor")
def negative_past_the_end(step, warmup_steps, total_steps, shape):
    """Lets the line run on below zero."""
    if shape not in ("linear", "cosine"):
        raise ValueError("shape")
    if step < warmup_steps:
        return step / warmup_steps
    done = (step - warmup_steps) / max(1, total_steps - warmup_steps)
    if shape == "linear":
        return 1.0 - done
    return 0.5 + 0.5 * math.cos(math.pi * min(done, 1.0))


@mutant("schedule", caught_by="test_zero_at_the_end_and_beyond", says="A cosine that is left running climbs again")
def cosine_climbs_again(step, warmup_steps, total_steps, shape):
    """Stops the line at zero, but not the cosine."""
    if shape not in ("linear", "cosine"):
        raise ValueError("shape")
    if step < warmup_steps:
        return step / warmup_steps
    done = (step - warmup_steps) / max(1, total_steps - warmup_steps)
    if shape == "linear":
        return max(0.0, 1.0 - done)
    return max(0.0, 0.5 * (1.0 + math.cos(math.pi * done)))


@mutant("schedule", caught_by="test_warm_up_climbs_in_a_straight_line", says="nothing decays yet")
def decays_during_warm_up(step, warmup_steps, total_steps, shape):
    """Multiplies the climb by a decay that begins at step 0."""
    if shape not in ("linear", "cosine"):
        raise ValueError("shape")
    if step >= total_steps:
        return 0.0
    climb = min(1.0, step / warmup_steps) if warmup_steps else 1.0
    done = step / total_steps
    return climb * (1.0 - done if shape == "linear" else 0.5 + 0.5 * math.cos(math.pi * done))


@mutant("schedule", caught_by="test_without_warm_up", says="divided by zero")
def divides_by_no_warm_up(step, warmup_steps, total_steps, shape):
    """Takes the end of the warm-up for a part of it, also when there is none."""
    if shape not in ("linear", "cosine"):
        raise ValueError("shape")
    if step >= total_steps:
        return 0.0
    if step <= warmup_steps:
        return step / warmup_steps
    done = (step - warmup_steps) / (total_steps - warmup_steps)
    return 1.0 - done if shape == "linear" else 0.5 + 0.5 * math.cos(math.pi * done)


@mutant("schedule", caught_by="test_nothing_but_warm_up", says="nothing is left to decay over")
def divides_by_no_decay(step, warmup_steps, total_steps, shape):
    """Works out the decay before it asks whether there is any."""
    if shape not in ("linear", "cosine"):
        raise ValueError("shape")
    done = (step - warmup_steps) / (total_steps - warmup_steps)
    if step < warmup_steps:
        return step / warmup_steps
    done = min(done, 1.0)
    return 1.0 - done if shape == "linear" else 0.5 + 0.5 * math.cos(math.pi * done)


@mutant("schedule", caught_by="test_cosine_decay", says="a quarter of a wave")
def quarter_wave(step, warmup_steps, total_steps, shape):
    """Goes from 1 to 0 by a quarter of a wave, which falls steepest at the end."""
    if shape not in ("linear", "cosine"):
        raise ValueError("shape")
    if step >= total_steps:
        return 0.0
    if step < warmup_steps:
        return step / warmup_steps
    done = (step - warmup_steps) / (total_steps - warmup_steps)
    return 1.0 - done if shape == "linear" else math.cos(math.pi / 2 * done)


@mutant("schedule", caught_by="test_a_shape_that_does_not_exist", says="raised nothing")
def anything_else_is_cosine(step, warmup_steps, total_steps, shape):
    """Takes every shape but "linear" for the cosine."""
    if step >= total_steps:
        return 0.0
    if step < warmup_steps:
        return step / warmup_steps
    done = (step - warmup_steps) / (total_steps - warmup_steps)
    return 1.0 - done if shape == "linear" else 0.5 + 0.5 * math.cos(math.pi * done)


# ---------------------------------------------------------------- reduce_on_plateau


@mutant("reduce_on_plateau", caught_by="test_patience_then_a_drop", says="The rate falls at the next")
def patience_off_by_one(losses, lr, factor, patience, min_lr):
    """Lowers the rate at the last loss that should be borne."""
    best, bad, rates = math.inf, 0, []
    for loss in losses:
        if loss < best * (1 - 1e-4):
            best, bad = loss, 0
        else:
            bad += 1
        if bad >= patience and bad:
            lr, bad = max(lr * factor, min_lr), 0
        rates.append(lr)
    return rates


@mutant("reduce_on_plateau", caught_by="test_patience_then_a_drop", says="at the place of that loss")
def rate_before_the_loss(losses, lr, factor, patience, min_lr):
    """Writes down the rate before it looks at the loss."""
    best, bad, rates = math.inf, 0, []
    for loss in losses:
        rates.append(lr)
        if loss < best * (1 - 1e-4):
            best, bad = loss, 0
        else:
            bad += 1
        if bad > patience:
            lr, bad = max(lr * factor, min_lr), 0
    return rates


@mutant("reduce_on_plateau", caught_by="test_the_best_loss_counts", says="Lower than the first loss")
def best_not_updated(losses, lr, factor, patience, min_lr):
    """Compares with the first loss for ever."""
    best, bad, rates = math.inf, 0, []
    for loss in losses:
        if loss < best * (1 - 1e-4):
            best = loss if best == math.inf else best
            bad = 0
        else:
            bad += 1
        if bad > patience:
            lr, bad = max(lr * factor, min_lr), 0
        rates.append(lr)
    return rates


@mutant("reduce_on_plateau", caught_by="test_the_best_loss_counts", says="than the one before")
def better_than_the_last(losses, lr, factor, patience, min_lr):
    """Compares with the loss before."""
    last, bad, rates = math.inf, 0, []
    for loss in losses:
        bad = 0 if loss < last * (1 - 1e-4) else bad + 1
        last = loss
        if bad > patience:
            lr, bad = max(lr * factor, min_lr), 0
        rates.append(lr)
    return rates


@mutant("reduce_on_plateau", caught_by="test_not_below_the_least_rate", says="never falls below `min_lr`")
def below_the_minimum(losses, lr, factor, patience, min_lr):
    """Asks whether the rate is above the minimum before the drop, not after it."""
    best, bad, rates = math.inf, 0, []
    for loss in losses:
        if loss < best * (1 - 1e-4):
            best, bad = loss, 0
        else:
            bad += 1
        if bad > patience:
            if lr > min_lr:
                lr *= factor
            bad = 0
        rates.append(lr)
    return rates


@mutant("reduce_on_plateau", caught_by="test_after_a_drop", says="It isn't forgotten")
def best_forgotten_at_a_drop(losses, lr, factor, patience, min_lr):
    """Counts from the last drop only: what was best before is forgotten."""
    best, bad, rates = math.inf, 0, []
    for loss in losses:
        if loss < best * (1 - 1e-4):
            best, bad = loss, 0
        else:
            bad += 1
        if bad > patience:
            lr, bad, best = max(lr * factor, min_lr), 0, math.inf
        rates.append(lr)
    return rates


@mutant("reduce_on_plateau", caught_by="test_after_a_drop", says="starts again at zero")
def count_goes_on_after_a_drop(losses, lr, factor, patience, min_lr):
    """Never sets the count back at a drop, so that one drop follows the other."""
    best, bad, rates = math.inf, 0, []
    for loss in losses:
        if loss < best * (1 - 1e-4):
            best, bad = loss, 0
        else:
            bad += 1
        if bad > patience:
            lr = max(lr * factor, min_lr)
        rates.append(lr)
    return rates


@mutant("reduce_on_plateau", caught_by="test_an_improvement_starts_the_count_again", says="sets the count of bad losses back to zero")
def bad_losses_add_up(losses, lr, factor, patience, min_lr):
    """Counts all bad losses since the last drop, also when there were good ones between."""
    best, bad, rates = math.inf, 0, []
    for loss in losses:
        if loss < best * (1 - 1e-4):
            best = loss
        else:
            bad += 1
        if bad > patience:
            lr, bad = max(lr * factor, min_lr), 0
        rates.append(lr)
    return rates


@mutant("reduce_on_plateau", caught_by="test_nan_is_no_improvement", says="NaN is no improvement")
def nan_is_an_improvement(losses, lr, factor, patience, min_lr):
    """Asks whether a loss is bad; NaN isn't, whatever it is compared with."""
    best, bad, rates = math.inf, 0, []
    for loss in losses:
        if loss >= best * (1 - 1e-4):
            bad += 1
        else:
            best, bad = loss, 0
        if bad > patience:
            lr, bad = max(lr * factor, min_lr), 0
        rates.append(lr)
    return rates


@mutant("reduce_on_plateau", caught_by="test_a_hair_is_no_improvement", says="counts as improved only below")
def any_hair_counts(losses, lr, factor, patience, min_lr):
    """Takes the smallest fall for an improvement."""
    best, bad, rates = math.inf, 0, []
    for loss in losses:
        if loss < best:
            best, bad = loss, 0
        else:
            bad += 1
        if bad > patience:
            lr, bad = max(lr * factor, min_lr), 0
        rates.append(lr)
    return rates


@mutant("reduce_on_plateau", caught_by="test_a_hair_is_no_improvement", says="doesn't become the best either")
def best_creeps_down(losses, lr, factor, patience, min_lr):
    """Lets a loss that doesn't count as improved become the best all the same."""
    best, bad, rates = math.inf, 0, []
    for loss in losses:
        bad = 0 if loss < best * (1 - 1e-4) else bad + 1
        if loss < best:
            best = loss
        if bad > patience:
            lr, bad = max(lr * factor, min_lr), 0
        rates.append(lr)
    return rates


# ---------------------------------------------------------------- parameter_groups


@mutant("parameter_groups", caught_by="test_biases_and_norms_do_not_decay", says="the parameters of norms don't decay")
def norms_decayed(model, learning_rate, weight_decay, head_learning_rate=None):
    """Spares the biases only."""
    inner = set(model.parameters() if head_learning_rate is None else model.base_model.parameters())
    groups = {}
    for name, p in model.named_parameters():
        if p.requires_grad:
            rate = learning_rate if p in inner else head_learning_rate
            groups.setdefault((rate, 0.0 if "bias" in name.split(".")[-1] else weight_decay), []).append(p)
    return [{"params": ps, "lr": rate, "weight_decay": decay} for (rate, decay), ps in groups.items()]


@mutant("parameter_groups", caught_by="test_biases_and_norms_do_not_decay", says="Biases are few")
def biases_decayed(model, learning_rate, weight_decay, head_learning_rate=None):
    """Spares the norms only."""
    inner = set(model.parameters() if head_learning_rate is None else model.base_model.parameters())
    spared = {p for m in model.modules() if "Norm" in type(m).__name__ for p in m.parameters(recurse=False)}
    groups = {}
    for p in model.parameters():
        if p.requires_grad:
            rate = learning_rate if p in inner else head_learning_rate
            groups.setdefault((rate, 0.0 if p in spared else weight_decay), []).append(p)
    return [{"params": ps, "lr": rate, "weight_decay": decay} for (rate, decay), ps in groups.items()]


@mutant("parameter_groups", caught_by="test_norms_by_any_name", says="A norm's attribute may have any name")
def by_the_name_layer_norm(model, learning_rate, weight_decay, head_learning_rate=None):
    """Knows norms by the name that BERT gives them."""
    inner = set(model.parameters() if head_learning_rate is None else model.base_model.parameters())
    groups = {}
    for name, p in model.named_parameters():
        if p.requires_grad:
            rate = learning_rate if p in inner else head_learning_rate
            spared = "LayerNorm" in name or "bias" in name.split(".")[-1]
            groups.setdefault((rate, 0.0 if spared else weight_decay), []).append(p)
    return [{"params": ps, "lr": rate, "weight_decay": decay} for (rate, decay), ps in groups.items()]


@mutant("parameter_groups", caught_by="test_norms_by_any_name", says="A norm's attribute may have any name")
def torch_layer_norm_only(model, learning_rate, weight_decay, head_learning_rate=None):
    """Asks for nn.LayerNorm and knows no other norm."""
    inner = set(model.parameters() if head_learning_rate is None else model.base_model.parameters())
    norms = {p for m in model.modules() if isinstance(m, nn.LayerNorm) for p in m.parameters()}
    groups = {}
    for name, p in model.named_parameters():
        if p.requires_grad:
            rate = learning_rate if p in inner else head_learning_rate
            spared = p in norms or "bias" in name.split(".")[-1]
            groups.setdefault((rate, 0.0 if spared else weight_decay), []).append(p)
    return [{"params": ps, "lr": rate, "weight_decay": decay} for (rate, decay), ps in groups.items()]


@mutant("parameter_groups", caught_by="test_what_only_sounds_like_a_norm_or_a_bias", says="It is an ordinary weight")
def anything_that_says_norm_or_bias(model, learning_rate, weight_decay, head_learning_rate=None):
    """Spares whatever has norm or bias anywhere in its name."""
    inner = set(model.parameters() if head_learning_rate is None else model.base_model.parameters())
    norms = {p for m in model.modules() if "Norm" in type(m).__name__ for p in m.parameters(recurse=False)}
    groups = {}
    for name, p in model.named_parameters():
        if p.requires_grad:
            rate = learning_rate if p in inner else head_learning_rate
            spared = p in norms or "bias" in name or "norm" in name.lower()
            groups.setdefault((rate, 0.0 if spared else weight_decay), []).append(p)
    return [{"params": ps, "lr": rate, "weight_decay": decay} for (rate, decay), ps in groups.items()]


@mutant("parameter_groups", caught_by="test_what_only_sounds_like_a_norm_or_a_bias", says="It is an ordinary weight")
def everything_inside_a_norm(model, learning_rate, weight_decay, head_learning_rate=None):
    """Spares all that lies below a module named after a norm, whatever else it holds."""
    inner = set(model.parameters() if head_learning_rate is None else model.base_model.parameters())
    norms = {p for m in model.modules() if "Norm" in type(m).__name__ for p in m.parameters()}
    groups = {}
    for name, p in model.named_parameters():
        if p.requires_grad:
            rate = learning_rate if p in inner else head_learning_rate
            spared = p in norms or "bias" in name.split(".")[-1]
            groups.setdefault((rate, 0.0 if spared else weight_decay), []).append(p)
    return [{"params": ps, "lr": rate, "weight_decay": decay} for (rate, decay), ps in groups.items()]


@mutant("parameter_groups", caught_by="test_biases_by_their_longer_names", says="Not every bias is called just that")
def biases_called_just_bias(model, learning_rate, weight_decay, head_learning_rate=None):
    """Knows a bias by the name `bias` alone."""
    inner = set(model.parameters() if head_learning_rate is None else model.base_model.parameters())
    norms = {p for m in model.modules() if "Norm" in type(m).__name__ for p in m.parameters(recurse=False)}
    groups = {}
    for name, p in model.named_parameters():
        if p.requires_grad:
            rate = learning_rate if p in inner else head_learning_rate
            spared = p in norms or name.split(".")[-1] == "bias"
            groups.setdefault((rate, 0.0 if spared else weight_decay), []).append(p)
    return [{"params": ps, "lr": rate, "weight_decay": decay} for (rate, decay), ps in groups.items()]


@mutant("parameter_groups", caught_by="test_groups_that_an_optimizer_takes", says="more than once")
def head_twice(model, learning_rate, weight_decay, head_learning_rate=None):
    """Adds groups for the head without taking it out of the others."""
    norms = {p for m in model.modules() if "Norm" in type(m).__name__ for p in m.parameters(recurse=False)}

    def sort(pairs, rate):
        groups = {}
        for name, p in pairs:
            if p.requires_grad:
                spared = p in norms or "bias" in name.split(".")[-1]
                groups.setdefault(0.0 if spared else weight_decay, []).append(p)
        return [{"params": ps, "lr": rate, "weight_decay": decay} for decay, ps in groups.items()]

    groups = sort(model.named_parameters(), learning_rate)
    if head_learning_rate is not None:
        inner = set(model.base_model.parameters())
        groups += sort([(n, p) for n, p in model.named_parameters() if p not in inner], head_learning_rate)
    return groups


@mutant("parameter_groups", caught_by="test_frozen_parameters_are_left_out", says="which is frozen")
def frozen_included(model, learning_rate, weight_decay, head_learning_rate=None):
    """Doesn't ask whether a parameter learns."""
    inner = set(model.parameters() if head_learning_rate is None else model.base_model.parameters())
    norms = {p for m in model.modules() if "Norm" in type(m).__name__ for p in m.parameters(recurse=False)}
    groups = {}
    for name, p in model.named_parameters():
        rate = learning_rate if p in inner else head_learning_rate
        spared = p in norms or "bias" in name.split(".")[-1]
        groups.setdefault((rate, 0.0 if spared else weight_decay), []).append(p)
    return [{"params": ps, "lr": rate, "weight_decay": decay} for (rate, decay), ps in groups.items()]


@mutant("parameter_groups", caught_by="test_frozen_parameters_are_left_out", says="a group without parameters")
def empty_groups(model, learning_rate, weight_decay, head_learning_rate=None):
    """Makes its four groups, whether or not there is anything to put in."""
    head_learning_rate = learning_rate if head_learning_rate is None else head_learning_rate
    inner = set(model.base_model.parameters()) if hasattr(model, "base_model") else set(model.parameters())
    norms = {p for m in model.modules() if "Norm" in type(m).__name__ for p in m.parameters(recurse=False)}
    groups = {(rate, spared): [] for rate in (learning_rate, head_learning_rate) for spared in (True, False)}
    for name, p in model.named_parameters():
        if p.requires_grad:
            rate = learning_rate if p in inner else head_learning_rate
            groups[rate, p in norms or "bias" in name.split(".")[-1]].append(p)
    return [{"params": ps, "lr": rate, "weight_decay": 0.0 if spared else weight_decay} for (rate, spared), ps in groups.items()]


@mutant("parameter_groups", caught_by="test_the_head_has_a_rate_of_its_own", says="It lies inside of `model.base_model`")
def pooler_to_the_head(model, learning_rate, weight_decay, head_learning_rate=None):
    """Counts everything but embeddings and layers to the head."""
    norms = {p for m in model.modules() if "Norm" in type(m).__name__ for p in m.parameters(recurse=False)}
    groups = {}
    for name, p in model.named_parameters():
        if p.requires_grad:
            head = head_learning_rate is not None and not ("embed" in name or ".layer." in name or ".layers." in name)
            spared = p in norms or "bias" in name.split(".")[-1]
            groups.setdefault((head_learning_rate if head else learning_rate, 0.0 if spared else weight_decay), []).append(p)
    return [{"params": ps, "lr": rate, "weight_decay": decay} for (rate, decay), ps in groups.items()]


@mutant("parameter_groups", caught_by="test_shared_weights_once", says="more than once")
def shared_weights_twice(model, learning_rate, weight_decay, head_learning_rate=None):
    """Goes through the modules one by one, and meets a shared weight in two of them."""
    inner = {id(p) for p in (model if head_learning_rate is None else model.base_model).parameters()}
    groups = {}
    for module in model.modules():
        for name, p in module.named_parameters(recurse=False):
            if p.requires_grad:
                rate = learning_rate if id(p) in inner else head_learning_rate
                spared = "Norm" in type(module).__name__ or "bias" in name
                groups.setdefault((rate, 0.0 if spared else weight_decay), []).append(p)
    return [{"params": ps, "lr": rate, "weight_decay": decay} for (rate, decay), ps in groups.items()]


@mutant("parameter_groups", caught_by="test_shared_weights_once", says="The base model holds it too")
def shared_weights_to_the_head(model, learning_rate, weight_decay, head_learning_rate=None):
    """Collects the head from its modules, and with it the matrix that it shares with the embeddings."""
    head = set()
    if head_learning_rate is not None:
        head = {p for child in model.children() if child is not model.base_model for p in child.parameters()}
    norms = {p for m in model.modules() if "Norm" in type(m).__name__ for p in m.parameters(recurse=False)}
    groups = {}
    for name, p in model.named_parameters():
        if p.requires_grad:
            rate = head_learning_rate if p in head else learning_rate
            spared = p in norms or "bias" in name.split(".")[-1]
            groups.setdefault((rate, 0.0 if spared else weight_decay), []).append(p)
    return [{"params": ps, "lr": rate, "weight_decay": decay} for (rate, decay), ps in groups.items()]


# ---------------------------------------------------------------- plan_batches


@mutant("plan_batches", caught_by="test_the_ragged_end_counts", says="a shorter one at the end")
def floor_for_ceil(examples, target_batch, device_limit, epochs, warmup_share):
    """Drops the last, shorter batch."""
    if device_limit < 1 or not 0 <= warmup_share <= 1:
        raise ValueError("device_limit or warmup_share")
    micro = max(d for d in range(1, min(target_batch, device_limit) + 1) if target_batch % d == 0)
    per_epoch = max(1, examples // target_batch)
    return BatchPlan(micro, target_batch // micro, epochs, per_epoch, per_epoch * epochs, math.ceil(per_epoch * epochs * warmup_share))


@mutant("plan_batches", caught_by="test_the_ragged_end_counts", says="The optimizer takes one step for every")
def micro_steps_counted(examples, target_batch, device_limit, epochs, warmup_share):
    """Takes every micro-batch for a step of the optimizer."""
    if device_limit < 1 or not 0 <= warmup_share <= 1:
        raise ValueError("device_limit or warmup_share")
    micro = max(d for d in range(1, min(target_batch, device_limit) + 1) if target_batch % d == 0)
    per_epoch = math.ceil(examples / micro)
    return BatchPlan(micro, target_batch // micro, epochs, per_epoch, per_epoch * epochs, math.ceil(per_epoch * epochs * warmup_share))


@mutant("plan_batches", caught_by="test_the_ragged_end_counts", says="Each epoch has its own ragged end")
def one_long_epoch(examples, target_batch, device_limit, epochs, warmup_share):
    """Rounds once, over all epochs, as if batches went on from one epoch into the next."""
    if device_limit < 1 or not 0 <= warmup_share <= 1:
        raise ValueError("device_limit or warmup_share")
    micro = max(d for d in range(1, min(target_batch, device_limit) + 1) if target_batch % d == 0)
    per_epoch, total = math.ceil(examples / target_batch), math.ceil(examples * epochs / target_batch)
    return BatchPlan(micro, target_batch // micro, epochs, per_epoch, total, math.ceil(total * warmup_share))


@mutant("plan_batches", caught_by="test_the_effective_batch_is_the_target", says="an effective batch of")
def effective_batch_above_the_target(examples, target_batch, device_limit, epochs, warmup_share):
    """Fills the device, and rounds the accumulation up."""
    if device_limit < 1 or not 0 <= warmup_share <= 1:
        raise ValueError("device_limit or warmup_share")
    micro = min(target_batch, device_limit)
    accumulation = math.ceil(target_batch / micro)
    per_epoch = math.ceil(examples / target_batch)
    return BatchPlan(micro, accumulation, epochs, per_epoch, per_epoch * epochs, math.ceil(per_epoch * epochs * warmup_share))


@mutant("plan_batches", caught_by="test_the_largest_micro_batch_that_divides", says="there is a larger one")
def powers_of_two_only(examples, target_batch, device_limit, epochs, warmup_share):
    """Halves the target until it fits, or goes on with odd numbers one by one."""
    if device_limit < 1 or not 0 <= warmup_share <= 1:
        raise ValueError("device_limit or warmup_share")
    micro = target_batch
    while micro > device_limit:
        micro = micro // 2 if micro % 2 == 0 else 1
    per_epoch = math.ceil(examples / target_batch)
    return BatchPlan(micro, target_batch // micro, epochs, per_epoch, per_epoch * epochs, math.ceil(per_epoch * epochs * warmup_share))


@mutant("plan_batches", caught_by="test_no_accumulation_without_need", says="isn't to be exceeded")
def device_filled_beyond_the_target(examples, target_batch, device_limit, epochs, warmup_share):
    """Takes whatever the device bears when that is more than the target."""
    if device_limit < 1 or not 0 <= warmup_share <= 1:
        raise ValueError("device_limit or warmup_share")
    micro = device_limit if device_limit >= target_batch else max(d for d in range(1, device_limit + 1) if target_batch % d == 0)
    per_epoch = math.ceil(examples / target_batch)
    accumulation = max(1, target_batch // micro)
    return BatchPlan(micro, accumulation, epochs, per_epoch, per_epoch * epochs, math.ceil(per_epoch * epochs * warmup_share))


@mutant("plan_batches", caught_by="test_warm_up_is_a_share_of_all_steps", says="in all epochs")
def warm_up_of_one_epoch(examples, target_batch, device_limit, epochs, warmup_share):
    """Takes the warm-up from the steps of one epoch."""
    if device_limit < 1 or not 0 <= warmup_share <= 1:
        raise ValueError("device_limit or warmup_share")
    micro = max(d for d in range(1, min(target_batch, device_limit) + 1) if target_batch % d == 0)
    per_epoch = math.ceil(examples / target_batch)
    return BatchPlan(micro, target_batch // micro, epochs, per_epoch, per_epoch * epochs, math.ceil(per_epoch * warmup_share))


@mutant(
    "plan_batches", caught_by="test_warm_up_is_a_share_of_all_steps", says="A step that is begun counts whole: the share is rounded up."
)
def warm_up_rounded_down(examples, target_batch, device_limit, epochs, warmup_share):
    """Rounds the warm-up down."""
    if device_limit < 1 or not 0 <= warmup_share <= 1:
        raise ValueError("device_limit or warmup_share")
    micro = max(d for d in range(1, min(target_batch, device_limit) + 1) if target_batch % d == 0)
    per_epoch = math.ceil(examples / target_batch)
    return BatchPlan(micro, target_batch // micro, epochs, per_epoch, per_epoch * epochs, int(per_epoch * epochs * warmup_share))


@mutant("plan_batches", caught_by="test_what_makes_no_plan", says="raised nothing")
def warm_up_in_percent(examples, target_batch, device_limit, epochs, warmup_share):
    """Takes any share, so that 10 makes a warm-up of ten times the run."""
    if device_limit < 1:
        raise ValueError("device_limit")
    micro = max(d for d in range(1, min(target_batch, device_limit) + 1) if target_batch % d == 0)
    per_epoch = math.ceil(examples / target_batch)
    return BatchPlan(micro, target_batch // micro, epochs, per_epoch, per_epoch * epochs, math.ceil(per_epoch * epochs * warmup_share))


# ---------------------------------------------------------------- training_arguments


@mutant("training_arguments", caught_by="test_the_best_epoch_is_kept", says="takes the epoch with the *lowest* F1")
def lowest_f1_wins(plan, output_dir, learning_rate, weight_decay, seed):
    """Treats F1 as if it were a loss."""
    return TrainingArguments(
        output_dir=output_dir, per_device_train_batch_size=plan.micro_batch, gradient_accumulation_steps=plan.accumulation,
        num_train_epochs=plan.epochs, learning_rate=learning_rate, warmup_steps=plan.warmup_steps, weight_decay=weight_decay,
        eval_strategy="epoch", save_strategy="epoch", load_best_model_at_end=True, metric_for_best_model="f1", greater_is_better=False,
        seed=seed, report_to="none",
    )  # fmt: skip


@mutant("training_arguments", caught_by="test_the_best_epoch_is_kept", says="judges epochs by")
def best_by_loss(plan, output_dir, learning_rate, weight_decay, seed):
    """Leaves the metric out, so that the loss decides."""
    return TrainingArguments(
        output_dir=output_dir, per_device_train_batch_size=plan.micro_batch, gradient_accumulation_steps=plan.accumulation,
        num_train_epochs=plan.epochs, learning_rate=learning_rate, warmup_steps=plan.warmup_steps, weight_decay=weight_decay,
        eval_strategy="epoch", save_strategy="epoch", load_best_model_at_end=True, seed=seed, report_to="none",
    )  # fmt: skip


@mutant("training_arguments", caught_by="test_the_best_epoch_is_kept", says="ends with the model of the last epoch")
def last_epoch_wins(plan, output_dir, learning_rate, weight_decay, seed):
    """Names a metric, and never asks for the best model back."""
    return TrainingArguments(
        output_dir=output_dir, per_device_train_batch_size=plan.micro_batch, gradient_accumulation_steps=plan.accumulation,
        num_train_epochs=plan.epochs, learning_rate=learning_rate, warmup_steps=plan.warmup_steps, weight_decay=weight_decay,
        eval_strategy="epoch", save_strategy="epoch", metric_for_best_model="f1", seed=seed, report_to="none",
    )  # fmt: skip


@mutant("training_arguments", caught_by="test_looked_at_after_each_epoch", says="nobody can say which epoch was best")
def never_evaluated(plan, output_dir, learning_rate, weight_decay, seed):
    """Saves after each epoch, and never evaluates: transformers' default."""
    return TrainingArguments(
        output_dir=output_dir, per_device_train_batch_size=plan.micro_batch, gradient_accumulation_steps=plan.accumulation,
        num_train_epochs=plan.epochs, learning_rate=learning_rate, warmup_steps=plan.warmup_steps, weight_decay=weight_decay,
        save_strategy="epoch", metric_for_best_model="f1", greater_is_better=True, seed=seed, report_to="none",
    )  # fmt: skip


@mutant("training_arguments", caught_by="test_looked_at_after_each_epoch", says="nobody can say which epoch was best")
def evaluated_every_500_steps(plan, output_dir, learning_rate, weight_decay, seed):
    """Evaluates by steps, as many as the library's default, which a short run never makes."""
    return TrainingArguments(
        output_dir=output_dir, per_device_train_batch_size=plan.micro_batch, gradient_accumulation_steps=plan.accumulation,
        num_train_epochs=plan.epochs, learning_rate=learning_rate, warmup_steps=plan.warmup_steps, weight_decay=weight_decay,
        eval_strategy="steps", save_strategy="steps", load_best_model_at_end=True, metric_for_best_model="f1", seed=seed, report_to="none",
    )  # fmt: skip


@mutant("training_arguments", caught_by="test_warm_up_and_decay_as_planned", says="warms up for 0")
def warm_up_lost(plan, output_dir, learning_rate, weight_decay, seed):
    """Forgets the warm-up."""
    return TrainingArguments(
        output_dir=output_dir, per_device_train_batch_size=plan.micro_batch, gradient_accumulation_steps=plan.accumulation,
        num_train_epochs=plan.epochs, learning_rate=learning_rate, weight_decay=weight_decay,
        eval_strategy="epoch", save_strategy="epoch", load_best_model_at_end=True, metric_for_best_model="f1", seed=seed, report_to="none",
    )  # fmt: skip


@mutant("training_arguments", caught_by="test_batches_as_planned", says="doesn't come from the plan")
def accumulation_lost(plan, output_dir, learning_rate, weight_decay, seed):
    """Passes the micro-batch alone."""
    return TrainingArguments(
        output_dir=output_dir, per_device_train_batch_size=plan.micro_batch,
        num_train_epochs=plan.epochs, learning_rate=learning_rate, warmup_steps=plan.warmup_steps, weight_decay=weight_decay,
        eval_strategy="epoch", save_strategy="epoch", load_best_model_at_end=True, metric_for_best_model="f1", seed=seed, report_to="none",
    )  # fmt: skip


@mutant("training_arguments", caught_by="test_batches_as_planned", says="what fits: `micro_batch`")
def whole_batch_at_once(plan, output_dir, learning_rate, weight_decay, seed):
    """Puts the whole target batch on the device."""
    return TrainingArguments(
        output_dir=output_dir, per_device_train_batch_size=plan.micro_batch * plan.accumulation,
        num_train_epochs=plan.epochs, learning_rate=learning_rate, warmup_steps=plan.warmup_steps, weight_decay=weight_decay,
        eval_strategy="epoch", save_strategy="epoch", load_best_model_at_end=True, metric_for_best_model="f1", seed=seed, report_to="none",
    )  # fmt: skip


@mutant("training_arguments", caught_by="test_length_as_planned", says="makes a run of")
def one_epoch(plan, output_dir, learning_rate, weight_decay, seed):
    """Takes the steps of one epoch for those of the run."""
    return TrainingArguments(
        output_dir=output_dir, per_device_train_batch_size=plan.micro_batch, gradient_accumulation_steps=plan.accumulation,
        max_steps=plan.steps_per_epoch, learning_rate=learning_rate, warmup_steps=plan.warmup_steps, weight_decay=weight_decay,
        eval_strategy="epoch", save_strategy="epoch", load_best_model_at_end=True, metric_for_best_model="f1", seed=seed, report_to="none",
    )  # fmt: skip


@mutant("training_arguments", caught_by="test_seed_and_weight_decay", says="so that every run begins alike")
def seed_lost(plan, output_dir, learning_rate, weight_decay, seed):
    """Forgets the seed: transformers takes 42."""
    return TrainingArguments(
        output_dir=output_dir, per_device_train_batch_size=plan.micro_batch, gradient_accumulation_steps=plan.accumulation,
        num_train_epochs=plan.epochs, learning_rate=learning_rate, warmup_steps=plan.warmup_steps, weight_decay=weight_decay,
        eval_strategy="epoch", save_strategy="epoch", load_best_model_at_end=True, metric_for_best_model="f1", report_to="none",
    )  # fmt: skip


@mutant("training_arguments", caught_by="test_nothing_leaves_the_machine", says="reports to wandb")
def reports_to_a_service(plan, output_dir, learning_rate, weight_decay, seed):
    """Reports to a service, as many examples on the web do."""
    return TrainingArguments(
        output_dir=output_dir, per_device_train_batch_size=plan.micro_batch, gradient_accumulation_steps=plan.accumulation,
        num_train_epochs=plan.epochs, learning_rate=learning_rate, warmup_steps=plan.warmup_steps, weight_decay=weight_decay,
        eval_strategy="epoch", save_strategy="epoch", load_best_model_at_end=True, metric_for_best_model="f1", seed=seed,
        report_to="wandb",
    )  # fmt: skip


@mutant("training_arguments", caught_by="test_nothing_leaves_the_machine", says="even where there is a GPU")
def always_on_the_cpu(plan, output_dir, learning_rate, weight_decay, seed):
    """Writes its own machine into the settings."""
    return TrainingArguments(
        output_dir=output_dir, per_device_train_batch_size=plan.micro_batch, gradient_accumulation_steps=plan.accumulation,
        num_train_epochs=plan.epochs, learning_rate=learning_rate, warmup_steps=plan.warmup_steps, weight_decay=weight_decay,
        eval_strategy="epoch", save_strategy="epoch", load_best_model_at_end=True, metric_for_best_model="f1", seed=seed,
        report_to="none", use_cpu=True,
    )  # fmt: skip


# ---------------------------------------------------------------- suggest_learning_rate


@mutant("suggest_learning_rate", caught_by="test_steepest_place_of_a_clean_curve", says="where the loss is lowest")
def rate_of_the_lowest_loss(losses, rates):
    """Takes the rate at which the loss is lowest, where it is about to diverge."""
    finite = next((i for i, loss in enumerate(losses) if not math.isfinite(loss)), len(losses))
    smooth = [float(np.mean(losses[max(0, i - 5) : min(finite, i + 6)])) for i in range(finite)]
    if finite < 3 or smooth.index(min(smooth)) == 0:
        raise ValueError("losses")
    return rates[smooth.index(min(smooth))]


@mutant("suggest_learning_rate", caught_by="test_a_single_jump_is_noise", says="Are the losses smoothed")
def unsmoothed(losses, rates):
    """Takes slopes of the raw losses."""
    finite = next((i for i, loss in enumerate(losses) if not math.isfinite(loss)), len(losses))
    raw = list(losses[:finite])
    if finite < 3 or raw.index(min(raw)) == 0:
        raise ValueError("losses")
    lowest = raw.index(min(raw))
    return rates[int(np.argmin(np.gradient(raw, np.log(rates[:finite]))[: lowest + 1]))]


@mutant("suggest_learning_rate", caught_by="test_steepest_place_of_a_clean_curve", says="against the logarithm of the rate")
def slope_against_the_rate(losses, rates):
    """Divides by the distance of the rates, not of their logarithms, so that tiny rates win."""
    finite = next((i for i, loss in enumerate(losses) if not math.isfinite(loss)), len(losses))
    smooth = [float(np.mean(losses[max(0, i - 5) : min(finite, i + 6)])) for i in range(finite)]
    if finite < 3 or smooth.index(min(smooth)) == 0:
        raise ValueError("losses")
    lowest = smooth.index(min(smooth))
    return rates[int(np.argmin(np.gradient(smooth, rates[:finite])[: lowest + 1]))]


@mutant("suggest_learning_rate", caught_by="test_nan_ends_the_readings", says="the last one before the loss became NaN")
def last_before_nan(losses, rates):
    """Goes as far as it can: the largest rate at which the loss still was a number."""
    finite = next((i for i, loss in enumerate(losses) if not math.isfinite(loss)), len(losses))
    smooth = [float(np.mean(losses[max(0, i - 5) : min(finite, i + 6)])) for i in range(finite)]
    if finite < 3 or smooth.index(min(smooth)) == 0:
        raise ValueError("losses")
    if finite < len(losses):
        return rates[finite - 1]
    lowest = smooth.index(min(smooth))
    return rates[int(np.argmin(np.gradient(smooth, np.log(rates[:finite]))[: lowest + 1]))]


@mutant("suggest_learning_rate", caught_by="test_nan_ends_the_readings", says="a mean has NaN in it")
def nan_in_the_window(losses, rates):
    """Lets NaN into the means: `argmin` stops at the first NaN that it meets."""
    smooth = np.array([np.mean(losses[max(0, i - 5) : i + 6]) for i in range(len(losses))])
    if len(losses) < 3 or math.isnan(losses[0]) or smooth.argmin() == 0:
        raise ValueError("losses")
    return rates[int(np.argmin(np.gradient(smooth, np.log(rates))[: int(smooth.argmin()) + 1]))]


@mutant("suggest_learning_rate", caught_by="test_what_comes_after_the_lowest_place", says="after the lowest smoothed loss")
def steepest_anywhere(losses, rates):
    """Also looks at the wild ups and downs after the divergence."""
    finite = next((i for i, loss in enumerate(losses) if not math.isfinite(loss)), len(losses))
    smooth = [float(np.mean(losses[max(0, i - 5) : min(finite, i + 6)])) for i in range(finite)]
    if finite < 3 or smooth.index(min(smooth)) == 0:
        raise ValueError("losses")
    return rates[int(np.argmin(np.gradient(smooth, np.log(rates[:finite]))))]


@mutant("suggest_learning_rate", caught_by="test_steepest_place_of_a_clean_curve", says="only what came before")
def smoothed_backwards_only(losses, rates):
    """Averages the last readings only, so that the curve lags behind."""
    finite = next((i for i, loss in enumerate(losses) if not math.isfinite(loss)), len(losses))
    smooth = [float(np.mean(losses[max(0, i - 10) : i + 1])) for i in range(finite)]
    if finite < 3 or smooth.index(min(smooth)) == 0:
        raise ValueError("losses")
    lowest = smooth.index(min(smooth))
    return rates[int(np.argmin(np.gradient(smooth, np.log(rates[:finite]))[: lowest + 1]))]


@mutant("suggest_learning_rate", caught_by="test_a_sweep_that_shows_nothing", says="raised nothing")
def always_an_answer(losses, rates):
    """Gives a rate also when the loss never fell."""
    finite = next((i for i, loss in enumerate(losses) if not math.isfinite(loss)), len(losses))
    smooth = [float(np.mean(losses[max(0, i - 5) : min(finite, i + 6)])) for i in range(finite)]
    if len(smooth) < 3:
        return rates[0]
    lowest = smooth.index(min(smooth))
    return rates[int(np.argmin(np.gradient(smooth, np.log(rates[:finite]))[: lowest + 1]))]
