"""An instructor's hour in formgrader, seen in a browser: the autograde button, points and a comment by hand, feedback by its button; all of it stays when anything is graded again."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest

from autograder.course import CourseError, load_course
from tests.fixtures.jupyter import ask, server
from tests.fixtures.minicourse import NAME, make_course, make_whole_course
from tests.test_nbgrader import COUNT, DOUBLE, REGISTER, SQUARE, answered, hand_in, nbgrader, python, scores, watched
from tests.test_regrade import run

QUESTION = '+++ {"tags": ["written"], "name": "why_words", "points": 2}\n\nWhy does white space part words? Write two sentences in place of this one.\n\n+++\n\nThe end.\n'
WORDS = "Because <script>alert('words')</script> it does.\n```\n<img src=x onerror=alert(2)>"
READY = "formgrader.grades && formgrader.grades.loaded && formgrader.comments.loaded && formgrader.grade_uis.length > 1"
"""In formgrader's page: what was given before has been fetched. Without a network it has no MathJax, and then no shortcuts on the keyboard, but everything else."""

COMMENT = "Right, and **short**.\n\nWhy not a comment?"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = make_whole_course(tmp_path_factory.mktemp("course"))
    lesson = root / "source" / NAME / f"{NAME}.md"
    lesson.write_text(lesson.read_text().replace("The end.\n", QUESTION))
    python(root, REGISTER)
    hand_in(root, "ada", answered(root, double=DOUBLE, count_words=COUNT))
    hand_in(root, "bob", answered(root, double=SQUARE, count_words=COUNT, why_words=WORDS))
    return root


def press(page, address: str, learner: str, button: str) -> str:
    """Presses a button in a learner's row of the list of submissions, and gives what the dialogue then says."""
    page.goto(f"{address}/formgrader/manage_submissions/{NAME}?token=t")
    row = page.locator("tr", has=page.locator("td.student-id", has_text=learner))
    row.locator(f".{button} a").click()
    dialogue = page.locator(".modal.in, .modal.show").last
    dialogue.get_by_text("Success", exact=False).first.wait_for()
    said = dialogue.inner_text()
    dialogue.get_by_role("button").last.click()
    return said


def test_points_and_comments_by_hand(root: Path, browser) -> None:
    page, dialogs = watched(browser)
    page.set_default_timeout(120_000)
    with server(root) as address:
        page.goto(f"{address}/formgrader?token=t")
        page.get_by_role("link", name=NAME).first.wait_for()

        # the button with the flash, and what the row says afterwards
        assert "Successfully autograded" in press(page, address, "ada", "autograde")
        assert "Successfully autograded" in press(page, address, "bob", "autograde")
        page.goto(f"{address}/formgrader/manage_submissions/{NAME}")
        row = page.locator("tr", has=page.locator("td.student-id", has_text="bob"))
        assert row.locator(".score").inner_text() == "2 / 7"

        # a score in place of the tests' one, a point for style beside it, and a comment
        entries = json.loads(ask(f"{address}/formgrader/api/submitted_notebooks/{NAME}/{NAME}"))
        [entry] = [one for one in entries if one["student"] == "bob"]
        page.goto(f"{address}/formgrader/submissions/{entry['id']}")
        page.wait_for_function(READY)
        assert page.locator("#check_double").get_attribute("placeholder") == "0"
        assert page.locator("#why_words").get_attribute("class").split().count("needs_manual_grade") == 1
        page.get_by_text("<script>alert('words')</script> it does").first.wait_for()
        for field, value in (
            ("#check_double", "1.5"),
            ("#why_words", "1.75"),
            ("#check_count_words_extra_credit", "0.5"),
            ("#double-comment", COMMENT),
        ):
            with page.expect_response(lambda answer: answer.request.method == "PUT" and "/api/" in answer.url) as saved:
                page.locator(field).fill(value)
                page.locator(field).blur()
            assert saved.value.ok
        page.reload()
        page.wait_for_function(READY)
        assert page.locator("#check_double").input_value() == "1.5"
        assert page.locator("#double-comment").input_value() == COMMENT

        # graded again, and handed in again by the learner: what a person gave stays
        assert "Successfully autograded" in press(page, address, "bob", "autograde")
        assert "Successfully" in press(page, address, "bob", "generate-feedback")
    assert dialogs == []
    assert scores(root)["bob"] == 1.5 + 2 + 0.5 + 1.75
    feedback = (root / "feedback" / "bob" / NAME / f"{NAME}.html").read_text()
    assert "Right, and <strong>short</strong>" in feedback, "a comment is Markdown, as formgrader says"
    assert "about squares" in feedback

    nbgrader(root, "autograde", NAME, "--force", "--student", "bob")
    assert scores(root) | {"bob": 5.75, "ada": 5.0} == scores(root), "an answer in words that was left as it is gets nothing by itself"


def test_an_answer_in_words_that_was_changed_is_written_again_and_kept_as_text(root: Path) -> None:
    run(root, "grade", "--workers", "1")
    assert ", 2 unchanged there" in run(root, "grade", "--workers", "1")
    hand_in(root, "bob", answered(root, double=SQUARE, count_words=COUNT, why_words="Because I say so."))
    said = run(root, "grade", "--workers", "1")
    assert "0 results made" in said and "1 written to the gradebook, 1 unchanged there" in said
    autograded = nbformat.read(root / "autograded" / "bob" / NAME / f"{NAME}.ipynb", as_version=4)
    [cell] = [cell for cell in autograded.cells if cell.id == "why_words"]
    assert cell.source == "```text\nBecause I say so.\n```"
    assert cell.metadata.nbgrader.points == 2
    [released] = [
        cell for cell in nbformat.read(root / "assignments" / NAME / f"{NAME}.ipynb", as_version=4).cells if cell.id == "why_words"
    ]
    assert released.cell_type == "markdown" and released.source.startswith("Why does white space")


@pytest.mark.parametrize(
    "head",
    [
        '{"tags": ["written"], "name": "why"}',
        '{"tags": ["written"], "name": "why", "points": 0}',
        '{"tags": ["written"], "name": "2", "points": 1}',
    ],
)
def test_a_question_without_name_or_points_is_refused(tmp_path: Path, head: str) -> None:
    root = make_course(tmp_path)
    lesson = root / "source" / NAME / f"{NAME}.md"
    lesson.write_text(lesson.read_text().replace("The end.\n", f"+++ {head}\n\nWhy?\n"))
    with pytest.raises(CourseError, match="a written answer begins with a line such as"):
        _ = load_course(root).assignment(NAME).lesson
