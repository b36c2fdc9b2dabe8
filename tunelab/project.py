"""The capstone's project: its budget, its model, its rows, and a reader of adapters that never runs what it reads."""

from __future__ import annotations

import functools
import json
import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from tunelab import data, models

if TYPE_CHECKING:
    import numpy as np
    from jaxtyping import Float, Int

LABELS = ("rotten", "fresh")
"""The two classes; a label's place here is its number: the model's first logit is that of rotten."""
TOKENS = 40
"""After how many tokens the project cuts a text, the two special ones counted."""
SCALE = 2.0
"""What the product of an adapter's factors is multiplied by: alpha over rank, the same in every adapter of the project."""
MAX_BYTES = 4_000_000
"""The largest file that is taken."""

_MOST_HEADER, _MOST_TENSORS = 100_000, 100
_PREFIX = "base_model.model."
_FACTOR = re.compile(
    r"base_model\.model\.(encoder\.encoder\.layer\.[0-5]\.(?:attention\.self\.(?:query|key|value)|attention\.output\.dense|intermediate\.dense|output\.dense))\.lora_([AB])\.weight"
)
_HEAD = {f"{_PREFIX}classifier.weight": (2, 384), f"{_PREFIX}classifier.bias": (2,)}


@dataclass(frozen=True)
class Budget:
    """What a training run of the project may use.

    `steps` is the number of optimizer steps, `batch` the texts that one step may see, `tokens` the tokens of a text that may be read, `adapter_bytes` the most that the adapter's file may be long,
    `seed` what everything random is drawn from.
    """

    steps: int = 40
    batch: int = 16
    tokens: int = TOKENS
    adapter_bytes: int = MAX_BYTES
    seed: int = 0


class AdapterError(ValueError):
    """An adapter that can't be used, with what is wrong and what to do."""


# ---------------------------------------------------------------- the model


class ReviewModel(nn.Module):
    """MiniLM, the mean of its last vectors over a text's tokens, and a linear head of two classes: the base of all adapters of the project.

    Its parts are `encoder` and `classifier`. The encoder is pretrained, the head random, from torch's global random state. It comes in evaluation mode.
    """

    def __init__(self) -> None:
        super().__init__()
        self.encoder = models.minilm()
        self.encoder.pooler = None
        self.classifier = nn.Linear(self.encoder.config.hidden_size, len(LABELS))
        self.eval()

    def vectors(self, input_ids: Int[Tensor, "texts tokens"], attention_mask: Int[Tensor, "texts tokens"]) -> Float[Tensor, "texts hidden"]:
        """One vector per text: what the head reads."""
        hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
        return (hidden * mask).sum(1) / mask.sum(1)

    def forward(
        self, input_ids: Int[Tensor, "texts tokens"], attention_mask: Int[Tensor, "texts tokens"]
    ) -> Float[Tensor, "texts classes"]:
        """One logit per class."""
        return self.classifier(self.vectors(input_ids, attention_mask))


def tokenized(texts: Sequence[str], tokens: int = TOKENS) -> dict[str, Tensor]:
    """`input_ids` and `attention_mask` of some texts as one padded batch, each text cut after `tokens` tokens: what ReviewModel takes."""
    batch = _tokenizer()(list(texts), padding=True, truncation=True, max_length=tokens, return_tensors="pt")
    return {name: batch[name] for name in ("input_ids", "attention_mask")}


@functools.cache
def _tokenizer():
    return models.minilm_tokenizer()


# ---------------------------------------------------------------- rows


@functools.cache
def _films() -> tuple[dict[str, list[dict[str, str]]], list[str]]:
    """The reviews of each film, no text twice, and the films in an order that has nothing to do with their names."""
    import numpy as np

    films: dict[str, list[dict[str, str]]] = {}
    seen = set()
    for row in data.reviews():
        if (folded := row["text"].casefold()) not in seen:
            seen.add(folded)
            films.setdefault(row["film"], []).append({"text": row["text"], "label": LABELS[row["label"]], "film": row["film"]})
    return films, [str(name) for name in np.random.default_rng(6).permutation(sorted(films))]


def project_rows(train: int = 300, dev: int = 400) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """The project's public rows, always the same: training rows from 80 films and dev rows from 40 others. Each has `text`, `label` ("fresh" or "rotten") and `film`."""
    import numpy as np

    rng, order = np.random.default_rng(2027), _films()[1]
    return _drawn(rng, order[:80], train), _drawn(rng, order[80:120], dev)


def other_rows(rng: np.random.Generator, train: int = 300, test: int = 400) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Rows as `project_rows` gives, drawn from films that the project's public rows don't touch. No film is in both parts."""
    order = [str(name) for name in rng.permutation(_films()[1][120:])]
    return _drawn(rng, order[:80], train), _drawn(rng, order[80:160], test)


def _drawn(rng: np.random.Generator, films: Sequence[str], number: int) -> list[dict[str, str]]:
    every = [row for film in films for row in _films()[0][film]]
    return [dict(every[i]) for i in rng.permutation(len(every))[:number]]


# ---------------------------------------------------------------- adapters


def check_adapter(adapter: Mapping[str, Tensor]) -> None:
    """Raises AdapterError unless these are the tensors of an adapter of the project: peft's names, shapes that fit ReviewModel, 32-bit, finite.

    An adapter has the two tensors of the head, and for each layer that it changes the factors `lora_A` of shape (rank, in) and `lora_B` of shape (out, rank).
    """
    _check_names({name: tuple(tensor.shape) for name, tensor in adapter.items()})
    for name, tensor in adapter.items():
        if tensor.dtype != torch.float32:
            raise AdapterError(f"{name} is {str(tensor.dtype).removeprefix('torch.')}. All tensors of an adapter are float32.")
        if not bool(torch.isfinite(tensor).all()):
            raise AdapterError(f"{name} holds NaN or infinity. Did the training diverge? Look at the loss, and at the learning rate.")


def read_adapter(content: bytes) -> dict[str, Tensor]:
    """The tensors in the bytes of an adapter's file (safetensors). Sizes, names and shapes are checked before anything is built of them.

    A safetensors file is the length of its header in 8 bytes, the header as JSON (name, dtype, shape and place of each tensor), and the numbers: there is nothing in it that could run. A pickle
    (`torch.save`) is a program, and isn't opened. Raises AdapterError, in a sentence, for all that is no adapter of the project.
    """
    if len(content) > MAX_BYTES:
        raise AdapterError(
            f"the file is {len(content):,} bytes long, more than {MAX_BYTES:,}. Is the whole model in it, in place of the adapter?"
        )
    if content[:2] == b"PK" or content[:1] == b"\x80":
        raise AdapterError("the file is a pickle, as `torch.save` writes them: a program, which isn't opened. Write it with safetensors.")
    header = _header(content)
    shapes = {name: tuple(entry["shape"]) for name, entry in header.items()}
    _check_names(shapes)
    if wrong := [name for name, entry in header.items() if entry["dtype"] != "F32"]:
        raise AdapterError(f"{wrong[0]} is {header[wrong[0]]['dtype']}. All tensors of an adapter are float32.")
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        adapter = load(content)
    except (SafetensorError, ValueError, RuntimeError):
        raise AdapterError("the file is no whole safetensors file: its header doesn't fit what follows. Write it anew.") from None
    check_adapter(adapter)
    return adapter


def _header(content: bytes) -> dict[str, dict]:
    """The header of a safetensors file, each entry known to have a dtype and a shape of a few small numbers."""
    broken = AdapterError(
        "the file is no safetensors file: its header can't be read. Write it with `safetensors.torch.save`, in binary mode."
    )
    if len(content) < 10:
        raise broken
    (length,) = struct.unpack("<Q", content[:8])
    if length > _MOST_HEADER or 8 + length > len(content):
        raise broken
    try:
        header = json.loads(content[8 : 8 + length].decode())
    except (ValueError, RecursionError):
        raise broken from None
    if not isinstance(header, dict):
        raise broken
    header.pop("__metadata__", None)
    if len(header) > _MOST_TENSORS:
        raise AdapterError(f"the file holds {len(header)} tensors, more than an adapter has. Is the whole model in it?")
    for entry in header.values():
        shape = entry.get("shape") if isinstance(entry, dict) else None
        fits = isinstance(shape, list) and len(shape) <= 4 and all(type(n) is int and 0 <= n <= 10**6 for n in shape)
        if not fits or not isinstance(entry.get("dtype"), str):
            raise broken
    return header


def _check_names(shapes: Mapping[str, tuple[int, ...]]) -> None:
    for name, shape in _HEAD.items():
        if name not in shapes:
            raise AdapterError(
                f"the adapter has no {name}. Without its trained head it would guess: does peft's `modules_to_save` name the classifier?"
            )
        if shapes[name] != shape:
            raise AdapterError(f"{name} has the shape {shapes[name]}, where the model's is {shape}.")
    factors: dict[str, dict[str, tuple[int, ...]]] = {}
    for name, shape in shapes.items():
        if name in _HEAD:
            continue
        if not (found := _FACTOR.fullmatch(name)):
            raise AdapterError(
                f"the adapter has a tensor called {str(name)[:100]!r}. There are factors of the encoder's linear layers and the head, under peft's names, nothing else."
            )
        factors.setdefault(found[1], {})[found[2]] = shape
    if not factors:
        raise AdapterError("the adapter has a head and no factors: it changes nothing in the encoder. A LoRA adapter is asked for.")
    for layer, pair in factors.items():
        _check_pair(layer, pair)


def _check_pair(layer: str, pair: Mapping[str, tuple[int, ...]]) -> None:
    if len(pair) != 2:
        raise AdapterError(f"{layer} has only lora_{next(iter(pair))}. A factor alone changes nothing.")
    out, into = (1536 if "intermediate" in layer else 384), (1536 if re.search(r"\d\.output", layer) else 384)
    a, b = pair["A"], pair["B"]
    if len(a) != 2 or len(b) != 2 or not a[0] or a[0] != b[1] or (b[0], a[1]) != (out, into):
        raise AdapterError(f"the factors of {layer} have the shapes {a} and {b}, where (rank, {into}) and ({out}, rank) fit the model.")
