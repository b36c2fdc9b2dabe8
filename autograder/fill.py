"""Puts a solution into a lesson's stub: what a learner's cell would look like who had written that answer."""

from __future__ import annotations

import ast
from functools import cache

from autograder.course import CourseError, Solution, at

Definition = ast.FunctionDef | ast.ClassDef


@cache
def fill(stub: str, solution: Solution) -> str:
    """The stub's cell with the solution in it.

    A function keeps the stub's signature and docstring, and gets the solution's body. A class is the solution's own, under the stub's name and with
    its docstrings. A solution that calls itself calls the exercise afterwards. Raises CourseError when the arguments' names differ from the stub's.
    """
    wanted = _definition(stub)
    answer = _renamed(solution.source, solution.name, wanted.name)
    given = _definition(answer)
    if type(wanted) is not type(given):
        raise CourseError(
            f"{at(solution.path, solution.line)}: {solution.name} must be a {_kind(wanted)}, as the stub of {wanted.name} is."
        )
    if isinstance(wanted, ast.ClassDef):
        return _with_docstrings(answer, given, stub, wanted)
    if _arguments(wanted) != _arguments(given):
        raise CourseError(
            f"{at(solution.path, solution.line)}: {solution.name} takes ({', '.join(_arguments(given))}), "
            f"but the stub of {wanted.name} takes ({', '.join(_arguments(wanted))}). Give it the stub's arguments."
        )
    kept = stub.splitlines()[: wanted.body[0].end_lineno]
    return "\n".join([*kept, *_body(answer, given)])


def _definition(source: str) -> Definition:
    return next(node for node in ast.parse(source).body if isinstance(node, Definition))


def _kind(node: Definition) -> str:
    return "class" if isinstance(node, ast.ClassDef) else "function"


def _arguments(function: ast.FunctionDef) -> list[str]:
    a = function.args
    plain = [arg.arg for arg in (*a.posonlyargs, *a.args, *a.kwonlyargs)]
    return plain + [f"{stars}{arg.arg}" for stars, arg in (("*", a.vararg), ("**", a.kwarg)) if arg]


def _body(source: str, function: ast.FunctionDef) -> list[str]:
    """The lines of a function's body after its docstring, comments included."""
    lines = source.splitlines()
    if ast.get_docstring(function) is not None:
        return lines[function.body[0].end_lineno : function.end_lineno] or ["    pass"]
    first = function.body[0]
    if not lines[first.lineno - 1][: first.col_offset].isspace():
        return [f"    {ast.get_source_segment(source, first)}"]
    begin = first.lineno - 1
    while lines[begin - 1].strip() == "" or lines[begin - 1].lstrip().startswith("#"):
        begin -= 1
    return lines[begin : function.end_lineno]


def _renamed(source: str, old: str, new: str) -> str:
    """The source with the definition and every use of its own name renamed."""
    top = _definition(source)
    places = {(top.lineno, len(f"{'class' if isinstance(top, ast.ClassDef) else 'def'} "))}
    places |= {(node.lineno, node.col_offset) for node in ast.walk(top) if isinstance(node, ast.Name) and node.id == old}
    lines = [line.encode() for line in source.splitlines()]
    for number, column in sorted(places, reverse=True):
        line = lines[number - 1]
        lines[number - 1] = line[:column] + new.encode() + line[column + len(old.encode()) :]
    return b"\n".join(lines).decode()


def _with_docstrings(answer: str, given: ast.ClassDef, stub: str, wanted: ast.ClassDef) -> str:
    """The class with the stub's docstrings, its own and its methods', in place of its own."""
    methods = {node.name: node for node in wanted.body if isinstance(node, ast.FunctionDef)}
    pairs = [(given, wanted)] + [
        (node, methods[node.name]) for node in given.body if isinstance(node, ast.FunctionDef) and node.name in methods
    ]
    lines = answer.splitlines()
    for node, model in sorted(pairs, key=lambda pair: pair[0].lineno, reverse=True):
        if ast.get_docstring(model) is None:
            continue
        first, text = node.body[0], model.body[0]
        docstring = stub.splitlines()[text.lineno - 1 : text.end_lineno]
        own = ast.get_docstring(node) is not None
        lines[first.lineno - 1 : first.end_lineno if own else first.lineno - 1] = docstring
    return "\n".join(lines)
