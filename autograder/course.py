"""The course as frozen data: `course.toml`, and beside each assignment its lesson, hidden suites, solutions and hints.

Nothing that an author writes is imported: it is read as text or as a syntax tree, so reading a course runs no code of it.
"""

from __future__ import annotations

import ast
import math
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from tunelab.files import PLAIN_NAME
from tunelab.shelf import LatePolicy

ROOT = Path(__file__).resolve().parents[1]
SUITE_SECONDS = 2.0
"""CPU seconds that a suite may take on its reference, unless course.toml says otherwise."""
STUB_COLUMNS = 100
"""Characters that a stub's lines may have: so many are to be seen in JupyterLab on a screen 1,366 pixels wide, with the sidebar open."""

_ASSIGNMENT_NAME = re.compile(r"s\d+-[a-z0-9]+(-[a-z0-9]+)*")
_CELL_TAGS = ("setup", "exercise", "demo")
_NO_FILES = (".ipynb", ".py", ".left-out", ".handed-in")
_RELEASED_FILES = ("hints.toml", "timestamp.txt", "submission_secret.txt")


class CourseError(Exception):
    """Something an author wrote that can't be used: what, where, and what to do about it."""


def at(path: Path, line: int | None = None) -> str:
    """A place for an error message: the file, from the current folder where that is shorter, and its line."""
    try:
        shown = path.relative_to(Path.cwd())
    except ValueError:
        shown = path
    return f"{shown}:{line}" if line else str(shown)


# ---------------------------------------------------------------- what there is


@dataclass(frozen=True)
class Exercise:
    """One stub: the function (or class) that learners write. `order` counts from 1 within the assignment, `line` is where its cell starts."""

    name: str
    stub: str
    order: int
    line: int


@dataclass(frozen=True)
class LessonCell:
    """A cell of a lesson: `kind` is prose, setup, exercise, demo or written; `name` is the exercise's or that of the question to be answered in words, empty elsewhere. `points` are those that a person gives."""

    kind: str
    source: str
    name: str
    line: int
    points: int = 0


@dataclass(frozen=True)
class Lesson:
    """A lesson as its author wrote it, cell by cell."""

    path: Path
    title: str
    cells: tuple[LessonCell, ...]

    @property
    def exercises(self) -> tuple[Exercise, ...]:
        stubs = [cell for cell in self.cells if cell.kind == "exercise"]
        return tuple(Exercise(cell.name, cell.source, order, cell.line) for order, cell in enumerate(stubs, start=1))

    @property
    def setup(self) -> tuple[str, ...]:
        return tuple(cell.source for cell in self.cells if cell.kind == "setup")


@dataclass(frozen=True)
class SuiteTest:
    """A test: `title` is the first line of its docstring. A hidden test has points, a public check None."""

    name: str
    title: str
    points: int | None
    line: int


@dataclass(frozen=True)
class Suite:
    """The hidden suite of one exercise, or its public checks. It may take `seconds` of CPU."""

    exercise: str
    path: Path
    tests: tuple[SuiteTest, ...]
    seconds: float = SUITE_SECONDS

    @property
    def points(self) -> int:
        return sum(test.points or 0 for test in self.tests)


@dataclass(frozen=True)
class Solution:
    """An answer that an author knows. `kind` is reference, alternative or mutant; a mutant also has its misconception, the test that catches it and what that says.

    `files` names the set of files that is handed in with it (autograder/author_files.py).
    """

    name: str
    exercise: str
    kind: str
    source: str
    about: str
    path: Path
    line: int
    caught_by: str = ""
    says: str = ""
    files: str = "reference"

    @property
    def misconception(self) -> str:
        return self.about


@dataclass(frozen=True)
class Solutions:
    """All answers of an assignment: a reference per exercise, then the right ones and the wrong ones."""

    reference: dict[str, Solution]
    alternatives: tuple[Solution, ...]
    mutants: tuple[Solution, ...]

    def alternatives_of(self, exercise: str) -> tuple[Solution, ...]:
        return tuple(s for s in self.alternatives if s.exercise == exercise)

    def mutants_of(self, exercise: str) -> tuple[Solution, ...]:
        return tuple(s for s in self.mutants if s.exercise == exercise)


@dataclass(frozen=True)
class Assignment:
    """One assignment: `section` is the number of its section, `due` a moment with its time zone or None. The lesson is read when it is first asked for.

    `files` are handed in beside the notebook, `leaderboard` is the measure of its suites that the class is ordered by, and each suite may take `suite_seconds` of CPU.
    """

    name: str
    section: int
    title: str
    minutes: int
    due: datetime | None
    root: Path
    files: tuple[str, ...] = ()
    leaderboard: str = ""
    suite_seconds: float = SUITE_SECONDS

    @cached_property
    def lesson(self) -> Lesson:
        return load_lesson(self)

    @property
    def exercises(self) -> tuple[Exercise, ...]:
        return self.lesson.exercises

    def exercise(self, name: str) -> Exercise:
        for exercise in self.exercises:
            if exercise.name == name:
                return exercise
        raise CourseError(f"{self.name} has no exercise {name}. It has: {', '.join(e.name for e in self.exercises)}.")

    @property
    def source(self) -> Path:
        return self.root / "source" / self.name

    @property
    def lesson_path(self) -> Path:
        return self.source / f"{self.name}.md"

    @property
    def solutions(self) -> Path:
        return self.root / "solutions" / self.name

    @property
    def suites(self) -> Path:
        return self.root / "autograder" / "suites" / self.name

    @property
    def built(self) -> Path:
        return self.root / "build" / "source" / self.name

    @property
    def released(self) -> Path:
        return self.root / "assignments" / self.name

    @property
    def released_notebook(self) -> Path:
        return self.released / f"{self.name}.ipynb"

    def public_checks(self, exercise: str) -> Path:
        return self.source / f"test_{exercise}.py"

    def suite_path(self, exercise: str) -> Path:
        return self.suites / f"test_{exercise}.py"


@dataclass(frozen=True)
class Section:
    """A part of the course and its assignments, in order."""

    number: int
    title: str
    assignments: tuple[Assignment, ...]


@dataclass(frozen=True)
class Course:
    """The whole course. `shown` are the names of the assignments that `make demo` grades: a few, so that it takes minutes. Without `late`, coming late costs nothing."""

    title: str
    sections: tuple[Section, ...]
    root: Path
    shown: tuple[str, ...] = ()
    late: LatePolicy | None = None

    @property
    def assignments(self) -> tuple[Assignment, ...]:
        return tuple(assignment for section in self.sections for assignment in section.assignments)

    def assignment(self, name: str) -> Assignment:
        for assignment in self.assignments:
            if assignment.name == name:
                return assignment
        names = ", ".join(a.name for a in self.assignments)
        raise CourseError(f"There is no assignment {name} in {at(self.root / 'course.toml')}. There are: {names}.")

    def select(self, name: str | None) -> tuple[Assignment, ...]:
        """The assignment of that name, or all of them when it is left out."""
        return (self.assignment(name),) if name else self.assignments


# ---------------------------------------------------------------- course.toml


def load_course(root: Path = ROOT) -> Course:
    """Reads `course.toml` in `root`. Raises CourseError when it is missing, isn't TOML, or lacks or misspells something."""
    path = root / "course.toml"
    table = _read_toml(path)
    sections = tuple(_section(root, path, entry) for entry in _entry(table, "sections", list, path, "the course"))
    for kind, found in (
        ("assignment", [a.name for s in sections for a in s.assignments]),
        ("section number", [s.number for s in sections]),
    ):
        if twice := _duplicate(found):
            raise CourseError(f"{at(path)}: the {kind} {twice} is there twice. Give one of them another.")
    shown, late = tuple(table.get("demo", ())), _late(table.get("late"), path)
    course = Course(_entry(table, "title", str, path, "the course"), sections, root, shown, late)
    for name in course.shown:
        course.assignment(name)
    return course


def _late(entry: Any, path: Path) -> LatePolicy | None:
    if entry is None:
        return None
    wanted = {
        "grace_minutes": (0, math.inf, "minutes, 0 or more"),
        "per_day": (0, 1, "a share between 0 and 1"),
        "cap": (0, 1, "a share between 0 and 1"),
    }
    _no_others(entry, set(wanted), path, "[late]")
    for name, (low, high, what) in wanted.items():
        value = entry.get(name) if isinstance(entry, dict) else None
        if type(value) not in (int, float) or not low <= value <= high:
            raise CourseError(f"{at(path)}: [late] needs `{name}`, {what}; it has {value!r}.")
    return LatePolicy(**entry)


def _section(root: Path, path: Path, entry: Any) -> Section:
    _no_others(entry, {"number", "title", "assignments"}, path, "a section")
    number = _entry(entry, "number", int, path, "a section")
    where = f"section {number}"
    assignments = tuple(_assignment(root, path, number, a) for a in _entry(entry, "assignments", list, path, where))
    return Section(number, _entry(entry, "title", str, path, where), assignments)


def _assignment(root: Path, path: Path, section: int, entry: Any) -> Assignment:
    name = _entry(entry, "name", str, path, f"an assignment of section {section}")
    _no_others(entry, {"name", "title", "minutes", "due", "files", "leaderboard", "suite_seconds"}, path, name)
    if not _ASSIGNMENT_NAME.fullmatch(name) or not name.startswith(f"s{section}-"):
        raise CourseError(
            f"{at(path)}: the assignment {name!r} must be called s{section}-topic, in lower case letters, digits and hyphens."
        )
    minutes = _entry(entry, "minutes", int, path, name)
    due = entry.get("due")
    if minutes < 1:
        raise CourseError(f"{at(path)}: {name} has minutes = {minutes}. Write how long a learner needs, at least 1.")
    if due is not None and (not isinstance(due, datetime) or due.tzinfo is None):
        raise CourseError(f"{at(path)}: {name} has due = {due}. Write a moment with its time zone, such as 2027-02-01T22:00:00Z.")
    files, leaderboard, seconds = _file_names(entry.get("files", []), name, path), entry.get("leaderboard", ""), entry.get("suite_seconds")
    if not isinstance(leaderboard, str):
        raise CourseError(f"{at(path)}: {name} has leaderboard = {leaderboard!r}. Write the name of a measure of its suites.")
    if seconds is not None and (type(seconds) not in (int, float) or not 0 < seconds < math.inf):
        raise CourseError(f"{at(path)}: {name} has suite_seconds = {seconds!r}. Write a number of CPU seconds, more than 0.")
    title = _entry(entry, "title", str, path, name)
    return Assignment(name, section, title, minutes, due, root, files, leaderboard, float(seconds or SUITE_SECONDS))


def _file_names(entry: Any, name: str, path: Path) -> tuple[str, ...]:
    """The names of the files that are handed in beside the notebook."""
    if not isinstance(entry, list) or not all(isinstance(file, str) and _is_free(file) for file in entry) or _duplicate(entry):
        raise CourseError(
            f"{at(path)}: {name} has files = {entry!r}. Write a list of plain names, each once, such as adapter.safetensors: not those of notebooks, "
            "of Python files, or of what is released."
        )
    return tuple(entry)


def _is_free(file: str) -> bool:
    return bool(PLAIN_NAME.fullmatch(file)) and Path(file).suffix not in _NO_FILES and file not in _RELEASED_FILES


def _entry(table: Any, key: str, kind: type, path: Path, where: str) -> Any:
    value = table.get(key) if isinstance(table, dict) else None
    if type(value) is not kind or value in ("", []):
        raise CourseError(f"{at(path)}: {where} needs `{key}`, a {_TOML_KINDS[kind]} that isn't empty.")
    return value


_TOML_KINDS = {str: "string", int: "whole number", list: "list"}


def _no_others(table: Any, known: set[str], path: Path, where: str) -> None:
    if isinstance(table, dict) and (others := sorted(set(table) - known)):
        raise CourseError(f"{at(path)}: {where} has `{others[0]}`, which means nothing here. Known are: {', '.join(sorted(known))}.")


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CourseError(f"{at(path)} is missing. docs/author.md says what belongs in it.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CourseError(f"{at(path)} isn't TOML: {error}.") from None


def _duplicate(values: Iterable[Any]) -> Any:
    seen: set[Any] = set()
    return next((value for value in values if value in seen or seen.add(value)), None)


# ---------------------------------------------------------------- lessons


def load_lesson(assignment: Assignment) -> Lesson:
    """Reads the lesson of an assignment. Raises CourseError for a cell without its tag, a stub that isn't one, and the like."""
    import jupytext

    path = assignment.lesson_path
    text = _read_text(path)
    try:
        notebook = jupytext.reads(text, fmt="md:myst")
    except Exception as error:  # whatever the Markdown parser or its YAML raises
        raise CourseError(f"{at(path)} can't be read as MyST Markdown: {error}") from error
    lines = iter(_code_lines(text))
    cells = []
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cells.append(_code_cell(cell, path, next(lines, 0)))
        elif cell.cell_type == "markdown" and cell.source.strip():
            cells.append(_text_cell(cell, path))
    lesson = Lesson(path, _title(cells, path), tuple(cells))
    _check_lesson(lesson)
    return lesson


def _text_cell(cell: Any, path: Path) -> LessonCell:
    """Prose, or a question that is answered in words and graded by a person."""
    if "written" not in cell.metadata.get("tags", []):
        return LessonCell("prose", cell.source, "", 0)
    name, points = cell.metadata.get("name"), cell.metadata.get("points")
    if (
        set(cell.metadata) != {"tags", "name", "points"}
        or not (isinstance(name, str) and name.isidentifier())
        or type(points) is not int
        or points < 1
    ):
        raise CourseError(
            f"{at(path)}: a written answer begins with a line such as "
            '`+++ {"tags": ["written"], "name": "why_frozen", "points": 2}`: a name like a function\'s, and points that are a positive integer.'
        )
    return LessonCell("written", cell.source, name, 0, points)


def _code_lines(text: str) -> list[int]:
    return [number for number, line in enumerate(text.splitlines(), start=1) if re.match(r"(`{3,}|~{3,})\{code-cell\}", line)]


def _code_cell(cell: Any, path: Path, line: int) -> LessonCell:
    tags, name = cell.metadata.get("tags", []), cell.metadata.get("name", "")
    if len(tags) != 1 or tags[0] not in _CELL_TAGS:
        raise CourseError(
            f"{at(path, line)}: a code cell has the tags {tags}. Give it exactly one: `:tags: [setup]`, `[exercise]` or `[demo]`."
        )
    if others := sorted(set(cell.metadata) - {"tags", "name"}):
        raise CourseError(f"{at(path, line)}: a code cell has `:{others[0]}:`, which means nothing here. Take it out.")
    if (tags[0] == "exercise") != bool(name):
        raise CourseError(
            f"{at(path, line)}: `:name:` belongs to exercise cells, and each needs one: the name of the function it asks for."
        )
    if tags[0] == "exercise":
        _check_stub(cell.source, name, path, line)
    return LessonCell(tags[0], cell.source, name, line)


def _check_stub(source: str, name: str, path: Path, line: int) -> None:
    cure = "A stub is one def or class of the cell's name, with a docstring, then `raise NotImplementedError`."
    try:
        body = ast.parse(source).body
    except SyntaxError as error:
        raise CourseError(f"{at(path, line)}: the stub {name} isn't Python: {error.msg}, in line {error.lineno} of the cell.") from None
    if len(body) != 1 or not isinstance(body[0], ast.FunctionDef | ast.ClassDef) or body[0].name != name:
        raise CourseError(f"{at(path, line)}: the cell {name} holds something other than `{name}`. {cure}")
    if not ast.get_docstring(body[0]):
        raise CourseError(f"{at(path, line)}: the stub {name} has no docstring. {cure}")
    if long := [number for number, text in enumerate(source.splitlines(), 1) if len(text) > STUB_COLUMNS]:
        raise CourseError(
            f"{at(path, line)}: line {long[0]} of the stub {name} has more than {STUB_COLUMNS} characters. Break it: a laptop's screen shows no more beside a sidebar."
        )
    methods = [node for node in body[0].body if isinstance(node, ast.FunctionDef)] if isinstance(body[0], ast.ClassDef) else body
    if not methods or not all(_is_unwritten(method) for method in methods):
        raise CourseError(f"{at(path, line)}: the stub {name} does something. {cure} In a class, each method is so.")


def _is_unwritten(function: ast.FunctionDef) -> bool:
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return len(body) == 1 and ast.unparse(body[0]) == "raise NotImplementedError"


def _title(cells: list[LessonCell], path: Path) -> str:
    for cell in cells:
        if cell.kind == "prose" and (heading := re.search(r"^# +(.+?)\s*$", cell.source, re.MULTILINE)):
            return heading.group(1)
    raise CourseError(f"{at(path)}: the lesson has no title. Begin its prose with a line `# Title`.")


def _check_lesson(lesson: Lesson) -> None:
    if not lesson.exercises:
        raise CourseError(f"{at(lesson.path)}: the lesson has no exercise. Tag a code cell `exercise` and name it.")
    if twice := _duplicate(cell.name for cell in lesson.cells if cell.name):
        raise CourseError(f"{at(lesson.path)}: the exercise {twice} is there twice. Names of exercises are unique within an assignment.")
    first = next((cell for cell in lesson.cells if cell.kind not in ("prose", "written")), None)
    if first.kind != "setup" or not _imports_check(first.source):
        raise CourseError(
            f"{at(lesson.path, first.line)}: the first code cell must be a setup cell with the line `from tunelab import check`."
        )


def _imports_check(source: str) -> bool:
    return any(
        isinstance(node, ast.ImportFrom) and node.module == "tunelab" and any(alias.name == "check" for alias in node.names)
        for node in _parsed(source)
    )


def _parsed(source: str) -> list[ast.stmt]:
    try:
        return ast.parse(source).body
    except SyntaxError:
        return []


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise CourseError(f"{at(path)} is missing. docs/author.md says what belongs in it.") from None
    except UnicodeDecodeError as error:
        raise CourseError(f"{at(path)} isn't UTF-8 text (byte {error.start}). Save it as UTF-8.") from None


# ---------------------------------------------------------------- hidden suites


def load_suites(assignment: Assignment) -> dict[str, Suite]:
    """The hidden suite of each exercise, in the lesson's order. Raises CourseError for a missing or superfluous suite, a test without points, and the like."""
    suites = _for_each_exercise(assignment, assignment.suites, read_suite, "hidden suite")
    return {name: replace(suite, seconds=assignment.suite_seconds) for name, suite in suites.items()}


def read_suite(path: Path, points_required: bool = True) -> Suite:
    """Reads one file of tests as a syntax tree: a hidden suite, or public checks, which have no points."""
    tests = []
    for node in _tree(path).body:
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            raise CourseError(f"{at(path, node.lineno)}: {node.name} is a class of tests. Write each test as a function of its own.")
        if isinstance(node, ast.AsyncFunctionDef) and node.name.startswith("test"):
            raise CourseError(f"{at(path, node.lineno)}: {node.name} is async, so pytest would skip it. Write it with a plain `def`.")
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test"):
            tests.append(_suite_test(node, path, points_required))
    if not tests:
        raise CourseError(f"{at(path)} has no test. Add a function whose name begins with test_.")
    if twice := _duplicate(test.name for test in tests):
        raise CourseError(f"{at(path)}: {twice} is defined twice, so that the first would never run. Rename one.")
    return Suite(path.stem.removeprefix("test_"), path, tuple(tests))


def _suite_test(node: ast.FunctionDef, path: Path, points_required: bool) -> SuiteTest:
    where = at(path, node.lineno)
    if not node.name.startswith("test_"):
        raise CourseError(f"{where}: call the test {node.name} test_something.")
    title = (ast.get_docstring(node) or "").partition("\n")[0].strip()
    if not title:
        raise CourseError(f"{where}: {node.name} has no docstring. Its first line tells the learner what is asked.")
    return SuiteTest(node.name, title, _points(node, where) if points_required else None, node.lineno)


def _points(node: ast.FunctionDef, where: str) -> int:
    for decorator in node.decorator_list:
        match decorator:
            case ast.Call(func=func, args=[ast.Constant(value=points)], keywords=[]) if ast.unparse(func) == "pytest.mark.points":
                if type(points) is int and points > 0 and len(node.decorator_list) == 1:
                    return points
    raise CourseError(
        f"{where}: {node.name} must have one decorator, `@pytest.mark.points(2)` with a positive whole number written out: no parametrize, skip or xfail."
    )


def _for_each_exercise(assignment: Assignment, folder: Path, load: Any, what: str) -> dict[str, Any]:
    names = [exercise.name for exercise in assignment.exercises]
    for path in sorted(folder.glob("test_*.py")):
        if path.stem.removeprefix("test_") not in names:
            raise CourseError(f"{at(path)} belongs to no exercise of {assignment.name}. Its exercises are: {', '.join(names)}.")
    for name in names:
        if not (folder / f"test_{name}.py").is_file():
            raise CourseError(f"{at(folder / f'test_{name}.py')} is missing: the exercise {name} has no {what}.")
    return {name: load(folder / f"test_{name}.py") for name in names}


def public_checks(assignment: Assignment) -> dict[str, Path]:
    """The file of public checks of each exercise. Raises CourseError for a missing or superfluous one."""
    return _for_each_exercise(assignment, assignment.source, lambda path: path, "public checks")


def _tree(path: Path) -> ast.Module:
    try:
        return ast.parse(_read_text(path))
    except SyntaxError as error:
        raise CourseError(f"{at(path, error.lineno)}: this isn't Python: {error.msg}.") from None


# ---------------------------------------------------------------- solutions


def load_solutions(assignment: Assignment) -> Solutions:
    """Reads what an author knows. Raises CourseError for an exercise without a reference, an unknown mark, a mutant caught by no test, and the like."""
    names = [exercise.name for exercise in assignment.exercises]
    marked = [*_marked(assignment.solutions / "alternatives.py"), *_marked(assignment.solutions / "mutants.py")]
    solutions = Solutions(
        _references(assignment.solutions / "reference.py", names),
        tuple(s for s in marked if s.kind == "alternative"),
        tuple(s for s in marked if s.kind == "mutant"),
    )
    tests = {name: {test.name for test in suite.tests} for name, suite in load_suites(assignment).items()}
    for solution in marked:
        if solution.exercise not in names:
            raise CourseError(
                f"{at(solution.path, solution.line)}: {solution.name} answers {solution.exercise!r}. The exercises are: {', '.join(names)}."
            )
        if solution.kind == "mutant" and solution.caught_by not in tests[solution.exercise]:
            raise CourseError(
                f"{at(solution.path, solution.line)}: {solution.name} is to be caught by {solution.caught_by}, "
                f"which isn't a test of {solution.exercise}. Its tests are: {', '.join(sorted(tests[solution.exercise]))}."
            )
    return solutions


def _references(path: Path, names: list[str]) -> dict[str, Solution]:
    found = {}
    for node, source in _definitions(path):
        if node.name not in names:
            raise CourseError(f"{at(path, node.lineno)}: {node.name} is no exercise. Move it into the function that needs it.")
        found[node.name] = Solution(node.name, node.name, "reference", source, "", path, node.lineno)
    if missing := [name for name in names if name not in found]:
        raise CourseError(f"{at(path)} has no reference for {missing[0]}. Add `def {missing[0]}(...)` with the stub's signature.")
    return {name: found[name] for name in names}


def _marked(path: Path) -> list[Solution]:
    solutions = [_marked_solution(node, source, path) for node, source in _definitions(path)] if path.is_file() else []
    if twice := _duplicate((solution.exercise, solution.name) for solution in solutions):
        raise CourseError(f"{at(path)}: {twice[1]} is there twice for {twice[0]}. Names of solutions are unique within an exercise.")
    return solutions


def _marked_solution(node: ast.FunctionDef | ast.ClassDef, source: str, path: Path) -> Solution:
    kind = path.stem.removesuffix("s")
    where = at(path, node.lineno)
    mark = node.decorator_list[0] if len(node.decorator_list) == 1 else None
    if not isinstance(mark, ast.Call) or ast.unparse(mark.func) != kind or not all(isinstance(a, ast.Constant) for a in _values(mark)):
        raise CourseError(
            f"{where}: {node.name} needs one decorator, the mark `@{_MARKS[kind]}` (of autograder.authoring) with texts written out."
        )
    texts = dict(zip(("exercise",), mark.args, strict=False)) | {keyword.arg: keyword.value for keyword in mark.keywords}
    values = {key: value.value for key, value in texts.items()}
    wanted = {"exercise"} | ({"caught_by", "says"} if kind == "mutant" else set())
    if set(values) - {"files"} != wanted or len(mark.args) > 1 or not all(isinstance(v, str) and v for v in values.values()):
        raise CourseError(f"{where}: the mark of {node.name} must read `@{_MARKS[kind]}`, each text not empty.")
    about = (ast.get_docstring(node) or "").partition("\n")[0].strip()
    if not about:
        raise CourseError(
            f"{where}: {node.name} has no docstring. Its first line says what is {'believed wrongly' if kind == 'mutant' else 'done differently'}."
        )
    return Solution(node.name, values.pop("exercise"), kind, source, about, path, node.lineno, **values)


_MARKS = {"alternative": 'alternative("exercise")', "mutant": 'mutant("exercise", caught_by="test_…", says="…")'}


def _values(mark: ast.Call) -> list[ast.expr]:
    return [*mark.args, *(keyword.value for keyword in mark.keywords)]


def _definitions(path: Path) -> list[tuple[ast.FunctionDef | ast.ClassDef, str]]:
    """The top-level definitions of a file, each with its text without decorators. Imports are passed over: a solution's own go inside it."""
    text, found = _read_text(path), []
    lines = text.splitlines()
    for number, node in enumerate(_tree(path).body):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.append((node, "\n".join(lines[node.lineno - 1 : node.end_lineno])))
        elif not isinstance(node, ast.Import | ast.ImportFrom) and not (number == 0 and isinstance(node, ast.Expr)):
            raise CourseError(f"{at(path, node.lineno)}: only imports and definitions belong here. What a solution needs goes inside it.")
    return found


# ---------------------------------------------------------------- hints


def load_hints(assignment: Assignment) -> dict[str, tuple[str, ...]]:
    """The ladder of hints of each exercise. Raises CourseError for a missing or empty ladder and for one of no exercise."""
    path = assignment.source / "hints.toml"
    table, names = _read_toml(path), [exercise.name for exercise in assignment.exercises]
    if others := sorted(set(table) - set(names)):
        raise CourseError(f"{at(path)}: [{others[0]}] is no exercise of {assignment.name}. Its exercises are: {', '.join(names)}.")
    return {name: _rungs(table.get(name), name, path) for name in names}


def _rungs(entry: Any, name: str, path: Path) -> tuple[str, ...]:
    rungs = entry.get("rungs") if isinstance(entry, dict) else None
    if not isinstance(rungs, list) or not rungs or not all(isinstance(rung, str) and rung.strip() for rung in rungs):
        raise CourseError(f'{at(path)}: [{name}] needs `rungs = ["a question", "the idea", "nearly the line"]`, none of them empty.')
    return tuple(rungs)
