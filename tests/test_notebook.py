"""The notebook reader: which cells an exercise needs, and IPython's additions to Python."""

import json

import pytest

from tunelab.notebook import Cell, NotebookError, defined_names, needed, read_notebook, without_magics
from tunelab.worker import run_cell


def notebook(path, cells, metadata=None):
    path.write_text(json.dumps({"cells": cells, "metadata": metadata or {}, "nbformat": 4, "nbformat_minor": 5}))
    return path


def code(source, **metadata):
    return {"cell_type": "code", "source": source, "metadata": metadata, "outputs": [], "id": "x"}


def test_cells_are_told_apart_by_tag_and_by_name(tmp_path):
    path = notebook(
        tmp_path / "a.ipynb",
        [
            code("import math", tags=["setup"]),
            code(["def f():\n", "    return 1"], tags=["exercise"], name="f"),
            code("check('f')", tags=["check"], nbgrader={"grade": True, "points": 7, "grade_id": "check_f"}),
            code("def g():\n    return 2"),
            code('check("g")', nbgrader={"grade": True, "points": 3}),
            code("print(1)"),
            {"cell_type": "markdown", "source": "def f(): pass", "metadata": {}},
        ],
        {"tunelab": {"assignment": "s1-x", "title": "X"}},
    )
    read = read_notebook(path)
    assert (read.assignment, read.title, read.points) == ("s1-x", "X", {"f": 7, "g": 3})
    assert [c.source for c in read.setup] == ["import math"]
    assert read.exercises == {"f": "def f():\n    return 1", "g": "def g():\n    return 2"}


def test_only_the_cells_that_an_exercise_needs_are_run():
    cells = {
        "a": "def a(): return helper()",
        "b": "def helper(): return base\ndef b(): pass",
        "c": "while True: pass",
        "d": "base = 1\ndef d(): pass",
    }
    assert needed("a", cells) == ["a", "b", "d"]
    assert needed("d", cells) == ["d"]


def test_a_cell_with_a_syntax_error_defines_nothing():
    assert defined_names("def f(:") == set()
    assert defined_names("import os.path as p, sys\nx, y = 1, 2\nclass C: pass") == {"p", "sys", "x", "y", "C"}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("%matplotlib inline\ndef f(): return 3", 3),
        ("%%time\ndef f(): return 3", 3),
        ("!pip install torch\ndef f(): return 3", 3),
        ("files = !ls\ndef f(): return len(files)", 0),
        ("def f():\n    %time\n    return 3", 3),
    ],
)
def test_magics_do_nothing_and_the_rest_runs(source, expected):
    namespace = {"__name__": "__main__"}
    run_cell(Cell("f", source), namespace)
    assert namespace["f"]() == expected


def test_a_percent_sign_is_not_a_magic():
    source = "x = 7 % 3\ntext = '''\nhalf\n'''"
    assert without_magics(source) is source


@pytest.mark.parametrize("content", ["", "no json", "[]", '{"cells": 3}', "[" * 100_000])
def test_what_is_no_notebook_gets_a_sentence(tmp_path, content):
    path = tmp_path / "a.ipynb"
    path.write_text(content)
    with pytest.raises(NotebookError, match="a.ipynb can't be read"):
        read_notebook(path)


def test_cells_that_are_none_are_passed_over(tmp_path):
    path = tmp_path / "a.ipynb"
    path.write_text('{"cells": [1, {"cell_type": "code"}, {"cell_type": "code", "metadata": [], "source": 3}]}')
    assert read_notebook(path).exercises == {}


def test_a_missing_notebook_gets_a_sentence(tmp_path):
    with pytest.raises(NotebookError, match="no notebook"):
        read_notebook(tmp_path / "none.ipynb")
