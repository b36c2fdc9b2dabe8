"""The reader of adapters takes what an adapter of the project is, and tells of all else in a sentence, without loading it."""

from __future__ import annotations

import io
import json
import struct

import numpy as np
import pytest
import torch
from safetensors.torch import save

from tunelab import project
from tunelab.project import MAX_BYTES, AdapterError, check_adapter, read_adapter

LAYER = "base_model.model.encoder.encoder.layer.{}.{}.lora_{}.weight"
HEAD = {"base_model.model.classifier.weight": torch.ones(2, 384), "base_model.model.classifier.bias": torch.zeros(2)}


def pair(path: str = "attention.self.query", out: int = 384, into: int = 384, rank: int = 2, layer: int = 0) -> dict[str, torch.Tensor]:
    return {LAYER.format(layer, path, "A"): torch.ones(rank, into), LAYER.format(layer, path, "B"): torch.ones(out, rank)}


GOOD = {
    **pair(),
    **pair("intermediate.dense", 1536, 384),
    **pair("output.dense", 384, 1536),
    **pair("attention.output.dense", layer=5),
    **HEAD,
}


def pickled() -> bytes:
    out = io.BytesIO()
    torch.save(GOOD, out)
    return out.getvalue()


def with_header(header: object, numbers: bytes = b"") -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + numbers


def changed(part: str, new: torch.Tensor) -> bytes:
    """The good adapter with the tensor replaced whose name has this part."""
    return save({name: new if part in name else tensor for name, tensor in GOOD.items()})


def test_an_adapter_is_read_as_it_was_written() -> None:
    back = read_adapter(save(GOOD))
    assert set(back) == set(GOOD)
    assert all(torch.equal(back[name], tensor) for name, tensor in GOOD.items())


BAD = {
    "empty": (b"", "no safetensors file"),
    "text": (b"these are no numbers at all", "no safetensors file"),
    "a pickle": (pickled(), "isn't opened"),
    "an old pickle": (b"\x80\x04N.", "isn't opened"),
    "too large": (bytes(MAX_BYTES + 1), "more than 4,000,000"),
    "cut short": (save(GOOD)[:-100], "no whole safetensors file"),
    "a header longer than the file": (struct.pack("<Q", 2**40) + save(GOOD)[8:], "no safetensors file"),
    "a header longer than all memory": (struct.pack("<Q", 2**63) + b"{}", "no safetensors file"),
    "a header that is no mapping": (with_header([1, 2]), "no safetensors file"),
    "a deep header": (struct.pack("<Q", 90_000) + b"[" * 90_000, "no safetensors file"),
    "an entry that is no mapping": (with_header({"a": 3}), "no safetensors file"),
    "a shape of texts": (with_header({"a": {"dtype": "F32", "shape": ["9" * 99], "data_offsets": [0, 4]}}), "no safetensors file"),
    "a shape without end": (with_header({"a": {"dtype": "F32", "shape": [10**18], "data_offsets": [0, 4]}}), "no safetensors file"),
    "offsets beyond the file": (
        with_header({n: {"dtype": "F32", "shape": list(t.shape), "data_offsets": [0, 10**15]} for n, t in GOOD.items()}),
        "no whole safetensors file",
    ),
    "many tensors": (save({f"t{i}": torch.zeros(1) for i in range(101)}), "101 tensors"),
    "no head": (save(pair()), "Without its trained head"),
    "a head alone": (save(HEAD), "a head and no factors"),
    "another tensor": (save({**GOOD, "bert.embeddings": torch.zeros(2)}), "bert.embeddings"),
    "one factor": (save({n: t for n, t in GOOD.items() if "query.lora_B" not in n}), "A factor alone"),
    "a factor turned round": (save({**GOOD, LAYER.format(0, "attention.self.query", "A"): torch.ones(384, 2)}), "fit the model"),
    "another base": (save({**HEAD, **pair(into=768)}), "fit the model"),
    "a seventh layer": (save({**GOOD, **pair(layer=6)}), "layer.6"),
    "rank 0": (save({**HEAD, **pair(rank=0)}), "fit the model"),
    "half precision": (changed("bias", torch.zeros(2, dtype=torch.float16)), "F16"),
    "NaN": (changed("bias", torch.tensor([0.0, float("nan")])), "NaN"),
    "infinity": (changed("query.lora_B", torch.full((384, 2), float("inf"))), "infinity"),
}


@pytest.mark.parametrize("name", BAD)
def test_all_else_is_told_in_a_sentence(name: str) -> None:
    content, says = BAD[name]
    with pytest.raises(AdapterError, match=says):
        read_adapter(content)


def test_what_is_in_memory_is_checked_alike() -> None:
    check_adapter(GOOD)
    with pytest.raises(AdapterError, match="float64"):
        check_adapter({**GOOD, "base_model.model.classifier.bias": torch.zeros(2, dtype=torch.float64)})


def test_rows_keep_films_and_texts_apart() -> None:
    """The project's public rows are always the same, and drawn ones share no film and no text with them, nor with one another."""
    train, dev = project.project_rows()
    assert (train, dev) == project.project_rows()
    assert (len(train), len(dev)) == (300, 400)
    first, second = project.other_rows(np.random.default_rng(1)), project.other_rows(np.random.default_rng(2))
    assert first != second
    parts = [train, dev, *first]
    for key in ("film", "text"):
        values = [{row[key].casefold() for row in part} for part in parts]
        assert sum(map(len, values)) == len(set().union(*values)), key
    assert {row["label"] for row in [*train, *dev, *first[0], *first[1]]} == {"fresh", "rotten"}
