"""Records: what takes too long for a reader is read from a file, and can be computed anew by the lesson's own code."""

import json

import pytest

from autograder.course import load_course
from autograder.lessons import run_lesson
from tests.fixtures.minicourse import make_course
from tunelab.records import RecordError, recorded


@pytest.fixture
def beside(tmp_path, monkeypatch):
    """The folder of a notebook, without anything in the environment that changes what is computed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TUNELAB_RECORD", raising=False)
    monkeypatch.delenv("TUNELAB_BUDGET", raising=False)
    return tmp_path


def refuses():
    raise AssertionError("computed, where the record was to be read")


def test_what_was_recorded_is_read_and_not_computed(beside, monkeypatch, capsys):
    monkeypatch.setenv("TUNELAB_RECORD", "1")
    made = recorded("curve", lambda: {"sizes": (50, 100), "accuracy": [0.5, 0.625]})
    monkeypatch.delenv("TUNELAB_RECORD")
    assert made == recorded("curve", refuses) == {"sizes": [50, 100], "accuracy": [0.5, 0.625]}
    assert "From the record records/curve.json: computed in 0 s on" in capsys.readouterr().out
    assert [path.name for path in (beside / "records").iterdir()] == ["curve.json"]


def test_on_the_small_budget_it_is_computed_and_the_record_is_given(beside, monkeypatch):
    monkeypatch.setenv("TUNELAB_RECORD", "1")
    recorded("curve", lambda: "in full")
    monkeypatch.delenv("TUNELAB_RECORD")
    monkeypatch.setenv("TUNELAB_BUDGET", "small")
    calls = []
    assert recorded("curve", lambda: calls.append("computed")) == "in full"
    assert calls == ["computed"]
    assert recorded("other", lambda: "a little") == "a little"


@pytest.mark.parametrize(
    ("content", "said"), [(None, "isn't in"), ("{", "can't be read"), ('{"value": 1}', "can't be read"), ("[]", "can't be read")]
)
def test_a_record_that_is_missing_or_broken_is_named_with_the_cure(beside, content, said):
    if content is not None:
        (beside / "records").mkdir()
        (beside / "records" / "curve.json").write_text(content)
    with pytest.raises(RecordError, match=said) as caught:
        recorded("curve", refuses)
    assert "records/curve.json" in str(caught.value)


def test_what_is_no_plain_data_is_refused(beside, monkeypatch):
    monkeypatch.setenv("TUNELAB_RECORD", "1")
    with pytest.raises(RecordError, match="isn't plain data"):
        recorded("curve", lambda: {"accuracy": object()})
    assert not (beside / "records").exists()


def test_a_lesson_records_what_it_computes_and_reads_it_afterwards(tmp_path):
    course = load_course(make_course(tmp_path))
    assignment = course.assignments[0]
    with assignment.lesson_path.open("a", encoding="utf-8") as lesson:
        lesson.write(
            "\n```{code-cell} ipython3\n:tags: [demo]\n\nfrom tunelab.records import recorded\n\nprint(recorded('long', lambda: [1, 2, 3]))\n```\n"
        )
    assignment = load_course(tmp_path).assignments[0]
    missing = run_lesson(assignment, small=False)
    assert any("records/long.json" in trouble for trouble in missing.troubles)
    made = run_lesson(assignment, small=False, record=True)
    kept = json.loads((assignment.source / "records" / "long.json").read_text())
    assert not made.troubles and kept["value"] == [1, 2, 3]
    again = run_lesson(assignment, small=False)
    assert not again.troubles and "From the record records/long.json" in again.record.with_suffix(".txt").read_text()


def test_what_was_recorded_is_kept_when_a_later_cell_fails(tmp_path):
    assignment = load_course(make_course(tmp_path)).assignments[0]
    with assignment.lesson_path.open("a", encoding="utf-8") as lesson:
        lesson.write(
            "\n```{code-cell} ipython3\n:tags: [demo]\n\nfrom tunelab.records import recorded\n\nrecorded('long', lambda: [1, 2, 3])\n```\n"
            "\n```{code-cell} ipython3\n:tags: [demo]\n\n1 / 0\n```\n"
        )
    run = run_lesson(load_course(tmp_path).assignments[0], small=False, record=True)
    assert any("ZeroDivisionError" in trouble for trouble in run.troubles)
    assert json.loads((assignment.source / "records" / "long.json").read_text())["value"] == [1, 2, 3]
