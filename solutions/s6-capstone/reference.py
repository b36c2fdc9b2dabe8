"""Right answers of "Carry one project through"."""

from typing import Any

import torch
from torch import Tensor, nn

from tunelab.project import LABELS, Budget, ReviewModel, tokenized


def majority(labels: list[str]) -> str:
    if not labels:
        raise ValueError("there are no labels to count")
    return min(set(labels), key=lambda label: (-labels.count(label), label))


def train(rows: list[dict[str, str]], budget: Budget) -> dict[str, Tensor]:
    from peft import LoraConfig, get_peft_model
    from peft.utils import get_peft_model_state_dict

    torch.manual_seed(budget.seed)
    rank = min(8, (budget.adapter_bytes - 20_000) // 165_888)  # all linear layers together cost 165,888 bytes for each rank
    chosen = ["query", "key", "value", "dense"]
    config = LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=chosen, modules_to_save=["classifier"])
    model = get_peft_model(ReviewModel(), config).train()
    head = [p for name, p in model.named_parameters() if p.requires_grad and "classifier" in name]
    factors = [p for name, p in model.named_parameters() if p.requires_grad and "lora_" in name]
    groups = [{"params": factors, "lr": 1e-3}, {"params": head, "lr": 1e-2}]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01)
    warm = max(1, budget.steps // 10)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min((step + 1) / warm, 1 - step / budget.steps))
    waiting: list[int] = []
    for _ in range(budget.steps):
        if len(waiting) < budget.batch:
            waiting += torch.randperm(len(rows)).tolist()
        drawn, waiting = [rows[i] for i in waiting[: budget.batch]], waiting[budget.batch :]
        wanted = torch.tensor([LABELS.index(row["label"]) for row in drawn])
        logits = model(**tokenized([row["text"] for row in drawn], budget.tokens))
        nn.functional.cross_entropy(logits, wanted).backward()
        nn.utils.clip_grad_norm_(head + factors, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()
    return {name: tensor.detach().clone() for name, tensor in get_peft_model_state_dict(model).items()}


def pack_adapter(adapter: dict[str, Tensor], budget: Budget) -> bytes:
    from safetensors.torch import save

    if not adapter:
        raise ValueError("the adapter is empty")
    for name, tensor in adapter.items():
        if tensor.dtype != torch.float32:
            raise ValueError(f"{name} is {tensor.dtype}, not float32")
        if not torch.isfinite(tensor).all():
            raise ValueError(f"{name} holds NaN or infinity")
    content = save({name: tensor.detach().clone(memory_format=torch.contiguous_format) for name, tensor in adapter.items()})
    if len(content) > budget.adapter_bytes:
        raise ValueError(f"the file would be {len(content)} bytes long, the budget allows {budget.adapter_bytes}")
    return content


def predict(adapter: dict[str, Tensor], texts: list[str]) -> list[str]:
    from peft import LoraConfig, get_peft_model, set_peft_model_state_dict

    ranks = {name.split(".")[-3]: tensor.shape[0] for name, tensor in adapter.items() if "lora_A" in name}
    rank = max(ranks.values())
    config = LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=list(ranks), modules_to_save=["classifier"])
    model = get_peft_model(ReviewModel(), config)
    set_peft_model_state_dict(model, dict(adapter))
    model.eval()
    said = []
    with torch.inference_mode():
        for start in range(0, len(texts), 32):
            logits = model(**tokenized(texts[start : start + 32]))
            said += [LABELS[i] for i in logits.argmax(-1).tolist()]
    return said


def model_card(adapter_file: bytes, labels: list[str], steps: int, truth: list[str], predicted: list[str]) -> dict[str, Any]:
    import hashlib

    import numpy as np

    from tunelab.stats import bootstrap

    def macro_f1(true, said):
        scores = []
        for label in LABELS:
            hits, both = np.sum((true == label) & (said == label)), np.sum(true == label) + np.sum(said == label)
            scores.append(2 * hits / both if both else 0.0)
        return float(np.mean(scores))

    low, high = bootstrap(macro_f1, np.array(truth), np.array(predicted), resamples=1000)
    return {
        "labels": len(labels),
        "steps": steps,
        "bytes": len(adapter_file),
        "sha256": hashlib.sha256(adapter_file).hexdigest(),
        "macro_f1": macro_f1(np.array(truth), np.array(predicted)),
        "interval": [low, high],
        "intended_use": "Sorting single sentences of English film reviews into favourable and unfavourable ones, for a first overview that a person looks through afterwards.",
        "limits": "It was trained on 300 sentences of one film data set. It doesn't understand negation reliably, hasn't seen other languages or whole reviews, "
        "and knows nothing of irony. Nothing that matters to a person should hang on a single label of it.",
    }
