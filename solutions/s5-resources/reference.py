"""The reference solutions of "Fitting it in"."""

import random

import torch
from torch import nn


def training_hours(forward, backward, trainable, tokens, flops_per_second, utilisation):
    if flops_per_second <= 0 or not 0 < utilisation <= 1:
        raise ValueError(
            f"a machine of {flops_per_second} operations per second, used to {utilisation}, gets nothing done, or more than it can"
        )
    operations = 2 * (forward + backward + trainable) * tokens
    return float(operations / (flops_per_second * utilisation) / 3600)


def working_weights(model, batch):
    counts = [0, 0, 0]

    def look(layer, inputs, output):
        works = (True, inputs[0].requires_grad, layer.weight.requires_grad)
        for job, there in enumerate(works):
            counts[job] += layer.weight.numel() * there

    hooks = [m.register_forward_hook(look) for m in model.modules() if isinstance(m, nn.Linear)]
    try:
        with torch.enable_grad():
            model(**batch)
    finally:
        for hook in hooks:
            hook.remove()
    return tuple(counts)


def training_memory(config, batch, tokens, dtype, optimizer, trainable):
    from transformers import BertForSequenceClassification, LlamaForCausalLM

    families = {"bert": BertForSequenceClassification, "llama": LlamaForCausalLM}
    averages = {"adamw": 2, "sgd-momentum": 1, "sgd": 0}
    sizes = {"float32": 4, "bfloat16": 2}
    for given, known in ((config.model_type, families), (optimizer, averages), (dtype, sizes)):
        if given not in known:
            raise ValueError(f"{given} isn't among {', '.join(known)}")
    with torch.device("meta"):
        model = families[config.model_type](config)
    total, size = sum(p.numel() for p in model.parameters()), sizes[dtype]
    if not 0 <= trainable <= total:
        raise ValueError(f"{trainable} of {total} weights can't be trained")
    hidden, inner, n = config.hidden_size, config.intermediate_size, config.num_hidden_layers
    if config.model_type == "bert":
        kept = n * (8 * hidden + 2 * inner) + 2 * hidden
    else:
        heads = config.head_dim * (config.num_attention_heads + config.num_key_value_heads)
        kept = n * (6 * hidden + 2 * heads + 4 * inner) + 3 * hidden + config.vocab_size
    copies = averages[optimizer] + (dtype == "bfloat16")
    activations = size * kept * batch * tokens if trainable else 0
    return MemoryPlan(*(count / 2**20 for count in (size * total, size * trainable, 4 * copies * trainable, activations)))


def checkpointed(layers, x):
    from torch.utils.checkpoint import checkpoint

    for layer in layers:
        x = checkpoint(layer, x, use_reentrant=False)
    return x


def quantize_int8(weight):
    weight = weight.detach()
    largest = weight.abs().amax(dim=1)
    scales = torch.where(largest > 0, largest / 127, torch.ones_like(largest))
    values = (weight / scales[:, None]).round().clamp(-127, 127)
    return values.to(torch.int8), scales


def dequantize(values, scales):
    return values.float() * scales[:, None]


def bucket_batches(lengths, batch_size, seed):
    if batch_size < 1:
        raise ValueError(f"batch_size={batch_size}: a batch holds at least one text")
    order = sorted(range(len(lengths)), key=lambda i: lengths[i])
    batches = [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
    random.Random(seed).shuffle(batches)
    return batches
