"""The zygote: imports the libraries once, then forks a jailed child for each request, until the engine goes away.

Run as `python -m jail.zygote CONTROL walls|open`, where CONTROL is the descriptor of a stream socket. It answers `{"error": null}`, or what went wrong. Each request is one line of JSON
(the limits) with two descriptors: the leash, and the connection between the child and its suite. It runs no torch operation and has one thread, so its forks are sound.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import socket
import sys
import warnings
from multiprocessing.connection import Connection

from . import kernel, walls
from .limits import Limits
from .supervisor import Supervisor

LIBRARIES = (
    "IPython.core.inputtransformer2",
    "numpy",
    "torch",
    "torch.utils.data",
    "safetensors.torch",
    "transformers",
    "transformers.models.bert.modeling_bert",
    "transformers.models.llama.modeling_llama",
    "transformers.models.auto.tokenization_auto",
    "transformers.trainer",
    "datasets",
    "peft",
    "sklearn.linear_model",
    "sklearn.metrics",
    "sklearn.feature_extraction.text",
    "pandas",
    "nltk.corpus.reader.wordnet",
    "cloudpickle",
    "msgpack",
    "jaxtyping",
    "tunelab.worker",
    "tunelab.models",
    "tunelab.data",
)


def warm_up() -> None:
    """Imports everything that learners use, on one thread, and keeps the collector from touching it, so that forks share its memory."""
    warnings.simplefilter("ignore")
    for name in LIBRARIES:
        importlib.import_module(name)
    import torch

    torch.set_num_threads(1)
    if sys.platform == "linux" and (threads := len(os.listdir("/proc/self/task"))) > 1:
        raise RuntimeError(f"importing the libraries left {threads} threads behind, and a fork would lose all but one")
    gc.collect()
    gc.freeze()
    if sys.platform == "linux":
        kernel.gather_pages()


def serve_learner(data: int) -> None:
    """In the jailed child: answers the suite's requests until it hangs up."""
    from tunelab.worker import serve

    warnings.resetwarnings()
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        serve(Connection(data))


def main(control: int, walled: bool) -> None:
    engine = socket.socket(fileno=control)
    if walled:
        walls.own_the_pid_namespace()
    try:
        warm_up()
    except BaseException as error:
        engine.sendall(json.dumps({"error": f"{type(error).__name__}: {error}"}).encode() + b"\n")
        return
    engine.sendall(json.dumps({"error": None}).encode() + b"\n")

    def read_request() -> tuple[Limits, int, int] | None:
        request, descriptors, _, _ = socket.recv_fds(engine, 65536, 2)
        return (Limits(**json.loads(request)), *descriptors) if request else None

    Supervisor(engine, walled, serve_learner).run(read_request)
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2] == "walls")
