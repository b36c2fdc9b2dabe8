"""Marks for solutions: which exercise a function answers, and, for a wrong one, which hidden test must catch it.

Solutions are read as text, so the marks do nothing when the file runs; they are here so that an editor knows them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

Answer = TypeVar("Answer", bound=Callable)


def alternative(exercise: str, *, files: str = "reference") -> Callable[[Answer], Answer]:
    """Marks another right way to answer `exercise`. `files` is the set of `files.py` that is handed in with it."""
    return _unchanged


def mutant(exercise: str, *, caught_by: str, says: str, files: str = "reference") -> Callable[[Answer], Answer]:
    """Marks a wrong answer to `exercise`: `caught_by` is the hidden test that must fail, `says` a part of the message it must give, `files` as for an alternative."""
    return _unchanged


def _unchanged(answer: Answer) -> Answer:
    return answer
