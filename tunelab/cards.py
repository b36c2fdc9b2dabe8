"""What is known of a model before it is loaded, what a task asks for, and what a machine can bear: plain records for choosing a model."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ModelCard:
    """The facts of a model that decide whether it can be used.

    `architecture` is "encoder", "decoder" or "encoder-decoder", `context` the most tokens that it reads at once, `licence` a short name such as "apache-2.0",
    `languages` are codes such as "en". `tokens_per_word` is measured with the model's tokenizer on texts of the task.
    """

    name: str
    architecture: str
    parameters: int
    context: int
    licence: str
    languages: tuple[str, ...]
    tokens_per_word: float


@dataclass(frozen=True)
class Task:
    """What is to be learnt: which architectures suit it, which licences its owner may use, its language, and its training texts.

    The training texts are `examples` in number, each read `epochs` times; they are `mean_words` long on average, and `longest_words` at most.
    """

    architectures: tuple[str, ...]
    licences: tuple[str, ...]
    language: str
    examples: int
    epochs: int
    mean_words: float
    longest_words: int


@dataclass(frozen=True)
class Budget:
    """What a machine can bear: `memory` in bytes for weights, gradients and optimizer, `hours` of training, and the arithmetic that it really does, in operations per second."""

    memory: int
    hours: float
    operations_per_second: float


@dataclass(frozen=True)
class Choice:
    """The `name` of the model that was chosen, None when none can be used, and for each one that can't the constraints that it fails."""

    name: str | None
    rejected: dict[str, list[str]]
