"""Verdicts: what tests say of an author's answers, in the sandbox and in-process, each run kept by digest.

In-process runs happen in children of the warm suite server, each with a deadline, so that a mutant that loops or exits costs its own run and nothing else.
"""

from __future__ import annotations

import ast
import hashlib
import json
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from autograder.author_files import NONE, FileSets, taken
from autograder.course import Assignment, Suite
from autograder.engine import Budget, Engine
from autograder.results import kit_digest, lab_digest
from autograder.suites_runner import Trial
from autograder.workplace import write_atomically


@dataclass(frozen=True)
class Run:
    """One run to make: `backend` is sandbox or in-process, `cell` the source of the exercise's cell, `only` a single test's name, `files` the set that is handed in with it."""

    backend: str
    exercise: str
    cell: str
    test_file: Path
    seed: int
    only: str = ""
    files: str = NONE


@dataclass(frozen=True)
class Verdict:
    """What the tests said: for each its outcome and message. `seconds` are CPU seconds in-process, wall seconds in the sandbox."""

    outcomes: dict[str, tuple[str, str]]
    seconds: float

    @property
    def passed(self) -> set[str]:
        return {name for name, (outcome, _) in self.outcomes.items() if outcome == "passed"}

    @property
    def settled(self) -> bool:
        return bool(self.outcomes) and all(outcome in ("passed", "failed") for outcome, _ in self.outcomes.values())


class LazyEngine:
    """An engine for the runs of several assignments, started when it is first asked for. Use it as a context manager, and ask first in the thread that entered it: the sandbox ends with that one."""

    def __init__(self, mode: str, root: Path, assignments: Sequence[Assignment]):
        self.mode, self.root = mode, root
        self.assignments = tuple(assignments)
        self.engine: Engine | None = None

    def __enter__(self) -> LazyEngine:
        return self

    def __exit__(self, *exception: Any) -> None:
        if self.engine is not None:
            self.engine.close()

    def get(self) -> Engine:
        """Raises SandboxError, with the cure, when there can be no sandbox."""
        if self.engine is None:
            libraries = sorted({name for assignment in self.assignments for name in _imported(assignment.lesson.setup)})
            engine = Engine(self.mode, root=self.root, budget=Budget(), libraries=libraries)
            engine.start()
            self.engine = engine
        return self.engine


class Verdicts:
    """Makes runs for one assignment, or finds them in `build/lint/`. Runs in the sandbox belong in one thread; those in-process may be made from any."""

    def __init__(self, assignment: Assignment, engine: LazyEngine, suites: dict[str, Suite], files: FileSets):
        self.assignment, self.engine, self.suites = assignment, engine, suites
        self.files = {name: taken(made) for name, made in files.items()}
        self.setup = assignment.lesson.setup
        self.store = assignment.root / "build" / "lint" / assignment.name

    def key(self, run: Run) -> str:
        kit = f"{self.engine.mode} {kit_digest(self.assignment.root)}" if run.backend == "sandbox" else lab_digest(self.assignment.root)
        parts = [run.backend, kit, run.exercise, run.cell, *self.setup, str(run.seed), run.only, run.test_file.read_text(encoding="utf-8")]
        parts += [f"{name} {hashlib.sha256(content).hexdigest()}" for name, content in sorted(self.files[run.files].items())]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def known(self, run: Run) -> Verdict | None:
        try:
            kept = json.loads((self.store / f"{self.key(run)}.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return Verdict({name: tuple(pair) for name, pair in kept["outcomes"].items()}, kept["seconds"])

    def get(self, runs: Sequence[Run]) -> list[Verdict]:
        """The verdicts of runs that aren't known yet. Several are made in one process, in-process and of one test file. Timeouts, crashes and stumbles are never kept."""
        verdicts = [self._in_sandbox(run) for run in runs] if runs[0].backend == "sandbox" else self._in_process(runs)
        for run, verdict in zip(runs, verdicts, strict=True):
            if verdict.settled:
                write_atomically(self.store / f"{self.key(run)}.json", json.dumps(asdict(verdict)))
        return verdicts

    def _in_sandbox(self, run: Run) -> Verdict:
        result = self.engine.get().grade_exercise(
            run.exercise,
            self.setup,
            {run.exercise: run.cell},
            run.seed,
            self.suites[run.exercise],
            run.only or None,
            self.files[run.files],
        )
        return Verdict({t["name"]: (t["outcome"], t["message"]) for t in result["tests"]}, result["seconds"])

    def _in_process(self, runs: Sequence[Run]) -> list[Verdict]:
        """Runs tests in a child of the suite server. A child that is late or dies gives verdicts of one outcome, `crashed`, for what it didn't reach."""
        setup = tuple((f"setup {number}", source) for number, source in enumerate(self.setup, 1))
        trials = [Trial((*setup, (run.exercise, run.cell)), run.seed, run.only or None, self.files[run.files]) for run in runs]
        answers = self.engine.get().run_trusted(runs[0].test_file, runs[0].exercise, trials, self.assignment.suite_seconds)
        return [_verdict(run, answer) for run, answer in zip(runs, answers, strict=True)]


def _verdict(run: Run, answer: dict[str, Any] | None) -> Verdict:
    if answer is None:
        return Verdict({run.only or "all": ("crashed", "the process that ran it ended, or was ended for taking too long")}, 0.0)
    return Verdict({t["name"]: (t["outcome"], t["message"]) for t in answer["tests"]}, answer["seconds"])


def _imported(setup: Sequence[str]) -> set[str]:
    """The libraries that setup cells import, by their full names."""
    nodes = [node for source in setup for node in ast.walk(ast.parse(source))]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return names | {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}


def make_all(
    verdicts: Verdicts,
    batches: Sequence[Sequence[Run]],
    progress: Callable[[str, int, int], None],
    meanwhile: Callable[[], None] = lambda: None,
) -> dict[Run, Verdict]:
    """All runs, and `meanwhile` beside them. A batch is one run, or several that are made in one process. What is known already isn't counted as work.

    Another thread makes the runs in-process. This one makes the sandbox's, then calls `meanwhile`, then helps with what is left in-process.
    """
    runs = dict.fromkeys(run for batch in batches for run in batch)
    made = {run: verdict for run in runs if (verdict := verdicts.known(run))}
    known, counting = len(made), threading.Lock()
    todo = [left for batch in batches if (left := [run for run in batch if run not in made])]
    in_process = deque(batch for batch in todo if batch[0].backend == "in-process")

    def make(batch: Sequence[Run]) -> None:
        found = verdicts.get(batch)
        with counting:
            made.update(zip(batch, found, strict=True))
            progress(f"{verdicts.assignment.name}, runs", len(made) - known, len(runs) - known)

    def make_in_process() -> None:
        while True:
            try:
                batch = in_process.popleft()
            except IndexError:
                return
            make(batch)

    if todo:
        verdicts.engine.get()
    with ThreadPoolExecutor(1) as pool:
        beside = pool.submit(make_in_process)
        try:
            for batch in todo:
                if batch[0].backend == "sandbox":
                    make(batch)
            meanwhile()
            make_in_process()
        finally:
            in_process.clear()
        beside.result()
    return made
