"""What an optimizer remembers between its steps: a plain record, so that a step can be written as a function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


@dataclass
class AdamWState:
    """AdamW's notes on one parameter: how many steps were made, and the running averages of its gradient (`mean`) and of the gradient's square (`square`).

    Both averages have the parameter's shape. Before the first step, `step` is 0 and they are zeros.
    """

    step: int
    mean: Tensor
    square: Tensor
