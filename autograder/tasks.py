"""Tasks: submissions to grade, shared out on a cluster, or one after another in this process where one worker is enough."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.course import load_course
from autograder.engine import Budget, Engine
from autograder.intake import CleanSubmission
from autograder.sandbox import Limits

LOCAL_WORKERS = 2
TRIES = 2
"""How often a submission is tried whose grading raises something: a worker may have died with what it was doing."""


@dataclass(frozen=True)
class Task:
    """One submission to grade: `key` names its result, `seed` is what its suites draw inputs from, `known` are exercises whose results are at hand."""

    key: str
    seed: int
    clean: CleanSubmission
    known: Mapping[str, dict[str, Any]]


Done = Callable[[Task, dict[str, Any] | Exception], None]
"""What is called when a task has ended, with its result or what was raised."""


def grade_all(
    tasks: Sequence[Task],
    done: Done,
    address: str | None,
    workers: int | None,
    mode: str,
    limits: Limits,
    budget: Budget,
    root: Path,
) -> None:
    """Grades all tasks and calls `done` for each as it ends, in whatever order they end: on the cluster at `address`, else on this machine, by at most one worker for each task."""
    several = min(workers or LOCAL_WORKERS, len(tasks))
    if address is None and several == 1:
        run_here(tasks, done, mode, limits, budget, root)
    else:
        from autograder.cluster import connect, run  # brings all of Dask, which a single worker doesn't need

        with connect(address, several, mode, limits, budget, root) as client:
            run(client, tasks, done)


def run_here(
    tasks: Sequence[Task],
    done: Done,
    mode: str,
    limits: Limits,
    budget: Budget,
    root: Path,
) -> None:
    """The same one after another with an engine of this process, which spares the start of a cluster. What learners wrote runs in its sandbox all the same."""
    course = load_course(root)
    with Engine(mode, limits, root, budget) as engine:
        for task in tasks:
            for _ in range(TRIES):
                try:
                    outcome: dict[str, Any] | Exception = engine.grade(
                        task.clean, course.assignment(task.clean.assignment), task.seed, task.known
                    )
                    break
                except Exception as error:
                    outcome = error
            done(task, outcome)
