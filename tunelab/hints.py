"""Hints, one rung at a time: a question, then the idea, then nearly the line."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass

from tunelab.progress import Progress
from tunelab.shelf import Assignment, ShelfError


@dataclass(frozen=True)
class Hints:
    """The rungs of an exercise's ladder that have been taken, the newest last, and how many there are."""

    exercise: str
    taken: tuple[str, ...]
    total: int
    had_all: bool


def next_hint(assignment: Assignment, exercise: str, progress: Progress) -> Hints:
    """Takes the next rung of an exercise's hints. Raises ShelfError when there are none."""
    rungs = read_hints(assignment, exercise)
    before = min(progress.hints_taken(assignment.name, exercise), len(rungs))
    number = min(before + 1, len(rungs))
    progress.take_hint(assignment.name, exercise, number)
    return Hints(exercise, rungs[:number], len(rungs), before == len(rungs))


def read_hints(assignment: Assignment, exercise: str) -> tuple[str, ...]:
    """All rungs of an exercise. Raises ShelfError."""
    path = assignment.folder / "hints.toml"
    try:
        rungs = tomllib.loads(path.read_text(encoding="utf-8"))[exercise]["rungs"]
    except (OSError, ValueError, KeyError, TypeError):
        rungs = None
    if not isinstance(rungs, list) or not rungs or not all(isinstance(rung, str) for rung in rungs):
        raise ShelfError(f"There are no hints for {exercise} in {path}. Take a fresh copy of that file from your instructor.")
    return tuple(rungs)
