"""Verdicts: what tests say of an author's answers, in the sandbox and in-process, each run kept by digest.

In-process runs happen in children forked from a warm process, each with a deadline, so that a mutant that loops or exits costs its own run and nothing else.
"""

from __future__ import annotations

import functools
import hashlib
import json
import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from autograder.course import Assignment, Suite
from autograder.engine import Budget, Engine
from autograder.results import kit_digest
from autograder.workplace import write_atomically

WARM = [
    "autograder.verdicts",
    "torch",
    "transformers.models.bert.modeling_bert",
    "transformers.trainer_utils",
    "sklearn.metrics",
    "scipy.stats",
    "jaxtyping",
    "pytest",
    "tunelab.models",
    "tunelab.plugin",
    "tunelab.worker",
    "tunelab.expect",
]
"""What the process that is forked has imported: this module, so that a child starts at once, and what lessons and tests import."""
SECONDS = 120.0
"""Deadline of a run in a child of this process, wall clock."""


@dataclass(frozen=True)
class Run:
    """One run to make: `backend` is sandbox or in-process, `cell` the source of the exercise's cell, `only` a single test's name."""

    backend: str
    exercise: str
    cell: str
    test_file: Path
    seed: int
    only: str = ""


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


@functools.cache
def lab_digest(root: Path) -> str:
    """The digest of what an in-process run hangs on beyond its test: the learner's lab and the lock. The sandbox is no part of it."""
    total = hashlib.sha256()
    for path in sorted([*(root / "tunelab").glob("*.py"), root / "requirements.lock"]):
        total.update(path.read_bytes())
    return total.hexdigest()


class Verdicts:
    """Makes runs for one assignment, or finds them in `build/lint/`. Use it as a context manager; each backend may be used from a thread of its own."""

    def __init__(self, assignment: Assignment, mode: str, suites: dict[str, Suite]):
        self.assignment, self.mode, self.suites = assignment, mode, suites
        self.setup = assignment.lesson.setup
        self.store = assignment.root / "build" / "lint" / assignment.name
        self.engine: Engine | None = None

    def __enter__(self) -> Verdicts:
        return self

    def __exit__(self, *exception: Any) -> None:
        if self.engine is not None:
            self.engine.close()

    def key(self, run: Run) -> str:
        kit = f"{self.mode} {kit_digest(self.assignment.root)}" if run.backend == "sandbox" else lab_digest(self.assignment.root)
        parts = [run.backend, kit, run.exercise, run.cell, *self.setup, str(run.seed), run.only, run.test_file.read_text(encoding="utf-8")]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def known(self, run: Run) -> Verdict | None:
        try:
            kept = json.loads((self.store / f"{self.key(run)}.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return Verdict({name: tuple(pair) for name, pair in kept["outcomes"].items()}, kept["seconds"])

    def get(self, run: Run) -> Verdict:
        """The verdict of a run, made when it isn't known. Timeouts, crashes and stumbles are never kept."""
        verdict = self.known(run) or (self._in_sandbox(run) if run.backend == "sandbox" else self._in_process(run))
        if verdict.settled:
            write_atomically(self.store / f"{self.key(run)}.json", json.dumps(asdict(verdict)))
        return verdict

    def _in_sandbox(self, run: Run) -> Verdict:
        if self.engine is None:
            engine = Engine(self.mode, root=self.assignment.root, budget=Budget())
            engine.start()
            self.engine = engine
        result = self.engine.grade_exercise(
            run.exercise, self.setup, {run.exercise: run.cell}, run.seed, self.suites[run.exercise], run.only or None
        )
        return Verdict({t["name"]: (t["outcome"], t["message"]) for t in result["tests"]}, result["seconds"])

    def _in_process(self, run: Run) -> Verdict:
        """Runs tests in a child of the warm process. A child that is late or dies gives a verdict of one outcome, `timeout` or `crashed`."""
        context = multiprocessing.get_context("forkserver")
        os.environ |= {"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1"}
        context.set_forkserver_preload(WARM)
        ours, theirs = context.Pipe(duplex=False)
        child = context.Process(target=_child, args=(theirs, self.setup, run), daemon=True)
        child.start()
        theirs.close()
        try:
            return (
                ours.recv()
                if ours.poll(SECONDS)
                else Verdict({run.only or "all": ("timeout", f"still running after {SECONDS:.0f} s")}, SECONDS)
            )
        except EOFError:
            return Verdict({run.only or "all": ("crashed", "the process that ran it ended")}, 0.0)
        finally:
            child.kill()
            child.join()
            ours.close()


def _child(connection: Connection, setup: tuple[str, ...], run: Run) -> None:
    import torch

    from tunelab.checks import run_tests
    from tunelab.notebook import Cell

    torch.set_num_threads(1)
    sink = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(sink, descriptor)
    cells = (*(Cell(f"setup {number}", source) for number, source in enumerate(setup, 1)), Cell(run.exercise, run.cell))
    start = time.process_time()
    report = run_tests(run.test_file, run.exercise, cells, run.seed, run.only or None)
    connection.send(Verdict({r.name: (r.outcome, r.message) for r in report.results}, round(time.process_time() - start, 3)))


def make_all(verdicts: Verdicts, runs: list[Run], progress: Callable[[str, int, int], None]) -> dict[Run, Verdict]:
    """All runs, the two backends side by side. What is known already isn't counted as work."""
    made = {run: verdict for run in dict.fromkeys(runs) if (verdict := verdicts.known(run))}
    todo, known = [run for run in dict.fromkeys(runs) if run not in made], len(made)
    troubles: list[BaseException] = []
    counting = threading.Lock()

    def work(backend: str) -> None:
        try:
            for run in (r for r in todo if r.backend == backend):
                verdict = verdicts.get(run)
                with counting:
                    made[run] = verdict
                    progress(f"{verdicts.assignment.name}, runs", len(made) - known, len(todo))
        except BaseException as error:
            troubles.append(error)

    beside = threading.Thread(target=work, args=("in-process",))
    beside.start()
    work("sandbox")
    beside.join()
    if troubles:
        raise troubles[0]
    return made
