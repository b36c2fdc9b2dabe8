"""Models: two real pretrained ones from the cache, and small random ones that are made in milliseconds.

Every model comes in evaluation mode with 32-bit weights. Random weights are made from `seed`; the global random state is left as it was.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from tunelab import assets

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor
    from transformers import (
        BertForSequenceClassification,
        BertModel,
        DistilBertForSequenceClassification,
        ElectraForSequenceClassification,
        LlamaForCausalLM,
        PreTrainedModel,
        PreTrainedTokenizerBase,
        RobertaForSequenceClassification,
    )

Model = TypeVar("Model")

MINILM_TOKENS = 256
"""How many tokens of a text MiniLM was made to read."""


@contextmanager
def quietly() -> Iterator[None]:
    """Silences transformers' progress bars and load reports, which would otherwise go to stderr."""
    from transformers.utils import logging as transformers_logging

    verbosity, bars = transformers_logging.get_verbosity(), transformers_logging.is_progress_bar_enabled()
    transformers_logging.set_verbosity(logging.CRITICAL)
    transformers_logging.disable_progress_bar()
    try:
        yield
    finally:
        transformers_logging.set_verbosity(verbosity)
        if bars:
            transformers_logging.enable_progress_bar()


def _seeded(make: Callable[[], Model], seed: int) -> Model:
    """Makes something random from a seed, and puts torch's own random state back."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return make()


# ---------------------------------------------------------------- pretrained


def minilm() -> BertModel:
    """all-MiniLM-L6-v2: an encoder of 6 layers and 384 numbers per token (Apache-2.0). Raises AssetError before `tunelab fetch`."""
    import torch
    from transformers import AutoModel

    with quietly():
        return AutoModel.from_pretrained(assets.folder("minilm"), local_files_only=True, dtype=torch.float32)


def minilm_tokenizer() -> PreTrainedTokenizerBase:
    """MiniLM's tokenizer (uncased word pieces)."""
    return _tokenizer("minilm")


def minilm_classifier(num_labels: int = 2, seed: int = 0) -> BertForSequenceClassification:
    """MiniLM with a new classification head of random weights: `[CLS]` to pooler to dropout to `classifier`."""
    import torch
    from transformers import AutoModelForSequenceClassification

    path = assets.folder("minilm")
    with quietly():
        return _seeded(
            lambda: AutoModelForSequenceClassification.from_pretrained(
                path, num_labels=num_labels, local_files_only=True, dtype=torch.float32
            ),
            seed,
        )


def smollm2() -> LlamaForCausalLM:
    """SmolLM2-135M-Instruct: a decoder of 30 layers, Llama's architecture (Apache-2.0). Raises AssetError before `tunelab fetch`."""
    import torch
    from transformers import AutoModelForCausalLM

    with quietly():
        return AutoModelForCausalLM.from_pretrained(assets.folder("smollm2"), local_files_only=True, dtype=torch.float32)


def smollm2_tokenizer() -> PreTrainedTokenizerBase:
    """SmolLM2's tokenizer. Its padding token is its end token, `<|im_end|>`, and its chat template adds a system prompt of its own."""
    return _tokenizer("smollm2")


def _tokenizer(name: str) -> PreTrainedTokenizerBase:
    from transformers import AutoTokenizer

    with quietly():
        return AutoTokenizer.from_pretrained(assets.folder(name), local_files_only=True)


def embed(
    texts: Sequence[str], model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, batch_size: int = 64
) -> Float[Tensor, "texts hidden"]:
    """One vector per text: the mean of the encoder's last hidden states over the text's tokens, padding left out.

    MiniLM was trained with this mean (Reimers and Gurevych 2019, section 3). Texts are cut after 256 tokens. No gradients; the model's mode is put back.
    """
    import torch

    if isinstance(texts, str) or not len(texts):
        raise ValueError("embed() takes a list of texts, with at least one in it.")
    by_length = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    training = model.training
    model.eval()
    try:
        vectors = torch.empty(len(texts), model.config.hidden_size)
        with torch.no_grad():
            for start in range(0, len(texts), batch_size):
                chosen = by_length[start : start + batch_size]
                batch = tokenizer([texts[i] for i in chosen], padding=True, truncation=True, max_length=MINILM_TOKENS, return_tensors="pt")
                hidden = model(**batch).last_hidden_state
                mask = batch["attention_mask"].unsqueeze(-1).to(hidden.dtype)
                vectors[chosen] = (hidden * mask).sum(1) / mask.sum(1)
    finally:
        model.train(training)
    return vectors


# ---------------------------------------------------------------- small and random


def tiny_bert(
    layers: int = 2, hidden: int = 32, heads: int = 2, vocab: int = 100, labels: int = 2, seed: int = 0, **config: object
) -> BertForSequenceClassification:
    """A BERT classifier with random weights; `config` sets any other field of BertConfig. Takes up to 64 tokens; token 0 is padding."""
    from transformers import BertConfig, BertForSequenceClassification

    return _tiny(BertForSequenceClassification, BertConfig, seed, _encoder(layers, hidden, heads, vocab, labels, 64), config)


def tiny_roberta(
    layers: int = 2, hidden: int = 32, heads: int = 2, vocab: int = 100, labels: int = 2, seed: int = 0, **config: object
) -> RobertaForSequenceClassification:
    """Like `tiny_bert`, RoBERTa: no pooler, a head of two layers, token 1 is padding."""
    from transformers import RobertaConfig, RobertaForSequenceClassification

    # Its positions begin after the padding token's number, hence two more of them.
    return _tiny(RobertaForSequenceClassification, RobertaConfig, seed, _encoder(layers, hidden, heads, vocab, labels, 66), config)


def tiny_electra(
    layers: int = 2, hidden: int = 32, heads: int = 2, vocab: int = 100, labels: int = 2, seed: int = 0, **config: object
) -> ElectraForSequenceClassification:
    """Like `tiny_bert`, ELECTRA: no pooler, a head of two layers, embeddings half as wide as the rest and a projection between."""
    from transformers import ElectraConfig, ElectraForSequenceClassification

    sizes = _encoder(layers, hidden, heads, vocab, labels, 64) | {"embedding_size": hidden // 2}
    return _tiny(ElectraForSequenceClassification, ElectraConfig, seed, sizes, config)


def tiny_distilbert(
    layers: int = 2, hidden: int = 32, heads: int = 2, vocab: int = 100, labels: int = 2, seed: int = 0, **config: object
) -> DistilBertForSequenceClassification:
    """Like `tiny_bert`, DistilBERT: its layers are in `transformer.layer`, its head is `pre_classifier` and `classifier`."""
    from transformers import DistilBertConfig, DistilBertForSequenceClassification

    sizes = {"n_layers": layers, "dim": hidden, "hidden_dim": 4 * hidden, "n_heads": heads}
    sizes |= {"vocab_size": vocab, "max_position_embeddings": 64, "num_labels": labels}
    return _tiny(DistilBertForSequenceClassification, DistilBertConfig, seed, sizes, config)


def tiny_llama(layers: int = 2, hidden: int = 32, heads: int = 2, vocab: int = 100, seed: int = 0, **config: object) -> LlamaForCausalLM:
    """A Llama language model with random weights; `config` sets any other field of LlamaConfig. Takes up to 128 tokens; 0 is padding, 1 begins, 2 ends."""
    from transformers import LlamaConfig, LlamaForCausalLM

    sizes = _shape(layers, hidden, heads, vocab, 128) | {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
    return _tiny(LlamaForCausalLM, LlamaConfig, seed, sizes, config)


def _shape(layers: int, hidden: int, heads: int, vocab: int, positions: int) -> dict[str, object]:
    return {
        "num_hidden_layers": layers,
        "hidden_size": hidden,
        "intermediate_size": 4 * hidden,
        "num_attention_heads": heads,
        "vocab_size": vocab,
        "max_position_embeddings": positions,
    }


def _encoder(layers: int, hidden: int, heads: int, vocab: int, labels: int, positions: int) -> dict[str, object]:
    return _shape(layers, hidden, heads, vocab, positions) | {"num_labels": labels}


def _tiny(model: Callable, configuration: Callable, seed: int, sizes: dict[str, object], config: dict[str, object]) -> PreTrainedModel:
    return _seeded(lambda: model(configuration(**(sizes | config))), seed).eval()
