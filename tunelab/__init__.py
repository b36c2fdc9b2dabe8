"""The learner's lab of Tunelab: real models and data, self-check, and the `tunelab` command. Importing it is light: no torch."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

if sys.version_info < (3, 11):  # noqa: UP036 -- whoever put the lab onto an older Python's path reads a sentence, not a missing module
    raise ImportError(
        f"Tunelab needs Python 3.11, 3.12 or 3.13, and this is {sys.version.split()[0]} ({sys.executable}). "
        "Make an environment with Python 3.11, with which grading runs, too, install the course's wheel into it, and choose it as the notebook's kernel."
    )

if TYPE_CHECKING:
    from tunelab.checks import check
    from tunelab.predict import predict

__version__ = "0.1.0"
__all__ = ["check", "predict"]

LOADED = time.time()
"""When this process loaded the lab, in seconds since 1970."""


def __getattr__(name: str) -> Any:
    if name == "check":
        from tunelab.checks import check

        return check
    if name == "predict":
        from tunelab.predict import predict

        # The module of the same name was just set as an attribute of this package by the import system.
        globals()["predict"] = predict
        return predict
    raise AttributeError(f"module 'tunelab' has no attribute {name!r}")
