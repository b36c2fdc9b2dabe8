"""Grading: intake, then fan-out, then one writer that feeds nbgrader."""

from __future__ import annotations

import atexit
import contextlib
import functools
import getpass
import json
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from autograder.course import ROOT, Assignment, load_course
from autograder.deadlines import Deadlines, marker_of
from autograder.engine import Budget, Engine, settled
from autograder.intake import CleanSubmission, take_in
from autograder.release import register
from autograder.results import Store, result_key, submission_seed
from autograder.sandbox import Limits
from autograder.workplace import Workplace, is_learner, open_workplace, write_atomically

SANDBOX_VARIABLE = "TUNELAB_SANDBOX"

Progress = Callable[[str, int, int], None]


class GradingError(RuntimeError):
    """Grading can't go on, with the reason and the cure."""


@dataclass(frozen=True)
class Settings:
    """How submissions are graded; part of each result's key."""

    mode: str = "bubblewrap"
    budget: Budget = field(default_factory=Budget)
    limits: Limits = field(default_factory=Limits)

    def key(self, assignment: Assignment, digest: str) -> str:
        return result_key(assignment.root, assignment.name, digest, self.mode, self.limits, self.budget)


def settings(mode: str | None = None) -> Settings:
    """The settings in force: the sandbox's mode as given, else from the environment, else bubblewrap."""
    return Settings(mode or os.environ.get(SANDBOX_VARIABLE) or "bubblewrap")


@dataclass
class Summary:
    """What a grading run did, in submissions."""

    taken_in: int = 0
    graded: int = 0
    known: int = 0
    written: int = 0
    unchanged: int = 0
    troubles: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Submission:
    """A learner's submission after intake, and the key of its result."""

    clean: CleanSubmission
    assignment: Assignment
    key: str


# ---------------------------------------------------------------- one result

_IN_HAND: dict[str, dict[str, Any]] = {}
"""Results of this run that may not be kept (a timeout, a crash): the writer needs them all the same."""


@functools.cache
def _engine(mode: str) -> Engine:
    """The engine of this process, for when nbgrader asks for a single result."""
    engine = Engine(mode)
    engine.start()
    atexit.register(engine.close)
    return engine


def result_for(clean: CleanSubmission, assignment: Assignment, workplace: Workplace | None = None) -> dict[str, Any]:
    """The result of a submission: looked up, or made when there is none. What nbgrader's preprocessor calls."""
    how, store = settings(), Store((workplace or open_workplace()).results)
    key = how.key(assignment, clean.digest)
    return _known(store, assignment, key) or _keep(
        store, assignment, key, _engine(how.mode).grade(clean, assignment, submission_seed(assignment.root, assignment.name, clean.digest))
    )


def _known(store: Store, assignment: Assignment, key: str) -> dict[str, Any] | None:
    """The stored result, or this run's where it may not be stored."""
    return store.get(assignment.name, key) or _IN_HAND.get(key)


def _keep(store: Store, assignment: Assignment, key: str, result: dict[str, Any]) -> dict[str, Any]:
    if settled(result):
        store.put(assignment.name, key, result)
    else:
        _IN_HAND[key] = result | {"key": key}
    return result | {"key": key}


# ---------------------------------------------------------------- a class


@contextlib.contextmanager
def only_grader(workplace: Workplace) -> Iterator[None]:
    """Holds the workplace's lock. Raises GradingError, saying who holds it, when somebody else is grading."""
    workplace.results.mkdir(parents=True, exist_ok=True)
    lock, note = FileLock(workplace.results / "grading.lock"), workplace.results / "grading.json"
    try:
        lock.acquire(timeout=0)
    except Timeout:
        who = json.loads(note.read_text()) if note.exists() else {}
        raise GradingError(
            f"{who.get('user', 'Somebody')} on {who.get('host', 'this machine')} (process {who.get('process', '?')}) has been grading here since {who.get('since', '?')}. "
            "Wait until that is done; when that process is gone, the lock goes with it."
        ) from None
    try:
        about = {
            "user": getpass.getuser(),
            "host": socket.gethostname(),
            "process": os.getpid(),
            "since": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        write_atomically(note, json.dumps(about))
        yield
    finally:
        note.unlink(missing_ok=True)
        lock.release()


def grade(
    workplace: Workplace,
    assignments: Sequence[Assignment],
    workers: int | None = None,
    cluster: str | None = None,
    mode: str | None = None,
    progress: Progress = lambda what, done, total: None,
) -> Summary:
    """Grades all that lies in `submitted/` and writes it to the gradebook. A second run does only what is new."""
    how, summary = settings(mode), Summary()
    deadlines = Deadlines(workplace, load_course(assignments[0].root))
    os.environ[SANDBOX_VARIABLE] = how.mode
    with only_grader(workplace):
        submissions = list(take_all_in(workplace, assignments, how, summary, progress))
        fan_out(workplace, submissions, how, workers, cluster, summary, progress)
        if submissions:
            register(assignments, workplace)
            write_all(workplace, submissions, deadlines, summary, progress)
    return summary


def take_all_in(
    workplace: Workplace, assignments: Sequence[Assignment], how: Settings, summary: Summary, progress: Progress
) -> Iterator[Submission]:
    """Runs the intake over every submission of the assignments."""
    found = [(a, folder) for a in assignments for folder in sorted(workplace.submitted.glob(f"*/{a.name}"))]
    for number, (assignment, folder) in enumerate(found, 1):
        if not is_learner(folder.parent.name):
            summary.troubles.append(
                f"submitted/{folder.parent.name!r} can't be a learner's id (letters, digits and . _ @ - only): rename the folder."
            )
            continue
        clean = take_in(folder, assignment, workplace)
        summary.taken_in += 1
        progress("taken in", number, len(found))
        yield Submission(clean, assignment, how.key(assignment, clean.digest))


def fan_out(
    workplace: Workplace,
    submissions: Sequence[Submission],
    how: Settings,
    workers: int | None,
    cluster: str | None,
    summary: Summary,
    progress: Progress,
) -> None:
    """Makes the results that there aren't yet. Equal submissions share one."""
    from autograder import cluster as dask_cluster

    store = Store(workplace.results)
    todo = {s.key: s for s in submissions if store.get(s.assignment.name, s.key) is None}
    summary.known = len({s.key for s in submissions} - set(todo))
    if not todo:
        return

    def done(task: dask_cluster.Task, outcome: dict[str, Any] | Exception) -> None:
        if isinstance(outcome, Exception):
            summary.troubles.append(
                f"{task.clean.learner}, {task.clean.assignment}: could not be graded ({type(outcome).__name__}: {outcome}). Run `grade` again."
            )
        else:
            _keep(store, todo[task.key].assignment, task.key, outcome)
            summary.graded += 1
        progress("graded", summary.graded, len(todo))

    tasks = [
        dask_cluster.Task(s.key, submission_seed(s.assignment.root, s.assignment.name, s.clean.digest), s.clean) for s in todo.values()
    ]
    with dask_cluster.connect(cluster, workers, how.mode, how.limits, how.budget, ROOT) as client:
        dask_cluster.run(client, tasks, done)


def write_all(workplace: Workplace, submissions: Sequence[Submission], deadlines: Deadlines, summary: Summary, progress: Progress) -> None:
    """Feeds nbgrader, one submission after another.

    What it has written is remembered, so that a second run writes only what changed; a result that may not be kept (a timeout, a crash) is remembered with it, for the report.
    """
    store = Store(workplace.results)
    api = nbgrader_api(workplace)
    deadlines.tell((one.clean.learner, one.assignment) for one in submissions)
    for number, one in enumerate(submissions, 1):
        result = _known(store, one.assignment, one.key)
        if result is None:
            continue
        marker = workplace.results / one.assignment.name / "written" / one.clean.learner
        written = {
            "key": one.key,
            "deadline": marker_of(deadlines.of(one.clean.learner, one.assignment)),
            "notices": [n.text for n in one.clean.notices],
            "result": None if settled(result) else _untimed(result),
        }
        autograded = workplace.autograded / one.clean.learner / one.assignment.name
        if marker.exists() and json.loads(marker.read_text()) == written and autograded.is_dir():
            summary.unchanged += 1
        else:
            outcome = api.autograde(one.assignment.name, one.clean.learner, force=True, create=True)
            if outcome["success"]:
                write_atomically(marker, json.dumps(written))
                summary.written += 1
            else:
                summary.troubles.append(f"{one.clean.learner}, {one.assignment.name}: nbgrader could not write it: {_last_line(outcome)}")
        progress("written", number, len(submissions))


def _untimed(result: dict[str, Any]) -> dict[str, Any]:
    """A result without the seconds it took, which differ from run to run."""
    rows = [{name: value for name, value in row.items() if name != "seconds"} for row in result["exercises"]]
    return {name: value for name, value in result.items() if name not in ("seconds", "key")} | {"exercises": rows}


def _last_line(outcome: dict[str, Any]) -> str:
    lines = str(outcome.get("error") or outcome.get("log") or "").strip().splitlines()
    return lines[-1] if lines else "no reason was given"


def nbgrader_api(workplace: Workplace) -> Any:
    """nbgrader's own interface, configured by nbgrader_config.py for this workplace, reading submissions from `clean/`."""
    from nbgrader.apps import NbGraderAPI

    from autograder.nbgrader_plugins import configuration

    return NbGraderAPI(config=configuration(workplace, clean=True))


def feedback(workplace: Workplace, assignments: Sequence[Assignment], progress: Progress = lambda what, done, total: None) -> Summary:
    """Writes nbgrader's feedback pages for all that has been graded."""
    summary = Summary()
    api = nbgrader_api(workplace)
    found = [(a, folder.parent.name) for a in assignments for folder in sorted(workplace.autograded.glob(f"*/{a.name}"))]
    for number, (assignment, learner) in enumerate(found, 1):
        outcome = api.generate_feedback(assignment.name, learner, force=True)
        if outcome["success"]:
            summary.written += 1
        else:
            summary.troubles.append(f"{learner}, {assignment.name}: no feedback: {_last_line(outcome)}")
        progress("feedback", number, len(found))
    return summary


def export(workplace: Workplace) -> Path:
    """Writes `gradebook.csv` through nbgrader's own export."""
    from nbgrader.plugins import CsvExportPlugin

    from autograder.nbgrader_plugins import open_gradebook

    beside = workplace.gradebook_csv.with_name(".gradebook.csv")
    with open_gradebook(workplace) as gradebook:
        CsvExportPlugin(to=str(beside)).export(gradebook)
    os.replace(beside, workplace.gradebook_csv)
    return workplace.gradebook_csv


def export_to(workplace: Workplace, system: str, assignment: str | None = None) -> Path:
    """Writes the grades of all assignments, or of one, as Moodle or Canvas imports them. Raises RosterError when there is no class list."""
    from autograder.nbgrader_plugins import CanvasExport, MoodleExport, open_gradebook

    plugin = {"moodle": MoodleExport, "canvas": CanvasExport}[system]
    with open_gradebook(workplace) as gradebook:
        plugin(workplace=str(workplace.root), assignment=[assignment] if assignment else []).export(gradebook)
    return workplace.grades(system)
