"""The intake: whatever is handed in, the answers that are in it are graded, the rest is said in a sentence, and nothing raises."""

from __future__ import annotations

import copy
import json
import os
import resource
import time
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder.build import lesson_notebook, notebook_bytes
from autograder.course import Assignment, CourseError, load_course
from autograder.intake import CleanSubmission, clean_notebook, inert, read_clean, read_release, stand_in, take_in
from autograder.workplace import Workplace, is_learner, open_workplace, write_atomically
from tests.fixtures.minicourse import NAME, make_course

DOUBLE = 'def double(number: float) -> float:\n    """Twice."""\n    return 2 * number'
COUNT = "def count_words(text):\n    return len(text.split())"

Document = dict[str, Any]


@pytest.fixture(scope="module")
def assignment(tmp_path_factory: pytest.TempPathFactory) -> Assignment:
    found = load_course(make_course(tmp_path_factory.mktemp("course"))).assignment(NAME)
    write_atomically(found.released_notebook, notebook_bytes(lesson_notebook(found)))
    return found


@pytest.fixture
def workplace(tmp_path: Path) -> Workplace:
    return open_workplace(tmp_path)


@pytest.fixture
def document(assignment: Assignment) -> Document:
    """A notebook with both exercises answered rightly."""
    document = json.loads(assignment.released_notebook.read_text())
    cell(document, "double")["source"] = DOUBLE
    cell(document, "count_words")["source"] = COUNT.splitlines(keepends=True)
    return document


def cell(document: Document, name: str) -> dict:
    return next(c for c in document["cells"] if c["id"] == name)


def own(source: str, kind: str = "code", **more: Any) -> dict:
    code = {"outputs": [], "execution_count": None} if kind == "code" else {}
    return {"cell_type": kind, "id": f"own{abs(hash(source)) % 10**6}", "metadata": {}, "source": source, **code, **more}


def hand_in(workplace: Workplace, content: Document | str | bytes, name: str = f"{NAME}.ipynb", learner: str = "ada") -> Path:
    folder = workplace.submission(learner, NAME)
    folder.mkdir(parents=True, exist_ok=True)
    data = json.dumps(content) if isinstance(content, dict) else content
    (folder / name).write_bytes(data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data)
    return folder


def check_written(clean: CleanSubmission, assignment: Assignment, workplace: Workplace) -> None:
    """What is in `clean/` is a valid notebook of the released cells that reads back as the same submission."""
    path = workplace.clean_submission(clean.learner, NAME) / f"{NAME}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    again = read_clean(notebook, assignment, path.parent)
    assert (again.digest, again.cells, again.setup, again.notices) == (clean.digest, clean.cells, clean.setup, clean.notices)
    released = {c.id: c for c in nbformat.read(assignment.released_notebook, as_version=4).cells}
    kept = {c.id: c for c in notebook.cells if c.id in released}
    assert list(kept) == list(released)
    assert all(c.metadata == released[name].metadata for name, c in kept.items())
    assert all(c.source == released[name].source for name, c in kept.items() if name not in clean.cells)
    assert not any(c.get("outputs") or c.get("attachments") for c in notebook.cells)


Take = Callable[..., CleanSubmission]


@pytest.fixture
def take(assignment: Assignment, workplace: Workplace) -> Take:
    def taken(content: Document | str | bytes, name: str = f"{NAME}.ipynb", learner: str = "ada") -> CleanSubmission:
        clean = take_in(hand_in(workplace, content, name, learner), assignment, workplace)
        check_written(clean, assignment, workplace)
        return clean

    return taken


def kinds(clean: CleanSubmission) -> list[str]:
    return [notice.kind for notice in clean.notices]


def said(clean: CleanSubmission) -> str:
    return " ".join(notice.text for notice in clean.notices)


# ---------------------------------------------------------------- what is fine


def test_a_plain_submission_is_taken_as_it_is(take: Take, document: Document) -> None:
    clean = take(document)
    assert (clean.learner, clean.assignment, clean.notices, clean.notes) == ("ada", NAME, (), ())
    assert clean.cells == {"double": DOUBLE, "count_words": COUNT}
    assert clean.setup == ("import math\n\nfrom tunelab import check",)


def test_untouched_stubs_need_no_notice(take: Take, assignment: Assignment) -> None:
    clean = take(assignment.released_notebook.read_bytes())
    assert clean.notices == ()
    assert clean.cells == {e.name: e.stub for e in assignment.exercises}


def test_digest_depends_on_the_answers_alone(take: Take, document: Document) -> None:
    first = take(document)
    changed = copy.deepcopy(document)
    cell(changed, "double")["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "9"}]
    changed["metadata"]["colab"] = {}
    changed["cells"].append(own("a note of mine", "markdown"))
    assert take(changed, learner="bob").digest == first.digest
    cell(changed, "double")["source"] = DOUBLE + " "
    assert take(changed, learner="bob").digest != first.digest


def test_magics_are_left_to_the_worker(take: Take, document: Document) -> None:
    cell(document, "double")["source"] = "%%time\n!pip list\n" + DOUBLE
    clean = take(document)
    assert clean.notices == ()
    assert clean.cells["double"].startswith("%%time")


# ---------------------------------------------------------------- files that are no notebook


UNUSABLE = [
    ("this is no JSON", "can't be read as JSON"),
    ("", "is empty"),
    ("  \n", "is empty"),
    (b"\xff\xfe\x00\x01", "can't be read as JSON"),
    ("[" * 100_000, "can't be read as JSON"),
    ('{"a": ' * 100_000, "can't be read as JSON"),
    ("9" * 10_000, "can't be read as JSON"),
    ("[]", "has no list of cells"),
    ("null", "has no list of cells"),
    ('{"cells": {}}', "has no list of cells"),
    ('{"worksheets": [{"cells": []}], "nbformat": 3}', "has no list of cells"),
    ('{"cells": []}', "None of the functions `double`, `count_words` is in"),
    ('{"cells": [1, null, "x", [], {}, {"cell_type": 3}, {"source": 4}, {"source": [1, {}], "metadata": []}]}', "None of the functions"),
    ("<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> mine\n", "can't be read as JSON (line 1)"),
]


@pytest.mark.parametrize("content,sentence", UNUSABLE)
def test_what_is_no_notebook_gets_a_sentence_and_the_stubs(take: Take, assignment: Assignment, content: str | bytes, sentence: str) -> None:
    clean = take(content)
    assert kinds(clean) == ["unusable"]
    assert sentence in said(clean)
    assert clean.cells == {e.name: e.stub for e in assignment.exercises}


def test_nothing_handed_in(assignment: Assignment, workplace: Workplace) -> None:
    folder = workplace.submission("ada", NAME)
    folder.mkdir(parents=True)
    clean = take_in(folder, assignment, workplace)
    check_written(clean, assignment, workplace)
    assert "There is no notebook" in said(clean)
    assert "There is no notebook" in said(take_in(workplace.submission("bob", NAME), assignment, workplace))


def test_notebook_of_another_assignment(take: Take, document: Document) -> None:
    document["metadata"]["tunelab"]["assignment"] = "s9-other<script>"
    for name in ("double", "count_words"):
        cell(document, name)["source"] = "def another(): ..."
        cell(document, name)["metadata"]["nbgrader"]["grade_id"] = "another"
    clean = take(document)
    assert kinds(clean) == ["unusable"]
    assert "This is the notebook of `s9-other?script?`, not of `s1-mini`" in said(clean)


def test_wrong_file_name_is_accepted(take: Take, document: Document) -> None:
    clean = take(document, name="My notebook (1).ipynb")
    assert kinds(clean) == ["file-name"]
    assert clean.cells["double"] == DOUBLE


def test_two_notebooks_of_other_names_are_not_guessed_between(take: Take, document: Document, workplace: Workplace) -> None:
    hand_in(workplace, document, "one.ipynb")
    clean = take(document, name="two.ipynb")
    assert "2 files could be meant: `one.ipynb`, `two.ipynb`" in said(clean)


def test_the_right_name_wins_and_other_files_are_left_out(take: Take, document: Document, workplace: Workplace) -> None:
    folder = hand_in(workplace, document, "draft.ipynb")
    (folder / "evil<b>.html").write_text("<script>")
    (folder / "timestamp.txt").write_text("2026-11-24 10:00:00 UTC")
    cell(document, "double")["source"] = DOUBLE + "  # final"
    clean = take(document)
    assert clean.cells["double"].endswith("# final")
    assert kinds(clean) == ["other-files"]
    assert "`draft.ipynb`, `evil?b?.html`." in said(clean)
    written = workplace.clean_submission("ada", NAME)
    assert sorted(p.name for p in written.iterdir()) == [f"{NAME}.ipynb", "timestamp.txt"]


def test_a_notebook_in_a_subfolder_is_found(assignment: Assignment, workplace: Workplace, document: Document) -> None:
    folder = workplace.submission("ada", NAME) / "homework"
    folder.mkdir(parents=True)
    (folder / f"{NAME}.ipynb").write_text(json.dumps(document))
    assert take_in(folder.parent, assignment, workplace).cells["double"] == DOUBLE


def test_thousands_of_files_hide_nothing(take: Take, document: Document, workplace: Workplace) -> None:
    folder = hand_in(workplace, document)
    for number in range(1000):
        (folder / f"a{number}.txt").touch()
    clean = take(document)
    assert clean.cells["double"] == DOUBLE
    assert len(said(clean)) < 600


# ---------------------------------------------------------------- scripts


SCRIPT = f"""\
import os
import math
import a_module_that_nobody_has
print("slow" * 3)
raise SystemExit

FACTOR = 2


def helper(number):
    return FACTOR * number


{DOUBLE.replace("2 * number", "helper(number)")}


{COUNT}


if __name__ == "__main__":
    print(double(3))
"""


def test_a_script_is_graded_by_its_functions(take: Take) -> None:
    clean = take(SCRIPT, name="solution.py")
    assert kinds(clean) == ["script"]
    for name, argument, expected in (("double", 2, 4), ("count_words", "a b", 2)):
        namespace: dict = {}
        exec(clean.cells[name], namespace)
        assert namespace[name](argument) == expected
    assert "FACTOR" not in clean.cells["count_words"]


def test_a_script_that_nbconvert_wrote_is_read_cell_by_cell(take: Take) -> None:
    script = f"#!/usr/bin/env python\n# In[1]:\n\nimport math\n\n# In[ ]:\n\n{DOUBLE}\n\n# In[3]:\n\ndef count_words(text:\n    return 1\n"
    clean = take(script, name=f"{NAME}.py")
    assert clean.cells["double"] == DOUBLE
    assert kinds(clean) == ["script", "syntax-error"]


def test_a_notebook_beside_a_script_is_what_counts(take: Take, document: Document, workplace: Workplace) -> None:
    hand_in(workplace, "def double(number): return 0", "script.py")
    assert take(document).cells["double"] == DOUBLE


# ---------------------------------------------------------------- cells


def test_deleted_cells_are_put_back(take: Take, assignment: Assignment, document: Document) -> None:
    document["cells"] = [
        c for c in document["cells"] if c["id"] not in ("double", "check_double", "check_count_words", "setup-1", "prose-1")
    ]
    clean = take(document)
    assert [(n.kind, n.exercise) for n in clean.notices] == [("cell-missing", "double")]
    assert clean.cells == {"double": assignment.exercise("double").stub, "count_words": COUNT}


def test_duplicated_cells_the_last_written_one_counts(take: Take, assignment: Assignment, document: Document) -> None:
    for source in (DOUBLE + "  # second", assignment.exercise("double").stub):
        document["cells"].append(copy.deepcopy(cell(document, "double")) | {"source": source, "id": f"x{len(document['cells'])}"})
    document["cells"].append(copy.deepcopy(cell(document, "check_double")) | {"id": "y"})
    clean = take(document)
    assert clean.cells["double"] == DOUBLE + "  # second"
    assert [(n.kind, n.exercise) for n in clean.notices] == [("cell-duplicated", "double")]
    assert f"cell {len(document['cells']) - 2} of your notebook was graded" in said(clean)


def test_equal_copies_need_no_notice(take: Take, document: Document) -> None:
    document["cells"].append(copy.deepcopy(cell(document, "double")) | {"id": "x"})
    assert take(document).notices == ()


def test_an_answer_in_a_cell_of_ones_own_counts_when_the_stub_is_untouched(take: Take, assignment: Assignment, document: Document) -> None:
    cell(document, "double")["source"] = assignment.exercise("double").stub
    document["cells"].append(own(DOUBLE))
    clean = take(document)
    assert clean.cells["double"] == DOUBLE
    assert kinds(clean) == ["cell-elsewhere"]


def test_reordered_cells(take: Take, document: Document) -> None:
    document["cells"].reverse()
    clean = take(document)
    assert clean.cells == {"double": DOUBLE, "count_words": COUNT}
    assert clean.notices == ()


@pytest.mark.parametrize("kind,source", [("markdown", DOUBLE), ("raw", DOUBLE), ("markdown", f"```python\n{DOUBLE}\n```")])
def test_retyped_cells(take: Take, document: Document, kind: str, source: str) -> None:
    changed = cell(document, "double")
    changed |= {"cell_type": kind, "source": source}
    for key in ("outputs", "execution_count"):
        changed.pop(key)
    clean = take(document)
    assert clean.cells["double"] == DOUBLE
    assert kinds(clean) == ["cell-type"]


def test_merged_cells(take: Take, document: Document) -> None:
    cell(document, "double")["source"] = f"{DOUBLE}\n\n\n{COUNT}"
    document["cells"].remove(cell(document, "count_words"))
    clean = take(document)
    assert clean.cells["count_words"] == clean.cells["double"] == f"{DOUBLE}\n\n\n{COUNT}"
    assert [(n.kind, n.exercise) for n in clean.notices] == [("cell-elsewhere", "count_words")]


def test_stripped_metadata(take: Take, document: Document) -> None:
    for number, one in enumerate(document["cells"]):
        one["metadata"], one["id"] = {}, f"colab{number}"
    document["metadata"] = {}
    clean = take(document)
    assert clean.cells == {"double": DOUBLE, "count_words": COUNT}
    assert kinds(clean) == ["marks"]
    assert clean.notes == ()


def test_stripped_metadata_and_a_syntax_error(take: Take, document: Document) -> None:
    cell(document, "double")["source"] = "def double(number):\n    return 2 *"
    for one in document["cells"]:
        one["metadata"] = {}
        one.pop("id")
    clean = take(document)
    assert clean.cells == {"double": "def double(number):\n    return 2 *", "count_words": COUNT}
    assert "syntax error in line 2" in said(clean)


EDITED = [
    {"points": 1000},
    {"points": -1},
    {"points": float("nan")},
    {"points": 10**400},
    {"points": "many"},
    {"points": None},
    {"grade": False},
    {"grade_id": "double"},
    {"grade_id": {"a": 1}},
    {"locked": False, "solution": True},
    {"schema_version": 99},
    {"schema_version": 0},
]


@pytest.mark.parametrize("edit", EDITED, ids=str)
def test_edited_marks_change_nothing(take: Take, document: Document, edit: dict) -> None:
    cell(document, "check_double")["metadata"]["nbgrader"] |= edit
    clean = take(document)
    assert clean.cells == {"double": DOUBLE, "count_words": COUNT}
    if edit.get("points") in (1000, -1):
        assert "The points of `check_double` were changed" in said(clean)


def test_renamed_function(take: Take, document: Document) -> None:
    cell(document, "double")["source"] = DOUBLE.replace("double", "dubbel")
    clean = take(document)
    assert clean.cells["double"] == DOUBLE.replace("double", "dubbel")
    assert [(n.kind, n.exercise) for n in clean.notices] == [("renamed", "double")]
    assert "defines `dubbel` instead" in said(clean)


def test_syntax_error_in_one_cell(take: Take, document: Document) -> None:
    cell(document, "double")["source"] = "def double(number)\n    return 2 * number"
    clean = take(document)
    assert [(n.kind, n.exercise) for n in clean.notices] == [("syntax-error", "double")]
    assert "line 1" in said(clean)
    assert clean.cells["count_words"] == COUNT


def test_changed_setup_is_said_and_kept_as_a_note(take: Take, document: Document) -> None:
    cell(document, "setup-1")["source"] += "\nHELPER = 1"
    clean = take(document)
    assert kinds(clean) == ["setup"]
    assert "HELPER" not in clean.setup[0]
    assert [note.after for note in clean.notes] == ["prose-1"]


HOSTILE = [
    "\ud800 half",
    "a\x00b",
    "a\rb\r\nc",
    "\x0b\x0c\u2028\u2029\x85",
    "def double(" + "(" * 5000,
    "-" * 100_000 + "1",
    "x" + ".a" * 60_000,
]


@pytest.mark.parametrize("source", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_sources_reach_the_clean_notebook_the_same_twice(take: Take, document: Document, source: str) -> None:
    cell(document, "double")["source"] = source
    clean = take(document)
    assert clean.cells["count_words"] == COUNT
    assert "double" in said(clean)


# ---------------------------------------------------------------- size


def big_outputs(document: Document, size: int) -> str:
    line = "0123456789 a line of a long output\n"
    cell(document, "double")["outputs"] = [{"output_type": "stream", "name": "stdout", "text": [line] * (size // (len(line) + 4))}]
    return json.dumps(document)


def test_a_hundred_megabytes_of_outputs(take: Take, document: Document) -> None:
    text = big_outputs(document, 100 * 10**6)
    memory, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    clean = take(text)
    assert clean.cells == {"double": DOUBLE, "count_words": COUNT}
    assert clean.notices == ()
    assert time.monotonic() - start < 30
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < 250 * 1024


def test_more_than_two_hundred_megabytes_are_refused_unread(assignment: Assignment, workplace: Workplace) -> None:
    folder = hand_in(workplace, "{")
    os.truncate(folder / f"{NAME}.ipynb", 10**12)
    start = time.monotonic()
    assert "larger than 200 MiB" in said(take_in(folder, assignment, workplace))
    assert time.monotonic() - start < 5


def test_a_notebook_that_would_fill_the_memory_is_refused(take: Take) -> None:
    clean = take('{"cells": [' + "[]," * 50_000_000 + "[]]}")
    assert kinds(clean) == ["unusable"]
    assert "too large" in said(clean)


def test_long_cells_and_many_notes_are_cut(take: Take, document: Document) -> None:
    cell(document, "count_words")["source"] = COUNT + "\n#" + "x" * 400_000
    document["cells"] += [own(f"note {number} " + "y" * 30_000, "markdown") for number in range(120)]
    clean = take(document)
    assert clean.cells["double"] == DOUBLE
    assert sorted(set(kinds(clean))) == ["cell-long", "notes-cut"]
    assert sum(len(note.source) for note in clean.notes) <= 520_000


# ---------------------------------------------------------------- folders and links


def test_links_are_never_followed(assignment: Assignment, workplace: Workplace, document: Document, tmp_path: Path) -> None:
    secret = tmp_path / "secret.ipynb"
    secret.write_text(json.dumps(document))
    folder = workplace.submission("ada", NAME)
    folder.mkdir(parents=True)
    (folder / f"{NAME}.ipynb").symlink_to(secret)
    (folder / "passwd").symlink_to("/etc/passwd")
    (folder / "root").symlink_to("/")
    os.mkfifo(folder / "pipe.ipynb")
    clean = take_in(folder, assignment, workplace)
    assert clean.cells == {e.name: e.stub for e in assignment.exercises}
    assert "There is no notebook" in said(clean)
    for place in ("folder", "learner"):
        target = workplace.submission(f"{place}-link", NAME)
        link = target if place == "folder" else target.parent
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(folder if place == "folder" else folder.parent)
        assert "is a link" in said(take_in(target, assignment, workplace))


@pytest.mark.parametrize("name", ["..", "a b", "-x", "<script>", "x" * 65, "a/../b", "a\nb", "=1+1", "ünicode", "a.", ""])
def test_odd_learner_ids_are_refused(name: str) -> None:
    assert not is_learner(name)


def test_a_folder_that_is_no_learner_is_refused_with_a_sentence(assignment: Assignment, workplace: Workplace, document: Document) -> None:
    folder = hand_in(workplace, document, learner="=cmd|<b>")
    with pytest.raises(CourseError, match="can't be a learner's id"):
        take_in(folder, assignment, workplace)
    assert not workplace.clean.exists()


@pytest.mark.parametrize("text", ["yesterday", "99999-99-99", "", "x" * 10_000])
def test_a_timestamp_that_nbgrader_would_stumble_over_is_dropped(
    assignment: Assignment, workplace: Workplace, document: Document, text: str
) -> None:
    folder = hand_in(workplace, document)
    (folder / "timestamp.txt").write_text(text)
    take_in(folder, assignment, workplace)
    assert not (workplace.clean_submission("ada", NAME) / "timestamp.txt").exists()


# ---------------------------------------------------------------- notes


class Tags(HTMLParser):
    """The tags of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.seen.add(tag)


PAYLOADS = [
    "<script>alert(1)</script>",
    "```\n<script>alert(1)</script>\n```",
    "````text\n</code></pre><img src=x onerror=alert(1)>\n````\n<script>alert(1)</script>\n````",
    "[x](javascript:alert(1))",
    "~~~\n<iframe src='javascript:alert(1)'>",
    "line\u2028```\u2028<script>alert(1)</script>\r```\x0b<svg onload=alert(1)>",
    "$$\\href{javascript:alert(1)}{x}$$",
    "&lt;script&gt;",
]


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_notes_are_text_for_every_renderer(
    take: Take, assignment: Assignment, workplace: Workplace, document: Document, payload: str
) -> None:
    from nbconvert.filters.markdown_mistune import markdown2html_mistune

    document["cells"].insert(0, own(payload, "markdown"))
    document["cells"].insert(4, own("# <script>alert(2)</script>"))
    clean = take(document)
    assert [note.after for note in clean.notes] == ["", "prose-2"]
    for note in clean.notes:
        tags = Tags()
        tags.feed(markdown2html_mistune(inert(note.source)))
        assert "pre" in tags.seen
        assert tags.seen <= {"div", "pre", "span", "code"}
        assert inert(inert(note.source)) == inert(note.source)


def test_taking_in_a_clean_notebook_again_changes_nothing(
    take: Take, assignment: Assignment, workplace: Workplace, document: Document
) -> None:
    document["cells"].append(own("<b>mine</b>\n\n``` fence", "markdown"))
    first = take(document)
    again = take((workplace.clean_submission("ada", NAME) / f"{NAME}.ipynb").read_text(), learner="bob")
    release = read_release(assignment)
    texts = [[c.source for c in clean_notebook(clean, release).cells] for clean in (first, again)]
    assert texts[0] == texts[1]
    assert first.digest == again.digest


# ---------------------------------------------------------------- standing in for nbgrader


def test_stand_in_leaves_a_plain_submission_alone(assignment: Assignment, workplace: Workplace, document: Document) -> None:
    folder = hand_in(workplace, document)
    before = (folder / f"{NAME}.ipynb").read_bytes()
    assert stand_in(folder, assignment) == folder / f"{NAME}.ipynb"
    assert (folder / f"{NAME}.ipynb").read_bytes() == before
    assert [p.name for p in folder.iterdir()] == [f"{NAME}.ipynb"]


@pytest.mark.parametrize("name,content", [(f"{NAME}.ipynb", "no JSON"), ("other.ipynb", None), (f"{NAME}.ipynb", '{"cells": []}')])
def test_stand_in_keeps_the_original_and_can_be_repeated(
    assignment: Assignment, workplace: Workplace, document: Document, name: str, content: str | None
) -> None:
    folder = hand_in(workplace, content if content is not None else document, name)
    (folder / "link").symlink_to("/etc/passwd")
    (folder / "page.html").write_text("<script>")
    (folder / "timestamp.txt").write_text("never")
    first = take_in(folder, assignment, workplace)
    original = (folder / name).read_bytes()
    for _ in range(2):
        stand_in(folder, assignment)
        nbformat.validate(nbformat.read(folder / f"{NAME}.ipynb", as_version=4))
        assert sorted(p.name for p in folder.iterdir()) == sorted(
            [f"{NAME}.ipynb", f"{name}.handed-in", "link.left-out", "page.html.left-out", "timestamp.txt.left-out"]
        )
        assert (folder / f"{name}.handed-in").read_bytes() == original
        again = take_in(folder, assignment, workplace)
        assert (again.digest, again.cells) == (first.digest, first.cells)
        assert sorted(kinds(again)) == sorted(kinds(first))
