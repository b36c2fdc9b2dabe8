"""Grading: intake, then fan-out, then one writer that feeds nbgrader."""

from __future__ import annotations

import atexit
import contextlib
import functools
import getpass
import json
import os
import socket
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from autograder.course import ROOT, Assignment, load_course
from autograder.deadlines import Deadlines
from autograder.engine import Budget, Engine, settled
from autograder.intake import CleanSubmission, take_in
from autograder.release import register
from autograder.results import Store, conditions, result_key, submission_seed, suite_digests, unaffected
from autograder.sandbox import Limits
from autograder.tasks import Task, grade_all
from autograder.workplace import Workplace, is_learner, open_workplace, write_atomically

SANDBOX_VARIABLE = "TUNELAB_SANDBOX"
BACKUPS = 20
"""Copies of the gradebook that are kept."""

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
        return result_key(assignment.root, assignment.name, digest, self.mode, self.limits, self.budget.for_suite(assignment.suite_seconds))

    def provenance(self, assignment: Assignment) -> dict[str, Any]:
        """What a result made now is marked with, so that a later run can tell which of its exercises are unaffected by a change."""
        return {
            "conditions": conditions(assignment.root, self.mode, self.limits, self.budget.for_suite(assignment.suite_seconds)),
            "suites": suite_digests(assignment.root, assignment.name),
        }


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
    """A learner's submission after intake, the folder that holds it clean, and the key of its result."""

    clean: CleanSubmission
    assignment: Assignment
    folder: Path
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
    workplace = workplace or open_workplace()
    how, store = settings(), Store(workplace.results)
    one = _submission(clean, assignment, workplace, how)
    if known := _known(store, assignment, one.key):
        return known
    seed = submission_seed(assignment.root, assignment.name, clean.digest)
    made = _engine(how.mode).grade(clean, assignment, seed, _unaffected(workplace, one, how))
    return _keep(store, assignment, one.key, made | how.provenance(assignment))


def _submission(clean: CleanSubmission, assignment: Assignment, workplace: Workplace, how: Settings) -> Submission:
    return Submission(clean, assignment, workplace.clean_submission(clean.learner, assignment.name), how.key(assignment, clean.digest))


def _unaffected(workplace: Workplace, one: Submission, how: Settings) -> dict[str, dict[str, Any]]:
    """The exercises of a submission whose results still hold, from the result that was written last; none of one that may not be kept."""
    old = written_result(workplace, one)
    if old is None or not settled(old):
        return {}
    now = how.provenance(one.assignment)
    return unaffected(old, one.clean.digest, now["conditions"], now["suites"])


def written_result(workplace: Workplace, one: Submission) -> dict[str, Any] | None:
    """The result that was last written to the gradebook for a learner's submission of an assignment."""
    marker = _marker(workplace, one)
    if not marker.is_file():
        return None
    written = json.loads(marker.read_text(encoding="utf-8"))
    return written["result"] or Store(workplace.results).get(one.assignment.name, written["key"])


def _marker(workplace: Workplace, one: Submission) -> Path:
    """Where it is remembered what was written for a submission."""
    return workplace.results / one.assignment.name / "written" / one.clean.learner


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
            back_up(workplace)
            register(assignments, workplace)
            write_all(workplace, submissions, deadlines, summary, progress)
    return summary


@dataclass(frozen=True)
class Change:
    """A submission that comes out otherwise: the score by its tests before and after, and those tests, `+ exercise.test` where one passes now, `-` where it no longer does, `±` where it passes
    for other points.
    """

    learner: str
    assignment: str
    before: float
    after: float
    tests: tuple[str, ...]


def regrade(
    workplace: Workplace,
    assignments: Sequence[Assignment],
    write: bool = False,
    workers: int | None = None,
    cluster: str | None = None,
    mode: str | None = None,
    progress: Progress = lambda what, done, total: None,
) -> tuple[Summary, list[Change]]:
    """Makes anew what a changed suite or kit affects, and compares it with what is written in the gradebook. Only with `write` is it written there; manual scores and comments stay.

    Submissions that were never written, or were handed in anew since, are passed over: `grade` takes them.
    """
    how, summary = settings(mode), Summary()
    deadlines = Deadlines(workplace, load_course(assignments[0].root))
    os.environ[SANDBOX_VARIABLE] = how.mode
    with only_grader(workplace):
        taken = take_all_in(workplace, assignments, how, summary, progress)
        before = [(one, old) for one in taken if (old := written_result(workplace, one)) and old["digest"] == one.clean.digest]
        submissions = [one for one, _ in before]
        fan_out(workplace, submissions, how, workers, cluster, summary, progress)
        store, changes = Store(workplace.results), []
        for one, old in before:
            new = _known(store, one.assignment, one.key)
            if new and (tests := _turned(old, new)):
                changes.append(Change(one.clean.learner, one.assignment.name, _score(old), _score(new), tests))
        if write and submissions:
            back_up(workplace)
            register(assignments, workplace)
            write_all(workplace, submissions, deadlines, summary, progress)
    return summary, changes


def _turned(old: dict[str, Any], new: dict[str, Any]) -> tuple[str, ...]:
    """The tests that earn now what they didn't, or no longer what they did; a test that is only in one of the two counts as failed in the other."""
    before, after = _earned(old), _earned(new)
    turned = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    return tuple(f"{'-' if name not in after else '±' if name in before else '+'} {name}" for name in turned)


def _earned(result: dict[str, Any]) -> dict[str, int]:
    """The points of each test that passed, by `exercise.test`."""
    return {
        f"{row['exercise']}.{test['name']}": test["points"]
        for row in result["exercises"]
        for test in row["tests"]
        if test["outcome"] == "passed"
    }


def _score(result: dict[str, Any]) -> float:
    return sum(row["score"] for row in result["exercises"])


def back_up(workplace: Workplace) -> Path | None:
    """Copies the gradebook to `backups/` before it is written to, and keeps the newest BACKUPS. None where there is none yet."""
    in_postgres = workplace.gradebook_url.exists()
    if not in_postgres and not workplace.gradebook.is_file():
        return None
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    target = workplace.backups / f"gradebook-{moment}.{'dump' if in_postgres else 'db'}"
    part = target.with_name(f"{target.name}.part")
    target.parent.mkdir(exist_ok=True)
    if in_postgres:
        from autograder.postgres import dump

        dump(workplace.database, part)
    else:
        with contextlib.closing(sqlite3.connect(workplace.gradebook)) as live, contextlib.closing(sqlite3.connect(part)) as copy:
            live.backup(copy)
    os.replace(part, target)
    for old in sorted(workplace.backups.glob(f"gradebook-*{target.suffix}"))[:-BACKUPS]:
        old.unlink()
    return target


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
        yield _submission(clean, assignment, workplace, how)


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
    store = Store(workplace.results)
    todo = {s.key: s for s in submissions if store.get(s.assignment.name, s.key) is None}
    summary.known = len({s.key for s in submissions} - set(todo))
    if not todo:
        return

    def done(task: Task, outcome: dict[str, Any] | Exception) -> None:
        if isinstance(outcome, Exception):
            summary.troubles.append(
                f"{task.clean.learner}, {task.clean.assignment}: could not be graded ({type(outcome).__name__}: {outcome}). Run `grade` again."
            )
        else:
            assignment = todo[task.key].assignment
            _keep(store, assignment, task.key, outcome | how.provenance(assignment))
            summary.graded += 1
        progress("graded", summary.graded, len(todo))

    tasks = [
        Task(s.key, submission_seed(s.assignment.root, s.assignment.name, s.clean.digest), s.clean, _unaffected(workplace, s, how))
        for s in todo.values()
    ]
    grade_all(tasks, done, cluster, workers, how.mode, how.limits, how.budget, ROOT)


def write_all(workplace: Workplace, submissions: Sequence[Submission], deadlines: Deadlines, summary: Summary, progress: Progress) -> None:
    """Feeds nbgrader, one submission after another.

    What it has written is remembered, so that a second run writes only what changed, penalties after points by hand included; a result that may not be kept (a timeout, a crash) is remembered with it, for the report.
    """
    store = Store(workplace.results)
    api = nbgrader_api(workplace)
    folders = [one.folder for one in submissions]
    deadlines.tell(folders)
    outdated = deadlines.outdated(folders)
    for number, one in enumerate(submissions, 1):
        result = _known(store, one.assignment, one.key)
        if result is None:
            continue
        marker = _marker(workplace, one)
        written = {
            "key": one.key,
            "deadline": deadlines.of(one.folder).memory,
            "notices": [n.text for n in one.clean.notices],
            "result": None if settled(result) else _untimed(result),
        } | ({"written": one.clean.written} if one.clean.written else {})
        autograded = workplace.autograded / one.clean.learner / one.assignment.name
        if marker.exists() and json.loads(marker.read_text()) == written and autograded.is_dir() and one.folder not in outdated:
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


def export(workplace: Workplace, assignments: Sequence[str] = ()) -> Path:
    """Writes `gradebook.csv` through nbgrader's own export: the grades of all assignments, or of those named."""
    from nbgrader.plugins import CsvExportPlugin

    from autograder.nbgrader_plugins import open_gradebook

    beside = workplace.gradebook_csv.with_name(".gradebook.csv")
    with open_gradebook(workplace) as gradebook:
        CsvExportPlugin(to=str(beside), assignment=list(assignments)).export(gradebook)
    os.replace(beside, workplace.gradebook_csv)
    return workplace.gradebook_csv


def export_to(workplace: Workplace, system: str, assignments: Sequence[str] = ()) -> Path:
    """Writes the grades of all assignments, or of those named, as Moodle or Canvas imports them. Raises RosterError when there is no class list."""
    from autograder.nbgrader_plugins import CanvasExport, MoodleExport, open_gradebook

    plugin = {"moodle": MoodleExport, "canvas": CanvasExport}[system]
    with open_gradebook(workplace) as gradebook:
        plugin(workplace=str(workplace.root), assignment=list(assignments)).export(gradebook)
    return workplace.grades(system)
