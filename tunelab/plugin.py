"""The pytest plugin: the fixtures that tests ask for, and each test's outcome in the learner's words.

One plugin serves the three places where tests run: `pytest` in an assignment's folder, `check(...)`, and the hidden suites in the grader. They differ in the backend that gives the learner's functions.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import cloudpickle
import numpy as np
import pytest

from tunelab.checks import Measured, TestResult
from tunelab.files import FileError, read_file
from tunelab.learner import Learner, LearnerError, WorkerDied, WorkerTimeout

SELF_CHECK_SEED = 20_27


class Backend(Protocol):
    """Where the learner's functions and files come from, and the seed that suites draw their inputs with."""

    seed: int

    def learner(self, test_file: Path) -> Learner:
        """The functions that the tests in `test_file` call."""

    def file(self, test_file: Path, name: str) -> bytes | None:
        """A file that was handed in beside the notebook; None when it wasn't, or can't be taken."""


BACKEND: pytest.StashKey[Backend] = pytest.StashKey()
RESULTS: pytest.StashKey[dict[str, TestResult]] = pytest.StashKey()
MEASURE: pytest.StashKey[Measure] = pytest.StashKey()
LEARNERS = {"learner", "handed_in"}
"""The fixtures by which a test looks at what a learner did."""


class NotebookBackend:
    """The notebook that lies beside the test file, run in this process."""

    seed = SELF_CHECK_SEED

    def __init__(self) -> None:
        self.workers: dict[Path, Any] = {}

    def learner(self, test_file: Path) -> Learner:
        from tunelab.checks import find_notebook, worker_for

        if test_file not in self.workers:
            self.workers[test_file] = worker_for(find_notebook(test_file.parent), test_file.stem.removeprefix("test_"))
        return Learner(self.workers[test_file].handle, self.seed)

    def file(self, test_file: Path, name: str) -> bytes | None:
        return file_beside(test_file, name)


def file_beside(test_file: Path, name: str) -> bytes | None:
    """A file that lies beside a test file, as far as it would be taken when it is handed in."""
    try:
        return read_file(test_file.with_name(name))
    except FileError:
        return None


@dataclass(frozen=True)
class HandedIn:
    """What was handed in beside the notebook."""

    backend: Backend
    test_file: Path

    def get(self, name: str) -> bytes | None:
        """The bytes of a file that course.toml names; None when it is missing, too large, or no plain file. They may be anything: read them with safetensors only."""
        return self.backend.file(self.test_file, name)


@dataclass
class Measure:
    """Takes what a hidden suite measures for the leaderboard, and what a person should look at. Learners never see either in what they are told."""

    measures: list[Measured] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)

    def __call__(self, name: str, value: float, low: float | None = None, high: float | None = None) -> None:
        """Records a number, and the interval that it lies in when there is one. Raises ValueError for what isn't a finite built-in float, and for a second number of the same name."""
        numbers = [value, *(end for end in (low, high) if end is not None)]
        if not all(type(number) is float and math.isfinite(number) for number in numbers):
            raise ValueError(f"measure({name!r}, {value!r}, {low!r}, {high!r}): each number must be a finite float of Python's own.")
        if (low is None) != (high is None) or (low is not None and low > high):
            raise ValueError(f"measure({name!r}, …, {low!r}, {high!r}): an interval has two ends, the lower one first.")
        if name in {measured.name for measured in self.measures}:
            raise ValueError(f"measure({name!r}, …): it was measured before. Take another name.")
        self.measures.append(Measured(name, value, low, high))

    def flag(self, sentence: str) -> None:
        """Records a sentence for the instructors, who see it in the class report."""
        self.flags.append(sentence)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "points(n): what a hidden test is worth")
    config.stash.setdefault(BACKEND, NotebookBackend())
    config.stash[RESULTS] = {}
    config.stash[MEASURE] = Measure()


@pytest.fixture
def learner(request: pytest.FixtureRequest) -> Learner:
    """The learner's functions: `learner.freeze_layers(model, 2)`."""
    module = sys.modules.get(request.module.__name__)
    if module is not None:
        cloudpickle.register_pickle_by_value(module)
    return request.config.stash[BACKEND].learner(request.path)


@pytest.fixture
def handed_in(request: pytest.FixtureRequest) -> HandedIn:
    """The files beside the notebook: `handed_in.get("adapter.safetensors")`, bytes or None."""
    return HandedIn(request.config.stash[BACKEND], request.path)


@pytest.fixture
def measure(request: pytest.FixtureRequest) -> Measure:
    """For hidden suites: `measure("macro_f1", 0.81, low=0.78, high=0.84)` and `measure.flag("a sentence for a person")`."""
    return request.config.stash[MEASURE]


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """What inputs are drawn from: other for each submission that is graded, fixed in self-check."""
    return request.config.stash[BACKEND].seed


@pytest.fixture
def rng(seed: int) -> np.random.Generator:
    """A generator made of `seed`."""
    return np.random.default_rng(seed)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo) -> Any:
    if LEARNERS.isdisjoint(getattr(item, "fixturenames", ())):
        return (yield)
    # pytest would write out a traceback through the test, which nobody is to see, and which takes most of the time that a failed test takes.
    excinfo, call.excinfo = call.excinfo, None
    report = yield
    results, call.excinfo = item.config.stash[RESULTS], excinfo
    if excinfo is not None:
        report.outcome = "failed"
        outcome, message, traceback = explain(excinfo.value, getattr(excinfo.value, "learner_call", "") or _exercise(item))
        results[item.name] = TestResult(item.name, title(item), points(item), outcome, message, traceback)
        report.longrepr = message + (f"\n\n{traceback}" if traceback else "")
        if getattr(excinfo.value, "learner_type", "") == "KeyboardInterrupt":
            item.session.shouldstop = "interrupted"
    elif call.when == "call":
        results[item.name] = TestResult(item.name, title(item), points(item), "passed", "", "")
    return report


def title(item: pytest.Item) -> str:
    """The first line of a test's docstring: what it asks, in the learner's words."""
    return (getattr(item, "obj", None).__doc__ or item.name).strip().splitlines()[0]


def points(item: pytest.Item) -> int | None:
    marker = item.get_closest_marker("points")
    return marker.args[0] if marker else None


def _exercise(item: pytest.Item) -> str:
    return item.path.stem.removeprefix("test_")


def explain(error: BaseException, name: str) -> tuple[str, str, str]:
    """Outcome, message and the learner's own traceback for an exception that ended a test."""
    own = getattr(error, "learner_traceback", None)
    if own is not None:
        return "failed", _own_error(error, name), "" if error.learner_type == "NotImplementedError" else own
    if isinstance(error, WorkerTimeout | WorkerDied):
        return ("timeout" if isinstance(error, WorkerTimeout) else "crashed"), str(error), ""
    if isinstance(error, AssertionError | pytest.fail.Exception):
        return "failed", _without_introspection(str(error)) or "This check isn't met.", ""
    return (
        "error",
        f"This check stumbled over what `{name}` gave back ({type(error).__name__}). Compare its type and shape with the contract in the docstring.",
        "",
    )


def _own_error(error: BaseException, name: str) -> str:
    kind = error.learner_type
    if getattr(error, "learner_missing", False):
        return str(error)
    if kind == "NotImplementedError":
        return f"`{name}` isn't written yet: it still raises NotImplementedError. Replace that line by your own code."
    if kind == "KeyboardInterrupt":
        return f"`{name}` was interrupted."
    message = str(error) if isinstance(error, LearnerError) else f"{kind}: {_message(error)}"
    advice = (
        " Grading runs the setup cells and the cells of the exercises only: is it defined in another cell of yours?"
        if kind == "NameError"
        else ""
    )
    return f"Your `{name}` raised {message}{advice}" if not isinstance(error, LearnerError) or own_raise(error) else message


def own_raise(error: BaseException) -> bool:
    """Whether the learner's code raised it (it has a traceback there), rather than the kit on reading what came back."""
    return bool(error.learner_traceback)


def _message(error: BaseException) -> str:
    return str(error.args[0]) if error.args else ""


def _without_introspection(message: str) -> str:
    """An assertion's message without the compared values that pytest's rewriting appends."""
    return message.partition("\nassert ")[0].strip()
