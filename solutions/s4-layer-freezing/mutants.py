"""Wrong solutions of "What to train", and the misconception behind each."""

from autograder.authoring import mutant

# ---------------------------------------------------------------- freeze_layers


@mutant("freeze_layers", caught_by="test_layer_ten_is_not_layer_one", says="So does the name of layer 10")
def prefix_without_its_dot(model, layers):
    """`layer.1` is also how the name of layer 10 begins."""
    frozen = ["bert.embeddings"] + [f"bert.encoder.layer.{i}" for i in range(layers)]
    for name, parameter in model.named_parameters():
        parameter.requires_grad = not any(name.startswith(f) for f in frozen)
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


@mutant("freeze_layers", caught_by="test_the_first_layers_are_frozen", says="froze the last layers")
def last_layers(model, layers):
    """Freezes the layers nearest to the head."""
    model.requires_grad_(True)
    model.base_model.embeddings.requires_grad_(False)
    for layer in model.base_model.encoder.layer[len(model.base_model.encoder.layer) - layers :]:
        layer.requires_grad_(False)
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


@mutant("freeze_layers", caught_by="test_pooler_and_head_learn", says="froze the head")
def head_frozen(model, layers):
    """Freezes everything, then thaws the upper layers and forgets the head."""
    model.requires_grad_(False)
    for layer in model.base_model.encoder.layer[layers:]:
        layer.requires_grad_(True)
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


@mutant("freeze_layers", caught_by="test_pooler_and_head_learn", says="froze the pooler")
def pooler_frozen(model, layers):
    """Freezes the whole base model, thaws its upper layers, and forgets that the pooler is in it too."""
    model.requires_grad_(True)
    model.base_model.requires_grad_(False)
    for layer in model.base_model.encoder.layer[layers:]:
        layer.requires_grad_(True)
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


@mutant("freeze_layers", caught_by="test_the_embeddings_are_frozen", says="left weights of the embeddings trainable")
def embeddings_left_out(model, layers):
    """Freezes layers only."""
    model.requires_grad_(True)
    for layer in model.base_model.encoder.layer[:layers]:
        layer.requires_grad_(False)
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


@mutant("freeze_layers", caught_by="test_what_was_frozen_before_learns_again", says="set `requires_grad` both ways")
def never_unfreezes(model, layers):
    """Takes for granted that everything is trainable at first."""
    for part in [model.base_model.embeddings, *model.base_model.encoder.layer[:layers]]:
        part.requires_grad_(False)
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


@mutant("freeze_layers", caught_by="test_the_number_of_trainable_parameters", says="the number of all parameters")
def counts_everything(model, layers):
    """Counts frozen parameters too."""
    model.requires_grad_(True)
    for part in [model.base_model.embeddings, *model.base_model.encoder.layer[:layers]]:
        part.requires_grad_(False)
    return sum(p.numel() for p in model.parameters())


@mutant("freeze_layers", caught_by="test_the_number_of_trainable_parameters", says="a number of tensors")
def counts_tensors(model, layers):
    """Takes a weight matrix for one parameter."""
    model.requires_grad_(True)
    for part in [model.base_model.embeddings, *model.base_model.encoder.layer[:layers]]:
        part.requires_grad_(False)
    return len([p for p in model.parameters() if p.requires_grad])


@mutant("freeze_layers", caught_by="test_the_number_of_trainable_parameters", says="the number of frozen parameters")
def counts_the_frozen(model, layers):
    """Counts what it froze."""
    model.requires_grad_(True)
    count = 0
    for part in [model.base_model.embeddings, *model.base_model.encoder.layer[:layers]]:
        for p in part.parameters():
            p.requires_grad = False
            count += p.numel()
    return count


@mutant("freeze_layers", caught_by="test_a_step_of_adamw", says="weight decay shrinks a weight whose gradient is zero")
def zeroes_gradients(model, layers):
    """Sets gradients to zero, which leaves weight decay at work."""
    frozen = [p for part in [model.base_model.embeddings, *model.base_model.encoder.layer[:layers]] for p in part.parameters()]
    for p in frozen:
        p.register_hook(torch.zeros_like)
    return sum(p.numel() for p in model.parameters()) - sum(p.numel() for p in frozen)


@mutant("freeze_layers", caught_by="test_the_first_layers_are_frozen", says="setting an attribute of that name on a module")
def flag_on_the_module(model, layers):
    """`requires_grad` is set on modules, where it means nothing."""
    for part in [model.base_model.embeddings, *model.base_model.encoder.layer[:layers]]:
        part.requires_grad = False
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


@mutant("freeze_layers", caught_by="test_nothing_else_changes", says="freezes nothing")
def evaluation_mode_too(model, layers):
    """Takes evaluation mode for a part of freezing."""
    model.requires_grad_(True)
    for part in [model.base_model.embeddings, *model.base_model.encoder.layer[:layers]]:
        part.requires_grad_(False)
        part.eval()
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


@mutant("freeze_layers", caught_by="test_layer_ten_is_not_layer_one", says="Layers are counted from 0")
def counts_layers_from_one(model, layers):
    """Takes layer 1 for the first."""
    model.requires_grad_(True)
    model.base_model.embeddings.requires_grad_(False)
    for number, layer in enumerate(model.base_model.encoder.layer):
        if 1 <= number <= layers:
            layer.requires_grad_(False)
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


@mutant("freeze_layers", caught_by="test_other_models_of_the_family", says="`model.base_model` finds the encoder")
def only_bert(model, layers):
    """The encoder is called `bert` in every model."""
    model.requires_grad_(True)
    for part in [model.bert.embeddings, *model.bert.encoder.layer[:layers]]:
        part.requires_grad_(False)
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


# ---------------------------------------------------------------- trainable_report


@mutant("trainable_report", caught_by="test_shared_weights_count_once", says="The shared weight is counted twice")
def tied_weights_twice(model):
    """Counts part by part, so that a shared weight is in two."""
    base = model.base_model
    modules = {"embeddings": [base.embeddings], **{f"layer.{i}": [layer] for i, layer in enumerate(base.encoder.layer)}}
    if getattr(base, "pooler", None) is not None:
        modules["pooler"] = [base.pooler]
    modules["head"] = [module for module in model.children() if module is not base]
    report = {}
    for name, found in modules.items():
        parameters = [p for module in found for p in module.parameters()]
        report[name] = {"total": sum(p.numel() for p in parameters), "trainable": sum(p.numel() for p in parameters if p.requires_grad)}
    return report


@mutant("trainable_report", caught_by="test_buffers_are_no_parameters", says="Are the buffers counted?")
def buffers_counted(model):
    """Counts what `state_dict` holds."""
    base = model.base_model
    modules = {"embeddings": base.embeddings, **{f"layer.{i}": layer for i, layer in enumerate(base.encoder.layer)}}
    if getattr(base, "pooler", None) is not None:
        modules["pooler"] = base.pooler
    modules["head"] = model
    report, seen = {}, set()
    for name, module in modules.items():
        new = {k: t for k, t in module.state_dict(keep_vars=True).items() if id(t) not in seen}
        new = {id(t): t for t in new.values()}
        seen |= set(new)
        report[name] = {
            "total": sum(t.numel() for t in new.values()),
            "trainable": sum(t.numel() for t in new.values() if t.requires_grad),
        }
    return report


@mutant("trainable_report", caught_by="test_totals", says="which is a number of tensors")
def tensors_for_elements(model):
    """Takes a tensor for one parameter."""
    base = model.base_model
    modules = {"embeddings": base.embeddings, **{f"layer.{i}": layer for i, layer in enumerate(base.encoder.layer)}}
    if getattr(base, "pooler", None) is not None:
        modules["pooler"] = base.pooler
    modules["head"] = model
    report, seen = {}, set()
    for name, module in modules.items():
        new = [p for p in module.parameters() if p not in seen]
        seen |= set(new)
        report[name] = {"total": len(new), "trainable": sum(p.requires_grad for p in new)}
    return report


@mutant("trainable_report", caught_by="test_trainable_parameters", says="only some parameters are frozen")
def all_or_nothing(model):
    """Asks one parameter of a part and takes its word for all."""
    base = model.base_model
    modules = {"embeddings": base.embeddings, **{f"layer.{i}": layer for i, layer in enumerate(base.encoder.layer)}}
    if getattr(base, "pooler", None) is not None:
        modules["pooler"] = base.pooler
    modules["head"] = model
    report, seen = {}, set()
    for name, module in modules.items():
        new = [p for p in module.parameters() if p not in seen]
        seen |= set(new)
        total = sum(p.numel() for p in new)
        report[name] = {"total": total, "trainable": total if new[0].requires_grad else 0}
    return report


@mutant("trainable_report", caught_by="test_totals", says="Frozen parameters are parameters still")
def frozen_ones_forgotten(model):
    """Leaves frozen parameters out of the total."""
    base = model.base_model
    modules = {"embeddings": base.embeddings, **{f"layer.{i}": layer for i, layer in enumerate(base.encoder.layer)}}
    if getattr(base, "pooler", None) is not None:
        modules["pooler"] = base.pooler
    modules["head"] = model
    report, seen = {}, set()
    for name, module in modules.items():
        new = [p for p in module.parameters() if p not in seen]
        seen |= set(new)
        trainable = sum(p.numel() for p in new if p.requires_grad)
        report[name] = {"total": trainable, "trainable": trainable}
    return report


@mutant("trainable_report", caught_by="test_twelve_layers", says="So does that of layer 10")
def layer_one_swallows_ten(model):
    """`layer.1` is also how the name of layer 10 begins."""
    names = ["embeddings", *(f"layer.{i}" for i in range(len(model.base_model.encoder.layer)))]
    if getattr(model.base_model, "pooler", None) is not None:
        names.append("pooler")
    report = {name: {"total": 0, "trainable": 0} for name in [*names, "head"]}
    lower = {id(p): name.removeprefix("encoder.") for name, p in model.base_model.named_parameters()}
    for p in model.parameters():
        part = next((name for name in names if lower.get(id(p), "").startswith(name)), "head")
        report[part]["total"] += p.numel()
        report[part]["trainable"] += p.numel() if p.requires_grad else 0
    return report


@mutant("trainable_report", caught_by="test_models_without_a_pooler", says="gave an entry 'pooler'")
def pooler_of_nothing(model):
    """Reports a pooler of 0 parameters where there is none."""
    base = model.base_model
    pooler = getattr(base, "pooler", None)
    parts = {"embeddings": list(base.embeddings.parameters())}
    parts |= {f"layer.{i}": list(layer.parameters()) for i, layer in enumerate(base.encoder.layer)}
    parts["pooler"] = [] if pooler is None else list(pooler.parameters())
    below = {p for parameters in parts.values() for p in parameters}
    parts["head"] = [p for p in model.parameters() if p not in below]
    return {
        name: {"total": sum(p.numel() for p in found), "trainable": sum(p.numel() for p in found if p.requires_grad)}
        for name, found in parts.items()
    }


@mutant("trainable_report", caught_by="test_the_model_is_left_alone", says="sets no `requires_grad`")
def thaws_to_count(model):
    """Makes everything trainable on the way."""
    base = model.base_model
    modules = {"embeddings": base.embeddings, **{f"layer.{i}": layer for i, layer in enumerate(base.encoder.layer)}}
    if getattr(base, "pooler", None) is not None:
        modules["pooler"] = base.pooler
    modules["head"] = model
    report, seen = {}, set()
    for name, module in modules.items():
        new = [p for p in module.parameters() if p not in seen]
        seen |= set(new)
        trainable = sum(p.numel() for p in new if p.requires_grad)
        module.requires_grad_(True)
        report[name] = {"total": sum(p.numel() for p in module.parameters() if p in set(new)), "trainable": trainable}
    return report


# ---------------------------------------------------------------- gradual_unfreezing


@mutant("gradual_unfreezing", caught_by="test_layers_thaw_from_the_top", says="thawing goes from the head down")
def from_the_bottom_up(model, epoch, layers_per_epoch):
    """Thaws the embeddings first, then layer 0 and upwards."""
    base = model.base_model
    order = [("embeddings", base.embeddings), *((f"layer.{i}", layer) for i, layer in enumerate(base.encoder.layer))]
    n = epoch * layers_per_epoch
    model.requires_grad_(True)
    for _, part in order[n:]:
        part.requires_grad_(False)
    pooler = ["pooler"] if getattr(base, "pooler", None) is not None else []
    return ["head", *pooler, *(name for name, _ in order[:n])]


@mutant("gradual_unfreezing", caught_by="test_epoch_zero_trains_the_head_alone", says="Epochs count from 0")
def one_epoch_early(model, epoch, layers_per_epoch):
    """Counts epochs from 1."""
    base = model.base_model
    order = [*reversed([(f"layer.{i}", layer) for i, layer in enumerate(base.encoder.layer)]), ("embeddings", base.embeddings)]
    n = (epoch + 1) * layers_per_epoch
    model.requires_grad_(True)
    for _, part in order[n:]:
        part.requires_grad_(False)
    pooler = ["pooler"] if getattr(base, "pooler", None) is not None else []
    return ["head", *pooler, *(name for name, _ in order[:n])]


@mutant("gradual_unfreezing", caught_by="test_layers_thaw_from_the_top", says="What is thawed once stays so")
def loses_the_head(model, epoch, layers_per_epoch):
    """Each epoch trains its own part only: after epoch 0 the head rests."""
    base = model.base_model
    order = [*reversed([(f"layer.{i}", layer) for i, layer in enumerate(base.encoder.layer)]), ("embeddings", base.embeddings)]
    pooler = ["pooler"] if getattr(base, "pooler", None) is not None else []
    if epoch == 0:
        model.requires_grad_(True)
        for _, part in order:
            part.requires_grad_(False)
        return ["head", *pooler]
    model.requires_grad_(False)
    chosen = order[: epoch * layers_per_epoch]
    for _, part in chosen:
        part.requires_grad_(True)
    return [name for name, _ in chosen]


@mutant("gradual_unfreezing", caught_by="test_layers_thaw_from_the_top", says="and keeps those before")
def a_moving_window(model, epoch, layers_per_epoch):
    """Freezes the layers of earlier epochs again."""
    base = model.base_model
    order = [*reversed([(f"layer.{i}", layer) for i, layer in enumerate(base.encoder.layer)]), ("embeddings", base.embeddings)]
    chosen = order[max(epoch - 1, 0) * layers_per_epoch : epoch * layers_per_epoch]
    model.requires_grad_(True)
    for pair in order:
        pair[1].requires_grad_(pair in chosen)
    pooler = ["pooler"] if getattr(base, "pooler", None) is not None else []
    return ["head", *pooler, *(name for name, _ in chosen)]


@mutant("gradual_unfreezing", caught_by="test_the_embeddings_thaw_last", says="their turn comes in epoch 4")
def embeddings_never(model, epoch, layers_per_epoch):
    """Thaws layers only."""
    base = model.base_model
    order = [(f"layer.{i}", layer) for i, layer in enumerate(base.encoder.layer)][::-1]
    n = epoch * layers_per_epoch
    model.requires_grad_(True)
    base.embeddings.requires_grad_(False)
    for _, part in order[n:]:
        part.requires_grad_(False)
    pooler = ["pooler"] if getattr(base, "pooler", None) is not None else []
    return ["head", *pooler, *(name for name, _ in order[:n])]


@mutant("gradual_unfreezing", caught_by="test_the_embeddings_thaw_last", says="their turn comes in epoch 4")
def embeddings_with_layer_zero(model, epoch, layers_per_epoch):
    """Thaws the embeddings together with the lowest layer."""
    base = model.base_model
    order = [(f"layer.{i}", layer) for i, layer in enumerate(base.encoder.layer)][::-1]
    n = epoch * layers_per_epoch
    model.requires_grad_(True)
    for _, part in order[n:]:
        part.requires_grad_(False)
    base.embeddings.requires_grad_(n >= len(order))
    pooler = ["pooler"] if getattr(base, "pooler", None) is not None else []
    return ["head", *pooler, *(name for name, _ in order[:n]), *(["embeddings"] if n >= len(order) else [])]


@mutant("gradual_unfreezing", caught_by="test_epoch_zero_trains_the_head_alone", says="give the whole list when n is 0")
def minus_zero(model, epoch, layers_per_epoch):
    """`parts[-n:]` is everything when n is 0."""
    base = model.base_model
    parts = [("embeddings", base.embeddings), *((f"layer.{i}", layer) for i, layer in enumerate(base.encoder.layer))]
    thawed = parts[-epoch * layers_per_epoch :]
    model.requires_grad_(True)
    base.embeddings.requires_grad_(False)
    base.encoder.requires_grad_(False)
    for _, part in thawed:
        part.requires_grad_(True)
    pooler = ["pooler"] if getattr(base, "pooler", None) is not None else []
    return ["head", *pooler, *(name for name, _ in reversed(thawed))]


@mutant("gradual_unfreezing", caught_by="test_both_ways", says="parts that aren't due yet must be frozen")
def only_thaws(model, epoch, layers_per_epoch):
    """Takes for granted that everything is frozen at first."""
    base = model.base_model
    order = [*reversed([(f"layer.{i}", layer) for i, layer in enumerate(base.encoder.layer)]), ("embeddings", base.embeddings)]
    chosen = order[: epoch * layers_per_epoch]
    for _, part in chosen:
        part.requires_grad_(True)
    pooler = ["pooler"] if getattr(base, "pooler", None) is not None else []
    return ["head", *pooler, *(name for name, _ in chosen)]


@mutant("gradual_unfreezing", caught_by="test_epoch_zero_trains_the_head_alone", says="the pooler counts with it")
def pooler_forgotten(model, epoch, layers_per_epoch):
    """Freezes the whole base model, and forgets that the pooler is in it."""
    base = model.base_model
    order = [*reversed([(f"layer.{i}", layer) for i, layer in enumerate(base.encoder.layer)]), ("embeddings", base.embeddings)]
    model.requires_grad_(True)
    base.requires_grad_(False)
    chosen = order[: epoch * layers_per_epoch]
    for _, part in chosen:
        part.requires_grad_(True)
    return ["head", *(name for name, _ in chosen)]


@mutant("gradual_unfreezing", caught_by="test_several_layers_per_epoch", says="adds `layers_per_epoch` layers")
def one_layer_per_epoch(model, epoch, layers_per_epoch):
    """Thaws one layer per epoch, whatever was asked for."""
    base = model.base_model
    order = [*reversed([(f"layer.{i}", layer) for i, layer in enumerate(base.encoder.layer)]), ("embeddings", base.embeddings)]
    model.requires_grad_(True)
    for _, part in order[epoch:]:
        part.requires_grad_(False)
    pooler = ["pooler"] if getattr(base, "pooler", None) is not None else []
    return ["head", *pooler, *(name for name, _ in order[:epoch])]


@mutant("gradual_unfreezing", caught_by="test_after_the_last_thaw", says="more layers are due than there are")
def runs_out_of_layers(model, epoch, layers_per_epoch):
    """Reaches for layers beyond the last."""
    base = model.base_model
    order = [*reversed([(f"layer.{i}", layer) for i, layer in enumerate(base.encoder.layer)]), ("embeddings", base.embeddings)]
    model.requires_grad_(True)
    for _, part in order:
        part.requires_grad_(False)
    names = ["head"] + (["pooler"] if getattr(base, "pooler", None) is not None else [])
    for i in range(epoch * layers_per_epoch):
        name, part = order[i]
        part.requires_grad_(True)
        names.append(name)
    return names


@mutant("gradual_unfreezing", caught_by="test_from_the_head_down", says="numbers don't sort as text does")
def sorted_as_text(model, epoch, layers_per_epoch):
    """Sorts the names of layers as text, so that layer.9 comes before layer.11."""
    base = model.base_model
    order = [*reversed([(f"layer.{i}", layer) for i, layer in enumerate(base.encoder.layer)]), ("embeddings", base.embeddings)]
    n = epoch * layers_per_epoch
    model.requires_grad_(True)
    for _, part in order[n:]:
        part.requires_grad_(False)
    pooler = ["pooler"] if getattr(base, "pooler", None) is not None else []
    return ["head", *pooler, *sorted((name for name, _ in order[:n]), reverse=True)]


# ---------------------------------------------------------------- layerwise_learning_rates


@mutant("layerwise_learning_rates", caught_by="test_rates_fall_from_the_head_down", says="Layer 0 is the lowest")
def decay_from_the_wrong_end(model, base_lr, decay):
    """Decays from the embeddings up."""
    if not 0 < decay <= 1:
        raise ValueError("decay")
    base = model.base_model
    parts = [base.embeddings, *base.encoder.layer]
    inner = {p for part in parts for p in part.parameters()}
    groups = [{"params": [p for p in model.parameters() if p not in inner and p.requires_grad], "lr": base_lr}]
    for steps, part in enumerate(parts, start=1):
        groups.append({"params": [p for p in part.parameters() if p.requires_grad], "lr": base_lr * decay**steps})
    return [g for g in groups if g["params"]]


@mutant("layerwise_learning_rates", caught_by="test_embeddings_have_the_smallest_rate", says="gave the embeddings the base rate")
def embeddings_at_the_base_rate(model, base_lr, decay):
    """Whatever is no layer gets the base rate."""
    if not 0 < decay <= 1:
        raise ValueError("decay")
    layers = model.base_model.encoder.layer
    inner = set(layers.parameters())
    groups = [{"params": [p for p in model.parameters() if p not in inner and p.requires_grad], "lr": base_lr}]
    for i, layer in enumerate(layers):
        groups.append({"params": [p for p in layer.parameters() if p.requires_grad], "lr": base_lr * decay ** (len(layers) - i)})
    return [g for g in groups if g["params"]]


@mutant("layerwise_learning_rates", caught_by="test_embeddings_have_the_smallest_rate", says="one step further down")
def embeddings_with_layer_zero(model, base_lr, decay):
    """Gives the embeddings the rate of layer 0."""
    if not 0 < decay <= 1:
        raise ValueError("decay")
    base = model.base_model
    n = len(base.encoder.layer)
    depth = {p: i for i, layer in enumerate(base.encoder.layer) for p in layer.parameters()}
    depth |= dict.fromkeys(base.embeddings.parameters(), 0)
    return [{"params": [p], "lr": base_lr * decay ** (n - depth.get(p, n))} for p in model.parameters() if p.requires_grad]


@mutant("layerwise_learning_rates", caught_by="test_each_parameter_once", says="more than once")
def in_two_groups(model, base_lr, decay):
    """`layer.1` is also how the name of layer 10 begins, so its parameters are in two groups."""
    if not 0 < decay <= 1:
        raise ValueError("decay")
    n = len(model.base_model.encoder.layer)
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    steps = {f".encoder.layer.{i}": n - i for i in range(n)} | {".embeddings": n + 1}
    groups = [{"params": [p for name, p in named if key in name], "lr": base_lr * decay**k} for key, k in steps.items()]
    groups.append({"params": [p for name, p in named if not any(key in name for key in steps)], "lr": base_lr})
    return [g for g in groups if g["params"]]


@mutant("layerwise_learning_rates", caught_by="test_frozen_parameters_are_left_out", says="which is frozen")
def frozen_included(model, base_lr, decay):
    """Puts frozen parameters into groups too."""
    if not 0 < decay <= 1:
        raise ValueError("decay")
    base = model.base_model
    parts = [*reversed(base.encoder.layer), base.embeddings]
    inner = {p for part in parts for p in part.parameters()}
    groups = [{"params": [p for p in model.parameters() if p not in inner], "lr": base_lr}]
    return groups + [{"params": list(part.parameters()), "lr": base_lr * decay**k} for k, part in enumerate(parts, start=1)]


@mutant("layerwise_learning_rates", caught_by="test_frozen_parameters_are_left_out", says="A frozen layer keeps its place")
def frozen_layers_skipped(model, base_lr, decay):
    """Counts steps over the parts that are trained only."""
    if not 0 < decay <= 1:
        raise ValueError("decay")
    base = model.base_model
    parts = [*reversed(base.encoder.layer), base.embeddings]
    inner = {p for part in parts for p in part.parameters()}
    groups = [{"params": [p for p in model.parameters() if p not in inner and p.requires_grad], "lr": base_lr}]
    lr = base_lr
    for part in parts:
        trained = [p for p in part.parameters() if p.requires_grad]
        if trained:
            lr *= decay
            groups.append({"params": trained, "lr": lr})
    return groups


@mutant("layerwise_learning_rates", caught_by="test_rates_fall_from_the_head_down", says="its rate is decayed once")
def top_layer_not_decayed(model, base_lr, decay):
    """Starts to decay one layer too low."""
    if not 0 < decay <= 1:
        raise ValueError("decay")
    base = model.base_model
    parts = [*reversed(base.encoder.layer), base.embeddings]
    inner = {p for part in parts for p in part.parameters()}
    groups = [{"params": [p for p in model.parameters() if p not in inner and p.requires_grad], "lr": base_lr}]
    for k, part in enumerate(parts):
        groups.append({"params": [p for p in part.parameters() if p.requires_grad], "lr": base_lr * decay**k})
    return [g for g in groups if g["params"]]


@mutant("layerwise_learning_rates", caught_by="test_head_and_pooler_at_the_base_rate", says="The pooler counts with the head")
def pooler_decayed(model, base_lr, decay):
    """Takes the pooler for a layer: head, pooler, layers."""
    if not 0 < decay <= 1:
        raise ValueError("decay")
    base = model.base_model
    pooler = [base.pooler] if getattr(base, "pooler", None) is not None else []
    parts = [*pooler, *reversed(base.encoder.layer), base.embeddings]
    inner = {p for part in parts for p in part.parameters()}
    groups = [{"params": [p for p in model.parameters() if p not in inner and p.requires_grad], "lr": base_lr}]
    for k, part in enumerate(parts, start=1):
        groups.append({"params": [p for p in part.parameters() if p.requires_grad], "lr": base_lr * decay**k})
    return [g for g in groups if g["params"]]


@mutant("layerwise_learning_rates", caught_by="test_each_parameter_once", says="left out bert.pooler")
def pooler_forgotten(model, base_lr, decay):
    """Leaves the pooler out, so that it isn't trained."""
    if not 0 < decay <= 1:
        raise ValueError("decay")
    base = model.base_model
    head = [p for name, module in model.named_children() if module is not base for p in module.parameters()]
    groups = [{"params": [p for p in head if p.requires_grad], "lr": base_lr}]
    for k, part in enumerate([*reversed(base.encoder.layer), base.embeddings], start=1):
        groups.append({"params": [p for p in part.parameters() if p.requires_grad], "lr": base_lr * decay**k})
    return [g for g in groups if g["params"]]


@mutant("layerwise_learning_rates", caught_by="test_rates_fall_from_the_head_down", says="multiplies the rate by `decay`, once")
def linear_decay(model, base_lr, decay):
    """Subtracts where it should multiply."""
    if not 0 < decay <= 1:
        raise ValueError("decay")
    base = model.base_model
    parts = [*reversed(base.encoder.layer), base.embeddings]
    inner = {p for part in parts for p in part.parameters()}
    groups = [{"params": [p for p in model.parameters() if p not in inner and p.requires_grad], "lr": base_lr}]
    for k, part in enumerate(parts, start=1):
        rate = base_lr * (1 - (1 - decay) * k / len(parts))
        groups.append({"params": [p for p in part.parameters() if p.requires_grad], "lr": rate})
    return [g for g in groups if g["params"]]


@mutant("layerwise_learning_rates", caught_by="test_groups_that_an_optimizer_takes", says="not their names")
def names_for_parameters(model, base_lr, decay):
    """Lists the names of parameters."""
    if not 0 < decay <= 1:
        raise ValueError("decay")
    base = model.base_model
    n = len(base.encoder.layer)
    depth = {p: i for i, layer in enumerate(base.encoder.layer) for p in layer.parameters()}
    depth |= dict.fromkeys(base.embeddings.parameters(), -1)
    return [{"params": [name], "lr": base_lr * decay ** (n - depth.get(p, n))} for name, p in model.named_parameters() if p.requires_grad]


@mutant("layerwise_learning_rates", caught_by="test_a_decay_that_makes_no_sense", says="raised nothing")
def any_decay(model, base_lr, decay):
    """Takes any decay, such as the divisor 2.6 that Howard and Ruder use."""
    base = model.base_model
    parts = [*reversed(base.encoder.layer), base.embeddings]
    inner = {p for part in parts for p in part.parameters()}
    groups = [{"params": [p for p in model.parameters() if p not in inner and p.requires_grad], "lr": base_lr}]
    for k, part in enumerate(parts, start=1):
        groups.append({"params": [p for p in part.parameters() if p.requires_grad], "lr": base_lr * decay**k})
    return [g for g in groups if g["params"]]
