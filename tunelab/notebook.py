"""The notebook reader: setup and exercise cells of a learner's notebook, and which of them an exercise needs."""

from __future__ import annotations

import ast
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tunelab.files import PLAIN_NAME

MAX_NOTEBOOK = 200 * 2**20


class NotebookError(ValueError):
    """A notebook that can't be read, with what is wrong and what to do."""


@dataclass(frozen=True)
class Cell:
    """A code cell: the name that errors call it by, and its source."""

    name: str
    source: str


@dataclass(frozen=True)
class Question:
    """A question that is answered in words, in its own cell, and graded by a person."""

    name: str
    points: int
    answered: bool


@dataclass(frozen=True)
class LearnerNotebook:
    """What a check needs of a notebook. `points` are those of the grade cells, by exercise; `exercises` keeps the notebook's order. `files` are to be handed in beside it."""

    path: Path
    assignment: str
    title: str
    setup: tuple[Cell, ...]
    exercises: dict[str, str]
    points: dict[str, int]
    minutes: int = 0
    files: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()

    def cells_for(self, exercise: str) -> tuple[Cell, ...]:
        """The cells that grading would run for an exercise: setup, then what the exercise's cell needs, then the cell itself."""
        return (*self.setup, *(Cell(name, self.exercises[name]) for name in needed(exercise, self.exercises)))


def read_notebook(path: Path) -> LearnerNotebook:
    """Reads a notebook from disk. Raises NotebookError when it is missing, too large, or no notebook."""
    try:
        if path.stat().st_size > MAX_NOTEBOOK:
            raise NotebookError(
                f"{path.name} is larger than {MAX_NOTEBOOK // 2**20} MiB. Clear its outputs (Kernel, Restart Kernel and Clear Outputs) and save it."
            )
        document = json.loads(path.read_text(encoding="utf-8"))
        cells = [c for c in document["cells"] if isinstance(c, dict)]
    except FileNotFoundError:
        raise NotebookError(f"There is no notebook {path}. Open a terminal in the assignment's folder, or name the assignment.") from None
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise NotebookError(
            f"{path.name} can't be read as a notebook ({type(error).__name__}). Open it in Jupyter and save it again, or start from a fresh copy."
        ) from None
    return from_cells(path, document, cells)


def from_cells(path: Path, document: Mapping[str, Any], cells: list[dict]) -> LearnerNotebook:
    """A notebook from its decoded JSON; cells are told apart by tag, then by nbgrader's id, and exercises by their function's name."""
    about = _mapping(_mapping(document.get("metadata")).get("tunelab"))
    known = {name for cell in cells if (name := _checked_exercise(cell))}
    setup, exercises, points = [], {}, {}
    for cell in cells:
        if cell.get("cell_type") != "code":
            continue
        metadata, source = _mapping(cell.get("metadata")), source_of(cell)
        tags = metadata.get("tags") or []
        grading = _mapping(metadata.get("nbgrader"))
        if (checked := _checked_exercise(cell)) and isinstance(grading.get("points"), int | float):
            points[checked] = int(grading["points"])
        elif "setup" in tags or str(grading.get("grade_id", "")).startswith("setup-"):
            setup.append(Cell(f"setup {len(setup) + 1}", source))
        elif "exercise" in tags or grading.get("solution") or known & defined_names(source):
            exercises |= {name: source for name in _exercise_names(metadata, grading, source, known)}
    return LearnerNotebook(
        path,
        str(about.get("assignment", path.stem)),
        str(about.get("title", path.stem)),
        tuple(setup),
        exercises,
        points,
        int(about.get("minutes") or 0),
        _plain_names(about.get("files")),
        tuple(question for cell in cells if (question := _question(cell))),
    )


def _question(cell: dict) -> Question | None:
    """The question that a text cell asks. It is answered when it doesn't hold what it came with any more."""
    metadata = _mapping(cell.get("metadata"))
    name, asked, points = metadata.get("name"), metadata.get("asked"), _mapping(metadata.get("nbgrader")).get("points")
    if cell.get("cell_type") != "markdown" or not isinstance(asked, str):
        return None
    return Question(str(name), points if isinstance(points, int) else 0, digest(source_of(cell)) != asked)


def _plain_names(value: Any) -> tuple[str, ...]:
    names = value if isinstance(value, list) else []
    return tuple(name for name in names if isinstance(name, str) and PLAIN_NAME.fullmatch(name))


def _exercise_names(metadata: Mapping, grading: Mapping, source: str, known: set[str]) -> list[str]:
    defined = sorted(known & defined_names(source))
    return defined or [str(metadata.get("name") or grading.get("grade_id") or "unnamed")]


def _checked_exercise(cell: dict) -> str | None:
    found = re.fullmatch(r"""check\(["'](\w+)["']\)""", source_of(cell).strip())
    return found.group(1) if found else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def source_of(cell: Mapping[str, Any]) -> str:
    """A cell's source as one string, however it was stored."""
    source = cell.get("source", "")
    if isinstance(source, list):
        return "".join(part for part in source if isinstance(part, str))
    return source if isinstance(source, str) else ""


def digest(source: str) -> str:
    """A cell's source as a short digest; spaces at the ends of lines and empty lines around it don't count."""
    lines = [line.rstrip() for line in source.strip().splitlines()]
    return hashlib.sha256("\n".join(lines).encode("utf-8", "replace")).hexdigest()[:16]


# ---------------------------------------------------------------- names


def defined_names(source: str) -> set[str]:
    """The names that a cell's top level defines; empty when it has a syntax error."""
    tree = _parse(source)
    return set() if tree is None else {name for node in tree.body for name in _bound(node)}


def _bound(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def _used(source: str) -> set[str]:
    tree = _parse(source)
    return set() if tree is None else {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def _parse(source: str) -> ast.Module | None:
    try:
        return ast.parse(without_magics(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def needed(exercise: str, cells: Mapping[str, str]) -> list[str]:
    """The exercise cells that must run for `exercise`, in the notebook's order: its own, and those that define a name it uses, and so on.

    Other cells don't run, so that an endless loop or an error in one of them costs only that one.
    """
    defines = {name: defined_names(source) for name, source in cells.items()}
    wanted, todo = {exercise}, [exercise]
    while todo:
        current = todo.pop()
        missing = _used(cells.get(current, "")) - defines.get(current, set())
        for name, names in defines.items():
            if name not in wanted and names & missing:
                wanted.add(name)
                todo.append(name)
    return [name for name in cells if name in wanted]


# ---------------------------------------------------------------- IPython's additions to Python

_RUNS_ITS_BODY = {"time", "timeit", "capture", "prun"}
_MAGIC = re.compile(r"^\s*[%!?]")


def without_magics(source: str) -> str:
    """A cell as plain Python: IPython's own transformation where it has magics, the source itself elsewhere.

    `%%time` and its like run their body; every other magic and shell command does nothing outside the notebook.
    """
    lines = source.splitlines()
    first = next((i for i, line in enumerate(lines) if line.strip()), None)
    if first is not None and (magic := re.match(r"\s*%%(\w+)", lines[first])):
        body = "\n".join(lines[first + 1 :]) + "\n"
        return without_magics(body) if magic.group(1) in _RUNS_ITS_BODY else "\n"
    if not any(_MAGIC.match(line) or re.search(r"=\s*[%!]", line) for line in lines):
        return source
    from IPython.core.inputtransformer2 import TransformerManager

    return TransformerManager().transform_cell(source)


class _NoShell:
    """Stands for IPython's shell where there is none: magics and shell commands do nothing."""

    def run_line_magic(self, name: str, line: str, *args: Any, **kwargs: Any) -> None:
        return None

    run_cell_magic = run_line_magic

    def system(self, command: str) -> None:
        return None

    def getoutput(self, command: str) -> list[str]:
        return []


def compile_cell(source: str, filename: str, namespace: dict[str, Any]) -> Any:
    """Compiles a cell as a notebook would. Raises SyntaxError with the learner's own lines."""
    plain = without_magics(source)
    if plain is not source:
        namespace.setdefault("get_ipython", _NoShell)
    return compile(plain, filename, "exec", dont_inherit=True)
