"""The pytest plugin: the fixtures that tests ask for, and each test's outcome in the learner's words.

One plugin serves the three places where tests run: `pytest` in an assignment's folder, `check(...)`, and the hidden suites in the grader. They differ in the backend that gives the learner's functions.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Protocol

import cloudpickle
import numpy as np
import pytest

from tunelab.checks import TestResult
from tunelab.learner import Learner, LearnerError, WorkerDied, WorkerTimeout

SELF_CHECK_SEED = 20_27


class Backend(Protocol):
    """Where the learner's functions come from, and the seed that suites draw their inputs with."""

    seed: int

    def learner(self, test_file: Path) -> Learner:
        """The functions that the tests in `test_file` call."""


BACKEND: pytest.StashKey[Backend] = pytest.StashKey()
RESULTS: pytest.StashKey[dict[str, TestResult]] = pytest.StashKey()


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


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "points(n): what a hidden test is worth")
    config.stash.setdefault(BACKEND, NotebookBackend())
    config.stash[RESULTS] = {}


@pytest.fixture
def learner(request: pytest.FixtureRequest) -> Learner:
    """The learner's functions: `learner.freeze_layers(model, 2)`."""
    module = sys.modules.get(request.module.__name__)
    if module is not None:
        cloudpickle.register_pickle_by_value(module)
    return request.config.stash[BACKEND].learner(request.path)


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
    if "learner" not in getattr(item, "fixturenames", ()):
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
