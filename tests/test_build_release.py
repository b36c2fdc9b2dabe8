"""From lesson to release: stable bytes, the right cells, nothing hidden, and nothing half done."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import nbformat
import pytest

from autograder.build import build, filled_notebook, lesson_notebook
from autograder.course import ROOT, CourseError, load_course, load_solutions
from autograder.fill import fill
from autograder.leaks import find_leaks, learner_wheel, secrets_of
from autograder.release import register, release, stale
from autograder.workplace import open_workplace
from tests.fixtures.minicourse import NAME, make_course, write


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_course(tmp_path)


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A released course; tests must not change it."""
    folder = make_course(tmp_path_factory.mktemp("released"))
    release(load_course(folder))
    return folder


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_building_twice_gives_the_same_bytes(root: Path) -> None:
    first = files(build(load_course(root).assignment(NAME)))
    assert first == files(build(load_course(root).assignment(NAME)))
    assert sorted(first) == ["hints.toml", f"{NAME}.ipynb", "test_count_words.py", "test_double.py"]


def test_cells_have_stable_ids_tags_and_points(root: Path) -> None:
    notebook = lesson_notebook(load_course(root).assignment(NAME))
    assert [cell.id for cell in notebook.cells] == [
        "prose-1",
        "setup-1",
        "prose-2",
        "double",
        "check_double",
        "demo-1",
        "count_words",
        "check_count_words",
        "prose-3",
    ]
    cells = {cell.id: cell for cell in notebook.cells}
    assert cells["check_double"].source == 'check("double")'
    marks = {name: cells[name].metadata.nbgrader for name in ("setup-1", "double", "check_double", "demo-1")}
    assert {name: (m.grade, m.solution, m.locked, m.get("points"), m.schema_version) for name, m in marks.items()} == {
        "setup-1": (False, False, True, None, 3),
        "double": (False, True, False, None, 3),
        "check_double": (True, False, True, 3, 3),
        "demo-1": (False, False, True, None, 3),
    }
    assert cells["check_double"].metadata.name == cells["double"].metadata.name == "double"
    assert "nbgrader" not in cells["prose-1"].metadata
    assert notebook.metadata.tunelab == {"assignment": NAME, "title": "Small steps", "section": 1, "minutes": 10}


def test_a_question_is_folded_for_its_source_holds_the_answer(root: Path) -> None:
    lesson = root / "source" / NAME / f"{NAME}.md"
    cells = {"asks": 'predict("?", {"a": "why", "b": "why"}, answer="a")', "computes": 'print(1)\npredict("?", {}, answer="a")'}
    text = lesson.read_text() + "".join(f"\n```{{code-cell}} ipython3\n:tags: [demo]\n\n{source}\n```\n" for source in cells.values())
    lesson.write_text(text)
    notebook = lesson_notebook(load_course(root).assignment(NAME))
    folded = {cell.source: cell.metadata.get("jupyter") for cell in notebook.cells if cell.source in cells.values()}
    assert folded == {cells["asks"]: {"source_hidden": True}, cells["computes"]: None}


def test_filled_notebook_holds_the_reference(root: Path) -> None:
    assignment = load_course(root).assignment(NAME)
    source = fill(assignment.exercise("double").stub, load_solutions(assignment).reference["double"])
    cells = {cell.id: cell.source for cell in filled_notebook(assignment, {"double": source}).cells}
    assert "twofold_of_the_number" in cells["double"]
    assert cells["count_words"] == assignment.exercise("count_words").stub
    with pytest.raises(CourseError, match="has no exercise triple"):
        filled_notebook(assignment, {"triple": ""})


@pytest.mark.parametrize("name", ["answers.txt", "reference.py", "images/notes.txt"])
def test_files_that_are_not_for_learners_stop_the_build(root: Path, name: str) -> None:
    write(root / "source" / NAME / name, "x")
    with pytest.raises(CourseError, match=name):
        build(load_course(root).assignment(NAME))


def test_release_gives_each_stub_byte_for_byte(released: Path) -> None:
    assignment = load_course(released).assignment(NAME)
    notebook = nbformat.read(assignment.released_notebook, as_version=4)
    cells = {cell.id: cell for cell in notebook.cells}
    assert {e.name: e.stub for e in assignment.exercises} == {e.name: cells[e.name].source for e in assignment.exercises}
    assert cells["check_double"].metadata.nbgrader.points == 3
    assert (released / "assignments" / "course.toml").read_bytes() == (released / "course.toml").read_bytes()
    assert sorted(files(assignment.released)) == ["hints.toml", f"{NAME}.ipynb", "test_count_words.py", "test_double.py"]
    assert [path.name for path in (released / "build").iterdir()] == ["source"]


def test_a_fresh_release_is_not_stale(released: Path) -> None:
    assert stale(load_course(released)) == []


def test_stale_names_what_differs(root: Path) -> None:
    course = load_course(root)
    release(course)
    write(root / "assignments" / NAME / "hints.toml", "changed")
    write(root / "assignments" / NAME / "extra.py", "")
    (root / "assignments" / NAME / "test_double.py").unlink()
    found = "\n".join(stale(course))
    for name in ("hints.toml isn't what its source gives", "extra.py isn't of the lesson", "test_double.py is missing"):
        assert name in found


def test_failed_release_leaves_the_old_one(root: Path) -> None:
    release(load_course(root))
    before = files(root / "assignments")
    lesson = root / "source" / NAME / f"{NAME}.md"
    lesson.write_text(lesson.read_text() + "\npieces_between_white_space = text.split()\nreturn len(pieces_between_white_space)\n")
    public = root / "source" / NAME / "test_double.py"
    public.write_text(public.read_text() + "\n# double(3.5) came out wrong\n")
    write(root / "tunelab" / "help.py", "# count_words of two words with three spaces isn't 2, says the hidden one.\n")
    with pytest.raises(CourseError, match="Nothing was released") as error:
        release(load_course(root))
    assert "tunelab/help.py:1" in str(error.value)
    assert files(root / "assignments") == before
    assert [path.name for path in (root / "build").iterdir()] == ["source"]


LEAKS = [
    ("test_extra.py", "x = 1\n    twofold_of_the_number = number + number\n", "test_extra.py:2", "reference.py:5"),
    ("test_extra.py", "def test_hidden_negative(learner): ...\n", "test_extra.py:1", "test_double.py:13"),
    ("hints.toml", "# double(-1.0) came out wrong: mind the sign, says the hidden one.\n", "hints.toml:1", "test_double.py:15"),
    ("hints.toml", "# Takes doubling for squaring, or: each space ends a word, len(text.split(' '))\n", "", ""),
]


@pytest.mark.parametrize("name,text,place,origin", LEAKS)
def test_leaks_are_found_with_file_and_line(root: Path, name: str, text: str, place: str, origin: str) -> None:
    course = load_course(root)
    folder = write(root / "assignments" / NAME / name, text).parent
    found = [str(leak) for leak in find_leaks(course, [folder])]
    if place:
        assert len(found) == 1
        assert place in found[0]
        assert origin in found[0]
    else:
        assert found == []


def test_leak_in_a_notebook_names_the_cell_and_one_in_outputs_is_found(root: Path) -> None:
    course = load_course(root)
    notebook = filled_notebook(course.assignment(NAME), {"double": "def double(number):\n    twofold_of_the_number = number + number\n"})
    notebook.cells[4].outputs = [nbformat.v4.new_output("stream", text="a hidden sentence about squares. test_hidden_spaces\n")]
    path = write(root / "assignments" / NAME / "x.ipynb", nbformat.writes(notebook))
    found = "\n".join(str(leak) for leak in find_leaks(course, [path.parent]))
    assert "x.ipynb, cell double, line 2" in found
    assert "x.ipynb, outputs and metadata" in found
    assert "'test_hidden_spaces' is hidden" in found


@pytest.mark.parametrize("listed", [True, False], ids=["of the course", "a draft that the course doesn't name"])
@pytest.mark.parametrize(
    ("line", "given_away"),
    [("twofold_of_the_number = number + number", False), ("double(3.5) came out wrong: a hidden sentence about squares.", True)],
)
def test_another_lesson_gives_a_text_away_but_no_right_answer_and_a_draft_nothing(
    root: Path, line: str, given_away: bool, listed: bool
) -> None:
    """What stands in another assignment's lesson is common to both, unless it is a line of a right answer; a folder that isn't of the course tells nothing."""
    for place in ("source", "solutions", "autograder/suites"):
        shutil.copytree(root / place / NAME, root / place / "s1-more")
    (root / "source" / "s1-more" / f"{NAME}.md").rename(root / "source" / "s1-more" / "s1-more.md")
    for path in [*(root / "solutions" / "s1-more").glob("*.py"), *(root / "autograder" / "suites" / "s1-more").glob("*.py")]:
        path.write_text(path.read_text().replace("twofold_of_the_number", "number_and_once_more").replace("about squares", "about powers"))
    write(root / "source" / "s1-more" / "s1-more.md", (root / "source" / "s1-more" / "s1-more.md").read_text() + f"\nSee: {line}\n")
    if listed:
        entry = '  { name = "s1-more", title = "More", minutes = 10 },\n]'
        (root / "course.toml").write_text((root / "course.toml").read_text().replace("\n]\n", f"\n{entry}\n"))
    folder = write(root / "assignments" / "s1-more" / "page.md", f"See: {line}\n").parent
    found = [str(leak) for leak in find_leaks(load_course(root), [folder])]
    assert len(found) == (0 if given_away and listed else 1), found


def test_a_run_of_solution_lines_is_a_leak_even_when_the_lesson_shows_them(root: Path) -> None:
    body = ["pieces = text.split()", "counted = [1 for piece in pieces]", "total_of_all = sum(counted)", "return total_of_all"]
    reference = root / "solutions" / NAME / "reference.py"
    head = reference.read_text().partition("def count_words")[0]
    reference.write_text(head + "def count_words(text: str) -> int:\n" + "".join(f"    {line}\n" for line in body))
    lesson = root / "source" / NAME / f"{NAME}.md"
    lesson.write_text(lesson.read_text() + "\n" + "\n\nthen\n\n".join(body) + "\n")
    course = load_course(root)
    assert find_leaks(course, [build(course.assignment(NAME))]) == []
    lesson.write_text(lesson.read_text() + "\n" + "\n".join(body) + "\n")
    assert find_leaks(course, [build(load_course(root).assignment(NAME))]) != []


def test_every_hidden_test_and_distinctive_line_is_searched_for(root: Path) -> None:
    texts = {line for secret in secrets_of(load_course(root).assignment(NAME)) for line in secret.lines}
    assert {"test_hidden_positive", "test_hidden_negative", "test_hidden_spaces"} <= texts
    assert "twofold_of_the_number = number + number" in texts
    assert "return len(pieces_between_white_space)" in texts


def test_the_learners_wheel_is_searched(root: Path) -> None:
    write(root / "tunelab" / "data.py", "NAMES = ['test_hidden_spaces']\n")
    (root / "scratch").mkdir()
    wheel = learner_wheel(root, root / "scratch")
    assert "tunelab/data.py" in zipfile.ZipFile(wheel).namelist()
    [leak] = find_leaks(load_course(root), [wheel])
    assert leak.place.endswith("tunelab/data.py:1")


def test_registering_twice_changes_nothing_and_changed_exercises_are_refused(root: Path) -> None:
    from nbgrader.api import Gradebook

    course = load_course(root)
    workplace = open_workplace(root / "work")
    register(course.assignments, workplace)
    with Gradebook(workplace.database) as gradebook:
        assert gradebook.find_assignment(NAME).max_score == 5
        assert gradebook.find_assignment(NAME).duedate.isoformat() == "2027-02-01T22:00:00"
        gradebook.update_or_create_student("ada")
        gradebook.update_or_create_submission(NAME, "ada")
    before = workplace.gradebook.stat().st_mtime_ns
    register(course.assignments, workplace)
    assert workplace.gradebook.stat().st_mtime_ns == before
    lesson = root / "source" / NAME / f"{NAME}.md"
    lesson.write_text(lesson.read_text().replace("```{code-cell} ipython3\n:tags: [demo]\n\nprint(math.pi)\n```\n", ""))
    with pytest.raises(CourseError, match="submissions associated"):
        register(load_course(root).assignments, workplace)


def test_the_real_assignments_release_their_stubs_as_written() -> None:
    for assignment in load_course(ROOT).assignments:
        notebook = json.loads(assignment.released_notebook.read_text(encoding="utf-8"))
        cells = {cell["id"]: "".join(cell["source"]) for cell in notebook["cells"]}
        assert {e.name: e.stub for e in assignment.exercises} == {e.name: cells[e.name] for e in assignment.exercises}
