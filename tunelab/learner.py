"""What a test calls: `learner.<function>(...)` runs the learner's function by value, wherever it lives."""

from __future__ import annotations

import builtins
import hashlib
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tunelab.codec import CodecError, Decoder, Handle, pack_request


class LearnerError(Exception):
    """The learner's code raised something that is no builtin exception, or can't be called at all."""


class WorkerTimeout(Exception):
    """A call took longer than it may."""


class WorkerDied(Exception):
    """The process that ran the learner's code ended in the middle of a call."""


@dataclass(frozen=True)
class Record:
    """What one call did.

    `args` and `kwargs` are the arguments as the learner's code left them, `random_moved` the global random states that it advanced (of `python`, `numpy`, `torch`), `calls` maps the name of
    each function that was passed as an argument to the positional arguments of its calls, in order, `warnings` holds what Python warned of ("RuntimeWarning: …").
    """

    name: str
    value: Any = None
    error: BaseException | None = None
    args: tuple = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    random_moved: frozenset[str] = frozenset()
    calls: dict[str, list[tuple]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reference:
    """A part of an argument that stays where the learner's code runs: `kind` is module, parameter or buffer, `name` its name there."""

    argument: str
    kind: str
    name: str


class Learner:
    """The functions in a learner's notebook. `exchange` carries one request to the worker and brings its reply back; equal `seed`s give equal runs."""

    def __init__(self, exchange: Callable[[bytes], bytes], seed: int = 0):
        self._exchange, self._seed, self._count = exchange, seed, 0
        self.last = Record("")

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)

        def call(*args: Any, **kwargs: Any) -> Any:
            return self._call({"kind": "call", "name": name}, name, args, kwargs)

        return call

    def make(self, factory: Callable[..., Any], *args: Any, **kwargs: Any) -> Handle:
        """Makes an object where the learner's code runs, and gives a handle to it."""
        return self._plain({"kind": "make", "function": factory}, args, kwargs)

    def probe(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Runs `function` where the learner's code runs (handles become what they stand for) and returns plain data."""
        return self._plain({"kind": "probe", "function": function}, args, kwargs)

    def _plain(self, request: dict, args: tuple, kwargs: dict) -> Any:
        reply = self._send(request | {"args": args, "kwargs": kwargs}, {})
        if reply.get("error"):
            raise _as_exception(reply["error"], "")  # No name that a learner knows: the message takes the exercise's.
        return reply["value"]

    def _call(self, request: dict, name: str, args: tuple, kwargs: dict) -> Any:
        args, kwargs = tuple(map(_list_of_iterator, args)), {k: _list_of_iterator(v) for k, v in kwargs.items()}
        named = {**{str(i): a for i, a in enumerate(args)}, **kwargs}
        self.last = Record(name, args=args, kwargs=kwargs)
        try:
            reply = self._send(request | {"args": args, "kwargs": kwargs}, named)
            left = _bring_back(named, reply)
            error = _as_exception(reply["error"], name) if reply.get("error") else None
            moved, calls = (
                frozenset(reply.get("random") or ()),
                {str(k): [tuple(c) for c in v] for k, v in (reply.get("calls") or {}).items()},
            )
        except (CodecError, TypeError, ValueError, KeyError, AttributeError, RuntimeError) as problem:
            raise _learner_error(f"what `{name}` gave back can't be read: {problem}", name) from None
        self.last = Record(
            name,
            reply.get("value"),
            error,
            tuple(left[str(i)] for i in range(len(args))),
            {k: left[k] for k in kwargs},
            moved,
            calls,
            tuple(reply.get("warnings") or ()),
        )
        if error is not None:
            raise error
        return self.last.value

    def _send(self, request: dict, named: dict[str, Any]) -> dict[str, Any]:
        seed = int.from_bytes(hashlib.sha256(f"{self._seed} {self._count}".encode()).digest()[:4], "little")
        self._count += 1
        data = self._exchange(pack_request({"args": (), "kwargs": {}, **request, "seed": seed}))
        reply = Decoder(refer=_refer_to(named), call=self._invoke).decode(data)
        if type(reply) is not dict:
            raise CodecError("a malformed reply")
        return reply

    def _invoke(self, handle: Handle, args: tuple, kwargs: dict) -> Any:
        return self._call({"kind": "invoke", "function": handle}, handle.type_name, args, kwargs)

    def load(self, cells: tuple) -> None:
        """Runs the cells of a notebook where the learner's code lives. Called by the backends, before the first test."""
        self._send({"kind": "load", "cells": cells}, {})


def _list_of_iterator(value: Any) -> Any:
    return list(value) if isinstance(value, Iterator) and not hasattr(value, "read") else value


def _refer_to(named: dict[str, Any]) -> Callable[[str, str, str], Any]:
    def refer(argument: str, kind: str, name: str) -> Any:
        module = named[argument]
        if isinstance(module, Handle):
            return Reference(argument, kind, name)
        match kind:
            case "module":
                return module.get_submodule(name)
            case "parameter":
                return module.get_parameter(name)
            case "buffer":
                return module.get_buffer(name)
        raise CodecError("a reference to nothing")

    return refer


# ---------------------------------------------------------------- arguments as they were left


def _bring_back(named: dict[str, Any], reply: dict[str, Any]) -> dict[str, Any]:
    """Arguments as the learner's code left them. Modules and optimizers are changed in place, after the whole of what came back has been checked."""
    states, stateful, left = reply.get("state") or {}, reply.get("stateful") or {}, reply.get("left") or {}
    result = dict(left)
    for key, state in states.items():
        result[key] = _restore_module(named[key], state)
    for key, state in stateful.items():
        callables = {k: v for k, v in named[key].state_dict().items() if callable(v)}
        named[key].load_state_dict({**callables, **state})
        result[key] = named[key]
    for key, argument in named.items():
        if isinstance(argument, Handle) and isinstance(result.get(key), Handle):
            argument.parameters, argument.training = result[key].parameters, result[key].training
        if inspect.isfunction(argument):
            result[key] = argument
    return {key: result.get(key) for key in named}


def _restore_module(module: Any, state: dict[str, Any]) -> Any:
    import torch

    parameters, buffers, modules = dict(module.named_parameters()), dict(module.named_buffers()), dict(module.named_modules())
    new, new_buffers, training = state["parameters"], state["buffers"], state["training"]
    if (set(new), set(new_buffers), set(training)) != (set(parameters), set(buffers), set(modules)):
        raise CodecError("a module that came back with other parts")
    for name, (data, _, gradient) in new.items():
        for tensor in (data, gradient):
            if tensor is not None and (tensor.shape, tensor.dtype) != (parameters[name].shape, parameters[name].dtype):
                raise CodecError("a parameter that came back with another shape")
    if any((b.shape, b.dtype) != (buffers[n].shape, buffers[n].dtype) for n, b in new_buffers.items()):
        raise CodecError("a buffer that came back with another shape")
    with torch.no_grad():
        for name, (data, trainable, gradient) in new.items():
            parameters[name].copy_(data)
            parameters[name].requires_grad_(bool(trainable))
            parameters[name].grad = gradient
        for name, data in new_buffers.items():
            buffers[name].copy_(data)
    for name, mode in training.items():
        modules[name].training = bool(mode)
    return module


# ---------------------------------------------------------------- errors


def _as_exception(error: dict[str, Any], name: str) -> BaseException:
    kind, message = error.get("type"), str(error.get("message"))
    if kind == "MissingFunction":
        return _learner_error(
            f"There is no function `{name}` in the notebook. Was it renamed, or its cell deleted? The stub's first line must stay as it was given.",
            name,
            missing=True,
        )
    if kind == "BrokenCell":
        return _learner_error(f"`{name}` can't be called, because {message}", name, missing=True)
    builtin = getattr(builtins, error["builtin"], None) if type(error.get("builtin")) is str else None
    for base in builtin.__mro__ if isinstance(builtin, type) else ():
        if not issubclass(base, Exception) or base is Exception:
            break
        try:
            return _mark(base(message), name, str(kind), error.get("traceback"))
        except TypeError:
            continue
    return _learner_error(f"{kind}: {message}", name, traceback=error.get("traceback"))


def _learner_error(message: str, name: str, traceback: Any = "", missing: bool = False) -> LearnerError:
    error = _mark(LearnerError(message), name, "LearnerError", traceback)
    error.learner_missing = missing
    return error


def _mark(exception: BaseException, name: str, kind: str, traceback: Any) -> BaseException:
    exception.learner_call = name
    exception.learner_type = kind
    exception.learner_traceback = traceback if type(traceback) is str else ""
    return exception


def in_process(worker: Any, seed: int = 0) -> Learner:
    """A learner whose code runs in this process, by value all the same."""
    return Learner(worker.handle, seed)
