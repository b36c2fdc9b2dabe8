"""Other right answers of "Fine-tuning a few weights"."""

import torch
from torch import nn

from autograder.authoring import alternative


@alternative("lora_parameters")
def factor_by_factor(shapes, rank):
    """Adds the two factors of each matrix in a loop."""
    total = 0
    for out_features, in_features in shapes:
        a = rank * in_features
        b = out_features * rank
        total += a + b
    return total


@alternative("lora_parameters")
def rank_taken_out(shapes, rank):
    """Adds up all sides and multiplies by the rank once."""
    return rank * sum(map(sum, shapes))


@alternative("LoRALinear")
class WithFunctionalLinear(nn.Module):
    """Uses functional linear and dropout, and draws `a` from a normal distribution."""

    def __init__(self, base, rank, alpha, dropout=0.0):
        if rank < 1:
            raise ValueError("rank")
        nn.Module.__init__(self)
        self.base, self.rank, self.alpha, self.rate = base, rank, alpha, dropout
        for parameter in base.parameters():
            parameter.requires_grad = False
        weight = base.weight
        self.a = nn.Parameter(torch.randn(rank, weight.shape[1]).to(weight) * weight.shape[1] ** -0.5)
        self.b = nn.Parameter(weight.new_zeros(weight.shape[0], rank))

    def forward(self, x):
        down = nn.functional.linear(nn.functional.dropout(x, self.rate, self.training), self.a)
        return self.base(x) + nn.functional.linear(down, self.b) * self.alpha / self.rank


@alternative("LoRALinear")
class UpdateAsAMatrix(nn.Module):
    """Multiplies the factors first, into an update as large as the base's weight."""

    def __init__(self, base, rank, alpha, dropout=0.0):
        super().__init__()
        if not rank > 0:
            raise ValueError("the rank is too small")
        self.base = base
        self.base.weight.requires_grad_(False)
        if self.base.bias is not None:
            self.base.bias.requires_grad_(False)
        self.a = nn.Parameter(torch.rand(rank, base.in_features, dtype=base.weight.dtype) - 0.5)
        self.b = nn.Parameter(torch.zeros_like(base.weight[:, :1]).repeat(1, rank))
        self.drop = torch.nn.Dropout(p=dropout)
        self.scale = alpha / rank

    def forward(self, x):
        update = torch.einsum("or,ri->oi", self.b, self.a) * self.scale
        return self.base(x) + torch.einsum("...i,oi->...o", self.drop(x), update)


@alternative("add_lora")
def by_children(model, targets, wrap):
    """Walks each module's children, and tells by the model's own list of targets that it was here before."""
    if hasattr(model, "lora_targets"):
        raise ValueError("this model has its adapters already")
    base = model.base_model
    found = []
    for name, module in model.named_modules():
        for child_name, child in module.named_children():
            full = f"{name}.{child_name}" if name else child_name
            if full.startswith(model.base_model_prefix + ".") and isinstance(child, nn.Linear) and child_name in targets:
                found.append((full, module, child_name, child))
    missing = set(targets) - {child_name for _, _, child_name, _ in found}
    if missing:
        raise ValueError(f"nothing is called {', '.join(sorted(missing))}")
    in_base = {id(parameter) for parameter in base.parameters()}
    for parameter in model.parameters():
        parameter.requires_grad = id(parameter) not in in_base
    for _, parent, child_name, child in found:
        new = wrap(child)
        new.train(child.training)
        setattr(parent, child_name, new)
    model.lora_targets = list(targets)
    order = [name for name, _ in model.named_modules()]
    return sorted((full for full, *_ in found), key=order.index)


@alternative("add_lora")
def with_set_submodule(model, targets, wrap):
    """Uses `set_submodule`, and keeps the note in the model's configuration."""
    if getattr(model.config, "adapted", False):
        raise ValueError("adapted before")
    below = {id(module) for module in model.base_model.modules()}
    chosen = {
        name: module
        for name, module in model.named_modules()
        if type(module) is nn.Linear and id(module) in below and name.split(".")[-1] in targets
    }
    for target in targets:
        if target not in {name.split(".")[-1] for name in chosen}:
            raise ValueError(f"target {target} isn't there")
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(not name.startswith(f"{model.base_model_prefix}."))
    for name, module in chosen.items():
        mode = module.training
        replacement = wrap(module)
        model.set_submodule(name, replacement.train() if mode else replacement.eval())
    model.config.adapted = True
    return [*chosen]


@alternative("merged_weight")
def rank_by_rank(base, a, b, alpha, rank):
    """Adds one outer product after the other."""
    if len(a) != rank or b.shape[-1] != rank:
        raise ValueError("the rank isn't that of the factors")
    merged = base.clone()
    for row, column in zip(a, b.T, strict=True):
        merged += alpha / rank * torch.outer(column, row)
    return merged


@alternative("merged_weight")
def with_addmm(base, a, b, alpha, rank):
    """Leaves all of it to one library call."""
    if {a.size(0), b.size(1)} != {rank}:
        raise ValueError(f"rank={rank}")
    return torch.addmm(base, b, a, alpha=alpha / rank)


@alternative("lora_config")
def from_a_dictionary(model, rank, alpha, targets, dropout=0.0):
    """Has peft make the configuration of a dictionary, and asks transformers for the kinds of models."""
    from peft import get_peft_config
    from transformers.models.auto.modeling_auto import (
        MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
        MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES,
    )

    kind = type(model).__name__
    tasks = {"SEQ_CLS": MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES, "CAUSAL_LM": MODEL_FOR_CAUSAL_LM_MAPPING_NAMES}
    task = next((task for task, names in tasks.items() if kind in names.values()), None)
    if task is None:
        raise ValueError("this model is of another kind")
    names = [name.split(".")[-1] for name, module in model.base_model.named_modules() if type(module) is nn.Linear]
    absent = [target for target in targets if target not in names]
    if absent:
        raise ValueError(f"the model has no {absent}")
    entries = {
        "peft_type": "LORA",
        "task_type": task,
        "r": rank,
        "lora_alpha": alpha,
        "lora_dropout": dropout,
        "target_modules": set(targets),
    }
    return get_peft_config(entries)


@alternative("lora_config")
def head_named_too(model, rank, alpha, targets, dropout=0.0):
    """Names the head among the modules to save, which the task type does anyway."""
    from peft import LoraConfig

    kind = type(model).__name__
    classifier = "SequenceClassification" in kind
    if not classifier and "CausalLM" not in kind:
        raise ValueError(f"what kind of model is {kind}?")
    for target in targets:
        if not any(name.endswith(f".{target}") and isinstance(m, nn.Linear) for name, m in model.base_model.named_modules()):
            raise ValueError(f"{target} matches nothing")
    head = [name for name, m in model.named_children() if m is not model.base_model and list(m.parameters())] if classifier else None
    task = "SEQ_CLS" if classifier else "CAUSAL_LM"
    return LoraConfig(task_type=task, r=rank, lora_alpha=alpha, target_modules=targets, lora_dropout=dropout, modules_to_save=head)


@alternative("adapter_size")
def made_and_measured(config, model):
    """Has peft make the adapter on copies, and adds up the bytes of what it would save."""
    import copy

    from peft import get_peft_model
    from peft.utils import get_peft_model_state_dict

    adapted = get_peft_model(copy.deepcopy(model), copy.deepcopy(config))
    return sum(tensor.nbytes for tensor in get_peft_model_state_dict(adapted, save_embedding_layers=False).values())


@alternative("adapter_size")
def from_the_shapes_of_weights(config, model):
    """Goes through the names of parameters, and takes the shapes of the weights."""
    prefix = model.base_model_prefix + "."
    linear = {name for name, module in model.named_modules() if isinstance(module, nn.Linear)}
    total = 0
    for name, parameter in model.named_parameters():
        owner, _, kind = name.rpartition(".")
        if not name.startswith(prefix):
            total += parameter.numel() * parameter.element_size() if config.task_type == "SEQ_CLS" else 0
        elif owner in linear and kind == "weight" and owner.split(".")[-1] in config.target_modules:
            total += config.r * sum(parameter.shape) * parameter.element_size()
    return total
