"""Self-check: runs the public checks of an exercise on the functions in front of the learner, and says what they say."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tunelab import places
from tunelab.notebook import Cell, LearnerNotebook, NotebookError, read_notebook


@dataclass(frozen=True)
class TestResult:
    """One test: `outcome` is passed, failed, timeout, crashed or error; `title` is what the test asks, `message` what it says when it isn't met."""

    name: str
    title: str
    points: int | None
    outcome: str
    message: str
    traceback: str

    __test__ = False


@dataclass(frozen=True)
class Measured:
    """A number that a hidden suite took, and the interval that it lies in, if there is one."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class CheckReport:
    """The tests of one exercise. `note` says why there are none, or how they were run; `measures` and `flags` are a hidden suite's, for the instructors, `hints` a feedback page's."""

    exercise: str
    results: tuple[TestResult, ...]
    note: str = ""
    measures: tuple[Measured, ...] = ()
    flags: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        return bool(self.results) and all(r.outcome == "passed" for r in self.results)


def check(exercise: str) -> Any:
    """Runs the public checks of an exercise on the functions of this notebook, and shows a table of what they found.

    Gives None when all pass, else a short line (whose plain text is 0.0, so that `nbgrader validate` sees that something is open).
    """
    from tunelab import colab, display, grammar, progress, surroundings

    namespace = places.notebook_namespace()
    folder = _folder_of_checks(exercise, namespace)
    report = check_namespace(exercise, namespace)
    remarks = (surroundings.outdated_kernel(), grammar.too_new(progress.cell_of(namespace.get(exercise))), report.note)
    report = replace(report, note=" ".join(remark for remark in remarks if remark))
    if folder is not None:
        progress.record_in_notebook(report, folder, namespace)
        colab.bring_down(folder, exercise)
    display.show(report)
    return None if report.passed else display.Unfinished(report)


def check_namespace(exercise: str, namespace: dict[str, Any]) -> CheckReport:
    """The public checks of an exercise on a live namespace, such as a notebook's."""
    if (folder := _folder_of_checks(exercise, namespace)) is not None:
        return run_tests(folder / f"test_{exercise}.py", exercise, namespace)
    return CheckReport(
        exercise,
        (),
        f"There is no test_{exercise}.py beside this notebook (its kernel runs in {Path.cwd()}). Keep the notebook in its assignment's folder and open it there; check the exercise's name, too.",
    )


def check_notebook(path: Path, exercise: str) -> CheckReport:
    """The public checks of an exercise on a notebook on disk: what `tunelab check` runs."""
    from tunelab import grammar

    try:
        notebook = read_notebook(path)
    except NotebookError as error:
        return CheckReport(exercise, (), str(error))
    test_file = path.parent / f"test_{exercise}.py"
    if not test_file.is_file():
        return CheckReport(
            exercise, (), f"There is no {test_file.name} beside {path.name}. Its exercises are: {', '.join(notebook.exercises)}."
        )
    report = run_tests(test_file, exercise, notebook.cells_for(exercise))
    return replace(report, note=report.note or grammar.too_new(notebook.exercises.get(exercise, "")))


def find_notebook(folder: Path) -> LearnerNotebook:
    """The assignment's notebook in a folder: the one of the folder's name, or the only one."""
    named = folder / f"{folder.name}.ipynb"
    found = [named] if named.is_file() else sorted(folder.glob("*.ipynb"))
    if len(found) != 1:
        raise NotebookError(
            f"{'No notebook' if not found else 'More than one notebook'} in {folder}: one called {named.name} is looked for."
        )
    return read_notebook(found[0])


def worker_for(notebook: LearnerNotebook, exercise: str) -> Any:
    """A worker in this process that has run what an exercise needs."""
    return _loaded_worker(notebook.cells_for(exercise))


def _loaded_worker(cells: Sequence[Cell]) -> Any:
    from tunelab.learner import in_process
    from tunelab.worker import Worker

    worker = Worker()
    in_process(worker).load(tuple(cells))
    return worker


def run_tests(
    test_file: Path,
    exercise: str,
    source: Mapping[str, Any] | Sequence[Cell],
    seed: int | None = None,
    only: str | None = None,
    files: Mapping[str, bytes] | None = None,
) -> CheckReport:
    """Runs a test file in this process on a live namespace (a mapping) or on cells.

    `only` names a single test. Functions are called by value, as under grading. `files` are those handed in; when left out, what lies beside the test file.
    """
    from tunelab.plugin import SELF_CHECK_SEED
    from tunelab.worker import Worker

    worker = Worker(source) if isinstance(source, Mapping) else _loaded_worker(source)
    backend = _InProcess(worker, SELF_CHECK_SEED if seed is None else seed, files)
    return run_pytest(test_file, exercise, backend, only)


@dataclass(frozen=True)
class _InProcess:
    worker: Any
    seed: int
    files: Mapping[str, bytes] | None

    def learner(self, test_file: Path) -> Any:
        from tunelab.learner import Learner

        return Learner(self.worker.handle, self.seed)

    def file(self, test_file: Path, name: str) -> bytes | None:
        from tunelab.plugin import file_beside

        return file_beside(test_file, name) if self.files is None else self.files.get(name)


def run_pytest(test_file: Path, exercise: str, backend: Any, only: str | None = None) -> CheckReport:
    """Runs pytest on one file against a backend, silently, and gives the report. Collects nothing else and leaves no module behind."""
    import pytest

    from tunelab import plugin

    gathered: dict[str, TestResult] = {}
    measure = plugin.Measure()

    class Connect:
        problem = ""

        @pytest.hookimpl(tryfirst=True)
        def pytest_configure(self, config: pytest.Config) -> None:
            config.stash[plugin.BACKEND] = backend

        def pytest_sessionfinish(self, session: pytest.Session) -> None:
            nonlocal measure
            gathered.update(session.config.stash[plugin.RESULTS])
            measure = session.config.stash[plugin.MEASURE]

        def pytest_collectreport(self, report: pytest.CollectReport) -> None:
            if report.failed:
                Connect.problem = f"The checks in {test_file.name} can't be read."

    before = set(sys.modules)
    ini = Path(__file__).with_name("pytest.ini")
    selected = f"{test_file}::{only}" if only else str(test_file)
    switched_off = [
        f"-pno:{name}"
        for name in (
            "terminal",
            "logging",
            "faulthandler",
            "cacheprovider",
            "debugging",
            "doctest",
            "junitxml",
            "legacypath",
            "pastebin",
            "recwarn",
            "setuponly",
            "setupplan",
            "stepwise",
            "subtests",
            "threadexception",
            "unittest",
            "unraisableexception",
            "warnings",
        )
    ]
    arguments = [
        "-c",
        str(ini),
        f"--rootdir={test_file.parent}",
        "--disable-plugin-autoload",
        "--import-mode=importlib",
        "--assert=plain",
        "--capture=sys",
        *switched_off,
        selected,
    ]
    bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        pytest.main(arguments, plugins=[plugin, Connect()])
    finally:
        sys.dont_write_bytecode = bytecode
        for name in set(sys.modules) - before:
            if getattr(sys.modules[name], "__file__", None) == str(test_file):
                del sys.modules[name]
    return CheckReport(exercise, tuple(gathered.values()), Connect.problem, tuple(measure.measures), tuple(measure.flags))


def _folder_of_checks(exercise: str, namespace: Mapping[str, Any]) -> Path | None:
    test_file = places.beside(f"test_{exercise}.py", namespace)
    return test_file and test_file.parent
