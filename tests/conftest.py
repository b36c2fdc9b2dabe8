"""What the kit's tests share: the course, and one warm engine."""

from pathlib import Path

import pytest

from autograder.course import Course, load_course
from autograder.engine import Engine

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def course() -> Course:
    return load_course(ROOT)


@pytest.fixture(scope="session")
def engine():
    with Engine(root=ROOT) as warm:
        yield warm
