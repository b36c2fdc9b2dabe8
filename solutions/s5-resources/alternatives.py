"""Other right answers of "Fitting it in"."""

import numpy as np
import torch
from torch import nn

from autograder.authoring import alternative


@alternative("training_hours")
def job_by_job(forward, backward, trainable, tokens, flops_per_second, utilisation):
    """Works out the seconds of each job and adds them up."""
    if not (flops_per_second > 0 and 0 < utilisation <= 1):
        raise ValueError("such a machine isn't there")
    really = utilisation * flops_per_second
    seconds = sum(2 * weights * tokens / really for weights in (forward, backward, trainable))
    return seconds / 60 / 60


@alternative("working_weights")
def with_pre_hooks(model, batch):
    """Looks before each call, and collects rows."""
    rows = []

    def before(layer, given):
        rows.append((layer.weight.numel(), given[0].requires_grad, layer.weight.requires_grad))

    hooks = []
    for module in model.modules():
        if isinstance(module, nn.Linear):
            hooks.append(module.register_forward_pre_hook(before))
    was_on = torch.is_grad_enabled()
    torch.set_grad_enabled(True)
    model(**batch)
    torch.set_grad_enabled(was_on)
    for hook in hooks:
        hook.remove()
    return sum(n for n, _, _ in rows), sum(n for n, below, _ in rows if below), sum(n for n, _, own in rows if own)


@alternative("working_weights")
def with_a_hook_for_all(model, batch):
    """One hook on all modules of torch, for the time of the call."""
    seen = {"forward": 0, "backward": 0, "trainable": 0}

    def hook(module, given, result):
        if isinstance(module, nn.Linear):
            size = module.out_features * module.in_features
            seen["forward"] += size
            seen["backward"] += size if given[0].requires_grad else 0
            seen["trainable"] += size if module.weight.requires_grad else 0

    handle = nn.modules.module.register_module_forward_hook(hook)
    try:
        with torch.set_grad_enabled(True):
            model(**batch)
    finally:
        handle.remove()
    return seen["forward"], seen["backward"], seen["trainable"]


@alternative("training_memory")
def by_hand(config, batch, tokens, dtype, optimizer, trainable):
    """Adds the shapes up, without building anything."""
    if (
        config.model_type not in ("bert", "llama")
        or dtype not in ("float32", "bfloat16")
        or optimizer not in ("adamw", "sgd", "sgd-momentum")
    ):
        raise ValueError("not known")
    h, f, n, v = config.hidden_size, config.intermediate_size, config.num_hidden_layers, config.vocab_size
    if config.model_type == "bert":
        layer = 4 * (h * h + h) + h * f + f + f * h + h + 4 * h
        weights = (
            (v + config.max_position_embeddings + config.type_vocab_size + 2) * h + n * layer + h * h + h + config.num_labels * (h + 1)
        )
        numbers = n * (8 * h + 2 * f) + 2 * h
    else:
        q, k = config.num_attention_heads * config.head_dim, config.num_key_value_heads * config.head_dim
        layer = 2 * h * q + 2 * h * k + 3 * h * f + 2 * h
        if config.attention_bias:
            layer += q + 2 * k + h
        if config.mlp_bias:
            layer += 2 * f + h
        weights = v * h * (1 if config.tie_word_embeddings else 2) + n * layer + h
        numbers = n * (6 * h + 2 * q + 2 * k + 4 * f) + 3 * h + v
    if trainable < 0 or trainable > weights:
        raise ValueError("so many can't be trained")
    size = 2 if dtype == "bfloat16" else 4
    per_trained = {"adamw": 8, "sgd": 0, "sgd-momentum": 4}[optimizer] + (4 if size == 2 else 0)
    mib = 1024 * 1024
    return MemoryPlan(
        weights=weights * size / mib,
        gradients=trainable * size / mib,
        states=trainable * per_trained / mib,
        activations=numbers * batch * tokens * size / mib if trainable > 0 else 0.0,
    )


@alternative("checkpointed")
def folded(layers, x):
    """Folds the layers into each other."""
    import functools

    import torch.utils.checkpoint

    again = functools.partial(torch.utils.checkpoint.checkpoint, use_reentrant=False, preserve_rng_state=True)
    return functools.reduce(lambda value, layer: again(layer, value), layers, x)


@alternative("checkpointed")
def with_named_functions(layers, x):
    """Wraps each layer in a function of its own."""
    from torch.utils import checkpoint as tools

    def run(layer, value):
        return tools.checkpoint(lambda given: layer(given), value, use_reentrant=False)

    for index in range(len(layers)):
        x = run(layers[index], x)
    return x


@alternative("quantize_int8")
def row_by_row(weight):
    """Goes through the rows, and rounds halves up."""
    values = torch.zeros(weight.shape, dtype=torch.int8)
    scales = torch.ones(len(weight))
    with torch.no_grad():
        for row in range(len(weight)):
            top = float(weight[row].abs().max())
            if top == 0:
                continue
            scales[row] = top / 127
            values[row] = torch.floor(weight[row].double() / (top / 127) + 0.5).clamp(min=-127, max=127)
    return values, scales


@alternative("quantize_int8")
def with_numpy(weight):
    """Leaves it to NumPy, in double precision."""
    numbers = weight.detach().numpy().astype(float)
    top = np.abs(numbers).max(axis=1, keepdims=True)
    scale = np.where(top == 0, 1.0, top / 127)
    return torch.from_numpy(np.rint(numbers / scale).astype(np.int8)), torch.from_numpy(scale[:, 0].astype(np.float32))


@alternative("dequantize")
def with_einsum(values, scales):
    """Sums over no axis."""
    return torch.einsum("oi,o->oi", values.to(scales.dtype), scales)


@alternative("dequantize")
def with_a_diagonal(values, scales):
    """Multiplies by a diagonal matrix."""
    return torch.diag(scales) @ values.to(torch.float32)


@alternative("bucket_batches")
def with_large_pieces(lengths, batch_size, seed):
    """Sorts within shuffled pieces of fifty batches, as trainers do."""
    if batch_size <= 0:
        raise ValueError("a batch must hold something")
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(lengths)).tolist()
    piece = 50 * batch_size
    batches = []
    for start in range(0, len(order), piece):
        rows = sorted(order[start : start + piece], key=lengths.__getitem__, reverse=True)
        batches += [rows[i : i + batch_size] for i in range(0, len(rows), batch_size)]
    return [batches[i] for i in rng.permutation(len(batches))]


@alternative("bucket_batches")
def ties_by_chance(lengths, batch_size, seed):
    """Sorts by length, ties at random, with torch's generator."""
    if batch_size < 1:
        raise ValueError("batch_size")
    generator = torch.Generator().manual_seed(seed)
    mixed = torch.randperm(len(lengths), generator=generator).tolist()
    mixed.sort(key=lambda i: lengths[i])
    starts = list(range(0, len(mixed), batch_size))
    return [mixed[starts[b] : starts[b] + batch_size] for b in torch.randperm(len(starts), generator=generator).tolist()]
