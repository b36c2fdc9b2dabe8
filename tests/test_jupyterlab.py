"""A learner's first evening in JupyterLab, seen in a browser: the lesson opens, a check says what is missing, an answer is typed, the check turns green."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.fixtures.jupyter import server
from tests.fixtures.minicourse import NAME, make_whole_course
from tests.test_nbgrader import REGISTER, python

ANSWER = "def double(number: float) -> float:\nreturn 2 * number"
"""As it is typed: JupyterLab indents by itself."""


@pytest.fixture(scope="module")
def desk(tmp_path_factory) -> Path:
    """A learner's folder with what was released, and nothing else."""
    root = make_whole_course(tmp_path_factory.mktemp("course"))
    python(root, REGISTER)
    return Path(shutil.copytree(root / "assignments", tmp_path_factory.mktemp("learner") / "assignments"))


def test_from_the_stub_to_the_first_green_check(desk: Path, browser) -> None:
    page = browser.new_page()
    page.set_viewport_size({"width": 1300, "height": 2400})  # high enough that every cell is drawn
    page.set_default_timeout(120_000)
    with server(desk.parent, desk, program="jupyter-lab", ready="/api/status") as address:
        page.goto(f"{address}/lab/tree/{NAME}/{NAME}.ipynb?token=t")
        page.get_by_role("heading", name="Small steps").first.wait_for()
        # JupyterLab may drop what is run before the kernel is up.
        page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for()
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        page.locator(".jp-OutputArea table", has_text="isn't written yet").nth(1).wait_for()  # both exercises' checks
        assert page.locator(".jp-OutputArea table", has_text="not yet").count() == 2

        stub = page.locator(".jp-CodeCell", has_text="def double").first
        stub.locator(".cm-content").click()
        page.keyboard.press("Control+A")
        page.keyboard.type(ANSWER)
        page.keyboard.press("Shift+Enter")
        page.keyboard.press("Shift+Enter")
        table = page.locator(".jp-OutputArea table", has_text="double")
        table.get_by_text("passed").first.wait_for()
        assert "not yet" not in table.inner_text()
        page.keyboard.press("Control+S")
        page.get_by_text("isn't written yet").first.wait_for()  # the other exercise's check stands as it was
