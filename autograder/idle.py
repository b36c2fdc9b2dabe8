"""Answers that do nothing: a function that gives back a constant or its first argument. No hidden test may give one of them a point."""

from __future__ import annotations

import ast
import copy

CONSTANTS = ("None", "0", "0.0", "1", "''", "[]", "{}", "(0.0, 1.0)")


def idle_answers(stub: str) -> dict[str, str]:
    """Cells in place of a stub's, by what every function in them does. A class keeps its methods; its `__init__` does what its base's does."""
    definition = ast.parse(stub).body[-1]
    functions = [n for n in ast.walk(definition) if isinstance(n, ast.FunctionDef) and n.name != "__init__"]
    first = ["its first argument"] if any(map(_first_argument, functions)) else []
    return {f"return {what}": ast.unparse(_idle(definition, what)) for what in (*CONSTANTS, *first)}


def _idle(definition: ast.stmt, what: str) -> ast.stmt:
    idle = copy.deepcopy(definition)
    for function in [node for node in ast.walk(idle) if isinstance(node, ast.FunctionDef)]:
        function.returns, function.decorator_list = None, []
        for argument in ast.walk(function.args):
            if isinstance(argument, ast.arg):
                argument.annotation = None
        value = (_first_argument(function) or "None") if what == "its first argument" else what
        function.body = (
            ast.parse("super().__init__()").body if function.name == "__init__" else [ast.Return(ast.parse(value, mode="eval").body)]
        )
    return ast.fix_missing_locations(idle)


def _first_argument(function: ast.FunctionDef) -> str:
    names = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args) if argument.arg != "self"]
    return names[0] if names else ""
