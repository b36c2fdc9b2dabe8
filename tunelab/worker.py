"""The worker: holds a learner's namespace and answers the requests of a test, one at a time.

The same `Worker` serves self-check, in the learner's own process, and grading, in the sandbox; only the wire differs. What it sends back is data (see `tunelab.codec`), whatever the
learner's code did.
"""

from __future__ import annotations

import builtins
import functools
import inspect
import linecache
import pathlib
import random
import sysconfig
import traceback
import types
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from tunelab.codec import CodecError, Encoder, Kept, unpack_request
from tunelab.notebook import Cell, compile_cell

MAX_MESSAGE = 2000
MAX_CALLBACK_CALLS = 10_000
_OUTCOMES_NOT_ERRORS = (
    "Exception",
    "BaseException",
    "AssertionError",
    "SystemExit",
    "KeyboardInterrupt",
    "GeneratorExit",
    "StopIteration",
    "StopAsyncIteration",
)
_LIBRARY_FOLDERS = tuple(
    {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")} | {str(pathlib.Path(__file__).parent)}
)


class MissingFunction(Exception):
    """The notebook defines no function of the name that a test asks for."""


class BrokenCell(Exception):
    """The cell of an exercise, or a setup cell, raised an error when it ran."""


@dataclass
class Recorder:
    """A function passed as an argument, and what it was called with."""

    function: Any
    calls: list[tuple]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if len(self.calls) < MAX_CALLBACK_CALLS:
            self.calls.append(args)
        return self.function(*args, **kwargs)


class Worker:
    """Answers requests about the functions in `namespace`."""

    def __init__(self, namespace: dict[str, Any] | None = None):
        self.namespace = {"__name__": "__main__", "__builtins__": builtins} if namespace is None else namespace
        self.objects: dict[int, Any] = {}
        self.broken: list[tuple[str, dict]] = []

    def handle(self, data: bytes) -> bytes:
        """One request in, one reply out. Never raises for what the learner's code did."""
        outer = _random_states()
        try:
            return self.answer(data)
        finally:
            _restore(outer)

    def answer(self, data: bytes) -> bytes:
        request: dict[str, Any] = {}
        reply: dict[str, Any] = {"value": None, "error": None}
        encoder = Encoder(keep=self.keep)
        try:
            request = unpack_request(data, self.objects)
            _seed(request["seed"])
            reply["value"] = getattr(self, "do_" + request["kind"])(request, reply, encoder)
            return encoder.encode(reply)
        except BaseException as error:
            return self.failure(reply, error)

    def failure(self, reply: dict, error: BaseException) -> bytes:
        reply["value"] = None
        reply["error"] = self.describe_error(error)
        try:
            return Encoder(keep=self.keep).encode(reply)
        except BaseException as second:
            return Encoder().encode({"value": None, "error": self.describe_error(second)})

    def keep(self, value: Any) -> int:
        number = len(self.objects)
        self.objects[number] = value
        return number

    # ------------------------------------------------ kinds of request

    def do_load(self, request: dict, reply: dict, encoder: Encoder) -> None:
        """Runs cells one by one; what raises is remembered and told when a function is missing because of it."""
        for cell in request["cells"]:
            try:
                run_cell(cell, self.namespace)
            except BaseException as error:
                self.broken.append((cell.name, self.describe_error(error)))

    def do_call(self, request: dict, reply: dict, encoder: Encoder) -> Any:
        function = self.find(request["name"])
        return self.invoke(function, request, reply, encoder)

    def do_invoke(self, request: dict, reply: dict, encoder: Encoder) -> Any:
        return self.invoke(request["function"], request, reply, encoder)

    def do_make(self, request: dict, reply: dict, encoder: Encoder) -> Any:
        return Kept(request["function"](*request["args"], **request["kwargs"]))

    def do_probe(self, request: dict, reply: dict, encoder: Encoder) -> Any:
        return request["function"](*request["args"], **request["kwargs"])

    def find(self, name: str) -> Any:
        if name in self.namespace and callable(self.namespace[name]):
            return self.namespace[name]
        for cell, error in self.broken:
            raise BrokenCell(f"the cell `{cell}` stops with {error['type']}: {error['message']}" + _indented(error["traceback"]))
        raise MissingFunction(name)

    def invoke(self, function: Any, request: dict, reply: dict, encoder: Encoder) -> Any:
        args, kwargs, recorders = _record_callbacks(request["args"], request["kwargs"])
        named = {**{str(i): a for i, a in enumerate(args)}, **kwargs}
        kept = {id(o) for o in self.objects.values()}
        stays = {key for key, a in named.items() if id(a) in kept}
        modules = {key: a for key, a in named.items() if _is_module(a)}
        shapes = {key: _structure(m) for key, m in modules.items()}
        for key, module in modules.items():
            encoder.references.update(_references(key, module))
        before = _random_states()
        caught: list[warnings.WarningMessage] = []
        try:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                return function(*args, **kwargs)
        except BaseException as error:
            reply["error"] = self.describe_error(error)
            return None
        finally:
            reply["warnings"] = [f"{w.category.__name__}: {w.message}"[:300] for w in caught[:100]]
            reply["random"] = _moved(before, _random_states())
            reply["calls"] = {name: [self.as_left(call, encoder) for call in r.calls] for name, r in recorders.items()}
            same = {key for key, m in modules.items() if _structure(m) == shapes[key]}
            encoder.references = {i: where for i, where in encoder.references.items() if where[0] in same}
            reply["state"] = {key: _module_state(modules[key]) for key in same - stays}
            reply["stateful"] = {key: _state_dict(a) for key, a in named.items() if key not in stays and _has_state(a)}
            left = {key: a for key, a in named.items() if key not in reply["state"] and key not in reply["stateful"]}
            reply["left"] = {key: Kept(a) if key in stays else self.as_left(a, encoder) for key, a in left.items()}

    def as_left(self, value: Any, encoder: Encoder) -> Any:
        if inspect.isfunction(value):
            return None
        blobs, tensors = len(encoder.blobs), dict(encoder.tensors)
        try:
            encoder.pack(value)
            return value
        except (CodecError, ValueError, TypeError, OverflowError, RecursionError):
            return f"<a {type(value).__name__} that cannot be passed on>"
        finally:
            del encoder.blobs[blobs:]
            encoder.tensors = tensors

    # ------------------------------------------------ errors

    def describe_error(self, error: BaseException) -> dict:
        """An exception as data: its type, the builtin that it counts as (None: it becomes a LearnerError), its message and the learner's part of its traceback."""
        builtin = next((c.__name__ for c in type(error).__mro__ if c.__module__ == "builtins"), "Exception")
        try:
            message = str(error)[:MAX_MESSAGE]
        except BaseException:
            message = "(its message can't be read)"
        return {
            "type": type(error).__name__,
            "builtin": None if builtin in _OUTCOMES_NOT_ERRORS else builtin,
            "message": message.encode("utf-8", "replace").decode(),
            "traceback": self.traceback(error),
        }

    def traceback(self, error: BaseException) -> str:
        """The frames of the learner's own cells, and where in which library it ended; never a frame of a test."""
        own = {f.__code__.co_filename for f in self.namespace.values() if isinstance(f, types.FunctionType)}
        lines = []
        frames = traceback.extract_tb(error.__traceback__)
        for frame in frames:
            if frame.filename.startswith("<cell ") or (frame.filename in own and not frame.filename.startswith(_LIBRARY_FOLDERS)):
                where = frame.filename.strip("<>") if frame.filename.startswith("<cell ") else "your notebook"
                lines += [f"{where}, line {frame.lineno}, in {frame.name}", f"    {frame.line or ''}".rstrip()]
        if lines and frames and frames[-1].filename.startswith(_LIBRARY_FOLDERS):
            lines.append(f"inside {pathlib.Path(frames[-1].filename).stem}, in {frames[-1].name}")
        return "\n".join(lines[-40:])[: 2 * MAX_MESSAGE]


def _indented(text: str) -> str:
    return "\n" + "\n".join("  " + line for line in text.splitlines()) if text else ""


def run_cell(cell: Cell, namespace: dict[str, Any]) -> None:
    """Runs one code cell as a notebook would, with its source known to tracebacks."""
    filename = f"<cell {cell.name}>"
    linecache.cache[filename] = (len(cell.source), None, cell.source.splitlines(keepends=True), filename)
    exec(compile_cell(cell.source, filename, namespace), namespace)


def _record_callbacks(args: tuple, kwargs: dict) -> tuple[tuple, dict, dict[str, Recorder]]:
    recorders: dict[str, Recorder] = {}

    def wrap(value: Any) -> Any:
        if not inspect.isfunction(value):
            return value
        recorder = recorders.setdefault(value.__name__, Recorder(value, []))

        @functools.wraps(value)
        def recorded(*args: Any, **kwargs: Any) -> Any:
            return recorder(*args, **kwargs)

        return recorded

    return tuple(wrap(a) for a in args), {k: wrap(v) for k, v in kwargs.items()}, recorders


# ---------------------------------------------------------------- modules and other objects with a state


def _is_module(value: Any) -> bool:
    import torch

    return isinstance(value, torch.nn.Module)


def _has_state(value: Any) -> bool:
    return not _is_module(value) and callable(getattr(value, "state_dict", None)) and callable(getattr(value, "load_state_dict", None))


def _state_dict(value: Any) -> Any:
    return {str(k): v for k, v in value.state_dict().items() if not callable(v)}


def _structure(module: Any) -> list:
    """Names, shapes and types of what a module holds, with shared weights told apart: what must be the same for its state to be put back."""
    first: dict[int, str] = {}
    rows = []
    for name, p in module.named_parameters(remove_duplicate=False):
        rows.append((name, tuple(p.shape), str(p.dtype), first.setdefault(id(p), name)))
    return (
        rows
        + [(name, tuple(b.shape), str(b.dtype), "") for name, b in module.named_buffers()]
        + [name for name, _ in module.named_modules()]
    )


def _references(key: str, module: Any) -> dict[int, tuple]:
    """Ids of the module itself, its submodules, parameters and buffers, with the argument and name they stand for."""
    found = {id(m): (key, "module", name) for name, m in module.named_modules()}
    found |= {id(p): (key, "parameter", name) for name, p in module.named_parameters()}
    return found | {id(b): (key, "buffer", name) for name, b in module.named_buffers()}


def _module_state(module: Any) -> dict:
    return {
        "parameters": {
            n: [p.detach(), bool(p.requires_grad), None if p.grad is None else p.grad.detach()] for n, p in module.named_parameters()
        },
        "buffers": {n: b.detach() for n, b in module.named_buffers()},
        "training": {n: bool(m.training) for n, m in module.named_modules()},
    }


# ---------------------------------------------------------------- global random states


def _seed(seed: int) -> None:
    import torch

    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.default_generator.manual_seed(seed)
    if torch.cuda.is_initialized():  # torch.manual_seed keeps a stack trace per kind of device, which takes longer than most calls
        torch.cuda.manual_seed_all(seed)


def _random_states() -> dict[str, Any]:
    import torch

    return {"python": random.getstate(), "numpy": np.random.get_state(), "torch": torch.random.get_rng_state()}


def _restore(states: dict[str, Any]) -> None:
    import torch

    random.setstate(states["python"])
    np.random.set_state(states["numpy"])
    torch.random.set_rng_state(states["torch"])


def _moved(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    def flat(state: Any) -> Any:
        return (
            state.numpy().tobytes()
            if hasattr(state, "numpy")
            else (state[1].tobytes(), *state[2:])
            if isinstance(state[1], np.ndarray)
            else state
        )

    return [name for name in before if flat(before[name]) != flat(after[name])]


def serve(connection: Any) -> None:
    """Answers requests on a `multiprocessing.connection.Connection` until the other end closes it."""
    worker = Worker()
    while True:
        try:
            request = connection.recv_bytes()
        except (EOFError, OSError):
            return
        connection.send_bytes(worker.handle(request))
