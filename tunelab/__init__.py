"""The learner's lab of Tunelab: real models and data, self-check, and the `tunelab` command. Importing it is light: no torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tunelab.checks import check
    from tunelab.predict import predict

__version__ = "0.1.0"
__all__ = ["check", "predict"]


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
