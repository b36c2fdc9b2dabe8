"""Right answers on many further draws: a suite that fails one in fifty isn't found by the law, which draws three times."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from autograder.course import Assignment
from autograder.lint import Case, Finding, right_breaches, tried
from autograder.show import Progress
from autograder.verdicts import LazyEngine, Run, make_all

FIRST = 20_000
"""The first of the seeds: the law's own are others."""
AT_ONCE = 8
"""Draws that one process makes."""


def try_draws(assignment: Assignment, engine: LazyEngine, draws: int, exercise: str | None = None) -> list[Finding]:
    """Every right answer of an assignment, or of one exercise, in-process and on so many draws: a finding for each draw that it doesn't earn all points on. Raises CourseError."""
    cases, verdicts = tried(assignment, engine, exercise)
    answers = [(case, name, _runs(case, cell, held, draws)) for case in cases for name, cell, held in case.right]
    made = make_all(verdicts, [batch for case, _, runs in answers for batch in _batches(case, runs)], Progress())
    return [
        Finding(2, case.place, f"{name}, in-process, drawn from {run.seed}: {text}")
        for case, name, runs in answers
        for run in runs
        for text in right_breaches(case.suite, made[run])
    ]


def _runs(case: Case, cell: str, files: str, draws: int) -> list[Run]:
    return [case.hidden("in-process", cell, files, seed) for seed in range(FIRST, FIRST + draws)]


def _batches(case: Case, runs: Sequence[Run]) -> Iterator[Sequence[Run]]:
    """What one process makes: several draws, but of a suite that may take long only one."""
    size = 1 if case.long else AT_ONCE
    return (runs[start : start + size] for start in range(0, len(runs), size))
