"""The engine: one sandbox and one suite server, kept warm, that grade submissions one after another."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from multiprocessing import reduction
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from autograder.course import SUITE_SECONDS, Assignment, Suite, SuiteTest, load_suites
from autograder.intake import NOTHING, CleanSubmission
from autograder.sandbox import Jailed, Limits, Sandbox, SandboxError, open_sandbox
from autograder.suites_runner import GRACE_SECONDS, Job, SuiteServer, Trial
from tunelab.assets import cache_folder
from tunelab.notebook import Cell, needed

SCHEMA = 1
SLOWNESS = 3
"""Wall-clock seconds that an exercise may take for each CPU second of its suite."""
SPARE_WORKERS = 2
"""Workers that an exercise may use up beyond one for each of its tests."""


@dataclass(frozen=True)
class Budget:
    """Wall-clock seconds for one call of a learner's function, and for all calls of one exercise."""

    call_seconds: float = 10.0
    exercise_seconds: float = 60.0

    def for_suite(self, seconds: float) -> Budget:
        """The same where a suite may take more CPU seconds than most: one call may take them all, and the machine be busy with other things."""
        if seconds <= SUITE_SECONDS:
            return self
        return Budget(max(self.call_seconds, seconds), max(self.exercise_seconds, SLOWNESS * seconds))


class Engine:
    """Grades submissions in a sandbox of the given mode. Use it as a context manager, from one thread. `libraries` are further ones that its suite server is to keep warm."""

    def __init__(
        self,
        mode: str = "bubblewrap",
        limits: Limits | None = None,
        root: Path = Path(),
        budget: Budget | None = None,
        libraries: Sequence[str] = (),
    ):
        self.mode, self.root, self.budget = mode, root.resolve(), budget or Budget()
        self.limits = limits or Limits(wall_seconds=self.budget.exercise_seconds + GRACE_SECONDS)
        self.libraries = tuple(libraries)
        self.sandbox: Sandbox | None = None
        self.server: SuiteServer | None = None

    def __enter__(self) -> Engine:
        self.start()
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()

    def start(self) -> None:
        """Starts the suite server and the sandbox. Raises SandboxError, with the cure, when there can be no sandbox."""
        self.server = SuiteServer(self.root, self.libraries)
        try:
            self.sandbox = open_sandbox(self.mode, self.limits, cache_folder())
            self.server.wait_until_ready()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        for part in (self.sandbox, self.server):
            if part is not None:
                part.close()
        self.sandbox = self.server = None

    # ------------------------------------------------ grading

    def grade(
        self, clean: CleanSubmission, assignment: Assignment, seed: int, known: Mapping[str, dict[str, Any]] = NOTHING
    ) -> dict[str, Any]:
        """The result of a submission, as docs/internals.md defines it (its `key` is the caller's to add). Exercises that are `known` already aren't run."""
        start = time.monotonic()
        suites = load_suites(assignment)
        exercises = [
            known.get(exercise.name)
            or self.grade_exercise(exercise.name, clean.setup, clean.cells, seed, suites[exercise.name], files=clean.files)
            for exercise in assignment.exercises
        ]
        return {
            "schema": SCHEMA,
            "assignment": assignment.name,
            "digest": clean.digest,
            "sandbox": self.mode,
            "seconds": round(time.monotonic() - start, 3),
            "exercises": exercises,
        }

    def grade_exercise(
        self,
        exercise: str,
        setup: Sequence[str],
        cells: Mapping[str, str],
        seed: int,
        suite: Suite,
        only: str | None = None,
        files: Mapping[str, bytes] = NOTHING,
    ) -> dict[str, Any]:
        """The result of one exercise. `cells` maps exercises to the learner's sources; those that the exercise doesn't need aren't run. `files` lie beside the notebook."""
        if exercise not in cells:
            return _without_cell(exercise, suite)
        start = time.monotonic()
        tests = tuple(t for t in suite.tests if only in (None, t.name))
        job = self._job(suite.path, exercise, setup, cells, seed, only, files, suite.seconds)
        answer = self._run(job, workers=len(tests) + SPARE_WORKERS)
        return exercise_result(exercise, tests, answer) | {"seconds": round(time.monotonic() - start, 3)}

    def run_checks(self, test_file: Path, exercise: str, setup: Sequence[str], cells: Mapping[str, str], seed: int) -> list[dict[str, Any]]:
        """Runs any test file, such as the public checks, in the sandbox; the tests' results, without a score."""
        answer = self._run(self._job(test_file, exercise, setup, cells, seed, None, NOTHING, SUITE_SECONDS), workers=50)
        return answer["tests"] if answer else []

    def run_trusted(
        self, test_file: Path, exercise: str, trials: Sequence[Trial], suite_seconds: float = SUITE_SECONDS
    ) -> list[dict[str, Any] | None]:
        """Runs a test file on an author's answers in the suite's own process, one after another, from any thread: for each its tests, and the CPU seconds they took. None for those that weren't reached before that process died or ran out of time."""
        budget = self.budget.for_suite(suite_seconds)
        job = Job(str(test_file), exercise, tuple(trials), budget.call_seconds, budget.exercise_seconds, in_process=True)
        answers: list[dict[str, Any] | None] = []
        with self.server.start(job) as broker:
            try:
                while len(answers) < len(trials) and broker.poll(job.exercise_seconds + GRACE_SECONDS + 5):
                    answers.append(json.loads(broker.recv_bytes()))
            except EOFError:
                pass
        return answers + [None] * (len(trials) - len(answers))

    def _job(
        self,
        test_file: Path,
        exercise: str,
        setup: Sequence[str],
        cells: Mapping[str, str],
        seed: int,
        only: str | None,
        files: Mapping[str, bytes],
        suite_seconds: float,
    ) -> Job:
        to_run = tuple((cell.name, cell.source) for cell in _cells_to_run(exercise, setup, cells))
        trial = Trial(to_run, seed, only, dict(files))
        budget = self.budget.for_suite(suite_seconds)
        return Job(str(test_file), exercise, (trial,), budget.call_seconds, budget.exercise_seconds)

    def _run(self, job: Job, workers: int) -> dict[str, Any] | None:
        """Serves a suite's requests until its results come. None when the suite's process died or ran out of time."""
        if not self.server.alive():
            self.server.close()
            self.server = SuiteServer(self.root, self.libraries)
            self.server.wait_until_ready()
        end = time.monotonic() + job.exercise_seconds + GRACE_SECONDS + 5
        broker = self.server.start(job)
        jailed: list[Jailed] = []
        try:
            while broker.poll(max(0.0, end - time.monotonic())):
                request = broker.recv_bytes()
                if request == b"worker":
                    self._supply(broker, jailed, workers, self._limits(job))
                elif request == b"kill":
                    broker.send_bytes(json.dumps({"ended": _end(jailed[-1])}).encode())
                else:
                    return json.loads(request)
        except (EOFError, OSError):
            return None
        finally:
            broker.close()
            for one in jailed:
                one.kill()
                one.close()
        return None

    def _limits(self, job: Job) -> Limits:
        """What a worker may use: the engine's limits, with the time of an exercise that may take longer than others."""
        more = job.exercise_seconds - self.budget.exercise_seconds
        return replace(self.limits, wall_seconds=self.limits.wall_seconds + more, cpu_seconds=self.limits.cpu_seconds + math.ceil(more))

    def _supply(self, broker: Connection, jailed: list[Jailed], workers: int, limits: Limits) -> None:
        if len(jailed) >= workers:
            broker.send_bytes(json.dumps({"refused": "No further process is started for this exercise: too many of them ended."}).encode())
            return
        one = self.sandbox.spawn(limits)
        jailed.append(one)
        broker.send_bytes(b"{}")
        reduction.send_handle(broker, one.socket.fileno(), None)
        one.socket.close()


def _end(jailed: Jailed) -> str:
    """Ends a worker; why it had ended by itself, or an empty string."""
    reason = jailed.wait(0.3)
    jailed.kill()
    return reason or ""


def _cells_to_run(exercise: str, setup: Sequence[str], cells: Mapping[str, str]) -> list[Cell]:
    return [Cell(f"setup {i}", source) for i, source in enumerate(setup, 1)] + [Cell(name, cells[name]) for name in needed(exercise, cells)]


def _without_cell(exercise: str, suite: Suite) -> dict[str, Any]:
    note = f"The cell of `{exercise}` wasn't found in what was handed in, so nothing could be checked."
    return exercise_result(exercise, suite.tests, {"note": note, "tests": []}, missing="failed")


def exercise_result(exercise: str, tests: Sequence[SuiteTest], answer: dict | None, missing: str = "error") -> dict[str, Any]:
    """Scores the tests of an exercise. A test without exactly one result earns nothing: only `passed` does."""
    gathered = {t["name"]: t for t in (answer or {}).get("tests", ())}
    rows = []
    for test in tests:
        got = gathered.get(test.name)
        outcome = got["outcome"] if got else missing
        rows.append(
            {
                "name": test.name,
                "title": test.title,
                "points": test.points,
                "outcome": outcome,
                "message": got["message"] if got else "This check wasn't reached.",
                "traceback": got["traceback"] if got else "",
            }
        )
    total = sum(test.points or 0 for test in tests)
    earned = sum(row["points"] or 0 for row in rows if row["outcome"] == "passed")
    note = (
        "The checks of this exercise were stopped: they took too long, or more memory than they may."
        if answer is None
        else answer.get("note", "")
    )
    measured = {name: list((answer or {}).get(name, ())) for name in ("measures", "flags")}
    return {"exercise": exercise, "score": float(earned), "points": total, "note": note, "tests": rows} | measured


def settled(result: Mapping[str, Any]) -> bool:
    """Whether a result may be kept: no test timed out, crashed or stumbled, which a busy machine can cause."""
    return all(test["outcome"] in ("passed", "failed") for exercise in result["exercises"] for test in exercise["tests"])


__all__ = ["Budget", "Engine", "SandboxError", "exercise_result", "settled"]
