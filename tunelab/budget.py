"""How much a lesson's demo may compute: in full, or a few steps and texts to see that it still runs (`TUNELAB_BUDGET=small`)."""

from __future__ import annotations

import os
from typing import TypeVar

Amount = TypeVar("Amount")


def small() -> bool:
    """Whether demos run on the small budget."""
    return os.environ.get("TUNELAB_BUDGET") == "small"


def pick(full: Amount, few: Amount) -> Amount:
    """`full` normally, `few` on the small budget."""
    return few if small() else full
