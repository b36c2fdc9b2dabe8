"""What the kit's tests share: the course, one warm engine, and a browser."""

import shutil
from pathlib import Path

import pytest

from autograder.course import Course, load_course
from autograder.engine import Engine

ROOT = Path(__file__).resolve().parents[1]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def course() -> Course:
    return load_course(ROOT)


@pytest.fixture(scope="session")
def engine():
    with Engine(root=ROOT) as warm:
        yield warm


@pytest.fixture
def browser():
    """Headless Chromium, from the system's packages."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield chromium.new_context(viewport={"width": 1200, "height": 1600})
        chromium.close()
