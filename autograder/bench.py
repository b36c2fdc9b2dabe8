"""The benchmark: the same class and the same checks graded by stock nbgrader and by this kit, taking turns in one run.

The assignment's tests are cheap and its setup imports torch and transformers, as every lesson on fine-tuning does. Stock nbgrader runs the checks as assertions in grade
cells; the kit runs them as hidden suites. A run of one submission and a run of the whole class tell what a submission costs from what starting costs.
"""

from __future__ import annotations

import ast
import ctypes
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import textwrap
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from autograder.build import SCHEMA_VERSION
from autograder.course import ROOT, Assignment, load_course, load_solutions
from autograder.fill import fill
from autograder.show import table
from autograder.workplace import write_atomically

FOLDER = ROOT / "build" / "bench"
ASSIGNMENT = "s1-bench"
GOAL = 0.2
"""The kit's CPU per submission, as a share of stock nbgrader's, must not be above this."""
LARGE_CLASS = 200
ORPHAN_SECONDS = 30
PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True)
class Cost:
    """Seconds: CPU of a command with all its descendants, wall clock, and the busy time of the whole machine meanwhile, as a check on the first."""

    cpu: float
    wall: float
    machine: float

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.cpu + other.cpu, self.wall + other.wall, self.machine + other.machine)


@dataclass(frozen=True)
class Measured:
    """One grading run: `parts` are the costs of its steps by name."""

    grader: str
    submissions: int
    parts: dict[str, Cost]

    @property
    def whole(self) -> Cost:
        return sum(self.parts.values(), Cost(0, 0, 0))


# ---------------------------------------------------------------- the whole


def bench(size: int, rounds: int) -> bool:
    """Runs everything and prints what it measured. Returns whether the kit's share of CPU per submission meets the goal and both gave the same scores."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    kit, stock = make_kit(FOLDER / "kit"), FOLDER / "stock"
    assignment = load_course(kit).assignment(ASSIGNMENT)
    make_stock(stock, assignment)
    runs: list[Measured] = []
    agree = True
    for number in range(1, rounds + 1):
        for count in (1, size):
            answers = class_of(assignment, count)
            made = [run_kit(kit, assignment, answers), run_stock(stock, assignment, answers)]
            agree = agree and _scores(kit / "place") == _scores(stock)
            runs += [*made, run_kit_again(kit, count)]
            for run in made:
                print(f"round {number}: {run.grader} graded {count}: {run.whole.cpu:.1f} CPU s, {run.whole.wall:.1f} s", flush=True)
    print("", table_of(runs), "", sep="\n")
    print("Both gave the same scores." if agree else "The two graders gave DIFFERENT scores.")
    return conclude(runs, size) and agree


def conclude(runs: Sequence[Measured], size: int) -> bool:
    """Prints costs per submission, where the kit's go, and the ratio."""
    each = {grader: per_submission(runs, grader, size) for grader in ("kit", "stock")}
    start = {grader: cpu_of(runs, grader, 1) - each[grader].cpu for grader in each}
    rows = [
        (g, f"{c.cpu:.2f}", f"{c.wall:.2f}", f"{start[g]:.1f}", f"{c.cpu + start[g] / size:.2f}", f"{c.cpu + start[g] / LARGE_CLASS:.2f}")
        for g, c in each.items()
    ]
    headers = (
        "",
        "CPU s per submission",
        "wall s per submission",
        "CPU s to start, once",
        f"with the start, class of {size}",
        f"class of {LARGE_CLASS}",
    )
    print(table(headers, rows, right=(1, 2, 3, 4, 5)))
    print("\nWhere the kit's CPU goes, per submission:\n")
    print(table(("step", "CPU s"), [(step, f"{cost:.2f}") for step, cost in breakdown(runs, size).items()], right=(1,)))
    ratio = each["kit"].cpu / each["stock"].cpu
    large = (each["kit"].cpu + start["kit"] / LARGE_CLASS) / (each["stock"].cpu + start["stock"] / LARGE_CLASS)
    print(
        f"\nRatio of CPU per submission, kit to stock: {ratio:.2f}; with the start of a class of {LARGE_CLASS}: {large:.2f}. The goal is at most {GOAL:.2f}."
    )
    return max(ratio, large) <= GOAL


def per_submission(runs: Sequence[Measured], grader: str, size: int) -> Cost:
    """What one more submission costs: the difference between the class and a single one, in the median over rounds."""
    wholes = {count: [run.whole for run in runs if run.grader == grader and run.submissions == count] for count in (1, size)}
    values = {
        name: statistics.median(getattr(c, name) for c in wholes[size]) - statistics.median(getattr(c, name) for c in wholes[1])
        for name in ("cpu", "wall", "machine")
    }
    return Cost(**{name: value / (size - 1) for name, value in values.items()})


def cpu_of(runs: Sequence[Measured], grader: str, count: int) -> float:
    return statistics.median(run.whole.cpu for run in runs if run.grader == grader and run.submissions == count)


def breakdown(runs: Sequence[Measured], size: int) -> dict[str, float]:
    """CPU seconds per further submission of each step of the kit. Grading again from stored results tells nbgrader's share from the sandbox's."""

    def step(name: str) -> float:
        cost = {
            count: statistics.median(run.parts[name].cpu for run in runs if run.grader == "kit" and run.submissions == count)
            for count in (1, size)
        }
        return (cost[size] - cost[1]) / (size - 1)

    again = {
        count: statistics.median(run.parts["again"].cpu for run in runs if run.grader == "kit again" and run.submissions == count)
        for count in (1, size)
    }
    known = (again[size] - again[1]) / (size - 1)
    return {
        "sandbox and suites, fan-out": step("grade") - known,
        "intake, nbgrader's autograde, export": known,
        "nbgrader's feedback": step("feedback"),
    }


def table_of(runs: Sequence[Measured]) -> str:
    rows = [(r.grader, r.submissions, f"{r.whole.cpu:.1f}", f"{r.whole.wall:.1f}", f"{r.whole.machine:.1f}") for r in runs]
    return table(("grader", "submissions", "CPU s", "wall s", "machine busy s"), rows, right=(1, 2, 3, 4))


# ---------------------------------------------------------------- measuring


def measured(command: Sequence[str | Path], folder: Path) -> Cost:
    """Runs a command in a folder and takes its costs, children of children and orphans included. Raises RuntimeError with its output when it fails."""
    log = folder / "command.log"
    ours, theirs = os.pipe()
    busy = _machine_busy()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = _run_and_account([str(part) for part in command], folder, log, theirs)
        finally:
            os._exit(code)
    os.close(theirs)
    with os.fdopen(ours) as pipe:
        answer = pipe.read()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code:
        raise RuntimeError(f"{' '.join(map(str, command))} failed in {folder}:\n{log.read_text()[-3000:]}")
    cpu, wall = json.loads(answer)
    return Cost(cpu, wall, _machine_busy() - busy)


def _run_and_account(command: list[str], folder: Path, log: Path, answer: int) -> int:
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    start = time.monotonic()
    with open(log, "w") as output:
        code = subprocess.run(command, cwd=folder, env=_environment(), stdin=subprocess.DEVNULL, stdout=output, stderr=output).returncode
    wall = time.monotonic() - start
    end = time.monotonic() + ORPHAN_SECONDS
    while time.monotonic() < end and _reaped():
        time.sleep(0.02)
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    os.write(answer, json.dumps([usage.ru_utime + usage.ru_stime, wall]).encode())
    return code


def _reaped() -> bool:
    """Reaps what has ended of the processes that this one inherited; whether some are left."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True


def _machine_busy() -> float:
    """Seconds that all cores together have been busy since the machine started."""
    user, nice, system, _, _, irq, softirq, *_ = (int(part) for part in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:])
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def _environment() -> dict[str, str]:
    scripts, data = Path(sys.executable).parent, Path(sys.prefix) / "share" / "jupyter"
    kept = {name: value for name, value in os.environ.items() if name not in ("TUNELAB_WORKPLACE", "TUNELAB_SANDBOX")}
    return kept | {"PATH": f"{scripts}{os.pathsep}{os.environ.get('PATH', '')}", "JUPYTER_PATH": str(data), "HF_HUB_OFFLINE": "1"}


# ---------------------------------------------------------------- the kit


def make_kit(folder: Path) -> Path:
    """A copy of the kit with the benchmark's course in it, released."""
    for name in ("autograder", "tunelab"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "suites"))
    for name in ("nbgrader_config.py", "requirements.lock", "pyproject.toml", "README.md", "LICENSE"):
        if (ROOT / name).is_file():
            shutil.copy(ROOT / name, folder / name)
    for name, text in course_files().items():
        write_atomically(folder / name, text)
    measured([sys.executable, "-m", "autograder", "release"], folder)
    return folder


def run_kit(kit: Path, assignment: Assignment, answers: Sequence[dict[str, str]]) -> Measured:
    """Grades a class from nothing, with feedback, and then once more from the stored results, for the breakdown."""
    place = kit / "place"
    shutil.rmtree(place, ignore_errors=True)
    hand_in(place / "submitted", nbformat.read(assignment.released_notebook, as_version=4), answers)
    command = [sys.executable, "-m", "autograder"]
    parts = {verb: measured([*command, verb, "--workplace", place], kit) for verb in ("grade", "feedback")}
    return Measured("kit", len(answers), parts)


def run_kit_again(kit: Path, count: int) -> Measured:
    """Grades what lies there once more, with its results known and the gradebook gone: what intake and nbgrader cost alone."""
    place = kit / "place"
    for name in ("autograded", "clean"):
        shutil.rmtree(place / name)
    (place / "gradebook.db").unlink()
    return Measured("kit again", count, {"again": measured([sys.executable, "-m", "autograder", "grade", "--workplace", place], kit)})


# ---------------------------------------------------------------- stock nbgrader


def make_stock(folder: Path, assignment: Assignment) -> None:
    """A stock nbgrader course with the same assignment: the tests' assertions stand in its grade cells."""
    write_atomically(folder / "nbgrader_config.py", f'c = get_config()\nc.CourseDirectory.root = "{folder}"\n')
    write_atomically(folder / "source" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb", nbformat.writes(stock_notebook(assignment)))
    measured([Path(sys.executable).parent / "nbgrader", "generate_assignment", ASSIGNMENT, "--create"], folder)
    shutil.move(folder / "gradebook.db", folder / "fresh.db")


def stock_notebook(assignment: Assignment) -> nbformat.NotebookNode:
    """Setup, then per exercise its stub and a grade cell."""
    cells = [new_code_cell("\n".join(line for line in assignment.lesson.setup[0].splitlines() if "tunelab" not in line), id="setup-1")]
    for exercise in assignment.exercises:
        cells.append(_stock_cell(exercise.name, exercise.stub, solution=True))
        checks, points = stock_checks(exercise.name, assignment.suite_path(exercise.name).read_text())
        cells.append(_stock_cell(f"check_{exercise.name}", checks, grade=True, locked=True, points=points))
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def _stock_cell(name: str, source: str, **more: bool | int) -> nbformat.NotebookNode:
    flags = {"schema_version": SCHEMA_VERSION, "grade_id": name, "grade": False, "solution": False, "locked": False, "task": False}
    return new_code_cell(source, id=name, metadata={"nbgrader": flags | more})


def stock_checks(exercise: str, suite: str) -> tuple[str, int]:
    """A hidden suite as the source of a grade cell, and its points: the same test functions, called on the notebook's own function."""
    tree, points, calls = ast.parse(suite), 0, []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            points += node.decorator_list[0].args[0].value
            calls.append(f"{node.name}(learner)")
            node.decorator_list = []
    tree.body = [node for node in tree.body if ast.unparse(node) != "import pytest"]
    learner = f"import types\nlearner = types.SimpleNamespace({exercise}={exercise})"
    return "\n".join([ast.unparse(tree), learner, *calls]), points


def run_stock(folder: Path, assignment: Assignment, answers: Sequence[dict[str, str]]) -> Measured:
    """Grades a class from nothing, with feedback, by nbgrader's own commands."""
    for name in ("submitted", "autograded", "feedback"):
        shutil.rmtree(folder / name, ignore_errors=True)
    shutil.copy(folder / "fresh.db", folder / "gradebook.db")
    hand_in(folder / "submitted", nbformat.read(folder / "release" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb", as_version=4), answers)
    nbgrader = Path(sys.executable).parent / "nbgrader"
    commands = {
        "autograde": [nbgrader, "autograde", ASSIGNMENT, "--create", "--force"],
        "feedback": [nbgrader, "generate_feedback", ASSIGNMENT, "--force"],
    }
    return Measured("stock", len(answers), {step: measured(command, folder) for step, command in commands.items()})


def _scores(place: Path) -> dict[str, dict[str, float]]:
    """The gradebook of either: learner, then grade cell."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{place / 'gradebook.db'}") as gradebook:
        submissions = gradebook.assignment_submissions(ASSIGNMENT)
        return {s.student.id: {grade.name: grade.score for notebook in s.notebooks for grade in notebook.grades} for s in submissions}


# ---------------------------------------------------------------- the class


def class_of(assignment: Assignment, size: int) -> list[dict[str, str]]:
    """What each learner wrote: every fourth has one exercise wrong. No two cells are equal, so that no result is shared."""
    solutions = load_solutions(assignment)
    learners = []
    for number in range(size):
        cells = {e.name: f"{fill(e.stub, solutions.reference[e.name])}\n# learner {number}" for e in assignment.exercises}
        if number % 4 == 1:
            mutant = solutions.mutants[number % len(solutions.mutants)]
            cells[mutant.exercise] = f"{fill(assignment.exercise(mutant.exercise).stub, mutant)}\n# learner {number}"
        learners.append(cells)
    return learners


def hand_in(submitted: Path, notebook: nbformat.NotebookNode, answers: Sequence[dict[str, str]]) -> None:
    for number, cells in enumerate(answers):
        for cell in notebook.cells:
            grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
            cell.source = cells.get(grade_id, cell.source)
        write_atomically(submitted / f"learner-{number:03}" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb", nbformat.writes(notebook))


# ---------------------------------------------------------------- the course

EXERCISES = {
    "mean_pool": (
        'def mean_pool(hidden, mask):\n    """The mean of the token vectors where the mask is 1; hidden is (batch, tokens, size), mask (batch, tokens)."""',
        "return (hidden * mask.unsqueeze(-1)).sum(1) / mask.sum(1, keepdim=True)",
        "return hidden.mean(1)",
        """
        hidden = torch.arange(12.0).reshape(1, 3, 4)
        pooled = learner.mean_pool(hidden, torch.tensor([[1, 1, 0]]))
        assert pooled.shape == (1, 4), "mean_pool gave another shape than (batch, size)."
        assert torch.allclose(pooled, hidden[:, :2].mean(1)), "mean_pool counts tokens that the mask leaves out."
        """,
    ),
    "trainable": (
        'def trainable(model):\n    """The number of trainable parameters, an int."""',
        "return sum(p.numel() for p in model.parameters() if p.requires_grad)",
        "return sum(p.numel() for p in model.parameters())",
        """
        model = torch.nn.Linear(3, 2)
        model.bias.requires_grad_(False)
        count = learner.trainable(model)
        assert type(count) is int, "trainable gave no int."
        assert count == 6, "trainable counts parameters that are frozen."
        """,
    ),
    "perplexity": (
        'def perplexity(losses):\n    """The exponential of the mean of a list of losses in nats, a float."""',
        "return math.exp(sum(losses) / len(losses))",
        "return sum(math.exp(loss) for loss in losses) / len(losses)",
        """
        value = learner.perplexity([1.0, 2.0, 3.0])
        assert type(value) is float, "perplexity gave no float."
        assert abs(value - math.exp(2.0)) < 1e-9, "perplexity is the exponential of the mean, not the mean of exponentials."
        """,
    ),
}
"""Stub, reference, a wrong answer, and the body of the test, by exercise."""

SETUP = "import math\n\nimport torch\nimport transformers\n\nfrom tunelab import check"


def course_files() -> dict[str, str]:
    """The files of the benchmark's course by path."""
    due = f'{{ name = "{ASSIGNMENT}", title = "Bench", minutes = 5 }}'
    cells = [
        _myst("setup", SETUP),
        *(_myst("exercise", f"{stub}\n    raise NotImplementedError", name) for name, (stub, *_) in EXERCISES.items()),
    ]
    files = {
        "course.toml": f'title = "Bench"\n\n[[sections]]\nnumber = 1\ntitle = "Bench"\nassignments = [{due}]\n',
        f"source/{ASSIGNMENT}/{ASSIGNMENT}.md": "\n\n".join([FRONT, "# Bench", *cells]) + "\n",
        f"source/{ASSIGNMENT}/hints.toml": "".join(f'[{name}]\nrungs = ["What does the docstring say?"]\n' for name in EXERCISES),
        f"solutions/{ASSIGNMENT}/reference.py": "import math\n\n\n"
        + "\n\n\n".join(_answer(stub, right) for stub, right, *_ in EXERCISES.values()),
        f"solutions/{ASSIGNMENT}/alternatives.py": "",
        f"solutions/{ASSIGNMENT}/mutants.py": _mutants(),
    }
    for name, (*_, body) in EXERCISES.items():
        files[f"source/{ASSIGNMENT}/test_{name}.py"] = (
            f'def test_it_is_there(learner):\n    """It can be called."""\n    assert learner.{name}, "{name} is missing."\n'
        )
        test = f'@pytest.mark.points(4)\ndef test_{name}_is_right(learner):\n    """It does what it says."""\n{textwrap.indent(textwrap.dedent(body).strip(), "    ")}\n'
        files[f"autograder/suites/{ASSIGNMENT}/test_{name}.py"] = f"import math\n\nimport pytest\nimport torch\n\n\n{test}"
    return files


FRONT = "---\njupytext:\n  text_representation:\n    extension: .md\n    format_name: myst\nkernelspec:\n  display_name: Python 3\n  language: python\n  name: python3\n---"


def _myst(tag: str, source: str, name: str = "") -> str:
    return "\n".join(["```{code-cell} ipython3", f":tags: [{tag}]", *([f":name: {name}"] if name else []), "", source, "```"])


def _answer(stub: str, body: str) -> str:
    return f"{stub.splitlines()[0]}\n    {body}\n"


def _mutants() -> str:
    parts = ["import math\n\nfrom autograder.authoring import mutant\n"]
    for name, (stub, _, wrong, _) in EXERCISES.items():
        mark = f'@mutant("{name}", caught_by="test_{name}_is_right", says="{name}")'
        signature = stub.splitlines()[0].replace(f"def {name}", f"def {name}_wrong")
        parts.append(f'{mark}\n{signature}\n    """Wrong."""\n    {wrong}\n')
    return "\n\n".join(parts)
