"""The reference solutions of "Fine-tuning a few weights"."""

import torch
from torch import nn


def lora_parameters(shapes, rank):
    return sum(rank * (rows + columns) for rows, columns in shapes)


class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha, dropout=0.0):
        super().__init__()
        if rank < 1:
            raise ValueError(f"rank must be at least 1; it is {rank}")
        self.base = base.requires_grad_(False)
        self.a = nn.Parameter(torch.empty(rank, base.in_features, dtype=base.weight.dtype))
        self.b = nn.Parameter(torch.zeros(base.out_features, rank, dtype=base.weight.dtype))
        nn.init.kaiming_uniform_(self.a, a=5**0.5)
        self.dropout = nn.Dropout(dropout)
        self.scaling = alpha / rank

    def forward(self, x):
        return self.base(x) + self.scaling * (self.dropout(x) @ self.a.T @ self.b.T)


def add_lora(model, targets, wrap):
    if getattr(model, "has_lora", False):
        raise ValueError("add_lora has already been applied to this model")
    names = [
        name for name, module in model.base_model.named_modules() if isinstance(module, nn.Linear) and name.rpartition(".")[2] in targets
    ]
    for target in targets:
        if not any(name.rpartition(".")[2] == target for name in names):
            raise ValueError(f"no linear layer of the base model is called {target!r}")

    model.requires_grad_(True)
    model.base_model.requires_grad_(False)
    for name in names:
        parent, _, last = name.rpartition(".")
        linear = model.base_model.get_submodule(name)
        setattr(model.base_model.get_submodule(parent), last, wrap(linear).train(linear.training))
    model.has_lora = True
    return [f"{model.base_model_prefix}.{name}" for name in names]


def merged_weight(base, a, b, alpha, rank):
    if a.shape[0] != rank or b.shape[1] != rank:
        raise ValueError(f"rank is {rank}, but a has {a.shape[0]} rows and b has {b.shape[1]} columns")
    return base + (alpha / rank) * (b @ a)


def lora_config(model, rank, alpha, targets, dropout=0.0):
    from peft import LoraConfig

    kind = type(model).__name__
    if kind.endswith("ForSequenceClassification"):
        task = "SEQ_CLS"
    elif kind.endswith("ForCausalLM"):
        task = "CAUSAL_LM"
    else:
        raise ValueError(f"model must be a sequence classifier or a causal language model; it is a {kind}")
    linear = {name.rpartition(".")[2] for name, module in model.base_model.named_modules() if isinstance(module, nn.Linear)}
    for target in targets:
        if target not in linear:
            raise ValueError(f"no linear layer of the base model is called {target!r}")
    return LoraConfig(r=rank, lora_alpha=alpha, target_modules=list(targets), lora_dropout=dropout, task_type=task)


def adapter_size(config, model):
    head = set()
    if config.task_type == "SEQ_CLS":
        below = set(model.base_model.parameters())
        head = {parameter for parameter in model.parameters() if parameter not in below}
    elements = sum(parameter.numel() for parameter in head)
    for name, module in model.base_model.named_modules():
        if isinstance(module, nn.Linear) and name.rpartition(".")[2] in config.target_modules:
            elements += config.r * (module.in_features + module.out_features)
    return 4 * elements
