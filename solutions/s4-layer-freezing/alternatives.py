"""Other right solutions of "What to train"."""

from autograder.authoring import alternative


@alternative("freeze_layers")
def by_names(model, layers):
    """Goes by the names of parameters, each prefix ending in a dot."""
    frozen = ["embeddings."] + [f"encoder.layer.{i}." for i in range(layers)]
    prefix = model.base_model_prefix + "."
    count = 0
    for name, parameter in model.named_parameters():
        is_frozen = any(name.startswith(prefix + start) for start in frozen)
        parameter.requires_grad = not is_frozen
        if not is_frozen:
            count += parameter.numel()
    return count


@alternative("freeze_layers")
def by_tensor_identity(model, layers):
    """Collects the frozen tensors first, then walks over all."""
    frozen = set(model.base_model.embeddings.parameters())
    for i in range(layers):
        frozen |= set(model.base_model.encoder.layer[i].parameters())
    for parameter in model.parameters():
        parameter.requires_grad_(parameter not in frozen)
    return model.num_parameters(only_trainable=True)


@alternative("freeze_layers")
def by_freezing_all_first(model, layers):
    """Freezes everything in the base model below the cut and drops gradients that were left over."""
    for number, layer in enumerate(model.base_model.encoder.layer):
        for parameter in layer.parameters():
            parameter.requires_grad = number >= layers
    below = {id(p) for p in model.base_model.encoder.parameters()} | {id(p) for p in model.base_model.embeddings.parameters()}
    for parameter in model.parameters():
        if id(parameter) not in below:
            parameter.requires_grad = True
    for parameter in model.base_model.embeddings.parameters():
        parameter.requires_grad = False
    for parameter in model.parameters():
        if not parameter.requires_grad:
            parameter.grad = None
    return sum(p.nelement() for p in filter(lambda p: p.requires_grad, model.parameters()))


@alternative("trainable_report")
def by_parsing_names(model):
    """Reads the part off each name; named_parameters gives a shared tensor once, under its first name."""
    import re

    report = {"embeddings": {"total": 0, "trainable": 0}}
    for i in range(len(model.base_model.encoder.layer)):
        report[f"layer.{i}"] = {"total": 0, "trainable": 0}
    lower = {id(p): name for name, p in reversed(list(model.base_model.named_parameters()))}
    for _, p in model.named_parameters():
        name = lower.get(id(p), "")
        layer = re.match(r"encoder\.layer\.(\d+)\.", name)
        if name.startswith("embeddings."):
            part = "embeddings"
        elif layer:
            part = "layer." + layer.group(1)
        elif name.startswith("pooler."):
            part = "pooler"
        else:
            part = "head"
        counts = report.setdefault(part, {"total": 0, "trainable": 0})
        counts["total"] += p.numel()
        counts["trainable"] += p.numel() if p.requires_grad else 0
    return report


@alternative("trainable_report")
def by_subtracting(model):
    """Counts the parts below by their modules, and the head as what remains."""

    def counts(parameters):
        unique = {id(p): p for p in parameters}.values()
        return {"total": sum(p.numel() for p in unique), "trainable": sum(p.numel() * int(p.requires_grad) for p in unique)}

    base = model.base_model
    report = {"embeddings": counts(base.embeddings.parameters())}
    report.update({f"layer.{i}": counts(layer.parameters()) for i, layer in enumerate(base.encoder.layer)})
    if hasattr(base, "pooler") and base.pooler is not None:
        report["pooler"] = counts(base.pooler.parameters())
    whole = counts(model.parameters())
    report["head"] = {key: whole[key] - sum(part[key] for part in report.values()) for key in whole}
    return report


@alternative("gradual_unfreezing")
def by_counting_down(model, epoch, layers_per_epoch):
    """Freezes the base model, then thaws one part after the other until the budget is spent."""
    base = model.base_model
    for p in model.parameters():
        p.requires_grad = True
    for p in base.parameters():
        p.requires_grad = False
    names = ["head"]
    pooler = getattr(base, "pooler", None)
    if pooler is not None:
        pooler.requires_grad_(True)
        names.append("pooler")
    budget = epoch * layers_per_epoch
    index = len(base.encoder.layer) - 1
    while budget > 0 and index >= 0:
        base.encoder.layer[index].requires_grad_(True)
        names.append(f"layer.{index}")
        index -= 1
        budget -= 1
    if budget > 0:
        base.embeddings.requires_grad_(True)
        names.append("embeddings")
    return names


@alternative("gradual_unfreezing")
def by_the_first_layer_that_learns(model, epoch, layers_per_epoch):
    """Works out the lowest trained layer, where -1 stands for the embeddings, and compares each part with it."""
    layers = len(model.base_model.encoder.layer)
    lowest = max(layers - epoch * layers_per_epoch, -1)
    trained = []
    for name, parameter in model.named_parameters():
        inner = name.removeprefix(model.base_model_prefix + ".")
        if inner == name:
            depth, part = layers + 1, "head"
        elif inner.startswith("encoder.layer."):
            depth = int(inner.split(".")[2])
            part = f"layer.{depth}"
        elif inner.startswith("embeddings"):
            depth, part = -1, "embeddings"
        else:
            depth, part = layers, "pooler"
        parameter.requires_grad = depth >= lowest
        if depth >= lowest and (depth, part) not in trained:
            trained.append((depth, part))
    return [part for _, part in sorted(trained, reverse=True)]


@alternative("layerwise_learning_rates")
def one_group_per_parameter(model, base_lr, decay):
    """As many groups as there are trainable tensors."""
    if decay <= 0 or decay > 1:
        raise ValueError("decay must lie in (0, 1]")
    top = len(model.base_model.encoder.layer)
    depth = dict.fromkeys(model.base_model.embeddings.parameters(), -1)
    for i, layer in enumerate(model.base_model.encoder.layer):
        depth.update(dict.fromkeys(layer.parameters(), i))
    return [
        {"params": [p], "lr": base_lr * decay ** (top - depth.get(p, top)), "name": name}
        for name, p in model.named_parameters()
        if p.requires_grad
    ]


@alternative("layerwise_learning_rates")
def by_names_and_rates(model, base_lr, decay):
    """Gathers parameters by their rate, from the embeddings up."""
    import re
    from collections import defaultdict

    if not (decay > 0 and decay <= 1):
        raise ValueError("bad decay: " + str(decay))
    n = len(model.base_model.encoder.layer)
    by_steps = defaultdict(list)
    for name, p in model.named_parameters():
        if not p.requires_grad:
            continue
        found = re.search(r"\.encoder\.layer\.(\d+)\.", name)
        steps = n - int(found[1]) if found else n + 1 if ".embeddings." in name else 0
        by_steps[steps].append(p)
    return [dict(params=ps, lr=base_lr * decay**steps) for steps, ps in sorted(by_steps.items(), reverse=True)]


@alternative("layerwise_learning_rates")
def by_multiplying_down(model, base_lr, decay):
    """Walks down with a rate that shrinks at each step."""
    if not 0.0 < decay <= 1.0:
        raise ValueError("decay")
    base = model.base_model
    inner = {id(p) for part in (base.embeddings, base.encoder) for p in part.parameters()}

    def trainable(parameters):
        return [p for p in parameters if p.requires_grad]

    groups = [{"params": trainable(p for p in model.parameters() if id(p) not in inner), "lr": base_lr}]
    lr = base_lr
    for i in range(len(base.encoder.layer) - 1, -1, -1):
        lr *= decay
        groups += [{"params": trainable(base.encoder.layer[i].parameters()), "lr": lr}]
    groups += [{"params": trainable(base.embeddings.parameters()), "lr": lr * decay}]
    return [g for g in groups if len(g["params"]) > 0]
