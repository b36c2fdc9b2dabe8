"""The reference solutions of "What to train"."""


def freeze_layers(model, layers):
    model.requires_grad_(True)
    for part in [model.base_model.embeddings, *model.base_model.encoder.layer[:layers]]:
        part.requires_grad_(False)
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


def trainable_report(model):
    encoder = model.base_model
    modules = {"embeddings": encoder.embeddings}
    for number, layer in enumerate(encoder.encoder.layer):
        modules[f"layer.{number}"] = layer
    if getattr(encoder, "pooler", None) is not None:
        modules["pooler"] = encoder.pooler
    modules["head"] = model

    report, counted = {}, set()
    for name, module in modules.items():
        new = [parameter for parameter in module.parameters() if parameter not in counted]
        counted.update(new)
        report[name] = {
            "total": sum(parameter.numel() for parameter in new),
            "trainable": sum(parameter.numel() for parameter in new if parameter.requires_grad),
        }
    return report


def gradual_unfreezing(model, epoch, layers_per_epoch):
    encoder = model.base_model
    order = [(f"layer.{number}", layer) for number, layer in enumerate(encoder.encoder.layer)]
    order = [*reversed(order), ("embeddings", encoder.embeddings)]
    thawed = order[: epoch * layers_per_epoch]

    model.requires_grad_(True)
    for _, part in order[len(thawed) :]:
        part.requires_grad_(False)
    has_pooler = getattr(encoder, "pooler", None) is not None
    return ["head", *(["pooler"] if has_pooler else []), *(name for name, _ in thawed)]


def layerwise_learning_rates(model, base_lr, decay):
    if not 0 < decay <= 1:
        raise ValueError(f"decay must be more than 0 and at most 1, as 0.9 is; it is {decay}")
    encoder = model.base_model
    below_head = [*reversed(encoder.encoder.layer), encoder.embeddings]

    groups, grouped = [], set()
    for steps, part in enumerate(below_head, start=1):
        parameters = list(part.parameters())
        grouped.update(parameters)
        groups.append({"params": parameters, "lr": base_lr * decay**steps})
    groups.insert(0, {"params": [p for p in model.parameters() if p not in grouped], "lr": base_lr})

    for group in groups:
        group["params"] = [p for p in group["params"] if p.requires_grad]
    return [group for group in groups if group["params"]]
