"""An instructor's hour in formgrader, seen in a browser: the autograde button, points and a comment by hand, feedback by its button; all of it stays when anything is graded again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fixtures.jupyter import ask, server
from tests.fixtures.minicourse import NAME, make_whole_course
from tests.test_nbgrader import COUNT, DOUBLE, REGISTER, SQUARE, answered, hand_in, nbgrader, python, scores

COMMENT = "Right, and <b>short</b>.\n\nWhy not a comment?"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = make_whole_course(tmp_path_factory.mktemp("course"))
    python(root, REGISTER)
    hand_in(root, "ada", answered(root, double=DOUBLE, count_words=COUNT))
    hand_in(root, "bob", answered(root, double=SQUARE, count_words=COUNT))
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
    page = browser.new_page()
    page.set_default_timeout(120_000)
    with server(root) as address:
        page.goto(f"{address}/formgrader?token=t")
        page.get_by_role("link", name=NAME).first.wait_for()

        # the button with the flash, and what the row says afterwards
        assert "Successfully autograded" in press(page, address, "ada", "autograde")
        assert "Successfully autograded" in press(page, address, "bob", "autograde")
        page.goto(f"{address}/formgrader/manage_submissions/{NAME}")
        row = page.locator("tr", has=page.locator("td.student-id", has_text="bob"))
        assert row.locator(".score").inner_text() == "2 / 5"

        # a score in place of the tests' one, a point for style beside it, and a comment
        entries = json.loads(ask(f"{address}/formgrader/api/submitted_notebooks/{NAME}/{NAME}"))
        [entry] = [one for one in entries if one["student"] == "bob"]
        page.goto(f"{address}/formgrader/submissions/{entry['id']}")
        page.wait_for_function(
            "typeof formgrader !== 'undefined' && formgrader.loaded && formgrader.grades.loaded && formgrader.comments.loaded"
        )
        assert page.locator("#check_double").get_attribute("placeholder") == "0"
        for field, value in (("#check_double", "1.5"), ("#check_count_words_extra_credit", "0.5"), ("#double-comment", COMMENT)):
            with page.expect_response(lambda answer: answer.request.method == "PUT" and "/api/" in answer.url) as saved:
                page.locator(field).fill(value)
                page.locator(field).blur()
            assert saved.value.ok
        page.reload()
        page.wait_for_function(
            "typeof formgrader !== 'undefined' && formgrader.loaded && formgrader.grades.loaded && formgrader.comments.loaded"
        )
        assert page.locator("#check_double").input_value() == "1.5"
        assert page.locator("#double-comment").input_value() == COMMENT

        # graded again, and handed in again by the learner: what a person gave stays
        assert "Successfully autograded" in press(page, address, "bob", "autograde")
        assert "Successfully" in press(page, address, "bob", "generate-feedback")
    assert scores(root)["bob"] == 1.5 + 2 + 0.5
    feedback = (root / "feedback" / "bob" / NAME / f"{NAME}.html").read_text()
    assert "Right, and" in feedback and "<b>short</b>" not in feedback
    assert "about squares" in feedback

    nbgrader(root, "autograde", NAME, "--force", "--student", "bob")
    assert scores(root)["bob"] == 4.0
    assert scores(root)["ada"] == 5.0
