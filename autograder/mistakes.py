"""What each mutant's author would read: for whoever writes suites, to ask of every message whether it tells what to change."""

from __future__ import annotations

from pathlib import Path

from autograder.course import Assignment, load_hints
from autograder.lint import Case, tried
from autograder.show import Progress
from autograder.verdicts import LazyEngine, Verdict, make_all
from autograder.workplace import write_atomically
from tunelab.checks import CheckReport, TestResult
from tunelab.display import as_text


def write_mistakes(assignment: Assignment, engine: LazyEngine) -> Path:
    """Writes `build/mistakes/<assignment>.md`: of every mutant its misconception, its code and the feedback that it would get, as text. Runs that the law has made already aren't made again."""
    cases, verdicts = tried(assignment, engine)
    runs = {
        (case.exercise, solution.name): case.hidden("sandbox", cell, solution.files) for case in cases for solution, cell in case.mutants
    }
    made = make_all(verdicts, [[run] for run in runs.values()], Progress())
    hints = load_hints(assignment)
    parts = [f"# {assignment.name}: {assignment.title}"]
    for case in cases:
        rungs = "\n".join(f"{number}. {rung}" for number, rung in enumerate(hints[case.exercise], 1))
        parts.append(f"## {case.exercise}\n\n```python\n{case.stub}\n```\n\nHints below every feedback:\n\n{rungs}")
        for solution, _ in case.mutants:
            feedback = as_text(report_of(case, made[runs[case.exercise, solution.name]]))
            parts.append(f"### {solution.name}\n\n```python\n{solution.source.strip()}\n```\n\n```text\n{feedback}\n```")
    path = assignment.root / "build" / "mistakes" / f"{assignment.name}.md"
    write_atomically(path, "\n\n".join(parts) + "\n")
    return path


def report_of(case: Case, verdict: Verdict) -> CheckReport:
    """What a feedback page says of one answer, but for the hints and for where it happened in the code."""
    said = {test.name: verdict.outcomes.get(test.name, ("error", "")) for test in case.suite.tests}
    results = tuple(TestResult(test.name, test.title, test.points, *said[test.name], "") for test in case.suite.tests)
    return CheckReport(case.exercise, results)
