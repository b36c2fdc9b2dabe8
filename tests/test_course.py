"""Reading a course: what is there comes out whole, and what is wrong is named with its place and cure."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from autograder.course import Course, CourseError, Solution, load_course, load_hints, load_solutions, load_suites, public_checks, read_suite
from autograder.fill import fill
from tests.fixtures.minicourse import NAME, REPOSITORY, make_course, write


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_course(tmp_path)


@pytest.fixture
def course(root: Path) -> Course:
    return load_course(root)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_course_is_read_whole(course: Course) -> None:
    assignment = course.assignment(NAME)
    assert (course.title, [s.number for s in course.sections], assignment.title, assignment.minutes) == (
        "A small course",
        [1],
        "Small steps",
        10,
    )
    assert assignment.due.isoformat() == "2027-02-01T22:00:00+00:00"
    assert [(e.name, e.order) for e in assignment.exercises] == [("double", 1), ("count_words", 2)]
    assert assignment.exercise("double").stub.startswith("def double(number: float) -> float:")
    assert assignment.lesson.title == "Small steps"
    assert assignment.lesson.setup == ("import math\n\nfrom tunelab import check",)
    assert [cell.kind for cell in assignment.lesson.cells] == ["prose", "setup", "prose", "exercise", "demo", "exercise", "prose"]


def test_suites_hints_and_checks_are_read(course: Course) -> None:
    assignment = course.assignment(NAME)
    suites = load_suites(assignment)
    assert list(suites) == ["double", "count_words"]
    assert suites["double"].points == 3
    assert next((t.name, t.title, t.points) for t in suites["double"].tests) == ("test_hidden_positive", "Positive numbers are doubled.", 2)
    assert load_hints(assignment)["count_words"] == ("What does `split` give?",)
    assert [path.name for path in public_checks(assignment).values()] == ["test_double.py", "test_count_words.py"]
    assert [t.points for t in read_suite(assignment.public_checks("double"), points_required=False).tests] == [None]


def test_solutions_are_read(course: Course) -> None:
    solutions = load_solutions(course.assignment(NAME))
    assert list(solutions.reference) == ["double", "count_words"]
    assert [(s.name, s.about) for s in solutions.alternatives_of("double")] == [("by_multiplying", "Multiplies.")]
    [mutant] = solutions.mutants_of("count_words")
    assert (mutant.kind, mutant.misconception, mutant.caught_by, mutant.says) == (
        "mutant",
        "Splits at every single space.",
        "test_hidden_spaces",
        "three spaces",
    )


def test_the_course_says_which_assignments_it_shows(root: Path, course: Course) -> None:
    assert course.shown == ()
    edit(root / "course.toml", "[[sections]]", f'demo = ["{NAME}"]\n\n[[sections]]')
    assert load_course(root).shown == (NAME,)


WRONG = [
    ("course.toml", "number = 1", "number = 'one'", "needs `number`, a whole number"),
    ("course.toml", "minutes = 10", "minuten = 10", "`minuten`, which means nothing here"),
    ("course.toml", '"s1-mini"', '"mini"', "must be called s1-topic"),
    ("course.toml", "22:00:00Z", "22:00:00", "with its time zone"),
    ("course.toml", "[[sections]]", "[[sections", "isn't TOML"),
    ("course.toml", "[[sections]]", 'demo = ["s9-none"]\n\n[[sections]]', "There is no assignment s9-none"),
    (f"source/{NAME}/{NAME}.md", ":tags: [setup]", ":tags: [set-up]", "md:11: a code cell has the tags ['set-up']"),
    (f"source/{NAME}/{NAME}.md", ":name: double\n", "", "md:21: `:name:` belongs to exercise cells"),
    (f"source/{NAME}/{NAME}.md", "from tunelab import check", "import tunelab", "`from tunelab import check`"),
    (f"source/{NAME}/{NAME}.md", "    raise NotImplementedError", "    return 2 * number", "does something"),
    (f"source/{NAME}/{NAME}.md", "def double", "def doubled", "holds something other than `double`"),
    (f"source/{NAME}/{NAME}.md", "def double(", "def double((", "isn't Python"),
    (f"source/{NAME}/{NAME}.md", "(number: float)", f"(number: float{' ' * 80})", "line 1 of the stub double has more than 100 characters"),
    (f"source/{NAME}/{NAME}.md", "# Small steps", "Small steps", "has no title"),
    (
        f"source/{NAME}/{NAME}.md",
        ":name: count_words\n\ndef count_words",
        ":name: double\n\ndef double",
        "the exercise double is there twice",
    ),
]


WRONG_ENTRIES = [
    ('files = ["../x.bin"]', "plain names"),
    ('files = ["a/b.bin"]', "plain names"),
    ('files = ["helper.py"]', "plain names"),
    ('files = ["hints.toml"]', "plain names"),
    ('files = [".hidden.bin"]', "plain names"),
    ('files = ["a.bin", "a.bin"]', "plain names"),
    ("files = [1]", "plain names"),
    ('files = "a.bin"', "plain names"),
    ("leaderboard = 3", "name of a measure"),
    ("suite_seconds = 0", "CPU seconds"),
    ("suite_seconds = true", "CPU seconds"),
    ('suite_seconds = "90"', "CPU seconds"),
]


@pytest.mark.parametrize("entry,says", WRONG_ENTRIES)
def test_what_is_handed_in_and_measured_must_make_sense(root: Path, entry: str, says: str) -> None:
    edit(root / "course.toml", "minutes = 10", f"minutes = 10, {entry}")
    with pytest.raises(CourseError, match=says):
        load_course(root)


def test_files_leaderboard_and_seconds_are_read(root: Path, course: Course) -> None:
    plain = course.assignment(NAME)
    assert (plain.files, plain.leaderboard, plain.suite_seconds) == ((), "", 2.0)
    edit(root / "course.toml", "minutes = 10", 'minutes = 10, files = ["adapter.safetensors"], leaderboard = "f1", suite_seconds = 90')
    assignment = load_course(root).assignment(NAME)
    assert (assignment.files, assignment.leaderboard, assignment.suite_seconds) == (("adapter.safetensors",), "f1", 90.0)
    assert {suite.seconds for suite in load_suites(assignment).values()} == {90.0}


@pytest.mark.parametrize("file,old,new,says", WRONG)
def test_wrong_course_or_lesson_is_named(root: Path, file: str, old: str, new: str, says: str) -> None:
    edit(root / file, old, new)
    with pytest.raises(CourseError) as error:
        load_course(root).assignment(NAME).exercises  # noqa: B018
    assert says in str(error.value)
    assert file in str(error.value)


WRONG_SUITES = [
    ("@pytest.mark.points(2)\n", "", ":6: test_hidden_positive must have one decorator"),
    ("points(2)", "points(0)", "positive whole number"),
    ("points(2)", "points(True)", "positive whole number"),
    ("@pytest.mark.points(2)", "@pytest.mark.points(2)\n@pytest.mark.parametrize('x', [1])", "no parametrize"),
    ('    """Positive numbers are doubled."""\n', "", "has no docstring"),
    ("def test_hidden_positive", "async def test_hidden_positive", "is async"),
    ("test_hidden_negative", "test_hidden_positive", "is defined twice"),
]


@pytest.mark.parametrize("old,new,says", WRONG_SUITES)
def test_wrong_suite_is_named(root: Path, old: str, new: str, says: str) -> None:
    edit(root / f"autograder/suites/{NAME}/test_double.py", old, new)
    with pytest.raises(CourseError) as error:
        load_suites(load_course(root).assignment(NAME))
    assert says in str(error.value)
    assert "test_double.py" in str(error.value)


WRONG_SOLUTIONS = [
    ("mutants.py", 'says="about squares"', 'says="about squares", files=""', "each text not empty"),
    ("mutants.py", 'says="about squares"', 'says="about squares", file="nan"', "must read `@mutant"),
    ("reference.py", "def double", "def triple", "triple is no exercise"),
    ("mutants.py", 'caught_by="test_hidden_positive"', 'caught_by="test_gone"', "isn't a test of double"),
    ("mutants.py", '@mutant("double", ', '@mutant("doubel", ', "answers 'doubel'"),
    ("mutants.py", ', says="about squares"', "", "must read `@mutant"),
    ("mutants.py", '    """Takes doubling for squaring."""\n', "", "believed wrongly"),
    ("alternatives.py", '@alternative("double")\n', "", "needs one decorator"),
    ("alternatives.py", '@alternative("double")', 'FACTOR = 2\n\n\n@alternative("double")', "only imports and definitions"),
]


@pytest.mark.parametrize("file,old,new,says", WRONG_SOLUTIONS)
def test_wrong_solution_is_named(root: Path, file: str, old: str, new: str, says: str) -> None:
    edit(root / "solutions" / NAME / file, old, new)
    with pytest.raises(CourseError) as error:
        load_solutions(load_course(root).assignment(NAME))
    assert says in str(error.value)


def test_missing_and_superfluous_files_are_named(root: Path, course: Course) -> None:
    assignment = course.assignment(NAME)
    extra = write(assignment.suites / "test_triple.py", "")
    with pytest.raises(CourseError, match=r"test_triple\.py belongs to no exercise"):
        load_suites(assignment)
    extra.unlink()
    assignment.suite_path("double").unlink()
    with pytest.raises(CourseError, match="the exercise double has no hidden suite"):
        load_suites(assignment)
    edit(assignment.source / "hints.toml", "[double]\n", "[double]\nother = 1\n[dubbel]\n")
    with pytest.raises(CourseError, match="is no exercise"):
        load_hints(assignment)
    with pytest.raises(CourseError, match="There is no assignment s9-none"):
        course.assignment("s9-none")


def solution(source: str, name: str = "other") -> Solution:
    return Solution(name, "double", "alternative", source, "", Path("alternatives.py"), 1)


STUB = 'def double(number: float) -> float:\n    """Twice a number.\n\n    More.\n    """\n    raise NotImplementedError'


def test_fill_keeps_signature_docstring_and_comments() -> None:
    filled = fill(STUB, solution('def other(number):\n    """Own."""\n    # two of it\n    return 2 * number  # so'))
    assert filled == STUB.replace("    raise NotImplementedError", "    # two of it\n    return 2 * number  # so")


@pytest.mark.parametrize(
    "source",
    [
        "def other(number):\n    return other(number - 1) + 2 if number else 0  # ärger: other",
        'def other(number):\n    """Own."""\n    return other(number - 1) + 2 if number else 0',
        "def other(number):\n    # first\n\n    if not number:\n        return 0\n    return 2 + other(number - 1)",
        "def other(number): return 2 * number",
    ],
)
def test_filled_functions_run_under_the_new_name(source: str) -> None:
    namespace: dict = {}
    exec(fill(STUB, solution(source)), namespace)
    assert namespace["double"](3) == 6
    assert namespace["double"].__doc__.startswith("Twice a number.")
    assert "other" not in namespace


def test_fill_of_a_class_takes_it_whole_with_the_stubs_docstrings() -> None:
    stub = 'class Head:\n    """A head."""\n\n    def size(self) -> int:\n        """Its size."""\n        raise NotImplementedError'
    source = 'class Mine:\n    """Wrong belief."""\n\n    limit = 3\n\n    def size(self):\n        return Mine.limit'
    filled = fill(stub, solution(source, "Mine"))
    namespace: dict = {}
    exec(filled, namespace)
    assert namespace["Head"]().size() == 3
    tree = ast.parse(filled).body[0]
    assert ast.get_docstring(tree) == "A head."
    assert "Wrong belief" not in filled
    assert "Its size." in filled


def test_fill_refuses_other_arguments() -> None:
    with pytest.raises(CourseError, match=r"other takes \(value\), but the stub of double takes \(number\)"):
        fill(STUB, solution("def other(value):\n    return 2 * value"))


def test_the_real_course_says_the_same_in_its_plan_its_readme_and_each_lessons_header() -> None:
    plan = load_course(REPOSITORY)
    table = (REPOSITORY / "README.md").read_text().partition("## The course\n")[2].partition("\n## ")[0]
    assert re.findall(r"`(s\d-[\w-]+)`", table) == [assignment.name for assignment in plan.assignments]
    assert re.findall(r"^\| (\d [^|]+?) \|", table, re.MULTILINE) == [f"{section.number} {section.title}" for section in plan.sections]
    for assignment in plan.assignments:
        header = assignment.lesson.cells[0].source
        assert header.startswith(f"# {assignment.title}\n"), assignment.name
        assert f"about {assignment.minutes} minutes; the first exercise takes five" in header, assignment.name


def test_due_dates_follow_the_order_of_the_course() -> None:
    due = [assignment.due for assignment in load_course(REPOSITORY).assignments]
    assert due == sorted(set(due))
