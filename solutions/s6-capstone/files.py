"""What right and wrong answers hand in beside the notebook: sets of files, by name."""

import io
import struct


def make(namespace):
    import torch
    from safetensors.torch import save

    from tunelab.project import Budget, project_rows

    budget = Budget()
    adapter = namespace["train"](project_rows()[0], budget)
    content = namespace["pack_adapter"](adapter, budget)
    factor = next(name for name in adapter if "lora_B" in name)
    head = "base_model.model.classifier.weight"
    generator = torch.Generator().manual_seed(0)

    # Trained elsewhere: on the same texts with the labels the wrong way round, as if "fresh" were the first class.
    elsewhere = {name: tensor[[1, 0]] if "classifier" in name else tensor for name, tensor in adapter.items()}
    # Factors for another base, twice as wide.
    wide = {name: tensor.repeat(1, 2) if "lora_A" in name else tensor for name, tensor in adapter.items()}
    nan = {**adapter, factor: adapter[factor].clone().index_fill_(0, torch.tensor([3]), float("nan"))}
    always = {**adapter, "base_model.model.classifier.bias": torch.tensor([0.0, 100.0])}
    large = {
        name: torch.randn(*(25 if n == 8 else n for n in tensor.shape), generator=generator) if "lora_" in name else tensor
        for name, tensor in adapter.items()
    }
    pickled = io.BytesIO()
    torch.save(adapter, pickled)
    sets = {
        "reference": content,
        "elsewhere": save({name: tensor.contiguous() for name, tensor in elsewhere.items()}),
        "always": save(always),
        "nan": save(nan),
        "wide": save(wide),
        "large": save(large),
        "headless": save({name: tensor for name, tensor in adapter.items() if name != head}),
        "pickled": pickled.getvalue(),
        "cut": content[: len(content) // 2],
        "bomb": struct.pack("<Q", 2**62) + content[8:],
    }
    return {name: {"adapter.safetensors": data} for name, data in sets.items()} | {"forgotten": {}}
