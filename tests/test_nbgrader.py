"""nbgrader's own commands on a whole small course, from outside: autograde, feedback, export, zip_collect, validate, and the formgrader's server."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import jsonschema
import nbformat
import pytest
from nbgrader.nbgraderformat.v3 import MetadataValidatorV3

from autograder.nbgrader_plugins import check_metadata, open_gradebook
from autograder.workplace import Workplace
from tests.fixtures.jupyter import BIN, ask, environment, server
from tests.fixtures.minicourse import NAME, make_whole_course, write

DOUBLE = 'def double(number: float) -> float:\n    """Twice."""\n    return 2 * number'
SQUARE = "def double(number):\n    return number ** 2"
COUNT = "def count_words(text):\n    return len(text.split())"
PAYLOAD = "<script>alert('note')</script>\n```\n<img src=x onerror=alert(1)>"

SCORES = {"ada": 5, "bob": 2, "cyd": 0, "dan": 5, "eve": 5, "fay": 3, "gus": 0, "hal": 5}
"""What each learner of `submit_class` deserves, of 5."""


def call(root: Path, *command: str, **variables: str) -> str:
    done = subprocess.run(command, cwd=root, env=environment(root) | variables, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


def nbgrader(root: Path, *arguments: str, **variables: str) -> str:
    return call(root, str(BIN / "nbgrader"), *arguments, **variables)


def python(root: Path, code: str) -> str:
    return call(root, sys.executable, "-c", code)


REGISTER = """
from autograder.course import load_course
from autograder.release import register, release
from autograder.workplace import open_workplace
course = load_course()
release(course)
register(course.assignments, open_workplace())
"""


def answered(root: Path, **cells: str) -> nbformat.NotebookNode:
    notebook = nbformat.read(root / "assignments" / NAME / f"{NAME}.ipynb", as_version=4)
    for cell in notebook.cells:
        if cell.id in cells:
            cell.source = cells[cell.id]
    return notebook


def hand_in(root: Path, learner: str, content: nbformat.NotebookNode | str, name: str = f"{NAME}.ipynb") -> Path:
    text = content if isinstance(content, str) else nbformat.writes(content)
    return write(root / "submitted" / learner / NAME / name, text)


def submit_class(root: Path) -> None:
    hand_in(root, "ada", answered(root, double=DOUBLE, count_words=COUNT))
    hand_in(root, "bob", answered(root, double=SQUARE, count_words=COUNT))
    hand_in(root, "cyd", "this is no JSON")
    hand_in(root, "dan", answered(root, double=DOUBLE, count_words=COUNT), "my homework.ipynb")
    hand_in(root, "gus", answered(root))
    meddled = answered(root, double=DOUBLE, count_words=COUNT)
    for cell in meddled.cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            cell.metadata.nbgrader.points = 1000
            cell.source = "print('all right')"
    meddled.cells += [cell.copy() for cell in meddled.cells if cell.id in ("double", "check_double")]
    for number, cell in enumerate(meddled.cells):
        cell["id"] = f"c{number}"
    meddled.cells.insert(0, nbformat.v4.new_markdown_cell(PAYLOAD))
    path = hand_in(root, "eve", meddled)
    (path.parent / "shadow").symlink_to("/etc/passwd")
    write(path.parent / "page.html", "<script>alert('page')</script>")
    partly = answered(root, double=DOUBLE, count_words="def count_words(text):\n    return <script>")
    hand_in(root, "fay", partly)
    stripped = answered(root, double=DOUBLE, count_words=COUNT)
    for cell in stripped.cells:
        cell.metadata = {}
    hand_in(root, "hal", stripped)


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A released and registered course with a class of submissions."""
    root = make_whole_course(tmp_path_factory.mktemp("course"))
    python(root, REGISTER)
    submit_class(root)
    return root


@pytest.fixture(scope="module")
def graded(course: Path) -> Path:
    nbgrader(course, "autograde", NAME)
    return course


def scores(root: Path) -> dict[str, float]:
    nbgrader(root, "export")
    with open(root / "gradebook.csv", newline="") as file:
        return {
            row["student_id"]: float(row["score"])
            for row in csv.DictReader(file)
            if row["assignment"] == NAME and row["timestamp"] is not None
        }


def test_stock_autograde_grades_the_whole_class(graded: Path) -> None:
    assert {name: score for name, score in scores(graded).items() if name in SCORES} == SCORES


def test_nothing_but_the_clean_notebook_and_the_lessons_files_is_autograded(graded: Path) -> None:
    for learner in SCORES:
        folder = graded / "autograded" / learner / NAME
        assert sorted(p.name for p in folder.iterdir()) == ["hints.toml", f"{NAME}.ipynb", "test_count_words.py", "test_double.py"]
    original = graded / "submitted" / "cyd" / NAME / f"{NAME}.ipynb.handed-in"
    assert original.read_text() == "this is no JSON"


def test_outputs_are_a_report_and_then_a_plain_number(graded: Path) -> None:
    notebook = nbformat.read(graded / "autograded" / "bob" / NAME / f"{NAME}.ipynb", as_version=4)
    [cell] = [c for c in notebook.cells if c.id == "check_double"]
    assert [output.output_type for output in cell.outputs] == ["display_data", "execute_result"]
    assert cell.outputs[1].data["text/plain"] == "0.0"
    assert "about squares" in cell.outputs[0].data["text/html"]
    assert "test_hidden" not in cell.outputs[0].data["text/html"].replace("test_hidden_positive", "").replace("test_hidden_negative", "")


class Scripts(HTMLParser):
    """What a page would run: its scripts' text, and handlers in its tags."""

    def __init__(self) -> None:
        super().__init__()
        self.inside, self.found = False, ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside = tag == "script"
        self.found += " ".join(f"{name}={value}" for name, value in attrs if name.startswith("on"))

    def handle_endtag(self, tag: str) -> None:
        self.inside = False

    def handle_data(self, data: str) -> None:
        self.found += data if self.inside else ""


def test_stock_feedback_shows_messages_and_notices_and_runs_nothing(graded: Path) -> None:
    nbgrader(graded, "generate_feedback", NAME)
    pages = {name: (graded / "feedback" / name / NAME / f"{NAME}.html").read_text() for name in SCORES}
    assert "about squares" in pages["bob"]
    assert "read as JSON" in pages["cyd"]
    assert "my homework.ipynb" in pages["dan"]
    assert "syntax error in line 2" in pages["fay"]
    for page in pages.values():
        scripts = Scripts()
        scripts.feed(page)
        assert "alert(" not in scripts.found


def test_grading_again_with_force_gives_the_same(graded: Path) -> None:
    nbgrader(graded, "autograde", NAME, "--force", "--student", "cyd")
    nbgrader(graded, "autograde", NAME, "--force", "--student", "eve")
    assert {name: score for name, score in scores(graded).items() if name in SCORES} == SCORES


def test_the_formgraders_server_grades_and_shows_a_submission(graded: Path) -> None:
    hand_in(graded, "ivy", answered(graded, double=DOUBLE))
    with server(graded) as address:
        answer = json.loads(ask(f"{address}/formgrader/api/submission/{NAME}/ivy/autograde", post=True))
        assert answer["success"], answer
        shown = json.loads(ask(f"{address}/formgrader/api/submission/{NAME}/ivy"))
        assert (shown["autograded"], shown["score"], shown["max_score"]) == (True, 3, 5)
        notebook = json.loads(ask(f"{address}/formgrader/api/submitted_notebooks/{NAME}/{NAME}"))
        [entry] = [row for row in notebook if row["student"] == "ivy"]
        page = ask(f"{address}/formgrader/submissions/{entry['id']}")
        assert "check_count_words" in page
        assert "still raises NotImplementedError" in page


# ---------------------------------------------------------------- what is spared inside nbgrader


@pytest.mark.parametrize("change", [{}, {"points": -1}, {"grade": "yes"}, {"grade_id": "a b"}, {"points": None}, {"other": 1}])
def test_metadata_is_judged_as_jsonschema_judges_it(change: dict) -> None:
    schema = MetadataValidatorV3().schema
    metadata = {"grade": True, "solution": False, "locked": True, "grade_id": "a", "points": 2, "schema_version": 3} | change
    try:
        jsonschema.validate(metadata, schema)
        wanted = ""
    except jsonschema.ValidationError as error:
        wanted = error.message
    assert bool(wanted) == bool(change)
    for _ in range(2):
        if wanted:
            with pytest.raises(jsonschema.ValidationError) as caught:
                check_metadata(metadata, schema)
            assert caught.value.message == wanted
        else:
            check_metadata(metadata, schema)


def test_a_gradebook_that_was_taken_away_is_made_again(tmp_path: Path) -> None:
    workplace = Workplace(tmp_path)
    for _ in range(2):
        for learner in ("ada", "bob"):
            with open_gradebook(workplace) as gradebook:
                gradebook.add_student(learner)
                assert gradebook.find_student("ada").id == "ada"
        workplace.gradebook.unlink()


# ---------------------------------------------------------------- zip_collect


@pytest.fixture
def archives(tmp_path: Path) -> Path:
    """The folder for archives in a workplace of its own."""
    folder = tmp_path / "downloaded" / NAME / "archive"
    folder.mkdir(parents=True)
    return folder


def pack(path: Path, members: dict[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_zip_collect_takes_one_notebook_from_each_archive_and_no_bad_one_stops_it(course: Path, archives: Path) -> None:
    notebook = nbformat.writes(answered(course, double=DOUBLE))
    pack(archives / f"{NAME}__ada__20261124T101500Z.zip", {f"{NAME}/{NAME}.ipynb": notebook, "__MACOSX/x.ipynb": "x"})
    pack(archives / f"{NAME}__ada__20261124T091500Z.zip", {f"{NAME}.ipynb": "older"})
    pack(archives / f"{NAME}__bob@uni.zip", {"../../../evil.ipynb": notebook, "helper.py": "x"})
    pack(archives / f"{NAME}__cyd.zip", {"inner.zip": b"PK", "notes.txt": "x"})
    (archives / f"{NAME}__dan.zip").write_bytes(b"this is no archive")
    pack(archives / f"{NAME}__eve.zip", {"one.ipynb": "1", "two.ipynb": "2"})
    pack(archives / f"{NAME}__fay.zip", {f"{NAME}.ipynb": b"0" * (201 * 2**20)})
    pack(archives / f"{NAME}__gus.zip", {f"f{number}.txt": "" for number in range(1200)})
    pack(archives / "homework.zip", {f"{NAME}.ipynb": notebook})
    pack(archives / "s9-other__hal.zip", {f"{NAME}.ipynb": notebook})
    (archives / f"{NAME}__ivy.zip").symlink_to("/etc/passwd")
    linked = zipfile.ZipInfo(f"{NAME}.ipynb")
    linked.external_attr = 0o120777 << 16
    with zipfile.ZipFile(archives / f"{NAME}__jon.zip", "w") as archive:
        archive.writestr(linked, "/etc/passwd")
    write(archives / f"{NAME}__kim.ipynb", notebook)
    pack(archives / f"{NAME}__lou.zip", {"solution.py": DOUBLE, "test_double.py": "x"})
    damaged = pack(archives / f"{NAME}__mia.zip", {f"{NAME}.ipynb": notebook})
    content = bytearray(damaged.read_bytes())
    content[60:90] = b"x" * 30
    damaged.write_bytes(content)

    root = archives.parents[2]
    log = nbgrader(course, "zip_collect", NAME, TUNELAB_WORKPLACE=str(root))
    collected = {path.relative_to(root / "submitted").as_posix() for path in (root / "submitted").rglob("*") if path.is_file()}
    assert collected == {
        f"ada/{NAME}/{NAME}.ipynb",
        f"ada/{NAME}/timestamp.txt",
        f"bob@uni/{NAME}/evil.ipynb",
        f"kim/{NAME}/{NAME}.ipynb",
        f"lou/{NAME}/solution.py",
    }
    assert (root / "submitted" / "ada" / NAME / f"{NAME}.ipynb").read_text() == notebook
    assert (root / "submitted" / "ada" / NAME / "timestamp.txt").read_text() == "2026-11-24 10:15:00 UTC"
    for name in ("cyd", "dan", "eve", "fay", "gus", "ivy", "jon", "mia"):
        assert f"{NAME}__{name}.zip was left out:" in log
    for name in ("homework.zip", "s9-other__hal.zip"):
        assert f"{name} was left out: its name must be" in log


# ---------------------------------------------------------------- validate


@pytest.mark.parametrize(
    "cells,says",
    [({}, "VALIDATION FAILED ON 2 CELL(S)"), ({"double": DOUBLE, "count_words": COUNT}, "Success! Your notebook passes all the tests.")],
)
def test_validate_in_a_learners_folder(course: Path, cells: dict[str, str], says: str) -> None:
    folder = course / "learner" / NAME
    folder.mkdir(parents=True, exist_ok=True)
    for path in (course / "assignments" / NAME).iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    nbformat.write(answered(course, **cells), folder / f"{NAME}.ipynb")
    said = nbgrader(course, "validate", str(folder / f"{NAME}.ipynb"))
    assert says in said
    assert "ImportError" not in said


# ---------------------------------------------------------------- seen in a browser


def watched(context):
    """A page, and the dialogs that scripts on it opened."""
    page, dialogs = context.new_page(), []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    return page, dialogs


def test_formgrader_and_feedback_in_a_browser_show_payloads_as_text(graded: Path, browser) -> None:
    nbgrader(graded, "generate_feedback", NAME, "--student", "eve")
    page, dialogs = watched(browser)
    with server(graded) as address:
        page.goto(f"{address}/formgrader?token=t")
        page.get_by_role("link", name=NAME).first.wait_for()
        page.goto(f"{address}/formgrader/gradebook/{NAME}/{NAME}")
        page.get_by_text("Submission #1").first.wait_for()
        notebooks = json.loads(ask(f"{address}/formgrader/api/submitted_notebooks/{NAME}/{NAME}"))
        [entry] = [row for row in notebooks if row["student"] == "eve"]
        page.goto(f"{address}/formgrader/submissions/{entry['id']}")
        page.get_by_text("alert('note')").first.wait_for()
        assert page.locator("table", has_text="Positive numbers are doubled").count() == 1
    page.goto((graded / "feedback" / "eve" / NAME / f"{NAME}.html").as_uri())
    page.get_by_text("alert('note')").first.wait_for()
    assert dialogs == []
