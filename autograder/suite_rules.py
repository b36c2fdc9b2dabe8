"""The rules of test files: every assertion teaches, and what is sent to the learner's side takes no expected value along."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from pathlib import Path

DECLARED = "PROBE_DATA"
"""The constant that names what probes may take along."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def broken_rules(path: Path) -> Iterator[tuple[int, str]]:
    """Line and sentence of each rule that a file of tests breaks."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    yield from _bare_assertions(tree)
    yield from _forbidden_imports(tree)
    yield from _unpacked_files(tree)
    yield from _leaking_probes(tree)


def _bare_assertions(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert) and node.msg is None:
            yield node.lineno, "this assert has no message. Say what was called, what came back, and where to look."


def _forbidden_imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        names = (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
        for name in names:
            if name.partition(".")[0] in ("autograder", "solutions"):
                yield node.lineno, f"a test imports {name}. Recompute what is expected here: a test never runs an author's solution."


UNPACKERS = {"torch.load", "pickle.load", "pickle.loads", "cloudpickle.loads", "joblib.load", "numpy.load", "np.load"}
"""Calls that may run what a file holds."""


def _unpacked_files(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Where a file of tests that looks at files handed in could run what they hold."""
    if not any(isinstance(node, ast.arg) and node.arg == "handed_in" for node in ast.walk(tree)):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (called := ast.unparse(node.func)) in UNPACKERS:
            yield node.lineno, f"{called} can run what a file holds. Read what was handed in with safetensors only."


# ---------------------------------------------------------------- probes


def _leaking_probes(tree: ast.Module) -> Iterator[tuple[int, str]]:
    functions = {node.name: node for node in tree.body if isinstance(node, Function)}
    imported, declared = _imported(tree), _declared(tree)
    tests = [node for name, node in functions.items() if name.startswith("test_")]
    probes: dict[str, int] = {}
    for test in tests:
        for call, sent in _sent(test):
            if isinstance(sent, ast.Lambda) or (isinstance(sent, ast.Name) and sent.id in _local_functions(test)):
                yield (
                    call.lineno,
                    "a function made inside a test is sent to the learner's side, and takes the test's values along. Write it at the top of the file.",
                )
            elif isinstance(sent, ast.Name) and sent.id in functions:
                probes[sent.id] = call.lineno
    todo = list(probes)
    while todo:
        name = todo.pop()
        for used, line in _globals_of(functions[name]):
            if used in functions and not used.startswith("test_"):
                if used not in probes:
                    probes[used] = line
                    todo.append(used)
            elif used not in imported and used not in declared and not hasattr(builtins, used):
                yield (
                    line,
                    f"the probe {name} uses {used}, which goes to the learner's side with it. Pass it as an argument, or name it in {DECLARED} if learners may see it.",
                )


def _sent(test: Function) -> Iterator[tuple[ast.Call, ast.expr]]:
    """Calls of `learner.…` and those of their arguments that may be functions."""
    for node in ast.walk(test):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) == "learner":
            arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
            yield from ((node, argument) for argument in arguments if isinstance(argument, ast.Lambda | ast.Name))


def _local_functions(test: Function) -> set[str]:
    return {node.name for node in ast.walk(test) if isinstance(node, Function) and node is not test}


def _imported(tree: ast.Module) -> set[str]:
    """Names bound by imports at the top: modules, and what libraries define, which goes by reference."""
    nodes = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    return {(alias.asname or alias.name).partition(".")[0] for node in nodes for alias in node.names}


def _declared(tree: ast.Module) -> set[str]:
    """The constants that `PROBE_DATA = ("TEXTS", …)` names, and itself."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == DECLARED for t in node.targets):
            return {str(name) for name in ast.literal_eval(node.value)} | {DECLARED}
    return set()


def _globals_of(function: Function) -> Iterator[tuple[str, int]]:
    """Names that a function reads and doesn't bind itself, annotations left out."""
    body = [node for statement in function.body for node in ast.walk(statement)]
    defaults = [node for default in (*function.args.defaults, *function.args.kw_defaults) if default for node in ast.walk(default)]
    bound = {node.id for node in body if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    bound |= {node.arg for node in ast.walk(function) if isinstance(node, ast.arg)}
    bound |= {node.name for node in body if isinstance(node, Function | ast.ClassDef)}
    bound |= {node.name for node in body if isinstance(node, ast.ExceptHandler) and node.name}
    bound |= {
        (alias.asname or alias.name).partition(".")[0]
        for node in body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    for node in (*body, *defaults):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id not in bound:
            yield node.id, node.lineno
